"""Samples of what is built on the ops that move elements: stacks, splits, repeats, diagonals, windows."""

from typing import Any

import numpy as np
from hypothesis import strategies as st

import minigrad as mg
from minigrad.ops.diagonals import _diag_embed
from minigrad.ops.rearrange import _overlap_add
from minigrad.testing.strategies import arrays, axes, broadcastable, shapes
from tests.ops.sample import Sample
from tests.ops.samples_shape import M, X, plain


def several(function: Any, op: str, reference: Any, calls: Any, *fixed: Any) -> Sample:
    """A sample of a function that takes a sequence of tensors."""
    name = function.__name__

    def call(*parts: Any) -> mg.Tensor:
        return function(parts)

    call.__name__ = call.__qualname__ = name
    return Sample(op, call, calls, lambda *parts: reference(parts), tuple((f, {}) for f in fixed), variant=name)


def piece(function: Any, which: int, *args: Any, **params: Any) -> Any:
    """One of the pieces that a function of tensors or arrays returns."""

    def call(x: Any) -> Any:
        return function(x, *args, **params)[which]

    call.__name__ = call.__qualname__ = function.__name__
    return call


def apart(name: str, args: Any, which: int, x: Any, **params: Any) -> Sample:
    """A sample of one piece of a split, at one shape."""
    ours, numpy = piece(getattr(mg, name), which, *args, **params), piece(getattr(np, name), which, *args, **params)
    return Sample(
        "getitem", ours, arrays(x.shape).map(lambda v: ((v,), {})), numpy, (((x,), {}),), variant=f"{name} {which}"
    )


@st.composite
def alike(draw: Any, low: int, high: int) -> Any:
    shape = draw(shapes(min_dims=low, max_dims=high))
    return tuple(draw(arrays(shape)) for _ in range(draw(st.integers(1, 3)))), {}


@st.composite
def diagonals(draw: Any) -> Any:
    x = draw(arrays(shapes(min_dims=2)))
    i, j = draw(st.permutations(range(x.ndim)))[:2]
    return (x,), {"offset": draw(st.integers(-2, 2)), "axis1": i, "axis2": j - x.ndim}


@st.composite
def embedded(draw: Any) -> Any:
    shape = draw(shapes(min_dims=2))
    i, j = draw(st.permutations(range(len(shape))))[:2]
    params = {"offset": draw(st.integers(-2, 2)), "axis1": i, "axis2": j}
    inside = np.diagonal(np.zeros(shape), **params).shape
    return (draw(arrays(inside)),), {"shape": shape, **params}


def on_diagonal(x: Any, shape: Any, offset: int, axis1: int, axis2: int) -> Any:
    out = np.zeros(shape, x.dtype)
    view = np.diagonal(out, offset, axis1, axis2)
    view.flags.writeable = True
    view[...] = x
    return out


@st.composite
def triangles(draw: Any) -> Any:
    return (draw(arrays(shapes(min_dims=1))),), {"k": draw(st.integers(-2, 2))}


@st.composite
def flat_or_square(draw: Any) -> Any:
    return (draw(arrays(shapes(min_dims=1, max_dims=2))),), {"k": draw(st.integers(-2, 2))}


def rolls(draw: Any, x: Any) -> Any:
    shift = draw(st.integers(-4, 4))
    if draw(st.booleans()) or not x.ndim:
        return {"shift": shift, "axis": None}
    listed = draw(st.lists(st.integers(-x.ndim, x.ndim - 1), min_size=1, max_size=3))
    return {"shift": tuple(range(shift, shift + len(listed))) if draw(st.booleans()) else shift, "axis": tuple(listed)}


@st.composite
def turned(draw: Any) -> Any:
    x = draw(arrays(shapes(min_dims=2)))
    i, j = draw(st.permutations(range(x.ndim)))[:2]
    return (x,), {"k": draw(st.integers(-3, 4)), "axes": (i, j - x.ndim)}


def tiles(draw: Any, x: Any) -> Any:
    return {"reps": draw(st.integers(0, 3) | st.lists(st.integers(0, 2), max_size=4).map(tuple))}


def repeats(draw: Any, x: Any) -> Any:
    axis = draw(axes(x.ndim, several=False))
    n = x.size if axis is None else x.shape[axis]
    many = st.lists(st.integers(0, 3), min_size=n, max_size=n)
    return {"repeats": draw(st.integers(0, 3) | many), "axis": axis}


@st.composite
def windowed(draw: Any) -> Any:
    x = draw(arrays(shapes(min_dims=1, min_side=1)))
    if draw(st.booleans()):
        return (x,), {"window_shape": tuple(draw(st.integers(1, n)) for n in x.shape)}
    axis = draw(st.integers(-x.ndim, x.ndim - 1))
    return (x,), {"window_shape": draw(st.integers(1, x.shape[axis])), "axis": axis}


@st.composite
def overlapping(draw: Any) -> Any:
    shape = draw(shapes(min_dims=1, min_side=1))
    axis = draw(st.integers(0, len(shape) - 1))
    size = draw(st.integers(1, shape[axis]))
    inside = (*shape[:axis], shape[axis] - size + 1, *shape[axis + 1 :], size)
    return (draw(arrays(inside)),), {"length": shape[axis], "axis": axis}


def overlapped(x: Any, length: int, axis: int) -> Any:
    out = np.zeros((*x.shape[:axis], length, *x.shape[axis + 1 : -1]), x.dtype)
    for p, k in np.ndindex(x.shape[axis], x.shape[-1]):
        out[(slice(None),) * axis + (p + k,)] += x[..., k][(slice(None),) * axis + (p,)]
    return out


def moves(draw: Any, x: Any) -> Any:
    count = draw(st.integers(0, x.ndim))
    source, destination = [tuple(draw(st.permutations(range(x.ndim))))[:count] for _ in range(2)]
    return {"source": source, "destination": tuple(i - x.ndim for i in destination)}


@st.composite
def appended(draw: Any) -> Any:
    shape = draw(shapes(min_dims=1))
    axis = draw(st.none() | st.integers(-len(shape), len(shape) - 1))
    other = tuple(2 if axis is not None and i == axis % len(shape) else n for i, n in enumerate(shape))
    return (draw(arrays(shape)), draw(arrays(other))), {"axis": axis}


def deleted(draw: Any, x: Any) -> Any:
    axis = draw(axes(x.ndim, several=False))
    n = x.size if axis is None else x.shape[axis]
    places = st.just(slice(None, None, 2)) | st.lists(st.integers(-n, n - 1), max_size=3) if n else st.just(slice(0, 2))
    return {"obj": draw(places), "axis": axis}


def insert(x: Any, values: Any, obj: Any, axis: Any) -> mg.Tensor:
    return mg.insert(x, obj, values, axis)


@st.composite
def inserted(draw: Any) -> Any:
    x = draw(arrays(shapes(min_dims=1, min_side=1)))
    axis = draw(axes(x.ndim, several=False))
    n = x.size if axis is None else x.shape[axis]
    kind = draw(st.sampled_from(("one", "several at one", "several")))
    if kind == "one":
        return (x, draw(arrays(()))), {"obj": draw(st.integers(-n, n)), "axis": axis}
    if kind == "several":
        return (x, draw(arrays(()))), {"obj": draw(st.lists(st.integers(-n, n), min_size=2, max_size=3)), "axis": axis}
    # At one place, the first axis of the values lies along the axis.
    sides = () if axis is None else tuple(m for i, m in enumerate(x.shape) if i != axis % x.ndim)
    return (x, draw(arrays((2, *sides)))), {"obj": draw(st.integers(0, n)), "axis": axis}


def meshed(which: int, **params: Any) -> Any:
    def meshgrid(*parts: Any) -> mg.Tensor:
        return mg.meshgrid(*parts, **params)[which]

    return meshgrid


LINES = st.tuples(*[arrays(shapes(1, 1)) for _ in range(3)]).map(lambda parts: (parts, {}))
LINE = M[0]

SAMPLES = [
    Sample("transpose", mg.moveaxis, plain(moves), np.moveaxis, (((X, (0, 1), (-1, 0)), {}),), variant="moveaxis"),
    Sample(
        "transpose",
        mg.rollaxis,
        arrays(shapes(3, 3)).map(lambda x: ((x, -1, 1), {})),
        np.rollaxis,
        (((X, 2, 1), {}),),
        variant="rollaxis",
    ),
    Sample(
        "transpose",
        mg.reshape,
        arrays((2, 3, 4)).map(lambda x: ((x, (4, -1), "F"), {})),
        lambda x, shape, order: np.reshape(x, shape, order),
        (((X, (4, 6), "F"), {}),),
        variant="reshape F",
    ),
    Sample(
        "reshape",
        mg.ravel,
        plain(lambda draw, x: {"order": "F"}),
        np.ravel,
        (((X,), {"order": "F"}),),
        variant="ravel F",
    ),
    *[
        Sample(
            "reshape",
            getattr(mg, f"atleast_{n}d"),
            arrays(shapes(max_dims=n - 1)).map(lambda x: ((x,), {})),
            getattr(np, f"atleast_{n}d"),
            (((np.array(2.0),), {}),),
            variant=f"atleast_{n}d",
        )
        for n in (1, 2, 3)
    ],
    Sample(
        "broadcast_to",
        lambda *parts: mg.broadcast_arrays(*parts)[0],
        broadcastable().flatmap(lambda s: st.tuples(arrays(s[0]), arrays(s[1]))).map(lambda parts: (parts, {})),
        lambda *parts: np.broadcast_arrays(*parts)[0],
        (((M[:, :1], M[0]), {}),),
        variant="broadcast_arrays",
    ),
    *[
        Sample(
            "broadcast_to",
            meshed(which, indexing=indexing),
            LINES,
            lambda *parts, which=which, indexing=indexing: np.meshgrid(*parts, indexing=indexing)[which],
            (((LINE, LINE[:2], LINE[:3]), {}),),
            variant=f"meshgrid {indexing} {which}",
        )
        for which, indexing in ((0, "xy"), (1, "xy"), (0, "ij"), (2, "ij"))
    ],
    several(mg.vstack, "concatenate", np.vstack, alike(0, 3), (LINE, LINE * 2), (M, M)),
    several(mg.hstack, "concatenate", np.hstack, alike(0, 3), (LINE, LINE * 2), (M, M)),
    several(mg.dstack, "concatenate", np.dstack, alike(0, 3), (LINE, LINE * 2), (M, M)),
    several(mg.column_stack, "concatenate", np.column_stack, alike(1, 2), (LINE, LINE * 2)),
    apart("split", (2,), 1, X),
    apart("split", ([1, 3],), 1, X, axis=-1),
    apart("array_split", (3,), 0, X, axis=2),
    apart("vsplit", (2,), 0, X),
    apart("hsplit", (3,), 2, X),
    apart("dsplit", ([1],), 1, X),
    apart("unstack", (), 1, X, axis=1),
    Sample(
        "concatenate",
        mg.append,
        appended(),
        np.append,
        (((M, M[:1]), {"axis": 0}), ((M, M[:1]), {"axis": None})),
        variant="append",
    ),
    Sample("getitem", mg.delete, plain(deleted), np.delete, (((X,), {"obj": [0, 2], "axis": 1}),), variant="delete"),
    Sample(
        "getitem",
        insert,
        inserted(),
        lambda x, values, obj, axis: np.insert(x, obj, values, axis),
        (((M, M[0] * 2), {"obj": [1, 3], "axis": 0}), ((M, np.array([3.0, 4.0])), {"obj": 1, "axis": None})),
        variant="insert",
    ),
    Sample(
        "reshape",
        mg.tile,
        plain(tiles),
        np.tile,
        (((M,), {"reps": (2, 1, 3)}),),
        variant="tile",
    ),
    Sample(
        "reshape",
        mg.repeat,
        plain(lambda draw, x: {"repeats": 2, "axis": draw(axes(x.ndim, several=False))}),
        np.repeat,
        (((X,), {"repeats": 2, "axis": 1}),),
        variant="repeat",
    ),
    Sample(
        "getitem",
        mg.repeat,
        plain(repeats),
        np.repeat,
        (((X,), {"repeats": [2, 0, 3], "axis": 1}),),
        variant="repeat each",
    ),
    Sample(
        "roll",
        mg.roll,
        plain(rolls),
        np.roll,
        (((X,), {"shift": (1, -2), "axis": (0, 2)}), ((X,), {"shift": 1, "axis": 1})),
        analytic=True,
    ),
    Sample("flip", mg.rot90, turned(), np.rot90, (((X,), {"k": 3, "axes": (0, 2)}),), variant="rot90"),
    Sample("transpose", mg.rot90, turned(), np.rot90, (((X,), {"k": 1, "axes": (0, 2)}),), variant="rot90 once"),
    Sample(
        "flip",
        mg.fliplr,
        arrays(shapes(min_dims=2)).map(lambda x: ((x,), {})),
        np.fliplr,
        (((M,), {}),),
        variant="fliplr",
    ),
    Sample(
        "flip",
        mg.flipud,
        arrays(shapes(min_dims=1)).map(lambda x: ((x,), {})),
        np.flipud,
        (((M,), {}),),
        variant="flipud",
    ),
    Sample(
        "diagonal",
        mg.diagonal,
        diagonals(),
        np.diagonal,
        (((X,), {"offset": 1, "axis1": 0, "axis2": 2}), ((M,), {"offset": -1, "axis1": 1, "axis2": 0})),
        analytic=True,
    ),
    Sample(
        "diag_embed",
        _diag_embed,
        embedded(),
        on_diagonal,
        (
            ((M,), {"shape": (3, 5, 5), "offset": 1, "axis1": 1, "axis2": 2}),
            ((M[:2].T,), {"shape": (2, 4, 3), "offset": 0, "axis1": 2, "axis2": 0}),
        ),
        analytic=True,
    ),
    Sample(
        "diag_embed",
        mg.diag_embed,
        arrays(shapes(1, 2)).map(lambda x: ((x, -1), {})),
        lambda x, k: on_diagonal(x, (*x.shape[:-1], *(x.shape[-1] + 1,) * 2), k, x.ndim - 1, x.ndim),
        (((M, -1), {}),),
        variant="matrices",
    ),
    Sample("diagonal", mg.diag, flat_or_square(), np.diag, (((M,), {"k": 1}),), variant="diag"),
    Sample(
        "diag_embed",
        mg.diagflat,
        plain(lambda draw, x: {"k": draw(st.integers(-1, 1))}),
        np.diagflat,
        (((M,), {"k": 1}),),
        variant="diagflat",
    ),
    Sample("sum", mg.trace, diagonals(), np.trace, (((X,), {"axis1": 2, "axis2": 0}),), variant="trace"),
    Sample("where", mg.tril, triangles(), np.tril, (((X,), {"k": 1}), ((LINE,), {"k": 0})), variant="tril"),
    Sample("where", mg.triu, triangles(), np.triu, (((X,), {"k": 1}), ((LINE,), {"k": 0})), variant="triu"),
    Sample(
        "sliding_windows",
        mg.sliding_window_view,
        windowed(),
        np.lib.stride_tricks.sliding_window_view,
        (((X,), {"window_shape": (2, 3), "axis": (2, 1)}), ((M,), {"window_shape": 2, "axis": 1})),
    ),
    Sample(
        "overlap_add",
        _overlap_add,
        overlapping(),
        overlapped,
        (((X,), {"length": 6, "axis": 1}), ((X.transpose(1, 2, 0),), {"length": 4, "axis": 0})),
    ),
]
