"""Residual networks: those for ImageNet, and the narrow ones for CIFAR-10."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from minigrad import Tensor, asarray

from ..containers import Residual, Sequential
from ..functional import pad
from ..init import Initializer, he_normal
from ..layers import AdaptiveAvgPool2d, Affine, BatchNorm2d, Conv2d, Flatten, MaxPool2d, ReLU
from ..module import Module

if TYPE_CHECKING:
    from numpy.typing import DTypeLike

__all__ = ["CifarResNet", "ResNet", "Subsample"]

# How many blocks each of the four stages has, and whether a block is a bottleneck of three convolutions.
STAGES = {
    18: ((2, 2, 2, 2), False),
    34: ((3, 4, 6, 3), False),
    50: ((3, 4, 6, 3), True),
    101: ((3, 4, 23, 3), True),
    152: ((3, 8, 36, 3), True),
}


class ResNet(Module):
    """The residual network of so many layers, for images of any size.

    A block is ``relu(body(x) + shortcut(x))``, with batch normalization after each convolution of the body: two of 3x3,
    or, from 50 layers on, 1x1, 3x3 and 1x1 ones, the last with four times as many filters. Where the shape changes, the
    shortcut is a convolution of 1x1. With 1,000 classes, the networks of 18, 34, 50, 101 and 152 layers have
    11,689,512, 21,797,672, 25,557,032, 44,549,160 and 60,192,808 parameters.

    Parameters
    ----------
    depth : {18, 34, 50, 101, 152}
        How many layers have weights.
    classes, channels : int
    init, dtype, rng
        As in :class:`~minigrad.nn.Conv2d`.

    Raises
    ------
    ValueError, TypeError
        If a setting is no such number; at the call, if the input is no batch of images.

    References
    ----------
    He, Zhang, Ren and Sun, Deep Residual Learning for Image Recognition, 2016 (table 1; shortcuts "B"). In a bottleneck
    the 3x3 convolution has the stride, as in torchvision; the paper gives it to the 1x1 before.

    Examples
    --------
    >>> from minigrad import nn
    >>> model = nn.models.ResNet(18, classes=10)
    >>> model(np.zeros((2, 3, 32, 32), np.float32)).shape
    (2, 10)
    """

    def __init__(
        self,
        depth: int = 50,
        classes: int = 1000,
        channels: int = 3,
        *,
        init: Initializer = he_normal,
        dtype: DTypeLike = np.float32,
        rng: np.random.Generator | None = None,
    ) -> None:
        if depth not in STAGES:
            raise ValueError(f"ResNet: depth must be one of {', '.join(map(str, STAGES))}, got {depth!r}")
        make: dict[str, Any] = {"init": init, "dtype": dtype, "rng": rng}
        self.stem = Sequential(
            conv=_conv(channels, 64, 7, 2, make),
            norm=BatchNorm2d(64, dtype=dtype),
            relu=ReLU(),
            pool=MaxPool2d(3, stride=2, padding=1, floor=True),
        )
        counts, bottleneck = STAGES[depth]
        before = 64
        stages: dict[str, Module] = {}
        for stage, (count, filters) in enumerate(zip(counts, (64, 128, 256, 512), strict=True), 1):
            after = 4 * filters if bottleneck else filters
            blocks = []
            for i in range(count):
                stride = 2 if stage > 1 and i == 0 else 1
                convolutions = [(filters, 3, stride), (filters, 3, 1)]
                if bottleneck:
                    convolutions = [(filters, 1, 1), (filters, 3, stride), (after, 1, 1)]
                shortcut = None
                if stride > 1 or before != after:
                    shortcut = _projection(before, after, stride, make)
                blocks.append(_block(before, convolutions, shortcut, make))
                before = after
            stages[f"stage{stage}"] = Sequential(*blocks)
        self.stages = Sequential(**stages)
        self.classifier = _classifier(before, classes, make)

    def forward(self, x: Any) -> Tensor:
        """Return the scores of the classes, shape (n, classes), of images of shape (n, channels, height, width)."""
        scores: Tensor = self.classifier(self.stages(self.stem(x)))
        return scores


class CifarResNet(Module):
    """The residual network of 6n + 2 layers that the paper has for CIFAR-10's images of 32x32, and its plain twin.

    One convolution, then 2n of 16, 2n of 32 and 2n of 64 filters, all 3x3 with batch normalization; two make a block.
    With shortcuts "A", which learn nothing, both twins have the same number of parameters: 269,722 for 20 layers,
    464,154 for 32, 658,586 for 44, 853,018 for 56 and 1,727,962 for 110. With shortcuts "B" there are 2,752 more.

    Parameters
    ----------
    depth : int
        6n + 2.
    classes, channels : int
    shortcuts : {"A", "B", None}
        What takes the input to the sum where the shape changes: "A" picks every second place and appends zeros (see
        :class:`Subsample`), "B" is a convolution of 1x1 with batch normalization. None leaves out all shortcuts, and
        the sums: the plain network whose vanishing gradients the residual one does not have.
    init, dtype, rng
        As in :class:`~minigrad.nn.Conv2d`.

    Raises
    ------
    ValueError, TypeError
        If a setting is no such number; at the call, if the input is no batch of images.

    References
    ----------
    He, Zhang, Ren and Sun, Deep Residual Learning for Image Recognition, 2016 (section 4.2, where shortcuts
    are "A").

    Examples
    --------
    >>> from minigrad import nn
    >>> model = nn.models.CifarResNet(20)
    >>> model(np.zeros((2, 3, 32, 32), np.float32)).shape, model.count_parameters()
    ((2, 10), 269722)
    """

    def __init__(
        self,
        depth: int = 20,
        classes: int = 10,
        channels: int = 3,
        *,
        shortcuts: str | None = "A",
        init: Initializer = he_normal,
        dtype: DTypeLike = np.float32,
        rng: np.random.Generator | None = None,
    ) -> None:
        if not isinstance(depth, int) or depth < 8 or depth % 6 != 2:
            raise ValueError(f"CifarResNet: depth must be 6n + 2, such as 20, 32, 44, 56 or 110, got {depth!r}")
        if shortcuts not in ("A", "B", None):
            raise ValueError(f"CifarResNet: shortcuts must be 'A', 'B' or None, got {shortcuts!r}")
        make: dict[str, Any] = {"init": init, "dtype": dtype, "rng": rng}
        self.stem = Sequential(conv=_conv(channels, 16, 3, 1, make), norm=BatchNorm2d(16, dtype=dtype), relu=ReLU())
        before = 16
        stages: dict[str, Module] = {}
        for stage, filters in enumerate((16, 32, 64), 1):
            blocks = []
            for _ in range(depth // 6):
                stride = filters // before
                shortcut: Module | None = None
                if stride > 1:
                    shortcut = (
                        Subsample(filters, stride) if shortcuts == "A" else _projection(before, filters, stride, make)
                    )
                convolutions = [(filters, 3, stride), (filters, 3, 1)]
                blocks.append(_block(before, convolutions, shortcut, make, residual=shortcuts is not None))
                before = filters
            stages[f"stage{stage}"] = Sequential(*blocks)
        self.stages = Sequential(**stages)
        self.classifier = _classifier(before, classes, make)

    def forward(self, x: Any) -> Tensor:
        """Return the scores of the classes, shape (n, classes), of images of shape (n, channels, height, width)."""
        scores: Tensor = self.classifier(self.stages(self.stem(x)))
        return scores


class Subsample(Module):
    """Keep every second row and column, or so, and append channels of zeros: a shortcut without parameters.

    Parameters
    ----------
    channels : int
        How many the output has, at least those of the input.
    stride : int

    Examples
    --------
    >>> from minigrad import nn
    >>> nn.models.Subsample(2, 2)([[[[1.0, 2.0], [3.0, 4.0]]]]).tolist()
    [[[[1.0]], [[0.0]]]]
    """

    def __init__(self, channels: int, stride: int) -> None:
        self.channels, self.stride = channels, stride

    def forward(self, input: Any) -> Tensor:
        """Return images of shape (n, channels, height / stride, width / stride), rounded up."""
        x = asarray(input)
        return pad(x[:, :, :: self.stride, :: self.stride], (0, 0, 0, 0, 0, self.channels - x.shape[1]))

    def extra_repr(self) -> str:
        """Return the settings."""
        return f"{self.channels}, {self.stride}"


def _conv(before: int, filters: int, kernel: int, stride: int, make: dict[str, Any]) -> Conv2d:
    # The batch normalization that follows has the bias.
    return Conv2d(before, filters, kernel, stride, kernel // 2, bias=False, floor=True, **make)


def _projection(before: int, after: int, stride: int, make: dict[str, Any]) -> Sequential:
    return Sequential(conv=_conv(before, after, 1, stride, make), norm=BatchNorm2d(after, dtype=make["dtype"]))


def _block(
    before: int,
    convolutions: list[tuple[int, int, int]],
    shortcut: Module | None,
    make: dict[str, Any],
    residual: bool = True,
) -> Sequential:
    """Return a block, whose convolutions are given as (filters, kernel, stride)."""
    body: dict[str, Module] = {}
    for i, (filters, kernel, stride) in enumerate(convolutions, 1):
        body[f"conv{i}"] = _conv(before, filters, kernel, stride, make)
        body[f"norm{i}"] = BatchNorm2d(filters, dtype=make["dtype"])
        if i < len(convolutions):
            body[f"relu{i}"] = ReLU()
        before = filters
    inner = Sequential(**body)
    return Sequential(sum=Residual(inner, shortcut) if residual else inner, relu=ReLU())


def _classifier(features: int, classes: int, make: dict[str, Any]) -> Sequential:
    return Sequential(pool=AdaptiveAvgPool2d(1), flatten=Flatten(), affine=Affine(features, classes, **make))
