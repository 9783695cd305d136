"""MNIST and the sets of its form: four IDX files."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from . import sources
from .download import locate
from .idx import read_idx

__all__ = ["FASHION_MNIST_CLASSES", "TrainTest", "fashion_mnist", "mnist", "mnist_small"]

FASHION_MNIST_CLASSES = (
    "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
)  # fmt: skip
"""What the labels of :func:`fashion_mnist` stand for."""

_SMALL = Path(__file__).resolve().parents[2] / "examples" / "data" / "mnist-small"


class TrainTest(NamedTuple):
    """Examples for training and for testing: inputs `x`, targets `t`."""

    x_train: npt.NDArray[Any]
    t_train: npt.NDArray[Any]
    x_test: npt.NDArray[Any]
    t_test: npt.NDArray[Any]


def mnist(
    folder: str | os.PathLike[str] | None = None,
    *,
    normalize: bool = True,
    flatten: bool = False,
    download: bool = True,
    cache: str | os.PathLike[str] | None = None,
) -> TrainTest:
    """Load the MNIST digits: 60,000 images of 28x28 pixels for training, 10,000 for testing.

    Parameters
    ----------
    folder : path-like, optional
        The folder with ``train-images-idx3-ubyte``, ``train-labels-idx1-ubyte``, ``t10k-images-idx3-ubyte`` and
        ``t10k-labels-idx1-ubyte``, each plain or with ``.gz``; any set of this form will do. Default: ``mnist`` in the
        folder that the environment variable ``MINIGRAD_DATA`` names, where that exists; else the cache.
    normalize : bool
        Whether to scale the pixels from 0..255 to 0..1, as float32. Otherwise they stay uint8.
    flatten : bool
        Whether an image is one row of pixels instead of a plane with one channel.
    download : bool
        Whether files that are not in the cache may be fetched (extra ``data``). Their SHA256 is checked.
    cache : path-like, optional
        Default: the folder that the environment variable ``MINIGRAD_CACHE`` names, else the user's cache folder.

    Returns
    -------
    x_train, t_train, x_test, t_test : ndarray
        Images of shape (N, 1, H, W), or (N, H·W) if `flatten`, float32 or uint8; labels of shape (N,), int64.

    Raises
    ------
    FileNotFoundError
        If a file is missing.
    ValueError
        If a file is damaged, or images and labels do not belong together.
    DownloadError
        If a file cannot be fetched.

    See Also
    --------
    mnist_small : The first 5,000 and 1,000 images.

    Notes
    -----
    The data set is by Y. LeCun, C. Cortes and C. J. C. Burges, "The MNIST database of handwritten digits".

    Files in `folder` or in ``MINIGRAD_DATA`` are taken as they are: only their form is checked, because whoever
    compresses them anew gets another SHA256.

    Examples
    --------
    Four blank images and their labels stand in for the real ones:

    >>> import tempfile
    >>> from minigrad.nn.data import write_idx
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for part in "train", "t10k":
    ...         write_idx(f"{folder}/{part}-images-idx3-ubyte.gz", np.zeros((4, 28, 28), dtype=np.uint8))
    ...         write_idx(f"{folder}/{part}-labels-idx1-ubyte.gz", np.array([7, 2, 1, 0], dtype=np.uint8))
    ...     x_train, t_train, x_test, t_test = mnist(folder)
    >>> x_train.shape, x_train.dtype
    ((4, 1, 28, 28), dtype('float32'))
    >>> t_test
    array([7, 2, 1, 0])
    """
    return _load("mnist", locate("mnist", sources.MNIST, folder, cache, download), normalize, flatten)


def fashion_mnist(
    folder: str | os.PathLike[str] | None = None,
    *,
    normalize: bool = True,
    flatten: bool = False,
    download: bool = True,
    cache: str | os.PathLike[str] | None = None,
) -> TrainTest:
    """Load Fashion-MNIST: images of clothes, in the number and form of MNIST's digits.

    Parameters, results and errors are those of :func:`mnist`; the folder is called ``fashion_mnist``. The classes are
    :data:`FASHION_MNIST_CLASSES`.

    Notes
    -----
    The data set is by H. Xiao, K. Rasul and R. Vollgraf, "Fashion-MNIST: a novel image dataset for benchmarking
    machine learning algorithms", 2017, licensed under MIT.
    """
    found = locate("fashion_mnist", sources.FASHION_MNIST, folder, cache, download)
    return _load("fashion_mnist", found, normalize, flatten)


def mnist_small(*, normalize: bool = True, flatten: bool = False) -> TrainTest:
    """Load the first 5,000 training and the first 1,000 test images of MNIST.

    They lie beside the examples in the project's repository. Where the package is installed without them, they are
    cut out of the whole set, which is found or fetched as by :func:`mnist`.

    Parameters
    ----------
    normalize, flatten : bool
        As in :func:`mnist`.

    Returns
    -------
    x_train, t_train, x_test, t_test : ndarray
        As from :func:`mnist`.

    Examples
    --------
    >>> from minigrad.nn.data import mnist_small
    >>> x_train, t_train, x_test, t_test = mnist_small()
    >>> x_train.shape, x_test.shape
    ((5000, 1, 28, 28), (1000, 1, 28, 28))
    >>> t_train[:5]
    array([5, 0, 4, 1, 9])
    """
    if _SMALL.is_dir():
        return _load("mnist_small", _SMALL, normalize, flatten)
    x_train, t_train, x_test, t_test = mnist(normalize=normalize, flatten=flatten)
    return TrainTest(x_train[:5000].copy(), t_train[:5000], x_test[:1000].copy(), t_test[:1000])


def _load(data_set: str, folder: Path, normalize: bool, flatten: bool) -> TrainTest:
    return TrainTest(
        *_load_part(data_set, folder, "train", normalize, flatten),
        *_load_part(data_set, folder, "t10k", normalize, flatten),
    )


def _load_part(
    data_set: str, folder: Path, part: str, normalize: bool, flatten: bool
) -> tuple[npt.NDArray[Any], npt.NDArray[np.int64]]:
    image_file = _find(data_set, folder, f"{part}-images-idx3-ubyte")
    label_file = _find(data_set, folder, f"{part}-labels-idx1-ubyte")
    images, labels = read_idx(image_file), read_idx(label_file)
    if images.ndim != 3 or images.dtype != np.uint8:
        raise ValueError(
            f"{image_file}: images have shape (N, H, W) and dtype uint8, found {images.shape} and {images.dtype}"
        )
    if labels.ndim != 1 or labels.dtype != np.uint8:
        raise ValueError(
            f"{label_file}: labels have shape (N,) and dtype uint8, found {labels.shape} and {labels.dtype}"
        )
    count, height, width = images.shape
    if count != len(labels):
        raise ValueError(f"{image_file} has {count} images, but {label_file} has {len(labels)} labels")
    images = images.reshape((count, height * width) if flatten else (count, 1, height, width))
    if normalize:
        images = np.divide(images, np.float32(255))
    return images, labels.astype(np.int64)


def _find(data_set: str, folder: Path, name: str) -> Path:
    for candidate in (folder / f"{name}.gz", folder / name):
        if candidate.is_file():
            return candidate
    raise FileNotFoundError(
        f"{data_set}: there is no {name}.gz or {name} in {folder}. Put the set's four files there, pass the folder "
        f"that has them, or set MINIGRAD_DATA to the folder that holds {data_set}/"
    )
