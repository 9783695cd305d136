"""Forward values of a recorded graph: those that rules saved, the others computed again."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from .arrays import as_array
from .graph import FREED, Node
from .tensor import Tensor


class Values:
    """The values of vertices, looked up or recomputed, each at most once.

    Training never keeps a value for the drawing's sake; here it is found again from what is kept.

    Parameters
    ----------
    nodes : iterable of Node
        Nodes to take the saved values from.
    """

    def __init__(self, nodes: Iterable[Node] = ()) -> None:
        self._known: dict[Node, Any] = {}
        self._unread = nodes

    def _learn(self, node: Node, k: int, saved: tuple[Any, ...]) -> None:
        op = node.op
        for name, value in zip(op.names[k], saved, strict=True):
            if name == "y":
                self._known[node] = value
            elif op.variadic and name == "others":
                for parent, v in zip(node.inputs, value, strict=True):
                    if type(parent) is Node and v is not None:
                        self._known[parent] = v
            elif not op.variadic and name in op.arguments:
                parent = node.inputs[op.arguments.index(name)]
                if type(parent) is Node:
                    self._known[parent] = value

    def of(self, vertex: Any) -> Any:
        """Return the value of a node, a leaf or a constant, as a raw array or number.

        Raises
        ------
        RuntimeError
            If a part of the graph that is needed for it was freed.
        """
        if type(vertex) is not Node:
            return vertex._data if isinstance(vertex, Tensor) else vertex
        for node in self._unread:
            for _, k, saved in node.edges or ():
                self._learn(node, k, saved)
        self._unread = ()
        known = self._known
        stack = [vertex]
        while stack:
            node = stack[-1]
            if node in known:
                stack.pop()
                continue
            if node.edges is None:
                raise RuntimeError(f"{node.op.name}: {FREED}")
            missing = [p for p in node.inputs if type(p) is Node and p not in known]
            if missing:
                stack.extend(missing)
                continue
            args = [known[p] if type(p) is Node else self.of(p) for p in node.inputs]
            out = node.op.forward(*args, **node.params)
            known[node] = as_array(out[0] if node.op.residuals else out)
            stack.pop()
        return known[vertex]
