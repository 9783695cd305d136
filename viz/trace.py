"""From the engine's graph to records of its structure: iterative, and linear in the number of nodes."""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

import numpy as np

from minigrad import Node, Tensor
from minigrad.graph import FREED, Scope, collect

from .expand import Expand, Opened, Opener
from .records import Argument, Cluster, Enclosure, Kind, Trace, Vertex


class Traced(NamedTuple):
    """A trace, and what stands behind it in the engine.

    Attributes
    ----------
    trace : Trace
    sources : tuple
        What each vertex is: a node, a tensor, an array or a number.
    output : Tensor
    opened : dict
        By node of an op that was opened, the vertex of its value.
    """

    trace: Trace
    sources: tuple[Any, ...]
    output: Tensor
    opened: dict[Node | None, int]

    def find(self, tensor: Tensor) -> int | None:
        """Return the vertex of a tensor; None if it has none in this graph."""
        wanted = tensor.node or tensor
        if tensor.node in self.opened:
            return self.opened[tensor.node]
        return next((v for v, source in enumerate(self.sources) if source is wanted), None)


def trace(output: Tensor, expand: Expand = False) -> Traced:
    """Return the structure of the graph that `output` was computed by.

    Nothing is changed or freed, and nothing is computed but the decompositions of the ops to open.

    Parameters
    ----------
    output : Tensor
    expand : bool, str, Tensor, or iterable of str and Tensor
        The ops to show as what they are made of: all that have a decomposition, or those of these names, or that
        computed the tensors of these names, or these tensors.

    Raises
    ------
    TypeError
        If `output` is not a tensor, or `expand` something else.
    ValueError
        If nothing in the graph is what `expand` names, or it cannot be opened.
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
    >>> [vertex.op for vertex in trace(mg.sigmoid(x), expand="sigmoid").trace.vertices if vertex.kind == "op"]
    ['negative', 'exp', 'add', 'divide']
    """
    if not isinstance(output, Tensor):
        raise TypeError(f"viz: expected a Tensor, got {type(output).__name__}: {output!r:.80}")
    if not output.requires_grad:
        raise RuntimeError(
            f"viz: this tensor ({output.describe()}) has no graph to draw: no tensor it was computed from has "
            "requires_grad=True, or it was computed under no_grad() or from a detach()ed tensor"
        )
    if output.node is None:
        Opener(expand, [])
        return Traced(Trace((_leaf(output),), ()), (output,), output, {})
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
    opener = Opener(expand, nodes)
    vertices: list[Vertex] = []
    sources: list[Any] = []
    opened: dict[Node | None, int] = {}
    own: list[int] = []  # the leaves that decompositions made
    # By identity: == on tensors and arrays compares entries. The ids never leave this function, and what they stand for
    # is held by the nodes meanwhile.
    ids: dict[int, int] = {}
    todo: list[tuple[Node, int, Opened | None]] = [(node, innermost.get(node, -1), None) for node in reversed(nodes)]
    while todo:
        node, cluster, parts = todo.pop()
        if parts is not None:  # all of them are there now
            ids[id(node)] = opened[node] = ids[id(parts.end)]
            continue
        flows = [k for _, k, _ in node.edges or ()]
        arguments = []
        inner = cluster >= 0 and clusters[cluster].kind == "op"
        for k, value in enumerate(node.inputs):
            if value is None:
                continue
            # Numbers are not shared: each stands beside the op that uses it.
            known = None if _is_number(value) else ids.get(id(value))
            if known is None:
                known = ids[id(value)] = len(vertices)
                vertices.append(_leaf(value))
                sources.append(value)
                if inner:
                    own.append(known)
            arguments.append(Argument(known, k, k in flows))
        parts = opener.open(node) if opener.wanted and opener.wants(node) else None
        if parts is not None:
            for argument in arguments:
                ids[id(parts.arguments[argument.k])] = argument.vertex
            todo.append((node, cluster, parts))
            todo += [(part, len(clusters), None) for part in reversed(parts.nodes)]
            clusters.append(Cluster(node.op.name, cluster, clusters[cluster].depth + 1 if cluster >= 0 else 0, "op"))
            continue
        ids[id(node)] = len(vertices)
        vertices.append(_op(node, tuple(arguments), cluster))
        sources.append(node)
    # A name is kept by the node only if it was given to this very tensor, which may be newer than its node.
    if output.name and not vertices[-1].name:
        vertices[-1] = vertices[-1]._replace(name=output.name)
    if clusters:
        _place_leaves(vertices, clusters, set(own))
    return Traced(Trace(tuple(vertices), tuple(clusters)), tuple(sources), output, opened)


def _op(node: Node, arguments: tuple[Argument, ...], cluster: int) -> Vertex:
    dtype = _dtype(node.dtype)
    extra = node.extra
    if extra is None:
        return Vertex("op", node.op.name, "", node.shape, dtype, arguments, cluster)
    return Vertex("op", node.op.name, extra.name or "", node.shape, dtype, arguments, cluster, extra.where or "")


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
    calls: dict[int, tuple[Scope, list[Node]]] = {}
    for node in nodes:
        if node.extra is not None:
            for scope in node.extra.scopes:
                calls.setdefault(scope.start, (scope, []))[1].append(node)
    innermost: dict[Node, int] = {}
    clusters: list[Cluster] = []
    # A call that started earlier encloses those that started later.
    for start, (scope, outputs) in sorted(calls.items(), key=lambda call: call[0]):
        parent = innermost.get(outputs[-1], -1)
        members = _below(outputs, start, parent, innermost)
        for member in members:
            innermost[member] = len(clusters)
        depth = clusters[parent].depth + 1 if parent >= 0 else 0
        kind: Enclosure = "backward" if scope.kind == "backward" else "module"
        clusters.append(Cluster(scope.label, parent, depth, kind))
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


def _place_leaves(vertices: list[Vertex], clusters: list[Cluster], own: set[int]) -> None:
    """Put each leaf into the innermost cluster that holds all of its uses.

    Data are handed to a module from outside, even where nothing else uses them; its buffers are its own. Data come in
    by the first op that they meet, so floating numbers stay in a module that other values flow into. The leaves `own`
    were made inside of their cluster.
    """
    place: dict[int, int] = {}
    fed = [False] * len(clusters)
    for vertex in vertices:
        c = vertex.cluster
        for argument in vertex.arguments:
            v = argument.vertex
            if vertices[v].kind != "op":
                place[v] = common(clusters, place[v], c) if v in place else c
            elif vertices[v].cluster != c:
                shared = common(clusters, vertices[v].cluster, c)
                inside = c
                while inside != shared and not fed[inside]:
                    fed[inside] = True
                    inside = clusters[inside].parent
    for leaf, c in place.items():
        if leaf not in own:
            number = vertices[leaf].dtype.startswith("float")
            data = vertices[leaf].kind == "input"
            while c >= 0 and (clusters[c].kind == "op" or (data and not (number and fed[c]))):
                c = clusters[c].parent
        vertices[leaf] = vertices[leaf]._replace(cluster=c)


def common(clusters: list[Cluster], a: int, b: int) -> int:
    """Return the innermost call that encloses both `a` and `b`, or -1."""
    while a != b:
        # A call's id is greater than its parent's, so the greater one is the one to leave.
        if a > b:
            a = clusters[a].parent
        else:
            b = clusters[b].parent
    return a
