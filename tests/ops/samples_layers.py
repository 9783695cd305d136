"""Samples of matrix products, einsum, convolution and pooling."""

from typing import Any

import numpy as np
from hypothesis import strategies as st

import minigrad as mg
from minigrad.nn import functional as F
from minigrad.ops._windows import windows
from minigrad.ops.convolution import _spread as avg_unpool2d
from minigrad.testing.strategies import arrays, broadcastable, convolutions, einsum_specs, poolings
from tests.ops import windows as reference
from tests.ops.sample import Sample

X = np.sin(np.arange(36.0)).reshape(2, 2, 3, 3)
BIG = np.sin(np.arange(50.0) * 1.7).reshape(1, 2, 5, 5)
W = np.cos(np.arange(24.0)).reshape(3, 2, 2, 2)
A, B = X[0, 0, :2], X[1, 1]


@st.composite
def products(draw: Any) -> Any:
    """Two operands of matmul: vectors, matrices, and stacks that broadcast."""
    n, inner, m = (draw(st.integers(0, 3)) for _ in range(3))
    batch = draw(broadcastable(2, max_dims=2, max_side=2))
    a = (inner,) if draw(st.integers(0, 3)) == 0 else (*batch[0], n, inner)
    b = (inner,) if draw(st.integers(0, 3)) == 0 else (*batch[1], inner, m)
    return (draw(arrays(a)), draw(arrays(b))), {}


@st.composite
def affine(draw: Any) -> Any:
    n, i, o = (draw(st.integers(0, 3)) for _ in range(3))
    return (draw(arrays((n, i))), draw(arrays((i, o))), draw(arrays((o,)))), {}


@st.composite
def sums(draw: Any) -> Any:
    subscripts, shapes = draw(einsum_specs())
    return (subscripts, *[draw(arrays(shape, low=0.5, high=1.5)) for shape in shapes]), {}


@st.composite
def filtered(draw: Any) -> Any:
    x, weight, params = draw(convolutions())
    bias = draw(st.none() | arrays((weight[0],)))
    return (draw(arrays(x)), draw(arrays(weight)), bias), params


def _geometry(shape: Any, weight: Any, params: Any) -> Any:
    return {"kernel_size": weight[2:]} | {key: v for key, v in params.items() if key != "groups"}


@st.composite
def unrolled(draw: Any) -> Any:
    shape, weight, params = draw(convolutions())
    return (draw(arrays(shape)),), _geometry(shape, weight, params)


@st.composite
def rolled(draw: Any) -> Any:
    shape, weight, params = draw(convolutions())
    params = _geometry(shape, weight, params)
    columns = reference.im2col(np.zeros(shape), **params)
    return (draw(arrays(columns.shape)),), {"shape": shape, **params}


@st.composite
def pooled(draw: Any, distinct: bool = False) -> Any:
    shape, params = draw(poolings())
    return (draw(arrays(shape, distinct=distinct)),), params


@st.composite
def unpooled(draw: Any) -> Any:
    shape, params = draw(poolings())
    w = windows("test", shape, params["kernel_size"], params["stride"] or 1, 0, 1, True)
    return (draw(arrays((*shape[:2], *w.out(shape)))),), {"shape": shape, "w": w}


TWO = windows("test", (1, 2, 5, 5), (2, 3), 1, 0, 1, True)

SAMPLES = [
    Sample(
        "matmul",
        mg.matmul,
        products(),
        np.matmul,
        (
            ((A, B), {}),
            ((A[0], B), {}),
            ((A, B[0]), {}),
            ((A[0], B[0]), {}),
            ((X, B), {}),
            ((A, X[0]), {}),
            ((X[0], B[0]), {}),
            ((A[0], X[0]), {}),
        ),
        analytic=True,
    ),
    Sample(
        "affine",
        F.affine,
        affine(),
        lambda x, w, b: x @ w + b,
        (((A, B, B[1]), {}),),
        analytic=True,
    ),
    Sample(
        "einsum",
        mg.einsum,
        sums(),
        lambda subscripts, *operands: np.einsum(subscripts, *operands),
        (
            (("ij,jk->ik", A, B), {}),
            (("ii->", B), {}),
            (("iij,j->i", X[:, :, 0], B[0]), {}),
            (("...i,...j", X[0], A[:, None]), {}),
        ),
        analytic=True,
        dtypes=("float64", "float32"),
    ),
    Sample(
        "conv2d",
        F.conv2d,
        filtered(),
        reference.conv2d,
        (
            ((BIG, W, W[:, 0, 0, 1]), {"stride": (1, 2), "padding": (1, 0), "floor": True}),
            ((BIG, W[:2, :1], None), {"groups": 2, "dilation": 2}),
        ),
        analytic=True,
    ),
    Sample(
        "im2col",
        mg.im2col,
        unrolled(),
        reference.im2col,
        (((X,), {"kernel_size": (2, 3), "padding": 1}),),
        analytic=True,
    ),
    Sample(
        "col2im",
        mg.col2im,
        rolled(),
        reference.col2im,
        (((np.sin(np.arange(24.0)).reshape(4, 6),), {"shape": (2, 1, 3, 3), "kernel_size": (2, 3)}),),
        analytic=True,
    ),
    Sample(
        "max_pool2d",
        F.max_pool2d,
        pooled(distinct=True),
        reference.max_pool2d,
        (((BIG,), {"kernel_size": (2, 3), "stride": (1, 2), "padding": (1, 0), "floor": True}),),
    ),
    Sample(
        "avg_pool2d",
        F.avg_pool2d,
        pooled(),
        reference.avg_pool2d,
        (((BIG,), {"kernel_size": (2, 3), "stride": (1, 2), "padding": (1, 0), "floor": True}),),
        analytic=True,
    ),
    Sample(
        "avg_unpool2d",
        avg_unpool2d,
        unpooled(),
        reference.avg_unpool2d,
        (((np.sin(np.arange(24.0)).reshape(1, 2, 4, 3),), {"shape": (1, 2, 5, 5), "w": TWO}),),
    ),
]
