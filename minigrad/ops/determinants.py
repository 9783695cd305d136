"""Determinants of square matrices, and of stacks of them."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from ..kinds import general, on_arrays
from ..protocol import public
from ..tensor import Tensor
from .matrices import LinAlgError, square, turned

_det = general(
    np.linalg.det,
    lambda g, a: g[..., None, None] * any_cofactor(a),
    name="det",
    arguments=("a",),
    local=["cofactors of a (det(a) a⁻ᵀ)"],
)

# An inverse this well conditioned gives the cofactors to nearly full precision, many times faster than the SVD does.
_WELL_CONDITIONED = 1e3


def _without(s: Any, count: int) -> Any:
    """Return the products of all of the last axis but element i (count 1), or but i and j (count 2; 0 for i = j)."""
    zero = s == 0
    others = np.where(zero, 1.0, s)
    zeros = np.sum(zero, axis=-1, keepdims=True) - zero
    total = np.prod(others, axis=-1, keepdims=True)
    if count == 1:
        return total / others * (zeros == 0)
    left = zeros[..., None] - zero[..., None, :]
    pairs = total[..., None] / others[..., None] / others[..., None, :]
    return pairs * ((left == 0) & ~np.eye(s.shape[-1], dtype=bool))


def _orientation(u: Any, vh: Any) -> Any:
    return np.round(np.linalg.det(u) * np.linalg.det(vh))[..., None, None]


def _cofactor_forward(a: Any) -> Any:
    try:
        y = np.linalg.inv(a)
        sizes = [np.max(np.sum(np.abs(m), axis=-2), axis=-1, initial=0.0) for m in (a, y)]
        if not bool(np.any(sizes[0] * sizes[1] >= _WELL_CONDITIONED)):
            return np.linalg.det(a)[..., None, None] * turned(y)
    except LinAlgError:
        pass  # a singular matrix has cofactors, too
    u, s, vh = np.linalg.svd(a)
    return (_orientation(u, vh) * (u * _without(s, 1)[..., None, :]) @ vh).astype(a.dtype, copy=False)


_cofactor = general(
    _cofactor_forward,
    lambda g, a: _any_change(a, g),
    name="cofactor",
    arguments=("a",),
    local=["change of the cofactors along ·"],
)
any_cofactor: Any = on_arrays(_cofactor)


def _change_forward(a: Any, d: Any) -> Any:
    # In the bases of the singular vectors, cofactors change by products of all singular values but two: no division.
    u, s, vh = np.linalg.svd(a)
    e = turned(u) @ d @ turned(vh)
    p = _without(s, 2)
    diagonal = np.sum(p * np.diagonal(e, axis1=-2, axis2=-1)[..., None, :], axis=-1)
    m = diagonal[..., None] * np.eye(s.shape[-1]) - p * turned(e)
    return (_orientation(u, vh) * (u @ m @ vh)).astype(np.result_type(a, d), copy=False)


def _change_rule(g: Any, a: Any, d: Any) -> Any:
    # The third derivative of the determinant, for invertible matrices: that of det(a) (tr(k g) k - k g k)ᵀ with
    # k = a⁻¹, along d.
    k = np.linalg.inv(a)
    kg, kd = k @ g, k @ d
    tg, td = _trace(kg), _trace(kd)
    both = _trace(kg @ kd)
    m = (tg * td - both) * k - tg * (kd @ k) - td * (kg @ k) + kg @ kd @ k + kd @ kg @ k
    return np.linalg.det(a)[..., None, None] * turned(m)


def _trace(x: Any) -> Any:
    return np.sum(x * np.eye(x.shape[-1], dtype=bool), axis=(-1, -2), keepdims=True)


_change = general(
    _change_forward,
    lambda g, a, d: _change_rule(g, a, d),
    lambda g, a: _any_change(a, g),
    name="cofactor_change",
    arguments=("a", "d"),
    local=["change of the cofactors along d and ·", "change of the cofactors along ·"],
)
_any_change: Any = on_arrays(_change)


@public(np.linalg.det)
def det(a: Any) -> Tensor:
    """Return the determinants of square matrices. Local gradient: the cofactors, ``det(a) a⁻ᵀ``.

    First and second derivatives are exact at singular matrices, too; third ones need the inverse.

    Raises
    ------
    LinAlgError
        If `a` is not made of square matrices.

    Examples
    --------
    >>> import minigrad as mg
    >>> a = mg.Tensor([[2.0, 0.0], [0.0, 0.0]], requires_grad=True)
    >>> mg.grad(mg.linalg.det(a), a)[0]
    Tensor([[0., 0.],
            [0., 2.]], dtype=float64)
    """
    return _det(square("det", a))


def _slogdet_forward(a: Any) -> Any:
    sign, logabsdet = np.linalg.slogdet(a)
    return np.stack([sign, logabsdet], axis=-1)


def _slogdet_rule(g: Any, a: Any) -> Any:
    g = g[..., 1][..., None, None]
    try:
        return g * turned(np.linalg.inv(a))
    except LinAlgError:
        # log|det| of a singular matrix is -inf and has no slope: NaN, unless nothing asks for it.
        values = a.detach().numpy() if isinstance(a, Tensor) else a
        singular = (np.linalg.slogdet(values)[0] == 0)[..., None, None]
        regular = np.where(singular, np.eye(a.shape[-1], dtype=a.dtype), a)
        return np.where(singular & (g != 0), math.nan, g) * turned(np.linalg.inv(regular))


_slogdet = general(
    _slogdet_forward,
    lambda g, a: _slogdet_rule(g, a),
    name="slogdet",
    arguments=("a",),
    local=["a⁻ᵀ for the logarithm, 0 for the sign"],
)


class SlogdetResult(NamedTuple):
    """What :func:`slogdet` returns."""

    sign: Tensor
    logabsdet: Tensor


@public(np.linalg.slogdet)
def slogdet(a: Any) -> SlogdetResult:
    """Return the signs and the logarithms of the absolute values of determinants, without overflow.

    Local gradient of the logarithm: ``a⁻ᵀ``; none flows through the sign.

    Returns
    -------
    SlogdetResult
        A pair ``(sign, logabsdet)`` of tensors; (0, -inf) for a singular matrix, where the logarithm has no
        gradient: NaN, or 0 where the upstream gradient is 0.

    Raises
    ------
    LinAlgError
        If `a` is not made of square matrices.

    Examples
    --------
    >>> import minigrad as mg
    >>> sign, logabsdet = mg.linalg.slogdet(mg.eye(300) * -1e-3)
    >>> sign.item(), round(logabsdet.item(), 3)
    (1.0, -2072.327)
    """
    y = _slogdet(square("slogdet", a))
    return SlogdetResult(y[..., 0].detach(), y[..., 1])
