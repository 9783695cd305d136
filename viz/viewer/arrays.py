"""What the inspector shows of an array: a small picture of it, a histogram and statistics."""

from __future__ import annotations

import base64
from math import ceil, isqrt
from typing import Any

import numpy as np

# Cells of a heat map, at most; and the number of slices of an array of three or more dimensions.
CELLS = 1024
SLICES = 16
BINS = 24
# Codes of a cell: -125 … 125 of the scale, and some for what is not on it.
_TOP = 125
_NAN, _INF, _MINUS_INF, _NONE = 127, 126, -126, -128


def inspected(values: Any) -> dict[str, Any]:
    """Return statistics, a histogram and a heat map of an array, ready for JSON.

    The heat map has at most 1,024 cells. Of a larger array one of every n rows and columns is taken, as "note" says. A
    cell is a byte: a share of the greatest magnitude, in 125ths; 127 is NaN, 126 and -126 are the infinities, and -128
    is no cell at all.

    Parameters
    ----------
    values : array_like

    Examples
    --------
    >>> said = inspected(np.array([[1.0, -2.0], [0.0, 4.0]]))
    >>> said["columns"], said["top"], np.frombuffer(base64.b64decode(said["cells"]), np.int8).tolist()
    (2, 4.0, [31, -62, 0, 125])
    >>> said["note"]
    ''
    """
    a = np.asarray(values)
    a = a.astype(np.float64)
    good = a[np.isfinite(a)]
    said: dict[str, Any] = {"shape": list(a.shape), "size": int(a.size)}
    if not a.size:
        return said
    said["bad"] = [int(np.isnan(a).sum()), int(np.isinf(a).sum())]
    top = float(np.abs(good).max()) if good.size else 0.0
    if good.size:
        # Halved first, for the greatest numbers would overflow in their sum.
        mean = float(np.mean(good / 2)) * 2
        with np.errstate(over="ignore"):
            spread = float(np.std(good / top)) * top if top else 0.0
        said["statistics"] = [
            float(good.min()), float(np.median(good)), float(good.max()), mean, spread, float(np.mean(a == 0)),
        ]  # fmt: skip
        said["counts"] = _histogram(good)
    cells, outside, note = _cells(a)
    said["note"] = note
    said["top"] = top
    said["columns"] = int(cells.shape[1])
    codes = _codes(cells, top)
    codes[outside] = _NONE
    said["cells"] = base64.b64encode(codes.tobytes()).decode()
    if cells.size <= 64:
        said["entries"] = [_exact(v) for v in cells.reshape(-1)]
    return said


def _exact(v: float) -> float | str:
    return float(v) if np.isfinite(v) else "NaN" if np.isnan(v) else "Inf" if v > 0 else "-Inf"


def _histogram(good: Any) -> list[int]:
    low, high = float(good.min()), float(good.max())
    if low == high:
        return [int(good.size)]
    # By shares of the range: the edges themselves could overflow, or be too close to differ.
    share = (good / 2 - low / 2) / (high / 2 - low / 2)
    bins = np.minimum((np.nan_to_num(share) * BINS).astype(int), BINS - 1)
    return [int(n) for n in np.bincount(bins, minlength=BINS)]


def _codes(cells: Any, top: float) -> Any:
    with np.errstate(all="ignore"):
        scaled = np.rint(cells / top * _TOP) if top else np.zeros(cells.shape)
        # A number that is not zero does not look like one that is.
        scaled = np.where((scaled == 0) & (cells != 0), np.sign(cells), scaled)
    codes = np.where(np.isfinite(cells), np.nan_to_num(scaled), 0).astype(np.int8)
    codes[np.isnan(cells)] = _NAN
    codes[np.isposinf(cells)] = _INF
    codes[np.isneginf(cells)] = _MINUS_INF
    return codes


def _cells(a: Any) -> tuple[Any, Any, str]:
    """Return an array as rows of cells, which of them stand for nothing, and what was left out."""
    if a.ndim < 2:
        flat = a.reshape(-1)
        step = ceil(flat.size / CELLS)
        flat = flat[::step]
        columns = min(flat.size, 32) if step == 1 else 32
        rows = ceil(flat.size / columns)
        padded = np.zeros(rows * columns)
        padded[: flat.size] = flat
        outside = np.arange(padded.size) >= flat.size
        notes = [f"row by row, {columns} in each"] if rows > 1 else []
        notes += [f"one of every {step} of the {a.size:,} entries"] if step > 1 else []
        return padded.reshape(rows, columns), outside.reshape(rows, columns), ", ".join(notes)
    slices = a.reshape(-1, *a.shape[-2:])
    shown = slices[:SLICES]
    notes = [f"the first {SLICES} of {len(slices):,} slices"] if len(slices) > SLICES else []
    room = CELLS // len(shown)
    h, w = shown.shape[1:]
    down = across = 1
    while ceil(h / down) * ceil(w / across) > room:
        if h / down >= w / across:
            down += 1
        else:
            across += 1
    notes += [f"one of every {down} rows"] if down > 1 else []
    notes += [f"one of every {across} columns"] if across > 1 else []
    shown = shown[:, ::down, ::across]
    if len(shown) == 1:
        return shown[0], np.zeros(shown[0].shape, bool), ", ".join(notes)
    # The slices stand side by side, in rows of about equal length.
    wide = isqrt(len(shown) - 1) + 1
    tall = ceil(len(shown) / wide)
    n, h, w = shown.shape
    grid, outside = np.zeros((tall * wide, h, w)), np.ones((tall * wide, h, w), bool)
    grid[:n], outside[:n] = shown, False
    notes = [f"slices side by side, {wide} in a row", *notes]
    placed, blank = (g.reshape(tall, wide, h, w).transpose(0, 2, 1, 3) for g in (grid, outside))
    return placed.reshape(tall * h, wide * w), blank.reshape(tall * h, wide * w), ", ".join(notes)
