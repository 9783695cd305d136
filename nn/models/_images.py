"""What the networks for images share: checks of sizes, and the shape that their features have."""

from __future__ import annotations

from typing import Any

from minigrad import Tensor, asarray
from minigrad.ops._windows import pair, windows

from ..containers import Sequential
from ..layers import Conv2d, MaxPool2d
from ..layers.pooling import _Pool
from ..module import Module


class ImageModel(Module):
    """A network for images of one size: features, and a classifier of them."""

    features: Sequential
    classifier: Sequential

    def _set_images(self, channels: int, size: int | tuple[int, int]) -> tuple[int, int]:
        self.channels, self.size = channels, pair(type(self).__name__, "size", size, 1)
        return self.size

    def forward(self, input: Any) -> Tensor:
        """Return the scores of the classes, shape (n, classes), of images of shape (n, channels, height, width)."""
        x, expected = asarray(input), (self.channels, *self.size)
        if x.ndim != 4 or x.shape[1:] != expected:
            sizes = ", ".join(map(str, expected))
            raise ValueError(f"{type(self).__name__}: expected images of shape (n, {sizes}), got {x.shape}")
        scores: Tensor = self.classifier(self.features(x))
        return scores

    def _feature_shape(self) -> tuple[int, int, int]:
        """Return channels, height and width of the features, or raise if the images are too small for them."""
        channels, (height, width) = self.channels, self.size
        for name, layer in self.features.named_children():
            if not isinstance(layer, (Conv2d, _Pool)):
                continue
            stride = layer.stride if layer.stride is not None else layer.kernel_size
            dilation = layer.dilation if isinstance(layer, (Conv2d, MaxPool2d)) else 1
            try:
                geometry = windows(
                    name, (1, 1, height, width), layer.kernel_size, stride, layer.padding, dilation, layer.floor
                )
            except ValueError as error:
                raise ValueError(
                    f"{type(self).__name__}: images of {self.size[0]}x{self.size[1]} do not pass through the network; "
                    f"{height}x{width} are left before features.{name}, {layer!r}: {error}"
                ) from None
            height, width = geometry.out((1, 1, height, width))
            if isinstance(layer, Conv2d):
                channels = layer.out_channels
        return channels, height, width
