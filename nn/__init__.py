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
from .containers import ModuleDict, ModuleList, Parallel, Residual, Sequential
from .layers import (
    AdaptiveAvgPool2d,
    AdaptiveMaxPool2d,
    Affine,
    AvgPool1d,
    AvgPool2d,
    AvgPool3d,
    Bilinear,
    Conv1d,
    Conv2d,
    Conv3d,
    ConvTranspose1d,
    ConvTranspose2d,
    ConvTranspose3d,
    Flatten,
    Identity,
    Lambda,
    MaxPool1d,
    MaxPool2d,
    MaxPool3d,
    ReLU,
    Sigmoid,
    StochasticPool2d,
    Tanh,
    Unflatten,
)
from .losses import MSELoss, SoftmaxCrossEntropy
from .module import LoadedKeys, Module
from .optim import SGD, Adam, Optimizer
from .parameter import Parameter
from .random import seed
from .serialization import load, save

__all__ = [
    "Adam",
    "AdaptiveAvgPool2d",
    "AdaptiveMaxPool2d",
    "Affine",
    "AvgPool1d",
    "AvgPool2d",
    "AvgPool3d",
    "Bilinear",
    "Conv1d",
    "Conv2d",
    "Conv3d",
    "ConvTranspose1d",
    "ConvTranspose2d",
    "ConvTranspose3d",
    "Flatten",
    "Identity",
    "Lambda",
    "LoadedKeys",
    "MSELoss",
    "MaxPool1d",
    "MaxPool2d",
    "MaxPool3d",
    "Module",
    "ModuleDict",
    "ModuleList",
    "Optimizer",
    "Parallel",
    "Parameter",
    "ReLU",
    "Residual",
    "SGD",
    "Sequential",
    "Sigmoid",
    "SoftmaxCrossEntropy",
    "StochasticPool2d",
    "Tanh",
    "Unflatten",
    "functional",
    "init",
    "load",
    "save",
    "seed",
]
