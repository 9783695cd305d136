"""Jacobians by numbers: differences of values, and the complex step through a recorded graph."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ..graph import collect
from ..mode import no_grad
from ..tensor import Tensor, asarray
from .case import Array, leaf

# Points and weights of central formulas: sum of w · (f(x + p·h) - f(x - p·h)) / h. The steps balance the truncation
# against rounding (error h² or h⁴ against eps / h) and are powers of two, so that x ± h has no rounding of its own.
_FORMULAS = {
    "central": (2.0**-17, ((1, 1 / 2),)),
    "five-point": (2.0**-10, ((1, 2 / 3), (2, -1 / 12))),
}
METHODS = (*_FORMULAS, "complex")


def numeric_jacobian(f: Callable[..., Any], *args: Any, argnum: int = 0, method: str = "five-point") -> Array:
    """Return the Jacobian of `f` at one of its arguments, by numbers.

    Parameters
    ----------
    f : callable
        From tensors to a tensor, or to an array or number.
    *args : array_like
        Where. Argument `argnum` is varied, in float64; the others are passed on as they are.
    argnum : int
        Which argument to vary.
    method : {"central", "five-point", "complex"}
        Differences with an error of h² or h⁴; or the complex step, exact to rounding, for analytic functions: `f` is
        called once and its graph computed again with complex numbers, so its ops must have complex values (``abs``
        has not, and comparisons have none that would be of use).

    Returns
    -------
    ndarray
        float64, of shape ``y.shape + x.shape``.

    Raises
    ------
    ValueError
        If the method is unknown, there is no such argument, or an op has no complex values.
    TypeError
        If `f` returns neither a tensor nor an array.

    Examples
    --------
    >>> import minigrad as mg
    >>> numeric_jacobian(mg.square, [1.0, 2.0]).round(6)
    array([[2., 0.],
           [0., 4.]])
    >>> numeric_jacobian(mg.exp, 1.0, method="complex")
    array(2.71828183)
    """
    call = list(args)
    if not -len(args) <= argnum < len(args):
        raise ValueError(f"numeric_jacobian: argnum is {argnum}, but there are {len(args)} arguments")
    x = np.array(_raw(args[argnum]), dtype=np.float64)

    def at(point: Any) -> Tensor:
        call[argnum] = leaf(point)
        y = f(*call)
        if isinstance(y, (np.ndarray, np.generic, float)) and method != "complex":
            return asarray(y)
        if not isinstance(y, Tensor):
            wanted = "a Tensor" if method == "complex" else "a Tensor or an array"
            raise TypeError(f"numeric_jacobian: the function must return {wanted}, got {type(y).__name__}")
        return y

    if method == "complex":
        return _complex_jacobian(at(x), call[argnum])
    if method not in _FORMULAS:
        raise ValueError(f"numeric_jacobian: unknown method {method!r}; choose {', '.join(METHODS)}")
    with no_grad():
        return differences(lambda moved: np.asarray(at(moved).data), x, method)


def _raw(x: Any) -> Any:
    return x.data if isinstance(x, Tensor) else x


def differences(f: Callable[[Array], Array], x: Array, method: str = "five-point") -> Array:
    """Return the Jacobian at `x` of a function of raw arrays, of shape ``f(x).shape + x.shape``."""
    columns = [_difference(f, x, i, method, 0) for i in np.ndindex(x.shape)]
    if not columns:
        return np.zeros(np.shape(f(x)) + x.shape)
    return np.stack(columns, axis=-1).reshape(np.shape(columns[0]) + x.shape)


def _difference(f: Callable[[Array], Array], x: Array, index: tuple[int, ...], method: str, halvings: int) -> Array:
    """Return the derivative along one entry, with a step halved so many times."""
    base, points = _FORMULAS[method]
    h = _step(base, x[index]) * 0.5**halvings

    def moved(step: float) -> Array:
        point = x.copy()
        point[index] += step
        return np.array(f(point), dtype=np.float64)

    # Beyond the border of a domain the values are NaN, which the comparison reports.
    with np.errstate(all="ignore"):
        return np.asarray(sum(w / h * (moved(p * h) - moved(-p * h)) for p, w in points))


def _step(base: float, x: float) -> float:
    return math.ldexp(base, max(0, math.frexp(x)[1]))


def closest(
    f: Callable[[Array], Array], x: Array, index: tuple[int, ...], target: Array, first: Array, method: str
) -> Array:
    """Return, of the derivatives along one entry with smaller and smaller steps, those that are closest to `target`.

    The usual step is too long for a function that varies fast, as sin does at 1e6, or has a kink close by. Every one
    of the steps is long enough for its rounding to pass the tolerance of the usual one, nearly: none of them can agree
    with a derivative that is wrong.
    """
    best = first
    for halvings in (3, 6, 9, 13, 17):
        tried = _difference(f, x, index, method, halvings)
        best = np.where(np.abs(tried - target) < np.nan_to_num(np.abs(best - target), nan=np.inf), tried, best)
    return best


def point_of(f: Callable[[Array], Array], x: Array, index: tuple[int, ...]) -> str:
    """Return what keeps a number from being differentiable along entry `index`, "" where nothing seems to.

    One-sided slopes over two steps tell: at a kink they differ, at a jump one of them grows as the step shrinks.
    """
    with np.errstate(all="ignore"):
        (left, right), (low, high) = slopes(f, x, index, 2.0**-12), slopes(f, x, index, 2.0**-20)
    if not np.isfinite([left, right, low, high]).all():
        return "the function is not finite there, or right beside: is it the border of its domain?"
    least = 1e-3 * max(1.0, min(abs(low), abs(high)))
    for side, wide, narrow in (("below", left, low), ("above", right, high)):
        # The steps differ by 256: so do the slopes over a jump; those of a root differ by 16, of a kink not at all.
        if abs(narrow) > 8 * abs(wide) and abs(narrow) > 100:
            return f"the slope from {side} grows as the step shrinks, from {wide:.6g} to {narrow:.6g}: is it a jump?"
    if abs(low - high) > least:
        return f"the slopes from below and above differ there, {low:.6g} and {high:.6g}: is it a kink?"
    return ""


def slopes(f: Callable[[Array], Array], x: Array, index: tuple[int, ...], step: float) -> tuple[float, float]:
    """Return the one-sided slopes of a number along entry `index`."""
    h = _step(step, x[index])
    ends = []
    for step in (-h, 0.0, h):
        point = x.copy()
        point[index] += step
        ends.append(float(f(point)))
    return (ends[1] - ends[0]) / h, (ends[2] - ends[1]) / h


def _complex_jacobian(y: Tensor, x: Tensor) -> Array:
    shape = y.shape + x.shape
    columns = []
    h = 1e-30  # nothing is subtracted, so it can be as small as one likes
    for i in np.ndindex(x.shape):
        moved = x.data.astype(complex)
        moved[i] += 1j * h
        columns.append(np.imag(_replayed(y, x, moved)) / h)
    return np.stack(columns, axis=-1).reshape(shape) if columns else np.zeros(shape)


def _replayed(y: Tensor, x: Tensor, value: Array) -> Array:
    """Return the value that `y` would have had, had `value` stood in the place of the leaf `x`."""
    known: dict[Any, Any] = {x: value}

    def of(vertex: Any) -> Any:
        # Constants such as arrays and lists cannot be looked up, and need not be.
        hashable = type(vertex).__hash__ is not None
        if hashable and vertex in known:
            return known[vertex]
        constant = _raw(vertex)
        # Everything is complex, so that no forward function meets a mixture that it was not written for.
        return constant.astype(complex) if getattr(constant, "dtype", None) == np.float64 else constant

    if y.node is None:
        return np.asarray(of(y), dtype=complex)
    nodes, _ = collect([y.node])
    for node in nodes:
        out = node.op.forward(*[of(p) for p in node.inputs], **node.params)
        known[node] = out[0] if node.op.residuals else out
        if known[node].dtype.kind == "f" and any(np.iscomplexobj(of(p)) for p in node.inputs):
            raise ValueError(f"numeric_jacobian: {node.op.name} has no complex values; use another method")
    return np.asarray(known[y.node], dtype=complex)
