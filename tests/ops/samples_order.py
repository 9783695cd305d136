"""Samples of order statistics, and of the reductions that are made of others."""

from typing import Any

import numpy as np
from hypothesis import strategies as st

import minigrad as mg
from minigrad.testing.strategies import arrays, axes, shapes
from tests.ops.sample import Sample
from tests.ops.samples_reduction import FIXED, X, reduced
from tests.ops.samples_scan import scanned

METHODS = (
    "linear", "lower", "higher", "midpoint", "nearest", "inverted_cdf", "averaged_inverted_cdf", "hazen", "weibull",
    "closest_observation", "interpolated_inverted_cdf", "median_unbiased", "normal_unbiased",
)
NAN = np.where(X == 0.8, np.nan, X)


def partitioned(x: Any, kth: Any, axis: Any) -> Any:
    x, axis = (x.ravel(), 0) if axis is None else (x, axis)
    return np.take_along_axis(x, np.argpartition(x, kth, axis=axis), axis=axis)


def topk(x: Any, k: int, axis: int, largest: bool) -> mg.Tensor:
    return mg.topk(x, k, axis, largest)[0]


def ordered(x: Any, k: int, axis: int, largest: bool) -> Any:
    y = np.sort(x, axis=axis)
    y = np.flip(y, axis) if largest else y
    return np.take(y, np.arange(k), axis=axis)


def order_statistics(x: Any, places: Any) -> mg.Tensor:
    from minigrad.ops.order import _order_statistics

    return _order_statistics(x, places=places)


@st.composite
def with_places(draw: Any, name: str) -> Any:
    x = draw(arrays(shapes(min_dims=1, min_side=1), distinct=True))
    axis = draw(st.integers(-x.ndim, x.ndim - 1))
    if name == "kth":
        return (x,), {"kth": draw(st.integers(0, x.shape[axis] - 1)), "axis": axis}
    return (x,), {"k": draw(st.integers(0, x.shape[axis])), "axis": axis, "largest": draw(st.booleans())}


@st.composite
def ranked(draw: Any) -> Any:
    x = draw(arrays(shapes(min_dims=1, min_side=1), distinct=True))
    return (x,), {"places": tuple(draw(st.lists(st.integers(0, x.shape[-1] - 1), unique=True, min_size=1)))}


@st.composite
def quantiles(draw: Any) -> Any:
    (x,), params = draw(reduced(1, distinct=True))
    # Ranks that no rounding decides on.
    q = draw(st.sampled_from((0.0, 1.0, 0.33, 0.7, [0.21, 0.9], [[0.1, 0.37], [0.61, 0.83], [0.0, 1.0]])))
    return (x,), params | {"q": q, "method": draw(st.sampled_from(METHODS))}


@st.composite
def holed(draw: Any, **options: Any) -> Any:
    (x,), params = draw(reduced(1, **options))
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    x = np.where(rng.random(x.shape) < 0.3, np.nan, x)
    # Where nothing is left, NumPy warns.
    return (
        np.where(np.isnan(x).all(axis=params["axis"], keepdims=True), 1.0 + np.arange(x.size).reshape(x.shape), x),
    ), params


@st.composite
def weighted(draw: Any) -> Any:
    x = draw(arrays(shapes(min_dims=1, min_side=1)))
    if draw(st.booleans()):
        params = {"axis": draw(axes(x.ndim)), "keepdims": draw(st.booleans())}
        return (x, draw(arrays(x.shape, low=0.5))), params
    axis = draw(st.integers(-x.ndim, x.ndim - 1))
    return (x, draw(arrays((x.shape[axis],), low=0.5))), {"axis": axis, "keepdims": draw(st.booleans())}


def average(x: Any, weights: Any, axis: Any, keepdims: bool = False) -> mg.Tensor:
    return mg.average(x, axis, weights, keepdims=keepdims)


def wide(function: Any) -> Any:
    """The reference in double precision: sums of few digits differ by their order."""
    return lambda x, **params: np.asarray(function(x.astype(float), **params)).astype(x.dtype)


def quantile_in(x: Any, q: Any, **params: Any) -> Any:
    y = np.asarray(np.quantile(x.astype(float), q, **params))
    return y.astype(x.dtype if isinstance(q, float) else float)


SAMPLES = [
    Sample(
        "sort",
        mg.sort,
        scanned(distinct=True),
        np.sort,
        (((X,), {"axis": 1}), ((X,), {"axis": -1}), ((X[0],), {"axis": None})),
    ),
    Sample(
        "getitem",
        mg.partition,
        with_places("kth"),
        partitioned,
        (((X,), {"kth": 1, "axis": -1}),),
        dtypes=("float64",),  # which element lands where depends on the dtype
        variant="partition",
    ),
    Sample(
        "getitem",
        topk,
        with_places("k"),
        ordered,
        (((X,), {"k": 2, "axis": -1, "largest": True}), ((X,), {"k": 1, "axis": 1, "largest": False})),
        variant="topk",
    ),
    Sample(
        "order_statistics",
        order_statistics,
        ranked(),
        lambda x, places: np.sort(x)[..., list(places)],
        (((X,), {"places": (1,)}), ((X.reshape(2, -1),), {"places": (0, 3, 2)})),
    ),
    Sample("reshape", mg.median, reduced(1, distinct=True), wide(np.median), FIXED, variant="median"),
    Sample(
        "add",
        mg.quantile,
        quantiles(),
        quantile_in,
        (((X,), {"q": 0.7, "axis": (0, 2)}), ((X,), {"q": 0.3, "axis": 1})),
        variant="quantile",
    ),
    Sample(
        "transpose",
        mg.quantile,
        quantiles(),
        quantile_in,
        (((X,), {"q": [0.2, 0.7], "axis": (0, 2)}),),
        variant="several quantiles",
    ),
    Sample(
        "getitem",
        mg.unique,
        scanned(distinct=True).map(lambda c: (c[0], {})),
        np.unique,
        (((X,), {}),),
        variant="unique",
    ),
    Sample(
        "divide",
        average,
        weighted(),
        lambda x, weights, **p: np.average(x, weights=weights, **p),
        (((X, X + 2), {"axis": (0, 2)}), ((X, X[0, 0] + 2), {"axis": -1})),
        variant="average",
    ),
    Sample("subtract", mg.ptp, reduced(1, distinct=True), np.ptp, FIXED, variant="ptp"),
    Sample("sum", mg.nansum, holed(), np.nansum, (((NAN,), {"axis": 1}),), variant="nansum"),
    Sample("prod", mg.nanprod, holed(), np.nanprod, (((NAN,), {"axis": 1}),), variant="nanprod"),
    Sample("divide", mg.nanmean, holed(), np.nanmean, (((NAN,), {"axis": 1}),), variant="nanmean"),
    Sample("nanmax", mg.nanmax, holed(distinct=True), np.nanmax, (*FIXED, ((NAN,), {"axis": 1, "keepdims": False}))),
    Sample("nanmin", mg.nanmin, holed(distinct=True), np.nanmin, (*FIXED, ((NAN,), {"axis": 1, "keepdims": False}))),
]
