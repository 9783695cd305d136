"""Layers of learned filters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from minigrad import Tensor, asarray
from minigrad.ops._windows import pair
from minigrad.ops.convolution import conv2d

from ..init import Initializer, he_normal
from ..module import Module
from ..parameter import Parameter
from ._settings import check_padding, settings, size, weight

if TYPE_CHECKING:
    from numpy.typing import DTypeLike

__all__ = ["Conv2d"]


class Conv2d(Module):
    """Convolve images with learned filters (cross-correlation, as is usual in deep learning).

    Parameters
    ----------
    in_channels, out_channels : int
    kernel_size, stride, dilation : int or pair of int
        For height and width.
    padding : int, pair of int, or {"valid", "same", "full"}
        Zeros around the image.
    groups : int
        Split the channels into so many groups, each with filters of its own; divides both numbers of channels.
    bias : bool
        Whether to add one number per output channel.
    floor : bool
        Where the windows do not end at the border, leave the rest out, in place of an error.
    init : callable
        Makes the weight (see :mod:`minigrad.nn.init`); the bias starts at 0.
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
    >>> sum(parameter.size for parameter in layer.parameters())
    760
    """

    weight: Parameter
    bias: Parameter | None

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int | tuple[int, int],
        stride: int | tuple[int, int] = 1,
        padding: int | tuple[int, int] | str = 0,
        dilation: int | tuple[int, int] = 1,
        groups: int = 1,
        bias: bool = True,
        *,
        floor: bool = False,
        init: Initializer = he_normal,
        dtype: DTypeLike = np.float32,
        rng: np.random.Generator | None = None,
    ) -> None:
        self.in_channels = size("Conv2d", "in_channels", in_channels)
        self.out_channels = size("Conv2d", "out_channels", out_channels)
        self.groups = size("Conv2d", "groups", groups)
        if in_channels % groups or out_channels % groups:
            raise ValueError(
                f"Conv2d: groups {groups} must divide the {in_channels} input and the {out_channels} output channels"
            )
        kernel = pair("Conv2d", "kernel_size", kernel_size, 1)
        pair("Conv2d", "stride", stride, 1)
        pair("Conv2d", "dilation", dilation, 1)
        check_padding("Conv2d", padding, ("valid", "same", "full"))
        self.kernel_size, self.stride, self.padding, self.dilation = kernel_size, stride, padding, dilation
        self.floor = floor
        self.weight = weight("Conv2d", (out_channels, in_channels // groups, *kernel), init, dtype, rng)
        self.bias = Parameter(np.zeros(out_channels), dtype=dtype) if bias else None

    def forward(self, input: Any) -> Tensor:
        """Return the filtered images; the input has shape (n, in_channels, height, width)."""
        x = asarray(input)
        shape = x.shape
        if len(shape) != 4 or shape[1] != self.in_channels:
            raise ValueError(
                f"{self._head()}: expected input of shape (n, {self.in_channels}, height, width), got {shape}"
            )
        return conv2d(
            x, self.weight, self.bias, self.stride, self.padding, self.dilation, self.groups, floor=self.floor
        )

    def extra_repr(self) -> str:
        """Return the sizes, and the settings that are not the default."""
        rest = settings(self, stride=1, padding=0, dilation=1, groups=1, floor=False)
        without = ", bias=False" if self.bias is None else ""
        return f"{self.in_channels}, {self.out_channels}, {self.kernel_size}{rest}{without}"
