"""Numbers for what is shown: values, gradients, and the chain rule along every wire.

The gradients come from a sweep of its own. The engine's would run the user's hooks and write into retained gradients;
a drawing has no such effects. It shows the chain rule as the rules give it, with no hook in between.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

import numpy as np

from minigrad import Node, Tensor
from minigrad.graph import unbroadcast
from minigrad.settle import settled
from minigrad.values import Values

from .collapse import View
from .labels import clean, parameters
from .records import Item, Picture, Shown, Summary, Vertex, Wire
from .stats import local_gradient, summarize
from .trace import Traced

Use = tuple[int, int, int]  # the value, the box that uses it, and the argument's position or -1 into a group


def measure(traced: Traced, view: View, gradient: Any = None) -> Picture:
    """Return the picture of what `view` shows.

    Parameters
    ----------
    traced : Traced
    view : View
    gradient : Tensor or array_like, optional
        The upstream gradient at the output, of its shape; default: 1 for an output with one entry. Without it, an
        output of another size has values and local gradients only.

    Raises
    ------
    ValueError, TypeError
        If the gradient does not fit the output.
    """
    vertices = traced.trace.vertices
    output = vertices[-1]
    uses = _uses(vertices, view)
    exits = sorted({use[0] for use in uses} | {len(vertices) - 1})
    seed = _seed(output, gradient)
    note = ""
    if seed is None:
        note = f"No gradients: the output has shape {output.shape}. Draw a scalar, or pass gradient= of that shape."
    with np.errstate(all="ignore"):  # what is not finite is shown, by name
        grads, flows = _sweep(traced, view, set(exits), seed)
        gradients = {v: summarize(g) for v, g in grads.items()}
        values = Values(source for source in traced.sources if type(source) is Node)
        shown = {v: _shown(traced, v, values, gradients.get(v)) for v in exits}
        wires = tuple(_wire(traced, view, use, flowing, gradients, flows) for use, flowing in uses.items())
    items = _items(traced, view, _with_births(traced, view, shown, wires))
    return Picture(items, wires, traced.trace.clusters, len(vertices) - 1, sum(v.kind == "op" for v in vertices), note)


def arrays(traced: Traced, ids: Iterable[int], gradient: Any = None) -> tuple[dict[int, Any], dict[int, Any]]:
    """Return values of the graph themselves, and their gradients, by id.

    Parameters
    ----------
    traced : Traced
    ids : iterable of int
        The vertices that are asked for; one whose value was freed, or that no gradient flows to, is left out.
    gradient : Tensor or array_like, optional
        As in :func:`measure`.
    """
    vertices, wanted = traced.trace.vertices, set(ids)
    forward: dict[int, Any] = {}
    with np.errstate(all="ignore"):
        values = Values(source for source in traced.sources if type(source) is Node)
        for v in sorted(wanted):
            with suppress(RuntimeError):
                forward[v] = traced.output._data if v == len(vertices) - 1 else values.of(traced.sources[v])
        whole = View(list(range(len(vertices))), {}, {})
        backward, _ = _sweep(traced, whole, wanted, _seed(vertices[-1], gradient))
    return forward, backward


def _uses(vertices: tuple[Vertex, ...], view: View) -> dict[Use, bool]:
    """Return the uses of values outside of their boxes, in order, and whether a gradient flows back along each."""
    uses: dict[Use, bool] = {}
    owner, labels = view.owner, view.labels
    for v, vertex in enumerate(vertices):
        box = owner[v]
        for parent, k, flows in vertex.arguments:
            if owner[parent] != box:
                use = (parent, box, -1 if box in labels else k)
                uses[use] = uses.get(use, False) or flows
    return dict(sorted(uses.items(), key=lambda item: item[0][1]))


def _seed(output: Vertex, gradient: Any) -> Any:
    if gradient is None:
        return np.ones(output.shape, output.dtype) if all(n == 1 for n in output.shape) else None
    g = np.asarray(gradient._data if isinstance(gradient, Tensor) else gradient)
    if g.dtype.kind not in "fiub":
        raise TypeError(f"viz: the gradient must be real numbers, got dtype {g.dtype}")
    if g.shape != output.shape:
        raise ValueError(f"viz: the gradient has shape {g.shape}, the output {output.shape}")
    return g.astype(output.dtype)


def _sweep(traced: Traced, view: View, exits: set[int], seed: Any) -> tuple[dict[int, Any], dict[Use, Any]]:
    """Run the chain rule backward; return the gradients of `exits`, and what flows back along each shown wire."""
    vertices, sources = traced.trace.vertices, traced.sources
    owner, labels = view.owner, view.labels
    grads: dict[int, Any] = {} if seed is None else {len(vertices) - 1: seed}
    kept: dict[int, Any] = {}
    flows: dict[Use, Any] = {}
    for v in range(len(vertices) - 1, -1, -1):
        g = grads.pop(v, None)
        if g is None:
            continue
        if v in exits:
            kept[v] = g
        node, box = sources[v], owner[v]
        if vertices[v].kind != "op":
            continue
        saved = {k: values for _, k, values in node.edges}
        for parent, k, flowing in vertices[v].arguments:
            if not flowing:
                continue
            to = vertices[parent]
            c = np.asarray(settled(node.op, k, g, node.op.rules[k](g, *saved[k]), saved[k]))
            if c.shape != to.shape:
                c = unbroadcast(c, to.shape)
            if c.dtype != to.dtype:
                c = c.astype(to.dtype)
            if owner[parent] != box:
                use = (parent, box, -1 if box in labels else k)
                flows[use] = flows[use] + c if use in flows else c
            grads[parent] = grads[parent] + c if parent in grads else c
    return kept, flows


def _shown(traced: Traced, v: int, values: Values, gradient: Summary | None) -> Shown:
    source, vertex = traced.sources[v], traced.trace.vertices[v]
    if isinstance(source, Node):
        hooked = source.extra is not None and bool(source.extra.hooks)
    else:
        hooked = isinstance(source, Tensor) and source.requires_grad and bool(source._hooks)
    value = None
    if v == len(traced.sources) - 1:
        value = summarize(traced.output._data)
    else:
        try:
            value = summarize(values.of(source))
        except RuntimeError:
            # A constant from another graph that was freed since; all of this graph is there.
            value = None
    return Shown(v, clean(vertex.name), vertex.dtype, value, gradient, hooked)


def _wire(
    traced: Traced, view: View, use: Use, flows: bool, gradients: dict[int, Summary], contributions: dict[Use, Any]
) -> Wire:
    source, target, k = use
    downstream = summarize(contributions[use]) if use in contributions else None
    if k < 0:
        return Wire(source, target, k, "", gradients.get(target), None, downstream, flows)
    node = traced.sources[target]
    local = local_gradient(node, k, traced.trace.vertices[source].shape) if flows else None
    upstream = gradients.get(target) if flows else None
    return Wire(source, target, k, node.op.argument_name(k), upstream, local, downstream, flows)


def _with_births(traced: Traced, view: View, shown: dict[int, Shown], wires: tuple[Wire, ...]) -> dict[int, Shown]:
    """Mark the values and gradients that are the first on their way which are not finite."""
    if all(_finite(s.value) and _finite(s.gradient) for s in shown.values()):
        return shown
    entering: dict[int, list[Wire]] = {}
    leaving: dict[int, list[Wire]] = {}
    for wire in wires:
        entering.setdefault(wire.target, []).append(wire)
        leaving.setdefault(wire.source, []).append(wire)
    marked = {}
    for v, s in shown.items():
        computed = traced.trace.vertices[v].kind == "op"
        inputs = entering.get(view.owner[v], [])
        born = computed and not _finite(s.value) and all(_finite(shown[w.source].value) for w in inputs)
        uses = leaving.get(v, [])
        below = not _finite(s.gradient) and any(not _finite(w.downstream) and _finite(w.upstream) for w in uses)
        marked[v] = s._replace(born=born, gradient_born=below)
    return marked


def _finite(summary: Summary | None) -> bool:
    return summary is None or not (summary.nans or summary.infs)


def _items(traced: Traced, view: View, shown: dict[int, Shown]) -> tuple[Item, ...]:
    vertices = traced.trace.vertices
    inside: dict[int, Counter[str]] = {owner: Counter() for owner in view.labels}
    values: dict[int, list[Shown]] = {}
    for v, owner in enumerate(view.owner):
        if owner in inside and vertices[v].kind == "op":
            inside[owner][vertices[v].op] += 1
        if v in shown:
            values.setdefault(owner, []).append(shown[v])
    items = []
    for owner in sorted(values):
        vertex = vertices[owner]
        leaving = tuple(values[owner])
        if owner in inside:
            counted = inside[owner]
            # By count, then by name: the order in which a set or a dict was filled must not show.
            most = sorted(counted.items(), key=lambda count: (-count[1], count[0]))[:4]
            detail = ", ".join(f"{name} ×{n:,}" if n > 1 else name for name, n in most)
            detail += ", …" if len(counted) > 4 else ""
            label = clean(view.labels[owner], 48)
            items.append(Item(owner, "group", label, detail, (), leaving, counted.total(), view.cluster[owner]))
        elif vertex.kind == "op":
            node = traced.sources[owner]
            names = tuple(node.op.argument_name(k) for k, value in enumerate(node.inputs) if value is not None)
            detail = parameters(vertex.op, node.params, vertex.shape)
            items.append(Item(owner, "op", clean(vertex.op), detail, names, leaving, 1, vertex.cluster))
        else:
            items.append(Item(owner, vertex.kind, clean(vertex.name), "", (), leaving, 0, vertex.cluster))
    return tuple(items)
