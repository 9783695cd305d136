"""Images moved, turned, scaled, mirrored and cut."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

import numpy as np

from .base import Augmentation, Images, finite, interval, pair
from .warp import Maps, compose, resample

__all__ = ["Compose", "Crop", "Flip", "Rotate", "Scale", "Shift"]


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

    def __repr__(self) -> str:
        return f"Compose({', '.join(map(repr, self.steps))})"

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

    def __init__(self, pixels: int | tuple[int, int], *, fill: float = 0.0) -> None:
        self.pixels = pair("Shift", "pixels", pixels)
        self.fill = finite("Shift", "fill", fill)

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

    def __init__(self, degrees: float | tuple[float, float], *, fill: float = 0.0) -> None:
        self.degrees = interval("Rotate", "degrees", degrees)
        self.fill = finite("Rotate", "fill", fill)

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

    def __init__(self, factor: float | tuple[float, float], *, fill: float = 0.0) -> None:
        self.factor = interval("Scale", "factor", factor, about=1.0)
        if self.factor[0] <= 0:
            raise ValueError(f"Scale: factors must be above 0, got the range {self.factor}")
        self.fill = finite("Scale", "fill", fill)

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
        self, size: int | tuple[int, int] | None = None, padding: int | tuple[int, int] = 0, *, fill: float = 0.0
    ) -> None:
        self.size = None if size is None else pair("Crop", "size", size, least=1)
        self.padding = pair("Crop", "padding", padding)
        self.fill = finite("Crop", "fill", fill)

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
