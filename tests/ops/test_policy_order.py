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


def weighted(f: Any) -> Any:
    """The values with weights 1, 2, 3, ..., so that their gradients can be told apart."""

    def total(x: Any) -> Any:
        y = f(x)
        return y * (np.arange(y.size).reshape(y.shape) + 1.0)

    return total


# What, the function, where, the gradients, and why these.
POLICY: list[tuple[str, Any, Any, Any, str]] = [
    ("prod, one zero", mg.prod, [2.0, 0.0, 5.0], [0.0, 10.0, 0.0], "the product of the others"),
    ("prod, two zeros", mg.prod, [2.0, 0.0, 0.0], [0.0, 0.0, 0.0], "the product of the others"),
    ("prod that underflows", mg.prod, [1e-200, 1e-200, 1e300], [1e100, 1e100, 0.0], "the products, not y / x"),
    ("prod of nothing", mg.prod, np.zeros((0,)), [], "no elements"),
    ("cumprod, a zero", mg.cumprod, [2.0, 0.0, 5.0], [1.0, 12.0, 0.0], "polynomial"),
    ("cumprod, two zeros", mg.cumprod, [0.0, 0.0, 5.0], [1.0, 0.0, 0.0], "polynomial"),
    ("cummax, ties", mg.cummax, [1.0, 3.0, 3.0, 2.0], [1.0, 2.0, 1.0, 0.0], "shared by those seen so far"),
    ("cummin, ties", mg.cummin, [3.0, 1.0, 1.0, 2.0], [1.0, 2.0, 1.0, 0.0], "shared by those seen so far"),
    ("cummax, the same again", mg.cummax, [2.0, 1.0, 2.0], [2.5, 0.0, 0.5], "a tie with one before the last"),
    ("cummax after NaN", mg.cummax, [1.0, nan, 2.0], [1.0, 2.0, 0.0], "NaN is the maximum wherever there is one"),
    ("cummax of -inf", mg.cummax, [-inf, -inf], [1.5, 0.5], "a tie as any other"),
    ("logcumsumexp, -inf first", mg.logcumsumexp, [-inf, 0.0, 0.0], [0.0, 1.5, 0.5], "softmax of what is there"),
    ("logcumsumexp, -inf only", mg.logcumsumexp, [-inf, -inf], [0.0, 0.0], "no NaN from inf - inf"),
    ("logcumsumexp, inf", mg.logcumsumexp, [0.0, inf, 0.0], [1.0, 2.0, 0.0], "the infinite one takes all"),
    ("logcumsumexp, large", mg.logcumsumexp, [1000.0, 1000.0], [1.5, 0.5], "no overflow"),
    ("sort, ties", weighted(mg.sort), [2.0, 1.0, 2.0], [2.5, 1.0, 2.5], "equal elements share their places' gradients"),
    ("sort, infinities", weighted(mg.sort), [inf, 0.0, inf], [2.5, 1.0, 2.5], "a tie as any other"),
    ("sort, NaN", weighted(mg.sort), [nan, 1.0], [2.0, 1.0], "sorted to the end"),
    ("topk, a tie inside", lambda x: mg.topk(x, 2)[0], [3.0, 3.0, 1.0], [1.0, 1.0, 0.0], "both are chosen"),
    ("topk, a tie at the edge", lambda x: mg.topk(x, 2)[0], [3.0, 1.0, 1.0], [1.0, 0.5, 0.5], "as the second of sort"),
    (
        "topk, smallest, a tie at the edge",
        lambda x: mg.topk(x, 2, largest=False)[0],
        [3.0, 3.0, 1.0],
        [0.5, 0.5, 1.0],
        "as the second of sort",
    ),
    ("median, a tie", mg.median, [1.0, 2.0, 2.0], [0.0, 0.5, 0.5], "shared by those equal to it"),
    ("median, all equal", mg.median, [2.0, 2.0, 2.0, 2.0], [0.25] * 4, "shared by those equal to it"),
    ("median of infinities", mg.median, [inf, inf, 0.0, inf], [1 / 3, 1 / 3, 0.0, 1 / 3], "no NaN from inf - inf"),
    ("median with NaN", mg.median, [nan, 1.0, 2.0], [1.0, 0.0, 0.0], "NaN, from the NaN"),
    ("quantile, a tie", lambda x: mg.quantile(x, 0.25), [1.0, 1.0, 1.0, 5.0], [1 / 3] * 3 + [0.0], "shared"),
    (
        "many quantiles, ties",
        lambda x: mg.quantile(x, np.linspace(0, 1, 6)),
        [1.0, 1.0, 3.0, 4.0, 5.0, 6.0],
        [1.0] * 6,
        "as few",
    ),
    ("quantile at a place", lambda x: mg.quantile(x, 0.5), [1.0, 2.0, inf], [0.0, 1.0, 0.0], "no 0 times infinity"),
    ("unique, ties", weighted(mg.unique), [2.0, 1.0, 2.0], [1.0, 1.0, 1.0], "shared by those equal to it"),
    ("ptp, all equal", mg.ptp, [1.0, 1.0], [0.0, 0.0], "least"),
    ("nansum", mg.nansum, [nan, 1.0], [0.0, 1.0], "constant in the NaN"),
    ("nanmean", mg.nanmean, [nan, 1.0, 2.0], [0.0, 0.5, 0.5], "constant in the NaN"),
    ("nanmean of NaN only", mg.nanmean, [nan, nan], [0.0, 0.0], "constant"),
    ("nanprod", mg.nanprod, [nan, 2.0, 0.0], [0.0, 0.0, 2.0], "constant in the NaN"),
    ("nanmax, ties", mg.nanmax, [nan, 2.0, 2.0], [0.0, 0.5, 0.5], "shared"),
    ("nanmax of NaN only", mg.nanmax, [nan, nan], [0.0, 0.0], "constant"),
    ("nanmin of inf", mg.nanmin, [nan, inf], [0.0, 1.0], "the only number"),
    (
        "triu, an infinite slope outside",
        lambda x: mg.triu(mg.sqrt(x)),
        [[1.0, 4.0], [1.0, 4.0]],
        [[0.5, 0.25], [0.0, 0.25]],
        "a selection",
    ),
]


@pytest.mark.parametrize(("f", "at", "expected"), [p[1:4] for p in POLICY], ids=[p[0] for p in POLICY])
def test_gradient_at_singular_points(f: Any, at: Any, expected: Any) -> None:
    (found,) = gradients(f, at)
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=0)


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
