"""Measures of a model over a whole data set, gathered batch by batch.

The result over batches is the same as over all examples at once, also where the last batch is smaller.

>>> import numpy as np
>>> from minigrad.nn import metrics
>>> accuracy = metrics.Accuracy()
>>> accuracy.update([[2.0, 1.0], [0.0, 3.0]], [0, 0])
>>> accuracy.update([[0.0, 1.0]], [1])
>>> accuracy.compute()
0.6666666666666666
>>> metrics.Accuracy()([[2.0, 1.0], [0.0, 3.0]], [0, 0])  # at once
0.5
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from minigrad import Tensor

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "Accuracy",
    "ConfusionMatrix",
    "F1",
    "MeanAbsoluteError",
    "Metric",
    "Precision",
    "R2",
    "Recall",
    "TopK",
]


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
        counts = self._counts(_array(output), _array(target))
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


class Accuracy(Metric):
    """The share of examples (or places) whose class has the highest score.

    Parameters
    ----------
    threshold : float
        For one score per example, in place of one per class: class 1 is above it. 0 suits logits, 0.5 probabilities.

    Notes
    -----
    `output` is (n, classes, ...), its classes along axis 1 as for :func:`minigrad.nn.functional.cross_entropy`, with
    `target` class indices (n, ...), or one-hot vectors or probabilities of the output's shape. One score per example
    is (n,) or (n, 1), with targets 0 and 1 in either shape.

    Examples
    --------
    >>> Accuracy()([[0.1, 0.9], [0.8, 0.2]], [[0, 1], [0, 1]])
    0.5
    >>> Accuracy(threshold=0.5)([0.7, 0.2, 0.9], [1, 0, 0])
    0.6666666666666666
    """

    name = "accuracy"

    def __init__(self, threshold: float = 0.0) -> None:
        super().__init__()
        self.threshold = threshold

    def _counts(self, output: NDArray[Any], target: NDArray[Any]) -> NDArray[np.float64]:
        found, expected = _classes("Accuracy", output, target, self.threshold)
        return np.array([np.count_nonzero(found == expected), expected.size], np.float64)

    def _result(self, total: NDArray[np.float64]) -> float:
        return _ratio(total[0], total[1])


class TopK(Metric):
    """The share of examples whose class is among the k highest scores; a tie counts for the lower class index.

    Parameters
    ----------
    k : int
        At least 1.

    Examples
    --------
    >>> TopK(2)([[0.1, 0.3, 0.6], [0.5, 0.3, 0.2]], [1, 2])
    0.5
    """

    name = "top_k"

    def __init__(self, k: int = 5) -> None:
        super().__init__()
        if isinstance(k, bool) or not isinstance(k, (int, np.integer)) or k < 1:
            raise ValueError(f"TopK: k must be a whole number of at least 1, got {k!r}")
        self.k = int(k)
        self.name = f"top_{self.k}"  # type: ignore[misc]  # two of them in one run have two names

    def _counts(self, output: NDArray[Any], target: NDArray[Any]) -> NDArray[np.float64]:
        if output.ndim < 2:
            raise ValueError(f"TopK: expected scores of shape (n, classes, ...), got {output.shape}")
        _, labels = _classes("TopK", output, target, 0.0)
        own = np.take_along_axis(output, labels[:, None], 1)
        index = np.arange(output.shape[1]).reshape(-1, *[1] * (output.ndim - 2))
        ahead = (output > own) | ((output == own) & (index < labels[:, None]))
        # A NaN compares as neither higher nor lower; it must not look like a success.
        hits = (ahead.sum(1) < self.k) & ~np.isnan(own[:, 0])
        return np.array([np.count_nonzero(hits), hits.size], np.float64)

    def _result(self, total: NDArray[np.float64]) -> float:
        return _ratio(total[0], total[1])


class MeanAbsoluteError(Metric):
    """The mean of ``|output - target|``.

    Examples
    --------
    >>> MeanAbsoluteError()([1.0, 2.0], [0.0, 4.0])
    1.5
    """

    name = "mean_absolute_error"
    better = "min"

    def _counts(self, output: NDArray[Any], target: NDArray[Any]) -> NDArray[np.float64]:
        _same_shape("MeanAbsoluteError", output, target)
        return np.array([np.abs(output.astype(np.float64) - target).sum(), output.size])

    def _result(self, total: NDArray[np.float64]) -> float:
        return _ratio(total[0], total[1])


class R2(Metric):
    """The coefficient of determination: 1 minus the squared error in units of the targets' variance.

    1 is exact, 0 as good as their mean. Of several outputs, it is the mean over them; an output whose targets are all
    equal counts 1 if exact, else 0.

    Examples
    --------
    >>> R2()([2.5, 0.0, 2.0, 8.0], [3.0, -0.5, 2.0, 7.0])
    0.9486081370449679
    """

    name = "r2"

    def update(self, output: Any, target: Any) -> None:
        """Take in a batch."""
        y, t = _array(output), _array(target)
        _same_shape("R2", y, t)
        y, t = [a.astype(np.float64).reshape(len(a), -1) for a in (y, t)]
        if not len(t):
            return
        mean = t.mean(0)
        spread = np.square(t - mean).sum(0)
        error = np.square(y - t).sum(0)
        n = np.full_like(mean, len(t))
        if self._sum is not None:
            # Means and spreads are joined (Chan, Golub, LeVeque 1983); sums of squares would lose all digits where the
            # mean is large.
            n0, mean0, spread0, error0 = self._sum
            both = n0 + n
            spread = spread0 + spread + np.square(mean - mean0) * (n0 * n / both)
            mean, error, n = mean0 + (mean - mean0) * (n / both), error0 + error, both
        self._sum = np.stack([n, mean, spread, error])

    def _counts(self, output: NDArray[Any], target: NDArray[Any]) -> NDArray[np.float64]:
        raise NotImplementedError  # `update` does it all: these do not simply add up

    def _result(self, total: NDArray[np.float64]) -> float:
        _, _, spread, error = total
        flat = spread == 0
        scores = 1 - error / np.where(flat, 1.0, spread)
        return float(np.where(flat, np.where(error == 0, 1.0, 0.0), scores).mean())


class ConfusionMatrix(Metric):
    """How often class i (row) was taken for class j (column).

    Parameters
    ----------
    classes : int
        How many there are.
    threshold : float
        As for :class:`Accuracy`.

    Examples
    --------
    >>> ConfusionMatrix(2)([0.7, -0.2, 0.9], [1, 0, 0])
    [[1, 1], [0, 1]]
    """

    name = "confusion_matrix"

    def __init__(self, classes: int, threshold: float = 0.0) -> None:
        super().__init__()
        if isinstance(classes, bool) or not isinstance(classes, (int, np.integer)) or classes < 2:
            raise ValueError(f"{type(self).__name__}: classes must be a whole number of at least 2, got {classes!r}")
        self.classes = int(classes)
        self.threshold = threshold

    def _counts(self, output: NDArray[Any], target: NDArray[Any]) -> NDArray[np.float64]:
        kind, k = type(self).__name__, self.classes
        found, expected = _classes(kind, output, target, self.threshold)
        for labels in (found, expected):
            wrong = labels[(labels < 0) | (labels >= k)]
            if wrong.size:
                raise ValueError(f"{kind}: class {wrong[0]} is not in [0, {k})")
        pairs = expected.reshape(-1) * k + found.reshape(-1)
        return np.bincount(pairs, minlength=k * k).reshape(k, k).astype(np.float64)

    def _result(self, total: NDArray[np.float64]) -> Any:
        return total.astype(np.int64).tolist()


class _Averaged(ConfusionMatrix):
    """A measure of each class, averaged over the classes."""

    def __init__(self, classes: int = 2, average: str = "macro", threshold: float = 0.0) -> None:
        super().__init__(classes, threshold)
        if average not in ("macro", "binary", "none") or (average == "binary" and classes != 2):
            kind = type(self).__name__
            raise ValueError(f"{kind}: average must be macro, none, or, of 2 classes, binary; got {average!r}")
        self.average = average

    def _result(self, total: NDArray[np.float64]) -> Any:
        scores = self._scores(np.diag(total), total.sum(0), total.sum(1))
        if self.average == "none":
            return scores.tolist()
        return float(scores.mean() if self.average == "macro" else scores[1])

    def _scores(self, hits: Any, found: Any, expected: Any) -> Any:
        raise NotImplementedError


class Precision(_Averaged):
    """How many of those taken for a class are of it.

    Parameters
    ----------
    classes : int
        How many there are.
    average : {"macro", "binary", "none"}
        The mean over the classes, that of class 1 of two, or a list with that of each class. A class of which there is
        nothing to divide by counts 0.
    threshold : float
        As for :class:`Accuracy`.

    Examples
    --------
    >>> Precision(average="binary")([0.7, -0.2, 0.9], [1, 0, 0])
    0.5
    """

    name = "precision"

    def _scores(self, hits: Any, found: Any, expected: Any) -> Any:
        return _ratios(hits, found)


class Recall(_Averaged):
    """How many of a class are taken for it.

    Parameters
    ----------
    classes : int
        How many there are.
    average : {"macro", "binary", "none"}
        The mean over the classes, that of class 1 of two, or a list with that of each class. A class of which there is
        nothing to divide by counts 0.
    threshold : float
        As for :class:`Accuracy`.

    Examples
    --------
    >>> Recall(average="binary")([0.7, -0.2, 0.9], [1, 0, 0])
    1.0
    """

    name = "recall"

    def _scores(self, hits: Any, found: Any, expected: Any) -> Any:
        return _ratios(hits, expected)


class F1(_Averaged):
    """The harmonic mean of precision and recall.

    Parameters
    ----------
    classes : int
        How many there are.
    average : {"macro", "binary", "none"}
        The mean over the classes, that of class 1 of two, or a list with that of each class. A class of which there is
        nothing to divide by counts 0.
    threshold : float
        As for :class:`Accuracy`.

    Examples
    --------
    >>> F1(average="binary")([0.7, -0.2, 0.9], [1, 0, 0])
    0.6666666666666666
    """

    name = "f1"

    def _scores(self, hits: Any, found: Any, expected: Any) -> Any:
        return _ratios(2 * hits, found + expected)


def _array(value: Any) -> NDArray[Any]:
    return np.asarray(value._data if isinstance(value, Tensor) else value)


def _ratio(part: Any, whole: Any) -> float:
    return float(part / whole) if whole else float("nan")


def _ratios(part: Any, whole: Any) -> Any:
    return np.divide(part, whole, out=np.zeros_like(part), where=whole != 0)


def _same_shape(kind: str, output: NDArray[Any], target: NDArray[Any]) -> None:
    if output.shape != target.shape:
        raise ValueError(f"{kind}: output and target must have the same shape, got {output.shape} and {target.shape}")


def _classes(kind: str, output: Any, target: Any, threshold: float) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the classes that the model found and those it should have, in equal shapes."""
    if output.ndim == 1 or (output.ndim == 2 and output.shape[1] == 1):
        if target.shape not in (output.shape, output.shape[:1]):
            raise ValueError(f"{kind}: scores of shape {output.shape} need as many targets, got {target.shape}")
        found = (output.reshape(-1) > threshold).astype(np.int64)
        expected = target.reshape(-1)
    elif output.ndim and target.shape == output.shape:
        found, expected = output.argmax(1), target.argmax(1)
    elif output.ndim and target.shape == output.shape[:1] + output.shape[2:]:
        found, expected = output.argmax(1), target
    else:
        raise ValueError(
            f"{kind}: scores of shape {output.shape} need class indices of shape "
            f"{output.shape[:1] + output.shape[2:]} or targets of their own shape, got {target.shape}"
        )
    if expected.dtype.kind not in "iub" and not np.array_equal(expected, np.rint(expected)):
        raise ValueError(f"{kind}: class indices must be whole numbers, got dtype {expected.dtype}")
    return found, expected.astype(np.int64)
