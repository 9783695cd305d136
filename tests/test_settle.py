"""An upstream gradient of exactly 0 gives 0, also where the local gradient is not finite, in every mode and order."""

import gc
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import minigrad as mg

# The function, where, its first and its second derivative there.
POISONED = {
    "log in the branch not chosen": (
        lambda x: mg.where(x > 0, mg.log(mg.where(x < 0, 1.0, x)), x),
        [0.0, 2.0, -1.0],
        [1.0, 0.5, 1.0],
        [0.0, -0.25, 0.0],
    ),
    "sqrt at its end": (
        lambda x: mg.where(x > 0, mg.sqrt(mg.maximum(x, 0.0)), 0.0),
        [0.0, 1.0, -1.0],
        [0.0, 0.5, 0.0],
        [0.0, -0.25, 0.0],
    ),
    "a quotient 0 / 0": (
        lambda x: mg.where(x != 0, mg.sin(x) / x, 1.0),
        [0.0, 1.0],
        [0.0, np.cos(1) - np.sin(1)],
        [0.0, 2 * np.sin(1) - np.sin(1) - 2 * np.cos(1)],
    ),
    "NaN in the branch not chosen": (
        lambda x: mg.where(x > 0, mg.sqrt(x), 0.0),
        [-1.0, 0.0, 4.0],
        [0.0, 0.0, 0.25],
        [0.0, 0.0, -1 / 32],
    ),
    "what an index left out": (
        lambda x: mg.sqrt(x)[x.data > 0],
        [-1.0, 0.0, 4.0],
        [0.0, 0.0, 0.25],
        [0.0, 0.0, -1 / 32],
    ),
    "what a slice left out": (lambda x: mg.log(x)[1:] * mg.log(x)[1:], [-1.0, 1.0], [0.0, 0.0], [0.0, 2.0]),
    "what take left out": (lambda x: mg.take(x**1.5, [1, 1]), [-1.0, 4.0], [0.0, 6.0], [0.0, 0.75]),
    "what compress left out": (
        lambda x: mg.compress([False, True], mg.exp(mg.sqrt(x))),
        [-1.0, 1.0],
        [0.0, np.e / 2],
        [0.0, 0.0],
    ),
    "what setitem wrote over": (lambda x: mg.setitem(mg.sqrt(x), 0, 1.0), [-1.0, 4.0], [0.0, 0.25], [0.0, -1 / 32]),
    "what is not on the diagonal": (
        lambda x: mg.diagonal(mg.sqrt(mg.outer(x, [1.0, 1.0]) - [[0.0, 9.0], [9.0, 0.0]])),
        [1.0, 4.0],
        [0.5, 0.25],
        [-0.25, -1 / 32],
    ),
    "the number beside a NaN": (lambda x: mg.fmax(mg.sqrt(x), x), [-1.0, 0.25], [1.0, 1.0], [0.0, -2.0]),
    "NaN that nanmax left out": (lambda x: mg.nanmax(mg.sqrt(x)), [-1.0, 4.0], [0.0, 0.25], [0.0, -1 / 32]),
    "NaN that nansum left out": (lambda x: mg.nansum(mg.sqrt(x)), [-1.0, 4.0], [0.0, 0.25], [0.0, -1 / 32]),
    "a whole result that is left out": (
        lambda x: mg.where(x.data > 9, mg.linalg.norm(mg.log(x)), x),
        [-1.0, 2.0],
        [1.0, 1.0],
        [0.0, 0.0],
    ),
    "an end that is not the maximum": (lambda x: mg.max(mg.sqrt(x)), [0.0, 4.0], [0.0, 0.25], [0.0, -1 / 32]),
    "a power of 0": (lambda x: mg.where(x > 0, x**0.5, 0.0), [0.0, 4.0], [0.0, 0.25], [0.0, -1 / 32]),
}


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # of the forward pass: the values there are not finite
@pytest.mark.parametrize(("f", "point", "first", "second"), POISONED.values(), ids=POISONED)
def test_nothing_flows_to_a_branch_that_was_not_chosen(
    f: Callable[[Any], mg.Tensor], point: list[float], first: list[float], second: list[float]
) -> None:
    x = mg.Tensor(point, requires_grad=True)
    np.testing.assert_allclose(mg.grad(f(x).sum(), x)[0].data, first)
    (g,) = mg.grad(f(x).sum(), x, create_graph=True)
    np.testing.assert_allclose(g.data, first)
    np.testing.assert_allclose(mg.grad(g.sum(), x)[0].data, second, atol=1e-15)
    ones = np.ones(len(point))
    np.testing.assert_allclose(mg.func.jvp(lambda x: f(x).sum(), [np.array(point)], [ones])[1].data, sum(first))
    np.testing.assert_allclose(mg.func.hvp(lambda x: f(x).sum(), np.array(point), ones).data, second, atol=1e-15)


def test_a_gradient_that_is_truly_not_finite_is_reported_as_numpy_was_asked_to() -> None:
    x = mg.Tensor([1.0], requires_grad=True)
    calls = {
        "multiply: invalid value": lambda: mg.grad(x * np.zeros(1), x, np.array([np.inf])),
        "invalid value encountered in a sum": lambda: mg.grad(x - x, x, np.array([np.inf])),
    }
    for message, backward in calls.items():
        with pytest.warns(RuntimeWarning, match=message):
            assert np.isnan(backward()[0].data).all()
        with np.errstate(invalid="raise"), pytest.raises(FloatingPointError, match=message):
            backward()
        with np.errstate(invalid="ignore"), warnings.catch_warnings():
            warnings.simplefilter("error")
            backward()


def test_hooks_and_retained_gradients_see_each_gradient_once_and_settled() -> None:
    for create_graph in (False, True):
        x = mg.Tensor([-1.0, 4.0], requires_grad=True)
        seen: list[Any] = []
        inner = x * 2.0
        inner.register_hook(lambda g, seen=seen: seen.append(g.tolist()))
        with np.errstate(invalid="ignore"):
            root = mg.sqrt(inner * 2.0)
        root.retain_grad()
        root[1:].sum().backward(create_graph=create_graph)
        assert seen == [[0.0, 0.5 / 4.0 * 2.0]]
        assert root.grad is not None
        assert root.grad.tolist() == [0.0, 1.0]
        assert x.grad.tolist() == [0.0, 0.5]


def test_a_second_look_keeps_what_was_summed_before_it_and_frees_the_graph() -> None:
    x = mg.Tensor([-1.0, 4.0], requires_grad=True)
    with np.errstate(invalid="ignore"):
        y = mg.sqrt(x)
    late = (x * 3.0).sum() + (x * 5.0).sum()
    total = y[1:].sum() + late + y[[1]].sum()
    total.backward()
    assert x.grad.tolist() == [8.0, 8.5]
    with pytest.raises(RuntimeError, match="freed"):
        total.backward()
    plain = x[1:].sum()
    plain.backward()
    with pytest.raises(RuntimeError, match="freed"):
        plain.backward()


def test_detecting_anomalies_is_not_disturbed_by_what_an_index_left_out() -> None:
    x = mg.Tensor([1.0, 4.0], requires_grad=True)
    y = mg.sqrt(x)
    with mg.detect_anomaly():
        mg.grad(y[1:].sum(), x)


def test_a_nan_that_is_due_is_not_settled() -> None:
    x = mg.Tensor([-1.0, 4.0], requires_grad=True)
    with np.errstate(invalid="ignore"):
        y = mg.sqrt(x)
    (g,) = mg.grad(y[:1].sum(), x)
    assert np.isnan(g.data[0])
    assert g.data[1] == 0.0


@pytest.mark.parametrize("order", ["first", "graph"])
def test_an_infinite_gradient_is_passed_on_or_stopped(order: str) -> None:
    cases: list[tuple[Any, list[float], list[float]]] = [
        (mg.relu, [-1.0, 2.0], [0.0, np.inf]),
        (mg.abs, [0.0, -2.0], [0.0, -np.inf]),
        (lambda x: mg.clip(x, 0.0, 1.0), [-1.0, 0.5], [0.0, np.inf]),
        (lambda x: mg.maximum(x, 0.0), [-1.0, 2.0], [0.0, np.inf]),
        (lambda x: mg.maximum(x, 0.0), [0.0, -2.0], [np.inf, 0.0]),
        (lambda x: mg.fmin(x, 0.0), [-1.0, 2.0], [np.inf, 0.0]),
    ]
    for f, at, wanted in cases:
        x = mg.Tensor(at, requires_grad=True)
        (g,) = mg.grad(f(x), x, np.full(2, np.inf), create_graph=order == "graph")
        assert g.tolist() == wanted
        with np.errstate(invalid="ignore"):
            assert mg.func.jvp(f, [np.array(at)], [np.full(2, np.inf)])[1].tolist() == wanted


def test_nan_in_the_data_stays_seen() -> None:
    x = mg.Tensor([np.nan, 1.0], requires_grad=True)
    (g,) = mg.grad((x * x).sum(), x)
    assert np.isnan(g.data[0])
    assert g.data[1] == 2.0


def test_a_sweep_leaves_nothing_to_the_garbage_collector() -> None:
    x = mg.Tensor([1.0, 2.0], requires_grad=True)
    (x * x).sum().backward()
    gc.collect()
    gc.disable()
    try:
        (x * x).sum().backward()
        mg.grad((x * x * x).sum(), x, create_graph=True)
        assert gc.collect() == 0
    finally:
        gc.enable()
