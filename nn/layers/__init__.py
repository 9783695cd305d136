"""Layers: modules that compute one thing, with or without parameters."""

from .activation import ReLU, Sigmoid, Tanh
from .affine import Affine
from .convolution import Conv2d
from .pooling import AvgPool2d, MaxPool2d
from .shape import Flatten

__all__ = ["Affine", "AvgPool2d", "Conv2d", "Flatten", "MaxPool2d", "ReLU", "Sigmoid", "Tanh"]
