"""Transforms of functions: from a function to its gradient, its Jacobian, its tangent map.

They nest: each hands the function fresh vertices, so that an outer transform sees through an inner one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from . import differentiate
from .graph import Node, collect, next_seq, vertex
from .mode import enable_grad
from .op import registry
from .record import apply
from .sweep import push
from .tensor import Tensor, asarray, constant

__all__ = ["grad", "hessian", "hvp", "jacobian", "jvp", "value_and_grad", "vjp"]


def _lift(name: str, x: Any) -> Tensor:
    """Return `x` as a fresh vertex: gradients at it are told from those at the caller's tensor."""
    t = asarray(x)
    if t.dtype.kind != "f":
        raise TypeError(f"{name}: cannot differentiate at a value of dtype {t.dtype}; use floats")
    if t.requires_grad:
        return apply(registry["identity"], (t,), {})
    lifted = constant(t._data)
    lifted.requires_grad = True
    return lifted


def _positions(name: str, argnums: int | Sequence[int], count: int) -> tuple[int, ...]:
    wanted = (argnums,) if isinstance(argnums, int) else tuple(argnums)
    for i in wanted:
        if not -count <= i < count:
            raise ValueError(f"{name}: argnums {argnums} for a call with {count} arguments")
    return tuple(i % count for i in wanted)


def _called(
    name: str, f: Callable[..., Any], args: Sequence[Any], positions: Sequence[int]
) -> tuple[Any, list[Tensor], int]:
    start = next_seq()
    with enable_grad():
        call = list(args)
        lifted = []
        for i in positions:
            call[i] = _lift(name, args[i])
            lifted.append(call[i])
        out = f(*call)
    if not isinstance(out, Tensor):
        raise TypeError(f"{name}: the function must return a Tensor, got {type(out).__name__}")
    return out, lifted, start


def _gradients(out: Tensor, lifted: list[Tensor], g: Any, start: int) -> list[Tensor]:
    """Return gradients that have a graph themselves exactly if something outside could ask for it."""
    if not out.requires_grad:
        return [constant(np.zeros_like(x._data)) for x in lifted]
    _, leaves = collect([out.node] if out.node else [])
    fresh = {id(x) for x in lifted}
    create = any(id(leaf) not in fresh for leaf in leaves) or (isinstance(g, Tensor) and g.requires_grad)
    found = differentiate.grad(out, lifted, g, create_graph=create, retain_graph=True, allow_unused=True)
    return [constant(np.zeros_like(x._data)) if t is None else t for x, t in zip(lifted, found, strict=True)]


def value_and_grad(f: Callable[..., Tensor], argnums: int | Sequence[int] = 0) -> Callable[..., tuple[Tensor, Any]]:
    """Return a function that computes `f`, a function with one number as value, and its gradient.

    Parameters
    ----------
    f : callable
        From tensors to a tensor with one element.
    argnums : int or sequence of int
        Which positional arguments to differentiate; for a sequence, the gradients come as a tuple.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.func.value_and_grad(lambda x: x ** 3)(2.0)
    (Tensor(8., dtype=float64), Tensor(12., dtype=float64))
    """

    def call(*args: Any) -> tuple[Tensor, Any]:
        positions = _positions("grad", argnums, len(args))
        out, lifted, start = _called("grad", f, args, positions)
        if out.size != 1:
            raise ValueError(f"grad: the function must return one number, got shape {out.shape}; see func.jacobian")
        found = _gradients(out, lifted, None, start)
        value = out if any(isinstance(a, Tensor) and a.requires_grad for a in args) else out.detach()
        return value, found[0] if isinstance(argnums, int) else tuple(found)

    return call


def grad(f: Callable[..., Tensor], argnums: int | Sequence[int] = 0) -> Callable[..., Any]:
    """Return the gradient of `f`, as a function.

    Parameters
    ----------
    f : callable
        From tensors to a tensor with one element.
    argnums : int or sequence of int
        As for :func:`value_and_grad`.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.func.grad(mg.func.grad(lambda x: x ** 3))(2.0)
    Tensor(12., dtype=float64)
    """
    both = value_and_grad(f, argnums)
    return lambda *args: both(*args)[1]


def vjp(f: Callable[..., Tensor], *primals: Any) -> tuple[Tensor, Callable[[Any], tuple[Tensor, ...]]]:
    """Return ``f(*primals)`` and the map from an upstream gradient to the gradients at `primals`.

    Examples
    --------
    >>> import minigrad as mg
    >>> y, pull = mg.func.vjp(lambda a, b: a * b, mg.Tensor([1.0, 2.0]), mg.Tensor([3.0, 4.0]))
    >>> pull(np.array([1.0, 10.0]))
    (Tensor([ 3., 40.], dtype=float64), Tensor([ 1., 20.], dtype=float64))
    """
    out, lifted, start = _called("vjp", f, primals, range(len(primals)))
    return out.detach() if not _outer(primals) else out, lambda g: tuple(_gradients(out, lifted, asarray(g), start))


def _outer(primals: Sequence[Any]) -> bool:
    return any(isinstance(p, Tensor) and p.requires_grad for p in primals)


def jvp(f: Callable[..., Tensor], primals: Sequence[Any], tangents: Sequence[Any]) -> tuple[Tensor, Tensor]:
    """Return ``f(*primals)`` and its directional derivative along `tangents` (forward mode).

    The forward pass is recorded and then swept once from the inputs to the output, each op carrying the tangent on.

    Parameters
    ----------
    f : callable
        From tensors to a tensor.
    primals, tangents : sequence of Tensor or array_like
        As many as `f` has arguments; each tangent of its primal's shape.

    Raises
    ------
    ValueError
        If the numbers or shapes of primals and tangents differ.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.func.jvp(lambda x: x * x, [mg.Tensor([1.0, 2.0])], [mg.Tensor([1.0, 1.0])])[1].detach()
    Tensor([2., 4.], dtype=float64)
    """
    sequences = isinstance(primals, (list, tuple)) and isinstance(tangents, (list, tuple))
    if not sequences or len(primals) != len(tangents):
        raise ValueError("jvp: primals and tangents must be sequences of the same length")
    out, lifted, start = _called("jvp", f, primals, range(len(primals)))
    seeds: dict[Any, Tensor] = {}
    for i, (x, t) in enumerate(zip(lifted, tangents, strict=True)):
        tangent = asarray(t)
        if tangent.shape != x.shape:
            raise ValueError(f"jvp: tangent {i} has shape {tangent.shape}, its primal {x.shape}")
        seeds[vertex(x)] = tangent if tangent.dtype == x.dtype else tangent.astype(x.dtype)
    if out.node is None:
        tangent = seeds.get(out, constant(np.zeros_like(out._data)))
    else:
        nodes, _ = collect([out.node], since=start)
        tangent = push(nodes, seeds).get(out.node, constant(np.zeros_like(out._data)))
    if _outer(primals) or _outer(tangents) or _depends_on_others(out, lifted):
        return out, tangent
    return out.detach(), tangent.detach()


def _depends_on_others(out: Tensor, lifted: Sequence[Tensor]) -> bool:
    fresh = {id(x) for x in lifted}
    _, leaves = collect([out.node] if isinstance(out.node, Node) else [])
    return any(id(leaf) not in fresh for leaf in leaves)


def jacobian(f: Callable[[Any], Tensor], mode: str | None = None) -> Callable[[Any], Tensor]:
    """Return the function that computes the Jacobian of `f`, of shape ``y.shape + x.shape``.

    Parameters
    ----------
    f : callable
        From one tensor to a tensor.
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

    def call(x: Any) -> Tensor:
        from .ops.joining import stack
        from .ops.shape import reshape

        x = asarray(x)
        out, lifted, start = _called("jacobian", f, [x], [0])
        shape = out.shape + x.shape
        if not out.size or not x.size:
            return constant(np.zeros(shape, out.dtype))
        forward = mode == "forward" or (mode is None and x.size < out.size)
        if not forward:
            rows = [_gradients(out, lifted, e, start)[0] for e in _basis(out)]
            return reshape(stack(rows), shape)
        columns = [jvp(f, [x], [e])[1] for e in _basis(x)]
        return reshape(stack(columns, axis=-1), shape)

    return call


def _basis(x: Tensor) -> list[Tensor]:
    eye = np.eye(x.size, dtype=x.dtype)
    return [constant(row.reshape(x.shape)) for row in eye]


def hessian(f: Callable[[Any], Tensor]) -> Callable[[Any], Tensor]:
    """Return the function that computes the matrix of second derivatives of `f`, of shape ``x.shape + x.shape``.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.func.hessian(lambda x: (x ** 3).sum())(mg.Tensor([1.0, 2.0]))
    Tensor([[ 6.,  0.],
            [ 0., 12.]], dtype=float64)
    """
    return jacobian(grad(f), mode="reverse")


def hvp(f: Callable[[Any], Tensor], x: Any, v: Any) -> Tensor:
    """Return the product of the Hessian of `f` at `x` with `v`, without building the Hessian (forward over reverse).

    Source: B. Pearlmutter, "Fast exact multiplication by the Hessian", Neural Computation 6, 1994.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.func.hvp(lambda x: (x ** 3).sum(), mg.Tensor([1.0, 2.0]), mg.Tensor([1.0, 0.0]))
    Tensor([6., 0.], dtype=float64)
    """
    return jvp(grad(f), [x], [v])[1]
