"""Norms of vectors and matrices, and condition numbers."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..kinds import general
from ..protocol import public, values_of
from ..tensor import Tensor, asarray, constant
from . import reduction
from ._axes import axes_of, kept_shape
from .arithmetic import absolute, where
from .matrices import LinAlgError, inv, square
from .reduction import routed, shared
from .shape import _transpose, expand_dims
from .spectral import matrix, svdvals


def _norm_forward(x: Any, ord: Any, axis: tuple[int, ...], keepdims: bool) -> Any:
    with np.errstate(divide="ignore"):  # a negative order of a vector with a 0 is 0, by way of 1 / 0
        return np.linalg.vector_norm(x, axis=axis, keepdims=keepdims, ord=ord)


def _norm_rule(g: Any, x: Any, y: Any, ord: float, axis: tuple[int, ...]) -> Any:
    """Return the gradient of the norm of `x`, which is `y`: 0 in every element where there is no slope or no unique
    one, the subgradient of least norm, also of an infinite `g`."""
    kept = kept_shape(x.shape, axis)
    g, y = g.reshape(kept), y.reshape(kept)
    if ord == 0:
        return routed(g, np.zeros_like(values_of(x)))
    if ord == 1:
        return routed(g, np.sign(x))
    if math.isinf(ord):
        # Elements that tie share the gradient.
        size = np.abs(x)
        return shared(g, (size == y) | (size != size), axis) * np.sign(x)
    still = y == 0
    if ord == 2:
        return np.where(still, 0.0, g) * x / np.where(still, 1.0, y)
    at_zero = (x == 0) | still
    ratio = np.where(at_zero, 1.0, np.abs(x)) / np.where(at_zero, 1.0, y)
    return np.sign(x) * np.where(at_zero, 0.0, g * ratio ** (ord - 1.0))


_norm = general(
    _norm_forward,
    lambda g, x, y, ord, axis: _norm_rule(g, x, y, ord, axis),
    name="norm",
    local=["sign(x) (|x| / y)^({ord} - 1), 0 where x is 0"],
)


def _order(name: str, ord: Any) -> float:
    try:
        return float(ord)
    except (TypeError, ValueError):
        raise ValueError(f"{name}: {ord!r} is not an order of vector norms; give a number") from None


def _vector(name: str, x: Tensor, ord: Any, axes: tuple[int, ...], keepdims: bool) -> Tensor:
    order = _order(name, ord)
    if math.isinf(order) and math.prod([x.shape[i] for i in axes]) == 0:
        raise ValueError(f"{name}: order {ord} of nothing: shape {x.shape} has no elements along the axes {axes}")
    if x.dtype.kind != "f":
        x = x.astype(float)
    return _norm(x, ord=order, axis=axes, keepdims=bool(keepdims))


def _counted(x: Tensor) -> Tensor:
    """Return the singular values, so that none flows back to those that are 0 to rounding: the kinks of the norms."""
    s = svdvals(x)
    values = s.detach().numpy()
    least = max(x.shape[-2:]) * np.finfo(values.dtype).eps * np.max(values, axis=-1, keepdims=True, initial=0.0)
    return where(values > least, s, values)


def _matrix(name: str, x: Tensor, ord: Any, axes: tuple[int, int], keepdims: bool) -> Tensor:
    row, column = axes
    if ord is None or ord == "fro":
        return _vector(name, x, 2, axes, keepdims)
    orders = ("fro", "nuc", 1, -1, 2, -2, math.inf, -math.inf)
    if not any(ord == known for known in orders):
        raise ValueError(f"{name}: {ord!r} is not an order of matrix norms; choose {', '.join(map(str, orders))}")
    if ord == "nuc" or abs(ord) == 2:
        s = _counted(_transpose(x, axes=(*[i for i in range(x.ndim) if i not in axes], row, column)))
        y = s.sum(-1) if ord == "nuc" else (s.max(-1) if ord > 0 else s.min(-1))
        return expand_dims(y, tuple(sorted(axes))) if keepdims else y
    first, second = (row, column) if abs(ord) == 1 else (column, row)
    sums = absolute(x).sum(first, keepdims=True)
    y = reduction.max(sums, second, keepdims=True) if ord > 0 else reduction.min(sums, second, keepdims=True)
    return y if keepdims else y.squeeze(axes)


@public(np.linalg.norm)
def norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Return the norm of vectors or matrices.

    Parameters
    ----------
    x : Tensor or array_like
    ord : None, number, inf, -inf, "fro" or "nuc"
        For vectors: ``sum(abs(x) ** ord) ** (1 / ord)``, the limits at inf and -inf, the number of nonzeros at 0. For
        matrices: "fro" for the root of the sum of squares; "nuc" for the sum of the singular values; 2 and -2 for the
        largest and least of them; 1 and -1 for the largest and least sum of absolute values of a column, inf and -inf
        of a row. Default: 2 for vectors, "fro" for matrices.
    axis : None, int or pair of int
        The axis of the vectors, or those of the rows and columns of the matrices. None: all of `x`, which has then
        one axis or two, unless `ord` is None, too: the 2-norm of all elements.
    keepdims : bool

    Returns
    -------
    Tensor
        Its gradient is the subgradient of least norm where there are several: 0 at the origin, for every order; shared
        among elements, rows, columns or singular values that tie; none to singular values that are 0 to rounding.

    Raises
    ------
    ValueError
        If the order is unknown, or the number of axes is not one or two.

    Examples
    --------
    >>> import minigrad as mg
    >>> x = mg.Tensor([3.0, 4.0], requires_grad=True)
    >>> y = mg.linalg.norm(x)
    >>> y.item(), mg.grad(y, x)[0].tolist()
    (5.0, [0.6, 0.8])
    >>> mg.linalg.norm([[3.0, 0.0], [0.0, 4.0]], "nuc").item()
    7.0
    """
    x = asarray(x)
    if axis is None:
        axes = tuple(range(x.ndim))
        if ord is None:
            return _vector("norm", x, 2, axes, keepdims)
    else:
        axes = axes_of("norm", axis, x.ndim)
    if len(axes) == 1:
        return _vector("norm", x, 2 if ord is None else ord, axes, keepdims)
    if len(axes) != 2:
        raise ValueError(f"norm: order {ord!r} over {len(axes)} axes of a tensor of shape {x.shape}; it takes 1 or 2")
    return _matrix("norm", x, ord, (axes[0], axes[1]), keepdims)


@public(np.linalg.vector_norm)
def vector_norm(x: Any, /, *, axis: Any = None, keepdims: bool = False, ord: Any = 2) -> Tensor:
    """Return the norm over `axis`, several axes as one vector; see :func:`norm`.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.linalg.vector_norm([[1.0, -2.0], [3.0, 4.0]], ord=1)
    Tensor(10., dtype=float64)
    """
    x = asarray(x)
    return _vector("vector_norm", x, ord, axes_of("vector_norm", axis, x.ndim), keepdims)


@public(np.linalg.matrix_norm)
def matrix_norm(x: Any, /, *, keepdims: bool = False, ord: Any = "fro") -> Tensor:
    """Return the norms of matrices, which lie along the last two axes; see :func:`norm`.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.linalg.matrix_norm([[1.0, -2.0], [3.0, 4.0]], ord=1)
    Tensor(6., dtype=float64)
    """
    x = matrix("matrix_norm", x)
    return _matrix("matrix_norm", x, ord, (x.ndim - 2, x.ndim - 1), keepdims)


@public(np.linalg.cond)
def cond(x: Any, p: Any = None) -> Tensor:
    """Return the condition number of matrices: ``norm(x, p) * norm(inv(x), p)``.

    Parameters
    ----------
    x : Tensor, shape (..., m, n)
        Square, unless p is None, 2 or -2.
    p : None, 1, -1, 2, -2, inf, -inf, "fro" or "nuc"
        The order of the norm; None is 2.

    Raises
    ------
    LinAlgError
        If `x` is not made of matrices, or requires a gradient and is singular: the condition number is infinite there.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.linalg.cond([[2.0, 0.0], [0.0, 8.0]])
    Tensor(4., dtype=float64)
    """
    x = matrix("cond", x)
    if not x.requires_grad:
        return constant(np.linalg.cond(x.numpy(), p))
    if p is None or p in (2, -2):
        s = svdvals(x)
        if not bool(np.all(s.detach().numpy()[..., -1])):
            raise LinAlgError("cond: a matrix is singular: its condition number is infinite and has no gradient")
        return s[..., -1] / s[..., 0] if p == -2 else s[..., 0] / s[..., -1]
    x = square("cond", x)
    return matrix_norm(x, ord=p) * matrix_norm(inv(x), ord=p)
