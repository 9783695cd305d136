"""Dropout layers: expectation, train and evaluation, where the choice comes from, and how a run is resumed."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minigrad as mg
from minigrad import nn
from minigrad.testing import check_grad

KINDS: list[Any] = [(nn.Dropout, (200, 40)), (nn.Dropout2d, (200, 40, 2, 3))]
probabilities = st.sampled_from((0.0, 0.15, 0.5, 0.9, 1.0))


@pytest.mark.parametrize(("kind", "shape"), KINDS)
@given(p=probabilities)
def test_the_expectation_stays(kind: Any, shape: tuple[int, ...], p: float) -> None:
    y = kind(p, rng=np.random.default_rng(0))(np.ones(shape)).data
    assert set(np.unique(y)) <= {0.0, float(np.float64(1 / (1 - p)))} if p < 1 else not y.any()
    if p < 1:
        # 8,000 choices: five standard deviations of their mean.
        assert abs(y.mean() - 1) <= 5 * np.sqrt(p / (1 - p) / 8000)
        assert abs((y == 0).mean() - p) <= 5 * np.sqrt(p * (1 - p) / 8000)


@given(p=probabilities)
def test_whole_channels_are_left_out(p: float) -> None:
    y = nn.Dropout2d(p, rng=np.random.default_rng(0))(np.ones((5, 4, 2, 3))).data
    assert (y == y[:, :, :1, :1]).all()


@pytest.mark.parametrize(("kind", "shape"), KINDS)
@given(p=probabilities)
def test_in_evaluation_nothing_changes(kind: Any, shape: tuple[int, ...], p: float) -> None:
    x, rng = np.random.default_rng(1).random(shape), np.random.default_rng(0)
    before = rng.bit_generator.state
    np.testing.assert_array_equal(kind(p, rng=rng).eval()(x).data, x)
    assert rng.bit_generator.state == before


@pytest.mark.parametrize(("kind", "shape"), KINDS)
def test_gradient_goes_where_the_value_went(kind: Any, shape: tuple[int, ...]) -> None:
    x = mg.Tensor(np.ones(shape, np.float32), requires_grad=True)
    y = kind(0.3, rng=np.random.default_rng(0))(x)
    y.sum().backward()
    assert x.grad is not None
    assert y.dtype == x.grad.dtype == np.float32
    np.testing.assert_array_equal(x.grad.data, y.data)
    small = np.random.default_rng(1).random((2, 3, 1, 2))
    check_grad(lambda x: kind(0.5, rng=np.random.default_rng(4))(x), small, order=1)


def test_the_package_s_generator_is_the_default() -> None:
    x, layer = np.ones((4, 5)), nn.Dropout(0.5)
    nn.seed(3)
    first, second = layer(x).tolist(), layer(x).tolist()
    assert first != second
    nn.seed(3)
    assert layer(x).tolist() == first
    nn.Dropout(0.5, rng=np.random.default_rng(0))(x)  # draws from its own
    assert layer(x).tolist() == second


def test_a_generator_s_state_restores_the_choices() -> None:
    x, layer = np.ones((4, 5)), nn.Dropout(0.5, rng=np.random.default_rng(0))
    layer(x)
    assert layer.rng is not None
    state = layer.rng.bit_generator.state
    expected = [layer(x).tolist() for _ in range(3)]
    other = nn.Dropout(0.5, rng=np.random.default_rng(1))
    assert other.rng is not None
    other.rng.bit_generator.state = state
    assert [other(x).tolist() for _ in range(3)] == expected


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: nn.Dropout(1.5), ValueError, "Dropout: p must be between 0 and 1, got 1.5"),
        (lambda: nn.Dropout2d(float("nan")), ValueError, "Dropout2d: p must be between 0 and 1, got nan"),
        (lambda: nn.Dropout("half"), TypeError, "Dropout: p must be a number, got 'half'"),
        (lambda: nn.Dropout(0.5, rng=0), TypeError, "expected a np.random.Generator, got 0"),
        (lambda: nn.Dropout2d(0.5)(np.ones((2, 3))), ValueError, r"\(n, channels, height, width\), got \(2, 3\)"),
    ],
)
def test_wrong_calls(make: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        make()


def test_repr_shows_the_call() -> None:
    assert repr(nn.Dropout()) == "Dropout(0.5)"
    assert repr(nn.Dropout2d(0.25)) == "Dropout2d(0.25)"
