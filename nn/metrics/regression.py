"""How far numbers are from what they should be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .base import Metric, as_array, ratio

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["MeanAbsoluteError", "R2"]


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
        return ratio(total[0], total[1])


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
        y, t = as_array(output), as_array(target)
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


def _same_shape(kind: str, output: NDArray[Any], target: NDArray[Any]) -> None:
    if output.shape != target.shape:
        raise ValueError(f"{kind}: output and target must have the same shape, got {output.shape} and {target.shape}")
