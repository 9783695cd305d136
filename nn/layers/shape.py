"""Layers that arrange elements anew."""

from __future__ import annotations

import operator
from typing import Any

from minigrad import Tensor

from ..functional import flatten
from ..module import Module
from ._settings import settings

__all__ = ["Flatten"]


class Flatten(Module):
    """Join neighbouring axes into one: by default all but the first, so that each example becomes a row.

    Parameters
    ----------
    start_dim, end_dim : int
        The first and the last axis to join.

    Examples
    --------
    >>> import numpy as np
    >>> from minigrad import nn
    >>> nn.Flatten()(np.zeros((100, 30, 12, 12))).shape
    (100, 4320)
    """

    def __init__(self, start_dim: int = 1, end_dim: int = -1) -> None:
        self.start_dim, self.end_dim = operator.index(start_dim), operator.index(end_dim)

    def forward(self, input: Any) -> Tensor:
        """Return the same elements in fewer axes."""
        return flatten(input, self.start_dim, self.end_dim)

    def extra_repr(self) -> str:
        """Return the axes, where they are not the default."""
        return settings(self, start_dim=1, end_dim=-1).removeprefix(", ")
