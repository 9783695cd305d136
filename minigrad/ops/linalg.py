"""Products of vectors and matrices."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..kinds import linear
from ..protocol import public
from ..tensor import Tensor, asarray


def _rows(g: Any, a_shape: tuple[int, ...], b: Any) -> Any:
    """The transpose of ``a @ b`` in `a`."""
    if b.ndim == 1:
        return g[..., None] * b
    if len(a_shape) == 1:
        return (b @ g[..., None])[..., 0]
    return g @ np.swapaxes(b, -1, -2)


def _columns(g: Any, a: Any, b_shape: tuple[int, ...]) -> Any:
    """The transpose of ``a @ b`` in `b`."""
    if a.ndim == 1:
        return g * a if len(b_shape) == 1 else a[:, None] * g[..., None, :]
    if len(b_shape) == 1:
        return np.swapaxes(a, -1, -2) @ g[..., None] if a.ndim > 2 else np.swapaxes(a, -1, -2) @ g
    return np.swapaxes(a, -1, -2) @ g


_matmul = linear(
    np.matmul,
    lambda g, a_shape, b: _rows(g, a_shape, b),
    lambda g, a, b_shape: _vector(_columns(g, a, b_shape), a, b_shape),
    name="matmul",
    local=["· bᵀ", "aᵀ ·"],
)


def _vector(g: Any, a: Any, b_shape: tuple[int, ...]) -> Any:
    # A vector times a stack of matrices: one gradient column per matrix, summed by the sweep over the leading axes.
    return g[..., 0] if len(b_shape) == 1 and a.ndim > 2 else g


@public(np.matmul, np.linalg.matmul)
def matmul(a: Any, b: Any) -> Tensor:
    """Return the matrix product ``a @ b``: of vectors, matrices, and stacks of matrices that broadcast.

    Local gradients: ``· bᵀ`` for `a` and ``aᵀ ·`` for `b`.

    Raises
    ------
    ValueError
        If an operand is 0-d, the inner sizes differ, or the stacks do not broadcast.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.matmul([[1.0, 2.0]], [[1.0, 3.0, 5.0], [2.0, 4.0, 6.0]])
    Tensor([[ 5., 11., 17.]], dtype=float64)
    """
    a, b = asarray(a), asarray(b)
    m, n = a._data.shape, b._data.shape
    if not m or not n:
        raise ValueError(f"matmul: {m} @ {n}: a 0-d operand; use * for a product with a number")
    inner = n[-2] if len(n) > 1 else n[0]
    if m[-1] != inner:
        raise ValueError(f"matmul: {m} @ {n}: inner sizes {m[-1]} and {inner} differ")
    return _matmul(a, b)


Tensor.__matmul__ = matmul
Tensor.__rmatmul__ = lambda self, other: matmul(other, self)
