"""Transforms of functions: grad, vjp, jvp, jacobian, hessian, hvp, nested and against each other."""

from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad import Tensor, func

X = np.array([[0.3, -1.2, 0.8], [1.1, 0.4, -0.5]])


def quartic(x: Any) -> Any:
    return (x**4).sum() + mg.sin(x).sum() * x.mean()


def test_grad_and_value_and_grad() -> None:
    value, g = func.value_and_grad(quartic)(X)
    assert value.item() == pytest.approx(quartic(Tensor(X)).item())
    np.testing.assert_allclose(g.data, mg.numerical_gradient(quartic, Tensor(X), method="five-point"), rtol=1e-8)
    assert not g.requires_grad
    assert not value.requires_grad


def test_argnums_choose_and_order_the_arguments() -> None:
    def f(a: Any, b: Any, c: Any) -> Any:
        return a * b**2 * c

    assert func.grad(f, 1)(2.0, 3.0, 5.0).item() == 60.0
    assert [g.item() for g in func.grad(f, (2, -3))(2.0, 3.0, 5.0)] == [18.0, 45.0]
    assert func.grad(f, (0,))(2.0, 3.0, 5.0)[0].item() == 45.0


def test_functions_nest_to_any_order() -> None:
    f = lambda x: x**5  # noqa: E731
    for expected in (80.0, 160.0, 240.0, 240.0, 120.0, 0.0):
        f = func.grad(f)
        assert f(2.0).item() == pytest.approx(expected)


def test_perturbations_are_not_confused() -> None:
    # d/dx [x · d/dy (x + y)] = 1: the inner derivative must not see the outer variable's own.
    inner = func.grad(lambda x: x * func.grad(lambda y: x + y)(1.0))
    assert inner(1.0).item() == 1.0
    forward = func.jvp(lambda x: x * func.jvp(lambda y: x + y, [1.0], [1.0])[1], [1.0], [1.0])[1]
    assert forward.item() == 1.0


def test_transforms_reach_through_closures() -> None:
    w = Tensor([2.0, 3.0], requires_grad=True)
    g = func.grad(lambda x: (w * x * x).sum())(np.array([1.0, 4.0]))
    assert g.tolist() == [4.0, 24.0]
    g.sum().backward()
    assert w.grad.tolist() == [2.0, 8.0]
    _, tangent = func.jvp(lambda x: w * x, [np.ones(2)], [np.array([1.0, 2.0])])
    assert mg.grad(tangent.sum(), w)[0].tolist() == [1.0, 2.0]


def test_leaves_of_the_caller_get_no_gradient() -> None:
    x = Tensor(X, requires_grad=True)
    g = func.grad(quartic)(x)
    assert x.grad is None
    g.sum().backward()
    np.testing.assert_allclose(x.grad.data, func.hessian(quartic)(X).data.sum(axis=(2, 3)), rtol=1e-12)


def test_vjp_and_jvp_are_adjoint(rng: np.random.Generator) -> None:
    def f(a: Any, b: Any) -> Any:
        return mg.tanh(a @ b) / (1 + mg.exp(a).sum())

    a, b = rng.normal(size=(2, 3)), rng.normal(size=(3, 4))
    u, va, vb = rng.normal(size=(2, 4)), rng.normal(size=a.shape), rng.normal(size=b.shape)
    y, pull = func.vjp(f, a, b)
    y2, tangent = func.jvp(f, [a, b], [va, vb])
    ga, gb = pull(u)
    assert np.array_equal(y.data, y2.data)
    assert (ga * va).sum().item() + (gb * vb).sum().item() == pytest.approx((tangent * u).sum().item(), rel=1e-12)
    again = pull(u)
    assert np.array_equal(again[0].data, ga.data)


@pytest.mark.parametrize("mode", ["reverse", "forward", None])
def test_jacobian_in_both_modes(mode: str | None) -> None:
    def f(x: Any) -> Any:
        return mg.concatenate([mg.sin(x).sum(0), x[0] * x[1, 0]])

    expected = np.zeros((6, 2, 3))
    for j in range(3):
        expected[j, :, j] = np.cos(X[:, j])
        expected[3 + j, 0, j] = X[1, 0]
        expected[3 + j, 1, 0] += X[0, j]
    np.testing.assert_allclose(func.jacobian(f, mode=mode)(X).data, expected, rtol=1e-14)


def test_jacobian_of_nothing_and_of_numbers() -> None:
    assert func.jacobian(lambda x: x * 2)(np.zeros((0, 2))).shape == (0, 2, 0, 2)
    assert func.jacobian(lambda x: x * 3)(2.0).item() == 3.0
    assert func.jacobian(lambda x: Tensor([1.0, 2.0]))(np.ones(3)).tolist() == [[0.0] * 3] * 2


def test_hessian_is_symmetric_and_hvp_is_its_product(rng: np.random.Generator) -> None:
    h = func.hessian(quartic)(X).data.reshape(6, 6)
    np.testing.assert_allclose(h, h.T, rtol=1e-12, atol=1e-14)
    v = rng.normal(size=X.shape)
    np.testing.assert_allclose(func.hvp(quartic, X, v).data.ravel(), h @ v.ravel(), rtol=1e-12)
    columns = func.jacobian(func.grad(quartic), mode="forward")(X).data.reshape(6, 6)
    np.testing.assert_allclose(columns, h, rtol=1e-12, atol=1e-14)


def test_forward_over_forward_and_reverse_over_forward() -> None:
    def along(x: Any) -> Any:
        return func.jvp(mg.sin, [x], [2.0])[1]

    assert along(0.3).item() == pytest.approx(2 * np.cos(0.3))
    assert func.jvp(along, [0.3], [1.0])[1].item() == pytest.approx(-2 * np.sin(0.3))
    assert func.grad(along)(0.3).item() == pytest.approx(-2 * np.sin(0.3))


def test_outputs_that_do_not_depend_on_the_input() -> None:
    assert func.grad(lambda x: Tensor(5.0))(X).tolist() == np.zeros_like(X).tolist()
    assert func.jvp(lambda x: Tensor(5.0), [X], [X])[1].item() == 0.0
    assert func.jvp(lambda x: x, [X], [X + 1])[1].tolist() == (X + 1).tolist()
    assert func.vjp(lambda x, y: x * 2, X, X)[1](X)[1].tolist() == np.zeros_like(X).tolist()


def test_transforms_record_under_no_grad() -> None:
    with mg.no_grad():
        assert func.grad(lambda x: x**3)(2.0).item() == 12.0
        assert func.jvp(lambda x: x**3, [2.0], [1.0])[1].item() == 12.0


def test_float32_stays() -> None:
    x = X.astype(np.float32)
    assert func.grad(quartic)(x).dtype == np.float32
    assert func.hessian(quartic)(x).dtype == np.float32
    assert func.jvp(quartic, [x], [X])[1].dtype == np.float32


# ----------------------------------------------------------------------------------------- numerical_gradient
@pytest.mark.parametrize(("method", "digits"), [("central", 8), ("five-point", 10), ("complex", 15)])
def test_numerical_gradient(method: str, digits: int) -> None:
    found = mg.numerical_gradient(lambda x: np.sum(np.exp(x) * x), X, method=method)
    np.testing.assert_allclose(found, np.exp(X) * (1 + X), rtol=0, atol=20 * 10.0**-digits)
    assert found.dtype == np.float64


def test_numerical_gradient_leaves_its_point_alone() -> None:
    x = X.copy()
    mg.numerical_gradient(lambda v: v.sum(), x)
    assert np.array_equal(x, X)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: mg.numerical_gradient(np.sum, X, method="sixth"), ValueError, "unknown method 'sixth'.*'five-point'"),
        (lambda: mg.numerical_gradient(np.exp, X), ValueError, r"one number, got shape \(2, 3\)"),
        (lambda: mg.numerical_gradient(lambda x: np.abs(x).sum(), X, method="complex"), ValueError, "complex number"),
        (lambda: func.grad(mg.exp)(X), ValueError, r"grad: the function must return one number, got shape \(2, 3\)"),
        (lambda: func.grad(lambda x: 3.0)(X), TypeError, "grad: the function must return Tensors, got float"),
        (lambda: func.grad(mg.sum)(np.arange(2)), TypeError, "cannot differentiate at argument 0, of dtype int64"),
        (lambda: func.grad(mg.sum, 2)(X), ValueError, "grad: argnums 2 for a call with 1 positional argument"),
        (lambda: func.jvp(mg.exp, [X], [X[0]]), ValueError, r"jvp: tangent 0 has shape \(3,\), its primal \(2, 3\)"),
        (lambda: func.jvp(mg.exp, [X], [X, X]), ValueError, "jvp: 1 primals but 2 tangents"),
        (lambda: func.jvp(mg.exp, X, X), TypeError, "jvp: primals and tangents must be sequences"),
        (lambda: func.vjp(mg.exp, X)[1](X[0]), ValueError, r"upstream gradient has shape \(3,\), the output \(2, 3\)"),
        (lambda: func.jacobian(mg.exp, mode="backward"), ValueError, "jacobian: mode must be .* got 'backward'"),
        (lambda: func.hessian(mg.exp)(X), ValueError, "one number"),
    ],
)
def test_wrong_calls_say_what_is_wrong(call: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call()
