"""Images brightened, contrasted, roughened and covered."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ..dataset import whole
from .base import Augmentation, Images, finite, interval

__all__ = ["Brightness", "Contrast", "Cutout", "Noise"]


class Brightness(Augmentation):
    """Add a number to each image.

    Parameters
    ----------
    amount : float or pair of float
        A number for the range from minus it to it, a pair for another range.
    clip : pair of float, optional
        Bounds that the result is clipped to, such as (0, 1). Default: none, as inputs may be standardized.

    Examples
    --------
    >>> from minigrad.nn.data import augment
    >>> augment.Brightness((0.25, 0.25))(np.zeros((1, 1, 1, 2), np.float32), np.random.default_rng(0))
    array([[[[0.25, 0.25]]]], dtype=float32)
    """

    def __init__(self, amount: float | tuple[float, float], clip: tuple[float, float] | None = None) -> None:
        self.amount = interval("Brightness", "amount", amount)
        self.clip = None if clip is None else interval("Brightness", "clip", clip)

    def change(self, images: Images, rng: np.random.Generator) -> Images:
        out: Images = images + _each(rng.uniform(*self.amount, len(images)), images)
        return out if self.clip is None else out.clip(*self.clip, out=out)


class Contrast(Augmentation):
    """Scale the differences of each image from its mean.

    Parameters
    ----------
    factor : float or pair of float
        A number d for factors from 1 - d to 1 + d, d at most 1; a pair for another range.
    clip : pair of float, optional
        Bounds that the result is clipped to, such as (0, 1). Default: none.

    Examples
    --------
    >>> from minigrad.nn.data import augment
    >>> image = np.array([[[[0, 1]]]], np.float32)
    >>> augment.Contrast((0.5, 0.5))(image, np.random.default_rng(0))
    array([[[[0.25, 0.75]]]], dtype=float32)
    """

    def __init__(self, factor: float | tuple[float, float], clip: tuple[float, float] | None = None) -> None:
        self.factor = interval("Contrast", "factor", factor, about=1.0)
        if self.factor[0] < 0:
            raise ValueError(f"Contrast: factors must be at least 0, got the range {self.factor}")
        self.clip = None if clip is None else interval("Contrast", "clip", clip)

    def change(self, images: Images, rng: np.random.Generator) -> Images:
        # As image + (factor - 1)·(image - mean), so that a factor of 1 changes no bit.
        out: Images = images - images.mean((1, 2, 3), keepdims=True)
        out *= _each(rng.uniform(*self.factor, len(images)) - 1, images)
        out += images
        return out if self.clip is None else out.clip(*self.clip, out=out)


class Noise(Augmentation):
    """Add normal noise to each pixel.

    Parameters
    ----------
    std : float
        Its standard deviation.

    Examples
    --------
    >>> from minigrad.nn.data import augment
    >>> augment.Noise(0.1)(np.zeros((1, 1, 1, 3), np.float32), np.random.default_rng(0))
    array([[[[ 0.1117622 , -0.1387125 , -0.04265716]]]], dtype=float32)
    """

    def __init__(self, std: float) -> None:
        self.std = finite("Noise", "std", std)
        if std < 0:
            raise ValueError(f"Noise: std must be at least 0, got {std!r}")

    def change(self, images: Images, rng: np.random.Generator) -> Images:
        dtype = np.float64 if images.dtype.itemsize > 4 else np.float32
        noise = rng.standard_normal(images.shape, dtype)
        noise *= self.std
        noise += images
        return noise.astype(images.dtype, copy=False)


class Cutout(Augmentation):
    """Cover a square of each image.

    Parameters
    ----------
    size : int
        The side of the square. Its centre lies anywhere in the image, so a part of it may lie outside.
    fill : float
        What it is covered with.

    Notes
    -----
    T. DeVries, G. Taylor, "Improved regularization of convolutional neural networks with Cutout", 2017.

    Examples
    --------
    >>> from minigrad.nn.data import augment
    >>> augment.Cutout(2)(np.ones((1, 1, 3, 3), np.float32), np.random.default_rng(0))
    array([[[[1., 1., 1.],
             [0., 0., 1.],
             [0., 0., 1.]]]], dtype=float32)
    """

    def __init__(self, size: int, *, fill: float = 0.0) -> None:
        self.size = whole("Cutout", "size", size, 0)
        self.fill = finite("Cutout", "fill", fill)

    def change(self, images: Images, rng: np.random.Generator) -> Images:
        count, _, height, width = images.shape
        covered = [
            _within(rng.integers(0, side, count) - self.size // 2, self.size, side) for side in (height, width)
        ]
        mask = covered[0][:, None, :, None] & covered[1][:, None, None, :]
        return np.where(mask, images.dtype.type(self.fill), images)


def _within(start: Any, length: int, side: int) -> npt.NDArray[np.bool_]:
    places = np.arange(side)
    inside: npt.NDArray[np.bool_] = (places >= start[:, None]) & (places < start[:, None] + length)
    return inside


def _each(values: npt.NDArray[Any], images: Images) -> npt.NDArray[Any]:
    """Shape a number for each image so that it broadcasts over the image, in its dtype."""
    return values.astype(images.dtype)[:, None, None, None]
