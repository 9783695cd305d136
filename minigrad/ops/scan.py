"""Scans along an axis: running sums, products and extrema, the recurrence they share, and differences."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..kinds import general, linear, on_arrays
from ..protocol import accumulations, public, values_of
from ..tensor import Tensor, asarray, constant
from ._axes import axis_of
from .joining import concatenate
from .reduction import routed, sum
from .shape import broadcast_to, ravel


def _scanned(name: str, x: Any, axis: Any, dtype: Any = None) -> tuple[Tensor, int]:
    """Return the tensor to scan and its axis; None flattens."""
    x = asarray(x)
    if dtype is not None and x.dtype != dtype:
        x = x.astype(dtype)
    if axis is None:
        return ravel(x), 0
    return x, axis_of(name, axis, x.ndim)


_cumsum = linear(
    lambda x, axis: np.cumsum(x, axis=axis),
    lambda g, axis: np.flip(np.cumsum(np.flip(g, axis), axis=axis), axis),
    name="cumsum",
    local=["1 for itself and all after it along axis {axis}"],
)


@public(np.cumsum, method="cumsum")
def cumsum(x: Any, axis: int | None = None, dtype: Any = None) -> Tensor:
    """Return the running sum along `axis`; ``axis=None`` flattens first.

    The gradient is the running sum of the upstream gradient from the far end.

    Raises
    ------
    IndexError, TypeError
        If the axis is out of range or not an integer.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.cumsum([1.0, 2.0, 3.0])
    Tensor([1., 3., 6.], dtype=float64)
    """
    x, i = _scanned("cumsum", x, axis, dtype)
    y = _cumsum(x, axis=i)
    return y if dtype is None or y.dtype == dtype else y.astype(dtype)


def _sequential(a: Any, b: Any) -> Any:
    """Compute ``s[i] = a[i] s[i - 1] + b[i]`` along the first axis, step by step."""
    s = b.copy()
    for i in range(1, len(s)):
        s[i] += a[i] * s[i - 1]
    return s


def _blocked(a: Any, b: Any) -> Any:
    """Compute the same in blocks, all of them at once: about 2 √n steps in the place of n.

    A block starts from 0; what it should have started from is added afterwards, times the product of all ``a`` so far.
    """
    n, rest = len(b), b.shape[1:]
    length = math.isqrt(n)
    blocks = -(-n // length)
    fill = blocks * length - n

    def by_step(v: Any) -> Any:
        padded = np.concatenate([v, np.zeros_like(v, shape=(fill, *rest))]) if fill else v
        return np.moveaxis(padded.reshape(blocks, length, *rest), 1, 0).copy()

    s, product = by_step(b), by_step(a)
    for i in range(1, length):
        s[i] += product[i] * s[i - 1]
        product[i] *= product[i - 1]
    ends = _along_first(product[-1], s[-1])
    s[:, 1:] += product[:, 1:] * ends[:-1]
    return np.moveaxis(s, 0, 1).reshape(blocks * length, *rest)[:n]


def _along_first(a: Any, b: Any) -> Any:
    if len(b) < 64 or b[0].size >= 64:
        return _sequential(a, b)
    with np.errstate(over="ignore", invalid="ignore"):
        s = _blocked(a, b)
    # A product of many factors overflows where the recurrence itself, step by step, does not.
    return s if np.all(np.isfinite(s)) else _sequential(a, b)


def _recurrence_forward(a: Any, b: Any, axis: int, reverse: bool) -> Any:
    a, b = np.moveaxis(a, axis, 0), np.moveaxis(b, axis, 0)
    kind = np.result_type(a, b)
    a, b = a.astype(kind, copy=False), b.astype(kind, copy=False)
    s = _along_first(a[::-1], b[::-1])[::-1] if reverse else _along_first(a, b)
    return np.moveaxis(s, 0, axis)


def _shifted(v: Any, axis: int, forwards: bool) -> Any:
    """Return ``v[i - 1]`` (`forwards`) or ``v[i + 1]`` at i, and 0 at the end where there is none."""
    before = (slice(None),) * axis
    zero = np.zeros_like(v[(*before, slice(0, 1))])
    if forwards:
        return np.concatenate([zero, v[(*before, slice(0, -1))]], axis=axis)
    return np.concatenate([v[(*before, slice(1, None))], zero], axis=axis)


_recurrence = general(
    _recurrence_forward,
    lambda g, a, y, axis, reverse: _returned(g, a, axis, reverse) * _shifted(y, axis, not reverse),
    lambda g, a, axis, reverse: _returned(g, a, axis, reverse),
    name="linear_recurrence",
    local=["the value before, times the factors after it", "the product of the factors after it"],
)
_recur: Any = on_arrays(_recurrence)


def _returned(g: Any, a: Any, axis: int, reverse: bool) -> Any:
    # What comes back to b[i] is g[i], and a[i + 1] times what came back to b[i + 1]: the same recurrence, turned round.
    return _recur(_shifted(a, axis, reverse), g, axis=axis, reverse=not reverse)


def linear_recurrence(a: Any, b: Any, axis: int = -1, reverse: bool = False) -> Tensor:
    """Return s with ``s[i] = a[i] s[i - 1] + b[i]`` along `axis`, starting from ``s[-1] = 0``.

    Discounted sums, exponential averages, recursive filters and state-space models are of this form, and the
    gradients of running products and extrema. Its own gradient is such a recurrence, run in the other direction.

    Parameters
    ----------
    a, b : Tensor or array_like
        Broadcast against each other. The first factor along `axis` multiplies the 0 before the start.
    axis : int
    reverse : bool
        Run from the end: ``s[i] = a[i] s[i + 1] + b[i]``.

    Raises
    ------
    IndexError, TypeError, ValueError
        If the axis is out of range or not an integer, or the shapes do not broadcast.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.linear_recurrence(0.5, [8.0, 0.0, 0.0, 1.0])
    Tensor([8., 4., 2., 2.], dtype=float64)
    """
    a, b = asarray(a), asarray(b)
    try:
        shape = np.broadcast_shapes(a.shape, b.shape)
    except ValueError:
        raise ValueError(f"linear_recurrence: shapes {a.shape} and {b.shape} do not broadcast") from None
    i = axis_of("linear_recurrence", axis, len(shape))
    a, b = [t if t.shape == shape else broadcast_to(t, shape) for t in (a, b)]
    return _recurrence(a, b, axis=i, reverse=bool(reverse))


def _cumprod_rule(g: Any, x: Any, y: Any, axis: int) -> Any:
    # y[i - 1] times the sum of g[j] x[i + 1] ... x[j]: no division, so that zeros need no care.
    first = (slice(None),) * axis + (slice(0, 1),)
    before = np.concatenate([np.ones_like(x[first]), y[(*first[:axis], slice(0, -1))]], axis=axis)
    return before * _recur(_shifted(x, axis, False), g, axis=axis, reverse=True)


_cumprod = general(
    lambda x, axis: np.cumprod(x, axis=axis),
    _cumprod_rule,
    name="cumprod",
    local=["the product of the other elements up to each place, 0 before its own"],
)


@public(np.cumprod, method="cumprod")
def cumprod(x: Any, axis: int | None = None, dtype: Any = None) -> Tensor:
    """Return the running product along `axis`; ``axis=None`` flattens first.

    Its gradients hold at zeros, to every order: nothing is divided.

    Raises
    ------
    IndexError, TypeError
        If the axis is out of range or not an integer.

    Examples
    --------
    >>> import minigrad as mg
    >>> x = mg.Tensor([2.0, 0.0, 5.0], requires_grad=True)
    >>> mg.cumprod(x)
    Tensor([2., 0., 0.], dtype=float64, op=cumprod)
    >>> mg.grad(mg.cumprod(x).sum(), x)[0]
    Tensor([ 1., 12.,  0.], dtype=float64)
    """
    x, i = _scanned("cumprod", x, axis, dtype)
    y = _cumprod(x, axis=i)
    return y if dtype is None or y.dtype == dtype else y.astype(dtype)


def _ratio(a: Any, b: Any) -> Any:
    """Return ``exp(a - b)`` for a <= b; 1 of equal infinities."""
    same = np.isinf(b) & (a == b)
    return np.exp(np.where(same, 0.0, a) - np.where(same, 0.0, b))


def _logcumsumexp_rule(g: Any, x: Any, y: Any, axis: int) -> Any:
    # The sum of g[j] exp(x[i] - y[j]) over j >= i, as a recurrence whose factors exp(y[i] - y[i + 1]) are at most 1.
    before = (slice(None),) * axis
    inner = _ratio(y[(*before, slice(0, -1))], y[(*before, slice(1, None))])
    factors = np.concatenate([inner, np.zeros_like(y[(*before, slice(0, 1))])], axis=axis)
    infinite = np.isinf(values_of(y))
    if infinite.any():
        # Equal infinities share evenly, as in logsumexp.
        equal = [np.cumsum(values_of(x) == end, axis=axis, dtype=y.dtype) for end in (math.inf, -math.inf)]
        g = g / np.where(infinite, np.where(values_of(y) > 0, *equal), 1.0)
    return _ratio(x, y) * _recur(factors, g, axis=axis, reverse=True)


_logcumsumexp = general(
    lambda x, axis: np.logaddexp.accumulate(x, axis=axis),
    _logcumsumexp_rule,
    name="logcumsumexp",
    local=["exp(x - y), y at each place from its own on"],
)


def logcumsumexp(x: Any, axis: int | None = None) -> Tensor:
    """Return ``log(cumsum(exp(x)))`` along `axis`, without overflow; ``axis=None`` flattens first.

    Equal infinities share the gradient of a sum evenly, as in :func:`logsumexp`.

    Raises
    ------
    IndexError, TypeError
        If the axis is out of range or not an integer.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.logcumsumexp([1000.0, 1000.0])
    Tensor([1000.        , 1000.69314718], dtype=float64)
    """
    x, i = _scanned("logcumsumexp", x, axis)
    return _logcumsumexp(x if x.dtype.kind == "f" else x.astype(float), axis=i)


def _running_rule(g: Any, x: Any, y: Any, axis: int) -> Any:
    """Share each gradient evenly among the elements up to its place that attain the extremum so far."""
    if not g.size:
        return g
    x, y = [np.moveaxis(v, axis, 0) for v in (values_of(x), values_of(y))]
    hit = (x == y) | (x != x)
    same = np.zeros_like(y)  # whether the extremum at i + 1 is still that at i
    same[:-1] = (y[1:] == y[:-1]) | ((y[1:] != y[1:]) & (y[:-1] != y[:-1]))
    hits = np.cumsum(hit, axis=0)
    starts = np.concatenate([np.ones_like(y[:1], dtype=bool), same[:-1] == 0])
    sharers = hits - np.maximum.accumulate(np.where(starts, hits - 1, 0), axis=0)
    shares = g / np.moveaxis(sharers, 0, axis).astype(y.dtype)
    if np.isfinite(values_of(g)).all():
        sums = _recur(np.moveaxis(same, 0, axis), shares, axis=axis, reverse=True)
    else:
        sums = _sums_of_runs(same, shares, axis)
    return routed(sums, np.moveaxis(hit, 0, axis))


def _sums_of_runs(same: Any, shares: Any, axis: int) -> Any:
    """Compute the recurrence with factors of 0 and 1 as a selection: 0 times an infinite sum is 0."""
    shares = np.moveaxis(shares, axis, 0)
    sums = [shares[-1]]
    for i in range(len(shares) - 2, -1, -1):
        sums.append(shares[i] + np.where(same[i], sums[-1], 0.0))
    return np.moveaxis(np.stack(sums[::-1]), 0, axis)


_cummax = general(
    lambda x, axis: np.maximum.accumulate(x, axis=axis),
    _running_rule,
    name="cummax",
    local=["1 from the maximum so far (shared at ties)"],
)
_cummin = general(
    lambda x, axis: np.minimum.accumulate(x, axis=axis),
    _running_rule,
    name="cummin",
    local=["1 from the minimum so far (shared at ties)"],
)


def cummax(x: Any, axis: int | None = None) -> Tensor:
    """Return the running maximum along `axis`, as ``np.maximum.accumulate``; ``axis=None`` flattens first.

    Elements that tie for the maximum so far share the gradient evenly, as in :func:`max`.

    Raises
    ------
    IndexError, TypeError
        If the axis is out of range or not an integer.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.cummax([1.0, 3.0, 2.0, 4.0])
    Tensor([1., 3., 3., 4.], dtype=float64)
    """
    x, i = _scanned("cummax", x, axis)
    return _cummax(x, axis=i)


def cummin(x: Any, axis: int | None = None) -> Tensor:
    """Return the running minimum along `axis`, as ``np.minimum.accumulate``; its gradient is as that of :func:`cummax`.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.cummin([3.0, 1.0, 2.0, 0.0])
    Tensor([3., 1., 1., 0.], dtype=float64)
    """
    x, i = _scanned("cummin", x, axis)
    return _cummin(x, axis=i)


accumulations.update(
    {np.add: cumsum, np.multiply: cumprod, np.maximum: cummax, np.minimum: cummin, np.logaddexp: logcumsumexp}
)


@public(np.diff)
def diff(x: Any, n: int = 1, axis: int = -1, prepend: Any = None, append: Any = None) -> Tensor:
    """Return the differences of neighbours along `axis`, taken `n` times.

    Parameters
    ----------
    x : Tensor or array_like
    n : int
    axis : int
    prepend, append : Tensor or array_like, optional
        Values to put before and behind `x` first; a number stands for a slice of it.

    Raises
    ------
    ValueError
        If `n` is negative, `x` is 0-d, or a shape does not fit.
    IndexError, TypeError
        If the axis is out of range or not an integer.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.diff([1.0, 4.0, 9.0, 16.0], n=2)
    Tensor([2., 2.], dtype=float64)
    """
    x = asarray(x)
    if n < 0:
        raise ValueError(f"diff: n must not be negative, got {n}")
    if not x.ndim:
        raise ValueError("diff: a 0-d tensor has no neighbours")
    i = axis_of("diff", axis, x.ndim)
    ends = []
    for end in (prepend, append):
        end = None if end is None else asarray(end)
        slab = (*x.shape[:i], 1, *x.shape[i + 1 :])
        ends.append(broadcast_to(end, slab) if end is not None and not end.ndim else end)
    if n and any(end is not None for end in ends):
        x = concatenate([part for part in (ends[0], x, ends[1]) if part is not None], axis=i)
    before = (slice(None),) * i
    for _ in range(n):
        if x.dtype.kind == "b":
            x = constant(np.diff(x._data, axis=i))
        else:
            x = x[(*before, slice(1, None))] - x[(*before, slice(None, -1))]
    differences: Tensor = x
    return differences


@public(np.trapezoid)
def trapezoid(y: Any, x: Any = None, dx: Any = 1.0, axis: int = -1) -> Tensor:
    """Integrate along `axis` by the trapezoidal rule.

    Parameters
    ----------
    y : Tensor or array_like
    x : Tensor or array_like, optional
        The places of the values: one axis, or the shape of `y`. Gradients flow to them, too.
    dx : float
        Their distance, where `x` is not given.
    axis : int

    Raises
    ------
    IndexError, TypeError, ValueError
        If the axis is out of range or not an integer, or the shapes do not fit.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.trapezoid([1.0, 2.0, 3.0], x=[4.0, 6.0, 8.0])
    Tensor(8., dtype=float64)
    """
    y = asarray(y)
    i = axis_of("trapezoid", axis, y.ndim)
    if x is not None:
        x = asarray(x)
        if x.ndim == 1:
            if x.size != y.shape[i]:
                raise ValueError(f"trapezoid: {x.size} places for {y.shape[i]} values (axis {i} of shape {y.shape})")
            dx = diff(x)
            dx = dx.reshape((dx.size,) + (1,) * (y.ndim - i - 1))
        else:
            dx = diff(x, axis=i)
    before = (slice(None),) * i
    area: Any = dx * (y[(*before, slice(1, None))] + y[(*before, slice(None, -1))]) / 2.0
    return sum(area, axis=i)
