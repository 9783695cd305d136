"""Learned vectors for classes, words or characters."""

from __future__ import annotations

import operator
from functools import partial
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from minigrad import Tensor, asarray

from ..functional import embedding
from ..init import Initializer, normal
from ..module import Module
from ._settings import size, weight

if TYPE_CHECKING:
    from numpy.typing import DTypeLike

__all__ = ["Embedding"]

standard_normal = partial(normal, std=1.0)


class Embedding(Module):
    """Turn indices into learned vectors, the rows of a table. Local gradient: 1 at these rows; repeated ones add up.

    Parameters
    ----------
    num_embeddings : int
        The number of rows: indices go from 0 to one less.
    embedding_dim : int
        The length of a row.
    padding_idx : int, optional
        A row that stands for nothing: it starts at 0 and gets no gradient. Counted from the end if negative.
    init : callable
        Makes the weight (see :mod:`minigrad.nn.init`); default: the standard normal distribution.
    dtype : dtype
        Of the weight.
    rng : numpy.random.Generator, optional
        Default: the package's (:func:`minigrad.nn.seed`).

    Attributes
    ----------
    weight : Parameter, shape (num_embeddings, embedding_dim)

    Raises
    ------
    ValueError, TypeError, IndexError
        If a setting is no such number; at the call, if the input is not made of integers, or one of them is not in
        [0, num_embeddings).

    Examples
    --------
    >>> from minigrad import nn
    >>> layer = nn.Embedding(10, 4, padding_idx=0)
    >>> layer([[1, 2, 0], [3, 0, 0]]).shape
    (2, 3, 4)
    >>> layer([[1, 10]])
    Traceback (most recent call last):
        ...
    IndexError: embedding: index 10 is not in [0, 10)
    in Embedding(10, 4, padding_idx=0)
    """

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        padding_idx: int | None = None,
        *,
        init: Initializer = standard_normal,
        dtype: DTypeLike = np.float32,
        rng: np.random.Generator | None = None,
    ) -> None:
        self.num_embeddings = size("Embedding", "num_embeddings", num_embeddings)
        self.embedding_dim = size("Embedding", "embedding_dim", embedding_dim)
        self.padding_idx = _row(padding_idx, self.num_embeddings)
        self.weight = weight("Embedding", (self.num_embeddings, self.embedding_dim), init, dtype, rng)
        if self.padding_idx is not None:
            values = self.weight.data.copy()
            values[self.padding_idx] = 0
            self.weight.assign(values)

    @classmethod
    def from_pretrained(cls, embeddings: Any, freeze: bool = True, padding_idx: int | None = None) -> Self:
        """Return a layer with the given table, which keeps its dtype.

        Parameters
        ----------
        embeddings : Tensor or array_like, shape (num_embeddings, embedding_dim)
            Copied.
        freeze : bool
            Whether the table stays as it is in training.
        padding_idx : int, optional
            A row that gets no gradient; it keeps its values.

        Raises
        ------
        ValueError, TypeError, IndexError
            If it is no table of floating numbers, or `padding_idx` no row of it.

        Examples
        --------
        >>> from minigrad import nn
        >>> layer = nn.Embedding.from_pretrained([[1.0, 2.0], [3.0, 4.0]])
        >>> layer([1, 1]).tolist(), layer.weight.requires_grad
        ([[3.0, 4.0], [3.0, 4.0]], False)
        """
        table = asarray(embeddings)
        if table.ndim != 2:
            raise ValueError(f"Embedding.from_pretrained: expected a table of two axes, got shape {table.shape}")
        count, width = table.shape
        layer = cls(count, width, padding_idx, init=lambda *_, **__: table._data, dtype=table.dtype)
        layer.weight.assign(table)  # with the row of padding
        layer.weight.requires_grad = not freeze
        return layer

    def forward(self, input: Any) -> Tensor:
        """Return the vectors of the indices, one more axis than the input has."""
        return embedding(input, self.weight, self.padding_idx)

    def extra_repr(self) -> str:
        """Return the sizes, and the row of padding."""
        padding = "" if self.padding_idx is None else f", padding_idx={self.padding_idx}"
        return f"{self.num_embeddings}, {self.embedding_dim}{padding}"


def _row(index: Any, count: int) -> int | None:
    """Return a row's index, counted from the start."""
    if index is None:
        return None
    try:
        i = operator.index(index)
    except TypeError:
        raise TypeError(f"Embedding: padding_idx must be an integer or None, got {index!r}") from None
    if not -count <= i < count:
        raise IndexError(f"Embedding: padding_idx {i} is out of range for {count} rows")
    return i % count
