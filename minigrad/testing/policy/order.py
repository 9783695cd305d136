"""The points of products, scans, sorting, selection and the functions that leave NaN out."""

from __future__ import annotations

import math

from .point import Point

inf, nan = math.inf, math.nan

POINTS: tuple[Point, ...] = (
    Point(
        "prod",
        "mg.prod(x)",
        {"x": [2.0, 0.0, 5.0]},
        {"x": [0.0, 10.0, 0.0]},
        "",
        "the product of the others",
        {"x": [5.0, 7.0, 2.0]},
    ),
    Point(
        "prod",
        "mg.prod(x)",
        {"x": [2.0, 0.0, 0.0]},
        {"x": [0.0, 0.0, 0.0]},
        "",
        "the product of the others",
        {"x": [0.0, 2.0, 2.0]},
    ),
    Point("prod", "mg.prod(x)", {"x": [0.0, 0.0, 0.0, 2.0]}, {"x": [0.0] * 4}, "", "likewise", {"x": [0.0] * 4}),
    Point(
        "prod", "mg.prod(x)", {"x": [1e-200, 1e-200, 1e300]}, {"x": [1e100, 1e100, 0.0]}, "", "the products, not y / x"
    ),
    Point("prod", "mg.prod(x)", {"x": []}, {"x": []}, "constant", "no elements"),
    Point("cumprod", "mg.cumprod(x)", {"x": [2.0, 0.0, 5.0]}, {"x": [1.0, 12.0, 0.0]}, "", "polynomial"),
    Point("cumprod", "mg.cumprod(x)", {"x": [0.0, 0.0, 5.0]}, {"x": [1.0, 0.0, 0.0]}, "", "polynomial"),
    Point(
        "cummax",
        "mg.cummax(x)",
        {"x": [1.0, 3.0, 3.0, 2.0]},
        {"x": [1.0, 2.0, 1.0, 0.0]},
        "least",
        "shared by those seen so far",
    ),
    Point(
        "cummin",
        "mg.cummin(x)",
        {"x": [3.0, 1.0, 1.0, 2.0]},
        {"x": [1.0, 2.0, 1.0, 0.0]},
        "least",
        "shared by those seen so far",
    ),
    Point(
        "cummax",
        "mg.cummax(x)",
        {"x": [2.0, 1.0, 2.0]},
        {"x": [2.5, 0.0, 0.5]},
        "least",
        "a tie with one before the last",
    ),
    Point(
        "cummax",
        "mg.cummax(x)",
        {"x": [1.0, nan, 2.0]},
        {"x": [1.0, 2.0, 0.0]},
        "convention",
        "a NaN is the maximum: it has it all",
    ),
    Point("cummax", "mg.cummax(x)", {"x": [-inf, -inf]}, {"x": [1.5, 0.5]}, "convention", "infinities tie as others"),
    Point(
        "cummax",
        "mg.cummax(x) * inf",
        {"x": [1.0, 0.0, 3.0, 3.0, 2.0]},
        {"x": [inf, 0.0, inf, inf, 0.0]},
        "constant",
        "nothing for the others: no 0 times infinity",
    ),
    Point(
        "cummin",
        "mg.cummin(x) * [1.0, 1.0, inf]",
        {"x": [2.0, 3.0, 1.0]},
        {"x": [2.0, 0.0, inf]},
        "constant",
        "nothing for the others: no 0 times infinity",
    ),
    Point(
        "logcumsumexp",
        "mg.logcumsumexp(x)",
        {"x": [-inf, 0.0, 0.0]},
        {"x": [1.0, 1.5, 0.5]},
        "limit",
        "softmax of what is there, alone the whole",
    ),
    Point(
        "logcumsumexp",
        "mg.logcumsumexp(x)",
        {"x": [-inf, -inf, 0.0, inf, inf]},
        {"x": [1.5, 0.5, 1.0, 1.5, 0.5]},
        "convention",
        "infinities that tie share evenly, as in logsumexp",
    ),
    Point(
        "logcumsumexp",
        "mg.logcumsumexp(x)",
        {"x": [0.0, inf, 0.0]},
        {"x": [1.0, 2.0, 0.0]},
        "limit",
        "the infinite one takes all",
    ),
    Point("logcumsumexp", "mg.logcumsumexp(x)", {"x": [1000.0, 1000.0]}, {"x": [1.5, 0.5]}, "", "no overflow"),
    Point(
        "sort",
        "mg.sort(x) * np.arange(1.0, x.size + 1)",
        {"x": [2.0, 1.0, 2.0]},
        {"x": [2.5, 1.0, 2.5]},
        "least",
        "equal elements share their places' gradients",
    ),
    Point(
        "sort",
        "mg.sort(x) * np.arange(1.0, x.size + 1)",
        {"x": [inf, 0.0, inf]},
        {"x": [2.5, 1.0, 2.5]},
        "convention",
        "infinities tie as other values do",
    ),
    Point(
        "sort",
        "mg.sort(x) * [1.0, inf]",
        {"x": [2.0, 1.0]},
        {"x": [inf, 1.0]},
        "constant",
        "each place for itself: no 0 times infinity",
    ),
    Point(
        "sort", "mg.sort(x) * np.arange(1.0, x.size + 1)", {"x": [nan, 1.0]}, {"x": [2.0, 1.0]}, "", "sorted to the end"
    ),
    Point("topk", "mg.topk(x, 2)[0]", {"x": [3.0, 3.0, 1.0]}, {"x": [1.0, 1.0, 0.0]}, "least", "both are chosen"),
    Point("topk", "mg.topk(x, 2)[0]", {"x": [3.0, 1.0, 1.0]}, {"x": [1.0, 0.5, 0.5]}, "least", "as the second of sort"),
    Point(
        "topk",
        "mg.topk(x, 2, largest=False)[0]",
        {"x": [3.0, 3.0, 1.0]},
        {"x": [0.5, 0.5, 1.0]},
        "least",
        "as the second of sort",
    ),
    Point(
        "median", "mg.median(x)", {"x": [1.0, 2.0, 2.0]}, {"x": [0.0, 0.5, 0.5]}, "least", "shared by those equal to it"
    ),
    Point(
        "median", "mg.median(x)", {"x": [2.0, 2.0, 2.0, 2.0]}, {"x": [0.25] * 4}, "least", "shared by those equal to it"
    ),
    Point(
        "median",
        "mg.median(x)",
        {"x": [inf, inf, 0.0, inf]},
        {"x": [1 / 3, 1 / 3, 0.0, 1 / 3]},
        "convention",
        "infinities tie as other values do: no NaN from inf - inf",
    ),
    Point("median", "mg.median(x)", {"x": [nan, 1.0, 2.0]}, {"x": [1.0, 0.0, 0.0]}, "convention", "NaN, from the NaN"),
    Point("median", "mg.median(x) * inf", {"x": [3.0, 1.0, 2.0]}, {"x": [0.0, 0.0, inf]}, "constant", "no 0 times inf"),
    Point(
        "quantile",
        "mg.quantile(x, [0.25, 1.0])",
        {"x": [0.0, 1.0, inf]},
        {"x": [0.5, 0.5, 1.0]},
        "constant",
        "the last is an element itself: no 0 times infinity",
    ),
    Point(
        "quantile", "mg.quantile(x, 0.25)", {"x": [1.0, 1.0, 1.0, 5.0]}, {"x": [1 / 3] * 3 + [0.0]}, "least", "shared"
    ),
    Point(
        "quantile",
        "mg.quantile(x, np.linspace(0, 1, 6))",
        {"x": [1.0, 1.0, 3.0, 4.0, 5.0, 6.0]},
        {"x": [1.0] * 6},
        "least",
        "as few",
    ),
    Point(
        "quantile",
        "mg.quantile(x, 0.5)",
        {"x": [1.0, 2.0, inf]},
        {"x": [0.0, 1.0, 0.0]},
        "constant",
        "no 0 times infinity",
    ),
    Point(
        "unique",
        "mg.unique(x) * [1, 2]",
        {"x": [2.0, 1.0, 2.0]},
        {"x": [1.0, 1.0, 1.0]},
        "convention",
        "the number of elements jumps at ties: shared by those equal to it",
    ),
    Point("ptp", "mg.ptp(x)", {"x": [1.0, 1.0]}, {"x": [0.0, 0.0]}, "least", "least"),
    Point("nansum", "mg.nansum(x)", {"x": [nan, 1.0]}, {"x": [0.0, 1.0]}, "constant", "constant in the NaN"),
    Point(
        "nanmean", "mg.nanmean(x)", {"x": [nan, 1.0, 2.0]}, {"x": [0.0, 0.5, 0.5]}, "constant", "constant in the NaN"
    ),
    Point("nanmean", "mg.nanmean(x)", {"x": [nan, nan]}, {"x": [0.0, 0.0]}, "constant", "constant"),
    Point(
        "nanprod", "mg.nanprod(x)", {"x": [nan, 2.0, 0.0]}, {"x": [0.0, 0.0, 2.0]}, "constant", "constant in the NaN"
    ),
    Point("nanmax", "mg.nanmax(x)", {"x": [nan, 2.0, 2.0]}, {"x": [0.0, 0.5, 0.5]}, "least", "shared"),
    Point(
        "nanmax",
        "mg.nanmax(x) * inf",
        {"x": [nan, 2.0, 1.0]},
        {"x": [0.0, inf, 0.0]},
        "constant",
        "nothing for the others: no 0 times infinity",
    ),
    Point(
        "nanmin", "mg.nanmin(mg.sqrt(x))", {"x": [-1.0, 4.0]}, {"x": [0.0, 0.25]}, "constant", "a NaN that is left out"
    ),
    Point("nanmax", "mg.nanmax(x)", {"x": [nan, nan]}, {"x": [0.0, 0.0]}, "constant", "constant"),
    Point("nanmin", "mg.nanmin(x)", {"x": [nan, inf]}, {"x": [0.0, 1.0]}, "constant", "the only number"),
    Point(
        "triu",
        "mg.triu(mg.sqrt(x))",
        {"x": [[1.0, 4.0], [1.0, 4.0]]},
        {"x": [[0.5, 0.25], [0.0, 0.25]]},
        "constant",
        "a selection",
    ),
    Point("sum", "mg.sum(x, axis=0)", {"x": [[], []]}, {"x": [[], []]}, "constant", "no elements"),
    Point("nansum", "mg.nansum(x)", {"x": []}, {"x": []}, "constant", "no elements"),
    Point("cumsum", "mg.cumsum(x)", {"x": []}, {"x": []}, "constant", "no elements"),
    Point("cumprod", "mg.cumprod(x)", {"x": []}, {"x": []}, "constant", "no elements"),
    Point("logcumsumexp", "mg.logcumsumexp(x)", {"x": []}, {"x": []}, "constant", "no elements"),
    Point("sort", "mg.sort(x)", {"x": []}, {"x": []}, "constant", "no elements"),
    Point("mean", "mg.mean(x, axis=0)", {"x": [[], []]}, {"x": [[], []]}, "constant", "no elements"),
    Point(
        "order_statistics",
        "mg.median(x)",
        {"x": [1.0, 2.0, 2.0, 3.0]},
        {"x": [0.0, 0.5, 0.5, 0.0]},
        "least",
        "shared by those equal to it",
    ),
    Point(
        "setitem",
        "mg.sqrt(mg.setitem(x, 0, 4.0))",
        {"x": [0.0, 4.0]},
        {"x": [0.0, 0.25]},
        "constant",
        "what is written over has no part",
    ),
)
