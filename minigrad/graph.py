"""The graph: what an op leaves behind, and the walk over it.

A :class:`Node` is one recorded op. It points to the nodes and leaf tensors it was computed from, never to its own
output, so that a graph holds no reference cycle and dies the moment its last tensor does. Nodes carry a global
sequence number: sorted by it, any set of nodes is in topological order, and no function here recurses.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterable
from itertools import count
from operator import attrgetter
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from .op import Op
    from .tensor import Tensor

    Hook = Callable[[Tensor], Tensor | None]

next_seq = count(1).__next__


class Extra:
    """What only few nodes carry: hooks, tensors that retain their gradient, names for the drawing."""

    __slots__ = ("hooks", "name", "retained", "scopes", "where")

    def __init__(self) -> None:
        self.hooks: dict[int, Hook] = {}
        self.retained: list[weakref.ref[Tensor]] = []
        self.scopes: tuple[Scope, ...] = ()
        self.name: str | None = None
        self.where: str | None = None


class Scope:
    """What this node is a result of, such as a module call: all that its nodes need to be drawn as one cluster.

    The nodes of the call are those below its results with a sequence number of at least ``start``. ``kind`` is
    "module", or "backward" for a recorded backward pass.
    """

    __slots__ = ("kind", "label", "start")

    def __init__(self, label: str, start: int, kind: str = "module") -> None:
        self.label = label
        self.start = start
        self.kind = kind


class Node:
    """One recorded op.

    Attributes
    ----------
    op : Op
        What was computed.
    inputs : tuple
        One entry per argument: the parent node, the leaf tensor, or the constant (tensor, array or number).
    edges : tuple of (vertex, int, tuple) or None
        One entry per argument that a gradient flows to: the parent, the argument's position, and the values that its
        rule reads. None after the graph was freed.
    params : dict
        The static arguments, such as ``axis``.
    shape, dtype
        Of the output.
    seq : int
        Grows with every node recorded in this process.
    """

    __slots__ = ("dtype", "edges", "extra", "inputs", "op", "params", "seq", "shape")

    op: Op
    inputs: tuple[Any, ...]
    edges: tuple[tuple[Any, int, tuple[Any, ...]], ...] | None
    params: dict[str, Any]
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    seq: int
    extra: Extra | None

    def __repr__(self) -> str:
        return f"<Node {self.op.name} {self.shape} {self.dtype}>"


def extra_of(node: Node) -> Extra:
    """Return the node's extra record, made at its first use."""
    if node.extra is None:
        node.extra = Extra()
    return node.extra


FREED = (
    "the graph of this tensor was freed: a backward pass has run through it. Pass retain_graph=True to the first "
    "backward (or grad) to keep it, or compute the output again"
)


def collect(roots: Iterable[Node], since: int = 0) -> tuple[list[Node], list[Tensor]]:
    """Return the nodes that `roots` were computed from, oldest first, and the leaf tensors they start at.

    Nodes with a sequence number below `since` are left out, and all before them.
    """
    found: set[Any] = set(roots)
    stack: list[Node] = list(found)
    nodes: list[Node] = []
    leaves: list[Tensor] = []
    while stack:
        node = stack.pop()
        nodes.append(node)
        if node.edges is None:
            raise RuntimeError(f"{node.op.name}: {FREED}")
        for edge in node.edges:
            parent = edge[0]
            if parent not in found:
                found.add(parent)
                if type(parent) is not Node:
                    leaves.append(parent)
                elif parent.seq >= since:
                    stack.append(parent)
            # A leaf's version is the sequence number of its last write, so an op that came before the write
            # computed with the old value. Comparing costs nothing at recording time.
            if type(parent) is not Node and parent._written > node.seq:
                _check_not_overwritten(node, parent)
    nodes.sort(key=attrgetter("seq"))
    if nodes and nodes[0].seq < _constants_written:
        _check_constants(nodes)
    return nodes, leaves


# The sequence number of the last write to a constant tensor. Rules may have saved its array, and no edge leads to it,
# so nodes that are older than this have to be looked through.
_constants_written = 0


def constant_written(seq: int) -> None:
    """Note that a constant tensor was written to."""
    global _constants_written
    _constants_written = seq


def _check_constants(nodes: list[Node]) -> None:
    from .tensor import Tensor

    for node in nodes:
        for constant in node.inputs:
            if isinstance(constant, Tensor) and getattr(constant, "_written", 0) > node.seq:
                _check_not_overwritten(node, constant)


def _check_not_overwritten(node: Node, leaf: Tensor) -> None:
    for _, k, _ in node.edges or ():
        for position in node.op.reads_argument(k, len(node.inputs)):
            if node.inputs[position] is leaf:
                raise RuntimeError(
                    f"{node.op.name}: its argument {node.op.argument_name(position)}, {leaf.describe()}, was written "
                    "to after the forward pass, so the gradient would be wrong. Run backward before the optimizer "
                    "step (or the assignment), or compute the output again"
                )


def broadcasts(shape: tuple[int, ...], to: tuple[int, ...]) -> bool:
    """Return whether a value of `shape` broadcasts to the shape `to`."""
    return len(shape) <= len(to) and all(m in (1, n) for m, n in zip(shape[::-1], to[::-1], strict=False))


def unbroadcast(g: Any, shape: tuple[int, ...]) -> Any:
    """Sum `g` over the axes along which a value of `shape` was broadcast: the transpose of broadcasting."""
    extra = len(g.shape) - len(shape)
    axes = tuple(i for i, n in enumerate(g.shape) if i < extra or (shape[i - extra] == 1 and n != 1))
    return np.sum(g, axis=axes).reshape(shape) if axes else g.reshape(shape)


def between(nodes: list[Node], starts: Iterable[Any]) -> set[Any]:
    """Return the vertices among `nodes` that depend on one of `starts`, and `starts` themselves."""
    needed = set(starts)
    for node in nodes:
        if any(edge[0] in needed for edge in node.edges or ()):
            needed.add(node)
    return needed


def vertex(tensor: Tensor) -> Any:
    """Return where the edges of `tensor` end: its node, or itself for a leaf; None for a constant."""
    if not tensor._needs:
        return None
    return tensor.node or tensor
