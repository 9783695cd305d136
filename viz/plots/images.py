"""Plots of images, filters and feature maps, in grids."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ._figure import array, panels

__all__ = ["feature_maps", "filters", "images", "misclassified"]


def images(
    batch: Any,
    *,
    titles: Sequence[str] | None = None,
    columns: int = 10,
    cmap: str = "gray",
    limits: tuple[float, float] | None = None,
    title: str = "",
    ax: Any = None,
) -> Any:
    """Show images in a grid.

    Parameters
    ----------
    batch : array_like, shape (n, height, width), (n, 1, height, width) or (n, 3, height, width)
        Three channels are red, green and blue from 0 to 1, or from 0 to 255 as integers.
    titles : sequence of str, optional
        One for each image.
    columns : int
        How many images stand in a row.
    cmap : str
        matplotlib's name of the colour map, for images of one channel.
    limits : (float, float), optional
        The values of the first and the last colour; default: the least and the largest of all images.
    title : str
    ax : matplotlib Axes, optional
        The place for the whole grid; default: a new figure.

    Returns
    -------
    matplotlib Figure

    Raises
    ------
    TypeError, ValueError
        If the images have another shape, or there are none, or not as many titles.
    ImportError
        If matplotlib is not installed.

    Examples
    --------
    >>> import numpy as np
    >>> from minigrad.viz import plots
    >>> figure = plots.images(np.zeros((12, 1, 28, 28)), titles=[str(i) for i in range(12)], columns=6)
    >>> len(figure.axes)
    12
    """
    planes = _planes("images", array("images", "the batch", batch))
    return _grid("images", planes, titles, columns, cmap, limits, title, ax)


def filters(weight: Any, *, channel: int | None = None, columns: int = 10, title: str = "", ax: Any = None) -> Any:
    """Show the filters of a convolution, on one scale around 0, so that grey is 0.

    Parameters
    ----------
    weight : array_like, shape (out_channels, in_channels, height, width)
        Such as ``layer.weight``.
    channel : int, optional
        The input channel whose part is shown. Default: with three channels their colours, of others the mean.
    columns : int
        How many filters stand in a row.
    title : str
    ax : matplotlib Axes, optional
        The place for the whole grid; default: a new figure.

    Returns
    -------
    matplotlib Figure

    Raises
    ------
    TypeError, ValueError
        If the weight has another shape, or there is no such channel.
    ImportError
        If matplotlib is not installed.

    Examples
    --------
    >>> from minigrad import nn
    >>> from minigrad.viz import plots
    >>> len(plots.filters(nn.Conv2d(1, 30, 5).weight).axes)
    30
    """
    w = array("filters", "weight", weight).astype(float)
    if w.ndim != 4 or not w.size:
        raise ValueError(f"filters: weight must have shape (out_channels, in_channels, height, width), got {w.shape}")
    if channel is not None and not -w.shape[1] <= channel < w.shape[1]:
        raise ValueError(f"filters: there is no channel {channel} among {w.shape[1]}")
    # Filters that have diverged still have a picture: what is not finite stays blank.
    limit = float(np.abs(w[np.isfinite(w)]).max(initial=0)) or 1.0
    if channel is not None:
        w = w[:, channel]
    elif w.shape[1] == 3:
        w, limit = np.clip(np.moveaxis(w, 1, -1) / (2 * limit) + 0.5, 0, 1), 1.0
    else:
        w = w.mean(1)
    return _grid("filters", w, None, columns, "gray", (-limit, limit), title, ax)


def feature_maps(activations: Any, *, columns: int = 10, title: str = "", ax: Any = None) -> Any:
    """Show the channels of an image that a layer has computed, each on a scale of its own.

    Parameters
    ----------
    activations : array_like, shape (channels, height, width) or (1, channels, height, width)
        Of one image.
    columns : int
        How many maps stand in a row.
    title : str
    ax : matplotlib Axes, optional
        The place for the whole grid; default: a new figure.

    Returns
    -------
    matplotlib Figure

    Raises
    ------
    TypeError, ValueError
        If the activations have another shape.
    ImportError
        If matplotlib is not installed.

    Examples
    --------
    >>> import numpy as np
    >>> from minigrad import nn
    >>> from minigrad.viz import plots
    >>> len(plots.feature_maps(nn.Conv2d(1, 8, 3)(np.ones((1, 1, 9, 9), np.float32))).axes)
    8
    """
    maps = array("feature_maps", "activations", activations)
    if maps.ndim == 4 and len(maps) == 1:
        maps = maps[0]
    if maps.ndim != 3 or not maps.size:
        raise ValueError(
            f"feature_maps: activations must have shape (channels, height, width), of one image, got {maps.shape}"
        )
    return _grid("feature_maps", maps, None, columns, "viridis", None, title, ax, shared=False)


def misclassified(
    batch: Any,
    targets: Any,
    predictions: Any,
    *,
    names: Sequence[str] | None = None,
    count: int = 30,
    columns: int = 10,
    title: str | None = None,
    ax: Any = None,
) -> Any:
    """Show the images that were classified wrong, each with its class and the one it was taken for.

    Parameters
    ----------
    batch : array_like, shape (n, height, width), (n, 1, height, width) or (n, 3, height, width)
    targets, predictions : array_like of int, shape (n,)
    names : sequence of str, optional
        Of the classes; default: their numbers.
    count : int
        Show at most so many, the first.
    columns : int
        How many images stand in a row.
    title : str, optional
        Default: how many were wrong.
    ax : matplotlib Axes, optional
        The place for the whole grid; default: a new figure.

    Returns
    -------
    matplotlib Figure
        Without any image, if all predictions are right.

    Raises
    ------
    TypeError, ValueError
        If images, targets and predictions are not equally many, or have another shape.
    ImportError
        If matplotlib is not installed.

    Examples
    --------
    >>> import numpy as np
    >>> from minigrad.viz import plots
    >>> figure = plots.misclassified(np.zeros((3, 1, 8, 8)), [1, 2, 3], [1, 7, 5])
    >>> [axes.get_title() for axes in figure.axes]
    ['2 → 7', '3 → 5']
    """
    planes = _planes("misclassified", array("misclassified", "the batch", batch))
    t, y = (array("misclassified", what, v) for what, v in [("targets", targets), ("predictions", predictions)])
    if t.shape != (len(planes),) or y.shape != t.shape:
        raise ValueError(
            f"misclassified: {len(planes)} images need as many targets and predictions, "
            f"got shapes {t.shape} and {y.shape}"
        )
    wrong = np.flatnonzero(t != y)
    shown = wrong[:count]
    text = [names[int(c)] if names is not None else str(int(c)) for c in (*t[shown], *y[shown])]
    titles = [f"{a} → {b}" for a, b in zip(text[: len(shown)], text[len(shown) :], strict=True)]
    if title is None:
        title = f"{len(wrong):,} of {len(planes):,} classified wrong: class → prediction"
    return _grid("misclassified", planes[shown], titles, columns, "gray_r", None, title, ax)


def _planes(plot: str, batch: Any) -> Any:
    """Return images of shape (n, height, width) or, in colour, (n, height, width, 3)."""
    if batch.ndim == 3:
        return batch
    if batch.ndim != 4 or batch.shape[1] not in (1, 3):
        raise ValueError(
            f"{plot}: images have shape (n, height, width), (n, 1, height, width) or (n, 3, height, width), "
            f"got {batch.shape}"
        )
    return batch[:, 0] if batch.shape[1] == 1 else np.moveaxis(batch, 1, -1)


def _grid(
    plot: str,
    planes: Any,
    titles: Sequence[str] | None,
    columns: int,
    cmap: str,
    limits: tuple[float, float] | None,
    title: str,
    ax: Any,
    shared: bool = True,
) -> Any:
    count = len(planes)
    if columns < 1:
        raise ValueError(f"{plot}: columns must be at least 1, got {columns!r}")
    if titles is not None and len(titles) != count:
        raise ValueError(f"{plot}: {count} images need as many titles, got {len(titles)}")
    if not count and plot != "misclassified":
        raise ValueError(f"{plot}: there are no images")
    height = 0.8 if titles is None else 1.0
    figure, grid = panels(ax, max(count, 1), columns, 0.8, height, 0.12 if titles is None else 0.4)
    if limits is None and shared and planes.ndim == 3:
        finite = planes[np.isfinite(planes)]
        limits = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    low, high = limits or (None, None)
    for place in grid[count:]:
        place.set_axis_off()
    for i, (place, plane) in enumerate(zip(grid, planes, strict=False)):
        place.imshow(plane, cmap=cmap, vmin=low, vmax=high)
        place.set_axis_off()
        if titles is not None:
            place.set_title(titles[i], fontsize=8, pad=2)
    if title:
        if ax is not None:
            ax.set_title(title, fontsize=10, pad=6 if titles is None else 16)
        else:
            _head(figure, title, min(columns, max(count, 1)) * 0.8)
    return figure


def _head(figure: Any, title: str, width: float) -> None:
    """Write the figure's title, small enough for its width in inches."""
    size = min(12.0, 120 * width / max(len(title), 1))
    figure.suptitle(title, fontsize=math.floor(max(size, 6)))
