"""The numbers of a diagnosis: one pass over the values, and one sweep of the chain rule backward."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from minigrad import Node
from minigrad.values import Values

from ..records import Vertex
from ..stats import chain_rule
from ..trace import Traced
from .layers import Layout
from .records import Activity, Spread, Thresholds, Use, spread

# The greatest slope of functions that flatten out on both sides.
BOUNDED = {
    "sigmoid": 0.25,
    "tanh": 1.0,
    "softsign": 1.0,
    "hardsigmoid": 1 / 6,
    "arctan": 1.0,
    "erf": 2 / np.pi**0.5,
}
_MIXING = frozenset({"affine", "matmul", "einsum", "attention", "rnn", "lstm", "gru", "layer_norm"})
# So many ops are looked back through to see what an activation follows.
_BACK = 12


class Flow(NamedTuple):
    """What was measured.

    Attributes
    ----------
    values, gradients : list of Spread or None
        By vertex; None where there is none.
    uses : list of Use
        Those that a gradient flows back along, newest first.
    handed : list of float or None
        By layer, the norm of what it hands back to what it was computed from, without its parameters.
    activities : list of Activity
        Of activation functions.
    """

    values: list[Spread | None]
    gradients: list[Spread | None]
    uses: list[Use]
    handed: list[float | None]
    activities: list[Activity]


def sweep(traced: Traced, layout: Layout, seed: Any, limits: Thresholds) -> Flow:
    """Measure values and gradients.

    Nothing of the graph is changed or freed, no hook runs, and each gradient is let go once it was used.
    """
    vertices, sources = traced.trace.vertices, traced.sources
    values = Values(source for source in sources if type(source) is Node)
    gradients: list[Spread | None] = [None] * len(vertices)
    uses: list[Use] = []
    squares: dict[int, float] = {}
    grads: dict[int, Any] = {len(vertices) - 1: seed}
    # By value, what each layer has handed back to it so far.
    handed: dict[int, dict[int, Any]] = {}
    with np.errstate(all="ignore"):  # what is not finite is reported, by name
        said = [_value(traced, v, values) for v in range(len(vertices))]
        for v in range(len(vertices) - 1, -1, -1):
            g = grads.pop(v, None)
            if g is None:
                continue
            gradients[v] = spread(g)
            for i, whole in handed.pop(v, {}).items():
                layer = layout.layers[i]
                if not (v in layer.parameters and (layer.call or layout.parameters[v])):
                    squares[i] = squares.get(i, 0.0) + spread(whole).norm ** 2
            if vertices[v].kind != "op":
                continue
            node, own = sources[v], layout.owner[v]
            saved = {k: kept for _, k, kept in node.edges}
            for parent, k, flowing in vertices[v].arguments:
                if not flowing:
                    continue
                c = chain_rule(node, k, g, saved[k], vertices[parent])
                uses.append(Use(parent, v, k, spread(c)))
                if layout.owner[parent] != own:
                    parts = handed.setdefault(parent, {})
                    parts[own] = parts[own] + c if own in parts else c
                grads[parent] = grads[parent] + c if parent in grads else c
        found = [activity for v in range(len(vertices)) for activity in _activity(traced, v, limits)]
    totals = [squares[i] ** 0.5 if i in squares else None for i in range(len(layout.layers))]
    return Flow(said, gradients, uses, totals, found)


def _value(traced: Traced, v: int, values: Values) -> Spread | None:
    if v == len(traced.sources) - 1:
        return spread(traced.output._data)
    try:
        return spread(values.of(traced.sources[v]))
    except RuntimeError:
        # A constant from another graph that was freed since; all of this graph is there.
        return None


def _activity(traced: Traced, v: int, limits: Thresholds) -> list[Activity]:
    """Return how an activation function passes gradients on; nothing for other ops."""
    vertex, node = traced.trace.vertices[v], traced.sources[v]
    if vertex.kind != "op" or node.op.kind != "elementwise" or not (node.op.routes or vertex.op in BOUNDED):
        return []
    flowing = [a for a in vertex.arguments if a.flows]
    # Data or weights that are clipped are no activations, and of two branches one is always off.
    if len(flowing) != 1 or traced.trace.vertices[flowing[0].vertex].kind != "op" or not np.prod(vertex.shape):
        return []
    k = flowing[0].k
    (saved,) = [kept for _, position, kept in node.edges if position == k]
    slope = np.broadcast_to(node.op.rules[k](np.ones(node.shape, node.dtype), *saved), node.shape)
    if vertex.op in BOUNDED:
        flat = np.abs(slope) < limits.slope * BOUNDED[vertex.op]
        return [Activity(v, "saturated", float(np.count_nonzero(flat)) / slope.size, slope.size)]
    if slope.ndim < 2:
        return []
    axis = _units(traced.trace.vertices, v)
    off = ~np.any(slope != 0, axis=tuple(i for i in range(slope.ndim) if i != axis))
    if slope.size // off.size < limits.examples:
        return []
    return [Activity(v, "dead", float(np.count_nonzero(off)) / off.size, off.size)]


def _units(vertices: tuple[Vertex, ...], v: int) -> int:
    """Return the axis of the units: that of the channels after a convolution, else the last."""
    ndim = len(vertices[v].shape)
    if ndim != 3:
        return 1 if ndim > 3 else ndim - 1
    for _ in range(_BACK):
        arguments = [a.vertex for a in vertices[v].arguments if vertices[a.vertex].kind == "op"]
        if "conv" in vertices[v].op:
            return 1
        if vertices[v].op in _MIXING or not arguments:
            break
        v = arguments[0]
    return 2
