"""Failure messages that teach: what differs, where, by how much, and the call that shows it again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..tensor import Tensor

if TYPE_CHECKING:
    from .case import Case


def literal(value: Any) -> str:
    """Return a Python expression for `value`, with every digit; an array keeps its layout in memory.

    Examples
    --------
    >>> literal(np.float32([[1.5, 2.0]])), literal(np.ones((2, 1)).T[::-1])
    ('np.array([[1.5, 2.0]], dtype=np.float32)', 'np.array([[1.0, 1.0]])')
    >>> literal(np.broadcast_to(2.0, (1000, 3)))
    'np.broadcast_to(np.array([[2.0]]), (1000, 3))'
    """
    if isinstance(value, Tensor):
        value = value.data
    if isinstance(value, np.generic):
        value = np.asarray(value)
    if not isinstance(value, np.ndarray):
        if isinstance(value, (tuple, list)):
            inner = ", ".join(literal(v) for v in value)
            comma = "," if len(value) == 1 else ""
            return f"({inner}{comma})" if isinstance(value, tuple) else f"[{inner}]"
        return repr(value)
    if value.size:
        repeated = [axis for axis, n in enumerate(value.shape) if n > 1 and value.strides[axis] == 0]
        if repeated:
            base = value[tuple([slice(0, 1) if axis in repeated else slice(None) for axis in range(value.ndim)])]
            return f"np.broadcast_to({literal(base)}, {value.shape})"
        back = [axis for axis, n in enumerate(value.shape) if n > 1 and value.strides[axis] < 0]
        if back:
            index = ", ".join("::-1" if axis in back else ":" for axis in range(max(back) + 1))
            return f"{literal(np.flip(value, tuple(back)))}[{index}]"
        if not value.flags.c_contiguous and value.T.flags.c_contiguous:
            return f"{literal(value.T)}.T"
    dtype = "" if value.dtype in (np.float64, np.int64, np.bool_) and value.size else f", dtype=np.{value.dtype}"
    shape = "" if value.size or value.ndim == 1 else f".reshape({value.shape})"
    numbers = repr(value.tolist()) if value.size else "[]"
    text = f"np.array({numbers}{dtype}){shape}"
    return text.replace("inf", "np.inf").replace("nan", "np.nan") if value.dtype.kind == "f" else text


def fail(case: Case, message: str) -> AssertionError:
    """Return the error for a property of `case` that does not hold."""
    return AssertionError(f"{case.name}: {message}\n  reproduce:\n{case.reproducer}")


def compare(
    case: Case,
    what: str,
    got: Any,
    expected: Any,
    *,
    rtol: float,
    atol: float,
    names: tuple[str, str] = ("analytic", "numeric"),
    note: str = "",
) -> None:
    """Raise if two arrays differ by more than ``atol + rtol |expected|`` anywhere, naming the worst entry.

    Raises
    ------
    AssertionError
    """
    got, expected = np.asarray(got), np.asarray(expected)
    if got.shape != expected.shape:
        raise fail(case, f"{what}: {names[0]} has shape {got.shape}, {names[1]} {expected.shape}")
    if not got.size:
        return
    a, b = got.astype(np.float64), expected.astype(np.float64)
    # Equal infinities are equal, two NaN are; a NaN against a number is the largest difference there is.
    same = (a == b) | (np.isnan(a) & np.isnan(b))
    with np.errstate(invalid="ignore"):
        error = np.where(same, 0.0, np.abs(a - b))
        allowed = atol + rtol * np.where(np.isfinite(b), np.abs(b), 0.0)
    wrong = ~(error <= allowed)
    count = int(np.count_nonzero(wrong))
    if not count:
        return
    excess = np.where(np.isnan(error), np.inf, error / allowed if np.all(allowed) else error)
    index = tuple(int(i) for i in np.unravel_index(int(np.argmax(excess)), excess.shape))
    largest = max(abs(float(a[index])), abs(float(b[index])))
    relative = float(error[index]) / largest if np.isfinite(error[index]) else np.inf
    place = f"index {index} of shape {got.shape}" if index else "its only entry"
    raise fail(
        case,
        f"{what} is wrong at {place}: {names[0]} {float(a[index])!r}, {names[1]} {float(b[index])!r}, relative error "
        f"{relative:.2e} (allowed {float(allowed[index]):.1e} in all; {count} of {a.size} entries differ)"
        + (f"\n  {note}" if note else ""),
    )
