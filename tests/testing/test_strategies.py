"""The strategies draw what they say, and reach every kind of it."""

from typing import Any

import numpy as np
import pytest
from hypothesis import find, given, settings
from hypothesis import strategies as st

import minigrad as mg
from minigrad.nn import functional as F
from minigrad.testing import strategies
from minigrad.testing.strategies import LAYOUTS, laid_out

# `find` needs settings of its own, since it does not derandomize by the profile.
SEARCH = settings(max_examples=2000, database=None, derandomize=True)


def reached(strategy: st.SearchStrategy[Any], condition: Any) -> bool:
    """Whether `strategy` draws something for which the condition holds; `find` raises if it does not."""
    find(strategy, condition, settings=SEARCH)
    return True


@given(strategies.shapes(max_dims=3, max_side=4))
def test_shapes_are_within_bounds(shape: tuple[int, ...]) -> None:
    assert len(shape) <= 3
    assert all(0 <= n <= 4 for n in shape)


@given(strategies.broadcastable(3))
def test_broadcastable_shapes_broadcast(shapes: tuple[tuple[int, ...], ...]) -> None:
    np.broadcast_shapes(*shapes)


def test_shapes_of_every_kind_are_reached() -> None:
    assert reached(strategies.shapes(), lambda s: s == ())
    assert reached(strategies.shapes(), lambda s: 0 in s)
    assert reached(strategies.broadcastable(), lambda pair: pair[0] != pair[1] and 1 in pair[0] and len(pair[1]) > 1)


@given(strategies.arrays(low=-1, high=1, avoid=(0.0,), gap=0.2))
def test_arrays_avoid_their_points(x: Any) -> None:
    assert np.all(np.abs(x) >= 0.2 - 1e-12)
    assert np.all(np.abs(x) <= 1.2)


@given(strategies.arrays(distinct=True))
def test_distinct_arrays_have_no_ties(x: Any) -> None:
    assert len(np.unique(x)) == x.size
    assert x.size < 2 or np.diff(np.sort(x.ravel())).min() > 1e-2


@pytest.mark.parametrize("layout", LAYOUTS)
def test_layouts_change_the_strides_and_not_the_values(layout: str) -> None:
    values = np.arange(6.0).reshape(2, 3)
    x = laid_out(values, layout)
    assert x.shape == values.shape
    assert np.array_equal(x, values if layout != "repeated" else values[:1].repeat(2, 0))
    assert (x.strides == values.strides) is (layout == "plain")
    assert reached(strategies.arrays((2, 3)), lambda a: a.strides == x.strides)


@given(st.data())
def test_axes_fit(data: Any) -> None:
    x = data.draw(strategies.arrays())
    np.sum(x, axis=data.draw(strategies.axes(x.ndim)))


@given(st.data())
def test_indices_fit(data: Any) -> None:
    x = data.draw(strategies.arrays())
    index = data.draw(strategies.indices(x.shape))
    x[index]


def test_indices_of_every_kind_are_reached() -> None:
    drawn = strategies.indices((3, 2))
    parts = lambda i: i if isinstance(i, tuple) else (i,)  # noqa: E731
    for kind in (int, slice, type(None), type(Ellipsis), np.ndarray):
        assert reached(drawn, lambda i, kind=kind: any(isinstance(p, kind) for p in parts(i)))
    assert reached(drawn, lambda i: any(getattr(p, "dtype", None) is np.dtype(bool) for p in parts(i)))
    assert reached(drawn, lambda i: any(isinstance(p, slice) and p.step == -1 for p in parts(i)))
    assert reached(
        drawn,
        lambda i: any(isinstance(p, np.ndarray) and p.dtype != bool and p.size > len(np.unique(p)) for p in parts(i)),
    )


@given(strategies.einsum_specs())
def test_einsum_specs_are_numpys(spec: Any) -> None:
    subscripts, shapes = spec
    np.einsum(subscripts, *[np.ones(shape) for shape in shapes])


def test_einsum_specs_of_every_kind_are_reached() -> None:
    drawn = strategies.einsum_specs()
    assert reached(
        drawn, lambda s: any(len(set(t.strip("."))) < len(t.strip(".")) for t in s[0].partition("->")[0].split(","))
    )
    assert reached(drawn, lambda s: "..." in s[0] and "," in s[0])
    assert reached(drawn, lambda s: "->" not in s[0])
    assert reached(drawn, lambda s: s[0].count(",") == 2)


@given(strategies.convolutions())
def test_convolutions_fit(geometry: Any) -> None:
    x, weight, params = geometry
    F.conv2d(np.zeros(x), np.zeros(weight), **params)


@given(strategies.poolings())
def test_poolings_fit(geometry: Any) -> None:
    x, params = geometry
    F.max_pool2d(np.zeros(x), **params)


@given(strategies.tensors(requires_grad=True, dtype=np.float32))
def test_tensors_are_leaves(t: mg.Tensor) -> None:
    assert t.is_leaf
    assert t.requires_grad
    assert t.dtype == np.float32
