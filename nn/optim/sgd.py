"""Stochastic gradient descent, plain and with momentum."""

from __future__ import annotations

from typing import Any

import numpy as np

from .group import Group, Params
from .optimizer import Optimizer
from .passes import with_decay
from .settings import Setting, flag, number

__all__ = ["Momentum", "Nesterov", "SGD"]


class SGD(Optimizer):
    """Stochastic gradient descent, with momentum as an option.

    With g the gradient plus ``weight_decay · p``::

        v = momentum · v + g
        p = p - lr · v                      (plain: v = g)
        p = p - lr · (g + momentum · v)     (Nesterov)

    Parameters
    ----------
    params : iterable of Tensor, of (str, Tensor), or of groups
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

    momentum = Setting(number)
    nesterov = Setting(flag)
    weight_decay = Setting(number)

    def __init__(
        self, params: Params, lr: float, momentum: float = 0.0, nesterov: bool = False, weight_decay: float = 0.0
    ) -> None:
        super().__init__(params, lr=lr, momentum=momentum, nesterov=nesterov, weight_decay=weight_decay)

    def _check_group(self, group: Group) -> None:
        if group.nesterov and not group.momentum:
            kind = type(self).__name__
            raise ValueError(f"{kind}: nesterov needs a momentum above 0, got {group.momentum!r}")

    def _slots(self, group: Group) -> tuple[str, ...]:
        return ("velocity",) if group.momentum else ()

    def _update(self, group: Group, t: int, data: Any, grad: Any, *buffers: Any) -> None:
        scratch = buffers[-1]
        grad = with_decay(data, grad, group.weight_decay, scratch)
        if group.momentum:
            velocity = buffers[0]
            np.multiply(velocity, group.momentum, velocity)
            np.add(velocity, grad, velocity)
            if group.nesterov:
                # grad may lie in scratch, so its part of the step is taken before scratch is needed again.
                np.multiply(grad, group.lr, scratch)
                np.subtract(data, scratch, data)
                np.multiply(velocity, group.lr * group.momentum, scratch)
            else:
                np.multiply(velocity, group.lr, scratch)
        else:
            np.multiply(grad, group.lr, scratch)
        np.subtract(data, scratch, data)


class Momentum(SGD):
    """:class:`SGD` with a momentum of 0.9 unless told otherwise: ``v = momentum · v + g``, ``p = p - lr · v``.

    Parameters
    ----------
    params : iterable of Tensor, of (str, Tensor), or of groups
    lr, momentum, weight_decay : float
        As those of :class:`SGD`.

    Examples
    --------
    >>> from minigrad import nn
    >>> nn.Momentum([nn.Parameter([3.0, 4.0])], lr=0.1).momentum
    0.9
    """

    def __init__(self, params: Params, lr: float, momentum: float = 0.9, weight_decay: float = 0.0) -> None:
        super().__init__(params, lr, momentum, False, weight_decay)


class Nesterov(SGD):
    """:class:`SGD` with Nesterov's momentum of 0.9 unless told otherwise: it looks ahead along the momentum.

    Parameters
    ----------
    params : iterable of Tensor, of (str, Tensor), or of groups
    lr, momentum, weight_decay : float
        As those of :class:`SGD`; a momentum above 0.

    Examples
    --------
    >>> from minigrad import nn
    >>> nn.Nesterov([nn.Parameter([3.0, 4.0])], lr=0.1).nesterov
    True
    """

    def __init__(self, params: Params, lr: float, momentum: float = 0.9, weight_decay: float = 0.0) -> None:
        super().__init__(params, lr, momentum, True, weight_decay)
