"""What is said of arrays and of local gradients, in few numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad import Node
from minigrad.graph import unbroadcast
from minigrad.settle import settled

from .records import Local, Summary, Vertex

# Arrays of up to this many entries are shown whole.
WHOLE = 12


def summarize(values: Any) -> Summary:
    """Return what is said of an array or a number.

    Examples
    --------
    >>> s = summarize(np.array([0.0, 3.0, -3.0, np.nan]))
    >>> s.low, s.median, s.high, s.zeros, s.nans
    (-3.0, 0.0, 3.0, 0.25, 1)
    """
    a = np.asarray(values)
    if not a.size:
        return Summary(a.shape, (), 0.0, 0.0, 0.0, 0.0, 0.0, 0, 0)
    flat = a.reshape(-1)
    entries = tuple(float(v) for v in flat) if a.size <= WHOLE else None
    good, nans, infs = flat, 0, 0
    if flat.dtype.kind == "f" and not np.isfinite(flat).all():
        nans, infs = int(np.isnan(flat).sum()), int(np.isinf(flat).sum())
        good = flat[~np.isnan(flat)]
    low = median = high = float("nan")
    if good.size:
        low, median, high = float(np.min(good)), float(np.median(good)), float(np.max(good))
    zeros = float(np.count_nonzero(flat == 0)) / a.size
    rms = rms_of(good[np.isfinite(good)] if infs else good)
    return Summary(a.shape, entries, low, median, high, rms, zeros, nans, infs)


def rms_of(values: Any) -> float:
    """Return the rms of an array of finite numbers, of any size and dtype."""
    top = float(np.max(np.abs(values.astype(float)))) if values.size else 0.0
    # Scaled, so that squares neither overflow nor vanish.
    return top * float(np.sqrt(np.mean(np.square(values / top, dtype=float)))) if top else 0.0


def size_of(values: Any) -> float:
    """Return the rms of an array, quickly; NaN where it is not finite.

    Examples
    --------
    >>> size_of(np.array([3.0, -4.0, 0.0, 0.0]))
    2.5
    """
    flat = np.asarray(values).reshape(-1)
    if not flat.size:
        return 0.0
    total = float(np.dot(flat, flat))
    if total < 1e-30 or total > 1e30 or total != total:  # the squares may have left the range of the dtype
        summary = summarize(flat)
        return float("nan") if summary.nans or summary.infs else summary.rms
    return float((total / flat.size) ** 0.5)


def chain_rule(node: Node, k: int, g: Any, saved: tuple[Any, ...], to: Vertex) -> Any:
    """Return what flows back to argument `k` of a node, in the shape and the dtype of the argument."""
    c = np.asarray(node.op.rules[k](g, *saved))
    if np.isnan(c).any():
        c = np.asarray(settled(node.op, k, g, c, saved))
    if c.shape != to.shape:
        c = unbroadcast(c, to.shape)
    return c if c.dtype == to.dtype else c.astype(to.dtype)


def local_gradient(node: Node, k: int, shape: tuple[int, ...]) -> Local:
    """Return the local gradient of a node's value at argument `k`.

    Parameters
    ----------
    node : Node
        Not freed.
    k : int
        The position of an argument that a gradient flows to.
    shape : tuple of int
        That argument's shape.

    Examples
    --------
    >>> import minigrad as mg
    >>> x = mg.Tensor([1.0, 2.0], requires_grad=True)
    >>> local = local_gradient((x * [3.0, 4.0]).node, 0, (2,))
    >>> local.formula, local.derivative.entries
    ('b', (3.0, 4.0))
    """
    op = node.op
    assert node.edges is not None
    (saved,) = [values for _, position, values in node.edges if position == k]
    rule = op.rules[k]
    rows, columns = _size(node.shape), _size(shape)
    derivative = jacobian = number = None
    if op.kind == "elementwise":
        # The Jacobian is diagonal, so the rule applied to ones reads the diagonal off.
        diagonal = np.broadcast_to(rule(np.ones(node.shape, node.dtype), *saved), node.shape)
        derivative = summarize(diagonal)
        if rows == columns == 1:
            number = float(diagonal.reshape(()))
    elif rows * columns <= WHOLE and rows and columns:
        jacobian = _jacobian(node, rule, saved, rows)
        if rows == columns == 1:
            number = jacobian[0][0]
    summed = op.kind == "elementwise" and columns < rows
    return Local(op.local_formula(node, k), number, derivative, jacobian, (rows, columns), summed)


def _jacobian(node: Node, rule: Any, saved: tuple[Any, ...], rows: int) -> tuple[tuple[float, ...], ...]:
    """Return a small Jacobian, a row per entry of the value: what the rule makes of that entry's unit gradient."""
    matrix = []
    for i in range(rows):
        unit = np.zeros(rows, node.dtype)
        unit[i] = 1
        matrix.append(tuple(float(v) for v in np.asarray(rule(unit.reshape(node.shape), *saved)).reshape(-1)))
    return tuple(matrix)


def _size(shape: tuple[int, ...]) -> int:
    size = 1
    for n in shape:
        size *= n
    return size
