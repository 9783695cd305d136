"""Joining tensors: stacks, insertions, and what they undo."""

from __future__ import annotations

import builtins
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..kinds import linear
from ..protocol import public, values_of
from ..tensor import Tensor, asarray
from ._axes import axis_of
from .indexing import at_once
from .shape import atleast_1d, atleast_2d, atleast_3d, broadcast_to, moveaxis, ravel, reshape

_concatenate = linear(
    lambda *arrays, axis: np.concatenate(arrays, axis=axis),
    lambda g, k, shapes, axis: g[_block(k, shapes, axis)],
    name="concatenate",
    arguments=("arrays",),
    local=["1 (its block along axis {axis})"],
    variadic=True,
    joint=True,
)


def _block(k: int, shapes: tuple[tuple[int, ...], ...], axis: int) -> tuple[slice, ...]:
    start = builtins.sum(shape[axis] for shape in shapes[:k])
    return (slice(None),) * axis + (slice(start, start + shapes[k][axis]),)


def _sequence(name: str, arrays: Any) -> list[Tensor]:
    if isinstance(arrays, Tensor):
        arrays = list(arrays)
    if not isinstance(arrays, (list, tuple)):
        raise TypeError(f"{name}: expected a sequence of tensors, got {type(arrays).__name__}")
    if not arrays:
        raise ValueError(f"{name}: needs at least one tensor")
    return [asarray(a) for a in arrays]


@public(np.concatenate)
def concatenate(arrays: Sequence[Any], axis: int | None = 0, *, dtype: Any = None) -> Tensor:
    """Join tensors along an existing axis, cast to `dtype` if one is given; ``axis=None`` flattens them first.

    Raises
    ------
    ValueError
        If there are none, or their shapes differ elsewhere than along `axis`.
    IndexError
        If the axis is out of range.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.concatenate([[1.0, 2.0], [3.0]])
    Tensor([1., 2., 3.], dtype=float64)
    """
    tensors = _sequence("concatenate", arrays)
    if axis is None:
        tensors, axis = [ravel(t) for t in tensors], 0
    first = tensors[0].shape
    i = axis_of("concatenate", axis, len(first))
    for t in tensors[1:]:
        if t.ndim != len(first) or any(m != n for d, (m, n) in enumerate(zip(t.shape, first, strict=True)) if d != i):
            raise ValueError(f"concatenate: shapes {first} and {t.shape} differ elsewhere than along axis {i}")
    return asarray(_concatenate(*tensors, axis=i), dtype)


_stack = linear(
    lambda *arrays, axis: np.stack(arrays, axis=axis),
    lambda g, k, axis: g[(slice(None),) * axis + (k,)],
    name="stack",
    arguments=("arrays",),
    local=["1 (its slice of axis {axis})"],
    variadic=True,
    joint=True,
)


@public(np.stack)
def stack(arrays: Sequence[Any], axis: int = 0, *, dtype: Any = None) -> Tensor:
    """Join tensors of one shape along a new axis, cast to `dtype` if one is given.

    Raises
    ------
    ValueError
        If there are none, or their shapes differ.
    IndexError
        If the axis is out of range.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.stack([[1.0, 2.0], [3.0, 4.0]], axis=1)
    Tensor([[1., 3.],
            [2., 4.]], dtype=float64)
    """
    tensors = _sequence("stack", arrays)
    for t in tensors[1:]:
        if t.shape != tensors[0].shape:
            raise ValueError(f"stack: the shapes must be equal, got {tensors[0].shape} and {t.shape}")
    return asarray(_stack(*tensors, axis=axis_of("stack", axis, tensors[0].ndim + 1)), dtype)


def _joined(name: str, tensors: Sequence[Tensor], axis: int, dtype: Any) -> Tensor:
    """Concatenate, with errors under the name of the caller."""
    try:
        return concatenate(tensors, axis, dtype=dtype)
    except (ValueError, IndexError) as error:
        raise type(error)(str(error).replace("concatenate", name, 1)) from None


@public(np.vstack)
def vstack(tup: Sequence[Any], *, dtype: Any = None) -> Tensor:
    """Join tensors as rows: along the first axis, of which 0-d and 1-d ones get one more.

    Raises
    ------
    ValueError
        If there are none, or their shapes differ elsewhere.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.vstack([[1.0, 2.0], [3.0, 4.0]])
    Tensor([[1., 2.],
            [3., 4.]], dtype=float64)
    """
    return _joined("vstack", [atleast_2d(t) for t in _sequence("vstack", tup)], 0, dtype)


@public(np.hstack)
def hstack(tup: Sequence[Any], *, dtype: Any = None) -> Tensor:
    """Join tensors along the second axis, or along the only one.

    Raises
    ------
    ValueError
        If there are none, or their shapes differ elsewhere.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.hstack([[1.0, 2.0], [3.0]])
    Tensor([1., 2., 3.], dtype=float64)
    """
    tensors = [atleast_1d(t) for t in _sequence("hstack", tup)]
    return _joined("hstack", tensors, 0 if tensors[0].ndim == 1 else 1, dtype)


@public(np.dstack)
def dstack(tup: Sequence[Any]) -> Tensor:
    """Join tensors along the third axis, as :func:`atleast_3d` gives them one.

    Raises
    ------
    ValueError
        If there are none, or their shapes differ elsewhere.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.dstack([[1.0, 2.0], [3.0, 4.0]])
    Tensor([[[1., 3.],
             [2., 4.]]], dtype=float64)
    """
    return _joined("dstack", [atleast_3d(t) for t in _sequence("dstack", tup)], 2, None)


@public(np.column_stack)
def column_stack(tup: Sequence[Any]) -> Tensor:
    """Join tensors as columns: along the second axis, with 1-d ones as single columns.

    Raises
    ------
    ValueError
        If there are none, or their shapes differ elsewhere.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.column_stack([[1.0, 2.0], [3.0, 4.0]])
    Tensor([[1., 3.],
            [2., 4.]], dtype=float64)
    """
    tensors = _sequence("column_stack", tup)
    return _joined("column_stack", [t if t.ndim > 1 else reshape(t, (t.size, 1)) for t in tensors], 1, None)


@public(np.append)
def append(x: Any, values: Any, axis: int | None = None) -> Tensor:
    """Return `x` with `values` joined at its end along `axis`; ``axis=None`` flattens both first.

    Raises
    ------
    ValueError
        If the shapes differ elsewhere.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.append([1.0, 2.0], [[3.0], [4.0]])
    Tensor([1., 2., 3., 4.], dtype=float64)
    """
    parts = [asarray(x), asarray(values)]
    return _joined("append", parts if axis is not None else [ravel(t) for t in parts], axis or 0, None)


@public(np.delete)
def delete(x: Any, obj: Any, axis: int | None = None) -> Tensor:
    """Return `x` without the places `obj` along `axis`; ``axis=None`` flattens first.

    Parameters
    ----------
    x : Tensor or array_like
    obj : int, slice, or array of int or bool
    axis : int, optional

    Raises
    ------
    IndexError, TypeError
        If the axis or a place is out of range or not an integer.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.delete([1.0, 2.0, 3.0], 1)
    Tensor([1., 3.], dtype=float64)
    """
    x = asarray(x) if axis is not None else ravel(x)
    i = axis_of("delete", 0 if axis is None else axis, x.ndim)
    try:
        left = np.delete(np.arange(x.shape[i]), values_of(obj))
    except (IndexError, ValueError) as error:
        raise type(error)(f"delete: {error} (axis {i} of shape {x.shape})") from None
    return at_once(x, (slice(None),) * i + (left,))


@public(np.insert)
def insert(x: Any, obj: Any, values: Any, axis: int | None = None) -> Tensor:
    """Return `x` with `values` inserted before the places `obj` along `axis`; ``axis=None`` flattens first.

    Parameters
    ----------
    x : Tensor or array_like
    obj : int, slice, or array of int or bool
        Counted in `x` as it was.
    values : Tensor or array_like
        Broadcast to what is inserted; cast to the dtype of `x`.
    axis : int, optional

    Raises
    ------
    IndexError, TypeError, ValueError
        If the axis or a place is out of range or not an integer, or the values do not fit.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.insert([1.0, 2.0, 3.0], [1, 3], [9.0, 8.0])
    Tensor([1., 9., 2., 3., 8.], dtype=float64)
    """
    x = asarray(x) if axis is not None else ravel(x)
    values, obj = asarray(values), values_of(obj)
    i = axis_of("insert", 0 if axis is None else axis, x.ndim)
    n = x.shape[i]
    if np.ndim(obj) == 0 and not isinstance(obj, slice):
        # At one place, the first axis of the values lies along `axis`.
        if values.ndim < x.ndim:
            values = reshape(values, (1,) * (x.ndim - values.ndim) + values.shape)
        values = moveaxis(values, 0, i)
        count = values.shape[i]
    else:
        count = len(np.arange(n)[obj]) if isinstance(obj, slice) or np.asarray(obj).dtype == bool else np.size(obj)
    try:
        order = np.insert(np.arange(n), obj, np.arange(n, n + count))
    except (IndexError, ValueError) as error:
        raise type(error)(f"insert: {error} (axis {i} of shape {x.shape})") from None
    fitting = (*x.shape[:i], count, *x.shape[i + 1 :])
    try:
        values = broadcast_to(values, fitting)
    except ValueError:
        raise ValueError(f"insert: values of shape {values.shape} do not broadcast to {fitting}") from None
    joined = concatenate([x, asarray(values, x.dtype)], axis=i)
    return at_once(joined, (slice(None),) * i + (order,))
