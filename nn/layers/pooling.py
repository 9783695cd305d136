"""Layers that make images smaller, window by window."""

from __future__ import annotations

from typing import Any

from minigrad import Tensor, asarray
from minigrad.ops._windows import pair
from minigrad.ops.convolution import avg_pool2d, max_pool2d

from ..module import Module
from ._settings import check_padding, settings

__all__ = ["AvgPool2d", "MaxPool2d"]


class MaxPool2d(Module):
    """Keep the largest element of each window; its gradient goes to the first maximum of the window.

    Parameters
    ----------
    kernel_size : int or pair of int
        For height and width.
    stride : int or pair of int, optional
        Default: the kernel size.
    padding : int, pair of int, or {"valid", "same"}
        With minus infinity; at most half of the kernel size.
    dilation : int or pair of int
    floor : bool
        Where the windows do not end at the border, leave the rest out, in place of an error.

    Raises
    ------
    ValueError, TypeError
        If a setting is no such number; at the call, if the image does not fit.

    Examples
    --------
    >>> import numpy as np
    >>> from minigrad import nn
    >>> nn.MaxPool2d(2)(np.arange(16.0).reshape(1, 1, 4, 4)).tolist()
    [[[[5.0, 7.0], [13.0, 15.0]]]]
    """

    def __init__(
        self,
        kernel_size: int | tuple[int, int],
        stride: int | tuple[int, int] | None = None,
        padding: int | tuple[int, int] | str = 0,
        dilation: int | tuple[int, int] = 1,
        *,
        floor: bool = False,
    ) -> None:
        check_pool("MaxPool2d", kernel_size, stride, padding)
        pair("MaxPool2d", "dilation", dilation, 1)
        self.kernel_size, self.stride, self.padding, self.dilation = kernel_size, stride, padding, dilation
        self.floor = floor

    def forward(self, input: Any) -> Tensor:
        """Return the maxima; the input has shape (n, channels, height, width)."""
        x = _images(self, input)
        return max_pool2d(x, self.kernel_size, self.stride, self.padding, self.dilation, floor=self.floor)

    def extra_repr(self) -> str:
        """Return the kernel size, and the settings that are not the default."""
        return f"{self.kernel_size}{settings(self, stride=None, padding=0, dilation=1, floor=False)}"


class AvgPool2d(Module):
    """Take the mean of each window; padding counts as zeros.

    Parameters
    ----------
    kernel_size : int or pair of int
        For height and width.
    stride : int or pair of int, optional
        Default: the kernel size.
    padding : int, pair of int, or {"valid", "same"}
        At most half of the kernel size.
    floor : bool
        Where the windows do not end at the border, leave the rest out, in place of an error.

    Raises
    ------
    ValueError, TypeError
        If a setting is no such number; at the call, if the image does not fit.

    Examples
    --------
    >>> import numpy as np
    >>> from minigrad import nn
    >>> nn.AvgPool2d(2)(np.arange(1.0, 17.0).reshape(1, 1, 4, 4)).tolist()
    [[[[3.5, 5.5], [11.5, 13.5]]]]
    """

    def __init__(
        self,
        kernel_size: int | tuple[int, int],
        stride: int | tuple[int, int] | None = None,
        padding: int | tuple[int, int] | str = 0,
        *,
        floor: bool = False,
    ) -> None:
        check_pool("AvgPool2d", kernel_size, stride, padding)
        self.kernel_size, self.stride, self.padding, self.floor = kernel_size, stride, padding, floor

    def forward(self, input: Any) -> Tensor:
        """Return the means; the input has shape (n, channels, height, width)."""
        return avg_pool2d(_images(self, input), self.kernel_size, self.stride, self.padding, floor=self.floor)

    def extra_repr(self) -> str:
        """Return the kernel size, and the settings that are not the default."""
        return f"{self.kernel_size}{settings(self, stride=None, padding=0, floor=False)}"


def check_pool(kind: str, kernel_size: Any, stride: Any, padding: Any) -> None:
    pair(kind, "kernel_size", kernel_size, 1)
    if stride is not None:
        pair(kind, "stride", stride, 1)
    check_padding(kind, padding, ("valid", "same"))


def _images(module: Module, input: Any) -> Tensor:
    x = asarray(input)
    if x.ndim != 4:
        raise ValueError(f"{module._head()}: expected input of shape (n, channels, height, width), got {x.shape}")
    return x
