"""Trigonometric and hyperbolic functions, their inverses, and the polar coordinates of a point."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ..kinds import elementwise, on_arrays
from ..protocol import public

sin = elementwise(
    np.sin,
    lambda g, x: g * np.cos(x),
    doc="""Return the sine (`x` in radians). Local gradient: cos(x).

    >>> import minigrad as mg
    >>> mg.sin([0.0, 1.0])
    Tensor([0.        , 0.84147098], dtype=float64)
    """,
)

cos = elementwise(
    np.cos,
    lambda g, x: -(g * np.sin(x)),
    doc="""Return the cosine (`x` in radians). Local gradient: -sin(x).

    >>> import minigrad as mg
    >>> mg.cos([0.0, 1.0])
    Tensor([1.        , 0.54030231], dtype=float64)
    """,
)

tan = elementwise(
    np.tan,
    lambda g, y: g * (1 + y * y),
    doc="""Return the tangent (`x` in radians). Local gradient: 1 + y².

    >>> import minigrad as mg
    >>> mg.tan([0.0, 1.0])
    Tensor([0.        , 1.55740772], dtype=float64)
    """,
)

# An op of its own, since the second derivative at ±1, by way of the two factors, would be 0 times infinity.
_arcsin_slope = elementwise(
    # And not 1 - x·x, which has lost its digits near ±1.
    lambda x: 1 / np.sqrt((1 - x) * (1 + x)),
    lambda g, x, y: g * (x * y * y * y),
    name="arcsin_slope",
    local=("x·y³",),
    doc="Return 1 / √(1 - x²), the derivative of arcsin.",
)
arcsin_slope: Callable[..., Any] = on_arrays(_arcsin_slope)

arcsin = elementwise(
    np.arcsin,
    lambda g, x: g * arcsin_slope(x),
    local=("1 / √(1 - x²)",),
    doc="""Return the inverse sine, in radians. Local gradient: 1 / √(1 - x²), infinite at ±1, as the limit is.

    >>> import minigrad as mg
    >>> mg.arcsin([0.0, 0.5])
    Tensor([0.        , 0.52359878], dtype=float64)
    """,
)

arccos = elementwise(
    np.arccos,
    lambda g, x: -(g * arcsin_slope(x)),
    local=("-1 / √(1 - x²)",),
    doc="""Return the inverse cosine, in radians. Local gradient: -1 / √(1 - x²), infinite at ±1, as the limit is.

    >>> import minigrad as mg
    >>> mg.arccos([0.0, 0.5])
    Tensor([1.57079633, 1.04719755], dtype=float64)
    """,
)

arctan = elementwise(
    np.arctan,
    lambda g, x: g / (1 + x * x),
    doc="""Return the inverse tangent, in radians. Local gradient: 1 / (1 + x²).

    >>> import minigrad as mg
    >>> mg.arctan([0.0, 1.0])
    Tensor([0.        , 0.78539816], dtype=float64)
    """,
)

sinh = elementwise(
    np.sinh,
    lambda g, x: g * np.cosh(x),
    doc="""Return the hyperbolic sine. Local gradient: cosh(x).

    >>> import minigrad as mg
    >>> mg.sinh([0.0, 1.0])
    Tensor([0.        , 1.17520119], dtype=float64)
    """,
)

cosh = elementwise(
    np.cosh,
    lambda g, x: g * np.sinh(x),
    doc="""Return the hyperbolic cosine. Local gradient: sinh(x).

    >>> import minigrad as mg
    >>> mg.cosh([0.0, 1.0])
    Tensor([1.        , 1.54308063], dtype=float64)
    """,
)

tanh = elementwise(
    np.tanh,
    lambda g, y: g * (1 - y * y),
    doc="""Return the hyperbolic tangent. Local gradient: 1 - y².

    >>> import minigrad as mg
    >>> mg.tanh([0.0, 1.0])
    Tensor([0.        , 0.76159416], dtype=float64)
    """,
)

arcsinh = elementwise(
    np.arcsinh,
    # √(x² + 1), without overflow: x² leaves float16 from x = 256 on.
    lambda g, y: g / np.cosh(y),
    doc="""Return the inverse hyperbolic sine. Local gradient: 1 / cosh(y), which is 1 / √(x² + 1).

    >>> import minigrad as mg
    >>> mg.arcsinh([0.0, 1.0])
    Tensor([0.        , 0.88137359], dtype=float64)
    """,
)

arccosh = elementwise(
    np.arccosh,
    # √(x² - 1), without overflow, with all digits near 1, and not a number where x < -1, as y is.
    lambda g, y: g / np.sinh(y),
    doc="""Return the inverse hyperbolic cosine. Local gradient: 1 / sinh(y), which is 1 / √(x² - 1); infinite at 1.

    >>> import minigrad as mg
    >>> mg.arccosh([1.0, 2.0])
    Tensor([0.       , 1.3169579], dtype=float64)
    """,
)

arctanh = elementwise(
    np.arctanh,
    # 1 / (1 - x²), with all digits near ±1, and not a number outside, as y is.
    lambda g, y: g * np.cosh(y) ** 2,
    doc="""Return the inverse hyperbolic tangent. Local gradient: cosh(y)², which is 1 / (1 - x²); infinite at ±1.

    >>> import minigrad as mg
    >>> mg.arctanh([0.0, 0.5])
    Tensor([0.        , 0.54930614], dtype=float64)
    """,
)

deg2rad = elementwise(
    np.deg2rad,
    lambda g: g * (math.pi / 180),
    local=("π / 180",),
    doc="""Return the angles in radians, from degrees. Local gradient: π / 180.

    >>> import minigrad as mg
    >>> mg.deg2rad([0.0, 180.0])
    Tensor([0.        , 3.14159265], dtype=float64)
    """,
)
public(np.radians)(deg2rad)

rad2deg = elementwise(
    np.rad2deg,
    lambda g: g * (180 / math.pi),
    local=("180 / π",),
    doc="""Return the angles in degrees, from radians. Local gradient: 180 / π.

    >>> import minigrad as mg
    >>> mg.rad2deg([0.0, 1.0])
    Tensor([ 0.        , 57.29577951], dtype=float64)
    """,
)
public(np.degrees)(rad2deg)


def _bessel_ratio_forward(x: Any, n: int) -> Any:
    near = np.abs(x) < math.sqrt(2 * n + 3)
    # Near 0 the power series. There its terms fall like 1 / (2^k k!), so the last of them is below one rounding.
    power = np.where(near, x, 0)
    power = power * power
    term = total = np.ones_like(power) / math.prod(range(1, 2 * n + 2, 2))
    for k in range(1, 17):
        term = term * power / (-2 * k * (2 * n + 2 * k + 1))
        total = total + term
    # Elsewhere the recurrence, which is stable upwards in n for n below x.
    far = np.where(near, 1, x)
    below, value = np.cos(far), np.sin(far) / far
    for m in range(n):
        below, value = value, ((2 * m + 1) * value - below) / far / far
    return np.where(near, total, value)


_bessel_ratio = elementwise(
    _bessel_ratio_forward,
    lambda g, x, n: g * (-x * bessel_ratio(x, n + 1)),
    None,
    name="bessel_ratio",
    arguments=("x", "n"),
    local=("-x·bessel_ratio(x, n + 1)", "0"),
    doc="""Return ``j_n(x) / xⁿ``, with the spherical Bessel function of order n. Local gradient: -j_(n+1)(x) / xⁿ.

    The derivatives of sin(x) / x, of every order, come from this family without a division by 0 (Abramowitz and
    Stegun, Handbook of Mathematical Functions, 10.1.24).
    """,
)
bessel_ratio: Callable[..., Any] = on_arrays(_bessel_ratio)

sinc = elementwise(
    np.sinc,
    lambda g, x: g * (bessel_ratio(x * math.pi, 1) * x * -(math.pi**2)),
    local=("(cos(π·x) - y) / x",),
    doc="""Return ``sin(πx) / (πx)``, 1 at 0. Local gradient: (cos(πx) - y) / x, 0 at 0.

    Gradients of all orders are exact at 0 and near it; the second derivative at 0 is -π²/3.

    >>> import minigrad as mg
    >>> mg.sinc([0.0, 0.5])
    Tensor([1.        , 0.63661977], dtype=float64)
    """,
)
public(np.sinc)(sinc)


def _squared_radius(a: Any, b: Any) -> Any:
    """Return a² + b², or None where some of the squares may have left the range of the numbers."""
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        squared = a * a + b * b
    limits = np.finfo(squared.dtype)
    whole = squared.size and squared.min() > limits.tiny / limits.eps and squared.max() < limits.max
    return squared if whole else None


def _unit_forward(a: Any, b: Any) -> Any:
    squared = _squared_radius(a, b)
    if squared is not None:
        return a / np.sqrt(squared)
    radius = np.hypot(a, b)
    edge = (radius == 0) | (radius == math.inf)
    limit = np.sign(a) * (np.isinf(a) & np.isfinite(b))
    return np.where(edge, limit, a / np.where(edge, 1, radius))


def _inverse_forward(a: Any, b: Any) -> Any:
    squared = _squared_radius(a, b)
    if squared is not None:
        return a / squared
    radius = np.hypot(a, b)
    edge = (radius == 0) | (radius == math.inf)
    radius = np.where(edge, 1, radius)
    return np.where(edge, 0, a / radius / radius)


# The slopes of hypot and arctan2, as ops of their own: their derivatives lead back to them, so that one careful
# forward function for each serves every order, at the origin and at infinity too.
_unit = elementwise(
    _unit_forward,
    lambda g, a, b: g * (unit(b, a) * inverse(b, a)),
    lambda g, b, a, y: -(g * (y * inverse(b, a))),
    name="unit",
    local=("b² / √(a² + b²)³", "-a·b / √(a² + b²)³"),
    doc="Return a / √(a² + b²); 0 at the origin and where both are infinite.",
)
unit: Callable[..., Any] = on_arrays(_unit)

_inverse = elementwise(
    _inverse_forward,
    lambda g, a, b, y: g * (inverse(b, a) ** 2 - y * y),
    lambda g, a, b, y: g * (inverse(b, a) * y * -2),
    name="inverse_point",
    local=("(b² - a²) / (a² + b²)²", "-2·a·b / (a² + b²)²"),
    doc="Return a / (a² + b²), a coordinate of the point inverted in the unit circle; 0 at the origin and at infinity.",
)
inverse: Callable[..., Any] = on_arrays(_inverse)

hypot = elementwise(
    np.hypot,
    lambda g, a, b: g * unit(a, b),
    lambda g, a, b: g * unit(b, a),
    local=("a / y", "b / y"),
    doc="""Return ``sqrt(a**2 + b**2)``, without overflow. Local gradients: a / y and b / y.

    Both are 0 at the origin, the subgradient of least norm. Where one side is infinite, the gradient is its sign;
    where both are, no limit exists and it is 0.

    >>> import minigrad as mg
    >>> mg.hypot([3.0, 0.0], [4.0, 0.0])
    Tensor([5., 0.], dtype=float64)
    """,
)

arctan2 = elementwise(
    np.arctan2,
    lambda g, a, b: g * inverse(b, a),
    lambda g, a, b: -(g * inverse(a, b)),
    local=("b / (a² + b²)", "-a / (a² + b²)"),
    doc="""Return the angle of the point (b, a), in radians. Local gradients: b / (a² + b²) and -a / (a² + b²).

    Both are 0 at the origin, where the angle has no slope, and at infinity.

    >>> import minigrad as mg
    >>> mg.arctan2([1.0, -1.0], [1.0, -1.0])
    Tensor([ 0.78539816, -2.35619449], dtype=float64)
    """,
)
