"""Losses that are 0 once a margin is kept: hinge losses, rankings, similarities, triplets."""

from __future__ import annotations

from typing import Any

from minigrad import Tensor

from .. import functional as F
from ..functional._arguments import number
from ._loss import Loss, class_weight

__all__ = [
    "CosineEmbeddingLoss",
    "HingeEmbeddingLoss",
    "MarginRankingLoss",
    "MultiMarginLoss",
    "MulticlassSVMLoss",
    "TripletMarginLoss",
]


class MulticlassSVMLoss(Loss):
    """The multi-class hinge loss, ``Σ max(0, s_j - s_t + margin)`` over the classes j other than the target t.

    Local gradient: 1 at each class within the margin, minus their number at the target; over n for a mean over n.

    Parameters
    ----------
    margin : float
    reduction : {"mean", "sum", "none"}
        Over the examples.

    Examples
    --------
    >>> from minigrad import nn
    >>> scores = [[3.2, 5.1, -1.7], [1.3, 4.9, 2.0], [2.2, 2.5, -3.1]]
    >>> nn.MulticlassSVMLoss(reduction="none")(scores, [0, 1, 2])
    Tensor([ 2.9,  0. , 12.9], dtype=float64)
    """

    def __init__(self, margin: float = 1.0, reduction: str = "mean") -> None:
        super().__init__(reduction)
        self.margin = number("MulticlassSVMLoss", "margin", margin)

    def forward(self, scores: Any, target: Any) -> Tensor:
        """Return the loss; scores of shape (n, classes), class indices of shape (n,)."""
        return F.multiclass_svm_loss(scores, target, margin=self.margin, reduction=self.reduction)


class MultiMarginLoss(Loss):
    """The multi-class hinge loss, or its square, divided by the number of classes.

    Parameters
    ----------
    p : {1, 2}
    margin : float
    weight : array_like, shape (classes,), optional
        Weights the classes, by the target's.
    reduction : {"mean", "sum", "none"}
        Over the examples.

    Examples
    --------
    >>> from minigrad import nn
    >>> round(nn.MultiMarginLoss()([[0.1, 0.2, 0.4, 0.8]], [3]).item(), 6)
    0.325
    """

    def __init__(self, p: int = 1, margin: float = 1.0, weight: Any = None, reduction: str = "mean") -> None:
        kind = "MultiMarginLoss"
        if p not in (1, 2):
            raise ValueError(f"{kind}: p must be 1 or 2, got {p!r}")
        margin = number(kind, "margin", margin)
        super().__init__(reduction)
        self.p = p
        self.margin = margin
        self.weight = class_weight(kind, weight)

    def forward(self, scores: Any, target: Any) -> Tensor:
        """Return the loss; scores of shape (n, classes), class indices of shape (n,)."""
        return F.multi_margin_loss(scores, target, self.p, self.margin, self.weight, reduction=self.reduction)


class HingeEmbeddingLoss(Loss):
    """A distance x where the target is 1, and ``max(0, margin - x)`` where it is -1.

    Parameters
    ----------
    margin : float
    reduction : {"mean", "sum", "none"}
        Over the elements.

    Examples
    --------
    >>> from minigrad import nn
    >>> nn.HingeEmbeddingLoss(reduction="none")([0.25, 0.25, 2.0], [1, -1, -1])
    Tensor([0.25, 0.75, 0.  ], dtype=float64)
    """

    def __init__(self, margin: float = 1.0, reduction: str = "mean") -> None:
        super().__init__(reduction)
        self.margin = number("HingeEmbeddingLoss", "margin", margin)

    def forward(self, input: Any, target: Any) -> Tensor:
        """Return the loss; the shapes are equal."""
        return F.hinge_embedding_loss(input, target, self.margin, reduction=self.reduction)


class MarginRankingLoss(Loss):
    """``max(0, -t (x1 - x2) + margin)``: x1 shall be larger where the target is 1, smaller where it is -1.

    Parameters
    ----------
    margin : float
    reduction : {"mean", "sum", "none"}
        Over the elements.

    Examples
    --------
    >>> from minigrad import nn
    >>> nn.MarginRankingLoss(reduction="none")([1.0, 1.0], [3.0, 3.0], [1, -1])
    Tensor([2., 0.], dtype=float64)
    """

    def __init__(self, margin: float = 0.0, reduction: str = "mean") -> None:
        super().__init__(reduction)
        self.margin = number("MarginRankingLoss", "margin", margin)

    def forward(self, input1: Any, input2: Any, target: Any) -> Tensor:
        """Return the loss; the shapes are equal."""
        return F.margin_ranking_loss(input1, input2, target, self.margin, reduction=self.reduction)


class CosineEmbeddingLoss(Loss):
    """``1 - cos(x1, x2)`` where the target is 1, and ``max(0, cos(x1, x2) - margin)`` where it is -1.

    Parameters
    ----------
    margin : float
    reduction : {"mean", "sum", "none"}
        Over the examples.

    Examples
    --------
    >>> from minigrad import nn
    >>> nn.CosineEmbeddingLoss()([[1.0, 0.0]], [[0.0, 2.0]], [1]).item()
    1.0
    """

    def __init__(self, margin: float = 0.0, reduction: str = "mean") -> None:
        super().__init__(reduction)
        self.margin = number("CosineEmbeddingLoss", "margin", margin)

    def forward(self, input1: Any, input2: Any, target: Any) -> Tensor:
        """Return the loss; inputs of shape (n, width), target of shape (n,)."""
        return F.cosine_embedding_loss(input1, input2, target, self.margin, reduction=self.reduction)


class TripletMarginLoss(Loss):
    """``max(0, ‖anchor - positive‖ - ‖anchor - negative‖ + margin)``.

    Parameters
    ----------
    margin : float
    p : float
        The kind of norm.
    eps : float
        Added to each difference.
    swap : bool
        Whether to take the distance from positive to negative, where that is the smaller one.
    reduction : {"mean", "sum", "none"}
        Over the examples.

    Examples
    --------
    >>> from minigrad import nn
    >>> nn.TripletMarginLoss(eps=0.0)([[0.0, 0.0]], [[3.0, 4.0]], [[0.0, 2.0]]).item()
    4.0
    """

    def __init__(
        self, margin: float = 1.0, p: float = 2.0, eps: float = 1e-6, swap: bool = False, reduction: str = "mean"
    ) -> None:
        kind = "TripletMarginLoss"
        margin, p, eps = number(kind, "margin", margin), number(kind, "p", p, 0), number(kind, "eps", eps, 0)
        super().__init__(reduction)
        self.margin = margin
        self.p = p
        self.eps = eps
        self.swap = bool(swap)

    def forward(self, anchor: Any, positive: Any, negative: Any) -> Tensor:
        """Return the loss; all of shape (n, width)."""
        return F.triplet_margin_loss(
            anchor, positive, negative, self.margin, self.p, self.eps, self.swap, reduction=self.reduction
        )
