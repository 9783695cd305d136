"""The VGG networks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..containers import Sequential
from ..init import Initializer, he_normal
from ..layers import Affine, BatchNorm2d, Conv2d, Dropout, Flatten, MaxPool2d, ReLU
from ..module import Module
from ._images import ImageModel

if TYPE_CHECKING:
    from numpy.typing import DTypeLike

__all__ = ["VGG"]

# How many convolutions each of the five stages has; their filters are 64, 128, 256, 512 and 512.
STAGES = {11: (1, 1, 2, 2, 2), 13: (2, 2, 2, 2, 2), 16: (2, 2, 3, 3, 3), 19: (2, 2, 4, 4, 4)}


class VGG(ImageModel):
    """Stages of 3x3 convolutions with relu, pooled by 2 after each, and three affine layers with dropout.

    With 1,000 classes, the networks of 11, 13, 16 and 19 layers have 132,863,336, 133,047,848, 138,357,544 and
    143,667,240 parameters.

    Parameters
    ----------
    depth : {16, 11, 13, 19}
        How many layers have weights.
    classes, channels : int
    size : int or pair of int
        Height and width of the images, at least 32.
    batch_norm : bool
        Whether to normalize after each convolution, which the paper does not.
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
    Simonyan and Zisserman, Very Deep Convolutional Networks for Large-Scale Image Recognition, 2015 (table 1: columns
    A, B, D and E).

    Examples
    --------
    >>> from minigrad import nn
    >>> model = nn.models.VGG(11, classes=10, size=32, init=nn.init.zeros)
    >>> model(np.zeros((1, 3, 32, 32), np.float32)).shape
    (1, 10)
    """

    def __init__(
        self,
        depth: int = 16,
        classes: int = 1000,
        channels: int = 3,
        size: int | tuple[int, int] = 224,
        *,
        batch_norm: bool = False,
        dropout: float = 0.5,
        init: Initializer = he_normal,
        dtype: DTypeLike = np.float32,
        rng: np.random.Generator | None = None,
    ) -> None:
        if depth not in STAGES:
            raise ValueError(f"VGG: depth must be one of {', '.join(map(str, STAGES))}, got {depth!r}")
        make: dict[str, Any] = {"init": init, "dtype": dtype, "rng": rng}
        self._set_images(channels, size)
        layers: dict[str, Module] = {}
        before = channels
        for stage, (count, filters) in enumerate(zip(STAGES[depth], (64, 128, 256, 512, 512), strict=True), 1):
            for i in range(1, count + 1):
                layers[f"conv{stage}_{i}"] = Conv2d(before, filters, 3, padding=1, **make)
                if batch_norm:
                    layers[f"norm{stage}_{i}"] = BatchNorm2d(filters, dtype=dtype)
                layers[f"relu{stage}_{i}"] = ReLU()
                before = filters
            layers[f"pool{stage}"] = MaxPool2d(2, floor=True)
        self.features = Sequential(**layers)
        c, h, w = self._feature_shape()
        self.classifier = Sequential(
            flatten=Flatten(),
            affine1=Affine(c * h * w, 4096, **make),
            relu1=ReLU(),
            dropout1=Dropout(dropout, rng=rng),
            affine2=Affine(4096, 4096, **make),
            relu2=ReLU(),
            dropout2=Dropout(dropout, rng=rng),
            affine3=Affine(4096, classes, **make),
        )
