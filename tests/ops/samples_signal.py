"""Samples of the ops of sequences, volumes and images in other sizes."""

from typing import Any

import numpy as np
from hypothesis import strategies as st

from minigrad.ops import conv_transpose, resampling, signal
from minigrad.ops._windows import windows
from minigrad.testing.strategies import arrays, convolutions, shapes
from tests.ops.sample import Sample
from tests.ops.samples_layers import BIG, W


@st.composite
def convolved(draw: Any) -> Any:
    m, n = draw(st.integers(1, 5)), draw(st.integers(1, 5))
    mode = draw(st.sampled_from(("full", "valid")))
    return (draw(arrays((max(m, n),))), draw(arrays((min(m, n),)))), {"mode": mode}


def numpy_convolve(a: Any, v: Any, mode: str) -> Any:
    return np.convolve(a, v, mode)


def geometry(x: Any, weight: Any, params: Any) -> Any:
    given = {key: params[key] for key in ("stride", "padding", "dilation", "floor")}
    return windows("test", x, weight[2:], *given.values())


@st.composite
def turned(draw: Any) -> Any:
    """The arguments of conv2d's transpose in the image: what conv2d returns, the weight, the shape of the images."""
    x, weight, params = draw(convolutions())
    w = geometry(x, weight, params)
    y = (x[0], weight[0], *w.out(x))
    return (draw(arrays(y)), draw(arrays(weight))), {"shape": x, "w": w, "groups": params["groups"]}


@st.composite
def correlated(draw: Any) -> Any:
    """The arguments of conv2d's transpose in the filters."""
    x, weight, params = draw(convolutions())
    w = geometry(x, weight, params)
    y = (x[0], weight[0], *w.out(x))
    return (draw(arrays(y)), draw(arrays(x))), {"shape": weight, "w": w, "groups": params["groups"]}


def places(w: Any, shape: Any, groups: int, out: int) -> Any:
    """The windows of conv2d: output place, filter, and the index of what it sees in the padded images."""
    (sh, sw), (dh, dw), (fh, fw) = w.stride, w.dilation, w.kernel
    per = shape[1] // groups
    for i, j in np.ndindex(w.out(shape)):
        rows = slice(i * sh, i * sh + dh * (fh - 1) + 1, dh)
        columns = slice(j * sw, j * sw + dw * (fw - 1) + 1, dw)
        for o in range(out):
            first = o // (out // groups) * per
            yield i, j, o, (slice(None), slice(first, first + per), rows, columns)


def transposed(x: Any, weight: Any, shape: Any, w: Any, groups: int) -> Any:
    out = np.zeros(w.padded(shape))
    for i, j, o, window in places(w, shape, groups, len(weight)):
        out[window] += x[:, o, i, j][:, None, None, None] * weight[o].astype(float)
    return out[w.inner(shape)].astype(x.dtype)


def filters(y: Any, x: Any, shape: Any, w: Any, groups: int) -> Any:
    padded = np.pad(x.astype(float), [(0, 0), (0, 0), *w.padding])
    out = np.zeros(shape)
    for i, j, o, window in places(w, x.shape, groups, shape[0]):
        out[o] += np.sum(y[:, o, i, j][:, None, None, None] * padded[window], axis=0)
    return out.astype(y.dtype)


@st.composite
def grids(draw: Any, back: bool = False) -> Any:
    shape = draw(shapes(min_dims=1, min_side=1, max_side=4))
    axis = draw(st.integers(0, len(shape) - 1))
    size, nearest = draw(st.integers(1, 6)), draw(st.booleans())
    grid = resampling._grid(axis, shape[axis], size, shape[axis] / size, nearest, draw(st.booleans()))
    shape = (*shape[:axis], size, *shape[axis + 1 :]) if back else shape
    return (draw(arrays(shape)),), {"grid": grid}


def matrix(grid: Any) -> Any:
    count = len(grid.low)
    out = np.zeros((count, grid.length))
    share = np.zeros(count) if grid.share is None else grid.share
    high = grid.low if grid.share is None else grid.high
    for i in range(count):
        out[i, grid.low[i]] += 1 - share[i]
        out[i, high[i]] += share[i]
    return out


def resampled(x: Any, grid: Any) -> Any:
    y = np.moveaxis(np.tensordot(matrix(grid), x.astype(float), (1, grid.axis)), 0, grid.axis)
    return y.astype(x.dtype)


def resampled_back(y: Any, grid: Any) -> Any:
    x = np.moveaxis(np.tensordot(matrix(grid).T, y.astype(float), (1, grid.axis)), 0, grid.axis)
    return x.astype(y.dtype)


A, V = np.array([0.3, -1.2, 2.1, 0.7, -0.4]), np.array([1.5, -0.6, 0.9])
PLAIN = windows("test", BIG.shape, (2, 2), (1, 2), (1, 0), 1, True)
GROUPED = windows("test", BIG.shape, (2, 2), 1, 0, 2, True)
OUT = np.sin(np.arange(36.0) * 1.3).reshape(1, 3, 6, 2)
OUT_GROUPED = np.sin(np.arange(18.0) * 1.3).reshape(1, 2, 3, 3)
UP = resampling._grid(2, 5, 7, 5 / 7, False, False)
NEAREST = resampling._grid(3, 5, 3, 5 / 3, True, False)

SAMPLES = [
    Sample(
        "convolve",
        signal._convolve,
        convolved(),
        numpy_convolve,
        (((A, V), {"mode": "full"}), ((A, V), {"mode": "valid"})),
        analytic=True,
    ),
    Sample(
        "conv_transpose2d",
        conv_transpose._transposed,
        turned(),
        transposed,
        (
            ((OUT, W), {"shape": BIG.shape, "w": PLAIN, "groups": 1}),
            ((OUT_GROUPED, W[:2, :1]), {"shape": BIG.shape, "w": GROUPED, "groups": 2}),
        ),
        dtypes=("float64", "float32"),
    ),
    Sample(
        "conv2d_filters",
        conv_transpose._filters,
        correlated(),
        filters,
        (
            ((OUT, BIG), {"shape": W.shape, "w": PLAIN, "groups": 1}),
            ((OUT_GROUPED, BIG), {"shape": (2, 1, 2, 2), "w": GROUPED, "groups": 2}),
        ),
        dtypes=("float64", "float32"),
    ),
    Sample(
        "resample",
        resampling._resample,
        grids(),
        resampled,
        (((BIG,), {"grid": UP}), ((BIG,), {"grid": NEAREST})),
        analytic=True,
        dtypes=("float64", "float32"),
    ),
    Sample(
        "resample_transpose",
        resampling._resample_back,
        grids(back=True),
        resampled_back,
        (
            ((np.sin(np.arange(70.0)).reshape(1, 2, 7, 5),), {"grid": UP}),
            ((BIG[..., :3],), {"grid": NEAREST}),
        ),
        analytic=True,
        dtypes=("float64", "float32"),
    ),
]
