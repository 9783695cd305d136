"""Before the training: the scale of the inputs, and which examples are held back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from ..random import generator
from .dataset import ArrayDataset, Dataset, whole

__all__ = ["Standardizer", "k_fold", "split"]


class Standardizer:
    """Shifts and scales inputs to mean 0 and standard deviation 1, as found on the training set.

    Parameters
    ----------
    x : array_like
        The inputs of the training set.
    axis : int or tuple of int
        The axes over which mean and deviation are taken: 0 for each feature of its own, (0, 2, 3) for each channel of
        images (N, C, H, W), None for one pair of numbers.

    Attributes
    ----------
    mean, std : ndarray
        Of float dtype, with size 1 along `axis`. Where all inputs are equal, `std` is 1: they become 0.

    Raises
    ------
    ValueError
        If there are no inputs, or some of them are not finite; at a call, if the inputs have other axes.

    Notes
    -----
    ``(x - mean) / std``. The sums are made in float64; float32 inputs stay float32.

    Examples
    --------
    >>> from minigrad.nn.data import Standardizer
    >>> x_train = np.array([[1.0, 5.0], [3.0, 5.0]], np.float32)
    >>> standardize = Standardizer(x_train)
    >>> standardize(x_train)
    array([[-1.,  0.],
           [ 1.,  0.]], dtype=float32)
    >>> x_test = np.array([[4.0, 6.0]], np.float32)
    >>> standardize(x_test)
    array([[2., 1.]], dtype=float32)
    >>> standardize.inverse(standardize(x_test))
    array([[4., 6.]], dtype=float32)
    """

    def __init__(self, x: npt.ArrayLike, axis: int | tuple[int, ...] | None = 0) -> None:
        x = np.asarray(x)
        if x.size == 0:
            raise ValueError(f"Standardizer: no inputs, the shape is {x.shape}")
        dtype = np.result_type(x, np.float16) if x.dtype.kind == "f" else np.dtype(np.float64)
        with np.errstate(invalid="ignore", over="ignore"):
            mean = x.mean(axis, dtype=np.float64, keepdims=True)
            std = x.std(axis, dtype=np.float64, keepdims=True)
        if not (np.isfinite(mean).all() and np.isfinite(std).all()):
            raise ValueError("Standardizer: the inputs are not all finite")
        # By the extremes, not by std == 0: rounding makes the deviation of equal numbers slightly more than 0.
        constant = x.max(axis, keepdims=True) == x.min(axis, keepdims=True)
        self.mean = mean.astype(dtype)
        self.std = np.where(constant, 1.0, std).astype(dtype)
        # A deviation below the least number of the dtype.
        self.std[self.std == 0] = 1

    def __call__(self, x: npt.ArrayLike) -> npt.NDArray[Any]:
        """Return ``(x - mean) / std``, a new array."""
        out: npt.NDArray[Any] = (self._checked(x) - self.mean) / self.std
        return out

    def inverse(self, x: npt.ArrayLike) -> npt.NDArray[Any]:
        """Return ``x * std + mean``, a new array."""
        out: npt.NDArray[Any] = self._checked(x) * self.std + self.mean
        return out

    def _checked(self, x: npt.ArrayLike) -> npt.NDArray[Any]:
        array = np.asarray(x)
        try:
            both = np.broadcast_shapes(array.shape, self.mean.shape)
            fits = both[len(both) - array.ndim :] == array.shape  # a single example may lack the first axis
        except ValueError:
            fits = False
        if not fits:
            raise ValueError(f"Standardizer: mean and deviation have shape {self.mean.shape}, the inputs {array.shape}")
        return array


def split(
    *data: Any,
    fraction: float = 0.2,
    rng: np.random.Generator | None = None,
    stratify: npt.ArrayLike | None = None,
) -> tuple[Any, Any]:
    """Hold back a random part of the examples, for validation.

    Parameters
    ----------
    *data : array_like or Dataset
        Arrays of equal length, or one :class:`Dataset`.
    fraction : float
        The share to hold back, between 0 and 1. At least one example goes to each part.
    rng : numpy.random.Generator, optional
        Default: the package's generator (:func:`minigrad.nn.seed`).
    stratify : array_like, shape (N,), optional
        The class of each example. Each class then has its share in the held back part, to within one example.

    Returns
    -------
    rest, held : tuple
        The two parts, of the form of `data`: an array, a tuple of arrays, or a :class:`Dataset`. Each keeps the
        order of the examples.

    Raises
    ------
    ValueError
        If `fraction` is out of range, there are fewer than 2 examples, or lengths differ.

    Examples
    --------
    >>> from minigrad.nn.data import split
    >>> x, t = np.arange(10.0), np.arange(10) % 2
    >>> (x_train, t_train), (x_val, t_val) = split(x, t, fraction=0.4, rng=np.random.default_rng(0), stratify=t)
    >>> x_val, t_val
    (array([1., 3., 6., 8.]), array([1, 1, 0, 0]))
    """
    if not 0 < fraction < 1:
        raise ValueError(f"split: fraction must be between 0 and 1, got {fraction!r}")
    sets = data[0] if len(data) == 1 and isinstance(data[0], Dataset) else ArrayDataset(*data)
    count = len(sets)
    if count < 2:
        raise ValueError(f"split: {count} examples do not make two parts")
    held = min(max(round(fraction * count), 1), count - 1)
    rng = generator(rng)
    order = _order("split", count, rng, stratify)
    # Evenly spaced through the classes, from a random start: each class has its share.
    chosen = np.zeros(count, bool)
    chosen[order[((np.arange(held) + rng.random()) * (count / held)).astype(np.intp)]] = True
    first, second = np.flatnonzero(~chosen), np.flatnonzero(chosen)
    if sets is data[0]:
        return sets.subset(first), sets.subset(second)
    return sets.take(first), sets.take(second)


def k_fold(
    n: int, k: int, rng: np.random.Generator | None = None, *, stratify: npt.ArrayLike | None = None
) -> Iterator[tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]]:
    """Divide examples at random into `k` parts, each of which is held back once.

    Parameters
    ----------
    n : int
        How many examples there are.
    k : int
        How many parts, from 2 to `n`. Their sizes differ by one at most.
    rng : numpy.random.Generator, optional
        Default: the package's generator (:func:`minigrad.nn.seed`).
    stratify : array_like, shape (n,), optional
        The class of each example. Each class is then spread over the parts, to within one example.

    Yields
    ------
    rest, held : ndarray of int
        Indices of the examples to train with and of those held back, in ascending order.

    Raises
    ------
    ValueError
        If `k` is out of range.

    Examples
    --------
    >>> from minigrad.nn.data import k_fold
    >>> for rest, held in k_fold(5, 2, np.random.default_rng(0)):
    ...     print(rest, held)
    [0 4] [1 2 3]
    [1 2 3] [0 4]
    """
    n, k = whole("k_fold", "n", n, 2), whole("k_fold", "k", k, 2)
    if k > n:
        raise ValueError(f"k_fold: {n} examples do not make {k} parts")
    part = np.empty(n, np.intp)
    part[_order("k_fold", n, generator(rng), stratify)] = np.arange(n) % k
    return ((np.flatnonzero(part != fold), np.flatnonzero(part == fold)) for fold in range(k))


def _order(
    function: str, count: int, rng: np.random.Generator, stratify: npt.ArrayLike | None
) -> npt.NDArray[np.intp]:
    """Return the examples in random order, with those of a class side by side if classes are given."""
    order: npt.NDArray[np.intp] = rng.permutation(count)
    if stratify is None:
        return order
    classes = np.asarray(stratify)
    if classes.shape != (count,):
        raise ValueError(f"{function}: stratify has shape {classes.shape}, expected one class per example, ({count},)")
    return order[np.argsort(classes[order], kind="stable")]
