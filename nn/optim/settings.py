"""The settings of optimizers: numbers that are checked whenever they are set."""

from __future__ import annotations

import math
import numbers
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from .optimizer import Optimizer

__all__ = ["Setting", "count", "flag", "fraction", "number", "pair", "positive"]

Check = Callable[[str, str, Any], Any]


class Setting:
    """A setting that every parameter group has its own value of; an attribute of an optimizer's class.

    Read from the optimizer, it is the value that all groups share; set there, it is set in all of them.

    Parameters
    ----------
    check : function of (kind, name, value)
        Returns the value as it is kept, or raises in terms of the optimizer's kind and the setting's name.
    """

    def __init__(self, check: Check) -> None:
        self.check = check

    def __set_name__(self, owner: type[Optimizer], name: str) -> None:
        self.name = name
        # A table of its own for each class, with what it inherits.
        owner.settings = {**owner.settings, name: self}

    def __get__(self, optimizer: Optimizer | None, owner: type[Optimizer]) -> Any:
        if optimizer is None:
            return self
        values = [getattr(group, self.name) for group in optimizer.groups]
        if any(value != values[0] for value in values):
            raise ValueError(
                f"{owner.__name__}: the groups differ in {self.name}: {', '.join(map(repr, values))}; read it from one "
                f"of them, as in optimizer.groups[0].{self.name}"
            )
        return values[0]

    def __set__(self, optimizer: Optimizer, value: Any) -> None:
        checked = self.check(type(optimizer).__name__, self.name, value)
        for group in optimizer.groups:
            setattr(group, self.name, checked)


def number(kind: str, what: str, value: Any, below: float = math.inf) -> float:
    """Return a setting as a float.

    Raises
    ------
    TypeError
        If it is no number.
    ValueError
        If it is not in [0, below).
    """
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (numbers.Real, np.number)):
        raise TypeError(f"{kind}: {what} must be a number, got {value!r}")
    number = float(value)
    if not 0 <= number < below:
        top = "and finite" if below == math.inf else f"and below {below:g}"
        raise ValueError(f"{kind}: {what} must be at least 0 {top}, got {value!r}")
    return number


def positive(kind: str, what: str, value: Any) -> float:
    """Return a setting above 0 as a float."""
    result = number(kind, what, value)
    if not result:
        raise ValueError(f"{kind}: {what} must be above 0, got {value!r}")
    return result


def fraction(kind: str, what: str, value: Any) -> float:
    """Return a setting in [0, 1) as a float."""
    return number(kind, what, value, below=1)


def pair(kind: str, what: str, value: Any) -> tuple[float, float]:
    """Return a pair of numbers in [0, 1)."""
    if not isinstance(value, (tuple, list)) or len(value) != 2:
        raise TypeError(f"{kind}: {what} must be a pair of numbers, got {value!r}")
    return (fraction(kind, what, value[0]), fraction(kind, what, value[1]))


def flag(kind: str, what: str, value: Any) -> bool:
    """Return a setting that is True or False."""
    if not isinstance(value, (bool, np.bool_)):
        raise TypeError(f"{kind}: {what} must be True or False, got {value!r}")
    return bool(value)


def count(kind: str, what: str, value: Any) -> int:
    """Return a setting that is a whole number of at least 1."""
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (numbers.Integral, np.integer)):
        raise TypeError(f"{kind}: {what} must be a whole number, got {value!r}")
    if value < 1:
        raise ValueError(f"{kind}: {what} must be at least 1, got {value!r}")
    return int(value)
