"""Transforms of functions: containers, auxiliary results, nesting, and agreement between the modes."""

from collections import namedtuple
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minigrad as mg
from minigrad import func
from minigrad.tree import leaves, mapped

Pair = namedtuple("Pair", "left right")
trees = st.recursive(
    st.floats(-2, 2),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.tuples(inner, inner)
        | st.builds(Pair, inner, inner)
        | st.dictionaries(st.sampled_from("abc"), inner, max_size=3)
    ),
    max_leaves=6,
)


def total(tree: Any) -> mg.Tensor:
    found = mg.Tensor(0.0)
    for i, (_, leaf) in enumerate(leaves(tree)):
        found = found + mg.sin(leaf) * (i + 1)
    return found


@given(trees)
def test_gradients_have_the_containers_of_their_argument(tree: Any) -> None:
    gradient = func.grad(total)(tree)
    expected = iter([np.cos(leaf) * (i + 1) for i, (_, leaf) in enumerate(leaves(tree))])
    assert [path for path, _ in leaves(gradient)] == [path for path, _ in leaves(tree)]
    for (_, g), e in zip(leaves(gradient), expected, strict=True):
        assert g.item() == pytest.approx(e)


@given(trees, st.integers(0, 9))
def test_forward_and_reverse_mode_are_adjoint_on_containers(tree: Any, seed: int) -> None:
    rng = np.random.default_rng(seed)

    def f(tree: Any) -> Any:
        return {"sum": total(tree), "each": mapped(lambda x: x * x, tree)}

    tangent = mapped(lambda _: rng.normal(), tree)
    y, push = func.linearize(f, tree)
    upstream = mapped(lambda _: rng.normal(), y)
    moved = push(tangent)
    assert [p for p, _ in leaves(moved)] == [p for p, _ in leaves(y)]
    (pulled,) = func.vjp(f, tree)[1](upstream)
    forward = sum(float(a) * b for (_, a), (_, b) in zip(leaves(moved), leaves(upstream), strict=True))
    reverse = sum(float(a) * b for (_, a), (_, b) in zip(leaves(pulled), leaves(tangent), strict=True))
    assert forward == pytest.approx(reverse)
    for (_, a), (_, b) in zip(leaves(func.jvp(f, [tree], [tangent])[1]), leaves(moved), strict=True):
        assert float(a) == float(b)


def test_auxiliary_results_pass_through() -> None:
    def f(x: mg.Tensor) -> Any:
        return (x * x).sum(), {"doubled": x * 2, "note": "text"}

    (value, aux), gradient = func.value_and_grad(f, has_aux=True)(mg.Tensor([1.0, 2.0]))
    assert (value.item(), aux["note"], aux["doubled"].requires_grad) == (5.0, "text", False)
    assert gradient.tolist() == [2.0, 4.0]


def test_aux_of_each_transform() -> None:
    def f(x: mg.Tensor) -> Any:
        return x * x, x + 1

    x = mg.Tensor([1.0, 2.0])
    assert func.grad(lambda x: (f(x)[0].sum(), f(x)[1]), has_aux=True)(x)[1].tolist() == [2.0, 3.0]
    y, pull, aux = func.vjp(f, x, has_aux=True)
    assert (y.tolist(), aux.tolist(), pull(mg.ones(2))[0].tolist()) == ([1.0, 4.0], [2.0, 3.0], [2.0, 4.0])
    y, tangent, aux = func.jvp(f, [x], [mg.ones(2)], has_aux=True)
    assert (tangent.tolist(), aux.tolist()) == ([2.0, 4.0], [2.0, 3.0])
    assert not y.requires_grad
    assert not aux.requires_grad
    with pytest.raises(TypeError, match=r"grad: with has_aux=True the function must return \(output, aux\)"):
        func.grad(lambda x: x.sum(), has_aux=True)(x)


def test_argnums_choose_the_arguments() -> None:
    def f(a: mg.Tensor, b: mg.Tensor, power: int) -> mg.Tensor:
        return (a * b**power).sum()

    a, b = mg.Tensor([1.0, 2.0]), mg.Tensor([3.0, 4.0])
    assert func.grad(f, 1)(a, b, 2).tolist() == [6.0, 16.0]
    both = func.grad(f, (0, 1))(a, b, 2)
    assert [g.tolist() for g in both] == [[9.0, 16.0], [6.0, 16.0]]
    jacobians = func.jacobian(lambda a, b: a * b, (1, 0))(a, b)
    np.testing.assert_array_equal(jacobians[0].numpy(), np.diag(a.data))
    np.testing.assert_array_equal(jacobians[1].numpy(), np.diag(b.data))
    np.testing.assert_array_equal(func.hessian(f, 1)(a, b, 2).numpy(), np.diag([2.0, 4.0]))
    with pytest.raises(ValueError, match="grad: argnums 3 for a call with 2 positional arguments"):
        func.grad(f, 3)(a, b)


@given(st.integers(0, 99), st.integers(0, 3), st.integers(0, 3))
def test_both_modes_make_one_jacobian(seed: int, m: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    w, x = rng.normal(size=(m, n)), rng.normal(size=n)

    def f(x: mg.Tensor) -> mg.Tensor:
        return mg.tanh(mg.asarray(w) @ x) if n else mg.zeros(m) + x.sum()

    rows, columns = func.jacobian(f, mode="reverse")(x), func.jacobian(f, mode="forward")(x)
    assert rows.shape == columns.shape == (m, n)
    np.testing.assert_allclose(rows.numpy(), columns.numpy(), atol=1e-14)
    np.testing.assert_allclose(rows.numpy(), func.jacobian(f)(x).numpy(), atol=1e-14)


def test_transforms_nest() -> None:
    def f(x: mg.Tensor) -> mg.Tensor:
        return mg.sin(x) * x

    x = 0.7
    third = -3 * np.sin(x) - x * np.cos(x)  # of x sin x
    assert func.grad(func.grad(func.grad(f)))(x).item() == pytest.approx(third)

    def tangent(g: Any) -> Any:
        return lambda x: func.jvp(g, [x], [1.0])[1]

    assert tangent(tangent(tangent(f)))(x).item() == pytest.approx(third)
    assert func.grad(tangent(func.grad(f)))(x).item() == pytest.approx(third)
    assert tangent(func.grad(tangent(f)))(x).item() == pytest.approx(third)


def test_an_inner_derivative_does_not_see_the_outer_variable() -> None:
    # d/dx [x * d/dy (x + y)] = 1: the confusion of perturbations would make it 2.
    inner = lambda x: func.jvp(lambda y: x + y, [1.0], [1.0])[1]  # noqa: E731
    assert func.grad(lambda x: x * inner(x))(5.0).item() == 1.0
    assert func.jvp(lambda x: x * inner(x), [5.0], [1.0])[1].item() == 1.0


def test_results_keep_a_graph_where_something_outside_can_ask_for_it() -> None:
    w = mg.Tensor(3.0, requires_grad=True)
    slope = func.grad(lambda x: w * x * x)(2.0)
    slope.backward()
    assert w.grad.item() == 4.0
    assert not func.grad(lambda x: x * x)(2.0).requires_grad


def test_wrong_calls_say_what_is_wrong() -> None:
    x = mg.Tensor([1.0, 2.0])
    with pytest.raises(TypeError, match=r"grad: cannot differentiate at argument 0\['a'\], of dtype int64"):
        func.grad(total)({"a": 1})
    with pytest.raises(TypeError, match="jvp: the function must return Tensors, got float at"):
        func.jvp(lambda x: {"y": 1.0}, [x], [x])
    with pytest.raises(ValueError, match=r"vjp: the upstream gradient has shape \(3,\), the output \(2,\)"):
        func.vjp(lambda x: x, x)[1](mg.ones(3))
    with pytest.raises(ValueError, match="vjp: expected the same structure as the primal"):
        func.vjp(lambda x: {"y": x}, x)[1]({"z": x})
    with pytest.raises(ValueError, match="linearize: 1 primals but 2 tangents"):
        func.linearize(lambda x: x, x)[1](x, x)
    with pytest.raises(TypeError, match="hessian: argnums must be one integer"):
        func.hessian(lambda x: x, (0, 1))  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="grad: the function must return one Tensor, got list"):
        func.grad(lambda x: [x])(1.0)
