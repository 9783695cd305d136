"""Losses that are 0 once a margin is kept: hinge losses, rankings, similarities, triplets.

At the margin itself, where the slopes from both sides differ, they have slope 0.
"""

from __future__ import annotations

from typing import Any

import numpy as np

import minigrad as mg
from minigrad import Tensor, asarray, relu, where

from ._arguments import constant, floating, number, paired, reduced, together
from .distance import pairwise_distance

__all__ = [
    "cosine_embedding_loss", "hinge_embedding_loss", "margin_ranking_loss", "multi_margin_loss", "multiclass_svm_loss",
    "triplet_margin_loss",
]  # fmt: skip


def _class_indices(name: str, x: Tensor, target: Any) -> Any:
    """Return the class indices for scores of shape (n, classes) or (classes,), checked."""
    t = asarray(target)
    if x.ndim not in (1, 2) or not x.shape[-1] or t.shape != x.shape[:-1]:
        raise ValueError(
            f"{name}: expected scores of shape (n, classes) and class indices of shape (n,), got input {x.shape} and "
            f"target {t.shape}"
        )
    indices = t._data
    if indices.dtype.kind not in "iu":
        if indices.size:
            raise TypeError(f"{name}: class indices must be integers, got {indices.dtype} of shape {indices.shape}")
        indices = indices.astype(np.intp)
    classes = x.shape[-1]
    if indices.size and (indices.min() < 0 or indices.max() >= classes):
        bad = int(indices[(indices < 0) | (indices >= classes)].flat[0])
        raise IndexError(f"{name}: class index {bad} is not in [0, {classes})")
    return indices


def _violations(name: str, x: Tensor, indices: Any, margin: float) -> Any:
    """Return ``max(0, x - x[target] + margin)`` for the classes that are not the target, 0 for the target."""
    rows = x.reshape(-1, x.shape[-1])
    flat = indices.reshape(-1)
    right = rows[np.arange(len(rows)), flat]
    others = np.arange(x.shape[-1]) != flat[:, None]
    return relu(rows - right.reshape(-1, 1) + margin) * others.astype(x.dtype)


def multiclass_svm_loss(input: Any, target: Any, *, margin: float = 1.0, reduction: str = "mean") -> Tensor:
    """Return ``Σ max(0, s_j - s_t + margin)`` over the classes j other than the target t: the multi-class hinge loss.

    Local gradient: 1 at each class within the margin, minus their number at the target.

    Parameters
    ----------
    input : Tensor, shape (n, classes) or (classes,)
        Scores.
    target : Tensor or array_like of int, shape (n,) or ()
    margin : float
    reduction : {"mean", "sum", "none"}
        Over the examples.

    Raises
    ------
    ValueError, TypeError
        If shapes or dtypes do not fit.
    IndexError
        If a class index is not in [0, classes).

    See Also
    --------
    multi_margin_loss : The same, divided by the number of classes.

    Examples
    --------
    Scores of a cat, a car and a frog for the classes cat, car and frog:

    >>> multiclass_svm_loss([[3.2, 5.1, -1.7], [1.3, 4.9, 2.0], [2.2, 2.5, -3.1]], [0, 1, 2], reduction="none")
    Tensor([ 2.9,  0. , 12.9], dtype=float64)
    """
    name = "multiclass_svm_loss"
    x = floating(name, input)
    indices = _class_indices(name, x, target)
    losses = _violations(name, x, indices, number(name, "margin", margin)).sum(1)
    return reduced(name, losses.reshape(indices.shape), reduction)


def multi_margin_loss(
    input: Any, target: Any, p: int = 1, margin: float = 1.0, weight: Any = None, *, reduction: str = "mean"
) -> Tensor:
    """Return ``Σ weight[t] max(0, margin - x_t + x_j)ᵖ / classes`` over the classes j other than the target t.

    Parameters
    ----------
    input : Tensor, shape (n, classes) or (classes,)
        Scores.
    target : Tensor or array_like of int, shape (n,) or ()
    p : {1, 2}
    margin : float
    weight : array_like, shape (classes,), optional
        Weights the classes, by the target's. It gets no gradient.
    reduction : {"mean", "sum", "none"}
        Over the examples.

    Raises
    ------
    ValueError, TypeError
        If shapes, dtypes or settings do not fit.
    IndexError
        If a class index is not in [0, classes).

    Examples
    --------
    >>> multi_margin_loss([[0.1, 0.2, 0.4, 0.8]], [3])
    Tensor(0.325, dtype=float64)
    """
    name = "multi_margin_loss"
    x = floating(name, input)
    indices = _class_indices(name, x, target)
    if p not in (1, 2):
        raise ValueError(f"{name}: p must be 1 or 2, got {p!r}")
    over = _violations(name, x, indices, number(name, "margin", margin))
    losses = (over if p == 1 else mg.square(over)).sum(1) / x.shape[-1]
    if weight is not None:
        w = constant(name, "weight", weight)
        if w.shape != x.shape[-1:]:
            raise ValueError(f"{name}: expected a weight for each of {x.shape[-1]} classes, got shape {w.shape}")
        losses = losses * w._data.astype(x.dtype)[indices.reshape(-1)]
    return reduced(name, losses.reshape(indices.shape), reduction)


def _signs(name: str, target: Any, shape: tuple[int, ...]) -> Any:
    """Return a target of 1 and -1 as an array, checked."""
    t = asarray(target)
    if t.shape != shape:
        raise ValueError(f"{name}: expected a target of shape {shape}, got {t.shape}")
    values = t._data
    wrong = np.abs(values) != 1
    if wrong.any():
        raise ValueError(f"{name}: the target must be 1 or -1; got {values[wrong].flat[0]!s}")
    return values


def hinge_embedding_loss(input: Any, target: Any, margin: float = 1.0, *, reduction: str = "mean") -> Tensor:
    """Return `x` where the target is 1, and ``max(0, margin - x)`` where it is -1; x is a distance.

    Parameters
    ----------
    input : Tensor
    target : array_like, of the same shape
        1 or -1.
    margin : float
    reduction : {"mean", "sum", "none"}

    Raises
    ------
    ValueError
        If the shapes differ, or a target is neither 1 nor -1.

    Examples
    --------
    >>> hinge_embedding_loss([0.3, 0.3, 2.0], [1, -1, -1], reduction="none")
    Tensor([0.3, 0.7, 0. ], dtype=float64)
    """
    name = "hinge_embedding_loss"
    x = floating(name, input)
    same = _signs(name, target, x.shape) == 1
    return reduced(name, where(same, x, relu(number(name, "margin", margin) - x)), reduction)


def margin_ranking_loss(
    input1: Any, input2: Any, target: Any, margin: float = 0.0, *, reduction: str = "mean"
) -> Tensor:
    """Return ``max(0, -t (x1 - x2) + margin)``: x1 shall be larger where the target is 1, smaller where it is -1.

    Parameters
    ----------
    input1, input2 : Tensor
        Of equal shapes.
    target : array_like, of the same shape
        1 or -1.
    margin : float
    reduction : {"mean", "sum", "none"}

    Raises
    ------
    ValueError
        If the shapes differ, or a target is neither 1 nor -1.

    Examples
    --------
    >>> margin_ranking_loss([1.0, 1.0], [3.0, 3.0], [1, -1], reduction="none")
    Tensor([2., 0.], dtype=float64)
    """
    name = "margin_ranking_loss"
    x1, x2 = paired(name, input1=input1, input2=input2)
    signs = _signs(name, target, x1.shape).astype(x1.dtype)
    return reduced(name, relu((x2 - x1) * signs + number(name, "margin", margin)), reduction)


# What keeps the cosine of a vector of zeros smooth, in PyTorch and here.
_EPS = 1e-12


def cosine_embedding_loss(
    input1: Any, input2: Any, target: Any, margin: float = 0.0, *, reduction: str = "mean"
) -> Tensor:
    """Return ``1 - cos(x1, x2)`` where the target is 1, and ``max(0, cos(x1, x2) - margin)`` where it is -1.

    Parameters
    ----------
    input1, input2 : Tensor, shape (n, width) or (width,)
    target : array_like, shape (n,) or ()
        1 or -1.
    margin : float
    reduction : {"mean", "sum", "none"}

    Raises
    ------
    ValueError
        If the shapes do not fit, or a target is neither 1 nor -1.

    Examples
    --------
    >>> cosine_embedding_loss([[1.0, 0.0], [1.0, 0.0]], [[0.0, 2.0], [0.0, 1.0]], [1, -1], reduction="none")
    Tensor([1., 0.], dtype=float64)
    """
    name = "cosine_embedding_loss"
    x1, x2 = paired(name, input1=input1, input2=input2)
    if x1.ndim not in (1, 2):
        raise ValueError(f"{name}: expected inputs of shape (n, width) or (width,), got {x1.shape}")
    lengths = (mg.square(x1).sum(-1) + _EPS) * (mg.square(x2).sum(-1) + _EPS)
    cosine = (x1 * x2).sum(-1) / mg.sqrt(lengths)
    same = _signs(name, target, cosine.shape) == 1
    return reduced(name, where(same, 1 - cosine, relu(cosine - number(name, "margin", margin))), reduction)


def triplet_margin_loss(
    anchor: Any,
    positive: Any,
    negative: Any,
    margin: float = 1.0,
    p: float = 2.0,
    eps: float = 1e-6,
    swap: bool = False,
    *,
    reduction: str = "mean",
) -> Tensor:
    """Return ``max(0, ‖anchor - positive‖ - ‖anchor - negative‖ + margin)``.

    Parameters
    ----------
    anchor, positive, negative : Tensor, shape (n, width) or (width,)
        Of shapes that broadcast.
    margin : float
    p : float
        The kind of norm.
    eps : float
        Added to each difference.
    swap : bool
        Take the distance from positive to negative, where that is the smaller one.
    reduction : {"mean", "sum", "none"}

    Raises
    ------
    ValueError
        If the shapes do not broadcast.

    References
    ----------
    Balntas et al., Learning Local Feature Descriptors with Triplets and Shallow Convolutional Networks, 2016.

    Examples
    --------
    >>> triplet_margin_loss([[0.0, 0.0]], [[3.0, 4.0]], [[0.0, 2.0]], eps=0.0)
    Tensor(4., dtype=float64)
    """
    name = "triplet_margin_loss"
    a, good, bad = together(name, anchor, positive, negative)
    if not a.ndim == good.ndim == bad.ndim or a.ndim not in (1, 2):
        raise ValueError(f"{name}: expected (n, width) or (width,), got {a.shape}, {good.shape} and {bad.shape}")
    away = pairwise_distance(a, bad, p, eps)
    if swap:
        away = mg.minimum(away, pairwise_distance(good, bad, p, eps))
    gap = pairwise_distance(a, good, p, eps) - away
    return reduced(name, relu(gap + number(name, "margin", margin)), reduction)
