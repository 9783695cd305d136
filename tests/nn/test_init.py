"""Initializers: the spread they promise, and where their random numbers come from."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minigrad import nn
from minigrad.nn import init

SHAPES = st.one_of(
    st.tuples(st.integers(60, 200), st.integers(60, 200)),
    st.tuples(st.integers(30, 60), st.integers(10, 20), st.integers(3, 5), st.integers(3, 5)),
)


def variance(name: str, shape: tuple[int, ...]) -> float:
    fan_in, fan_out = init.fans(shape)
    return 2 / fan_in if name.startswith("he") else 2 / (fan_in + fan_out)


@pytest.mark.parametrize("name", ["he_normal", "he_uniform", "xavier_normal", "xavier_uniform"])
@given(shape=SHAPES, seed=st.integers(0, 100))
def test_variance(name: str, shape: tuple[int, ...], seed: int) -> None:
    values = getattr(init, name)(shape, rng=np.random.default_rng(seed))
    expected = variance(name, shape)
    assert values.shape == shape
    assert values.dtype == np.float32
    # Six standard errors of the mean and of the variance (whose relative one is sqrt(2 / n) for the normal).
    assert abs(values.mean()) < 6 * math.sqrt(expected / values.size)
    assert abs(values.var() / expected - 1) < 6 * math.sqrt(2 / values.size)
    if name.endswith("uniform"):
        assert np.abs(values).max() <= np.float32(math.sqrt(3 * expected))


def test_fans() -> None:
    assert init.fans((784, 50)) == (784, 50)
    assert init.fans((30, 2, 5, 3)) == (30, 450)
    for shape in [(3,), (), (0, 3)]:
        with pytest.raises(ValueError, match="init: expected a weight of shape"):
            init.fans(shape)


@pytest.mark.parametrize("make", [lambda: nn.Affine(3, 4).weight, lambda: nn.Conv2d(1, 2, 3).weight])
def test_one_seed_for_the_package(make: Callable[[], Any]) -> None:
    nn.seed(3)
    first, second = make().data, make().data
    nn.seed(3)
    np.testing.assert_array_equal(make().data, first)
    assert (first != second).any()


def test_an_explicit_generator() -> None:
    a, b = (nn.Affine(3, 4, rng=np.random.default_rng(5)).weight.data for _ in range(2))
    np.testing.assert_array_equal(a, b)


def test_choosing_an_initializer() -> None:
    layer = nn.Affine(500, 400, init=lambda shape, **options: init.normal(shape, 0.5, **options), dtype=np.float64)
    assert layer.weight.dtype == np.float64
    assert 0.49 < layer.weight.data.std() < 0.51
    assert layer.bias is not None
    assert not layer.bias.data.any()
    for make in (init.normal, init.uniform):
        with pytest.raises(ValueError, match="must be a number >= 0, got -1"):
            make((2, 2), -1)
