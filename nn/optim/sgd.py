"""Stochastic gradient descent."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from minigrad import Tensor

from .optimizer import Optimizer, number

__all__ = ["SGD"]


class SGD(Optimizer):
    """Stochastic gradient descent, with momentum as an option.

    With g the gradient plus ``weight_decay · p``::

        v = momentum · v + g
        p = p - lr · v                      (plain: v = g)
        p = p - lr · (g + momentum · v)     (Nesterov)

    Parameters
    ----------
    params : iterable of Tensor, or of (str, Tensor)
    lr : float
    momentum : float
        At least 0; 0 for none.
    nesterov : bool
        Whether to look ahead along the momentum; needs one above 0.
    weight_decay : float
        The factor of an L2 penalty, ``weight_decay / 2 · ‖p‖²``.

    References
    ----------
    Sutskever, Martens, Dahl, Hinton, "On the importance of initialization and momentum in deep learning", ICML 2013,
    in the form that ``torch.optim.SGD`` documents.

    Examples
    --------
    >>> from minigrad import nn
    >>> p = nn.Parameter([3.0, 4.0])
    >>> optimizer = nn.SGD([p], lr=0.1)
    >>> (p * p).sum().backward()
    >>> optimizer.step()
    >>> p
    Parameter([2.4, 3.2], dtype=float32, requires_grad=True)
    """

    settings = ("lr", "momentum", "nesterov", "weight_decay")

    def __init__(
        self,
        params: Iterable[Tensor] | Iterable[tuple[str, Tensor]],
        lr: float,
        momentum: float = 0.0,
        nesterov: bool = False,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(params, lr)
        self.momentum = number("SGD", "momentum", momentum)
        self.weight_decay = number("SGD", "weight_decay", weight_decay)
        if nesterov and not momentum:
            raise ValueError(f"SGD: nesterov needs a momentum above 0, got {momentum!r}")
        self.nesterov = bool(nesterov)

    @property
    def slots(self) -> tuple[str, ...]:  # type: ignore[override]
        """The names of the arrays kept per parameter: none without momentum."""
        return ("velocity",) if self.momentum else ()

    def _update(self, t: int, data: Any, grad: Any, *buffers: Any) -> None:
        scratch = buffers[-1]
        if self.weight_decay:
            np.multiply(data, self.weight_decay, scratch)
            grad = np.add(grad, scratch, scratch)
        if self.momentum:
            velocity = buffers[0]
            np.multiply(velocity, self.momentum, velocity)
            np.add(velocity, grad, velocity)
            if self.nesterov:
                # grad may lie in scratch, so its part of the step is taken before scratch is needed again.
                np.multiply(grad, self._lr, scratch)
                np.subtract(data, scratch, data)
                np.multiply(velocity, self._lr * self.momentum, scratch)
            else:
                np.multiply(velocity, self._lr, scratch)
        else:
            np.multiply(grad, self._lr, scratch)
        np.subtract(data, scratch, data)
