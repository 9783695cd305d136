"""Gradients by numbers: the independent check of every rule."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .mode import no_grad
from .tensor import Tensor

# Central differences balance truncation, h^p, against rounding, eps / h.
_STEPS = {"central": (2, 1 / 3), "five-point": (4, 1 / 5)}


def numerical_gradient(
    f: Callable[[Any], Any], x: Any, *, method: str = "central", step: float | None = None
) -> np.ndarray[Any, Any]:
    """Return the gradient of a scalar function at `x`, by differences of its values.

    Parameters
    ----------
    f : callable
        From an array or tensor of the shape of `x` to a number (or an array or tensor with one element). With
        "complex" it is given a complex array and must be analytic, written in NumPy, and free of ``abs`` and
        comparisons.
    x : array_like or Tensor
        Where; computed in float64. `f` is given a Tensor if this is one, else an array.
    method : {"central", "five-point", "complex"}
        Error O(h²) and O(h⁴); or the complex step, exact to rounding (Squire and Trapp, "Using complex variables to
        estimate derivatives of real functions", SIAM Review 40, 1998).
    step : float, optional
        h, relative to max(1, |x|); default: the one that balances truncation and rounding.

    Returns
    -------
    ndarray
        float64, of the shape of `x`.

    Raises
    ------
    ValueError
        If the method is unknown, or `f` does not return one number.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.numerical_gradient(lambda x: (x ** 2).sum(), [3.0, 4.0]).round(6)
    array([6., 8.])
    >>> mg.numerical_gradient(lambda x: np.exp(x).sum(), [0.0, 1.0], method="complex")
    array([1.        , 2.71828183])
    """
    as_tensor = isinstance(x, Tensor)
    point = np.array(x._data if isinstance(x, Tensor) else x, dtype=np.float64)
    if method == "complex":
        return _complex_step(f, point)
    if method not in _STEPS:
        raise ValueError(f"numerical_gradient: unknown method {method!r}; choose 'central', 'five-point' or 'complex'")
    order, root = _STEPS[method]
    h0 = step if step is not None else float(np.finfo(np.float64).eps) ** root
    gradient = np.empty_like(point)
    with no_grad():
        for i in np.ndindex(point.shape):
            middle = float(point[i])
            h = h0 * max(1.0, abs(middle))

            def at(value: float, i: tuple[int, ...] = i) -> float:
                moved = point.copy()
                moved[i] = value
                return _number(f(Tensor(moved) if as_tensor else moved))

            near = at(middle + h) - at(middle - h)
            if order == 2:
                gradient[i] = near / (2 * h)
            else:
                gradient[i] = (8 * near - (at(middle + 2 * h) - at(middle - 2 * h))) / (12 * h)
    return gradient


def _number(value: Any) -> float:
    array = value._data if isinstance(value, Tensor) else np.asarray(value)
    if array.size != 1:
        raise ValueError(f"numerical_gradient: the function must return one number, got shape {array.shape}; sum it")
    return float(array.item())


def _complex_step(f: Callable[[Any], Any], point: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    h = 1e-30  # nothing is subtracted, so it can be as small as one likes
    gradient = np.empty_like(point)
    for i in np.ndindex(point.shape):
        moved = point.astype(complex)
        moved[i] += 1j * h
        value = np.asarray(f(moved))
        if value.size != 1 or value.dtype.kind != "c":
            raise ValueError(
                f"numerical_gradient: for the complex step the function must return one complex number, got shape "
                f"{value.shape} and dtype {value.dtype}"
            )
        gradient[i] = value.item().imag / h
    return gradient
