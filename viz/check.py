"""Local gradients against numbers: differences of the op's own values, at the values of this graph.

What is compared is ``u · J d``, for directions `d` at the argument and `u` at the value: once as the rule gives it, as
``rule(u) · d``, and once by differences of the op's values along `d`. With few entries, each has its own direction.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import numpy as np

from minigrad import Node
from minigrad.graph import unbroadcast
from minigrad.values import Values

from .records import Check

# Arguments of up to this many entries are checked entry by entry, larger ones along this many random directions.
ENTRIES = 32
DIRECTIONS = 3
# Values of more entries are not computed over and over.
LARGEST = 20_000_000

_STEPS = (1e-2, 1e-3, 1e-4, 1e-5, 1e-6)
# By the dtype of the rule's numbers.
_TOLERANCE = {8: 1e-6, 4: 1e-3, 2: 3e-2}


def check_local(node: Node, k: int, values: Values) -> Check:
    """Compare the rule of a node for argument `k` with central differences, computed in float64.

    Parameters
    ----------
    node : Node
        Not freed.
    k : int
        The position of an argument that a gradient flows to.
    values : Values
        Where the arguments' values are found.

    Examples
    --------
    >>> import minigrad as mg
    >>> x = mg.Tensor([3.0, 4.0], requires_grad=True)
    >>> y = (x * x).node
    >>> check_local(y, 0, Values([y])).verdict
    'right'
    >>> y = mg.relu(x - 3.0).node
    >>> check_local(y, 0, Values([y])).verdict
    'singular'
    """
    op = node.op
    try:
        arguments = [values.of(value) for value in node.inputs]
    except RuntimeError:
        return Check("skipped", None, "an argument was freed with another graph")
    point = np.asarray(arguments[k])
    if not point.size or not _size(node.shape):
        return Check("skipped", None, "empty")
    if point.size + _size(node.shape) > LARGEST:
        return Check("skipped", None, f"more than {LARGEST:,} entries")
    wide = [_widened(value) for value in arguments]
    middle = wide[k]
    (saved,) = [read for _, position, read in node.edges or () if position == k]
    # Of the shapes alone, so that the same graph gives the same figure.
    rng = np.random.default_rng([point.size, _size(node.shape), k])
    u = rng.uniform(0.5, 1.5, node.shape) * rng.choice([-1.0, 1.0], node.shape)
    u = u.astype(node.dtype)

    def along(shift: Any) -> float:
        out = op.forward(*wide[:k], middle + shift, *wide[k + 1 :], **node.params)
        value = np.asarray(out[0] if op.residuals else out, np.float64)
        return float(np.vdot(u.astype(np.float64), value - base))

    try:
        base: Any = 0.0
        first = _value(op, wide, node)
        if not np.array_equal(first, _value(op, wide, node), equal_nan=True):
            return Check("skipped", None, "the op draws random numbers: another value at each call")
        base = first
        if not (np.isfinite(middle).all() and np.isfinite(first).all()):
            return Check("singular", None, "not finite here")
        c = np.asarray(op.rules[k](u, *saved), np.float64)
        c = unbroadcast(c, point.shape) if c.shape != point.shape else c
        size, width = float(np.abs(u * first).sum()), min(point.dtype.itemsize, u.itemsize)
        found = []
        # As large as the argument, lest rounding hides the change; but such steps lead from small numbers out of the
        # domain of a logarithm, and from large ones over many periods of a sine.
        size_of_each = np.abs(middle)
        relative = np.where(size_of_each == 0, 1.0, size_of_each)
        for steps in (np.maximum(1.0, size_of_each), relative, np.ones(point.shape)):
            found.append(_verdict(c, middle, steps, along, rng, size, width))
            if found[-1].verdict == "right":
                return found[-1]
        return found[0]
    except Exception as error:  # an op of the user's may raise anything away from its own values
        return Check("skipped", None, f"cannot be computed again: {type(error).__name__}")


def _value(op: Any, arguments: list[Any], node: Node) -> Any:
    out = op.forward(*arguments, **node.params)
    return np.asarray(out[0] if op.residuals else out, np.float64)


def _verdict(
    c: Any, point: Any, steps: Any, along: Callable[[Any], float], rng: Any, size: float, width: int
) -> Check:
    if not np.isfinite(c).all():
        return Check("singular", None, "the local gradient is not finite here")
    expected, found = [], []
    for d in _directions(steps, rng):
        wanted = float(np.vdot(c, d))
        numbers = [(_slope(along, c, point, d, h), _slope(along, c, point, d, -h)) for h in _STEPS]
        if _is_singular(numbers, size):
            return Check("singular", None, "a kink, a jump or an end of the domain: the sides differ")
        expected.append(wanted)
        # Truncation falls with the step and rounding grows: the right one is where neighbours agree best.
        middles = [(ahead + behind) / 2 for ahead, behind in numbers]
        moves = [abs(a - b) for a, b in pairwise(middles)]
        found.append(middles[int(np.argmin(moves)) + 1])
    scale = max(float(np.linalg.norm(expected)), float(np.linalg.norm(found)))
    if point.size > ENTRIES:
        # A direction may happen to be level: its own size says nothing then.
        scale = max(scale, float(np.linalg.norm(c * steps)))
    # Differences know nothing below their own rounding.
    noise = 1e-11 * size
    error = float(np.linalg.norm(np.subtract(expected, found)))
    relative = 0.0 if error == 0 else error / max(scale, np.finfo(float).tiny)
    how = "each entry" if point.size <= ENTRIES else f"{DIRECTIONS} random directions"
    right = relative <= _TOLERANCE.get(width, 1e-6) or error <= noise
    return Check("right" if right else "wrong", relative, f"central differences, {how}")


def _directions(steps: Any, rng: Any) -> Iterator[Any]:
    """Yield what to move the argument along."""
    if steps.size <= ENTRIES:
        for i in range(steps.size):
            d = np.zeros(steps.size)
            d[i] = steps.reshape(-1)[i]
            yield d.reshape(steps.shape)
        return
    for _ in range(DIRECTIONS):
        yield rng.choice([-1.0, 1.0], steps.shape) * steps


def _slope(along: Callable[[Any], float], c: Any, point: Any, d: Any, h: float) -> float:
    """Return the slope along `d` over a step `h`, to one side."""
    # What is added to a large number is not what arrives: the rest is made up for, at the slope `c`.
    moved = (point + h * d) - point
    return (along(moved) - float(np.vdot(c, moved - h * d))) / h


def _is_singular(numbers: list[tuple[float, float]], size: float) -> bool:
    """Return whether the slopes of the two sides do not meet as the step becomes smaller.

    For a smooth function their difference falls with the step; at a kink it stays, at a jump or a pole it grows.
    """
    (a, b), (c, d) = numbers[-3], numbers[-1]
    if not all(np.isfinite([a, b, c, d])):
        return True
    before, after = abs(a - b), abs(c - d)
    rounding = 1e-15 * size / _STEPS[-1]
    return after > 0.3 * before and after > 1e-3 * max(abs(c), abs(d)) and after > 100 * rounding


def _widened(value: Any) -> Any:
    """Return floating numbers in float64; all else as it is."""
    dtype = getattr(value, "dtype", None)
    return np.asarray(value, np.float64) if dtype is not None and dtype.kind == "f" else value


def _size(shape: tuple[int, ...]) -> int:
    return int(np.prod(shape, dtype=np.int64))
