"""AlexNet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..containers import Sequential
from ..init import Initializer, he_normal
from ..layers import Affine, Conv2d, Dropout, Flatten, LocalResponseNorm, MaxPool2d, ReLU
from ..module import Module
from ._images import ImageModel

if TYPE_CHECKING:
    from numpy.typing import DTypeLike

__all__ = ["AlexNet"]


class AlexNet(ImageModel):
    """Five convolutions, two of them followed by local response normalization, and three affine layers with dropout.

    Parameters
    ----------
    classes, channels : int
    size : int or pair of int
        Height and width of the images.
    towers : {2, 1}
        2: the paper's network, split over two processors, so that some convolutions have two groups of channels:
        60,965,224 parameters. 1: the later network in one tower, with fewer filters and without the normalization,
        which is the one of torchvision: 61,100,840 parameters. (Both for 1,000 classes.)
    dropout : float
        The probability of leaving out.
    init, dtype, rng
        As in :class:`~minigrad.nn.Conv2d`; dropout draws from `rng`, too.

    Raises
    ------
    ValueError, TypeError
        If a setting is no such number, or the images are too small.

    References
    ----------
    Krizhevsky, Sutskever and Hinton, ImageNet Classification with Deep Convolutional Neural Networks, 2012 (2 towers;
    the images of 224x224 are padded by 2, as the paper's sizes ask for). Krizhevsky, One Weird Trick for Parallelizing
    Convolutional Neural Networks, 2014 (1 tower).

    Examples
    --------
    >>> from minigrad import nn
    >>> model = nn.models.AlexNet(10, size=63, init=nn.init.zeros)
    >>> model(np.zeros((2, 3, 63, 63), np.float32)).shape
    (2, 10)
    """

    def __init__(
        self,
        classes: int = 1000,
        channels: int = 3,
        size: int | tuple[int, int] = 224,
        *,
        towers: int = 2,
        dropout: float = 0.5,
        init: Initializer = he_normal,
        dtype: DTypeLike = np.float32,
        rng: np.random.Generator | None = None,
    ) -> None:
        if towers not in (1, 2):
            raise ValueError(f"AlexNet: towers must be 1 or 2, got {towers!r}")
        make: dict[str, Any] = {"init": init, "dtype": dtype, "rng": rng}
        self._set_images(channels, size)
        a, b, c, d, e = (96, 256, 384, 384, 256) if towers == 2 else (64, 192, 384, 256, 256)
        convolutions = (
            Conv2d(channels, a, 11, stride=4, padding=2, floor=True, **make),
            Conv2d(a, b, 5, padding=2, groups=towers, **make),
            Conv2d(b, c, 3, padding=1, **make),
            Conv2d(c, d, 3, padding=1, groups=towers, **make),
            Conv2d(d, e, 3, padding=1, groups=towers, **make),
        )
        layers: dict[str, Module] = {}
        for i, convolution in enumerate(convolutions, 1):
            layers[f"conv{i}"], layers[f"relu{i}"] = convolution, ReLU()
            if towers == 2 and i <= 2:
                # The paper's alpha, 1e-4, multiplies the sum over the 5 neighbours; the layer's, their mean.
                layers[f"norm{i}"] = LocalResponseNorm(5, alpha=5e-4, beta=0.75, k=2.0)
            if i in (1, 2, 5):
                layers[f"pool{i}"] = MaxPool2d(3, stride=2, floor=True)
        self.features = Sequential(**layers)
        features, height, width = self._feature_shape()
        self.classifier = Sequential(
            flatten=Flatten(),
            dropout1=Dropout(dropout, rng=rng),
            affine1=Affine(features * height * width, 4096, **make),
            relu1=ReLU(),
            dropout2=Dropout(dropout, rng=rng),
            affine2=Affine(4096, 4096, **make),
            relu2=ReLU(),
            affine3=Affine(4096, classes, **make),
        )
