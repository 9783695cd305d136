"""Layers that give each channel mean 0 and variance 1, over the batch or an instance, with running statistics."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from minigrad import Tensor, asarray

from ..functional import batch_norm, instance_norm
from ..functional._arguments import number
from ..module import Module
from ..parameter import Parameter
from ._settings import settings, size

if TYPE_CHECKING:
    from numpy.typing import DTypeLike

__all__ = ["BatchNorm1d", "BatchNorm2d", "BatchNorm3d", "InstanceNorm2d"]


class _ChannelNorm(Module):
    """Scale, shift and running statistics, one of each per channel: what batch and instance norm share."""

    _places: ClassVar[str]  # the input's axes after the channels, for messages
    _ndims: ClassVar[tuple[int, ...]]

    weight: Parameter | None
    bias: Parameter | None
    running_mean: Tensor | None
    running_var: Tensor | None
    num_batches_tracked: Tensor | None

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        *,
        dtype: DTypeLike = np.float32,
    ) -> None:
        kind = type(self).__name__
        self.num_features = n = size(kind, "num_features", num_features)
        self.eps = number(kind, "eps", eps, 0)
        self.momentum = None if momentum is None else number(kind, "momentum", momentum, 0)
        self.affine, self.track_running_stats = bool(affine), bool(track_running_stats)
        self.weight = Parameter(np.ones(n), dtype=dtype) if affine else None
        self.bias = Parameter(np.zeros(n), dtype=dtype) if affine else None
        if track_running_stats:
            self.register_buffer("running_mean", np.zeros(n, dtype))
            self.register_buffer("running_var", np.ones(n, dtype))
            self.register_buffer("num_batches_tracked", 0)
        else:
            self.running_mean = self.running_var = self.num_batches_tracked = None

    def _checked(self, input: Any) -> Tensor:
        x = asarray(input)
        if x.ndim not in self._ndims or x.shape[1] != self.num_features:
            expected = f"(n, {self.num_features}{self._places})"
            if len(self._ndims) > 1:
                expected = f"(n, {self.num_features}) or {expected}"
            raise ValueError(f"{self._head()}: expected input of shape {expected}, got {x.shape}")
        return x

    def _share(self) -> float:
        """Return the share of this batch in the running statistics, and count the batch."""
        if self.num_batches_tracked is None:
            return 0.0
        count = self.num_batches_tracked.item() + 1
        self.num_batches_tracked.assign(count)
        return 1 / count if self.momentum is None else self.momentum

    def reset_running_stats(self) -> None:
        """Set the running mean to 0, the running variance to 1 and the count to 0, where they are tracked."""
        for buffer, start in ((self.running_mean, 0), (self.running_var, 1), (self.num_batches_tracked, 0)):
            if buffer is not None:
                buffer.assign(np.full(buffer.shape, start))


class _BatchNorm(_ChannelNorm):
    def forward(self, input: Any) -> Tensor:
        """Return the input, normalized: with its own statistics in training, else with the running ones."""
        x = self._checked(input)
        mean, var = self.running_mean, self.running_var
        training = self.training or mean is None
        if training and x.size < 2 * self.num_features:
            raise ValueError(f"{self._head()}: in training each channel needs more than one number, got {x.shape}")
        share = self._share() if self.training else 0.0
        # In training without running statistics, and in evaluation without them, there is nothing to update.
        return batch_norm(x, mean, var, self.weight, self.bias, training, share, self.eps)

    def extra_repr(self) -> str:
        """Return the number of channels, and the settings that are not the default."""
        return f"{self.num_features}" + settings(self, eps=1e-5, momentum=0.1, affine=True, track_running_stats=True)


class BatchNorm1d(_BatchNorm):
    """Normalize each feature over the batch: ``(x - mean) / √(var + eps) · weight + bias``.

    In training, mean and variance are those of the batch (the variance divides by n), and the running ones move towards
    them: ``running = (1 - momentum) · running + momentum · new``, where the new variance divides by n - 1. In
    evaluation the running ones take their place. Local gradient: w/σ · (g - mean(g) - x̂ mean(g x̂)) in training,
    w/σ in evaluation, with x̂ the normalized input and σ the deviation.

    Parameters
    ----------
    num_features : int
        The number of features or channels, on axis 1.
    eps : float
        Added to the variance.
    momentum : float, optional
        The share of a batch in the running statistics; None for the mean of all batches.
    affine : bool
        Whether to learn a weight and a bias per channel; they start at 1 and 0.
    track_running_stats : bool
        Whether to keep running statistics; without them, evaluation uses those of the batch, too.
    dtype : dtype
        Of the parameters and the running statistics.

    Attributes
    ----------
    weight, bias : Parameter, shape (num_features,), or None
    running_mean, running_var : Tensor, shape (num_features,), or None
        Saved with the parameters, and not learned.
    num_batches_tracked : Tensor, 0-d, int64, or None
        How many batches the running statistics have seen.

    Raises
    ------
    ValueError, TypeError
        If a setting is no such number; at the call, if the shape does not fit, or a channel in training is one number.

    References
    ----------
    Ioffe and Szegedy, Batch Normalization, 2015.

    Examples
    --------
    >>> from minigrad import nn
    >>> layer = nn.BatchNorm1d(2)
    >>> layer([[1.0, 20.0], [3.0, 10.0]]).data.round(3).tolist()
    [[-1.0, 1.0], [1.0, -1.0]]
    >>> layer.running_mean.data.round(3).tolist(), layer.running_var.data.round(3).tolist()
    ([0.20000000298023224, 1.5], [1.100000023841858, 5.900000095367432])
    """

    _places, _ndims = ", length", (2, 3)


class BatchNorm2d(_BatchNorm):
    """Normalize each channel of images over the batch and all places; the rest is as in :class:`BatchNorm1d`.

    Parameters
    ----------
    num_features : int
        The number of channels.
    eps, momentum, affine, track_running_stats, dtype
        As in :class:`BatchNorm1d`.

    Examples
    --------
    >>> from minigrad import nn
    >>> layer = nn.BatchNorm2d(3)
    >>> layer(np.random.default_rng(0).random((10, 3, 4, 4))).data.mean(axis=(0, 2, 3)).round(6) + 0.0
    array([0., 0., 0.])
    """

    _places, _ndims = ", height, width", (4,)


class BatchNorm3d(_BatchNorm):
    """Normalize each channel of volumes over the batch and all places; the rest is as in :class:`BatchNorm1d`.

    Parameters
    ----------
    num_features : int
        The number of channels.
    eps, momentum, affine, track_running_stats, dtype
        As in :class:`BatchNorm1d`.

    Examples
    --------
    >>> from minigrad import nn
    >>> nn.BatchNorm3d(3)(np.zeros((2, 3, 4, 4, 4), np.float32)).shape
    (2, 3, 4, 4, 4)
    """

    _places, _ndims = ", depth, height, width", (5,)


class InstanceNorm2d(_ChannelNorm):
    """Normalize each channel of each image over its places.

    Local gradient: that of :class:`GroupNorm` with as many groups as channels.

    Parameters
    ----------
    num_features : int
        The number of channels.
    eps, momentum, dtype
        As in :class:`BatchNorm1d`.
    affine, track_running_stats : bool
        As in :class:`BatchNorm1d`, but off unless asked for.

    Raises
    ------
    ValueError, TypeError
        If a setting is no such number; at the call, if the shape does not fit, or there is only one place.

    References
    ----------
    Ulyanov, Vedaldi and Lempitsky, Instance Normalization, 2016.

    Examples
    --------
    >>> from minigrad import nn
    >>> nn.InstanceNorm2d(1)([[[[1.0, 3.0]]], [[[10.0, 30.0]]]]).data.round(3).tolist()
    [[[[-1.0, 1.0]]], [[[-1.0, 1.0]]]]
    """

    _places, _ndims = ", height, width", (4,)

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = False,
        track_running_stats: bool = False,
        *,
        dtype: DTypeLike = np.float32,
    ) -> None:
        super().__init__(num_features, eps, momentum, affine, track_running_stats, dtype=dtype)

    def forward(self, input: Any) -> Tensor:
        """Return the input, normalized; with the running statistics in evaluation, where they are tracked."""
        x = self._checked(input)
        mean, var = self.running_mean, self.running_var
        own = self.training or mean is None
        if own and x.shape[2] * x.shape[3] < 2:
            raise ValueError(f"{self._head()}: each channel needs more than one place, got {x.shape}")
        if not self.training:
            return instance_norm(x, mean, var, self.weight, self.bias, own, 0.0, self.eps)
        return instance_norm(x, mean, var, self.weight, self.bias, True, self._share(), self.eps)

    def extra_repr(self) -> str:
        """Return the number of channels, and the settings that are not the default."""
        return f"{self.num_features}" + settings(self, eps=1e-5, momentum=0.1, affine=False, track_running_stats=False)
