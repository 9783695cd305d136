"""Dropout: random zeros, from a generator that is passed."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad import Tensor, asarray

from ..random import generator
from ._arguments import floating, number

__all__ = ["dropout", "dropout2d"]


def probability(name: str, what: str, p: Any) -> float:
    """Return `p`, checked to be in [0, 1]."""
    x = number(name, what, p)
    if not 0 <= x <= 1:
        raise ValueError(f"{name}: {what} must be between 0 and 1, got {p!r}")
    return x


def keep_mask(like: Tensor, shape: tuple[int, ...], p: float, rng: np.random.Generator | None) -> np.ndarray[Any, Any]:
    """Return 0 with probability `p`, else ``1 / (1 - p)``, in the dtype of `like`."""
    kept = generator(rng).random(shape, dtype=np.float32) >= p
    return kept.astype(like.dtype) if p == 1 else kept * like.dtype.type(1 / (1 - p))


def dropout(input: Any, p: float = 0.5, training: bool = True, *, rng: np.random.Generator | None = None) -> Tensor:
    """Set each element to 0 with probability `p`, and divide the others by 1 - p, so that the mean stays.

    Local gradient: 0 or 1 / (1 - p).

    Parameters
    ----------
    input : Tensor
    p : float
        From 0 to 1.
    training : bool
        If not, return the input.
    rng : numpy.random.Generator, optional
        Where the choice comes from; default: the package's (:func:`minigrad.nn.seed`).

    Raises
    ------
    ValueError, TypeError
        If `p` is no probability, or `rng` no generator.

    References
    ----------
    Srivastava et al., Dropout: A Simple Way to Prevent Neural Networks from Overfitting, 2014.

    Examples
    --------
    >>> dropout(np.ones(6), 0.5, rng=np.random.default_rng(0))
    Tensor([2., 2., 2., 0., 0., 0.], dtype=float64)
    """
    p = probability("dropout", "p", p)
    x = floating("dropout", input)
    if not training or p == 0:
        return x
    return x * asarray(keep_mask(x, x.shape, p, rng))


def dropout2d(input: Any, p: float = 0.5, training: bool = True, *, rng: np.random.Generator | None = None) -> Tensor:
    """Set whole channels to 0 with probability `p`, and divide the others by 1 - p.

    Parameters
    ----------
    input : Tensor, shape (n, channels, height, width)
    p : float
        From 0 to 1.
    training : bool
        If not, return the input.
    rng : numpy.random.Generator, optional
        Default: the package's (:func:`minigrad.nn.seed`).

    Raises
    ------
    ValueError, TypeError
        If the input has no such axes, `p` is no probability, or `rng` no generator.

    Examples
    --------
    >>> dropout2d(np.ones((1, 2, 1, 2)), 0.5, rng=np.random.default_rng(2)).tolist()
    [[[[2.0, 2.0]], [[0.0, 0.0]]]]
    """
    p = probability("dropout2d", "p", p)
    x = floating("dropout2d", input)
    if x.ndim != 4:
        raise ValueError(f"dropout2d: expected input of shape (n, channels, height, width), got {x.shape}")
    if not training or p == 0:
        return x
    return x * asarray(keep_mask(x, (*x.shape[:2], 1, 1), p, rng))
