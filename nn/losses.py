"""Losses as modules."""

from __future__ import annotations

from typing import Any

from minigrad import Tensor

from .functional import REDUCTIONS, cross_entropy, mse_loss
from .module import Module

__all__ = ["MSELoss", "SoftmaxCrossEntropy"]


class _Loss(Module):
    """A loss with a choice of how the losses of the examples become one number."""

    def __init__(self, reduction: str = "mean") -> None:
        if reduction not in REDUCTIONS:
            kind, known = type(self).__name__, ", ".join(REDUCTIONS)
            raise ValueError(f"{kind}: reduction must be one of {known}, got {reduction!r}")
        self.reduction = reduction

    def extra_repr(self) -> str:
        """Return the reduction, where it is not the default."""
        return "" if self.reduction == "mean" else f"reduction={self.reduction!r}"


class SoftmaxCrossEntropy(_Loss):
    """The cross-entropy between ``softmax(logits)`` and the targets, in one stable step, in nats.

    Local gradient at the logits: ``(softmax - target) / n`` for a batch of n.

    Parameters
    ----------
    reduction : {"mean", "sum", "none"}
        Over the examples.

    Examples
    --------
    Targets are class indices, one-hot rows or probabilities:

    >>> from minigrad import nn
    >>> loss = nn.SoftmaxCrossEntropy()
    >>> logits = [[0.2, 0.1, 0.7], [0.3, 0.1, 0.6]]
    >>> round(loss(logits, [0, 1]).item(), 8)
    1.31061805
    >>> round(loss(logits, [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]).item(), 8)
    1.31061805
    """

    def forward(self, logits: Any, target: Any) -> Tensor:
        """Return the loss; for the shapes, see :func:`minigrad.nn.functional.cross_entropy`."""
        return cross_entropy(logits, target, reduction=self.reduction)


class MSELoss(_Loss):
    """The mean of the squared differences. Local gradient: ``2 (y - target) / n`` for n elements.

    Parameters
    ----------
    reduction : {"mean", "sum", "none"}
        Over the elements; half of the "sum" is the half squared error of the textbooks.

    Examples
    --------
    >>> from minigrad import nn
    >>> nn.MSELoss()([1.0, 2.0], [1.0, 4.0]).item()
    2.0
    """

    def forward(self, input: Any, target: Any) -> Tensor:
        """Return the loss; the shapes are equal."""
        return mse_loss(input, target, reduction=self.reduction)
