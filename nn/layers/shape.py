"""Layers with nothing to learn: elements arranged anew, and functions."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Sequence
from typing import Any

from minigrad import Tensor, asarray

from ..functional import flatten
from ..module import Module
from ._settings import settings

__all__ = ["Flatten", "Identity", "Lambda", "Unflatten"]


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


class Unflatten(Module):
    """Split an axis into several: by default the second one, so that each example's row becomes an image, say.

    Parameters
    ----------
    sizes : sequence of int
        Their lengths; one of them may be -1, which stands for what is left.
    dim : int
        The axis to split.

    Raises
    ------
    ValueError, TypeError
        If a size is no such number; at the call, if the axis does not have as many elements.

    Examples
    --------
    >>> import numpy as np
    >>> from minigrad import nn
    >>> nn.Unflatten((1, 28, 28))(np.zeros((100, 784))).shape
    (100, 1, 28, 28)
    """

    def __init__(self, sizes: Sequence[int], dim: int = 1) -> None:
        self.sizes, self.dim = tuple([operator.index(n) for n in sizes]), operator.index(dim)
        if not self.sizes or min(self.sizes) < -1 or 0 in self.sizes or self.sizes.count(-1) > 1:
            raise ValueError(f"Unflatten: sizes must be numbers above 0, one of them perhaps -1, got {self.sizes}")

    def forward(self, input: Any) -> Tensor:
        """Return the same elements in more axes."""
        x = asarray(input)
        if not -x.ndim <= self.dim < x.ndim:
            raise ValueError(f"{self._head()}: there is no axis {self.dim} in an input of shape {x.shape}")
        dim = self.dim % x.ndim
        known, length = math.prod(n for n in self.sizes if n > 0), x.shape[dim]
        if length % known or (-1 not in self.sizes and length != known):
            raise ValueError(f"{self._head()}: the {length} elements of axis {dim} of {x.shape} make no {self.sizes}")
        split = tuple([length // known if n < 0 else n for n in self.sizes])
        return x.reshape((*x.shape[:dim], *split, *x.shape[dim + 1 :]))

    def extra_repr(self) -> str:
        """Return the sizes, and the axis where it is not the default."""
        return f"{self.sizes}{settings(self, dim=1)}"


class Identity(Module):
    """Return the input: what stands where a model has a choice of layers and wants none.

    Examples
    --------
    >>> from minigrad import nn
    >>> nn.Identity()([1.0, 2.0])
    Tensor([1., 2.], dtype=float64)
    """

    def forward(self, input: Any) -> Tensor:
        """Return the input as a tensor."""
        return asarray(input)


class Lambda(Module):
    """Make a module of a function that has nothing to learn.

    Parameters
    ----------
    function : callable
        Of tensors. A function that holds parameters must be a Module: nothing finds them here.

    Raises
    ------
    TypeError
        If it is no function, or a Module already.

    Examples
    --------
    >>> import minigrad as mg
    >>> from minigrad import nn
    >>> nn.Sequential(nn.Affine(2, 2), nn.Lambda(mg.sin))
    Sequential(
      (0): Affine(2, 2)
      (1): Lambda(sin)
    )
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        if isinstance(function, Module):
            raise TypeError(f"Lambda: {type(function).__name__} is a Module already; use it as it is")
        if not callable(function):
            raise TypeError(f"Lambda: expected a function, got {type(function).__name__}")
        self.function = function

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """Return ``function(...)``."""
        return self.function(*args, **kwargs)

    def extra_repr(self) -> str:
        """Return the function's name."""
        return str(getattr(self.function, "__name__", type(self.function).__name__))
