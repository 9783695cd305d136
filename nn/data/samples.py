"""Small data sets that come with scikit-learn; nothing is fetched."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from minigrad.extras import require

__all__ = ["Samples", "breast_cancer", "diabetes", "digits"]


class Samples(NamedTuple):
    """Examples: inputs `x`, targets `t`."""

    x: npt.NDArray[Any]
    t: npt.NDArray[Any]


def digits(*, normalize: bool = True, flatten: bool = False) -> Samples:
    """Load 1,797 images of digits, of 8x8 pixels.

    Parameters
    ----------
    normalize : bool
        Whether to scale the pixels from 0..16 to 0..1.
    flatten : bool
        Whether an image is one row of pixels instead of a plane with one channel.

    Returns
    -------
    x, t : ndarray
        float32 of shape (1797, 1, 8, 8) or (1797, 64); int64 of shape (1797,), 0 to 9.

    Raises
    ------
    ImportError
        If scikit-learn is not installed (extra ``data``).

    Notes
    -----
    The data set is by E. Alpaydin and C. Kaynak, "Optical recognition of handwritten digits", UCI Machine Learning
    Repository, 1998: its test part.
    """
    bunch = _bunch("digits")
    x = bunch.data.astype(np.float32)
    if normalize:
        x /= 16
    return Samples(x if flatten else x.reshape(-1, 1, 8, 8), bunch.target.astype(np.int64))


def diabetes(*, scaled: bool = True) -> Samples:
    """Load ten measurements of 442 patients and the progress of their diabetes after one year: a regression.

    Parameters
    ----------
    scaled : bool
        Whether each measurement has mean 0 and a sum of squares of 1, as in most texts; otherwise its own unit.

    Returns
    -------
    x, t : ndarray
        float32 of shapes (442, 10) and (442,); age, sex, body mass index, blood pressure, six blood values; the
        target is from 25 to 346.

    Raises
    ------
    ImportError
        If scikit-learn is not installed (extra ``data``).

    Notes
    -----
    The data set is from B. Efron, T. Hastie, I. Johnstone and R. Tibshirani, "Least angle regression", 2004.
    """
    bunch = _bunch("diabetes", scaled=scaled)
    return Samples(bunch.data.astype(np.float32), bunch.target.astype(np.float32))


def breast_cancer() -> Samples:
    """Load thirty measurements of the cell nuclei of 569 tumours, and whether they are benign.

    Returns
    -------
    x, t : ndarray
        float32 of shape (569, 30), each measurement in its own unit; int64 of shape (569,), 0 malignant, 1 benign.

    Raises
    ------
    ImportError
        If scikit-learn is not installed (extra ``data``).

    Notes
    -----
    The data set is by W. Wolberg, O. Mangasarian, N. Street and W. Street, "Breast cancer Wisconsin (diagnostic)",
    UCI Machine Learning Repository, 1993.
    """
    bunch = _bunch("breast_cancer")
    return Samples(bunch.data.astype(np.float32), bunch.target.astype(np.int64))


def _bunch(name: str, **arguments: Any) -> Any:
    return getattr(require("sklearn.datasets", "data", f"nn.data.{name}"), f"load_{name}")(**arguments)
