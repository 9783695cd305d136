"""What all metrics share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from minigrad import Tensor

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Metric"]


class Metric(ABC):
    """A measure that is gathered over batches.

    Subclasses write ``_counts``, numbers of a batch that add up, and ``_result``, the measure from their sum.

    Attributes
    ----------
    name : str
        In the history of a run.
    better : {"max", "min"} or None
        Which values are better, where that is known.
    """

    name: ClassVar[str]
    better: ClassVar[str | None] = "max"

    def __init__(self) -> None:
        self._sum: NDArray[np.float64] | None = None

    def update(self, output: Any, target: Any) -> None:
        """Take in a batch.

        Parameters
        ----------
        output, target : array_like or Tensor
            What the model returned, and what it should have.

        Raises
        ------
        ValueError
            If they do not belong together.
        """
        counts = self._counts(as_array(output), as_array(target))
        self._sum = counts if self._sum is None else self._sum + counts

    def compute(self) -> Any:
        """Return the measure over all that was taken in.

        Raises
        ------
        ValueError
            If that is nothing.
        """
        if self._sum is None:
            raise ValueError(f"{type(self).__name__}: no batch was taken in, so there is nothing to compute")
        return self._result(self._sum)

    def reset(self) -> None:
        """Forget what was taken in."""
        self._sum = None

    def __call__(self, output: Any, target: Any) -> Any:
        """Return the measure of these examples alone; what was taken in before stays as it is."""
        before, self._sum = self._sum, None
        try:
            self.update(output, target)
            return self.compute()
        finally:
            self._sum = before

    def state_dict(self) -> dict[str, Any]:
        """Return what was taken in, for a checkpoint."""
        return {"sum": None if self._sum is None else self._sum.copy()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over what :meth:`state_dict` returned."""
        found = state["sum"]
        self._sum = None if found is None else np.array(found, np.float64)

    @abstractmethod
    def _counts(self, output: NDArray[Any], target: NDArray[Any]) -> NDArray[np.float64]:
        """Return numbers that add up over batches."""

    @abstractmethod
    def _result(self, total: NDArray[np.float64]) -> Any:
        """Return the measure from their sum."""


def as_array(value: Any) -> NDArray[Any]:
    return np.asarray(value._data if isinstance(value, Tensor) else value)


def ratio(part: Any, whole: Any) -> float:
    return float(part / whole) if whole else float("nan")
