"""Normalization: subtract a mean, divide by a deviation, scale and shift. Over the batch, a layer or a group.

Each op keeps the normalized values and the reciprocal deviations for its rules. With n elements per mean, x̂ the
normalized value and σ the deviation, ``dx = (g - mean(g) - x̂ mean(g x̂)) / σ``.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..backend import empty_as
from ..kinds import fused
from ..tensor import Tensor, asarray
from ._shared import Shared


def _wide(x: Any) -> Any:
    """float16 is computed in float32: its squares overflow from 256 on."""
    return x.astype(np.float32) if x.dtype.itemsize == 2 else x


def _products(a: Any, b: Any, kept: tuple[int, ...]) -> Any:
    """Sum ``a · b`` over all axes but `kept`, without the array of products."""
    axes = list(range(a.ndim))
    return np.einsum(a, axes, b, axes, list(kept))


def _standardized(x: Any, axes: tuple[int, ...], eps: float) -> tuple[Any, Any, Any, Any]:
    """Return x̂, 1/σ, the mean and the variance over `axes`; all but x̂ with these axes of length 1."""
    kept = tuple([i for i in range(x.ndim) if i not in axes])
    mean = x.mean(axis=axes, keepdims=True)
    # The deviations first and then their squares: mean(x²) - mean² would cancel.
    xhat = np.subtract(x, mean, out=empty_as(x, x.shape))
    var = (_products(xhat, xhat, kept) / math.prod([x.shape[i] for i in axes])).reshape(mean.shape)
    rstd = 1 / np.sqrt(var + eps)
    xhat *= rstd
    return xhat, rstd, mean, var


def _scaled(xhat: Any, w: Any, b: Any, dtype: Any) -> Any:
    y = xhat
    if w is not None:
        y = np.multiply(xhat, w, out=empty_as(xhat, xhat.shape))
        if b is not None:
            y += b
    elif b is not None:
        y = xhat + b
    return y.astype(dtype, copy=False)


def _times(g: Any, w: Any) -> Any:
    return g if w is None else np.multiply(g, w, out=empty_as(g, g.shape, np.result_type(g, w)))


def _pulled(g: Any, xhat: Any, factor: Any, g_mean: Any | None, projection: Any) -> Any:
    """Return ``(g - g_mean - x̂ · projection) · factor``."""
    out = np.multiply(xhat, projection, out=empty_as(xhat, xhat.shape))
    np.subtract(g, out, out=out)
    if g_mean is not None:
        out -= g_mean
    out *= factor
    return out


def _rows_pulled(g: Any, xhat: Any, rstd: Any) -> Any:
    projection = _products(g, xhat, (0,))[:, None] / g.shape[1]
    return _pulled(g, xhat, rstd, g.mean(axis=1, keepdims=True), projection)


def _decomposed(x: Tensor, axes: tuple[int, ...], eps: float) -> tuple[Tensor, Tensor, Tensor]:
    mean = x.mean(axes, keepdims=True)
    centred = x - mean
    var = np.square(centred).mean(axes, keepdims=True)
    return centred / np.sqrt(var + eps), mean, var


def _affine(y: Tensor, w: Any, b: Any, shape: tuple[int, ...] | None = None) -> Tensor:
    if w is not None:
        y = y * (w if shape is None else asarray(w).reshape(shape))
    if b is not None:
        y = y + (b if shape is None else asarray(b).reshape(shape))
    return y


# -- over the batch: one mean per channel, which is axis 1 ---------------------------------------------------------


def _channels(ndim: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the axes of a batch norm, and the shape of one number per channel."""
    return (0, *range(2, ndim)), (1, -1, *[1] * (ndim - 2))


def _batch_forward(x: Any, w: Any, b: Any, eps: float, moments: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    axes, shape = _channels(x.ndim)
    xhat, rstd, mean, var = _standardized(_wide(x), axes, eps)
    moments.update(mean=mean.reshape(-1), var=var.reshape(-1))
    y = _scaled(xhat, None if w is None else w.reshape(shape), None if b is None else b.reshape(shape), x.dtype)
    return y, {"xhat": xhat, "rstd": rstd, "shared": Shared()}


def _channel_sum(g: Any) -> Any:
    return _wide(g).sum(axis=_channels(g.ndim)[0])


def _batch_sums(g: Any, xhat: Any) -> tuple[Any, Any]:
    return _channel_sum(g), _products(g, xhat, (1,))


def _batch_x(g: Any, w: Any, xhat: Any, rstd: Any, shared: Shared) -> Any:
    g_sum, gx_sum = shared.of(g, 0, lambda: _batch_sums(g, xhat))
    n = g.size // g.shape[1]
    factor = rstd if w is None else rstd * w.reshape(rstd.shape)
    return _pulled(g, xhat, factor, (g_sum / n).reshape(rstd.shape), (gx_sum / n).reshape(rstd.shape))


def _batch_decomposed(x: Any, w: Any, b: Any, eps: float, moments: dict[str, Any]) -> Tensor:
    x = asarray(x)
    axes, shape = _channels(x.ndim)
    y, mean, var = _decomposed(x, axes, eps)
    moments.update(mean=mean._data.reshape(-1), var=var._data.reshape(-1))
    return _affine(y, w, b, shape)


batch_norm = fused(
    _batch_forward,
    _batch_x,
    lambda g, xhat, shared: shared.of(g, 1, lambda: _batch_sums(g, xhat))[1],
    lambda g, shared: (shared.known(g, 2) or (_channel_sum(g),))[0],
    name="batch_norm",
    arguments=("x", "w", "b"),
    residuals=["xhat", "rstd", "shared"],
    local=["w/σ·(I - mean - x̂ mean(x̂ ·)) per channel", "x̂ (summed per channel)", "1 (summed per channel)"],
    decomposition=_batch_decomposed,
    doc="""Normalize each channel (axis 1) over the batch and all places; `w` and `b` may be None.

    `moments` is a dict that receives the ``mean`` and the (biased) ``var`` per channel.
    Source: Ioffe and Szegedy, Batch Normalization, 2015.
    """,
)


# -- over the last axes: one mean per row ---------------------------------------------------------------------------


def _rows(x: Any, dims: int) -> Any:
    """Return `x` with its last `dims` axes joined, and all before them."""
    return x.reshape(math.prod(x.shape[: x.ndim - dims]), math.prod(x.shape[x.ndim - dims :]))


def _flat(w: Any) -> Any:
    return None if w is None else w.reshape(-1)


def _layer_forward(x: Any, w: Any, b: Any, dims: int, eps: float) -> tuple[Any, dict[str, Any]]:
    xhat, rstd, _, _ = _standardized(_wide(_rows(x, dims)), (1,), eps)
    return _scaled(xhat, _flat(w), _flat(b), x.dtype).reshape(x.shape), {"xhat": xhat, "rstd": rstd}


def _layer_x(g: Any, w: Any, xhat: Any, rstd: Any) -> Any:
    rows = g.reshape(xhat.shape)
    return _rows_pulled(_times(rows, _flat(w)), xhat, rstd).reshape(g.shape)


layer_norm = fused(
    _layer_forward,
    _layer_x,
    lambda g, xhat, w_shape: _products(g.reshape(xhat.shape), xhat, (1,)).reshape(w_shape),
    lambda g, b_shape: _wide(g).sum(axis=tuple(range(g.ndim - len(b_shape)))),
    name="layer_norm",
    arguments=("x", "w", "b"),
    residuals=["xhat", "rstd"],
    local=["w/σ·(I - mean - x̂ mean(x̂ ·)) per row", "x̂ (summed over the rows)", "1 (summed over the rows)"],
    decomposition=lambda x, w, b, dims, eps: _affine(_decomposed(asarray(x), tuple(range(-dims, 0)), eps)[0], w, b),
    doc="""Normalize over the last `dims` axes; `w` and `b`, of the shape of these, may be None.

    Source: Ba, Kiros and Hinton, Layer Normalization, 2016.
    """,
)


def _rms_forward(x: Any, w: Any, dims: int, eps: float) -> tuple[Any, dict[str, Any]]:
    rows = _wide(_rows(x, dims))
    rstd = 1 / np.sqrt(_products(rows, rows, (0,)) / rows.shape[1] + eps)[:, None]
    xhat = np.multiply(rows, rstd, out=empty_as(rows, rows.shape))
    return _scaled(xhat, _flat(w), None, x.dtype).reshape(x.shape), {"xhat": xhat, "rstd": rstd}


def _rms_x(g: Any, w: Any, xhat: Any, rstd: Any) -> Any:
    rows = g.reshape(xhat.shape)
    rows = _times(rows, _flat(w))
    projection = _products(rows, xhat, (0,))[:, None] / rows.shape[1]
    return _pulled(rows, xhat, rstd, None, projection).reshape(g.shape)


rms_norm = fused(
    _rms_forward,
    _rms_x,
    lambda g, xhat, w_shape: _products(g.reshape(xhat.shape), xhat, (1,)).reshape(w_shape),
    name="rms_norm",
    arguments=("x", "w"),
    residuals=["xhat", "rstd"],
    local=["w/rms·(I - x̂ mean(x̂ ·)) per row", "x̂ (summed over the rows)"],
    decomposition=lambda x, w, dims, eps: _affine(
        asarray(x) / np.sqrt(np.square(asarray(x)).mean(tuple(range(-dims, 0)), keepdims=True) + eps), w, None
    ),
    doc="""Divide by the root of the mean square over the last `dims` axes; `w`, of the shape of these, may be None.

    Source: Zhang and Sennrich, Root Mean Square Layer Normalization, 2019.
    """,
)


# -- over groups of channels: one mean per example and group --------------------------------------------------------


def _group_forward(x: Any, w: Any, b: Any, groups: int, eps: float) -> tuple[Any, dict[str, Any]]:
    n, c = x.shape[:2]
    rows = x.reshape(n * groups, math.prod(x.shape[1:]) // groups)
    xhat, rstd, _, _ = _standardized(_wide(rows), (1,), eps)
    xhat = xhat.reshape(n, c, math.prod(x.shape[2:]))
    y = _scaled(xhat, None if w is None else w[:, None], None if b is None else b[:, None], x.dtype)
    return y.reshape(x.shape), {"xhat": xhat, "rstd": rstd}


def _group_x(g: Any, w: Any, xhat: Any, rstd: Any, groups: int) -> Any:
    gw = _times(g.reshape(xhat.shape), None if w is None else w[:, None])
    rows = (len(rstd), math.prod(xhat.shape[1:]) // groups)
    return _rows_pulled(gw.reshape(rows), xhat.reshape(rows), rstd).reshape(g.shape)


def _group_decomposed(x: Any, w: Any, b: Any, groups: int, eps: float) -> Tensor:
    x = asarray(x)
    n, c = x.shape[:2]
    rows = x.reshape(n, groups, math.prod(x.shape[1:]) // groups)
    return _affine(_decomposed(rows, (2,), eps)[0].reshape(x.shape), w, b, (c, *[1] * (x.ndim - 2)))


group_norm = fused(
    _group_forward,
    _group_x,
    lambda g, xhat: _products(g.reshape(xhat.shape), xhat, (1,)),
    lambda g: _channel_sum(g),
    name="group_norm",
    arguments=("x", "w", "b"),
    residuals=["xhat", "rstd"],
    local=["w/σ·(I - mean - x̂ mean(x̂ ·)) per group", "x̂ (summed per channel)", "1 (summed per channel)"],
    decomposition=_group_decomposed,
    doc="""Normalize the channels (axis 1) of each example in so many groups; `w` and `b` may be None.

    Source: Wu and He, Group Normalization, 2018.
    """,
)
