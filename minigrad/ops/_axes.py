"""Checks of axes and shapes that the families share."""

from __future__ import annotations

import math
import operator
from typing import Any


def axis_of(name: str, axis: Any, ndim: int) -> int:
    """Return `axis` as a number from 0 to ndim - 1.

    Raises
    ------
    TypeError
        If it is not an integer.
    IndexError
        If it is out of range.
    """
    try:
        i = operator.index(axis)
    except TypeError:
        raise TypeError(f"{name}: axis must be an integer, got {type(axis).__name__} {axis!r}") from None
    if not -ndim <= i < ndim:
        raise IndexError(f"{name}: axis {i} is out of range for a tensor with {ndim} axes")
    return i % ndim


def axes_of(name: str, axis: Any, ndim: int) -> tuple[int, ...]:
    """Return `axis` (None for all, an integer or a tuple of them) as a tuple of numbers from 0 to ndim - 1.

    Raises
    ------
    TypeError, IndexError
        As :func:`axis_of`.
    ValueError
        If an axis comes twice.
    """
    if axis is None:
        return tuple(range(ndim))
    if not isinstance(axis, (tuple, list)):
        return (axis_of(name, axis, ndim),)
    axes = tuple([axis_of(name, a, ndim) for a in axis])
    if len(set(axes)) != len(axes):
        raise ValueError(f"{name}: axis {tuple(axis)} names an axis twice")
    return axes


def kept_shape(shape: tuple[int, ...], axes: tuple[int, ...]) -> tuple[int, ...]:
    """Return `shape` with 1 in the place of each of `axes`: that of a reduction with keepdims."""
    return tuple([1 if i in axes else n for i, n in enumerate(shape)])


def shape_of(name: str, shape: Any) -> tuple[int, ...]:
    """Return a shape argument (an integer or a sequence of them) as a tuple of ints."""
    items = shape if isinstance(shape, (tuple, list)) else (shape,)
    try:
        return tuple([operator.index(n) for n in items])
    except TypeError:
        raise TypeError(f"{name}: a shape must be integers, got {shape!r}") from None


def rows(x: Any, axes: tuple[int, ...]) -> Any:
    """Return `x`, an array or tensor, with `axes` merged into one last axis behind the others."""
    rest = tuple([i for i in range(x.ndim) if i not in axes])
    length = math.prod([x.shape[i] for i in axes])
    moved = x if rest + axes == tuple(range(x.ndim)) else x.transpose(rest + axes)
    return moved.reshape((*[x.shape[i] for i in rest], length))


def unrows(r: Any, axes: tuple[int, ...], shape: tuple[int, ...]) -> Any:
    """Undo :func:`rows`: return `r` in `shape`, with its last axis split into `axes` again."""
    order = (*[i for i in range(len(shape)) if i not in axes], *axes)
    split = r.reshape(tuple([shape[i] for i in order]))
    if order == tuple(range(len(shape))):
        return split
    return split.transpose(tuple(sorted(range(len(order)), key=order.__getitem__)))
