"""Normalization over the batch, a layer, a group of channels, an instance, and neighbouring channels."""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

import minigrad as mg
from minigrad import Tensor, no_grad, square
from minigrad.ops import normalization as ops
from minigrad.ops.convolution import avg_pool2d

from ._arguments import floating, number, together

__all__ = ["batch_norm", "group_norm", "instance_norm", "layer_norm", "local_response_norm", "rms_norm"]


def _per_channel(name: str, x: Tensor, **given: Any) -> int:
    """Return the number of channels, having checked that `x` has them and all that is given fits."""
    if x.ndim < 2:
        raise ValueError(f"{name}: expected input of shape (n, channels, ...), got {x.shape}")
    channels = x.shape[1]
    for what, t in given.items():
        if t is not None and t.shape != (channels,):
            raise ValueError(f"{name}: expected {what} of shape ({channels},) for input {x.shape}, got {t.shape}")
    return channels


def _running(name: str, what: str, t: Any) -> Tensor | None:
    if t is None or isinstance(t, Tensor):
        return t
    raise TypeError(f"{name}: {what} is updated in place and must be a Tensor or None, got {type(t).__name__}")


def _update(running: Tensor | None, new: Any, momentum: float) -> None:
    if running is not None:
        with no_grad():
            running.assign((running._data * (1 - momentum) + new * momentum).astype(running.dtype, copy=False))


def batch_norm(
    input: Any,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    weight: Any = None,
    bias: Any = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """Return ``(x - mean) / √(var + eps) · weight + bias``, with one mean and variance per channel.

    In training they are those of the batch, and the running ones are moved towards them, outside of the graph:
    ``running = (1 - momentum) · running + momentum · new``, where the new variance divides by n - 1. Otherwise they
    are the running ones.

    Parameters
    ----------
    input : Tensor, shape (n, channels, ...)
    running_mean, running_var : Tensor, shape (channels,), or None
        Written with ``.assign`` in training; needed otherwise.
    weight, bias : Tensor, shape (channels,), optional
    training : bool
    momentum : float
        The share of the new value.
    eps : float
        Added to the variance.

    Raises
    ------
    ValueError, TypeError
        If shapes do not fit, or a mean would be taken over one number.

    References
    ----------
    Ioffe and Szegedy, Batch Normalization, 2015.

    Examples
    --------
    >>> batch_norm([[1.0], [3.0]], None, None, training=True, eps=0.0)
    Tensor([[-1.],
            [ 1.]], dtype=float64)
    """
    eps = number("batch_norm", "eps", eps, 0)
    x, w, b = together("batch_norm", input, weight, bias)
    mean, var = _running("batch_norm", "running_mean", running_mean), _running("batch_norm", "running_var", running_var)
    channels = _per_channel("batch_norm", x, weight=w, bias=b, running_mean=mean, running_var=var)
    if not training:
        if mean is None or var is None:
            raise ValueError("batch_norm: needs running_mean and running_var, or training=True")
        return _inference(x, mean, var, w, b, eps)
    share = number("batch_norm", "momentum", momentum)
    n = x.size // channels if channels else 0
    if n < 2:
        raise ValueError(f"batch_norm: in training each channel needs more than one number, got input {x.shape}")
    moments: dict[str, Any] = {}
    y = ops.batch_norm(x, w, b, eps=eps, moments=moments)
    _update(mean, moments["mean"], share)
    _update(var, moments["var"] * (n / (n - 1)), share)
    return y


def _inference(x: Tensor, mean: Tensor, var: Tensor, w: Any, b: Any, eps: float) -> Tensor:
    """Return ``x · scale + shift``: two steps over the input, the rest is one number per channel."""
    shape = (-1, *[1] * (x.ndim - 2))
    mean, var = mean.detach().astype(x.dtype), var.detach().astype(x.dtype)
    rstd = 1 / np.sqrt(var + eps)
    scale = rstd if w is None else w * rstd
    shift = -mean * scale if b is None else b - mean * scale
    y: Tensor = x * scale.reshape(shape) + shift.reshape(shape)
    return y


def instance_norm(
    input: Any,
    running_mean: Tensor | None = None,
    running_var: Tensor | None = None,
    weight: Any = None,
    bias: Any = None,
    use_input_stats: bool = True,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """Normalize each channel of each example over its places: a group norm with as many groups as channels.

    Parameters
    ----------
    input : Tensor, shape (n, channels, length, ...)
    running_mean, running_var : Tensor, shape (channels,), or None
        Moved, with ``.assign``, towards the means of the statistics over the examples; used as they are where
        `use_input_stats` is not set.
    weight, bias : Tensor, shape (channels,), optional
    use_input_stats : bool
        Normalize with the statistics of the input.
    momentum : float
        The share of the new value.
    eps : float
        Added to the variance.

    Raises
    ------
    ValueError, TypeError
        If shapes do not fit, or a mean would be taken over one number.

    References
    ----------
    Ulyanov, Vedaldi and Lempitsky, Instance Normalization, 2016.

    Examples
    --------
    >>> instance_norm([[[1.0, 3.0], [5.0, 1.0]]], eps=0.0)
    Tensor([[[-1.,  1.],
             [ 1., -1.]]], dtype=float64)
    """
    eps = number("instance_norm", "eps", eps, 0)
    x, w, b = together("instance_norm", input, weight, bias)
    mean, var = [_running("instance_norm", what, t) for what, t in (("running_mean", running_mean),
                                                                    ("running_var", running_var))]  # fmt: skip
    channels = _per_channel("instance_norm", x, weight=w, bias=b, running_mean=mean, running_var=var)
    if not use_input_stats:
        if mean is None or var is None:
            raise ValueError("instance_norm: needs running_mean and running_var, or use_input_stats=True")
        return _inference(x, mean, var, w, b, eps)
    places = math.prod(x.shape[2:])
    if x.ndim < 3 or places < 2:
        raise ValueError(f"instance_norm: each channel needs more than one place, got input {x.shape}")
    if (mean is not None or var is not None) and len(x):
        share = number("instance_norm", "momentum", momentum)
        rows = x._data.reshape(len(x), channels, places)
        _update(mean, rows.mean(axis=(0, 2)), share)
        _update(var, rows.var(axis=2, ddof=1).mean(axis=0), share)
    return ops.group_norm(x, w, b, groups=channels, eps=eps) if channels else x


def group_norm(input: Any, num_groups: int, weight: Any = None, bias: Any = None, eps: float = 1e-5) -> Tensor:
    """Normalize the channels of each example in groups of neighbours.

    Parameters
    ----------
    input : Tensor, shape (n, channels, ...)
    num_groups : int
        Divides the number of channels.
    weight, bias : Tensor, shape (channels,), optional
    eps : float
        Added to the variance.

    Raises
    ------
    ValueError, TypeError
        If shapes do not fit, or the groups do not divide the channels.

    References
    ----------
    Wu and He, Group Normalization, 2018.

    Examples
    --------
    >>> group_norm([[1.0, 3.0, 10.0, 20.0]], 2, eps=0.0)
    Tensor([[-1.,  1., -1.,  1.]], dtype=float64)
    """
    eps = number("group_norm", "eps", eps, 0)
    x, w, b = together("group_norm", input, weight, bias)
    channels = _per_channel("group_norm", x, weight=w, bias=b)
    groups = operator.index(num_groups)
    if groups < 1 or channels % groups:
        raise ValueError(f"group_norm: {num_groups} groups do not divide the {channels} channels of input {x.shape}")
    if not math.prod(x.shape[1:]):
        raise ValueError(f"group_norm: nothing to normalize in input {x.shape}")
    return ops.group_norm(x, w, b, groups=groups, eps=eps)


def _last_axes(name: str, x: Tensor, normalized_shape: Any, **given: Any) -> int:
    """Return how many axes `normalized_shape` names, having checked that they are the last ones of `x`."""
    items = normalized_shape if isinstance(normalized_shape, (tuple, list)) else [normalized_shape]
    shape = tuple([operator.index(n) for n in items])
    if not shape or len(shape) > x.ndim or x.shape[-len(shape) :] != shape:
        raise ValueError(f"{name}: input {x.shape} does not end in normalized_shape {shape}")
    if not math.prod(shape):
        raise ValueError(f"{name}: nothing to normalize: normalized_shape is {shape}")
    for what, t in given.items():
        if t is not None and t.shape != shape:
            raise ValueError(f"{name}: expected {what} of shape {shape}, got {t.shape}")
    return len(shape)


def layer_norm(
    input: Any, normalized_shape: int | Sequence[int], weight: Any = None, bias: Any = None, eps: float = 1e-5
) -> Tensor:
    """Return ``(x - mean) / √(var + eps) · weight + bias``, with mean and variance over the last axes.

    Parameters
    ----------
    input : Tensor
    normalized_shape : int or sequence of int
        The last axes of the input, all of which are averaged over.
    weight, bias : Tensor, of shape `normalized_shape`, optional
    eps : float
        Added to the variance.

    Raises
    ------
    ValueError, TypeError
        If shapes do not fit.

    References
    ----------
    Ba, Kiros and Hinton, Layer Normalization, 2016.

    Examples
    --------
    >>> layer_norm([[1.0, 3.0], [5.0, 1.0]], 2, eps=0.0)
    Tensor([[-1.,  1.],
            [ 1., -1.]], dtype=float64)
    """
    eps = number("layer_norm", "eps", eps, 0)
    x, w, b = together("layer_norm", input, weight, bias)
    dims = _last_axes("layer_norm", x, normalized_shape, weight=w, bias=b)
    return ops.layer_norm(x, w, b, dims=dims, eps=eps)


def rms_norm(input: Any, normalized_shape: int | Sequence[int], weight: Any = None, eps: float | None = None) -> Tensor:
    """Return ``x / √(mean(x²) + eps) · weight``, with the mean over the last axes.

    Parameters
    ----------
    input : Tensor
    normalized_shape : int or sequence of int
        The last axes of the input, all of which are averaged over.
    weight : Tensor, of shape `normalized_shape`, optional
    eps : float, optional
        Default: that of the dtype, the distance from 1 to the next number.

    Raises
    ------
    ValueError, TypeError
        If shapes do not fit.

    References
    ----------
    Zhang and Sennrich, Root Mean Square Layer Normalization, 2019.

    Examples
    --------
    >>> rms_norm([[1.0, 7.0]], 2)
    Tensor([[0.2, 1.4]], dtype=float64)
    """
    x, w = together("rms_norm", input, weight)
    eps = float(np.finfo(x.dtype).eps) if eps is None else number("rms_norm", "eps", eps, 0)
    return ops.rms_norm(x, w, dims=_last_axes("rms_norm", x, normalized_shape, weight=w), eps=eps)


def local_response_norm(input: Any, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> Tensor:
    """Return ``x / (k + alpha · mean of x² over neighbouring channels) ** beta``.

    Parameters
    ----------
    input : Tensor, shape (n, channels, ...)
    size : int
        The number of neighbours: size // 2 channels before and (size - 1) // 2 after; those that are not there
        count as 0.
    alpha, beta, k : float

    Raises
    ------
    ValueError, TypeError
        If the input has no places, or there are no neighbours.

    References
    ----------
    Krizhevsky, Sutskever and Hinton, ImageNet Classification with Deep Convolutional Neural Networks, 2012.

    Examples
    --------
    >>> local_response_norm([[[1.0], [2.0], [3.0]]], 3, alpha=3.0, beta=1.0).tolist()
    [[[0.16666666666666666], [0.13333333333333333], [0.21428571428571427]]]
    """
    x = floating("local_response_norm", input)
    if x.ndim < 3:
        raise ValueError(f"local_response_norm: expected input of shape (n, channels, length, ...), got {x.shape}")
    count = operator.index(size)
    if count < 1:
        raise ValueError(f"local_response_norm: size must be at least 1, got {size}")
    alpha, beta = number("local_response_norm", "alpha", alpha), number("local_response_norm", "beta", beta)
    k = number("local_response_norm", "k", k)
    if not x.size:
        return x
    squares = square(x).reshape(x.shape[0], 1, x.shape[1], -1)
    padded = mg.pad(squares, ((0, 0), (0, 0), (count // 2, (count - 1) // 2), (0, 0)))
    mean = avg_pool2d(padded, (count, 1), 1).reshape(x.shape)
    y: Tensor = x / (mean * alpha + k) ** beta
    return y
