"""The kinds of op, and the registry of all ops.

An op is declared once, as a forward function and one *rule* per argument that a gradient flows to. A rule maps the
upstream gradient ``g`` to the gradient of its argument, and names as its further parameters the values it reads:

=================  =====================================================================================
``y``              the op's value
an argument        the value of that argument, by its name in the declaration
a static argument  such as ``axis``
``<arg>_shape``    the argument's shape, for rules that need no more of it
a residual         a value that the forward function returned beside its result, for the rules
``k``, ``shapes``  in ops of any number of arguments: the position of this one, and the shapes of all
``others``         likewise: the values of all arguments, with None in the place of this one
=================  =====================================================================================

Exactly what a rule reads is saved for the backward pass. The same text serves raw arrays (first order) and tensors
(higher orders), so rules keep to operators, to methods that arrays and tensors share, and to ``np.`` functions. From
an array a rule may make a :class:`minigrad.backend.Scattered`, which the sweep adds in place.

The kinds differ in what else follows from the rules:

- :func:`elementwise`: the Jacobian is diagonal, so the rule is also the tangent map and the local gradient.
- :func:`linear`: the tangent map is the op itself, with the tangent in the argument's place.
- :func:`general`: the tangent map is given, or comes from transposing the rules.
- :func:`fused`: a decomposition into other ops defines the op and serves higher orders and forward mode, beside a
  forward kernel and rules that see raw arrays only.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from . import declare
from .differentiate import grad
from .graph import Node, collect, next_seq, unbroadcast, vertex
from .mode import enable_grad
from .record import apply
from .sweep import push
from .tensor import Tensor, tensor_of

if TYPE_CHECKING:
    from .settle import Noticed
    from .values import Values

Rule = Callable[..., Any]
Read = Callable[[Any, Any, dict[str, Any], dict[str, Any], int], Any]

registry: dict[str, Op] = {}

_KINDS = f"{__package__}.kinds"


class _Each(tuple[Any, ...]):
    """One entry that stands for every position: the rules of an op with any number of arguments."""

    def __getitem__(self, k: Any) -> Any:
        return tuple.__getitem__(self, 0)


class Op:
    """What is known of an op. Made by :func:`elementwise`, :func:`linear`, :func:`general` and :func:`fused`.

    Attributes
    ----------
    name : str
        Unique in the registry.
    kind : str
        "elementwise", "linear", "general" or "fused".
    forward : callable
        On raw arrays; the static arguments come as keywords.
    rules : list
        Per argument, its rule, or None where no gradient flows.
    arguments : tuple of str
    variadic : bool
        Whether it takes any number of operands, all under one rule.
    local : tuple of str
        Per argument, the formula of the local gradient, for ops that are not elementwise; static arguments in
        braces are filled in.
    decomposition : callable or None
        The same function written with other ops.
    hides : bool
        Whether an element of an argument, NaN even, may have no part in the value; see :mod:`minigrad.settle`.
    routes : bool
        Of an elementwise op: whether it passes a gradient on or stops it, an infinite one too.
    module : str
        Where it was declared, which is its family in the reference.
    """

    __slots__ = (
        "arguments", "decomposition", "defaults", "doc", "forward", "hides", "joint", "kind", "local", "module", "name",
        "names", "parameters", "raw", "reads", "residuals", "routes", "rules", "tangent", "variadic",
    )  # fmt: skip

    def __init__(
        self,
        kind: str,
        name: str,
        forward: Callable[..., Any],
        rules: Sequence[Rule | None],
        arguments: Sequence[str],
        *,
        local: Sequence[str] = (),
        residuals: Sequence[str] = (),
        variadic: bool = False,
        joint: bool = False,
        tangent: Callable[..., Any] | None = None,
        decomposition: Callable[..., Any] | None = None,
        raw: bool = False,
        hides: bool = False,
        routes: bool = False,
        doc: str = "",
    ) -> None:
        if not isinstance(name, str) or not name:
            raise TypeError(f"the name of an op must be a str, got {name!r:.80}")
        if not callable(forward):
            raise TypeError(f"{name}: the forward function must be callable, got {forward!r:.80}")
        self.module = _declaring_module()
        # In a notebook a cell is run again and again: there the newer declaration counts.
        if name in registry and not self.module == registry[name].module == "__main__":
            raise ValueError(
                f"an op named {name!r} is registered already, by {registry[name].module}; choose another name"
            )
        self.kind, self.name, self.forward, self.doc = kind, name, forward, doc
        self.arguments = tuple(arguments)
        self.local = tuple(local)
        self.residuals = tuple(residuals)
        self.variadic, self.joint, self.raw = variadic, joint, raw
        self.hides, self.routes = hides, routes
        self.tangent, self.decomposition = tangent, decomposition
        self.parameters = declare.static_parameters(forward, self.arguments)
        self.defaults = declare.defaults(forward) if self.parameters else {}
        declare.check(self, rules)
        self.names: Any = tuple(declare.rule_reads(name, rule) for rule in rules)
        self.reads: Any = tuple(
            tuple(self._reader(read) for read in names) if names is not None else () for names in self.names
        )
        self.rules: Any = list(rules)
        if variadic:
            self.names, self.reads, self.rules = _Each(self.names), _Each(self.reads), _Each(rules)
        registry[name] = self

    def __repr__(self) -> str:
        return f"<Op {self.name} ({self.kind})>"

    def _reader(self, name: str) -> Read:
        """Return the function that picks the value called `name` out of what is there when the op is recorded."""
        if name == "y":
            return lambda values, out, params, residual, k: out
        if name in self.arguments:
            i = self.arguments.index(name)
            return lambda values, out, params, residual, k: values[i]
        if name in self.residuals:
            return lambda values, out, params, residual, k: self._kept(name, residual)
        if name.endswith("_shape") and name[:-6] in self.arguments:
            i = self.arguments.index(name[:-6])
            return lambda values, out, params, residual, k: np.shape(values[i])
        if self.variadic and name == "k":
            return lambda values, out, params, residual, k: k
        if self.variadic and name == "shapes":
            return lambda values, out, params, residual, k: tuple(np.shape(v) for v in values)
        if self.variadic and name == "others":
            return lambda values, out, params, residual, k: tuple(None if i == k else v for i, v in enumerate(values))
        if self.parameters is None or name in self.parameters:
            return lambda values, out, params, residual, k: params[name]
        raise declare.unreadable(self, name)

    def _kept(self, name: str, residual: dict[str, Any]) -> Any:
        if name not in residual:
            raise ValueError(
                f"{self.name}: the forward function returned the residuals {', '.join(residual) or 'of no name'}, but "
                f"a rule reads {name!r}"
            )
        return residual[name]

    def argument_name(self, k: int) -> str:
        """Return the name of argument `k`, for messages."""
        return f"{self.arguments[0]}[{k}]" if self.variadic else self.arguments[k]

    def reads_argument(self, k: int, count: int) -> list[int]:
        """Return the positions, among `count` arguments, of those whose values the rule for argument `k` reads."""
        names = self.names[k] or ()
        if "others" in names:
            return [i for i in range(count) if i != k]
        return [self.arguments.index(name) for name in names if name in self.arguments]

    def saved(self, node: Node, k: int, values: tuple[Any, ...]) -> tuple[Any, ...]:
        """Return what the rule for argument `k` reads, as tensors that belong to the graph."""
        wrapped: list[Any] = []
        for name, value in zip(self.names[k], values, strict=True):
            if name == "y":
                wrapped.append(tensor_of(value, node))
            elif name == "others":
                wrapped.append(tuple(None if v is None else _belonging(node.inputs[i], v) for i, v in enumerate(value)))
            elif name in self.arguments and not self.variadic:
                wrapped.append(_belonging(node.inputs[self.arguments.index(name)], value))
            else:
                wrapped.append(value)
        return tuple(wrapped)

    def pull(self, node: Node, g: Tensor, positions: Sequence[int], values: Values) -> dict[int, Tensor]:
        """Return the gradients of the arguments at `positions`, as tensors with a graph (reverse mode)."""
        if self.raw:
            start = next_seq()
            args = self._lifted(node, values)
            out = self._decomposed(args, node)
            ends = [args[k] for k in positions]
            found = grad(out, ends, g, create_graph=True, allow_unused=True, since=start)
            return {k: t for k, t in zip(positions, found, strict=True) if t is not None}
        return {k: self.rules[k](g, *self.saved(node, k, saved)) for _, k, saved in node.edges or () if k in positions}

    def push(self, node: Node, tangents: dict[int, Tensor], values: Values, invalid: Noticed) -> Tensor:
        """Return the tangent of the value, given those of some arguments, as a tensor with a graph (forward mode)."""
        if self.kind == "elementwise":
            raw = {k: v for _, k, v in node.edges or ()}
            saved = {k: self.saved(node, k, v) for k, v in raw.items()}
            parts: list[Tensor] = []
            chooses = self.hides and self.routes
            for k, t in tangents.items():
                t = _broadcast(t, node.shape)
                part = self.rules[k](t, *saved[k])
                parts.append(invalid.settled(self, k, t, part, raw[k]) if invalid.seen or chooses else part)
            return sum(parts[1:], start=parts[0])
        if self.kind == "linear":
            return self._push_linear(node, tangents, values)
        if self.raw:
            start = next_seq()
            args = self._lifted(node, values)
            out = self._decomposed(args, node)
            nodes, _ = collect([out.node], since=start) if out.node else ([], [])
            found = push(nodes, {args[k].node: t for k, t in tangents.items()})
            return found[out.node] if out.node in found else Tensor(np.zeros(node.shape, node.dtype))
        saved = {k: self.saved(node, k, v) for _, k, v in node.edges or ()}
        if self.tangent is not None:
            args = [_belonging(p, values.of(p)) if p is not None else None for p in node.inputs]
            known: Tensor = self.tangent(tangents, tensor_of(values.of(node), node), *args, **node.params)
            return known
        # The rules are the transpose of the tangent map, and linear in g: transposing them once more gives it back.
        start = next_seq()
        probe = Tensor(np.zeros(node.shape, node.dtype), requires_grad=True)
        pulled = [_summed(self.rules[k](probe, *saved[k]), t.shape) for k, t in tangents.items()]
        wanted = [(p, t) for p, t in zip(pulled, tangents.values(), strict=True) if vertex(p) is not None]
        (tangent,) = grad([p for p, _ in wanted], probe, [t for _, t in wanted], create_graph=True, since=start)
        assert tangent is not None
        return tangent

    def _push_linear(self, node: Node, tangents: dict[int, Tensor], values: Values) -> Tensor:
        def zero(i: int) -> Any:
            return np.zeros(np.shape(values.of(node.inputs[i])), node.dtype)

        if self.joint:
            args = [tangents[i] if i in tangents else zero(i) for i in range(len(node.inputs))]
            return apply(self, tuple(args), node.params)
        parts = []
        for k, t in tangents.items():
            args = [t if i == k else _belonging(p, values.of(p)) for i, p in enumerate(node.inputs)]
            parts.append(apply(self, tuple(args), node.params))
        return sum(parts[1:], start=parts[0])

    def _lifted(self, node: Node, values: Values) -> list[Any]:
        """Return the arguments as fresh vertices on top of the graph, so that each can be told from the others."""
        identity = registry["identity"]
        flows = {k for _, k, _ in node.edges or ()}
        with enable_grad():
            return [
                apply(identity, (_belonging(p, values.of(p)),), {}) if i in flows else p
                for i, p in enumerate(node.inputs)
            ]

    def _decomposed(self, args: Sequence[Any], node: Node) -> Tensor:
        assert self.decomposition is not None
        with enable_grad():
            out = self.decomposition(*args, **node.params)
        if not isinstance(out, Tensor) or out.shape != node.shape:
            what = f"shape {out.shape}" if isinstance(out, Tensor) else type(out).__name__
            raise TypeError(f"{self.name}: the decomposition must return a Tensor of shape {node.shape}, not {what}")
        if not out.requires_grad:
            raise RuntimeError(
                f"{self.name}: the decomposition's value does not depend on the arguments: write it with ops of "
                "minigrad, without detach() and .data"
            )
        return out

    def local_formula(self, node: Node, k: int) -> str:
        """Return the formula of the local gradient of the value at argument `k`."""
        if self.local:
            return self.local[0 if self.variadic else k].format(**node.params)
        if self.kind == "elementwise":
            from .formula import formula

            return formula(self, k)
        return f"∂{self.name}/∂{self.argument_name(k)}"


def _declaring_module() -> str:
    """Return the name of the innermost module on the stack that is not part of declaring ops."""
    frame = sys._getframe(2)
    while frame.f_back is not None and frame.f_globals.get("__name__") in (__name__, _KINDS):
        frame = frame.f_back
    return str(frame.f_globals.get("__name__", "?"))


def _belonging(vertex: Any, value: Any) -> Any:
    """Return `value`, the value of `vertex`, as the tensor that stands at that place of the graph."""
    return tensor_of(value, vertex) if type(vertex) is Node else vertex


def _broadcast(t: Any, shape: tuple[int, ...]) -> Any:
    return t if t.shape == shape else np.broadcast_to(t, shape)


def _summed(g: Any, shape: tuple[int, ...]) -> Any:
    return g if g.shape == shape else unbroadcast(g, shape)
