"""Ops that change the shape and compute nothing: all linear."""

from __future__ import annotations

import builtins
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..arrays import real_dtype
from ..graph import unbroadcast
from ..kinds import linear
from ..protocol import public
from ..tensor import Tensor, asarray
from ._axes import axes_of, axis_of, shape_of

_reshape = linear(
    lambda x, shape: x.reshape(shape),
    lambda g, x_shape: g.reshape(x_shape),
    name="reshape",
    local=["1 (same elements, reshaped)"],
)


@public(np.reshape)
def reshape(x: Any, shape: int | Sequence[int], order: str = "C") -> Tensor:
    """Return the same elements in another shape; one length may be -1, to be inferred.

    With ``order="F"``, elements are read and placed with the first index changing fastest.

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
    if order != "C":
        return transpose(_reshape(_in_order("reshape", x, order), shape=wanted[::-1]))
    return _reshape(x, shape=wanted)


def _reshape_method(self: Tensor, *shape: Any, order: str = "C") -> Tensor:
    return reshape(self, shape[0] if len(shape) == 1 else shape, order)


Tensor.reshape = _reshape_method


def _in_order(name: str, x: Any, order: str) -> Tensor:
    """Return `x`, with its axes reversed for Fortran's order."""
    if order not in ("C", "F"):
        raise ValueError(f"{name}: order must be 'C' or 'F', got {order!r}: a tensor has no layout in memory to go by")
    return asarray(x) if order == "C" else transpose(x)


@public(np.ravel, method=("ravel", "flatten"))
def ravel(x: Any, order: str = "C") -> Tensor:
    """Return the elements as one axis, in row-major order; in column-major order for ``order="F"``.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.ravel([[1.0, 2.0], [3.0, 4.0]])
    Tensor([1., 2., 3., 4.], dtype=float64)
    """
    x = _in_order("ravel", x, order)
    return _reshape(x, shape=(x.size,))


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


@public(np.moveaxis)
def moveaxis(x: Any, source: int | Sequence[int], destination: int | Sequence[int]) -> Tensor:
    """Move axes to new positions; the others keep their order.

    Raises
    ------
    ValueError, IndexError, TypeError
        If there are not as many sources as destinations, or an axis is out of range, not an integer, or named twice.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.moveaxis(mg.ones((2, 3, 4)), 0, -1).shape
    (3, 4, 2)
    """
    x = asarray(x)
    start = axes_of("moveaxis", source if isinstance(source, int) else tuple(source), x.ndim)
    end = axes_of("moveaxis", destination if isinstance(destination, int) else tuple(destination), x.ndim)
    if len(start) != len(end):
        raise ValueError(
            f"moveaxis: {len(start)} axes cannot be moved to {len(end)} places ({source} to {destination})"
        )
    order = [i for i in range(x.ndim) if i not in start]
    for place, axis in sorted(zip(end, start, strict=True)):
        order.insert(place, axis)
    return _transpose(x, axes=tuple(order))


@public(np.rollaxis)
def rollaxis(x: Any, axis: int, start: int = 0) -> Tensor:
    """Move `axis` to stand before the axis `start`; :func:`moveaxis` says the same more plainly.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.rollaxis(mg.ones((2, 3, 4)), 2).shape
    (4, 2, 3)
    """
    x = asarray(x)
    i, place = axis_of("rollaxis", axis, x.ndim), start + x.ndim if start < 0 else start
    if not 0 <= place <= x.ndim:
        raise IndexError(f"rollaxis: start {start} is out of range for a tensor with {x.ndim} axes")
    order = [k for k in range(x.ndim) if k != i]
    order.insert(place - (i < place), i)
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


@public(np.broadcast_arrays)
def broadcast_arrays(*arrays: Any) -> tuple[Tensor, ...]:
    """Broadcast tensors against each other.

    Raises
    ------
    ValueError
        If the shapes do not broadcast.

    Examples
    --------
    >>> import minigrad as mg
    >>> [t.shape for t in mg.broadcast_arrays(mg.ones((3, 1)), mg.ones(4))]
    [(3, 4), (3, 4)]
    """
    tensors = [asarray(a) for a in arrays]
    try:
        shape = np.broadcast_shapes(*[t.shape for t in tensors])
    except ValueError:
        shapes = ", ".join(str(t.shape) for t in tensors)
        raise ValueError(f"broadcast_arrays: shapes {shapes} do not broadcast") from None
    return tuple([t if t.shape == shape else _broadcast_to(t, shape=shape) for t in tensors])


@public(np.meshgrid)
def meshgrid(*xi: Any, copy: bool = True, sparse: bool = False, indexing: str = "xy") -> tuple[Tensor, ...]:
    """Return the coordinates of a grid, from one-dimensional coordinates along each of its axes.

    Parameters
    ----------
    *xi : Tensor or array_like
        0-d or 1-d.
    copy : bool
        Of no effect: the results are tensors like all others.
    sparse : bool
        Leave the other axes at length 1, for broadcasting.
    indexing : {"xy", "ij"}
        Whether the first coordinate runs along the second axis ("xy") or the first.

    Raises
    ------
    ValueError
        If `indexing` is unknown, or coordinates have more than one axis.

    Examples
    --------
    >>> import minigrad as mg
    >>> x, y = mg.meshgrid([1.0, 2.0, 3.0], [10.0, 20.0])
    >>> x + y
    Tensor([[11., 12., 13.],
            [21., 22., 23.]], dtype=float64)
    """
    if indexing not in ("xy", "ij"):
        raise ValueError(f"meshgrid: indexing must be 'xy' or 'ij', got {indexing!r}")
    tensors = [asarray(x) for x in xi]
    grids = []
    for k, t in enumerate(tensors):
        if t.ndim > 1:
            raise ValueError(f"meshgrid: coordinates have one axis; argument {k} has shape {t.shape}")
        place = 1 - k if indexing == "xy" and len(xi) > 1 and k < 2 else k
        grids.append(_reshape(t, shape=tuple([t.size if i == place else 1 for i in range(len(xi))])))
    return tuple(grids) if sparse else broadcast_arrays(*grids)


def _at_least(name: str, arrays: tuple[Any, ...], shape_for: Any) -> Any:
    tensors = []
    for a in arrays:
        t = asarray(a)
        shape = shape_for(t.shape)
        tensors.append(t if shape == t.shape else _reshape(t, shape=shape))
    return tensors[0] if len(tensors) == 1 else tuple(tensors)


@public(np.atleast_1d)
def atleast_1d(*arrays: Any) -> Any:
    """Give each tensor at least one axis; one tensor is returned as itself, several as a tuple.

    >>> import minigrad as mg
    >>> mg.atleast_1d(3.0)
    Tensor([3.], dtype=float64)
    """
    return _at_least("atleast_1d", arrays, lambda s: s or (1,))


@public(np.atleast_2d)
def atleast_2d(*arrays: Any) -> Any:
    """Give each tensor at least two axes, the new ones in front.

    >>> import minigrad as mg
    >>> mg.atleast_2d([1.0, 2.0]).shape
    (1, 2)
    """
    return _at_least("atleast_2d", arrays, lambda s: (1,) * (2 - len(s)) + s)


@public(np.atleast_3d)
def atleast_3d(*arrays: Any) -> Any:
    """Give each tensor at least three axes: (n,) becomes (1, n, 1), and (m, n) becomes (m, n, 1).

    >>> import minigrad as mg
    >>> mg.atleast_3d([1.0, 2.0]).shape
    (1, 2, 1)
    """
    return _at_least(
        "atleast_3d", arrays, lambda s: s if len(s) > 2 else ((1, 1, *s, 1)[-3:] if len(s) < 2 else (*s, 1))
    )


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
    wanted = real_dtype("astype", float if dtype is None else dtype)
    return _astype(x if wanted.kind == "f" else x.detach(), dtype=wanted)
