"""The few questions the engine asks of raw arrays and numbers: are they real, are they arrays."""

from __future__ import annotations

from typing import Any

import numpy as np

SCALARS = frozenset({float, int, bool, np.float64, np.float32, np.float16, np.int64, np.bool_})


def operand(name: str, value: Any) -> Any:
    """Return a constant operand as an array or number that NumPy can compute with.

    Raises
    ------
    TypeError
        If it is not made of real numbers.
    """
    if type(value) in SCALARS:
        return value
    dtype = getattr(value, "dtype", None)
    if dtype is None or not hasattr(value, "shape"):
        if not isinstance(value, (int, float, list, tuple)):
            if isinstance(value, complex):
                raise not_real(name, f"an operand of dtype complex128 ({value!r})")
            what = f"{type(value).__name__}: {value!r:.80}"
            raise TypeError(f"{name}: expected a Tensor, an array or a number, got {what}")
        try:
            value = np.asarray([_plain(v) for v in value] if isinstance(value, (list, tuple)) else value)
        except ValueError as error:
            raise ValueError(f"{name}: a nested list must be rectangular: {error}") from None
        dtype = value.dtype
    if dtype.kind not in "fiub":
        raise not_real(name, f"an operand of dtype {dtype}")
    return value


def real_dtype(name: str, dtype: Any) -> Any:
    """Return `dtype`, of those that tensors have; None for the default one.

    Raises
    ------
    TypeError
        If it is not a dtype, or not one of real numbers.
    """
    if dtype is None:
        return None
    try:
        wanted = np.dtype(dtype)
    except TypeError:
        raise TypeError(f"{name}: {dtype!r} is not a dtype") from None
    if wanted.kind not in "fiub":
        raise not_real(name, f"dtype {wanted}")
    return wanted


def not_real(name: str, what: str) -> TypeError:
    """Return the error for numbers that are not real."""
    complex_too = " (complex tensors are not supported)" if "complex" in what else ""
    return TypeError(
        f"{name}: {what} is not supported: minigrad computes with real numbers{complex_too}; use a floating, integer "
        "or boolean dtype"
    )


def _plain(value: Any) -> Any:
    from .tensor import Tensor

    if isinstance(value, Tensor):
        if value._needs:
            raise TypeError("a list holding tensors that require grad would lose their gradients; use minigrad.stack")
        return value._data
    return [_plain(v) for v in value] if isinstance(value, (list, tuple)) else value


def as_array(value: Any) -> Any:
    """Return NumPy's scalars as 0-d arrays, and every array as it is."""
    return np.asarray(value) if isinstance(value, (np.generic, int, float)) else value
