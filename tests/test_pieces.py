"""Gradients of a value that is read in pieces: one array for all of them, and sums that are nobody else's."""

import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minigrad as mg
from minigrad.backend import Once, add_at, scatter_add
from minigrad.testing.strategies import arrays, indices, shapes


@st.composite
def reads(draw: Any) -> Any:
    """Draw an array and what is done with it: None reads it whole, anything else is an index."""
    x = draw(arrays(shapes(min_dims=1)))
    whole_or_part = st.none() | indices(x.shape).map(lambda index: (index,))
    return x, draw(st.lists(whole_or_part, min_size=1, max_size=5))


@given(reads(), st.booleans())
def test_all_that_is_read_adds_up(case: Any, leaf: bool) -> None:
    values, read = case
    start = mg.Tensor(values, requires_grad=True)
    x = start if leaf else start * 1.0
    rng = np.random.default_rng(0)
    pieces = [x if r is None else x[r[0]] for r in read]
    weights = [np.asarray(rng.standard_normal(p.shape)) for p in pieces]
    given_weights = [w.copy() for w in weights]
    expected = np.zeros_like(values)
    for r, w in zip(read, weights, strict=True):
        np.add.at(expected, ... if r is None else r[0], w)
    for _ in range(2):
        (found,) = mg.grad(pieces, x, weights, retain_graph=True)
        np.testing.assert_allclose(found.data, expected, rtol=1e-12, atol=1e-12)
    (recorded,) = mg.grad(pieces, x, weights, create_graph=True)
    np.testing.assert_allclose(recorded.data, expected, rtol=1e-12, atol=1e-12)
    for w, before in zip(weights, given_weights, strict=True):
        np.testing.assert_array_equal(w, before)


def test_what_hooks_and_retained_gradients_hold_stays_as_it_was() -> None:
    x = mg.Tensor(np.ones(4), requires_grad=True)
    y = x * 1.0
    y.retain_grad()
    held: list[mg.Tensor] = []
    y.register_hook(held.append)
    z = y * 1.0  # its gradient, an array of the sweep's own, goes on to y as it is
    z.register_hook(held.append)
    ((z * 2.0).sum() + y[:2].sum() + y[1:3].sum() + y[[0, 0]].sum()).backward()
    assert [g.tolist() for g in held] == [[2.0] * 4, [5.0, 4.0, 3.0, 2.0]]
    assert y.grad.tolist() == x.grad.tolist() == [5.0, 4.0, 3.0, 2.0]


PIECES: dict[str, Callable[[mg.Tensor], Any]] = {
    "split": lambda x: mg.split(x, 50),
    "array_split": lambda x: mg.array_split(x, 33),
    "hsplit": lambda x: mg.hsplit(x, 10),
    "unstack": lambda x: mg.unstack(x, axis=1),
    "x[:, t]": lambda x: [x[:, t] for t in range(x.shape[1])],
    "x[rows]": lambda x: [x[[t, 0, t]] for t in range(x.shape[0])],
    "x[rows, columns]": lambda x: [x[[t, 0], [1, t]] for t in range(x.shape[0])],
    "x[mask]": lambda x: [x[np.arange(x.shape[0]) % 20 == t] for t in range(20)],
}


@pytest.mark.parametrize("name", PIECES)
def test_the_pieces_share_one_array(name: str) -> None:
    x = mg.Tensor(np.ones((100, 100, 20)), requires_grad=True)
    pieces = PIECES[name](x)
    weights = [np.ones(p.shape) for p in pieces]
    tracemalloc.start()
    try:
        (g,) = mg.grad(pieces, x, weights)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert g.sum().item() == sum(p.size for p in pieces)
    assert peak < 1.5 * x.data.nbytes


@st.composite
def additions(draw: Any) -> Any:
    shape = draw(shapes(min_dims=1, min_side=1))
    index = draw(indices(shape))
    if draw(st.booleans()):  # rows of memory, in as many dimensions as there are
        depth = draw(st.integers(1, len(shape)))
        count = draw(st.integers(0, 6))
        index = tuple(
            np.array(draw(st.lists(st.integers(-n, n - 1), min_size=count, max_size=count)), np.intp)
            for n in shape[:depth]
        )
    return shape, index


@given(additions(), st.sampled_from([np.float16, np.float32, np.float64, np.int64]), st.booleans())
def test_adding_at_places_is_what_numpy_does_to_the_last_bit(case: Any, dtype: Any, transposed: bool) -> None:
    shape, index = case
    rng = np.random.default_rng(1)
    out = (rng.standard_normal(shape) * 9).astype(dtype)
    if transposed:
        out = out.copy(order="F")
    values = (rng.standard_normal(out[index].shape) * 9).astype(dtype)
    expected = out.copy()
    np.add.at(expected, index, values)
    add_at(out, index, values)
    np.testing.assert_array_equal(out, expected, strict=True)


@pytest.mark.parametrize("width", [1, 2, 7, 64])
def test_many_rows_are_added_piece_by_piece(width: int, rng: np.random.Generator) -> None:
    numbers = rng.integers(-50, 50, (3000, 3))
    values = rng.standard_normal((*numbers.shape, width)).astype(np.float32)
    expected = np.zeros((50, width), np.float32)
    np.add.at(expected, numbers, values)
    np.testing.assert_array_equal(scatter_add(values, expected.shape, numbers), expected)
    strided = np.repeat(values, 2, axis=-1)[..., ::2]
    np.testing.assert_array_equal(scatter_add(strided, expected.shape, numbers), expected)


def test_a_place_that_is_not_there_is_an_error() -> None:
    for wrong in (np.array([0, 3]), np.array([-4])):
        with pytest.raises(IndexError, match="out of bounds"):
            add_at(np.zeros((3, 2)), wrong, np.ones((len(wrong), 2)))
    assert scatter_add(np.ones(2), (3,), Once((np.array([2, 0]),))).tolist() == [1.0, 0.0, 1.0]
