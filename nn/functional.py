"""Layers as functions, with the names, the argument order and the NCHW layout of ``torch.nn.functional``.

Where PyTorch is silent about a mistake, these raise: windows that do not end at the border (pass ``floor=True`` for
PyTorch's rounding down), and shapes that would broadcast in a loss.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

import minigrad as mg
from minigrad import Tensor, asarray, avg_pool2d, conv2d, max_pool2d, relu, sigmoid, softmax_cross_entropy, tanh

__all__ = [
    "avg_pool2d",
    "conv2d",
    "cross_entropy",
    "flatten",
    "linear",
    "log_softmax",
    "max_pool2d",
    "mse_loss",
    "one_hot",
    "pad",
    "relu",
    "sigmoid",
    "softmax",
    "tanh",
]

REDUCTIONS = ("mean", "sum", "none")


def softmax(input: Any, dim: int = -1) -> Tensor:
    """Return ``exp(x) / sum(exp(x))`` along `dim`, without overflow. Local gradient: ``diag(y) - y yᵀ``.

    Parameters
    ----------
    input : Tensor, of any shape but 0-d
    dim : int
        The axis whose elements sum to 1.

    Examples
    --------
    >>> softmax([[0.0, 0.0]], dim=1)
    Tensor([[0.5, 0.5]], dtype=float64)
    """
    return mg.softmax(input, dim)


def log_softmax(input: Any, dim: int = -1) -> Tensor:
    """Return ``log(softmax(x))`` along `dim`, without overflow or loss of digits.

    Parameters
    ----------
    input : Tensor, of any shape but 0-d
    dim : int

    Examples
    --------
    >>> log_softmax([0.0, 0.0])
    Tensor([-0.69314718, -0.69314718], dtype=float64)
    """
    return mg.log_softmax(input, dim)


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
    return mg.affine(x, w.T, b) if x.ndim == 2 else x @ w.T + b


def cross_entropy(input: Any, target: Any, *, reduction: str = "mean") -> Tensor:
    """Return the cross-entropy between ``softmax(input)`` and the targets, in nats.

    Local gradient: ``(softmax - target) / n`` for the mean over n examples.

    Parameters
    ----------
    input : Tensor, shape (n, classes), (classes,) or (n, classes, ...)
        Logits: what softmax has not been applied to.
    target : Tensor or array_like
        Class indices, integers of the input's shape without its axis of classes; or one-hot vectors or
        probabilities, of the input's shape.
    reduction : {"mean", "sum", "none"}
        Over the examples (and places).

    Raises
    ------
    ValueError, TypeError
        If shapes, dtypes or the reduction do not fit.
    IndexError
        If a class index is not in [0, classes).

    Examples
    --------
    >>> cross_entropy([[0.2, 0.1, 0.7], [0.3, 0.1, 0.6]], [0, 1])
    Tensor(1.31061805, dtype=float64)
    >>> cross_entropy([[0.0, 0.0]], [[0.5, 0.5]], reduction="none")
    Tensor([0.69314718], dtype=float64)
    """
    logits, target = asarray(input), asarray(target)
    if reduction not in REDUCTIONS:
        raise _no_such_reduction("cross_entropy", reduction)
    shape = logits.shape
    if len(shape) != 2:
        logits, target = _as_rows(logits, target)
    if reduction == "none":
        return _entropy_of_each(logits, target, shape)
    loss = softmax_cross_entropy(logits, target)
    return loss if reduction == "mean" else loss * len(logits)


def _as_rows(logits: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    """Bring logits of shape (classes,) or (n, classes, ...), and their targets, to one row per example and place."""
    shape = logits.shape
    indices = shape[:0] if len(shape) == 1 else (*shape[:1], *shape[2:])
    if not shape or target.shape not in (shape, indices):
        raise ValueError(
            f"cross_entropy: logits of shape {shape} need targets of shape {indices} (class indices) or {shape} "
            f"(probabilities), got {target.shape}"
        )
    return _rows(logits), _rows(target) if target.shape == shape else target.reshape(-1)


def _rows(x: Tensor) -> Tensor:
    if x.ndim == 1:
        return x.reshape(1, -1)
    return x.transpose(0, *range(2, x.ndim), 1).reshape(-1, x.shape[1])


def _entropy_of_each(logits: Tensor, target: Tensor, shape: tuple[int, ...]) -> Tensor:
    softmax_cross_entropy(logits.detach(), target)  # for its checks
    if target.ndim == 1:
        target = one_hot(target, logits.shape[1])
    losses = -(log_softmax(logits, 1) * target.astype(logits.dtype)).sum(1)
    return losses.reshape(shape[:0] if len(shape) == 1 else (*shape[:1], *shape[2:]))


def mse_loss(input: Any, target: Any, *, reduction: str = "mean") -> Tensor:
    """Return the squared differences. Local gradient of the mean over n elements: ``2 (input - target) / n``.

    Parameters
    ----------
    input, target : Tensor
        Of equal shapes.
    reduction : {"mean", "sum", "none"}

    Raises
    ------
    ValueError
        If the shapes differ, or there is no such reduction.

    Examples
    --------
    >>> mse_loss([1.0, 2.0], [1.0, 4.0])
    Tensor(2., dtype=float64)
    """
    x, target = asarray(input), asarray(target)
    if reduction not in REDUCTIONS:
        raise _no_such_reduction("mse_loss", reduction)
    if x.shape != target.shape:
        raise ValueError(f"mse_loss: input of shape {x.shape} for a target of shape {target.shape}")
    losses = mg.square(x - target)
    return losses.mean() if reduction == "mean" else losses.sum() if reduction == "sum" else losses


def _no_such_reduction(name: str, reduction: Any) -> ValueError:
    return ValueError(f"{name}: reduction must be one of {', '.join(REDUCTIONS)}, got {reduction!r}")


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


def one_hot(tensor: Any, num_classes: int = -1) -> Tensor:
    """Return a vector for each class index, with 1 at the index and 0 elsewhere.

    Parameters
    ----------
    tensor : Tensor or array_like of int
        Indices, of any shape.
    num_classes : int
        Default: one more than the largest index.

    Returns
    -------
    Tensor, shape (..., num_classes), int64

    Raises
    ------
    TypeError
        If the indices are not integers.
    IndexError
        If one is not in [0, num_classes).

    Examples
    --------
    >>> one_hot([0, 2])
    Tensor([[1, 0, 0],
            [0, 0, 1]], dtype=int64)
    """
    indices = asarray(tensor)._data
    if indices.dtype.kind not in "iu":
        raise TypeError(f"one_hot: class indices must be integers, got {indices.dtype} of shape {indices.shape}")
    if num_classes == -1:
        if not indices.size:
            raise ValueError("one_hot: no indices to take the number of classes from; pass num_classes")
        num_classes = int(indices.max()) + 1
    if indices.size and (indices.min() < 0 or indices.max() >= num_classes):
        bad = int(indices[(indices < 0) | (indices >= num_classes)][0])
        raise IndexError(f"one_hot: class index {bad} is not in [0, {num_classes})")
    return asarray((indices[..., None] == np.arange(num_classes)).astype(np.int64))
