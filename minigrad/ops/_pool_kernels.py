"""Pooling on raw arrays, in whatever order they lie in memory; what comes out lies in the order of what went in."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..backend import empty_as
from ..settle import Noticed
from ._windows import Windows, padded

_ROWS = 1 << 17
"""Elements of the input that are worked on together, so that what lies between the passes stays in the cache."""


def max_pool(x: Any, w: Windows) -> tuple[Any, Any]:
    """Return the maxima of the windows, and what :func:`max_pool_input` needs to find the first one in each.

    Where a window holds a NaN the maximum is NaN, and its gradient goes to one element of the window.
    """
    if _tiles_by_two(w):
        return _max_by_two(x, w.out(x.shape))
    xp = padded(x, w, -np.inf)
    out = w.out(x.shape)
    best = None
    for i in range(w.kernel[0]):
        for j in range(w.kernel[1]):
            part = xp[w.offset(i, j, out)]
            if best is None:
                best = empty_as(x, part.shape)
                best[...] = part
                place = np.zeros_like(best, dtype=np.intp if w.kernel[0] * w.kernel[1] > 255 else np.uint8)
            else:
                np.copyto(place, i * w.kernel[1] + j, where=part > best)
                np.maximum(best, part, out=best)
    return best, place


def max_pool_input(g: Any, place: Any, x_shape: tuple[int, ...], w: Windows) -> Any:
    """Return the gradient at the input: each upstream entry goes to the place of its maximum, and 0 to the others."""
    with Noticed() as met:
        dx = _max_input(g, place, x_shape, w)
    if not met:
        return dx
    # Infinite entries met the factors of 0 that stand for the others; they are put in their places by themselves.
    dx = _max_input(np.where(np.isinf(g), 0.0, g), place, x_shape, w)
    with np.errstate(invalid="ignore"):  # where windows overlap, infinities of both signs may truly meet
        for end in (np.inf, -np.inf):
            dx[_max_input((g == end).astype(g.dtype), place, x_shape, w) > 0] += end
    return dx


def _max_input(g: Any, place: Any, x_shape: tuple[int, ...], w: Windows) -> Any:
    if _tiles_by_two(w):
        return _max_input_by_two(g, place, x_shape)
    dx = _zeros_as(place, w.padded(x_shape), g.dtype)
    for i in range(w.kernel[0]):
        for j in range(w.kernel[1]):
            dx[w.offset(i, j, g.shape[2:])] += g * (place == i * w.kernel[1] + j)
    return dx[w.inner(x_shape)]


def sum_windows(x: Any, w: Windows) -> Any:
    """Return the sum of each window."""
    xp = padded(x, w)
    out = w.out(x.shape)
    total = None
    for i in range(w.kernel[0]):
        for j in range(w.kernel[1]):
            part = xp[w.offset(i, j, out)]
            if total is None:
                total = empty_as(x, part.shape)
                total[...] = part
            else:
                total += part
    return total


def spread_windows(g: Any, x_shape: tuple[int, ...], w: Windows) -> Any:
    """Return the transpose of :func:`sum_windows`: add each entry to all elements of its window."""
    dx = _zeros_as(g, w.padded(x_shape), g.dtype)
    for i in range(w.kernel[0]):
        for j in range(w.kernel[1]):
            dx[w.offset(i, j, g.shape[2:])] += g
    return dx[w.inner(x_shape)]


def _zeros_as(x: Any, shape: tuple[int, ...], dtype: Any) -> Any:
    out = empty_as(x, shape, dtype)
    out[...] = 0
    return out


def _tiles_by_two(w: Windows) -> bool:
    """Whether these are the commonest windows, which two comparisons per tile decide: 2 by 2, side by side."""
    return w == Windows((2, 2), (2, 2), ((0, 0), (0, 0)), (1, 1))


def _pieces(x: Any, shape: tuple[int, ...], height: int) -> list[tuple[slice, slice]]:
    """Split `shape`, by rows or by images, into pieces that lie side by side in `x`'s memory and fit the cache.

    Returns slices of images and of tiles of `height` rows.
    """
    n, c, rows, columns = shape
    everything = slice(None)
    if abs(x.strides[2]) > abs(x.strides[0]):
        step = max(1, _ROWS // max(1, n * c * columns * height))
        return [(everything, slice(i, i + step)) for i in range(0, rows, step)]
    step = max(1, _ROWS // max(1, c * rows * height * columns))
    return [(slice(i, i + step), everything) for i in range(0, n, step)]


def _rows_of(tiles: slice) -> slice:
    return tiles if tiles.start is None else slice(2 * tiles.start, 2 * tiles.stop)


def _max_by_two(x: Any, out: tuple[int, int]) -> tuple[Any, Any]:
    n, c = x.shape[:2]
    rows, columns = 2 * out[0], 2 * out[1]
    left, right = x[:, :, :rows, 0:columns:2], x[:, :, :rows, 1:columns:2]
    y = empty_as(x, (n, c, *out))
    by_column, by_row = empty_as(x, left.shape, bool), empty_as(x, y.shape, bool)
    # First within each row, then between the two rows: at a tie the first in row-major order wins.
    for images, tiles in _pieces(x, y.shape, 4):
        part = (images, slice(None), _rows_of(tiles))
        best = np.maximum(left[part], right[part], out=empty_as(left, left[part].shape))
        np.greater(right[part], left[part], out=by_column[part])
        upper, lower = best[:, :, 0::2], best[:, :, 1::2]
        part = (images, slice(None), tiles)
        np.maximum(upper, lower, out=y[part])
        np.greater(lower, upper, out=by_row[part])
    return y, (by_column, by_row)


def _max_input_by_two(g: Any, place: Any, x_shape: tuple[int, ...]) -> Any:
    by_column, by_row = place
    height, width = by_column.shape[2], 2 * by_column.shape[3]
    covered = (height, width) == x_shape[2:]
    dx = (empty_as if covered else _zeros_as)(by_row, x_shape, g.dtype)
    left, right = dx[:, :, :height, 0:width:2], dx[:, :, :height, 1:width:2]
    for images, tiles in _pieces(by_row, by_row.shape, 4):
        part = (images, slice(None), tiles)
        first = by_row[part]
        upstream = empty_as(first, first.shape, g.dtype)
        upstream[...] = g[part]
        both = empty_as(first, (*first.shape[:2], 2 * first.shape[2], first.shape[3]), g.dtype)
        np.multiply(upstream, first, out=both[:, :, 1::2])
        np.subtract(upstream, both[:, :, 1::2], out=both[:, :, 0::2])
        part = (images, slice(None), _rows_of(tiles))
        np.multiply(both, by_column[part], out=right[part])
        np.subtract(both, right[part], out=left[part])
    return dx
