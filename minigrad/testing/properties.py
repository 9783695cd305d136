"""What must hold for every op, at every point: the properties, and :func:`check_op`, which runs them all."""

from __future__ import annotations

import gc
import itertools
import weakref
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .. import func
from ..mode import decompose
from ..op import Op
from ..tensor import Tensor
from .case import Array, Case, leaf, make
from .gradients import forward, gradients, reverse
from .report import compare, fail

# Two routes to one number in float64 differ by rounding only.
_TIGHT = 1e-9


# Where the rule is right and forward mode is not, the kind may be wrong.
_DECLARED = {
    "elementwise": "it is declared elementwise, so that its rule is the tangent map too: is each element on its own?",
    "linear": "it is declared linear, so that the op itself is the tangent map: is it linear in this argument?",
}


def _scale(*arrays: Any) -> float:
    return max([1.0, *[float(np.max(np.abs(a), initial=0.0)) for a in arrays]])


def value(case: Case, reference: Callable[..., Any]) -> None:
    """The forward value is that of `reference`, in value, shape and dtype."""
    y = case.call(*case.leaves(mask=[False] * len(case.argnums)))
    expected = np.asarray(reference(*case.args))
    if y.dtype != expected.dtype:
        raise fail(case, f"the value has dtype {y.dtype}, the reference {expected.dtype}")
    # A sum may be taken in another order: a few units in the last place.
    eps = float(np.finfo(y.dtype).eps) if y.dtype.kind == "f" else 0.0
    finite = expected[np.isfinite(expected)] if y.dtype.kind == "f" else expected
    compare(
        case, "the value", y.data, expected,
        rtol=16 * eps, atol=16 * eps * float(np.max(np.abs(finite), initial=0.0)), names=("op", "reference"),
    )  # fmt: skip


def adjoint(case: Case) -> None:
    """``<u, J v> = <Jᵀ u, v>`` for each argument, and J v from the transposed transpose, without differences."""
    points = case.wide()
    xs = case.leaves(points)
    y = case.call(*xs)
    (u,) = case.like([y], 0)
    upstream = leaf(u)
    pulled = gradients([y], xs, [upstream], create_graph=True)
    directions = case.like(points, 200)
    for i, (g, v) in enumerate(zip(pulled, directions, strict=True)):
        tangents = [v if k == i else np.zeros_like(p) for k, p in enumerate(points)]
        _, pushed = func.jvp(case.call, points, tangents)
        left, right = float(np.sum(u * pushed.data)), float(np.sum(g.data * v))
        size = _scale(u * pushed.data, g.data * v) * max(u.size, v.size, 1)
        op = getattr(case.function, "op", None)
        note = _DECLARED.get(op.kind, "") if op is not None else ""
        compare(
            case, f"the adjoint identity <u, Jv> = <Jᵀu, v> for {case.argument(i)}", right, left,
            rtol=_TIGHT, atol=1e-12 * size, names=("reverse", "forward"), note=note,
        )  # fmt: skip
        (twice,) = gradients([g], [upstream], [v])
        compare(
            case, f"the transpose of the rule for {case.argument(i)}", twice.data, pushed.data,
            rtol=_TIGHT, atol=1e-12 * size, names=("double transpose", "forward"),
        )  # fmt: skip


def linearity(case: Case) -> None:
    """The gradients are linear in the upstream gradient, on raw arrays."""
    xs = case.leaves(case.wide())
    y = case.call(*xs)
    (u,), (v,) = case.like([y], 0), case.like([y], 1)
    parts = [gradients([y], xs, [w]) for w in (u, v, 3 * u - v)]
    for i, (a, b, c) in enumerate(zip(*parts, strict=True)):
        compare(
            case, f"linearity in the upstream gradient, for {case.argument(i)}", c.data, 3 * a.data - b.data,
            rtol=_TIGHT, atol=1e-12 * _scale(a.data, b.data), names=("J(3u - v)", "3 Ju - Jv"),
        )  # fmt: skip


def _both_orders(case: Case, xs: Sequence[Tensor]) -> list[Array]:
    """Return the value, the gradients and the second-order products at `xs`."""
    y = case.call(*xs)
    first = gradients([y], xs, case.like([y], 0), create_graph=True)
    second = gradients(first, xs, case.like(first, 1))
    return [y.data, *[t.data for t in first], *[t.data for t in second]]


def paths(case: Case) -> None:
    """Gradients on raw arrays equal those with a graph; a fused op equals its decomposition, to second order."""
    xs = case.leaves(case.wide())
    y = case.call(*xs)
    weights = case.like([y], 0)
    raw = gradients([y], xs, weights)
    graph = gradients([y], xs, weights, create_graph=True)
    for i, (a, b) in enumerate(zip(raw, graph, strict=True)):
        compare(
            case, f"the gradient of {case.argument(i)}", a.data, b.data,
            rtol=_TIGHT, atol=1e-12 * _scale(b.data), names=("on raw arrays", "with create_graph"),
        )  # fmt: skip
    if y.node is None:
        return
    with decompose():
        inside = case.call(*xs)
    if inside.node is None or inside.node.op is y.node.op:
        return
    whole = _both_orders(case, xs)
    with decompose():
        opened = _both_orders(case, xs)
    n = len(xs)
    whats = ["the value"] + [f"the {o} of {case.argument(i)}" for o in ("gradient", "second order") for i in range(n)]
    for what, fast, plain in zip(whats, whole, opened, strict=True):
        compare(case, what, fast, plain, rtol=_TIGHT, atol=1e-11 * _scale(plain), names=("fused", "decomposed"))


def mixed_orders(case: Case) -> None:
    """Reverse over reverse equals forward over reverse: ``<w, H v> = <H w, v>``."""
    points = case.wide()
    xs = case.leaves(points)
    y = case.call(*xs)
    weights = case.like([y], 0)
    first = gradients([y], xs, weights, create_graph=True)
    w, v = case.like(first, 1), case.like(points, 300)
    second = gradients(first, xs, w)
    right = sum(float(np.sum(s.data * d)) for s, d in zip(second, v, strict=True))
    left = 0.0
    for i in range(len(xs)):

        def gradient(*ps: Tensor, i: int = i) -> Tensor:
            return gradients([case.call(*ps)], ps, weights, create_graph=True)[i]

        _, pushed = func.jvp(gradient, points, v)
        left += float(np.sum(pushed.data * w[i]))
    size = _scale(*[s.data for s in second]) * max(1, sum(p.size for p in points))
    compare(
        case, "the second derivative", right, left,
        rtol=_TIGHT, atol=1e-11 * size, names=("reverse over reverse", "forward over reverse"),
    )  # fmt: skip


def masks(case: Case) -> None:
    """Each argument's gradient is the same whichever others require one, and those that do not get none."""
    full: list[Tensor] | None = None
    count = len(case.argnums)
    for mask in itertools.product((True, False), repeat=count):
        if not any(mask):
            continue
        xs = case.leaves(case.wide(), mask)
        y = case.call(*xs)
        if not y.requires_grad:
            continue
        y.backward(case.like([y], 0)[0])
        if full is None:
            full = [Tensor(np.zeros(x.shape)) if x.grad is None else x.grad for x in xs]
        for i, (x, needs) in enumerate(zip(xs, mask, strict=True)):
            if not needs:
                if x.grad is not None:
                    raise fail(case, f"{case.argument(i)} got a gradient without requiring one")
                continue
            compare(
                case, f"the gradient of {case.argument(i)} with requires_grad = {mask}",
                np.zeros(x.shape) if x.grad is None else x.grad.data, full[i].data,
                rtol=_TIGHT, atol=1e-12 * _scale(full[i].data), names=("then", "with all"),
            )  # fmt: skip


def ownership(case: Case) -> None:
    """Inputs stay as they were; each leaf's gradient has memory of its own, the leaf's shape and dtype."""
    before = [x.copy() for x in case.points]
    xs = case.leaves()
    y = case.call(*xs)
    if not y.requires_grad:
        return
    g = np.ones(y.shape, y.dtype)
    upstream = leaf(g, False)
    y.backward(upstream)
    held = [("the upstream gradient", g), *[(case.argument(i), x.data) for i, x in enumerate(xs)]]
    for i, x in enumerate(xs):
        if not np.array_equal(x.data, before[i], equal_nan=True):
            raise fail(case, f"{case.argument(i)} was changed")
        if x.grad is None:
            continue
        d = x.grad.data
        if d.shape != x.shape or d.dtype != x.dtype:
            raise fail(case, f"the gradient of {case.argument(i)} is {d.shape} {d.dtype}, not {x.shape} {x.dtype}")
        if d.base is not None or not d.flags.writeable:
            raise fail(case, f"the gradient of {case.argument(i)} does not own its memory")
        for what, other in held:
            if np.shares_memory(d, other):
                raise fail(case, f"the gradient of {case.argument(i)} shares memory with {what}")
        held.append((f"the gradient of {case.argument(i)}", d))
    if not np.array_equal(g, np.ones(y.shape)):
        raise fail(case, "backward changed the upstream gradient it was given")


def freed(case: Case) -> None:
    """Without the garbage collector, the graph dies with its last tensor: it holds no reference cycle."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        for create in (False, True):
            xs = case.leaves()
            # The graph is what keeps a leaf alive that nobody else refers to.
            alive = [weakref.ref(x) for x in xs]
            y = case.call(*xs)
            found = gradients([y], xs, [np.ones(y.shape, y.dtype)], create_graph=create)
            del xs, y, found
            for i, ref in enumerate(alive):
                if ref() is not None:
                    when = "with" if create else "without"
                    what = f"a reference cycle keeps the graph of {case.argument(i)} alive"
                    raise fail(case, f"{what} ({when} create_graph)")
    finally:
        if was_enabled:
            gc.enable()


def precision(case: Case, dtype: Any) -> None:
    """In a lower precision, gradients have the leaves' dtype and the values they have in float64, nearly."""
    kind = np.dtype(dtype)
    low = [x.astype(kind) for x in case.points]
    # The same points in both: what rounding the arguments does is not the op's.
    wide = [x.astype(np.float64) for x in low]
    results = []
    for points in (low, wide):
        xs = case.leaves(points)
        y = case.call(*xs)
        results.append((xs, y, gradients([y], xs, [w.astype(y.dtype) for w in case.like([y], 0)])))
    (xs, y, got), (_, exact, expected) = results
    tolerance = 64 * float(np.finfo(kind).eps)
    compare(
        case, f"the value in {kind}", y.data, exact.data,
        rtol=tolerance, atol=tolerance * _scale(exact.data), names=(str(kind), "float64"),
    )  # fmt: skip
    for i, (x, a, b) in enumerate(zip(xs, got, expected, strict=True)):
        if a.dtype != x.dtype:
            raise fail(case, f"the gradient of {case.argument(i)} has dtype {a.dtype}, the leaf {x.dtype}")
        compare(
            case, f"the gradient of {case.argument(i)} in {kind}", a.data, b.data,
            rtol=tolerance, atol=tolerance * _scale(b.data), names=(str(kind), "float64"),
        )  # fmt: skip


def check(case: Case, *, analytic: bool = False, order: int = 2) -> None:
    """Run all properties of gradients on `case`, the cheap and telling ones first."""
    reverse(case, 1, "complex" if analytic else "five-point")
    linearity(case)
    adjoint(case)
    paths(case)
    for k in range(2, order + 1):
        reverse(case, k)
    if order > 1:
        mixed_orders(case)
    forward(case)
    masks(case)
    ownership(case)
    freed(case)


def check_op(
    op: Callable[..., Tensor] | Op,
    *args: Any,
    reference: Callable[..., Any] | None = None,
    analytic: bool = False,
    order: int = 2,
    seed: int = 0,
    **params: Any,
) -> None:
    """Check every property of an op at given arguments; return nothing if all hold.

    These are: the value against a reference; the gradients against numbers; the adjoint identity; linearity in the
    upstream gradient; the second order in two ways; raw arrays against recorded graphs, and the op against its
    decomposition; every choice of which arguments require gradients; gradients that own their memory; inputs that
    stay as they were; a graph that is freed without the garbage collector.

    Parameters
    ----------
    op : callable or Op
        An op, or any function from tensors to one tensor.
    *args : array_like
        Floating ones are differentiated. Stay away from kinks.
    reference : callable, optional
        The same function of raw arrays (called with the static arguments too).
    analytic : bool
        The forward function also computes with complex arrays: use the complex step, exact to rounding.
    order : int
        The highest order to check.
    seed : int
        Of the random upstream gradients.
    **params
        The static arguments of the op; bind ones with the names above by ``functools.partial``.

    Raises
    ------
    AssertionError
        Naming the op, the property, the argument, the index and both values, with a call that reproduces it.

    Examples
    --------
    >>> import minigrad as mg
    >>> check_op(mg.sum, [[1.0, 2.0]], axis=1, reference=np.sum, analytic=True)
    >>> check_op(mg.registry["tanh"], [0.5], order=3)
    """
    options = {key: value for key, value in {"analytic": analytic, "order": order}.items() if value not in (False, 2)}
    case = make(op, args, params, checker="check_op", options=options, seed=seed)
    case.refuse_chance("check_op")
    if reference is not None:
        value(case, lambda *values: reference(*values, **params))
    check(case, analytic=analytic, order=order)
