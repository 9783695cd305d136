"""Layers that are several nodes: in a row, or where branches meet."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .. import layers
from ..containers import Parallel, Residual
from ..models import Subsample
from ..module import Module
from .nodes import Operator, fill, shortest
from .operators import affine

# -- in a row: what is called gets the steps, with their operators and modules -----------------------------------------


def _with_bias(steps: Any) -> Module:
    product, add = steps
    bias = add.operator.constant
    if product.module.bias is not None or bias.ndim > 1:
        raise add.operator.error(f"adding an array of shape {bias.shape} has no counterpart")
    return affine(product.operator, product.module.weight.data, bias)


def _log_sigmoid(steps: Any) -> Module:
    _plain(steps[1])
    return layers.LogSigmoid()


def _softmin(steps: Any) -> Module:
    return layers.Softmin(steps[1].module.dim)


def _softplus(steps: Any) -> Module:
    first, softplus, last = steps
    beta = _factor(first.operator)
    if last.operator.constant_first or _factor(last.operator) != beta:
        raise last.operator.error("it does not divide by what was multiplied with before")
    _plain(softplus)
    return layers.Softplus(beta)


def _factor(operator: Operator) -> float:
    if operator.constant.size != 1:
        raise operator.error(f"an array of shape {operator.constant.shape} has no counterpart here, one number has")
    return shortest(operator.constant)


def _plain(step: Any) -> None:
    if step.module.beta != 1:
        raise step.operator.error("it is scaled twice")


def _scaled_rms(steps: Any) -> Module:
    norm, mul = steps
    weight, old = mul.operator.constant, norm.module
    if old.weight is not None or weight.ndim != len(old.normalized_shape):
        raise mul.operator.error(f"multiplying with an array of shape {weight.shape} has no counterpart")
    layer = layers.RMSNorm(weight.shape, old.eps, dtype=weight.dtype)
    if weight.shape != old.normalized_shape:
        raise mul.operator.error(f"weights of shape {weight.shape} for axes of {old.normalized_shape}")
    return fill(layer, weight=weight)


def _subsample(steps: Any) -> Module:
    rows, pad = [step.operator for step in steps]
    starts, ends, axes, strides = [rows.needed(i, 1).tolist() for i in (1, 2, 3, 4)]
    pad.expect(mode="constant")
    pads = pad.needed(1, 1).tolist()
    channels = (rows.shape or (None, None))[1]
    whole = starts == [0, 0] and axes == [2, 3] and min(ends) >= 1 << 31 and len(set(strides)) == 1
    if not whole or channels is None or len(pads) != 8 or any(pads[:5]) or any(pads[6:]) or pad.weight(3) is not None:
        raise rows.error("it does not keep every second row and column, or so, and append channels")
    if pad.weight(2) is not None and pad.number(2) != 0:
        raise pad.error("it does not pad with zeros")
    return Subsample(channels + pads[5], strides[0])


RUNS: list[tuple[tuple[str, ...], Callable[[Any], Module]]] = [
    (("Affine", "Add"), _with_bias),
    (("Neg", "Softplus", "Neg"), _log_sigmoid),
    (("Neg", "Softmax"), _softmin),
    (("Mul", "Softplus", "Div"), _softplus),
    (("RMSNorm", "Mul"), _scaled_rms),
    (("Slice", "Pad"), _subsample),
]


# -- where branches meet: what is called gets the operator, and branches of operators or, without a pattern, modules --


def _glu(operator: Operator, branches: Any) -> Module:
    (a,), (b, _) = branches
    if a is not b:
        raise operator.error("its halves are not those of one value")
    axis = a.get("axis", 0)
    sizes = a.weight(1)
    if len(a.outputs) != 2 or (sizes is not None and len(set(sizes.tolist())) != 1):
        raise a.error("it does not make two equal halves")
    a.expect(num_outputs=2)
    a.check_all_read()
    return layers.GLU(axis)


def _rms_norm(operator: Operator, branches: Any) -> Module:
    power, mean, add, _ = branches[1]
    mean.expect(keepdims=1, noop_with_empty_axes=0)
    axes = mean.get("axes", None) or tuple(mean.needed(1, 1).tolist())
    ndim = operator.ndim
    last = [axis - ndim if axis >= 0 else axis for axis in axes]
    sizes = (operator.shape or ())[ndim - len(axes) :]
    if power.constant_first or _factor(power) != 2 or last != list(range(-len(axes), 0)) or None in sizes:
        raise mean.error("it is not the mean of the squares over the last axes, of fixed sizes")
    return layers.RMSNorm(sizes, _factor(add), elementwise_affine=False)


def _threshold(operator: Operator, branches: Any) -> Module:
    (greater,), _ = branches
    if greater.constant_first or operator.weight(2) is None:
        raise operator.error("it does not choose between its input and a number")
    return layers.Threshold(_factor(greater), operator.number(2))


def _residual(operator: Operator, branches: list[Module]) -> Module:
    body, shortcut = branches
    if isinstance(body, layers.Identity):
        body, shortcut = shortcut, body
    return Residual(body, None if isinstance(shortcut, layers.Identity) else shortcut)


def _parallel(operator: Operator, branches: list[Module]) -> Module:
    if len(operator.inputs) != operator.count:
        raise operator.error("it joins constants, too")
    return Parallel(*branches, axis=operator.get("axis", 1))


Join = Callable[[Operator, Any], Module]

JOINS: list[tuple[str, list[tuple[str, ...]] | None, Join]] = [
    ("Mul", [(), ("Sigmoid",)], lambda operator, branches: layers.SiLU()),
    ("Mul", [("Split",), ("Split", "Sigmoid")], _glu),
    ("Mul", [(), ("Softplus", "Tanh")], lambda operator, branches: layers.Mish()),
    ("Mul", [(), ("Hardsigmoid",)], lambda operator, branches: layers.Hardswish()),
    ("Sub", [(), ("Tanh",)], lambda operator, branches: layers.Tanhshrink()),
    ("Div", [(), ("Pow", "ReduceMean", "Add", "Sqrt")], _rms_norm),
    ("Where", [("Greater",), ()], _threshold),
    ("Add", None, _residual),
    ("Concat", None, _parallel),
]
