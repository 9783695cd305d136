"""Functions without a gradient: comparisons, tests, searches. On tensors they return constant tensors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..arrays import operand
from ..protocol import passing
from ..tensor import Tensor, constant, numpy_functions


def _operator(ufunc: np.ufunc) -> Callable[[Any, Any], Any]:
    def compare(a: Tensor, b: Any) -> Any:
        if isinstance(b, Tensor):
            other = b._data
        else:
            if ufunc in (np.equal, np.not_equal) and (b is None or isinstance(b, (str, bytes))):
                return NotImplemented  # so that `t == None` is False, as for any two things that cannot be equal
            other = operand(ufunc.__name__, b)
        try:
            return constant(ufunc(a._data, other))
        except ValueError:
            shapes = f"{a.shape} and {np.shape(other)}"
            raise ValueError(f"{ufunc.__name__}: operands of shapes {shapes} do not broadcast") from None
        except TypeError:
            dtypes = f"{a.dtype} and {getattr(other, 'dtype', type(other).__name__)}"
            raise TypeError(f"{ufunc.__name__}: is not defined for operands of dtypes {dtypes}") from None

    compare.__name__ = ufunc.__name__
    return compare


_OPERATORS: dict[str, Any] = {
    "__lt__": np.less,
    "__le__": np.less_equal,
    "__gt__": np.greater,
    "__ge__": np.greater_equal,
    "__eq__": np.equal,
    "__ne__": np.not_equal,
    "__and__": np.bitwise_and,
    "__or__": np.bitwise_or,
    "__xor__": np.bitwise_xor,
}
for _method, _ufunc in _OPERATORS.items():
    setattr(Tensor, _method, _operator(_ufunc))
for _method in ("and", "or", "xor"):
    # These commute, so that the reflected operator is the same.
    setattr(Tensor, f"__r{_method}__", getattr(Tensor, f"__{_method}__"))
Tensor.__invert__ = lambda self: constant(~self._data)

_UFUNCS: list[Any] = [
    *_OPERATORS.values(), np.logical_and, np.logical_or, np.logical_not, np.logical_xor, np.invert, np.isfinite,
    np.isinf, np.isnan, np.signbit,
]  # fmt: skip
for _ufunc in _UFUNCS:
    passing(_ufunc, _ufunc.__name__)

_FUNCTIONS: list[Any] = [
    np.argmax, np.argmin, np.argsort, np.any, np.all, np.isclose, np.zeros_like, np.ones_like, np.full_like,
    np.empty_like, np.searchsorted, np.digitize, np.argwhere, np.flatnonzero, np.argpartition, np.lexsort,
    np.nanargmax, np.nanargmin, np.isin, np.isposinf, np.isneginf, np.ravel_multi_index, np.linalg.matrix_rank,
]  # fmt: skip
for _function in _FUNCTIONS:
    passing(_function, _function.__name__)

_PLAIN: list[Any] = [
    np.shape,
    np.ndim,
    np.size,
    np.array_equal,
    np.array_equiv,
    np.shares_memory,
    np.may_share_memory,
    np.allclose,
    np.count_nonzero,
    np.result_type,
    np.nonzero,
    np.unravel_index,
    np.ix_,
]
for _function in _PLAIN:
    passing(_function, _function.__name__, wrap=False)
numpy_functions[np.array_repr] = lambda x, *args, **kwargs: repr(x)
numpy_functions[np.array_str] = lambda x, *args, **kwargs: str(x)

# Named as NumPy's, so that what a model writes with np. it can write with mg., on arrays and tensors alike.
all = numpy_functions[np.all]
any = numpy_functions[np.any]
allclose = numpy_functions[np.allclose]
argwhere = numpy_functions[np.argwhere]
array_equal = numpy_functions[np.array_equal]
count_nonzero = numpy_functions[np.count_nonzero]
digitize = numpy_functions[np.digitize]
equal = numpy_functions[np.equal]
flatnonzero = numpy_functions[np.flatnonzero]
greater = numpy_functions[np.greater]
greater_equal = numpy_functions[np.greater_equal]
isclose = numpy_functions[np.isclose]
isin = numpy_functions[np.isin]
less = numpy_functions[np.less]
less_equal = numpy_functions[np.less_equal]
lexsort = numpy_functions[np.lexsort]
logical_and = numpy_functions[np.logical_and]
logical_not = numpy_functions[np.logical_not]
logical_or = numpy_functions[np.logical_or]
logical_xor = numpy_functions[np.logical_xor]
nanargmax = numpy_functions[np.nanargmax]
nanargmin = numpy_functions[np.nanargmin]
nonzero = numpy_functions[np.nonzero]
not_equal = numpy_functions[np.not_equal]
signbit = numpy_functions[np.signbit]
matrix_rank = numpy_functions[np.linalg.matrix_rank]
argmax = numpy_functions[np.argmax]
argmin = numpy_functions[np.argmin]
argsort = numpy_functions[np.argsort]
argpartition = numpy_functions[np.argpartition]
searchsorted = numpy_functions[np.searchsorted]
isfinite = numpy_functions[np.isfinite]
isnan = numpy_functions[np.isnan]
isinf = numpy_functions[np.isinf]
zeros_like = numpy_functions[np.zeros_like]
ones_like = numpy_functions[np.ones_like]
_full_like = numpy_functions[np.full_like]


def full_like(x: Any, fill_value: Any, *args: Any, **kwargs: Any) -> Tensor:
    """Return a constant tensor like `x`, filled with a constant; see ``np.full_like``.

    Raises
    ------
    TypeError
        If the value requires grad: none would reach it.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.full_like(mg.ones(2), 3)
    Tensor([3., 3.], dtype=float64)
    """
    if isinstance(fill_value, Tensor) and fill_value.requires_grad:
        raise TypeError(
            "full_like: no gradient flows to the fill value; use broadcast_to(value, x.shape), or detach it"
        )
    filled: Tensor = _full_like(x, fill_value, *args, **kwargs)
    return filled


numpy_functions[np.full_like] = full_like

for _method in ("any", "all", "argmax", "argmin", "argsort", "argpartition", "searchsorted", "nonzero"):
    setattr(Tensor, _method, numpy_functions[getattr(np, _method)])
