"""Layers: modules that compute one thing, with or without parameters."""

from .activation import ReLU, Sigmoid, Tanh
from .affine import Affine
from .convolution import Conv2d
from .dropout import Dropout, Dropout2d
from .normalization import (
    BatchNorm1d,
    BatchNorm2d,
    BatchNorm3d,
    GroupNorm,
    InstanceNorm2d,
    LayerNorm,
    LocalResponseNorm,
    RMSNorm,
)
from .pooling import AvgPool2d, MaxPool2d
from .shape import Flatten

__all__ = [
    "Affine",
    "AvgPool2d",
    "BatchNorm1d",
    "BatchNorm2d",
    "BatchNorm3d",
    "Conv2d",
    "Dropout",
    "Dropout2d",
    "Flatten",
    "GroupNorm",
    "InstanceNorm2d",
    "LayerNorm",
    "LocalResponseNorm",
    "MaxPool2d",
    "RMSNorm",
    "ReLU",
    "Sigmoid",
    "Tanh",
]
