"""What all plots share: figures that need no screen, panels within axes, colours, and reading what the user passes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from minigrad import Tensor
from minigrad.extras import require

__all__ = ["COLOURS", "array", "axes", "labelled", "numbers", "panels"]

# Told apart by readers of any colour vision: M. Okabe, K. Ito, "Color universal design", 2008; the yellow is left out,
# which is too light for a line on white.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#000000")


def axes(ax: Any, width: float, height: float) -> tuple[Any, Any]:
    """Return the figure and the axes to draw into: those that are given, else new ones of that size in inches."""
    if ax is not None:
        figure = getattr(ax, "figure", None)
        if figure is None or not hasattr(ax, "plot"):
            raise TypeError(f"ax: expected matplotlib Axes, got {type(ax).__name__}")
        return figure, ax
    figure = _new_figure(width, height)
    return figure, figure.add_subplot()


def panels(ax: Any, count: int, columns: int, width: float, height: float, gap: float = 0.12) -> tuple[Any, list[Any]]:
    """Return the figure and `count` small axes, in rows of `columns`.

    Parameters
    ----------
    ax : Axes or None
        The place for all panels together, if given; it becomes a frame without marks.
    count, columns : int
    width, height : float
        Of one panel in a new figure, in inches.
    gap : float
        Between the panels within given axes, relative to a panel.
    """
    columns = min(columns, count)
    rows = math.ceil(count / columns)
    if ax is None:
        figure = _new_figure(width * columns, height * rows)
        grid = figure.subplots(rows, columns, squeeze=False).ravel()
        for rest in grid[count:]:
            rest.set_axis_off()
        return figure, list(grid[:count])
    figure, ax = axes(ax, 0, 0)
    ax.set_axis_off()
    w, h = 1 / (columns + gap * (columns - 1)), 1 / (rows + gap * (rows - 1))
    places = [(i % columns * w * (1 + gap), 1 - h - i // columns * h * (1 + gap)) for i in range(count)]
    return figure, [ax.inset_axes((x, y, w, h)) for x, y in places]


def _new_figure(width: float, height: float) -> Any:
    # Not through pyplot, which looks for a screen and keeps every figure alive.
    return require("matplotlib.figure", "plot", "plotting").Figure(figsize=(width, height), layout="constrained")


def array(plot: str, what: str, value: Any) -> Any:
    """Return real numbers as an array; tensors give their data, whether or not they require a gradient.

    Raises
    ------
    TypeError
        If the values are no real numbers.
    """
    if isinstance(value, Tensor):
        value = value.detach().numpy()
    elif isinstance(value, (list, tuple)) and any(isinstance(item, Tensor) for item in value):
        value = [item.detach().numpy() if isinstance(item, Tensor) else item for item in value]
    try:
        result = np.asarray(value)
    except ValueError as error:
        raise TypeError(f"{plot}: {what} must be an array of numbers: {error}") from None
    if result.dtype.kind not in "fiub":
        raise TypeError(f"{plot}: {what} must be an array of real numbers, got dtype {result.dtype}")
    return result


def numbers(plot: str, what: str, value: Any) -> Any:
    """Return a non-empty one-dimensional array of floats.

    Raises
    ------
    TypeError, ValueError
        If it is none.
    """
    result = array(plot, what, value).astype(float)
    if result.ndim != 1 or not result.size:
        raise ValueError(f"{plot}: {what} must be a non-empty sequence of numbers, got shape {result.shape}")
    return result


def labelled(plot: str, values: Any) -> dict[str, Any]:
    """Return values by name: of a mapping as it is, of a sequence numbered from 1."""
    if isinstance(values, Mapping):
        result = {str(name): value for name, value in values.items()}
    elif isinstance(values, Sequence) and not isinstance(values, str):
        result = {str(i): value for i, value in enumerate(values, 1)}
    else:
        raise TypeError(
            f"{plot}: expected a mapping from names to values, or a list of them, got {type(values).__name__}"
        )
    if not result:
        raise ValueError(f"{plot}: there is nothing to plot")
    return result
