"""Attention in several heads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

import minigrad as mg
from minigrad import Tensor, asarray
from minigrad.ops.activation import affine

from .. import functional as F
from ..functional._arguments import together
from ..functional.dropout import probability
from ..init import Initializer, xavier_uniform
from ..module import Module
from ..parameter import Parameter
from ..random import generator
from ._settings import settings, size, weight
from .affine import Affine

if TYPE_CHECKING:
    from numpy.typing import DTypeLike

__all__ = ["MultiHeadAttention"]


class MultiHeadAttention(Module):
    """Let each place of a sequence look at all places of another one, or of the same, in several ways at once.

    Queries, keys and values are products of the inputs with three learned matrices, cut into `num_heads` pieces; each
    head computes ``softmax(q kᵀ / √width) v``, and a fourth matrix joins their results.

    Parameters
    ----------
    embed_dim : int
        The number of features of inputs and outputs.
    num_heads : int
        Divides `embed_dim`.
    dropout : float
        The probability with which a place is not looked at, in training.
    bias : bool
        Whether the products have one.
    init : callable
        Makes the weights (see :mod:`minigrad.nn.init`); the biases start at 0.
    dtype : dtype
        Of the parameters.
    rng : numpy.random.Generator, optional
        For first values and dropout; default: the package's (:func:`minigrad.nn.seed`).

    Attributes
    ----------
    in_proj_weight : Parameter, shape (embed_dim, 3 · embed_dim)
        Of queries, keys and values, side by side: the transpose of PyTorch's.
    in_proj_bias : Parameter, shape (3 · embed_dim,), or None
    out_proj : Affine
        What joins the heads.

    Raises
    ------
    ValueError, TypeError
        If a setting is no such number, or the heads do not divide the features; at the call, if the shapes do not fit.

    References
    ----------
    Vaswani et al., Attention Is All You Need, 2017.

    Examples
    --------
    >>> from minigrad import nn
    >>> layer = nn.MultiHeadAttention(8, 2)
    >>> x = np.zeros((3, 5, 8), np.float32)
    >>> layer(x).shape
    (3, 5, 8)
    >>> y, weights = layer(x, is_causal=True, need_weights=True)
    >>> weights[0, 1].tolist()
    [0.5, 0.5, 0.0, 0.0, 0.0]
    """

    in_proj_weight: Parameter
    in_proj_bias: Parameter | None

    def __init__(
        self,
        embed_dim: int,
        num_heads: int,
        dropout: float = 0.0,
        bias: bool = True,
        *,
        init: Initializer = xavier_uniform,
        dtype: DTypeLike = np.float32,
        rng: np.random.Generator | None = None,
    ) -> None:
        kind = "MultiHeadAttention"
        self.embed_dim, self.num_heads = size(kind, "embed_dim", embed_dim), size(kind, "num_heads", num_heads)
        if self.embed_dim % self.num_heads:
            raise ValueError(f"{kind}: {num_heads} heads do not divide {embed_dim} features")
        self.dropout, self.bias = probability(kind, "dropout", dropout), bool(bias)
        self.rng = None if rng is None else generator(rng)
        self.in_proj_weight = weight(kind, (self.embed_dim, 3 * self.embed_dim), init, dtype, rng)
        self.in_proj_bias = Parameter(np.zeros(3 * self.embed_dim), dtype=dtype) if bias else None
        self.out_proj = Affine(self.embed_dim, self.embed_dim, bias, init=init, dtype=dtype, rng=rng)

    def forward(
        self,
        query: Any,
        key: Any = None,
        value: Any = None,
        key_padding_mask: Any = None,
        need_weights: bool = False,
        attn_mask: Any = None,
        average_attn_weights: bool = True,
        is_causal: bool = False,
    ) -> Any:
        """Return what the queries have found.

        Parameters
        ----------
        query : Tensor, shape (n, queries, embed_dim)
            Or one sequence, without n; then key and value are without it, too.
        key, value : Tensor, shape (n, keys, embed_dim), optional
            Default of the key: the query; of the value: the key.
        key_padding_mask : array_like of bool, shape (n, keys), optional
            True where a key is padding, at which nobody looks.
        need_weights : bool
            Return the weights as well, which takes longer.
        attn_mask : Tensor or array_like, optional
            Of shape (queries, keys), (n · num_heads, queries, keys), or broadcastable to (n, num_heads, queries, keys).
            Numbers are added to the scores. True means, as in PyTorch's layer, that a query may not look at a key:
            the opposite of its meaning in ``scaled_dot_product_attention``.
        average_attn_weights : bool
            Return the mean of the weights over the heads, not all of them.
        is_causal : bool
            Let query i look at keys 0 to i only, beside what the masks say.

        Returns
        -------
        output : Tensor, shape (n, queries, embed_dim)
            0, and the bias, for a query that may look at nothing.
        weights : Tensor, shape (n, queries, keys) or (n, num_heads, queries, keys)
            Only if `need_weights`.
        """
        q, k, v, one = self._checked(query, key, value)
        n, (length, keys) = len(q), (q.shape[1], k.shape[1])
        heads = self._heads_of_one(q) if q is k is v else [self._heads(x, i) for i, x in enumerate((q, k, v))]
        mask = self._mask(key_padding_mask, attn_mask, (n, self.num_heads, length, keys), is_causal)
        causal = is_causal and mask is None
        p = self.dropout if self.training else 0.0
        weights = None
        if need_weights:
            unit = asarray(np.eye(keys, dtype=heads[2].dtype))
            weights = F.scaled_dot_product_attention(heads[0], heads[1], unit, mask, p, causal, rng=self.rng)
            found = weights @ heads[2]
        else:
            found = F.scaled_dot_product_attention(heads[0], heads[1], heads[2], mask, p, causal, rng=self.rng)
        output = self.out_proj(found.swapaxes(1, 2).reshape(n, length, self.embed_dim))
        if one:
            output = output[0]
        if weights is None:
            return output
        if average_attn_weights:
            weights = weights.mean(axis=1)
        return output, weights[0] if one else weights

    def _checked(self, query: Any, key: Any, value: Any) -> tuple[Tensor, Tensor, Tensor, bool]:
        """Return query, key and value with an axis of examples, and whether there was none."""
        key = query if key is None else key
        value = key if value is None else value
        if key is query and value is query:
            (q,) = together("MultiHeadAttention", query)
            given = [q, q, q]
        else:
            given = together("MultiHeadAttention", query, key, value)
        q, k, v = given
        shapes = f"{q.shape}" if q is k is v else f"query {q.shape}, key {k.shape}, value {v.shape}"
        width = self.embed_dim
        if any(x.ndim not in (2, 3) or x.shape[-1] != width for x in given):
            raise ValueError(
                f"{self._head()}: expected inputs of shape (n, length, {width}) or (length, {width}), got {shapes}"
            )
        if k.shape != v.shape or q.ndim != k.ndim or (q.ndim == 3 and len(q) != len(k)):
            raise ValueError(f"{self._head()}: keys and values go together, for as many examples: got {shapes}")
        if q.ndim == 3:
            return q, k, v, False
        if q is k is v:
            q = k = v = q[None]
            return q, k, v, True
        return q[None], k[None], v[None], True

    def _heads(self, x: Tensor, i: int) -> Tensor:
        """Return query (0), key (1) or value (2) of shape (n, heads, length, width)."""
        part = slice(i * self.embed_dim, (i + 1) * self.embed_dim)
        bias = None if self.in_proj_bias is None else self.in_proj_bias[part]
        return self._cut(_product(x, self.in_proj_weight[:, part], bias), 1)[0]

    def _heads_of_one(self, x: Tensor) -> list[Tensor]:
        """Return query, key and value of the same sequence, by one product."""
        return self._cut(_product(x, self.in_proj_weight, self.in_proj_bias), 3)

    def _cut(self, x: Tensor, count: int) -> list[Tensor]:
        n, length, _ = x.shape
        width = self.embed_dim // self.num_heads
        apart = x.reshape(n, length, count, self.num_heads, width).transpose(2, 0, 3, 1, 4)
        return [apart[i] for i in range(count)]

    def _mask(self, padding: Any, mask: Any, scores: tuple[int, ...], causal: bool) -> Any:
        """Return one mask of where to look, or of what to add to the scores; None where the triangle is all."""
        n, heads, length, keys = scores
        added = None
        allowed: Any = None
        if mask is not None:
            mask = asarray(mask)
            if mask.dtype.kind not in "bf":
                raise TypeError(f"{self._head()}: attn_mask must be boolean or floating, got {mask.dtype}")
            if mask.ndim == 3 and mask.shape[0] == n * heads:
                mask = mask.reshape(n, heads, *mask.shape[1:])
            try:
                fits = np.broadcast_shapes(mask.shape, scores) == scores and mask.ndim != 3
            except ValueError:
                fits = False
            if not fits:
                raise ValueError(
                    f"{self._head()}: expected an attn_mask of shape {(length, keys)}, {(n * heads, length, keys)} or "
                    f"{scores}, got {mask.shape}"
                )
            if mask.dtype.kind == "b":
                allowed = ~mask._data
            else:
                added = mask
        if padding is not None:
            hidden = asarray(padding)._data
            if hidden.dtype.kind != "b":
                raise TypeError(f"{self._head()}: key_padding_mask must be boolean, got {hidden.dtype}")
            if hidden.shape != (n, keys) and (n != 1 or hidden.shape != (keys,)):
                raise ValueError(
                    f"{self._head()}: expected a key_padding_mask of shape {(n, keys)}, got {hidden.shape}"
                )
            seen = ~hidden.reshape(n, 1, 1, keys)
            allowed = seen if allowed is None else allowed & seen
        if causal and (allowed is not None or added is not None):
            below = np.tri(length, keys, dtype=bool)
            allowed = below if allowed is None else allowed & below
        if added is None or allowed is None:
            return allowed if added is None else added
        return mg.where(allowed, added, -np.inf)

    def multiply_adds(self, inputs: Mapping[str, Any], output: Any) -> int:
        """Return how many pairs a call multiplies and adds before the heads are joined, hidden places included."""
        query = asarray(inputs["query"])
        key = query if inputs.get("key") is None else asarray(inputs["key"])
        # Values are as many as keys. After the products: queries with keys, and weights with values.
        return (query.size + 2 * key.size) * self.embed_dim + 2 * query.size * key.shape[-2]

    def extra_repr(self) -> str:
        """Return the sizes, and the settings that are not the default."""
        return f"{self.embed_dim}, {self.num_heads}" + settings(self, dropout=0.0, bias=True)


def _product(x: Tensor, w: Tensor, b: Tensor | None) -> Tensor:
    """Return ``x @ w + b`` for all places of all examples, as one product of two matrices."""
    n, length, width = x.shape
    rows = x.reshape(n * length, width)
    return (rows @ w if b is None else affine(rows, w, b)).reshape(n, length, w.shape[1])
