"""Geometry of sliding windows: sizes, padding, strided views."""

from __future__ import annotations

import operator
from typing import Any, NamedTuple

import numpy as np

from ..backend import strided

Pair = tuple[int, int]
Padding = tuple[Pair, Pair]


class Windows(NamedTuple):
    """Where the windows of a 2-D convolution or pooling lie: per spatial axis, in elements."""

    kernel: Pair
    stride: Pair
    padding: Padding
    dilation: Pair

    def extent(self, axis: int) -> int:
        """Return the length that one window spans."""
        return self.dilation[axis] * (self.kernel[axis] - 1) + 1

    def out(self, shape: tuple[int, ...]) -> Pair:
        """Return the number of windows per spatial axis of an (n, c, h, w) array."""
        return self._count(shape, 0), self._count(shape, 1)

    def _count(self, shape: tuple[int, ...], axis: int) -> int:
        return (shape[2 + axis] + sum(self.padding[axis]) - self.extent(axis)) // self.stride[axis] + 1

    def padded(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """Return the shape after padding."""
        return (*shape[:2], shape[2] + sum(self.padding[0]), shape[3] + sum(self.padding[1]))

    def inner(self, shape: tuple[int, ...]) -> tuple[slice, ...]:
        """Return the index of the unpadded part of a padded array, given the unpadded shape."""
        (top, _), (left, _) = self.padding
        return (slice(None), slice(None), slice(top, top + shape[2]), slice(left, left + shape[3]))

    def offset(self, i: int, j: int, out: Pair) -> tuple[slice, ...]:
        """Return the index of element (i, j) of every window, in a padded array."""
        (sh, sw), (dh, dw) = self.stride, self.dilation
        return (
            slice(None),
            slice(None),
            slice(i * dh, i * dh + sh * (out[0] - 1) + 1, sh),
            slice(j * dw, j * dw + sw * (out[1] - 1) + 1, sw),
        )


def pair(name: str, what: str, value: Any, least: int) -> Pair:
    """Return an integer or a pair of integers as a pair.

    Raises
    ------
    TypeError
        If it is neither.
    ValueError
        If a number is below `least`.
    """
    items = tuple(value) if isinstance(value, (tuple, list)) else (value, value)
    if len(items) != 2:
        raise ValueError(f"{name}: {what} must be a number or a pair, got {value!r}")
    try:
        first, second = operator.index(items[0]), operator.index(items[1])
    except TypeError:
        raise TypeError(f"{name}: {what} must be an integer or a pair of them, got {value!r}") from None
    if min(first, second) < least:
        raise ValueError(f"{name}: {what} must be at least {least}, got {value!r}")
    return first, second


def windows(
    name: str,
    shape: tuple[int, ...],
    kernel: Any,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    floor: bool = False,
) -> Windows:
    """Check the geometry of windows over an array of shape (n, c, h, w).

    Parameters
    ----------
    name : str
        The op, for messages.
    shape : tuple of int
    kernel, stride, dilation : int or pair of int
        For height and width.
    padding : int, pair of int, or {"valid", "same", "full"}
        Zeros before and after each axis; "same" keeps the size (for stride 1), "full" lets the window overlap the
        array by as little as one element.
    floor : bool
        Where the last window does not end at the border: leave the rest out, in place of an error.

    Raises
    ------
    ValueError, TypeError
        Naming the sizes.
    """
    if len(shape) != 4:
        raise ValueError(f"{name}: expected an input of shape (n, channels, height, width), got {shape}")
    k = pair(name, "kernel_size", kernel, 1)
    s = pair(name, "stride", stride, 1)
    d = pair(name, "dilation", dilation, 1)
    spans = [d[i] * (k[i] - 1) for i in (0, 1)]
    if isinstance(padding, str):
        if padding == "valid":
            p: Padding = ((0, 0), (0, 0))
        elif padding == "full":
            p = ((spans[0], spans[0]), (spans[1], spans[1]))
        elif padding == "same":
            if s != (1, 1):
                raise ValueError(f"{name}: padding 'same' needs stride 1, got {stride!r}")
            p = ((spans[0] // 2, spans[0] - spans[0] // 2), (spans[1] // 2, spans[1] - spans[1] // 2))
        else:
            raise ValueError(f"{name}: padding must be a number, a pair, 'valid', 'same' or 'full', got {padding!r}")
    else:
        ph, pw = pair(name, "padding", padding, 0)
        p = ((ph, ph), (pw, pw))
    for i, axis in enumerate(("height", "width")):
        n, total = shape[2 + i], shape[2 + i] + sum(p[i])
        room = total - spans[i] - 1
        text = f"{axis} {n} + padding {p[i][0]} + {p[i][1]}, kernel {k[i]}, dilation {d[i]}, stride {s[i]}"
        if room < 0:
            raise ValueError(f"{name}: the window does not fit into the input: {text}")
        if room % s[i] and not floor:
            raise ValueError(
                f"{name}: the windows do not end at the border: {text}: "
                f"({n} + {sum(p[i])} - {spans[i] + 1}) / {s[i]} + 1 is not an integer. "
                "Choose sizes that divide, or pass floor=True to leave the last rows or columns out"
            )
    return Windows(k, s, p, d)


def padded(x: Any, w: Windows, value: float = 0.0) -> Any:
    """Return `x` with its padding; itself if there is none."""
    if w.padding == ((0, 0), (0, 0)):
        return x
    out = np.full_like(x, value, shape=w.padded(x.shape))
    out[w.inner(x.shape)] = x
    return out


def view(x: Any, w: Windows) -> Any:
    """Return all windows of a padded array as a strided view, of shape (n, c, oh, ow, fh, fw)."""
    n, c, height, width = x.shape
    oh = (height - w.extent(0)) // w.stride[0] + 1
    ow = (width - w.extent(1)) // w.stride[1] + 1
    sn, sc, sh, sw = x.strides
    strides = (sn, sc, sh * w.stride[0], sw * w.stride[1], sh * w.dilation[0], sw * w.dilation[1])
    return strided(x, (n, c, oh, ow, *w.kernel), strides)
