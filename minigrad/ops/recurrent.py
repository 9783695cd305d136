"""Recurrence: a layer's output goes back into it at the next step. Whole sequences in one op each.

The arguments are the projected inputs `x` of all steps, of shape (steps, n, ...), and the state before the first one.
The way back goes through the steps once, from the last to the first, for all arguments together; what a matrix product
over all steps can do is left out of that loop.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..backend import empty
from ..kinds import fused
from ..tensor import Tensor, asarray
from ._shared import Shared
from .activation import relu as rectified
from .activation import sigmoid
from .joining import stack
from .splitting import split, unstack
from .trigonometry import tanh


def _wide(x: Any) -> Any:
    """float16 is computed in float32: NumPy multiplies its matrices without BLAS, and the sums lose their digits."""
    return x.astype(np.float32) if x.dtype.itemsize == 2 else x


def _before(first: Any, states: Any) -> Any:
    """Return the state before each step: the first one, and all but the last of those after."""
    return np.concatenate([first[None], states[:-1]])


def _weight_gradient(h: Any, states: Any, d: Any) -> Any:
    """Return the sum over all steps and examples of state times gradient, in one product."""
    before = _before(h, states)
    return np.matmul(before.reshape(-1, before.shape[-1]).T, d.reshape(-1, d.shape[-1]))


# -- one hidden state -----------------------------------------------------------------------------------------------


def _rnn_forward(x: Any, h: Any, w: Any, relu: bool) -> tuple[Any, dict[str, Any]]:
    dtype = np.result_type(x, h, w)
    x, state, w = _wide(x), _wide(h), _wide(w)
    y = empty(x, x.shape, np.result_type(x, state, w))
    for t in range(len(x)):
        a = np.matmul(state, w, out=y[t])
        a += x[t]
        state = np.maximum(a, 0, out=a) if relu else np.tanh(a, out=a)
    return y.astype(dtype, copy=False), {"shared": Shared()}


def _rnn_back(g: Any, y: Any, w: Any, relu: bool) -> tuple[Any, Any]:
    """Return the gradients of the sums before the activation, and of the first state."""
    y, w = _wide(y), _wide(w).T
    d = (y > 0).astype(y.dtype) if relu else 1 - y * y
    later = empty(y, y.shape[1:])
    later[...] = 0
    for t in range(len(y) - 1, -1, -1):
        later += g[t]
        d[t] *= later
        np.matmul(d[t], w, out=later)
    return d, later


def _rnn_decomposed(x: Any, h: Any, w: Any, relu: bool) -> Tensor:
    states, act = [], rectified if relu else tanh
    for a in unstack(x):
        h = act(a + asarray(h) @ w)
        states.append(h)
    return stack(states)


rnn = fused(
    _rnn_forward,
    lambda g, y, w, shared, relu: shared.of(g, 0, lambda: _rnn_back(g, y, w, relu))[0],
    lambda g, y, w, shared, relu: shared.of(g, 1, lambda: _rnn_back(g, y, w, relu))[1],
    lambda g, y, h, w, shared, relu: _weight_gradient(h, y, shared.of(g, 2, lambda: _rnn_back(g, y, w, relu))[0]),
    name="rnn",
    arguments=("x", "h", "w"),
    residuals=["shared"],
    local=["f'(x + h w), then · wᵀ f' step by step back", "wᵀ f', step by step back", "hᵀ · (summed over the steps)"],
    decomposition=_rnn_decomposed,
    doc="""Return the states ``h ← f(x[t] + h w)`` of all steps, with f the hyperbolic tangent or `relu`.

    x has shape (steps, n, hidden), h (n, hidden), w (hidden, hidden).
    Source: Elman, Finding Structure in Time, 1990.
    """,
)


# -- long short-term memory -----------------------------------------------------------------------------------------


def _lstm_forward(x: Any, h: Any, c: Any, w: Any) -> tuple[Any, dict[str, Any]]:
    dtype = np.result_type(x, h, c, w)
    x, state, cell, w = (_wide(a) for a in (x, h, c, w))
    wide = np.result_type(x, state, cell, w)
    steps, (n, hidden) = len(x), h.shape
    y, squashed = empty(x, (2, steps, n, hidden), wide), empty(x, (steps, n, hidden), wide)
    gates = empty(x, (steps, n, 4, hidden), wide)
    # σ(a) = tanh(a / 2) / 2 + 1/2: one call serves the four gates.
    scale = empty(x, (4, 1), wide)
    scale[...] = 0.5
    scale[2] = 1
    shift = 1 - scale
    for t in range(steps):
        a = gates[t]
        rows = np.matmul(state, w, out=a.reshape(n, 4 * hidden))
        rows += x[t]
        a *= scale
        np.tanh(a, out=a)
        a *= scale
        a += shift
        new = np.multiply(a[:, 1], cell, out=y[1, t])
        new += a[:, 0] * a[:, 2]
        cell = new
        state = np.multiply(a[:, 3], np.tanh(cell, out=squashed[t]), out=y[0, t])
    return y.astype(dtype, copy=False), {"gates": gates, "squashed": squashed, "shared": Shared()}


def _lstm_back(g: Any, y: Any, c: Any, w: Any, gates: Any, squashed: Any) -> tuple[Any, Any, Any]:
    """Return the gradients of the sums before the gates, of the first state and of the first cell."""
    w = _wide(w).T
    steps, n, _, hidden = gates.shape
    i, f, u, o = (gates[:, :, k] for k in range(4))
    # What one number of the cell's or the state's gradient becomes before the gates, for all steps at once.
    d = empty(gates, gates.shape)
    np.subtract(1, gates, out=d)
    d *= gates
    d[:, :, 0] *= u
    d[:, :, 1] *= _before(_wide(c), y[1])
    d[:, :, 2] = i * (1 - u * u)
    d[:, :, 3] *= squashed
    to_cell = o * (1 - squashed * squashed)
    state, cell = empty(gates, (n, hidden)), empty(gates, (n, hidden))
    state[...] = 0
    cell[...] = 0
    for t in range(steps - 1, -1, -1):
        state += g[0, t]
        cell += g[1, t]
        cell += state * to_cell[t]
        a = d[t]
        a[:, :3] *= cell[:, None]
        a[:, 3] *= state
        cell *= f[t]
        np.matmul(a.reshape(n, 4 * hidden), w, out=state)
    return d.reshape(steps, n, 4 * hidden), state, cell


def _lstm_decomposed(x: Any, h: Any, c: Any, w: Any) -> Tensor:
    states, cells = [], []
    for a in unstack(x):
        i, f, u, o = split(a + asarray(h) @ w, 4, axis=-1)
        c = sigmoid(f) * c + sigmoid(i) * tanh(u)
        h = sigmoid(o) * tanh(c)
        states.append(h)
        cells.append(c)
    return stack([stack(states), stack(cells)])


lstm = fused(
    _lstm_forward,
    lambda g, y, c, w, gates, squashed, shared: shared.of(g, 0, lambda: _lstm_back(g, y, c, w, gates, squashed))[0],
    lambda g, y, c, w, gates, squashed, shared: shared.of(g, 1, lambda: _lstm_back(g, y, c, w, gates, squashed))[1],
    lambda g, y, c, w, gates, squashed, shared: shared.of(g, 2, lambda: _lstm_back(g, y, c, w, gates, squashed))[2],
    lambda g, y, h, c, w, gates, squashed, shared: _weight_gradient(
        h, y[0], shared.of(g, 3, lambda: _lstm_back(g, y, c, w, gates, squashed))[0]
    ),
    name="lstm",
    arguments=("x", "h", "c", "w"),
    residuals=["gates", "squashed", "shared"],
    local=[
        "the gates' slopes, then · wᵀ and · σ(f) step by step back", "wᵀ · the gates' slopes, step by step back",
        "σ(f), step by step back", "hᵀ · (summed over the steps)",
    ],
    decomposition=_lstm_decomposed,
    doc="""Return the states and the cells of all steps: shape (2, steps, n, hidden).

    With ``i, f, u, o = split(x[t] + h w, 4)``: ``c ← σ(f) c + σ(i) tanh(u)`` and ``h ← σ(o) tanh(c)``.
    x has shape (steps, n, 4 hidden), h and c (n, hidden), w (hidden, 4 hidden).
    Source: Hochreiter and Schmidhuber, Long Short-Term Memory, 1997; Gers et al., Learning to Forget, 2000.
    """,
)  # fmt: skip


# -- gated recurrent unit -------------------------------------------------------------------------------------------


def _gru_forward(x: Any, h: Any, w: Any, b: Any) -> tuple[Any, dict[str, Any]]:
    dtype = np.result_type(x, h, w) if b is None else np.result_type(x, h, w, b)
    x, state, w = _wide(x), _wide(h), _wide(w)
    wide = np.result_type(x, state, w) if b is None else np.result_type(x, state, w, _wide(b))
    steps, (n, hidden) = len(x), h.shape
    y, inner = empty(x, (steps, n, hidden), wide), empty(x, (steps, n, hidden), wide)
    gates = empty(x, (steps, n, 3, hidden), wide)
    for t in range(steps):
        rows = np.matmul(state, w)
        if b is not None:
            rows += b
        inner[t] = rows[:, 2 * hidden :]
        a = gates[t]
        both = np.add(x[t, :, : 2 * hidden], rows[:, : 2 * hidden], out=rows[:, : 2 * hidden])
        # σ(a) = tanh(a / 2) / 2 + 1/2
        both *= 0.5
        np.tanh(both, out=both)
        both *= 0.5
        both += 0.5
        a[:, :2] = both.reshape(n, 2, hidden)
        new = np.multiply(a[:, 0], inner[t], out=a[:, 2])
        new += x[t, :, 2 * hidden :]
        np.tanh(new, out=new)
        # (1 - z) new + z h
        step = np.subtract(state, new, out=y[t])
        step *= a[:, 1]
        step += new
        state = step
    return y.astype(dtype, copy=False), {"gates": gates, "inner": inner, "shared": Shared()}


def _gru_back(g: Any, y: Any, h: Any, w: Any, gates: Any, inner: Any) -> tuple[Any, Any, Any]:
    """Return the gradients of `x`, of the products ``h w + b``, and of the first state."""
    w = _wide(w).T
    steps, n, _, hidden = gates.shape
    r, z, u = (gates[:, :, k] for k in range(3))
    # What one number of the state's gradient becomes before the gates, for all steps at once.
    d = empty(gates, gates.shape)
    np.subtract(1, gates[:, :, :2], out=d[:, :, :2])
    d[:, :, :2] *= gates[:, :, :2]
    d[:, :, 1] *= _before(_wide(h), y) - u
    d[:, :, 2] = (1 - z) * (1 - u * u)
    d[:, :, 0] *= inner
    d[:, :, 0] *= d[:, :, 2]
    products = empty(gates, gates.shape)
    state = empty(gates, (n, hidden))
    state[...] = 0
    for t in range(steps - 1, -1, -1):
        state += g[t]
        a, p = d[t], products[t]
        a *= state[:, None]
        p[:, :2] = a[:, :2]
        np.multiply(a[:, 2], r[t], out=p[:, 2])
        state *= z[t]
        state += np.matmul(p.reshape(n, 3 * hidden), w)
    return d.reshape(steps, n, 3 * hidden), products.reshape(steps, n, 3 * hidden), state


def _gru_decomposed(x: Any, h: Any, w: Any, b: Any) -> Tensor:
    states = []
    for a in unstack(x):
        product = asarray(h) @ w
        r_h, z_h, u_h = split(product if b is None else product + b, 3, axis=-1)
        r_x, z_x, u_x = split(a, 3, axis=-1)
        z = sigmoid(z_x + z_h)
        u = tanh(u_x + sigmoid(r_x + r_h) * u_h)
        h = (1 - z) * u + z * h
        states.append(h)
    return stack(states)


gru = fused(
    _gru_forward,
    lambda g, y, h, w, gates, inner, shared: shared.of(g, 0, lambda: _gru_back(g, y, h, w, gates, inner))[0],
    lambda g, y, h, w, gates, inner, shared: shared.of(g, 1, lambda: _gru_back(g, y, h, w, gates, inner))[2],
    lambda g, y, h, w, gates, inner, shared: _weight_gradient(
        h, y, shared.of(g, 2, lambda: _gru_back(g, y, h, w, gates, inner))[1]
    ),
    lambda g, y, h, w, gates, inner, shared: shared.of(g, 3, lambda: _gru_back(g, y, h, w, gates, inner))[1].sum(
        axis=(0, 1)
    ),
    name="gru",
    arguments=("x", "h", "w", "b"),
    residuals=["gates", "inner", "shared"],
    local=[
        "the gates' slopes, then · wᵀ and · z step by step back", "z + wᵀ · the gates' slopes, step by step back",
        "hᵀ · (summed over the steps)", "1 (summed over the steps)",
    ],
    decomposition=_gru_decomposed,
    doc="""Return the states of all steps: shape (steps, n, hidden). `b` may be None.

    With ``r, z, u`` the thirds of ``x[t]``, and ``r', z', u'`` those of ``h w + b``:
    ``h ← (1 - σ(z + z')) tanh(u + σ(r + r') u') + σ(z + z') h``.
    x has shape (steps, n, 3 hidden), h (n, hidden), w (hidden, 3 hidden), b (3 hidden,).
    Source: Cho et al., Learning Phrase Representations using RNN Encoder-Decoder, 2014.
    """,
)  # fmt: skip
