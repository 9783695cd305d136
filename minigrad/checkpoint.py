"""Checkpoints: keep what goes into a part of a model, and compute the rest again in the backward pass."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .graph import Node, between, collect, next_seq
from .mode import enable_grad, is_grad_enabled
from .op import Op
from .record import apply
from .sweep import sweep, sweep_graph
from .tensor import Tensor, constant, tensor_of


class _Recomputation:
    """The function of one checkpoint, run again once for each upstream gradient.

    Attributes
    ----------
    inputs : list
        The vertices that the function's value depends on: those of its arguments, and of tensors that it uses from
        outside, such as parameters.
    """

    def __init__(self, f: Callable[..., Any], args: Sequence[Any], rng: np.random.Generator | None) -> None:
        self.f, self.args, self.rng = f, tuple(args), rng
        self.state = None if rng is None else rng.bit_generator.state
        self.inputs: list[Any] = []
        self._upstream: Any = None
        self._found: dict[int, Any] = {}

    def gradient(self, g: Any, k: int) -> Any:
        """Return the gradient at input `k`; the first call for a `g` computes those at all of them."""
        if self._upstream is not g or k not in self._found:
            self._upstream, self._found = g, dict(enumerate(self._gradients(g)))
        found = self._found.pop(k)
        if not self._found:
            self._upstream = None
        return found

    def _gradients(self, g: Any) -> list[Any]:
        start = next_seq()
        with enable_grad():
            out = self._again()
        nodes, _ = collect([out.node] if out.node else [], since=start)
        needed = between(nodes, self.inputs)
        nodes = [node for node in nodes if node in needed]
        if isinstance(g, Tensor):
            grads = sweep_graph(nodes, {out.node: g}, needed=needed)
            return [grads.get(v, constant(np.zeros(v.shape, v.dtype))) for v in self.inputs]
        grads = sweep(nodes, {out.node: g}, free=True, needed=needed)
        return [grads.get(v, np.zeros(v.shape, v.dtype)) for v in self.inputs]

    def _again(self) -> Tensor:
        """Call the function once more, with the random numbers of its first call."""
        if self.rng is None:
            return _one(self.f(*self.args))
        now = self.rng.bit_generator.state
        assert self.state is not None
        self.rng.bit_generator.state = self.state
        try:
            return _one(self.f(*self.args))
        finally:
            self.rng.bit_generator.state = now


_op = Op(
    "general",
    "checkpoint",
    lambda *inputs, value, run: value,
    [lambda g, k, run: run.gradient(g, k)],
    ["inputs"],
    variadic=True,
    local=["computed again"],
)


def checkpoint(f: Callable[..., Tensor], *args: Any, rng: np.random.Generator | None = None) -> Tensor:
    """Return ``f(*args)``, keeping no intermediate value: the backward pass calls `f` again.

    Time is traded for memory: of a chain of n layers cut into √n checkpoints, only about 2√n values are alive at any
    time, at the price of one more forward pass. The gradients are the same, of any order.

    Source: T. Chen, B. Xu, C. Zhang, C. Guestrin, "Training deep nets with sublinear memory cost", 2016.

    Parameters
    ----------
    f : callable
        From tensors to one tensor; it may use parameters from outside. It must compute the same again.
    *args : Tensor or anything else
    rng : numpy.random.Generator, optional
        A generator that `f` draws from, as dropout does: it is set back for the second call.

    Raises
    ------
    TypeError
        If `f` does not return one Tensor.

    Examples
    --------
    >>> import minigrad as mg
    >>> x = mg.Tensor([0.0, 1.0], requires_grad=True)
    >>> y = mg.checkpoint(lambda x: mg.sin(x) * x, x)
    >>> y.sum().backward()
    >>> x.grad
    Tensor([0.        , 1.38177329], dtype=float64)
    """
    run = _Recomputation(f, args, rng)
    start = next_seq()
    out = _one(f(*args))
    if not is_grad_enabled() or out.node is None or out.node.seq < start:
        return out
    run.inputs = _inputs(out.node, start)
    # The op depends on these vertices; their values are of no use to it.
    stand_ins = [v if isinstance(v, Tensor) else tensor_of(_nothing(v), v) for v in run.inputs]
    return apply(_op, tuple(stand_ins), {"value": out._data, "run": run})


def _nothing(node: Node) -> Any:
    """Return an array of the node's shape and dtype that takes no memory."""
    return np.broadcast_to(node.dtype.type(0), node.shape)


def _one(out: Any) -> Tensor:
    if not isinstance(out, Tensor):
        raise TypeError(f"checkpoint: the function must return one Tensor, got {type(out).__name__}")
    return out


def _inputs(root: Node, start: int) -> list[Any]:
    """Return the vertices from before `start` that the recorded call depends on, leaves included."""
    nodes, _ = collect([root], since=start)
    inside = set(nodes)
    parents = [parent for node in nodes for parent, _, _ in node.edges or ()]
    return list(dict.fromkeys([parent for parent in parents if parent not in inside]))
