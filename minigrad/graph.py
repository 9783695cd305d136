"""The graph and the two sweeps over it: gradients backward, tangents forward.

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

from .mode import current as current_mode
from .mode import enable_grad

if TYPE_CHECKING:
    from collections.abc import Callable

    from .op import Op
    from .tensor import Tensor

    Hook = Callable[[Tensor], Tensor | None]
    Vertex = "Node | Tensor"  # where an edge ends: a node, or a leaf tensor
    Grads = dict[Any, Any]  # from vertex to gradient

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
    """A module call whose output is this node: all that its nodes need to be drawn as one cluster.

    The nodes of the call are those below the output with a sequence number of at least ``start``.
    """

    __slots__ = ("label", "start")

    def __init__(self, label: str, start: int) -> None:
        self.label = label
        self.start = start


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


def _fit(node: Node, k: int, g: Any, parent: Any) -> Any:
    """Give the gradient for argument `k` the argument's own shape and dtype: sum what was broadcast, cast."""
    shape: tuple[int, ...] = parent.shape
    if g.shape != shape:
        if not _broadcasts(shape, g.shape):
            raise RuntimeError(
                f"{node.op.name}: the rule for argument {node.op.argument_name(k)} returned a gradient of shape "
                f"{g.shape} for a value of shape {shape}"
            )
        g = unbroadcast(g, shape)
    return g if g.dtype == parent.dtype else g.astype(parent.dtype)


def _broadcasts(shape: tuple[int, ...], to: tuple[int, ...]) -> bool:
    return len(shape) <= len(to) and all(m in (1, n) for m, n in zip(shape[::-1], to[::-1], strict=False))


def unbroadcast(g: Any, shape: tuple[int, ...]) -> Any:
    """Sum `g` over the axes along which a value of `shape` was broadcast: the transpose of broadcasting."""
    extra = len(g.shape) - len(shape)
    axes = tuple(i for i, n in enumerate(g.shape) if i < extra or (shape[i - extra] == 1 and n != 1))
    return np.sum(g, axis=axes).reshape(shape) if axes else g.reshape(shape)


def _check_finite(node: Node, k: int, g: Any) -> None:
    from .anomaly import check_gradient

    check_gradient(node, k, g)


def _observe(node: Node, g: Any, wrap: Callable[[Any], Tensor]) -> Any:
    """Run the node's hooks on its gradient and hand it to the tensors that retain it."""
    extra = node.extra
    assert extra is not None
    if extra.hooks:
        # A copy: what a hook keeps must not change with the gradients that are made from g.
        g = run_hooks(extra.hooks, wrap(g.copy()), node)
    for ref in extra.retained:
        tensor = ref()
        if tensor is not None:
            old = tensor._grad
            # Retained gradients are the user's own: copied, so that no later sum can touch them.
            tensor._grad = wrap(g.copy()) if old is None else old + wrap(g)
    return g


def run_hooks(hooks: dict[int, Hook], g: Tensor, vertex: Any) -> Any:
    for hook in list(hooks.values()):
        result = hook(g)
        if result is not None:
            from .tensor import Tensor

            if not isinstance(result, Tensor):
                raise TypeError(f"a gradient hook must return a Tensor or None, not {type(result).__name__}")
            if result.shape != g.shape:
                raise ValueError(f"a gradient hook returned shape {result.shape} for a gradient of shape {g.shape}")
            g = result
    return g


def sweep(
    nodes: list[Node],
    grads: Grads,
    *,
    free: bool,
    needed: set[Any] | None = None,
    keep: set[Any] | None = None,
) -> Grads:
    """Run the chain rule over `nodes`, newest first, on raw arrays.

    Parameters
    ----------
    nodes : list of Node
        Oldest first, as :func:`collect` returns them.
    grads : dict
        The gradients to start from, by vertex; consumed.
    free : bool
        Drop what each node saved as soon as it has been used.
    needed : set, optional
        The only vertices that gradients are wanted for (with all between); default: all.
    keep : set, optional
        Nodes whose gradient is to be in the result.

    Returns
    -------
    dict
        The gradients of the leaves and of the nodes in `keep`.
    """
    from .tensor import Tensor, constant

    mode = current_mode()
    check = mode is not None and mode.anomaly
    kept: Grads = {}
    # Sums made here belong to nobody else and may be added to in place.
    owned: set[Any] = set()
    for node in reversed(nodes):
        g = grads.pop(node, None)
        if g is not None:
            if node.extra is not None:
                g = _observe(node, g, constant)
                if type(g) is Tensor:
                    g = g._data
            if keep is not None and node in keep:
                kept[node] = g
            rules = node.op.rules
            for parent, k, values in node.edges:  # type: ignore[union-attr]
                if needed is not None and parent not in needed:
                    continue
                c = rules[k](g, *values)
                if c.shape != parent.shape or c.dtype is not parent.dtype:
                    c = _fit(node, k, c, parent)
                if check:
                    _check_finite(node, k, c)
                old = grads.get(parent)
                if old is None:
                    grads[parent] = c
                elif parent in owned:
                    old += c
                    grads[parent] = old
                else:
                    grads[parent] = old + c
                    owned.add(parent)
        if free:
            node.edges = None
            node.inputs = ()
    grads.update(kept)
    return grads


def sweep_graph(
    nodes: list[Node],
    grads: Grads,
    *,
    needed: set[Any] | None = None,
    keep: set[Any] | None = None,
) -> Grads:
    """Run the chain rule as :func:`sweep` does, on tensors, so that the gradients have a graph themselves."""
    from .values import Values

    mode = current_mode()
    check = mode is not None and mode.anomaly
    kept: Grads = {}
    values = Values(nodes)
    with enable_grad():
        for node in reversed(nodes):
            g = grads.pop(node, None)
            if g is None:
                continue
            if node.extra is not None:
                g = _observe(node, g, lambda t: t)
            if keep is not None and node in keep:
                kept[node] = g
            positions = [k for parent, k, _ in node.edges or () if needed is None or parent in needed]
            for k, c in node.op.pull(node, g, positions, values).items():
                parent = node.inputs[k]
                c = _fit(node, k, c, parent)
                if check:
                    _check_finite(node, k, c._data)
                old = grads.get(parent)
                grads[parent] = c if old is None else old + c
    grads.update(kept)
    return grads


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


def push(nodes: list[Node], tangents: Grads) -> Grads:
    """Run the chain rule over `nodes`, oldest first: forward mode on a recorded graph.

    Parameters
    ----------
    nodes : list of Node
        Oldest first, as :func:`collect` returns them.
    tangents : dict
        The tangents to start from, by vertex, each a Tensor of its vertex's shape; grows as the sweep runs.

    Returns
    -------
    dict
        `tangents`, with those of every node that depends on one of them: Tensors with a graph of their own.
    """
    from .values import Values

    values = Values(nodes)
    with enable_grad():
        for node in nodes:
            if node in tangents:
                continue
            known = {k: tangents[parent] for parent, k, _ in node.edges or () if parent in tangents}
            if known:
                tangent = node.op.push(node, known, values)
                tangents[node] = tangent if tangent.dtype == node.dtype else tangent.astype(node.dtype)
    return tangents
