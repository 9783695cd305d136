"""NumPy's side of the interface: ``np.exp(tensor)``, ``np.sum(tensor, axis=0)``, ``array * tensor``.

A NumPy function without a rule raises a TypeError that names it; no call returns an array that has silently lost its
gradient.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import numpy as np

from .arrays import not_real, operand
from .tensor import Tensor, constant, numpy_functions

F = TypeVar("F", bound=Callable[..., Any])


def public(*numpy: Callable[..., Any], method: str | Sequence[str] = ()) -> Callable[[F], F]:
    """Enter a function of the top level: as what `numpy` functions do on tensors, and as a method of Tensor."""

    def enter(function: F) -> F:
        for f in numpy:
            numpy_functions[f] = function
        for name in [method] if isinstance(method, str) else method:
            setattr(Tensor, name, function)
        return function

    return enter


def _name(function: Any) -> str:
    module = "np.linalg" if "linalg" in (getattr(function, "__module__", "") or "") else "np"
    return f"{module}.{function.__name__}"


# What writes into an argument in NumPy, and what returns a new tensor in its place.
_WRITERS: dict[Any, str] = {
    np.copyto: "minigrad.where, or t.assign outside of a graph",
    np.fill_diagonal: "minigrad.where",
    np.place: "minigrad.where or minigrad.setitem",
    np.put: "minigrad.setitem",
    np.put_along_axis: "minigrad.put_along_axis",
    np.putmask: "minigrad.where or minigrad.masked_fill",
}


def _writes(name: str, instead: str) -> TypeError:
    return TypeError(
        f"{name} writes into its argument, and what an op has saved must stay as it was; {instead} returns a new tensor"
    )


def _no_rule(name: str) -> TypeError:
    return TypeError(
        f"{name} has no rule in minigrad, so no gradient could flow through it. For its value alone, apply it to "
        "t.detach().numpy(); to teach minigrad the function, see minigrad.elementwise, linear and general"
    )


def _no_out(name: str) -> TypeError:
    return TypeError(
        f"{name}: out= (and so an in-place operator on an array, such as `array += tensor`) is not supported: the "
        "result is a new tensor; write `x = x + tensor`"
    )


# ufunc.reduce is what np.add.reduce(t) calls; np.sum(t) does not come this way.
_REDUCTIONS: dict[Any, Any] = {
    np.add: np.sum,
    np.multiply: np.prod,
    np.maximum: np.max,
    np.minimum: np.min,
    np.logical_or: np.any,
    np.logical_and: np.all,
    np.fmax: np.nanmax,
    np.fmin: np.nanmin,
}
accumulations: dict[Any, Callable[..., Any]] = {}
"""What ``ufunc.accumulate(t)`` calls; the scans enter themselves."""


def call_ufunc(ufunc: np.ufunc, method: str, inputs: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Answer ``ufunc(...)`` where a tensor is among the operands."""
    name = f"np.{ufunc.__name__}"
    if method == "reduce" and ufunc in _REDUCTIONS:
        kwargs.setdefault("axis", 0)
        return call_function(_REDUCTIONS[ufunc], inputs, kwargs)
    if method == "accumulate" and ufunc in accumulations and not kwargs.keys() - {"axis"}:
        return accumulations[ufunc](*inputs, **{"axis": 0, **kwargs})
    if method == "outer" and not kwargs and ufunc in numpy_functions:
        a, b = [x if isinstance(x, Tensor) else constant(operand(name, x)) for x in inputs]
        return numpy_functions[ufunc](a.reshape((*a.shape, *(1,) * b.ndim)), b)
    if method == "at":
        raise _writes(f"{name}.at", "minigrad.index_add or minigrad.setitem")
    if method != "__call__":
        raise _no_rule(f"{name}.{method}")
    function = numpy_functions.get(ufunc)
    if function is None:
        from .special import taken_over

        function = taken_over(ufunc)
    if function is None:
        raise _no_rule(name)
    if "out" in kwargs:
        raise _no_out(name)
    if kwargs:
        hint = "; select with np.where" if "where" in kwargs else "; cast with .astype" if "dtype" in kwargs else ""
        raise TypeError(f"{name}: the keyword {', '.join(kwargs)} is not supported on tensors{hint}")
    return function(*inputs)


def call_function(function: Callable[..., Any], args: Sequence[Any], kwargs: dict[str, Any]) -> Any:
    """Answer ``np.function(...)`` where a tensor is among the arguments."""
    own = numpy_functions.get(function)
    if own is None:
        raise _writes(_name(function), _WRITERS[function]) if function in _WRITERS else _no_rule(_name(function))
    import inspect  # here, since it takes as long to import as all of minigrad

    try:
        bound = inspect.signature(own).bind(*args, **kwargs)
    except TypeError as error:
        if "out" in kwargs:
            raise _no_out(_name(function)) from None
        supported = ", ".join(inspect.signature(own).parameters)
        raise TypeError(f"{_name(function)} on tensors: {error} (supported: {supported})") from None
    return own(*bound.args, **bound.kwargs)


def values_of(x: Any) -> Any:
    """Return `x` with every tensor in it, also in tuples and lists, replaced by its array."""
    if isinstance(x, Tensor):
        return x._data
    if isinstance(x, (tuple, list)):
        return type(x)(values_of(v) for v in x)
    return x


def _is_complex(x: Any) -> bool:
    return isinstance(x, (np.ndarray, np.generic)) and x.dtype.kind == "c"


def passing(function: Callable[..., Any], name: str, *, wrap: bool = True) -> Callable[..., Any]:
    """Return `function` for tensors, for functions without a gradient: whole-number, boolean or constant results.

    Parameters
    ----------
    function : callable
        Of NumPy.
    name : str
    wrap : bool
        Whether the result is an array, to be returned as a tensor.
    """

    def call(*args: Any, **kwargs: Any) -> Any:
        if kwargs.get("out") is not None:
            raise _no_out(name)
        values, options = values_of(args), {key: values_of(v) for key, v in kwargs.items()}
        for value in (*values, *options.values()):
            if isinstance(value, complex) or _is_complex(value):
                raise not_real(name, "an operand of complex numbers")
        result = function(*values, **options)
        if not wrap:
            return result
        if _is_complex(result):
            raise not_real(name, f"dtype {result.dtype}")
        return constant(result)

    call.__name__ = call.__qualname__ = name
    call.__doc__ = f"Return ``np.{name}`` of the values; no gradient flows through it."
    numpy_functions[function] = call
    return call
