"""Images under affine maps: one resampling for any number of them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["resample"]

_PIXELS = 10_000  # whose indices, 8 bytes each, stay below the 128 KB from which allocations are slow

Maps = npt.NDArray[np.float64]
"""For each image a map from places of the result to places of the image, relative to its centre: (N, 2, 3)."""


def compose(outer: Maps, inner: Maps) -> Maps:
    """Return the maps that look up by `outer`, and at the place found by `inner`: the effect of inner first."""
    out = np.empty_like(outer)
    out[:, :, :2] = inner[:, :, :2] @ outer[:, :, :2]
    out[:, :, 2] = (inner[:, :, :2] @ outer[:, :, 2:])[:, :, 0] + inner[:, :, 2]
    return out


def resample(images: npt.NDArray[Any], maps: Maps, fill: float = 0.0) -> npt.NDArray[Any]:
    """Look up each pixel of the result in the image, between pixels by bilinear interpolation.

    Parameters
    ----------
    images : ndarray of float, shape (N, C, H, W)
    maps : ndarray, shape (N, 2, 3)
        ``maps[n] @ (y, x, 1)`` is the place in image n whose value goes to (y, x); both relative to the centre.
    fill : float
        What surrounds the images.

    Returns
    -------
    ndarray, shape (N, C, H, W)
        Of the dtype of `images`.
    """
    out = np.empty_like(images, order="C")
    # As many images at a time as keep the arrays in between small: fresh large ones cost more than the arithmetic.
    step = max(1, _PIXELS // max(1, math.prod(images.shape[1:])))
    for start in range(0, len(images), step):
        part = slice(start, start + step)
        out[part] = _resample(images[part], maps[part], fill)
    return out


def _resample(images: npt.NDArray[Any], maps: Maps, fill: float) -> npt.NDArray[Any]:
    count, channels, height, width = images.shape
    # A frame of fill: one pixel before, two behind, so that all four neighbours of a clipped place are there.
    tall, wide = height + 3, width + 3
    # float16 has too few digits for places, and float32 for indices beyond 2**24.
    work = np.promote_types(images.dtype, np.float32 if tall * wide < 1 << 24 else np.float64)
    framed = np.full((count, channels, tall, wide), fill, work)
    framed[:, :, 1:-2, 1:-2] = images
    flat = framed.reshape(-1)

    down, right = (height - 1) / 2, (width - 1) / 2
    y = np.arange(height) - down
    x = np.arange(width) - right
    # One more in the framed images.
    ys = _places(maps[:, 0], y, x, down + 1, height + 1, work)
    xs = _places(maps[:, 1], y, x, right + 1, width + 1, work)
    top, left = np.floor(ys), np.floor(xs)
    ys -= top
    xs -= left
    top *= wide
    top += left
    planes = np.arange(count * channels).reshape(count, channels, 1, 1) * (tall * wide)
    index = top.astype(np.intp)[:, None] + planes
    ys, xs = ys[:, None], xs[:, None]

    # The four neighbours are the same places in four views of the pixels.
    upper = _between(flat, flat[1:], index, xs)
    lower = _between(flat[wide:], flat[wide + 1 :], index, xs)
    lower -= upper
    lower *= ys
    upper += lower
    return upper


def _places(
    row: Maps, y: npt.NDArray[Any], x: npt.NDArray[Any], centre: float, last: int, dtype: Any
) -> npt.NDArray[Any]:
    """Return one coordinate of the place of each pixel in the framed images, (N, H, W), clipped to the frame."""
    by_row = row[:, :1] * y + (row[:, 2:] + centre)
    by_column = row[:, 1:2] * x
    places: npt.NDArray[Any] = by_row.astype(dtype)[:, :, None] + by_column.astype(dtype)[:, None, :]
    np.maximum(places, 0, out=places)
    np.minimum(places, last, out=places)
    return places


def _between(
    left: npt.NDArray[Any], right: npt.NDArray[Any], index: npt.NDArray[np.intp], share: npt.NDArray[Any]
) -> npt.NDArray[Any]:
    out: npt.NDArray[Any] = left.take(index)
    step = right.take(index)
    step -= out
    step *= share
    out += step
    return out
