"""Adding at places, where repeated ones add up."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..backend import add_at
from ..kinds import linear
from ..protocol import public
from ..tensor import Tensor, asarray, constant
from ._axes import axis_of
from .indexing import _checked, scatter
from .selection import _along, _whole


def _add_at(x: Any, v: Any, index: Any) -> Any:
    out = x.astype(np.result_type(x, v))
    add_at(out, index, v)
    return out


def _picked(g: Any, index: Any, v_shape: tuple[int, ...]) -> Any:
    part = g[index]
    # NumPy lets the added values have more leading axes of length 1 than the place they are added to.
    return part.reshape((1,) * (len(v_shape) - part.ndim) + part.shape) if len(v_shape) > part.ndim else part


_index_add = linear(
    _add_at,
    lambda g: g,
    lambda g, v_shape, index: _picked(g, index, v_shape),
    name="index_add",
    arguments=("x", "v"),
    local=["1", "1 at the index"],
    joint=True,
)


def index_add(x: Any, index: Any, values: Any) -> Tensor:
    """Return a copy of `x` with `values` added at `index`; elements named several times get all of theirs.

    Parameters
    ----------
    x : Tensor or array_like
    index
        Any index that ``x[index]`` takes.
    values : Tensor or array_like
        Broadcast to the shape of ``x[index]``.

    Raises
    ------
    IndexError, ValueError
        If the index does not fit `x`, or the values do not fit the index.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.index_add([0.0, 0.0, 0.0], [0, 2, 0], [1.0, 2.0, 3.0])
    Tensor([4., 0., 2.], dtype=float64)
    """
    x, values = asarray(x), asarray(values)
    index = _checked("index_add", index, x.shape)
    place = x._data[index].shape
    try:
        return _index_add(x, values, index=index)
    except ValueError:
        raise ValueError(
            f"index_add: values of shape {values.shape} do not fit the index, which names {place} of shape {x.shape}"
        ) from None


def scatter_add(x: Any, indices: Any, values: Any, axis: int = -1) -> Tensor:
    """Return a copy of `x` with `values` added, in each line along `axis`, at `indices`; repeated ones add up.

    Raises
    ------
    IndexError, TypeError, ValueError
        If the axis or an index is out of range or not an integer, or the shapes do not fit.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.scatter_add([[0.0, 0.0]], [[1, 1, 0]], [[1.0, 2.0, 3.0]])
    Tensor([[3., 3.]], dtype=float64)
    """
    x = asarray(x)
    i = axis_of("scatter_add", axis, x.ndim)
    return index_add(x, _along("scatter_add", x, indices, i), values)


@public(np.bincount)
def bincount(x: Any, weights: Any = None, minlength: int = 0) -> Tensor:
    """Return how often each of 0, 1, 2, ... comes in `x`, or the sums of its weights; gradients flow to the weights.

    Parameters
    ----------
    x : Tensor or array_like of int
        One axis of numbers >= 0.
    weights : Tensor or array_like, optional
        Of the same length.
    minlength : int

    Raises
    ------
    ValueError, TypeError
        If `x` is not one axis of integers >= 0, or the weights have another length.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.bincount([0, 2, 2], weights=[1.0, 2.0, 3.0])
    Tensor([1., 0., 5.], dtype=float64)
    """
    numbers = _whole("bincount", x)
    if numbers.ndim != 1 or numbers.min(initial=0) < 0:
        raise ValueError(f"bincount: expected one axis of integers >= 0, got shape {numbers.shape}")
    if weights is None:
        return constant(np.bincount(numbers, minlength=minlength))
    w = asarray(weights)
    if w.shape != numbers.shape:
        raise ValueError(f"bincount: weights of shape {w.shape} for numbers of shape {numbers.shape}")
    length = max(int(numbers.max(initial=-1)) + 1, minlength)
    return scatter(w if w.dtype == np.float64 else w.astype(float), shape=(length,), index=numbers)
