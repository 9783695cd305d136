"""Pseudo-inverses, and solutions of linear systems in the sense of least squares."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ..kinds import general, on_arrays
from ..protocol import public
from ..tensor import Tensor, asarray, constant
from .matrices import LinAlgError, turned
from .shape import _reshape
from .spectral import matrix, svdvals


def _pinv_rule(g: Any, a: Any, y: Any) -> Any:
    # Every product goes through the smaller size: the projections 1 - a y and 1 - y a are never built.
    gt, yt = turned(g), turned(y)
    right = (gt - a @ (y @ gt)) @ y @ yt
    left = yt @ y @ (gt - (gt @ y) @ a)
    return right + left - yt @ g @ yt


_pinv = general(
    lambda a, rtol: np.linalg.pinv(a, rtol),
    lambda g, a, y: _pinv_rule(g, a, y),
    name="pinv",
    arguments=("a",),
    local=["-yᵀ · yᵀ + (1 - a y) ·ᵀ y yᵀ + yᵀ y ·ᵀ (1 - y a)"],
)
_any_pinv = on_arrays(_pinv)


@public(np.linalg.pinv)
def pinv(a: Any, rcond: Any = None, hermitian: bool = False, *, rtol: Any = None) -> Tensor:
    """Return the Moore-Penrose pseudo-inverses of matrices.

    The gradient is that among matrices of the same rank: where the rank changes, the pseudo-inverse jumps.

    Parameters
    ----------
    a : Tensor, shape (..., m, n)
    rcond : float or array_like, optional
        Singular values up to this share of the largest count as 0; default: 1e-15, as in NumPy.
    hermitian : bool
        Only False.
    rtol : float or array_like, optional
        Another name for `rcond`.

    Raises
    ------
    LinAlgError
        If `a` is not made of matrices.
    ValueError
        If both `rcond` and `rtol` are given, or `hermitian` is set.

    References
    ----------
    G. Golub and V. Pereyra, "The differentiation of pseudo-inverses and nonlinear least squares problems whose
    variables separate", SIAM J. Numer. Anal. 10 (1973).

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.linalg.pinv([[2.0, 0.0], [0.0, 0.0], [0.0, 4.0]])
    Tensor([[0.5 , 0.  , 0.  ],
            [0.  , 0.  , 0.25]], dtype=float64)
    """
    a = matrix("pinv", a)
    if hermitian:
        raise ValueError("pinv: hermitian=True is not supported on tensors")
    if rcond is not None and rtol is not None:
        raise ValueError("pinv: rcond and rtol are the same; give one of them")
    chosen = rtol if rcond is None else rcond
    return _pinv(a, rtol=1e-15 if chosen is None else np.asarray(chosen))


def _lstsq_rules(g: Any, a: Any, b: Any, y: Any, rcond: float) -> Any:
    p = _any_pinv(a, rtol=rcond)
    h = turned(p) @ g
    return (b - a @ y) @ turned(p @ h) + (turned(p) @ y) @ turned(g - turned(a) @ h) - h @ turned(y)


_lstsq = general(
    lambda a, b, rcond: np.linalg.lstsq(a, b, rcond)[0],
    lambda g, a, b, y, rcond: _lstsq_rules(g, a, b, y, rcond),
    lambda g, a, rcond: turned(_any_pinv(a, rtol=rcond)) @ g,
    name="lstsq",
    local=["of a⁺ b in a, among matrices of one rank", "a⁺ᵀ ·"],
)


class LstsqResult(NamedTuple):
    """What :func:`lstsq` returns."""

    x: Tensor
    residuals: Tensor
    rank: int
    s: Tensor


@public(np.linalg.lstsq)
def lstsq(a: Any, b: Any, rcond: float | None = None) -> LstsqResult:
    """Return the x that makes ``‖b - a @ x‖`` least; of several, the one of least norm.

    Parameters
    ----------
    a : Tensor, shape (m, n)
    b : Tensor, shape (m,) or (m, k)
    rcond : float, optional
        Singular values up to this share of the largest count as 0; default: the precision times max(m, n).

    Returns
    -------
    LstsqResult
        ``(x, residuals, rank, s)``: the solution, of shape (n,) or (n, k); the sums of squared residuals, of shape
        (1,) or (k,), empty unless rank = n < m; the rank of `a`, an int; its singular values. Gradients flow through
        all but the rank.

    Raises
    ------
    LinAlgError
        If the shapes do not fit.

    Examples
    --------
    >>> import minigrad as mg
    >>> fit = mg.linalg.lstsq([[0.0, 1.0], [1.0, 1.0], [2.0, 1.0]], [1.0, 3.0, 5.0])
    >>> fit.x.astype("float32"), fit.rank
    (Tensor([2., 1.], dtype=float32), 2)
    """
    a, b = asarray(a), asarray(b)
    if a.ndim != 2 or b.ndim not in (1, 2) or a.shape[0] != b.shape[0]:
        raise LinAlgError(f"lstsq: expected shapes (m, n) and (m,) or (m, k), got {a.shape} and {b.shape}")
    m, n = a.shape
    dtype = np.result_type(a.dtype, b.dtype, np.float32 if a.dtype.kind == b.dtype.kind == "f" else np.float64)
    cut = float(np.finfo(dtype).eps) * max(m, n) if rcond is None else float(rcond)
    columns = b if b.ndim == 2 else _reshape(b, shape=(m, 1))
    x = _lstsq(a, columns, rcond=cut)
    s = svdvals(a)
    values = s.detach().numpy()
    rank = int(np.sum(values > cut * np.max(values, initial=0.0)))
    if rank == n < m:
        residuals = ((columns - a @ x) ** 2).sum(axis=0)
    else:
        residuals = constant(np.zeros(0, x.dtype))
    return LstsqResult(x if b.ndim == 2 else _reshape(x, shape=(n,)), residuals, rank, s)
