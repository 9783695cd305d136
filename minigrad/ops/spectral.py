"""Eigenvalues, singular values, QR, and what is built on them.

An op has one output, so those of a decomposition come packed: side by side along the last axis, for each matrix of a
stack, and are taken apart by indexing and reshaping. The rules take `g` and `y` apart in the same way.

Vectors that belong to equal values can be turned into each other, and have no derivative: where two eigenvalues or
singular values are equal (to rounding), the infinite 1 / (their difference) is taken as 0. Gradients stay finite, and
those of functions that do not depend on the choice of the vectors (such as sums over all values, or a norm) are right.

Sources: M. Giles, "Collected matrix derivative results for forward and reverse mode algorithmic differentiation"
(2008); J. Townsend, "Differentiating the singular value decomposition" (2016); M. Seeger et al., "Auto-differentiating
linear algebra" (2017).
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from ..kinds import general
from ..protocol import public
from ..tensor import Tensor, asarray
from .joining import concatenate
from .linalg import matmul
from .matrices import LinAlgError, any_solve, square, turned
from .shape import swapaxes


def _pack(*parts: Any) -> Any:
    """Return arrays of one stack side by side, the axes after the stack's flattened; `parts` are (array, axes)."""
    flat = [a.reshape((*a.shape[: a.ndim - n], math.prod(a.shape[a.ndim - n :]))) for a, n in parts]
    return np.concatenate(flat, axis=-1)


def _unpack(packed: Any, *shapes: tuple[int, ...]) -> list[Any]:
    """Return the parts, of these shapes (after the stack's), of what :func:`_pack` made: of arrays and tensors."""
    stack, start, parts = packed.shape[:-1], 0, []
    for shape in shapes:
        stop = start + math.prod(shape)
        parts.append(packed[..., start:stop].reshape((*stack, *shape)))
        start = stop
    return parts


def _tolerance(values: Any) -> Any:
    """Return the size of what counts as 0, for differences of `values` along the last axis: a constant."""
    values = values.detach().numpy() if isinstance(values, Tensor) else values
    return values.shape[-1] * np.finfo(values.dtype).eps * np.max(np.abs(values), axis=-1, initial=0.0)


def _reciprocal(x: Any, tolerance: Any) -> Any:
    """Return 1 / x, and 0 where x is 0 to rounding."""
    tied = abs(x) <= tolerance
    return (~tied) / np.where(tied, 1.0, x)


def matrix(name: str, a: Any) -> Tensor:
    """Return `a` as a tensor of matrices.

    Raises
    ------
    LinAlgError
        If it is not.
    """
    t = asarray(a)
    if t.ndim < 2:
        raise LinAlgError(f"{name}: expected matrices, got shape {t.shape}")
    return t


def _eigh_forward(a: Any, UPLO: Any) -> Any:
    w, v = np.linalg.eigh(a, UPLO)
    return _pack((w, 1), (v, 2))


def _eigh_rule(g: Any, y: Any, a_shape: tuple[int, ...]) -> Any:
    n = a_shape[-1]
    w, v = _unpack(y, (n,), (n, n))
    gw, gv = _unpack(g, (n,), (n, n))
    f = _reciprocal(w[..., None, :] - w[..., None], _tolerance(w)[..., None, None])
    middle = f * (turned(v) @ gv) + gw[..., None, :] * np.eye(n, dtype=bool)
    s = v @ middle @ turned(v)
    return (s + turned(s)) * 0.5


_eigh = general(
    _eigh_forward,
    lambda g, y, a_shape: _eigh_rule(g, y, a_shape),
    name="eigh",
    arguments=("a",),
    local=["v (diag(·) + f vᵀ ·) vᵀ, with f = 1 / (wⱼ - wᵢ)"],
)


class EighResult(NamedTuple):
    """What :func:`eigh` returns."""

    eigenvalues: Tensor
    eigenvectors: Tensor


@public(np.linalg.eigh)
def eigh(a: Any, UPLO: str = "L") -> EighResult:
    """Return the eigenvalues w, in ascending order, and the eigenvectors v of symmetric matrices.

    ``a @ v = v * w``. The gradient is symmetric: that along symmetric changes of `a`. Local gradient of the
    eigenvalue k: ``v[:, k] v[:, k]ᵀ``.

    Parameters
    ----------
    a : Tensor, shape (..., n, n)
    UPLO : {"L", "U"}
        The triangle that is read; the other is taken to equal it.

    Returns
    -------
    EighResult
        A pair ``(eigenvalues, eigenvectors)``, of shapes (..., n) and (..., n, n). The sign of each vector is as
        LAPACK chooses, and gradients are those of a smooth choice around it.

    Raises
    ------
    LinAlgError
        If `a` is not made of square matrices, or the iteration does not converge.
    ValueError
        If UPLO is neither "L" nor "U".

    Notes
    -----
    Where eigenvalues tie, gradients of functions of the eigenvalues that treat them alike are exact; the part of
    the gradient that would turn tied vectors into each other has no finite value, and is 0. So are second
    derivatives between tied pairs, even of functions where a finite one exists.

    Examples
    --------
    >>> import minigrad as mg
    >>> a = mg.Tensor([[2.0, 0.0], [0.0, 5.0]], requires_grad=True)
    >>> w, v = mg.linalg.eigh(a)
    >>> mg.grad(w[1], a)[0]
    Tensor([[0., 0.],
            [0., 1.]], dtype=float64)
    """
    a = square("eigh", a)
    if not isinstance(UPLO, str) or UPLO.upper() not in ("L", "U"):
        raise ValueError(f"eigh: UPLO must be 'L' or 'U', got {UPLO!r}")
    n = a.shape[-1]
    w, v = _unpack(_eigh(a, UPLO=UPLO.upper()), (n,), (n, n))
    return EighResult(w, v)


@public(np.linalg.eigvalsh)
def eigvalsh(a: Any, UPLO: str = "L") -> Tensor:
    """Return the eigenvalues of symmetric matrices, in ascending order; see :func:`eigh`.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.linalg.eigvalsh([[5.0, 0.0], [0.0, 2.0]])
    Tensor([2., 5.], dtype=float64)
    """
    return eigh(a, UPLO).eigenvalues


def _svd_forward(a: Any) -> Any:
    u, s, vh = np.linalg.svd(a, full_matrices=False)
    return _pack((u, 2), (s, 1), (vh, 2))


def _svd_rule(g: Any, y: Any, a_shape: tuple[int, ...]) -> Any:
    m, n = a_shape[-2:]
    k = min(m, n)
    u, s, vh = _unpack(y, (m, k), (k,), (k, n))
    gu, gs, gvh = _unpack(g, (m, k), (k,), (k, n))
    tolerance = _tolerance(s)
    left, right = turned(u) @ gu, turned(vh @ turned(gvh))
    # Written with sums and differences: what does not depend on the choice of tied vectors has p + q = 0 there, and
    # is left with the sum, which is no nearer to 0 than the values themselves.
    p, q = left - turned(left), turned(right) - right
    narrow = _reciprocal(s[..., None, :] - s[..., None], tolerance[..., None, None])
    wide = _reciprocal(s[..., None, :] + s[..., None], tolerance[..., None, None])
    middle = ((p + q) * narrow + (p - q) * wide) * 0.5 + gs[..., None, :] * np.eye(k, dtype=bool)
    inverse = _reciprocal(s, tolerance[..., None])
    total = u @ middle @ vh
    if m > k:
        total = total + ((gu - u @ left) * inverse[..., None, :]) @ vh
    if n > k:
        total = total + (u * inverse[..., None, :]) @ (gvh - right @ vh)
    return total


_svd = general(
    _svd_forward,
    lambda g, y, a_shape: _svd_rule(g, y, a_shape),
    name="svd",
    arguments=("a",),
    local=["u diag(·) vᵀ for the values"],
)


class SVDResult(NamedTuple):
    """What :func:`svd` returns."""

    U: Tensor
    S: Tensor
    Vh: Tensor


@public(np.linalg.svd)
def svd(a: Any, full_matrices: bool = True, compute_uv: bool = True, hermitian: bool = False) -> Any:
    """Return the singular value decomposition: ``a = (U * S) @ Vh``.

    Local gradient of the singular value k: ``U[:, k] Vh[k]``.

    Parameters
    ----------
    a : Tensor, shape (..., m, n)
    full_matrices : bool
        NumPy's default is True; of matrices that are not square, only False is supported: the further columns of U
        and rows of Vh are arbitrary, and have no gradient.
    compute_uv : bool
        False: return S alone.
    hermitian : bool
        Only False; see :func:`eigh` for symmetric matrices.

    Returns
    -------
    SVDResult
        ``(U, S, Vh)`` of shapes (..., m, k), (..., k) and (..., k, n), with k = min(m, n) and S in descending order.
        The common sign of a pair of vectors is as LAPACK chooses, and gradients are those of a smooth choice around
        it.

    Raises
    ------
    LinAlgError
        If `a` is not made of matrices, or the iteration does not converge.
    ValueError
        If `full_matrices` or `hermitian` is set.

    Notes
    -----
    Where singular values tie, or are 0, gradients of functions that do not depend on the choice of the vectors are
    exact; the part that would turn tied vectors into each other has no finite value, and is 0.

    Examples
    --------
    >>> import minigrad as mg
    >>> u, s, vh = mg.linalg.svd([[3.0, 0.0], [0.0, 4.0], [0.0, 0.0]], full_matrices=False)
    >>> u.shape, s.tolist(), vh.shape
    ((3, 2), [4.0, 3.0], (2, 2))
    """
    a = matrix("svd", a)
    if full_matrices and compute_uv and a.shape[-1] != a.shape[-2]:
        raise ValueError(
            "svd: full_matrices=True is not supported: the vectors that complete the bases are arbitrary and have no "
            "gradient; pass full_matrices=False"
        )
    if hermitian:
        raise ValueError("svd: hermitian=True is not supported; for symmetric matrices, see linalg.eigh")
    m, n = a.shape[-2:]
    k = min(m, n)
    u, s, vh = _unpack(_svd(a), (m, k), (k,), (k, n))
    return SVDResult(u, s, vh) if compute_uv else s


@public(np.linalg.svdvals)
def svdvals(x: Any, /) -> Tensor:
    """Return the singular values of matrices, in descending order; see :func:`svd`.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.linalg.svdvals([[3.0, 0.0], [0.0, 4.0]])
    Tensor([4., 3.], dtype=float64)
    """
    values: Tensor = svd(x, compute_uv=False)
    return values


def _qr_forward(a: Any) -> Any:
    q, r = np.linalg.qr(a)
    return _pack((q, 2), (r, 2))


def _qr_rule(g: Any, y: Any, a_shape: tuple[int, ...]) -> Any:
    m, n = a_shape[-2:]
    q, r = _unpack(y, (m, n), (n, n))
    gq, gr = _unpack(g, (m, n), (n, n))
    lower = r @ turned(gr) - turned(gq) @ q
    below = np.tri(n, k=-1, dtype=bool)
    symmetric = lower * np.tri(n, dtype=bool) + turned(lower * below)
    return turned(any_solve(r, turned(gq + q @ symmetric)))


_qr = general(
    _qr_forward,
    lambda g, y, a_shape: _qr_rule(g, y, a_shape),
    name="qr",
    arguments=("a",),
    local=["(· + q copyltu(r ·ᵀ - ·ᵀ q)) r⁻ᵀ"],
)


class QRResult(NamedTuple):
    """What :func:`qr` returns."""

    Q: Tensor
    R: Tensor


@public(np.linalg.qr)
def qr(a: Any, mode: str = "reduced") -> Any:
    """Return matrices with orthonormal columns Q, and upper triangular R, with ``Q @ R = a``.

    Parameters
    ----------
    a : Tensor, shape (..., m, n)
        Gradients need its first min(m, n) columns to be independent.
    mode : {"reduced", "r"}
        "r" returns R alone.

    Returns
    -------
    QRResult
        ``(Q, R)`` of shapes (..., m, k) and (..., k, n), with k = min(m, n).

    Raises
    ------
    LinAlgError
        If `a` is not made of matrices; in the backward pass, if the columns depend on each other.
    ValueError
        If the mode is another: "complete" adds columns that are arbitrary and have no gradient.

    Examples
    --------
    >>> import minigrad as mg
    >>> q, r = mg.linalg.qr([[3.0, 0.0], [4.0, 5.0]])
    >>> np.abs(r)
    Tensor([[5., 4.],
            [0., 3.]], dtype=float64)
    """
    a = matrix("qr", a)
    m, n = a.shape[-2:]
    if mode not in ("reduced", "r") and not (mode == "complete" and m <= n):
        raise ValueError(f"qr: mode {mode!r} is not supported on tensors; choose 'reduced' or 'r'")
    k = min(m, n)
    q, r = _unpack(_qr(a if n == k else a[..., :k]), (m, k), (k, k))
    if n > k:
        r = concatenate([r, matmul(swapaxes(q, -1, -2), a[..., k:])], axis=-1)
    return r if mode == "r" else QRResult(q, r)
