"""Which layer each op belongs to, and what layers, values and parameters are called.

A module call without calls inside of it is a layer. An op outside of those, such as the sum of a residual block, a
function between modules, or any op of a graph without modules, is a layer by itself.
"""

from __future__ import annotations

from collections import Counter
from typing import Any, NamedTuple

from ..labels import clean
from ..records import Cluster
from ..trace import Traced


class Layer(NamedTuple):
    """A module call, or an op outside of any.

    Attributes
    ----------
    name : str
        That in ``named_modules()``; of a second call it ends in ``(2)``.
    base : str
        The name without the number of the call.
    call : bool
        Whether it is a module call.
    members : list of int
        The vertices of its ops, oldest first.
    exits : list of int
        Those whose values are used outside.
    parameters : list of int
        The vertices of the parameters that its ops use.
    """

    name: str
    base: str
    call: bool
    members: list[int]
    exits: list[int]
    parameters: list[int]


class Layout(NamedTuple):
    """How a graph falls into layers.

    Attributes
    ----------
    layers : list of Layer
        In the order of the forward pass.
    owner : list of int
        The layer of each vertex; -1 for leaves.
    names : list of str
        Of the vertices.
    parameters : dict
        The vertices of the parameters, with their names in the model; without a model these are empty.
    """

    layers: list[Layer]
    owner: list[int]
    names: list[str]
    parameters: dict[int, str]

    def layer_of(self, v: int) -> str:
        """Return the name of the layer of an op."""
        return self.layers[self.owner[v]].name


def lay_out(traced: Traced, model: Any = None) -> Layout:
    """Return the layers of a graph.

    Parameters
    ----------
    traced : Traced
    model : Module, optional
        Names the parameters; without it, every leaf that requires grad is a parameter.
    """
    vertices, clusters = traced.trace.vertices, traced.trace.clusters
    holding = _holding(clusters, {v.cluster for v in vertices if v.kind == "op"})
    paths = _paths(clusters, holding)
    keys: dict[tuple[bool, int], list[int]] = {}
    for v, vertex in enumerate(vertices):
        if vertex.kind == "op":
            alone = vertex.cluster < 0 or vertex.cluster in holding
            keys.setdefault((True, v) if alone else (False, vertex.cluster), []).append(v)
    # In the order in which they end, which is that of the forward pass.
    groups = sorted(keys.items(), key=lambda item: item[1][-1])
    owner = [-1] * len(vertices)
    for i, (_, members) in enumerate(groups):
        for v in members:
            owner[v] = i
    known = _parameters(traced, model)
    outside = {len(vertices) - 1}
    for v, vertex in enumerate(vertices):
        outside.update(a.vertex for a in vertex.arguments if owner[a.vertex] != owner[v])
    layers, counted = [], Counter[str]()
    for (alone, key), members in groups:
        base = _op_name(vertices[key].name or vertices[key].op, paths, vertices[key].cluster) if alone else paths[key]
        counted[base] += 1
        name = base if counted[base] == 1 else f"{base} ({counted[base]})"
        used = dict.fromkeys(a.vertex for v in members for a in vertices[v].arguments if a.vertex in known)
        layers.append(Layer(name, base, not alone, members, [v for v in members if v in outside], list(used)))
    return Layout(layers, owner, _names(traced, layers, owner, known), known)


def _holding(clusters: tuple[Cluster, ...], used: set[int]) -> set[int]:
    """Return the calls that hold other calls with ops."""
    holding: set[int] = set()
    for c in used:
        while c >= 0 and (c := clusters[c].parent) >= 0:
            holding.add(c)
    return holding


def _paths(clusters: tuple[Cluster, ...], holding: set[int]) -> list[str]:
    """Return the names of all calls, dotted as in ``named_modules()``."""
    # Several networks in one graph: their classes tell them apart.
    several = len({clusters[c].label for c in holding if clusters[c].parent < 0}) > 1
    paths: list[str] = []
    for c, cluster in enumerate(clusters):
        name, colon, _ = clean(cluster.label, 120).partition(": ")
        own = name if colon else ""
        if cluster.parent < 0:
            keep = not own and (several or c not in holding)
            paths.append(name.partition("(")[0] if keep else own)
        else:
            above = paths[cluster.parent]
            paths.append(f"{above}.{own or name}" if above else own or name)
    return paths


def _op_name(op: str, paths: list[str], cluster: int) -> str:
    above = paths[cluster] if cluster >= 0 else ""
    return f"{above}.{clean(op)}" if above else clean(op)


def _parameters(traced: Traced, model: Any) -> dict[int, str]:
    """Return the parameters by vertex: those of the model with their names, or all leaves that require grad."""
    vertices = traced.trace.vertices
    leaves = [v for v, vertex in enumerate(vertices) if vertex.kind == "parameter"]
    if model is None:
        return dict.fromkeys(leaves, "")
    names: dict[int, str] = {}
    for name, p in model.named_parameters():
        names.setdefault(id(p), name)
    return {v: names[id(traced.sources[v])] for v in leaves if id(traced.sources[v]) in names}


def _names(traced: Traced, layers: list[Layer], owner: list[int], known: dict[int, str]) -> list[str]:
    vertices = traced.trace.vertices
    above: dict[int, str] = {}
    for layer in layers:
        for v in layer.parameters:
            if vertices[v].cluster >= 0 and layer.call:
                above.setdefault(v, layer.base)
    names, counted = [], Counter[str]()
    for v, vertex in enumerate(vertices):
        name = known.get(v) or clean(vertex.name) or vertex.kind
        if vertex.kind == "op":
            # The value of a layer goes by the layer's name, others by the op's.
            layer = layers[owner[v]]
            name = clean(vertex.name) or (layer.name if layer.exits == [v] else f"{layer.name}.{clean(vertex.op)}")
        elif not known.get(v) and v in above:
            name = f"{above[v]}.{name}"
        counted[name] += 1
        names.append(name if counted[name] == 1 or vertex.kind == "constant" else f"{name} ({counted[name]})")
    return names
