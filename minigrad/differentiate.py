"""Asking for gradients: ``backward`` accumulates them in the leaves, ``grad`` returns them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from .arrays import as_array
from .graph import Node, Scope, between, collect, extra_of, next_seq, vertex
from .sweep import Grads, free_nodes, run_hooks, sweep, sweep_graph
from .tensor import Tensor, asarray, constant


def _start(
    outputs: Sequence[Tensor], gradients: Sequence[Any], create_graph: bool, name: str
) -> tuple[Grads, list[Node]]:
    """Check the upstream gradients, and return them by vertex, with the nodes to start collecting at."""
    grads: Grads = {}
    roots: list[Node] = []
    for output, given in zip(outputs, gradients, strict=True):
        if not output._needs:
            raise RuntimeError(
                f"{name}: the output ({output.describe()}) does not require grad, so it has no graph: no tensor it was "
                "computed from has requires_grad=True, or it was computed under no_grad() or from a detach()ed tensor"
            )
        if given is None:
            if output.size != 1:
                raise RuntimeError(
                    f"{name}: a gradient can be left out only for an output with one element; this one has shape "
                    f"{output.shape}. Pass the upstream gradient of that shape, or reduce with .sum() or .mean()"
                )
            g = constant(np.ones(output.shape, output.dtype))
        else:
            g = asarray(given)
        if g.shape != output.shape:
            raise ValueError(f"{name}: the gradient has shape {g.shape}, the output {output.shape}")
        if g.dtype.kind not in "fiub":
            raise TypeError(f"{name}: the gradient has dtype {g.dtype}, the output {output.dtype}")
        if g.dtype != output.dtype:
            g = g.astype(output.dtype)
        if not create_graph:
            g = g._data
        else:
            assert isinstance(g, Tensor)
        end = vertex(output)
        if type(end) is Node and end not in grads:
            roots.append(end)
        grads[end] = grads[end] + g if end in grads else g
    return grads, roots


def _own(g: Any, taken: set[int]) -> Any:
    """Return `g` as an array that nothing else refers to."""
    g = as_array(g)
    if g.base is not None or id(g) in taken or not g.flags.writeable:
        g = g.copy()
    taken.add(id(g))
    return g


def _enclose(gradients: Iterable[Tensor], start: int) -> None:
    """Note on what a recorded backward pass has computed that it did, for the drawing."""
    scope = Scope("backward pass", start, "backward")
    # A gradient that was handed in, or that a saved value is, belongs to no pass.
    ends = [g.node for g in gradients if g.node is not None and g.node.seq > start]
    # All of them: a graph of higher order may use a step of the pass, and not what the pass came to.
    for node in collect(ends, start)[0]:
        extra = extra_of(node)
        extra.scopes = (*extra.scopes, scope)


def backward(
    output: Tensor, gradient: Any = None, *, retain_graph: bool | None = None, create_graph: bool = False
) -> None:
    """Add the gradients of this tensor to the ``.grad`` of every leaf it was computed from.

    Parameters
    ----------
    gradient : Tensor or array_like, optional
        The upstream gradient, of this tensor's shape; default: 1, for a tensor with one element.
    retain_graph : bool, optional
        Keep the graph, for another pass over it; default: as `create_graph`.
    create_graph : bool
        Record the backward pass, for gradients of higher order.

    Raises
    ------
    RuntimeError
        If there is no graph, it was freed, the gradient is missing, or a leaf was overwritten since.
    ValueError
        If the gradient has another shape.

    Examples
    --------
    >>> import minigrad as mg
    >>> x, y, z = (mg.Tensor(v, requires_grad=True) for v in (-2.0, 5.0, -4.0))
    >>> ((x + y) * z).backward()
    >>> x.grad.item(), y.grad.item(), z.grad.item()
    (-4.0, -4.0, 3.0)
    """
    grads, roots = _start([output], [gradient], create_graph, "backward")
    # What the caller handed in, and what hooks and retained gradients hold, is never given away as a leaf's gradient.
    taken = {id(g) for g in grads.values()}
    nodes, _ = collect(roots)
    if create_graph:
        start = next_seq()
        grads = sweep_graph(nodes, grads)
        _enclose(grads.values(), start)
        if not (retain_graph is None or retain_graph):
            free_nodes(nodes)
    else:
        grads = sweep(nodes, grads, free=not retain_graph)
    for leaf, g in grads.items():
        if leaf._hooks:
            g = run_hooks(leaf._hooks, g if create_graph else constant(g.copy()), leaf)
            if not create_graph:
                g = g._data
        old = leaf._grad
        if create_graph:
            leaf._grad = g if old is None else old + g
        elif old is None:
            leaf._grad = constant(_own(g, taken))
        else:
            leaf._grad = constant(old._data + g)


Tensor.backward = backward  # type: ignore[method-assign,assignment]


def _tensors(role: str, given: Any) -> list[Tensor]:
    items = list(given) if isinstance(given, (list, tuple)) else [given]
    for t in items:
        if not isinstance(t, Tensor):
            raise TypeError(f"grad: {role} must be a Tensor or a sequence of Tensors, got {type(t).__name__}")
    return items


def grad(
    outputs: Tensor | Sequence[Tensor],
    inputs: Tensor | Sequence[Tensor],
    grad_outputs: Any = None,
    *,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    allow_unused: bool = False,
    since: int = 0,
) -> tuple[Tensor | None, ...]:
    """Return the gradients of `outputs` at `inputs`, and leave every ``.grad`` as it is.

    The meaning of each argument is that of ``torch.autograd.grad``.

    Parameters
    ----------
    outputs : Tensor or sequence of Tensor
        What to differentiate; several outputs are summed, each weighted by its entry of `grad_outputs`.
    inputs : Tensor or sequence of Tensor
        Leaves or intermediate tensors, of any shapes.
    grad_outputs : Tensor, array or sequence of them, optional
        The upstream gradient of each output, of its shape; may be None for outputs with one element.
    retain_graph : bool, optional
        Keep the graph for another pass; default: as `create_graph`.
    create_graph : bool
        Record the backward pass as well, for gradients of higher order.
    allow_unused : bool
        Return None for an input that the outputs do not depend on, in place of an error.
    since : int
        Look no further back than this sequence number (of a node): a bound on the search for callers that know
        the inputs to be newer.

    Returns
    -------
    tuple of Tensor
        One gradient per input, of the input's shape and dtype.

    Raises
    ------
    RuntimeError
        If an output or an input does not require grad, the graph was freed, or an input was not used.
    ValueError, TypeError
        If an upstream gradient does not fit its output.

    Examples
    --------
    >>> import minigrad as mg
    >>> x = mg.Tensor(3.0, requires_grad=True)
    >>> (slope,) = mg.grad(x ** 3, x, create_graph=True)
    >>> slope.item()
    27.0
    >>> mg.grad(slope, x)[0].item()
    18.0
    """
    outs, ins = _tensors("outputs", outputs), _tensors("inputs", inputs)
    if grad_outputs is None:
        given = [None] * len(outs)
    elif isinstance(grad_outputs, (list, tuple)) and (not isinstance(outputs, Tensor) or len(grad_outputs) == 1):
        given = list(grad_outputs)
    else:
        given = [grad_outputs]
    if len(given) != len(outs):
        raise ValueError(f"grad: {len(outs)} outputs but {len(given)} grad_outputs")
    ends = [vertex(t) for t in ins]
    for t, end in zip(ins, ends, strict=True):
        if end is None:
            raise RuntimeError(f"grad: an input ({t.describe()}) does not require grad; set requires_grad=True on it")

    grads, roots = _start(outs, given, create_graph, "grad")
    taken = {id(g) for g in grads.values()}
    nodes, _ = collect(roots, since)
    needed = between(nodes, ends)
    nodes = [node for node in nodes if node in needed]
    keep = {end for end in ends if type(end) is Node}
    if create_graph:
        start = next_seq()
        grads = sweep_graph(nodes, grads, needed=needed, keep=keep)
        if not since:
            _enclose([grads[end] for end in ends if end in grads], start)
        if retain_graph is False:
            free_nodes(nodes)
    else:
        grads = sweep(nodes, grads, free=not retain_graph, needed=needed, keep=keep)
    results: list[Tensor | None] = []
    for i, (t, end) in enumerate(zip(ins, ends, strict=True)):
        g = grads.get(end)
        if g is None:
            if not allow_unused:
                raise RuntimeError(
                    f"grad: the outputs do not depend on input {i} ({t.describe()}); pass allow_unused=True to get "
                    "None for it"
                )
            results.append(None)
            continue
        if type(end) is not Node and end._hooks:
            g = run_hooks(end._hooks, g if create_graph else constant(g.copy()), end)
            g = g if create_graph else g._data
        results.append(g if create_graph else constant(_own(g, taken)))
    return tuple(results)
