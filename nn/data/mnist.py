"""The MNIST digits, from files on disk. Nothing is downloaded."""

import os
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from .idx import read_idx

__all__ = ["load_mnist"]


def load_mnist(
    folder: str | os.PathLike[str] | None = None, *, normalize: bool = True, flatten: bool = False
) -> tuple[npt.NDArray[Any], npt.NDArray[np.int64], npt.NDArray[Any], npt.NDArray[np.int64]]:
    """Load a data set that has MNIST's four files: images and labels, for training and for testing.

    Parameters
    ----------
    folder
        The folder with ``train-images-idx3-ubyte``, ``train-labels-idx1-ubyte``, ``t10k-images-idx3-ubyte``
        and ``t10k-labels-idx1-ubyte``, each plain or with ``.gz``. None stands for the folder ``mnist`` in
        the folder that the environment variable ``MINIGRAD_DATA`` names. Sets of the same form
        (Fashion-MNIST, KMNIST) load as well.
    normalize
        Whether to scale the pixels from 0..255 to 0..1, as float32. Otherwise they stay uint8.
    flatten
        Whether an image is one row of pixels instead of a plane with one channel.

    Returns
    -------
    x_train, t_train, x_test, t_test : ndarray
        Images of shape (N, 1, H, W), or (N, H·W) if `flatten`, float32 or uint8; labels of shape (N,), int64.
        For MNIST, N is 60,000 and 10,000, and H = W = 28.

    Raises
    ------
    FileNotFoundError
        If there is no folder to read from, or a file is missing in it.
    ValueError
        If a file is damaged, or images and labels do not belong together.

    Notes
    -----
    The data set is by Y. LeCun, C. Cortes and C. Burges, "The MNIST database of handwritten digits".

    Examples
    --------
    Four blank images and their labels stand in for the real ones:

    >>> import tempfile
    >>> from minigrad.nn.data import write_idx
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for part in "train", "t10k":
    ...         write_idx(f"{folder}/{part}-images-idx3-ubyte.gz", np.zeros((4, 28, 28), dtype=np.uint8))
    ...         write_idx(f"{folder}/{part}-labels-idx1-ubyte.gz", np.array([7, 2, 1, 0], dtype=np.uint8))
    ...     x_train, t_train, x_test, t_test = load_mnist(folder)
    >>> x_train.shape, x_train.dtype
    ((4, 1, 28, 28), dtype('float32'))
    >>> t_test
    array([7, 2, 1, 0])
    """
    source = _default_folder() if folder is None else Path(folder)
    x_train, t_train = _load_part(source, "train", normalize, flatten)
    x_test, t_test = _load_part(source, "t10k", normalize, flatten)
    return x_train, t_train, x_test, t_test


def _default_folder() -> Path:
    data = os.environ.get("MINIGRAD_DATA")
    if not data:
        raise FileNotFoundError(
            "load_mnist: MINIGRAD_DATA is not set. Set it to the folder that holds mnist/, or pass the "
            "folder with the four files: load_mnist('path/to/mnist')"
        )
    return Path(data) / "mnist"


def _load_part(
    folder: Path, part: str, normalize: bool, flatten: bool
) -> tuple[npt.NDArray[Any], npt.NDArray[np.int64]]:
    image_file = _find(folder, f"{part}-images-idx3-ubyte")
    label_file = _find(folder, f"{part}-labels-idx1-ubyte")
    images, labels = read_idx(image_file), read_idx(label_file)
    if images.ndim != 3 or images.dtype != np.uint8:
        raise ValueError(
            f"{image_file}: images have shape (N, H, W) and dtype uint8, "
            f"found {images.shape} and {images.dtype}"
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


def _find(folder: Path, name: str) -> Path:
    for candidate in (folder / f"{name}.gz", folder / name):
        if candidate.is_file():
            return candidate
    raise FileNotFoundError(
        f"load_mnist: there is no {name}.gz or {name} in {folder}. Put MNIST's four files there, pass the "
        "folder that has them, or set MINIGRAD_DATA to the folder that holds mnist/"
    )
