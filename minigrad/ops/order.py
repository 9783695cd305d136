"""Order: sorting, selection of the largest, quantiles.

Elements that are equal share the gradient of the places they fill evenly: the subgradient of least norm. So the last of
the sorted elements has the gradient of their maximum.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..backend import Once
from ..kinds import general
from ..protocol import public, values_of
from ..tensor import Tensor, asarray, constant
from ._axes import axes_of, axis_of, kept_shape, rows
from .arithmetic import where
from .indexing import _put, along, at_once, getitem
from .reduction import Axis, shared
from .shape import moveaxis, ravel


def _line(name: str, x: Any, axis: Any) -> tuple[Tensor, int]:
    x = asarray(x)
    return (ravel(x), 0) if axis is None else (x, axis_of(name, axis, x.ndim))


def _sort_forward(x: Any, axis: int) -> Any:
    order = np.argsort(x, axis=axis)
    return np.take_along_axis(x, order, axis=axis), {"order": order}


def _shared(g: Any, y: Any, axis: int) -> Any:
    """Average `g` over each run of equal numbers in the sorted `y`."""
    sorted_last = np.moveaxis(values_of(y), axis, -1)
    starts = np.ones_like(sorted_last, dtype=bool)
    starts[..., 1:] = sorted_last[..., 1:] != sorted_last[..., :-1]
    if starts.all():
        return g
    run = np.cumsum(starts.reshape(-1)) - 1
    lines = np.moveaxis(g, axis, -1)
    sums = _put(lines.reshape(-1), shape=(int(run[-1]) + 1,), index=run)
    means = (sums / np.bincount(run).astype(g.dtype))[run]
    return np.moveaxis(means.reshape(lines.shape), -1, axis)


_sort = general(
    _sort_forward,
    lambda g, y, order, axis: _put(_shared(g, y, axis), shape=g.shape, index=Once(along(order, axis, g.shape))),
    name="sort",
    residuals=["order"],
    local=["1 (its place in the order along axis {axis}; shared at ties)"],
)


@public(np.sort)
def sort(x: Any, axis: int | None = -1, kind: str | None = None, *, stable: bool | None = None) -> Tensor:
    """Return the elements in ascending order along `axis`; ``axis=None`` flattens first.

    The gradient goes back to where each element came from; equal ones share theirs evenly.

    Parameters
    ----------
    x : Tensor or array_like
    axis : int or None
    kind, stable
        As in NumPy; of no effect, since equal numbers cannot be told apart in the result or its gradient.

    Raises
    ------
    IndexError, TypeError
        If the axis is out of range or not an integer.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.sort([3.0, 1.0, 2.0])
    Tensor([1., 2., 3.], dtype=float64)
    """
    x, i = _line("sort", x, axis)
    return _sort(x, axis=i) if x.requires_grad else constant(np.sort(x._data, axis=i))


@public(np.partition)
def partition(x: Any, kth: int | Sequence[int], axis: int | None = -1) -> Tensor:
    """Return the elements with those at the places `kth` as in a sorted tensor, smaller ones before, larger behind.

    The gradient goes back to where each element came from. Which of several equal elements lands where is left open,
    and so is, unlike in :func:`sort`, which of them has the gradient.

    Raises
    ------
    ValueError, IndexError, TypeError
        If a place or the axis is out of range or not an integer.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.partition([3.0, 1.0, 2.0, 0.0], 2)[2]
    Tensor(2., dtype=float64)
    """
    x, i = _line("partition", x, axis)
    try:
        order = np.argpartition(x._data, kth, axis=i)
    except ValueError:
        raise ValueError(f"partition: kth {kth} is out of range for axis {i} of shape {x.shape}") from None
    return at_once(x, along(order, i, x.shape))


def topk(x: Any, k: int, axis: int = -1, largest: bool = True, sorted: bool = True) -> tuple[Tensor, Tensor]:
    """Return the `k` largest elements along `axis`, in descending order, and their places.

    Parameters
    ----------
    x : Tensor or array_like
    k : int
    axis : int
    largest : bool
        False for the smallest, in ascending order.
    sorted : bool
        As in PyTorch; the result is in order in any case.

    Returns
    -------
    values, indices : Tensor
        Elements equal to the last one that is chosen share the gradient evenly with it, chosen or not.

    Raises
    ------
    ValueError, IndexError, TypeError
        If there are not `k` elements, or the axis is out of range or not an integer.

    Examples
    --------
    >>> import minigrad as mg
    >>> values, places = mg.topk([3.0, 1.0, 4.0, 2.0], 2)
    >>> values, places
    (Tensor([4., 3.], dtype=float64), Tensor([2, 0], dtype=int64))
    """
    x = asarray(x)
    i = axis_of("topk", axis, x.ndim)
    n, k = x.shape[i], operator.index(k)
    if not 0 <= k <= n:
        raise ValueError(f"topk: k must be from 0 to {n}, the length of axis {i} of shape {x.shape}, got {k}")
    lines = np.moveaxis(x._data, i, -1)
    first = n - k if largest else k - 1
    order = np.argpartition(lines, first, axis=-1) if 0 < k < n else np.broadcast_to(np.arange(n), lines.shape)
    order = order[..., n - k :] if largest else order[..., :k]
    found = np.take_along_axis(lines, order, axis=-1)
    # By value, and among equals by place.
    within = np.lexsort((-order if largest else order, found), axis=-1)
    order = np.take_along_axis(order, within[..., ::-1] if largest else within, axis=-1)
    found = np.take_along_axis(lines, order, axis=-1)
    tied = False
    if k:
        beyond = (lines >= found[..., -1:]) if largest else (lines <= found[..., -1:])
        tied = bool((found[..., 1:] == found[..., :-1]).any()) or int(np.count_nonzero(beyond)) > found.size
    places = np.moveaxis(order, -1, i)
    before = (slice(None),) * i
    if x.requires_grad and tied:
        ends = slice(None, n - k - 1 if k < n else None, -1) if largest else slice(0, k)
        return getitem(_sort(x, axis=i), (*before, ends)), constant(places)
    return at_once(x, along(places, i, x.shape)), constant(places)


def _statistics_forward(x: Any, places: tuple[int, ...]) -> Any:
    # A NaN is sorted to the end: one anywhere makes every statistic NaN.
    ordered = np.partition(x, sorted({*places, x.shape[-1] - 1}), axis=-1)
    y = ordered[..., list(places)]
    return np.where(np.isnan(ordered[..., -1:]), ordered[..., -1:], y)


def _statistics_rule(g: Any, x: Any, y: Any, places: tuple[int, ...]) -> Any:
    total = 0
    for k in range(len(places)):
        one = (Ellipsis, slice(k, k + 1))
        total = total + shared(g[one], (x == y[one]) | (x != x), -1)
    return total


_order_statistics = general(
    _statistics_forward,
    _statistics_rule,
    name="order_statistics",
    local=["1 at the element of rank {places}, 0 elsewhere (shared at ties)"],
)
_FEW = 4


def _ranked(x: Tensor, places: tuple[int, ...]) -> Tensor:
    """Return the elements of the given ranks along the last axis."""
    if len(places) <= _FEW:
        return _order_statistics(x, places=places)
    ordered = sort(x)
    chosen = getitem(ordered, (Ellipsis, np.array(places)))
    nan = np.isnan(x._data).any(axis=-1, keepdims=True)
    return chosen + np.where(nan, x.dtype.type(math.nan), x.dtype.type(0)) if nan.any() else chosen


def _lines(name: str, x: Any, axis: Axis) -> tuple[Tensor, Tensor, tuple[int, ...]]:
    """Return the tensor, the tensor with `axis` as one last axis, and the axes."""
    x = asarray(x)
    axes = axes_of(name, axis, x.ndim)
    if math.prod([x.shape[i] for i in axes]) == 0:
        raise ValueError(f"{name}: nothing to reduce: shape {x.shape} has no elements along the axes {axes}")
    return x, rows(x, axes), axes


@public(np.median)
def median(x: Any, axis: Axis = None, *, keepdims: bool = False) -> Tensor:
    """Return the median over `axis`: the middle element, or the mean of the two in the middle.

    Local gradient: 1 at the middle element, 1/2 at each of two; equal elements share it evenly.

    Raises
    ------
    IndexError, TypeError, ValueError
        If an axis is out of range, not an integer, or named twice, or there are no elements.

    Examples
    --------
    >>> import minigrad as mg
    >>> x = mg.Tensor([1.0, 9.0, 2.0, 4.0], requires_grad=True)
    >>> mg.median(x)
    Tensor(3., dtype=float64, op=reshape)
    >>> mg.grad(mg.median(x), x)[0]
    Tensor([0. , 0. , 0.5, 0.5], dtype=float64)
    """
    x, lines, axes = _lines("median", x, axis)
    if x.dtype.kind != "f":
        return constant(np.median(x._data, axis=axes, keepdims=keepdims))
    n = lines.shape[-1]
    places = (n // 2,) if n % 2 else (n // 2 - 1, n // 2)
    y = _ranked(lines, places)
    y = y[..., 0] if n % 2 else y[..., 0] * 0.5 + y[..., 1] * 0.5
    return y.reshape(kept_shape(x.shape, axes) if keepdims else y.shape)


@public(np.quantile)
def quantile(x: Any, q: Any, axis: Axis = None, *, method: str = "linear", keepdims: bool = False) -> Tensor:
    """Return quantiles over `axis`.

    Each is an element, or lies between two of them that share the gradient by their distance; equal elements share it
    evenly.

    Parameters
    ----------
    x : Tensor or array_like
    q : float or array_like
        From 0 to 1; constant. Several make new axes in front.
    axis : int, tuple of int, or None
    method : str
        Any of NumPy's; "linear" interpolates between the two nearest elements.
    keepdims : bool

    Raises
    ------
    IndexError, TypeError, ValueError
        If an axis is out of range, not an integer, or named twice, there are no elements, `q` is not from 0 to 1, or
        the method is unknown.

    References
    ----------
    R. J. Hyndman and Y. Fan, Sample quantiles in statistical packages, The American Statistician 50(4), 1996.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.quantile([1.0, 2.0, 4.0, 8.0], [0.5, 0.75])
    Tensor([3., 5.], dtype=float64)
    """
    return _quantile("quantile", x, q, 1, axis, method, keepdims)


@public(np.percentile)
def percentile(x: Any, q: Any, axis: Axis = None, *, method: str = "linear", keepdims: bool = False) -> Tensor:
    """Return percentiles over `axis`: :func:`quantile` with `q` from 0 to 100.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.percentile([1.0, 2.0, 4.0, 8.0], 50)
    Tensor(3., dtype=float64)
    """
    return _quantile("percentile", x, q, 100, axis, method, keepdims)


def _quantile(name: str, x: Any, q: Any, whole: int, axis: Axis, method: str, keepdims: bool) -> Tensor:
    if isinstance(q, Tensor) and q.requires_grad:
        raise TypeError(f"{name}: no gradient flows to q; pass q.detach()")
    x, lines, axes = _lines(name, x, axis)
    q = values_of(q)
    numbers = np.asarray(q, dtype=float) / whole
    if not np.all((numbers >= 0) & (numbers <= 1)):
        raise ValueError(f"{name}: q must be from 0 to {whole}, got {q!r}")
    try:
        # The quantiles of the ranks themselves say which elements each quantile lies between, whatever the method.
        ranks = np.quantile(np.arange(lines.shape[-1], dtype=float), numbers, method=method)  # type: ignore[call-overload]
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None
    if x.dtype.kind != "f":
        return constant(np.quantile(x._data, numbers, axis=axes, method=method, keepdims=keepdims))  # type: ignore[call-overload]
    below = np.floor(ranks).astype(np.intp)
    # A Python number is weak, as in NumPy.
    kind = x.dtype if isinstance(q, (int, float)) else np.result_type(x.dtype, np.asarray(q).dtype)
    part = np.asarray(ranks - below, dtype=kind)
    above = np.where(part > 0, below + 1, below)
    places = tuple(int(p) for p in np.union1d(below, above))
    chosen = _ranked(lines, places)
    # A product for each, and not a multiple of their difference: that of two equal infinities would be NaN.
    y = chosen[..., np.searchsorted(places, below)]
    if part.any():
        # Where a quantile is an element itself, the next one has no part in it, infinite or not.
        y = y * (1 - part) + where(part > 0, chosen[..., np.searchsorted(places, above)], 0.0) * part
    else:
        y = y.astype(part.dtype)
    count = part.ndim
    y = moveaxis(y, tuple(range(y.ndim - count, y.ndim)), tuple(range(count))) if count and y.ndim > count else y
    return y.reshape(part.shape + kept_shape(x.shape, axes)) if keepdims else y


@public(np.unique)
def unique(
    x: Any,
    return_index: bool = False,
    return_inverse: bool = False,
    return_counts: bool = False,
    axis: int | None = None,
    *,
    equal_nan: bool = True,
) -> Any:
    """Return the different elements in ascending order; the gradient of each goes evenly to all that are equal to it.

    Parameters
    ----------
    x : Tensor or array_like
    return_index, return_inverse, return_counts : bool
        Also return, as constants, where each comes first, which one each element is, and how often each comes.
    axis : int, optional
        Compare whole slices; without gradient.
    equal_nan : bool
        Whether NaN are equal to each other.

    Raises
    ------
    TypeError
        If an axis is given and `x` requires grad.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.unique([3.0, 1.0, 3.0])
    Tensor([1., 3.], dtype=float64)
    """
    x = asarray(x)
    if axis is not None and x.requires_grad:
        raise TypeError("unique: no gradient flows along an axis; pass t.detach(), or take the rows by return_index")
    found, index, inverse, counts = np.unique(x._data, True, True, True, axis, equal_nan=equal_nan)
    values = constant(found)
    if x.requires_grad:
        values = at_once(sort(x, None), (np.cumsum(counts) - counts,))
    wanted = [(return_index, index), (return_inverse, inverse), (return_counts, counts)]
    extra = [constant(array) for asked, array in wanted if asked]
    return (values, *extra) if extra else values
