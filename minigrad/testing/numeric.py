"""Jacobians by numbers: differences of values, and the complex step through a recorded graph."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ..graph import collect
from ..mode import no_grad
from ..tensor import Tensor
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
        From tensors to a tensor.
    *args : array_like
        Where. Argument `argnum` is varied, in float64; the others are passed on as they are.
    argnum : int
        Which argument to vary.
    method : {"central", "five-point", "complex"}
        Differences with an error of h² or h⁴; or the complex step, exact to rounding, for analytic functions: `f` is
        called once and its graph computed again with complex numbers, so its ops must have complex values (``abs``,
        comparisons and the like have none that would be of use).

    Returns
    -------
    ndarray
        float64, of shape ``y.shape + x.shape``.

    Raises
    ------
    ValueError
        If the method is unknown.
    TypeError
        If `f` does not return a tensor.

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
    x = np.array(_raw(args[argnum]), dtype=np.float64)

    def at(point: Any) -> Tensor:
        call[argnum] = leaf(point)
        y = f(*call)
        if not isinstance(y, Tensor):
            raise TypeError(f"numeric_jacobian: the function must return a Tensor, got {type(y).__name__}")
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
    base, points = _FORMULAS[method]
    columns = []
    for i in np.ndindex(x.shape):
        h = math.ldexp(base, max(0, math.frexp(x[i])[1]))

        def moved(step: float, i: tuple[int, ...] = i) -> Array:
            point = x.copy()
            point[i] += step
            return np.array(f(point), dtype=np.float64)

        columns.append(sum(w / h * (moved(p * h) - moved(-p * h)) for p, w in points))
    if not columns:
        return np.zeros(np.shape(f(x)) + x.shape)
    return np.stack(columns, axis=-1).reshape(np.shape(columns[0]) + x.shape)


def slopes(f: Callable[[Array], Array], x: Array, index: tuple[int, ...]) -> tuple[float, float]:
    """Return the one-sided slopes of a number along entry `index`: they differ at a kink or a jump."""
    h = math.ldexp(2.0**-20, max(0, math.frexp(x[index])[1]))
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
    return np.asarray(known[y.node], dtype=complex)
