"""The path from a value to the output along which most of its gradient comes."""

from __future__ import annotations

import math
from typing import Any

from minigrad import Tensor

from .labels import clean
from .records import Route
from .stats import chain_rule, size_of, summarize
from .trace import Traced


def route_from(traced: Traced, start: Tensor | str, seed: Any) -> Route:
    """Return the path from a value to the output whose product of gains is the largest.

    The gain of a step is ‖downstream‖/‖upstream‖ for the gradient of this drawing. Between scalars that is the size of
    the local gradient, so the product is the size of the path's part of the gradient; between arrays it measures the
    steps one by one, and the contribution is what the chain rule along this path alone gives.

    Parameters
    ----------
    traced : Traced
    start : Tensor or str
        The value, or its name.
    seed : ndarray or None
        The upstream gradient at the output.

    Raises
    ------
    TypeError, ValueError
        If the value is not in the graph, its name stands for several, no gradient flows to it, or there is no upstream
        gradient.
    """
    vertices, sources = traced.trace.vertices, traced.sources
    first = _find(traced, start)
    if seed is None:
        shape = vertices[-1].shape
        raise ValueError(f"viz: highlight needs a gradient: the output has shape {shape}. Pass gradient= of that shape")
    # By vertex: the logarithm of the best product of gains from it to the output, and how many paths there are.
    best: dict[int, float] = {len(vertices) - 1: 0.0}
    paths: dict[int, int] = {len(vertices) - 1: 1}
    step: dict[int, tuple[int, int, int]] = {}
    grads: dict[int, Any] = {len(vertices) - 1: seed}
    reached = _descendants(traced, first)
    for v in range(len(vertices) - 1, first, -1):
        g = grads.pop(v, None)
        if g is None or vertices[v].kind != "op" or v not in reached:
            continue
        node, upstream = sources[v], size_of(g) * g.size**0.5
        saved = {k: values for _, k, values in node.edges}
        for parent, k, flowing in vertices[v].arguments:
            if not flowing or parent not in reached:
                continue
            c = chain_rule(node, k, g, saved[k], vertices[parent])
            grads[parent] = grads[parent] + c if parent in grads else c
            downstream = size_of(c) * c.size**0.5
            gain = math.log(downstream / upstream) if upstream > 0 and downstream > 0 else -math.inf
            paths[parent] = paths.get(parent, 0) + paths[v]
            # Of equal ones, the one by the newest op.
            if parent not in best or best[v] + gain > best[parent]:
                best[parent], step[parent] = best[v] + gain, (parent, v, k)
    if first not in best:
        raise ValueError(f"viz: highlight: no gradient flows from the output to {_called(start)}")
    steps = []
    v = first
    while v in step:
        steps.append(step[v])
        v = step[v][1]
    g = seed
    for parent, v, k in reversed(steps):
        saved = {position: values for _, position, values in sources[v].edges}
        g = chain_rule(sources[v], k, g, saved[k], vertices[parent])
    total = grads.get(first, seed)
    gain = math.exp(best[first]) if best[first] < 700 else math.inf
    return Route(first, tuple(steps), gain, summarize(g), summarize(total), paths[first])


def _find(traced: Traced, start: Tensor | str) -> int:
    if isinstance(start, Tensor):
        found = traced.find(start)
        if found is None:
            raise ValueError(f"viz: highlight: the tensor ({start.describe()}) is no part of this graph")
        return found
    if not isinstance(start, str):
        raise TypeError(f"viz: highlight must be a tensor or its name, got {type(start).__name__}")
    named = [v for v, vertex in enumerate(traced.trace.vertices) if vertex.name == start]
    if len(named) != 1:
        many = f"{len(named)} tensors of this graph are" if named else "no tensor of this graph is"
        names = sorted({clean(vertex.name, 20) for vertex in traced.trace.vertices if vertex.name})
        hint = "pass the tensor itself" if named else f"its names: {', '.join(names[:8]) or 'none'}"
        raise ValueError(f"viz: highlight: {many} called {clean(start)!r}; {hint}")
    return named[0]


def _called(start: Tensor | str) -> str:
    return clean(start) if isinstance(start, str) else start.describe()


def _descendants(traced: Traced, first: int) -> set[int]:
    """Return the vertices that gradients flow back from to `first`, with itself."""
    reached = {first}
    for v in range(first + 1, len(traced.trace.vertices)):
        if any(a.flows and a.vertex in reached for a in traced.trace.vertices[v].arguments):
            reached.add(v)
    return reached
