"""What NumPy's protocols do not dispatch, for every kind of array: creation, scatter-add, buffers.

Rules compute with arrays of any library that speaks NumPy's protocols (CuPy's, for one). The few calls that do not
dispatch on their arguments go through here, and nothing else may name a library.
"""

from __future__ import annotations

import math
import sys
import threading
from bisect import bisect_left, insort
from typing import Any

import numpy as np


def like(x: Any) -> Any:
    """Return the module that makes arrays of `x`'s kind: ``numpy``, or ``cupy`` for CuPy's arrays."""
    if isinstance(x, (np.ndarray, np.generic)) or not hasattr(x, "__cuda_array_interface__"):
        return np
    import cupy

    return cupy


def strided(x: Any, shape: tuple[int, ...], strides: tuple[int, ...]) -> Any:
    """Return a view of `x` of any shape and strides, to be read only: its elements may share memory."""
    view = like(x).lib.stride_tricks.as_strided(x, shape, strides)
    if type(view) is np.ndarray:
        view.flags.writeable = False
    return view


class Once(tuple[Any, ...]):
    """An index that is known to name no element twice, though it holds arrays: made where that is so by construction.

    Assigning is several times faster than adding at the places of an index.
    """

    __slots__ = ()


class Scattered:
    """The gradient of a value of which an index was read: 0 but at the index. What the rule for reading returns.

    A sweep adds it into the sum it makes anyhow, so that k pieces of one array cost one array and not k of its size.

    Attributes
    ----------
    values : array
    shape : tuple of int
        Of the whole.
    index
        Any index; elements that it names several times get the sum of their values.
    """

    __slots__ = ("index", "shape", "values")

    # Of no array: whoever compares dtypes learns that this is none yet.
    dtype = None

    def __init__(self, values: Any, shape: tuple[int, ...], index: Any) -> None:
        self.values, self.shape, self.index = values, shape, index

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        return self.dense(dtype)

    def dense(self, dtype: Any = None) -> Any:
        """Return this as an array of its own, in the dtype of the values or another."""
        return scatter_add(self.values, self.shape, self.index, dtype)

    def add_to(self, out: Any) -> None:
        """Add this to an array of its shape, in place."""
        if names_once(self.index):
            out[self.index] += self.values
        else:
            add_at(out, self.index, self.values)


def scatter_add(values: Any, shape: tuple[int, ...], index: Any, dtype: Any = None) -> Any:
    """Return zeros of `shape` with `values` added at `index`; elements named several times add up.

    Allocates the result and nothing else of its size.
    """
    out = like(values).zeros(shape, values.dtype if dtype is None else dtype)
    if names_once(index):
        out[index] = values
    else:
        add_at(out, index, values)
    return out


def add_at(out: Any, index: Any, values: Any) -> None:
    """Add `values` to `out` at `index`, in the order of the values; elements named several times get all of theirs.

    Where arrays of integers name whole rows of memory, the sum is the same to the last bit as that of ``np.add.at``,
    and several times faster: NumPy has a fast loop for flat arrays only.
    """
    rows = _rows(out, index)
    if rows is None or values.shape != (*rows.shape, *out.shape[_depth(index) :]):
        like(out).add.at(out, index, values)
        return
    width = math.prod(out.shape[_depth(index) :])
    flat, values = out.reshape(-1), np.ascontiguousarray(values, dtype=out.dtype).reshape(-1)
    if width % 2 == 0 and out.dtype.char in _PAIRS:
        # A complex number is two real ones, added at the cost of finding the place of one.
        pair = _PAIRS[out.dtype.char]
        flat, values, width = flat.view(pair), values.view(pair), width // 2
    starts = rows.reshape(-1, 1) * width
    columns = np.arange(width)
    step = max(1, _PLACES // width)
    for i in range(0, len(starts), step):
        places = (starts[i : i + step] + columns).reshape(-1)
        np.add.at(flat, places, values[i * width : (i + step) * width])


_PAIRS = {"f": np.complex64, "d": np.complex128}

_PLACES = 1 << 14
"""Places that are listed at once: so many fit into the cache (measured)."""


def _depth(index: Any) -> int:
    return len(index) if isinstance(index, tuple) else 1


def _rows(out: Any, index: Any) -> Any:
    """Return the numbers of the rows of memory that an index made of integer arrays alone names; None for any other."""
    parts = index if isinstance(index, tuple) else (index,)
    if type(out) is not np.ndarray or not out.flags.c_contiguous or not 0 < len(parts) <= out.ndim or not out.size:
        return None
    for part, n in zip(parts, out.shape, strict=False):
        if type(part) is not np.ndarray or part.dtype.kind not in "iu" or not part.size:
            return None
        if part.min() < -n or part.max() >= n:
            return None  # np.add.at has the words for it
    rows: Any = 0
    for part, n in zip(parts, out.shape, strict=False):
        rows = rows * n + (part.astype(np.intp) % n)
    return rows


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

_IDLE = 1 << 11
"""Requests after which a buffer that served none of them is given back: several training steps of most networks."""


class _Buffer:
    """A piece of memory, and the number of the request that it served last."""

    __slots__ = ("memory", "size", "used")

    def __init__(self, size: int, used: int) -> None:
        self.memory: Any = np.empty(size, np.uint8)
        self.size, self.used = size, used


class _Buffers(threading.local):
    """Large buffers, handed out again once nobody refers to the array that was made of them.

    An array made of a buffer, and every view of it, has the buffer's memory as its base; so the reference count of the
    memory tells whether any of them is alive. That is exact in CPython with its lock; elsewhere nothing is reused. Each
    thread has buffers of its own; what it made of them may go to other threads and die there.
    """

    def __init__(self) -> None:
        self.buffers: list[_Buffer] = []  # by size
        self.kept = 0
        self.requests = 0

    def take(self, size: int) -> Any:
        """Return `size` bytes that nobody refers to."""
        self.requests += 1
        if self.requests % _IDLE == 0:
            self._drop(self.requests - _IDLE)
        buffers = self.buffers
        for i in range(bisect_left(buffers, size, key=_size), len(buffers)):
            buffer = buffers[i]
            if buffer.size > size + size // 2:
                break
            # Held before it is counted: should anything run in between and ask for memory too, it finds this one taken.
            memory = buffer.memory
            if sys.getrefcount(memory) == _ALONE:
                buffer.used = self.requests
                return memory[:size]
        buffer = _Buffer(size, self.requests)
        if self.kept + size > _KEPT:
            self._drop(self.requests)
        if self.kept + size <= _KEPT:
            insort(self.buffers, buffer, key=_size)
            self.kept += size
        return buffer.memory[:]

    def _drop(self, before: int) -> None:
        """Give back the buffers that nobody refers to, of those used last before a request."""
        self.buffers = [buffer for buffer in self.buffers if buffer.used >= before or _references(buffer) != _ALONE]
        self.kept = sum(buffer.size for buffer in self.buffers)


def _size(buffer: _Buffer) -> int:
    return buffer.size


def _references(buffer: _Buffer) -> int:
    """Count the references to a buffer's memory while one more is held, as whoever takes it does."""
    memory = buffer.memory
    return sys.getrefcount(memory)


_ALONE = _references(_Buffer(1, 0)) if getattr(sys, "_is_gil_enabled", lambda: True)() else -1
_buffers = _Buffers()


def empty(like_array: Any, shape: tuple[int, ...], dtype: Any = None) -> Any:
    """Return an array with undefined values, of the kind of `like_array`; large ones from memory used before.

    It is contiguous in row-major order.
    """
    kind = np.dtype(like_array.dtype if dtype is None else dtype)
    size = math.prod(shape) * kind.itemsize
    if size < LARGE or type(like_array) is not np.ndarray or _ALONE < 0:
        return np.empty_like(like_array, shape=shape, dtype=kind, order="C")
    return _buffers.take(size).view(kind).reshape(shape)


def empty_as(like_array: Any, shape: tuple[int, ...], dtype: Any = None) -> Any:
    """Return what :func:`empty` does, its axes in the order that those of `like_array` have in memory."""
    if type(like_array) is not np.ndarray:
        return np.empty_like(like_array, shape=shape, dtype=dtype)
    if like_array.flags.c_contiguous:
        return empty(like_array, shape, dtype)
    strides = like_array.strides
    order = sorted(range(len(shape)), key=lambda axis: -abs(strides[axis]))
    back = sorted(range(len(shape)), key=order.__getitem__)
    return empty(like_array, tuple([shape[axis] for axis in order]), dtype).transpose(back)
