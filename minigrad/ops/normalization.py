"""Normalization: subtract a mean, divide by a deviation, scale and shift. Over the batch, a layer or a group.

Each op keeps the reciprocal deviations for its rules, and beside them the normalized values or the means. With n
elements per mean, x̂ the normalized value and σ the deviation, ``dx = (g - mean(g) - x̂ mean(g x̂)) / σ``.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..backend import empty_as
from ..kinds import fused
from ..tensor import Tensor, asarray
from ._norm_kernels import groups_backward, groups_forward, rows_backward, rows_forward, wide
from ._shared import Shared


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
    xhat, rstd, mean, var = _standardized(wide(x), axes, eps)
    moments.update(mean=mean.reshape(-1), var=var.reshape(-1))
    y = _scaled(xhat, None if w is None else w.reshape(shape), None if b is None else b.reshape(shape), x.dtype)
    return y, {"xhat": xhat, "rstd": rstd, "shared": Shared()}


def _channel_sum(g: Any) -> Any:
    return wide(g).sum(axis=_channels(g.ndim)[0])


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
    y, mean, rstd = rows_forward(_rows(x, dims), _flat(w), _flat(b), eps)
    return y.reshape(x.shape), {"mean": mean, "rstd": rstd, "shared": Shared()}


def _layer_x(g: Any, x: Any, w: Any, dims: int, mean: Any, rstd: Any, shared: Shared) -> Any:
    dx, *parameters = rows_backward(_rows(g, dims), _rows(x, dims), _flat(w), mean, rstd)
    # Not dx, which belongs to the sweep from here on.
    shared.of(g, 0, lambda: parameters)
    return dx.reshape(g.shape)


def _layer_w(g: Any, x: Any, dims: int, mean: Any, rstd: Any, shared: Shared) -> Any:
    rows = _rows(g, dims), _rows(x, dims)
    parameters = shared.of(g, 1, lambda: rows_backward(*rows, None, mean, rstd, into=False)[1:])
    return parameters[0].reshape(g.shape[g.ndim - dims :])


def _layer_b(g: Any, b_shape: tuple[int, ...], shared: Shared) -> Any:
    known = shared.known(g, 2)
    return known[1].reshape(b_shape) if known else wide(g).sum(axis=tuple(range(g.ndim - len(b_shape))))


layer_norm = fused(
    _layer_forward,
    _layer_x,
    _layer_w,
    _layer_b,
    name="layer_norm",
    arguments=("x", "w", "b"),
    residuals=["mean", "rstd", "shared"],
    local=["w/σ·(I - mean - x̂ mean(x̂ ·)) per row", "x̂ (summed over the rows)", "1 (summed over the rows)"],
    decomposition=lambda x, w, b, dims, eps: _affine(_decomposed(asarray(x), tuple(range(-dims, 0)), eps)[0], w, b),
    doc="""Normalize over the last `dims` axes; `w` and `b`, of the shape of these, may be None.

    Source: Ba, Kiros and Hinton, Layer Normalization, 2016.
    """,
)


def _rms_forward(x: Any, w: Any, dims: int, eps: float) -> tuple[Any, dict[str, Any]]:
    rows = wide(_rows(x, dims))
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
    y, mean, rstd = groups_forward(_places_joined(x), w, b, eps, groups)
    return y.reshape(x.shape), {"mean": mean, "rstd": rstd, "shared": Shared()}


def _places_joined(x: Any) -> Any:
    return x.reshape(*x.shape[:2], math.prod(x.shape[2:]))


def _group_x(g: Any, x: Any, w: Any, mean: Any, rstd: Any, shared: Shared) -> Any:
    dx, *parameters = groups_backward(_places_joined(g), _places_joined(x), w, mean, rstd)
    shared.of(g, 0, lambda: parameters)
    return dx.reshape(g.shape)


def _group_w(g: Any, x: Any, mean: Any, rstd: Any, shared: Shared) -> Any:
    examples = _places_joined(g), _places_joined(x)
    return shared.of(g, 1, lambda: groups_backward(*examples, None, mean, rstd, into=False)[1:])[0]


def _group_decomposed(x: Any, w: Any, b: Any, groups: int, eps: float) -> Tensor:
    x = asarray(x)
    n, c = x.shape[:2]
    rows = x.reshape(n, groups, math.prod(x.shape[1:]) // groups)
    return _affine(_decomposed(rows, (2,), eps)[0].reshape(x.shape), w, b, (c, *[1] * (x.ndim - 2)))


group_norm = fused(
    _group_forward,
    _group_x,
    _group_w,
    lambda g, shared: (shared.known(g, 2) or (None, _channel_sum(g)))[1],
    name="group_norm",
    arguments=("x", "w", "b"),
    residuals=["mean", "rstd", "shared"],
    local=["w/σ·(I - mean - x̂ mean(x̂ ·)) per group", "x̂ (summed per channel)", "1 (summed per channel)"],
    decomposition=_group_decomposed,
    doc="""Normalize the channels (axis 1) of each example in so many groups; `w` and `b` may be None.

    Source: Wu and He, Group Normalization, 2018.
    """,
)
