"""Layers that make sequences, images and volumes smaller, window by window."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np

from minigrad import Tensor, asarray

from ..functional import (
    adaptive_avg_pool2d,
    adaptive_max_pool2d,
    avg_pool1d,
    avg_pool2d,
    avg_pool3d,
    max_pool1d,
    max_pool2d,
    max_pool3d,
    stochastic_pool2d,
)
from ..module import Module
from ..random import generator
from ._settings import check_padding, settings, sizes
from .convolution import AXES

__all__ = [
    "AdaptiveAvgPool2d", "AdaptiveMaxPool2d", "AvgPool1d", "AvgPool2d", "AvgPool3d", "MaxPool1d", "MaxPool2d",
    "MaxPool3d", "StochasticPool2d",
]  # fmt: skip


class _Pool(Module):
    """What the poolings with windows share."""

    _axes: ClassVar[int]
    _function: ClassVar[Callable[..., Tensor]]

    def _set_windows(self, kernel_size: Any, stride: Any, padding: Any, floor: Any) -> None:
        kind, axes = type(self).__name__, self._axes
        sizes(kind, "kernel_size", kernel_size, axes)
        if stride is not None:
            sizes(kind, "stride", stride, axes)
        check_padding(kind, padding, axes, ("valid", "same"))
        self.kernel_size, self.stride, self.padding, self.floor = kernel_size, stride, padding, bool(floor)

    def _checked(self, input: Any) -> Tensor:
        x = asarray(input)
        if x.ndim != self._axes + 2:
            raise ValueError(
                f"{self._head()}: expected input of shape (n, channels, {AXES[self._axes]}), got {x.shape}"
            )
        return x


class _MaxPool(_Pool):
    def __init__(
        self,
        kernel_size: int | tuple[int, ...],
        stride: int | tuple[int, ...] | None = None,
        padding: int | tuple[int, ...] | str = 0,
        dilation: int | tuple[int, ...] = 1,
        *,
        floor: bool = False,
    ) -> None:
        self._set_windows(kernel_size, stride, padding, floor)
        sizes(type(self).__name__, "dilation", dilation, self._axes)
        self.dilation = dilation

    def forward(self, input: Any) -> Tensor:
        """Return the maxima; the input has shape (n, channels, ...)."""
        return type(self)._function(
            self._checked(input), self.kernel_size, self.stride, self.padding, self.dilation, floor=self.floor
        )

    def extra_repr(self) -> str:
        """Return the kernel size, and the settings that are not the default."""
        return f"{self.kernel_size}{settings(self, stride=None, padding=0, dilation=1, floor=False)}"


class MaxPool2d(_MaxPool):
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

    _axes, _function = 2, max_pool2d


class MaxPool1d(_MaxPool):
    """Keep the largest element of each window of sequences; see :class:`MaxPool2d`.

    Examples
    --------
    >>> from minigrad import nn
    >>> nn.MaxPool1d(2)([[[1.0, 3.0, 2.0, 5.0]]]).tolist()
    [[[3.0, 5.0]]]
    """

    _axes, _function = 1, max_pool1d


class MaxPool3d(_MaxPool):
    """Keep the largest element of each window of volumes; see :class:`MaxPool2d`.

    Examples
    --------
    >>> from minigrad import nn
    >>> nn.MaxPool3d(2)(np.arange(8.0).reshape(1, 1, 2, 2, 2)).item()
    7.0
    """

    _axes, _function = 3, max_pool3d


class _AvgPool(_Pool):
    def __init__(
        self,
        kernel_size: int | tuple[int, ...],
        stride: int | tuple[int, ...] | None = None,
        padding: int | tuple[int, ...] | str = 0,
        *,
        floor: bool = False,
    ) -> None:
        self._set_windows(kernel_size, stride, padding, floor)

    def forward(self, input: Any) -> Tensor:
        """Return the means; the input has shape (n, channels, ...)."""
        return type(self)._function(self._checked(input), self.kernel_size, self.stride, self.padding, floor=self.floor)

    def extra_repr(self) -> str:
        """Return the kernel size, and the settings that are not the default."""
        return f"{self.kernel_size}{settings(self, stride=None, padding=0, floor=False)}"


class AvgPool2d(_AvgPool):
    """Take the mean of each window; padding counts as zeros. Local gradient: 1 / the size of the window.

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

    _axes, _function = 2, avg_pool2d


class AvgPool1d(_AvgPool):
    """Take the mean of each window of sequences; see :class:`AvgPool2d`.

    Examples
    --------
    >>> from minigrad import nn
    >>> nn.AvgPool1d(2)([[[1.0, 3.0, 2.0, 5.0]]]).tolist()
    [[[2.0, 3.5]]]
    """

    _axes, _function = 1, avg_pool1d


class AvgPool3d(_AvgPool):
    """Take the mean of each window of volumes; see :class:`AvgPool2d`.

    Examples
    --------
    >>> from minigrad import nn
    >>> nn.AvgPool3d(2)(np.arange(8.0).reshape(1, 1, 2, 2, 2)).item()
    3.5
    """

    _axes, _function = 3, avg_pool3d


class StochasticPool2d(_Pool):
    """Draw one element of each window, with a probability in proportion to its size; a kind of regularization.

    Negative elements count as 0; in a window without positive ones all are equally likely. In evaluation, each window
    is the mean of its elements, weighted with these probabilities. Local gradient in training: 1 for the elements
    drawn, 0 for the others.

    Parameters
    ----------
    kernel_size, stride : int or pair of int
        For height and width; the stride defaults to the kernel size.
    floor : bool
        Where the windows do not end at the border, leave the rest out, in place of an error.
    rng : numpy.random.Generator, optional
        Where the choice comes from; default: the package's (:func:`minigrad.nn.seed`).

    Attributes
    ----------
    rng : numpy.random.Generator or None

    Raises
    ------
    ValueError, TypeError
        If a setting is no such number; at the call, if the image does not fit.

    References
    ----------
    Zeiler and Fergus, Stochastic Pooling for Regularization of Deep Convolutional Neural Networks, 2013.

    Examples
    --------
    >>> from minigrad import nn
    >>> layer = nn.StochasticPool2d(2, rng=np.random.default_rng(0))
    >>> x = [[[[0.0, 0.0, 1.0, 3.0], [0.0, 5.0, 0.0, 0.0]]]]
    >>> layer(x).tolist(), layer.eval()(x).tolist()
    ([[[[5.0, 3.0]]]], [[[[5.0, 2.5]]]])
    """

    _axes = 2

    def __init__(
        self,
        kernel_size: int | tuple[int, int],
        stride: int | tuple[int, int] | None = None,
        *,
        floor: bool = False,
        rng: np.random.Generator | None = None,
    ) -> None:
        self._set_windows(kernel_size, stride, 0, floor)
        if rng is not None:
            generator(rng)  # raises here, not at the first batch
        self.rng = rng

    def forward(self, input: Any) -> Tensor:
        """Return the elements drawn, in evaluation their expectation; the input has shape (n, channels, h, w)."""
        return stochastic_pool2d(
            self._checked(input), self.kernel_size, self.stride,
            rng=generator(self.rng), training=self.training, floor=self.floor,
        )  # fmt: skip

    def extra_repr(self) -> str:
        """Return the kernel size, and the settings that are not the default."""
        return f"{self.kernel_size}{settings(self, stride=None, floor=False)}"


class _AdaptivePool(_Pool):
    _axes = 2

    def __init__(self, output_size: int | tuple[int | None, int | None]) -> None:
        given = output_size if isinstance(output_size, (tuple, list)) else (output_size,) * 2
        sizes(type(self).__name__, "output_size", tuple([1 if n is None else n for n in given]), 2)
        self.output_size = output_size

    def forward(self, input: Any) -> Tensor:
        """Return one number per bin; the input has shape (n, channels, height, width)."""
        return type(self)._function(self._checked(input), self.output_size)

    def extra_repr(self) -> str:
        """Return the size of the output."""
        return f"{self.output_size}"


class AdaptiveAvgPool2d(_AdaptivePool):
    """Take the means of as many bins as asked for, whatever the size of the image.

    Bin i of an axis of length m goes from floor(i m / size) to ceil((i + 1) m / size).

    Parameters
    ----------
    output_size : int or pair of int or None
        The number of bins for height and width; None, in a pair, keeps an axis as it is.

    Raises
    ------
    ValueError, TypeError
        If it is no such number; at the call, if the input is no batch of images.

    Examples
    --------
    >>> from minigrad import nn
    >>> nn.AdaptiveAvgPool2d(1)(np.arange(1.0, 17.0).reshape(1, 1, 4, 4)).tolist()
    [[[[8.5]]]]
    """

    _function = adaptive_avg_pool2d


class AdaptiveMaxPool2d(_AdaptivePool):
    """Keep the maxima of as many bins as asked for, whatever the size of the image; see :class:`AdaptiveAvgPool2d`.

    Examples
    --------
    >>> from minigrad import nn
    >>> nn.AdaptiveMaxPool2d((1, 2))(np.arange(1.0, 17.0).reshape(1, 1, 4, 4)).tolist()
    [[[[14.0, 16.0]]]]
    """

    _function = adaptive_max_pool2d
