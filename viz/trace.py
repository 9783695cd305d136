"""From the engine's graph to records of its structure: iterative, and linear in the number of nodes."""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

import numpy as np

from minigrad import Node, Tensor
from minigrad.graph import FREED, collect

from .records import Argument, Cluster, Kind, Trace, Vertex


class Traced(NamedTuple):
    """A trace, what each of its vertices is in the engine (a node, a tensor, an array or a number), and the output."""

    trace: Trace
    sources: tuple[Any, ...]
    output: Tensor


def trace(output: Tensor) -> Traced:
    """Return the structure of the graph that `output` was computed by.

    Nothing is computed, changed or freed.

    Parameters
    ----------
    output : Tensor

    Raises
    ------
    TypeError
        If `output` is not a tensor.
    RuntimeError
        If it has no graph, or its graph was freed.

    Examples
    --------
    >>> import minigrad as mg
    >>> x = mg.Tensor(3.0, requires_grad=True, name="x")
    >>> for vertex in trace(x * x + 1).trace.vertices:
    ...     print(vertex.kind, vertex.op or vertex.name, [a.vertex for a in vertex.arguments])
    parameter x []
    op multiply [0, 0]
    constant  []
    op add [1, 2]
    """
    if not isinstance(output, Tensor):
        raise TypeError(f"viz: expected a Tensor, got {type(output).__name__}: {output!r:.80}")
    if not output.requires_grad:
        raise RuntimeError(
            f"viz: this tensor ({output.describe()}) has no graph to draw: no tensor it was computed from has "
            "requires_grad=True, or it was computed under no_grad() or from a detach()ed tensor"
        )
    if output.node is None:
        return Traced(Trace((_leaf(output),), ()), (output,), output)
    try:
        nodes, _ = collect([output.node])
    except RuntimeError as error:
        if FREED not in str(error):
            raise
        raise RuntimeError(
            "viz: this graph was freed by a backward pass, so its local gradients are gone. Draw before backward(), or "
            "keep the graph with backward(retain_graph=True), or compute the output again"
        ) from error
    innermost, clusters = _clusters(nodes)
    vertices: list[Vertex] = []
    sources: list[Any] = []
    # By identity: == on tensors and arrays compares entries. The ids never leave this function, and what they stand for
    # is held by the nodes meanwhile.
    ids: dict[int, int] = {}
    for node in nodes:
        flows = {k for _, k, _ in node.edges or ()}
        arguments = []
        for k, value in enumerate(node.inputs):
            if value is None:
                continue
            # Numbers are not shared: each stands beside the op that uses it.
            known = None if _is_number(value) else ids.get(id(value))
            if known is None:
                known = ids[id(value)] = len(vertices)
                vertices.append(_leaf(value))
                sources.append(value)
            arguments.append(Argument(known, k, k in flows))
        ids[id(node)] = len(vertices)
        name = node.extra.name if node.extra is not None else None
        used, cluster, dtype = tuple(arguments), innermost.get(node, -1), _dtype(node.dtype)
        vertices.append(Vertex("op", node.op.name, name or "", node.shape, dtype, used, cluster))
        sources.append(node)
    # A name is kept by the node only if it was given to this very tensor, which may be newer than its node.
    if output.name and not vertices[-1].name:
        vertices[-1] = vertices[-1]._replace(name=output.name)
    if clusters:
        _place_leaves(vertices, clusters)
    return Traced(Trace(tuple(vertices), tuple(clusters)), tuple(sources), output)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float, np.generic))


_dtype = cache(str)  # NumPy takes longer over a dtype's name than all else here takes for a node
_FLOAT = Vertex("constant", "", "", (), "float64", (), -1)


def _leaf(value: Any) -> Vertex:
    """Return the record of a leaf tensor, or of a constant in any form that ops take."""
    if type(value) is float:
        return _FLOAT
    if isinstance(value, Node):
        # A result from another part of the graph, used where no gradient flows.
        name = value.extra.name if value.extra is not None else None
        return Vertex("input", "", name or value.op.name, value.shape, _dtype(value.dtype), (), -1)
    name = value.name if isinstance(value, Tensor) else None
    kind: Kind = "input"
    if isinstance(value, Tensor) and value.requires_grad:
        kind = "parameter"
    elif not np.ndim(value._data if isinstance(value, Tensor) else value) and not name:
        kind = "constant"
    shaped = value if hasattr(value, "shape") else np.asarray(value)
    return Vertex(kind, "", name or "", tuple(shaped.shape), _dtype(shaped.dtype), (), -1)


def _clusters(nodes: list[Node]) -> tuple[dict[Node, int], list[Cluster]]:
    """Return the innermost module call of each node, and all calls, outer ones first."""
    # A call is known by its start; one that returned several values is noted at each of them.
    calls: dict[int, tuple[str, list[Node]]] = {}
    for node in nodes:
        if node.extra is not None:
            for scope in node.extra.scopes:
                calls.setdefault(scope.start, (scope.label, []))[1].append(node)
    innermost: dict[Node, int] = {}
    clusters: list[Cluster] = []
    # A call that started earlier encloses those that started later.
    for start, (label, outputs) in sorted(calls.items(), key=lambda call: call[0]):
        parent = innermost.get(outputs[-1], -1)
        members = _below(outputs, start, parent, innermost)
        for member in members:
            innermost[member] = len(clusters)
        clusters.append(Cluster(label, parent, clusters[parent].depth + 1 if parent >= 0 else 0))
    return innermost, clusters


def _below(outputs: list[Node], start: int, parent: int, innermost: dict[Node, int]) -> list[Node]:
    """Return the nodes of a call: those below its outputs since its start, where no other call has claimed them."""
    found = dict.fromkeys(outputs)
    members = list(found)
    for node in members:
        for value in node.inputs:
            if (
                type(value) is Node
                and value.seq >= start
                and value not in found
                and innermost.get(value, -1) == parent
            ):
                found[value] = None
                members.append(value)
    return members


def _place_leaves(vertices: list[Vertex], clusters: list[Cluster]) -> None:
    """Put each leaf into the innermost call that holds all of its uses."""
    place: dict[int, int] = {}
    for vertex in vertices:
        for argument in vertex.arguments:
            leaf = argument.vertex
            if vertices[leaf].kind != "op":
                place[leaf] = common(clusters, place[leaf], vertex.cluster) if leaf in place else vertex.cluster
    for leaf, cluster in place.items():
        # Data are handed to a module from outside, even where nothing else uses them.
        if vertices[leaf].kind != "input":
            vertices[leaf] = vertices[leaf]._replace(cluster=cluster)


def common(clusters: list[Cluster], a: int, b: int) -> int:
    """Return the innermost call that encloses both `a` and `b`, or -1."""
    while a != b:
        # A call's id is greater than its parent's, so the greater one is the one to leave.
        if a > b:
            a = clusters[a].parent
        else:
            b = clusters[b].parent
    return a
