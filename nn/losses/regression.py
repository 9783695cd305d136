"""Losses of numbers: squared, absolute, Huber's, and likelihoods of Poisson and normal distributions."""

from __future__ import annotations

from typing import Any

from minigrad import Tensor

from .. import functional as F
from ..functional._arguments import number
from ._loss import Loss

__all__ = ["GaussianNLLLoss", "HalfSquaredError", "HuberLoss", "L1Loss", "MSELoss", "PoissonNLLLoss", "SmoothL1Loss"]


class MSELoss(Loss):
    """The mean of the squared differences. Local gradient: ``2 (input - target) / n`` for n elements.

    Parameters
    ----------
    reduction : {"mean", "sum", "none"}
        Over the elements; the "sum" is the sum of squared errors.

    Examples
    --------
    >>> from minigrad import nn
    >>> nn.MSELoss()([1.0, 2.0], [1.0, 4.0]).item()
    2.0
    """

    def __init__(self, reduction: str = "mean") -> None:
        super().__init__(reduction)

    def forward(self, input: Any, target: Any) -> Tensor:
        """Return the loss; the shapes are equal."""
        return F.mse_loss(input, target, reduction=self.reduction)


class HalfSquaredError(Loss):
    """Half the sum of the squared differences, as in textbooks. Local gradient: ``input - target``.

    Parameters
    ----------
    reduction : {"sum", "mean", "none"}
        Over the elements.

    Examples
    --------
    >>> from minigrad import nn
    >>> digit_2 = [0, 0, 1, 0, 0, 0, 0, 0, 0, 0]
    >>> round(nn.HalfSquaredError()([0.1, 0.05, 0.6, 0, 0.05, 0.1, 0, 0.1, 0, 0], digit_2).item(), 4)
    0.0975
    """

    def __init__(self, reduction: str = "sum") -> None:
        super().__init__(reduction)

    def forward(self, input: Any, target: Any) -> Tensor:
        """Return the loss; the shapes are equal."""
        return F.mse_loss(input, target, reduction=self.reduction) * 0.5


class L1Loss(Loss):
    """The mean of the absolute differences. Local gradient: ``sign(input - target) / n`` for n elements.

    Parameters
    ----------
    reduction : {"mean", "sum", "none"}
        Over the elements.

    Examples
    --------
    >>> from minigrad import nn
    >>> nn.L1Loss()([1.0, 2.0], [1.0, 4.0]).item()
    1.0
    """

    def __init__(self, reduction: str = "mean") -> None:
        super().__init__(reduction)

    def forward(self, input: Any, target: Any) -> Tensor:
        """Return the loss; the shapes are equal."""
        return F.l1_loss(input, target, reduction=self.reduction)


class HuberLoss(Loss):
    """Squared for differences up to delta, linear beyond: see :func:`minigrad.nn.functional.huber_loss`.

    Local gradient: ``clip(input - target, -delta, delta) / n`` for n elements.

    Parameters
    ----------
    reduction : {"mean", "sum", "none"}
        Over the elements.
    delta : float
        Above 0.

    Examples
    --------
    >>> from minigrad import nn
    >>> nn.HuberLoss(reduction="none", delta=2.0)([0.5, 3.0], [0.0, 0.0]).tolist()
    [0.125, 4.0]
    """

    def __init__(self, reduction: str = "mean", delta: float = 1.0) -> None:
        super().__init__(reduction)
        self.delta = number("HuberLoss", "delta", delta, above=0)

    def forward(self, input: Any, target: Any) -> Tensor:
        """Return the loss; the shapes are equal."""
        return F.huber_loss(input, target, reduction=self.reduction, delta=self.delta)


class SmoothL1Loss(Loss):
    """:class:`HuberLoss` divided by its delta, which is called beta here: :class:`L1Loss` with a smooth tip.

    Local gradient: ``clip((input - target) / beta, -1, 1) / n`` for n elements.

    Parameters
    ----------
    reduction : {"mean", "sum", "none"}
        Over the elements.
    beta : float
        At least 0.

    Examples
    --------
    >>> from minigrad import nn
    >>> nn.SmoothL1Loss(reduction="none")([0.5, 3.0], [0.0, 0.0]).tolist()
    [0.125, 2.5]
    """

    def __init__(self, reduction: str = "mean", beta: float = 1.0) -> None:
        super().__init__(reduction)
        self.beta = number("SmoothL1Loss", "beta", beta, 0)

    def forward(self, input: Any, target: Any) -> Tensor:
        """Return the loss; the shapes are equal."""
        return F.smooth_l1_loss(input, target, reduction=self.reduction, beta=self.beta)


class PoissonNLLLoss(Loss):
    """The negative log-likelihood of counts; see :func:`minigrad.nn.functional.poisson_nll_loss`.

    Local gradient: exp(input) - target, or 1 - target / (input + eps) for an input that is the mean itself.

    Parameters
    ----------
    log_input : bool
        Whether the input is the logarithm of the mean.
    full : bool
        Whether to add Stirling's approximation of log(target!).
    eps : float
        Keeps the logarithm finite at a mean of 0.
    reduction : {"mean", "sum", "none"}
        Over the elements.

    Examples
    --------
    >>> from minigrad import nn
    >>> nn.PoissonNLLLoss()([0.0], [2.0]).item()
    1.0
    """

    def __init__(self, log_input: bool = True, full: bool = False, eps: float = 1e-8, reduction: str = "mean") -> None:
        eps = number("PoissonNLLLoss", "eps", eps, 0)
        super().__init__(reduction)
        self.log_input = bool(log_input)
        self.full = bool(full)
        self.eps = eps

    def forward(self, input: Any, target: Any) -> Tensor:
        """Return the loss; the shapes are equal."""
        return F.poisson_nll_loss(input, target, self.log_input, self.full, eps=self.eps, reduction=self.reduction)


class GaussianNLLLoss(Loss):
    """The negative log-likelihood under a normal distribution; see :func:`minigrad.nn.functional.gaussian_nll_loss`.

    Local gradients: (input - target) / var at the input, and (1 - (input - target)² / var) / (2 var) at the variance.

    Parameters
    ----------
    full : bool
        Whether to add the constant log(2π) / 2.
    eps : float
        The variance is taken as at least this.
    reduction : {"mean", "sum", "none"}
        Over the elements.

    Examples
    --------
    >>> from minigrad import nn
    >>> nn.GaussianNLLLoss()([1.0], [3.0], [1.0]).item()
    2.0
    """

    def __init__(self, full: bool = False, eps: float = 1e-6, reduction: str = "mean") -> None:
        super().__init__(reduction)
        self.full = bool(full)
        self.eps = number("GaussianNLLLoss", "eps", eps, above=0)

    def forward(self, input: Any, target: Any, var: Any) -> Tensor:
        """Return the loss; `var` has the input's shape, or 1 in the place of the last axis, or lacks it."""
        return F.gaussian_nll_loss(input, target, var, self.full, self.eps, reduction=self.reduction)
