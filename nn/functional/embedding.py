"""Class indices as vectors: learned ones, and unit vectors."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from minigrad import Tensor, asarray, where

__all__ = ["embedding", "one_hot"]


def embedding(input: Any, weight: Any, padding_idx: int | None = None) -> Tensor:
    """Return the rows of `weight` that the indices name. Local gradient: 1 at these rows; repeated ones add up.

    Parameters
    ----------
    input : Tensor or array_like of int
        Indices, of any shape.
    weight : Tensor, shape (count, width)
    padding_idx : int, optional
        A row that gets no gradient; counted from the end if negative.

    Returns
    -------
    Tensor, shape (..., width)

    Raises
    ------
    TypeError
        If the indices are not integers.
    ValueError, IndexError
        If the weight is no table, or an index is not in [0, count).

    Examples
    --------
    >>> embedding([[0, 2]], [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    Tensor([[[1., 2.],
            [5., 6.]]], dtype=float64)
    """
    indices, table = asarray(input)._data, asarray(weight)
    if indices.dtype.kind not in "iu":
        raise TypeError(f"embedding: indices must be integers, got {indices.dtype} of shape {indices.shape}")
    if table.ndim != 2:
        raise ValueError(f"embedding: expected a weight of shape (count, width), got {table.shape}")
    count = len(table)
    if indices.size and (indices.min() < 0 or indices.max() >= count):
        bad = int(indices[(indices < 0) | (indices >= count)].flat[0])
        raise IndexError(f"embedding: index {bad} is not in [0, {count})")
    rows: Tensor = table[indices]
    if padding_idx is None:
        return rows
    i = operator.index(padding_idx)
    if not -count <= i < count:
        raise IndexError(f"embedding: padding_idx {i} is out of range for a weight of shape {table.shape}")
    padded = (indices == i % count)[..., None]
    return where(padded, rows.detach(), rows) if padded.any() else rows


def one_hot(tensor: Any, num_classes: int = -1) -> Tensor:
    """Return a vector for each class index, with 1 at the index and 0 elsewhere.

    Parameters
    ----------
    tensor : Tensor or array_like of int
        Indices, of any shape.
    num_classes : int
        Default: one more than the largest index.

    Returns
    -------
    Tensor, shape (..., num_classes), int64

    Raises
    ------
    TypeError
        If the indices are not integers.
    IndexError
        If one is not in [0, num_classes).

    Examples
    --------
    >>> one_hot([0, 2])
    Tensor([[1, 0, 0],
            [0, 0, 1]], dtype=int64)
    """
    indices = asarray(tensor)._data
    if indices.dtype.kind not in "iu":
        raise TypeError(f"one_hot: class indices must be integers, got {indices.dtype} of shape {indices.shape}")
    if num_classes == -1:
        if not indices.size:
            raise ValueError("one_hot: no indices to take the number of classes from; pass num_classes")
        num_classes = int(indices.max()) + 1
    if indices.size and (indices.min() < 0 or indices.max() >= num_classes):
        bad = int(indices[(indices < 0) | (indices >= num_classes)][0])
        raise IndexError(f"one_hot: class index {bad} is not in [0, {num_classes})")
    return asarray((indices[..., None] == np.arange(num_classes)).astype(np.int64))
