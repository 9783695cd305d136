"""Layers of products with learned matrices."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from minigrad import Tensor, asarray
from minigrad.ops.activation import affine

from ..init import Initializer, he_normal
from ..module import Module
from ..parameter import Parameter
from ._settings import size, weight

if TYPE_CHECKING:
    from numpy.typing import DTypeLike

__all__ = ["Affine"]


class Affine(Module):
    """Compute ``x @ weight + bias``, on every row of the input.

    Parameters
    ----------
    in_features, out_features : int
        The lengths of a row before and after.
    bias : bool
        Whether to add one.
    init : callable
        Makes the weight (see :mod:`minigrad.nn.init`); the bias starts at 0.
    dtype : dtype
        Of the parameters.
    rng : numpy.random.Generator, optional
        Default: the package's (:func:`minigrad.nn.seed`).

    Attributes
    ----------
    weight : Parameter, shape (in_features, out_features)
    bias : Parameter, shape (out_features,), or None

    Raises
    ------
    ValueError, TypeError
        If a size is not an integer above 0; at the call, if the input's last axis is not `in_features` long.

    Examples
    --------
    >>> from minigrad import nn
    >>> layer = nn.Affine(784, 50)
    >>> layer(np.zeros((100, 784), np.float32)).shape
    (100, 50)
    >>> layer(np.zeros((100, 700), np.float32))
    Traceback (most recent call last):
        ...
    ValueError: Affine(784, 50): expected input of shape (n, 784), got (100, 700)
    in Affine(784, 50)
    """

    weight: Parameter
    bias: Parameter | None

    def __init__(
        self,
        in_features: int,
        out_features: int,
        bias: bool = True,
        *,
        init: Initializer = he_normal,
        dtype: DTypeLike = np.float32,
        rng: np.random.Generator | None = None,
    ) -> None:
        self.in_features = size("Affine", "in_features", in_features)
        self.out_features = size("Affine", "out_features", out_features)
        self.weight = weight("Affine", (self.in_features, self.out_features), init, dtype, rng)
        self.bias = Parameter(np.zeros(self.out_features), dtype=dtype) if bias else None

    def forward(self, input: Any) -> Tensor:
        """Return the products of the input's rows; the input has shape (n, in_features), or any with that last axis."""
        x = asarray(input)
        shape = x.shape
        if not shape or shape[-1] != self.in_features:
            raise ValueError(f"{self._head()}: expected input of shape (n, {self.in_features}), got {shape}")
        weight, bias = self.weight, self.bias
        if bias is None:
            return x @ weight
        return affine(x, weight, bias) if len(shape) == 2 else x @ weight + bias

    def extra_repr(self) -> str:
        """Return the sizes."""
        return f"{self.in_features}, {self.out_features}" + ("" if self.bias is not None else ", bias=False")
