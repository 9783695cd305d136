"""Layers that normalize each example for itself: over a layer, groups of channels, neighbouring channels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from minigrad import Tensor, asarray

from ..functional import group_norm, layer_norm, local_response_norm, rms_norm
from ..functional._arguments import number
from ..module import Module
from ..parameter import Parameter
from ._settings import settings, size

if TYPE_CHECKING:
    from numpy.typing import DTypeLike

__all__ = ["GroupNorm", "LayerNorm", "LocalResponseNorm", "RMSNorm"]


class GroupNorm(Module):
    """Normalize the channels of each example in groups of neighbours, over all their places.

    Local gradient: w/σ · (g - mean(g) - x̂ mean(g x̂)) per group.

    Parameters
    ----------
    num_groups : int
        Divides the number of channels.
    num_channels : int
        On axis 1.
    eps : float
        Added to the variance.
    affine : bool
        Whether to learn a weight and a bias per channel; they start at 1 and 0.
    dtype : dtype
        Of the parameters.

    Attributes
    ----------
    weight, bias : Parameter, shape (num_channels,), or None

    Raises
    ------
    ValueError, TypeError
        If the groups do not divide the channels; at the call, if the shape does not fit.

    References
    ----------
    Wu and He, Group Normalization, 2018.

    Examples
    --------
    >>> from minigrad import nn
    >>> nn.GroupNorm(2, 4)([[1.0, 3.0, 10.0, 20.0]]).data.round(3).tolist()
    [[-1.0, 1.0, -1.0, 1.0]]
    """

    weight: Parameter | None
    bias: Parameter | None

    def __init__(
        self,
        num_groups: int,
        num_channels: int,
        eps: float = 1e-5,
        affine: bool = True,
        *,
        dtype: DTypeLike = np.float32,
    ) -> None:
        self.num_groups = size("GroupNorm", "num_groups", num_groups)
        self.num_channels = size("GroupNorm", "num_channels", num_channels)
        if self.num_channels % self.num_groups:
            raise ValueError(f"GroupNorm: {num_groups} groups do not divide {num_channels} channels")
        self.eps, self.affine = number("GroupNorm", "eps", eps, 0), bool(affine)
        self.weight = Parameter(np.ones(num_channels), dtype=dtype) if affine else None
        self.bias = Parameter(np.zeros(num_channels), dtype=dtype) if affine else None

    def forward(self, input: Any) -> Tensor:
        """Return the input, normalized; it has shape (n, num_channels, ...)."""
        x = asarray(input)
        if x.ndim < 2 or x.shape[1] != self.num_channels:
            raise ValueError(f"{self._head()}: expected input of shape (n, {self.num_channels}, ...), got {x.shape}")
        return group_norm(x, self.num_groups, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        """Return the groups and channels, and the settings that are not the default."""
        return f"{self.num_groups}, {self.num_channels}" + settings(self, eps=1e-5, affine=True)


def _shape(kind: str, normalized_shape: int | Sequence[int]) -> tuple[int, ...]:
    sizes = normalized_shape if isinstance(normalized_shape, (tuple, list)) else [normalized_shape]
    if not sizes:
        raise ValueError(f"{kind}: normalized_shape names no axis")
    return tuple([size(kind, "normalized_shape", n) for n in sizes])


class _LastAxesNorm(Module):
    normalized_shape: tuple[int, ...]

    def _checked(self, input: Any) -> Tensor:
        x, shape = asarray(input), self.normalized_shape
        if x.shape[-len(shape) :] != shape:
            raise ValueError(
                f"{self._head()}: expected input of shape (..., {', '.join(map(str, shape))}), got {x.shape}"
            )
        return x

    def _sizes(self) -> str:
        shape = self.normalized_shape
        return f"{shape[0] if len(shape) == 1 else shape}"


class LayerNorm(_LastAxesNorm):
    """Normalize each example over its last axes: ``(x - mean) / √(var + eps) · weight + bias``.

    Local gradient: w/σ · (g - mean(g) - x̂ mean(g x̂)) per row. Training and evaluation are the same.

    Parameters
    ----------
    normalized_shape : int or sequence of int
        The last axes of the input, all of which are averaged over.
    eps : float
        Added to the variance.
    elementwise_affine : bool
        Whether to learn a weight, which starts at 1.
    bias : bool
        Whether to learn a bias beside it, which starts at 0.
    dtype : dtype
        Of the parameters.

    Attributes
    ----------
    weight, bias : Parameter, of shape `normalized_shape`, or None

    Raises
    ------
    ValueError, TypeError
        If a size is not an integer above 0; at the call, if the input does not end in these axes.

    References
    ----------
    Ba, Kiros and Hinton, Layer Normalization, 2016.

    Examples
    --------
    >>> from minigrad import nn
    >>> nn.LayerNorm(2)([[1.0, 3.0], [50.0, 10.0]]).data.round(3).tolist()
    [[-1.0, 1.0], [1.0, -1.0]]
    """

    weight: Parameter | None
    bias: Parameter | None

    def __init__(
        self,
        normalized_shape: int | Sequence[int],
        eps: float = 1e-5,
        elementwise_affine: bool = True,
        bias: bool = True,
        *,
        dtype: DTypeLike = np.float32,
    ) -> None:
        self.normalized_shape = shape = _shape("LayerNorm", normalized_shape)
        self.eps, self.elementwise_affine = number("LayerNorm", "eps", eps, 0), bool(elementwise_affine)
        self.weight = Parameter(np.ones(shape), dtype=dtype) if elementwise_affine else None
        self.bias = Parameter(np.zeros(shape), dtype=dtype) if elementwise_affine and bias else None

    def forward(self, input: Any) -> Tensor:
        """Return the input, normalized; it ends in the axes of `normalized_shape`."""
        return layer_norm(self._checked(input), self.normalized_shape, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        """Return the sizes, and the settings that are not the default."""
        without = ", bias=False" if self.elementwise_affine and self.bias is None else ""
        return self._sizes() + settings(self, eps=1e-5, elementwise_affine=True) + without


class RMSNorm(_LastAxesNorm):
    """Divide each example by the root of its mean square: ``x / √(mean(x²) + eps) · weight``.

    Local gradient: w/rms · (g - x̂ mean(g x̂)) per row.

    Parameters
    ----------
    normalized_shape : int or sequence of int
        The last axes of the input, all of which are averaged over.
    eps : float, optional
        Default: that of the input's dtype, the distance from 1 to the next number.
    elementwise_affine : bool
        Whether to learn a weight, which starts at 1.
    dtype : dtype
        Of the weight.

    Attributes
    ----------
    weight : Parameter, of shape `normalized_shape`, or None

    Raises
    ------
    ValueError, TypeError
        If a size is not an integer above 0; at the call, if the input does not end in these axes.

    References
    ----------
    Zhang and Sennrich, Root Mean Square Layer Normalization, 2019.

    Examples
    --------
    >>> from minigrad import nn
    >>> nn.RMSNorm(2)([[1.0, 7.0]]).data.round(3).tolist()
    [[0.2, 1.4]]
    """

    weight: Parameter | None

    def __init__(
        self,
        normalized_shape: int | Sequence[int],
        eps: float | None = None,
        elementwise_affine: bool = True,
        *,
        dtype: DTypeLike = np.float32,
    ) -> None:
        self.normalized_shape = shape = _shape("RMSNorm", normalized_shape)
        self.eps = None if eps is None else number("RMSNorm", "eps", eps, 0)
        self.elementwise_affine = bool(elementwise_affine)
        self.weight = Parameter(np.ones(shape), dtype=dtype) if elementwise_affine else None

    def forward(self, input: Any) -> Tensor:
        """Return the input, divided; it ends in the axes of `normalized_shape`."""
        return rms_norm(self._checked(input), self.normalized_shape, self.weight, self.eps)

    def extra_repr(self) -> str:
        """Return the sizes, and the settings that are not the default."""
        return self._sizes() + settings(self, eps=None, elementwise_affine=True)


class LocalResponseNorm(Module):
    """Divide by a power of the mean square over neighbouring channels: ``x / (k + alpha · mean(x²)) ** beta``.

    Parameters
    ----------
    size : int
        The number of neighbours: size // 2 channels before and (size - 1) // 2 after; those that are not there count
        as 0.
    alpha, beta, k : float
        AlexNet has ``LocalResponseNorm(5, 5e-4, 0.75, 2.0)``: its alpha, 1e-4, multiplies the sum of the squares.

    Raises
    ------
    ValueError, TypeError
        If a setting is no such number; at the call, if the input has no places.

    References
    ----------
    Krizhevsky, Sutskever and Hinton, ImageNet Classification with Deep Convolutional Neural Networks, 2012.

    Examples
    --------
    >>> from minigrad import nn
    >>> nn.LocalResponseNorm(3, alpha=3.0, beta=1.0)([[[1.0], [2.0], [3.0]]]).data.round(4).tolist()
    [[[0.1667], [0.1333], [0.2143]]]
    """

    def __init__(self, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> None:
        self.size = _neighbours(size)
        self.alpha, self.beta = number("LocalResponseNorm", "alpha", alpha), number("LocalResponseNorm", "beta", beta)
        self.k = number("LocalResponseNorm", "k", k)

    def forward(self, input: Any) -> Tensor:
        """Return the input, divided; it has shape (n, channels, length, ...)."""
        return local_response_norm(input, self.size, self.alpha, self.beta, self.k)

    def extra_repr(self) -> str:
        """Return the number of neighbours, and the settings that are not the default."""
        return f"{self.size}" + settings(self, alpha=1e-4, beta=0.75, k=1.0)


def _neighbours(count: Any) -> int:
    return size("LocalResponseNorm", "size", count)
