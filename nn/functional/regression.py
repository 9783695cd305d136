"""Losses of numbers: squared, absolute, Huber's, and likelihoods of Poisson and normal distributions."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

import minigrad as mg
from minigrad import Tensor, asarray, where
from minigrad.ops.losses import HALF_LOG_2PI, huber

from ._arguments import floating, number, paired, reduced, weighted

__all__ = ["gaussian_nll_loss", "huber_loss", "l1_loss", "mse_loss", "poisson_nll_loss", "smooth_l1_loss"]


def mse_loss(input: Any, target: Any, *, reduction: str = "mean", weight: Any = None) -> Tensor:
    """Return the squared differences. Local gradient of the mean over n elements: ``2 (input - target) / n``.

    Parameters
    ----------
    input, target : Tensor
        Of equal shapes.
    reduction : {"mean", "sum", "none"}
    weight : Tensor, of the same shape, optional
        Multiplies the losses; the mean is then a weighted one.

    Raises
    ------
    ValueError
        If the shapes differ, or there is no such reduction.

    Examples
    --------
    >>> mse_loss([1.0, 2.0], [1.0, 4.0])
    Tensor(2., dtype=float64)
    """
    x, t = paired("mse_loss", input=input, target=target)
    return reduced("mse_loss", mg.square(x - t), reduction, weight)


def l1_loss(input: Any, target: Any, *, reduction: str = "mean", weight: Any = None) -> Tensor:
    """Return the absolute differences. Local gradient of the mean over n elements: ``sign(input - target) / n``.

    Parameters
    ----------
    input, target : Tensor
        Of equal shapes.
    reduction : {"mean", "sum", "none"}
    weight : Tensor, of the same shape, optional
        Multiplies the losses; the mean is then a weighted one.

    Raises
    ------
    ValueError
        If the shapes differ, or there is no such reduction.

    Examples
    --------
    >>> l1_loss([1.0, 2.0], [1.0, 4.0])
    Tensor(1., dtype=float64)
    """
    x, t = paired("l1_loss", input=input, target=target)
    return reduced("l1_loss", abs(x - t), reduction, weight)


def smooth_l1_loss(input: Any, target: Any, *, reduction: str = "mean", beta: float = 1.0) -> Tensor:
    """Return ``d²/2 / beta`` for differences d up to beta, and ``|d| - beta/2`` beyond: l1_loss with a smooth tip.

    Local gradient: ``clip(d / beta, -1, 1)``.

    Parameters
    ----------
    input, target : Tensor
        Of equal shapes.
    reduction : {"mean", "sum", "none"}
    beta : float
        At least 0; l1_loss at 0.

    Raises
    ------
    ValueError
        If the shapes differ, beta is negative, or there is no such reduction.

    Examples
    --------
    >>> smooth_l1_loss([0.5, 3.0], [0.0, 0.0], reduction="none")
    Tensor([0.125, 2.5  ], dtype=float64)
    """
    size = number("smooth_l1_loss", "beta", beta, 0)
    x, t = paired("smooth_l1_loss", input=input, target=target)
    return reduced("smooth_l1_loss", huber(x - t, size) / size if size else abs(x - t), reduction)


def huber_loss(input: Any, target: Any, *, reduction: str = "mean", delta: float = 1.0, weight: Any = None) -> Tensor:
    """Return ``d²/2`` for differences d up to delta, and ``delta · (|d| - delta/2)`` beyond.

    Local gradient: ``clip(d, -delta, delta)``.

    Parameters
    ----------
    input, target : Tensor
        Of equal shapes.
    reduction : {"mean", "sum", "none"}
    delta : float
        Above 0.
    weight : Tensor, of the same shape, optional
        Multiplies the losses. As in PyTorch, the mean still divides by their number, unlike that of mse_loss.

    Raises
    ------
    ValueError
        If the shapes differ, delta is not positive, or there is no such reduction.

    References
    ----------
    Huber, Robust Estimation of a Location Parameter, 1964.

    Examples
    --------
    >>> huber_loss([0.5, 3.0], [0.0, 0.0], delta=2.0, reduction="none")
    Tensor([0.125, 4.   ], dtype=float64)
    """
    size = number("huber_loss", "delta", delta, above=0)
    x, t = paired("huber_loss", input=input, target=target)
    return reduced("huber_loss", weighted("huber_loss", huber(x - t, size), weight)[0], reduction)


def poisson_nll_loss(
    input: Any,
    target: Any,
    log_input: bool = True,
    full: bool = False,
    *,
    eps: float = 1e-8,
    reduction: str = "mean",
) -> Tensor:
    """Return ``exp(x) - t x``, the negative log-likelihood of counts t under a Poisson distribution of mean exp(x).

    Local gradient: exp(x) - t, or 1 - t / (x + eps).

    Parameters
    ----------
    input : Tensor
        The logarithm of the mean; or, if `log_input` is not set, the mean: then ``x - t log(x + eps)``.
    target : Tensor, of the same shape
        Counts.
    log_input : bool
    full : bool
        Add Stirling's approximation of log(t!), for t > 1: it moves the value and not the gradient at the input.
    eps : float
        Keeps the logarithm finite at a mean of 0.
    reduction : {"mean", "sum", "none"}

    Raises
    ------
    ValueError
        If the shapes differ, or there is no such reduction.

    Examples
    --------
    >>> poisson_nll_loss([0.0], [2.0], log_input=True)
    Tensor(1., dtype=float64)
    """
    x, t = paired("poisson_nll_loss", input=input, target=target)
    losses = mg.exp(x) - t * x if log_input else x - t * mg.log(x + number("poisson_nll_loss", "eps", eps, 0))
    if full:
        large = t._data > 1
        n = where(large, t, t.dtype.type(1))
        stirling = n * mg.log(n) - n + mg.log(n * (2 * math.pi)) * 0.5
        losses = losses + where(large, stirling, t.dtype.type(0))
    return reduced("poisson_nll_loss", losses, reduction)


def gaussian_nll_loss(
    input: Any, target: Any, var: Any, full: bool = False, eps: float = 1e-6, *, reduction: str = "mean"
) -> Tensor:
    """Return ``(log(var) + (x - t)² / var) / 2``, the negative log-likelihood under a normal distribution.

    Local gradients: (x - t) / var at the input, and (1 - (x - t)² / var) / (2 var) at the variance.

    Parameters
    ----------
    input : Tensor
        The mean.
    target : Tensor, of the same shape
    var : Tensor or number
        The variance, at least 0: of the same shape, or with 1 in the place of the last axis, or without it.
    full : bool
        Add the constant log(2π) / 2.
    eps : float
        The variance is taken as at least this; its gradient is the same as if it were not limited.
    reduction : {"mean", "sum", "none"}

    Raises
    ------
    ValueError
        If the shapes do not fit, a variance is negative, or eps is not positive.

    Examples
    --------
    >>> gaussian_nll_loss([1.0], [3.0], [1.0])
    Tensor(2., dtype=float64)
    """
    name = "gaussian_nll_loss"
    x, t = paired(name, input=input, target=target)
    limit = number(name, "eps", eps, above=0)
    v = floating(name, var)
    if isinstance(var, (int, float)):
        v = v.astype(x.dtype)
    if v.shape not in (x.shape, (*x.shape[:-1], 1), ()):
        if v.shape != x.shape[:-1]:
            raise ValueError(
                f"{name}: input of shape {x.shape} needs a var of that shape, of {(*x.shape[:-1], 1)} or of "
                f"{x.shape[:-1]}, got {v.shape}"
            )
        v = v.reshape((*v.shape, 1))
    values = v._data
    if (values < 0).any():
        raise ValueError(f"{name}: a variance is negative: {values.min()!s}")
    if (values < limit).any():
        # The limit is added as a constant, so that the gradient does not stop at it.
        v = v + asarray(np.maximum(values, values.dtype.type(limit)) - values)
    losses = (mg.log(v) + mg.square(x - t) / v) * 0.5
    return reduced(name, losses + HALF_LOG_2PI if full else losses, reduction)
