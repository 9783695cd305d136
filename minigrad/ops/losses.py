"""The primitives that losses are made of, each a number per element or example."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..kinds import elementwise, fused, on_arrays
from ..tensor import Tensor, asarray
from .activation import log_softmax, sigmoid

_sigma: Any = on_arrays(sigmoid)


def _huber(x: Any, delta: Any) -> Any:
    size = np.abs(x)
    near = np.minimum(size, delta)
    return near * (size - 0.5 * near)  # x²/2 of a large x could overflow where it is not wanted


huber = elementwise(
    _huber,
    lambda g, x, delta: g * np.clip(x, -delta, delta),
    None,
    name="huber",
    arguments=("x", "delta"),
    doc="""Return x²/2 up to delta from 0, and ``delta · (|x| - delta/2)`` beyond. Local gradient: clip(x, ±delta).

    >>> from minigrad.ops.losses import huber
    >>> huber([0.5, 3.0], 1.0)
    Tensor([0.125, 2.5  ], dtype=float64)
    """,
)

# What keeps the cross-entropy of a probability of 0 finite, in PyTorch and here.
_LOWEST = -100.0
_TINY = 1e-12


def _at_least(y: Any) -> Any:
    return np.maximum(y, _LOWEST)


def _clamped_log(x: Any) -> Any:
    with np.errstate(divide="ignore"):
        return _at_least(np.log(x))


def _clamped_log1p(x: Any) -> Any:
    with np.errstate(divide="ignore"):
        return _at_least(np.log1p(x))


clamped_log = elementwise(
    _clamped_log,
    lambda g, x: g / np.maximum(x, _TINY),
    name="clamped_log",
    doc="""Return ``max(log(x), -100)`` for probabilities. Local gradient: 1 / x, at most 1e12.

    >>> from minigrad.ops.losses import clamped_log
    >>> clamped_log([0.0, 1.0])
    Tensor([-100.,    0.], dtype=float64)
    """,
)

clamped_log1p = elementwise(
    _clamped_log1p,
    lambda g, x: g / np.maximum(x + 1, _TINY),
    name="clamped_log1p",
    doc="""Return ``max(log(1 + x), -100)``. Local gradient: 1 / (1 + x), at most 1e12.

    >>> from minigrad.ops.losses import clamped_log1p
    >>> clamped_log1p([-1.0, 0.0])
    Tensor([-100.,    0.], dtype=float64)
    """,
)


def _logits_forward(x: Any, t: Any) -> Any:
    with np.errstate(invalid="ignore"):
        linear = (1 - t) * np.maximum(x, 0) + t * np.maximum(-x, 0)
    if not np.all(np.isfinite(linear)):
        # 0 · ∞: a sure and right prediction costs nothing.
        linear = np.where(((t == 1) & (x > 0)) | ((t == 0) & (x < 0)), linear.dtype.type(0), linear)
    return linear + np.log1p(np.exp(-np.abs(x)))


logistic_loss = elementwise(
    _logits_forward,
    lambda g, x, t: g * (_sigma(x) - t),
    lambda g, x: -(g * x),
    name="logistic_loss",
    arguments=("x", "t"),
    local=("σ(x) - t", "-x"),
    doc="""Return ``-t log σ(x) - (1 - t) log σ(-x)``, without overflow. Local gradients: σ(x) - t and -x.

    >>> from minigrad.ops.losses import logistic_loss
    >>> logistic_loss([0.0, 1000.0, -1000.0], [1.0, 1.0, 1.0])
    Tensor([6.93147181e-01, 0.00000000e+00, 1.00000000e+03], dtype=float64)
    """,
)


def _entropies(logits: Any, target: Any) -> tuple[Any, dict[str, Any]]:
    shifted = logits - logits.max(axis=1, keepdims=True)
    softmax = np.exp(shifted)
    total = softmax.sum(axis=1, keepdims=True)
    losses = np.log(total[:, 0]) - shifted[np.arange(len(logits)), target]
    softmax /= total
    return losses, {"softmax": softmax}


def _entropies_rule(g: Any, softmax: Any, target: Any) -> Any:
    d = softmax * g[:, None]
    d[np.arange(len(d)), target] -= g
    return d


def _entropies_decomposed(logits: Any, target: Any) -> Tensor:
    rows = np.arange(len(logits))
    return -log_softmax(logits, 1)[rows, asarray(target)._data]


cross_entropies = fused(
    _entropies,
    _entropies_rule,
    None,
    name="cross_entropies",
    arguments=("logits", "target"),
    residuals=["softmax"],
    local=["softmax - target", "0"],
    decomposition=_entropies_decomposed,
    doc="""Return ``-log softmax(logits)[target]`` for each row of (n, classes) and its class index.

    >>> from minigrad.ops.losses import cross_entropies
    >>> cross_entropies([[0.0, 0.0], [0.0, 1000.0]], [0, 1])
    Tensor([0.69314718, 0.        ], dtype=float64)
    """,
)

HALF_LOG_2PI = 0.5 * math.log(2 * math.pi)
