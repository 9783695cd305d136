"""Samples of the ops that move elements: shapes, joining, indexing."""

from typing import Any

import numpy as np
from hypothesis import strategies as st

import minigrad as mg
from minigrad.testing.strategies import arrays, axes, broadcastable, indices, shapes
from tests.ops.sample import Sample

X = np.arange(24.0).reshape(2, 3, 4) / 7 - 1
M = X[0]


def concatenate(*parts: Any, axis: Any) -> mg.Tensor:
    return mg.concatenate(parts, axis)


def stack(*parts: Any, axis: int) -> mg.Tensor:
    return mg.stack(parts, axis)


def scattered(x: Any, shape: Any, index: Any) -> Any:
    out = np.zeros(shape, x.dtype)
    np.add.at(out, index, x)
    return out


def replaced(x: Any, index: Any, value: Any) -> Any:
    out = np.array(x)
    out[index] = value
    return out


def plain(function: Any) -> Any:
    """A call drawn from one array by `function(draw, x)`, which returns the static arguments."""

    @st.composite
    def calls(draw: Any) -> Any:
        x = draw(arrays())
        return (x,), function(draw, x)

    return calls()


@st.composite
def reshaped(draw: Any) -> Any:
    x = draw(arrays())
    # Split and merge: the factors of the size in some order, perhaps one of them left to be inferred.
    shape = [draw(st.sampled_from([d for d in range(1, x.size + 1) if x.size % d == 0]))] if x.size else [0, 3]
    if x.size:
        shape.append(x.size // shape[0])
        if draw(st.booleans()):
            shape[draw(st.integers(0, 1))] = -1
    return (x,), {"shape": tuple(shape)}


@st.composite
def squeezed(draw: Any) -> Any:
    x = draw(arrays(shapes(max_side=2)))
    ones = [i for i, n in enumerate(x.shape) if n == 1]
    return (x,), {"axis": draw(st.none() | st.sampled_from(ones)) if ones else None}


@st.composite
def widened(draw: Any) -> Any:
    (small,) = draw(broadcastable(1))
    x = draw(arrays(small))
    shape = tuple([n if n != 1 else draw(st.integers(0, 3)) for n in small])
    return (x,), {"shape": (*draw(shapes(max_dims=2)), *shape)}


@st.composite
def joined(draw: Any, new: bool) -> Any:
    """Two or three arrays for concatenate (of different lengths along the axis) or stack."""
    shape = draw(shapes(min_dims=0 if new else 1))
    axis = draw(st.integers(-len(shape) - new, len(shape) - 1 + new)) if new or shape else 0
    parts = []
    for _ in range(draw(st.integers(1, 3))):
        own = list(shape)
        if not new:
            own[axis] = draw(st.integers(0, 3))
        parts.append(draw(arrays(tuple(own))))
    return tuple(parts), {"axis": axis if new or draw(st.integers(0, 4)) else None}


@st.composite
def padded(draw: Any, mode: str) -> Any:
    x = draw(arrays(shapes(min_dims=0 if mode == "constant" else 1, min_side=0 if mode == "constant" else 1)))
    widths = [(draw(st.integers(0, 2)), draw(st.integers(0, 2))) for _ in x.shape]
    params = {"pad_width": widths or 1, "mode": mode}
    return (x,), (params if draw(st.booleans()) or mode != "constant" else params | {"constant_values": 1.5})


@st.composite
def indexed(draw: Any) -> Any:
    x = draw(arrays())
    return (x, draw(indices(x.shape))), {}


@st.composite
def gathered(draw: Any) -> Any:
    """What scatter adds up: an array of the shape that the index selects."""
    shape = draw(shapes())
    index = draw(indices(shape))
    return (draw(arrays(np.zeros(shape)[index].shape)),), {"shape": shape, "index": index}


@st.composite
def written(draw: Any) -> Any:
    x = draw(arrays())
    index = draw(indices(x.shape))
    place = x[index].shape
    start = draw(st.integers(0, len(place)))
    value = draw(arrays(tuple([draw(st.sampled_from((n, n, 1))) for n in place[start:]])))
    return (x, index, value), {}


@st.composite
def permuted(draw: Any) -> Any:
    x = draw(arrays())
    order = draw(st.permutations(range(x.ndim)))
    return (x,), {"axes": draw(st.sampled_from((None, tuple(order), tuple(i - x.ndim for i in order))))}


@st.composite
def swapped(draw: Any) -> Any:
    x = draw(arrays(shapes(min_dims=1)))
    axis = st.integers(-x.ndim, x.ndim - 1)
    return (x, draw(axis), draw(axis)), {}


@st.composite
def expanded(draw: Any) -> Any:
    x = draw(arrays())
    return (x,), {"axis": draw(st.integers(-x.ndim - 1, x.ndim) | st.just((0, -1)))}


REPEATED = (np.array([0, 1, 1, 0]), slice(None), np.array([2, 0, 0, 2]))

SAMPLES = [
    Sample(
        "reshape",
        mg.reshape,
        reshaped(),
        lambda x, shape: np.reshape(x, shape),
        (((X,), {"shape": (4, -1)}),),
        analytic=True,
    ),
    Sample("reshape", mg.ravel, plain(lambda draw, x: {}), np.ravel, (((X,), {}),), analytic=True, variant="ravel"),
    Sample("reshape", mg.expand_dims, expanded(), np.expand_dims, (((M,), {"axis": 1}),), variant="expand_dims"),
    Sample("reshape", mg.squeeze, squeezed(), np.squeeze, (((M[:, None],), {"axis": 1}),), variant="squeeze"),
    Sample(
        "transpose",
        mg.transpose,
        permuted(),
        np.transpose,
        (((X,), {"axes": (1, 2, 0)}), ((M,), {"axes": None})),
        analytic=True,
    ),
    Sample("transpose", mg.swapaxes, swapped(), np.swapaxes, (((X, 0, -1), {}),), variant="swapaxes"),
    Sample(
        "broadcast_to",
        mg.broadcast_to,
        widened(),
        np.broadcast_to,
        (((M[:, :1],), {"shape": (2, 3, 4)}),),
        analytic=True,
    ),
    Sample(
        "concatenate",
        concatenate,
        joined(new=False),
        lambda *parts, axis: np.concatenate(parts, axis),
        (((M, M[:, :1], M[:, ::-1]), {"axis": 1}), ((M[:1], M), {"axis": None})),
        analytic=True,
    ),
    Sample(
        "stack",
        stack,
        joined(new=True),
        lambda *parts, axis: np.stack(parts, axis),
        (((M, M * 2, M - 3), {"axis": 1}),),
        analytic=True,
    ),
    Sample("pad", mg.pad, padded("constant"), np.pad, (((M,), {"pad_width": [(1, 0), (0, 2)]}),), analytic=True),
    *[
        Sample(
            "getitem",
            mg.pad,
            padded(mode),
            np.pad,
            (((M,), {"pad_width": [(1, 0), (2, 2)], "mode": mode}),),
            variant=f"pad {mode}",
        )
        for mode in ("edge", "reflect", "symmetric", "wrap")
    ],
    Sample(
        "flip",
        mg.flip,
        plain(lambda draw, x: {"axis": draw(axes(x.ndim))}),
        np.flip,
        (((X,), {"axis": (0, 2)}), ((M,), {"axis": 1})),
        analytic=True,
    ),
    Sample(
        "astype",
        mg.astype,
        plain(lambda draw, x: {"dtype": np.float64}),
        lambda x, dtype: x.astype(dtype),
        (((M,), {"dtype": np.float64}),),
    ),
    Sample(
        "getitem",
        mg.getitem,
        indexed(),
        lambda x, index: x[index],
        (((X, (slice(None, None, -1), 1)), {}), ((X, REPEATED), {}), ((X, X > 0), {})),
        analytic=True,
    ),
    Sample(
        "scatter",
        mg.scatter,
        gathered(),
        scattered,
        (((M,), {"shape": (2, 3, 4), "index": 1}), ((X[0, 0],), {"shape": (3,), "index": np.array([0, 2, 2, 0])})),
        analytic=True,
    ),
    Sample(
        "setitem",
        mg.setitem,
        written(),
        replaced,
        (
            ((X, (slice(None), 1), M[1] * 3), {}),
            ((M, (np.array([0, 2, 0]),), M * 2), {}),
            ((X, (slice(None), slice(0, 2)), M[1:2]), {}),
        ),
        analytic=True,
    ),
]
