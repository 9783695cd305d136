"""Layers: modules that compute one thing, with or without parameters."""

from .activation import ReLU, Sigmoid, Tanh
from .affine import Affine, Bilinear
from .conv_transpose import ConvTranspose1d, ConvTranspose2d, ConvTranspose3d
from .convolution import Conv1d, Conv2d, Conv3d
from .pooling import (
    AdaptiveAvgPool2d,
    AdaptiveMaxPool2d,
    AvgPool1d,
    AvgPool2d,
    AvgPool3d,
    MaxPool1d,
    MaxPool2d,
    MaxPool3d,
    StochasticPool2d,
)
from .shape import Flatten, Identity, Lambda, Unflatten

__all__ = [
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
    "MaxPool1d",
    "MaxPool2d",
    "MaxPool3d",
    "ReLU",
    "Sigmoid",
    "StochasticPool2d",
    "Tanh",
    "Unflatten",
]
