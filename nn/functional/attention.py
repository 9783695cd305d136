"""Attention."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from minigrad import Tensor, asarray, broadcast_to
from minigrad.ops.attention import attention

from ._arguments import number, together
from .dropout import keep_mask, probability

__all__ = ["scaled_dot_product_attention"]


def scaled_dot_product_attention(
    query: Any,
    key: Any,
    value: Any,
    attn_mask: Any = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    *,
    scale: float | None = None,
    enable_gqa: bool = False,
    rng: np.random.Generator | None = None,
) -> Tensor:
    """Return ``softmax(query @ keyᵀ · scale + attn_mask) @ value``.

    Parameters
    ----------
    query : Tensor, shape (..., queries, width)
    key : Tensor, shape (..., keys, width)
    value : Tensor, shape (..., keys, out)
    attn_mask : Tensor or array_like, broadcastable to (..., queries, keys), optional
        Booleans say which keys a query may look at; numbers are added to the scores, and may get a gradient.
    dropout_p : float
        The probability of leaving out a weight. There is no `training` here: pass 0 otherwise.
    is_causal : bool
        Let query i look at keys 0 to i only; not together with `attn_mask`.
    scale : float, optional
        Default: 1 / √width.
    enable_gqa : bool
        Grouped queries: several of the query's heads (axis -3) share a head of key and value.
    rng : numpy.random.Generator, optional
        For the dropout; default: the package's (:func:`minigrad.nn.seed`).

    Returns
    -------
    Tensor, shape (..., queries, out)
        A query that may look at nothing gets 0.

    Raises
    ------
    ValueError, TypeError
        If shapes do not fit, both masks are given, or `dropout_p` is no probability.

    References
    ----------
    Vaswani et al., Attention Is All You Need, 2017.

    Examples
    --------
    >>> scaled_dot_product_attention(np.zeros((2, 4)), np.zeros((2, 4)), [[1.0], [3.0]], is_causal=True)
    Tensor([[1.],
            [2.]], dtype=float64)
    """
    name = "scaled_dot_product_attention"
    q, k, v = together(name, query, key, value)
    shapes = f"query {q.shape}, key {k.shape}, value {v.shape}"
    if min(q.ndim, k.ndim, v.ndim) < 2 or q.shape[-1] != k.shape[-1] or k.shape[-2] != v.shape[-2]:
        raise ValueError(f"{name}: {shapes} do not fit (..., queries, width), (..., keys, width), (..., keys, out)")
    if enable_gqa:
        k, v = _repeated_heads(name, shapes, q, k), _repeated_heads(name, shapes, q, v)
    try:
        batch = np.broadcast_shapes(q.shape[:-2], k.shape[:-2], v.shape[:-2])
    except ValueError:
        raise ValueError(f"{name}: the leading axes of {shapes} do not broadcast") from None
    scores = (*batch, q.shape[-2], k.shape[-2])
    p = probability(name, "dropout_p", dropout_p)
    if scale is None:
        if not q.shape[-1]:
            raise ValueError(f"{name}: {shapes}: for a width of 0, pass the scale")
        scale = 1 / math.sqrt(q.shape[-1])
    keep = None if p == 0 else keep_mask(q, scores, p, rng)
    mask = None if attn_mask is None else _mask(name, attn_mask, scores, q.dtype)
    if mask is not None and is_causal:
        raise ValueError(f"{name}: attn_mask and is_causal=True exclude each other; put the triangle into the mask")
    return attention(q, k, v, mask, causal=bool(is_causal), scale=number(name, "scale", scale), keep=keep)


def _mask(name: str, mask: Any, scores: tuple[int, ...], dtype: Any) -> Any:
    mask = asarray(mask)
    if mask.dtype.kind not in "bf":
        raise TypeError(f"{name}: attn_mask must be boolean or floating, got {mask.dtype}")
    fits = mask.ndim <= len(scores) and all(m in (1, n) for m, n in zip(mask.shape[::-1], scores[::-1], strict=False))
    if not fits:
        raise ValueError(f"{name}: an attn_mask of shape {mask.shape} does not broadcast to the scores {scores}")
    return mask if mask.dtype.kind == "b" or mask.dtype == dtype else mask.astype(dtype)


def _repeated_heads(name: str, shapes: str, q: Tensor, x: Tensor) -> Tensor:
    if q.ndim < 3 or x.ndim < 3 or not x.shape[-3] or q.shape[-3] % x.shape[-3]:
        raise ValueError(f"{name}: enable_gqa: {shapes}: the heads (axis -3) of the query are no multiple")
    times = q.shape[-3] // x.shape[-3]
    *lead, heads, n, width = x.shape
    spread = broadcast_to(x.reshape((*lead, heads, 1, n, width)), (*lead, heads, times, n, width))
    return spread.reshape((*lead, heads * times, n, width))
