"""The kernels of convolution and pooling against their decompositions, on every path and in every memory order.

Arrays hold small integers, whose products and sums are exact: results must be equal to the last bit, or rounded once.
"""

from typing import Any

import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

import minigrad as mg
from minigrad.ops import _batch_last as batch_last
from minigrad.ops import _conv_kernels as kernels
from minigrad.ops import _pool_kernels as pools
from minigrad.ops._windows import Windows
from minigrad.ops.convolution import _avg_pool2d, _conv2d, _max_pool2d

ORDERS = [(0, 1, 2, 3), (2, 3, 1, 0), (1, 2, 3, 0), (0, 2, 3, 1)]
TILES = Windows((2, 2), (2, 2), ((0, 0), (0, 0)), (1, 1))
PRECISIONS = [("f8", "f8"), ("f4", "f4"), ("f2", "f2"), ("f4", "f8"), ("f8", "f4"), ("f2", "f4")]
pairs = st.tuples(st.integers(1, 3), st.integers(1, 3))
margins = st.tuples(*[st.tuples(st.integers(0, 4), st.integers(0, 4))] * 2)


def integers(shape: Any, dtype: Any = "f8", order: Any = ORDERS[0], seed: int = 0, high: int = 3) -> Any:
    """Small integers, their axes lying in memory in the given order, that nobody may write to."""
    values = np.random.default_rng(seed).integers(-high, high + 1, shape).astype(dtype)
    lying = np.ascontiguousarray(values.transpose(order)).transpose(np.argsort(order))
    lying.flags.writeable = False
    return lying


def tensor(array: Any) -> mg.Tensor:
    """A tensor with the array's order in memory, which a leaf would not keep."""
    order = order_of(array)
    return mg.transpose(mg.Tensor(array.transpose(order), requires_grad=True), tuple(np.argsort(order).tolist()))


def order_of(array: Any) -> list[int]:
    return sorted(range(array.ndim), key=lambda axis: -array.strides[axis])


@st.composite
def convolutions(draw: Any) -> Any:
    """Shapes, windows and groups; sizes around those at which another way is taken."""
    groups, per, filters = draw(st.integers(1, 3)), draw(st.sampled_from([1, 2, 8])), draw(st.integers(1, 3))
    n = draw(st.one_of(st.integers(0, 33), st.sampled_from([64, 65])))
    w = Windows(draw(pairs), draw(pairs), draw(margins), draw(pairs))
    shape = (n, groups * per, draw(st.integers(1, 7)), draw(st.integers(1, 7)))
    assume(min(w.out(shape)) > 0 and min(w.padded(shape)[2 + i] - w.extent(i) for i in (0, 1)) >= 0)
    return shape, (groups * filters, per, *w.kernel), w, groups


def check_convolution(drawn: Any, dtypes: Any, orders: Any, batch: bool, seed: int) -> None:
    shape, weight_shape, w, groups = drawn
    x = integers(shape, dtypes[0], orders[0], seed)
    weight = integers(weight_shape, dtypes[1], orders[1], seed + 1)
    bias = integers(weight_shape[:1], dtypes[1], (0,), seed + 2)
    out = np.result_type(x, weight)
    g = integers((shape[0], weight_shape[0], *w.out(shape)), out, orders[2], seed + 3, 1)
    leaves = [mg.Tensor(a.astype("f8"), requires_grad=True) for a in (x, weight, bias)]
    with mg.decompose():
        y = _conv2d(*leaves, w=w, groups=groups)
    expected = [y.detach(), *mg.grad(y, leaves, mg.Tensor(g.astype("f8")))]
    if batch:
        found = [
            batch_last.correlate(x, weight, bias, w, groups),
            batch_last.spread(g, weight, shape, w, groups),
            batch_last.weight_gradient(g, x, weight_shape, w, groups),
            kernels.conv_bias(g),
        ]
        dtypes = [out, out, out, out]
    else:
        leaves = [tensor(a) for a in (x, weight, bias)]
        y = _conv2d(*leaves, w=w, groups=groups)
        found = [t.numpy() for t in (y.detach(), *mg.grad(y, leaves, tensor(g).detach()))]
        dtypes = [out, x.dtype, weight.dtype, bias.dtype]
    for name, a, b, dtype in zip(("y", "dx", "dw", "db"), found, expected, dtypes, strict=True):
        assert a.dtype == dtype, name
        np.testing.assert_array_equal(a, b.numpy().astype(dtype), err_msg=name)


@settings(max_examples=400)
@given(
    convolutions(),
    st.sampled_from(PRECISIONS),
    st.tuples(*[st.sampled_from(ORDERS)] * 3),
    st.booleans(),
    st.integers(0, 9),
)
# Strides and dilations beyond the filter, padding wider than the window, columns and rows of it that see padding only.
@example(
    ((33, 16, 7, 6), (4, 8, 2, 2), Windows((2, 2), (3, 3), ((4, 0), (0, 4)), (1, 1)), 2),
    ("f4", "f4"), (ORDERS[1],) * 3, False, 0,
)  # fmt: skip
@example(
    ((17, 2, 2, 2), (2, 2, 3, 3), Windows((3, 3), (1, 1), ((4, 3), (3, 4)), (2, 2)), 1),
    ("f8", "f8"), (ORDERS[1],) * 3, True, 0,
)  # fmt: skip
@example(
    ((0, 16, 4, 4), (4, 8, 3, 3), Windows((3, 3), (1, 1), ((1, 1), (1, 1)), (1, 1)), 2),
    ("f4", "f4"), (ORDERS[0],) * 3, False, 0,
)  # fmt: skip
def test_convolution_and_its_gradients(drawn: Any, dtypes: Any, orders: Any, batch: bool, seed: int) -> None:
    check_convolution(drawn, dtypes, orders, batch and drawn[0][0] > 0, seed)


@pytest.mark.parametrize("kernel", [(1, 1), (1, 3), (3, 3)])
@pytest.mark.parametrize("per", [2, 32])
def test_more_images_than_one_block(kernel: Any, per: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch_last, "BLOCK", 24)
    monkeypatch.setattr(batch_last, "_PRODUCTS", 500)  # so few that a row is summed in pieces
    w = Windows(kernel, (1, 1), ((0, 0), (0, 0)), (1, 1))
    check_convolution(((67, per, 4, 5), (3, per, *kernel), w, 1), ("f4", "f4"), (ORDERS[1],) * 3, True, 0)
    check_convolution(((67, per, 4, 5), (3, per, *kernel), w, 1), ("f4", "f4"), (ORDERS[1],) * 3, False, 0)


def test_images_stay_last_in_memory() -> None:
    x = integers((64, 3, 6, 6), "f4")
    weight = integers((5, 3, 3, 3), "f4")
    w = Windows((3, 3), (1, 1), ((1, 1), (1, 1)), (1, 1))
    x, weight = mg.Tensor(x, requires_grad=True), mg.Tensor(weight, requires_grad=True)
    y = _conv2d(x, weight, None, w=w, groups=1)
    z = _max_pool2d(mg.relu(y), w=TILES)
    assert order_of(y.detach().numpy()) == order_of(z.detach().numpy()) == [2, 3, 1, 0]
    assert order_of(mg.grad(z.sum(), y)[0].numpy()) == [2, 3, 1, 0]


class Plain(np.ndarray[Any, Any]):
    """Stands for arrays of another library."""


def test_other_arrays_go_image_by_image() -> None:
    x, weight = (integers(s, "f4").view(Plain) for s in ((64, 8, 5, 5), (4, 8, 3, 3)))
    w = Windows((3, 3), (1, 1), ((1, 1), (1, 1)), (1, 1))
    y = kernels.conv_forward(x, weight, None, w, 1)
    g = np.ones_like(y)
    assert type(y) is Plain
    plain = [
        y,
        kernels.conv_input(g, weight, x.shape, w, 1),
        kernels.conv_weight(g, x, weight.shape, w, 1),
        kernels.conv_bias(g),
        pools.max_pool(x, TILES)[0],
        pools.sum_windows(x, TILES),
    ]
    x, weight, g = x.view(np.ndarray), weight.view(np.ndarray), g.view(np.ndarray)
    own = [
        kernels.conv_forward(x, weight, None, w, 1),
        kernels.conv_input(g, weight, x.shape, w, 1),
        kernels.conv_weight(g, x, weight.shape, w, 1),
        kernels.conv_bias(g),
        pools.max_pool(x, TILES)[0],
        pools.sum_windows(x, TILES),
    ]
    for a, b in zip(plain, own, strict=True):
        np.testing.assert_array_equal(np.asarray(a), b)


@st.composite
def poolings(draw: Any) -> Any:
    if draw(st.booleans()):
        w = TILES
    else:
        kernel = draw(pairs)
        w = Windows(
            kernel, draw(pairs), draw(st.tuples(*[st.tuples(*[st.integers(0, k // 2)] * 2) for k in kernel])), (1, 1)
        )
    shape = tuple(draw(st.tuples(st.integers(0, 20), st.integers(1, 4), st.integers(2, 7), st.integers(2, 7))))
    assume(all(w.padded(shape)[2 + i] >= w.extent(i) for i in (0, 1)))
    return shape, w


@settings(max_examples=150)
@given(poolings(), st.sampled_from(["f8", "f4", "f2"]), st.tuples(*[st.sampled_from(ORDERS)] * 2), st.integers(0, 9))
def test_pooling_and_its_gradient(drawn: Any, dtype: str, orders: Any, seed: int) -> None:
    shape, w = drawn
    x = integers(shape, dtype, orders[0], seed, high=1)  # so few numbers that most windows have ties
    g = integers((*shape[:2], *w.out(shape)), dtype, orders[1], seed + 1) * w.kernel[0] * w.kernel[1]
    for op in (_max_pool2d, _avg_pool2d):
        leaf = tensor(x)
        y = op(leaf, w=w)
        (dx,) = mg.grad(y, leaf, tensor(g).detach())
        leaf = tensor(x)
        with mg.decompose():
            slow = op(leaf, w=w)
        (expected,) = mg.grad(slow, leaf, mg.Tensor(g))
        np.testing.assert_allclose(y.detach().numpy(), slow.detach().numpy(), rtol=1e-3 if dtype == "f2" else 1e-6)
        np.testing.assert_allclose(dx.numpy(), expected.numpy(), rtol=1e-3 if dtype == "f2" else 1e-6)
        assert y.dtype == dx.dtype == np.dtype(dtype)


@pytest.mark.parametrize("order", ORDERS)
def test_pieces_of_a_large_batch(order: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    x = integers((9, 3, 13, 10), "f4", order, high=1)
    whole, place = pools.max_pool(x, TILES)
    dx = pools.max_pool_input(whole, place, x.shape, TILES)
    monkeypatch.setattr(pools, "_ROWS", 100)
    y, place = pools.max_pool(x, TILES)
    np.testing.assert_array_equal(y, whole)
    np.testing.assert_array_equal(pools.max_pool_input(whole, place, x.shape, TILES), dx)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("w", [TILES, Windows((2, 2), (1, 1), ((0, 0), (0, 0)), (1, 1))])
@pytest.mark.parametrize("at", range(4))
def test_a_nan_wins_its_window(w: Windows, order: Any, at: int) -> None:
    x = np.array(integers((2, 1, 2, 2), "f4", order), copy=True, order="K")
    x[1, 0, at // 2, at % 2] = np.nan
    y, place = pools.max_pool(x, w)
    assert np.isnan(y).ravel().tolist() == [False, True]
    # The gradient goes to one element of the window, and is none of the window's NaNs.
    dx = pools.max_pool_input(np.ones_like(y), place, x.shape, w)
    assert dx.sum(axis=(1, 2, 3)).tolist() == [1, 1]
    assert sorted(dx[1].ravel().tolist()) == [0, 0, 0, 1]


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("n", [2, 50])
def test_relu_keeps_the_memory_order(n: int, order: Any) -> None:
    x, g = integers((n, 20, 10, 10), "f4", order), integers((n, 20, 10, 10), "f4", seed=1)
    y = mg.relu(tensor(x)).detach().numpy()
    np.testing.assert_array_equal(y, np.maximum(x, 0))
    assert order_of(y) == order_of(x)
    dx = mg.registry["relu"].rules[0](g, y)
    np.testing.assert_array_equal(dx, g * (x > 0))
    if n == 50:  # small ones are left to NumPy, which goes by the first operand
        assert order_of(dx) == order_of(x)
