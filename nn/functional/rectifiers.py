"""Activations with kinks."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad import Tensor, clip, relu, where
from minigrad.ops import rectifiers as ops

from ._arguments import floating, number

__all__ = [
    "celu", "elu", "hardshrink", "hardsigmoid", "hardswish", "hardtanh", "leaky_relu", "prelu", "relu", "relu6", "selu",
    "softshrink", "threshold",
]  # fmt: skip


def relu6(input: Any) -> Tensor:
    """Return ``min(max(x, 0), 6)``. Local gradient: 1 where 0 < x < 6, else 0.

    Examples
    --------
    >>> relu6([-1.0, 3.0, 9.0])
    Tensor([0., 3., 6.], dtype=float64)
    """
    return clip(floating("relu6", input), 0.0, 6.0)


def leaky_relu(input: Any, negative_slope: float = 0.01) -> Tensor:
    """Return `x` where it is positive, else ``negative_slope · x``. Local gradient: 1, or the slope.

    At 0 the slope is the one nearest to 0 of those between both.

    Parameters
    ----------
    input : Tensor
    negative_slope : float

    Examples
    --------
    >>> leaky_relu([-2.0, 3.0], 0.1)
    Tensor([-0.2,  3. ], dtype=float64)
    """
    x, slope = floating("leaky_relu", input), number("leaky_relu", "negative_slope", negative_slope)
    if slope == 0:
        return relu(x)
    return ops.leaky_relu(x, slope) if 0 < slope <= 1 else ops.prelu(x, x.dtype.type(slope))


def prelu(input: Any, weight: Any) -> Tensor:
    """Return `x` where it is positive, else ``weight · x``, with one learned weight for all or one per channel.

    Local gradients: 1 or the weight; min(x, 0).

    Parameters
    ----------
    input : Tensor, shape (n, channels, ...)
    weight : Tensor, shape (1,) or (channels,)

    Raises
    ------
    ValueError
        If the weight does not fit.

    Examples
    --------
    >>> prelu([[-2.0, -2.0]], [0.25, 0.5])
    Tensor([[-0.5, -1. ]], dtype=float64)
    """
    x, w = floating("prelu", input), floating("prelu", weight)
    channels = x.shape[1] if x.ndim > 1 else 1
    if w.ndim > 1 or w.size not in (1, channels):
        raise ValueError(f"prelu: expected a weight of shape (1,) or ({channels},) for input {x.shape}, got {w.shape}")
    return ops.prelu(x, w.reshape((-1, *[1] * (x.ndim - 2))) if w.size > 1 else w.reshape(()))


def elu(input: Any, alpha: float = 1.0) -> Tensor:
    """Return `x` where it is positive, else ``alpha · (exp(x) - 1)``. Local gradient: 1, or alpha · exp(x).

    At 0 the slope is the one nearest to 0 of those between 1 and alpha.

    Examples
    --------
    >>> elu([-1.0, 2.0])
    Tensor([-0.63212056,  2.        ], dtype=float64)
    """
    return ops.elu(floating("elu", input), number("elu", "alpha", alpha))


def celu(input: Any, alpha: float = 1.0) -> Tensor:
    """Return `x` where it is positive, else ``alpha · (exp(x / alpha) - 1)``. Local gradient: 1, or exp(x / alpha).

    Raises
    ------
    ValueError
        If alpha is not positive.

    Examples
    --------
    >>> celu([-1.0, 2.0], 2.0)
    Tensor([-0.78693868,  2.        ], dtype=float64)
    """
    return ops.celu(floating("celu", input), number("celu", "alpha", alpha, above=0))


def selu(input: Any) -> Tensor:
    """Return ``1.0507 · elu(x, 1.6733)``. Local gradient: 1.0507 from 0 on, else 1.7581 · exp(x).

    Examples
    --------
    >>> selu([-1.0, 2.0])
    Tensor([-1.11133074,  2.10140197], dtype=float64)
    """
    return ops.selu(floating("selu", input))


def hardtanh(input: Any, min_val: float = -1.0, max_val: float = 1.0) -> Tensor:
    """Return `x`, limited to the interval. Local gradient: 1 strictly inside, else 0.

    Raises
    ------
    ValueError
        If the interval is empty.

    Examples
    --------
    >>> hardtanh([-2.0, 0.5, 2.0])
    Tensor([-1. ,  0.5,  1. ], dtype=float64)
    """
    low, high = number("hardtanh", "min_val", min_val), number("hardtanh", "max_val", max_val)
    if not low <= high:
        raise ValueError(f"hardtanh: min_val {min_val!r} is above max_val {max_val!r}")
    return clip(floating("hardtanh", input), low, high)


def hardsigmoid(input: Any) -> Tensor:
    """Return ``clip(x + 3, 0, 6) / 6``. Local gradient: 1/6 where -3 < x < 3, else 0.

    Examples
    --------
    >>> hardsigmoid([-4.0, 0.0, 1.5])
    Tensor([0.  , 0.5 , 0.75], dtype=float64)
    """
    return ops.hardsigmoid(floating("hardsigmoid", input))


def hardswish(input: Any) -> Tensor:
    """Return ``x · clip(x + 3, 0, 6) / 6``. Local gradient: 0 up to -3, 1 from 3 on, x/3 + 1/2 between.

    Examples
    --------
    >>> hardswish([-1.5, 3.0])
    Tensor([-0.375,  3.   ], dtype=float64)
    """
    return ops.hardswish(floating("hardswish", input))


def threshold(input: Any, threshold: float, value: float) -> Tensor:
    """Return `x` where it is above the threshold, else `value`. Local gradient: 1 above, else 0.

    Examples
    --------
    >>> threshold([0.5, 2.0], 1.0, 20.0)
    Tensor([20.,  2.], dtype=float64)
    """
    x = floating("threshold", input)
    below = x._data <= number("threshold", "threshold", threshold)
    chosen: Tensor = where(below, x.dtype.type(number("threshold", "value", value)), x)
    return chosen


def hardshrink(input: Any, lambd: float = 0.5) -> Tensor:
    """Return `x` where it is further than `lambd` from 0, else 0. Local gradient: 1 there, else 0.

    Examples
    --------
    >>> hardshrink([-1.0, 0.5, 2.0])
    Tensor([-1.,  0.,  2.], dtype=float64)
    """
    x = floating("hardshrink", input)
    near = np.abs(x._data) <= number("hardshrink", "lambd", lambd, 0)
    chosen: Tensor = where(near, x.dtype.type(0), x)
    return chosen


def softshrink(input: Any, lambd: float = 0.5) -> Tensor:
    """Return `x`, moved towards 0 by `lambd`, at most to 0. Local gradient: 1 beyond ±lambd, else 0.

    Examples
    --------
    >>> softshrink([-1.0, 0.5, 2.0])
    Tensor([-0.5,  0. ,  1.5], dtype=float64)
    """
    x = floating("softshrink", input)
    size = number("softshrink", "lambd", lambd, 0)
    y: Tensor = relu(x - size) - relu(-x - size)
    return y
