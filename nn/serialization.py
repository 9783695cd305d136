"""States in files: ``.npz`` and ``.safetensors``. Neither can hold code, and nothing is ever unpickled."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from minigrad import Tensor
from minigrad.extras import require
from minigrad.files import atomic_write

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["load", "save"]

_REPAIR = "The file is damaged or incomplete: write it again, or fetch it again."


def save(state: Mapping[str, Any], path: str | os.PathLike[str]) -> None:
    """Write arrays with names into a file, whole or not at all; equal states make equal bytes.

    Parameters
    ----------
    state : mapping of str to array or Tensor
        Real numbers, such as ``model.state_dict()`` and ``optimizer.state_dict()``.
    path : str or path
        Its suffix, ``.npz`` or ``.safetensors``, is the format. An existing file is replaced.

    Raises
    ------
    ValueError
        If the suffix is another one.
    TypeError
        If the state is not a mapping of names to arrays of real numbers.
    ImportError
        If safetensors is not installed.
    OSError
        If the file cannot be written; an older one is left as it was.

    Examples
    --------
    >>> import tempfile
    >>> from minigrad import nn
    >>> model = nn.Affine(3, 2)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     nn.save(model.state_dict(), folder + "/model.npz")
    ...     model.load_state_dict(nn.load(folder + "/model.npz"))
    LoadedKeys(missing=[], unexpected=[])
    """
    form = _format("save", path)
    if not isinstance(state, Mapping):
        hint = "; pass its .state_dict()" if hasattr(state, "state_dict") else ""
        raise TypeError(f"save: expected a mapping from names to arrays, got {type(state).__name__}{hint}")
    arrays = {name: _plain(name, value) for name, value in state.items()}
    if form == ".npz":
        _save_npz(arrays, path)
    else:
        dump = require("safetensors.numpy", "files", "writing .safetensors files").save
        with atomic_write(path) as file:
            file.write(dump(arrays))


def load(path: str | os.PathLike[str]) -> dict[str, NDArray[Any]]:
    """Read the arrays of a file that :func:`save` wrote, or another program in these formats.

    Parameters
    ----------
    path : str or path
        Its suffix, ``.npz`` or ``.safetensors``, is the format.

    Returns
    -------
    dict of str to ndarray
        New arrays, in native byte order, in the order of the file. bfloat16, which NumPy lacks, becomes float32.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the suffix is another one, or the file is damaged, cut off, or holds something else than real numbers.
    ImportError
        If safetensors is not installed.
    """
    form = _format("load", path)
    name = os.fspath(path)
    if not Path(path).is_file():
        raise FileNotFoundError(f"load: there is no file {name}")
    return _load_npz(name) if form == ".npz" else _load_safetensors(name)


def _format(job: str, path: str | os.PathLike[str]) -> str:
    suffix = Path(path).suffix
    if suffix not in (".npz", ".safetensors"):
        raise ValueError(f"{job}: the name of a state file ends in .npz or .safetensors, got {os.fspath(path)!r}")
    return suffix


def _plain(name: Any, value: Any) -> NDArray[Any]:
    """Return an array that both formats can hold: real numbers in native byte order, C-contiguous."""
    if not isinstance(name, str) or not name:
        raise TypeError(f"save: names must be non-empty text, got {name!r}")
    # Not ascontiguousarray, which makes 0-d arrays 1-d.
    array = np.asarray(value._data if isinstance(value, Tensor) else value, order="C")
    if array.dtype.kind not in "fiub":
        raise TypeError(f"save: {name!r} must hold real numbers, got dtype {array.dtype}")
    return array.astype(array.dtype.newbyteorder("="), copy=False)


# -- npz: a zip archive of .npy files ------------------------------------------------------------------------------


def _save_npz(arrays: dict[str, NDArray[Any]], path: str | os.PathLike[str]) -> None:
    import zipfile

    # Not np.savez: there, the names "file" and "allow_pickle" are arguments, and the entries carry the time of day.
    with atomic_write(path) as file, zipfile.ZipFile(file, "w") as archive:
        for name, array in arrays.items():
            with archive.open(zipfile.ZipInfo(f"{name}.npy"), "w", force_zip64=True) as entry:
                np.lib.format.write_array(entry, array, version=(1, 0), allow_pickle=False)


def _load_npz(path: str) -> dict[str, NDArray[Any]]:
    import zipfile

    try:
        with zipfile.ZipFile(path) as archive:
            arrays: dict[str, NDArray[Any]] = {}
            for info in archive.infolist():
                name = info.filename.removesuffix(".npy")
                if name == info.filename or name in arrays:
                    raise ValueError(f"the entry {info.filename!r} is not an array, or stands twice")
                with archive.open(info) as entry:
                    arrays[name] = _read_npy(entry, name)
            return arrays
    except Exception as error:
        # What zipfile, zlib and NumPy's parser of headers raise on damaged bytes is no closed list; nor is it of use.
        raise ValueError(f"{path}: not a readable .npz file: {error}. {_REPAIR}") from error


def _read_npy(entry: IO[bytes], name: str) -> NDArray[Any]:
    version = np.lib.format.read_magic(entry)
    if version not in ((1, 0), (2, 0)):
        raise ValueError(f"{name!r} has version {version} of the .npy format, of which arrays of numbers have no need")
    read_header = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, fortran_order, dtype = read_header(entry)
    if dtype.kind not in "fiub":
        raise ValueError(f"{name!r} has dtype {dtype}, not real numbers")
    # Python integers: a header of huge sizes must not overflow, nor make anything of that size before it is read.
    expected = dtype.itemsize * math.prod(shape)
    body = bytearray()
    while len(body) < expected and (chunk := entry.read(min(expected - len(body), 1 << 20))):
        body += chunk
    # Reading on makes zipfile compare its checksum.
    if len(body) < expected or entry.read(1):
        raise ValueError(f"{name!r} has shape {shape} and dtype {dtype}, which is not the size of its content")
    array = np.frombuffer(body, dtype).reshape(shape, order="F" if fortran_order else "C")
    return np.array(array, dtype.newbyteorder("="), order="C", copy=None)


# -- safetensors ---------------------------------------------------------------------------------------------------

_SAFETENSORS = ("F64", "F32", "F16", "I64", "I32", "I16", "I8", "U64", "U32", "U16", "U8", "BOOL")


def _load_safetensors(path: str) -> dict[str, NDArray[Any]]:
    safetensors = require("safetensors", "files", "reading .safetensors files")
    try:
        return dict(_read_safetensors(safetensors, path))
    except Exception as error:
        raise ValueError(f"{path}: not a readable .safetensors file: {error}. {_REPAIR}") from error


def _read_safetensors(safetensors: Any, path: str) -> Iterator[tuple[str, NDArray[Any]]]:
    with safetensors.safe_open(path, framework="np") as file:
        kinds = {name: file.get_slice(name).get_dtype() for name in file.keys()}  # noqa: SIM118 (it is not a mapping)
        # NumPy has no bfloat16, which is the upper half of a float32; only the plain bytes can be had.
        halves = {name for name, kind in kinds.items() if kind == "BF16"}
        parts = dict(safetensors.deserialize(Path(path).read_bytes())) if halves else {}
        for name, kind in kinds.items():
            if name in halves:
                upper = np.frombuffer(parts[name]["data"], "<u2").astype(np.uint32) << 16
                yield name, upper.view(np.float32).reshape(parts[name]["shape"])
                continue
            if kind not in _SAFETENSORS:
                raise ValueError(f"{name!r} has dtype {kind}, which is not one of {', '.join(_SAFETENSORS)}, BF16")
            yield name, file.get_tensor(name)
