"""The elementwise functions at their singular points, beyond the table of the policy: higher orders, and no NaN."""

import itertools
import math
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad import special

inf, pi = math.inf, math.pi


# The gradients of the first order are in the table of minigrad.testing.policy. Beyond it: the function, where, and the
# gradients of the sum of the gradients.
SECOND: list[tuple[str, Any, tuple[Any, ...], list[Any]]] = [
    ("hypot at the origin", mg.hypot, ([0.0], [0.0]), [[0.0], [0.0]]),
    ("hypot on an axis", mg.hypot, ([0.0, 2.0], [2.0, 0.0]), [[0.5, 0.0], [0.0, 0.5]]),
    ("hypot at infinity", mg.hypot, ([inf, inf], [1.0, inf]), [[0.0] * 2] * 2),
    ("arctan2 at the origin", mg.arctan2, ([0.0, -0.0], [0.0, -0.0]), [[0.0] * 2] * 2),
    ("arctan2 at infinity", mg.arctan2, ([1.0, inf, inf], [inf, 1.0, -inf]), [[0.0] * 3] * 2),
    ("sinc at 0 and near it", mg.sinc, ([0.0, -0.0, 1e-8, 1e-160],), [[-(pi**2) / 3] * 4]),
    ("sinc at whole numbers", mg.sinc, ([1.0, -2.0],), [[2.0, -0.5]]),
    ("arcsin at ±1", mg.arcsin, ([1.0, -1.0],), [[inf, -inf]]),
    ("arccos at ±1", mg.arccos, ([1.0, -1.0],), [[-inf, inf]]),
    ("arccosh at 1", mg.arccosh, ([1.0],), [[-inf]]),
    ("arctanh at ±1", mg.arctanh, ([1.0, -1.0],), [[inf, -inf]]),
    ("reciprocal at 0", mg.reciprocal, ([0.0, -0.0],), [[inf, -inf]]),
    ("logarithms at 0", lambda x: mg.log2(x) + mg.log10(x) + mg.log1p(x - 1), ([0.0],), [[-inf]]),
    ("logaddexp, far apart", mg.logaddexp, ([1e200], [-1e200]), [[0.0], [0.0]]),
    ("erfinv at ±1", special.erfinv, ([1.0, -1.0],), [[inf, -inf]]),
    ("gammaln at 0", special.gammaln, ([0.0],), [[inf]]),
    ("log_ndtr, far right", special.log_ndtr, ([40.0],), [[0.0]]),
    ("i0e, far", special.i0e, ([inf, 1e160],), [[0.0, 0.0]]),
    ("i1e near 0", special.i1e, ([1e-200],), [[-1.0]]),
]


@pytest.mark.parametrize(("f", "at", "expected"), [p[1:] for p in SECOND], ids=[p[0] for p in SECOND])
def test_second_order_at_singular_points(f: Any, at: tuple[Any, ...], expected: list[Any]) -> None:
    leaves = [mg.Tensor(v, requires_grad=True, dtype=float) for v in at]
    try:
        with np.errstate(all="ignore"):
            first = mg.grad(f(*leaves).sum(), leaves, create_graph=True)
            second = mg.grad(sum(g.sum() for g in first), leaves)
    except ImportError as error:
        pytest.skip(str(error))
    for got, wanted in zip(second, expected, strict=True):
        np.testing.assert_allclose(got.data, wanted, rtol=1e-9, atol=0)


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
    for f in (mg.arcsin, mg.arccos, mg.arccosh, mg.arctanh, mg.sqrt):
        x = mg.Tensor([-2.0], requires_grad=True)
        with np.errstate(all="ignore"):
            f(x).sum().backward()
        assert np.isnan(x.grad.data).all()


@pytest.mark.parametrize("order", range(1, 7))
def test_every_derivative_of_sinc_at_zero(order: int) -> None:
    # sin(z) / z = Σ (-1)^k z^(2k) / (2k + 1)!, so the 2k-th derivative at 0 is (-1)^k π^(2k) / (2k + 1).
    f: Any = mg.sinc
    for _ in range(order):
        f = mg.func.grad(f)
    k, odd = divmod(order, 2)
    assert f(0.0).item() == pytest.approx(0.0 if odd else (-1) ** k * pi**order / (order + 1), rel=1e-12)
