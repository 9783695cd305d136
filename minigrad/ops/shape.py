"""Ops that move elements and compute nothing: all linear."""

from __future__ import annotations

import builtins
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..graph import unbroadcast
from ..kinds import linear
from ..protocol import public
from ..tensor import Tensor, asarray
from ._axes import axes_of, axis_of, shape_of
from .indexing import getitem

_reshape = linear(
    lambda x, shape: x.reshape(shape),
    lambda g, x_shape: g.reshape(x_shape),
    name="reshape",
    local=["1 (same elements, reshaped)"],
)


@public(np.reshape)
def reshape(x: Any, shape: int | Sequence[int]) -> Tensor:
    """Return the same elements in another shape; one length may be -1, to be inferred.

    Raises
    ------
    ValueError
        If the number of elements differs.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.reshape([1.0, 2.0, 3.0, 4.0], (2, -1))
    Tensor([[1., 2.],
            [3., 4.]], dtype=float64)
    """
    x = asarray(x)
    wanted = shape_of("reshape", shape)
    known = math.prod([n for n in wanted if n >= 0])
    holes = builtins.sum(n < 0 for n in wanted)
    fits = known == x.size if not holes else holes == 1 and min(wanted) == -1 and known > 0 and x.size % known == 0
    if not fits:
        raise ValueError(f"reshape: shape {x.shape} has {x.size} elements and cannot become {wanted}")
    return _reshape(x, shape=wanted)


def _reshape_method(self: Tensor, *shape: Any) -> Tensor:
    return reshape(self, shape[0] if len(shape) == 1 else shape)


Tensor.reshape = _reshape_method


@public(np.ravel, method=("ravel", "flatten"))
def ravel(x: Any) -> Tensor:
    """Return the elements as one axis, in row-major order.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.ravel([[1.0, 2.0], [3.0, 4.0]])
    Tensor([1., 2., 3., 4.], dtype=float64)
    """
    return reshape(x, (-1,) if asarray(x).size else (0,))


_transpose = linear(
    lambda x, axes: np.transpose(x, axes),
    lambda g, axes: np.transpose(g, _inverse(axes)),
    name="transpose",
    local=["1 (axes {axes})"],
)


def _inverse(axes: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(sorted(range(len(axes)), key=axes.__getitem__))


@public(np.transpose, np.permute_dims)
def transpose(x: Any, axes: Sequence[int] | None = None) -> Tensor:
    """Permute the axes; default: reverse them.

    Raises
    ------
    ValueError, IndexError
        If `axes` is not a permutation of the axes of `x`.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.transpose(mg.ones((2, 3, 4)), (1, 2, 0)).shape
    (3, 4, 2)
    """
    x = asarray(x)
    order = tuple(range(x.ndim))[::-1] if axes is None else axes_of("transpose", tuple(axes), x.ndim)
    if len(order) != x.ndim:
        raise ValueError(f"transpose: axes {order} for a tensor with {x.ndim} axes (shape {x.shape})")
    return _transpose(x, axes=order)


def _transpose_method(self: Tensor, *axes: Any) -> Tensor:
    given: Any = axes[0] if len(axes) == 1 and not isinstance(axes[0], int) else axes
    return transpose(self, given or None)


Tensor.transpose = _transpose_method
Tensor.T = property(transpose)  # type: ignore[assignment]


@public(np.swapaxes, method="swapaxes")
def swapaxes(x: Any, axis1: int, axis2: int) -> Tensor:
    """Exchange two axes.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.swapaxes(mg.ones((2, 3, 4)), 0, -1).shape
    (4, 3, 2)
    """
    x = asarray(x)
    i, j = axis_of("swapaxes", axis1, x.ndim), axis_of("swapaxes", axis2, x.ndim)
    order = list(range(x.ndim))
    order[i], order[j] = j, i
    return _transpose(x, axes=tuple(order))


def _matrix_transpose(self: Tensor) -> Tensor:
    return swapaxes(self, -1, -2)


Tensor.mT = property(_matrix_transpose)  # type: ignore[assignment]


@public(np.expand_dims)
def expand_dims(x: Any, axis: int | Sequence[int]) -> Tensor:
    """Insert axes of length 1, so that they stand at the positions `axis` of the result.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.expand_dims(mg.ones((2, 3)), (0, -1)).shape
    (1, 2, 3, 1)
    """
    x = asarray(x)
    count = len(axis) if isinstance(axis, (tuple, list)) else 1
    axes = axes_of("expand_dims", axis, x.ndim + count)
    lengths = iter(x.shape)
    return _reshape(x, shape=tuple([1 if i in axes else next(lengths) for i in range(x.ndim + count)]))


@public(np.squeeze, method="squeeze")
def squeeze(x: Any, axis: int | Sequence[int] | None = None) -> Tensor:
    """Remove axes of length 1; default: all of them.

    Raises
    ------
    ValueError
        If a named axis is longer than 1.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.squeeze(mg.ones((1, 3, 1))).shape
    (3,)
    """
    x = asarray(x)
    if axis is None:
        axes = tuple([i for i, n in enumerate(x.shape) if n == 1])
    else:
        axes = axes_of("squeeze", axis, x.ndim)
        long = [i for i in axes if x.shape[i] != 1]
        if long:
            raise ValueError(f"squeeze: axis {long[0]} of shape {x.shape} has length {x.shape[long[0]]}, not 1")
    return _reshape(x, shape=tuple([n for i, n in enumerate(x.shape) if i not in axes]))


_broadcast_to = linear(
    lambda x, shape: np.broadcast_to(x, shape),
    lambda g, x_shape: unbroadcast(g, x_shape),
    name="broadcast_to",
    local=["1 (repeated; summed on the way back)"],
)


@public(np.broadcast_to)
def broadcast_to(x: Any, shape: int | Sequence[int]) -> Tensor:
    """Repeat `x` to `shape` by NumPy's broadcasting rules; on the way back the repeats are summed.

    Raises
    ------
    ValueError
        If `x` does not broadcast to `shape`.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.broadcast_to([1.0, 2.0], (3, 2)).shape
    (3, 2)
    """
    x = asarray(x)
    wanted = shape_of("broadcast_to", shape)
    fits = len(wanted) >= x.ndim and all(m in (1, n) for m, n in zip(x.shape[::-1], wanted[::-1], strict=False))
    if not fits:
        raise ValueError(f"broadcast_to: shape {x.shape} does not broadcast to {wanted}")
    return _broadcast_to(x, shape=wanted)


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
def concatenate(arrays: Sequence[Any], axis: int | None = 0) -> Tensor:
    """Join tensors along an existing axis; ``axis=None`` flattens them first.

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
    return _concatenate(*tensors, axis=i)


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
def stack(arrays: Sequence[Any], axis: int = 0) -> Tensor:
    """Join tensors of one shape along a new axis.

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
    return _stack(*tensors, axis=axis_of("stack", axis, tensors[0].ndim + 1))


_pad = linear(
    lambda x, widths: np.pad(x, widths or 0),  # a 0-d array has no axes to pad
    lambda g, x_shape, widths: g[tuple([slice(b, b + n) for (b, _), n in zip(widths, x_shape, strict=True)])],
    name="pad",
    local=["1 (cropped on the way back)"],
)


@public(np.pad)
def pad(x: Any, pad_width: Any, mode: str = "constant", constant_values: float = 0) -> Tensor:
    """Pad each axis before and after.

    Parameters
    ----------
    x : Tensor or array_like
    pad_width : int, (before, after), or a sequence of such pairs, one per axis
    mode : {"constant", "edge", "reflect", "symmetric", "wrap"}
        As in NumPy. The modes that repeat elements add their gradients up.
    constant_values : float
        The value that mode "constant" fills in.

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
        if np.ndim(constant_values) or isinstance(constant_values, Tensor):
            raise TypeError("pad: constant_values must be one number")
        if constant_values == 0:
            return padded
        frame = np.pad(np.zeros(x.shape, x.dtype), widths or 0, constant_values=constant_values)
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


_astype = linear(
    lambda x, dtype: x.astype(dtype),
    lambda g: g,  # the sweep gives every gradient its argument's dtype
    name="astype",
    local=["1 (cast to {dtype})"],
)


@public(np.astype, method="astype")
def astype(x: Any, dtype: Any) -> Tensor:
    """Cast to another dtype; gradients flow between floating dtypes and are cast back.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.astype([1.0, 2.0], np.float32)
    Tensor([1., 2.], dtype=float32)
    """
    x = asarray(x)
    try:
        wanted = np.dtype(dtype)
    except TypeError:
        raise TypeError(f"astype: {dtype!r} is not a dtype") from None
    if wanted.kind not in "fiub":
        raise TypeError(f"astype: dtype {wanted} is not supported; use a floating, integer or boolean dtype")
    return _astype(x if wanted.kind == "f" else x.detach(), dtype=wanted)
