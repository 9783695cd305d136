"""Diagonals of matrices and the triangles they bound."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..backend import like
from ..kinds import linear, on_arrays
from ..protocol import public
from ..tensor import Tensor, asarray
from ._axes import axis_of
from .arithmetic import where
from .reduction import sum
from .shape import ravel

_diagonal = linear(
    lambda x, offset, axis1, axis2: np.diagonal(x, offset, axis1, axis2),
    lambda g, x_shape, offset, axis1, axis2: _put(g, shape=x_shape, offset=offset, axis1=axis1, axis2=axis2),
    name="diagonal",
    local=["1 on the diagonal {offset} of the axes {axis1} and {axis2}, 0 elsewhere"],
    hides=True,
)


def _on_diagonal(x: Any, shape: tuple[int, ...], offset: int, axis1: int, axis2: int) -> Any:
    out = like(x).zeros(shape, x.dtype)
    first = np.arange(x.shape[-1])
    matrices = np.moveaxis(out, (axis1, axis2), (-2, -1))
    matrices[..., first + max(-offset, 0), first + max(offset, 0)] = x
    return out


_diag_embed = linear(
    _on_diagonal,
    lambda g, offset, axis1, axis2: np.diagonal(g, offset, axis1, axis2),
    name="diag_embed",
    local=["1 (its place on the diagonal {offset} of the axes {axis1} and {axis2})"],
)
_put: Any = on_arrays(_diag_embed)


@public(np.diagonal, method="diagonal")
def diagonal(x: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Tensor:
    """Return the diagonals of the matrices in the plane of two axes, as the last axis of the result.

    Parameters
    ----------
    x : Tensor or array_like
        With two axes or more.
    offset : int
        Of the diagonal: above the main one if positive.
    axis1, axis2 : int
        Of rows and columns.

    Raises
    ------
    ValueError, IndexError, TypeError
        If there are fewer than two axes, both are the same, or one is out of range or not an integer.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.diagonal([[1.0, 2.0], [3.0, 4.0]])
    Tensor([1., 4.], dtype=float64)
    """
    return _diagonal_of("diagonal", x, offset, axis1, axis2)


def _diagonal_of(name: str, x: Any, offset: int, axis1: int, axis2: int) -> Tensor:
    x = asarray(x)
    if x.ndim < 2:
        raise ValueError(f"{name}: needs a tensor with at least 2 axes, got shape {x.shape}")
    i, j = axis_of(name, axis1, x.ndim), axis_of(name, axis2, x.ndim)
    if i == j:
        raise ValueError(f"{name}: axis1 and axis2 are both axis {i}")
    return _diagonal(x, offset=int(offset), axis1=i, axis2=j)


def diag_embed(x: Any, offset: int = 0) -> Tensor:
    """Return square matrices with the last axis of `x` on their diagonal, and zeros elsewhere.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.diag_embed([1.0, 2.0])
    Tensor([[1., 0.],
            [0., 2.]], dtype=float64)
    >>> mg.diag_embed(mg.ones((5, 2)), 1).shape
    (5, 3, 3)
    """
    x = asarray(x)
    if not x.ndim:
        raise ValueError("diag_embed: needs a tensor with at least one axis, got a 0-d one")
    side = x.shape[-1] + abs(offset)
    shape = (*x.shape[:-1], side, side)
    return _diag_embed(x, shape=shape, offset=int(offset), axis1=x.ndim - 1, axis2=x.ndim)


@public(np.diag)
def diag(x: Any, k: int = 0) -> Tensor:
    """Return diagonal `k` of a matrix, or the square matrix with this diagonal.

    Raises
    ------
    ValueError
        If `x` has neither one axis nor two.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.diag(mg.diag([1.0, 2.0]))
    Tensor([1., 2.], dtype=float64)
    """
    x = asarray(x)
    if x.ndim not in (1, 2):
        raise ValueError(f"diag: needs a vector or a matrix, got shape {x.shape}")
    return diag_embed(x, k) if x.ndim == 1 else _diagonal_of("diag", x, k, 0, 1)


@public(np.diagflat)
def diagflat(x: Any, k: int = 0) -> Tensor:
    """Return the square matrix with all elements of `x`, flattened, on diagonal `k`.

    >>> import minigrad as mg
    >>> mg.diagflat([[1.0], [2.0]])
    Tensor([[1., 0.],
            [0., 2.]], dtype=float64)
    """
    return diag_embed(ravel(x), k)


@public(np.trace, method="trace")
def trace(x: Any, offset: int = 0, axis1: int = 0, axis2: int = 1, dtype: Any = None) -> Tensor:
    """Return the sums of the diagonals of the matrices in the plane of two axes; see :func:`diagonal`.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.trace([[1.0, 2.0], [3.0, 4.0]])
    Tensor(5., dtype=float64)
    """
    return sum(_diagonal_of("trace", x, offset, axis1, axis2), axis=-1, dtype=dtype)


def _matrices(name: str, x: Any) -> Tensor:
    matrices = asarray(x)
    if matrices.ndim < 2:
        raise ValueError(f"{name}: expected matrices, with at least 2 axes, got shape {matrices.shape}")
    return matrices


@public(np.linalg.diagonal)
def linalg_diagonal(x: Any, /, *, offset: int = 0) -> Tensor:
    """Return the diagonals of matrices along the last two axes, on a new last axis; see :func:`minigrad.diagonal`.

    Raises
    ------
    ValueError
        If there are fewer than two axes.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.linalg.diagonal(mg.ones((2, 3, 4))).shape
    (2, 3)
    """
    return _diagonal_of("diagonal", _matrices("diagonal", x), offset, -2, -1)


@public(np.linalg.trace)
def linalg_trace(x: Any, /, *, offset: int = 0, dtype: Any = None) -> Tensor:
    """Return the traces of matrices along the last two axes; see :func:`minigrad.trace`.

    Raises
    ------
    ValueError
        If there are fewer than two axes.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.linalg.trace(mg.ones((2, 3, 4)))
    Tensor([3., 3.], dtype=float64)
    """
    return trace(_matrices("trace", x), offset, -2, -1, dtype)


def _triangle(name: str, x: Any, k: int, lower: bool) -> Tensor:
    x = asarray(x)
    if not x.ndim:
        raise ValueError(f"{name}: needs a tensor with at least one axis, got a 0-d one")
    # A vector stands for a matrix whose rows are all this vector.
    mask = np.tri(x.shape[max(x.ndim - 2, 0)], x.shape[-1], k if lower else k - 1, dtype=bool)
    # A selection, and not a product with zeros: those would turn an infinity outside of the triangle into NaN.
    return where(mask if lower else ~mask, x, x.dtype.type(0))


@public(np.tril)
def tril(x: Any, k: int = 0) -> Tensor:
    """Return the lower triangles of matrices, up to diagonal `k`, with zeros above.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.tril([[1.0, 2.0], [3.0, 4.0]])
    Tensor([[1., 0.],
            [3., 4.]], dtype=float64)
    """
    return _triangle("tril", x, k, lower=True)


@public(np.triu)
def triu(x: Any, k: int = 0) -> Tensor:
    """Return the upper triangles of matrices, from diagonal `k` on, with zeros below.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.triu([[1.0, 2.0], [3.0, 4.0]])
    Tensor([[1., 2.],
            [0., 4.]], dtype=float64)
    """
    return _triangle("triu", x, k, lower=False)
