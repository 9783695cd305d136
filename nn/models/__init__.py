"""Networks that the field knows by name: for images of any size, channels and classes, and a language model.

Each returns the scores of the classes, without softmax, which :class:`~minigrad.nn.SoftmaxCrossEntropy` contains.
``init`` makes all weights, those for images by default with He's variance; ``rng`` is where they, and dropout, draw
from.

>>> import numpy as np
>>> from minigrad import nn
>>> model = nn.models.ResNet(18, classes=10, channels=1, rng=np.random.default_rng(0))
"""

from .alexnet import AlexNet
from .course import DeepConvNet, SimpleConvNet, ThreeLayerNet
from .googlenet import GoogLeNet, Inception
from .lenet import LeNet5
from .resnet import CifarResNet, ResNet, Subsample
from .transformer import TransformerLM
from .vgg import VGG

__all__ = [
    "AlexNet",
    "CifarResNet",
    "DeepConvNet",
    "GoogLeNet",
    "Inception",
    "LeNet5",
    "ResNet",
    "SimpleConvNet",
    "Subsample",
    "ThreeLayerNet",
    "TransformerLM",
    "VGG",
]
