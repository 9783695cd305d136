"""How einsum is computed on raw arrays: pairwise, through matrix products where those are faster.

``np.einsum`` with ``optimize`` searches for a path on every call and pays for it on small operands; without, it runs
a plain loop over all labels at once. Here the plan is made once per subscripts and shapes, and kept.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np

Shape = tuple[int, ...]
Sizes = dict[str, int]
Contract = Callable[..., Any]

# Below so many multiplications the plain loop is faster than laying the operands out for a matrix product (measured).
_SMALL = 4096


def contract(*operands: Any, inputs: tuple[str, ...], output: str) -> Any:
    """Return the einsum of arrays, from the labels of each operand and those of the output."""
    return _plan(inputs, output, tuple([v.shape for v in operands]))(*operands)


def _looped(inputs: tuple[str, ...], output: str) -> Contract:
    text = f"{','.join(inputs)}->{output}"
    return lambda *operands: np.einsum(text, *operands)


@lru_cache(maxsize=1024)
def _plan(inputs: tuple[str, ...], output: str, shapes: tuple[Shape, ...]) -> Contract:
    """Return the function that computes this einsum for operands of these shapes."""
    sizes: Sizes = {}
    for labels, shape in zip(inputs, shapes, strict=True):
        for c, n in zip(labels, shape, strict=True):
            sizes[c] = n if n != 1 else sizes.get(c, 1)
    if len(inputs) == 1 or math.prod(sizes.values()) < _SMALL:
        return _looped(inputs, output)
    if len(inputs) == 2:
        return _pair(inputs, output, shapes)[0]
    text = f"{','.join(inputs)}->{output}"
    path = np.einsum_path(text, *[np.broadcast_to(0.0, shape) for shape in shapes], optimize="greedy")[0][1:]
    if len(path) == 1:
        return _looped(inputs, output)
    terms = list(zip(inputs, shapes, strict=True))
    steps: list[tuple[list[int], Contract]] = []
    for positions in path:
        last = len(positions) == len(terms)
        places = sorted(positions, reverse=True)
        chosen = [terms.pop(i) for i in places]
        needed = set(output).union(*[labels for labels, _ in terms])
        wanted = output if last else None
        labels, shape, step = _step(chosen, needed, wanted)
        steps.append((places, step))
        terms.append((labels, shape))

    def run(*operands: Any) -> Any:
        values = list(operands)
        for places, step in steps:
            values.append(step(*[values.pop(i) for i in places]))
        return values[0]

    return run


def _step(chosen: list[tuple[str, Shape]], needed: set[str], wanted: str | None) -> tuple[str, Shape, Contract]:
    """Return the labels, the shape and the function of one contraction on a path."""
    inputs = tuple([labels for labels, _ in chosen])
    shapes = tuple([shape for _, shape in chosen])
    sizes: Sizes = {}
    for labels, shape in chosen:
        for c, n in zip(labels, shape, strict=True):
            sizes[c] = n if n != 1 else sizes.get(c, 1)
    kept = "".join([c for c in sizes if c in needed])
    if len(chosen) == 2 and math.prod(sizes.values()) >= _SMALL:
        step, labels = _pair(inputs, wanted, shapes, kept)
    else:
        labels = kept if wanted is None else wanted
        step = _looped(inputs, labels)
    return labels, tuple([sizes[c] for c in labels]), step


def _pair(
    inputs: tuple[str, ...], output: str | None, shapes: tuple[Shape, ...], kept: str = ""
) -> tuple[Contract, str]:
    """Return the contraction of two operands and the labels of its result: those of `kept`, in the handiest order,
    unless the output is given."""
    wanted = kept if output is None else output
    own = [dict(zip(labels, shape, strict=True)) for labels, shape in zip(inputs, shapes, strict=True)]
    # An axis of length 1 that is broadcast against a longer one is as good as absent.
    present = [[c for c in own[i] if own[i][c] != 1 or own[1 - i].get(c, 1) == 1] for i in (0, 1)]
    # A label that stands in one operand only, and not in the output, is summed before the product.
    there = [[c for c in present[i] if c in present[1 - i] or c in wanted] for i in (0, 1)]
    sizes = {c: own[i][c] for i in (0, 1) for c in there[i]}
    batch = [c for c in there[0] if c in there[1] and c in wanted]
    inner = [c for c in there[0] if c in there[1] and c not in wanted]
    left = [c for c in there[0] if c not in there[1]]
    right = [c for c in there[1] if c not in there[0]]
    rows, columns = math.prod([sizes[c] for c in left]), math.prod([sizes[c] for c in right])
    summed = math.prod([sizes[c] for c in inner])
    if summed == 1 or rows * columns == 1 or (batch and min(rows, columns) == 1):
        # Nothing that a matrix product would do faster: products of elements, or dot products of rows.
        labels = wanted
        return _looped(inputs, labels), labels
    natural = "".join([*batch, *left, *right])
    labels = natural if output is None else output
    stack = tuple([sizes[c] for c in batch])
    lay = (
        _layout(inputs[0], [*batch, *left, *inner], (*stack, rows, summed)),
        _layout(inputs[1], [*batch, *inner, *right], (*stack, summed, columns)),
    )
    shape = tuple([sizes[c] for c in natural])
    order = None if labels == natural else tuple([natural.index(c) for c in labels])

    def product(a: Any, b: Any) -> Any:
        y = np.matmul(lay[0](a), lay[1](b)).reshape(shape)
        return y if order is None else y.transpose(order)

    return product, labels


def _layout(labels: str, order: list[str], shape: Shape) -> Callable[[Any], Any]:
    """Return what brings an operand into the order of `order` (summing other labels) and to `shape`."""
    if len(set(labels)) == len(labels) == len(order):
        axes = tuple([labels.index(c) for c in order])
        if axes == tuple(range(len(axes))):
            return lambda a: a.reshape(shape)
        return lambda a: a.transpose(axes).reshape(shape)
    text = f"{labels}->{''.join(order)}"
    return lambda a: np.einsum(text, a).reshape(shape)
