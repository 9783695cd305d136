"""What losses share: a reduction, and settings that show in the repr."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np

from minigrad import Tensor

from ..functional._arguments import REDUCTIONS, check_reduction, constant
from ..module import Module

__all__ = ["Loss", "broadcast_weight", "class_weight", "like"]


class Loss(Module):
    """A loss with a choice of how the losses of the examples become one number.

    The arguments of a subclass are its attributes, and the repr shows those that differ from their defaults.

    Parameters
    ----------
    reduction : str
    known : tuple of str
        The reductions there are.
    """

    def __init__(self, reduction: str = "mean", known: tuple[str, ...] = REDUCTIONS) -> None:
        check_reduction(type(self).__name__, reduction, known)
        self.reduction = reduction

    def extra_repr(self) -> str:
        """Return the settings that differ from their defaults."""
        parts = []
        for name, parameter in inspect.signature(type(self)).parameters.items():
            value = getattr(self, name)
            if isinstance(value, np.ndarray):
                parts.append(f"{name}={value.tolist()}")
            elif value != parameter.default:
                parts.append(f"{name}={value!r}")
        return ", ".join(parts)


def class_weight(kind: str, weight: Any) -> Any:
    """Return a weight for each class as an array, or None.

    Raises
    ------
    ValueError
        If it has not one axis, or a weight is negative or not finite.
    """
    if weight is None:
        return None
    values = constant(kind, "weight", weight)._data
    if values.ndim != 1 or not (np.isfinite(values) & (values >= 0)).all():
        raise ValueError(f"{kind}: weight must be a finite number of at least 0 for each class, got {values.tolist()}")
    return values


def broadcast_weight(kind: str, what: str, weight: Any) -> Any:
    """Return a weight that is broadcast to the losses: None, a number, or an array, none of which get a gradient."""
    if weight is None or isinstance(weight, (int, float)):
        return weight
    return constant(kind, what, weight)._data


def like(weight: Any, input: Any) -> Any:
    """Return a weight in the input's dtype, so that float32 stays float32."""
    floating = isinstance(weight, np.ndarray) and isinstance(input, (Tensor, np.ndarray)) and input.dtype.kind == "f"
    return weight.astype(input.dtype) if floating else weight
