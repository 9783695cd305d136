"""Ops that repeat elements or change their order along axes: flips, rolls, tiles, borders, windows. All linear."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..arrays import operand
from ..kinds import linear, on_arrays
from ..protocol import public, values_of
from ..tensor import Tensor, asarray
from ._axes import axes_of, axis_of, shape_of
from .indexing import getitem
from .shape import broadcast_to, ravel, reshape, swapaxes

_flip = linear(
    lambda x, axis: np.flip(x, axis),
    lambda g, axis: np.flip(g, axis),
    name="flip",
    local=["1 (reversed along axis {axis})"],
)


@public(np.flip)
def flip(x: Any, axis: int | tuple[int, ...] | None = None) -> Tensor:
    """Reverse the order of elements along `axis`; default: along all.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.flip([1.0, 2.0, 3.0])
    Tensor([3., 2., 1.], dtype=float64)
    """
    x = asarray(x)
    return _flip(x, axis=axes_of("flip", axis, x.ndim))


@public(np.fliplr)
def fliplr(x: Any) -> Tensor:
    """Reverse the second axis.

    >>> import minigrad as mg
    >>> mg.fliplr([[1.0, 2.0], [3.0, 4.0]])
    Tensor([[2., 1.],
            [4., 3.]], dtype=float64)
    """
    return _flip_only("fliplr", x, 1)


@public(np.flipud)
def flipud(x: Any) -> Tensor:
    """Reverse the first axis.

    >>> import minigrad as mg
    >>> mg.flipud([[1.0, 2.0], [3.0, 4.0]])
    Tensor([[3., 4.],
            [1., 2.]], dtype=float64)
    """
    return _flip_only("flipud", x, 0)


def _flip_only(name: str, x: Any, axis: int) -> Tensor:
    x = asarray(x)
    if x.ndim <= axis:
        raise ValueError(f"{name}: needs a tensor with at least {axis + 1} axes, got shape {x.shape}")
    return _flip(x, axis=(axis,))


@public(np.rot90)
def rot90(x: Any, k: int = 1, axes: tuple[int, int] = (0, 1)) -> Tensor:
    """Turn the plane of two axes by `k` times 90 degrees, from the first towards the second.

    Raises
    ------
    ValueError, IndexError, TypeError
        If there are not two axes, or one is out of range, not an integer, or named twice.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.rot90([[1.0, 2.0], [3.0, 4.0]])
    Tensor([[2., 4.],
            [1., 3.]], dtype=float64)
    """
    x = asarray(x)
    plane = axes_of("rot90", tuple(axes), x.ndim)
    if len(plane) != 2:
        raise ValueError(f"rot90: axes must be two, got {tuple(axes)}")
    first, second = plane
    turns = k % 4
    if turns == 2:
        return _flip(x, axis=plane)
    if turns == 1:
        return swapaxes(_flip(x, axis=(second,)), first, second)
    return _flip(swapaxes(x, first, second), axis=(second,)) if turns else x


_roll = linear(
    lambda x, shift, axis: np.roll(x, shift, axis),
    lambda g, shift, axis: np.roll(g, tuple([-s for s in shift]), axis),
    name="roll",
    local=["1 (moved by {shift} along axis {axis})"],
)


@public(np.roll)
def roll(x: Any, shift: int | Sequence[int], axis: int | Sequence[int] | None = None) -> Tensor:
    """Move elements along axes, round the end; ``axis=None`` moves them through the flattened tensor.

    Parameters
    ----------
    x : Tensor or array_like
    shift : int or sequence of int
    axis : int or sequence of int, optional
        One for each shift, or several for one; an axis named twice moves by the sum.

    Raises
    ------
    ValueError, IndexError, TypeError
        If shifts and axes do not match, or an axis is out of range or not an integer.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.roll([1.0, 2.0, 3.0], 1)
    Tensor([3., 1., 2.], dtype=float64)
    """
    x = asarray(x)
    shifts = shape_of("roll", shift)
    if axis is None:
        return reshape(_roll(ravel(x), shift=(sum(shifts),), axis=(0,)), x.shape)
    axes = tuple([axis_of("roll", a, x.ndim) for a in (axis if isinstance(axis, (tuple, list)) else (axis,))])
    if len(shifts) != len(axes) and 1 not in (len(shifts), len(axes)):
        raise ValueError(f"roll: {len(shifts)} shifts {shifts} for {len(axes)} axes {axes}")
    count = max(len(shifts), len(axes)) if shifts and axes else 0
    shifts, axes = [t * count if len(t) == 1 else t[:count] for t in (shifts, axes)]
    return _roll(x, shift=shifts, axis=axes)


@public(np.tile)
def tile(x: Any, reps: int | Sequence[int]) -> Tensor:
    """Repeat the whole tensor along each axis; on the way back the repeats are summed.

    Parameters
    ----------
    x : Tensor or array_like
    reps : int or sequence of int
        How often, for the last axes; more numbers than axes make new ones in front.

    Raises
    ------
    ValueError, TypeError
        If a number is negative or not an integer.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.tile([1.0, 2.0], 2)
    Tensor([1., 2., 1., 2.], dtype=float64)
    """
    x = asarray(x)
    times = shape_of("tile", values_of(reps) if isinstance(reps, (tuple, list)) else reps)
    if any(r < 0 for r in times):
        raise ValueError(f"tile: reps must not be negative, got {reps!r}")
    times = (1,) * (x.ndim - len(times)) + times
    sides = (1,) * (len(times) - x.ndim) + x.shape
    if all(r == 1 for r in times):
        return reshape(x, sides)
    apart = reshape(x, [n for side in sides for n in (1, side)])
    wide = broadcast_to(apart, [n for pair in zip(times, sides, strict=True) for n in pair])
    return reshape(wide, [r * n for r, n in zip(times, sides, strict=True)])


@public(np.repeat, method="repeat")
def repeat(x: Any, repeats: Any, axis: int | None = None) -> Tensor:
    """Repeat each element along `axis`; ``axis=None`` flattens first. On the way back the repeats are summed.

    Parameters
    ----------
    x : Tensor or array_like
    repeats : int or sequence of int
        How often, for all elements or for each place along the axis.
    axis : int, optional

    Raises
    ------
    ValueError, IndexError, TypeError
        If the numbers do not fit the axis, are negative or no integers, or the axis is out of range or no integer.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.repeat([1.0, 2.0], [2, 3])
    Tensor([1., 1., 2., 2., 2.], dtype=float64)
    """
    x = asarray(x) if axis is not None else ravel(x)
    i = axis_of("repeat", 0 if axis is None else axis, x.ndim)
    n = x.shape[i]
    times = np.asarray(values_of(repeats))
    times = times if times.size else times.astype(np.intp)
    if times.dtype.kind not in "iub" or times.ndim > 1 or times.min(initial=0) < 0:
        raise ValueError(f"repeat: repeats must be an integer >= 0, or a sequence of them, got {repeats!r}")
    if times.size == 1:
        r = int(times.reshape(()))
        wide = broadcast_to(
            reshape(x, (*x.shape[: i + 1], 1, *x.shape[i + 1 :])), (*x.shape[: i + 1], r, *x.shape[i + 1 :])
        )
        return reshape(wide, (*x.shape[:i], n * r, *x.shape[i + 1 :]))
    if times.size != n:
        raise ValueError(f"repeat: {times.size} repeats for axis {i} of shape {x.shape}, which has length {n}")
    return getitem(x, (slice(None),) * i + (np.repeat(np.arange(n), times),))


_windows = linear(
    lambda x, size, axis: np.lib.stride_tricks.sliding_window_view(x, size, axis),
    lambda g, x_shape, axis: _add_overlaps(g, length=x_shape[axis], axis=axis),
    name="sliding_windows",
    local=["1 in every window it is in (axis {axis}; overlaps add up on the way back)"],
)


def _overlapped(x: Any, length: int, axis: int) -> Any:
    count, size = x.shape[axis], x.shape[-1]
    out = np.zeros_like(x, shape=(*x.shape[:axis], length, *x.shape[axis + 1 : -1]))
    before = (slice(None),) * axis
    if size <= count:
        for k in range(size):
            out[(*before, slice(k, k + count))] += x[..., k]
    else:
        for k in range(count):
            out[(*before, slice(k, k + size))] += np.moveaxis(x[(*before, k)], -1, axis)
    return out


_overlap_add = linear(
    _overlapped,
    lambda g, x_shape, axis: _all_windows(g, size=x_shape[-1], axis=axis),
    name="overlap_add",
    local=["1 (read in windows along axis {axis} on the way back)"],
)
_add_overlaps: Any = on_arrays(_overlap_add)
_all_windows: Any = on_arrays(_windows)


@public(np.lib.stride_tricks.sliding_window_view)
def sliding_window_view(x: Any, window_shape: int | Sequence[int], axis: int | Sequence[int] | None = None) -> Tensor:
    """Return all windows of `x`, without copying: along each axis one at every place, their own axes at the end.

    Parameters
    ----------
    x : Tensor or array_like
    window_shape : int or sequence of int
        The lengths of a window.
    axis : int or sequence of int, optional
        The axes they lie along; default: all.

    Returns
    -------
    Tensor
        Of shape ``(..., n - w + 1, ..., w)`` for an axis of length n and a window of length w.

    Raises
    ------
    ValueError, IndexError, TypeError
        If lengths and axes do not match, a window is longer than its axis, or an axis is out of range or no integer.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.sliding_window_view([1.0, 2.0, 3.0, 4.0], 3)
    Tensor([[1., 2., 3.],
            [2., 3., 4.]], dtype=float64)
    """
    x = asarray(x)
    name = "sliding_window_view"
    sizes = shape_of(name, window_shape)
    listed = range(x.ndim) if axis is None else axis if isinstance(axis, (tuple, list)) else (axis,)
    axes = [axis_of(name, a, x.ndim) for a in listed]
    if len(sizes) != len(axes):
        raise ValueError(f"{name}: window_shape {sizes} for the axes {tuple(axes)} of shape {x.shape}")
    y: Tensor = x
    for size, i in zip(sizes, axes, strict=True):
        if not 0 <= size <= y.shape[i]:
            raise ValueError(
                f"{name}: a window of {size} along axis {i} of shape {x.shape}, which has {y.shape[i]} left"
            )
        y = _windows(y, size=size, axis=i)
    return y


_pad = linear(
    lambda x, widths: np.pad(x, widths or 0),  # a 0-d array has no axes to pad
    lambda g, x_shape, widths: g[tuple([slice(b, b + n) for (b, _), n in zip(widths, x_shape, strict=True)])],
    name="pad",
    local=["1 (cropped on the way back)"],
)


@public(np.pad)
def pad(x: Any, pad_width: Any, mode: str = "constant", *, constant_values: Any = 0) -> Tensor:
    """Pad each axis before and after.

    Parameters
    ----------
    x : Tensor or array_like
    pad_width : int, (before, after), a sequence of such pairs, one per axis, or a dict of them by axis
    mode : {"constant", "edge", "reflect", "symmetric", "wrap"}
        As in NumPy. The modes that repeat elements add their gradients up.
    constant_values : number, (before, after), or a sequence of such pairs, one per axis
        What mode "constant" fills in.

    Raises
    ------
    ValueError
        If a width is negative, does not fit the axes, or the mode is unknown.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.pad([1.0, 2.0], (1, 2))
    Tensor([0., 1., 2., 0., 0.], dtype=float64)
    >>> mg.pad([1.0, 2.0, 3.0], 2, mode="reflect")
    Tensor([3., 2., 1., 2., 3., 2., 1.], dtype=float64)
    """
    x = asarray(x)
    if isinstance(pad_width, dict):
        by_axis = {axis_of("pad", axis, x.ndim): width for axis, width in pad_width.items()}
        pad_width = [np.broadcast_to(by_axis.get(axis, 0), 2) for axis in range(x.ndim)]
    try:
        array = np.broadcast_to(np.asarray(pad_width), (x.ndim, 2))
    except ValueError:
        raise ValueError(
            f"pad: pad_width {pad_width!r} does not give (before, after) for each of {x.ndim} axes"
        ) from None
    if array.size and (array.dtype.kind not in "iu" or array.min() < 0):
        raise ValueError(f"pad: pad_width must be integers >= 0, got {pad_width!r}")
    widths = tuple([(int(b), int(a)) for b, a in array])
    if mode == "constant":
        padded = _pad(x, widths=widths)
        # A tensor that requires grad raises: no gradient would reach it.
        fill = np.asarray(operand("pad", constant_values))
        if not fill.any():
            return padded
        try:
            frame = np.pad(np.zeros(x.shape, x.dtype), widths or 0, constant_values=fill)
        except ValueError:
            raise ValueError(f"pad: constant_values {constant_values!r} do not fit {x.ndim} axes") from None
        filled: Tensor = padded + frame
        return filled
    if mode not in ("edge", "reflect", "symmetric", "wrap"):
        raise ValueError(f"pad: unknown mode {mode!r}; choose constant, edge, reflect, symmetric or wrap")
    if not x.ndim:
        return asarray(x)
    try:
        places = [np.pad(np.arange(n), w, mode=mode) for n, w in zip(x.shape, widths, strict=True)]  # type: ignore[call-overload]
    except ValueError as error:
        raise ValueError(f"pad: mode {mode!r} on shape {x.shape} with widths {widths}: {error}") from None
    return getitem(x, np.ix_(*places))
