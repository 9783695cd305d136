"""Samples of exponentials, logarithms, trigonometric and hyperbolic functions, rounding and remainders."""

from typing import Any

import numpy as np
from hypothesis import strategies as st

import minigrad as mg
from minigrad.ops import exponential, trigonometry
from minigrad.testing.strategies import arrays, broadcastable
from tests.ops.sample import Sample
from tests.ops.samples_arithmetic import ANY, POSITIVE, ROW, SIGNED, SQUARE, WHOLE, apart, binary, unary

INSIDE = np.array([[-0.6, 0.3, -0.7], [0.5, -0.2, 0.1]])
ABOVE = SQUARE + 1
COLUMN = np.array([[-1.4], [0.8]])
STEPS = np.array([[0, -1, 2], [3, 0, -2]])
FRACTIONS = (-2.0, -1.5, -1.0, -0.5, 0.0, 0.5, 1.0, 1.5, 2.0)
POINTS = ((SIGNED, SQUARE[::-1] - 1.2), (SIGNED, ROW), (ROW, SIGNED), (COLUMN, SIGNED))


@st.composite
def dividends(draw: Any) -> Any:
    """A dividend half-way between multiples of the divisors, which are ±1.5 and ±0.5."""
    a, b = draw(broadcastable())
    x = np.round(draw(arrays(a)) * 2) / 2 + 0.25
    return (x, np.round(draw(arrays(b))) + 0.5), {}


@st.composite
def with_wholes(draw: Any, low: int = -3, high: int = 3) -> Any:
    """An array and a constant array of whole numbers that broadcast."""
    a, b = draw(broadcastable())
    return (draw(arrays(a)), np.round(draw(arrays(b, low=low, high=high))).astype(np.int64)), {}


@st.composite
def steps(draw: Any) -> Any:
    (x, n), _ = draw(with_wholes())
    return (n, x), {}


def ratio(n: int, x: Any) -> mg.Tensor:
    """j_n(x) / xⁿ."""
    return trigonometry._bessel_ratio(x, n)


def ratio_reference(n: int, x: Any) -> Any:
    wide = x.astype(float)
    first = (np.sin(wide) - wide * np.cos(wide)) / wide**3
    return (first if n == 1 else (3 * first - np.sin(wide) / wide) / wide**2).astype(x.dtype)


def divided(x: Any, y: Any) -> mg.Tensor:
    return mg.divmod(x, y)[1]


def finite_where(x: Any) -> mg.Tensor:
    return mg.nan_to_num(x, nan=1.5, posinf=2.0, neginf=-3.0)


EXPONENTIAL = [
    unary(mg.exp, np.exp, analytic=True),
    unary(mg.exp2, np.exp2, analytic=True),
    unary(mg.expm1, np.expm1, analytic=True),
    unary(mg.log, np.log, 0.5, 3.0, analytic=True),
    unary(mg.log2, np.log2, 0.5, 3.0, analytic=True),
    unary(mg.log10, np.log10, 0.5, 3.0, analytic=True),
    unary(mg.log1p, np.log1p, -0.5, 3.0, analytic=True),
    unary(mg.sqrt, np.sqrt, 0.5, 3.0, analytic=True),
    unary(mg.cbrt, np.cbrt, avoid=(0.0,), gap=0.4, fixed=SIGNED),
    binary(mg.logaddexp, np.logaddexp, ANY, ANY),
    binary(mg.logaddexp2, np.logaddexp2, ANY, ANY),
    binary(
        exponential._share,
        lambda a, b: np.divide(1, 1 + np.exp(b - a), dtype=(b - a).dtype),
        ANY,
        ANY,
        dtypes=("float64", "float32"),
    ),
]

TRIGONOMETRY = [
    unary(mg.sin, np.sin, analytic=True),
    unary(mg.cos, np.cos, analytic=True),
    unary(mg.tan, np.tan, -1.0, 1.0, analytic=True, fixed=INSIDE),
    unary(mg.arcsin, np.arcsin, -0.8, 0.8, analytic=True, fixed=INSIDE),
    unary(mg.arccos, np.arccos, -0.8, 0.8, analytic=True, fixed=INSIDE),
    unary(trigonometry._arcsin_slope, lambda x: 1 / np.sqrt((1 - x) * (1 + x)), -0.8, 0.8, analytic=True, fixed=INSIDE),
    unary(mg.arctan, np.arctan, analytic=True, fixed=SIGNED),
    unary(mg.sinh, np.sinh, analytic=True, fixed=SIGNED),
    unary(mg.cosh, np.cosh, analytic=True, fixed=SIGNED),
    unary(mg.tanh, np.tanh, analytic=True),
    unary(mg.arcsinh, np.arcsinh, analytic=True, fixed=SIGNED),
    unary(mg.arccosh, np.arccosh, 1.3, 3.0, analytic=True, fixed=ABOVE),
    unary(mg.arctanh, np.arctanh, -0.8, 0.8, analytic=True, fixed=INSIDE),
    unary(mg.deg2rad, np.deg2rad, -180.0, 180.0),
    unary(mg.rad2deg, np.rad2deg),
    unary(mg.sinc, np.sinc, analytic=True, fixed=SIGNED),
    *[
        Sample(
            "bessel_ratio",
            ratio,
            arrays(low=-6.0, high=6.0, avoid=(0.0,), gap=1.5).map(lambda x, n=n: ((n, x), {})),
            ratio_reference,
            (((n, SIGNED * 3), {}),),
            analytic=True,
            dtypes=("float64", "float32"),
            variant=f"order {n}",
        )
        for n in (1, 2)
    ],
    binary(mg.hypot, np.hypot, ANY, POSITIVE, fixed=POINTS),
    binary(mg.arctan2, np.arctan2, ANY, POSITIVE, fixed=POINTS),
    binary(trigonometry._unit, lambda a, b: a / np.sqrt(a * a + b * b), ANY, POSITIVE, fixed=POINTS),
    binary(trigonometry._inverse, lambda a, b: a / (a * a + b * b), ANY, POSITIVE, fixed=POINTS),
]

ROUNDING = [
    *[
        unary(f, reference, avoid=FRACTIONS, fixed=SIGNED)
        for f, reference in ((mg.floor, np.floor), (mg.ceil, np.ceil), (mg.trunc, np.trunc), (mg.rint, np.rint))
    ],
    Sample("floor_divide", mg.floor_divide, dividends(), np.floor_divide, (((WHOLE + 0.25, ROW + 0.3), {}),)),
    Sample("heaviside", mg.heaviside, steps(), np.heaviside, (((STEPS, SIGNED), {}), ((STEPS, ROW), {}))),
    *[
        Sample(
            op,
            f,
            dividends(),
            reference,
            (
                ((WHOLE * 3 + 0.25, SIGNED[::-1] * 1.1), {}),
                ((WHOLE * 3 + 0.25, np.array([[1.5, -0.5, 2.5]])), {}),
                ((np.array([[7.25, -5.25, 3.25]]), SIGNED), {}),
            ),
            variant=variant,
        )
        for op, f, reference, variant in (
            ("remainder", mg.remainder, np.remainder, ""),
            ("remainder", divided, lambda a, b: np.divmod(a, b)[1], "divmod"),
            ("fmod", mg.fmod, np.fmod, ""),
        )
    ],
    binary(
        mg.copysign,
        np.copysign,
        {**ANY, "avoid": (0.0,)},
        {**ANY, "avoid": (0.0,)},
        fixed=((SIGNED, -SIGNED[::-1]), (SIGNED, ROW), (np.array([[1.2, -0.7, 1.6]]), SIGNED)),
    ),
    Sample(
        "ldexp",
        mg.ldexp,
        with_wholes(),
        np.ldexp,
        (((SIGNED, STEPS), {}), ((SIGNED, STEPS[0]), {}), ((ROW, STEPS), {})),
    ),
    Sample(
        "where",
        finite_where,
        arrays().map(lambda x: ((x,), {})),
        lambda x: np.nan_to_num(x, nan=1.5, posinf=2.0, neginf=-3.0),
        (((SIGNED,), {}),),
        variant="nan_to_num",
    ),
]

ARITHMETIC = [
    unary(mg.reciprocal, np.reciprocal, 0.5, 2.0, analytic=True),
    unary(mg.fabs, np.fabs, avoid=(0.0,), fixed=SIGNED),
    binary(mg.float_power, np.float_power, POSITIVE, ANY, analytic=True, variant="float_power", op="power"),
    *[
        Sample(
            f.op.name, f, apart(), reference,
            (((WHOLE, WHOLE[::-1] + 0.4), {}), ((WHOLE, ROW), {}), ((ROW, WHOLE), {})),
        )
        for f, reference in ((mg.fmax, np.fmax), (mg.fmin, np.fmin))
    ],
]  # fmt: skip

SAMPLES = [*ARITHMETIC, *EXPONENTIAL, *TRIGONOMETRY, *ROUNDING]
