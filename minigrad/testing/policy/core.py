"""The points of the arithmetic, the reductions and the activations."""

from __future__ import annotations

import math

from .point import Point, of_ab, of_x

inf, nan = math.inf, math.nan

POINTS: tuple[Point, ...] = (
    # kinks
    of_x("absolute", "mg.abs(x)", [0.0, -0.0, -2.0], [0.0, 0.0, -1.0], "least", "least of [-1, 1]"),
    of_x("relu", "mg.relu(x)", [0.0, -1.0, 1.0], [0.0, 0.0, 1.0], "least", "least of [0, 1]"),
    of_x("sign", "mg.sign(x) * 3 + x", [0.0, 2.0], [1.0, 1.0], "constant", "constant where it has a derivative"),
    of_x("clip", "mg.clip(x, 0.0, 1.0)", [0.0, 1.0, 0.5, -1.0, 2.0], [0.0, 0.0, 1.0, 0.0, 0.0], "least",
       "least of [0, 1] at the bounds"),
    Point("clip", "mg.clip(x, a, b)", {"x": [0.0, 2.0], "a": [0.0, 0.0], "b": [1.0, 1.0]},
          {"x": [0.0, 0.0], "a": [1.0, 0.0], "b": [0.0, 1.0]}, "least",
          "what x does not get goes to the bound: the three sum to 1"),
    of_x("clip", "mg.clip(x, None, 1.0)", [-inf, 0.0, 3.0], [0.0, 1.0, 0.0], "constant", "at -inf nothing moves"),
    # ties
    of_x("max", "mg.max(x)", [1.0, 3.0, 3.0, 2.0], [0.0, 0.5, 0.5, 0.0], "least", "shared evenly"),
    of_x("max", "mg.max(x)", [2.0, 2.0, 2.0, 2.0], [0.25, 0.25, 0.25, 0.25], "least", "shared evenly"),
    of_x("max", "mg.max(x)", [inf, inf, 0.0], [0.5, 0.5, 0.0], "least", "infinities tie as other values do"),
    of_x("max", "mg.max(x)", [-inf, -inf], [0.5, 0.5], "least", "infinities tie as other values do"),
    of_x("min", "mg.min(x)", [1.0, 1.0, 2.0], [0.5, 0.5, 0.0], "least", "shared evenly"),
    of_ab("maximum", "mg.maximum(a, b)", [1.0, 2.0], [1.0, 3.0], ([0.5, 0.0], [0.5, 1.0]), "least", "half each"),
    of_ab("minimum", "mg.minimum(a, b)", [1.0, 2.0], [1.0, 3.0], ([0.5, 1.0], [0.5, 0.0]), "least", "half each"),
    of_x("max_pool2d", "mg.ops.convolution.max_pool2d(x, 2)",
         [[[[5.0, 5.0], [5.0, 5.0]]]], [[[[1.0, 0.0], [0.0, 0.0]]]], "field",
       "to the first maximum of the window, in row-major order: pooling selects one element, everywhere in the field"),
    of_x("max_pool2d", "mg.ops.convolution.max_pool2d(x, 2)",
         [[[[1.0, 7.0], [7.0, 7.0]]]], [[[[0.0, 1.0], [0.0, 0.0]]]], "field",
       "likewise"),
    # powers
    of_ab("power", "mg.power(a, b)", [0.0], [0.0], ([0.0], [0.0]), "limit",
        "x ** 0 is 1 everywhere; 0 ** b is 0 for b > 0"),
    of_ab("power", "mg.power(a, b)", [0.0], [1.0], ([1.0], [0.0]), "limit", "the slope of x; y log(a) tends to 0"),
    of_ab("power", "mg.power(a, b)", [0.0], [2.0], ([0.0], [0.0]), "limit", "2 x and x² log(x) tend to 0"),
    of_x("power", "x ** 0", [0.0, 2.0], [0.0, 0.0], "constant", "constant 1"),
    of_x("power", "x ** 1", [0.0, 2.0], [1.0, 1.0], "", "a polynomial: 0 ** 0 is 1 in its slope"),
    of_x("power", "x ** 3", [0.0, 2.0], [0.0, 12.0], "", "a polynomial"),
    of_x("power", "x ** 0.5", [0.0, 4.0], [inf, 0.25], "limit", "as sqrt"),
    of_x("power", "2 ** x", [0.0], [math.log(2)], "", "log of the base"),
    of_x("power", "0.0 ** x", [1.0, 2.0], [0.0, 0.0], "constant", "constant for exponents > 0, no 0 · log(0)"),
    # ends of the domain
    of_x("sqrt", "mg.sqrt(x)", [0.0, 4.0], [inf, 0.25], "limit", "infinite from the right"),
    of_x("sqrt", "mg.sqrt(mg.square(x) + 1)", [0.0], [0.0], "", "smooth"),
    of_x("log", "mg.log(x)", [0.0], [inf], "limit", "infinite from the right"),
    # branches that are not taken
    of_x("where", "mg.sqrt(mg.where([False, True], x, 0.0))", [1.0, 0.0], [0.0, inf], "constant",
       "0 and not 0 times infinity"),
    of_x("where", "mg.where(x.data != 0, 1 / mg.where(x.data != 0, x, 1.0), 0.0)", [0.0, 2.0], [0.0, -0.25], "constant",
       "the branch that is not taken gets exactly 0"),
    # spread
    of_x("std", "mg.std(x)", [3.0, 3.0, 3.0], [0.0, 0.0, 0.0], "least", "least norm, as the norm's at 0"),
    of_x("std", "mg.std(x, axis=1)", [[1.0, 1.0], [1.0, 3.0]], [[0.0, 0.0], [-0.5, 0.5]], "least", "each row alone"),
    of_x("var", "mg.var(x)", [3.0, 3.0], [0.0, 0.0], "", "smooth"),
    # exponentials
    of_x("logsumexp", "mg.logsumexp(x)", [-inf, 0.0, 0.0], [0.0, 0.5, 0.5], "limit", "a masked element has no share"),
    of_x("logsumexp", "mg.logsumexp(x)", [-inf, -inf], [0.0, 0.0], "constant", "no NaN from inf - inf"),
    of_x("logsumexp", "mg.logsumexp(x)", [inf, 0.0], [1.0, 0.0], "limit", "the infinite one takes all"),
    of_x("logsumexp", "mg.logsumexp(x)", [inf, inf, 0.0], [0.5, 0.5, 0.0], "limit", "the infinite ones share"),
    of_x("logsumexp", "mg.logsumexp(x)", [1000.0, 1000.0], [0.5, 0.5], "", "smooth, and no overflow"),
    of_x("softmax", "mg.softmax(x)[1]", [-inf, 0.0, 0.0], [0.0, 0.25, -0.25], "limit", "a masked class"),
    of_x("log_softmax", "mg.log_softmax(x)[1]", [-inf, 0.0, 0.0], [0.0, 0.5, -0.5], "limit", "a masked class"),
    of_x("softmax_cross_entropy", "mg.ops.activation.softmax_cross_entropy(x, [[0.0, 1.0, 0.0]])", [[-inf, 0.0, 0.0]],
       [[0.0, -0.5, 0.5]], "constant", "0 log 0 = 0: a masked class of probability 0 adds nothing"),
    of_x("sigmoid", "mg.sigmoid(x)", [1000.0, -1000.0], [0.0, 0.0], "limit", "saturated, and no overflow"),
    of_x("tanh", "mg.tanh(x)", [1000.0, -1000.0], [0.0, 0.0], "limit", "saturated"),
    # nothing
    of_x("sum", "mg.sum(x)", [], [], "constant", "no elements"),
    of_x("logsumexp", "mg.logsumexp(x, axis=1)", [[], []], [[], []], "constant", "-inf twice, of no elements"),
    of_x("softmax", "mg.softmax(x, axis=1)", [[], []], [[], []], "constant", "no elements"),
)  # fmt: skip
