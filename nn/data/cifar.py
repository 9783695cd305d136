"""CIFAR-10, in its binary version: the other ones are pickles, which run code when they are read."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from . import sources
from .download import locate
from .images import TrainTest

__all__ = ["CIFAR10_CLASSES", "cifar10"]

CIFAR10_CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
"""What the labels of :func:`cifar10` stand for."""

_FOLDER = "cifar-10-batches-bin"
_TRAIN = tuple(f"data_batch_{n}.bin" for n in range(1, 6))
_TEST = "test_batch.bin"
_RECORD = 1 + 3 * 32 * 32  # label, then the planes of red, green and blue


def cifar10(
    folder: str | os.PathLike[str] | None = None,
    *,
    normalize: bool = True,
    flatten: bool = False,
    download: bool = True,
    cache: str | os.PathLike[str] | None = None,
) -> TrainTest:
    """Load CIFAR-10: 50,000 colour images of 32x32 pixels for training, 10,000 for testing.

    Parameters
    ----------
    folder : path-like, optional
        The folder with ``cifar-10-binary.tar.gz``, or with what is in it: ``data_batch_1.bin`` to ``data_batch_5.bin``
        and ``test_batch.bin``, or ``cifar-10-batches-bin`` that holds these. Default: ``cifar10`` in the folder that
        the environment variable ``MINIGRAD_DATA`` names, where that exists; else the cache.
    normalize, flatten, download, cache
        As in :func:`mnist`; 162 MB are fetched.

    Returns
    -------
    x_train, t_train, x_test, t_test : ndarray
        Images of shape (N, 3, 32, 32), or (N, 3072) if `flatten`, float32 or uint8, channels red, green, blue; labels
        of shape (N,), int64. The classes are :data:`CIFAR10_CLASSES`.

    Raises
    ------
    FileNotFoundError
        If a file is missing.
    ValueError
        If a file is damaged.
    DownloadError
        If the file cannot be fetched.

    Notes
    -----
    The data set is by A. Krizhevsky, "Learning multiple layers of features from tiny images", 2009.

    Examples
    --------
    A blank image in each file stands in for the real ones:

    >>> import tempfile
    >>> from pathlib import Path
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for name in ["test_batch", *(f"data_batch_{n}" for n in range(1, 6))]:
    ...         _ = Path(folder, f"{name}.bin").write_bytes(bytes([7]) + bytes(3072))
    ...     x_train, t_train, x_test, t_test = cifar10(folder)
    >>> x_train.shape, CIFAR10_CLASSES[t_test[0]]
    ((5, 3, 32, 32), 'horse')
    """
    found = locate("cifar10", (sources.CIFAR10,), folder, cache, download)
    parts = dict(_parts(found))
    images, labels = zip(*(_decode(*parts[name]) for name in (*_TRAIN, _TEST)), strict=True)
    x_train, x_test = np.concatenate(images[:-1]), images[-1].copy()  # what lies on the files' bytes is read-only
    t_train, t_test = np.concatenate(labels[:-1]), labels[-1]
    if flatten:
        x_train, x_test = (x.reshape(len(x), -1) for x in (x_train, x_test))
    if normalize:
        x_train, x_test = (np.divide(x, np.float32(255)) for x in (x_train, x_test))
    return TrainTest(x_train, t_train.astype(np.int64), x_test, t_test.astype(np.int64))


def _parts(folder: Path) -> Iterator[tuple[str, tuple[str, bytes]]]:
    """Yield for each of the six files its name, where it is, and its content."""
    archive = folder / sources.CIFAR10.name
    if archive.is_file():
        yield from _unpack(archive)
        return
    inner = folder / _FOLDER if (folder / _FOLDER).is_dir() else folder
    for name in (*_TRAIN, _TEST):
        path = inner / name
        if not path.is_file():
            raise FileNotFoundError(
                f"cifar10: there is neither {archive.name} nor {name} in {inner}. Put the archive there, pass the "
                "folder that has it, or set MINIGRAD_DATA to the folder that holds cifar10/"
            )
        yield name, (str(path), path.read_bytes())


def _unpack(archive: Path) -> Iterator[tuple[str, tuple[str, bytes]]]:
    # Imported here because few programs read an archive.
    import gzip
    import tarfile
    import zlib

    missing = {*_TRAIN, _TEST}
    try:
        with gzip.open(archive) as unpacked, tarfile.open(fileobj=unpacked, mode="r|") as tar:
            for member in tar:
                # Nothing is written to disk, so names that lead elsewhere do no harm.
                folder, _, name = member.name.rpartition("/")
                file = tar.extractfile(member) if folder == _FOLDER and name in missing else None
                if file is not None:
                    missing.remove(name)
                    yield name, (f"{name} in {archive}", file.read())
            while unpacked.read(1 << 20):  # to the end, where gzip has its checksum
                pass
    except (tarfile.TarError, EOFError, zlib.error, OSError) as error:
        raise ValueError(f"{archive}: the archive is damaged or incomplete ({error}): fetch it again") from error
    if missing:
        raise ValueError(f"{archive}: there is no {_FOLDER}/{min(missing)} in it: fetch it again")


def _decode(where: str, content: bytes) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    if not content or len(content) % _RECORD:
        raise ValueError(
            f"{where}: images take {_RECORD:,} bytes each, which does not divide its {len(content):,} bytes: the "
            "file is damaged or incomplete, fetch it again"
        )
    records = np.frombuffer(content, np.uint8).reshape(-1, _RECORD)
    labels = records[:, 0]
    if labels.max() > 9:
        raise ValueError(f"{where}: labels are 0 to 9, found {labels.max()}: not CIFAR-10's binary version, or damaged")
    return records[:, 1:].reshape(-1, 3, 32, 32), labels
