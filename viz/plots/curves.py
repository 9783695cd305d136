"""Plots of numbers over time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from minigrad.nn import History

from ._figure import COLOURS, axes, labelled, numbers

__all__ = ["learning_curves"]


def learning_curves(
    history: Any,
    *,
    smooth: int = 1,
    log: bool = False,
    xlabel: str = "epoch",
    ylabel: str = "",
    title: str = "",
    ax: Any = None,
) -> Any:
    """Plot losses, accuracies or other numbers over the epochs or steps.

    Parameters
    ----------
    history : nn.History, mapping of str to sequence of float, list of mappings, or sequence of float
        The curves by name; or one mapping of names to numbers per epoch, such as a trainer's history, of which those
        that are numbers are drawn; or one curve. NaN leaves a gap.
    smooth : int
        Draw the mean of so many neighbouring values over the values themselves, which are drawn in pale.
    log : bool
        Whether the vertical axis is logarithmic.
    xlabel, ylabel, title : str
    ax : matplotlib Axes, optional
        Where to draw; default: a new figure.

    Returns
    -------
    matplotlib Figure

    Raises
    ------
    TypeError, ValueError
        If there are no numbers to draw, or `smooth` is below 1.
    ImportError
        If matplotlib is not installed.

    Examples
    --------
    >>> from minigrad.viz import plots
    >>> figure = plots.learning_curves({"training": [2.3, 0.9, 0.4], "test": [2.3, 1.0, 0.6]}, ylabel="loss")
    >>> [line.get_label() for line in figure.axes[0].lines]
    ['training', 'test']
    """
    if smooth < 1:
        raise ValueError(f"learning_curves: smooth must be at least 1, got {smooth!r}")
    curves = {name: numbers("learning_curves", repr(name), values) for name, values in _curves(history).items()}
    figure, ax = axes(ax, 7, 4)
    for i, (name, values) in enumerate(curves.items()):
        colour = COLOURS[i % len(COLOURS)]
        x = np.arange(1, len(values) + 1)
        window = min(smooth, len(values))
        if window == 1:
            # A single value is no line, and would not be seen.
            ax.plot(x, values, color=colour, label=name, marker="o" if len(values) < 30 else None, markersize=3.5)
            continue
        ax.plot(x, values, color=colour, alpha=0.25, linewidth=0.8)
        mean = np.convolve(values, np.full(window, 1 / window), mode="valid")
        ax.plot(x[window - 1 :], mean, color=colour, label=f"{name}, mean of {window}".removeprefix(", "))
    ax.set(xlabel=xlabel, ylabel=ylabel, title=title)
    if log:
        ax.set_yscale("log")
    if max(map(len, curves.values())) < 30:
        ax.xaxis.get_major_locator().set_params(integer=True)
    ax.grid(alpha=0.3)
    if any(curves):
        ax.legend()
    return figure


def _curves(history: Any) -> dict[str, Any]:
    records = history
    if isinstance(history, History):
        # Where the run stood is no curve beside what was measured there.
        records = [{name: v for name, v in row.items() if name not in ("step", "lr")} for row in history.epochs]
    if isinstance(records, Sequence) and records and all(isinstance(record, Mapping) for record in records):
        names = dict.fromkeys(name for record in records for name, value in record.items() if _is_number(value))
        names.pop("epoch", None)
        return labelled("learning_curves", {n: [_or_nan(record.get(n)) for record in records] for n in names})
    if isinstance(records, Mapping):
        return labelled("learning_curves", records)
    return {"": records}


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float, np.number)) and not isinstance(value, bool)


def _or_nan(value: Any) -> float:
    return float(value) if _is_number(value) else float("nan")
