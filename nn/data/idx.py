"""The IDX format, in which MNIST and its relatives are published.

An IDX file is a magic number (two zero bytes, a type code, the number of dimensions), one big-endian 32-bit
size per dimension, and the elements, big-endian, in C order. The files usually come compressed with gzip.

Source: Y. LeCun, C. Cortes, C. Burges, "The MNIST database of handwritten digits", section "File formats".
"""

import gzip
import math
import os
import struct
import zlib
from io import BufferedReader
from typing import Any

import numpy as np
import numpy.typing as npt

from minigrad.files import atomic_write

__all__ = ["read_idx", "write_idx"]

_DTYPES: dict[int, np.dtype[Any]] = {
    0x08: np.dtype(">u1"),
    0x09: np.dtype(">i1"),
    0x0B: np.dtype(">i2"),
    0x0C: np.dtype(">i4"),
    0x0D: np.dtype(">f4"),
    0x0E: np.dtype(">f8"),
}
_CODES = {dtype.newbyteorder("="): code for code, dtype in _DTYPES.items()}
_MAX_NDIM = 64  # of NumPy; the format itself allows 255
_GZIP_MAGIC = b"\x1f\x8b"
_CHUNK = 1 << 20
_REPAIR = "The file is damaged or incomplete: fetch it again."


def read_idx(path: str | os.PathLike[str]) -> npt.NDArray[Any]:
    """Read an array from an IDX file, compressed with gzip or plain.

    Parameters
    ----------
    path
        The file. Its first bytes, not its name, decide whether it is decompressed.

    Returns
    -------
    ndarray
        A new, writable array in native byte order, of the shape in the file's header; its dtype is uint8,
        int8, int16, int32, float32 or float64.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file is not IDX, has fewer or more bytes than its header announces, or its compression is
        damaged. The message names the file and what to do.

    See Also
    --------
    write_idx : The inverse.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = folder + "/labels-idx1-ubyte.gz"
    ...     write_idx(path, np.array([7, 2, 1], dtype=np.uint8))
    ...     read_idx(path)
    array([7, 2, 1], dtype=uint8)
    """
    name = os.fspath(path)
    if not os.path.exists(path):
        raise FileNotFoundError(f"no IDX file {name}: check the path, or fetch the file")
    with open(path, "rb") as raw:
        compressed = raw.read(2) == _GZIP_MAGIC
        raw.seek(0)
        if not compressed:
            return _read_array(raw, name)
        try:
            with gzip.open(raw, "rb") as file:
                return _read_array(file, name)
        except (gzip.BadGzipFile, zlib.error, EOFError) as error:
            raise ValueError(f"{name}: the gzip compression is damaged ({error}). {_REPAIR}") from error


def _read_array(file: BufferedReader | gzip.GzipFile, name: str) -> npt.NDArray[Any]:
    dtype, shape = _read_header(file, name)
    # Python integers: a header of huge sizes must not overflow into a small number.
    expected = dtype.itemsize * math.prod(shape)
    body = _read_up_to(file, expected)
    needs = f"shape {shape} and dtype {dtype.newbyteorder('=')} take {expected:,} bytes after the header"
    if len(body) < expected:
        raise ValueError(f"{name}: {needs}, found {len(body):,}. {_REPAIR}")
    # Reading on also makes gzip compare its checksum.
    if file.read(1):
        raise ValueError(f"{name}: {needs}, and the file goes on behind them. {_REPAIR}")
    try:
        elements = np.frombuffer(body, dtype=dtype).reshape(shape)
    except ValueError as error:  # no elements, but sizes beside the zero that multiply to more than 2**63
        raise ValueError(f"{name}: {needs}, but NumPy holds no such shape. {_REPAIR}") from error
    return elements.astype(dtype.newbyteorder("="), copy=False)


def _read_header(file: BufferedReader | gzip.GzipFile, name: str) -> tuple[np.dtype[Any], tuple[int, ...]]:
    magic = _read_up_to(file, 4)
    if len(magic) < 4:
        raise ValueError(
            f"{name}: an IDX file begins with 4 bytes of magic number, found {len(magic)}. {_REPAIR}"
        )
    zeros, code, ndim = struct.unpack(">HBB", magic)
    if zeros != 0 or code not in _DTYPES or ndim > _MAX_NDIM:
        codes = ", ".join(f"{known:02x}" for known in _DTYPES)
        raise ValueError(
            f"{name}: not an IDX file. Its first bytes are {magic.hex(' ')}; IDX begins with 00 00, a type "
            f"code ({codes}) and the number of dimensions (at most {_MAX_NDIM:02x}). "
            "Check that it is the right file."
        )
    sizes = _read_up_to(file, 4 * ndim)
    if len(sizes) < 4 * ndim:
        raise ValueError(
            f"{name}: the header announces {ndim} dimensions, whose sizes take {4 * ndim} bytes, "
            f"found {len(sizes)}. {_REPAIR}"
        )
    return _DTYPES[code], struct.unpack(f">{ndim}I", sizes)


def _read_up_to(file: BufferedReader | gzip.GzipFile, count: int) -> bytearray:
    """Read `count` bytes, or as many as there are."""
    body = bytearray()
    try:
        # In chunks, because a damaged header may announce more than memory holds. And with read1, because
        # read drops what it has when compressed data breaks off.
        while len(body) < count and (chunk := file.read1(min(_CHUNK, count - len(body)))):
            body += chunk
    except EOFError:
        pass  # compressed data that breaks off: the caller compares the lengths
    return body


def write_idx(path: str | os.PathLike[str], array: npt.ArrayLike) -> None:
    """Write an array to an IDX file, whole or not at all.

    Parameters
    ----------
    path
        The file. It is compressed with gzip if the name ends in ``.gz``; equal arrays give equal bytes.
    array
        An array of dtype uint8, int8, int16, int32, float32 or float64, in any byte order, of up to 64
        dimensions.

    Raises
    ------
    TypeError
        If the format has no code for the array's dtype. Nothing is converted silently.
    ValueError
        If a dimension does not fit into the 32 bits that the format has for it.
    OSError
        If the file cannot be written. A file that was there before stays as it was.

    See Also
    --------
    read_idx : The inverse.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_idx(folder + "/m.idx", np.eye(2, dtype=np.float32))
    ...     read_idx(folder + "/m.idx")
    array([[1., 0.],
           [0., 1.]], dtype=float32)
    """
    array = np.asarray(array)
    code = _CODES.get(array.dtype.newbyteorder("="))
    if code is None:
        names = ", ".join(str(dtype) for dtype in _CODES)
        raise TypeError(
            f"write_idx: dtype {array.dtype} has no IDX code. "
            f"Convert the array with .astype to one of: {names}"
        )
    if max(array.shape, default=0) >= 1 << 32:
        raise ValueError(f"write_idx: shape {array.shape} has a size of 2**32 or more, which IDX cannot hold")
    header = struct.pack(f">HBB{array.ndim}I", 0, code, array.ndim, *array.shape)
    content = array.astype(_DTYPES[code], order="C", copy=False).tobytes()
    with atomic_write(path) as file:
        if os.fspath(path).endswith(".gz"):
            # Neither name nor time in the gzip header: the bytes depend on the array alone.
            with gzip.GzipFile(filename="", fileobj=file, mode="wb", mtime=0) as packed:
                packed.write(header)
                packed.write(content)
        else:
            file.write(header)
            file.write(content)
