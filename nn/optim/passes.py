"""Passes over arrays that several updates make, each in place."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["running_mean", "running_square", "with_decay"]


def running_mean(mean: Any, x: Any, beta: float, scratch: Any) -> None:
    """``mean = β mean + (1 - β) x``."""
    np.multiply(mean, beta, mean)
    np.multiply(x, 1 - beta, scratch)
    np.add(mean, scratch, mean)


def running_square(square: Any, x: Any, beta: float, scratch: Any) -> None:
    """``square = β square + (1 - β) x²``."""
    np.multiply(square, beta, square)
    np.multiply(x, x, scratch)
    np.multiply(scratch, 1 - beta, scratch)
    np.add(square, scratch, square)


def with_decay(data: Any, grad: Any, weight_decay: float, out: Any) -> Any:
    """Return the gradient plus that of the L2 penalty, which is put into `out`."""
    if not weight_decay:
        return grad
    np.multiply(data, weight_decay, out)
    return np.add(grad, out, out)
