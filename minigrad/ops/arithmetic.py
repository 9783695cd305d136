"""Elementwise arithmetic, the larger and the smaller of two, selection, and Python's operators."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..arrays import operand
from ..kinds import elementwise, reflected
from ..protocol import public, values_of
from ..tensor import Tensor, asarray, constant

identity = elementwise(
    np.positive,
    lambda g: g,
    name="identity",
    doc="""Return `x` as a new node: a recorded copy. Local gradient: 1.

    >>> import minigrad as mg
    >>> mg.identity(mg.Tensor([1.0, 2.0]))
    Tensor([1., 2.], dtype=float64)
    """,
)
public(np.copy, method=("copy", "__pos__"))(identity)

add = elementwise(
    np.add,
    lambda g: g,
    lambda g: g,
    doc="""Return ``a + b``. Local gradients: 1 and 1; the upstream gradient is distributed.

    >>> import minigrad as mg
    >>> mg.add([1.0, 2.0], 3.0)
    Tensor([4., 5.], dtype=float64)
    """,
)

subtract = elementwise(
    np.subtract,
    lambda g: g,
    lambda g: -g,
    doc="""Return ``a - b``. Local gradients: 1 and -1.

    >>> import minigrad as mg
    >>> mg.subtract([1.0, 2.0], 3.0)
    Tensor([-2., -1.], dtype=float64)
    """,
)

multiply = elementwise(
    np.multiply,
    lambda g, b: g * b,
    lambda g, a: g * a,
    doc="""Return ``a * b``. Local gradients: b and a; the factors change places.

    >>> import minigrad as mg
    >>> mg.multiply([1.0, 2.0], 3.0)
    Tensor([3., 6.], dtype=float64)
    """,
)

divide = elementwise(
    np.divide,
    lambda g, b: g / b,
    lambda g, b, y: -(g * y) / b,
    doc="""Return ``a / b``. Local gradients: 1 / b and -y / b.

    >>> import minigrad as mg
    >>> mg.divide([1.0, 2.0], 4.0)
    Tensor([0.25, 0.5 ], dtype=float64)
    """,
)

negative = elementwise(
    np.negative,
    lambda g: -g,
    doc="""Return ``-x``. Local gradient: -1.

    >>> import minigrad as mg
    >>> mg.negative([1.0, -2.0])
    Tensor([-1.,  2.], dtype=float64)
    """,
)

reciprocal = elementwise(
    np.reciprocal,
    lambda g, y: -(g * y * y),
    doc="""Return ``1 / x``. Local gradient: -y².

    >>> import minigrad as mg
    >>> mg.reciprocal([2.0, -4.0])
    Tensor([ 0.5 , -0.25], dtype=float64)
    """,
)


def _power_slope(a: Any, b: Any) -> Any:
    if type(b) in (int, float):  # stays weak, so that float32 ** 3 has a float32 slope
        return b * a ** (b - 1) if b else a * 0.0
    # 0**0 has slope 0 and not 0 * inf: the exponent b - 1 is raised to b just there.
    return b * a ** (b - 1 + ((a == 0) & (b == 0)))


power = elementwise(
    np.power,
    lambda g, a, b: g * _power_slope(a, b),
    # At a = 0 the slope in b tends to 0 (b > 0), and log(a + 1) gives just that; to y log(a) = -inf for b < 0.
    lambda g, a, y: g * (y * np.log(a + ((a == 0) & np.isfinite(values_of(y))))),
    local=("b·a^(b-1)", "y·log(a)"),
    doc="""Return ``a ** b``. Local gradients: b · a^(b-1) and y · log(a).

    At ``a = 0`` the slope in `a` is 0 for ``b = 0``, and that in `b` is 0 for ``b >= 0``: the limits for b > 0.

    >>> import minigrad as mg
    >>> mg.power([1.0, 2.0, 3.0], 2.0)
    Tensor([1., 4., 9.], dtype=float64)
    """,
)


@public(np.float_power)
def float_power(a: Any, b: Any) -> Tensor:
    """Return ``a ** b``, computed in float64 at least. Local gradients: those of :func:`power`.

    Parameters
    ----------
    a, b : Tensor or array_like
        Base and exponent; they broadcast.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.float_power([1, 2], -1)
    Tensor([1. , 0.5], dtype=float64)
    """
    return power(_at_least_double(a), _at_least_double(b))


def _at_least_double(v: Any) -> Any:
    if not isinstance(v, Tensor):
        v = operand("float_power", v)
    dtype = np.result_type(np.float64, v.dtype) if hasattr(v, "dtype") else np.dtype(float)
    return v.astype(dtype, copy=False) if isinstance(v, np.ndarray) else asarray(v, dtype)


absolute = elementwise(
    np.absolute,
    lambda g, x: g * np.sign(x),
    routes=True,
    doc="""Return ``|x|``. Local gradient: sign(x), 0 at 0.

    >>> import minigrad as mg
    >>> mg.absolute([-1.0, 2.0])
    Tensor([1., 2.], dtype=float64)
    """,
)

fabs = elementwise(
    np.fabs,
    lambda g, x: g * np.sign(x),
    routes=True,
    doc="""Return ``|x|`` as a floating number, of whole numbers too. Local gradient: sign(x), 0 at 0.

    >>> import minigrad as mg
    >>> mg.fabs([-1, 2])
    Tensor([1., 2.], dtype=float64)
    """,
)

sign = elementwise(
    np.sign,
    None,
    doc="""Return the sign of `x`: -1, 0 or 1. No gradient flows through it.

    >>> import minigrad as mg
    >>> mg.sign([-2.0, 0.0, 3.0])
    Tensor([-1.,  0.,  1.], dtype=float64)
    """,
)

square = elementwise(
    np.square,
    lambda g, x: g * (2 * x),
    doc="""Return ``x * x``. Local gradient: 2 x.

    >>> import minigrad as mg
    >>> mg.square([1.0, -3.0])
    Tensor([1., 9.], dtype=float64)
    """,
)

def _part(g: Any, chosen: Any, a: Any, b: Any) -> Any:
    """Return the part of `g` for `a`: all where it is chosen, half at a tie, of two NaN too."""
    # NaN differs from itself.
    return g * chosen + (g * 0.5) * ((a == b) | (a != a) & (b != b))


def _of_extremum(g: Any, chosen: Any, a: Any, b: Any) -> Any:
    """Return the part of `g` for `a`, where a NaN is the extremum wherever there is one."""
    squares = np.vdot(values_of(a), values_of(a)) + np.vdot(values_of(b), values_of(b))
    if squares != squares:
        return _part(g, chosen | (a != a) & (b == b), a, b)
    tied = a == b
    return g * chosen + (g * 0.5) * tied if values_of(tied).any() else g * chosen


def _of_number(g: Any, chosen: Any, a: Any, b: Any) -> Any:
    """Return the part of `g` for `a`, where a number is the extremum, and not the NaN beside it."""
    return _part(g, chosen | (a == a) & (b != b), a, b)


maximum = elementwise(
    np.maximum,
    lambda g, a, b: _of_extremum(g, a > b, a, b),
    lambda g, a, b: _of_extremum(g, b > a, b, a),
    local=("[a > b]", "[b > a]"),
    routes=True,
    doc="""Return the larger of each pair. Local gradients: 1 for the larger, 0 for the smaller, 1/2 each at a tie.

    A NaN is the extremum, as in :func:`max`: it has the whole gradient, and shares it only with another NaN.

    >>> import minigrad as mg
    >>> mg.maximum([1.0, 5.0], 3.0)
    Tensor([3., 5.], dtype=float64)
    """,
)

minimum = elementwise(
    np.minimum,
    lambda g, a, b: _of_extremum(g, a < b, a, b),
    lambda g, a, b: _of_extremum(g, b < a, b, a),
    local=("[a < b]", "[b < a]"),
    routes=True,
    doc="""Return the smaller of each pair. Local gradients: 1 for the smaller, 0 for the larger, 1/2 each at a tie.

    A NaN is the extremum, as in :func:`min`: it has the whole gradient, and shares it only with another NaN.

    >>> import minigrad as mg
    >>> mg.minimum([1.0, 5.0], 3.0)
    Tensor([1., 3.], dtype=float64)
    """,
)

fmax = elementwise(
    np.fmax,
    lambda g, a, b: _of_number(g, a > b, a, b),
    lambda g, a, b: _of_number(g, b > a, b, a),
    local=("[a > b]", "[b > a]"),
    hides=True,
    routes=True,
    doc="""Return the larger of each pair, and of a number and NaN the number. Local gradients: those of maximum.

    >>> import minigrad as mg
    >>> mg.fmax([1.0, float("nan")], 3.0)
    Tensor([3., 3.], dtype=float64)
    """,
)

fmin = elementwise(
    np.fmin,
    lambda g, a, b: _of_number(g, a < b, a, b),
    lambda g, a, b: _of_number(g, b < a, b, a),
    local=("[a < b]", "[b < a]"),
    hides=True,
    routes=True,
    doc="""Return the smaller of each pair, and of a number and NaN the number. Local gradients: those of minimum.

    >>> import minigrad as mg
    >>> mg.fmin([1.0, float("nan")], 3.0)
    Tensor([1., 3.], dtype=float64)
    """,
)

where = elementwise(
    np.where,
    None,
    # A selection and not a product: 0 times an infinite upstream gradient would be NaN.
    lambda g, condition: np.where(condition, g, 0.0),
    lambda g, condition: np.where(condition, 0.0, g),
    name="where",
    arguments=("condition", "a", "b"),
    hides=True,
    doc="""Return the elements of `a` where `condition` holds, those of `b` elsewhere.

    The gradient goes to the chosen one; the other gets exactly 0, even where its own derivative is not finite.

    >>> import minigrad as mg
    >>> mg.where([True, False], [1.0, 2.0], 0.0)
    Tensor([1., 0.], dtype=float64)
    """,
)

_clip = elementwise(
    np.clip,
    # An infinite bound is none: x has the whole slope there too.
    lambda g, x, lo, hi: g * (((x > lo) | (lo == -math.inf)) & ((x < hi) | (hi == math.inf))),
    lambda g, x, lo, hi: g * ((x <= lo) & (lo < hi) & (lo != -math.inf)),
    lambda g, x, lo, hi: g * (((x >= hi) & (hi != math.inf)) | (lo >= hi)),
    name="clip",
    arguments=("x", "lo", "hi"),
    routes=True,
)


@public(np.clip, method="clip")
def clip(x: Any, a_min: Any = None, a_max: Any = None, *, min: Any = None, max: Any = None) -> Tensor:
    """Return `x`, limited to the interval from `a_min` to `a_max`.

    Local gradients: 1 for `x` strictly inside, and for the bound at and beyond it; 0 else.

    Parameters
    ----------
    x : Tensor or array_like
    a_min, a_max : Tensor, array_like or None
        The bounds, broadcast against `x`; None for no bound.
    min, max : Tensor, array_like or None
        The same, under the names of NumPy's method.

    Raises
    ------
    ValueError
        If a bound is given twice.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.clip([-2.0, 0.5, 3.0], 0.0, 1.0)
    Tensor([0. , 0.5, 1. ], dtype=float64)
    """
    if (a_min is not None and min is not None) or (a_max is not None and max is not None):
        raise ValueError("clip: a bound is given twice: as a_min or a_max, and as min or max")
    a_min, a_max = min if a_min is None else a_min, max if a_max is None else a_max
    if a_min is None and a_max is None:
        return identity(x)
    if not isinstance(x, Tensor) or x.dtype.kind != "f":
        # Infinite bounds would turn integers into floats.
        plain = [v.detach().numpy() if isinstance(v, Tensor) and not v.requires_grad else v for v in (x, a_min, a_max)]
        if not any(isinstance(v, Tensor) for v in plain):
            return constant(np.clip(*plain))
    return _clip(x, -math.inf if a_min is None else a_min, math.inf if a_max is None else a_max)


for _method, _op in {
    "__add__": add, "__sub__": subtract, "__mul__": multiply, "__truediv__": divide, "__neg__": negative,
    "__abs__": absolute,
}.items():  # fmt: skip
    setattr(Tensor, _method, _op)
for _method, _op in {
    "__radd__": add,
    "__rsub__": subtract,
    "__rmul__": multiply,
    "__rtruediv__": divide,
    "__rpow__": power,
}.items():
    setattr(Tensor, _method, reflected(_op))


def _pow(x: Tensor, exponent: Any) -> Tensor:
    # The commonest exponent has a cheaper op; its value and gradient are the same.
    return square(x) if type(exponent) is int and exponent == 2 else power(x, exponent)


Tensor.__pow__ = _pow
