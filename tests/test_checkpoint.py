"""Checkpoints: the same gradients, of any order, with less memory."""

import tracemalloc
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minigrad as mg


def leaf(shape: tuple[int, ...], seed: int) -> mg.Tensor:
    return mg.Tensor(np.random.default_rng(seed).normal(size=shape), requires_grad=True)


@given(st.integers(0, 99), st.integers(1, 4))
def test_gradients_of_two_orders_are_those_without(seed: int, depth: int) -> None:
    x, w = leaf((2, 3), seed), leaf((3, 3), seed + 1)

    def block(h: mg.Tensor, outer: mg.Tensor) -> mg.Tensor:
        return mg.tanh(h @ w) * outer + h

    def results(checkpointed: bool) -> list[Any]:
        outer = mg.sin(x)  # an intermediate tensor that the block uses from outside
        h = x * 2
        for _ in range(depth):
            h = mg.checkpoint(lambda h: block(h, outer), h) if checkpointed else block(h, outer)
        first = mg.grad((h * h).sum(), [x, w], create_graph=True)
        second = mg.grad((first[0] * first[0]).sum() + mg.sin(first[1]).sum(), [x, w])
        return [t.detach().numpy() for t in (*first, *second)]

    for a, b in zip(results(True), results(False), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-10)


def test_backward_accumulates_into_parameters_from_outside() -> None:
    x, w = leaf((4,), 0), leaf((4,), 1)
    mg.checkpoint(lambda x: mg.exp(x) * w, x).sum().backward()
    np.testing.assert_allclose(w.grad.numpy(), np.exp(x.data))
    np.testing.assert_allclose(x.grad.numpy(), np.exp(x.data) * w.data)


def test_hooks_of_leaves_run_once() -> None:
    x, calls = leaf((2,), 0), []
    x.register_hook(lambda g: calls.append(g))
    mg.checkpoint(lambda x: x * x, x).sum().backward()
    assert len(calls) == 1


def test_random_numbers_are_drawn_again() -> None:
    rng = np.random.default_rng(0)
    x = mg.Tensor(np.ones(100), requires_grad=True)
    y = mg.checkpoint(lambda x: x * (rng.random(100) > 0.5), x, rng=rng)
    after = rng.bit_generator.state
    y.sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), y.detach().numpy())
    assert rng.bit_generator.state == after


def test_it_saves_memory() -> None:
    def layers(h: mg.Tensor) -> mg.Tensor:
        for _ in range(8):
            h = mg.tanh(h * 1.1)
        return h

    def peak(checkpointed: bool) -> int:
        h = mg.Tensor(np.ones(20_000), requires_grad=True)
        tracemalloc.start()
        for _ in range(8):
            h = mg.checkpoint(layers, h) if checkpointed else layers(h)
        h.sum().backward()
        used = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return used

    assert peak(True) < peak(False) / 2


def test_without_gradients_it_is_a_call() -> None:
    with mg.no_grad():
        y = mg.checkpoint(lambda x: x * 2, mg.ones(2, requires_grad=True))
    assert y.node is None
    assert mg.checkpoint(lambda x: x * 2, mg.ones(2)).node is None
    x = mg.ones(2, requires_grad=True)
    assert mg.checkpoint(lambda x: x, x) is x


def test_the_function_must_return_one_tensor() -> None:
    with pytest.raises(TypeError, match="checkpoint: the function must return one Tensor, got float"):
        mg.checkpoint(lambda x: 1.0, mg.ones(2))
