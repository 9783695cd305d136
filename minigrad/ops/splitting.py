"""Taking tensors apart along an axis."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np

from ..protocol import public, values_of
from ..tensor import Tensor, asarray
from ._axes import axis_of
from .indexing import getitem


@public(np.array_split)
def array_split(x: Any, indices_or_sections: Any, axis: int = 0) -> list[Tensor]:
    """Split along `axis` into nearly equal sections, or at given places.

    Parameters
    ----------
    x : Tensor or array_like
    indices_or_sections : int or sequence of int
        The number of sections, of which the first ones may be longer by one, or the places to cut at.
    axis : int

    Raises
    ------
    ValueError, IndexError, TypeError
        If the number is not positive, or the axis is out of range or not an integer.

    Examples
    --------
    >>> import minigrad as mg
    >>> [t.tolist() for t in mg.array_split([1.0, 2.0, 3.0], 2)]
    [[1.0, 2.0], [3.0]]
    """
    return _split("array_split", x, indices_or_sections, axis, even=False)


def _split(name: str, x: Any, sections: Any, axis: int, even: bool = True) -> list[Tensor]:
    x, sections = asarray(x), values_of(sections)
    i = axis_of(name, axis, x.ndim)
    n = x.shape[i]
    if np.ndim(sections) == 0:
        count = int(sections)
        if count <= 0:
            raise ValueError(f"{name}: the number of sections must be positive, got {count}")
        if even and n % count:
            raise ValueError(f"{name}: axis {i} of shape {x.shape} has length {n}, no multiple of {count}")
        short, longer = divmod(n, count)
        cuts = [k * short + min(k, longer) for k in range(count + 1)]
    else:
        cuts = [0, *[int(k) for k in sections], n]
    before = (slice(None),) * i
    return [getitem(x, (*before, slice(a, b))) for a, b in pairwise(cuts)]


@public(np.split)
def split(x: Any, indices_or_sections: Any, axis: int = 0) -> list[Tensor]:
    """Split along `axis` into equal sections, or at given places; see :func:`array_split`.

    Raises
    ------
    ValueError, IndexError, TypeError
        If the sections would not be equal, or the axis is out of range or not an integer.

    Examples
    --------
    >>> import minigrad as mg
    >>> [t.tolist() for t in mg.split([1.0, 2.0, 3.0, 4.0], [1, 3])]
    [[1.0], [2.0, 3.0], [4.0]]
    """
    return _split("split", x, indices_or_sections, axis)


def _split_along(name: str, x: Any, sections: Any, axis: int, fewest: int) -> list[Tensor]:
    x = asarray(x)
    if x.ndim < fewest:
        raise ValueError(f"{name}: needs a tensor with at least {fewest} axes, got shape {x.shape}")
    return _split(name, x, sections, axis)


@public(np.vsplit)
def vsplit(x: Any, indices_or_sections: Any) -> list[Tensor]:
    """Split along the first axis of a tensor with two axes or more; see :func:`split`.

    >>> import minigrad as mg
    >>> [t.shape for t in mg.vsplit(mg.ones((4, 3)), 2)]
    [(2, 3), (2, 3)]
    """
    return _split_along("vsplit", x, indices_or_sections, 0, 2)


@public(np.hsplit)
def hsplit(x: Any, indices_or_sections: Any) -> list[Tensor]:
    """Split along the second axis, or along the only one; see :func:`split`.

    >>> import minigrad as mg
    >>> [t.shape for t in mg.hsplit(mg.ones((4, 3)), [1])]
    [(4, 1), (4, 2)]
    """
    return _split_along("hsplit", x, indices_or_sections, 1 if asarray(x).ndim > 1 else 0, 1)


@public(np.dsplit)
def dsplit(x: Any, indices_or_sections: Any) -> list[Tensor]:
    """Split along the third axis; see :func:`split`.

    >>> import minigrad as mg
    >>> [t.shape for t in mg.dsplit(mg.ones((1, 2, 4)), 2)]
    [(1, 2, 2), (1, 2, 2)]
    """
    return _split_along("dsplit", x, indices_or_sections, 2, 3)


@public(np.unstack)
def unstack(x: Any, *, axis: int = 0) -> tuple[Tensor, ...]:
    """Return the slices along `axis`, without that axis: what :func:`stack` joins.

    Raises
    ------
    IndexError, TypeError
        If the axis is out of range or not an integer.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.unstack([[1.0, 2.0], [3.0, 4.0]], axis=1)[0]
    Tensor([1., 3.], dtype=float64)
    """
    x = asarray(x)
    i = axis_of("unstack", axis, x.ndim)
    return tuple([getitem(x, (slice(None),) * i + (k,)) for k in range(x.shape[i])])
