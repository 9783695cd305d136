"""Norms, distances and angles between vectors."""

from __future__ import annotations

from typing import Any

import numpy as np

import minigrad as mg
from minigrad import Tensor, where
from minigrad.ops._axes import axis_of

from ._arguments import number, together

__all__ = ["cosine_similarity", "normalize", "pairwise_distance"]


def _root(x: Tensor, power: float) -> Tensor:
    """Return ``x ** (1 / power)`` for x >= 0, with slope 0 at 0: the norm's subgradient of least norm there."""
    zero = x._data == 0
    positive = where(zero, x.dtype.type(1), x) if zero.any() else x
    root = mg.sqrt(positive) if power == 2 else positive ** (1 / power)
    return where(zero, x.dtype.type(0), root) if zero.any() else root


def p_norm(name: str, x: Tensor, p: float, axis: int, keepdims: bool = True) -> Tensor:
    """Return the p-norm along `axis`; its gradient is 0 where the norm is."""
    p = number(name, "p", p, 0)
    if p == 2:
        return _root(mg.square(x).sum(axis, keepdims=keepdims), 2)
    size = abs(x)
    if p == 1:
        return size.sum(axis, keepdims=keepdims)
    if p == np.inf:
        return size.max(axis, keepdims=keepdims)
    if p == 0:
        return mg.asarray((x._data != 0).sum(axis=axis, keepdims=keepdims).astype(x.dtype))
    if p < 1:  # the slope of |x| ** p at 0 is infinite, and not 0 times that of |x|
        zero = x._data == 0
        powers = where(zero, x.dtype.type(0), where(zero, x.dtype.type(1), size) ** p)
    else:
        powers = size**p
    return _root(powers.sum(axis, keepdims=keepdims), p)


def normalize(input: Any, p: float = 2.0, dim: int = 1, eps: float = 1e-12) -> Tensor:
    """Return ``x / max(‖x‖ₚ, eps)``, with the norm along `dim`.

    Parameters
    ----------
    input : Tensor
    p : float
        At least 0; ``inf`` for the maximum.
    dim : int
    eps : float
        Against a division by 0.

    Raises
    ------
    IndexError
        If there is no such axis.

    Examples
    --------
    >>> normalize([[3.0, 4.0], [0.0, 0.0]])
    Tensor([[0.6, 0.8],
            [0. , 0. ]], dtype=float64)
    """
    (x,) = together("normalize", input)
    axis = axis_of("normalize", dim, x.ndim)
    y: Tensor = x / mg.maximum(p_norm("normalize", x, p, axis), number("normalize", "eps", eps, 0))
    return y


def _broadcast(name: str, x1: Tensor, x2: Tensor) -> tuple[int, ...]:
    try:
        return np.broadcast_shapes(x1.shape, x2.shape)
    except ValueError:
        raise ValueError(f"{name}: x1 of shape {x1.shape} and x2 of shape {x2.shape} do not broadcast") from None


def cosine_similarity(x1: Any, x2: Any, dim: int = 1, eps: float = 1e-8) -> Tensor:
    """Return ``x1 · x2 / (max(‖x1‖, eps) max(‖x2‖, eps))`` along `dim`: the cosine of the angle between vectors.

    Parameters
    ----------
    x1, x2 : Tensor
        Of shapes that broadcast.
    dim : int
        The axis of the vectors, which is left out of the result.
    eps : float
        Against a division by 0.

    Raises
    ------
    ValueError
        If the shapes do not broadcast.
    IndexError
        If there is no such axis.

    Examples
    --------
    >>> cosine_similarity([[1.0, 0.0], [1.0, 1.0]], [[0.0, 2.0], [3.0, 3.0]])
    Tensor([0., 1.], dtype=float64)
    """
    x1, x2 = together("cosine_similarity", x1, x2)
    axis = axis_of("cosine_similarity", dim, len(_broadcast("cosine_similarity", x1, x2)))
    eps = number("cosine_similarity", "eps", eps, 0)
    if x1.shape != x2.shape:
        shape = _broadcast("cosine_similarity", x1, x2)
        x1, x2 = mg.broadcast_to(x1, shape), mg.broadcast_to(x2, shape)
    units = [x / mg.maximum(p_norm("cosine_similarity", x, 2, axis), eps) for x in (x1, x2)]
    y: Tensor = (units[0] * units[1]).sum(axis)
    return y


def pairwise_distance(x1: Any, x2: Any, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False) -> Tensor:
    """Return ``‖x1 - x2 + eps‖ₚ`` along the last axis.

    Parameters
    ----------
    x1, x2 : Tensor
        Of shapes that broadcast.
    p : float
        At least 0; ``inf`` for the maximum.
    eps : float
        Added to each difference.
    keepdim : bool
        Keep the last axis, with length 1.

    Raises
    ------
    ValueError
        If the shapes do not broadcast, or have no axis.

    Examples
    --------
    >>> pairwise_distance([[3.0, 0.0]], [[0.0, 4.0]], eps=0.0)
    Tensor([5.], dtype=float64)
    """
    x1, x2 = together("pairwise_distance", x1, x2)
    if not _broadcast("pairwise_distance", x1, x2):
        raise ValueError("pairwise_distance: needs vectors, got two numbers")
    return p_norm("pairwise_distance", x1 - x2 + number("pairwise_distance", "eps", eps), p, -1, bool(keepdim))
