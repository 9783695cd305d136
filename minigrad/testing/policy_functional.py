"""The policy at the singular points of the ops behind ``minigrad.nn.functional``; see :mod:`minigrad.testing.policy`.

Each entry is a point: the op, the call, where, the gradients, the principle, and why.
"""

from __future__ import annotations

import math
from typing import Any

inf = math.inf
_FAR = [-inf, -1000.0, 1000.0, inf]
_SELU = 1.0507009873554805


def _x(op: str, call: str, at: Any, gradient: Any, principle: str, why: str) -> tuple[Any, ...]:
    return op, call, {"x": at}, {"x": gradient}, principle, why


def _far(op: str, call: str, gradient: list[float], why: str = "no overflow, and no 0 · inf") -> tuple[Any, ...]:
    return op, call, {"x": _FAR}, {"x": gradient}, "limit", why


FUNCTIONAL: tuple[tuple[Any, ...], ...] = (
    # rectifiers
    _x("leaky_relu", "mg.ops.rectifiers.leaky_relu(x, 0.01)", [0.0, -0.0], [0.01, 0.01], "least", "least of [0.01, 1]"),
    ("prelu", "mg.ops.rectifiers.prelu(x, w)", {"x": [0.0, 0.0, 0.0], "w": [0.5, 2.0, -1.0]},
     {"x": [0.5, 1.0, 0.0], "w": [0.0, 0.0, 0.0]}, "least", "least of the slopes between 1 and the weight"),
    _x("elu", "mg.ops.rectifiers.elu(x, 1.0)", [0.0], [1.0], "", "smooth"),
    _x("elu", "mg.ops.rectifiers.elu(x, 0.5)", [0.0], [0.5], "least", "least of [0.5, 1]"),
    _x("elu", "mg.ops.rectifiers.elu(x, 2.0)", [0.0], [1.0], "least", "least of [1, 2]"),
    _x("elu", "mg.ops.rectifiers.elu(x, -1.0)", [0.0], [0.0], "least", "least of [-1, 1]"),
    _far("elu", "mg.ops.rectifiers.elu(x, 1.0)", [0.0, 0.0, 1.0, 1.0]),
    _x("celu", "mg.ops.rectifiers.celu(x, 2.0)", [0.0, -inf, inf], [1.0, 0.0, 1.0], "limit", "smooth; the limits"),
    _x("selu", "mg.ops.rectifiers.selu(x)", [0.0], [_SELU], "least", "least of [1.05, 1.76]"),
    _far("selu", "mg.ops.rectifiers.selu(x)", [0.0, 0.0, _SELU, _SELU]),
    _x("hardsigmoid", "mg.ops.rectifiers.hardsigmoid(x)", [-3.0, 3.0], [0.0, 0.0], "least", "least of [0, 1/6]"),
    _x("hardswish", "mg.ops.rectifiers.hardswish(x)", [-3.0, 3.0], [0.0, 1.0], "least",
       "least of [-1/2, 0], and of [1, 3/2]"),
    _far("hardswish", "mg.ops.rectifiers.hardswish(x)", [0.0, 0.0, 1.0, 1.0]),
    # smooth activations
    _far("gelu_tanh", "mg.ops.smooth.gelu_tanh(x)", [0.0, 0.0, 1.0, 1.0]),
    _far("silu", "mg.ops.smooth.silu(x)", [0.0, 0.0, 1.0, 1.0]),
    _far("mish", "mg.ops.smooth.mish(x)", [0.0, 0.0, 1.0, 1.0]),
    _far("softplus", "mg.ops.smooth.softplus(x, 1.0, 20.0)", [0.0, 0.0, 1.0, 1.0]),
    _far("softplus", "mg.ops.smooth.softplus(x, 1.0, inf)", [0.0, 0.0, 1.0, 1.0]),
    _far("logsigmoid", "mg.ops.smooth.logsigmoid(x)", [1.0, 1.0, 0.0, 0.0]),
    _x("softsign", "mg.ops.smooth.softsign(x)", [0.0, -inf, inf], [1.0, 0.0, 0.0], "limit", "smooth; the limits"),
    _far("tanhshrink", "mg.ops.smooth.tanhshrink(x)", [1.0, 1.0, 1.0, 1.0]),
    # losses
    _x("huber", "mg.ops.losses.huber(x, 1.0)", [1.0, -1.0, inf, -1e200], [1.0, -1.0, 1.0, -1.0], "limit",
       "smooth, and no overflow of the square"),
    _x("clamped_log", "mg.ops.losses.clamped_log(x)", [0.0], [1e12], "field",
       "a logarithm of at least -100 whose slope stays 1 / x, up to 1e12: a wrong and sure prediction is corrected"),
    _x("clamped_log1p", "mg.ops.losses.clamped_log1p(x)", [-1.0], [1e12], "field", "likewise"),
    _x("logistic_loss", "mg.ops.losses.logistic_loss(x, [0.0, 1.0, 1.0, 0.0])",
       [-inf, inf, -1000.0, 1000.0], [0.0, 0.0, -1.0, 1.0], "limit", "no overflow, and no 0 · inf"),
    _x("cross_entropies", "mg.ops.losses.cross_entropies(x, [1])", [[-inf, 0.0, 0.0]], [[0.0, -0.5, 0.5]], "limit",
       "a masked class"),
    # normalization and attention
    _x("layer_norm", "mg.ops.normalization.layer_norm(x, None, None, dims=1, eps=0.25)[0]", [2.0, 2.0],
       [1.0, -1.0], "", "equal numbers: smooth, for eps above 0"),
    _x("attention", "mg.ops.attention.attention([[1.0]], [[1.0]], x, [[False]], causal=False, scale=1.0, keep=None)",
       [[3.0]], [[0.0]], "constant", "a query that may look at nothing gets 0, whatever the values are"),
)  # fmt: skip
