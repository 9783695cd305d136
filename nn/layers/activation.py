"""Activation functions as layers."""

from __future__ import annotations

from typing import Any

from minigrad import Tensor, relu, sigmoid, tanh

from ..module import Module

__all__ = ["ReLU", "Sigmoid", "Tanh"]


class ReLU(Module):
    """Compute ``max(x, 0)``. Local gradient: 1 where x > 0, else 0.

    Examples
    --------
    >>> from minigrad import nn
    >>> nn.ReLU()([-1.0, 0.0, 2.0])
    Tensor([0., 0., 2.], dtype=float64)
    """

    def forward(self, x: Any) -> Tensor:
        """Return the activation of x, of any shape."""
        return relu(x)


class Sigmoid(Module):
    """Compute ``1 / (1 + exp(-x))``, without overflow. Local gradient: y (1 - y).

    Examples
    --------
    >>> from minigrad import nn
    >>> nn.Sigmoid()([1.0, 2.0])
    Tensor([0.73105858, 0.88079708], dtype=float64)
    """

    def forward(self, x: Any) -> Tensor:
        """Return the activation of x, of any shape."""
        return sigmoid(x)


class Tanh(Module):
    """Compute ``tanh(x) = 2 sigmoid(2x) - 1``. Local gradient: 1 - y².

    Examples
    --------
    >>> from minigrad import nn
    >>> nn.Tanh()([0.0, 1.0])
    Tensor([0.        , 0.76159416], dtype=float64)
    """

    def forward(self, x: Any) -> Tensor:
        """Return the activation of x, of any shape."""
        return tanh(x)
