"""Augmentation: images changed at random in ways that do not change what they show.

Each object is called with a batch of images and a generator, and returns new images of the same dtype; what is drawn
differs from image to image. They serve as ``transform`` of a :class:`~minigrad.nn.data.DataLoader`.

>>> from minigrad.nn.data import DataLoader, augment, mnist_small
>>> x_train, t_train, *_ = mnist_small()
>>> change = augment.Compose(augment.Shift(2), augment.Rotate(10), augment.Noise(0.05))
>>> loader = DataLoader((x_train, t_train), 100, shuffle=True, rng=np.random.default_rng(0), transform=change)
>>> next(iter(loader))[0].shape
(100, 1, 28, 28)
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import numpy as np
import numpy.typing as npt

from .dataset import whole
from .warp import Maps, compose, resample

__all__ = [
    "Augmentation",
    "Brightness",
    "Compose",
    "Contrast",
    "Crop",
    "Cutout",
    "Flip",
    "Noise",
    "Rotate",
    "Scale",
    "Shift",
]

Images = npt.NDArray[Any]


class Augmentation(ABC):
    """A random change of a batch of images; subclasses define ``change``."""

    def __call__(self, images: npt.ArrayLike, rng: np.random.Generator) -> Images:
        """Return changed copies of the images.

        Parameters
        ----------
        images : ndarray of float, shape (N, C, H, W)
        rng : numpy.random.Generator

        Returns
        -------
        ndarray
            New, of the dtype of `images`.

        Raises
        ------
        TypeError
            If the images are not of a float dtype, or `rng` is no generator.
        ValueError
            If their shape is another.
        """
        name = type(self).__name__
        if not isinstance(rng, np.random.Generator):
            raise TypeError(f"{name}: rng must be a np.random.Generator, got {rng!r}")
        images = np.asarray(images)
        if images.ndim != 4:
            raise ValueError(f"{name}: expected images of shape (N, C, H, W), got {images.shape}")
        if images.dtype.kind != "f":
            raise TypeError(f"{name}: expected images of a float dtype, got {images.dtype}; make them float32 first")
        return self.change(images, rng)

    @abstractmethod
    def change(self, images: Images, rng: np.random.Generator) -> Images:
        """Return changed copies; `images` is a float array (N, C, H, W)."""


class Compose(Augmentation):
    """One change after the other; shifts, rotations and scalings in a row as one, so that the images blur only once.

    Parameters
    ----------
    *steps : Augmentation or callable
        Each is called with the images and the generator.

    Examples
    --------
    >>> from minigrad.nn.data import augment
    >>> change = augment.Compose(augment.Flip(), augment.Brightness(0.2))
    >>> change(np.ones((2, 1, 3, 3), np.float32), np.random.default_rng(0)).shape
    (2, 1, 3, 3)
    """

    def __init__(self, *steps: Any) -> None:
        for step in steps:
            if not callable(step):
                raise TypeError(f"Compose: expected callables (images, rng), got {step!r}")
        self.steps = steps

    def change(self, images: Images, rng: np.random.Generator) -> Images:
        out, maps, fill = images, None, 0.0
        for step in self.steps:
            if isinstance(step, _Warp):
                if maps is not None and step.fill != fill:
                    out, maps = resample(out, maps, fill), None
                drawn, fill = step.maps(len(images), rng), step.fill
                maps = drawn if maps is None else compose(drawn, maps)
                continue
            if maps is not None:
                out, maps = resample(out, maps, fill), None
            out = step(out, rng)
        if maps is not None:
            out = resample(out, maps, fill)
        return images.copy() if out is images else out


class _Warp(Augmentation):
    """A change of places by an affine map."""

    fill: float

    @abstractmethod
    def maps(self, count: int, rng: np.random.Generator) -> Maps:
        """Draw the maps from places of the result to places of the images: (count, 2, 3)."""

    def change(self, images: Images, rng: np.random.Generator) -> Images:
        return resample(images, self.maps(len(images), rng), self.fill)


class Shift(_Warp):
    """Move each image by a whole number of pixels.

    Parameters
    ----------
    pixels : int or pair of int
        The furthest, up and down, left and right; a pair for vertical and horizontal.
    fill : float
        What comes in from outside.

    Examples
    --------
    >>> from minigrad.nn.data import augment
    >>> image = np.arange(4, dtype=np.float32).reshape(1, 1, 1, 4)
    >>> augment.Shift((0, 1), fill=9)(image, np.random.default_rng(0))
    array([[[[1., 2., 3., 9.]]]], dtype=float32)
    """

    def __init__(self, pixels: int | tuple[int, int], fill: float = 0.0) -> None:
        self.pixels = _pair("Shift", "pixels", pixels)
        self.fill = _finite("Shift", "fill", fill)

    def maps(self, count: int, rng: np.random.Generator) -> Maps:
        limit = np.array(self.pixels)
        maps = np.tile(np.eye(2, 3), (count, 1, 1))
        maps[:, :, 2] = rng.integers(-limit, limit + 1, (count, 2))
        return maps


class Rotate(_Warp):
    """Turn each image about its centre.

    Parameters
    ----------
    degrees : float or pair of float
        The angle, counter-clockwise: a number for the range from minus it to it, a pair for another range.
    fill : float
        What comes in from outside.

    Examples
    --------
    >>> from minigrad.nn.data import augment
    >>> image = np.arange(4, dtype=np.float32).reshape(1, 1, 2, 2)
    >>> augment.Rotate((90, 90))(image, np.random.default_rng(0)).round(4)
    array([[[[1., 3.],
             [0., 2.]]]], dtype=float32)
    """

    def __init__(self, degrees: float | tuple[float, float], fill: float = 0.0) -> None:
        self.degrees = _range("Rotate", "degrees", degrees)
        self.fill = _finite("Rotate", "fill", fill)

    def maps(self, count: int, rng: np.random.Generator) -> Maps:
        angle = np.radians(rng.uniform(*self.degrees, count))
        maps = np.zeros((count, 2, 3))
        maps[:, 0, 0] = maps[:, 1, 1] = np.cos(angle)
        maps[:, 0, 1] = np.sin(angle)
        maps[:, 1, 0] = -maps[:, 0, 1]
        return maps


class Scale(_Warp):
    """Enlarge or shrink what each image shows, about its centre; the size in pixels stays.

    Parameters
    ----------
    factor : float or pair of float
        A number d below 1 for factors from 1 - d to 1 + d; a pair for another range.
    fill : float
        What comes in from outside.

    Examples
    --------
    >>> from minigrad.nn.data import augment
    >>> image = np.array([[[[0, 4, 8, 4, 0]]]], np.float32)
    >>> augment.Scale((2, 2))(image, np.random.default_rng(0))
    array([[[[4., 6., 8., 6., 4.]]]], dtype=float32)
    """

    def __init__(self, factor: float | tuple[float, float], fill: float = 0.0) -> None:
        self.factor = _range("Scale", "factor", factor, about=1.0)
        if self.factor[0] <= 0:
            raise ValueError(f"Scale: factors must be above 0, got the range {self.factor}")
        self.fill = _finite("Scale", "fill", fill)

    def maps(self, count: int, rng: np.random.Generator) -> Maps:
        maps = np.zeros((count, 2, 3))
        maps[:, 0, 0] = maps[:, 1, 1] = 1 / rng.uniform(*self.factor, count)
        return maps


class Flip(Augmentation):
    """Mirror some of the images.

    Parameters
    ----------
    horizontal, vertical : float
        The probability that left and right, or top and bottom, are exchanged.

    Examples
    --------
    >>> from minigrad.nn.data import augment
    >>> image = np.arange(3, dtype=np.float32).reshape(1, 1, 1, 3)
    >>> augment.Flip(horizontal=1)(image, np.random.default_rng(0))
    array([[[[2., 1., 0.]]]], dtype=float32)
    """

    def __init__(self, horizontal: float = 0.5, vertical: float = 0.0) -> None:
        for name, value in (("horizontal", horizontal), ("vertical", vertical)):
            if not 0 <= value <= 1:
                raise ValueError(f"Flip: {name} is a probability, from 0 to 1, got {value!r}")
        self.horizontal = horizontal
        self.vertical = vertical

    def change(self, images: Images, rng: np.random.Generator) -> Images:
        draws = rng.random((2, len(images)))
        out = images.copy()
        across = draws[0] < self.horizontal
        out[across] = out[across, :, :, ::-1]
        over = draws[1] < self.vertical
        out[over] = out[over, :, ::-1]
        return out


class Crop(Augmentation):
    """Cut a random window out of each image, which may be padded first.

    Parameters
    ----------
    size : int or pair of int, optional
        Height and width of the window. Default: those of the images.
    padding : int or pair of int
        How many pixels are put around the image before, vertically and horizontally.
    fill : float
        What the padding is made of.

    Raises
    ------
    ValueError
        When called, if the window is larger than the padded images.

    Examples
    --------
    >>> from minigrad.nn.data import augment
    >>> augment.Crop(24)(np.zeros((5, 3, 28, 28), np.float32), np.random.default_rng(0)).shape
    (5, 3, 24, 24)
    """

    def __init__(
        self, size: int | tuple[int, int] | None = None, padding: int | tuple[int, int] = 0, fill: float = 0.0
    ) -> None:
        self.size = None if size is None else _pair("Crop", "size", size, least=1)
        self.padding = _pair("Crop", "padding", padding)
        self.fill = _finite("Crop", "fill", fill)

    def change(self, images: Images, rng: np.random.Generator) -> Images:
        count, _, height, width = images.shape
        size = self.size or (height, width)
        (top, left), fill = self.padding, self.fill
        room = np.array([height + 2 * top - size[0], width + 2 * left - size[1]])
        if (room < 0).any():
            raise ValueError(
                f"Crop: windows of {size[0]}x{size[1]} do not fit into images of {height}x{width} "
                f"with padding {self.padding}"
            )
        padded = np.pad(images, [(0, 0), (0, 0), (top, top), (left, left)], constant_values=fill)
        corners = rng.integers(0, room + 1, (count, 2))
        windows = np.lib.stride_tricks.sliding_window_view(padded, size, axis=(2, 3))
        out: Images = windows[np.arange(count), :, corners[:, 0], corners[:, 1]]
        return out


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
        self.amount = _range("Brightness", "amount", amount)
        self.clip = None if clip is None else _range("Brightness", "clip", clip)

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
        self.factor = _range("Contrast", "factor", factor, about=1.0)
        if self.factor[0] < 0:
            raise ValueError(f"Contrast: factors must be at least 0, got the range {self.factor}")
        self.clip = None if clip is None else _range("Contrast", "clip", clip)

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
        self.std = _finite("Noise", "std", std)
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

    def __init__(self, size: int, fill: float = 0.0) -> None:
        self.size = whole("Cutout", "size", size, 0)
        self.fill = _finite("Cutout", "fill", fill)

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


def _finite(name: str, argument: str, value: Any) -> float:
    if isinstance(value, (bool, str)) or not np.isscalar(value) or not np.isfinite(value):
        raise ValueError(f"{name}: {argument} must be a finite number, got {value!r}")
    return float(value)  # type: ignore[arg-type]


def _range(name: str, argument: str, value: Any, about: float = 0.0) -> tuple[float, float]:
    """Read a pair (low, high), or a number for the range of that size about the neutral value."""
    if not isinstance(value, tuple):
        half = _finite(name, argument, value)
        if half < 0:
            raise ValueError(f"{name}: {argument} must be at least 0, or a pair (low, high), got {value!r}")
        return about - half, about + half
    if len(value) != 2:
        raise ValueError(f"{name}: {argument} must be a number or a pair (low, high), got {value!r}")
    low, high = (_finite(name, argument, end) for end in value)
    if low > high:
        raise ValueError(f"{name}: {argument} runs from low to high, got {value!r}")
    return low, high


def _pair(name: str, argument: str, value: Any, least: int = 0) -> tuple[int, int]:
    first, second = value if isinstance(value, tuple) and len(value) == 2 else (value, value)
    return whole(name, argument, first, least), whole(name, argument, second, least)
