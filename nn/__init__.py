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
from .losses import MSELoss, SoftmaxCrossEntropy
from .module import LoadedKeys, Module
from .optim import SGD, Adam, Optimizer
from .parameter import Parameter
from .random import random_state, seed, set_random_state
from .serialization import load, load_metadata, save

__all__ = [
    "Adam",
    "Affine",
    "AvgPool2d",
    "Conv2d",
    "Flatten",
    "LoadedKeys",
    "MSELoss",
    "MaxPool2d",
    "Module",
    "ModuleList",
    "Optimizer",
    "Parameter",
    "ReLU",
    "SGD",
    "Sequential",
    "Sigmoid",
    "SoftmaxCrossEntropy",
    "Tanh",
    "functional",
    "init",
    "load",
    "load_metadata",
    "random_state",
    "save",
    "seed",
    "set_random_state",
]
