"""Samples of choosing and adding by place, along an axis, and by condition."""

from typing import Any

import numpy as np
from hypothesis import strategies as st

import minigrad as mg
from minigrad.testing.strategies import arrays, broadcastable, indices, shapes
from tests.ops.sample import Sample
from tests.ops.samples_shape import REPEATED, M, X


@st.composite
def taken(draw: Any) -> Any:
    x = draw(arrays(shapes(min_dims=1, min_side=1)))
    axis = draw(st.none() | st.integers(-x.ndim, x.ndim - 1))
    n = x.size if axis is None else x.shape[axis]
    mode = draw(st.sampled_from(("raise", "wrap", "clip")))
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    reach = 1 if mode == "raise" else 2
    return (x,), {"indices": rng.integers(-n * reach, n * reach, draw(shapes(max_dims=2))), "axis": axis, "mode": mode}


@st.composite
def in_lines(draw: Any, values: bool = False, unique: bool = False) -> Any:
    """An array, places along an axis, perhaps values to put there, and the axis."""
    x = draw(arrays(shapes(min_dims=1, min_side=1)))
    axis = draw(st.integers(-x.ndim, x.ndim - 1))
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    n = x.shape[axis]
    if unique:
        places = np.argsort(rng.random(x.shape), axis=axis)
    else:
        sides = [draw(st.integers(0, 3)) if i == axis % x.ndim else k for i, k in enumerate(x.shape)]
        places = rng.integers(-n, n, sides)
    return (x, places, *([draw(arrays(places.shape))] if values else [])), {"axis": axis}


def put_along(x: Any, places: Any, values: Any, axis: int) -> Any:
    out = np.array(x)
    np.put_along_axis(out, places, values, axis)
    return out


def added_along(x: Any, places: Any, values: Any, axis: int) -> Any:
    out = np.array(x)
    grid = list(np.ogrid[tuple(slice(n) for n in places.shape)])
    grid[axis] = places
    np.add.at(out, tuple(grid), values)
    return out


def added(x: Any, index: Any, values: Any) -> Any:
    out = np.array(x)
    np.add.at(out, index, values)
    return out


@st.composite
def additions(draw: Any) -> Any:
    x = draw(arrays())
    index = draw(indices(x.shape))
    place = x[index].shape
    start = draw(st.integers(0, len(place)))
    return (x, index, draw(arrays(tuple([draw(st.sampled_from((n, n, 1))) for n in place[start:]])))), {}


def select(x: Any, a: Any, b: Any, conditions: Any) -> mg.Tensor:
    return mg.select(conditions, [a, b], x)


@st.composite
def selected(draw: Any) -> Any:
    a, b, c, d, e = draw(broadcastable(5))
    conditions = [draw(arrays(d)) > 0, draw(arrays(e)) > 0]
    return (draw(arrays(a)), draw(arrays(b)), draw(arrays(c))), {"conditions": conditions}


def choose(a: Any, b: Any, numbers: Any) -> mg.Tensor:
    return mg.choose(numbers, [a, b, 2.0 * a])


@st.composite
def chosen(draw: Any) -> Any:
    a, b, c = draw(broadcastable(3))
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    return (draw(arrays(a)), draw(arrays(b))), {"numbers": rng.integers(0, 3, c)}


def compress(x: Any, condition: Any, axis: Any) -> mg.Tensor:
    return mg.compress(condition, x, axis)


@st.composite
def compressed(draw: Any) -> Any:
    x = draw(arrays(shapes(min_dims=1)))
    axis = draw(st.none() | st.integers(-x.ndim, x.ndim - 1))
    n = x.size if axis is None else x.shape[axis]
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    return (x,), {"condition": rng.random(draw(st.integers(0, n))) < 0.6, "axis": axis}


def extract(x: Any) -> mg.Tensor:
    return mg.extract(np.asarray(x.data) > 0 if isinstance(x, mg.Tensor) else x > 0, x)


@st.composite
def masked(draw: Any) -> Any:
    a, b = draw(broadcastable())
    return (draw(arrays(a)), draw(arrays(b)) > 0, draw(arrays(()))), {}


def bincount(weights: Any, numbers: Any, minlength: int = 0) -> mg.Tensor:
    return mg.bincount(numbers, weights, minlength)


@st.composite
def counted(draw: Any) -> Any:
    w = draw(arrays(shapes(min_dims=1, max_dims=1, min_side=1, max_side=6)))
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    return (w,), {"numbers": rng.integers(0, 4, w.shape), "minlength": draw(st.integers(0, 6))}


PLACES = np.array([[1, 0, 1, -1]])

SAMPLES = [
    Sample(
        "getitem",
        mg.take,
        taken(),
        np.take,
        (
            ((X,), {"indices": np.array([[2, 0], [2, 1]]), "axis": 1}),
            ((X,), {"indices": np.array([5, 5]), "axis": None}),
        ),
        variant="take",
    ),
    Sample(
        "getitem",
        mg.take_along_axis,
        in_lines(),
        np.take_along_axis,
        (((M, PLACES), {"axis": 0}),),
        variant="take_along_axis",
    ),
    Sample(
        "setitem",
        mg.put_along_axis,
        in_lines(values=True, unique=True),
        put_along,
        (((M, PLACES, M[:1] * 2), {"axis": 0}),),
        variant="put_along_axis",
    ),
    Sample(
        "index_add",
        mg.index_add,
        additions(),
        added,
        (
            ((X, REPEATED, X[0, 0, :3] + 1), {}),
            ((M, slice(0, 2), M[0]), {}),
            ((X[0, 0], np.array([0, 2, 2]), X[0, 0, :3] + 2), {}),
        ),
        analytic=True,
    ),
    Sample(
        "index_add",
        mg.scatter_add,
        in_lines(values=True),
        added_along,
        (((M, PLACES, M[:1] * 2), {"axis": 0}),),
        variant="scatter_add",
    ),
    Sample(
        "where",
        select,
        selected(),
        lambda x, a, b, conditions: np.select(conditions, [a, b], x),
        (((M, M * 2, M[0]), {"conditions": [M > 0, M[:, :1] < -0.5]}),),
        variant="select",
    ),
    Sample(
        "getitem",
        choose,
        chosen(),
        lambda a, b, numbers: np.choose(numbers, [a, b, 2.0 * a]),
        (((M, M[0] * 3), {"numbers": np.arange(12).reshape(3, 4) % 3}),),
        variant="choose",
    ),
    Sample(
        "getitem",
        compress,
        compressed(),
        lambda x, condition, axis: np.compress(condition, x, axis),
        (((X,), {"condition": [True, False, True], "axis": 1}),),
        variant="compress",
    ),
    Sample(
        "getitem",
        extract,
        arrays(avoid=(0.0,)).map(lambda x: ((x,), {})),
        lambda x: np.extract(x > 0, x),
        (((M + 0.05,), {}),),
        variant="extract",
    ),
    Sample(
        "where",
        mg.masked_fill,
        masked(),
        lambda x, mask, value: np.where(mask, value, x),
        (((M, M > 0, np.array(0.5)), {}),),
        variant="masked_fill",
    ),
    Sample(
        "scatter",
        bincount,
        counted(),
        lambda w, numbers, minlength=0: np.bincount(numbers, w, minlength),
        (((M[0],), {"numbers": np.array([2, 0, 2, 1])}),),
        variant="bincount",
    ),
]
