"""Adaptive moment estimation and its kin."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import numpy as np

from .group import Group, Params
from .optimizer import Optimizer
from .passes import running_mean, running_square, with_decay
from .settings import Setting, flag, number, pair

__all__ = ["Adam", "AdamW", "Lion", "NAdam"]


class Adam(Optimizer):
    """Adaptive moment estimation.

    With g the gradient plus ``weight_decay · p``, at step t::

        m = β₁ m + (1 - β₁) g
        v = β₂ v + (1 - β₂) g²
        p = p - lr · m / (1 - β₁ᵗ) / (√(v / (1 - β₂ᵗ)) + eps)

    Parameters
    ----------
    params : iterable of Tensor, of (str, Tensor), or of groups
    lr : float
    betas : (float, float)
        β₁ and β₂, in [0, 1).
    eps : float
        Keeps the quotient finite where the gradients are 0.
    weight_decay : float
        The factor of an L2 penalty, ``weight_decay / 2 · ‖p‖²``.
    amsgrad : bool
        Whether to divide by the largest v so far in place of v.

    References
    ----------
    Kingma, Ba, "Adam: A method for stochastic optimization", ICLR 2015; Reddi, Kale, Kumar, "On the convergence of Adam
    and beyond", ICLR 2018; in the form that ``torch.optim.Adam`` documents.

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

    betas = Setting(pair)
    eps = Setting(number)
    weight_decay = Setting(number)
    amsgrad = Setting(flag)
    scratches = 2
    # Whether weights decay by themselves, past the moments.
    decoupled: ClassVar[bool] = False

    def __init__(
        self,
        params: Params,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        amsgrad: bool = False,
    ) -> None:
        super().__init__(params, lr=lr, betas=betas, eps=eps, weight_decay=weight_decay, amsgrad=amsgrad)

    def _slots(self, group: Group) -> tuple[str, ...]:
        return ("mean", "square", "largest") if group.amsgrad else ("mean", "square")

    def _update(self, group: Group, t: int, data: Any, grad: Any, *buffers: Any) -> None:
        mean, square, scratch, decayed = buffers[0], buffers[1], buffers[-2], buffers[-1]
        beta1, beta2 = group.betas
        if not self.decoupled:
            grad = with_decay(data, grad, group.weight_decay, decayed)
        elif group.weight_decay:
            np.multiply(data, 1 - group.lr * group.weight_decay, data)
        running_mean(mean, grad, beta1, scratch)
        running_square(square, grad, beta2, scratch)
        if group.amsgrad:
            square = np.maximum(buffers[2], square, out=buffers[2])
        # √(v / c²) + eps = (√v + eps c) / c: the division by c goes into the factor in front, and saves a pass.
        c = math.sqrt(1 - beta2**t)
        np.sqrt(square, scratch)
        np.add(scratch, group.eps * c, scratch)
        np.divide(mean, scratch, scratch)
        np.multiply(scratch, group.lr * c / (1 - beta1**t), scratch)
        np.subtract(data, scratch, data)


class AdamW(Adam):
    """Adam with decoupled weight decay: ``p = p - lr · weight_decay · p``, before the step and outside of its moments.

    Parameters
    ----------
    params : iterable of Tensor, of (str, Tensor), or of groups
    lr, betas, eps, amsgrad
        As those of :class:`Adam`.
    weight_decay : float
        The share, times `lr`, that each step takes off the parameters.

    References
    ----------
    Loshchilov, Hutter, "Decoupled weight decay regularization", ICLR 2019, in the form that ``torch.optim.AdamW``
    documents.

    Examples
    --------
    >>> from minigrad import nn
    >>> p = nn.Parameter([3.0, 4.0])
    >>> optimizer = nn.AdamW([p], lr=0.1, weight_decay=0.5)
    >>> (p * 0).sum().backward()
    >>> optimizer.step()
    >>> p
    Parameter([2.85, 3.8 ], dtype=float32, requires_grad=True)
    """

    decoupled = True

    def __init__(
        self,
        params: Params,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
        amsgrad: bool = False,
    ) -> None:
        super().__init__(params, lr, betas, eps, weight_decay, amsgrad)


class NAdam(Optimizer):
    """Adam with Nesterov's momentum.

    With g the gradient plus ``weight_decay · p``, m and v as those of :class:`Adam`, at step t::

        μ = β₁ (1 - 0.96^(t · momentum_decay) / 2)           (of step t; μ' of step t + 1)
        p = p - lr · (μ' m / (1 - Π μ μ') + (1 - μ) g / (1 - Π μ)) / (√(v / (1 - β₂ᵗ)) + eps)

    where Π μ is the product over all steps so far.

    Parameters
    ----------
    params : iterable of Tensor, of (str, Tensor), or of groups
    lr : float
    betas : (float, float)
        β₁ and β₂, in [0, 1).
    eps : float
        Keeps the quotient finite where the gradients are 0.
    weight_decay : float
        The factor of an L2 penalty, ``weight_decay / 2 · ‖p‖²``.
    momentum_decay : float
        How fast the momentum warms up.

    Notes
    -----
    The product is that of the present β₁, also after it was changed between steps.

    References
    ----------
    Dozat, "Incorporating Nesterov momentum into Adam", ICLR workshop 2016, in the form that ``torch.optim.NAdam``
    documents.

    Examples
    --------
    >>> from minigrad import nn
    >>> p = nn.Parameter([3.0, 4.0])
    >>> optimizer = nn.NAdam([p], lr=0.1)
    >>> (p * p).sum().backward()
    >>> optimizer.step()
    >>> [round(x, 4) for x in p.tolist()]
    [2.8944, 3.8944]
    """

    betas = Setting(pair)
    eps = Setting(number)
    weight_decay = Setting(number)
    momentum_decay = Setting(number)
    scratches = 2

    def __init__(
        self,
        params: Params,
        lr: float = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        momentum_decay: float = 4e-3,
    ) -> None:
        self._products: dict[tuple[float, float], tuple[int, float]] = {}
        super().__init__(params, lr=lr, betas=betas, eps=eps, weight_decay=weight_decay, momentum_decay=momentum_decay)

    def _slots(self, group: Group) -> tuple[str, ...]:
        return ("mean", "square")

    def _product(self, beta: float, decay: float, t: int) -> float:
        """Return the product of the first t momenta."""
        # Parameters that have all taken as many steps, which is almost all of them, ask for the last one or the next.
        at, product = self._products.get((beta, decay), (0, 1.0))
        if t < at or len(self._products) > 64:  # the latter: a schedule of β₁
            self._products.clear()
            at, product = 0, 1.0
        for i in range(at + 1, t + 1):
            product *= _momentum(beta, decay, i)
        self._products[beta, decay] = (t, product)
        return product

    def _update(self, group: Group, t: int, data: Any, grad: Any, *buffers: Any) -> None:
        mean, square, scratch, decayed = buffers
        beta1, beta2 = group.betas
        grad = with_decay(data, grad, group.weight_decay, decayed)
        running_mean(mean, grad, beta1, scratch)
        running_square(square, grad, beta2, scratch)
        now, ahead = (_momentum(beta1, group.momentum_decay, i) for i in (t, t + 1))
        product = self._product(beta1, group.momentum_decay, t)
        np.multiply(grad, (1 - now) / (1 - product), decayed)
        np.multiply(mean, ahead / (1 - product * ahead), scratch)
        np.add(decayed, scratch, decayed)
        c = math.sqrt(1 - beta2**t)
        np.sqrt(square, scratch)
        np.add(scratch, group.eps * c, scratch)
        np.divide(decayed, scratch, scratch)
        np.multiply(scratch, group.lr * c, scratch)
        np.subtract(data, scratch, data)


def _momentum(beta: float, decay: float, t: int) -> float:
    warm: float = 1 - 0.5 * 0.96 ** (t * decay)
    return beta * warm


class Lion(Optimizer):
    """Steps of the same size for every element, along the sign of a momentum.

    With g the gradient::

        p = p - lr · (sign(β₁ m + (1 - β₁) g) + weight_decay · p)
        m = β₂ m + (1 - β₂) g

    Parameters
    ----------
    params : iterable of Tensor, of (str, Tensor), or of groups
    lr : float
        3 to 10 times smaller than that of :class:`AdamW`.
    betas : (float, float)
        β₁ and β₂, in [0, 1).
    weight_decay : float
        The share, times `lr`, that each step takes off the parameters.

    References
    ----------
    Chen et al., "Symbolic discovery of optimization algorithms", NeurIPS 2023, algorithm 2.

    Examples
    --------
    >>> from minigrad import nn
    >>> p = nn.Parameter([3.0, 4.0])
    >>> optimizer = nn.Lion([p], lr=0.5)
    >>> (p * p).sum().backward()
    >>> optimizer.step()
    >>> p
    Parameter([2.5, 3.5], dtype=float32, requires_grad=True)
    """

    betas = Setting(pair)
    weight_decay = Setting(number)
    scratches = 2

    def __init__(
        self,
        params: Params,
        lr: float = 1e-4,
        betas: tuple[float, float] = (0.9, 0.99),
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(params, lr=lr, betas=betas, weight_decay=weight_decay)

    def _slots(self, group: Group) -> tuple[str, ...]:
        return ("mean",)

    def _update(self, group: Group, t: int, data: Any, grad: Any, *buffers: Any) -> None:
        mean, scratch, step = buffers
        beta1, beta2 = group.betas
        if group.weight_decay:
            np.multiply(data, 1 - group.lr * group.weight_decay, data)
        np.multiply(mean, beta1, step)
        np.multiply(grad, 1 - beta1, scratch)
        np.add(step, scratch, step)
        np.sign(step, step)
        np.multiply(step, group.lr, step)
        np.subtract(data, step, data)
        running_mean(mean, grad, beta2, scratch)
