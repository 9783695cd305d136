"""The layer of each node that is one: a table, by operator."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from .. import layers
from ..init import constant
from ..module import Module
from .nodes import Operator, fill


def _few(values: Any) -> Any:
    """Return equal numbers as one."""
    values = tuple([int(value) for value in values])
    return values[0] if len(set(values)) == 1 else values


# -- products and filters --------------------------------------------------------------------------------------------


def _gemm(node: Operator) -> Module:
    node.expect(alpha=1.0, beta=1.0, transA=0)
    matrix = node.needed(1, 2)
    return affine(node, matrix.T if node.get("transB", 0) else matrix, node.weight(2))


def _matmul(node: Operator) -> Module:
    if node.constant_first:
        raise node.error("the matrix comes first; an Affine has it second")
    return affine(node, node.needed(1, 2), None)


def affine(node: Operator, matrix: Any, bias: Any) -> layers.Affine:
    """Return a layer of a matrix of shape (in, out), and a bias or None."""
    rows, columns = matrix.shape
    if bias is not None:
        bias = np.broadcast_to(bias.reshape(-1) if bias.ndim == 2 and len(bias) == 1 else bias, (columns,))
    layer = layers.Affine(rows, columns, bias is not None, init=constant, dtype=matrix.dtype)
    return fill(layer, weight=matrix, bias=bias)


def _padding(node: Operator, kernel: tuple[int, ...], strides: Any, dilations: Any) -> Any:
    """Return a layer's padding."""
    axes = len(kernel)
    word = node.get("auto_pad", "NOTSET")
    pads = node.get("pads", (0,) * (2 * axes))
    spans = [d * (k - 1) for d, k in zip(dilations, kernel, strict=True)]
    same = (*[n // 2 for n in spans], *[n - n // 2 for n in spans])
    if word == "VALID":
        return 0
    if word == "SAME_UPPER" and set(strides) == {1}:
        return "same"
    if word != "NOTSET":
        raise node.error(f"auto_pad {word} with the strides {strides} has no counterpart")
    if pads[:axes] == pads[axes:]:
        return _few(pads[:axes])
    if pads == same and set(strides) == {1}:
        return "same"
    raise node.error(f"the padding {pads} is not the same at both ends")


def _windows(node: Operator, kernel: tuple[int, ...]) -> tuple[Any, Any, Any]:
    """Return stride, padding and dilation of a layer."""
    ones = (1,) * len(kernel)
    strides, dilations = node.get("strides", ones), node.get("dilations", ones)
    if not len(strides) == len(dilations) == len(kernel):
        raise node.error(f"kernel {kernel}, strides {strides} and dilations {dilations} are of different lengths")
    return _few(strides), _padding(node, kernel, strides, dilations), _few(dilations)


def _filters(node: Operator) -> tuple[Any, Any, tuple[int, ...]]:
    """Return weight, bias and kernel of a convolution."""
    weight, bias = node.needed(1), node.weight(2, 1)
    kernel = weight.shape[2:]
    if not 1 <= len(kernel) <= 3:
        raise node.error(f"filters of the shape {weight.shape} have no counterpart")
    node.expect(kernel_shape=kernel)
    return weight, bias, kernel


def _conv(node: Operator) -> Module:
    weight, bias, kernel = _filters(node)
    stride, padding, dilation = _windows(node, kernel)
    groups = node.get("group", 1)
    kind: Any = (layers.Conv1d, layers.Conv2d, layers.Conv3d)[len(kernel) - 1]
    layer: Module = kind(
        weight.shape[1] * groups, len(weight), _few(kernel), stride, padding, dilation, groups, bias is not None,
        floor=True, init=constant, dtype=weight.dtype,
    )  # fmt: skip
    return fill(layer, weight=weight, bias=bias)


def _conv_transpose(node: Operator) -> Module:
    weight, bias, kernel = _filters(node)
    stride, padding, dilation = _windows(node, kernel)
    groups = node.get("group", 1)
    if padding == "same":
        raise node.error("a transposed convolution has no padding that differs at both ends")
    more = _few(node.get("output_padding", (0,) * len(kernel)))
    kind: Any = (layers.ConvTranspose1d, layers.ConvTranspose2d, layers.ConvTranspose3d)[len(kernel) - 1]
    layer: Module = kind(
        len(weight), weight.shape[1] * groups, _few(kernel), stride, padding, more, groups, bias is not None, dilation,
        init=constant, dtype=weight.dtype,
    )  # fmt: skip
    return fill(layer, weight=weight, bias=bias)


def _pool(node: Operator) -> Module:
    kernel = node.get("kernel_shape", ())
    if not 1 <= len(kernel) <= 3:
        raise node.error(f"the kernel {kernel} has no counterpart")
    node.expect(ceil_mode=0)
    stride, padding, dilation = _windows(node, kernel)
    stride = None if stride == _few(kernel) else stride
    if node.op == "MaxPool":
        node.expect(storage_order=0)
        if len(node.outputs) > 1:
            raise node.error("the places of the maxima are asked for, too")
        largest: Any = (layers.MaxPool1d, layers.MaxPool2d, layers.MaxPool3d)[len(kernel) - 1]
        pool: Module = largest(_few(kernel), stride, padding, dilation, floor=True)
        return pool
    if dilation != 1 or (padding != 0 and not node.get("count_include_pad", 0)):
        raise node.error("a mean with dilation, or that leaves the padding out, has no counterpart")
    node.get("count_include_pad", 0)
    mean: Any = (layers.AvgPool1d, layers.AvgPool2d, layers.AvgPool3d)[len(kernel) - 1]
    means: Module = mean(_few(kernel), stride, padding, floor=True)
    return means


def _global_pool(node: Operator) -> Module:
    if node.ndim != 4:
        raise node.error(f"it has an input of {node.ndim} axes; the layer is for images, of 4")
    return layers.AdaptiveAvgPool2d(1) if node.op == "GlobalAveragePool" else layers.AdaptiveMaxPool2d(1)


# -- normalization ---------------------------------------------------------------------------------------------------


def _batch_norm(node: Operator) -> Module:
    node.expect(training_mode=0)
    node.get("momentum", 0.9)  # of the training that is over
    kinds: dict[int, Any] = {2: layers.BatchNorm1d, 3: layers.BatchNorm1d, 4: layers.BatchNorm2d, 5: layers.BatchNorm3d}
    if node.ndim not in kinds:
        raise node.error(f"an input of {node.ndim} axes has no counterpart")
    scale = node.needed(1, 1)
    layer: Module = kinds[node.ndim](len(scale), node.get("epsilon", 1e-5), dtype=scale.dtype)
    mean, var = node.needed(3, 1), node.needed(4, 1)
    return fill(layer, weight=scale, bias=node.needed(2, 1), running_mean=mean, running_var=var)


def _instance_norm(node: Operator) -> Module:
    if node.ndim != 4:
        raise node.error(f"it has an input of {node.ndim} axes; the layer is for images, of 4")
    scale = node.needed(1, 1)
    layer = layers.InstanceNorm2d(len(scale), node.get("epsilon", 1e-5), affine=True, dtype=scale.dtype)
    return fill(layer, weight=scale, bias=node.needed(2, 1))


def _group_norm(node: Operator) -> Module:
    node.expect(stash_type=1)
    scale, groups = node.needed(1, 1), node.get("num_groups", 1)
    channels = node.shape[1] if node.shape is not None and len(node.shape) > 1 else None
    if channels is not None and len(scale) != channels:
        raise node.error(f"{len(scale)} weights for {channels} channels: before opset 21 it meant something else")
    layer = layers.GroupNorm(groups, len(scale), node.get("epsilon", 1e-5), dtype=scale.dtype)
    return fill(layer, weight=scale, bias=node.needed(2, 1))


def _layer_norm(node: Operator) -> Module:
    node.expect(stash_type=1)
    scale, bias, axis = node.needed(1), node.weight(2), node.get("axis", -1)
    if (axis if axis < 0 else axis - node.ndim) != -scale.ndim:
        raise node.error(f"axis {axis} and weights of shape {scale.shape} do not go together")
    eps = node.get("epsilon", 1e-5)
    return fill(layers.LayerNorm(scale.shape, eps, bias=bias is not None, dtype=scale.dtype), weight=scale, bias=bias)


def _response_norm(node: Operator) -> Module:
    size = node.get("size", 0)
    if size % 2 == 0 and size:
        raise node.error(f"size {size} is even: the odd neighbour stands on the other side here")
    return layers.LocalResponseNorm(
        size, node.get("alpha", 1e-4), node.get("beta", 0.75), node.get("bias", 1.0)
    )  # fmt: skip


# -- shapes ----------------------------------------------------------------------------------------------------------


def _flatten(node: Operator) -> Module:
    node.expect(axis=1)
    return layers.Flatten()


def _reshape(node: Operator) -> Module:
    node.expect(allowzero=0)
    shape = tuple(node.needed(1, 1).tolist())
    ndim, sizes = node.ndim, node.shape or ()
    if -1 in shape and len(shape) <= ndim:
        start = shape.index(-1)
        end = ndim - (len(shape) - start)  # the last axis that is joined
        if _keeps(shape[:start], sizes[:start]) and _keeps(shape[start + 1 :], sizes[end + 1 :], behind=True):
            return layers.Flatten(start, -1 if end == ndim - 1 else end)
    more = len(shape) - ndim
    if more >= 1:
        for dim in range(ndim):
            split, length = shape[dim : dim + more + 1], sizes[dim]
            if (
                length is not None
                and math.prod(n for n in split if n > 0) == length
                and min(split) > 0
                and _keeps(shape[:dim], sizes[:dim])
                and _keeps(shape[dim + more + 1 :], sizes[dim + 1 :], behind=True)
            ):
                return layers.Unflatten(split, dim)
    raise node.error(f"from the shape {sizes} to {shape}, neighbouring axes are neither joined nor one of them split")


def _keeps(new: tuple[int, ...], old: tuple[int | None, ...], behind: bool = False) -> bool:
    """Return whether axes stay as they are; behind a joined or split axis, 0 does not mean the same axis any more."""
    return all((n == 0 and not behind) or (n == m and n > 0) for n, m in zip(new, old, strict=True))


def _gather(node: Operator) -> Module:
    node.expect(axis=0)
    if not node.constant_first:
        raise node.error("it picks from what is computed; an Embedding picks from a table")
    table = node.needed(0, 2)
    if table.dtype.kind != "f":
        raise node.error(f"its table has dtype {table.dtype}, not floating numbers")
    return fill(layers.Embedding(*table.shape, init=constant, dtype=table.dtype), weight=table)


def _identity(node: Operator) -> Module:
    if node.op == "Dropout":
        if len(node.outputs) > 1:
            raise node.error("its mask is asked for, too")
        node.get("seed", 0)
        mode = node.weight(2)
        if mode is not None and bool(mode.any()):
            raise node.error("it is in training")
    return layers.Identity()


# -- activations -----------------------------------------------------------------------------------------------------


def _plain(make: Callable[[], Module]) -> Callable[[Operator], Module]:
    return lambda node: make()


def _clip(node: Operator) -> Module:
    low = -math.inf if node.weight(1) is None else node.number(1)
    high = math.inf if node.weight(2) is None else node.number(2)
    if (low, high) == (0, 6):
        return layers.ReLU6()
    return layers.ReLU() if (low, high) == (0, math.inf) else layers.Hardtanh(low, high)


def _prelu(node: Operator) -> Module:
    slope = node.needed(1)
    # One for all, or one for each channel, with an axis of 1 for each place.
    if slope.size > 1 and slope.shape != (slope.shape[0], *[1] * (node.ndim - 2)):
        raise node.error(f"slopes of the shape {slope.shape} have no counterpart")
    return fill(layers.PReLU(slope.size, dtype=slope.dtype), weight=slope.reshape(-1))


def _hardsigmoid(node: Operator) -> Module:
    alpha, beta = node.get("alpha", 0.2), node.get("beta", 0.5)
    if not (math.isclose(alpha, 1 / 6, rel_tol=1e-6) and beta == 0.5):
        raise node.error(f"alpha {alpha:g} and beta {beta:g} have no counterpart, only 1/6 and 0.5 have")
    return layers.Hardsigmoid()


def _selu(node: Operator) -> Module:
    alpha, gamma = node.get("alpha", 1.6732632), node.get("gamma", 1.0507010)
    if not (math.isclose(alpha, 1.6732632, rel_tol=1e-5) and math.isclose(gamma, 1.0507010, rel_tol=1e-5)):
        raise node.error(f"alpha {alpha:g} and gamma {gamma:g} have no counterpart")
    return layers.SELU()


def _shrink(node: Operator) -> Module:
    bias, lambd = node.get("bias", 0.0), node.get("lambd", 0.5)
    if bias not in (0, lambd):
        raise node.error(f"the bias {bias:g} has no counterpart, only 0 and lambd, {lambd:g}, have")
    return layers.Softshrink(lambd) if bias else layers.Hardshrink(lambd)


OPERATORS: dict[str, Callable[[Operator], Module]] = {
    "Gemm": _gemm,
    "MatMul": _matmul,
    "Conv": _conv,
    "ConvTranspose": _conv_transpose,
    **dict.fromkeys(("MaxPool", "AveragePool"), _pool),
    **dict.fromkeys(("GlobalMaxPool", "GlobalAveragePool"), _global_pool),
    "BatchNormalization": _batch_norm,
    "InstanceNormalization": _instance_norm,
    "GroupNormalization": _group_norm,
    "LayerNormalization": _layer_norm,
    "LRN": _response_norm,
    "Flatten": _flatten,
    "Reshape": _reshape,
    "Gather": _gather,
    **dict.fromkeys(("Identity", "Dropout"), _identity),
    "Celu": lambda node: layers.CELU(node.get("alpha", 1.0)),
    "Clip": _clip,
    "Elu": lambda node: layers.ELU(node.get("alpha", 1.0)),
    "Gelu": lambda node: layers.GELU(node.get("approximate", "none")),
    "HardSigmoid": _hardsigmoid,
    "HardSwish": _plain(layers.Hardswish),
    "LeakyRelu": lambda node: layers.LeakyReLU(node.get("alpha", 0.01)),
    "LogSoftmax": lambda node: layers.LogSoftmax(node.get("axis", -1)),
    "Mish": _plain(layers.Mish),
    "PRelu": _prelu,
    "Relu": _plain(layers.ReLU),
    "Selu": _selu,
    "Shrink": _shrink,
    "Sigmoid": _plain(layers.Sigmoid),
    "Softmax": lambda node: layers.Softmax(node.get("axis", -1)),
    "Softplus": _plain(layers.Softplus),
    "Softsign": _plain(layers.Softsign),
    "Tanh": _plain(layers.Tanh),
    "ThresholdedRelu": lambda node: layers.Threshold(node.get("alpha", 1.0), 0.0),
}

# Operators on one value that are a layer only together with others: see joins.py.
PARTS = ("Add", "Div", "Greater", "Mul", "Neg", "Pad", "Pow", "ReduceMean", "Slice", "Split", "Sqrt")
