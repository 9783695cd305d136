"""Samples of products, scans and differences."""

from typing import Any

import numpy as np
from hypothesis import strategies as st

import minigrad as mg
from minigrad.testing.strategies import arrays, axes, broadcastable, shapes
from tests.ops.sample import Sample
from tests.ops.samples_reduction import FIXED, X, reduced

ZERO = np.array([[0.6, 0.0, -1.4], [1.2, 0.8, 0.0], [0.0, 0.5, 0.0]])


@st.composite
def zeroed(draw: Any, calls: Any) -> Any:
    """The same calls with zeros among the numbers."""
    (x,), params = draw(calls)
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    return (np.where(rng.random(x.shape) < 0.3, 0.0, x),), params


@st.composite
def scanned(draw: Any, least: int = 0, **options: Any) -> Any:
    x = draw(arrays(shapes(min_dims=0, min_side=least), **options))
    return (x,), {"axis": draw(axes(x.ndim, several=False))}


@st.composite
def recurrences(draw: Any) -> Any:
    a, b = draw(broadcastable())
    ndim = max(len(a), len(b))
    a, b = (1,) * (ndim == 0) + a, b
    axis = draw(st.integers(-max(ndim, 1), max(ndim, 1) - 1))
    return (draw(arrays(a)), draw(arrays(b))), {"axis": axis, "reverse": draw(st.booleans())}


def recurrence(a: Any, b: Any, axis: int, reverse: bool) -> Any:
    a, b = [np.moveaxis(t, axis, 0) for t in np.broadcast_arrays(a, b)]
    s = np.zeros(b.shape, np.result_type(a, b))
    for i in range(len(b))[:: -1 if reverse else 1]:
        before = i + 1 if reverse else i - 1
        s[i] = b[i] + (a[i] * s[before] if 0 <= before < len(b) else 0)
    return np.moveaxis(s, 0, axis)


def logcumsumexp(x: Any, axis: Any) -> Any:
    wide = x.astype(float) if axis is not None else x.astype(float).ravel()
    return np.log(np.cumsum(np.exp(wide), axis=axis or 0)).astype(x.dtype)


def accumulated(ufunc: np.ufunc) -> Any:
    return lambda x, axis: ufunc.accumulate(x.ravel() if axis is None else x, axis=axis or 0)


@st.composite
def differing(draw: Any) -> Any:
    x = draw(arrays(shapes(min_dims=1)))
    axis = draw(st.integers(-x.ndim, x.ndim - 1))
    params = {"n": draw(st.integers(0, 3)), "axis": axis}
    if draw(st.booleans()):
        params["prepend"] = 0.5
    if draw(st.booleans()):
        params["append"] = np.ones([2 if i == axis % x.ndim else n for i, n in enumerate(x.shape)])
    return (x,), params


@st.composite
def areas(draw: Any) -> Any:
    y = draw(arrays(shapes(min_dims=1)))
    axis = draw(st.integers(-y.ndim, y.ndim - 1))
    kind = draw(st.sampled_from(("none", "line", "full")))
    if kind == "none":
        return (y,), {"dx": 0.5, "axis": axis}
    return (y, draw(arrays(y.shape if kind == "full" else (y.shape[axis],)))), {"axis": axis}


ALONG = (((X,), {"axis": 1}), ((X,), {"axis": -1}), ((X[0],), {"axis": None}))
A, B = X[0], X[1, :1] + 0.5
# So long that it is computed in blocks.
LONG = np.cos(np.arange(70.0))

SAMPLES = [
    Sample("prod", mg.prod, reduced(), np.prod, FIXED, analytic=True),
    Sample(
        "prod",
        mg.prod,
        zeroed(reduced()),
        np.prod,
        (((ZERO,), {"axis": 0}), ((ZERO,), {"axis": 1}), ((ZERO,), {"axis": None})),
        analytic=True,
        variant="zeros",
    ),
    Sample("cumsum", mg.cumsum, scanned(), np.cumsum, ALONG, analytic=True),
    Sample("cumprod", mg.cumprod, scanned(), np.cumprod, ALONG, analytic=True),
    Sample(
        "cumprod",
        mg.cumprod,
        zeroed(scanned()),
        np.cumprod,
        (((ZERO,), {"axis": 0}), ((ZERO,), {"axis": 1})),
        analytic=True,
        variant="zeros",
    ),
    Sample(
        "linear_recurrence",
        mg.linear_recurrence,
        recurrences(),
        recurrence,
        (
            ((A, A[::-1] + 0.3), {"axis": 0, "reverse": False}),
            ((A, A[::-1] + 0.3), {"axis": 1, "reverse": False}),
            ((A, A[:, ::-1] + 0.3), {"axis": -1, "reverse": True}),
        ),
    ),
    Sample("logcumsumexp", mg.logcumsumexp, scanned(), logcumsumexp, ALONG),
    Sample("cummax", mg.cummax, scanned(distinct=True), accumulated(np.maximum), ALONG),
    Sample("cummin", mg.cummin, scanned(distinct=True), accumulated(np.minimum), ALONG),
    Sample("subtract", mg.diff, differing(), np.diff, (((X,), {"axis": 1, "n": 1}),), variant="diff"),
    Sample(
        "sum",
        mg.trapezoid,
        areas(),
        np.trapezoid,
        (((X, X[0, 0]), {"axis": -1}), ((X[:, 0], X[0, :2, 1]), {"axis": 0})),
        variant="trapezoid",
    ),
]
