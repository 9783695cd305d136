"""Losses of class probabilities: cross-entropy, likelihoods, divergence."""

from __future__ import annotations

from typing import Any

import numpy as np

import minigrad as mg
from minigrad import Tensor, asarray, log_softmax, where
from minigrad.ops import losses as ops
from minigrad.ops.activation import softmax_cross_entropy
from minigrad.ops.smooth import logsigmoid

from ._arguments import check_reduction, constant, floating, number, paired, reduced

__all__ = ["binary_cross_entropy", "binary_cross_entropy_with_logits", "cross_entropy", "kl_div", "nll_loss"]

IGNORED = -100


def cross_entropy(
    input: Any,
    target: Any,
    weight: Any = None,
    *,
    ignore_index: int = IGNORED,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Tensor:
    """Return the cross-entropy between ``softmax(input)`` and the targets, in nats.

    Local gradient: ``(softmax - target) / n`` for the mean over n examples.

    Parameters
    ----------
    input : Tensor, shape (n, classes), (classes,) or (n, classes, ...)
        Logits: what softmax has not been applied to.
    target : Tensor or array_like
        Class indices, integers of the input's shape without its axis of classes; or one-hot vectors or
        probabilities, of the input's shape.
    weight : array_like, shape (classes,), optional
        Weights the classes; the mean over class indices is then a weighted one. It gets no gradient.
    ignore_index : int
        Examples with this class index do not count.
    reduction : {"mean", "sum", "none"}
        Over the examples (and places).
    label_smoothing : float
        From 0 to 1: this share of each target is spread evenly over the classes.

    Raises
    ------
    ValueError, TypeError
        If shapes, dtypes or settings do not fit, or a mean is asked for and no example counts.
    IndexError
        If a class index is neither in [0, classes) nor ignored.

    Examples
    --------
    >>> cross_entropy([[0.2, 0.1, 0.7], [0.3, 0.1, 0.6]], [0, 1])
    Tensor(1.31061805, dtype=float64)
    >>> cross_entropy([[0.0, 0.0]], [[0.5, 0.5]], reduction="none")
    Tensor([0.69314718], dtype=float64)
    """
    name = "cross_entropy"
    check_reduction(name, reduction)
    smoothing = number(name, "label_smoothing", label_smoothing)
    if not 0 <= smoothing <= 1:
        raise ValueError(f"{name}: label_smoothing must be between 0 and 1, got {label_smoothing!r}")
    logits, target = floating(name, input), asarray(target)
    shape, places = logits.shape, _check_shapes(name, logits, target)
    if len(shape) == 2 and weight is None and reduction != "none" and not smoothing and logits.size:
        plain = (target.ndim == 2 and ignore_index < 0) or (
            target.shape == shape[:1] and ignore_index not in target._data
        )
        if plain:  # the whole loss in one step
            loss = softmax_cross_entropy(logits, target)
            return loss if reduction == "mean" else loss * len(logits)
    logits, target = _rows(logits), _rows(target) if target.shape == shape else target.reshape(-1)
    weights = _class_weights(name, weight, logits)
    if target.ndim == 2:
        if ignore_index >= 0:
            raise ValueError(f"{name}: ignore_index {ignore_index} is for class indices; these are probabilities")
        losses = _of_probabilities(logits, target, weights, smoothing)
        return reduced(name, losses.reshape(places), reduction)
    indices, counts = _indices(name, target, logits.shape[1], ignore_index)
    if smoothing:
        log_y = log_softmax(logits, 1)
        spread = -(log_y if weights is None else log_y * weights).sum(1) * (smoothing / logits.shape[1])
        losses = -log_y[np.arange(len(logits)), indices] * (1 - smoothing)
    else:
        spread = None
        losses = ops.cross_entropies(logits, indices)
    return _weighted(name, losses, spread, weights, indices, counts, places, reduction)


def _check_shapes(name: str, x: Tensor, target: Tensor, probabilities: bool = True) -> tuple[int, ...]:
    """Return the shape of the losses, having checked that the target fits the input."""
    shape = x.shape
    places = shape[:0] if len(shape) == 1 else (*shape[:1], *shape[2:])
    if not shape or target.shape not in ((places, shape) if probabilities else (places,)):
        wanted = f"{places} (class indices)" + (f" or {shape} (probabilities)" if probabilities else "")
        raise ValueError(f"{name}: input of shape {shape} needs a target of shape {wanted}, got {target.shape}")
    if not shape[0 if len(shape) == 1 else 1]:
        raise ValueError(f"{name}: input of shape {shape} has no classes")
    return places


def _rows(x: Tensor) -> Tensor:
    if x.ndim == 1:
        return x.reshape(1, -1)
    rows = x if x.ndim == 2 else x.transpose(0, *range(2, x.ndim), 1)
    return rows.reshape(x.size // x.shape[1] if x.size else 0, x.shape[1]) if rows.ndim != 2 else rows


def _class_weights(name: str, weight: Any, logits: Tensor) -> Any:
    if weight is None:
        return None
    w = constant(name, "weight", weight)
    if w.shape != logits.shape[1:]:
        raise ValueError(f"{name}: expected a weight for each of {logits.shape[1]} classes, got shape {w.shape}")
    return w._data.astype(logits.dtype)


def _of_probabilities(logits: Tensor, target: Tensor, weights: Any, smoothing: float) -> Tensor:
    target = target.astype(logits.dtype)
    if smoothing:
        target = target * (1 - smoothing) + smoothing / logits.shape[1]
    log_y = log_softmax(logits, 1)
    if not np.all(np.isfinite(log_y._data)):
        log_y = where(target._data == 0, logits.dtype.type(0), log_y)  # 0 log 0 = 0
    share = target if weights is None else target * weights
    return -(log_y * share).sum(1)


def _indices(name: str, target: Tensor, classes: int, ignore_index: int) -> tuple[Any, Any]:
    """Return the class indices, with 0 for those that are ignored, and which count (None for all)."""
    values = target._data
    if values.dtype.kind not in "iu":
        if values.size:
            raise TypeError(f"{name}: class indices must be integers, got {values.dtype} of shape {values.shape}")
        values = values.astype(np.intp)  # [] is floating in NumPy
    counts = values != ignore_index
    if counts.all():
        counts = None
    else:
        values = np.where(counts, values, 0)
    if values.size and (values.min() < 0 or values.max() >= classes):
        bad = int(values[(values < 0) | (values >= classes)][0])
        raise IndexError(f"{name}: class index {bad} is not in [0, {classes})")
    return values, counts


def _weighted(
    name: str, losses: Tensor, spread: Tensor | None, weights: Any, indices: Any, counts: Any,
    places: tuple[int, ...], reduction: str,
) -> Tensor:  # fmt: skip
    """Return the losses of the class indices, weighted by class, without those that do not count, reduced."""
    share = None if weights is None else weights[indices]
    if share is not None:
        losses = losses * share
    if spread is not None:
        losses = losses + spread
    if counts is not None:
        losses = where(counts, losses, losses.dtype.type(0))
    if reduction != "mean" or not losses.size:
        return reduced(name, losses.reshape(places), reduction)
    if counts is not None and not counts.any():
        raise ValueError(f"{name}: the mean of nothing: all {counts.size} targets are ignored")
    if share is None:
        n = losses.size if counts is None else int(np.count_nonzero(counts))
        mean: Tensor = losses.sum() / n
        return mean
    total = (share if counts is None else share * counts).sum()
    if total == 0:
        raise ValueError(f"{name}: the mean of nothing: the weights of all targets are 0")
    mean = losses.sum() / total
    return mean


def nll_loss(
    input: Any, target: Any, weight: Any = None, *, ignore_index: int = IGNORED, reduction: str = "mean"
) -> Tensor:
    """Return ``-input[target]``: the negative log-likelihood, for inputs that are logarithms of probabilities.

    Local gradient: -1 at the target, 0 elsewhere.

    Parameters
    ----------
    input : Tensor, shape (n, classes), (classes,) or (n, classes, ...)
        What log_softmax returns.
    target : Tensor or array_like of int
        Class indices, of the input's shape without its axis of classes.
    weight : array_like, shape (classes,), optional
        Weights the classes; the mean is then a weighted one. It gets no gradient.
    ignore_index : int
        Examples with this class index do not count.
    reduction : {"mean", "sum", "none"}

    Raises
    ------
    ValueError, TypeError
        If shapes, dtypes or settings do not fit, or a mean is asked for and no example counts.
    IndexError
        If a class index is neither in [0, classes) nor ignored.

    Examples
    --------
    >>> nll_loss([[-0.5, -1.0], [-2.0, -0.25]], [0, 1])
    Tensor(0.375, dtype=float64)
    """
    name = "nll_loss"
    check_reduction(name, reduction)
    log_y, target = floating(name, input), asarray(target)
    places = _check_shapes(name, log_y, target, probabilities=False)
    log_y, target = _rows(log_y), target.reshape(-1)
    weights = _class_weights(name, weight, log_y)
    indices, counts = _indices(name, target, log_y.shape[1], ignore_index)
    losses = -log_y[np.arange(len(log_y)), indices]
    return _weighted(name, losses, None, weights, indices, counts, places, reduction)


def binary_cross_entropy(input: Any, target: Any, weight: Any = None, *, reduction: str = "mean") -> Tensor:
    """Return ``-(t log(x) + (1 - t) log(1 - x))`` for probabilities x; the logarithms are at least -100.

    Local gradient: (x - t) / (x (1 - x)). From logits, :func:`binary_cross_entropy_with_logits` is more accurate.

    Parameters
    ----------
    input : Tensor
        Probabilities, in [0, 1].
    target : Tensor, of the same shape
    weight : array_like, optional
        Multiplies the losses; broadcast.
    reduction : {"mean", "sum", "none"}

    Raises
    ------
    ValueError
        If the shapes differ, or an input is no probability.

    Examples
    --------
    >>> binary_cross_entropy([0.5, 1.0], [1.0, 1.0], reduction="none")
    Tensor([ 0.69314718, -0.        ], dtype=float64)
    """
    name = "binary_cross_entropy"
    x, t = paired(name, input=input, target=target)
    values = x._data
    outside = ~((values >= 0) & (values <= 1))
    if outside.any():
        raise ValueError(f"{name}: the input must be probabilities, in [0, 1]; got {values[outside].flat[0]!s}")
    losses = -(t * ops.clamped_log(x) + (1 - t) * ops.clamped_log1p(-x))
    return reduced(name, _times(name, losses, "weight", weight), reduction)


def _less_one(weight: Any) -> Any:
    return weight - 1 if isinstance(weight, (int, float)) else asarray(weight) - 1


def _times(name: str, losses: Tensor, what: str, factor: Any) -> Any:
    """Return the losses, times a factor that may be broadcast."""
    if factor is None:
        return losses
    factor = floating(name, losses.dtype.type(factor) if isinstance(factor, (int, float)) else factor)
    try:
        fits = np.broadcast_shapes(losses.shape, factor.shape) == losses.shape
    except ValueError:
        fits = False
    if not fits:
        raise ValueError(f"{name}: a {what} of shape {factor.shape} does not broadcast to {losses.shape}")
    return losses * factor


def binary_cross_entropy_with_logits(
    input: Any, target: Any, weight: Any = None, *, reduction: str = "mean", pos_weight: Any = None
) -> Tensor:
    """Return ``-(pos_weight · t log σ(x) + (1 - t) log σ(-x))``, without overflow. Local gradient: σ(x) - t.

    Parameters
    ----------
    input : Tensor
        Logits: what the sigmoid has not been applied to.
    target : Tensor, of the same shape
    weight : array_like, optional
        Multiplies the losses; broadcast.
    reduction : {"mean", "sum", "none"}
    pos_weight : array_like, optional
        Multiplies the losses of the positive part; broadcast.

    Raises
    ------
    ValueError
        If the shapes do not fit.

    Examples
    --------
    >>> binary_cross_entropy_with_logits([0.0, 1000.0], [1.0, 1.0], reduction="none")
    Tensor([0.69314718, 0.        ], dtype=float64)
    """
    name = "binary_cross_entropy_with_logits"
    x, t = paired(name, input=input, target=target)
    losses = ops.logistic_loss(x, t)
    if pos_weight is not None:
        if not np.isfinite(x._data).all():  # 0 · ∞: the positive part of a negative example is 0
            x = where(t._data == 0, x.dtype.type(0), x)
        losses = losses - _times(name, t * logsigmoid(x), "pos_weight", _less_one(pos_weight))
    return reduced(name, _times(name, losses, "weight", weight), reduction)


def kl_div(input: Any, target: Any, *, reduction: str = "mean", log_target: bool = False) -> Tensor:
    """Return ``t (log(t) - x)``, the terms of the divergence of the targets from exp(input); 0 log 0 is 0.

    Local gradients: -t, and ``log(t) + 1 - x``, which is taken as 0 at t = 0.

    Parameters
    ----------
    input : Tensor
        Logarithms of probabilities.
    target : Tensor, of the same shape
        Probabilities, or their logarithms.
    reduction : {"mean", "batchmean", "sum", "none"}
        "batchmean", the sum over the first axis's length, is the divergence; "mean" averages over all elements.
    log_target : bool
        Whether the targets are logarithms.

    Raises
    ------
    ValueError
        If the shapes differ, a probability is negative, or there is nothing to average.

    Examples
    --------
    >>> kl_div(mg.log([[0.5, 0.5]]), [[0.0, 1.0]], reduction="batchmean")
    Tensor(0.69314718, dtype=float64)
    """
    name = "kl_div"
    check_reduction(name, reduction, ("mean", "batchmean", "sum", "none"))
    x, t = paired(name, input=input, target=target)
    zero = (t._data == -np.inf) if log_target else (t._data == 0)
    if not log_target and (t._data < 0).any():
        raise ValueError(f"{name}: the target must be probabilities; got {t._data.min()!s}")
    some = bool(zero.any())
    if some:  # what is selected away must be finite, or its gradient would be NaN
        x, t = where(zero, x.dtype.type(0), x), where(zero, t.dtype.type(0 if log_target else 1), t)
    losses = mg.exp(t) * (t - x) if log_target else t * (mg.log(t) - x)
    if some:
        losses = where(zero, losses.dtype.type(0), losses)
    if reduction == "batchmean":
        if not losses.ndim or not len(losses):
            raise ValueError(f"{name}: no batch to average over: the input has shape {losses.shape}")
        return losses.sum() / len(losses)
    return reduced(name, losses, reduction)
