"""Layers with parameters, and layers that change an image's size."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any

import numpy as np

from minigrad import Tensor, asarray
from minigrad.ops._windows import pair
from minigrad.ops.activation import affine
from minigrad.ops.convolution import avg_pool2d, conv2d, max_pool2d

from .functional import flatten
from .init import Initializer, he_normal
from .module import Module
from .parameter import Parameter

if TYPE_CHECKING:
    from numpy.typing import DTypeLike

__all__ = ["Affine", "AvgPool2d", "Conv2d", "Flatten", "MaxPool2d"]


class Affine(Module):
    """Compute ``x @ weight + bias``, on every row of the input.

    Parameters
    ----------
    in_features, out_features : int
        The lengths of a row before and after.
    bias : bool
        Whether to add one.
    init : callable
        Makes the weight (see :mod:`minigrad.nn.init`); the bias starts at 0.
    dtype : dtype
        Of the parameters.
    rng : numpy.random.Generator, optional
        Default: the package's (:func:`minigrad.nn.seed`).

    Attributes
    ----------
    weight : Parameter, shape (in_features, out_features)
    bias : Parameter, shape (out_features,), or None

    Raises
    ------
    ValueError, TypeError
        If a size is not an integer above 0; at the call, if the input's last axis is not `in_features` long.

    Examples
    --------
    >>> from minigrad import nn
    >>> layer = nn.Affine(784, 50)
    >>> layer(np.zeros((100, 784), np.float32)).shape
    (100, 50)
    >>> layer(np.zeros((100, 700), np.float32))
    Traceback (most recent call last):
        ...
    ValueError: Affine(784, 50): expected input of shape (n, 784), got (100, 700)
    in Affine(784, 50)
    """

    weight: Parameter
    bias: Parameter | None

    def __init__(
        self,
        in_features: int,
        out_features: int,
        bias: bool = True,
        *,
        init: Initializer = he_normal,
        dtype: DTypeLike = np.float32,
        rng: np.random.Generator | None = None,
    ) -> None:
        self.in_features = _size("Affine", "in_features", in_features)
        self.out_features = _size("Affine", "out_features", out_features)
        self.weight = _weight("Affine", (self.in_features, self.out_features), init, dtype, rng)
        self.bias = Parameter(np.zeros(self.out_features), dtype=dtype) if bias else None

    def forward(self, input: Any) -> Tensor:
        """Return the products of the input's rows; the input has shape (n, in_features), or any with that last axis."""
        x = asarray(input)
        shape = x.shape
        if not shape or shape[-1] != self.in_features:
            raise ValueError(f"{self._head()}: expected input of shape (n, {self.in_features}), got {shape}")
        weight, bias = self.weight, self.bias
        if bias is None:
            return x @ weight
        return affine(x, weight, bias) if len(shape) == 2 else x @ weight + bias

    def extra_repr(self) -> str:
        """Return the sizes."""
        return f"{self.in_features}, {self.out_features}" + ("" if self.bias is not None else ", bias=False")


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
        self.in_channels = _size("Conv2d", "in_channels", in_channels)
        self.out_channels = _size("Conv2d", "out_channels", out_channels)
        self.groups = _size("Conv2d", "groups", groups)
        if in_channels % groups or out_channels % groups:
            raise ValueError(
                f"Conv2d: groups {groups} must divide the {in_channels} input and the {out_channels} output channels"
            )
        kernel = pair("Conv2d", "kernel_size", kernel_size, 1)
        pair("Conv2d", "stride", stride, 1)
        pair("Conv2d", "dilation", dilation, 1)
        _check_padding("Conv2d", padding, ("valid", "same", "full"))
        self.kernel_size, self.stride, self.padding, self.dilation = kernel_size, stride, padding, dilation
        self.floor = floor
        self.weight = _weight("Conv2d", (out_channels, in_channels // groups, *kernel), init, dtype, rng)
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
        rest = _settings(self, stride=1, padding=0, dilation=1, groups=1, floor=False)
        without = ", bias=False" if self.bias is None else ""
        return f"{self.in_channels}, {self.out_channels}, {self.kernel_size}{rest}{without}"


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
        _check_pool("MaxPool2d", kernel_size, stride, padding)
        pair("MaxPool2d", "dilation", dilation, 1)
        self.kernel_size, self.stride, self.padding, self.dilation = kernel_size, stride, padding, dilation
        self.floor = floor

    def forward(self, input: Any) -> Tensor:
        """Return the maxima; the input has shape (n, channels, height, width)."""
        x = _images(self, input)
        return max_pool2d(x, self.kernel_size, self.stride, self.padding, self.dilation, floor=self.floor)

    def extra_repr(self) -> str:
        """Return the kernel size, and the settings that are not the default."""
        return f"{self.kernel_size}{_settings(self, stride=None, padding=0, dilation=1, floor=False)}"


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
        _check_pool("AvgPool2d", kernel_size, stride, padding)
        self.kernel_size, self.stride, self.padding, self.floor = kernel_size, stride, padding, floor

    def forward(self, input: Any) -> Tensor:
        """Return the means; the input has shape (n, channels, height, width)."""
        return avg_pool2d(_images(self, input), self.kernel_size, self.stride, self.padding, floor=self.floor)

    def extra_repr(self) -> str:
        """Return the kernel size, and the settings that are not the default."""
        return f"{self.kernel_size}{_settings(self, stride=None, padding=0, floor=False)}"


class Flatten(Module):
    """Join neighbouring axes into one: by default all but the first, so that each example becomes a row.

    Parameters
    ----------
    start_dim, end_dim : int
        The first and the last axis to join.

    Examples
    --------
    >>> from minigrad import nn
    >>> nn.Flatten()(np.zeros((100, 30, 12, 12))).shape
    (100, 4320)
    """

    def __init__(self, start_dim: int = 1, end_dim: int = -1) -> None:
        self.start_dim, self.end_dim = operator.index(start_dim), operator.index(end_dim)

    def forward(self, input: Any) -> Tensor:
        """Return the same elements in fewer axes."""
        return flatten(input, self.start_dim, self.end_dim)

    def extra_repr(self) -> str:
        """Return the axes, where they are not the default."""
        return _settings(self, start_dim=1, end_dim=-1).removeprefix(", ")


def _size(kind: str, what: str, value: Any) -> int:
    try:
        size = operator.index(value)
    except TypeError:
        raise TypeError(f"{kind}: {what} must be an integer, got {value!r}") from None
    if size < 1:
        raise ValueError(f"{kind}: {what} must be at least 1, got {value!r}")
    return size


def _check_padding(kind: str, padding: Any, words: tuple[str, ...]) -> None:
    if not isinstance(padding, str):
        pair(kind, "padding", padding, 0)
    elif padding not in words:
        raise ValueError(f"{kind}: padding must be a number, a pair or one of {', '.join(words)}, got {padding!r}")


def _check_pool(kind: str, kernel_size: Any, stride: Any, padding: Any) -> None:
    pair(kind, "kernel_size", kernel_size, 1)
    if stride is not None:
        pair(kind, "stride", stride, 1)
    _check_padding(kind, padding, ("valid", "same"))


def _images(module: Module, input: Any) -> Tensor:
    x = asarray(input)
    if x.ndim != 4:
        raise ValueError(f"{module._head()}: expected input of shape (n, channels, height, width), got {x.shape}")
    return x


def _weight(
    kind: str, shape: tuple[int, ...], init: Initializer, dtype: DTypeLike, rng: np.random.Generator | None
) -> Parameter:
    values = init(shape, rng=rng, dtype=dtype)
    if np.shape(values) != shape:
        raise ValueError(f"{kind}: init returned shape {np.shape(values)} for a weight of shape {shape}")
    return Parameter(values, dtype=dtype)


def _settings(module: Module, **defaults: Any) -> str:
    values = {name: getattr(module, name) for name in defaults}
    return "".join(f", {name}={value!r}" for name, value in values.items() if value != defaults[name])
