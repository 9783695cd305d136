"""Samples of the elementwise ops."""

from typing import Any

import numpy as np
from hypothesis import strategies as st

import minigrad as mg
from minigrad.testing.strategies import arrays, broadcastable
from tests.ops.sample import Sample

SQUARE = np.array([[0.6, 1.3, 0.9], [1.7, 0.8, 1.1]])
ROW = np.array([[1.2, 0.7, 1.6]])


def unary(function: Any, reference: Any, low: float = -2.0, high: float = 2.0, **options: Any) -> Sample:
    """A sample of one argument; `options` go to :func:`arrays` where they are its own."""
    own = {key: options.pop(key) for key in ("avoid", "gap") if key in options}
    fixed = options.pop("fixed", SQUARE)
    calls = arrays(low=low, high=high, **own).map(lambda x: ((x,), {}))
    op = options.pop("op", None) or function.op.name
    return Sample(op, function, calls, reference, (((fixed,), {}),), **options)


@st.composite
def pairs(draw: Any, first: dict[str, Any], second: dict[str, Any], constants: bool = True) -> Any:
    """Two arrays that broadcast; one of them may be a constant array of integers."""
    a, b = draw(broadcastable())
    x, y = draw(arrays(a, **first)), draw(arrays(b, **second))
    kind = draw(st.sampled_from(("both", "both", "left", "right"))) if constants else "both"
    if kind == "left":
        x = np.ceil(np.abs(x)).astype(np.int64) + 1
    if kind == "right":
        y = np.ceil(np.abs(y)).astype(np.int64) + 1
    return (x, y), {}


def binary(function: Any, reference: Any, first: dict[str, Any], second: dict[str, Any], **options: Any) -> Sample:
    """A sample of two arguments that broadcast."""
    fixed = options.pop("fixed", ((SQUARE, SQUARE[::-1] + 0.35), (SQUARE, ROW), (ROW, SQUARE)))
    calls = pairs(first, second, options.pop("constants", True))
    op = options.pop("op", None) or function.op.name
    return Sample(op, function, calls, reference, tuple((args, {}) for args in fixed), **options)


ANY = {"low": -2.0, "high": 2.0}
POSITIVE = {"low": 0.5, "high": 2.0}


@st.composite
def apart(draw: Any) -> Any:
    """Two arrays that broadcast, without ties: wholes against wholes and 0.4."""
    (x, y), _ = draw(pairs(ANY, ANY, constants=False))
    return (np.round(x), np.round(y) + 0.4), {}


@st.composite
def clipped(draw: Any) -> Any:
    a, b, c = draw(broadcastable(3))
    x = draw(arrays(a, avoid=(-1.0, 1.0), gap=0.3))
    return (x, draw(arrays(b, low=-1.1, high=-0.9)), draw(arrays(c, low=0.9, high=1.1))), {}


@st.composite
def chosen(draw: Any) -> Any:
    a, b, c = draw(broadcastable(3))
    condition = draw(arrays(c)) > 0
    return (condition, draw(arrays(a)), draw(arrays(b))), {}


def _half(call: Any, which: int) -> Any:
    """A clip call with one bound left out."""
    (x, lo, hi), params = call
    return ((x, None, hi) if which else (x, lo, None)), params


CLIPPED = np.array([[-1.4, -0.3, 1.5], [0.4, 1.1, -1.6]])
SIGNED = np.array([[-0.6, 1.3, -0.9], [1.7, -0.8, 1.1]])
WHOLE = np.array([[1.0, 0.0, 2.0], [-1.0, 3.0, 1.0]])
CONDITION = np.array([[True, False, True], [False, False, True]])

SAMPLES = [
    unary(mg.identity, np.copy, analytic=True),
    unary(mg.negative, np.negative, analytic=True),
    unary(mg.absolute, np.absolute, avoid=(0.0,), fixed=SIGNED),
    unary(mg.sign, np.sign, avoid=(0.0,), fixed=SIGNED),
    unary(mg.square, np.square, analytic=True),
    unary(mg.relu, lambda x: np.where(x > 0, x, np.zeros_like(x)), avoid=(0.0,), fixed=SIGNED),
    unary(mg.sigmoid, lambda x: (1 / (1 + np.exp(-x.astype(float)))).astype(x.dtype), fixed=SIGNED),
    binary(mg.add, np.add, ANY, ANY, analytic=True),
    binary(mg.subtract, np.subtract, ANY, ANY, analytic=True),
    binary(mg.multiply, np.multiply, ANY, ANY, analytic=True),
    binary(mg.divide, np.divide, ANY, POSITIVE, analytic=True),
    binary(mg.power, np.power, POSITIVE, ANY, analytic=True),
    Sample(
        "power",
        lambda x, n: mg.power(x, n),
        st.tuples(arrays(avoid=(0.0,)), st.sampled_from((-1, 0, 1, 2, 3))).map(lambda args: (args, {})),
        lambda x, n: np.power(x, n),
        (((SIGNED, 3), {}),),
        variant="whole exponent",
    ),
    Sample(
        "maximum",
        mg.maximum,
        apart(),
        np.maximum,
        (((WHOLE, WHOLE[::-1] + 0.4), {}), ((WHOLE, ROW), {}), ((ROW, WHOLE), {})),
    ),
    Sample(
        "minimum",
        mg.minimum,
        apart(),
        np.minimum,
        (((WHOLE, WHOLE[::-1] + 0.4), {}), ((WHOLE, ROW), {}), ((ROW, WHOLE), {})),
    ),
    Sample(
        "where",
        mg.where,
        chosen(),
        np.where,
        (((CONDITION, SQUARE, -SQUARE), {}), ((CONDITION, ROW, ROW[0]), {})),
    ),
    Sample(
        "clip",
        mg.clip,
        clipped(),
        np.clip,
        (
            ((CLIPPED, np.full((2, 3), -0.9), np.full((2, 3), 1.2)), {}),
            ((CLIPPED, np.full((1, 3), -0.9), np.full((3,), 1.2)), {}),
            ((CLIPPED[0, 1:2], np.array([0.3, -0.9]), np.array([0.8, 1.2])), {}),
            # Bounds that cross: the upper one holds.
            ((np.array([-0.3, -0.5]), np.array([0.5, 0.3]), np.array([0.2, 0.8])), {}),
        ),
    ),
    Sample(
        "clip",
        mg.clip,
        st.tuples(clipped(), st.integers(0, 1)).map(lambda drawn: _half(*drawn)),
        np.clip,
        (((np.array([-1.4, 0.2, 1.5]), None, 0.9), {}),),
        variant="one bound",
    ),
]
