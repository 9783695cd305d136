"""Layers of products with learned matrices."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from minigrad import Tensor, asarray, einsum
from minigrad.ops.activation import affine

from ..init import Initializer, he_normal, zeros
from ..module import Module
from ..parameter import Parameter
from ._settings import bias as new_bias
from ._settings import size, weight

if TYPE_CHECKING:
    from numpy.typing import DTypeLike

__all__ = ["Affine", "Bilinear"]


class Affine(Module):
    """Compute ``x @ weight + bias``, on every row of the input, or on the only one.

    Local gradients: ``g @ weightᵀ`` for x, ``xᵀ @ g`` for the weight, the sum of g over the rows for the bias.

    Parameters
    ----------
    in_features, out_features : int
        The lengths of a row before and after.
    bias : bool
        Whether to add one.
    init, bias_init : callable
        Make the weight and the bias (see :mod:`minigrad.nn.init`).
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
    >>> layer(np.zeros((100, 784), np.float32)).shape, layer(np.zeros(784, np.float32)).shape
    ((100, 50), (50,))
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
        bias_init: Initializer = zeros,
        dtype: DTypeLike = np.float32,
        rng: np.random.Generator | None = None,
    ) -> None:
        self.in_features = size("Affine", "in_features", in_features)
        self.out_features = size("Affine", "out_features", out_features)
        self.weight = weight("Affine", (self.in_features, self.out_features), init, dtype, rng)
        self.bias = new_bias("Affine", self.out_features, bias_init, dtype, rng, bias)

    def forward(self, input: Any) -> Tensor:
        """Return the products of the input's rows; the input has shape (n, in_features), or any with that last axis."""
        x = asarray(input)
        shape = x.shape
        if not shape or shape[-1] != self.in_features:
            hint = ""
            if len(shape) > 2 and math.prod(shape[1:]) == self.in_features:
                hint = "; nn.Flatten() in front of it makes rows of them"
            raise ValueError(f"{self._head()}: expected input of shape (n, {self.in_features}), got {shape}{hint}")
        weight, bias = self.weight, self.bias
        if bias is None:
            return x @ weight
        return affine(x, weight, bias) if len(shape) == 2 else x @ weight + bias

    def multiply_adds(self, inputs: Mapping[str, Any], output: Any) -> int:
        """Return how many pairs a call multiplies and adds."""
        return int(output.size) * self.in_features

    def extra_repr(self) -> str:
        """Return the sizes."""
        return f"{self.in_features}, {self.out_features}" + ("" if self.bias is not None else ", bias=False")


class Bilinear(Module):
    """Compute ``x1ᵀ weight[k] x2 + bias[k]`` for each output k, on every pair of rows of two inputs.

    Local gradients: ``Σ g[k] weight[k] x2`` for x1, ``Σ g[k] weight[k]ᵀ x1`` for x2, and ``g[k] x1 x2ᵀ`` for
    ``weight[k]``.

    Parameters
    ----------
    in1_features, in2_features, out_features : int
        The lengths of the rows.
    bias : bool
        Whether to add one.
    init, bias_init : callable
        Make the weight and the bias (see :mod:`minigrad.nn.init`).
    dtype : dtype
        Of the parameters.
    rng : numpy.random.Generator, optional
        Default: the package's (:func:`minigrad.nn.seed`).

    Attributes
    ----------
    weight : Parameter, shape (out_features, in1_features, in2_features)
    bias : Parameter, shape (out_features,), or None

    Raises
    ------
    ValueError, TypeError
        If a size is not an integer above 0; at the call, if an input's last axis has another length, or the leading
        axes differ.

    Examples
    --------
    >>> from minigrad import nn
    >>> layer = nn.Bilinear(2, 3, 1, init=nn.init.constant)
    >>> layer.weight.assign([[[1.0, 0.0, 0.0], [0.0, 0.0, 10.0]]])
    >>> layer([1.0, 2.0], [3.0, 4.0, 5.0])
    Tensor([103.], dtype=float64, op=add)
    """

    weight: Parameter
    bias: Parameter | None

    def __init__(
        self,
        in1_features: int,
        in2_features: int,
        out_features: int,
        bias: bool = True,
        *,
        init: Initializer = he_normal,
        bias_init: Initializer = zeros,
        dtype: DTypeLike = np.float32,
        rng: np.random.Generator | None = None,
    ) -> None:
        self.in1_features = size("Bilinear", "in1_features", in1_features)
        self.in2_features = size("Bilinear", "in2_features", in2_features)
        self.out_features = size("Bilinear", "out_features", out_features)
        shape = (self.out_features, self.in1_features, self.in2_features)
        self.weight = weight("Bilinear", shape, init, dtype, rng)
        self.bias = new_bias("Bilinear", self.out_features, bias_init, dtype, rng, bias)

    def forward(self, input1: Any, input2: Any) -> Tensor:
        """Return the forms of the rows; the inputs have shapes (..., in1_features) and (..., in2_features)."""
        x1, x2 = asarray(input1), asarray(input2)
        own = (self.in1_features, self.in2_features)
        if not x1.ndim or not x2.ndim or (x1.shape[-1], x2.shape[-1]) != own or x1.shape[:-1] != x2.shape[:-1]:
            raise ValueError(
                f"{self._head()}: expected inputs of shapes (..., {own[0]}) and (..., {own[1]}), got {x1.shape} and "
                f"{x2.shape}"
            )
        y: Tensor = einsum("...i,kij,...j->...k", x1, self.weight, x2)
        return y if self.bias is None else y + self.bias

    def multiply_adds(self, inputs: Mapping[str, Any], output: Any) -> int:
        """Return how many pairs a call multiplies and adds: the products with the first input, then the second."""
        return int(output.size) * (self.in1_features + 1) * self.in2_features

    def extra_repr(self) -> str:
        """Return the sizes."""
        without = "" if self.bias is not None else ", bias=False"
        return f"{self.in1_features}, {self.in2_features}, {self.out_features}{without}"
