"""Losses of class probabilities: cross-entropy, likelihoods, divergence."""

from __future__ import annotations

import operator
from typing import Any

from minigrad import Tensor

from .. import functional as F
from ..functional._arguments import number
from ..functional.classification import IGNORED
from ._loss import Loss, broadcast_weight, class_weight, like

__all__ = ["BCELoss", "BCEWithLogitsLoss", "KLDivLoss", "NLLLoss", "SoftmaxCrossEntropy"]


class SoftmaxCrossEntropy(Loss):
    """The cross-entropy between ``softmax(logits)`` and the targets, in one stable step, in nats.

    Local gradient at the logits: ``(softmax - target) / n`` for a batch of n.

    Parameters
    ----------
    reduction : {"mean", "sum", "none"}
        Over the examples.
    weight : array_like, shape (classes,), optional
        Weights the classes; the mean over class indices is then a weighted one.
    ignore_index : int
        Examples with this class index do not count.
    label_smoothing : float
        From 0 to 1: this share of each target is spread evenly over the classes.

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

    def __init__(
        self,
        reduction: str = "mean",
        weight: Any = None,
        ignore_index: int = IGNORED,
        label_smoothing: float = 0.0,
    ) -> None:
        kind = "SoftmaxCrossEntropy"
        smoothing = number(kind, "label_smoothing", label_smoothing)
        if not 0 <= smoothing <= 1:
            raise ValueError(f"{kind}: label_smoothing must be between 0 and 1, got {label_smoothing!r}")
        super().__init__(reduction)
        self.weight = class_weight(kind, weight)
        self.ignore_index = _index(kind, ignore_index)
        self.label_smoothing = smoothing

    def forward(self, logits: Any, target: Any) -> Tensor:
        """Return the loss; for the shapes, see :func:`minigrad.nn.functional.cross_entropy`."""
        return F.cross_entropy(
            logits,
            target,
            self.weight,
            ignore_index=self.ignore_index,
            reduction=self.reduction,
            label_smoothing=self.label_smoothing,
        )


class NLLLoss(Loss):
    """The negative log-likelihood, ``-input[target]``, for inputs that are logarithms of probabilities.

    Local gradient: ``-1 / n`` at the target, 0 elsewhere, for a batch of n.

    Parameters
    ----------
    reduction : {"mean", "sum", "none"}
        Over the examples.
    weight : array_like, shape (classes,), optional
        Weights the classes; the mean is then a weighted one.
    ignore_index : int
        Examples with this class index do not count.

    Examples
    --------
    >>> from minigrad import nn
    >>> nn.NLLLoss()([[-0.5, -1.0], [-2.0, -0.25]], [0, 1]).item()
    0.375
    """

    def __init__(self, reduction: str = "mean", weight: Any = None, ignore_index: int = IGNORED) -> None:
        super().__init__(reduction)
        self.weight = class_weight("NLLLoss", weight)
        self.ignore_index = _index("NLLLoss", ignore_index)

    def forward(self, input: Any, target: Any) -> Tensor:
        """Return the loss; for the shapes, see :func:`minigrad.nn.functional.nll_loss`."""
        return F.nll_loss(input, target, self.weight, ignore_index=self.ignore_index, reduction=self.reduction)


class BCELoss(Loss):
    """The cross-entropy of two classes, ``-(t log(p) + (1 - t) log(1 - p))``, for probabilities p.

    Local gradient: ``(p - t) / (p (1 - p)) / n`` for n elements. :class:`BCEWithLogitsLoss` is more accurate.

    Parameters
    ----------
    reduction : {"mean", "sum", "none"}
        Over the elements.
    weight : array_like, optional
        Multiplies the losses; broadcast.

    Examples
    --------
    >>> from minigrad import nn
    >>> round(nn.BCELoss()([0.5, 0.5], [1.0, 0.0]).item(), 6)
    0.693147
    """

    def __init__(self, reduction: str = "mean", weight: Any = None) -> None:
        super().__init__(reduction)
        self.weight = broadcast_weight("BCELoss", "weight", weight)

    def forward(self, input: Any, target: Any) -> Tensor:
        """Return the loss; the shapes are equal."""
        return F.binary_cross_entropy(input, target, like(self.weight, input), reduction=self.reduction)


class BCEWithLogitsLoss(Loss):
    """The cross-entropy of two classes, between ``sigmoid(logits)`` and the targets, without overflow.

    Local gradient: ``(sigmoid - target) / n`` for n elements.

    Parameters
    ----------
    reduction : {"mean", "sum", "none"}
        Over the elements.
    weight : array_like, optional
        Multiplies the losses; broadcast.
    pos_weight : array_like, optional
        Multiplies the losses of the positive part; broadcast.

    Examples
    --------
    >>> from minigrad import nn
    >>> round(nn.BCEWithLogitsLoss()([0.0, 1000.0], [1.0, 1.0]).item(), 6)
    0.346574
    """

    def __init__(self, reduction: str = "mean", weight: Any = None, pos_weight: Any = None) -> None:
        super().__init__(reduction)
        self.weight = broadcast_weight("BCEWithLogitsLoss", "weight", weight)
        self.pos_weight = broadcast_weight("BCEWithLogitsLoss", "pos_weight", pos_weight)

    def forward(self, logits: Any, target: Any) -> Tensor:
        """Return the loss; the shapes are equal."""
        return F.binary_cross_entropy_with_logits(
            logits,
            target,
            like(self.weight, logits),
            reduction=self.reduction,
            pos_weight=like(self.pos_weight, logits),
        )


class KLDivLoss(Loss):
    """The divergence of the targets from exp(input), terms ``t (log(t) - input)``. Local gradient: -t.

    Parameters
    ----------
    reduction : {"batchmean", "mean", "sum", "none"}
        "batchmean", the sum over the first axis's length, is the divergence; "mean" averages over all elements.
    log_target : bool
        Whether the targets are logarithms.

    Examples
    --------
    >>> import numpy as np
    >>> from minigrad import nn
    >>> round(nn.KLDivLoss()(np.log([[0.5, 0.5]]), [[0.0, 1.0]]).item(), 6)
    0.693147
    """

    def __init__(self, reduction: str = "batchmean", log_target: bool = False) -> None:
        super().__init__(reduction, ("batchmean", "mean", "sum", "none"))
        self.log_target = bool(log_target)

    def forward(self, input: Any, target: Any) -> Tensor:
        """Return the loss; the shapes are equal."""
        return F.kl_div(input, target, reduction=self.reduction, log_target=self.log_target)


def _index(kind: str, value: Any) -> int:
    try:
        return operator.index(value)
    except TypeError:
        raise TypeError(f"{kind}: ignore_index must be an integer, got {value!r}") from None
