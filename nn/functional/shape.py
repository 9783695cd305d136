"""Layers that move or multiply numbers: linear maps, flattening, padding."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

import minigrad as mg
from minigrad import Tensor, asarray
from minigrad.ops.activation import affine

__all__ = ["flatten", "linear", "pad"]


def linear(input: Any, weight: Any, bias: Any = None) -> Tensor:
    """Return ``input @ weight.T + bias``: PyTorch's layout, with one row of `weight` per output.

    Parameters
    ----------
    input : Tensor, shape (..., in)
    weight : Tensor, shape (out, in)
    bias : Tensor, shape (out,), optional

    Raises
    ------
    ValueError
        If the shapes do not fit.

    See Also
    --------
    minigrad.nn.Affine : The layer, whose weight is (in, out).

    Examples
    --------
    >>> linear([[1.0, 2.0]], [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], [1.0, 2.0, 3.0])
    Tensor([[ 6., 13., 20.]], dtype=float64)
    """
    x, w = asarray(input), asarray(weight)
    if w.ndim != 2 or not x.ndim or x.shape[-1] != w.shape[1]:
        raise ValueError(f"linear: input {x.shape} and weight {w.shape} do not fit (..., in) and (out, in)")
    if bias is None:
        return x @ w.T
    b = asarray(bias)
    if b.shape != w.shape[:1]:
        raise ValueError(f"linear: expected a bias of shape {w.shape[:1]}, got {b.shape}")
    return affine(x, w.T, b) if x.ndim == 2 else x @ w.T + b


def flatten(input: Any, start_dim: int = 0, end_dim: int = -1) -> Tensor:
    """Join the axes from `start_dim` to `end_dim` into one.

    Parameters
    ----------
    input : Tensor
    start_dim, end_dim : int
        Both included.

    Raises
    ------
    IndexError, ValueError
        If the input has no such axes, or the first comes after the last.

    Examples
    --------
    >>> flatten(np.zeros((2, 3, 4)), 1).shape
    (2, 12)
    """
    x = asarray(input)
    n = x.ndim
    if not n:
        return x.reshape(1)
    first, last = operator.index(start_dim), operator.index(end_dim)
    if not (-n <= first < n and -n <= last < n):
        raise IndexError(f"flatten: axes {start_dim} to {end_dim} of a tensor with {n} axes (shape {x.shape})")
    first, last = first % n, last % n
    if first > last:
        raise ValueError(f"flatten: axis {start_dim} comes after axis {end_dim} (shape {x.shape})")
    shape = x.shape
    return x.reshape((*shape[:first], int(np.prod(shape[first : last + 1])), *shape[last + 1 :]))


_MODES = {"constant": "constant", "reflect": "reflect", "replicate": "edge", "circular": "wrap"}


def pad(input: Any, pad: Sequence[int], mode: str = "constant", value: float = 0.0) -> Tensor:
    """Pad the last axes.

    Parameters
    ----------
    input : Tensor
    pad : sequence of int
        Pairs (before, after), of the last axis first: ``(left, right, top, bottom)`` for images.
    mode : {"constant", "reflect", "replicate", "circular"}
    value : float
        The number that mode "constant" fills in.

    Raises
    ------
    ValueError
        If the widths are not pairs of numbers >= 0 for as many axes as there are, or there is no such mode.

    Examples
    --------
    >>> pad([[1.0, 2.0]], (1, 0, 0, 1))
    Tensor([[0., 1., 2.],
            [0., 0., 0.]], dtype=float64)
    """
    x = asarray(input)
    widths = tuple(pad)
    if len(widths) % 2 or len(widths) > 2 * x.ndim:
        raise ValueError(f"pad: expected (before, after) for up to {x.ndim} axes, the last one first, got {pad!r}")
    if mode not in _MODES:
        raise ValueError(f"pad: mode must be one of {', '.join(_MODES)}, got {mode!r}")
    pairs = [(widths[i], widths[i + 1]) for i in range(0, len(widths), 2)][::-1]
    return mg.pad(x, [(0, 0)] * (x.ndim - len(pairs)) + pairs, mode=_MODES[mode], constant_values=value)
