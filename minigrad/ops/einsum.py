"""Einstein's summation convention."""

from __future__ import annotations

from collections import Counter
from functools import lru_cache
from typing import Any

import numpy as np

from ..kinds import linear, on_arrays
from ..protocol import public
from ..tensor import Tensor, asarray
from ._contraction import contract

_LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

_einsum = linear(
    contract,
    lambda g, k, shapes, others, inputs, output: _einsum_rule(g, k, shapes, others, inputs, output),
    name="einsum",
    arguments=("operands",),
    local=["einsum of the other operands"],
    variadic=True,
)
_any_einsum = on_arrays(_einsum)


def _einsum_rule(
    g: Any,
    k: int,
    shapes: tuple[tuple[int, ...], ...],
    others: tuple[Any, ...],
    inputs: tuple[str, ...],
    output: str,
) -> Any:
    """The transpose in operand `k`: another einsum, of the gradient and the other operands.

    A label that stands twice in the operand becomes two, tied by an identity matrix; one that stands nowhere else, or
    only with size 1, comes from a vector of ones.
    """
    labels = [output, *[s for i, s in enumerate(inputs) if i != k]]
    operands = [g, *[v for i, v in enumerate(others) if i != k]]
    unused = iter([c for c in _LETTERS if c not in "".join([*inputs, output])])
    sizes: dict[str, int] = {}
    for s, shape in zip(inputs, shapes, strict=True):
        for label, n in zip(s, shape, strict=True):
            sizes[label] = n if n != 1 else sizes.get(label, 1)
    # With the sizes they have there: an axis of length 1 is broadcast.
    present = {(c, n) for s, v in zip(labels, operands, strict=True) for c, n in zip(s, v.shape, strict=True)}
    target = ""
    for label in inputs[k]:
        if label not in target:
            if (label, sizes[label]) not in present:
                labels.append(label)
                operands.append(np.ones(sizes[label], g.dtype))
            target += label
        else:
            copy = next(unused)
            labels.append(label + copy)
            operands.append(np.eye(sizes[label], dtype=g.dtype))
            target += copy
    return _any_einsum(*operands, inputs=tuple(labels), output=target)


@lru_cache(maxsize=1024)
def _parse(subscripts: str, shapes: tuple[tuple[int, ...], ...]) -> tuple[tuple[str, ...], str]:
    """Return explicit labels for every operand and the output: no ellipsis, no implicit output."""
    text = subscripts.replace(" ", "")
    left, arrow, right = text.partition("->")
    terms = left.split(",")
    if len(terms) != len(shapes):
        raise ValueError(f"einsum: {subscripts!r} names {len(terms)} operands, got {len(shapes)}")
    wide = 0
    for term, shape in zip(terms, shapes, strict=True):
        named = term.replace("...", "", 1)
        if not all(c in _LETTERS for c in named):
            raise ValueError(f"einsum: {term!r} in {subscripts!r} is not made of letters and one '...'")
        if "..." in term:
            wide = max(wide, len(shape) - len(named))
        if len(named) > len(shape) or ("..." not in term and len(named) != len(shape)):
            raise ValueError(f"einsum: {term!r} names {len(named)} axes of an operand of shape {shape}")
    spare = [c for c in _LETTERS if c not in text][:wide]
    if len(spare) < wide:
        raise ValueError(f"einsum: {subscripts!r} needs more than {len(_LETTERS)} labels")
    inputs = []
    for term, shape in zip(terms, shapes, strict=True):
        count = len(shape) - len(term.replace("...", "", 1))
        inputs.append(term.replace("...", "".join(spare[wide - count :])))
    if arrow:
        output = right.replace("...", "".join(spare), 1)
    else:
        counts = Counter("".join(t.replace("...", "") for t in terms))
        output = "".join(spare) + "".join(sorted(c for c, n in counts.items() if n == 1))
    known = set("".join(inputs))
    for c in output:
        if c not in known or output.count(c) > 1:
            raise ValueError(f"einsum: output label {c!r} in {subscripts!r} is unknown or stands twice")
    sizes: dict[str, int] = {}
    for s, shape in zip(inputs, shapes, strict=True):
        for label, n in zip(s, shape, strict=True):
            if sizes.setdefault(label, n) != n:
                if 1 not in (n, sizes[label]):
                    raise ValueError(
                        f"einsum: label {label!r} in {subscripts!r} has sizes {sizes[label]} and {n} "
                        f"(operands of shapes {', '.join(map(str, shapes))})"
                    )
                sizes[label] = max(n, sizes[label])
    return tuple(inputs), output


@public(np.einsum)
def einsum(subscripts: str, *operands: Any, optimize: Any = True) -> Tensor:
    """Sum products of elements over the labels that the output leaves out (Einstein's convention).

    Traces (``"ii->"``), diagonals, ellipsis and an implicit output are supported. Local gradient: another einsum, of
    the other operands.

    Parameters
    ----------
    subscripts : str
        As in NumPy: ``"ij,jk->ik"``.
    *operands : Tensor or array_like
    optimize : object
        Accepted for NumPy's sake: the order of contraction is always chosen, once per subscripts and shapes.

    Raises
    ------
    TypeError
        If the subscripts are not a string (NumPy's form with lists of labels is not supported).
    ValueError
        If the subscripts do not fit the operands.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.einsum("ij,j->i", [[1.0, 2.0], [3.0, 4.0]], [1.0, 1.0])
    Tensor([3., 7.], dtype=float64)
    """
    if not isinstance(subscripts, str):
        raise TypeError(f"einsum: the subscripts must be a str, got {type(subscripts).__name__}")
    tensors = [asarray(v) for v in operands]
    inputs, output = _parse(subscripts, tuple([t._data.shape for t in tensors]))
    return _einsum(*tensors, inputs=inputs, output=output)
