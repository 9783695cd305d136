"""Rounding, remainders, and the sign and exponent of floating numbers.

What is constant between its jumps has no gradient: rounding, the whole quotient and the step return constants. The
remainders are not constant: they rise with the dividend.
"""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from ..kinds import elementwise, reflected
from ..protocol import public
from ..tensor import Tensor, asarray, constant
from .arithmetic import where

floor = elementwise(
    np.floor,
    None,
    doc="""Return the largest whole number that is not above `x`. No gradient flows through it.

    >>> import minigrad as mg
    >>> mg.floor([-1.5, 1.5])
    Tensor([-2.,  1.], dtype=float64)
    """,
)

ceil = elementwise(
    np.ceil,
    None,
    doc="""Return the smallest whole number that is not below `x`. No gradient flows through it.

    >>> import minigrad as mg
    >>> mg.ceil([-1.5, 1.5])
    Tensor([-1.,  2.], dtype=float64)
    """,
)

trunc = elementwise(
    np.trunc,
    None,
    doc="""Return `x` without its fraction: rounded towards 0. No gradient flows through it.

    >>> import minigrad as mg
    >>> mg.trunc([-1.5, 1.5])
    Tensor([-1.,  1.], dtype=float64)
    """,
)
public(np.fix)(trunc)

rint = elementwise(
    np.rint,
    None,
    doc="""Return the nearest whole number, the even one of two. No gradient flows through it.

    >>> import minigrad as mg
    >>> mg.rint([0.5, 1.5, 2.6])
    Tensor([0., 2., 3.], dtype=float64)
    """,
)


@public(np.round, np.around, method="round")
def round(a: Any, decimals: int = 0) -> Tensor:
    """Return `a` rounded to a number of decimals, a half to the even digit. No gradient flows through it.

    Parameters
    ----------
    a : Tensor or array_like
    decimals : int
        Below 0 it counts digits before the point.

    Raises
    ------
    TypeError
        If `decimals` is not a whole number.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.round([1.234, 5.678], 1)
    Tensor([1.2, 5.7], dtype=float64)
    """
    try:
        digits = operator.index(decimals)
    except TypeError:
        raise TypeError(f"round: decimals must be a whole number, got {decimals!r}") from None
    return constant(np.round(asarray(a)._data, digits))


heaviside = elementwise(
    np.heaviside,
    None,
    lambda g, a: g * (a == 0),
    local=("0", "[a = 0]"),
    routes=True,
    doc="""Return the step function: 0 for a < 0, 1 for a > 0, and b where a = 0.

    Local gradients: none for a, constant on both sides of its jump; for b 1 where a = 0, else 0.

    >>> import minigrad as mg
    >>> mg.heaviside([-1.0, 0.0, 2.0], 0.5)
    Tensor([0. , 0.5, 1. ], dtype=float64)
    """,
)

floor_divide = elementwise(
    np.floor_divide,
    None,
    None,
    doc="""Return ``a // b``, the quotient rounded down. No gradient flows through it.

    >>> import minigrad as mg
    >>> mg.floor_divide([7.0, -7.0], 2.0)
    Tensor([ 3., -4.], dtype=float64)
    """,
)

remainder = elementwise(
    np.remainder,
    lambda g: g,
    lambda g, a, b: -(g * np.floor_divide(a, b)),
    local=("1", "-floor(a / b)"),
    doc="""Return ``a % b``, with the sign of b: a - b floor(a / b). Local gradients: 1 and -floor(a / b).

    At the jumps, where b divides a, they are those of the side above.

    >>> import minigrad as mg
    >>> mg.remainder([7.0, -7.0], 3.0)
    Tensor([1., 2.], dtype=float64)
    """,
)

fmod = elementwise(
    np.fmod,
    lambda g: g,
    # The quotient that goes with the value: a / b itself may be rounded up to the next whole number.
    lambda g, a, b, y: -(g * np.rint((a - y) / b)),
    local=("1", "-trunc(a / b)"),
    doc="""Return the remainder with the sign of a: a - b trunc(a / b). Local gradients: 1 and -trunc(a / b).

    >>> import minigrad as mg
    >>> mg.fmod([7.0, -7.0], 3.0)
    Tensor([ 1., -1.], dtype=float64)
    """,
)


@public(np.divmod, method="__divmod__")
def divmod(a: Any, b: Any) -> tuple[Tensor, Tensor]:
    """Return ``(a // b, a % b)``; the gradient flows through the remainder.

    Parameters
    ----------
    a, b : Tensor or array_like
        Dividend and divisor; they broadcast.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.divmod([7.0, -7.0], 3.0)
    (Tensor([ 2., -3.], dtype=float64), Tensor([1., 2.], dtype=float64))
    """
    return floor_divide(a, b), remainder(a, b)


copysign = elementwise(
    np.copysign,
    lambda g, a, y: g * (np.sign(a) * np.sign(y)),
    None,
    local=("sign(a)·sign(b)", "0"),
    routes=True,
    doc="""Return ``|a|`` with the sign of b. Local gradients: sign(a) · sign(b), 0 at a = 0; none for b.

    >>> import minigrad as mg
    >>> mg.copysign([1.0, -2.0], [-1.0, 0.0])
    Tensor([-1.,  2.], dtype=float64)
    """,
)

ldexp = elementwise(
    np.ldexp,
    lambda g, b: np.ldexp(g, b),
    None,
    local=("2^b", "0"),
    doc="""Return ``a * 2**b`` for whole numbers b. Local gradient: 2^b; none for b.

    >>> import minigrad as mg
    >>> mg.ldexp([1.0, 3.0], [4, -1])
    Tensor([16. ,  1.5], dtype=float64)
    """,
)


@public(np.nan_to_num)
def nan_to_num(x: Any, copy: bool = True, nan: Any = 0.0, posinf: Any = None, neginf: Any = None) -> Tensor:
    """Return `x` with numbers in the place of NaN and infinities. Local gradient: 1 where x is finite, else 0.

    Parameters
    ----------
    x : Tensor or array_like
    copy : bool
        Must be True: a tensor is never written into.
    nan : float
        In the place of NaN.
    posinf, neginf : float, optional
        In the place of the infinities; default: the largest and the most negative number of the dtype.

    Raises
    ------
    ValueError
        If `copy` is not True.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.nan_to_num([float("nan"), float("inf"), 2.0], posinf=9.0)
    Tensor([0., 9., 2.], dtype=float64)
    """
    if not copy:
        raise ValueError("nan_to_num: copy=False would write into the tensor; the result is always a new tensor")
    x = asarray(x)
    numbers: list[Any] = [v.numpy() if isinstance(v, Tensor) else v for v in (nan, posinf, neginf)]
    replaced = np.nan_to_num(x._data, nan=numbers[0], posinf=numbers[1], neginf=numbers[2])
    # A selection: what was replaced gets 0, whatever comes from upstream.
    return where(np.isfinite(x._data), x, replaced)


def _divmod_reflected(b: Tensor, a: Any) -> tuple[Tensor, Tensor]:
    return divmod(a, b)


for _method, _function in {
    "__mod__": remainder,
    "__rmod__": reflected(remainder),
    "__floordiv__": floor_divide,
    "__rfloordiv__": reflected(floor_divide),
    "__rdivmod__": _divmod_reflected,
}.items():
    setattr(Tensor, _method, _function)
