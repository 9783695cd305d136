"""The points of the ops behind ``minigrad.nn.functional``."""

from __future__ import annotations

import math

from .point import Point, of_x

inf = math.inf
_FAR = [-inf, -1000.0, 1000.0, inf]
_SELU = 1.0507009873554805


def _far(op: str, call: str, gradient: list[float], why: str = "no overflow, and no 0 · inf") -> Point:
    return of_x(op, call, _FAR, gradient, "limit", why)


POINTS: tuple[Point, ...] = (
    # rectifiers
    of_x("leaky_relu", "mg.ops.rectifiers.leaky_relu(x, 0.01)", [0.0, -0.0], [0.01, 0.01], "least",
         "least of [0.01, 1]"),
    Point("prelu", "mg.ops.rectifiers.prelu(x, w)", {"x": [0.0, 0.0, 0.0], "w": [0.5, 2.0, -1.0]},
     {"x": [0.5, 1.0, 0.0], "w": [0.0, 0.0, 0.0]}, "least", "least of the slopes between 1 and the weight"),
    of_x("elu", "mg.ops.rectifiers.elu(x, 1.0)", [0.0], [1.0], "", "smooth"),
    of_x("elu", "mg.ops.rectifiers.elu(x, 0.5)", [0.0], [0.5], "least", "least of [0.5, 1]"),
    of_x("elu", "mg.ops.rectifiers.elu(x, 2.0)", [0.0], [1.0], "least", "least of [1, 2]"),
    of_x("elu", "mg.ops.rectifiers.elu(x, -1.0)", [0.0], [0.0], "least", "least of [-1, 1]"),
    _far("elu", "mg.ops.rectifiers.elu(x, 1.0)", [0.0, 0.0, 1.0, 1.0]),
    of_x("celu", "mg.ops.rectifiers.celu(x, 2.0)", [0.0, -inf, inf], [1.0, 0.0, 1.0], "limit", "smooth; the limits"),
    of_x("selu", "mg.ops.rectifiers.selu(x)", [0.0], [_SELU], "least", "least of [1.05, 1.76]"),
    _far("selu", "mg.ops.rectifiers.selu(x)", [0.0, 0.0, _SELU, _SELU]),
    of_x("hardsigmoid", "mg.ops.rectifiers.hardsigmoid(x)", [-3.0, 3.0], [0.0, 0.0], "least", "least of [0, 1/6]"),
    of_x("hardswish", "mg.ops.rectifiers.hardswish(x)", [-3.0, 3.0], [0.0, 1.0], "least",
       "least of [-1/2, 0], and of [1, 3/2]"),
    _far("hardswish", "mg.ops.rectifiers.hardswish(x)", [0.0, 0.0, 1.0, 1.0]),
    # smooth activations
    _far("gelu_tanh", "mg.ops.smooth.gelu_tanh(x)", [0.0, 0.0, 1.0, 1.0]),
    _far("silu", "mg.ops.smooth.silu(x)", [0.0, 0.0, 1.0, 1.0]),
    _far("mish", "mg.ops.smooth.mish(x)", [0.0, 0.0, 1.0, 1.0]),
    _far("softplus", "mg.ops.smooth.softplus(x, 1.0, 20.0)", [0.0, 0.0, 1.0, 1.0]),
    _far("softplus", "mg.ops.smooth.softplus(x, 1.0, inf)", [0.0, 0.0, 1.0, 1.0]),
    _far("logsigmoid", "mg.ops.smooth.logsigmoid(x)", [1.0, 1.0, 0.0, 0.0]),
    of_x("softsign", "mg.ops.smooth.softsign(x)", [0.0, -inf, inf], [1.0, 0.0, 0.0], "limit", "smooth; the limits"),
    _far("tanhshrink", "mg.ops.smooth.tanhshrink(x)", [1.0, 1.0, 1.0, 1.0]),
    # losses
    of_x("huber", "mg.ops.losses.huber(x, 1.0)", [1.0, -1.0, inf, -1e200], [1.0, -1.0, 1.0, -1.0], "limit",
       "smooth, and no overflow of the square"),
    of_x("clamped_log", "mg.ops.losses.clamped_log(x)", [0.0], [1e12], "convention",
       "a logarithm of at least -100 whose slope stays 1 / x, up to 1e12: a wrong and sure prediction is corrected"),
    of_x("clamped_log1p", "mg.ops.losses.clamped_log1p(x)", [-1.0], [1e12], "convention", "likewise"),
    of_x("logistic_loss", "mg.ops.losses.logistic_loss(x, [0.0, 1.0, 1.0, 0.0])",
       [-inf, inf, -1000.0, 1000.0], [0.0, 0.0, -1.0, 1.0], "limit", "no overflow, and no 0 · inf"),
    of_x("cross_entropies", "mg.ops.losses.cross_entropies(x, [1])", [[-inf, 0.0, 0.0]], [[0.0, -0.5, 0.5]], "limit",
       "a masked class"),
    # normalization and attention
    of_x("layer_norm", "mg.ops.normalization.layer_norm(x, None, None, dims=1, eps=0.25)[0]", [2.0, 2.0],
       [1.0, -1.0], "", "equal numbers: smooth, for eps above 0"),
    of_x("attention", "mg.ops.attention.attention([[1.0]], [[1.0]], x, [[False]], causal=False, scale=1.0, keep=None)",
       [[3.0]], [[0.0]], "constant", "a query that may look at nothing gets 0, whatever the values are"),
    # recurrence
    of_x("rnn", "mg.ops.recurrent.rnn(x, [[0.0]], [[1.0]], relu=True)", [[[0.0]]], [[[0.0]]], "least",
         "least of [0, 1]"),
    of_x("rnn", "mg.ops.recurrent.rnn(x, [[0.0]], [[0.5]], relu=False)", [[[inf]], [[-1000.0]]], [[[0.0]], [[0.0]]],
         "limit", "no overflow, and no 0 · inf"),
    of_x("lstm", "mg.ops.recurrent.lstm(x, [[0.5]], [[2.0]], [[0.1, 0.2, 0.3, 0.4]])", [[_FAR]], [[[0.0] * 4]], "limit",
         "gates that are shut or open: no overflow, and no 0 · inf"),
    of_x("gru", "mg.ops.recurrent.gru(x, [[0.5]], [[0.1, 0.2, 0.3]], None)", [[[-inf, -1000.0, inf]]], [[[0.0] * 3]],
         "limit", "gates that are shut or open: no overflow, and no 0 · inf"),
)  # fmt: skip
