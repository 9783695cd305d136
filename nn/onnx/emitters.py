"""The nodes of each layer: one table, by class.

An emitter is called with the graph, the layer, the name of its input, and its input and output for shapes and dtypes;
it adds nodes and returns the name of the last one's output.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from minigrad import Tensor

from .. import layers
from ..layers._settings import sizes
from ..models import Subsample
from ..module import Module

if TYPE_CHECKING:
    from .exporting import Graph

Emitter = Callable[["Graph", Any, str, Tensor, Tensor], str]

# In evaluation these return their input.
PASSED = (layers.Identity, layers.Dropout, layers.Dropout2d)


def emitter_of(module: Module) -> Emitter | None:
    """Return the emitter of a module's class, or of a base that computes the same."""
    own = type(module)
    for kind in own.__mro__:
        if kind in EMITTERS:
            # Activations share one ``forward``, and convolutions another; what they call is their ``_function``.
            same = own.forward is kind.forward and getattr(own, "_function", 0) is getattr(kind, "_function", 0)
            return EMITTERS[kind] if same else None
    return None


# -- products and filters --------------------------------------------------------------------------------------------


def _affine(graph: Graph, layer: layers.Affine, x: str, given: Tensor, output: Tensor) -> str:
    weight = graph.weight(layer.weight)
    if given.ndim == 2:
        return graph.node("Gemm", x, weight, *_bias(graph, layer))
    y = graph.node("MatMul", x, weight)
    return y if layer.bias is None else graph.node("Add", y, graph.weight(layer.bias))


def _bias(graph: Graph, layer: Any) -> list[str]:
    return [] if layer.bias is None else [graph.weight(layer.bias)]


def _geometry(layer: Any, axes: int, kernel: tuple[int, ...]) -> dict[str, Any]:
    """Return the attributes that convolutions and poolings share; ONNX has all starts of the padding, then all ends."""
    kind = type(layer).__name__
    stride = layer.kernel_size if layer.stride is None else layer.stride
    dilations = sizes(kind, "dilation", getattr(layer, "dilation", 1), axes)
    spans = [d * (k - 1) for d, k in zip(dilations, kernel, strict=True)]
    padding = getattr(layer, "padding", 0)
    if isinstance(padding, str):
        before = [{"valid": 0, "same": n // 2, "full": n}[padding] for n in spans]
        after = [n - n // 2 for n in spans] if padding == "same" else before
    else:
        before = after = list(sizes(kind, "padding", padding, axes, 0))
    found = {"kernel_shape": kernel, "strides": sizes(kind, "stride", stride, axes), "pads": [*before, *after]}
    return found if max(dilations) == 1 else {**found, "dilations": dilations}


def _conv(graph: Graph, layer: Any, x: str, given: Tensor, output: Tensor) -> str:
    inputs = [x, graph.weight(layer.weight), *_bias(graph, layer)]
    return graph.node("Conv", *inputs, **_geometry(layer, layer._axes, layer.weight.shape[2:]), group=layer.groups)


def _conv_transpose(graph: Graph, layer: Any, x: str, given: Tensor, output: Tensor) -> str:
    inputs = [x, graph.weight(layer.weight), *_bias(graph, layer)]
    more = sizes("ConvTranspose", "output_padding", layer.output_padding, layer._axes, 0)
    attributes = _geometry(layer, layer._axes, layer.weight.shape[2:])
    return graph.node("ConvTranspose", *inputs, **attributes, output_padding=more, group=layer.groups)


def _max_pool(graph: Graph, layer: Any, x: str, given: Tensor, output: Tensor) -> str:
    kernel = sizes("MaxPool", "kernel_size", layer.kernel_size, layer._axes)
    return graph.node("MaxPool", x, **_geometry(layer, layer._axes, kernel))


def _avg_pool(graph: Graph, layer: Any, x: str, given: Tensor, output: Tensor) -> str:
    kernel = sizes("AvgPool", "kernel_size", layer.kernel_size, layer._axes)
    return graph.node("AveragePool", x, **_geometry(layer, layer._axes, kernel), count_include_pad=1)


def _adaptive_pool(graph: Graph, layer: Any, x: str, given: Tensor, output: Tensor) -> str:
    op = "AveragePool" if isinstance(layer, layers.AdaptiveAvgPool2d) else "MaxPool"
    bins, places = output.shape[2:], given.shape[2:]
    if set(bins) == {1}:
        return graph.node(f"Global{op}", x)
    if any(m % n for m, n in zip(places, bins, strict=True)):
        raise ValueError(
            f"nn.onnx.export: {graph.scope!r}, {layer._head()}, makes bins of different sizes of "
            f"{places[0]}x{places[1]} places, which ONNX has not"
        )
    kernel = [m // n for m, n in zip(places, bins, strict=True)]
    return graph.node(op, x, kernel_shape=kernel, strides=kernel)


# -- normalization ---------------------------------------------------------------------------------------------------


def _scale_and_bias(graph: Graph, layer: Any, shape: Any, dtype: Any) -> tuple[str, str]:
    """Return the names of both, made up where the layer learns none."""
    weight, bias = getattr(layer, "weight", None), getattr(layer, "bias", None)
    return (
        graph.constant("scale", np.ones(shape, dtype)) if weight is None else graph.weight(weight),
        graph.constant("shift", np.zeros(shape, dtype)) if bias is None else graph.weight(bias),
    )


def _batch_norm(graph: Graph, layer: Any, x: str, given: Tensor, output: Tensor) -> str:
    if layer.running_mean is None:
        if isinstance(layer, layers.InstanceNorm2d):
            pair = _scale_and_bias(graph, layer, layer.num_features, given.dtype)
            return graph.node("InstanceNormalization", x, *pair, epsilon=layer.eps)
        raise ValueError(
            f"nn.onnx.export: {graph.scope!r}, {layer._head()}, has no running statistics; in ONNX, a batch norm in "
            "evaluation has"
        )
    pair = _scale_and_bias(graph, layer, layer.num_features, given.dtype)
    statistics = graph.weight(layer.running_mean), graph.weight(layer.running_var)
    return graph.node("BatchNormalization", x, *pair, *statistics, epsilon=layer.eps)


def _group_norm(graph: Graph, layer: layers.GroupNorm, x: str, given: Tensor, output: Tensor) -> str:
    pair = _scale_and_bias(graph, layer, layer.num_channels, given.dtype)
    return graph.node("GroupNormalization", x, *pair, epsilon=layer.eps, num_groups=layer.num_groups)


def _layer_norm(graph: Graph, layer: layers.LayerNorm, x: str, given: Tensor, output: Tensor) -> str:
    scale, shift = _scale_and_bias(graph, layer, layer.normalized_shape, given.dtype)
    return graph.node("LayerNormalization", x, scale, shift, axis=-len(layer.normalized_shape), epsilon=layer.eps)


def _rms_norm(graph: Graph, layer: layers.RMSNorm, x: str, given: Tensor, output: Tensor) -> str:
    eps = np.finfo(given.dtype).eps if layer.eps is None else layer.eps
    axes = graph.constant("axes", np.arange(-len(layer.normalized_shape), 0))
    mean = graph.node("ReduceMean", graph.node("Pow", x, _number(graph, "two", 2, given)), axes)
    root = graph.node("Sqrt", graph.node("Add", mean, _number(graph, "eps", eps, given)))
    y = graph.node("Div", x, root)
    return y if layer.weight is None else graph.node("Mul", y, graph.weight(layer.weight))


def _response_norm(graph: Graph, layer: layers.LocalResponseNorm, x: str, given: Tensor, output: Tensor) -> str:
    if layer.size % 2 == 0:
        raise ValueError(
            f"nn.onnx.export: {graph.scope!r}, {layer._head()}, has an even number of neighbours, the odd one of which "
            "stands before the channel; in ONNX it stands behind"
        )
    return graph.node("LRN", x, size=layer.size, alpha=layer.alpha, beta=layer.beta, bias=layer.k)


def _number(graph: Graph, what: str, value: float, like: Tensor) -> str:
    return graph.constant(what, np.asarray(value, like.dtype))


# -- shapes ----------------------------------------------------------------------------------------------------------


def _flatten(graph: Graph, layer: layers.Flatten, x: str, given: Tensor, output: Tensor) -> str:
    start, end = layer.start_dim % given.ndim, layer.end_dim % given.ndim
    if start == 1 and end == given.ndim - 1:
        return graph.node("Flatten", x, axis=1)
    # 0 keeps an axis, so that the batch has any length.
    shape = [0] * start + [-1] + list(given.shape[end + 1 :])
    return graph.node("Reshape", x, graph.constant("shape", np.array(shape, np.int64)))


def _unflatten(graph: Graph, layer: layers.Unflatten, x: str, given: Tensor, output: Tensor) -> str:
    dim = layer.dim % given.ndim
    if dim == 0:
        raise ValueError(f"nn.onnx.export: {graph.scope!r}, {layer._head()}, splits the axis of the batch")
    shape = [0] * dim + list(output.shape[dim:])
    return graph.node("Reshape", x, graph.constant("shape", np.array(shape, np.int64)))


def _embedding(graph: Graph, layer: layers.Embedding, x: str, given: Tensor, output: Tensor) -> str:
    return graph.node("Gather", graph.weight(layer.weight), x, axis=0)


def _subsample(graph: Graph, layer: Subsample, x: str, given: Tensor, output: Tensor) -> str:
    ends = np.iinfo(np.int64).max
    inputs = {"starts": [0, 0], "ends": [ends, ends], "axes": [2, 3], "steps": [layer.stride] * 2}
    rows = graph.node("Slice", x, *[graph.constant(key, np.array(value, np.int64)) for key, value in inputs.items()])
    pads = [0, 0, 0, 0, 0, layer.channels - given.shape[1], 0, 0]
    return graph.node("Pad", rows, graph.constant("pads", np.array(pads, np.int64)))


# -- activations -----------------------------------------------------------------------------------------------------


def _same(op: str, **settings: str) -> Emitter:
    """Return the emitter of a layer that is one node, whose attributes are attributes of the layer."""

    def emit(graph: Graph, layer: Any, x: str, given: Tensor, output: Tensor) -> str:
        return graph.node(op, x, **{theirs: getattr(layer, ours) for theirs, ours in settings.items()})

    return emit


def _chain(*ops: str) -> Emitter:
    def emit(graph: Graph, layer: Any, x: str, given: Tensor, output: Tensor) -> str:
        for op in ops:
            x = graph.node(op, x)
        return x

    return emit


def _clip(graph: Graph, layer: Any, x: str, given: Tensor, output: Tensor) -> str:
    low, high = (0.0, 6.0) if isinstance(layer, layers.ReLU6) else (layer.min_val, layer.max_val)
    return graph.node("Clip", x, _number(graph, "min", low, given), _number(graph, "max", high, given))


def _prelu(graph: Graph, layer: layers.PReLU, x: str, given: Tensor, output: Tensor) -> str:
    # ONNX broadcasts from the last axis, so that the weights of channels need the axes behind.
    slope = layer.weight._data.reshape(-1, *[1] * (given.ndim - 2)) if layer.num_parameters > 1 else layer.weight._data
    return graph.node("PRelu", x, graph.constant("slope", slope))


def _softplus(graph: Graph, layer: layers.Softplus, x: str, given: Tensor, output: Tensor) -> str:
    if math.exp(-layer.threshold) > 1e-6:
        raise ValueError(
            f"nn.onnx.export: {graph.scope!r}, {layer._head()}, has a jump at its threshold, which ONNX has not; from "
            "about 14 on it is none"
        )
    if layer.beta == 1:
        return graph.node("Softplus", x)
    beta = _number(graph, "beta", layer.beta, given)
    return graph.node("Div", graph.node("Softplus", graph.node("Mul", x, beta)), beta)


def _softmin(graph: Graph, layer: layers.Softmin, x: str, given: Tensor, output: Tensor) -> str:
    return graph.node("Softmax", graph.node("Neg", x), axis=layer.dim)


def _silu(graph: Graph, layer: Any, x: str, given: Tensor, output: Tensor) -> str:
    return graph.node("Mul", x, graph.node("Sigmoid", x))


def _tanhshrink(graph: Graph, layer: Any, x: str, given: Tensor, output: Tensor) -> str:
    return graph.node("Sub", x, graph.node("Tanh", x))


def _glu(graph: Graph, layer: layers.GLU, x: str, given: Tensor, output: Tensor) -> str:
    a, b = graph.split(x, layer.dim)
    return graph.node("Mul", a, graph.node("Sigmoid", b))


def _hardsigmoid(graph: Graph, layer: Any, x: str, given: Tensor, output: Tensor) -> str:
    return graph.node("HardSigmoid", x, alpha=1 / 6, beta=0.5)


def _threshold(graph: Graph, layer: layers.Threshold, x: str, given: Tensor, output: Tensor) -> str:
    above = graph.node("Greater", x, _number(graph, "threshold", layer.threshold, given))
    return graph.node("Where", above, x, _number(graph, "value", layer.value, given))


def _softshrink(graph: Graph, layer: layers.Softshrink, x: str, given: Tensor, output: Tensor) -> str:
    return graph.node("Shrink", x, lambd=layer.lambd, bias=layer.lambd)


EMITTERS: dict[type[Module], Emitter] = {
    layers.Affine: _affine,
    **dict.fromkeys((layers.Conv1d, layers.Conv2d, layers.Conv3d), _conv),
    **dict.fromkeys((layers.ConvTranspose1d, layers.ConvTranspose2d, layers.ConvTranspose3d), _conv_transpose),
    **dict.fromkeys((layers.MaxPool1d, layers.MaxPool2d, layers.MaxPool3d), _max_pool),
    **dict.fromkeys((layers.AvgPool1d, layers.AvgPool2d, layers.AvgPool3d), _avg_pool),
    **dict.fromkeys((layers.AdaptiveAvgPool2d, layers.AdaptiveMaxPool2d), _adaptive_pool),
    **dict.fromkeys((layers.BatchNorm1d, layers.BatchNorm2d, layers.BatchNorm3d, layers.InstanceNorm2d), _batch_norm),
    layers.GroupNorm: _group_norm,
    layers.LayerNorm: _layer_norm,
    layers.RMSNorm: _rms_norm,
    layers.LocalResponseNorm: _response_norm,
    layers.Flatten: _flatten,
    layers.Unflatten: _unflatten,
    layers.Embedding: _embedding,
    Subsample: _subsample,
    layers.PReLU: _prelu,
    # activations
    layers.CELU: _same("Celu", alpha="alpha"),
    layers.ELU: _same("Elu", alpha="alpha"),
    layers.GELU: _same("Gelu", approximate="approximate"),
    layers.GLU: _glu,
    layers.Hardshrink: _same("Shrink", lambd="lambd"),
    layers.Hardsigmoid: _hardsigmoid,
    layers.Hardswish: _chain("HardSwish"),
    layers.Hardtanh: _clip,
    layers.LeakyReLU: _same("LeakyRelu", alpha="negative_slope"),
    layers.LogSigmoid: _chain("Neg", "Softplus", "Neg"),
    layers.LogSoftmax: _same("LogSoftmax", axis="dim"),
    layers.Mish: _chain("Mish"),
    layers.ReLU: _chain("Relu"),
    layers.ReLU6: _clip,
    layers.SELU: _chain("Selu"),
    layers.SiLU: _silu,
    layers.Sigmoid: _chain("Sigmoid"),
    layers.Softmax: _same("Softmax", axis="dim"),
    layers.Softmin: _softmin,
    layers.Softplus: _softplus,
    layers.Softshrink: _softshrink,
    layers.Softsign: _chain("Softsign"),
    layers.Tanh: _chain("Tanh"),
    layers.Tanhshrink: _tanhshrink,
    layers.Threshold: _threshold,
}
