"""First values of weights.

Each initializer takes a shape and returns an array. Weights of two axes are (in, out), as :class:`~minigrad.nn.Affine`
has them; weights of convolutions are (out, in, height, width).

The standard deviations keep the size of the signal from layer to layer; with n the fan (in, or out):

==============  ==================  ==================================================================
initializer     variance            source
==============  ==================  ==================================================================
``he_*``        gain² / fan_in      He, Zhang, Ren, Sun, "Delving deep into rectifiers", ICCV 2015
                                    (also named after Kaiming He)
``xavier_*``    2 gain² /           Glorot, Bengio, "Understanding the difficulty of training deep
                (fan_in + fan_out)  feedforward neural networks", AISTATS 2010
==============  ==================  ==================================================================
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from .random import generator

if TYPE_CHECKING:
    from numpy.typing import DTypeLike, NDArray

__all__ = [
    "Initializer", "constant", "fans", "he_normal", "he_uniform", "normal", "uniform", "xavier_normal",
    "xavier_uniform", "zeros",
]  # fmt: skip

Initializer = Callable[..., "NDArray[Any]"]
"""What layers take as ``init``: called as ``init(shape, rng=..., dtype=...)``, it returns an array of that shape."""


def fans(shape: tuple[int, ...]) -> tuple[int, int]:
    """Return how many inputs one output sees, and how many outputs see one input.

    Parameters
    ----------
    shape : tuple of int
        (in, out), or (out, in, height, width).

    Raises
    ------
    ValueError
        If there are fewer than two axes, or one of them is empty.

    Examples
    --------
    >>> fans((784, 50)), fans((30, 1, 5, 5))
    ((784, 50), (25, 750))
    """
    if len(shape) < 2 or 0 in shape:
        raise ValueError(f"init: expected a weight of shape (in, out) or (out, in, height, width), none 0, got {shape}")
    if len(shape) == 2:
        return shape
    window = math.prod(shape[2:])
    return shape[1] * window, shape[0] * window


def zeros(
    shape: tuple[int, ...], *, rng: np.random.Generator | None = None, dtype: DTypeLike = np.float32
) -> NDArray[Any]:
    """Return zeros: for biases. Neurons whose weights are equal stay equal, and do not learn.

    Examples
    --------
    >>> zeros((3,)).tolist()
    [0.0, 0.0, 0.0]
    """
    return np.zeros(shape, dtype)


def constant(
    shape: tuple[int, ...], value: float = 0.0, *, rng: np.random.Generator | None = None, dtype: DTypeLike = np.float32
) -> NDArray[Any]:
    """Return that number everywhere; ``functools.partial(constant, value=0.1)`` is an initializer.

    Examples
    --------
    >>> constant((2,), 0.5).tolist()
    [0.5, 0.5]
    """
    return np.full(shape, value, dtype)


def normal(
    shape: tuple[int, ...], std: float = 0.01, *, rng: np.random.Generator | None = None, dtype: DTypeLike = np.float32
) -> NDArray[Any]:
    """Return numbers from the normal distribution around 0.

    Parameters
    ----------
    shape : tuple of int
    std : float
        Standard deviation.
    rng : numpy.random.Generator, optional
        Default: the package's (:func:`minigrad.nn.seed`).
    dtype : dtype

    Examples
    --------
    >>> normal((2, 3), rng=np.random.default_rng(0)).shape
    (2, 3)
    """
    values = generator(rng).standard_normal(shape)
    values *= _scale("std", std)
    return values.astype(dtype, copy=False)


def uniform(
    shape: tuple[int, ...],
    bound: float = 0.01,
    *,
    rng: np.random.Generator | None = None,
    dtype: DTypeLike = np.float32,
) -> NDArray[Any]:
    """Return numbers spread evenly between ``-bound`` and ``bound``.

    Parameters
    ----------
    shape : tuple of int
    bound : float
    rng : numpy.random.Generator, optional
        Default: the package's (:func:`minigrad.nn.seed`).
    dtype : dtype

    Examples
    --------
    >>> float(abs(uniform((100, 100), 0.5)).max()) <= 0.5
    True
    """
    bound = _scale("bound", bound)
    return generator(rng).uniform(-bound, bound, shape).astype(dtype, copy=False)


def he_normal(
    shape: tuple[int, ...],
    gain: float = math.sqrt(2),
    *,
    rng: np.random.Generator | None = None,
    dtype: DTypeLike = np.float32,
) -> NDArray[Any]:
    """Return numbers from the normal distribution with standard deviation ``gain / sqrt(fan_in)``.

    Parameters
    ----------
    shape : tuple of int
        Of the weight (see :func:`fans`).
    gain : float
        √2 suits ReLU, which halves the mean square.
    rng : numpy.random.Generator, optional
        Default: the package's (:func:`minigrad.nn.seed`).
    dtype : dtype

    Examples
    --------
    >>> round(float(he_normal((800, 500), rng=np.random.default_rng(0)).std()), 3)
    0.05
    """
    return normal(shape, gain / math.sqrt(fans(shape)[0]), rng=rng, dtype=dtype)


def he_uniform(
    shape: tuple[int, ...],
    gain: float = math.sqrt(2),
    *,
    rng: np.random.Generator | None = None,
    dtype: DTypeLike = np.float32,
) -> NDArray[Any]:
    """Return evenly spread numbers with the standard deviation of :func:`he_normal`.

    Parameters
    ----------
    shape : tuple of int
    gain : float
    rng : numpy.random.Generator, optional
    dtype : dtype

    Examples
    --------
    >>> round(float(he_uniform((800, 500), rng=np.random.default_rng(0)).std()), 3)
    0.05
    """
    return uniform(shape, gain * math.sqrt(3 / fans(shape)[0]), rng=rng, dtype=dtype)


def xavier_normal(
    shape: tuple[int, ...], gain: float = 1.0, *, rng: np.random.Generator | None = None, dtype: DTypeLike = np.float32
) -> NDArray[Any]:
    """Return numbers from the normal distribution with variance ``2 gain² / (fan_in + fan_out)``.

    Parameters
    ----------
    shape : tuple of int
        Of the weight (see :func:`fans`).
    gain : float
        1 suits sigmoid and tanh near 0.
    rng : numpy.random.Generator, optional
        Default: the package's (:func:`minigrad.nn.seed`).
    dtype : dtype

    Examples
    --------
    >>> round(float(xavier_normal((500, 300), rng=np.random.default_rng(0)).std()), 3)
    0.05
    """
    return normal(shape, gain * math.sqrt(2 / sum(fans(shape))), rng=rng, dtype=dtype)


def xavier_uniform(
    shape: tuple[int, ...], gain: float = 1.0, *, rng: np.random.Generator | None = None, dtype: DTypeLike = np.float32
) -> NDArray[Any]:
    """Return evenly spread numbers with the standard deviation of :func:`xavier_normal`.

    Parameters
    ----------
    shape : tuple of int
    gain : float
    rng : numpy.random.Generator, optional
    dtype : dtype

    Examples
    --------
    >>> round(float(xavier_uniform((500, 300), rng=np.random.default_rng(0)).std()), 3)
    0.05
    """
    return uniform(shape, gain * math.sqrt(6 / sum(fans(shape))), rng=rng, dtype=dtype)


def _scale(what: str, value: float) -> float:
    if not math.isfinite(value) or value < 0:
        raise ValueError(f"init: {what} must be a number >= 0, got {value!r}")
    return value
