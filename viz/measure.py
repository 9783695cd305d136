"""Numbers for what is shown: values, gradients, and the chain rule along every wire.

The gradients come from a sweep of its own. The engine's would run the user's hooks and write into retained gradients;
a drawing has no such effects. It shows the chain rule as the rules give it, with no hook in between.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any

import numpy as np

from minigrad import Node, Tensor
from minigrad.values import Values

from .check import check_local
from .collapse import View
from .labels import clean, parameters
from .outline import counted
from .records import Inside, Item, Picture, Route, Shown, Summary, Vertex, Wire
from .route import route_from
from .stats import chain_rule, local_gradient, size_of, summarize
from .tangents import push_tangents
from .trace import Traced

# Of the values that leave a group, this many are shown, or only a few of more.
MOST_VALUES = 12
FEW = 4

Use = tuple[int, int, int]  # the value, the box that uses it, and the argument's position or -1 into a group


def measure(
    traced: Traced,
    view: View,
    gradient: Any = None,
    *,
    highlight: Tensor | str | None = None,
    tangents: Mapping[Tensor, Any] | None = None,
    check: bool = False,
) -> Picture:
    """Return the picture of what `view` shows.

    Parameters
    ----------
    traced : Traced
    view : View
    gradient : Tensor or array_like, optional
        The upstream gradient at the output, of its shape; default: 1 for an output with one entry. Without it, an
        output of another size has values and local gradients only.
    highlight : Tensor or str, optional
        The value, or its name, whose path of largest contribution is marked.
    tangents : mapping of Tensor to array_like, optional
        The direction in which values are differentiated, by leaf or intermediate tensor.
    check : bool
        Compare each shown local gradient with differences.

    Raises
    ------
    ValueError, TypeError
        If the gradient does not fit the output, or the other arguments the graph.
    """
    vertices = traced.trace.vertices
    output = vertices[-1]
    uses = _uses(vertices, view)
    exits = sorted({use[0] for use in uses} | {len(vertices) - 1})
    seed = seed_of(output, gradient)
    note = ""
    if seed is None:
        note = f"No gradients: the output has shape {output.shape}. Draw a scalar, or pass gradient= of that shape."
    with np.errstate(all="ignore"):  # what is not finite is shown, by name
        values = Values(source for source in traced.sources if type(source) is Node)
        route = None
        if highlight is not None:
            route = route_from(traced, highlight, seed)
        moved = push_tangents(traced, tangents, values) if tangents is not None else {}
        sweep = _Sweep(traced, view, set(exits))
        sweep.run(seed)
        gradients = {v: summarize(g) for v, g in sweep.kept.items()}
        shown = {v: _shown(traced, v, values, gradients.get(v), moved.get(v)) for v in exits}
        wires = tuple(_wire(traced, view, use, flowing, gradients, sweep.flows) for use, flowing in uses.items())
        if route is not None:
            wires = _with_route(view, wires, route)
        if check:
            wires = tuple(_checked(traced, wire, values) for wire in wires)
    shown = _with_births(traced, view, shown, wires)
    shown, wires, left_out = _without_crowds(view, shown, wires, len(vertices) - 1)
    items = _items(traced, view, shown, sweep.inside, left_out)
    clusters = list(traced.trace.clusters)
    for c, times in view.times.items():
        clusters[c] = clusters[c]._replace(label=f"{clusters[c].label} ×{times}")
    ops = sum(v.kind == "op" for v in vertices)
    return Picture(items, wires, tuple(clusters), len(vertices) - 1, ops, note, route)


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
        sweep = _Sweep(traced, View(list(range(len(vertices))), {}, {}, {}), wanted)
        sweep.run(seed_of(vertices[-1], gradient))
    return forward, sweep.kept


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


def seed_of(output: Vertex | Tensor, gradient: Any) -> Any:
    """Return the upstream gradient at the output, checked; None if none was given, and 1 does not fit."""
    if gradient is None:
        return np.ones(output.shape, output.dtype) if all(n == 1 for n in output.shape) else None
    g = np.asarray(gradient._data if isinstance(gradient, Tensor) else gradient)
    if g.dtype.kind not in "fiub":
        raise TypeError(f"viz: the gradient must be real numbers, got dtype {g.dtype}")
    if g.shape != output.shape:
        raise ValueError(f"viz: the gradient has shape {g.shape}, the output {output.shape}")
    return g.astype(output.dtype)


class _Sweep:
    """The chain rule, backward.

    Attributes
    ----------
    kept : dict
        By vertex, the gradients of those that were asked for.
    flows : dict
        What flows back along each shown wire.
    inside : dict
        By owner of a group, what is said of the gradients inside.
    """

    def __init__(self, traced: Traced, view: View, exits: set[int]) -> None:
        self._traced, self._view, self._exits = traced, view, exits
        self.kept: dict[int, Any] = {}
        self.flows: dict[Use, Any] = {}
        self._sizes: dict[int, list[float]] = {}

    def run(self, seed: Any) -> None:
        """Run from the upstream gradient at the output; without one, there are no gradients."""
        if seed is None:
            return
        vertices, sources = self._traced.trace.vertices, self._traced.sources
        owner, labels, flows = self._view.owner, self._view.labels, self.flows
        grads: dict[int, Any] = {len(vertices) - 1: seed}
        for v in range(len(vertices) - 1, -1, -1):
            g = grads.pop(v, None)
            if g is None:
                continue
            box = owner[v]
            if v in self._exits:
                self.kept[v] = g
            if box in labels:
                self._sizes.setdefault(box, []).append(size_of(g))
            if vertices[v].kind != "op":
                continue
            node = sources[v]
            saved = {k: values for _, k, values in node.edges}
            for parent, k, flowing in vertices[v].arguments:
                if not flowing:
                    continue
                c = chain_rule(node, k, g, saved[k], vertices[parent])
                if owner[parent] != box:
                    use = (parent, box, -1 if box in labels else k)
                    flows[use] = flows[use] + c if use in flows else c
                grads[parent] = grads[parent] + c if parent in grads else c

    @property
    def inside(self) -> dict[int, Inside]:
        """What is said of the gradients inside of each group."""
        said = {}
        for box, sizes in self._sizes.items():
            array = np.asarray(sizes)
            usual = array[np.isfinite(array) & (array > 0)]
            low, high = (float(usual.min()), float(usual.max())) if usual.size else (0.0, 0.0)
            zeros, bad = int((array == 0).sum()), int((~np.isfinite(array)).sum())
            said[box] = Inside(low, high, zeros, bad, len(sizes))
        return said


def _with_route(view: View, wires: tuple[Wire, ...], route: Route) -> tuple[Wire, ...]:
    """Mark the wires that the highlighted path runs along."""
    on = set()
    for v, op, k in route.steps:
        box = view.owner[op]
        on.add((v, box, -1 if box in view.labels else k))
    return tuple(wire._replace(path=wire[:3] in on) for wire in wires)


def _checked(traced: Traced, wire: Wire, values: Values) -> Wire:
    if wire.local is None:
        return wire
    return wire._replace(check=check_local(traced.sources[wire.target], wire.k, values))


def _shown(traced: Traced, v: int, values: Values, gradient: Summary | None, tangent: Any) -> Shown:
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
    along = summarize(tangent) if tangent is not None else None
    return Shown(v, clean(vertex.name), vertex.dtype, value, gradient, hooked, tangent=along)


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


def _without_crowds(
    view: View, shown: dict[int, Shown], wires: tuple[Wire, ...], output: int
) -> tuple[dict[int, Shown], tuple[Wire, ...], dict[int, int]]:
    """Leave out all but a few of the many values that leave a group; return how many, by its owner.

    A thousand of them, each with its wire, say no more than a few do.
    """
    marked = {wire.source for wire in wires if wire.path} | {output}
    leaving: dict[int, list[int]] = {}
    for v in shown:
        if view.owner[v] in view.labels:
            leaving.setdefault(view.owner[v], []).append(v)
    hidden: set[int] = set()
    left_out = {}
    for owner, values in leaving.items():
        if len(values) > MOST_VALUES:
            crowd = [v for v in values[FEW:] if v not in marked]
            hidden.update(crowd)
            left_out[owner] = len(crowd)
    if not hidden:
        return shown, wires, {}
    kept = {v: s for v, s in shown.items() if v not in hidden}
    return kept, tuple(wire for wire in wires if wire.source not in hidden), left_out


def _items(
    traced: Traced, view: View, shown: dict[int, Shown], gradients: dict[int, Inside], left_out: dict[int, int]
) -> tuple[Item, ...]:
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
            detail = counted(inside[owner])
            if owner in left_out:
                detail += f"; {left_out[owner]:,} more values leave it"
            label = clean(view.labels[owner], 48)
            ops, said = inside[owner].total(), gradients.get(owner)
            items.append(Item(owner, "group", label, detail, (), leaving, ops, view.cluster[owner], "", said))
        elif vertex.kind == "op":
            node = traced.sources[owner]
            names = tuple(node.op.argument_name(k) for k, value in enumerate(node.inputs) if value is not None)
            detail = parameters(vertex.op, node.params, vertex.shape)
            where = clean(vertex.where, 400)
            items.append(Item(owner, "op", clean(vertex.op), detail, names, leaving, 1, vertex.cluster, where))
        else:
            items.append(Item(owner, vertex.kind, clean(vertex.name), "", (), leaving, 0, vertex.cluster))
    return tuple(items)
