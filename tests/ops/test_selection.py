"""What the property suite does not ask of reductions, scans, joining and selection: errors, memory, other oracles."""

import tracemalloc
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minigrad as mg
from minigrad.testing.strategies import arrays, indices, shapes

A = mg.ones((3, 4))
V = mg.Tensor([1.0, 2.0, 3.0], requires_grad=True)

WRONG: list[tuple[Any, type[Exception], str]] = [
    (lambda: mg.prod(A, axis=2), IndexError, "prod: axis 2 is out of range for a tensor with 2 axes"),
    (lambda: mg.cumsum(A, axis=-3), IndexError, "cumsum: axis -3"),
    (lambda: mg.cumprod(A, axis=(0, 1)), TypeError, r"cumprod: axis must be an integer, got tuple \(0, 1\)"),
    (lambda: mg.linear_recurrence(A, V), ValueError, r"linear_recurrence: shapes \(3, 4\) and \(3,\) do not broadcast"),
    (lambda: mg.diff(A, n=-1), ValueError, "diff: n must not be negative, got -1"),
    (lambda: mg.diff(1.0), ValueError, "diff: a 0-d tensor"),
    (lambda: mg.trapezoid(A, x=V), ValueError, r"trapezoid: 3 places for 4 values \(axis 1 of shape \(3, 4\)\)"),
    (
        lambda: mg.average(A, 1, V),
        ValueError,
        r"average: weights of shape \(3,\) do not fit; expected \(3, 4\) or \(4,\)",
    ),
    (lambda: mg.average(V, weights=[1.0, -1.0, 0.0]), ZeroDivisionError, "average: the weights add up to 0"),
    (lambda: mg.median(np.zeros((0, 2)), axis=0), ValueError, r"median: nothing to reduce: shape \(0, 2\)"),
    (lambda: mg.nanmax(np.zeros(0)), ValueError, "nanmax: nothing to reduce"),
    (lambda: mg.quantile(A, 1.5), ValueError, "quantile: q must be from 0 to 1, got 1.5"),
    (lambda: mg.percentile(A, -1), ValueError, "percentile: q must be from 0 to 100, got -1"),
    (lambda: mg.quantile(A, 0.5, method="best"), ValueError, "quantile: 'best' is not a valid method"),
    (lambda: mg.quantile(A, mg.Tensor(0.5, requires_grad=True)), TypeError, "quantile: no gradient flows to q"),
    (lambda: mg.sort(A, axis=2), IndexError, "sort: axis 2"),
    (lambda: mg.partition(V, 3), ValueError, r"partition: kth 3 is out of range for axis 0 of shape \(3,\)"),
    (lambda: mg.topk(A, 5), ValueError, "topk: k must be from 0 to 4, the length of axis 1"),
    (lambda: mg.moveaxis(A, 0, (0, 1)), ValueError, "moveaxis: 1 axes cannot be moved to 2 places"),
    (lambda: mg.rollaxis(A, 0, 5), IndexError, "rollaxis: start 5 is out of range"),
    (lambda: mg.broadcast_arrays(A, V), ValueError, r"broadcast_arrays: shapes \(3, 4\), \(3,\) do not broadcast"),
    (lambda: mg.meshgrid(V, indexing="ji"), ValueError, "meshgrid: indexing must be 'xy' or 'ij', got 'ji'"),
    (lambda: mg.meshgrid(A), ValueError, r"meshgrid: .* argument 0 has shape \(3, 4\)"),
    (lambda: mg.ravel(A, order="K"), ValueError, "ravel: order must be 'C' or 'F', got 'K'"),
    (lambda: mg.vstack([A, V]), ValueError, r"vstack: shapes \(3, 4\) and \(1, 3\) differ"),
    (lambda: mg.hstack(V.sum()), TypeError, "0-d tensor cannot be iterated"),
    (lambda: mg.split(A, 3, axis=1), ValueError, r"split: axis 1 of shape \(3, 4\) has length 4, no multiple of 3"),
    (lambda: mg.array_split(A, 0), ValueError, "array_split: the number of sections must be positive, got 0"),
    (lambda: mg.vsplit(V, 3), ValueError, "vsplit: needs a tensor with at least 2 axes"),
    (lambda: mg.delete(V, 3), IndexError, r"delete: index 3 is out of bounds .* \(axis 0 of shape \(3,\)\)"),
    (lambda: mg.insert(V, 4, 1.0), IndexError, r"insert: index 4 is out of bounds"),
    (
        lambda: mg.insert(A, [0, 1], V, axis=0),
        ValueError,
        r"insert: values of shape \(3,\) do not broadcast to \(2, 4\)",
    ),
    (lambda: mg.tile(A, -1), ValueError, "tile: reps must not be negative, got -1"),
    (lambda: mg.repeat(V, [1, 2]), ValueError, r"repeat: 2 repeats for axis 0 of shape \(3,\), which has length 3"),
    (lambda: mg.repeat(V, 1.5), ValueError, "repeat: repeats must be an integer >= 0"),
    (lambda: mg.roll(A, (1, 2, 3), (0, 1)), ValueError, r"roll: 3 shifts \(1, 2, 3\) for 2 axes"),
    (lambda: mg.rot90(A, axes=(0, 0)), ValueError, "rot90: axis .* names an axis twice"),
    (lambda: mg.fliplr(V), ValueError, "fliplr: needs a tensor with at least 2 axes"),
    (lambda: mg.sliding_window_view(V, 4), ValueError, "sliding_window_view: a window of 4 along axis 0"),
    (
        lambda: mg.sliding_window_view(A, 2),
        ValueError,
        r"sliding_window_view: window_shape \(2,\) for the axes \(0, 1\)",
    ),
    (lambda: mg.diagonal(V), ValueError, "diagonal: needs a tensor with at least 2 axes"),
    (lambda: mg.trace(A, axis1=1), ValueError, "trace: axis1 and axis2 are both axis 1"),
    (lambda: mg.diag(mg.ones((1, 2, 3))), ValueError, "diag: needs a vector or a matrix"),
    (lambda: mg.take(V, 3), IndexError, "take: index 3 is out of range for axis 0 of shape .*, which has length 3"),
    (lambda: mg.take(V, 0.5), TypeError, "take: indices must be integers, got dtype float64"),
    (lambda: mg.take(V, 0, mode="fold"), ValueError, "take: unknown mode 'fold'"),
    (
        lambda: mg.take_along_axis(A, [0], axis=1),
        ValueError,
        r"take_along_axis: indices of shape \(1,\) must have as many",
    ),
    (lambda: mg.take_along_axis(A, [[0], [0]], axis=1), ValueError, "take_along_axis: .* do not broadcast"),
    (lambda: mg.index_add(V, [0, 1], [1.0, 2.0, 3.0]), ValueError, r"index_add: values of shape \(3,\) do not fit"),
    (lambda: mg.where(V > 1, V), ValueError, "where: give both a and b, or neither"),
    (lambda: mg.select([V], [V]), TypeError, "select: condition 0 must be boolean, got dtype float64"),
    (lambda: mg.select([], []), ValueError, "select: 0 conditions for 0 choices"),
    (lambda: mg.choose([2], [V, V]), IndexError, "choose: index 2 is out of range for the list of choices"),
    (lambda: mg.compress([False] * 3 + [True], V), IndexError, "compress: the condition holds at 3"),
    (lambda: mg.masked_fill(V, [1, 0, 1], 0.0), TypeError, "masked_fill: the mask must be boolean, got dtype int64"),
    (lambda: mg.masked_fill(mg.arange(3), [True] * 3, 0.5), TypeError, "masked_fill: a value of dtype float64"),
    (lambda: mg.bincount([-1]), ValueError, "bincount: expected one axis of integers >= 0"),
    (lambda: mg.unique(mg.Tensor(np.ones((2, 2)), requires_grad=True), axis=0), TypeError, "unique: no gradient flows"),
    (lambda: np.put_along_axis(V, np.array([0]), 1.0, 0), TypeError, "np.put_along_axis writes into its argument"),
    (lambda: mg.full_like(A, V[0]), TypeError, "full_like: no gradient flows to the fill value"),
    (lambda: np.fill_diagonal(A, 1.0), TypeError, "np.fill_diagonal writes into its argument"),
    (lambda: np.take(V, [0], out=np.zeros(1)), TypeError, "np.take: out= .*not supported"),
    (lambda: np.prod(V, where=[True] * 3), TypeError, "np.prod on tensors: .*'where'"),
    (lambda: np.nanmax(V, initial=0), TypeError, "np.nanmax on tensors: .*'initial'"),
    (lambda: np.quantile(V, 0.5, weights=[1, 1, 1]), TypeError, "np.quantile on tensors: .*'weights'"),
    (lambda: np.add.accumulate(V, dtype=float), TypeError, "np.add.accumulate has no rule"),
]


@pytest.mark.parametrize(("call", "error", "message"), WRONG, ids=range(len(WRONG)))
def test_wrong_calls_raise_at_the_call(call: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call()


@given(data=st.data())
def test_every_index_numpy_takes_reads_writes_and_adds(data: Any) -> None:
    x = data.draw(arrays(shapes(max_dims=4)))
    index = data.draw(indices(x.shape))
    leaf = mg.Tensor(x, requires_grad=True)
    y = leaf[index]
    assert y.shape == x[index].shape
    np.testing.assert_array_equal(y.data, x[index])
    v = np.arange(1.0, y.size + 1).reshape(y.shape)
    expected = np.zeros_like(x)
    np.add.at(expected, index, v)
    (g,) = mg.grad(y, leaf, v)
    np.testing.assert_array_equal(g.data, expected)
    written = np.array(x)
    written[index] = v
    copy = leaf.copy()
    copy[index] = mg.Tensor(v)
    np.testing.assert_array_equal(copy.data, written)
    np.testing.assert_allclose(mg.index_add(leaf, index, v).data, x + expected)


@pytest.mark.parametrize("index", [([3, 5, 3],), (slice(None), [1, 2, 1]), (np.arange(500) % 2 == 0,)], ids=str)
def test_the_gradient_of_an_index_is_the_only_large_buffer(index: Any) -> None:
    x = mg.Tensor(np.ones((500, 1000)), requires_grad=True)
    y = x[index]
    upstream = np.ones(y.shape)
    tracemalloc.start()
    try:
        mg.grad(y, x, upstream)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 1.1 * x.nbytes


def test_functions_without_gradient_pass_through() -> None:
    x = mg.Tensor([3.0, 1.0, 2.0], requires_grad=True)
    for call in (
        lambda t: np.searchsorted([0.0, 1.5], t), lambda t: np.digitize(t, [0.0, 1.5]), lambda t: np.argpartition(t, 1),
        lambda t: np.lexsort((t, t)), np.nanargmax, np.nanargmin, lambda t: np.isin(t, [1.0]), np.flatnonzero,
    ):  # fmt: skip
        y = call(x)
        assert not y.requires_grad
        np.testing.assert_array_equal(y.data, call(x.data))
    assert np.where(x > 1.5)[0].tolist() == [0, 2]
    assert x.argpartition(0).data[0] == 1
    assert np.unravel_index(3, (2, 2)) == (1, 1)


def test_whole_numbers_and_booleans_keep_numpys_dtypes() -> None:
    whole, mask = np.array([[3, 1], [2, 2]]), np.array([True, False])
    for name in (
        "prod",
        "sum",
        "cumsum",
        "cumprod",
        "ptp",
        "sort",
        "median",
        "diff",
        "trace",
        "tril",
        "nansum",
        "nanmax",
    ):
        ours, numpy = getattr(mg, name)(whole), getattr(np, name)(whole)
        assert ours.dtype == numpy.dtype, name
        np.testing.assert_array_equal(ours.data, numpy)
    for name in ("prod", "sum", "cumsum", "diff", "sort", "median"):
        np.testing.assert_array_equal(getattr(mg, name)(mask).data, getattr(np, name)(mask))
    assert mg.sum(whole, dtype=np.int32).dtype == np.int32
    assert mg.prod(np.float32([2]), dtype=float).dtype == np.float64
    assert mg.quantile(whole, 0.5, method="lower").dtype == np.quantile(whole, 0.5, method="lower").dtype


def test_numpys_own_functions_and_methods_reach_the_rules() -> None:
    x = mg.Tensor([[3.0, 1.0], [2.0, 4.0]], requires_grad=True)
    for y, expected in (
        (np.multiply.reduce(x, axis=1), [3.0, 8.0]),
        (np.maximum.accumulate(x, axis=1), [[3.0, 3.0], [2.0, 4.0]]),
        (np.logaddexp.accumulate(x)[0], [3.0, 1.0]),
        (np.fmax.reduce(x), [3.0, 4.0]),
        (np.average(x, axis=0, weights=[1, 3], returned=True)[0], [2.25, 3.25]),
        (np.median(x, axis=0), [2.5, 2.5]),
        (np.column_stack([x, x[0]]), [[3.0, 1.0, 3.0], [2.0, 4.0, 1.0]]),
        (np.unstack(x, axis=1)[0], [3.0, 2.0]),
        (np.take_along_axis(x, x.argsort(axis=1).data, axis=1), [[1.0, 3.0], [2.0, 4.0]]),
        (np.lib.stride_tricks.sliding_window_view(x, 2, axis=0), [[[3.0, 2.0], [1.0, 4.0]]]),
        (x.cumsum(), [3.0, 4.0, 6.0, 10.0]),
        (x.cumprod(axis=0), [[3.0, 1.0], [6.0, 4.0]]),
        (x.prod(axis=0, keepdims=True), [[6.0, 4.0]]),
        (x.take([0, 3]), [3.0, 4.0]),
        (x.repeat(2, axis=0)[1], [3.0, 1.0]),
        (x.diagonal(), [3.0, 4.0]),
        (x.trace(), 7.0),
        (x.compress([False, True], axis=0), [[2.0, 4.0]]),
        (x.flatten("F"), [3.0, 2.0, 1.0, 4.0]),
    ):
        assert y.requires_grad
        assert y.tolist() == expected
    assert mg.Tensor([1, 0]).choose([x[0], x[1]]).tolist() == [2.0, 1.0]


TORCH: dict[str, Any] = {
    "prod": (lambda t, x: t.prod(x, 1), lambda x: mg.prod(x, 1)),
    "cumprod": (lambda t, x: t.cumprod(x, 1), lambda x: mg.cumprod(x, 1)),
    "logcumsumexp": (lambda t, x: t.logcumsumexp(x, 0), lambda x: mg.logcumsumexp(x, 0)),
    "cummax": (lambda t, x: t.cummax(x, 0).values, lambda x: mg.cummax(x, 0)),
    "sort": (lambda t, x: t.sort(x, 1).values, lambda x: mg.sort(x, 1)),
    "topk": (lambda t, x: t.topk(x, 2, 1).values, lambda x: mg.topk(x, 2, 1)[0]),
    "topk, smallest": (lambda t, x: t.topk(x, 2, 0, False).values, lambda x: mg.topk(x, 2, 0, False)[0]),
    "topk, places": (lambda t, x: t.topk(x, 3, 1).indices + 0 * x[:, :3], lambda x: mg.topk(x, 3, 1)[1] + 0 * x[:, :3]),
    "quantile": (
        lambda t, x: t.quantile(x, t.tensor([0.2, 0.7], dtype=x.dtype), 1),
        lambda x: mg.quantile(x, [0.2, 0.7], 1),
    ),
    "amax": (lambda t, x: t.amax(x * 0, (0, 1)) + x, lambda x: mg.amax(x * 0, (0, 1)) + x),
    "index_add": (
        lambda t, x: t.index_add(x, 0, t.tensor([2, 0, 2]), x * x),
        lambda x: mg.index_add(x, [2, 0, 2], x * x),
    ),
    "scatter_add": (
        lambda t, x: t.scatter_add(x, 1, t.tensor([[1, 1, 0, 3]] * 3), x * x),
        lambda x: mg.scatter_add(x, [[1, 1, 0, 3]] * 3, x * x, 1),
    ),
    "masked_fill": (lambda t, x: x.masked_fill(x > 0, 2.0), lambda x: mg.masked_fill(x, x > 0, 2.0)),
    "diag_embed": (lambda t, x: t.diag_embed(x, 1), lambda x: mg.diag_embed(x, 1)),
    "unfold": (lambda t, x: x.unfold(1, 3, 1), lambda x: mg.sliding_window_view(x, 3, 1)),
    "nansum": (lambda t, x: t.nansum(x / x * x, 1), lambda x: mg.nansum(x / x * x, 1)),
    "trapezoid": (lambda t, x: t.trapezoid(x, x * x, dim=1), lambda x: mg.trapezoid(x, x * x, axis=1)),
    "roll": (lambda t, x: t.roll(x, (1, 2), (0, 1)), lambda x: mg.roll(x, (1, 2), (0, 1))),
}


@pytest.mark.parametrize("name", TORCH)
def test_values_and_gradients_agree_with_torch(name: str, rng: np.random.Generator) -> None:
    torch = pytest.importorskip("torch", reason="torch is an optional oracle")
    theirs, ours = TORCH[name]
    for zeros in (False, True) if "prod" in name else (False,):
        x = rng.standard_normal((3, 4))
        if zeros:
            x[0, 1] = x[1, 0] = x[1, 2] = 0.0
        t, m = torch.tensor(x, requires_grad=True), mg.Tensor(x, requires_grad=True)
        y, z = theirs(torch, t), ours(m)
        np.testing.assert_allclose(z.data, y.detach().numpy(), rtol=1e-12)
        weights = rng.standard_normal(z.shape)
        y.backward(torch.tensor(weights))
        z.backward(weights)
        np.testing.assert_allclose(m.grad.data, t.grad.numpy(), rtol=1e-10, atol=1e-12)
