"""Batches of a data set."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sized
from itertools import islice
from typing import Any

import numpy as np

from ..random import generator
from .dataset import ArrayDataset, Dataset, Listed, collate, whole
from .prefetch import prefetched

__all__ = ["DataLoader"]


class DataLoader:
    """Batches of a data set, an epoch for each loop over it.

    Parameters
    ----------
    data : array_like, tuple of array_like, Dataset, sequence or iterable
        An array, or several of equal length, are cut along the first axis; a :class:`Dataset`, a list, or whatever else
        has a length and integer indices gives its examples; from any other iterable they are read in its order.
    batch_size : int
        How many examples make a batch.
    shuffle : bool
        Whether each epoch has a new random order.
    rng : numpy.random.Generator, optional
        Where the order and the random numbers of `transform` come from. Default: the package's generator
        (:func:`minigrad.nn.seed`).
    drop_last : bool
        Whether a last batch that is not full is left out.
    workers : int
        How many threads prepare batches ahead of their use; 0 for none. The batches are the same whatever the number.
        Worth it for what waits or works outside of Python's lock, such as reading and decompressing files. Arrays in
        memory are faster without.
    prefetch : int
        How many batches for each worker may be ready or under way.
    transform : callable, optional
        ``transform(x, rng) -> x``, applied to each batch, or to its first array where it has several. See
        :mod:`minigrad.nn.data.augment`. The generator it gets depends on `rng`, the epoch and the number of the batch.

    Yields
    ------
    ndarray, or a tuple or dict of them
        New arrays, with the dtypes of the data.

    Raises
    ------
    ValueError, TypeError
        If an argument is out of its range, or an iterable without indices is to be shuffled.

    Notes
    -----
    Random numbers are drawn at the start of an epoch only: the order, and one seed for the transform. So an
    epoch can be taken up in its middle, bit for bit, from :meth:`state_dict`.

    An error while a batch is made is raised in the loop, with a note which batch and example it was. Leaving the loop
    early ends the threads.

    Examples
    --------
    >>> from minigrad.nn.data import DataLoader
    >>> x, t = np.arange(10, dtype=np.float32).reshape(5, 2), np.arange(5)
    >>> for xs, ts in DataLoader((x, t), 2):
    ...     print(xs.shape, ts)
    (2, 2) [0 1]
    (2, 2) [2 3]
    (1, 2) [4]
    >>> loader = DataLoader((x, t), 2, shuffle=True, rng=np.random.default_rng(0), drop_last=True)
    >>> len(loader), [ts.tolist() for _, ts in loader]
    (2, [[2, 4], [3, 0]])
    """

    def __init__(
        self,
        data: Any,
        batch_size: int,
        *,
        shuffle: bool = False,
        rng: np.random.Generator | None = None,
        drop_last: bool = False,
        workers: int = 0,
        prefetch: int = 2,
        transform: Callable[[Any, np.random.Generator], Any] | None = None,
    ) -> None:
        self.data = _as_dataset(data)
        self.batch_size = whole("DataLoader", "batch_size", batch_size, 1)
        self.workers = whole("DataLoader", "workers", workers, 0)
        self.prefetch = whole("DataLoader", "prefetch", prefetch, 1)
        if shuffle and not isinstance(self.data, Dataset):
            raise TypeError(
                f"DataLoader: {type(data).__name__} has no indices to shuffle; pass list(data), or shuffle it where it "
                "is made"
            )
        if transform is not None and not callable(transform):
            raise TypeError(f"DataLoader: transform must be callable, got {transform!r}")
        if rng is not None:
            generator(rng)  # raises if it is a seed
        self.shuffle = shuffle
        self.rng = rng
        self.drop_last = drop_last
        self.transform = transform
        self._position = 0  # batches of the current epoch that were handed out
        self._start: dict[str, Any] | None = None  # the generator's state before the epoch's draws
        self._resume = False

    def __repr__(self) -> str:
        shown = f"{self.data!r}, {self.batch_size}"
        for name, default in (("shuffle", False), ("drop_last", False), ("workers", 0), ("transform", None)):
            value = getattr(self, name)
            if value != default:
                shown += f", {name}={value!r}"
        return f"DataLoader({shown})"

    def __len__(self) -> int:
        """Return the number of batches in an epoch.

        Raises
        ------
        TypeError
            If the data are an iterable without a length.
        """
        count = self._count()
        if count is None:
            raise TypeError(f"DataLoader: {type(self.data).__name__} has no length, so the number of batches is open")
        return count // self.batch_size if self.drop_last else -(-count // self.batch_size)

    def __iter__(self) -> Iterator[Any]:
        """Yield the batches of one epoch, or those left of the epoch that was loaded."""
        skip, rng = 0, generator(self.rng)
        if self._resume:
            # The generator itself is past this epoch's draws already; they are repeated by a copy.
            skip, self._resume = self._position, False
            rng = rng if self._start is None else _at_state(rng, self._start)
        self._start = _plain(rng.bit_generator.state) if self._is_random() else None
        self._position = skip
        order = rng.permutation(len(self.data)) if self.shuffle else None  # type: ignore[arg-type]
        entropy = rng.integers(0, 1 << 32, 4, dtype=np.uint32).tolist() if self.transform is not None else None
        batches = prefetched(
            self._chunks(order, skip),
            lambda task: self._make(task[0], task[1], entropy),
            self.workers,
            self.workers * self.prefetch,
        )
        try:
            for number, batch in enumerate(batches, skip + 1):
                self._position = number
                yield batch
                del batch
        finally:
            batches.close()  # type: ignore[attr-defined]
        self._position = 0
        self._start = None

    def _chunks(self, order: Any, skip: int) -> Iterator[tuple[int, Any]]:
        """Yield number and indices of each batch from number `skip` on; the examples where there are no indices."""
        size = self.batch_size
        if isinstance(self.data, Dataset):
            indices = np.arange(len(self.data)) if order is None else order
            for number in range(skip, len(self)):
                yield number, indices[number * size : (number + 1) * size]
            return
        examples = iter(self.data)
        for number in range(skip):  # an iterable has no other way to its middle
            if not _read(examples, size, number):
                raise ValueError(f"DataLoader: to go on at batch {skip}, but the data end at batch {number}")
        number = skip
        while chunk := _read(examples, size, number):
            if len(chunk) == size or not self.drop_last:
                yield number, chunk
            number += 1
        if number == 0 and examples is self.data:
            raise RuntimeError(
                f"DataLoader: the {type(self.data).__name__} has no examples left; a second epoch needs an "
                "iterable that starts anew, such as a list"
            )

    def _make(self, number: int, chunk: Any, entropy: list[int] | None) -> Any:
        try:
            batch = self.data.take(chunk) if isinstance(self.data, Dataset) else collate(chunk)
            if entropy is None or self.transform is None:
                return batch
            # Keyed by the number, so that it matters neither which thread makes the batch nor when.
            rng = np.random.Generator(np.random.PCG64(np.random.SeedSequence(entropy, spawn_key=(number,))))
            if isinstance(batch, dict):
                raise TypeError("DataLoader: transform needs arrays or tuples; for dicts, use Dataset.map")
            if isinstance(batch, tuple):
                return self.transform(batch[0], rng), *batch[1:]
            return self.transform(batch, rng)
        except Exception as error:
            first = number * self.batch_size
            last = first + len(chunk) - 1
            error.add_note(f"in batch {number} of the DataLoader: examples {first} to {last} of the epoch")
            raise

    # -- taking up an epoch in its middle ----------------------------------------------------------------------------

    def state_dict(self) -> dict[str, Any]:
        """Return, as plain data that JSON holds, where the loader stands: position, generator, and what they refer to.

        Taken inside of the loop over a loader, the state is that behind the batch in hand. Batches that were made
        ahead do not count.
        """
        return {
            "position": self._position,
            "epoch_rng": self._start,
            "rng": _plain(generator(self.rng).bit_generator.state) if self._is_random() else None,
            "batch_size": self.batch_size,
            "examples": self._count(),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on where :meth:`state_dict` was taken: the next loop yields the rest of that epoch.

        The loader must be made as the other was: the same data, batch size, shuffle and transform. Its generator is
        set to the saved state. A generator that the data come from must be a new one; it is read up to the position.

        Raises
        ------
        ValueError
            If the state does not fit the loader. The loader is unchanged then.

        Examples
        --------
        >>> from minigrad.nn.data import DataLoader
        >>> def loader():
        ...     return DataLoader(np.arange(6), 2, shuffle=True, rng=np.random.default_rng(1))
        >>> first = loader()
        >>> for batch in first:
        ...     state = first.state_dict()
        ...     break
        >>> second = loader()
        >>> second.load_state_dict(state)
        >>> rest = [batch.tolist() for batch in second]
        >>> [batch.tolist() for batch in loader()] == [batch.tolist(), *rest]
        True
        """
        expected = self.state_dict()
        if not isinstance(state, dict) or state.keys() != expected.keys():
            found = list(state) if isinstance(state, dict) else type(state).__name__
            raise ValueError(f"DataLoader.load_state_dict: expected the keys {list(expected)}, found {found}")
        for key in ("batch_size", "examples"):
            if state[key] != expected[key]:
                raise ValueError(
                    f"DataLoader.load_state_dict: the state was taken with {key} {state[key]}, this loader has "
                    f"{expected[key]}; make the loader as it was"
                )
        position = whole("DataLoader.load_state_dict", "position", state["position"], 0)
        if self._count() is not None and position > len(self):
            raise ValueError(f"DataLoader.load_state_dict: position {position} is beyond the {len(self)} batches")
        if (state["rng"] is None) == self._is_random() or (position and self._is_random() and not state["epoch_rng"]):
            raise ValueError("DataLoader.load_state_dict: the state is of a loader with another shuffle or transform")
        if self._is_random():
            rng = generator(self.rng)
            for saved in (state["rng"], state["epoch_rng"]):
                if saved is not None:
                    _at_state(rng, saved)  # raises if it does not fit
            rng.bit_generator.state = state["rng"]
        self._position = position
        self._start = state["epoch_rng"]
        self._resume = position > 0 or state["epoch_rng"] is not None

    def _is_random(self) -> bool:
        return self.shuffle or self.transform is not None

    def _count(self) -> int | None:
        return len(self.data) if isinstance(self.data, Sized) else None


def _as_dataset(data: Any) -> Dataset | Iterable[Any]:
    if isinstance(data, Dataset):
        return data
    if isinstance(data, tuple):
        return ArrayDataset(*data)
    if hasattr(data, "__array__"):
        return ArrayDataset(data)
    if hasattr(data, "__len__") and hasattr(data, "__getitem__") and not isinstance(data, Mapping):
        return Listed(data)
    if isinstance(data, Iterable) and not isinstance(data, Mapping):
        return data
    raise TypeError(
        f"DataLoader: expected an array, a tuple of arrays, a Dataset or an iterable, got {type(data).__name__}"
    )


def _read(examples: Iterator[Any], count: int, number: int) -> list[Any]:
    try:
        return list(islice(examples, count))
    except Exception as error:
        error.add_note(f"while the examples of batch {number} of the DataLoader were read")
        raise


def _at_state(rng: np.random.Generator, state: Any) -> np.random.Generator:
    """Return a new generator of the kind of `rng`, at a saved state."""
    kind = type(rng.bit_generator)
    # From a seed sequence, because without one the operating system is asked for entropy.
    copy = np.random.Generator(kind(np.random.SeedSequence(0)))
    try:
        copy.bit_generator.state = state
    except (KeyError, TypeError, ValueError, IndexError, OverflowError) as error:
        raise ValueError(
            f"DataLoader.load_state_dict: no state of the loader's generator, {kind.__name__}: {error}"
        ) from error
    return copy


def _plain(state: Any) -> Any:
    """Turn the arrays in a generator's state into lists."""
    if isinstance(state, dict):
        return {key: _plain(value) for key, value in state.items()}
    return state.tolist() if isinstance(state, np.ndarray) else state
