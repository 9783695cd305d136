"""Layers of learned filters that slide over sequences, images and volumes."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from minigrad import Tensor, asarray

from ..functional import conv1d, conv2d, conv3d
from ..init import Initializer, he_normal, zeros
from ..module import Module
from ..parameter import Parameter
from ._settings import bias as new_bias
from ._settings import check_padding, settings, size, sizes, weight

if TYPE_CHECKING:
    from numpy.typing import DTypeLike

__all__ = ["Conv1d", "Conv2d", "Conv3d"]

AXES = {1: "length", 2: "height, width", 3: "depth, height, width"}


def check_channels(kind: str, in_channels: Any, out_channels: Any, groups: Any) -> tuple[int, int, int]:
    """Return the three as ints, or raise if they are none or the groups do not divide."""
    c, out = size(kind, "in_channels", in_channels), size(kind, "out_channels", out_channels)
    n = size(kind, "groups", groups)
    if c % n or out % n:
        raise ValueError(f"{kind}: groups {n} must divide the {c} input and the {out} output channels")
    return c, out, n


def channels_first(module: Module, input: Any, channels: int, axes: int) -> Tensor:
    """Return the input as a tensor, or raise unless it has so many channels and spatial axes."""
    x = asarray(input)
    if x.ndim != axes + 2 or x.shape[1] != channels:
        raise ValueError(f"{module._head()}: expected input of shape (n, {channels}, {AXES[axes]}), got {x.shape}")
    return x


class _Conv(Module):
    """What convolutions over one, two and three axes share."""

    _axes: ClassVar[int]
    _function: ClassVar[Callable[..., Tensor]]

    weight: Parameter
    bias: Parameter | None

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int | tuple[int, ...],
        stride: int | tuple[int, ...] = 1,
        padding: int | tuple[int, ...] | str = 0,
        dilation: int | tuple[int, ...] = 1,
        groups: int = 1,
        bias: bool = True,
        *,
        floor: bool = False,
        init: Initializer = he_normal,
        bias_init: Initializer = zeros,
        dtype: DTypeLike = np.float32,
        rng: np.random.Generator | None = None,
    ) -> None:
        kind, axes = type(self).__name__, self._axes
        self.in_channels, self.out_channels, self.groups = check_channels(kind, in_channels, out_channels, groups)
        kernel = sizes(kind, "kernel_size", kernel_size, axes)
        sizes(kind, "stride", stride, axes)
        sizes(kind, "dilation", dilation, axes)
        check_padding(kind, padding, axes, ("valid", "same", "full"))
        self.kernel_size, self.stride, self.padding, self.dilation = kernel_size, stride, padding, dilation
        self.floor = bool(floor)
        shape = (self.out_channels, self.in_channels // self.groups, *kernel)
        self.weight = weight(kind, shape, init, dtype, rng)
        self.bias = new_bias(kind, self.out_channels, bias_init, dtype, rng, bias)

    def forward(self, input: Any) -> Tensor:
        """Return the filtered input, which has shape (n, in_channels, ...)."""
        x = channels_first(self, input, self.in_channels, self._axes)
        return type(self)._function(
            x, self.weight, self.bias, self.stride, self.padding, self.dilation, self.groups, floor=self.floor
        )

    def multiply_adds(self, inputs: Mapping[str, Any], output: Any) -> int:
        """Return how many pairs a call multiplies and adds: for each output, one filter's elements."""
        return int(output.size) * math.prod(self.weight.shape[1:])

    def extra_repr(self) -> str:
        """Return the sizes, and the settings that are not the default."""
        rest = settings(self, stride=1, padding=0, dilation=1, groups=1, floor=False)
        without = ", bias=False" if self.bias is None else ""
        return f"{self.in_channels}, {self.out_channels}, {self.kernel_size}{rest}{without}"


class Conv2d(_Conv):
    """Convolve images with learned filters (cross-correlation, as is usual in deep learning).

    A filter of height FH, with padding P before and after and stride S, makes ``(H + 2P - FH) / S + 1`` rows of H; the
    same holds for columns. Local gradients: for the image, the transposed convolution of g with the filters; for the
    filters, the correlation of the image with g; for the bias, the sum of g over all but the channels.

    Parameters
    ----------
    in_channels, out_channels : int
    kernel_size, stride, dilation : int or pair of int
        For height and width.
    padding : int, pair of int, or {"valid", "same", "full"}
        Zeros around the image; "same" keeps the size (for stride 1), "full" takes every place where a filter touches
        the image.
    groups : int
        Split the channels into so many groups, each with filters of its own; divides both numbers of channels.
    bias : bool
        Whether to add one number per output channel.
    floor : bool
        Where the windows do not end at the border, leave the rest out, in place of an error.
    init, bias_init : callable
        Make the weight and the bias (see :mod:`minigrad.nn.init`).
    dtype : dtype
        Of the parameters.
    rng : numpy.random.Generator, optional
        Default: the package's (:func:`minigrad.nn.seed`).

    Attributes
    ----------
    weight : Parameter, shape (out_channels, in_channels / groups, height, width)
    bias : Parameter, shape (out_channels,), or None

    Raises
    ------
    ValueError, TypeError
        If a size, the padding or the groups are no such numbers; at the call, if the image does not fit.

    Examples
    --------
    >>> from minigrad import nn
    >>> layer = nn.Conv2d(3, 10, 5, padding="same")
    >>> layer(np.zeros((1, 3, 32, 32), np.float32)).shape
    (1, 10, 32, 32)
    >>> layer.count_parameters()
    760
    """

    _axes, _function = 2, conv2d


class Conv1d(_Conv):
    """Convolve sequences with learned filters; the rest is as in :class:`Conv2d`, for one axis.

    Attributes
    ----------
    weight : Parameter, shape (out_channels, in_channels / groups, length)
    bias : Parameter, shape (out_channels,), or None

    Examples
    --------
    >>> from minigrad import nn
    >>> nn.Conv1d(2, 4, 3, padding="same")(np.zeros((1, 2, 10), np.float32)).shape
    (1, 4, 10)
    """

    _axes, _function = 1, conv1d


class Conv3d(_Conv):
    """Convolve volumes with learned filters; the rest is as in :class:`Conv2d`, for three axes.

    Attributes
    ----------
    weight : Parameter, shape (out_channels, in_channels / groups, depth, height, width)
    bias : Parameter, shape (out_channels,), or None

    Examples
    --------
    >>> from minigrad import nn
    >>> nn.Conv3d(1, 4, (1, 3, 3))(np.zeros((1, 1, 5, 8, 8), np.float32)).shape
    (1, 4, 5, 6, 6)
    """

    _axes, _function = 3, conv3d
