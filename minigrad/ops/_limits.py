"""One-sided limits of raw arrays."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..backend import LARGE, empty_as


def at_least(x: Any, bound: float) -> Any:
    """Return ``max(x, bound)``."""
    return np.clip(x, bound, math.inf, out=empty_as(x, x.shape)) if _large(x) else np.maximum(x, bound)


def at_most(x: Any, bound: float) -> Any:
    """Return ``min(x, bound)``."""
    return np.clip(x, -math.inf, bound, out=empty_as(x, x.shape)) if _large(x) else np.minimum(x, bound)


def _large(x: Any) -> bool:
    # NumPy clips large arrays several times faster than it compares them with a number, but small ones slower.
    return type(x) is np.ndarray and x.nbytes >= LARGE and x.dtype.kind == "f"
