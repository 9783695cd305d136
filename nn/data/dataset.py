"""Data sets: examples that are reached by their index, alone or many at once."""

from __future__ import annotations

import operator
from abc import ABC, abstractmethod
from bisect import bisect_right
from collections.abc import Callable, Iterable
from itertools import accumulate
from typing import Any, Self

import numpy as np
import numpy.typing as npt

__all__ = ["ArrayDataset", "Dataset", "collate"]


class Dataset(ABC):
    """A sequence of examples; an example is an array, or a tuple or dict of arrays.

    Subclasses define ``__len__`` and ``__getitem__`` for one index. Those that can fetch many examples at once faster
    than one by one define :meth:`take` too.

    See Also
    --------
    ArrayDataset : Examples that lie in arrays.
    DataLoader : Batches of a data set.

    Examples
    --------
    >>> from minigrad.nn.data import Dataset
    >>> class Squares(Dataset):
    ...     def __len__(self):
    ...         return 5
    ...     def __getitem__(self, index):
    ...         return np.float32(index), index**2
    >>> Squares().take(np.array([3, 1]))
    (array([3., 1.], dtype=float32), array([9, 1]))
    """

    @abstractmethod
    def __len__(self) -> int:
        """Return the number of examples."""

    @abstractmethod
    def __getitem__(self, index: int) -> Any:
        """Return the example at `index`, which is in [0, len)."""

    def take(self, indices: npt.NDArray[np.intp]) -> Any:
        """Return the examples at `indices` as one batch: arrays with one more axis, the first.

        Parameters
        ----------
        indices : ndarray of int, shape (n,)

        Returns
        -------
        ndarray, or a tuple or dict of them
            As the examples are; see :func:`collate`.
        """
        return collate_items(self, indices)

    def map(self, function: Callable[..., Any]) -> Dataset:
        """Return the data set with `function` applied to each example when it is asked for.

        Parameters
        ----------
        function : callable
            Called with the parts of an example: ``function(x, t)`` where the examples are tuples of two, else
            ``function(x)``.

        Examples
        --------
        >>> from minigrad.nn.data import ArrayDataset
        >>> data = ArrayDataset([1.0, 2.0], [7, 8]).map(lambda x, t: (10 * x, t))
        >>> data[1] == (20.0, 8)
        True
        """
        return _Mapped(self, function)

    def subset(self, indices: npt.ArrayLike) -> Dataset:
        """Return the data set of the examples at `indices`, in their order.

        Parameters
        ----------
        indices : array_like of int or bool, shape (n,)
            Indices, which may repeat, or a mask with an entry for each example.

        Raises
        ------
        IndexError
            If an index is not in [0, len), or a mask has another length.

        Examples
        --------
        >>> from minigrad.nn.data import ArrayDataset
        >>> ArrayDataset([5.0, 6.0, 7.0]).subset([2, 0]).take(np.array([0, 1]))
        array([7., 5.])
        """
        return _Subset(self, indices)

    def __add__(self, other: Dataset) -> Dataset:
        """Return the examples of both, one set after the other."""
        if not isinstance(other, Dataset):
            return NotImplemented
        return _Concatenation([self, other])


class ArrayDataset(Dataset):
    """Examples that lie in arrays, along their first axis.

    Parameters
    ----------
    *arrays : array_like
        One or more arrays of equal length; inputs and targets, for example. They are not copied.

    Raises
    ------
    ValueError
        If there is none, one has no axis, or their lengths differ.

    Examples
    --------
    >>> from minigrad.nn.data import ArrayDataset
    >>> data = ArrayDataset(np.eye(3, dtype=np.float32), [0, 1, 2])
    >>> len(data)
    3
    >>> data.take(np.array([2, 0]))
    (array([[0., 0., 1.],
            [1., 0., 0.]], dtype=float32), array([2, 0]))
    """

    def __init__(self, *arrays: npt.ArrayLike) -> None:
        self.arrays = tuple(np.asarray(array) for array in arrays)
        if not self.arrays:
            raise ValueError("ArrayDataset: pass at least one array")
        shapes = ", ".join(str(array.shape) for array in self.arrays)
        if any(array.ndim == 0 for array in self.arrays):
            raise ValueError(f"ArrayDataset: the first axis counts the examples, and one array has none: {shapes}")
        if len({len(array) for array in self.arrays}) > 1:
            raise ValueError(f"ArrayDataset: the arrays have unequal numbers of examples (first axis): {shapes}")

    def __repr__(self) -> str:
        return f"ArrayDataset({', '.join(f'{array.dtype} {array.shape}' for array in self.arrays)})"

    @classmethod
    def from_iterable(cls, examples: Iterable[Any]) -> Self:
        """Read all examples, each an array or a tuple of arrays, into memory.

        Raises
        ------
        ValueError
            If there are none, or they differ in shape or number of parts.

        Examples
        --------
        >>> from minigrad.nn.data import ArrayDataset
        >>> ArrayDataset.from_iterable((n / 2, n % 2) for n in range(3)).arrays
        (array([0. , 0.5, 1. ]), array([0, 1, 0]))
        """
        found = list(examples)
        if not found:
            raise ValueError("ArrayDataset.from_iterable: there are no examples")
        batch = collate(found)
        if isinstance(batch, dict):
            raise ValueError("ArrayDataset.from_iterable: examples are arrays or tuples of arrays, got dicts")
        return cls(*batch) if isinstance(batch, tuple) else cls(batch)

    def __len__(self) -> int:
        return len(self.arrays[0])

    def __getitem__(self, index: int) -> Any:
        parts = tuple(array[index] for array in self.arrays)
        return parts if len(parts) > 1 else parts[0]

    def take(self, indices: npt.NDArray[np.intp]) -> Any:
        parts = tuple(array.take(indices, axis=0) for array in self.arrays)
        return parts if len(parts) > 1 else parts[0]


class _Mapped(Dataset):
    def __init__(self, base: Dataset, function: Callable[..., Any]) -> None:
        self.base = base
        self.function = function

    def __len__(self) -> int:
        return len(self.base)

    def __getitem__(self, index: int) -> Any:
        example = self.base[index]
        return self.function(*example) if isinstance(example, tuple) else self.function(example)


class _Subset(Dataset):
    def __init__(self, base: Dataset, indices: npt.ArrayLike) -> None:
        chosen = np.asarray(indices)
        if chosen.dtype == bool:
            if chosen.shape != (len(base),):
                raise IndexError(f"subset: a mask of shape {chosen.shape} for {len(base):,} examples")
            chosen = np.flatnonzero(chosen)
        if chosen.ndim != 1 or (chosen.size and chosen.dtype.kind not in "iu"):
            raise IndexError(
                f"subset: expected a list of integers, got an array of {chosen.dtype} and shape {chosen.shape}"
            )
        wrong = chosen[(chosen < 0) | (chosen >= len(base))]
        if wrong.size:
            raise IndexError(f"subset: index {wrong[0]} is not in [0, {len(base)})")
        self.base = base
        self.indices = chosen.astype(np.intp)

    def __len__(self) -> int:
        return len(self.indices)

    def __getitem__(self, index: int) -> Any:
        return self.base[int(self.indices[index])]

    def take(self, indices: npt.NDArray[np.intp]) -> Any:
        return self.base.take(self.indices[indices])


class _Concatenation(Dataset):
    def __init__(self, parts: list[Dataset]) -> None:
        self.parts = parts
        self.ends = list(accumulate(len(part) for part in parts))

    def __len__(self) -> int:
        return self.ends[-1]

    def __getitem__(self, index: int) -> Any:
        which = bisect_right(self.ends, index)
        return self.parts[which][index - (self.ends[which] - len(self.parts[which]))]


class Listed(Dataset):
    """What has a length and is indexed by integers, as a data set: a list of examples."""

    def __init__(self, examples: Any) -> None:
        self.examples = examples

    def __len__(self) -> int:
        return len(self.examples)

    def __getitem__(self, index: int) -> Any:
        return self.examples[index]


def collate_items(data: Dataset, indices: npt.NDArray[np.intp]) -> Any:
    """Fetch the examples one by one and stack them; an error tells which one it was."""
    examples = []
    for index in indices.tolist():
        try:
            examples.append(data[index])
        except Exception as error:
            error.add_note(f"in example {index}")
            raise
    return collate(examples)


def collate(examples: list[Any]) -> Any:
    """Stack examples to a batch.

    Parameters
    ----------
    examples : list
        At least one. Each is array_like, or a tuple or dict of such.

    Returns
    -------
    ndarray, or a tuple or dict of them
        With a new first axis of the number of examples; dtypes as of :func:`numpy.stack`, so float32 is kept.

    Raises
    ------
    ValueError
        If the examples differ in their shapes, their number of parts or their keys.

    Examples
    --------
    >>> from minigrad.nn.data import collate
    >>> collate([([1.0, 2.0], 0), ([3.0, 4.0], 1)])
    (array([[1., 2.],
            [3., 4.]]), array([0, 1]))
    >>> collate([{"x": 1}, {"x": 2}])
    {'x': array([1, 2])}
    """
    first = examples[0]
    if isinstance(first, dict):
        for example in examples:
            if not isinstance(example, dict) or example.keys() != first.keys():
                raise ValueError(f"collate: examples with the keys {_keys(first)} and {_keys(example)} in one batch")
        return {key: collate([example[key] for example in examples]) for key in first}
    if isinstance(first, tuple):
        for example in examples:
            if not isinstance(example, tuple) or len(example) != len(first):
                raise ValueError(f"collate: examples of {_parts(first)} and of {_parts(example)} in one batch")
        return tuple(collate(list(part)) for part in zip(*examples, strict=True))
    arrays = [np.asarray(example) for example in examples]
    for array in arrays:
        if array.shape != arrays[0].shape:
            raise ValueError(f"collate: examples of shape {arrays[0].shape} and {array.shape} do not stack to a batch")
    return np.stack(arrays)


def _keys(example: Any) -> str:
    return str(list(example)) if isinstance(example, dict) else f"(none: {type(example).__name__})"


def _parts(example: Any) -> str:
    return f"{len(example)} parts" if isinstance(example, tuple) else "1 part"


def whole(function: str, name: str, value: Any, least: int) -> int:
    """Return `value` as an int of at least `least`, or raise in the terms of the caller."""
    try:
        number = operator.index(value)
    except TypeError:
        number = None
    if number is None or isinstance(value, bool):
        raise TypeError(f"{function}: {name} must be an integer, got {value!r}")
    if number < least:
        raise ValueError(f"{function}: {name} must be at least {least}, got {value!r}")
    return number
