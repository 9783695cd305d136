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
