"""Reading and writing by index: every basic and advanced index that NumPy accepts."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..backend import Once, Scattered, names_once, scatter_add
from ..kinds import linear, on_arrays
from ..mode import is_grad_enabled
from ..protocol import values_of
from ..tensor import Tensor, asarray

_getitem = linear(
    lambda x, index: x[index],
    lambda g, x_shape, index: _back(g, x_shape, index),
    name="getitem",
    local=["1 at the index (scattered into zeros on the way back)"],
    hides=True,
)

scatter = linear(
    lambda x, shape, index: scatter_add(x, shape, index),
    lambda g, index: g[index],
    name="scatter",
    local=["1 (gathered on the way back)"],
)
_put: Any = on_arrays(scatter)


def _back(g: Any, shape: tuple[int, ...], index: Any) -> Any:
    return _put(g, shape=shape, index=index) if isinstance(g, Tensor) else Scattered(g, shape, index)


def _listed(index: list[Any]) -> Any:
    array = np.asarray(index)
    return array if array.size else array.astype(np.intp)


def _checked(name: str, index: Any, shape: tuple[int, ...]) -> Any:
    """Return `index` with tensors as arrays, its arrays copied so that later writes cannot change the gradient."""
    if isinstance(index, list):
        index = _listed([values_of(i) for i in index])
    parts = index if isinstance(index, tuple) else (index,)
    checked = []
    for part in parts:
        part = part._data if isinstance(part, Tensor) else part
        if isinstance(part, list):
            part = _listed(part)
        if isinstance(part, np.ndarray):
            if part.dtype.kind not in "iub":
                raise IndexError(f"{name}: an index array must be integers or booleans, got dtype {part.dtype}")
            part = part.copy()
        elif isinstance(part, float):
            raise IndexError(f"{name}: an index must be an integer, got {part!r}")
        checked.append(part)
    return tuple(checked) if isinstance(index, tuple) else checked[0]


def getitem(x: Tensor, index: Any) -> Tensor:
    """Return ``x[index]``, for integers, slices, Ellipsis, None, boolean and integer arrays.

    Local gradient: 1 at the chosen elements. On the way back the gradient is scattered into zeros; elements chosen
    several times add up.

    Raises
    ------
    IndexError
        If the index does not fit the shape.

    Examples
    --------
    >>> import minigrad as mg
    >>> x = mg.Tensor([1.0, 2.0, 3.0], requires_grad=True)
    >>> x[[0, 2, 0]].sum().backward()
    >>> x.grad
    Tensor([2., 0., 1.], dtype=float64)
    """
    index = _checked("getitem", index, x.shape)
    return _getitem(x, index=index)


def at_once(x: Tensor, index: tuple[Any, ...]) -> Tensor:
    """Return ``x[index]`` for an index of the library's own that holds arrays and names no element twice."""
    return _getitem(x, index=Once(index))


def along(indices: Any, axis: int, shape: tuple[int, ...]) -> tuple[Any, ...]:
    """Return the index that picks, in each line along `axis` of an array of `shape`, the places `indices`."""
    ndim = len(shape)
    return tuple(
        [
            indices if i == axis else np.arange(n).reshape((1,) * i + (n,) + (1,) * (ndim - i - 1))
            for i, n in enumerate(shape)
        ]
    )


def _set_forward(x: Any, v: Any, index: Any) -> Any:
    out = x.copy()
    out[index] = v
    return out


def _taken(g: Any, index: Any, v_shape: tuple[int, ...]) -> Any:
    """Return the part of `g` that belongs to the written values: where an element was written twice, the last one."""
    part = g[index]
    if not names_once(index):
        order = np.arange(g.size).reshape(g.shape)
        picked = order[index]
        final = np.empty(g.size, np.intp)
        numbers = np.arange(picked.size).reshape(picked.shape)
        final[picked] = numbers
        part = np.where(final[picked] == numbers, part, 0.0)
    # NumPy lets the written values have more leading axes of length 1 than the place they are written to.
    return part.reshape((1,) * (len(v_shape) - part.ndim) + part.shape) if len(v_shape) > part.ndim else part


_setitem = linear(
    _set_forward,
    lambda g, index: _overwritten(g, 0.0, index=index),
    lambda g, v_shape, index: _taken(g, index, v_shape),
    name="setitem",
    arguments=("x", "v"),
    local=["1 except at the index", "1 at the index"],
    joint=True,
    hides=True,
)


_overwritten: Any = on_arrays(_setitem)


def setitem(x: Any, index: Any, value: Any) -> Tensor:
    """Return a copy of `x` in which the elements at `index` are replaced by `value`.

    ``x[index] = value`` on a tensor gives `x` this result: arrays that an earlier op saved stay as they were.

    Raises
    ------
    IndexError, ValueError
        If the index does not fit `x`, or the value does not fit the index.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.setitem([1.0, 2.0, 3.0], slice(1, None), 0.0)
    Tensor([1., 0., 0.], dtype=float64)
    """
    x = asarray(x)
    value = asarray(value)
    if value.dtype.kind == "f" and x.dtype.kind != "f":
        raise TypeError(f"setitem: a value of dtype {value.dtype} cannot be written into a tensor of dtype {x.dtype}")
    checked = _checked("setitem", index, x.shape)
    try:
        return _setitem(x, value, index=checked)
    except ValueError:
        place = x._data[checked].shape
        raise ValueError(
            f"setitem: a value of shape {value.shape} does not fit the index, which names {place} of a tensor of shape "
            f"{x.shape}"
        ) from None


def _setitem_method(self: Tensor, index: Any, value: Any) -> None:
    if self.node is None and self._needs:
        if is_grad_enabled():
            raise RuntimeError(
                f"setitem: {self.describe()} is a leaf that requires grad; writing into it would cut it off from its "
                "gradient. Write inside of no_grad(), or into a copy: y = x.copy(); y[i] = v"
            )
        self.assign(setitem(self.detach(), index, values_of(value)))
        return
    result = setitem(self, index, value)
    self._data, self.node, self._needs = result._data, result.node, result._needs


Tensor.__getitem__ = getitem
Tensor.__setitem__ = _setitem_method
