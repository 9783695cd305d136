"""Convolution on raw arrays: which way is fastest for which batch.

Large batches are worked on as a whole, as the last axis (:mod:`._batch_last`). Few images, or few channels under them,
make thin matrix products; then images are convolved one at a time: the windows of one image fit into the cache, and
``W @ columns`` writes the result in its final place. The matrix of all windows of the batch is never built.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..backend import empty
from . import _batch_last
from ._batch_last import precision
from ._windows import Windows, padded, view


def _as_batch(n: int, channels: int, *arrays: Any) -> bool:
    """Whether to work on the batch as a whole: measured on whole training steps.

    Strided views that overlap need NumPy's own arrays; those of other libraries go image by image.
    """
    large = n >= 64 or (n >= 16 and channels >= 8)
    return large and all(type(a) is np.ndarray and a.size for a in arrays)


def conv_forward(x: Any, weight: Any, bias: Any, w: Windows, groups: int) -> Any:
    """Return the convolution, of shape (n, out, oh, ow), plus a bias if there is one."""
    if bias is not None and np.result_type(x, weight, bias) != np.result_type(x, weight):
        return conv_forward(x, weight, None, w, groups) + bias[:, None, None]
    if _as_batch(len(x), weight.shape[1], x, weight):
        return _batch_last.correlate(x, weight, bias, w, groups)
    oh, ow = w.out(x.shape)
    n, o = len(x), len(weight)
    compute = precision(x, weight)
    rows = weight.reshape(groups, o // groups, -1).astype(compute, copy=False)
    out = empty(x, (n, groups, o // groups, oh * ow), np.result_type(x, weight))
    windows = _columns(padded(x, w), w, groups)
    buffer = empty(x, windows.shape[1:], compute)
    flat = buffer.reshape(groups, -1, oh * ow)
    for i in range(n):
        np.copyto(buffer, windows[i])
        np.matmul(rows, flat, out=out[i])
    out = out.reshape(n, o, oh, ow)
    if bias is not None:
        out += bias[:, None, None]
    return out


def conv_weight(g: Any, x: Any, weight_shape: tuple[int, ...], w: Windows, groups: int) -> Any:
    """Return the gradient at the weight."""
    if _as_batch(len(x), weight_shape[1], g, x):
        return _batch_last.weight_gradient(g, x, weight_shape, w, groups)
    n, o = g.shape[:2]
    compute = precision(g, x)
    windows = _columns(padded(x, w), w, groups)
    buffer = empty(x, windows.shape[1:], compute)
    flat = buffer.reshape(groups, -1, g.shape[2] * g.shape[3])
    gs = g.reshape(n, groups, o // groups, flat.shape[2]).astype(compute, copy=False).swapaxes(2, 3)
    total = np.zeros_like(x, shape=(groups, flat.shape[1], o // groups), dtype=compute)
    part = np.empty_like(total)
    for i in range(n):
        np.copyto(buffer, windows[i])
        # In this order BLAS need not turn the larger operand.
        np.matmul(flat, gs[i], out=part)
        total += part
    return total.swapaxes(1, 2).reshape(weight_shape).astype(np.result_type(g, x), copy=False)


def conv_bias(g: Any) -> Any:
    """Return the gradient at the bias."""
    n, o, oh, ow = g.shape
    rows = _batch_last.images_last(g)
    if type(g) is np.ndarray and g.size and rows.flags.c_contiguous:
        # Whole rows are added first, at the speed of memory.
        sums = np.sum(rows.reshape(oh * ow, o * n), axis=0, dtype=precision(g))
        return np.sum(sums.reshape(o, n), axis=1).astype(g.dtype, copy=False)
    return np.sum(g, axis=(0, 2, 3))


def conv_input(g: Any, weight: Any, x_shape: tuple[int, ...], w: Windows, groups: int) -> Any:
    """Return the gradient at the input."""
    batch = _as_batch(len(g), weight.shape[1], g, weight)
    # At stride 1 the transpose is itself a convolution, with the filters turned by 180 degrees. It reads every entry of
    # g once per filter element; a product followed by additions writes every entry of x so often.
    if w.stride == (1, 1) and len(weight) <= (8 if batch else 2) * x_shape[1]:
        return _by_convolution(g, weight, w, groups)
    if batch:
        return _batch_last.spread(g, weight, x_shape, w, groups)
    n, o, oh, ow = g.shape
    fh, fw = w.kernel
    compute = precision(g, weight)
    out = np.zeros_like(g, shape=w.padded(x_shape), dtype=compute)
    columns = weight.reshape(groups, o // groups, -1).transpose(0, 2, 1).astype(compute, copy=False)
    gs = g.reshape(n, groups, o // groups, oh * ow).astype(compute, copy=False)
    buffer = empty(out, (groups, columns.shape[1], oh * ow))
    parts = buffer.reshape(x_shape[1], fh, fw, oh, ow)
    for m in range(n):
        np.matmul(columns, gs[m], out=buffer)
        image = out[m : m + 1]
        for i in range(fh):
            for j in range(fw):
                image[w.offset(i, j, (oh, ow))] += parts[:, i, j]
    return out[w.inner(x_shape)].astype(np.result_type(g, weight), copy=False)


def _by_convolution(g: Any, weight: Any, w: Windows, groups: int) -> Any:
    o, per, fh, fw = weight.shape
    turned = weight.reshape(groups, o // groups, per, fh, fw)[..., ::-1, ::-1].swapaxes(1, 2)
    turned = turned.reshape(groups * per, o // groups, fh, fw)
    margins = [(w.extent(i) - 1 - before, w.extent(i) - 1 - after) for i, (before, after) in enumerate(w.padding)]
    wide = [(max(before, 0), max(after, 0)) for before, after in margins]
    # Padding wider than the window reached: those rows and columns of g saw nothing but padding.
    (top, bottom), (left, right) = [(max(-before, 0), max(-after, 0)) for before, after in margins]
    g = g[:, :, top : g.shape[2] - bottom, left : g.shape[3] - right]
    return conv_forward(g, turned, None, Windows(w.kernel, (1, 1), (wide[0], wide[1]), w.dilation), groups)


def _columns(xp: Any, w: Windows, groups: int) -> Any:
    """Return, as a view, the windows of a padded batch as (n, groups, c/groups, fh, fw, oh, ow)."""
    v = view(xp, w).transpose(0, 1, 4, 5, 2, 3)
    n, c = v.shape[:2]
    # Splitting an axis never copies.
    return v.reshape(n, groups, c // groups, *v.shape[2:])
