"""What NumPy's protocols do not dispatch, for every kind of array: creation, scatter-add, buffers.

Rules compute with arrays of any library that speaks NumPy's protocols (CuPy's, for one). The few calls that do not
dispatch on their arguments go through here, and nothing else may name a library.
"""

from __future__ import annotations

from typing import Any

import numpy as np


def like(x: Any) -> Any:
    """Return the module that makes arrays of `x`'s kind: ``numpy``, or ``cupy`` for CuPy's arrays."""
    if isinstance(x, (np.ndarray, np.generic)) or not hasattr(x, "__cuda_array_interface__"):
        return np
    import cupy

    return cupy


def scatter_add(values: Any, shape: tuple[int, ...], index: Any) -> Any:
    """Return zeros of `shape` with `values` added at `index`; elements named several times add up.

    Allocates the result and nothing else.
    """
    xp = like(values)
    out = xp.zeros(shape, values.dtype)
    if _names_once(index):
        out[index] = values
    else:
        xp.add.at(out, index, values)
    return out


def _names_once(index: Any) -> bool:
    parts = index if isinstance(index, tuple) else (index,)
    return all(
        part is None
        or part is Ellipsis
        or isinstance(part, (slice, int, np.integer, bool, np.bool_))
        or (isinstance(part, np.ndarray) and part.dtype == bool)
        for part in parts
    )
