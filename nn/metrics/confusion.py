"""Which classes are taken for which, and the measures of each class."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .base import Metric
from .classification import classes_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["F1", "ConfusionMatrix", "Precision", "Recall"]


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
        found, expected = classes_of(kind, output, target, self.threshold)
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


def _ratios(part: Any, whole: Any) -> Any:
    return np.divide(part, whole, out=np.zeros_like(part), where=whole != 0)
