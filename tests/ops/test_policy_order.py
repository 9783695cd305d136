"""Zeros, ties and infinities of products, scans, sorting and selection: least norm, else the limit, and no NaN."""

import itertools
import math
from typing import Any

import numpy as np
import pytest

import minigrad as mg

inf, nan = math.inf, math.nan


def gradients(f: Any, *values: Any) -> list[Any]:
    """The gradients of the sum of `f` at `values`."""
    leaves = [mg.Tensor(v, requires_grad=True, dtype=float) for v in values]
    with np.errstate(divide="ignore", invalid="ignore"):
        found = mg.grad(f(*leaves).sum(), leaves, allow_unused=True)
    return [None if g is None else g.tolist() for g in found]


@pytest.mark.parametrize("zeros", [0, 1, 2, 3])
def test_products_with_zeros_have_the_second_and_third_derivatives_of_a_polynomial(zeros: int) -> None:
    x = np.array([1.5, -0.5, 2.0, 3.0])
    x[:zeros] = 0.0
    indices = range(len(x))

    def others(*left_out: int) -> float:
        return 0.0 if len(set(left_out)) < len(left_out) else math.prod(x[k] for k in indices if k not in left_out)

    second = np.array([[others(i, j) for j in indices] for i in indices])
    third = np.array([[[others(i, j, k) for k in indices] for j in indices] for i in indices])
    np.testing.assert_allclose(mg.func.hessian(mg.prod)(x).data, second)
    jacobian = mg.func.jacobian
    np.testing.assert_allclose(jacobian(mg.func.hessian(mg.prod), mode="reverse")(x).data, third)
    last = mg.func.hessian(lambda v: mg.cumprod(v)[-1])(x).data
    np.testing.assert_allclose(last, second)


def test_the_last_of_a_scan_has_the_gradient_of_the_reduction() -> None:
    for values in itertools.product((0.0, 1.0, 2.0), repeat=4):
        for scan, reduction in (
            (mg.cummax, mg.max), (mg.cummin, mg.min), (mg.cumprod, mg.prod), (mg.sort, mg.max), (mg.cumsum, mg.sum),
            (mg.logcumsumexp, mg.logsumexp),
        ):  # fmt: skip
            (last,) = gradients(lambda x, scan=scan: scan(x)[-1], list(values))
            np.testing.assert_allclose(last, gradients(reduction, list(values))[0], atol=1e-15)


def test_overwritten_elements_get_exactly_zero() -> None:
    x = mg.Tensor([1.0, 2.0], requires_grad=True)
    v = mg.Tensor([3.0, 4.0], requires_grad=True)
    y = mg.setitem(x, np.array([0, 0]), v)
    gx, gv = mg.grad(y, [x, v], [inf, 1.0])
    assert gx.tolist() == [0.0, 1.0]
    assert gv.tolist() == [0.0, inf]
    (masked,) = mg.grad(mg.masked_fill(x, [True, False], 0.0), x, [inf, 1.0])
    assert masked.tolist() == [0.0, 1.0]


def test_a_long_recurrence_is_exact_where_products_of_its_factors_overflow() -> None:
    a, b = np.full(300, 10.0), np.zeros(300)
    a[-100:], b[-1] = 0.5, 1.0
    a[:150] = 1e30
    s = mg.linear_recurrence(a, b)
    assert s.data.tolist() == [0.0] * 299 + [1.0]
    steps = np.random.default_rng(0)
    a, b = steps.uniform(-1, 1, 1000), steps.uniform(-1, 1, 1000)
    expected = list(itertools.accumulate(zip(a, b, strict=True), lambda s, ab: (0, ab[0] * s[1] + ab[1])))
    np.testing.assert_allclose(mg.linear_recurrence(a, b).data, [s for _, s in expected], rtol=1e-12)
