"""Convolution with the batch as the last axis in memory: height, width, channels, images.

In that layout a convolution needs no matrix of windows. The input rows under one output row are copied into a *band* of
shape (width, fh, channels, images). One step to the right moves a window's column by a constant, so the columns of all
the pixels of the row are a strided view that overlaps itself, and one batched matrix product makes the row. The next
output row shares all but `stride` of its input rows: those stay where they are, new ones take the slots of the oldest,
and the filters turn instead. The band fits the L2 cache, and each input row is copied once.

The product is that of Chellapilla, Puri and Simard, "High performance convolutional neural networks for document
processing" (2006); overlapping columns are in Cho and Brand, "MEC: memory-efficient convolution for deep neural
network" (2017); the batch was the fastest axis in Krizhevsky's cuda-convnet.

Images go in and come out as (n, c, h, w) arrays, in any memory order; those that come out lie batch-last in memory.
Ufuncs keep that order, so the next layer finds its input as it wants it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.lib.stride_tricks import as_strided

from ..backend import empty
from ._windows import Windows

BLOCK = 256
"""Images that are worked on together: more would push the band out of the cache, and make no product faster."""

_GAP = 16
"""Elements between images that are copied next to each other: a cache line in single precision."""

_PRODUCTS = 1 << 19
"""Elements of the products, one per pixel, that are held before they are summed."""


def images_first(array: Any) -> Any:
    """View a (h, w, c, n) array as (n, c, h, w)."""
    return array.transpose(3, 2, 0, 1)


def images_last(array: Any) -> Any:
    """View a (n, c, h, w) array as (h, w, c, n)."""
    return array.transpose(2, 3, 1, 0)


def precision(*arrays: Any) -> Any:
    """Return the dtype to compute in: BLAS has no product in half precision, and sums in it lose digits."""
    dtype = np.result_type(*arrays)
    return np.dtype(np.float32) if dtype == np.float16 else dtype


def correlate(x: Any, weight: Any, bias: Any, w: Windows, groups: int) -> Any:
    """Return the convolution of a (n, c, h, w) array, plus a bias if there is one."""
    o, per, fh, fw = weight.shape
    n, dtype, compute = len(x), np.result_type(x, weight), precision(x, weight)
    oh, ow = w.out(x.shape)
    filters = weight.reshape(groups, o // groups, per, fh, fw).transpose(0, 1, 4, 3, 2).astype(compute)
    turned = [np.roll(filters, i, axis=3).reshape(groups, 1, o // groups, -1) for i in range(fh)]
    out = empty(x, (oh, ow, o, n), dtype)
    rows = out.reshape(oh, ow, groups, o // groups, n).transpose(0, 2, 1, 3, 4)
    column = None if bias is None else bias[:, None]
    for images in _blocks(n):
        for row, turn, columns in _steps(x[images], w, groups, compute):
            np.matmul(turned[turn], columns, out=rows[row, ..., images])
            if column is not None:
                # Here, while the row is in the cache.
                part = out[row, ..., images]
                np.add(part, column, out=part)
    return images_first(out)


def weight_gradient(g: Any, x: Any, weight_shape: tuple[int, ...], w: Windows, groups: int) -> Any:
    """Return the gradient of :func:`correlate` at the weight."""
    o, per, fh, fw = weight_shape
    n, compute = len(x), precision(g, x)
    # One product per pixel sums over the images, and the products are added up; one per column of the filters sums over
    # the row too, but its left side is only fh · per high, and g has to be turned for it.
    whole_rows = w.stride[1] == 1 and per * fh >= (96 if n >= 64 else 24)
    sum_products = _over_rows if whole_rows else _over_pixels
    total = np.zeros((groups, fw, fh, per, o // groups), compute)
    rows = _rows(g, groups)
    for images in _blocks(n):
        for row, turn, columns in _steps(x[images], w, groups, compute, whole_rows=whole_rows):
            slots = sum_products(columns, rows[row, ..., images]).reshape(total.shape)
            # Slot `turn` holds the window's first row.
            total[:, :, : fh - turn] += slots[:, :, turn:]
            total[:, :, fh - turn :] += slots[:, :, :turn]
    return total.transpose(0, 4, 3, 2, 1).reshape(weight_shape).astype(np.result_type(g, x), copy=False)


def _over_pixels(columns: Any, row: Any) -> Any:
    """Sum (groups, ow, k, n) columns times a (groups, ow, o, n) row over pixels and images: (groups, k, o)."""
    upstream = _contiguous_images(row, columns.dtype).swapaxes(2, 3)
    groups, ow, k, _ = columns.shape
    piece = max(1, _PRODUCTS // (groups * k * row.shape[2]))
    total: Any = None
    for start in range(0, ow, piece):
        part = slice(start, start + piece)
        products = empty(columns, (groups, min(piece, ow - start), k, row.shape[2]))
        np.matmul(columns[:, part], upstream[:, part], out=products)
        total = products.sum(axis=1) if total is None else np.add(total, products.sum(axis=1), out=total)
    return total


def _over_rows(columns: Any, row: Any) -> Any:
    """Multiply (groups, fw, fh · per, ow · n) columns by a (groups, ow, o, n) row: (groups, fw, fh · per, o)."""
    groups, ow, o, n = row.shape
    upstream = empty(columns, (groups, 1, ow, n, o))
    upstream[:, 0] = _contiguous_images(row, columns.dtype).swapaxes(2, 3)
    return np.matmul(columns, upstream.reshape(groups, 1, ow * n, o))


def spread(g: Any, weight: Any, x_shape: tuple[int, ...], w: Windows, groups: int) -> Any:
    """Return the gradient of :func:`correlate` at its input, for any stride: a matrix product, then col2im."""
    o, per, fh, fw = weight.shape
    n, c, height, width = x_shape
    oh, ow = w.out(x_shape)
    compute = precision(g, weight)
    filters = weight.reshape(groups, 1, o // groups, per, fh, fw).transpose(0, 1, 5, 4, 3, 2).astype(compute)
    filters = filters.reshape(groups, 1, -1, o // groups)
    out = empty(g, (height, width, c, n), compute)
    out[...] = 0
    pixels = out.reshape(height, width, groups, per, n).transpose(2, 1, 0, 3, 4)
    rows = _rows(g, groups)
    for images in _blocks(n):
        products = empty(g, (groups, ow, fw, fh, per, images.stop - images.start), compute)
        columns = products.reshape(groups, ow, fw * fh * per, -1)
        for row in range(oh):
            # The filters' rows that lie inside the image, and where.
            inner, lines = _reach(fh, height, row * w.stride[0] - w.padding[0][0], w.dilation[0])
            if inner.start == inner.stop:
                continue
            np.matmul(filters, _contiguous_images(rows[row, ..., images], compute), out=columns)
            for j in range(fw):
                inside, places = _reach(ow, width, j * w.dilation[1] - w.padding[1][0], w.stride[1])
                target = pixels[:, places, lines, :, images]
                target += products[:, inside, j, inner]
    return images_first(out).astype(np.result_type(g, weight), copy=False)


def _blocks(n: int) -> list[slice]:
    """Split `n` images into blocks of about equal size."""
    count = -(-n // BLOCK)
    return [slice(i * n // count, (i + 1) * n // count) for i in range(count)]


def _rows(g: Any, groups: int) -> Any:
    """View a (n, o, oh, ow) array as oh rows of shape (groups, ow, o / groups, n)."""
    n, o, oh, ow = g.shape
    return images_last(g).reshape(oh, ow, groups, o // groups, n).transpose(0, 2, 1, 3, 4)


def _contiguous_images(row: Any, dtype: Any) -> Any:
    """Return a row in the dtype, with its last axis contiguous as BLAS takes it."""
    if row.dtype == dtype and row.strides[-1] == row.itemsize:
        return row
    out = empty(row, row.shape, dtype)
    _copy(out, row)
    return out


def _copy(target: Any, row: Any) -> None:
    """Copy a row whose last axis is that of the images, which may lie far apart in memory."""
    if row.strides[-1] != row.itemsize:
        # First together, in the order in which they lie, and with a gap between them: read straight across, images a
        # large power of two apart would drive each other out of the cache, which takes ten times as long.
        n, rest = row.shape[-1], row.shape[:-1]
        order = sorted(range(len(rest)), key=lambda axis: -row.strides[axis])
        lying = row.transpose(-1, *order)
        near = empty(row, (n, math.prod(rest) + _GAP))[:, :-_GAP].reshape(lying.shape)
        near[...] = lying
        row = near.transpose([1 + order.index(axis) for axis in range(len(rest))] + [0])
    target[...] = row


class _Step(NamedTuple):
    """What one output row is made of."""

    row: int
    turn: int
    """The slot of the windows' first row; the other rows follow it in a circle."""
    columns: Any
    """(groups, ow, fw · fh · per, n) for one product per pixel, (groups, fw, fh · per, ow · n) for one per row."""


def _steps(x: Any, w: Windows, groups: int, dtype: Any, whole_rows: bool = False) -> Iterator[_Step]:
    """Yield what each output row is made of; the next step overwrites the columns."""
    oh, ow = w.out(x.shape)
    fh, sh, dh = w.kernel[0], w.stride[0], w.dilation[0]
    if not whole_rows and _is_band(x, w, groups, dtype):
        for row in range(oh):
            yield _Step(row, 0, _pixels(images_last(x)[None, row * sh, :, None], ow, w))
        return
    band = _band(x, w, groups, dtype, whole_rows)
    view = _whole_rows(band, ow, w) if whole_rows else _pixels(band, ow, w)
    apart = view.ndim == 5
    columns = empty(x, view.shape, dtype) if apart else view
    flat = columns.reshape(*view.shape[:2], -1, len(x)) if apart else view
    loaded = 0
    for row in range(oh):
        first = row * sh
        if dh == 1:
            for r in range(max(first, loaded), first + fh):
                _load(band, r % fh, x, r, w)
            loaded = first + fh
        else:
            for i in range(fh):
                _load(band, i, x, first + i * dh, w)
        if apart:
            columns[...] = view
        yield _Step(row, first % fh if dh == 1 else 0, flat)


def _is_band(x: Any, w: Windows, groups: int, dtype: Any) -> bool:
    """Whether a row of `x`, as it lies in memory, is a band already: for filters of height 1."""
    of_image, of_channel, _, of_column = x.strides
    return bool(
        w.kernel[0] == w.dilation[1] == groups == 1
        and w.padding == ((0, 0), (0, 0))
        and x.dtype == dtype
        and of_image == x.itemsize
        and of_column == x.shape[1] * of_channel
    )


def _band(x: Any, w: Windows, groups: int, dtype: Any, whole_rows: bool) -> Any:
    """Return an empty band, of shape (groups, padded width, fh, per, n), with zeros where the padding is."""
    n, c = x.shape[:2]
    shape = (groups, w.padded(x.shape)[3], w.kernel[0], c // groups, n)
    order, back = ((0, 2, 3, 1, 4), (0, 3, 1, 2, 4)) if whole_rows else ((0, 1, 2, 3, 4), (0, 1, 2, 3, 4))
    band = empty(x, tuple([shape[i] for i in order]), dtype).transpose(back)
    left = w.padding[1][0]
    band[:, :left] = 0
    band[:, left + x.shape[3] :] = 0
    return band


def _load(band: Any, slot: int, x: Any, row: int, w: Windows) -> None:
    """Copy a row of the padded input into a slot of the band."""
    groups, _, _, per, n = band.shape
    left, width = w.padding[1][0], x.shape[3]
    target = band[:, left : left + width, slot]
    row -= w.padding[0][0]
    if 0 <= row < x.shape[2]:
        _copy(target, images_last(x)[row].reshape(width, groups, per, n).transpose(1, 0, 2, 3))
    else:
        target[...] = 0


def _pixels(band: Any, ow: int, w: Windows) -> Any:
    """View a band as the columns of all pixels: (groups, ow, fw · fh · per, n).

    Under dilation the columns of one window are not at a constant distance: (groups, ow, fw, fh · per, n).
    """
    groups, _, fh, per, n = band.shape
    of_group, of_column, _, of_channel, of_image = band.strides
    fw, stride, dilation = w.kernel[1], w.stride[1], w.dilation[1]
    if dilation == 1:
        shape: tuple[int, ...] = (groups, ow, fw * fh * per, n)
        strides: tuple[int, ...] = (of_group, stride * of_column, of_channel, of_image)
    else:
        shape = (groups, ow, fw, fh * per, n)
        strides = (of_group, stride * of_column, dilation * of_column, of_channel, of_image)
    return as_strided(band, shape, strides, writeable=False)


def _whole_rows(band: Any, ow: int, w: Windows) -> Any:
    """View a band, at stride 1, as what each column of the filters sees of a row: (groups, fw, fh · per, ow · n)."""
    groups, _, fh, per, n = band.shape
    of_group, of_column, _, of_channel, of_image = band.strides
    shape = (groups, w.kernel[1], fh * per, ow * n)
    strides = (of_group, w.dilation[1] * of_column, of_channel, of_image)
    return as_strided(band, shape, strides, writeable=False)


def _reach(count: int, length: int, shift: int, step: int) -> tuple[slice, slice]:
    """Return which of the places shift, shift + step, ... (`count` of them) lie in [0, length), and those places."""
    start = min(max(-(shift // step), 0), count)
    stop = max(min((length - 1 - shift) // step + 1, count), start)
    first = max(shift + start * step, 0)
    return slice(start, stop), slice(first, first + (stop - start) * step, step)
