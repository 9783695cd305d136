"""Regularization: penalties on the size of parameters, and the groups that leave some of them out."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import minigrad as mg
from minigrad import Tensor

from .module import Module
from .optim.settings import number

__all__ = ["decay_groups", "l1_penalty", "l2_penalty"]


def l1_penalty(parameters: Tensor | Iterable[Tensor]) -> Tensor:
    """Return the sum of the absolute values, for ``loss + strength * nn.l1_penalty(parameters)``: it makes zeros.

    Local gradient: the sign, 0 at 0.

    Parameters
    ----------
    parameters : Tensor, or iterable of Tensor
        Such as all weights: biases are usually left out.

    Raises
    ------
    TypeError
        If something is no Tensor.
    ValueError
        If there are none.

    Examples
    --------
    >>> from minigrad import nn
    >>> nn.l1_penalty([nn.Parameter([3.0, -4.0]), nn.Parameter([1.0])]).item()
    8.0
    """
    return _total([abs(p).sum() for p in _listed("l1_penalty", parameters)])


def l2_penalty(parameters: Tensor | Iterable[Tensor]) -> Tensor:
    """Return half the sum of the squares. Local gradient: the parameter itself.

    Times a strength, it adds to the gradient what an optimizer's ``weight_decay`` adds; use it where the penalty is to
    show in the loss.

    Parameters
    ----------
    parameters : Tensor, or iterable of Tensor
        Such as all weights: biases are usually left out.

    Raises
    ------
    TypeError
        If something is no Tensor.
    ValueError
        If there are none.

    Examples
    --------
    >>> from minigrad import nn
    >>> nn.l2_penalty([nn.Parameter([3.0, -4.0]), nn.Parameter([1.0])]).item()
    13.0
    """
    return _total([mg.square(p).sum() for p in _listed("l2_penalty", parameters)]) * 0.5


def _listed(name: str, parameters: Any) -> list[Tensor]:
    found = [parameters] if isinstance(parameters, Tensor) else list(parameters)
    if not found:
        raise ValueError(f"{name}: there are no parameters")
    for p in found:
        if not isinstance(p, Tensor):
            raise TypeError(f"{name}: expected parameters, got {type(p).__name__}; pass model.parameters()")
    return found


def _total(terms: list[Tensor]) -> Tensor:
    total = terms[0]
    for term in terms[1:]:
        total = total + term
    return total


def decay_groups(model: Module, weight_decay: float) -> list[dict[str, Any]]:
    """Return the model's parameters in groups for an optimizer, in which only the weights decay.

    Parameters with one axis or none, biases and the scales of normalizations, have no decay: they do not overfit, and
    pulling them towards 0 only takes away what they are for.

    Parameters
    ----------
    model : Module
    weight_decay : float
        Of the parameters with two axes or more.

    Returns
    -------
    list of dict
        With ``"params"``, pairs of names and parameters, and ``"weight_decay"``; none is empty.

    Examples
    --------
    >>> from minigrad import nn
    >>> model = nn.Sequential(nn.Affine(4, 3), nn.ReLU(), nn.Affine(3, 2))
    >>> optimizer = nn.AdamW(nn.decay_groups(model, 0.1), lr=1e-3)
    >>> for group in optimizer.groups:
    ...     print(group.weight_decay, group.names)
    0.1 ['0.weight', '2.weight']
    0.0 ['0.bias', '2.bias']
    """
    decay = number("decay_groups", "weight_decay", weight_decay)
    named = list(model.named_parameters())
    groups = [
        {"params": [(name, p) for name, p in named if p.ndim >= 2], "weight_decay": decay},
        {"params": [(name, p) for name, p in named if p.ndim < 2], "weight_decay": 0.0},
    ]
    return [group for group in groups if group["params"]]
