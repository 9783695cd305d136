"""Tensors from nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..arrays import real_dtype
from ..tensor import Tensor, constant
from . import _axes

if TYPE_CHECKING:
    from numpy.typing import DTypeLike

Shape = int | Sequence[int]


def _shape_of(name: str, shape: Shape) -> tuple[int, ...]:
    lengths = _axes.shape_of(name, shape)
    if any(n < 0 for n in lengths):
        raise ValueError(f"{name}: lengths must not be negative, got {shape!r}")
    return lengths


def _made(name: str, array: Any, requires_grad: bool) -> Tensor:
    real_dtype(name, array.dtype)
    tensor = constant(array)
    if requires_grad:
        tensor.requires_grad = True
    return tensor


def zeros(shape: Shape, dtype: DTypeLike = float, requires_grad: bool = False) -> Tensor:
    """Return a tensor of zeros.

    >>> import minigrad as mg
    >>> mg.zeros(2)
    Tensor([0., 0.], dtype=float64)
    """
    return _made("zeros", np.zeros(_shape_of("zeros", shape), dtype), requires_grad)


def ones(shape: Shape, dtype: DTypeLike = float, requires_grad: bool = False) -> Tensor:
    """Return a tensor of ones.

    >>> import minigrad as mg
    >>> mg.ones((1, 2))
    Tensor([[1., 1.]], dtype=float64)
    """
    return _made("ones", np.ones(_shape_of("ones", shape), dtype), requires_grad)


def full(shape: Shape, value: float, dtype: DTypeLike | None = None, requires_grad: bool = False) -> Tensor:
    """Return a tensor filled with `value`.

    >>> import minigrad as mg
    >>> mg.full(2, 0.5)
    Tensor([0.5, 0.5], dtype=float64)
    """
    return _made("full", np.full(_shape_of("full", shape), value, dtype), requires_grad)


def arange(*args: float, dtype: DTypeLike | None = None, requires_grad: bool = False) -> Tensor:
    """Return evenly spaced numbers, as ``np.arange`` does.

    >>> import minigrad as mg
    >>> mg.arange(3.0)
    Tensor([0., 1., 2.], dtype=float64)
    """
    return _made("arange", np.arange(*args, dtype=dtype), requires_grad)


def linspace(
    start: float, stop: float, num: int = 50, dtype: DTypeLike | None = None, requires_grad: bool = False
) -> Tensor:
    """Return `num` evenly spaced numbers from `start` to `stop`, both included.

    >>> import minigrad as mg
    >>> mg.linspace(0, 1, 3)
    Tensor([0. , 0.5, 1. ], dtype=float64)
    """
    return _made("linspace", np.linspace(start, stop, num, dtype=dtype), requires_grad)


def eye(n: int, m: int | None = None, dtype: DTypeLike = float, requires_grad: bool = False) -> Tensor:
    """Return the identity matrix, or its first `m` columns.

    >>> import minigrad as mg
    >>> mg.eye(2)
    Tensor([[1., 0.],
            [0., 1.]], dtype=float64)
    """
    return _made("eye", np.eye(n, m, dtype=dtype), requires_grad)
