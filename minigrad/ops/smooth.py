"""Smooth activations: softplus and its kin, and the self-gated x · σ(x), x · Φ(x), x · tanh(softplus(x)).

None overflows, and each has its limit at infinity: where a factor vanishes, the other one is kept finite.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..extras import require
from ..kinds import elementwise, on_arrays
from ..special import ndtr
from ..tensor import asarray
from . import _gelu_kernels
from ._limits import at_least, at_most
from .activation import sigmoid

_sigma: Any = on_arrays(sigmoid)

# Beyond, σ(-x) is 0 in every precision; and it fits into float16.
_FAR = 1e4


def _log1p_exp(x: Any) -> Any:
    """log(1 + exp(-|x|)), between 0 and log 2."""
    return np.log1p(np.exp(-np.abs(x)))


def _softplus_rule(g: Any, x: Any, beta: float, threshold: float) -> Any:
    z = x * beta
    return g * _sigma(z) * (z <= threshold) + g * (z > threshold)


softplus = elementwise(
    lambda x, beta, threshold: (at_least(x * beta, 0) + _log1p_exp(x * beta) * (x * beta <= threshold)) / beta,
    lambda g, x, beta, threshold: _softplus_rule(g, x, beta, threshold),
    None,
    None,
    name="softplus",
    arguments=("x", "beta", "threshold"),
    local=("σ(beta·x)", "0", "0"),
    routes=True,
    doc="""Return ``log(1 + exp(beta · x)) / beta``, and `x` itself where ``beta · x`` is above the threshold.

    Local gradient: σ(beta · x), and 1 above the threshold.

    >>> from minigrad.ops.smooth import softplus
    >>> softplus([-1000.0, 0.0, 1000.0], 1.0, 20.0)
    Tensor([0.00000000e+00, 6.93147181e-01, 1.00000000e+03], dtype=float64)
    """,
)

logsigmoid = elementwise(
    lambda x: at_most(x, 0) - _log1p_exp(x),
    lambda g, x: g * _sigma(-x),
    name="logsigmoid",
    local=("σ(-x)",),
    doc="""Return ``log(σ(x))``, without overflow or loss of digits. Local gradient: σ(-x).

    >>> from minigrad.ops.smooth import logsigmoid
    >>> logsigmoid([-1000.0, 0.0])
    Tensor([-1.00000000e+03, -6.93147181e-01], dtype=float64)
    """,
)


def _softsign(x: Any) -> Any:
    largest = np.finfo(x.dtype).max
    x = np.clip(x, -largest, largest)
    return x / (1 + np.abs(x))


softsign = elementwise(
    _softsign,
    lambda g, x: g / (1 + np.abs(x)) / (1 + np.abs(x)),
    name="softsign",
    local=("1 / (1 + |x|)²",),
    decomposition=lambda x: asarray(x) / (1 + abs(asarray(x))),
    doc="""Return ``x / (1 + |x|)``. Local gradient: 1 / (1 + |x|)².

    >>> from minigrad.ops.smooth import softsign
    >>> softsign([-3.0, 0.0, 1.0])
    Tensor([-0.75,  0.  ,  0.5 ], dtype=float64)
    """,
)

tanhshrink = elementwise(
    lambda x: x - np.tanh(x),
    lambda g, x: g * np.square(np.tanh(x)),
    name="tanhshrink",
    decomposition=lambda x: asarray(x) - np.tanh(asarray(x)),
    doc="""Return ``x - tanh(x)``. Local gradient: tanh(x)².

    >>> from minigrad.ops.smooth import tanhshrink
    >>> tanhshrink([0.0, 1.0])
    Tensor([0.        , 0.23840584], dtype=float64)
    """,
)


def _silu_slope(x: Any) -> Any:
    s = _sigma(x)
    return s * (1 + np.clip(x, -_FAR, _FAR) * (1 - s))


silu = elementwise(
    lambda x: at_least(x, -_FAR) * _sigma(x),
    lambda g, x: g * _silu_slope(x),
    name="silu",
    local=("σ(x)·(1 + x·(1 - σ(x)))",),
    decomposition=lambda x: asarray(x) * sigmoid(x),
    doc="""Return ``x · σ(x)``, also called swish. Local gradient: σ(x) (1 + x (1 - σ(x))).

    >>> from minigrad.ops.smooth import silu
    >>> silu([-1000.0, 0.0, 1.0])
    Tensor([-0.        ,  0.        ,  0.73105858], dtype=float64)
    """,
)


def _mish_parts(x: Any) -> tuple[Any, Any, Any]:
    """Return z = x, w = exp(z) and n = w (w + 2); then tanh(softplus(x)) = n / (n + 2).

    z is limited to where that is 1 in its precision, so that nothing overflows.
    """
    z = np.clip(x, -_FAR, 5.5 if x.dtype.itemsize == 2 else 20.0)
    w = np.exp(z)
    return z, w, w * (w + 2)


def _mish(x: Any) -> Any:
    _, _, n = _mish_parts(x)
    return at_least(x, -_FAR) * (n / (n + 2))


def _mish_slope(x: Any) -> Any:
    z, w, n = _mish_parts(x)
    d = n + 2
    return n / d + z * (w / d) * (4 * ((w + 1) / d))


mish = elementwise(
    _mish,
    lambda g, x: g * _mish_slope(x),
    name="mish",
    local=("t + x·(1 - t²)·σ(x) with t = tanh(softplus(x))",),
    decomposition=lambda x: asarray(x) * np.tanh(softplus(x, 1.0, math.inf)),
    doc="""Return ``x · tanh(softplus(x))``. Local gradient: t + x (1 - t²) σ(x), with t = tanh(softplus(x)).

    >>> from minigrad.ops.smooth import mish
    >>> mish([-1000.0, 0.0, 1.0])
    Tensor([-0.        ,  0.        ,  0.86509839], dtype=float64)
    """,
)

_ROOT = math.sqrt(2 / math.pi)
_CUBIC = 0.044715
# Beyond, the tanh below is 1 to the last digit in every precision.
_SATURATED = 16.0


def _gelu_tanh(x: Any) -> Any:
    z = np.clip(x, -_SATURATED, _SATURATED)
    return at_least(x, -_SATURATED) * (0.5 * (1 + np.tanh(z * (_ROOT + _ROOT * _CUBIC * z * z))))


def _gelu_tanh_slope(x: Any) -> Any:
    z = np.clip(x, -_SATURATED, _SATURATED)
    t = np.tanh(z * (_ROOT + _ROOT * _CUBIC * z * z))
    return 0.5 * (1 + t) + z * (1 - t * t) * (0.5 * _ROOT + 1.5 * _ROOT * _CUBIC * z * z)


gelu_tanh = elementwise(
    _gelu_tanh,
    lambda g, x: g * _gelu_tanh_slope(x),
    name="gelu_tanh",
    local=("(1 + t)/2 + x/2·(1 - t²)·u' with t = tanh(u), u = √(2/π)·(x + 0.044715·x³)",),
    doc="""Return ``x/2 · (1 + tanh(√(2/π) (x + 0.044715 x³)))``, an approximation of gelu to about 5e-4.

    >>> from minigrad.ops.smooth import gelu_tanh
    >>> gelu_tanh([-1000.0, 0.0, 1.0])
    Tensor([-0.        ,  0.        ,  0.84119199], dtype=float64)
    """,
)


# Beyond, the density and the smaller tail of the normal distribution are 0 in every precision.
_TAIL = 40.0
_DENSITY = 1 / math.sqrt(2 * math.pi)


def _density(x: Any) -> Any:
    z = np.clip(x, -_TAIL, _TAIL)
    return np.exp(z * z * -0.5) * _DENSITY


_ndtr: Any = on_arrays(ndtr)


def _phi(x: Any) -> Any:
    y = _ndtr(x)
    return y if y.dtype == x.dtype else y.astype(x.dtype)  # SciPy has no float16


def _fast(x: Any) -> bool:
    return type(x) is np.ndarray and x.dtype == np.float32


def _gelu(x: Any) -> Any:
    require("scipy.special", "special", "the exact gelu (approximate='tanh' does without it)")
    return _gelu_kernels.gelu(x) if _fast(x) else np.maximum(x, -_TAIL) * _phi(x)


def _gelu_slope(x: Any) -> Any:
    return _gelu_kernels.slope(x) if _fast(x) else _phi(x) + np.clip(x, -_TAIL, _TAIL) * _density(x)


gelu = elementwise(
    _gelu,
    lambda g, x: g * _gelu_slope(x),
    name="gelu",
    local=("Φ(x) + x·φ(x)",),
    decomposition=lambda x: asarray(x) * ndtr(x),
    doc="""Return ``x · Φ(x)``, with Φ the standard normal distribution function. Local gradient: Φ(x) + x φ(x).

    It needs SciPy: ``pip install 'minigrad[special]'``. A doctest of it is in :func:`minigrad.nn.functional.gelu`.
    """,
)
