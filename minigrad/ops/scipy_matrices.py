"""Functions of matrices that SciPy computes: the exponential, and triangular systems.

SciPy is an extra (``pip install 'minigrad[special]'``), imported at the first call.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..extras import require
from ..kinds import general, on_arrays
from ..tensor import Tensor, asarray
from .matrices import LinAlgError, square, turned
from .shape import _reshape


def _expm_forward(a: Any) -> Any:
    return require("scipy.linalg", "special", "linalg.expm").expm(a)


def _expm_rule(g: Any, a: Any) -> Any:
    # The derivative is a corner of the exponential of a block matrix: R. Mathias, "A chain rule for matrix functions
    # and applications", SIAM J. Matrix Anal. Appl. 17 (1996).
    n = a.shape[-1]
    at = turned(a)
    upper = np.concatenate([at, g], axis=-1)
    lower = np.concatenate([np.zeros_like(g), at], axis=-1)
    return _any_expm(np.concatenate([upper, lower], axis=-2))[..., :n, n:]


_expm = general(
    _expm_forward,
    lambda g, a: _expm_rule(g, a),
    name="expm",
    arguments=("a",),
    local=["∫ exp(t aᵀ) · exp((1 - t) aᵀ) dt"],
)
_any_expm = on_arrays(_expm)


def expm(A: Any) -> Tensor:
    """Return the exponentials of square matrices, as ``scipy.linalg.expm``.

    Raises
    ------
    LinAlgError
        If `A` is not made of square matrices.
    ImportError
        If SciPy is not installed.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.linalg.expm([[0.0, 2.0], [0.0, 0.0]])  # doctest: +SKIP
    Tensor([[1., 2.],
            [0., 1.]], dtype=float64)
    """
    return _expm(square("expm", A))


def _triangular_forward(a: Any, b: Any, lower: bool, unit_diagonal: bool) -> Any:
    solver = require("scipy.linalg", "special", "linalg.solve_triangular").solve_triangular
    stack = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    try:
        if not stack:
            return solver(a, b, lower=lower, unit_diagonal=unit_diagonal, check_finite=False)
        y = np.empty_like(b, shape=(*stack, *b.shape[-2:]), dtype=np.result_type(a, b))
        matrices, sides = np.broadcast_to(a, (*stack, *a.shape[-2:])), np.broadcast_to(b, y.shape)
        for i in np.ndindex(stack):
            y[i] = solver(matrices[i], sides[i], lower=lower, unit_diagonal=unit_diagonal, check_finite=False)
        return y
    except np.linalg.LinAlgError:
        raise LinAlgError(f"solve_triangular: a matrix (of shape {a.shape}) has a 0 on its diagonal") from None


def _triangular_rule(g: Any, a: Any, y: Any, lower: bool, unit_diagonal: bool) -> Any:
    h = _any_triangular(turned(a), g, lower=not lower, unit_diagonal=unit_diagonal)
    n = a.shape[-1]
    read = np.tri(n, k=-1 if unit_diagonal else 0, dtype=bool)
    return -(h @ turned(y)) * (read if lower else read.T)


_triangular = general(
    _triangular_forward,
    lambda g, a, y, lower, unit_diagonal: _triangular_rule(g, a, y, lower, unit_diagonal),
    lambda g, a, lower, unit_diagonal: _any_triangular(turned(a), g, lower=not lower, unit_diagonal=unit_diagonal),
    name="solve_triangular",
    local=["the triangle of -a⁻ᵀ · yᵀ", "a⁻ᵀ ·"],
)
_any_triangular: Any = on_arrays(_triangular)


def solve_triangular(a: Any, b: Any, trans: Any = 0, lower: bool = False, unit_diagonal: bool = False) -> Tensor:
    """Return x with ``a @ x = b``, for triangular `a`, as ``scipy.linalg.solve_triangular``.

    Parameters
    ----------
    a : Tensor, shape (..., n, n)
        The other triangle is not read, and gets the gradient 0.
    b : Tensor, shape (n,) or (..., n, k)
        One right-hand side, or k of them as columns; stacks broadcast.
    trans : {0, 1, 2, "N", "T", "C"}
        Solve with `a`, or (all but 0 and "N") with its transpose.
    lower : bool
        Read the lower triangle; default: the upper.
    unit_diagonal : bool
        Take the diagonal for ones, without reading it.

    Raises
    ------
    LinAlgError
        If `a` is not made of square matrices, or has a 0 on a diagonal.
    ValueError
        If `b` does not fit, or `trans` is unknown.
    ImportError
        If SciPy is not installed.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.linalg.solve_triangular([[2.0, 0.0], [1.0, 4.0]], [2.0, 5.0], lower=True)  # doctest: +SKIP
    Tensor([1., 1.], dtype=float64)
    """
    a, b = square("solve_triangular", a), asarray(b)
    if trans not in (0, 1, 2, "N", "T", "C"):
        raise ValueError(f"solve_triangular: trans must be 0 ('N'), 1 ('T') or 2 ('C'), got {trans!r}")
    if not b.ndim or b.shape[-2 if b.ndim > 1 else -1] != a.shape[-1]:
        raise ValueError(
            f"solve_triangular: a right-hand side of shape {b.shape} does not fit matrices of shape {a.shape}"
        )
    lower = bool(lower)
    if trans not in (0, "N"):
        a, lower = turned(a), not lower
    columns = b if b.ndim > 1 else _reshape(b, shape=(*b.shape, 1))
    y = _triangular(a, columns, lower=lower, unit_diagonal=bool(unit_diagonal))
    return y if b.ndim > 1 else _reshape(y, shape=y.shape[:-1])
