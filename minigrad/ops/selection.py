"""Choosing elements: by place, along an axis, by condition."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..protocol import public, values_of
from ..tensor import Tensor, asarray, constant
from . import arithmetic
from ._axes import axis_of
from .indexing import along, getitem, setitem
from .joining import stack
from .shape import broadcast_arrays, ravel, reshape


def _line(name: str, x: Any, axis: Any) -> tuple[Tensor, int]:
    x = asarray(x)
    return (ravel(x), 0) if axis is None else (x, axis_of(name, axis, x.ndim))


def _whole(name: str, indices: Any) -> Any:
    """Return an index argument as an array of integers of its own."""
    array = np.array(values_of(indices))
    if not array.size and array.dtype.kind == "f":
        return array.astype(np.intp)
    if array.dtype.kind not in "iub":
        raise TypeError(f"{name}: indices must be integers, got dtype {array.dtype}")
    return array.astype(np.intp) if array.dtype.kind == "b" else array


def _within(name: str, indices: Any, n: int, mode: str, what: str) -> Any:
    """Return `indices` from 0 to n - 1, by NumPy's modes."""
    if mode not in ("raise", "wrap", "clip"):
        raise ValueError(f"{name}: unknown mode {mode!r}; choose raise, wrap or clip")
    if not indices.size:
        return indices
    if n == 0:
        raise IndexError(f"{name}: nothing to choose from: {what} has length 0")
    if mode == "wrap":
        return indices % n
    if mode == "clip":
        return np.clip(indices, 0, n - 1)
    wrong = (indices < -n) | (indices >= n)
    if wrong.any():
        raise IndexError(f"{name}: index {indices[wrong][0]} is out of range for {what}, which has length {n}")
    return indices


@public(np.take, method="take")
def take(x: Any, indices: Any, axis: int | None = None, mode: str = "raise") -> Tensor:
    """Return the elements at `indices` along `axis`; ``axis=None`` flattens first.

    On the way back, elements that were taken several times add up.

    Parameters
    ----------
    x : Tensor or array_like
    indices : int or array_like of int
        Of any shape, which stands in the place of the axis.
    axis : int, optional
    mode : {"raise", "wrap", "clip"}
        What indices out of range do.

    Raises
    ------
    IndexError, TypeError, ValueError
        If the axis or an index is out of range or not an integer, or the mode is unknown.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.take([1.0, 2.0, 3.0], [2, 0])
    Tensor([3., 1.], dtype=float64)
    """
    x, i = _line("take", x, axis)
    places = _within("take", _whole("take", indices), x.shape[i], mode, f"axis {i} of shape {x.shape}")
    return getitem(x, (slice(None),) * i + (places if places.ndim else int(places),))


def _along(name: str, x: Tensor, indices: Any, i: int) -> tuple[Any, ...]:
    places = _whole(name, indices)
    if places.ndim != x.ndim:
        raise ValueError(f"{name}: indices of shape {places.shape} must have as many axes as the tensor, {x.shape}")
    places = _within(name, places, x.shape[i], "raise", f"axis {i} of shape {x.shape}")
    sides = [(m, n) for k, (m, n) in enumerate(zip(places.shape, x.shape, strict=True)) if k != i]
    if any(m not in (1, n) and n != 1 for m, n in sides):
        raise ValueError(f"{name}: indices of shape {places.shape} do not broadcast to {x.shape} but for axis {i}")
    return along(places, i, x.shape)


@public(np.take_along_axis)
def take_along_axis(x: Any, indices: Any, axis: int | None = -1) -> Tensor:
    """Return, in each line along `axis`, the elements at `indices`: what argsort and argmax give places for.

    Parameters
    ----------
    x : Tensor or array_like
    indices : array_like of int
        With as many axes as `x`; broadcast against it but for `axis`.
    axis : int or None
        None flattens `x` first.

    Raises
    ------
    IndexError, TypeError, ValueError
        If the axis or an index is out of range or not an integer, or the shapes do not fit.

    Examples
    --------
    >>> import minigrad as mg
    >>> x = mg.Tensor([[3.0, 1.0], [2.0, 4.0]])
    >>> mg.take_along_axis(x, x.argsort(axis=1), axis=1)
    Tensor([[1., 3.],
            [2., 4.]], dtype=float64)
    """
    x, i = _line("take_along_axis", x, axis)
    return getitem(x, _along("take_along_axis", x, indices, i))


def put_along_axis(x: Any, indices: Any, values: Any, axis: int | None) -> Tensor:
    """Return a copy of `x` in which, in each line along `axis`, the elements at `indices` are replaced by `values`.

    Unlike NumPy's, it does not write into `x`.

    Raises
    ------
    IndexError, TypeError, ValueError
        If the axis or an index is out of range or not an integer, or the shapes do not fit.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.put_along_axis([[3.0, 1.0], [2.0, 4.0]], [[0], [1]], 9.0, axis=1)
    Tensor([[9., 1.],
            [2., 9.]], dtype=float64)
    """
    whole = asarray(x)
    flat, i = _line("put_along_axis", whole, axis)
    y = setitem(flat, _along("put_along_axis", flat, indices, i), values)
    return y if axis is not None else reshape(y, whole.shape)


@public(np.where)
def where(condition: Any, a: Any = None, b: Any = None) -> Any:
    """Return the elements of `a` where `condition` holds, those of `b` elsewhere; alone, where it holds.

    The gradient goes to the chosen one; the other gets exactly 0, even where its own derivative is not finite.

    Parameters
    ----------
    condition : Tensor or array_like
    a, b : Tensor or array_like, optional
        Broadcast against each other and the condition. Without them, the places where the condition holds are
        returned, as by ``np.nonzero``.

    Raises
    ------
    ValueError
        If only one of `a` and `b` is given, or the shapes do not broadcast.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.where([True, False], [1.0, 2.0], 0.0)
    Tensor([1., 0.], dtype=float64)
    >>> mg.where([0.0, 2.0, 3.0])
    (array([1, 2]),)
    """
    if a is None and b is None:
        return np.nonzero(values_of(condition))
    if a is None or b is None:
        raise ValueError("where: give both a and b, or neither")
    return arithmetic.where(condition, a, b)


where.op = arithmetic.where.op  # type: ignore[attr-defined]


@public(np.select)
def select(condlist: Sequence[Any], choicelist: Sequence[Any], default: Any = 0) -> Tensor:
    """Return, for each element, that of the first choice whose condition holds, else `default`.

    Raises
    ------
    ValueError, TypeError
        If there are no conditions, not as many as choices, or they are not boolean.

    Examples
    --------
    >>> import minigrad as mg
    >>> x = np.array([-1.0, 0.5, 3.0])
    >>> mg.select([x < 0, x < 1], [0.0, x], 1.0)
    Tensor([0. , 0.5, 1. ], dtype=float64)
    """
    conditions = [values_of(c) for c in condlist]
    if len(conditions) != len(choicelist) or not conditions:
        raise ValueError(f"select: {len(conditions)} conditions for {len(choicelist)} choices")
    for k, c in enumerate(conditions):
        if np.asarray(c).dtype != bool:
            raise TypeError(f"select: condition {k} must be boolean, got dtype {np.asarray(c).dtype}")
    y = default
    for c, choice in zip(conditions[::-1], list(choicelist)[::-1], strict=True):
        y = arithmetic.where(c, choice, y)
    return asarray(y)


@public(np.choose, method="choose")
def choose(x: Any, choices: Any, mode: str = "raise") -> Tensor:
    """Return, for each element of the integers `x`, the element of the choice of that number.

    Parameters
    ----------
    x : Tensor or array_like of int
    choices : sequence of Tensor or array_like, or Tensor
        Broadcast against each other and `x`.
    mode : {"raise", "wrap", "clip"}
        What numbers out of range do.

    Raises
    ------
    ValueError, IndexError, TypeError
        If there are no choices, a number is out of range or no integer, or the shapes do not broadcast.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.choose([1, 0], [[1.0, 2.0], [10.0, 20.0]])
    Tensor([10.,  2.], dtype=float64)
    """
    numbers = _whole("choose", x)
    if not len(choices):
        raise ValueError("choose: there must be at least one choice")
    if mode == "raise" and (numbers < 0).any():
        raise IndexError(f"choose: number {numbers[numbers < 0][0]} is out of range for {len(choices)} choices")
    numbers = _within("choose", numbers, len(choices), mode, "the list of choices")
    broadcast = broadcast_arrays(constant(numbers), *[asarray(c) for c in choices])
    return take_along_axis(stack(broadcast[1:]), broadcast[0]._data[None], axis=0)[0]


@public(np.compress)
def compress(condition: Any, x: Any, axis: int | None = None) -> Tensor:
    """Return the slices along `axis` for which `condition` holds; ``axis=None`` flattens first.

    Raises
    ------
    ValueError, IndexError, TypeError
        If the condition is not one axis, or longer than that of `x`, or the axis is out of range or no integer.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.compress([True, False, True], [1.0, 2.0, 3.0])
    Tensor([1., 3.], dtype=float64)
    """
    x, i = _line("compress", x, axis)
    mask = np.asarray(values_of(condition)).astype(bool)
    if mask.ndim != 1:
        raise ValueError(f"compress: the condition must have one axis, got shape {mask.shape}")
    places = np.flatnonzero(mask)
    if places.size and places[-1] >= x.shape[i]:
        raise IndexError(f"compress: the condition holds at {places[-1]}, but axis {i} of {x.shape} ends before it")
    whole = np.zeros(x.shape[i], bool)
    whole[places] = True
    return getitem(x, (slice(None),) * i + (whole,))


def _compress_method(self: Tensor, condition: Any, axis: int | None = None) -> Tensor:
    return compress(condition, self, axis)


Tensor.compress = _compress_method


@public(np.extract)
def extract(condition: Any, x: Any) -> Tensor:
    """Return the elements, flattened, for which `condition` holds.

    Raises
    ------
    IndexError
        If the condition holds beyond the end of `x`.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.extract([[True, False]], [[1.0, 2.0]])
    Tensor([1.], dtype=float64)
    """
    return compress(np.ravel(values_of(condition)), x)


def masked_fill(x: Any, mask: Any, value: Any) -> Tensor:
    """Return `x` with `value` where `mask` holds, in the dtype of `x`.

    Parameters
    ----------
    x : Tensor or array_like
    mask : Tensor or array_like of bool
        Broadcast against `x`.
    value : float or Tensor

    Raises
    ------
    TypeError
        If the mask is not boolean, or a float is to be filled into integers.
    ValueError
        If the shapes do not broadcast.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.masked_fill([1.0, 2.0], [True, False], -np.inf)
    Tensor([-inf,   2.], dtype=float64)
    """
    x, mask = asarray(x), np.asarray(values_of(mask))
    if mask.dtype != bool:
        raise TypeError(f"masked_fill: the mask must be boolean, got dtype {mask.dtype}")
    value = asarray(value)
    if value.dtype.kind == "f" and x.dtype.kind != "f":
        raise TypeError(f"masked_fill: a value of dtype {value.dtype} cannot be filled into dtype {x.dtype}")
    return arithmetic.where(mask, value if value.dtype == x.dtype else value.astype(x.dtype), x)
