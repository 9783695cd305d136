"""Transforms of functions: from a function to its gradient, its Jacobian, its tangent map.

They nest: each hands the function fresh vertices, so that an outer transform sees through an inner one. Arguments and
results may be nested dicts, lists and tuples of tensors; gradients come back in the same containers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from . import differentiate
from .graph import collect, next_seq, vertex
from .mode import enable_grad
from .op import registry
from .record import apply
from .sweep import push
from .tensor import Tensor, asarray, constant
from .tree import leaves, mapped, matched, rebuild

__all__ = ["grad", "hessian", "hvp", "jacobian", "jvp", "linearize", "value_and_grad", "vjp"]


class _Call:
    """One call of a function on fresh vertices.

    Attributes
    ----------
    out : container of Tensor
        What the function returned.
    outputs : list of Tensor
        The leaves of `out`.
    aux : any
        What it returned besides, with ``has_aux``.
    lifted : list of Tensor
        The fresh vertices, in the order of the leaves of the arguments.
    start : int
        No node of the call is older than this sequence number.
    """

    def __init__(
        self, name: str, f: Callable[..., Any], args: Sequence[Any], positions: Sequence[int], has_aux: bool
    ) -> None:
        self.name = name
        self.start = next_seq()
        self.lifted: list[Tensor] = []
        call = list(args)
        with enable_grad():
            for i in positions:
                fresh = [_lift(name, path, leaf) for path, leaf in leaves(args[i], f"argument {i}")]
                self.lifted += fresh
                call[i] = rebuild(args[i], iter(fresh))
            result = f(*call)
        self.aux: Any = None
        if has_aux:
            if not isinstance(result, tuple) or len(result) != 2:
                raise TypeError(f"{name}: with has_aux=True the function must return (output, aux), got {result!r:.80}")
            result, self.aux = result
            self.aux = mapped(lambda v: v.detach() if isinstance(v, Tensor) else v, self.aux)
        self.out = result
        self.outputs: list[Tensor] = []
        for path, leaf in leaves(result):
            if not isinstance(leaf, Tensor):
                where = f" at {path}" if path else ""
                raise TypeError(f"{name}: the function must return Tensors, got {type(leaf).__name__}{where}")
            self.outputs.append(leaf)

    def single(self) -> Tensor:
        """Return the output of a function that must return one tensor."""
        if not isinstance(self.out, Tensor):
            raise TypeError(f"{self.name}: the function must return one Tensor, got {type(self.out).__name__}")
        return self.out

    def closed(self) -> bool:
        """Return whether the outputs depend on the fresh vertices alone: nobody outside can ask for more."""
        fresh = {id(x) for x in self.lifted}
        _, found = collect([t.node for t in self.outputs if t.node is not None])
        return all(id(leaf) in fresh for leaf in found)

    def value(self) -> Any:
        """Return the output, with its graph where something outside could ask for it."""
        return mapped(lambda t: t.detach(), self.out) if self.closed() else self.out

    def gradients(self, upstream: Sequence[Any]) -> list[Tensor]:
        """Return the gradients at the fresh vertices: with a graph exactly if something outside could ask for it."""
        pairs = [(t, g) for t, g in zip(self.outputs, upstream, strict=True) if t.requires_grad]
        zero = [constant(np.zeros_like(x._data)) for x in self.lifted]
        if not pairs:
            return zero
        create = not self.closed() or any(isinstance(g, Tensor) and g.requires_grad for _, g in pairs)
        found = differentiate.grad(
            [t for t, _ in pairs],
            self.lifted,
            [g for _, g in pairs],
            create_graph=create,
            retain_graph=True,
            allow_unused=True,
            since=self.start,
        )
        return [z if t is None else t for z, t in zip(zero, found, strict=True)]

    def tangent(self, tangents: Sequence[Tensor]) -> Any:
        """Return the tangents of the outputs, in the outputs' containers."""
        seeds: dict[Any, Tensor] = {vertex(x): t for x, t in zip(self.lifted, tangents, strict=True)}
        nodes, _ = collect([t.node for t in self.outputs if t.node is not None], since=self.start)
        found = push(nodes, seeds)
        pushed = [found.get(vertex(t), constant(np.zeros_like(t._data))) for t in self.outputs]
        outer = not self.closed() or any(t.requires_grad for t in tangents)
        return rebuild(self.out, iter(pushed if outer else [t.detach() for t in pushed]))


def _lift(name: str, path: str, x: Any) -> Tensor:
    """Return `x` as a fresh vertex: gradients at it are told from those at the caller's tensor."""
    t = asarray(x)
    if t.dtype.kind != "f":
        raise TypeError(f"{name}: cannot differentiate at {path}, of dtype {t.dtype}; use floats")
    if t.requires_grad:
        return apply(registry["identity"], (t,), {})
    lifted = constant(t._data)
    lifted.requires_grad = True
    return lifted


def _positions(name: str, argnums: int | Sequence[int], count: int) -> tuple[int, ...]:
    wanted = (argnums,) if isinstance(argnums, int) else tuple(argnums)
    for i in wanted:
        if not isinstance(i, int) or not -count <= i < count:
            raise ValueError(f"{name}: argnums {argnums!r} for a call with {count} positional arguments")
    return tuple(i % count for i in wanted)


def _upstream(call: _Call, g: Any) -> list[Tensor]:
    """Check the upstream gradient of a pullback against the outputs."""
    found = []
    for t, leaf in zip(call.outputs, matched(call.name, g, call.out), strict=True):
        u = asarray(leaf)
        if u.shape != t.shape:
            raise ValueError(f"{call.name}: the upstream gradient has shape {u.shape}, the output {t.shape}")
        found.append(u)
    return found


def _tangents(call: _Call, primals: Sequence[Any], tangents: Sequence[Any]) -> list[Tensor]:
    """Check tangents against their primals, and return them with the primals' dtypes."""
    if len(primals) != len(tangents):
        raise ValueError(f"{call.name}: {len(primals)} primals but {len(tangents)} tangents")
    flat = [leaf for p, t in zip(primals, tangents, strict=True) for leaf in matched(call.name, t, p)]
    checked = []
    for i, (x, leaf) in enumerate(zip(call.lifted, flat, strict=True)):
        t = asarray(leaf)
        if t.shape != x.shape:
            raise ValueError(f"{call.name}: tangent {i} has shape {t.shape}, its primal {x.shape}")
        checked.append(t if t.dtype == x.dtype else t.astype(x.dtype))
    return checked


def value_and_grad(
    f: Callable[..., Any], argnums: int | Sequence[int] = 0, has_aux: bool = False
) -> Callable[..., tuple[Any, Any]]:
    """Return a function that computes `f`, a function with one number as value, and its gradient.

    Parameters
    ----------
    f : callable
        From tensors (or containers of them) to a tensor with one element; with `has_aux`, to a pair of that and
        anything else.
    argnums : int or sequence of int
        Which positional arguments to differentiate; for a sequence, the gradients come as a tuple. Gradients have the
        containers of their argument.
    has_aux : bool
        Return ``((value, aux), gradient)``.

    Raises
    ------
    TypeError, ValueError
        If `f` does not return one number, an argument is not floating, or `argnums` names none.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.func.value_and_grad(lambda x: x ** 3)(2.0)
    (Tensor(8., dtype=float64), Tensor(12., dtype=float64))
    >>> mg.func.value_and_grad(lambda p: p["a"] * p["b"])({"a": 2.0, "b": 3.0})[1]
    {'a': Tensor(3., dtype=float64), 'b': Tensor(2., dtype=float64)}
    """

    def differentiated(*args: Any) -> tuple[Any, Any]:
        positions = _positions("grad", argnums, len(args))
        call = _Call("grad", f, args, positions, has_aux)
        out = call.single()
        if out.size != 1:
            raise ValueError(f"grad: the function must return one number, got shape {out.shape}; see func.jacobian")
        flat = iter(call.gradients([constant(np.ones_like(out._data))]))
        found = [rebuild(args[i], flat) for i in positions]
        gradient = found[0] if isinstance(argnums, int) else tuple(found)
        return ((call.value(), call.aux) if has_aux else call.value()), gradient

    return differentiated


def grad(f: Callable[..., Any], argnums: int | Sequence[int] = 0, has_aux: bool = False) -> Callable[..., Any]:
    """Return the gradient of `f`, as a function.

    Parameters
    ----------
    f, argnums, has_aux
        As for :func:`value_and_grad`; with `has_aux` the result is ``(gradient, aux)``.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.func.grad(mg.func.grad(lambda x: x ** 3))(2.0)
    Tensor(12., dtype=float64)
    """
    both = value_and_grad(f, argnums, has_aux)

    def gradient(*args: Any) -> Any:
        value, found = both(*args)
        return (found, value[1]) if has_aux else found

    return gradient


def vjp(f: Callable[..., Any], *primals: Any, has_aux: bool = False) -> tuple[Any, ...]:
    """Return ``f(*primals)`` and the map from an upstream gradient to the gradients at `primals`.

    Parameters
    ----------
    f : callable
        From tensors (or containers of them) to tensors.
    *primals : Tensor, array_like or containers of them
    has_aux : bool
        `f` returns ``(output, aux)``, and the result is ``(output, pullback, aux)``.

    Returns
    -------
    output, pullback
        The pullback may be called any number of times, with what has the containers and shapes of the output; it
        returns one gradient per primal.

    Examples
    --------
    >>> import minigrad as mg
    >>> import numpy as np
    >>> y, pull = mg.func.vjp(lambda a, b: a * b, mg.Tensor([1.0, 2.0]), mg.Tensor([3.0, 4.0]))
    >>> pull(np.array([1.0, 10.0]))
    (Tensor([ 3., 40.], dtype=float64), Tensor([ 1., 20.], dtype=float64))
    """
    call = _Call("vjp", f, primals, range(len(primals)), has_aux)

    def pullback(g: Any) -> tuple[Any, ...]:
        flat = iter(call.gradients(_upstream(call, g)))
        return tuple(rebuild(p, flat) for p in primals)

    return (call.value(), pullback, call.aux) if has_aux else (call.value(), pullback)


def jvp(
    f: Callable[..., Any], primals: Sequence[Any], tangents: Sequence[Any], has_aux: bool = False
) -> tuple[Any, ...]:
    """Return ``f(*primals)`` and its directional derivative along `tangents` (forward mode).

    The forward pass is recorded and then swept once from the inputs to the output, each op carrying the tangent on.

    Parameters
    ----------
    f : callable
        From tensors (or containers of them) to tensors.
    primals, tangents : sequence
        As many as `f` has arguments; each tangent of its primal's containers and shapes.
    has_aux : bool
        `f` returns ``(output, aux)``, and the result is ``(output, tangent, aux)``.

    Raises
    ------
    ValueError
        If the numbers, containers or shapes of primals and tangents differ.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.func.jvp(lambda x: x * x, [mg.Tensor([1.0, 2.0])], [mg.Tensor([1.0, 1.0])])[1]
    Tensor([2., 4.], dtype=float64)
    """
    if not isinstance(primals, (list, tuple)) or not isinstance(tangents, (list, tuple)):
        raise TypeError("jvp: primals and tangents must be sequences, one entry per argument")
    call = _Call("jvp", f, primals, range(len(primals)), has_aux)
    tangent = call.tangent(_tangents(call, primals, tangents))
    return (call.value(), tangent, call.aux) if has_aux else (call.value(), tangent)


def linearize(f: Callable[..., Any], *primals: Any) -> tuple[Any, Callable[..., Any]]:
    """Return ``f(*primals)`` and its tangent map at that point, which may be called for many tangents.

    `f` runs once; each call of the map is one sweep over what was recorded.

    Examples
    --------
    >>> import minigrad as mg
    >>> y, tangent = mg.func.linearize(lambda x: x * x, mg.Tensor([1.0, 2.0]))
    >>> tangent(mg.Tensor([1.0, 0.0])), tangent(mg.Tensor([0.0, 1.0]))
    (Tensor([2., 0.], dtype=float64), Tensor([0., 4.], dtype=float64))
    """
    call = _Call("linearize", f, primals, range(len(primals)), False)
    return call.value(), lambda *tangents: call.tangent(_tangents(call, primals, tangents))


def jacobian(f: Callable[..., Any], argnums: int | Sequence[int] = 0, mode: str | None = None) -> Callable[..., Any]:
    """Return the function that computes the Jacobian of `f`, of shape ``y.shape + x.shape``.

    Parameters
    ----------
    f : callable
        To one tensor.
    argnums : int or sequence of int
        Which positional arguments to differentiate; for a sequence, the Jacobians come as a tuple. An argument may
        be a container of tensors; its Jacobians have the same containers.
    mode : {"reverse", "forward"}, optional
        Row by row or column by column; default: whichever takes fewer passes.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.func.jacobian(lambda x: x * x)(mg.Tensor([1.0, 2.0]))
    Tensor([[2., 0.],
            [0., 4.]], dtype=float64)
    """
    if mode not in (None, "reverse", "forward"):
        raise ValueError(f"jacobian: mode must be 'reverse', 'forward' or None, got {mode!r}")

    def differentiated(*args: Any) -> Any:
        positions = _positions("jacobian", argnums, len(args))
        call = _Call("jacobian", f, args, positions, False)
        out = call.single()
        entries = sum(x.size for x in call.lifted)
        forward = mode == "forward" or (mode is None and entries < out.size)
        flat = iter(_by_columns(call, out) if forward else _by_rows(call, out))
        found = [rebuild(args[i], flat) for i in positions]
        return found[0] if isinstance(argnums, int) else tuple(found)

    return differentiated


def _by_rows(call: _Call, out: Tensor) -> list[Tensor]:
    from .ops.shape import reshape, stack

    rows = [call.gradients([e]) for e in _basis(out)]
    return [
        reshape(stack([row[i] for row in rows]), out.shape + x.shape) if rows else _empty(out, x)
        for i, x in enumerate(call.lifted)
    ]


def _by_columns(call: _Call, out: Tensor) -> list[Tensor]:
    from .ops.shape import reshape, stack

    zeros = [constant(np.zeros_like(x._data)) for x in call.lifted]
    blocks = []
    for i, x in enumerate(call.lifted):
        columns = [call.tangent([*zeros[:i], e, *zeros[i + 1 :]]) for e in _basis(x)]
        blocks.append(reshape(stack(columns, axis=-1), out.shape + x.shape) if columns else _empty(out, x))
    return blocks


def _empty(out: Tensor, x: Tensor) -> Tensor:
    return constant(np.zeros(out.shape + x.shape, x.dtype))


def _basis(x: Tensor) -> list[Tensor]:
    eye = np.eye(x.size, dtype=x.dtype)
    return [constant(row.reshape(x.shape)) for row in eye]


def hessian(f: Callable[..., Any], argnums: int = 0) -> Callable[..., Any]:
    """Return the function that computes the matrix of second derivatives of `f`, of shape ``x.shape + x.shape``.

    Forward over reverse: one gradient, then one tangent sweep per entry of `x`.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.func.hessian(lambda x: (x ** 3).sum())(mg.Tensor([1.0, 2.0]))
    Tensor([[ 6.,  0.],
            [ 0., 12.]], dtype=float64)
    """
    if not isinstance(argnums, int):
        raise TypeError(f"hessian: argnums must be one integer, got {argnums!r}")
    return jacobian(grad(f, argnums), argnums, mode="forward")


def hvp(f: Callable[[Any], Any], x: Any, v: Any) -> Any:
    """Return the product of the Hessian of `f` at `x` with `v`, without building the Hessian (forward over reverse).

    `x` and `v` may be containers of tensors, built alike.

    Source: B. Pearlmutter, "Fast exact multiplication by the Hessian", Neural Computation 6, 1994.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.func.hvp(lambda x: (x ** 3).sum(), mg.Tensor([1.0, 2.0]), mg.Tensor([1.0, 0.0]))
    Tensor([6., 0.], dtype=float64)
    """
    return jvp(grad(f), [x], [v])[1]
