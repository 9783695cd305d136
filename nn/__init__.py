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

from . import functional, init
from .containers import ModuleList, Sequential
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
from .module import LoadedKeys, Module
from .optim import LBFGS, SGD, AdaDelta, AdaGrad, Adam, AdamW, Lion, Momentum, NAdam, Nesterov, Optimizer, RMSprop
from .parameter import Parameter
from .random import seed
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
    "Flatten",
    "GaussianNLLLoss",
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
    "PoissonNLLLoss",
    "RMSprop",
    "ReLU",
    "SGD",
    "Sequential",
    "Sigmoid",
    "SmoothL1Loss",
    "SoftmaxCrossEntropy",
    "Tanh",
    "TripletMarginLoss",
    "functional",
    "init",
    "load",
    "save",
    "seed",
]
