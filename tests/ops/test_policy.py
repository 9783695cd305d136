"""Kinks, ties, zeros and infinities: the gradient of least norm, else the limit, and never a NaN that is not due."""

import math
from typing import Any

import numpy as np
import pytest

import minigrad as mg

inf = math.inf


def gradients(f: Any, *values: Any) -> list[Any]:
    """The gradients of the sum of `f` at `values`."""
    leaves = [mg.Tensor(v, requires_grad=True, dtype=float) for v in values]
    with np.errstate(divide="ignore", invalid="ignore"):
        found = mg.grad(f(*leaves).sum(), leaves, allow_unused=True)
    return [None if g is None else g.tolist() for g in found]


# What, the function, where, the gradients, and why these.
POLICY: list[tuple[str, Any, tuple[Any, ...], list[Any], str]] = [
    ("abs at 0", mg.abs, ([0.0, -0.0, -2.0],), [[0.0, 0.0, -1.0]], "least of [-1, 1]"),
    ("relu at 0", mg.relu, ([0.0, -1.0, 1.0],), [[0.0, 0.0, 1.0]], "least of [0, 1]"),
    ("sign", lambda x: mg.sign(x) * 3 + x, ([0.0, 2.0],), [[1.0, 1.0]], "constant where it has a derivative"),
    ("sqrt at 0", mg.sqrt, ([0.0, 4.0],), [[inf, 0.25]], "the limit from the right is infinite"),
    ("sqrt of a sum that is not 0", lambda x: mg.sqrt(mg.square(x) + 1), ([0.0],), [[0.0]], "smooth"),
    ("max, ties", mg.max, ([1.0, 3.0, 3.0, 2.0],), [[0.0, 0.5, 0.5, 0.0]], "least norm: evenly shared"),
    ("max, all tied", mg.max, ([2.0, 2.0, 2.0, 2.0],), [[0.25] * 4], "least norm: evenly shared"),
    ("min, ties", mg.min, ([1.0, 1.0, 2.0],), [[0.5, 0.5, 0.0]], "least norm: evenly shared"),
    ("max of infinities", mg.max, ([inf, inf, 0.0],), [[0.5, 0.5, 0.0]], "a tie as any other"),
    ("max of minus infinities", mg.max, ([-inf, -inf],), [[0.5, 0.5]], "a tie as any other"),
    ("maximum, tie", mg.maximum, ([1.0, 2.0], [1.0, 3.0]), [[0.5, 0.0], [0.5, 1.0]], "least norm: half each"),
    ("minimum, tie", mg.minimum, ([1.0, 2.0], [1.0, 3.0]), [[0.5, 1.0], [0.5, 0.0]], "least norm: half each"),
    ("0 ** 0", mg.power, ([0.0], [0.0]), [[0.0], [0.0]], "x ** 0 is 1 everywhere; 0 ** b is 0 for b > 0"),
    ("0 ** 1", mg.power, ([0.0], [1.0]), [[1.0], [0.0]], "the slope of x; y log(a) tends to 0"),
    ("0 ** 2", mg.power, ([0.0], [2.0]), [[0.0], [0.0]], "the limits"),
    ("0 ** 0 with a number", lambda x: x**0, ([0.0, 2.0],), [[0.0, 0.0]], "constant 1"),
    ("0 ** 1 with a number", lambda x: x**1, ([0.0, 2.0],), [[1.0, 1.0]], "the slope of x"),
    ("0 ** 3 with a number", lambda x: x**3, ([0.0, 2.0],), [[0.0, 12.0]], "polynomial"),
    ("0.5 ** power at 0", lambda x: x**0.5, ([0.0, 4.0],), [[inf, 0.25]], "as sqrt"),
    ("base 2", lambda x: 2**x, ([0.0],), [[math.log(2)]], "log of the base"),
    ("base 0", lambda x: 0.0**x, ([1.0, 2.0],), [[0.0, 0.0]], "constant 0 for positive exponents"),
    (
        "where, infinite slope behind it",
        lambda x: mg.sqrt(mg.where([False, True], x, 0.0)),
        ([1.0, 0.0],),
        [[0.0, inf]],
        "0 and not 0 times infinity",
    ),
    (
        "where, poisoned branch",
        lambda x: mg.where(x.data != 0, 1 / mg.where(x.data != 0, x, 1.0), 0.0),
        ([0.0, 2.0],),
        [[0.0, -0.25]],
        "the other branch gets exactly 0",
    ),
    (
        "clip at the bounds",
        lambda x: mg.clip(x, 0.0, 1.0),
        ([0.0, 1.0, 0.5, -1.0, 2.0],),
        [[0.0, 0.0, 1.0, 0.0, 0.0]],
        "least",
    ),
    (
        "clip, the bounds' own",
        mg.clip,
        ([0.0, 2.0], [0.0, 0.0], [1.0, 1.0]),
        [[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]],
        "rest of 1",
    ),
    ("clip, one bound", lambda x: mg.clip(x, None, 1.0), ([-inf, 0.0, 3.0],), [[0.0, 1.0, 0.0]], "infinite: constant"),
    ("std at 0", mg.std, ([3.0, 3.0, 3.0],), [[0.0, 0.0, 0.0]], "least norm, as the norm's at 0"),
    (
        "std, one of two rows at 0",
        lambda x: mg.std(x, axis=1),
        ([[1.0, 1.0], [1.0, 3.0]],),
        [[[0.0, 0.0], [-0.5, 0.5]]],
        "",
    ),
    ("var at 0", mg.var, ([3.0, 3.0],), [[0.0, 0.0]], "smooth"),
    ("logsumexp with -inf", mg.logsumexp, ([-inf, 0.0, 0.0],), [[0.0, 0.5, 0.5]], "softmax"),
    ("logsumexp of -inf only", mg.logsumexp, ([-inf, -inf],), [[0.0, 0.0]], "no NaN from inf - inf"),
    ("logsumexp with inf", mg.logsumexp, ([inf, 0.0],), [[1.0, 0.0]], "the infinite one takes all"),
    ("logsumexp, large", mg.logsumexp, ([1000.0, 1000.0],), [[0.5, 0.5]], "no overflow"),
    ("softmax with -inf", lambda x: mg.softmax(x)[1], ([-inf, 0.0, 0.0],), [[0.0, 0.25, -0.25]], "a masked class"),
    (
        "log_softmax with -inf",
        lambda x: mg.log_softmax(x)[1],
        ([-inf, 0.0, 0.0],),
        [[0.0, 0.5, -0.5]],
        "a masked class",
    ),
    ("sigmoid, large", mg.sigmoid, ([1000.0, -1000.0],), [[0.0, 0.0]], "saturated, no overflow"),
    ("tanh, large", mg.tanh, ([1000.0, -1000.0],), [[0.0, 0.0]], "saturated"),
    ("log at 0", mg.log, ([0.0],), [[inf]], "the limit"),
    ("sum of nothing", mg.sum, (np.zeros((0, 3)),), [[]], "no elements"),
    ("logsumexp of nothing", lambda x: mg.logsumexp(x, axis=1), (np.zeros((2, 0)),), [[[], []]], "-inf, no elements"),
    ("softmax of nothing", lambda x: mg.softmax(x, axis=1), (np.zeros((2, 0)),), [[[], []]], "no elements"),
]


@pytest.mark.parametrize(("f", "at", "expected"), [p[1:4] for p in POLICY], ids=[p[0] for p in POLICY])
def test_gradient_at_singular_points(f: Any, at: tuple[Any, ...], expected: list[Any]) -> None:
    found = gradients(f, *at)
    for got, wanted in zip(found, expected, strict=True):
        np.testing.assert_allclose(got, wanted, rtol=1e-12, atol=0)


@pytest.mark.parametrize(
    ("x", "places"),
    [([[5.0, 5.0], [5.0, 5.0]], [[1.0, 0.0], [0.0, 0.0]]), ([[1.0, 7.0], [7.0, 7.0]], [[0.0, 1.0], [0.0, 0.0]])],
)
def test_max_pool_gives_a_tie_to_the_first(x: Any, places: Any) -> None:
    leaf = mg.Tensor([[x]], requires_grad=True)
    mg.max_pool2d(leaf, 2).sum().backward()
    assert leaf.grad.tolist() == [[places]]


def test_max_pool_never_chooses_the_padding() -> None:
    x = mg.Tensor(np.full((1, 1, 2, 2), -1e30), requires_grad=True)
    y = mg.max_pool2d(x, 2, stride=1, padding=1)
    y.sum().backward()
    assert np.all(y.data == -1e30)
    assert x.grad.data.sum() == y.size


def test_cross_entropy_of_an_impossible_class_of_probability_zero() -> None:
    logits = mg.Tensor([[-inf, 0.0, 0.0]], requires_grad=True)
    loss = mg.softmax_cross_entropy(logits, [[0.0, 1.0, 0.0]])
    loss.backward()
    assert loss.item() == pytest.approx(math.log(2))
    assert logits.grad.tolist() == [[0.0, -0.5, 0.5]]


def test_the_second_order_at_kinks_is_zero() -> None:
    for f in (mg.abs, mg.relu, lambda x: mg.maximum(x, 0.0), lambda x: mg.clip(x, 0.0, 1.0)):
        assert mg.func.grad(mg.func.grad(lambda x, f=f: f(x).sum()))(0.0).item() == 0.0


def test_nan_is_passed_on_and_not_hidden() -> None:
    x = mg.Tensor([math.nan, 1.0], requires_grad=True)
    for f in (mg.relu, mg.abs, mg.max, mg.clip, mg.sigmoid):
        y = f(x, 0.0, 1.0) if f is mg.clip else f(x)
        assert np.isnan(y.data.ravel()[0])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    "f",
    [
        mg.softmax,
        mg.log_softmax,
        mg.logsumexp,
        lambda x: mg.softmax_cross_entropy(x.reshape(1, -1), [1]),
        lambda x: mg.softmax_cross_entropy(x.reshape(1, -1), [[0.0, 0.5, 0.5]]),
    ],
    ids=["softmax", "log_softmax", "logsumexp", "classes", "probabilities"],
)
@pytest.mark.parametrize("x", [[1000.0, 999.0, -1000.0], [-inf, 0.5, 0.0], [3.0, 1.0, 2.0]], ids=str)
def test_large_and_masked_logits_in_every_mode_and_order(f: Any, x: list[float], dtype: type) -> None:
    point = np.array(x, dtype)
    jacobian = mg.func.jacobian(f, mode="reverse")(point).data
    assert np.isfinite(jacobian).all()
    np.testing.assert_allclose(mg.func.jacobian(f, mode="forward")(point).data, jacobian, rtol=1e-4, atol=1e-6)
    value = f(mg.Tensor(point)).data
    with mg.decompose():
        np.testing.assert_allclose(f(mg.Tensor(point)).data, value, rtol=1e-5)
        opened = mg.func.jacobian(f, mode="reverse")(point).data
    np.testing.assert_allclose(opened, jacobian, rtol=1e-4, atol=1e-6)
    second = mg.func.jacobian(mg.func.jacobian(f, mode="reverse"), mode="reverse")(point).data
    assert np.isfinite(second).all()
