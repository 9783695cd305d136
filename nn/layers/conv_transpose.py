"""Layers that spread each element over a window: convolutions, transposed."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from minigrad import Tensor

from ..functional import conv_transpose1d, conv_transpose2d, conv_transpose3d
from ..init import Initializer, he_normal, zeros
from ..module import Module
from ..parameter import Parameter
from ._settings import bias as new_bias
from ._settings import settings, sizes, weight
from .convolution import channels_first, check_channels

if TYPE_CHECKING:
    from numpy.typing import DTypeLike

__all__ = ["ConvTranspose1d", "ConvTranspose2d", "ConvTranspose3d"]


class _ConvTranspose(Module):
    """What transposed convolutions over one, two and three axes share."""

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
        padding: int | tuple[int, ...] = 0,
        output_padding: int | tuple[int, ...] = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: int | tuple[int, ...] = 1,
        *,
        init: Initializer = he_normal,
        bias_init: Initializer = zeros,
        dtype: DTypeLike = np.float32,
        rng: np.random.Generator | None = None,
    ) -> None:
        kind, axes = type(self).__name__, self._axes
        self.in_channels, self.out_channels, self.groups = check_channels(kind, in_channels, out_channels, groups)
        kernel = sizes(kind, "kernel_size", kernel_size, axes)
        strides = sizes(kind, "stride", stride, axes)
        sizes(kind, "padding", padding, axes, 0)
        sizes(kind, "dilation", dilation, axes)
        for extra, step in zip(sizes(kind, "output_padding", output_padding, axes, 0), strides, strict=True):
            if extra >= step:
                raise ValueError(f"{kind}: output_padding {extra} must be smaller than the stride {step}")
        self.kernel_size, self.stride, self.padding = kernel_size, stride, padding
        self.output_padding, self.dilation = output_padding, dilation
        # The initializer sees the filters as those of a convolution between these channels, so that a fan is what one
        # output element is made of, not what one input element is spread to.
        c, out, n = self.in_channels, self.out_channels, self.groups
        filters = weight(kind, (out, c // n, *kernel), init, dtype, rng).data
        turned = filters.reshape(n, out // n, c // n, *kernel).swapaxes(1, 2)
        self.weight = Parameter(np.asarray(turned.reshape(c, out // n, *kernel), order="C"), dtype=dtype)
        self.bias = new_bias(kind, out, bias_init, dtype, rng, bias)

    def forward(self, input: Any) -> Tensor:
        """Return what the input's elements spread; it has shape (n, in_channels, ...)."""
        x = channels_first(self, input, self.in_channels, self._axes)
        return type(self)._function(
            x, self.weight, self.bias, self.stride, self.padding, self.output_padding, self.groups, self.dilation
        )

    def multiply_adds(self, inputs: Mapping[str, Any], output: Any) -> int:
        """Return how many pairs a call multiplies and adds: for each input element, one filter's elements."""
        return int(np.size(inputs["input"])) * math.prod(self.weight.shape[1:])

    def extra_repr(self) -> str:
        """Return the sizes, and the settings that are not the default."""
        rest = settings(self, stride=1, padding=0, output_padding=0, groups=1, dilation=1)
        without = ", bias=False" if self.bias is None else ""
        return f"{self.in_channels}, {self.out_channels}, {self.kernel_size}{rest}{without}"


class ConvTranspose2d(_ConvTranspose):
    """Let each element of images spread a copy of its filter: the transpose of :class:`Conv2d` in its input.

    With kernel and stride 2 it doubles height and width. H rows become
    ``(H - 1) stride - 2 padding + dilation (kernel - 1) + 1 + output_padding``. Local gradient, for the image: the
    convolution of g with the filters.

    Parameters
    ----------
    in_channels, out_channels : int
    kernel_size, stride, dilation : int or pair of int
        For height and width.
    padding : int or pair of int
        So many rows and columns are cut off at each border.
    output_padding : int or pair of int
        So many are added at the end, below the stride.
    groups : int
        Split the channels into so many groups, each with filters of its own; divides both numbers of channels.
    bias : bool
        Whether to add one number per output channel.
    init, bias_init : callable
        Make the weight and the bias (see :mod:`minigrad.nn.init`); `init` is called with the shape that
        :class:`Conv2d` has between these channels.
    dtype : dtype
        Of the parameters.
    rng : numpy.random.Generator, optional
        Default: the package's (:func:`minigrad.nn.seed`).

    Attributes
    ----------
    weight : Parameter, shape (in_channels, out_channels / groups, height, width)
    bias : Parameter, shape (out_channels,), or None

    Raises
    ------
    ValueError, TypeError
        If a size or the groups are no such numbers; at the call, if the image does not fit.

    References
    ----------
    Dumoulin and Visin, A guide to convolution arithmetic for deep learning, 2016.

    Examples
    --------
    >>> from minigrad import nn
    >>> nn.ConvTranspose2d(8, 4, 2, stride=2)(np.zeros((1, 8, 7, 7), np.float32)).shape
    (1, 4, 14, 14)
    """

    _axes, _function = 2, conv_transpose2d


class ConvTranspose1d(_ConvTranspose):
    """Let each element of sequences spread a copy of its filter; see :class:`ConvTranspose2d`.

    Examples
    --------
    >>> from minigrad import nn
    >>> nn.ConvTranspose1d(2, 1, 4, stride=2, padding=1)(np.zeros((1, 2, 5), np.float32)).shape
    (1, 1, 10)
    """

    _axes, _function = 1, conv_transpose1d


class ConvTranspose3d(_ConvTranspose):
    """Let each element of volumes spread a copy of its filter; see :class:`ConvTranspose2d`.

    Examples
    --------
    >>> from minigrad import nn
    >>> nn.ConvTranspose3d(2, 1, 2, stride=2)(np.zeros((1, 2, 3, 4, 4), np.float32)).shape
    (1, 1, 6, 8, 8)
    """

    _axes, _function = 3, conv_transpose3d
