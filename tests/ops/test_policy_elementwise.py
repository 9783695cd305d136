"""Kinks, jumps, poles, borders and infinities of the elementwise functions: what their gradients are there, and why."""

import itertools
import math
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad import special

inf, nan, pi = math.inf, math.nan, math.pi


def derivatives(f: Any, values: tuple[Any, ...]) -> tuple[list[Any], list[Any]]:
    """The gradients of the sum of `f`, and those of the sum of the gradients; None where none flows."""
    leaves = [mg.Tensor(v, requires_grad=True, dtype=float) for v in values]
    with np.errstate(all="ignore"):
        first = mg.grad(f(*leaves).sum(), leaves, create_graph=True, allow_unused=True)
        total = sum(g.sum() for g in first if g is not None and g.requires_grad)
        second = mg.grad(total, leaves, allow_unused=True) if isinstance(total, mg.Tensor) else [None] * len(leaves)
    return tuple([None if g is None else g.tolist() for g in gs] for gs in (first, second))  # type: ignore[return-value]


# What, the function, where, the gradients, those of the second order (None: not looked at), and why.
POLICY: list[tuple[str, Any, tuple[Any, ...], list[Any], list[Any] | None, str]] = [
    # Kinks: the least of the slopes.
    ("fabs", mg.fabs, ([0.0, -0.0, -2.0],), [[0.0, 0.0, -1.0]], None, "least of [-1, 1]"),
    ("fabs, infinite", mg.fabs, ([inf, -inf],), [[1.0, -1.0]], None, "the slope"),
    ("fmax, tie", mg.fmax, ([1.0, 2.0], [1.0, 3.0]), [[0.5, 0.0], [0.5, 1.0]], None, "least norm: half each"),
    ("fmin, tie", mg.fmin, ([1.0, 2.0], [1.0, 3.0]), [[0.5, 1.0], [0.5, 0.0]], None, "least norm: half each"),
    ("fmax, NaN", mg.fmax, ([nan, 1.0, nan], [2.0, nan, nan]), [[0.0, 1.0, 0.5], [1.0, 0.0, 0.5]], None, "the number"),
    ("fmin, NaN", mg.fmin, ([nan, 1.0, nan], [2.0, nan, nan]), [[0.0, 1.0, 0.5], [1.0, 0.0, 0.5]], None, "the number"),
    ("fmax, infinite tie", mg.fmax, ([inf, -inf], [inf, -inf]), [[0.5, 0.5]] * 2, None, "a tie as any other"),
    ("copysign at 0", mg.copysign, ([0.0, -0.0], [-1.0, 1.0]), [[0.0, 0.0], None], None, "|a|, up to the sign"),
    ("copysign to 0", mg.copysign, ([2.0, -2.0], [-0.0, 0.0]), [[-1.0, -1.0], None], None, "the sign bit decides"),
    ("copysign, infinite", mg.copysign, ([inf, -inf], [-1.0, 2.0]), [[-1.0, -1.0], None], None, "the slope"),
    ("hypot at the origin", mg.hypot, ([0.0], [0.0]), [[0.0], [0.0]], [[0.0], [0.0]], "least norm, as the norm's"),
    ("hypot on an axis", mg.hypot, ([0.0, 2.0], [2.0, 0.0]), [[0.0, 1.0], [1.0, 0.0]], [[0.5, 0.0], [0.0, 0.5]], ""),
    ("hypot, tiny", mg.hypot, ([3e-200], [-4e-200]), [[0.6], [-0.8]], None, "no underflow"),
    ("hypot, large", mg.hypot, ([3e200], [4e200]), [[0.6], [0.8]], None, "no overflow"),
    ("hypot, one infinite", mg.hypot, ([-inf, 1.0], [1.0, inf]), [[-1.0, 0.0], [0.0, 1.0]], None, "the limit"),
    ("hypot, both infinite", mg.hypot, ([inf], [inf]), [[0.0], [0.0]], None, "no limit exists"),
    ("i0e at 0", special.i0e, ([0.0, -0.0],), [[0.0, 0.0]], None, "least of [-1, 1]"),
    # Jumps and steps.
    *[
        (f.__name__, lambda x, f=f: f(x) * 3 + x, ([0.0, -2.0, 0.5, inf],), [[1.0] * 4], None, "constant in between")
        for f in (mg.sign, mg.floor, mg.ceil, mg.trunc, mg.rint, mg.round)
    ],
    ("floor_divide", lambda a, b: a // b + a, ([4.0, 5.0], [2.0, 2.0]), [[1.0, 1.0], None], None, "constant"),
    ("heaviside", mg.heaviside, ([0.0, -0.0, 1.0, -1.0], [0.5] * 4), [None, [1.0, 1.0, 0.0, 0.0]], None, "its value"),
    (
        "remainder at multiples", mg.remainder, ([4.0, -4.0, 0.0, 1.0], [2.0, 2.0, 2.0, 0.1]),
        [[1.0] * 4, [-2.0, 2.0, 0.0, -9.0]], None, "the quotient that the value goes with: 1.0 % 0.1 is 0.0999...",
    ),
    ("fmod at multiples", mg.fmod, ([4.0, -4.0, 0.6], [2.0, 2.0, 0.2]), [[1.0] * 3, [-2.0, 2.0, -2.0]], None, ""),
    ("remainder by infinity", mg.remainder, ([1.0, -1.0], [inf, inf]), [[1.0, 1.0], [0.0, 1.0]], None, "-floor(±0)"),
    ("fmod by infinity", mg.fmod, ([1.0, -1.0], [inf, inf]), [[1.0, 1.0], [0.0, 0.0]], None, "-trunc(±0)"),
    (
        "nan_to_num", lambda x: mg.nan_to_num(x) * inf, ([nan, inf, -inf, 1.0],), [[0.0, 0.0, 0.0, inf]], None,
        "what is replaced is constant: 0 and not 0 times infinity",
    ),
    # Removable singularities: the limits.
    ("sinc at 0", mg.sinc, ([0.0, -0.0],), [[0.0, 0.0]], [[-(pi**2) / 3] * 2], "even and smooth"),
    ("sinc near 0", mg.sinc, ([1e-8, 1e-160],), [[-(pi**2) / 3e8, -(pi**2) / 3e160]], [[-(pi**2) / 3] * 2], "series"),
    ("sinc at whole numbers", mg.sinc, ([1.0, -2.0],), [[-1.0, -0.5]], [[2.0, -0.5]], "cos(πx) / x, -2 cos(πx) / x²"),
    ("ive near 0", special.i1e, ([1e-200],), [[0.5]], [[-1.0]], "no division by x"),
    # The angle has no slope at the origin.
    ("arctan2 at the origin", mg.arctan2, ([0.0, -0.0], [0.0, -0.0]), [[0.0] * 2] * 2, [[0.0] * 2] * 2, "least norm"),
    ("arctan2 on the cut", mg.arctan2, ([0.0, -0.0], [-2.0, -2.0]), [[-0.5] * 2, [0.0] * 2], None, "from both sides"),
    ("arctan2, tiny", mg.arctan2, ([0.0], [1e-200]), [[1e200], [0.0]], None, "no underflow"),
    ("arctan2, large", mg.arctan2, ([1e200], [1e200]), [[5e-201], [-5e-201]], None, "no overflow"),
    ("arctan2 at infinity", mg.arctan2, ([1.0, inf, inf], [inf, 1.0, -inf]), [[0.0] * 3] * 2, [[0.0] * 3] * 2, ""),
    # Borders of the domain: the limits, infinite as they may be.
    ("arcsin at ±1", mg.arcsin, ([1.0, -1.0],), [[inf, inf]], [[inf, -inf]], "limits from inside"),
    ("arccos at ±1", mg.arccos, ([1.0, -1.0],), [[-inf, -inf]], [[-inf, inf]], "limits from inside"),
    ("arccosh at 1", mg.arccosh, ([1.0],), [[inf]], [[-inf]], "limits from inside"),
    ("arctanh at ±1", mg.arctanh, ([1.0, -1.0],), [[inf, inf]], [[inf, -inf]], "limits from inside"),
    ("cbrt at 0", mg.cbrt, ([0.0],), [[inf]], None, "vertical from both sides"),
    ("reciprocal at 0", mg.reciprocal, ([0.0, -0.0],), [[-inf, -inf]], [[inf, -inf]], "limits from its side"),
    ("log2, log10, log1p", lambda x: mg.log2(x) + mg.log10(x) + mg.log1p(x - 1), ([0.0],), [[inf]], [[-inf]], "limits"),
    ("logit at 0 and 1", special.logit, ([0.0, 1.0],), [[inf, inf]], None, "limits from inside"),
    ("erfinv at ±1", special.erfinv, ([1.0, -1.0],), [[inf, inf]], [[inf, -inf]], "limits from inside"),
    ("gammaln at 0", special.gammaln, ([0.0],), [[-inf]], [[inf]], "limits from the right"),
    ("xlogy at 0", special.xlogy, ([0.0, 0.0, 0.0], [0.0, 2.0, -1.0]), [[0.0, math.log(2), 0.0], [0.0] * 3], None, "0"),
    ("xlog1py at 0", special.xlog1py, ([0.0, 0.0], [-1.0, 1.0]), [[0.0, math.log(2)], [0.0] * 2], None, "0"),
    ("p log p at 0", lambda p: special.xlogy(p, p), ([0.0, 1.0],), [[0.0, 1.0]], None, "finite: 0 has no part in it"),
    # Infinities and saturation.
    ("logaddexp, -inf", mg.logaddexp, ([-inf, -inf], [-inf, 0.0]), [[0.5, 0.0], [0.5, 1.0]], None, "limit along a = b"),
    ("logaddexp, inf", mg.logaddexp, ([inf, inf], [inf, 0.0]), [[0.5, 1.0], [0.5, 0.0]], None, "limit along a = b"),
    ("logaddexp, far apart", mg.logaddexp, ([1e200], [-1e200]), [[1.0], [0.0]], [[0.0], [0.0]], "no overflow"),
    ("logaddexp2, -inf", mg.logaddexp2, ([-inf, -inf], [-inf, 0.0]), [[0.5, 0.0], [0.5, 1.0]], None, "as logaddexp"),
    ("expm1, far below 0", mg.expm1, ([-40.0, -inf],), [[math.exp(-40), 0.0]], None, "no digits lost"),
    ("arcsinh, large", mg.arcsinh, ([1e200, -inf],), [[1e-200, 0.0]], None, "no overflow"),
    ("arccosh, large", mg.arccosh, ([1e200, inf],), [[1e-200, 0.0]], None, "no overflow"),
    ("erf and erfc, far", lambda x: special.erf(x) + special.erfc(x), ([40.0, -inf],), [[0.0, 0.0]], None, "flat"),
    ("log_ndtr, far", special.log_ndtr, ([-1e5, 40.0, inf],), [[1e5 + 1e-5, 0.0, 0.0]], None, "no digits lost"),
    ("log_ndtr, far right", special.log_ndtr, ([40.0],), [[0.0]], [[0.0]], "no 0 times infinity"),
    ("i0e, far", special.i0e, ([inf, 1e160],), [[0.0, 0.0]], [[0.0, 0.0]], "flat"),
]  # fmt: skip


@pytest.mark.parametrize(("f", "at", "first", "second"), [p[1:5] for p in POLICY], ids=[p[0] for p in POLICY])
def test_gradient_at_singular_points(f: Any, at: tuple[Any, ...], first: list[Any], second: list[Any] | None) -> None:
    try:
        found = derivatives(f, at)
    except ImportError as error:
        pytest.skip(str(error))
    for got, wanted in zip(found, (first, second or [None] * len(at)), strict=True):
        for k, w in enumerate(wanted):
            if wanted is first and w is None:
                assert got[k] is None
            elif w is not None:
                np.testing.assert_allclose(np.zeros(len(w)) if got[k] is None else got[k], w, rtol=1e-9, atol=0)


EDGES = np.array([0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 2.0, -3.0, 1e-200, -1e-200, 1e200, -1e200, 40.0, inf, -inf])
UNARY = [
    mg.absolute, mg.fabs, mg.positive, mg.reciprocal, mg.square, mg.sqrt, mg.cbrt, mg.exp, mg.exp2, mg.expm1,
    mg.log, mg.log2, mg.log10, mg.log1p, mg.sin, mg.cos, mg.tan, mg.arcsin, mg.arccos, mg.arctan, mg.sinh,
    mg.cosh, mg.tanh, mg.arcsinh, mg.arccosh, mg.arctanh, mg.sinc, mg.deg2rad, mg.rad2deg, mg.nan_to_num,
    special.erf, special.erfc, special.erfinv, special.gammaln, special.digamma, special.expit, special.logit,
    special.i0e, special.i1e, special.ndtr, special.log_ndtr,
]  # fmt: skip
BINARY = [
    mg.fmax, mg.fmin, mg.remainder, mg.fmod, mg.arctan2, mg.hypot, mg.logaddexp, mg.logaddexp2, mg.copysign,
    mg.heaviside,
]  # fmt: skip


@pytest.mark.parametrize("f", UNARY, ids=lambda f: f.__name__)
def test_no_nan_gradient_of_a_value_that_is_a_number(f: Any) -> None:
    # On both sides of a pole of gammaln at a negative whole number the slopes are infinite, of opposite signs.
    points = EDGES[EDGES > -1] if f is special.gammaln else EDGES
    try:
        check_finite(f, points)
    except ImportError as error:
        pytest.skip(str(error))


@pytest.mark.parametrize("f", BINARY, ids=lambda f: f.__name__)
def test_no_nan_gradient_of_a_value_of_two_numbers(f: Any) -> None:
    check_finite(f, *np.array(list(itertools.product(EDGES, EDGES))).T)


def check_finite(f: Any, *points: Any) -> None:
    leaves = [mg.Tensor(x, requires_grad=True) for x in points]
    with np.errstate(all="ignore"):
        y = f(*leaves)
        found = mg.grad(y.sum(), leaves, allow_unused=True)
    for g in found:
        bad = np.zeros(y.shape, bool) if g is None else np.isnan(g.data) & ~np.isnan(y.data)
        assert not bad.any(), [tuple(x[bad]) for x in points]


def test_outside_the_domain_the_gradient_is_not_a_number_either() -> None:
    for f in (mg.arcsin, mg.arccos, mg.arctanh, mg.sqrt):
        (first, *_), _ = derivatives(f, ([-2.0],))
        assert np.isnan(first).all()
    (first, *_), _ = derivatives(mg.arccosh, ([-2.0, 0.5],))
    assert np.isnan(first).all()


@pytest.mark.parametrize("order", range(1, 7))
def test_every_derivative_of_sinc_at_zero(order: int) -> None:
    # sin(z) / z = Σ (-1)^k z^(2k) / (2k + 1)!, so the 2k-th derivative at 0 is (-1)^k π^(2k) / (2k + 1).
    f: Any = mg.sinc
    for _ in range(order):
        f = mg.func.grad(f)
    k, odd = divmod(order, 2)
    assert f(0.0).item() == pytest.approx(0.0 if odd else (-1) ** k * pi**order / (order + 1), rel=1e-12)
