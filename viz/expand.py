"""Fused ops opened: the decomposition of a recorded op, run again on its arguments' values."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any, NamedTuple

from minigrad import Node, Tensor, enable_grad
from minigrad.graph import collect
from minigrad.tensor import constant
from minigrad.values import Values

from .labels import clean

Expand = bool | str | Tensor | Iterable[str | Tensor]


class Opened(NamedTuple):
    """What an op is made of.

    Attributes
    ----------
    nodes : list of Node
        Oldest first.
    end : Node
        The one that computes the op's value.
    arguments : list
        What stands for each of the op's arguments in these nodes.
    """

    nodes: list[Node]
    end: Node
    arguments: list[Any]


class Opener:
    """Opens the ops that `expand` asks for: see :func:`minigrad.viz.draw`. `wanted` tells whether there may be any.

    Parameters
    ----------
    expand : bool, str, Tensor, or iterable of str and Tensor
    nodes : list of Node
        Of the graph.

    Raises
    ------
    TypeError, ValueError
        If `expand` is something else, or asks for what is not there.
    """

    def __init__(self, expand: Expand, nodes: list[Node]) -> None:
        self.everything = expand is True
        self._names: set[str] = set()
        self._nodes: set[Node] = set()
        wanted: Iterable[Any] = [expand] if isinstance(expand, (str, Tensor)) else ()
        if not isinstance(expand, (bool, str, Tensor)):
            if not isinstance(expand, Iterable):
                raise TypeError(
                    "viz: expand must be True, the name of an op or a tensor, a tensor, or a list of these, got "
                    f"{type(expand).__name__}"
                )
            wanted = expand
        for what in wanted:
            if isinstance(what, Tensor):
                self._add_tensor(what, nodes)
            elif isinstance(what, str):
                self._names.add(what)
            else:
                raise TypeError(f"viz: expand takes names and tensors, got {type(what).__name__}")
        if self._names:
            self._check_names(nodes)
        self.wanted = self.everything or bool(self._names) or bool(self._nodes)
        # Of the whole graph: a value that no rule saved is computed again.
        self._values = Values(nodes)

    def _add_tensor(self, tensor: Tensor, nodes: list[Node]) -> None:
        if tensor.node is None or tensor.node not in set(nodes):
            raise ValueError(f"viz: expand: no op of this graph computed the tensor ({tensor.describe()})")
        if tensor.node.op.decomposition is None:
            raise ValueError(f"viz: expand: {tensor.node.op.name} is no fused op: there is nothing to open")
        self._nodes.add(tensor.node)

    def _check_names(self, nodes: list[Node]) -> None:
        names = {_name(node): node.op for node in nodes} | {node.op.name: node.op for node in nodes}
        # Inside of an op that is opened others may come to light.
        for missing in sorted(self._names - set(names)):
            if self._names & {name for name, op in names.items() if op.decomposition is not None}:
                continue
            fused = sorted({node.op.name for node in nodes if node.op.decomposition is not None})
            near = get_close_matches(missing, names, 1)
            hint = f"did you mean {near[0]!r}?" if near else f"its fused ops: {', '.join(fused) or 'none'}"
            raise ValueError(f"viz: expand: no op or tensor of this graph is called {clean(missing)!r}; {hint}")
        closed = sorted(name for name in self._names if name in names and names[name].decomposition is None)
        if closed:
            raise ValueError(f"viz: expand: {clean(closed[0])!r} is no fused op: there is nothing to open")

    def wants(self, node: Node) -> bool:
        """Return whether to open `node`."""
        if node.op.decomposition is None:
            return False
        return (
            self.everything
            or node in self._nodes
            or (bool(self._names) and (node.op.name in self._names or _name(node) in self._names))
        )

    def open(self, node: Node) -> Opened | None:
        """Return what `node` is made of.

        None where its decomposition computes nothing of its own, or an argument was freed with another graph.
        """
        assert node.op.decomposition is not None
        flows = {k for _, k, _ in node.edges or ()}
        # Leaves of their own, so that the search for the parts ends at them, and one value used twice counts as two.
        try:
            arguments = [self._argument(value, k in flows) for k, value in enumerate(node.inputs)]
        except RuntimeError:
            return None
        with enable_grad():
            end = node.op.decomposition(*arguments, **node.params)
        if not isinstance(end, Tensor) or end.node is None:
            return None
        nodes, _ = collect([end.node])
        # Hooks, the name and the line belong to the value, which is the same.
        end.node.extra = node.extra
        return Opened(nodes, end.node, arguments)

    def _argument(self, value: Any, flows: bool) -> Any:
        if not isinstance(value, (Node, Tensor)):
            return value
        argument = constant(self._values.of(value))
        argument.requires_grad = flows
        return argument


def _name(node: Node) -> str:
    return (node.extra.name if node.extra is not None else None) or ""
