"""Steps scaled for each element by the size of its gradients so far."""

from __future__ import annotations

from typing import Any

import numpy as np

from .group import Group, Params
from .optimizer import Optimizer
from .passes import running_mean, running_square, with_decay
from .settings import Setting, flag, fraction, number

__all__ = ["AdaDelta", "AdaGrad", "RMSprop"]


class AdaGrad(Optimizer):
    """Divide by the root of the sum of all squared gradients: what has moved much moves less.

    With g the gradient plus ``weight_decay · p``, at step t::

        h = h + g²
        p = p - lr / (1 + (t - 1) lr_decay) · g / (√h + eps)

    Parameters
    ----------
    params : iterable of Tensor, of (str, Tensor), or of groups
    lr : float
    lr_decay : float
        How fast the learning rate itself falls.
    weight_decay : float
        The factor of an L2 penalty, ``weight_decay / 2 · ‖p‖²``.
    initial : float
        What h starts from.
    eps : float
        Keeps the quotient finite where the gradients are 0.

    References
    ----------
    Duchi, Hazan, Singer, "Adaptive subgradient methods for online learning and stochastic optimization", JMLR 2011, in
    the form that ``torch.optim.Adagrad`` documents.

    Examples
    --------
    >>> from minigrad import nn
    >>> p = nn.Parameter([3.0, 4.0])
    >>> optimizer = nn.AdaGrad([p], lr=0.5)
    >>> (p * p).sum().backward()
    >>> optimizer.step()
    >>> p
    Parameter([2.5, 3.5], dtype=float32, requires_grad=True)
    """

    lr_decay = Setting(number)
    weight_decay = Setting(number)
    initial = Setting(number)
    eps = Setting(number)
    scratches = 2

    def __init__(
        self,
        params: Params,
        lr: float = 1e-2,
        lr_decay: float = 0.0,
        weight_decay: float = 0.0,
        initial: float = 0.0,
        eps: float = 1e-10,
    ) -> None:
        super().__init__(params, lr=lr, lr_decay=lr_decay, weight_decay=weight_decay, initial=initial, eps=eps)

    def _slots(self, group: Group) -> tuple[str, ...]:
        return ("sum",)

    def _first(self, group: Group, slot: str) -> float:
        return float(group.initial)

    def _update(self, group: Group, t: int, data: Any, grad: Any, *buffers: Any) -> None:
        total, scratch, decayed = buffers
        grad = with_decay(data, grad, group.weight_decay, decayed)
        np.multiply(grad, grad, scratch)
        np.add(total, scratch, total)
        np.sqrt(total, scratch)
        np.add(scratch, group.eps, scratch)
        np.divide(grad, scratch, scratch)
        np.multiply(scratch, group.lr / (1 + (t - 1) * group.lr_decay), scratch)
        np.subtract(data, scratch, data)


class RMSprop(Optimizer):
    """Divide by the root of a running mean of the squared gradients.

    With g the gradient plus ``weight_decay · p``::

        v = alpha · v + (1 - alpha) g²
        b = momentum · b + g / (√v + eps)
        p = p - lr · b

    Centered, v is replaced in the root by ``v - a²``, with a the running mean of the gradients: their variance.

    Parameters
    ----------
    params : iterable of Tensor, of (str, Tensor), or of groups
    lr : float
    alpha : float
        In [0, 1).
    eps : float
        Keeps the quotient finite where the gradients are 0.
    weight_decay : float
        The factor of an L2 penalty, ``weight_decay / 2 · ‖p‖²``.
    momentum : float
        At least 0; 0 for none.
    centered : bool

    References
    ----------
    Tieleman, Hinton, "Lecture 6.5: rmsprop", Coursera, 2012; Graves, "Generating sequences with recurrent neural
    networks", 2013 (centered); in the form that ``torch.optim.RMSprop`` documents.

    Examples
    --------
    >>> from minigrad import nn
    >>> p = nn.Parameter([3.0, 4.0])
    >>> optimizer = nn.RMSprop([p], lr=0.1, alpha=0.75)
    >>> (p * p).sum().backward()
    >>> optimizer.step()
    >>> p
    Parameter([2.8, 3.8], dtype=float32, requires_grad=True)
    """

    alpha = Setting(fraction)
    eps = Setting(number)
    weight_decay = Setting(number)
    momentum = Setting(number)
    centered = Setting(flag)
    scratches = 2

    def __init__(
        self,
        params: Params,
        lr: float = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        momentum: float = 0.0,
        centered: bool = False,
    ) -> None:
        super().__init__(
            params, lr=lr, alpha=alpha, eps=eps, weight_decay=weight_decay, momentum=momentum, centered=centered
        )

    def _slots(self, group: Group) -> tuple[str, ...]:
        return ("square", *(("mean",) if group.centered else ()), *(("velocity",) if group.momentum else ()))

    def _update(self, group: Group, t: int, data: Any, grad: Any, *buffers: Any) -> None:
        square, scratch, decayed = buffers[0], buffers[-2], buffers[-1]
        alpha = group.alpha
        grad = with_decay(data, grad, group.weight_decay, decayed)
        running_square(square, grad, alpha, scratch)
        if group.centered:
            mean = buffers[1]
            running_mean(mean, grad, alpha, scratch)
            np.multiply(mean, mean, scratch)
            np.subtract(square, scratch, scratch)
            np.maximum(scratch, 0, out=scratch)  # a variance that rounding made negative
            np.sqrt(scratch, scratch)
        else:
            np.sqrt(square, scratch)
        np.add(scratch, group.eps, scratch)
        np.divide(grad, scratch, scratch)
        if group.momentum:
            velocity = buffers[-3]
            np.multiply(velocity, group.momentum, velocity)
            np.add(velocity, scratch, velocity)
            np.multiply(velocity, group.lr, scratch)
        else:
            np.multiply(scratch, group.lr, scratch)
        np.subtract(data, scratch, data)


class AdaDelta(Optimizer):
    """Steps in the units of the parameters: the root of a running mean of squared steps, over that of the gradients.

    With g the gradient plus ``weight_decay · p``::

        v = rho · v + (1 - rho) g²
        d = √(u + eps) / √(v + eps) · g
        u = rho · u + (1 - rho) d²
        p = p - lr · d

    Parameters
    ----------
    params : iterable of Tensor, of (str, Tensor), or of groups
    lr : float
    rho : float
        In [0, 1).
    eps : float
        Starts the motion, and keeps the quotient finite where the gradients are 0.
    weight_decay : float
        The factor of an L2 penalty, ``weight_decay / 2 · ‖p‖²``.

    References
    ----------
    Zeiler, "ADADELTA: An adaptive learning rate method", 2012, in the form that ``torch.optim.Adadelta`` documents.

    Examples
    --------
    >>> from minigrad import nn
    >>> p = nn.Parameter([3.0, 4.0])
    >>> optimizer = nn.AdaDelta([p], rho=0.75, eps=0.01)
    >>> (p * p).sum().backward()
    >>> optimizer.step()
    >>> [round(x, 3) for x in p.tolist()]
    [2.8, 3.8]
    """

    rho = Setting(fraction)
    eps = Setting(number)
    weight_decay = Setting(number)
    scratches = 2

    def __init__(
        self, params: Params, lr: float = 1.0, rho: float = 0.9, eps: float = 1e-6, weight_decay: float = 0.0
    ) -> None:
        super().__init__(params, lr=lr, rho=rho, eps=eps, weight_decay=weight_decay)

    def _slots(self, group: Group) -> tuple[str, ...]:
        return ("square", "step_square")

    def _update(self, group: Group, t: int, data: Any, grad: Any, *buffers: Any) -> None:
        square, moved, scratch, step = buffers
        grad = with_decay(data, grad, group.weight_decay, step)
        running_square(square, grad, group.rho, scratch)
        np.add(square, group.eps, scratch)
        np.sqrt(scratch, scratch)
        np.divide(grad, scratch, step)
        np.add(moved, group.eps, scratch)
        np.sqrt(scratch, scratch)
        np.multiply(step, scratch, step)
        running_square(moved, step, group.rho, scratch)
        np.multiply(step, group.lr, step)
        np.subtract(data, step, data)
