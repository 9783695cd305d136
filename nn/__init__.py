"""Modules, losses, optimizers, initializers and files for models.

>>> import numpy as np
>>> from minigrad import nn
>>> model = nn.Sequential(nn.Affine(2, 8), nn.Tanh(), nn.Affine(8, 2))
>>> loss = nn.SoftmaxCrossEntropy()
>>> optimizer = nn.Adam(model.parameters(), lr=0.1)
>>> x = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], np.float32)
>>> xor = [0, 1, 1, 0]
>>> for _ in range(100):
...     optimizer.zero_grad()
...     loss(model(x), xor).backward()
...     optimizer.step()
>>> model(x).argmax(1).tolist()
[0, 1, 1, 0]

Data sets are in ``minigrad.nn.data``.
"""

from . import functional, init, schedules
from .clip import clip_grad_norm_, clip_grad_value_
from .containers import ModuleList, Sequential
from .ema import EMA
from .layers import Affine, AvgPool2d, Conv2d, Flatten, MaxPool2d, ReLU, Sigmoid, Tanh
from .losses import (
    BCELoss,
    BCEWithLogitsLoss,
    CosineEmbeddingLoss,
    GaussianNLLLoss,
    HalfSquaredError,
    HingeEmbeddingLoss,
    HuberLoss,
    KLDivLoss,
    L1Loss,
    MarginRankingLoss,
    MSELoss,
    MulticlassSVMLoss,
    MultiMarginLoss,
    NLLLoss,
    PoissonNLLLoss,
    SmoothL1Loss,
    SoftmaxCrossEntropy,
    TripletMarginLoss,
)
from .mixed_precision import GradScaler, MixedPrecision
from .module import LoadedKeys, Module
from .optim import LBFGS, SGD, AdaDelta, AdaGrad, Adam, AdamW, Lion, Momentum, NAdam, Nesterov, Optimizer, RMSprop
from .parameter import Parameter
from .penalties import decay_groups, l1_penalty, l2_penalty
from .random import seed
from .scheduler import Plateau, Scheduler
from .serialization import load, save

__all__ = [
    "AdaDelta",
    "AdaGrad",
    "Adam",
    "AdamW",
    "Affine",
    "AvgPool2d",
    "BCELoss",
    "BCEWithLogitsLoss",
    "Conv2d",
    "CosineEmbeddingLoss",
    "EMA",
    "Flatten",
    "GaussianNLLLoss",
    "GradScaler",
    "HalfSquaredError",
    "HingeEmbeddingLoss",
    "HuberLoss",
    "KLDivLoss",
    "L1Loss",
    "LBFGS",
    "Lion",
    "LoadedKeys",
    "MSELoss",
    "MarginRankingLoss",
    "MaxPool2d",
    "MixedPrecision",
    "Module",
    "ModuleList",
    "Momentum",
    "MultiMarginLoss",
    "MulticlassSVMLoss",
    "NAdam",
    "NLLLoss",
    "Nesterov",
    "Optimizer",
    "Parameter",
    "Plateau",
    "PoissonNLLLoss",
    "RMSprop",
    "ReLU",
    "SGD",
    "Scheduler",
    "Sequential",
    "Sigmoid",
    "SmoothL1Loss",
    "SoftmaxCrossEntropy",
    "Tanh",
    "TripletMarginLoss",
    "clip_grad_norm_",
    "clip_grad_value_",
    "decay_groups",
    "functional",
    "init",
    "l1_penalty",
    "l2_penalty",
    "load",
    "save",
    "schedules",
    "seed",
]
