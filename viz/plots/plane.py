"""Plots of functions on a plane: decision boundaries, and the paths of optimizers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from minigrad import no_grad

from ._figure import COLOURS, array, axes, labelled

__all__ = ["decision_boundary", "optimizer_paths"]


def decision_boundary(
    predict: Callable[[Any], Any],
    x: Any,
    targets: Any,
    *,
    resolution: int = 200,
    labels: tuple[str, str] = ("x1", "x2"),
    title: str = "",
    ax: Any = None,
) -> Any:
    """Colour the plane by the class that a model predicts, with the examples on it.

    Parameters
    ----------
    predict : callable
        Takes points of shape (n, 2), with the dtype of `x`; returns scores of the classes, of shape (n, classes), one
        score for two classes of which the second has those above 0, of shape (n, 1), or classes, of shape (n,). Such as
        a model; it is called without recording.
    x : array_like, shape (n, 2)
    targets : array_like of int, shape (n,)
    resolution : int
        How many points each side of the plane is sampled at.
    labels : (str, str)
        Of the axes.
    title : str
    ax : matplotlib Axes, optional

    Returns
    -------
    matplotlib Figure

    Raises
    ------
    TypeError, ValueError
        If the shapes are others.
    ImportError
        If matplotlib is not installed.

    Examples
    --------
    >>> import numpy as np
    >>> from minigrad.viz import plots
    >>> points = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], np.float32)
    >>> figure = plots.decision_boundary(lambda p: (p.sum(1) > 1.5) * 1, points, [0, 0, 0, 1])
    >>> len(figure.axes)
    1
    """
    points, t = array("decision_boundary", "x", x), array("decision_boundary", "targets", targets)
    if points.ndim != 2 or points.shape[1] != 2 or not len(points) or t.shape != (len(points),):
        raise ValueError(f"decision_boundary: x has shape (n, 2) and targets (n,), got {points.shape} and {t.shape}")
    spread = np.ptp(points, axis=0)
    margin = np.where(spread > 0, spread * 0.15, 1.0)
    low, high = points.min(0) - margin, points.max(0) + margin
    dtype = points.dtype if points.dtype.kind == "f" else np.dtype(np.float32)
    x1, x2 = np.meshgrid(*(np.linspace(low[i], high[i], resolution) for i in (0, 1)))
    with no_grad():
        scores = array(
            "decision_boundary", "what predict returns", predict(np.stack([x1, x2], -1).reshape(-1, 2).astype(dtype))
        )
    if scores.shape[0] != x1.size or scores.ndim > 2:
        raise ValueError(
            f"decision_boundary: predict returned shape {scores.shape} for {x1.size:,} points; "
            "expected (n,) or (n, classes)"
        )
    if scores.ndim == 2:
        scores = scores.argmax(1) if scores.shape[1] > 1 else scores[:, 0] > 0
    classes = scores.reshape(x1.shape).astype(int)
    colors = _class_colours(max(int(classes.max()), int(t.max())) + 1)
    figure, ax = axes(ax, 5, 4.5)
    ax.pcolormesh(
        x1, x2, classes, cmap=colors, vmin=-0.5, vmax=colors.N - 0.5, alpha=0.25, shading="nearest", rasterized=True
    )
    for c in np.unique(t):
        mine = points[t == c]
        ax.scatter(
            mine[:, 0], mine[:, 1], color=colors(int(c)), edgecolor="white", linewidth=0.6, s=28, label=str(int(c))
        )
    ax.set(xlabel=labels[0], ylabel=labels[1], title=title, xlim=(low[0], high[0]), ylim=(low[1], high[1]))
    ax.legend(title="class", loc="upper right")
    return figure


def _class_colours(count: int) -> Any:
    """Return a colour map of `count` classes."""
    from matplotlib.colors import ListedColormap

    return ListedColormap([COLOURS[i % len(COLOURS)] for i in range(count)])


def optimizer_paths(
    function: Callable[[Any, Any], Any],
    paths: Mapping[str, Any],
    *,
    xlim: tuple[float, float] | None = None,
    ylim: tuple[float, float] | None = None,
    minimum: tuple[float, float] | None = None,
    title: str = "",
    ax: Any = None,
) -> Any:
    """Draw the ways that optimizers took over the contours of a function of two numbers.

    Parameters
    ----------
    function : callable
        ``function(x, y)`` of arrays. From one contour to the next, its height above the least value shown grows by
        the same factor.
    paths : mapping of str to array_like, shape (steps, 2)
        From the start on.
    xlim, ylim : (float, float), optional
        The part of the plane; default: where the paths lead, and some room around.
    minimum : (float, float), optional
        Marked by a star.
    title : str
    ax : matplotlib Axes, optional

    Returns
    -------
    matplotlib Figure

    Raises
    ------
    TypeError, ValueError
        If a path has another shape.
    ImportError
        If matplotlib is not installed.

    Examples
    --------
    >>> from minigrad.viz import plots
    >>> figure = plots.optimizer_paths(lambda x, y: x**2 / 20 + y**2, {"SGD": [(-7, 2), (-6.3, -1.6)]}, minimum=(0, 0))
    >>> figure.axes[0].get_legend_handles_labels()[1]
    ['SGD']
    """
    lines = {
        n: array("optimizer_paths", repr(n), p).astype(float) for n, p in labelled("optimizer_paths", paths).items()
    }
    for name, path in lines.items():
        if path.ndim != 2 or path.shape[1] != 2 or not len(path):
            raise ValueError(f"optimizer_paths: the path {name!r} must have shape (steps, 2), got {path.shape}")
    points = np.concatenate([*lines.values(), *([[minimum]] if minimum else [])])
    points = points[np.isfinite(points).all(1)]
    (left, right), (bottom, top) = (given or _with_room(points[:, i]) for i, given in enumerate([xlim, ylim]))
    x, y = np.meshgrid(np.linspace(left, right, 200), np.linspace(bottom, top, 200))
    with no_grad():
        z = array("optimizer_paths", "what the function returns", function(x, y)).astype(float)
    figure, ax = axes(ax, 6, 4.5)
    height = z - np.nanmin(z)
    levels = np.geomspace(max(float(np.nanmax(height)), 1e-12) * 1e-4, max(float(np.nanmax(height)), 1e-12), 13)
    ax.contour(x, y, height, levels=levels, colors="#9fabb8", linewidths=0.6)
    if minimum is not None:
        ax.plot(*minimum, marker="*", color="#c01818", markersize=11, linestyle="none", zorder=3)
    for i, (name, path) in enumerate(lines.items()):
        ax.plot(*path.T, color=COLOURS[i % len(COLOURS)], marker="o", markersize=2.5, linewidth=1.1, label=name)
    ax.set(xlim=(left, right), ylim=(bottom, top), xlabel="x", ylabel="y", title=title)
    ax.legend(loc="upper right")
    return figure


def _with_room(values: Any) -> tuple[float, float]:
    low, high = (float(values.min()), float(values.max())) if len(values) else (-1.0, 1.0)
    room = 0.15 * (high - low) or 1.0
    return low - room, high + room
