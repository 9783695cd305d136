"""Plots of how numbers are distributed."""

from __future__ import annotations

from typing import Any

import numpy as np

from ._figure import COLOURS, array, labelled, panels

__all__ = ["histograms"]


def histograms(
    values: Any,
    *,
    bins: int = 40,
    limits: tuple[float, float] | None = None,
    columns: int = 5,
    title: str = "",
    ax: Any = None,
) -> Any:
    """Plot the histograms of activations, weights or gradients, layer by layer, each with its mean and deviation.

    Parameters
    ----------
    values : mapping of str to array_like, or list of array_like
        Of any shapes; a list is numbered from 1. For gradients, such as
        ``{name: p.grad for name, p in model.named_parameters()}``.
    bins : int
    limits : (float, float), optional
        The range of the horizontal axes, one for all; default: each panel has its own. Values outside are not counted.
    columns : int
        How many panels stand in a row.
    title : str
    ax : matplotlib Axes, optional
        The place for all panels; default: a new figure.

    Returns
    -------
    matplotlib Figure

    Raises
    ------
    TypeError, ValueError
        If there is nothing to plot, or it is no real numbers.
    ImportError
        If matplotlib is not installed.

    Notes
    -----
    Values that are not finite are left out, and their number is written in the panel.

    Examples
    --------
    >>> import numpy as np
    >>> from minigrad.viz import plots
    >>> rng = np.random.default_rng(0)
    >>> figure = plots.histograms({f"layer {i}": rng.normal(size=100) * 0.5**i for i in range(3)}, limits=(-3, 3))
    >>> [axes.get_title().splitlines()[0] for axes in figure.axes]
    ['layer 0', 'layer 1', 'layer 2']
    """
    if bins < 1:
        raise ValueError(f"histograms: bins must be at least 1, got {bins!r}")
    layers = {
        n: array("histograms", repr(n), v).astype(float).ravel() for n, v in labelled("histograms", values).items()
    }
    figure, grid = panels(ax, len(layers), columns, 2.4, 2.2, 0.45)
    for i, (place, (name, numbers)) in enumerate(zip(grid, layers.items(), strict=True)):
        finite = numbers[np.isfinite(numbers)]
        place.hist(finite, bins=bins, range=limits or _range(finite), color=COLOURS[i % len(COLOURS)])
        note = f"mean {finite.mean():.2g}, std {finite.std():.2g}" if finite.size else "no finite values"
        if finite.size < numbers.size:
            note += f"\n{numbers.size - finite.size:,} not finite"
        place.set_title(f"{name}\n{note}", fontsize=8)
        place.set_yticks([])
        place.tick_params(labelsize=7)
    if title and ax is not None:
        ax.set_title(title, fontsize=10, pad=30)
    elif title:
        figure.suptitle(title)
    return figure


def _range(finite: Any) -> tuple[float, float]:
    """Return the range of the values; around a single one, some width, at which the bins differ in floating point."""
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (-1.0, 1.0)
    if high - low > 1e-9 * max(abs(low), abs(high)):
        return low, high
    room = abs(low) or 1.0
    return low - room / 2, high + room / 2
