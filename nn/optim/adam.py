"""Adaptive moment estimation and its kin."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from minigrad import Tensor

from .optimizer import Optimizer, number

__all__ = ["Adam"]


class Adam(Optimizer):
    """Adaptive moment estimation.

    With g the gradient plus ``weight_decay · p``, at step t::

        m = β₁ m + (1 - β₁) g
        v = β₂ v + (1 - β₂) g²
        p = p - lr · m / (1 - β₁ᵗ) / (√(v / (1 - β₂ᵗ)) + eps)

    Parameters
    ----------
    params : iterable of Tensor, or of (str, Tensor)
    lr : float
    betas : (float, float)
        β₁ and β₂, in [0, 1).
    eps : float
        Keeps the quotient finite where the gradients are 0.
    weight_decay : float
        The factor of an L2 penalty, ``weight_decay / 2 · ‖p‖²``.

    References
    ----------
    Kingma, Ba, "Adam: A method for stochastic optimization", ICLR 2015, in the form that
    ``torch.optim.Adam`` documents.

    Examples
    --------
    >>> from minigrad import nn
    >>> p = nn.Parameter([3.0, 4.0])
    >>> optimizer = nn.Adam([p], lr=0.1)
    >>> (p * p).sum().backward()
    >>> optimizer.step()
    >>> p
    Parameter([2.9, 3.9], dtype=float32, requires_grad=True)
    """

    settings = ("lr", "betas", "eps", "weight_decay")
    slots = ("mean", "square")
    scratches = 2

    def __init__(
        self,
        params: Iterable[Tensor] | Iterable[tuple[str, Tensor]],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(params, lr)
        if not isinstance(betas, (tuple, list)) or len(betas) != 2:
            raise TypeError(f"Adam: betas must be a pair of numbers, got {betas!r}")
        self.betas = (number("Adam", "betas", betas[0], below=1), number("Adam", "betas", betas[1], below=1))
        self.eps = number("Adam", "eps", eps)
        self.weight_decay = number("Adam", "weight_decay", weight_decay)

    def _update(self, t: int, data: Any, grad: Any, *buffers: Any) -> None:
        mean, square, scratch, decayed = buffers
        beta1, beta2 = self.betas
        if self.weight_decay:
            np.multiply(data, self.weight_decay, decayed)
            grad = np.add(grad, decayed, decayed)
        np.multiply(mean, beta1, mean)
        np.multiply(grad, 1 - beta1, scratch)
        np.add(mean, scratch, mean)
        np.multiply(square, beta2, square)
        np.multiply(grad, grad, scratch)
        np.multiply(scratch, 1 - beta2, scratch)
        np.add(square, scratch, square)
        # √(v / c²) + eps = (√v + eps c) / c: the division by c goes into the factor in front, and saves a pass.
        c = math.sqrt(1 - beta2**t)
        np.sqrt(square, scratch)
        np.add(scratch, self.eps * c, scratch)
        np.divide(mean, scratch, scratch)
        np.multiply(scratch, self._lr * c / (1 - beta1**t), scratch)
        np.subtract(data, scratch, data)
