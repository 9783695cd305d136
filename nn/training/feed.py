"""Batches of whatever a user passes, and where a run is in them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

import numpy as np

from minigrad import Tensor

from ..data import DataLoader, Dataset

__all__ = ["Feed", "check_batch_size", "source_of", "split"]

BATCH = 32  # where the data are arrays and no size is given


def has_examples(data: Any) -> bool:
    """Return whether data are examples, to be put into batches."""
    return isinstance(data, (tuple, Dataset))


def source_of(caller: str, data: Any, batch_size: int | None, shuffle: bool) -> Iterable[Any]:
    """Return an iterable of batches: a loader for arrays and data sets, anything else as it is.

    Raises
    ------
    TypeError
        If it is nothing of this kind.
    """
    if has_examples(data):
        if isinstance(data, tuple):
            data = tuple(part._data if isinstance(part, Tensor) else part for part in data)
        return DataLoader(data, BATCH if batch_size is None else batch_size, shuffle=shuffle)
    if isinstance(data, (np.ndarray, Tensor)) or not isinstance(data, Iterable):
        raise TypeError(
            f"{caller}: expected a tuple (inputs, targets) of arrays, a Dataset, a DataLoader or another iterable of "
            f"batches, got {type(data).__name__}"
        )
    return data


def check_batch_size(caller: str, batch_size: int | None, *data: Any) -> None:
    """Refuse a size for data that all come in batches."""
    if batch_size is not None and not any(map(has_examples, data)):
        kind = type(data[0]).__name__
        raise ValueError(f"{caller}: batch_size is for arrays and Datasets; a {kind} has its batches already")


def split(batch: Any) -> tuple[list[Any], Any, int]:
    """Return the inputs, the target, and the number of examples of a batch."""
    if not isinstance(batch, (tuple, list)) or len(batch) < 2:
        found = f"{type(batch).__name__} of {len(batch)}" if isinstance(batch, (tuple, list)) else type(batch).__name__
        raise TypeError(f"Trainer: a batch is a tuple of the model's inputs and, last, the target; got {found}")
    *inputs, target = batch
    return inputs, target, len(target)


class Feed:
    """The training data of a run, which come and go with each ``fit``, and the place in them, which stays."""

    def __init__(self) -> None:
        self._source: Any = None
        self._saved: Any = None  # the state of the last source, or of the one in a file
        self.pending = False  # whether the next source is to go on from there

    def attach(self, source: Iterable[Any]) -> None:
        """Take up new data."""
        self._source = source

    def go_on(self) -> None:
        """Go on in the new data where the last ones were left, within an epoch or when a file was loaded."""
        if self.pending:
            self.load_state_dict({"source": self._saved})

    def keep(self, within: bool) -> None:
        """Remember the place in the data, within an epoch or after its end."""
        self._saved, self.pending = self.state_dict()["source"], within

    def detach(self) -> None:
        """Let go of the data."""
        self._source = None

    def batches(self, done: int) -> Iterator[Any]:
        """Return the batches of the epoch that are left after so many."""
        batches: Iterator[Any] = iter(self._source)
        # A loader knows its place itself.
        if not hasattr(self._source, "load_state_dict"):
            for _ in islice(batches, done):
                pass
        return batches

    def __len__(self) -> int:
        return len(self._source)

    def state_dict(self) -> dict[str, Any]:
        """Return the state of the data, None where they have none."""
        return {"source": self._source.state_dict() if hasattr(self._source, "state_dict") else self._saved}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take the data, now or when they come, to where they were.

        Raises
        ------
        ValueError
            If they are others.
        """
        saved = state["source"]
        if self._source is None:
            self._saved, self.pending = saved, saved is not None
        elif saved is not None:
            if not hasattr(self._source, "load_state_dict"):
                kind = type(self._source).__name__
                raise ValueError(f"the run had arrays, a Dataset or a DataLoader as data, and now has a {kind}")
            self._source.load_state_dict(saved)
