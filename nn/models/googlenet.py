"""GoogLeNet, and the inception block it is made of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from minigrad import Tensor

from ..containers import Parallel, Sequential
from ..init import Initializer, he_normal
from ..layers import AdaptiveAvgPool2d, Affine, Conv2d, Dropout, Flatten, LocalResponseNorm, MaxPool2d, ReLU
from ..module import Module

if TYPE_CHECKING:
    from numpy.typing import DTypeLike

__all__ = ["GoogLeNet", "Inception"]

# Per block of table 1: filters of 1x1; of 3x3, and of 1x1 before them; of 5x5, and of 1x1 before them; of 1x1 behind
# the pooling. A pooling follows 3b and 4e.
BLOCKS = {
    "3a": (64, (96, 128), (16, 32), 32),
    "3b": (128, (128, 192), (32, 96), 64),
    "4a": (192, (96, 208), (16, 48), 64),
    "4b": (160, (112, 224), (24, 64), 64),
    "4c": (128, (128, 256), (24, 64), 64),
    "4d": (112, (144, 288), (32, 64), 64),
    "4e": (256, (160, 320), (32, 128), 128),
    "5a": (256, (160, 320), (32, 128), 128),
    "5b": (384, (192, 384), (48, 128), 128),
}


class Inception(Parallel):
    """Convolutions of 1x1, 3x3 and 5x5 and a max pooling, side by side, joined as channels.

    Convolutions of 1x1 make the channels fewer before the larger ones and behind the pooling; relu follows each.

    Parameters
    ----------
    channels : int
        Of the input.
    ones : int
        Filters of 1x1.
    threes, fives : pair of int
        Filters of 1x1, and of 3x3 or 5x5 behind them.
    pooled : int
        Filters of 1x1 behind the pooling.
    init, dtype, rng
        As in :class:`~minigrad.nn.Conv2d`.

    References
    ----------
    Szegedy et al., Going Deeper with Convolutions, 2015 (figure 2b).

    Examples
    --------
    >>> from minigrad import nn
    >>> nn.models.Inception(192, 64, (96, 128), (16, 32), 32)(np.zeros((1, 192, 7, 7), np.float32)).shape
    (1, 256, 7, 7)
    """

    def __init__(
        self,
        channels: int,
        ones: int,
        threes: tuple[int, int],
        fives: tuple[int, int],
        pooled: int,
        *,
        init: Initializer = he_normal,
        dtype: DTypeLike = np.float32,
        rng: np.random.Generator | None = None,
    ) -> None:
        make: dict[str, Any] = {"init": init, "dtype": dtype, "rng": rng}

        def narrow(filters: int) -> dict[str, Module]:
            return {"narrow": Conv2d(channels, filters, 1, **make), "relu1": ReLU()}

        super().__init__(
            ones=Sequential(conv=Conv2d(channels, ones, 1, **make), relu=ReLU()),
            threes=Sequential(**narrow(threes[0]), conv=Conv2d(*threes, 3, padding=1, **make), relu2=ReLU()),
            fives=Sequential(**narrow(fives[0]), conv=Conv2d(*fives, 5, padding=2, **make), relu2=ReLU()),
            pooled=Sequential(pool=MaxPool2d(3, 1, 1), conv=Conv2d(channels, pooled, 1, **make), relu=ReLU()),
        )


class GoogLeNet(Module):
    """Three convolutions, nine inception blocks, the mean over all places, and an affine layer, for images of any size.

    As in the paper, with local response normalization and true 5x5 convolutions, but for the two auxiliary classifiers,
    which only help in training and were dropped from it since: 6,998,552 parameters for 1,000 classes. (torchvision's
    13,004,888 are those of another network: batch normalization in place of biases, 3x3 for 5x5, and the auxiliary
    classifiers.)

    Parameters
    ----------
    classes, channels : int
    dropout : float
        The probability of leaving out, before the affine layer.
    init, dtype, rng
        As in :class:`~minigrad.nn.Conv2d`; dropout draws from `rng`, too.

    Raises
    ------
    ValueError, TypeError
        If a setting is no such number; at the call, if the input is no batch of images.

    References
    ----------
    Szegedy et al., Going Deeper with Convolutions, 2015 (table 1).

    Examples
    --------
    >>> from minigrad import nn
    >>> model = nn.models.GoogLeNet(10)
    >>> model(np.zeros((1, 3, 32, 32), np.float32)).shape, model.count_parameters()
    ((1, 10), 5983802)
    """

    def __init__(
        self,
        classes: int = 1000,
        channels: int = 3,
        *,
        dropout: float = 0.4,
        init: Initializer = he_normal,
        dtype: DTypeLike = np.float32,
        rng: np.random.Generator | None = None,
    ) -> None:
        make: dict[str, Any] = {"init": init, "dtype": dtype, "rng": rng}
        layers: dict[str, Module] = {
            "conv1": Conv2d(channels, 64, 7, stride=2, padding=3, floor=True, **make),
            "relu1": ReLU(),
            "pool1": _half(),
            "norm1": LocalResponseNorm(5),
            "conv2": Conv2d(64, 64, 1, **make),
            "relu2": ReLU(),
            "conv3": Conv2d(64, 192, 3, padding=1, **make),
            "relu3": ReLU(),
            "norm2": LocalResponseNorm(5),
            "pool2": _half(),
        }
        before = 192
        for name, (ones, threes, fives, pooled) in BLOCKS.items():
            layers[f"inception{name}"] = Inception(before, ones, threes, fives, pooled, **make)
            before = ones + threes[1] + fives[1] + pooled
            if name in ("3b", "4e"):
                layers[f"pool{name[0]}"] = _half()
        self.features = Sequential(**layers)
        self.classifier = Sequential(
            pool=AdaptiveAvgPool2d(1),
            flatten=Flatten(),
            dropout=Dropout(dropout, rng=rng),
            affine=Affine(before, classes, **make),
        )

    def forward(self, x: Any) -> Tensor:
        """Return the scores of the classes, shape (n, classes), of images of shape (n, channels, height, width)."""
        scores: Tensor = self.classifier(self.features(x))
        return scores


def _half() -> MaxPool2d:
    return MaxPool2d(3, stride=2, padding=1, floor=True)
