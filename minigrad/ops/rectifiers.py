"""Activations with a kink: leaky and exponential rectifiers, and the piecewise stand-ins for sigmoid and swish.

Masks multiply the gradient, where `np.where` would read better: it is ten times slower on large arrays.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..kinds import elementwise
from ..tensor import asarray
from ._limits import at_least, at_most
from .arithmetic import where

leaky_relu = elementwise(
    lambda x, slope: np.maximum(x, x * slope),
    lambda g, x, slope: g * (x > 0) + g * (x <= 0) * slope,
    None,
    name="leaky_relu",
    arguments=("x", "slope"),
    local=("1 if x > 0 else slope", "0"),
    decomposition=lambda x, slope: where(asarray(x) > 0, x, asarray(x) * slope),
    routes=True,
    doc="""Return ``max(x, slope · x)`` for a slope from 0 to 1. Local gradient: 1 where x > 0, else the slope.

    >>> from minigrad.ops.rectifiers import leaky_relu
    >>> leaky_relu([-2.0, 3.0], 0.1)
    Tensor([-0.2,  3. ], dtype=float64)
    """,
)

prelu = elementwise(
    lambda x, weight: np.maximum(x, 0) + weight * np.minimum(x, 0),
    # At 0 every slope between 1 and the weight supports the function: the one nearest to 0.
    lambda g, x, weight: g * (x > 0) + g * (x < 0) * weight + g * (x == 0) * np.clip(weight, 0.0, 1.0),
    lambda g, x: g * np.minimum(x, 0),
    name="prelu",
    arguments=("x", "weight"),
    local=("1 if x > 0 else weight", "min(x, 0)"),
    decomposition=lambda x, weight: where(asarray(x) > 0, x, weight * asarray(x)),
    routes=True,
    doc="""Return `x` where it is positive, else ``weight · x``. Local gradients: 1 or the weight; min(x, 0).

    At ``x = 0`` the slope is the one nearest to 0 of those between 1 and the weight.

    >>> from minigrad.ops.rectifiers import prelu
    >>> prelu([-2.0, 3.0], 2.0)
    Tensor([-4.,  3.], dtype=float64)
    """,
)


def _elu_rule(g: Any, x: Any, alpha: float, scale: float) -> Any:
    # At 0 the slopes are `alpha` from the left and 1 from the right: the one nearest to 0 between them.
    right = x >= 0 if alpha > 1 else x > 0
    left = x <= 0 if 0 <= alpha <= 1 else x < 0
    return (g * right + g * left * (alpha * np.exp(at_most(x, 0)))) * scale


elu = elementwise(
    lambda x, alpha: at_least(x, 0) + alpha * np.expm1(at_most(x, 0)),
    lambda g, x, alpha: _elu_rule(g, x, alpha, 1.0),
    None,
    name="elu",
    arguments=("x", "alpha"),
    local=("1 if x > 0 else alpha·exp(x)", "0"),
    decomposition=lambda x, alpha: where(asarray(x) > 0, x, (np.exp(np.minimum(asarray(x), 0.0)) - 1) * alpha),
    routes=True,
    doc="""Return `x` where it is positive, else ``alpha · (exp(x) - 1)``. Local gradient: 1, or alpha · exp(x).

    At ``x = 0`` the slope is the one nearest to 0 of those between 1 and alpha.

    >>> from minigrad.ops.rectifiers import elu
    >>> elu([-1.0, 2.0], 1.0)
    Tensor([-0.63212056,  2.        ], dtype=float64)
    """,
)

celu = elementwise(
    lambda x, alpha: at_least(x, 0) + alpha * np.expm1(at_most(x, 0) / alpha),
    lambda g, x, alpha: g * np.exp(at_most(x, 0) / alpha),
    None,
    name="celu",
    arguments=("x", "alpha"),
    local=("1 if x > 0 else exp(x / alpha)", "0"),
    decomposition=lambda x, alpha: where(asarray(x) > 0, x, (np.exp(np.minimum(asarray(x), 0.0) / alpha) - 1) * alpha),
    doc="""Return `x` where it is positive, else ``alpha · (exp(x / alpha) - 1)``: an elu whose slope is continuous.

    Local gradient: 1, or exp(x / alpha).

    >>> from minigrad.ops.rectifiers import celu
    >>> celu([-1.0, 2.0], 2.0)
    Tensor([-0.78693868,  2.        ], dtype=float64)
    """,
)

# Klambauer et al., Self-Normalizing Neural Networks, 2017: mean 0 and variance 1 are a fixed point.
SELU_ALPHA = 1.6732632423543772848170429916717
SELU_SCALE = 1.0507009873554804934193349852946

selu = elementwise(
    lambda x: (at_least(x, 0) + SELU_ALPHA * np.expm1(at_most(x, 0))) * SELU_SCALE,
    lambda g, x: _elu_rule(g, x, SELU_ALPHA, SELU_SCALE),
    name="selu",
    local=("1.0507 if x ≥ 0 else 1.7581·exp(x)",),
    decomposition=lambda x: (
        where(asarray(x) > 0, x, (np.exp(np.minimum(asarray(x), 0.0)) - 1) * SELU_ALPHA) * SELU_SCALE
    ),
    routes=True,
    doc="""Return ``1.0507 · elu(x, 1.6733)``, which keeps mean 0 and variance 1 from layer to layer.

    Local gradient: 1.0507 (also at 0, the smaller one), or 1.7581 · exp(x).

    >>> from minigrad.ops.rectifiers import selu
    >>> selu([-1.0, 2.0])
    Tensor([-1.11133074,  2.10140197], dtype=float64)
    """,
)

hardsigmoid = elementwise(
    lambda x: np.clip(x + 3, 0, 6) / 6,
    lambda g, x: g * ((x > -3) & (x < 3)) / 6,
    name="hardsigmoid",
    decomposition=lambda x: np.clip(asarray(x) + 3, 0.0, 6.0) / 6,
    routes=True,
    doc="""Return ``clip(x + 3, 0, 6) / 6``. Local gradient: 1/6 where -3 < x < 3, else 0.

    >>> from minigrad.ops.rectifiers import hardsigmoid
    >>> hardsigmoid([-4.0, 0.0, 1.5])
    Tensor([0.  , 0.5 , 0.75], dtype=float64)
    """,
)

hardswish = elementwise(
    # Below -3 the value is 0, at minus infinity too, where x · 0 would not be.
    lambda x: np.maximum(x, -3) * (np.clip(x + 3, 0, 6) / 6),
    lambda g, x: g * ((x > -3) & (x < 3)) * (np.clip(x, -3.0, 3.0) / 3 + 0.5) + g * (x >= 3),
    name="hardswish",
    local=("0 if x ≤ -3 else 1 if x ≥ 3 else x/3 + 1/2",),
    decomposition=lambda x: np.maximum(asarray(x), -3.0) * (np.clip(asarray(x) + 3, 0.0, 6.0) / 6),
    routes=True,
    doc="""Return ``x · clip(x + 3, 0, 6) / 6``. Local gradient: 0 up to -3, 1 from 3 on, x/3 + 1/2 between.

    >>> from minigrad.ops.rectifiers import hardswish
    >>> hardswish([-4.0, -1.5, 3.0])
    Tensor([-0.   , -0.375,  3.   ], dtype=float64)
    """,
)
