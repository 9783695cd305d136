"""How often the right class has the highest score."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .base import Metric, ratio

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Accuracy", "TopK"]


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
        found, expected = classes_of("Accuracy", output, target, self.threshold)
        return np.array([np.count_nonzero(found == expected), expected.size], np.float64)

    def _result(self, total: NDArray[np.float64]) -> float:
        return ratio(total[0], total[1])


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
        _, labels = classes_of("TopK", output, target, 0.0)
        own = np.take_along_axis(output, labels[:, None], 1)
        index = np.arange(output.shape[1]).reshape(-1, *[1] * (output.ndim - 2))
        ahead = (output > own) | ((output == own) & (index < labels[:, None]))
        # A NaN compares as neither higher nor lower; it must not look like a success.
        hits = (ahead.sum(1) < self.k) & ~np.isnan(own[:, 0])
        return np.array([np.count_nonzero(hits), hits.size], np.float64)

    def _result(self, total: NDArray[np.float64]) -> float:
        return ratio(total[0], total[1])


def classes_of(kind: str, output: Any, target: Any, threshold: float) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
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
