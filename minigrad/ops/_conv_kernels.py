"""Convolution and pooling on raw arrays.

Images are convolved one at a time: the windows of one image fit into the cache, and ``W @ columns`` writes the result
in its final place. The matrix of all windows of the batch is never built.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..backend import empty
from ._windows import Windows, padded, view


def _columns(xp: Any, w: Windows, groups: int) -> Any:
    """Return, as a view, the windows of a padded batch as (n, groups, c/groups · fh · fw axes, oh, ow)."""
    v = view(xp, w)
    n, c, oh, ow, fh, fw = v.shape
    return (
        v.transpose(0, 1, 4, 5, 2, 3).reshape(n, groups, c // groups, fh, fw, oh, ow)
        if groups == 1
        else (
            np.lib.stride_tricks.as_strided(
                v,
                (n, groups, c // groups, fh, fw, oh, ow),
                (v.strides[0], v.strides[1] * (c // groups), v.strides[1], *v.strides[4:], *v.strides[2:4]),
            )
        )
    )


def conv_forward(x: Any, weight: Any, w: Windows, groups: int) -> Any:
    """Return the convolution, of shape (n, out, oh, ow)."""
    xp = padded(x, w)
    oh, ow = w.out(x.shape)
    n, o = len(x), len(weight)
    rows = weight.reshape(groups, o // groups, -1)
    dtype = np.result_type(x, weight)
    out = empty(x, (n, groups, o // groups, oh * ow), dtype)
    windows = _columns(xp, w, groups)
    buffer = np.empty_like(x, shape=windows.shape[1:])
    flat = buffer.reshape(groups, -1, oh * ow)
    for i in range(n):
        np.copyto(buffer, windows[i])
        np.matmul(rows, flat, out=out[i])
    return out.reshape(n, o, oh, ow)


def conv_weight(g: Any, x: Any, weight_shape: tuple[int, ...], w: Windows, groups: int) -> Any:
    """Return the gradient at the weight."""
    xp = padded(x, w)
    n, o = g.shape[:2]
    windows = _columns(xp, w, groups)
    buffer = np.empty_like(x, shape=windows.shape[1:])
    flat = buffer.reshape(groups, -1, g.shape[2] * g.shape[3])
    gs = g.reshape(n, groups, o // groups, -1)
    total = np.zeros_like(g, shape=(groups, o // groups, flat.shape[1]))
    part = np.empty_like(total)
    for i in range(n):
        np.copyto(buffer, windows[i])
        np.matmul(gs[i], flat.transpose(0, 2, 1), out=part)
        total += part
    return total.reshape(weight_shape)


def conv_input(g: Any, weight: Any, x_shape: tuple[int, ...], w: Windows, groups: int) -> Any:
    """Return the gradient at the input."""
    # It reads every entry of g once per filter element, the other way writes every entry of x so often.
    if w.stride == (1, 1) and len(weight) <= 2 * x_shape[1]:
        return _conv_input_by_convolution(g, weight, w, groups)
    n, o, oh, ow = g.shape
    fh, fw = w.kernel
    dtype = np.result_type(g, weight)
    out = np.zeros_like(g, shape=w.padded(x_shape), dtype=dtype)
    columns = weight.reshape(groups, o // groups, -1).transpose(0, 2, 1)
    gs = g.reshape(n, groups, o // groups, oh * ow)
    buffer = np.empty_like(out, shape=(groups, columns.shape[1], oh * ow))
    parts = buffer.reshape(x_shape[1], fh, fw, oh, ow)
    for m in range(n):
        np.matmul(columns, gs[m], out=buffer)
        image = out[m : m + 1]
        for i in range(fh):
            for j in range(fw):
                image[w.offset(i, j, (oh, ow))] += parts[:, i, j]
    return out[w.inner(x_shape)]


def _conv_input_by_convolution(g: Any, weight: Any, w: Windows, groups: int) -> Any:
    """At stride 1 the transpose is itself a convolution, with the filters turned by 180 degrees: one matrix product."""
    o, per, fh, fw = weight.shape
    turned = weight.reshape(groups, o // groups, per, fh, fw)[..., ::-1, ::-1].swapaxes(1, 2)
    turned = turned.reshape(groups * per, o // groups, fh, fw)
    margins = [(w.extent(i) - 1 - before, w.extent(i) - 1 - after) for i, (before, after) in enumerate(w.padding)]
    wide = [(max(before, 0), max(after, 0)) for before, after in margins]
    # Padding wider than the window reached: those rows and columns of g saw nothing but padding.
    (top, bottom), (left, right) = [(max(-before, 0), max(-after, 0)) for before, after in margins]
    g = g[:, :, top : g.shape[2] - bottom, left : g.shape[3] - right]
    return conv_forward(g, turned, Windows(w.kernel, (1, 1), (wide[0], wide[1]), w.dilation), groups)


def max_pool(x: Any, w: Windows) -> tuple[Any, Any]:
    """Return the maxima of the windows, and what :func:`max_pool_input` needs to find the first one in each."""
    if _tiles_by_two(w):
        return _max_pool_by_two(x, w.out(x.shape))
    xp = padded(x, w, -np.inf)
    out = w.out(x.shape)
    best = None
    for i in range(w.kernel[0]):
        for j in range(w.kernel[1]):
            part = xp[w.offset(i, j, out)]
            if best is None:
                best = part.copy()
                place = np.zeros_like(best, dtype=np.intp if w.kernel[0] * w.kernel[1] > 255 else np.uint8)
            else:
                np.copyto(place, i * w.kernel[1] + j, where=part > best)
                np.maximum(best, part, out=best)
    return best, place


def max_pool_input(g: Any, place: Any, x_shape: tuple[int, ...], w: Windows) -> Any:
    """Return the gradient at the input: each upstream entry goes to the place of its maximum."""
    if _tiles_by_two(w):
        return _max_pool_input_by_two(g, place, x_shape)
    dx = np.zeros_like(g, shape=w.padded(x_shape))
    for i in range(w.kernel[0]):
        for j in range(w.kernel[1]):
            dx[w.offset(i, j, g.shape[2:])] += g * (place == i * w.kernel[1] + j)
    return dx[w.inner(x_shape)]


def _tiles_by_two(w: Windows) -> bool:
    """Whether these are the commonest windows, which two comparisons per tile decide: 2 by 2, side by side."""
    return w == Windows((2, 2), (2, 2), ((0, 0), (0, 0)), (1, 1))


def _max_pool_by_two(x: Any, out: tuple[int, int]) -> tuple[Any, Any]:
    rows, columns = 2 * out[0], 2 * out[1]
    left, right = x[:, :, :rows, 0:columns:2], x[:, :, :rows, 1:columns:2]
    best = np.maximum(left, right, out=empty(x, left.shape))
    # First within each row, then between the two rows: at a tie the first in row-major order wins.
    by_column = right > left
    upper, lower = best[:, :, 0::2], best[:, :, 1::2]
    return np.maximum(upper, lower), (by_column, lower > upper)


def _max_pool_input_by_two(g: Any, place: Any, x_shape: tuple[int, ...]) -> Any:
    by_column, by_row = place
    rows = empty(g, by_column.shape)
    np.multiply(g, by_row, out=rows[:, :, 1::2])
    np.subtract(g, rows[:, :, 1::2], out=rows[:, :, 0::2])
    height, width = rows.shape[2], 2 * rows.shape[3]
    covered = (height, width) == x_shape[2:]
    dx = empty(g, x_shape) if covered else np.zeros_like(g, shape=x_shape)
    right = dx[:, :, :height, 1:width:2]
    np.multiply(rows, by_column, out=right)
    np.subtract(rows, right, out=dx[:, :, :height, 0:width:2])
    return dx


def sum_windows(x: Any, w: Windows) -> Any:
    """Return the sum of each window."""
    xp = padded(x, w)
    out = w.out(x.shape)
    total = None
    for i in range(w.kernel[0]):
        for j in range(w.kernel[1]):
            part = xp[w.offset(i, j, out)]
            if total is None:
                total = part.copy()
            else:
                total += part
    return total


def spread_windows(g: Any, x_shape: tuple[int, ...], w: Windows) -> Any:
    """Return the transpose of :func:`sum_windows`: add each entry to all elements of its window."""
    dx = np.zeros_like(g, shape=w.padded(x_shape))
    for i in range(w.kernel[0]):
        for j in range(w.kernel[1]):
            dx[w.offset(i, j, g.shape[2:])] += g
    return dx[w.inner(x_shape)]
