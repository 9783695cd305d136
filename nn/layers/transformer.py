"""The layer of a transformer, and positions for it to see."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from minigrad import Tensor, asarray

from .. import functional as F
from ..functional._arguments import number, together
from ..init import Initializer, xavier_uniform
from ..module import Module
from ._settings import settings, size
from .affine import Affine
from .attention import MultiHeadAttention
from .dropout import Dropout
from .normalization import LayerNorm

if TYPE_CHECKING:
    from numpy.typing import DTypeLike

__all__ = ["PositionalEncoding", "TransformerEncoderLayer"]


class TransformerEncoderLayer(Module):
    """Attention of a sequence to itself, then two products for each place, each added to what went in.

    With f the attention, or ``linear2(activation(linear1(x)))``: ``x ← norm(x + f(x))``, or ``x ← x + f(norm(x))`` with
    `norm_first`, which trains more easily when there are many layers.

    Parameters
    ----------
    d_model : int
        The number of features.
    nhead : int
        The number of heads; divides `d_model`.
    dim_feedforward : int
        The number of features between the two products.
    dropout : float
        The probability of leaving out, in training: places to look at, features between the products, and features of
        both results.
    activation : {"relu", "gelu"} or callable
        The exact "gelu" needs SciPy; ``nn.GELU("tanh")`` does not.
    layer_norm_eps : float
    norm_first : bool
    bias : bool
        Whether the products and the norms have one.
    init : callable
        Makes the weights (see :mod:`minigrad.nn.init`).
    dtype : dtype
        Of the parameters.
    rng : numpy.random.Generator, optional
        For first values and dropout; default: the package's (:func:`minigrad.nn.seed`).

    Attributes
    ----------
    self_attn : MultiHeadAttention
    linear1, linear2 : Affine
    norm1, norm2 : LayerNorm
    dropout, dropout1, dropout2 : Dropout

    Raises
    ------
    ValueError, TypeError
        If a setting is no such number; at the call, if the shapes do not fit.

    References
    ----------
    Vaswani et al., Attention Is All You Need, 2017; Xiong et al., On Layer Normalization in the Transformer
    Architecture, 2020.

    Examples
    --------
    >>> from minigrad import nn
    >>> layer = nn.TransformerEncoderLayer(8, 2, 32, norm_first=True)
    >>> layer(np.zeros((3, 5, 8), np.float32), is_causal=True).shape
    (3, 5, 8)
    """

    def __init__(
        self,
        d_model: int,
        nhead: int,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: str | Callable[..., Tensor] = "relu",
        *,
        layer_norm_eps: float = 1e-5,
        norm_first: bool = False,
        bias: bool = True,
        init: Initializer = xavier_uniform,
        dtype: DTypeLike = np.float32,
        rng: np.random.Generator | None = None,
    ) -> None:
        kind = "TransformerEncoderLayer"
        self.d_model, self.nhead = size(kind, "d_model", d_model), size(kind, "nhead", nhead)
        self.dim_feedforward = size(kind, "dim_feedforward", dim_feedforward)
        if self.d_model % self.nhead:
            raise ValueError(f"{kind}: {nhead} heads do not divide {d_model} features")
        self.activation = _activation(kind, activation)
        self.norm_first = bool(norm_first)
        self.self_attn = MultiHeadAttention(d_model, nhead, dropout, bias, init=init, dtype=dtype, rng=rng)
        self.linear1 = Affine(d_model, dim_feedforward, bias, init=init, dtype=dtype, rng=rng)
        self.dropout = Dropout(dropout, rng=rng)
        self.linear2 = Affine(dim_feedforward, d_model, bias, init=init, dtype=dtype, rng=rng)
        self.norm1 = LayerNorm(d_model, layer_norm_eps, bias=bias, dtype=dtype)
        self.norm2 = LayerNorm(d_model, layer_norm_eps, bias=bias, dtype=dtype)
        self.dropout1, self.dropout2 = Dropout(dropout, rng=rng), Dropout(dropout, rng=rng)

    def forward(
        self, src: Any, src_mask: Any = None, src_key_padding_mask: Any = None, is_causal: bool = False
    ) -> Tensor:
        """Return the sequence after both steps.

        Parameters
        ----------
        src : Tensor, shape (n, length, d_model), or (length, d_model)
        src_mask, src_key_padding_mask, is_causal
            As `attn_mask`, `key_padding_mask` and `is_causal` of :class:`MultiHeadAttention`.

        Returns
        -------
        Tensor, of the shape of `src`
        """
        x = asarray(src)
        if x.ndim not in (2, 3) or x.shape[-1] != self.d_model:
            width = self.d_model
            raise ValueError(
                f"{self._head()}: expected input of shape (n, length, {width}) or (length, {width}), got {x.shape}"
            )

        def look(x: Tensor) -> Tensor:
            found = self.self_attn(x, key_padding_mask=src_key_padding_mask, attn_mask=src_mask, is_causal=is_causal)
            dropped: Tensor = self.dropout1(found)
            return dropped

        def think(x: Tensor) -> Tensor:
            dropped: Tensor = self.dropout2(self.linear2(self.dropout(self.activation(self.linear1(x)))))
            return dropped

        if self.norm_first:
            x = x + look(self.norm1(x))
            y: Tensor = x + think(self.norm2(x))
        else:
            x = self.norm1(x + look(x))
            y = self.norm2(x + think(x))
        return y

    def extra_repr(self) -> str:
        """Return the sizes, and whether the norms come first."""
        return f"{self.d_model}, {self.nhead}, {self.dim_feedforward}" + settings(self, norm_first=False)


def _activation(kind: str, given: Any) -> Callable[..., Tensor]:
    named: dict[str, Callable[..., Tensor]] = {"relu": F.relu, "gelu": F.gelu}
    if isinstance(given, str) and given in named:
        return named[given]
    if not callable(given):
        raise ValueError(f"{kind}: activation must be one of {', '.join(named)}, or a function, got {given!r}")
    chosen: Callable[..., Tensor] = given
    return chosen


class PositionalEncoding(Module):
    """Add to each place of a sequence a vector that says where it stands: sines and cosines of growing wave lengths.

    ``sin(t / base^(2i / d_model))`` at the even features 2i and the cosine of the same at the odd ones, for place t.
    There is nothing to learn, and no longest sequence. Local gradient: 1.

    Parameters
    ----------
    d_model : int
        The number of features.
    base : float
        The wave lengths go from 2π to 2π · base.

    Raises
    ------
    ValueError, TypeError
        If a setting is no such number; at the call, if the shape does not fit.

    References
    ----------
    Vaswani et al., Attention Is All You Need, 2017.

    Examples
    --------
    >>> from minigrad import nn
    >>> nn.PositionalEncoding(2)(np.zeros((3, 2)))
    Tensor([[ 0.        ,  1.        ],
            [ 0.84147098,  0.54030231],
            [ 0.90929743, -0.41614684]], dtype=float64)
    """

    def __init__(self, d_model: int, base: float = 10000.0) -> None:
        self.d_model = size("PositionalEncoding", "d_model", d_model)
        self.base = number("PositionalEncoding", "base", base, above=1)

    def forward(self, input: Any) -> Tensor:
        """Return the input, of shape (..., length, d_model), with its places added."""
        (x,) = together("PositionalEncoding", input)
        if x.ndim < 2 or x.shape[-1] != self.d_model:
            raise ValueError(f"{self._head()}: expected input of shape (..., length, {self.d_model}), got {x.shape}")
        y: Tensor = x + _waves(x.shape[-2], self.d_model, self.base, x.dtype)
        return y

    def extra_repr(self) -> str:
        """Return the number of features, and the base where it is not the default."""
        return f"{self.d_model}" + settings(self, base=10000.0)


@lru_cache(maxsize=16)
def _waves(length: int, width: int, base: float, dtype: np.dtype[Any]) -> Any:
    angles = np.arange(length)[:, None] / base ** (np.arange(0, width, 2) / width)
    table = np.empty((length, width), dtype)
    table[:, 0::2] = np.sin(angles)
    table[:, 1::2] = np.cos(angles[:, : width // 2])
    table.flags.writeable = False  # every call gets the same one
    return table
