"""What all augmentations share: the checks of a call, and of parameters."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import numpy as np
import numpy.typing as npt

from ..dataset import whole

__all__ = ["Augmentation"]

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

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in vars(self).items())})"

    @abstractmethod
    def change(self, images: Images, rng: np.random.Generator) -> Images:
        """Return changed copies; `images` is a float array (N, C, H, W)."""


def finite(name: str, argument: str, value: Any) -> float:
    if isinstance(value, (bool, str)) or not np.isscalar(value) or not np.isfinite(value):
        raise ValueError(f"{name}: {argument} must be a finite number, got {value!r}")
    return float(value)  # type: ignore[arg-type]


def interval(name: str, argument: str, value: Any, about: float = 0.0) -> tuple[float, float]:
    """Read a pair (low, high), or a number for the range of that size about the neutral value."""
    if not isinstance(value, tuple):
        half = finite(name, argument, value)
        if half < 0:
            raise ValueError(f"{name}: {argument} must be at least 0, or a pair (low, high), got {value!r}")
        return about - half, about + half
    if len(value) != 2:
        raise ValueError(f"{name}: {argument} must be a number or a pair (low, high), got {value!r}")
    low, high = (finite(name, argument, end) for end in value)
    if low > high:
        raise ValueError(f"{name}: {argument} runs from low to high, got {value!r}")
    return low, high


def pair(name: str, argument: str, value: Any, least: int = 0) -> tuple[int, int]:
    first, second = value if isinstance(value, tuple) and len(value) == 2 else (value, value)
    return whole(name, argument, first, least), whole(name, argument, second, least)
