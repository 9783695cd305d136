"""Attention: a mean of values, weighted by the softmax of query · key."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..kinds import fused
from ..tensor import Tensor, asarray
from ._shared import Shared
from .activation import softmax
from .arithmetic import where


def _allowed(mask: Any, causal: bool, queries: int, keys: int) -> Any:
    """Return where a query may look at a key, None for everywhere."""
    below = np.tri(queries, keys, dtype=bool) if causal else None
    if mask is None or mask.dtype.kind != "b":
        return below
    return mask if below is None else mask & below


def _plus(p: Any, mask: Any) -> Any:
    # The mask may have leading axes that only the values have, too.
    return np.add(p, mask, out=p if np.broadcast_shapes(p.shape, mask.shape) == p.shape else None)


def _forward(q: Any, k: Any, v: Any, mask: Any, causal: bool, scale: float, keep: Any) -> tuple[Any, dict[str, Any]]:
    dtype = np.result_type(q, k, v)
    if dtype.itemsize == 2:  # NumPy multiplies float16 matrices without BLAS, and the sums lose their digits
        q, k, v = (x.astype(np.float32) for x in (q, k, v))
    p = np.matmul(q * scale, k.swapaxes(-1, -2))
    allowed = _allowed(mask, causal, q.shape[-2], k.shape[-2])
    if allowed is not None:
        p = _plus(p, np.where(allowed, p.dtype.type(0), p.dtype.type(-np.inf)))
    if mask is not None and mask.dtype.kind == "f":
        p = _plus(p, mask)
    top = np.max(p, axis=-1, keepdims=True, initial=-np.inf)
    p -= np.where(np.isfinite(top), top, p.dtype.type(0))
    np.exp(p, out=p)
    total = p.sum(axis=-1, keepdims=True)
    p /= total + (total == 0)  # a query that may look at nothing has no weights
    y = np.matmul(p if keep is None else p * keep, v)
    return y.astype(dtype, copy=False), {"p": p, "shared": Shared()}


def _scores(g: Any, v: Any, p: Any, keep: Any) -> Any:
    """Return the gradient of the scores, before softmax."""
    d = np.matmul(g, v.swapaxes(-1, -2))
    if keep is not None:
        d *= keep
    d -= np.einsum("...ij,...ij->...i", d, p)[..., None]
    d *= p
    return d


def _wide(x: Any) -> Any:
    return x.astype(np.float32) if x.dtype.itemsize == 2 else x


def _query_rule(g: Any, k: Any, v: Any, p: Any, shared: Shared, scale: float, keep: Any) -> Any:
    d = shared.of(g, 0, lambda: _scores(_wide(g), v, p, keep))
    return np.matmul(d, _wide(k)) * scale


def _key_rule(g: Any, q: Any, v: Any, p: Any, shared: Shared, scale: float, keep: Any) -> Any:
    d = shared.of(g, 1, lambda: _scores(_wide(g), v, p, keep))
    return np.matmul(d.swapaxes(-1, -2), _wide(q) * scale)


def _value_rule(g: Any, p: Any, keep: Any) -> Any:
    return np.matmul((p if keep is None else p * keep).swapaxes(-1, -2), _wide(g))


def _mask_rule(g: Any, v: Any, p: Any, shared: Shared, keep: Any) -> Any:
    return shared.of(g, 3, lambda: _scores(_wide(g), v, p, keep))


def _decomposed(q: Any, k: Any, v: Any, mask: Any, causal: bool, scale: float, keep: Any) -> Tensor:
    q, k, v = asarray(q), asarray(k), asarray(v)
    scores = q * scale @ k.swapaxes(-1, -2)
    mask = None if mask is None else asarray(mask)
    allowed = _allowed(None if mask is None else mask._data, causal, q.shape[-2], k.shape[-2])
    if mask is not None and mask.dtype.kind == "f":
        scores = scores + mask
    if allowed is not None:
        scores = where(allowed, scores, -np.inf)
    lost = np.all(scores._data == -np.inf, axis=-1, keepdims=True)
    if lost.any():
        p = where(lost, 0.0, softmax(where(lost, 0.0, scores)))
    else:
        p = softmax(scores)
    y: Tensor = (p if keep is None else p * keep) @ v
    return y


attention = fused(
    _forward,
    _query_rule,
    _key_rule,
    _value_rule,
    _mask_rule,
    name="attention",
    arguments=("q", "k", "v", "mask"),
    residuals=["p", "shared"],
    local=[
        "softmax'(q kᵀ)·scale · k", "softmax'(q kᵀ)ᵀ·scale · q", "softmax(q kᵀ)ᵀ ·", "softmax'(q kᵀ)",
    ],
    decomposition=_decomposed,
    doc="""Return ``softmax(q kᵀ · scale + mask) v`` over stacks of matrices; a boolean mask says where to look.

    `keep` multiplies the weights: dropout, or None. A query that may look at nothing gets 0.
    Source: Vaswani et al., Attention Is All You Need, 2017.
    """,
)  # fmt: skip
