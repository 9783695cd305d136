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
from .layers import (
    CELU,
    ELU,
    GELU,
    GLU,
    GRU,
    LSTM,
    RNN,
    SELU,
    Affine,
    AvgPool2d,
    BatchNorm1d,
    BatchNorm2d,
    BatchNorm3d,
    Conv2d,
    Dropout,
    Dropout2d,
    Embedding,
    Flatten,
    GroupNorm,
    GRUCell,
    Hardshrink,
    Hardsigmoid,
    Hardswish,
    Hardtanh,
    InstanceNorm2d,
    LayerNorm,
    LeakyReLU,
    LocalResponseNorm,
    LogSigmoid,
    LogSoftmax,
    LSTMCell,
    MaxPool2d,
    Mish,
    MultiHeadAttention,
    PositionalEncoding,
    PReLU,
    ReLU,
    ReLU6,
    RMSNorm,
    RNNCell,
    Sigmoid,
    SiLU,
    Softmax,
    Softmin,
    Softplus,
    Softshrink,
    Softsign,
    Tanh,
    Tanhshrink,
    Threshold,
    TransformerEncoderLayer,
)
from .losses import MSELoss, SoftmaxCrossEntropy
from .module import LoadedKeys, Module
from .optim import SGD, Adam, Optimizer
from .parameter import Parameter
from .perceptron import Lessons, Perceptron
from .random import seed
from .serialization import load, save

__all__ = [
    "Adam",
    "Affine",
    "AvgPool2d",
    "BatchNorm1d",
    "BatchNorm2d",
    "BatchNorm3d",
    "CELU",
    "Conv2d",
    "Dropout",
    "Dropout2d",
    "ELU",
    "Embedding",
    "Flatten",
    "GELU",
    "GLU",
    "GRU",
    "GRUCell",
    "GroupNorm",
    "Hardshrink",
    "Hardsigmoid",
    "Hardswish",
    "Hardtanh",
    "InstanceNorm2d",
    "LSTM",
    "LSTMCell",
    "LayerNorm",
    "LeakyReLU",
    "Lessons",
    "LoadedKeys",
    "LocalResponseNorm",
    "LogSigmoid",
    "LogSoftmax",
    "MSELoss",
    "MaxPool2d",
    "Mish",
    "Module",
    "ModuleList",
    "MultiHeadAttention",
    "Optimizer",
    "PReLU",
    "Parameter",
    "Perceptron",
    "PositionalEncoding",
    "RMSNorm",
    "RNN",
    "RNNCell",
    "ReLU",
    "ReLU6",
    "SELU",
    "SGD",
    "Sequential",
    "SiLU",
    "Sigmoid",
    "Softmax",
    "SoftmaxCrossEntropy",
    "Softmin",
    "Softplus",
    "Softshrink",
    "Softsign",
    "Tanh",
    "Tanhshrink",
    "Threshold",
    "TransformerEncoderLayer",
    "functional",
    "init",
    "load",
    "save",
    "seed",
]
