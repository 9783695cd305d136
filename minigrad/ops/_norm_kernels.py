"""Kernels of the normalizations over rows: block by block, so that what one step writes the next finds in the cache.

With x̃ the deviations from a row's mean, r the reciprocal deviation, and h = w g the upstream gradient of the normalized
values x̃ r: ``dx = r h - r mean(h) - r³ x̃ mean(h x̃)``. Kept are the input and two numbers per row.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..backend import empty, like

_BLOCK = 1 << 17
"""Elements that are worked on at once: a few arrays of so many fit into the second cache (measured)."""


def wide(x: Any) -> Any:
    """float16 is computed in float32: its squares overflow from 256 on."""
    return x.astype(np.float32) if x.dtype.itemsize == 2 else x


def dots(a: Any, b: Any) -> Any:
    """Return the sums of ``a · b`` over the last axis, kept with length 1, without the array of products."""
    return np.matmul(a[..., None, :], b[..., None])[..., 0]


def _computed(x: Any) -> Any:
    return np.dtype(np.float32) if x.dtype.itemsize == 2 else x.dtype


def _blocks(rows: int, width: int) -> Iterator[slice]:
    step = _step(width)
    for start in range(0, rows, step):
        yield slice(start, min(start + step, rows))


def _step(width: int) -> int:
    return max(1, _BLOCK // max(1, width))


def _padded(w: Any) -> Any:
    """Return a row above one of zeros: for products with a column beside one of zeros.

    Such products go to BLAS, which takes half the time of a broadcast product; NumPy leaves those with a single inner
    element to a plain loop.
    """
    padded = like(w).zeros((2, len(w)), w.dtype)
    padded[0] = w
    return padded


def _deviations(x: Any, out: Any, mean_of: Any, eps: float) -> tuple[Any, Any]:
    """Write the deviations of each row of `x` into `out`, and return the rows' mean and 1/σ."""
    mean = x @ mean_of
    np.subtract(x, mean, out=out)
    # The deviations first and then their squares: mean(x²) - mean² would cancel.
    variance = dots(out, out)
    variance /= x.shape[1]
    variance += eps
    return mean, 1 / np.sqrt(variance, out=variance)


def rows_forward(x: Any, w: Any, b: Any, eps: float) -> tuple[Any, Any, Any]:
    """Return ``x̃ r · w + b`` for rows `x` and a weight per column; each row's mean as a column; r beside zeros."""
    rows, n = x.shape
    xp, dtype = like(x), _computed(x)
    y = empty(x, x.shape)
    mean, rstd = xp.empty((rows, 1), dtype), xp.zeros((rows, 2), dtype)
    mean_of = xp.ones((n, 1), dtype) / n
    weights = None if w is None else _padded(wide(w))
    scratch = empty(x, (min(rows, _step(n)), n), dtype)
    for block in _blocks(rows, n):
        out = y[block] if y.dtype == dtype else xp.empty((block.stop - block.start, n), dtype)
        mean[block], rstd[block, :1] = _deviations(wide(x[block]), out, mean_of, eps)
        out *= rstd[block, :1] if weights is None else np.matmul(rstd[block], weights, out=scratch[: len(out)])
        if b is not None:
            out += b
        if y.dtype != dtype:
            y[block] = out
    return y, mean, rstd


def rows_backward(g: Any, x: Any, w: Any, mean: Any, rstd: Any, into: bool = True) -> tuple[Any, Any, Any]:
    """Return the gradients of the rows (None unless `into` is set), of the weight and of the shift."""
    rows, n = x.shape
    xp, dtype = like(x), mean.dtype
    dx = empty(x, x.shape, dtype) if into else None
    dw, db = xp.zeros(n, dtype), xp.zeros(n, dtype)
    w = xp.ones(n, dtype) if w is None else wide(w)
    mean_of, weights = (w / n)[:, None], _padded(w)
    ones = xp.ones(min(rows, _step(n)), dtype)
    scratch = empty(x, (2, len(ones), n), dtype)
    for block in _blocks(rows, n):
        gb, r = wide(g[block]), rstd[block, :1]
        c, products = scratch[:, : len(gb)]
        np.subtract(wide(x[block]), mean[block], out=c)
        np.multiply(gb, c, out=products)
        dw += r[:, 0] @ products
        db += ones[: len(gb)] @ gb
        if dx is not None:
            d = np.matmul(rstd[block], weights, out=dx[block])
            d *= gb
            c *= products @ mean_of * r**3
            c += gb @ mean_of * r
            d -= c
    return dx, dw, db


def groups_forward(x: Any, w: Any, b: Any, eps: float, groups: int) -> tuple[Any, Any, Any]:
    """Return ``x̃ r · w + b`` for `x` of shape (n, channels, places) with a mean per example and group of channels.

    And these means, and r, both of shape (n, groups, 1). `w` and `b` are one number per channel.
    """
    n, channels, places = x.shape
    width = channels * places // groups
    xp, dtype = like(x), _computed(x)
    y = empty(x, x.shape)
    means, rstd = xp.empty((n, groups, 1), dtype), xp.empty((n, groups, 1), dtype)
    mean_of = xp.ones((width, 1), dtype) / width
    for block in _blocks(n, channels * places):
        xb = wide(x[block])
        out = y[block] if y.dtype == dtype else np.empty_like(xb)
        mean, r = _deviations(xb.reshape(-1, width), out.reshape(-1, width), mean_of, eps)
        means[block], rstd[block] = mean.reshape(-1, groups, 1), r.reshape(-1, groups, 1)
        out *= _per_channel(rstd[block], w, channels)
        if b is not None:
            out += b[:, None]
        if y.dtype != dtype:
            y[block] = out
    return y, means, rstd


def _per_channel(r: Any, w: Any, channels: int) -> Any:
    """Return a number per example and group times one per channel, of shape (n, channels, 1)."""
    n, groups, _ = r.shape
    w = 1 if w is None else wide(w).reshape(groups, -1)
    return np.broadcast_to(r * w, (n, groups, channels // groups)).reshape(n, channels, 1)


def groups_backward(g: Any, x: Any, w: Any, mean: Any, rstd: Any, into: bool = True) -> tuple[Any, Any, Any]:
    """Return the gradients of the examples (None unless `into` is set), of the weight and of the shift."""
    n, channels, places = x.shape
    groups = rstd.shape[1]
    width = channels * places // groups
    xp, dtype = like(x), mean.dtype
    dx = empty(x, x.shape, dtype) if into else None
    dw, db = xp.zeros(channels, dtype), xp.zeros(channels, dtype)
    sum_of = xp.ones((places, 1), dtype)
    weights = 1 if w is None else wide(w).reshape(groups, -1)
    shape = (-1, groups, channels // groups)
    scratch = empty(x, (min(n, _step(channels * places)), groups, width), dtype)
    for block in _blocks(n, channels * places):
        xb, gb, r = wide(x[block]), wide(g[block]), rstd[block]
        c = np.subtract(xb.reshape(-1, groups, width), mean[block], out=scratch[: len(xb)])
        sums = np.matmul(gb, sum_of).reshape(shape)
        products = dots(gb, c.reshape(gb.shape)).reshape(shape)
        db += sums.sum(axis=0).reshape(-1)
        dw += (products * r).sum(axis=0).reshape(-1)
        if dx is not None:
            d = dx[block]
            np.multiply(gb, _per_channel(r, w, channels), out=d)
            c *= (products * weights).sum(axis=2, keepdims=True) * (r**3 / width)
            c += (sums * weights).sum(axis=2, keepdims=True) * (r / width)
            d -= c.reshape(d.shape)
    return dx, dw, db
