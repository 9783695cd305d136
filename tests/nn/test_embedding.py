"""Embedding: rows by index, padding, existing tables, PyTorch's values, and wrong indices."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minigrad import nn
from minigrad.testing.strategies import shapes
from tests.nn.torch_layers import compare_layers


@given(shape=shapes(max_dims=3, min_side=0), count=st.integers(1, 6), width=st.integers(1, 4))
def test_rows_and_how_often_they_were_used(shape: tuple[int, ...], count: int, width: int) -> None:
    layer = nn.Embedding(count, width, rng=np.random.default_rng(0))
    indices = np.asarray(np.random.default_rng(1).integers(0, count, shape))
    y = layer(indices)
    np.testing.assert_array_equal(y.data, layer.weight.data[indices])
    assert y.dtype == np.float32
    y.sum().backward()
    assert layer.weight.grad is not None
    used = np.bincount(indices.ravel(), minlength=count)
    np.testing.assert_array_equal(layer.weight.grad.data, np.repeat(used[:, None], width, 1))


@given(padding=st.sampled_from((0, 2, -1)))
def test_padding_starts_at_0_and_stays(padding: int) -> None:
    layer = nn.Embedding(4, 3, padding_idx=padding)
    optimizer = nn.SGD(layer.parameters(), lr=0.5)
    before = layer.weight.data.copy()
    layer([0, 1, 2, 3, 3]).sum().backward()
    optimizer.step()
    moved = (layer.weight.data != before).any(axis=1)
    assert moved.tolist() == [i != padding % 4 for i in range(4)]
    assert not layer([padding % 4]).data.any()


def test_first_values() -> None:
    layer = nn.Embedding(1000, 50, rng=np.random.default_rng(0))
    assert abs(float(layer.weight.data.std()) - 1) < 0.02
    again = nn.Embedding(1000, 50, rng=np.random.default_rng(0))
    np.testing.assert_array_equal(layer.weight.data, again.weight.data)
    assert float(abs(nn.Embedding(100, 5, init=nn.init.uniform, dtype="f2").weight.data).max()) < 0.0101


def test_an_existing_table() -> None:
    table = np.arange(12.0).reshape(4, 3)
    layer = nn.Embedding.from_pretrained(table, padding_idx=1)
    table[:] = 0
    assert layer([1, 3]).tolist() == [[3, 4, 5], [9, 10, 11]]
    assert layer.weight.dtype == np.float64
    assert not layer([1]).requires_grad
    learned = nn.Embedding.from_pretrained(np.ones((2, 2), np.float32), freeze=False)
    assert learned([1]).requires_grad
    other = nn.Embedding(4, 3, dtype=np.float64)
    other.load_state_dict(layer.state_dict())
    assert other([2]).tolist() == [[6, 7, 8]]


@pytest.mark.parametrize("padding", [None, 2])
def test_as_in_pytorch(padding: int | None) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is the oracle here")
    theirs = torch.nn.Embedding(5, 3, padding_idx=padding, dtype=torch.float64)
    compare_layers(nn.Embedding(5, 3, padding, dtype=np.float64), theirs, np.array([[1, 2, 2], [4, 0, 1]]))


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: nn.Embedding(0, 3), ValueError, "Embedding: num_embeddings must be at least 1, got 0"),
        (lambda: nn.Embedding(3, 2.0), TypeError, "Embedding: embedding_dim must be an integer, got 2.0"),
        (lambda: nn.Embedding(3, 2, padding_idx=3), IndexError, "padding_idx 3 is out of range for 3 rows"),
        (lambda: nn.Embedding(3, 2, padding_idx=1.0), TypeError, "padding_idx must be an integer or None, got 1.0"),
        (lambda: nn.Embedding(3, 2)([[0, 1], [2, 7]]), IndexError, r"index 7 is not in \[0, 3\)"),
        (lambda: nn.Embedding(3, 2)([-1]), IndexError, r"index -1 is not in \[0, 3\)"),
        (lambda: nn.Embedding(3, 2)([0.0]), TypeError, "indices must be integers, got float64"),
        (lambda: nn.Embedding.from_pretrained([1.0]), ValueError, r"a table of two axes, got shape \(1,\)"),
        (lambda: nn.Embedding.from_pretrained([[1, 2]]), TypeError, "expected floating numbers, got int64"),
    ],
)
def test_wrong_calls(make: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        make()


def test_repr_shows_the_call() -> None:
    assert repr(nn.Embedding(5, 3)) == "Embedding(5, 3)"
    assert repr(nn.Embedding(5, 3, -1)) == "Embedding(5, 3, padding_idx=4)"
