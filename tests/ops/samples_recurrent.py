"""Samples of the ops that run over sequences: recurrent layers, written out step by step."""

from typing import Any

import numpy as np
from hypothesis import strategies as st

from minigrad.ops.recurrent import gru, lstm, rnn
from minigrad.testing.strategies import arrays
from tests.ops.sample import Sample


def sigma(x: Any) -> Any:
    return 1 / (1 + np.exp(-x))


def rnn_reference(x: Any, h: Any, w: Any, relu: bool) -> Any:
    states, state = [], h.astype(float)
    for a in x.astype(float):
        s = a + np.einsum("ni,ij->nj", state, w)
        state = np.maximum(s, 0) if relu else np.tanh(s)
        states.append(state)
    return np.stack(states).astype(np.result_type(x, h, w))


def lstm_reference(x: Any, h: Any, c: Any, w: Any) -> Any:
    states, cells, state, cell = [], [], h.astype(float), c.astype(float)
    for a in x.astype(float):
        i, f, u, o = np.split(a + np.einsum("ni,ij->nj", state, w), 4, axis=1)
        cell = sigma(f) * cell + sigma(i) * np.tanh(u)
        state = sigma(o) * np.tanh(cell)
        states.append(state)
        cells.append(cell)
    return np.stack([states, cells]).astype(np.result_type(x, h, c, w))


def gru_reference(x: Any, h: Any, w: Any, b: Any = None) -> Any:
    states, state = [], h.astype(float)
    for a in x.astype(float):
        r, z, u = np.split(a, 3, axis=1)
        product = np.einsum("ni,ij->nj", state, w) + (0 if b is None else b)
        r2, z2, u2 = np.split(product, 3, axis=1)
        z = sigma(z + z2)
        state = (1 - z) * np.tanh(u + sigma(r + r2) * u2) + z * state
        states.append(state)
    return np.stack(states).astype(np.result_type(x, h, w))


@st.composite
def sequences(draw: Any, gates: int, states: int = 1, bias: bool = False, relu: bool = False) -> Any:
    steps, n, hidden = draw(st.integers(1, 3)), draw(st.integers(0, 2)), draw(st.integers(1, 2))
    # Sums of positive numbers stay away from the kink; large weights make second differences inexact.
    low = {"low": 0.1, "high": 1.0} if relu else {"low": -0.8, "high": 0.8}
    args = [draw(arrays((steps, n, gates * hidden), **low))]
    args += [draw(arrays((n, hidden), **low)) for _ in range(states)]
    args.append(draw(arrays((hidden, gates * hidden), **low)))
    if bias:
        args.append(draw(arrays((gates * hidden,), **low)) if draw(st.booleans()) else None)
    return tuple(args), {}


def waves(*shape: int, start: float) -> Any:
    return np.sin(start + 1.3 * np.arange(np.prod(shape))).reshape(shape)


H, C = waves(2, 2, start=0.4), waves(2, 2, start=2.4) * 1.5

# fmt: off
SAMPLES = [
    Sample(
        "rnn",
        lambda x, h, w: rnn(x, h, w, relu=False),
        sequences(1),
        lambda x, h, w: rnn_reference(x, h, w, False),
        (((waves(3, 2, 2, start=0.0), H, waves(2, 2, start=1.0)), {}),),
    ),
    Sample(
        "rnn",
        lambda x, h, w: rnn(x, h, w, relu=True),
        sequences(1, relu=True),
        lambda x, h, w: rnn_reference(x, h, w, True),
        (((waves(3, 2, 2, start=0.0), H, waves(2, 2, start=1.0)), {}),),
        variant="relu",
    ),
    Sample(
        "lstm",
        lstm,
        sequences(4, states=2),
        lstm_reference,
        (((waves(2, 1, 8, start=0.0) * 1.5, H[:1], C[:1], waves(2, 8, start=1.0)), {}),),
    ),
    Sample(
        "gru",
        gru,
        sequences(3, bias=True),
        gru_reference,
        (((waves(2, 1, 6, start=0.0) * 1.5, H[:1], waves(2, 6, start=1.0), waves(6, start=3.0)), {}),),
    ),
]
