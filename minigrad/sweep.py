"""The two sweeps over a graph: gradients backward, tangents forward."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .anomaly import AnomalyError, check_gradient, inside
from .backend import Scattered
from .graph import Node, broadcasts, unbroadcast
from .mode import current as current_mode
from .mode import enable_grad
from .settle import Noticed, hold_nan
from .tensor import Tensor, constant
from .values import Values

if TYPE_CHECKING:
    from collections.abc import Callable

    from .graph import Hook

Grads = dict[Any, Any]  # from vertex (a node or a leaf) to gradient


class _Cut:
    """Where a sweep first came by an op that hides values, and the gradients it had then.

    Attributes
    ----------
    seq : int
        Of the node of that op.
    grads : dict
        By vertex. Nobody adds to these arrays in place any more.
    """

    __slots__ = ("grads", "seq")

    def __init__(self, node: Node, g: Any, grads: Grads) -> None:
        self.seq = node.seq
        self.grads = {**grads, node: g}


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

    def run(nodes: list[Node], grads: Grads) -> _Cut | None:
        cut: _Cut | None = None
        dropped = free
        # Sums made here belong to nobody else and may be added to in place.
        owned: set[Any] = set()
        for node in reversed(nodes):
            g = grads.pop(node, None)
            if g is not None:
                op = node.op
                if op.hides and cut is None and not seen:
                    if check or _observed(nodes, node):
                        invalid.look_closely()
                    else:
                        cut = _Cut(node, g, grads)
                        dropped = False
                        owned.clear()
                if node.extra is not None:
                    g = _observe(node, g, constant)
                    if type(g) is Tensor:
                        g = g._data
                if keep is not None and node in keep:
                    kept[node] = g
                rules = op.rules
                for parent, k, values in node.edges:  # type: ignore[union-attr]
                    if needed is not None and parent not in needed:
                        continue
                    c = rules[k](g, *values)
                    if seen:
                        if cut is not None:
                            return cut
                        c = invalid.settled(op, k, g, c, values)
                    try:
                        if c.shape != parent.shape or c.dtype is not parent.dtype:
                            if type(c) is Scattered:
                                if check:
                                    check_gradient(node, k, c.dense(), g)
                                grads[parent] = _added(c, grads.get(parent), parent in owned, parent.dtype)
                                owned.add(parent)
                                continue
                            c = _fit(node, k, c, parent)
                    except AttributeError:
                        if hasattr(c, "dtype"):
                            raise
                        raise _no_gradient(node, k, c) from None
                    if check:
                        check_gradient(node, k, c, g)
                    old = grads.get(parent)
                    if old is None:
                        grads[parent] = c
                    elif parent in owned:
                        old += c
                        grads[parent] = old
                    else:
                        grads[parent] = old + c
                        owned.add(parent)
            if dropped:
                node.edges = None
                node.inputs = ()
        return cut

    mode = current_mode()
    check = mode is not None and mode.anomaly
    kept: Grads = {}
    invalid = Noticed(quiet=check)
    with invalid as seen:
        cut = run(nodes, grads)
        if cut is not None:
            rest = [node for node in nodes if node.seq <= cut.seq]
            if seen or hold_nan(grads.values()) or hold_nan(kept.values()):
                invalid.look_closely()
                grads = cut.grads
                run(rest, grads)
            elif free:
                free_nodes(rest)
    grads.update(kept)
    if seen:
        invalid.finish(grads.values())
    return grads


def sweep_graph(
    nodes: list[Node],
    grads: Grads,
    *,
    needed: set[Any] | None = None,
    keep: set[Any] | None = None,
) -> Grads:
    """Run the chain rule as :func:`sweep` does, on tensors, so that the gradients have a graph themselves."""

    def run(nodes: list[Node], grads: Grads) -> _Cut | None:
        cut: _Cut | None = None
        for node in reversed(nodes):
            g = grads.pop(node, None)
            if g is None:
                continue
            if node.op.hides and cut is None and not seen:
                if check or _observed(nodes, node):
                    invalid.look_closely()
                else:
                    cut = _Cut(node, g, grads)
            if node.extra is not None:
                g = _observe(node, g, lambda t: t)
            if keep is not None and node in keep:
                kept[node] = g
            read = {k: saved for parent, k, saved in node.edges or () if needed is None or parent in needed}
            try:
                pulled = node.op.pull(node, g, list(read), values)
            except AnomalyError as error:
                raise inside(node, "gradient", error) from None
            for k, c in pulled.items():
                parent = node.inputs[k]
                if seen:
                    if cut is not None:
                        return cut
                    c = invalid.settled(node.op, k, g, c, read[k])
                c = _fit(node, k, c, parent)
                if check:
                    check_gradient(node, k, c._data, g._data)
                old = grads.get(parent)
                grads[parent] = c if old is None else old + c
        return cut

    mode = current_mode()
    check = mode is not None and mode.anomaly
    kept: Grads = {}
    values = Values(nodes)
    invalid = Noticed(quiet=check)
    with enable_grad(), invalid as seen:
        cut = run(nodes, grads)
        if cut is not None and (seen or hold_nan(grads.values()) or hold_nan(kept.values())):
            invalid.look_closely()
            grads = cut.grads
            run([node for node in nodes if node.seq <= cut.seq], grads)
    grads.update(kept)
    if seen:
        invalid.finish(grads.values())
    return grads


def free_nodes(nodes: list[Node]) -> None:
    """Drop what `nodes` saved."""
    for node in nodes:
        node.edges = None
        node.inputs = ()


def _observed(nodes: list[Node], last: Node) -> bool:
    """Return whether hooks or retained gradients see what flows on from `last`: once, and so at once settled."""
    return any(
        node.seq <= last.seq and bool(node.extra.hooks or node.extra.retained)
        for node in nodes
        if node.extra is not None
    )


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
    values = Values(nodes)
    invalid = Noticed()
    with enable_grad(), invalid:
        for node in nodes:
            if node in tangents:
                continue
            known = {k: tangents[parent] for parent, k, _ in node.edges or () if parent in tangents}
            if known:
                try:
                    tangent = node.op.push(node, known, values, invalid)
                except AnomalyError as error:
                    raise inside(node, "tangent", error) from None
                tangents[node] = tangent if tangent.dtype == node.dtype else tangent.astype(node.dtype)
    return tangents


def _added(c: Scattered, old: Any, owned: bool, dtype: Any) -> Any:
    """Return the sum of `c` and the gradient so far, which is changed if the sweep owns it."""
    if old is None:
        return c.dense(dtype)
    if not owned:
        old = old.copy()
    c.add_to(old)
    return old


def _fit(node: Node, k: int, g: Any, parent: Any) -> Any:
    """Give the gradient for argument `k` the argument's own shape and dtype: sum what was broadcast, cast."""
    shape: tuple[int, ...] = parent.shape
    if not hasattr(g, "dtype") or g.dtype.kind not in "fiub":
        raise _no_gradient(node, k, g)
    if g.shape != shape:
        if not broadcasts(shape, g.shape):
            raise RuntimeError(
                f"{node.op.name}: the rule for argument {node.op.argument_name(k)} returned a gradient of shape "
                f"{g.shape} for a value of shape {shape}"
            )
        g = unbroadcast(g, shape)
    return g if g.dtype == parent.dtype else g.astype(parent.dtype)


def _no_gradient(node: Node, k: int, g: Any) -> TypeError:
    what = f"an array of dtype {g.dtype}" if hasattr(g, "dtype") else f"{type(g).__name__}: {g!r:.80}"
    return TypeError(
        f"{node.op.name}: the rule for argument {node.op.argument_name(k)} must return a gradient, an array of real "
        f"numbers; it returned {what}"
    )


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
            new = g if isinstance(g, Tensor) else wrap(g)  # what a hook returned is a tensor already
            tensor._grad = new.copy() if old is None else old + new
    return g


def run_hooks(hooks: dict[int, Hook], g: Tensor, vertex: Any) -> Any:
    for hook in list(hooks.values()):
        result = hook(g)
        if result is not None:
            if not isinstance(result, Tensor):
                raise TypeError(f"a gradient hook must return a Tensor or None, not {type(result).__name__}")
            if result.shape != g.shape:
                raise ValueError(f"a gradient hook returned shape {result.shape} for a gradient of shape {g.shape}")
            g = result
    return g
