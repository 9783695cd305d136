"""What NumPy's protocols do not dispatch, for every kind of array: creation, scatter-add, buffers.

Rules compute with arrays of any library that speaks NumPy's protocols (CuPy's, for one). The few calls that do not
dispatch on their arguments go through here, and nothing else may name a library.
"""

from __future__ import annotations

import math
import sys
import threading
from typing import Any

import numpy as np


def like(x: Any) -> Any:
    """Return the module that makes arrays of `x`'s kind: ``numpy``, or ``cupy`` for CuPy's arrays."""
    if isinstance(x, (np.ndarray, np.generic)) or not hasattr(x, "__cuda_array_interface__"):
        return np
    import cupy

    return cupy


class Once(tuple[Any, ...]):
    """An index that is known to name no element twice, though it holds arrays: made where that is so by construction.

    Assigning is several times faster than adding at the places of an index.
    """

    __slots__ = ()


def scatter_add(values: Any, shape: tuple[int, ...], index: Any) -> Any:
    """Return zeros of `shape` with `values` added at `index`; elements named several times add up.

    Allocates the result and nothing else.
    """
    xp = like(values)
    out = xp.zeros(shape, values.dtype)
    if names_once(index):
        out[index] = values
    else:
        xp.add.at(out, index, values)
    return out


def names_once(index: Any) -> bool:
    """Return whether `index` names no element twice, as far as that can be seen without looking at its arrays."""
    if type(index) is Once:
        return True
    parts = index if isinstance(index, tuple) else (index,)
    return all(
        part is None
        or part is Ellipsis
        or isinstance(part, (slice, int, np.integer, bool, np.bool_))
        or (isinstance(part, np.ndarray) and part.dtype == bool)
        for part in parts
    )


LARGE = 1 << 17
"""Bytes from which the system's allocator maps fresh pages, whose first touch costs more than arithmetic on them."""

_KEPT = 1 << 28
"""Bytes that each thread may hold for reuse."""


class _Buffers(threading.local):
    """Large buffers, handed out again once nobody refers to the array that was made of them.

    An array made of a buffer, and every view of it, has the buffer as its base; so the buffer's reference count tells
    whether any of them is alive. That is exact in CPython with its lock; elsewhere nothing is reused.
    """

    def __init__(self) -> None:
        self.by_size: dict[int, list[Any]] = {}
        self.kept = 0

    def take(self, size: int) -> Any:
        held = self.by_size.get(size)
        if held is None:
            held = self.by_size[size] = []
        for i in range(len(held)):
            if sys.getrefcount(held[i]) == _ALONE:
                return held[i]
        buffer = np.empty(size, np.uint8)
        if self.kept + size > _KEPT:
            self._drop_idle()
        if self.kept + size <= _KEPT:
            held.append(buffer)
            self.kept += size
        return buffer

    def _drop_idle(self) -> None:
        for size, held in self.by_size.items():
            busy = [held[i] for i in range(len(held)) if sys.getrefcount(held[i]) != _ALONE]
            self.kept -= size * (len(held) - len(busy))
            held[:] = busy


def _references_alone() -> int:
    held = [np.empty(1, np.uint8)]
    return sys.getrefcount(held[0])


_ALONE = _references_alone() if getattr(sys, "_is_gil_enabled", lambda: True)() else -1
_buffers = _Buffers()


def empty(like_array: Any, shape: tuple[int, ...], dtype: Any = None) -> Any:
    """Return an array with undefined values, of the kind of `like_array`; large ones from memory used before."""
    kind = np.dtype(like_array.dtype if dtype is None else dtype)
    size = math.prod(shape) * kind.itemsize
    if size < LARGE or type(like_array) is not np.ndarray or _ALONE < 0:
        return np.empty_like(like_array, shape=shape, dtype=kind)
    return _buffers.take(size).view(kind).reshape(shape)


def empty_as(like_array: Any, shape: tuple[int, ...], dtype: Any = None) -> Any:
    """Return what :func:`empty` does, its axes in the order in memory of those of `like_array`."""
    if like_array.flags.c_contiguous:
        return empty(like_array, shape, dtype)
    strides = like_array.strides
    order = sorted(range(len(shape)), key=lambda axis: -abs(strides[axis]))
    back = sorted(range(len(shape)), key=order.__getitem__)
    return empty(like_array, tuple([shape[axis] for axis in order]), dtype).transpose(back)
