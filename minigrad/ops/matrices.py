"""Inverses, linear systems and Cholesky factors of square matrices, and of stacks of them.

The rules follow M. Giles, "Collected matrix derivative results for forward and reverse mode algorithmic
differentiation" (2008), and I. Murray, "Differentiation of the Cholesky decomposition" (2016).
"""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from ..kinds import general, on_arrays
from ..protocol import public
from ..tensor import Tensor, asarray
from .creation import eye
from .linalg import matmul
from .shape import _reshape, broadcast_to, swapaxes

LinAlgError = np.linalg.LinAlgError


def turned(x: Any) -> Any:
    """Return the transposed matrices."""
    return np.swapaxes(x, -1, -2)


def square(name: str, a: Any) -> Tensor:
    """Return `a` as a tensor of square matrices.

    Raises
    ------
    LinAlgError
        If it is not.
    """
    t = asarray(a)
    if t.ndim < 2 or t.shape[-1] != t.shape[-2]:
        raise LinAlgError(f"{name}: expected square matrices, got shape {t.shape}")
    return t


def _inv_forward(a: Any) -> Any:
    try:
        return np.linalg.inv(a)
    except LinAlgError:
        raise LinAlgError(f"inv: a matrix (of shape {a.shape}) is singular and has no inverse") from None


_inv = general(
    _inv_forward,
    lambda g, y: -(turned(y) @ g @ turned(y)),
    name="inv",
    arguments=("a",),
    local=["-yᵀ · yᵀ"],
)


@public(np.linalg.inv)
def inv(a: Any) -> Tensor:
    """Return the inverses of square matrices. Local gradient: ``-yᵀ · yᵀ``.

    Raises
    ------
    LinAlgError
        If `a` is not made of square matrices, or one of them is singular.

    See Also
    --------
    solve : More exact and cheaper, where the inverse is only multiplied with something.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.linalg.inv([[2.0, 0.0], [0.0, 4.0]])
    Tensor([[0.5 , 0.  ],
            [0.  , 0.25]], dtype=float64)
    """
    return _inv(square("inv", a))


def _solve_forward(a: Any, b: Any) -> Any:
    try:
        return np.linalg.solve(a, b)
    except LinAlgError:
        raise LinAlgError(f"solve: a matrix (of shape {a.shape}) is singular") from None


_solve = general(
    _solve_forward,
    lambda g, a, y: -(any_solve(turned(a), g) @ turned(y)),
    lambda g, a: any_solve(turned(a), g),
    name="solve",
    local=["-a⁻ᵀ · yᵀ", "a⁻ᵀ ·"],
)
any_solve: Any = on_arrays(_solve)
"""The solution for matrices of right-hand sides, in rules: of arrays and of tensors."""


@public(np.linalg.solve)
def solve(a: Any, b: Any) -> Tensor:
    """Return x with ``a @ x = b``. Local gradients: ``-a⁻ᵀ · yᵀ`` for `a` and ``a⁻ᵀ ·`` for `b`.

    Parameters
    ----------
    a : Tensor, shape (..., n, n)
    b : Tensor, shape (n,) or (..., n, k)
        One right-hand side, or k of them as columns; stacks broadcast.

    Raises
    ------
    LinAlgError
        If `a` is not made of square matrices, or one of them is singular.
    ValueError
        If `b` does not fit.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.linalg.solve([[2.0, 0.0], [0.0, 4.0]], [2.0, 2.0])
    Tensor([1. , 0.5], dtype=float64)
    """
    a, b = square("solve", a), asarray(b)
    if not b.ndim or b.shape[-2 if b.ndim > 1 else -1] != a.shape[-1]:
        raise ValueError(f"solve: a right-hand side of shape {b.shape} does not fit matrices of shape {a.shape}")
    if b.ndim > 1:
        return _solve(a, b)
    y = _solve(a, _reshape(b, shape=(*b.shape, 1)))
    return _reshape(y, shape=y.shape[:-1])


def _cholesky_rule(g: Any, y: Any) -> Any:
    # Φ takes the lower triangle and half of the diagonal.
    n = y.shape[-1]
    phi = np.tri(n, dtype=y.dtype) - 0.5 * np.eye(n, dtype=y.dtype)
    middle = (turned(y) @ g) * phi
    s = any_solve(turned(y), turned(any_solve(turned(y), turned(middle))))
    return (s + turned(s)) * 0.5


def _cholesky_forward(a: Any) -> Any:
    try:
        return np.linalg.cholesky(a)
    except LinAlgError:
        raise LinAlgError(f"cholesky: a matrix (of shape {a.shape}) is not positive definite") from None


_cholesky = general(
    _cholesky_forward,
    lambda g, y: _cholesky_rule(g, y),
    name="cholesky",
    arguments=("a",),
    local=["y⁻ᵀ Φ(yᵀ ·) y⁻¹, symmetrized"],
)


@public(np.linalg.cholesky)
def cholesky(a: Any, /, *, upper: bool = False) -> Tensor:
    """Return lower triangular matrices y with ``y @ y.mT = a``, for symmetric positive definite `a`.

    The lower triangle of `a` is read and the upper one taken to equal it, as in NumPy. The gradient is symmetric:
    that along symmetric changes of `a`.

    Parameters
    ----------
    a : Tensor, shape (..., n, n)
    upper : bool
        Read the upper triangle, and return the upper factor, with ``y.mT @ y = a``.

    Raises
    ------
    LinAlgError
        If `a` is not made of square matrices, or one of them is not positive definite.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.linalg.cholesky([[4.0, 2.0], [2.0, 5.0]])
    Tensor([[2., 0.],
            [1., 2.]], dtype=float64)
    """
    a = square("cholesky", a)
    if not upper:
        return _cholesky(a)
    return swapaxes(_cholesky(swapaxes(a, -1, -2)), -1, -2)


@public(np.linalg.matrix_power)
def matrix_power(a: Any, n: Any) -> Tensor:
    """Return square matrices to the integer power `n`, by repeated squaring; of their inverses where it is negative.

    Raises
    ------
    LinAlgError
        If `a` is not made of square matrices, or one has to be inverted and is singular.
    TypeError
        If the exponent is not an integer.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.linalg.matrix_power([[1.0, 1.0], [0.0, 1.0]], 5)
    Tensor([[1., 5.],
            [0., 1.]], dtype=float64)
    """
    a = square("matrix_power", a)
    try:
        n = operator.index(n)
    except TypeError:
        raise TypeError(f"matrix_power: the exponent must be an integer, got {type(n).__name__} {n!r}") from None
    if n == 0:
        return broadcast_to(eye(a.shape[-1], dtype=a.dtype), a.shape)
    if n < 0:
        a, n = inv(a), -n
    while n % 2 == 0:
        a, n = matmul(a, a), n // 2
    result: Tensor = a
    while n > 1:
        a, n = matmul(a, a), n // 2
        if n % 2:
            result = matmul(result, a)
    return result


@public(np.linalg.matrix_transpose, np.matrix_transpose)
def matrix_transpose(x: Any, /) -> Tensor:
    """Exchange the last two axes.

    Raises
    ------
    ValueError
        If there are fewer than two.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.linalg.matrix_transpose(mg.ones((2, 3, 4))).shape
    (2, 4, 3)
    """
    x = asarray(x)
    if x.ndim < 2:
        raise ValueError(f"matrix_transpose: expected at least 2 axes, got shape {x.shape}")
    return swapaxes(x, -1, -2)
