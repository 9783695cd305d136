"""Reductions made of others: weighted averages, ranges, and those that leave NaN out."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..kinds import general
from ..protocol import public, values_of
from ..tensor import Tensor, asarray
from ._axes import axes_of, kept_shape
from .arithmetic import where
from .reduction import Axis, extremum_tangent, max, mean, min, prod, shared, sum
from .shape import broadcast_to, reshape, transpose


@public(np.average)
def average(x: Any, axis: Axis = None, weights: Any = None, returned: bool = False, *, keepdims: bool = False) -> Any:
    """Return the weighted average over `axis`; gradients flow to the weights, too.

    Parameters
    ----------
    x : Tensor or array_like
    axis : int, tuple of int, or None
    weights : Tensor or array_like, optional
        Of the shape of `x`, or of that of its axes `axis`; default: all equal.
    returned : bool
        Also return the sum of the weights.
    keepdims : bool

    Raises
    ------
    ZeroDivisionError
        If weights add up to 0.
    ValueError, IndexError, TypeError
        If the weights do not fit, an axis is out of range, not an integer, or named twice, or nothing is averaged.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.average([1.0, 2.0, 6.0], weights=[2, 1, 1])
    Tensor(2.5, dtype=float64)
    """
    x = asarray(x)
    axes = axes_of("average", axis, x.ndim)
    if weights is None:
        y = mean(x, axes, keepdims=keepdims)
        return (y, np.full(y.shape, math.prod([x.shape[i] for i in axes]), y.dtype)) if returned else y
    w = asarray(weights)
    if w.shape != x.shape:
        along = tuple([x.shape[i] for i in axes])
        if axis is None or w.shape != along:
            wanted = f"{x.shape}" if axis is None else f"{x.shape} or {along}"
            raise ValueError(f"average: weights of shape {w.shape} do not fit; expected {wanted} (axis {axis})")
        w = transpose(w, sorted(range(len(axes)), key=axes.__getitem__)) if len(axes) > 1 else w
        w = reshape(w, [n if i in axes else 1 for i, n in enumerate(x.shape)])
    total = sum(w, axes, keepdims=keepdims)
    if (total._data == 0).any():
        raise ZeroDivisionError("average: the weights add up to 0, so there is no average")
    y = sum(x * w, axes, keepdims=keepdims) / total
    return (y, broadcast_to(total, y.shape)) if returned else y


@public(np.ptp)
def ptp(x: Any, axis: Axis = None, *, keepdims: bool = False) -> Tensor:
    """Return the largest element minus the smallest over `axis`; the gradient is that of :func:`max` and :func:`min`.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.ptp([1.0, 5.0, 3.0])
    Tensor(4., dtype=float64)
    """
    return max(x, axis, keepdims=keepdims) - min(x, axis, keepdims=keepdims)


def _without_nan(x: Any, fill: float) -> Tensor:
    x = asarray(x)
    return x if x.dtype.kind != "f" else where(np.isnan(x._data), x.dtype.type(fill), x)


@public(np.nansum)
def nansum(x: Any, axis: Axis = None, dtype: Any = None, *, keepdims: bool = False) -> Tensor:
    """Sum over `axis`, with NaN as 0; the gradient of a NaN is 0.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.nansum([1.0, float("nan"), 3.0])
    Tensor(4., dtype=float64)
    """
    return sum(_without_nan(x, 0), axis, dtype, keepdims=keepdims)


@public(np.nanprod)
def nanprod(x: Any, axis: Axis = None, dtype: Any = None, *, keepdims: bool = False) -> Tensor:
    """Multiply over `axis`, with NaN as 1; the gradient of a NaN is 0.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.nanprod([2.0, float("nan"), 3.0])
    Tensor(6., dtype=float64)
    """
    return prod(_without_nan(x, 1), axis, dtype, keepdims=keepdims)


@public(np.nanmean)
def nanmean(x: Any, axis: Axis = None, dtype: Any = None, *, keepdims: bool = False) -> Tensor:
    """Average over `axis`, leaving NaN out; where there is nothing else the result is NaN, with gradient 0.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.nanmean([1.0, float("nan"), 3.0])
    Tensor(2., dtype=float64)
    """
    x = asarray(x) if dtype is None else asarray(x).astype(dtype)
    if x.dtype.kind != "f":
        return mean(x, axis, keepdims=keepdims)
    axes = axes_of("nanmean", axis, x.ndim)
    count = np.sum(~np.isnan(x._data), axis=axes, keepdims=keepdims, dtype=x.dtype)
    return sum(_without_nan(x, 0), axes, keepdims=keepdims) / np.where(count == 0, np.nan, count)


def _share(g: Any, x: Any, y: Any, axis: tuple[int, ...]) -> Any:
    """Divide the gradient evenly among the elements that attain the extremum; a NaN attains nothing."""
    kept = kept_shape(x.shape, axis)
    return shared(g.reshape(kept), x == y.reshape(kept), axis)


def _tangent(tangents: Any, y: Any, x: Any, axis: tuple[int, ...], keepdims: bool) -> Any:
    x, y = values_of(x), values_of(y)
    return extremum_tangent(tangents[0], x == y.reshape(kept_shape(x.shape, axis)), axis, keepdims)


_nanmax = general(
    lambda x, axis, keepdims: np.fmax.reduce(x, axis=axis, keepdims=keepdims),
    _share,
    name="nanmax",
    hides=True,
    local=["1 at the maximum, 0 elsewhere (shared at ties)"],
    tangent=_tangent,
)
_nanmin = general(
    lambda x, axis, keepdims: np.fmin.reduce(x, axis=axis, keepdims=keepdims),
    _share,
    name="nanmin",
    hides=True,
    local=["1 at the minimum, 0 elsewhere (shared at ties)"],
    tangent=_tangent,
)


def _extremum(name: str, op: Any, x: Any, axis: Axis, keepdims: bool) -> Tensor:
    x = asarray(x)
    axes = axes_of(name, axis, x.ndim)
    if math.prod([x.shape[i] for i in axes]) == 0:
        raise ValueError(f"{name}: nothing to reduce: shape {x.shape} has no elements along the axes {axes}")
    y: Tensor = op(x, axis=axes, keepdims=bool(keepdims))
    return y


@public(np.nanmax)
def nanmax(x: Any, axis: Axis = None, *, keepdims: bool = False) -> Tensor:
    """Return the largest element over `axis` that is not NaN; NaN, with gradient 0, where there is none.

    Elements that tie share the gradient evenly, as in :func:`max`.

    Raises
    ------
    IndexError, TypeError, ValueError
        If an axis is out of range, not an integer, or named twice, or there are no elements.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.nanmax([1.0, float("nan"), 3.0])
    Tensor(3., dtype=float64)
    """
    return _extremum("nanmax", _nanmax, x, axis, keepdims)


@public(np.nanmin)
def nanmin(x: Any, axis: Axis = None, *, keepdims: bool = False) -> Tensor:
    """Return the smallest element over `axis` that is not NaN; see :func:`nanmax`.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.nanmin([1.0, float("nan"), 3.0])
    Tensor(1., dtype=float64)
    """
    return _extremum("nanmin", _nanmin, x, axis, keepdims)
