"""From numbers to findings: what is wrong, where, and what usually helps."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

from ..labels import number, percent
from ..trace import Traced
from .layers import Layer, Layout
from .paths import Waterfall
from .records import Finding, Severity, Spread, Thresholds
from .sweep import Flow

_SQUASHING = frozenset({"sigmoid", "tanh", "softsign", "hardsigmoid", "arctan", "erf", "softmax"})
_WEIGHING = frozenset({"affine", "matmul", "conv2d", "conv_transpose2d", "einsum", "multiply", "rnn", "lstm", "gru"})

# What usually helps where an op makes the first NaN or Inf.
_BIRTHS = {
    "log": "keep the argument away from 0: log(x + 1e-12), or a fused loss (log_softmax, softmax_cross_entropy)",
    "exp": "subtract the maximum first, as logsumexp and softmax do, or clip the argument",
    "divide": "keep the divisor away from 0: add a small number to it",
    "reciprocal": "keep the argument away from 0: add a small number to it",
    "sqrt": "keep the argument away from 0: sqrt(x + 1e-12)",
    "power": "keep the base away from 0, and positive where the exponent is no whole number",
    "norm": "add a small number below the root: sqrt((x * x).sum() + 1e-12)",
}
_BIRTHS.update(dict.fromkeys(("log2", "log10", "log1p", "logit"), _BIRTHS["log"]))
_BIRTHS.update(dict.fromkeys(("exp2", "expm1", "sinh", "cosh"), _BIRTHS["exp"]))
_ANY_BIRTH = "look at its arguments (detect_anomaly() names the line); a lower learning rate, clipped gradients"
_DEAD = "a lower learning rate, He initialization and biases of 0 or above, leaky_relu or elu, batch norm before it"
_SATURATED = "smaller initial weights (Xavier), normalized inputs or batch norm before it, relu in hidden layers"


class Boundary(NamedTuple):
    """Where the model ends and the loss begins.

    Attributes
    ----------
    ends : list of int
        The vertices of the values that leave the model.
    inside : set of int
        All vertices that those were computed from, with themselves.
    norm : float
        Of the gradient at the ends.
    """

    ends: list[int]
    inside: set[int]
    norm: float


def boundary(traced: Traced, layout: Layout, flow: Flow) -> Boundary:
    """Return where the model ends and the loss begins.

    The model is the outermost module calls with parameters in them. Without one, or where it returns the loss itself,
    it ends at the first value on the way back from the loss that has more than one entry; at the loss, if none has.
    """
    vertices, clusters = traced.trace.vertices, traced.trace.clusters
    roots: list[int] = []
    for c, cluster in enumerate(clusters):
        roots.append(c if cluster.parent < 0 else roots[cluster.parent])
    root = [roots[x.cluster] if x.kind == "op" and x.cluster >= 0 else -1 for x in vertices]
    trained = {root[layer.members[0]] for layer in layout.layers if layer.parameters} - {-1}
    last = len(vertices) - 1
    used = {a.vertex for v, x in enumerate(vertices) if root[v] not in trained for a in x.arguments} | {last}
    ends = [v for v in sorted(used) if root[v] in trained and flow.gradients[v] is not None] or [last]
    if len(ends) == 1:
        ends = [_widened(traced, flow, ends[0])]
    inside = set(ends)
    for v in range(last, -1, -1):
        if v in inside:
            inside.update(a.vertex for a in vertices[v].arguments)
    total = math.sqrt(sum(g.norm**2 for v in ends if (g := flow.gradients[v]) is not None))
    return Boundary(ends, inside, total)


def _widened(traced: Traced, flow: Flow, v: int) -> int:
    """Return the first value with more than one entry, from `v` back along the largest contributions; else `v`."""
    vertices, start = traced.trace.vertices, v
    below: dict[int, list[Any]] = {}
    for use in flow.uses:
        below.setdefault(use.target, []).append(use)
    while math.prod(vertices[v].shape) == 1:
        parts = [use for use in below.get(v, []) if vertices[use.source].kind == "op"]
        if not parts:
            return start
        v = max(parts, key=lambda use: use.downstream.norm).source
    return v


def level(layer: Layer, flow: Flow) -> float | None:
    """Return the norm of the gradient at a layer's output; None where none is known, or it is not finite."""
    known = [g for v in layer.exits if (g := flow.gradients[v]) is not None]
    if not known or any(g.bad for g in known):
        return None
    return math.sqrt(sum(g.norm**2 for g in known))


def judge(
    traced: Traced, layout: Layout, flow: Flow, end: Boundary, path: Waterfall | None, model: Any, limits: Thresholds
) -> list[Finding]:
    """Return what is wrong, the worst first."""
    found = [*_births(traced, layout, flow)]
    if not found:  # all that a NaN has touched would be found, too
        found += _levels(layout, flow, end, path, limits)
        found += _zeros(layout, flow)
    found += _activities(traced, layout, flow, end, limits)
    found += _unused(traced, flow, model)
    return sorted(found, key=lambda finding: finding.severity != "error")  # stable


def _births(traced: Traced, layout: Layout, flow: Flow) -> Iterator[Finding]:
    """Find where values or gradients are not finite though all they were computed from is."""
    vertices = traced.trace.vertices
    for v, vertex in enumerate(vertices):
        value = flow.values[v]
        # A leaf that is not finite was so from the start.
        if _bad(value) and value is not None and not any(_bad(flow.values[a.vertex]) for a in vertex.arguments):
            where = "in the data: " if vertex.kind != "op" else f"{vertex.op}: "
            layer = layout.layer_of(v) if vertex.kind == "op" else layout.names[v]
            advice = _BIRTHS.get(vertex.op, _ANY_BIRTH) if vertex.kind == "op" else "clean the data, or the parameter"
            yield _birth("NaN forward", layer, f"{where}its value has", value, advice, traced, v)
    for use in flow.uses:
        upstream, op = flow.gradients[use.target], vertices[use.target]
        if not use.downstream.bad or _bad(upstream):
            continue
        # What comes of values that are not finite themselves was born with those.
        if _bad(flow.values[use.target]) or any(_bad(flow.values[a.vertex]) for a in op.arguments):
            continue
        said = f"{op.op}: the gradient of its argument {traced.sources[use.target].op.argument_name(use.k)} has"
        advice = _BIRTHS.get(op.op, _ANY_BIRTH)
        yield _birth("NaN backward", layout.layer_of(use.target), said, use.downstream, advice, traced, use.target)


def _birth(kind: str, layer: str, said: str, value: Spread, advice: str, traced: Traced, v: int) -> Finding:
    where = traced.trace.vertices[v].where
    message = f"{said} {value.bad:,} of {value.size:,} entries that are not finite, born here"
    message += f" ({where})" if where else ""
    return Finding(kind, "error", layer, message, advice, {"bad": value.bad, "size": value.size})


def _bad(value: Spread | None) -> bool:
    return value is not None and value.bad > 0


def _levels(layout: Layout, flow: Flow, end: Boundary, path: Waterfall | None, limits: Thresholds) -> Iterator[Finding]:
    """Find layers with parameters whose gradient has vanished or exploded, relative to that at the model's output."""
    calls: dict[str, list[tuple[Layer, float, float]]] = {}
    for layer in layout.layers:
        size = level(layer, flow)
        if layer.parameters and layer.members[-1] in end.inside and size and end.norm:
            rms = max(g.rms for v in layer.exits if (g := flow.gradients[v]) is not None and g.size)
            calls.setdefault(layer.base, []).append((layer, size / end.norm, rms))
    # Over many calls, as along a sequence, a layer learns from those that get a gradient.
    low = {base: min(found, key=lambda item: item[1]) for base, found in calls.items()}
    high = {base: max(found, key=lambda item: item[1]) for base, found in calls.items()}
    verdict = f"; {path.verdict()}" if path is not None and path.verdict() else ""
    least = min((share for _, share, _ in low.values()), default=1.0)
    most = max((share for _, share, _ in high.values()), default=1.0)
    for base, (layer, share, rms) in low.items():
        if share < limits.vanishing[0]:
            best = high[base][1]
            severity: Severity = "error" if best < limits.vanishing[1] else "warning"
            over = f", in its {len(calls[base])} calls up to {number(best, 2)}" if len(calls[base]) > 1 else ""
            said = f"the gradient at its output is {number(share, 2)} of that at the model's output{over}"
            said += verdict if share == least else ""
            yield Finding("vanishing", severity, layer.name, said, _remedy(path, True), {"level": share, "rms": rms})
    for layer, share, rms in high.values():
        if share > limits.exploding[0] or rms > limits.rms[0]:
            severity = "error" if share > limits.exploding[1] or rms > limits.rms[1] else "warning"
            said = f"the gradient at its output is {number(share, 2)} times that at the model's output"
            said += f", its rms {number(rms, 2)}" + (verdict if share == most else "")
            yield Finding("exploding", severity, layer.name, said, _remedy(path, False), {"level": share, "rms": rms})


def _remedy(path: Waterfall | None, vanishing: bool) -> str:
    """Return what usually helps, by the ops to which most is due."""
    ops = {op for op, _, _ in path.culprits[:1]} if path is not None else set()
    if vanishing and ops & _SQUASHING:
        return "relu or gelu for sigmoid and tanh, with He initialization; batch or layer norm; skip connections"
    if vanishing and ops & _WEIGHING:
        return "larger initial weights (He for relu, Xavier for tanh); batch or layer norm; skip connections"
    if vanishing:
        return "normalization, skip connections, or a loss nearer to the layer"
    return "smaller initial weights (He or Xavier), batch or layer norm, clip_grad_norm_, a lower learning rate"


def _zeros(layout: Layout, flow: Flow) -> Iterator[Finding]:
    for v in layout.parameters:
        gradient = flow.gradients[v]
        if gradient is not None and gradient.size and gradient.zeros == 1:
            said = f"all {gradient.size:,} entries of its gradient are exactly 0"
            advice = "a dead layer or weights of 0 above it; as a first step of a branch that begins at 0 it is meant"
            yield Finding("zero", "warning", layout.names[v], said, advice, {"size": gradient.size})


def _activities(traced: Traced, layout: Layout, flow: Flow, end: Boundary, limits: Thresholds) -> Iterator[Finding]:
    for activity in flow.activities:
        v = activity.vertex
        low, high = limits.dead if activity.kind == "dead" else limits.saturated
        if v not in end.inside or activity.share < low:
            continue
        severity: Severity = "error" if activity.share >= high else "warning"
        said = f"{percent(activity.share)} of its {activity.among:,}"
        if activity.kind == "dead":
            said = f"{said} units are off for the whole batch ({traced.trace.vertices[v].op})"
        else:
            said = f"{said} entries are where {traced.trace.vertices[v].op} is flat"
            if v in end.ends:
                severity = "warning"  # a sure answer, it may be
        numbers = {"share": activity.share, "count": float(activity.among)}
        advice = _DEAD if activity.kind == "dead" else _SATURATED
        yield Finding(activity.kind, severity, layout.layer_of(v), said, advice, numbers)


def _unused(traced: Traced, flow: Flow, model: Any) -> Iterator[Finding]:
    if model is None:
        return
    there = {id(source) for v, source in enumerate(traced.sources) if flow.gradients[v] is not None}
    for name, p in model.named_parameters():
        if p.requires_grad and id(p) not in there:
            said = "no gradient flows to it from this loss"
            advice = "detach(), no_grad() or .data on the way to the loss, or a module that forward does not call"
            yield Finding("unused", "warning", name, said, advice, {"size": float(p.size)})
