"""LeNet-5."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..containers import Sequential
from ..init import Initializer, he_normal
from ..layers import Affine, AvgPool2d, Conv2d, Flatten, Tanh
from ._images import ImageModel

if TYPE_CHECKING:
    from numpy.typing import DTypeLike

__all__ = ["LeNet5"]


class LeNet5(ImageModel):
    """Two convolutions of 5x5 with means of 2x2 and tanh, then three affine layers: 61,706 parameters for 28x28 pixels.

    This is the form in use today. The paper's poolings have a learned factor and bias, its second convolution leaves
    out some pairs of channels, and its last layer measures distances.

    Parameters
    ----------
    classes, channels : int
    size : int or pair of int
        Height and width of the images.
    init, dtype, rng
        As in :class:`~minigrad.nn.Conv2d`.

    Raises
    ------
    ValueError, TypeError
        If a setting is no such number, or the images are too small.

    References
    ----------
    LeCun, Bottou, Bengio and Haffner, Gradient-Based Learning Applied to Document Recognition, 1998. The digits of
    28x28 are padded to the paper's 32x32 by the first convolution.

    Examples
    --------
    >>> from minigrad import nn
    >>> model = nn.models.LeNet5()
    >>> model(np.zeros((2, 1, 28, 28), np.float32)).shape, model.count_parameters()
    ((2, 10), 61706)
    """

    def __init__(
        self,
        classes: int = 10,
        channels: int = 1,
        size: int | tuple[int, int] = 28,
        *,
        init: Initializer = he_normal,
        dtype: DTypeLike = np.float32,
        rng: np.random.Generator | None = None,
    ) -> None:
        make: dict[str, Any] = {"init": init, "dtype": dtype, "rng": rng}
        self._set_images(channels, size)
        self.features = Sequential(
            conv1=Conv2d(channels, 6, 5, padding=2, **make),
            tanh1=Tanh(),
            pool1=AvgPool2d(2, floor=True),
            conv2=Conv2d(6, 16, 5, **make),
            tanh2=Tanh(),
            pool2=AvgPool2d(2, floor=True),
        )
        c, h, w = self._feature_shape()
        self.classifier = Sequential(
            flatten=Flatten(),
            affine1=Affine(c * h * w, 120, **make),
            tanh1=Tanh(),
            affine2=Affine(120, 84, **make),
            tanh2=Tanh(),
            affine3=Affine(84, classes, **make),
        )
