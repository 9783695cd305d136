"""Samples of the reductions and what is built on them."""

from typing import Any

import numpy as np
from hypothesis import strategies as st

import minigrad as mg
from minigrad.nn import functional as F
from minigrad.testing.strategies import arrays, axes, shapes
from tests.ops.sample import Sample

X = np.array([[[0.3, 1.9, -0.4], [1.2, 0.8, 2.3]], [[-1.1, 0.5, 1.6], [0.1, -0.7, 2.9]]])
FIXED = (
    ((X,), {"axis": 1, "keepdims": False}),
    ((X,), {"axis": (0, -1), "keepdims": True}),
    ((X,), {"axis": None, "keepdims": False}),
)


@st.composite
def reduced(draw: Any, smallest: int = 0, **options: Any) -> Any:
    """An array with an axis argument and keepdims."""
    x = draw(arrays(shapes(min_side=smallest), **options))
    return (x,), {"axis": draw(axes(x.ndim)), "keepdims": draw(st.booleans())}


@st.composite
def spread(draw: Any) -> Any:
    """As :func:`reduced`, with ddof, and at least two different numbers to reduce."""
    x = draw(arrays(shapes(min_dims=1, min_side=2), distinct=True))
    axis = draw(st.none() | st.integers(-x.ndim, x.ndim - 1))
    return (x,), {"axis": axis, "ddof": draw(st.sampled_from((0, 1))), "keepdims": draw(st.booleans())}


SPREAD_FIXED = (
    ((X,), {"axis": -1, "ddof": 1, "keepdims": False}),
    ((X,), {"axis": None, "ddof": 0, "keepdims": True}),
)


def logsumexp(x: Any, axis: Any, keepdims: bool) -> Any:
    return np.asarray(np.logaddexp.reduce(x.astype(float), axis=axis, keepdims=keepdims)).astype(x.dtype)


def softmax(x: Any, axis: int) -> Any:
    e = np.exp(x.astype(float))
    return (e / e.sum(axis=axis, keepdims=True)).astype(x.dtype)


def log_softmax(x: Any, axis: int) -> Any:
    e = np.exp(x.astype(float))
    return np.log(e / e.sum(axis=axis, keepdims=True)).astype(x.dtype)


def cross_entropy(logits: Any, target: Any) -> Any:
    rows = target if target.ndim == 2 else np.eye(logits.shape[1])[target]
    return np.asarray(-np.sum(rows * log_softmax(logits.astype(float), 1)) / len(logits)).astype(logits.dtype)


@st.composite
def along(draw: Any) -> Any:
    """An array with one axis."""
    x = draw(arrays(shapes(min_dims=1, min_side=0)))
    return (x,), {"axis": draw(axes(x.ndim, none=False, several=False))}


@st.composite
def classified(draw: Any) -> Any:
    """Logits, and class indices or probabilities."""
    shape = (draw(st.integers(1, 3)), draw(st.integers(1, 4)))
    logits = draw(arrays(shape))
    if draw(st.booleans()):
        return (logits, draw(arrays(shape, low=0.1, high=1.0))), {}
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    return (logits, rng.integers(0, shape[1], shape[0])), {}


ALONG_FIXED = (((X,), {"axis": 1}), ((X[0],), {"axis": -1}))
LOGITS = X[0]
PROBABILITIES = np.array([[0.2, 0.5, 0.3], [0.6, 0.1, 0.3]])

SAMPLES = [
    Sample("sum", mg.sum, reduced(), np.sum, FIXED, analytic=True),
    Sample("mean", mg.mean, reduced(1), np.mean, FIXED, analytic=True),
    Sample("max", mg.max, reduced(1, distinct=True), np.max, FIXED),
    Sample("min", mg.min, reduced(1, distinct=True), np.min, FIXED),
    Sample("var", mg.var, spread(), np.var, SPREAD_FIXED),
    Sample("std", mg.std, spread(), np.std, SPREAD_FIXED),
    Sample("logsumexp", mg.logsumexp, reduced(1), logsumexp, FIXED, analytic=True),
    Sample("softmax", mg.softmax, along(), softmax, ALONG_FIXED, analytic=True),
    Sample("log_softmax", mg.log_softmax, along(), log_softmax, ALONG_FIXED, analytic=True),
    Sample(
        "softmax_cross_entropy",
        F.softmax_cross_entropy,
        classified(),
        cross_entropy,
        (((LOGITS, np.array([2, 0])), {}), ((LOGITS, PROBABILITIES), {})),
    ),
]
