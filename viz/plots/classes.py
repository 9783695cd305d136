"""Plots of how well classes are told apart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ._figure import array, axes

__all__ = ["confusion_matrix"]


def confusion_matrix(
    matrix: Any,
    *,
    names: Sequence[str] | None = None,
    title: str = "",
    ax: Any = None,
) -> Any:
    """Draw a table of how often each class was taken for each, coloured by the share of its row.

    Parameters
    ----------
    matrix : array_like of int, shape (classes, classes)
        Element (i, j): how many examples of class i were predicted as j, as of
        :class:`minigrad.nn.metrics.ConfusionMatrix`.
    names : sequence of str, optional
        Of the classes; default: their numbers.
    title : str
    ax : matplotlib Axes, optional

    Returns
    -------
    matplotlib Figure

    Raises
    ------
    TypeError, ValueError
        If it is not a square matrix of counts, or there are not as many names.
    ImportError
        If matplotlib is not installed.

    Examples
    --------
    >>> from minigrad.viz import plots
    >>> figure = plots.confusion_matrix([[9, 1], [2, 8]], names=["cat", "dog"])
    >>> [text.get_text() for text in figure.axes[0].texts]
    ['9', '1', '2', '8']
    """
    counts = array("confusion_matrix", "matrix", matrix)
    if counts.ndim != 2 or counts.shape[0] != counts.shape[1] or not counts.size:
        raise ValueError(f"confusion_matrix: expected a square matrix of counts, got shape {counts.shape}")
    if (counts < 0).any():
        raise ValueError(f"confusion_matrix: counts are at least 0, got {counts.min()}")
    n = len(counts)
    if names is not None and len(names) != n:
        raise ValueError(f"confusion_matrix: {n} classes need as many names, got {len(names)}")
    labels = [str(i) for i in range(n)] if names is None else list(names)
    share = counts / np.maximum(counts.sum(1, keepdims=True), 1)
    side = max(3.0, 0.5 * n + 1)
    figure, ax = axes(ax, side, side)
    ax.imshow(share, cmap="Blues", vmin=0, vmax=1)
    size = min(10.0, 60 / n + 3)
    for (i, j), count in np.ndenumerate(counts):
        if count:
            ax.text(
                j,
                i,
                f"{count}",
                ha="center",
                va="center",
                fontsize=size,
                color="white" if share[i, j] > 0.5 else "black",
            )
    ax.set(xticks=range(n), yticks=range(n), xlabel="prediction", ylabel="class", title=title)
    ax.set_xticklabels(
        labels, rotation=0 if max(map(len, labels)) < 4 else 45, ha="center" if max(map(len, labels)) < 4 else "right"
    )
    ax.set_yticklabels(labels)
    return figure
