"""The policy at kinks, ties, zeros and infinities, as data: each point, the gradient chosen there, and why.

The suite holds every op to this table, and the page "Gradients at kinks, zeros and infinities" of the documentation
is made from it. Each call is the text that is run, with `mg`, `np`, `inf` and the arguments in reach.

>>> point = POINTS[0]
>>> print(point.op, point.call, point.at, point.gradient)
absolute mg.abs(x) {'x': [0.0, -0.0, -2.0]} {'x': [0.0, 0.0, -1.0]}
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

import minigrad as mg

from ..differentiate import grad
from ..tensor import Tensor
from .policy_functional import FUNCTIONAL

__all__ = ["POINTS", "PRINCIPLES", "Point", "evaluate"]

inf, nan = math.inf, math.nan

# In the order in which they are asked.
PRINCIPLES = {
    "least": (
        "The subgradient of least norm",
        "Where the function has a kink but is finite, and several slopes support it, the one nearest to 0 is chosen. "
        "It depends on the function alone, not on how it is computed, it treats tied elements alike, and a step along "
        "it never gains more than the function allows.",
    ),
    "limit": (
        "The limit",
        "Where there is no such slope, the limit of the gradient from inside of the domain, infinite limits included.",
    ),
    "constant": (
        "Constant pieces",
        "Where the function does not depend on an argument, the gradient is exactly 0, and 0 times an infinite or "
        "undefined factor is 0: a branch that was not taken, a masked class, an exponent 0 make no NaN.",
    ),
    "field": (
        "The field's convention",
        "Where all of the field agrees on another choice, that choice, and it is said here.",
    ),
}


class Point(NamedTuple):
    """One singular point of one op.

    Attributes
    ----------
    op : str
        The op's name in the registry.
    call : str
        A Python expression of the arguments; its sum is differentiated.
    at : dict
        The arguments' values, by name.
    gradient : dict
        The gradient chosen, by argument.
    principle : str
        Which of :data:`PRINCIPLES` decides; empty where the function is smooth and only its formula is not.
    why : str
        In one phrase.
    """

    op: str
    call: str
    at: dict[str, Any]
    gradient: dict[str, Any]
    principle: str
    why: str


def evaluate(point: Point) -> dict[str, Any]:
    """Return the gradients that minigrad computes at `point`, as nested lists by argument.

    Examples
    --------
    >>> evaluate(POINTS[0])
    {'x': [0.0, 0.0, -1.0]}
    """
    leaves = {name: Tensor(value, requires_grad=True, dtype=float) for name, value in point.at.items()}
    scope = {"mg": mg, "np": np, "inf": inf, **leaves}
    with np.errstate(divide="ignore", invalid="ignore"):
        y = eval(compile(point.call, "<policy>", "eval"), scope)
        found = grad(y.sum(), list(leaves.values()), allow_unused=True)
    return {name: None if g is None else g.tolist() for name, g in zip(leaves, found, strict=True)}


def _x(op: str, call: str, at: Any, gradient: Any, principle: str, why: str) -> Point:
    """A point of a function of one argument."""
    return Point(op, call, {"x": at}, {"x": gradient}, principle, why)


def _ab(op: str, call: str, a: Any, b: Any, gradients: tuple[Any, Any], principle: str, why: str) -> Point:
    """A point of a function of two arguments."""
    return Point(op, call, {"a": a, "b": b}, dict(zip("ab", gradients, strict=True)), principle, why)


POINTS: tuple[Point, ...] = (
    # kinks
    _x("absolute", "mg.abs(x)", [0.0, -0.0, -2.0], [0.0, 0.0, -1.0], "least", "least of [-1, 1]"),
    _x("relu", "mg.relu(x)", [0.0, -1.0, 1.0], [0.0, 0.0, 1.0], "least", "least of [0, 1]"),
    _x("sign", "mg.sign(x) * 3 + x", [0.0, 2.0], [1.0, 1.0], "constant", "constant where it has a derivative"),
    _x("clip", "mg.clip(x, 0.0, 1.0)", [0.0, 1.0, 0.5, -1.0, 2.0], [0.0, 0.0, 1.0, 0.0, 0.0], "least",
       "least of [0, 1] at the bounds"),
    Point("clip", "mg.clip(x, a, b)", {"x": [0.0, 2.0], "a": [0.0, 0.0], "b": [1.0, 1.0]},
          {"x": [0.0, 0.0], "a": [1.0, 0.0], "b": [0.0, 1.0]}, "least",
          "what x does not get goes to the bound: the three sum to 1"),
    _x("clip", "mg.clip(x, None, 1.0)", [-inf, 0.0, 3.0], [0.0, 1.0, 0.0], "constant", "at -inf nothing moves"),
    # ties
    _x("max", "mg.max(x)", [1.0, 3.0, 3.0, 2.0], [0.0, 0.5, 0.5, 0.0], "least", "shared evenly"),
    _x("max", "mg.max(x)", [2.0, 2.0, 2.0, 2.0], [0.25, 0.25, 0.25, 0.25], "least", "shared evenly"),
    _x("max", "mg.max(x)", [inf, inf, 0.0], [0.5, 0.5, 0.0], "least", "infinities tie as other values do"),
    _x("max", "mg.max(x)", [-inf, -inf], [0.5, 0.5], "least", "infinities tie as other values do"),
    _x("min", "mg.min(x)", [1.0, 1.0, 2.0], [0.5, 0.5, 0.0], "least", "shared evenly"),
    _ab("maximum", "mg.maximum(a, b)", [1.0, 2.0], [1.0, 3.0], ([0.5, 0.0], [0.5, 1.0]), "least", "half each"),
    _ab("minimum", "mg.minimum(a, b)", [1.0, 2.0], [1.0, 3.0], ([0.5, 1.0], [0.5, 0.0]), "least", "half each"),
    _x("max_pool2d", "mg.max_pool2d(x, 2)", [[[[5.0, 5.0], [5.0, 5.0]]]], [[[[1.0, 0.0], [0.0, 0.0]]]], "field",
       "to the first maximum of the window, in row-major order: pooling selects one element, everywhere in the field"),
    _x("max_pool2d", "mg.max_pool2d(x, 2)", [[[[1.0, 7.0], [7.0, 7.0]]]], [[[[0.0, 1.0], [0.0, 0.0]]]], "field",
       "likewise"),
    # powers
    _ab("power", "mg.power(a, b)", [0.0], [0.0], ([0.0], [0.0]), "limit",
        "x ** 0 is 1 everywhere; 0 ** b is 0 for b > 0"),
    _ab("power", "mg.power(a, b)", [0.0], [1.0], ([1.0], [0.0]), "limit", "the slope of x; y log(a) tends to 0"),
    _ab("power", "mg.power(a, b)", [0.0], [2.0], ([0.0], [0.0]), "limit", "2 x and x² log(x) tend to 0"),
    _x("power", "x ** 0", [0.0, 2.0], [0.0, 0.0], "constant", "constant 1"),
    _x("power", "x ** 1", [0.0, 2.0], [1.0, 1.0], "", "a polynomial: 0 ** 0 is 1 in its slope"),
    _x("power", "x ** 3", [0.0, 2.0], [0.0, 12.0], "", "a polynomial"),
    _x("power", "x ** 0.5", [0.0, 4.0], [inf, 0.25], "limit", "as sqrt"),
    _x("power", "2 ** x", [0.0], [math.log(2)], "", "log of the base"),
    _x("power", "0.0 ** x", [1.0, 2.0], [0.0, 0.0], "constant", "constant 0 for positive exponents, and no 0 · log(0)"),
    # ends of the domain
    _x("sqrt", "mg.sqrt(x)", [0.0, 4.0], [inf, 0.25], "limit", "infinite from the right"),
    _x("sqrt", "mg.sqrt(mg.square(x) + 1)", [0.0], [0.0], "", "smooth"),
    _x("log", "mg.log(x)", [0.0], [inf], "limit", "infinite from the right"),
    # branches that are not taken
    _x("where", "mg.sqrt(mg.where([False, True], x, 0.0))", [1.0, 0.0], [0.0, inf], "constant",
       "0 and not 0 times infinity"),
    _x("where", "mg.where(x.data != 0, 1 / mg.where(x.data != 0, x, 1.0), 0.0)", [0.0, 2.0], [0.0, -0.25], "constant",
       "the branch that is not taken gets exactly 0"),
    # spread
    _x("std", "mg.std(x)", [3.0, 3.0, 3.0], [0.0, 0.0, 0.0], "least", "least norm, as the norm's at 0"),
    _x("std", "mg.std(x, axis=1)", [[1.0, 1.0], [1.0, 3.0]], [[0.0, 0.0], [-0.5, 0.5]], "least", "each row for itself"),
    _x("var", "mg.var(x)", [3.0, 3.0], [0.0, 0.0], "", "smooth"),
    # exponentials
    _x("logsumexp", "mg.logsumexp(x)", [-inf, 0.0, 0.0], [0.0, 0.5, 0.5], "limit", "a masked element has no share"),
    _x("logsumexp", "mg.logsumexp(x)", [-inf, -inf], [0.0, 0.0], "constant", "no NaN from inf - inf"),
    _x("logsumexp", "mg.logsumexp(x)", [inf, 0.0], [1.0, 0.0], "limit", "the infinite one takes all"),
    _x("logsumexp", "mg.logsumexp(x)", [1000.0, 1000.0], [0.5, 0.5], "", "smooth, and no overflow"),
    _x("softmax", "mg.softmax(x)[1]", [-inf, 0.0, 0.0], [0.0, 0.25, -0.25], "limit", "a masked class"),
    _x("log_softmax", "mg.log_softmax(x)[1]", [-inf, 0.0, 0.0], [0.0, 0.5, -0.5], "limit", "a masked class"),
    _x("softmax_cross_entropy", "mg.softmax_cross_entropy(x, [[0.0, 1.0, 0.0]])", [[-inf, 0.0, 0.0]],
       [[0.0, -0.5, 0.5]], "constant", "0 log 0 = 0: a masked class of probability 0 adds nothing"),
    _x("sigmoid", "mg.sigmoid(x)", [1000.0, -1000.0], [0.0, 0.0], "limit", "saturated, and no overflow"),
    _x("tanh", "mg.tanh(x)", [1000.0, -1000.0], [0.0, 0.0], "limit", "saturated"),
    # elementwise: kinks and ties
    _x("fabs", "mg.fabs(x)", [0.0, -0.0, -inf], [0.0, 0.0, -1.0], "least", "least of [-1, 1]"),
    _ab("fmax", "mg.fmax(a, b)", [1.0, 2.0, inf], [1.0, 3.0, inf], ([0.5, 0.0, 0.5], [0.5, 1.0, 0.5]), "least",
        "half each at a tie"),
    _ab("fmax", "mg.fmax(a, b)", [nan, 1.0, nan], [2.0, nan, nan], ([0.0, 1.0, 0.5], [1.0, 0.0, 0.5]), "constant",
        "to the number; two NaN tie"),
    _ab("fmin", "mg.fmin(a, b)", [1.0, 2.0, inf], [1.0, 3.0, inf], ([0.5, 1.0, 0.5], [0.5, 0.0, 0.5]), "least",
        "half each at a tie"),
    _ab("fmin", "mg.fmin(a, b)", [nan, 1.0, nan], [2.0, nan, nan], ([0.0, 1.0, 0.5], [1.0, 0.0, 0.5]), "constant",
        "to the number; two NaN tie"),
    _x("copysign", "mg.copysign(x, [-1.0, 1.0, -0.0, 2.0])", [0.0, 0.0, 2.0, -inf], [0.0, 0.0, -1.0, -1.0], "least",
       "|x| up to the sign; the sign bit of 0 counts"),
    _ab("hypot", "mg.hypot(a, b)", [0.0, 0.0, 3e-200], [0.0, 2.0, -4e-200], ([0.0, 0.0, 0.6], [0.0, 1.0, -0.8]),
        "least", "least norm at the origin, as the norm's"),
    _ab("hypot", "mg.hypot(a, b)", [-inf, 1.0], [1.0, inf], ([-1.0, 0.0], [0.0, 1.0]), "limit",
        "the infinite side takes all"),
    _ab("hypot", "mg.hypot(a, b)", [inf], [inf], ([0.0], [0.0]), "constant", "no limit exists, and nothing moves"),
    _x("i0e", "mg.special.i0e(x)", [0.0, -0.0, inf], [0.0, 0.0, 0.0], "least", "least of [-1, 1]; flat at infinity"),
    # elementwise: jumps
    *[
        _x(op, f"mg.{op}(x) * 3 + x", [0.0, -2.0, 0.5, inf], [1.0, 1.0, 1.0, 1.0], "constant", "constant in between")
        for op in ("floor", "ceil", "trunc", "rint")
    ],
    _ab("floor_divide", "mg.floor_divide(a, b) + a + b", [4.0, 5.0], [2.0, 2.0], ([1.0, 1.0], [1.0, 1.0]), "constant",
        "constant in between"),
    _ab("heaviside", "mg.heaviside(a, b) + a", [0.0, -0.0, 1.0, -1.0], [0.5, 0.5, 0.5, 0.5],
        ([1.0, 1.0, 1.0, 1.0], [1.0, 1.0, 0.0, 0.0]), "constant", "in a constant in between; b is the value at 0"),
    _ab("remainder", "mg.remainder(a, b)", [4.0, -4.0, 0.0, 1.0, -1.0], [2.0, 2.0, 2.0, 0.1, inf],
        ([1.0, 1.0, 1.0, 1.0, 1.0], [-2.0, 2.0, 0.0, -9.0, 1.0]), "limit",
        "from above, with the quotient that the value goes with (1 % 0.1 is 0.09999…)"),
    _ab("fmod", "mg.fmod(a, b)", [4.0, -4.0, 0.6, -1.0], [2.0, 2.0, 0.2, inf],
        ([1.0, 1.0, 1.0, 1.0], [-2.0, 2.0, -2.0, 0.0]), "limit", "likewise"),
    _x("where", "mg.nan_to_num(x) * inf", [nan, inf, -inf, 1.0], [0.0, 0.0, 0.0, inf], "constant",
       "what is replaced is constant"),
    # elementwise: removable singularities
    _x("sinc", "mg.sinc(x)", [0.0, -0.0, 1.0], [0.0, 0.0, -1.0], "limit", "even and smooth"),
    _x("sinc", "mg.sinc(x)", [1e-8, 1e-160], [-(math.pi**2) / 3e8, -(math.pi**2) / 3e160], "",
       "all digits near 0 too"),
    _ab("arctan2", "mg.arctan2(a, b)", [0.0, -0.0], [0.0, -0.0], ([0.0, 0.0], [0.0, 0.0]), "constant",
        "the angle has no slope at the origin"),
    _ab("arctan2", "mg.arctan2(a, b)", [0.0, -0.0], [-2.0, -2.0], ([-0.5, -0.5], [0.0, 0.0]), "limit",
        "the same on both sides of the cut"),
    _ab("arctan2", "mg.arctan2(a, b)", [1.0, inf, inf], [inf, 1.0, -inf], ([0.0, 0.0, 0.0], [0.0, 0.0, 0.0]), "limit",
        "far away the angle no longer turns"),
    _ab("arctan2", "mg.arctan2(a, b)", [0.0, 1e200], [1e-200, 1e200], ([1e200, 5e-201], [0.0, -5e-201]), "",
        "neither underflow nor overflow"),
    # elementwise: ends of the domain
    _x("arcsin", "mg.arcsin(x)", [1.0, -1.0], [inf, inf], "limit", "infinite from inside"),
    _x("arccos", "mg.arccos(x)", [1.0, -1.0], [-inf, -inf], "limit", "infinite from inside"),
    _x("arccosh", "mg.arccosh(x)", [1.0, inf], [inf, 0.0], "limit", "infinite from the right"),
    _x("arctanh", "mg.arctanh(x)", [1.0, -1.0], [inf, inf], "limit", "infinite from inside"),
    _x("cbrt", "mg.cbrt(x)", [0.0], [inf], "limit", "infinite from both sides"),
    _x("reciprocal", "mg.reciprocal(x)", [0.0, -0.0, inf], [-inf, -inf, 0.0], "limit", "-1 / x² from either side"),
    _x("log2", "mg.log2(x)", [0.0], [inf], "limit", "infinite from the right"),
    _x("log10", "mg.log10(x)", [0.0], [inf], "limit", "infinite from the right"),
    _x("log1p", "mg.log1p(x)", [-1.0], [inf], "limit", "infinite from the right"),
    _x("logit", "mg.special.logit(x)", [0.0, 1.0], [inf, inf], "limit", "infinite from inside"),
    _x("erfinv", "mg.special.erfinv(x)", [1.0, -1.0], [inf, inf], "limit", "infinite from inside"),
    _x("gammaln", "mg.special.gammaln(x)", [0.0], [-inf], "limit", "minus infinite from the right"),
    _ab("log", "mg.special.xlogy(a, b)", [0.0, 0.0, 0.0], [0.0, 2.0, -1.0],
        ([0.0, math.log(2), 0.0], [0.0, 0.0, 0.0]), "constant", "0 log 0 = 0, as if b were not there"),
    _ab("log1p", "mg.special.xlog1py(a, b)", [0.0, 0.0], [-1.0, 1.0], ([0.0, math.log(2)], [0.0, 0.0]), "constant",
        "as xlogy"),
    # elementwise: infinities
    _ab("logaddexp", "mg.logaddexp(a, b)", [-inf, -inf, inf], [-inf, 0.0, inf], ([0.5, 0.0, 0.5], [0.5, 1.0, 0.5]),
        "limit", "the limit along a = b where both are infinite"),
    _ab("logaddexp2", "mg.logaddexp2(a, b)", [-inf, -inf, inf], [-inf, 0.0, inf], ([0.5, 0.0, 0.5], [0.5, 1.0, 0.5]),
        "limit", "the limit along a = b where both are infinite"),
    _x("expm1", "mg.expm1(x)", [-40.0, -inf], [math.exp(-40), 0.0], "", "all digits where it is small"),
    _x("arcsinh", "mg.arcsinh(x)", [1e200, -inf], [1e-200, 0.0], "", "1 / |x|, and no overflow"),
    _x("erf", "mg.special.erf(x)", [40.0, -inf], [0.0, 0.0], "limit", "flat"),
    _x("log_ndtr", "mg.special.log_ndtr(x)", [-1e5, 40.0, inf], [1e5 + 1e-5, 0.0, 0.0], "limit",
       "about -x on the left; flat on the right"),
    # nothing
    _x("sum", "mg.sum(x)", [], [], "constant", "no elements"),
    _x("logsumexp", "mg.logsumexp(x, axis=1)", [[], []], [[], []], "constant", "-inf twice, of no elements"),
    _x("softmax", "mg.softmax(x, axis=1)", [[], []], [[], []], "constant", "no elements"),
    *[Point(*point) for point in FUNCTIONAL],
)  # fmt: skip
