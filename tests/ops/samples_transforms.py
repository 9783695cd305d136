"""Samples of ops that wrap a function."""

from typing import Any

import numpy as np
from hypothesis import strategies as st

import minigrad as mg
from minigrad.testing.strategies import arrays, broadcastable
from tests.ops.sample import Sample


def _product(a: Any, b: Any) -> Any:
    return np.sin(a) * b + a


@st.composite
def pairs(draw: Any) -> Any:
    a, b = draw(broadcastable())
    return (draw(arrays(a)), draw(arrays(b))), {}


A = np.array([[0.6, -1.3, 0.9], [1.7, 0.8, -1.1]])

SAMPLES = [
    Sample(
        "checkpoint",
        lambda a, b: mg.checkpoint(_product, a, b),
        pairs(),
        _product,
        (((A, A[:1] * 2), {}), ((A, np.float64(1.5)), {})),
        dtypes=("float64", "float32"),
    )
]
