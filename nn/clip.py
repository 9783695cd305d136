"""Limits on gradients, between the backward pass and the step."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from minigrad import Tensor, asarray

from .optim.settings import number, positive

__all__ = ["clip_grad_norm_", "clip_grad_value_"]


def clip_grad_norm_(
    parameters: Tensor | Iterable[Tensor],
    max_norm: float,
    norm_type: float = 2.0,
    *,
    error_if_nonfinite: bool = False,
) -> float:
    """Scale all gradients by one factor, so that their norm as one vector is at most `max_norm`.

    Parameters
    ----------
    parameters : Tensor, or iterable of Tensor
        Those without a gradient do not count. New gradients are set: what holds the old ones keeps them as they are.
    max_norm : float
        At least 0.
    norm_type : float
        The p of the p-norm, above 0; ``math.inf`` for the largest absolute value.
    error_if_nonfinite : bool
        Whether to raise if the norm is NaN or infinite; else the gradients stay as they are then.

    Returns
    -------
    float
        The norm before.

    Raises
    ------
    TypeError, ValueError
        If a setting is no number or out of range.
    RuntimeError
        If the norm is not finite, and that is to be an error.

    References
    ----------
    Pascanu, Mikolov, Bengio, "On the difficulty of training recurrent neural networks", ICML 2013.

    Examples
    --------
    >>> from minigrad import nn
    >>> p = nn.Parameter([3.0, 4.0])
    >>> (p * p).sum().backward()
    >>> nn.clip_grad_norm_([p], max_norm=5.0)
    10.0
    >>> p.grad.round(4).tolist()
    [3.0, 4.0]
    """
    name = "clip_grad_norm_"
    limit = number(name, "max_norm", max_norm)
    order = math.inf if norm_type == math.inf else positive(name, "norm_type", norm_type)
    found = _with_gradients(name, parameters)
    norms = [_norm(p._grad._data, order) for p in found]  # type: ignore[union-attr]
    # Of norms, again the norm; hypot does not overflow on the way.
    norm = math.hypot(*norms) if order == 2 else _norm(np.array(norms), order)
    if not math.isfinite(norm):
        if error_if_nonfinite:
            raise RuntimeError(f"{name}: the norm of the gradients is {norm}")
        return norm
    if norm > limit:
        # 1e-6, as in PyTorch, keeps the result below the limit in spite of rounding.
        factor = limit / (norm + 1e-6)
        for p in found:
            p.grad = asarray(p._grad._data * factor)  # type: ignore[union-attr]
    return norm


def clip_grad_value_(parameters: Tensor | Iterable[Tensor], clip_value: float) -> None:
    """Limit each element of each gradient to [-clip_value, clip_value].

    Parameters
    ----------
    parameters : Tensor, or iterable of Tensor
        Those without a gradient stay. New gradients are set: what holds the old ones keeps them as they are.
    clip_value : float
        At least 0.

    Raises
    ------
    TypeError, ValueError
        If `clip_value` is no number or out of range.

    Examples
    --------
    >>> from minigrad import nn
    >>> p = nn.Parameter([3.0, 0.1])
    >>> (p * p).sum().backward()
    >>> nn.clip_grad_value_([p], 1.0)
    >>> p.grad.round(1).tolist() == np.float32([1.0, 0.2]).tolist()
    True
    """
    name = "clip_grad_value_"
    limit = number(name, "clip_value", clip_value)
    for p in _with_gradients(name, parameters):
        p.grad = asarray(np.clip(p._grad._data, -limit, limit))  # type: ignore[union-attr]


def _with_gradients(name: str, parameters: Any) -> list[Tensor]:
    found = [parameters] if isinstance(parameters, Tensor) else list(parameters)
    for p in found:
        if not isinstance(p, Tensor):
            raise TypeError(f"{name}: expected parameters, got {type(p).__name__}; pass model.parameters()")
    # A tied parameter that is listed twice has one gradient.
    return [p for p in {id(p): p for p in found}.values() if p.grad is not None]


def _norm(x: Any, order: float) -> float:
    flat = x.reshape(-1)
    if order == 2 and x.dtype.itemsize >= 4:
        with np.errstate(over="ignore", under="ignore"):
            square = float(flat @ flat)
        if 1e-20 < square < 1e30:
            return math.sqrt(square)
    # What float16 and float32 cannot hold squared, float64 can, once it is scaled.
    wide = np.abs(flat).astype(np.float64)
    largest = float(wide.max(initial=0.0))
    if order == math.inf or not 0 < largest < math.inf:
        return largest
    return float(largest * ((wide / largest) ** order).sum() ** (1 / order))
