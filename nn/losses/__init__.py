"""Losses as modules: the functions of :mod:`minigrad.nn.functional` with their settings."""

from .classification import BCELoss, BCEWithLogitsLoss, KLDivLoss, NLLLoss, SoftmaxCrossEntropy
from .margins import (
    CosineEmbeddingLoss,
    HingeEmbeddingLoss,
    MarginRankingLoss,
    MulticlassSVMLoss,
    MultiMarginLoss,
    TripletMarginLoss,
)
from .regression import (
    GaussianNLLLoss,
    HalfSquaredError,
    HuberLoss,
    L1Loss,
    MSELoss,
    PoissonNLLLoss,
    SmoothL1Loss,
)

__all__ = [
    "BCELoss",
    "BCEWithLogitsLoss",
    "CosineEmbeddingLoss",
    "GaussianNLLLoss",
    "HalfSquaredError",
    "HingeEmbeddingLoss",
    "HuberLoss",
    "KLDivLoss",
    "L1Loss",
    "MSELoss",
    "MarginRankingLoss",
    "MultiMarginLoss",
    "MulticlassSVMLoss",
    "NLLLoss",
    "PoissonNLLLoss",
    "SmoothL1Loss",
    "SoftmaxCrossEntropy",
    "TripletMarginLoss",
]
