"""States in files: ``.safetensors`` and ``.npz``. Neither can hold code, and nothing is ever unpickled."""

from __future__ import annotations

import json
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

__all__ = ["load", "load_metadata", "save"]

_REPAIR = "The file is damaged or incomplete: write it again, or fetch it again."

# In .safetensors the key of the header that holds the metadata, in .npz the entry; so no array can have this name.
_METADATA = "__metadata__"
_MOST_METADATA = 100_000_000  # bytes; safetensors limits its header to this


def save(
    state: Mapping[str, Any], path: str | os.PathLike[str], metadata: Mapping[str, str] | None = None
) -> None:
    """Write arrays with names into a file, whole or not at all; equal states make equal bytes.

    Parameters
    ----------
    state : mapping of str to array or Tensor
        Real numbers, such as ``model.state_dict()`` and ``optimizer.state_dict()``.
    path : str or path
        Its suffix, ``.safetensors`` or ``.npz``, is the format; ``.safetensors`` is added to a name without one. An
        existing file is replaced.
    metadata : mapping of str to str, optional
        Text that goes into the file too (see :func:`load_metadata`): names of classes, a licence.

    Raises
    ------
    ValueError
        If the suffix is another one, or an array is called ``__metadata__``.
    TypeError
        If the state is not a mapping of names to arrays of real numbers, or the metadata of text to text.
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
    name = complete("save", path)
    if not isinstance(state, Mapping):
        hint = "; pass its .state_dict()" if hasattr(state, "state_dict") else ""
        raise TypeError(f"save: expected a mapping from names to arrays, got {type(state).__name__}{hint}")
    arrays = {key: _plain(key, value) for key, value in state.items()}
    texts = dict(metadata or {})
    if not all(isinstance(text, str) for item in texts.items() for text in item):
        raise TypeError(f"save: metadata must be text under names, got {texts!r:.200}")
    if name.endswith(".npz"):
        _save_npz(arrays, texts, name)
    else:
        _save_safetensors(arrays, texts, name)


def load(path: str | os.PathLike[str]) -> dict[str, NDArray[Any]]:
    """Read the arrays of a file that :func:`save` wrote, or another program in these formats.

    Parameters
    ----------
    path : str or path
        Its suffix, ``.safetensors`` or ``.npz``, is the format; ``.safetensors`` is added to a name without one.

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
    return read(path)[0]


def load_metadata(path: str | os.PathLike[str]) -> dict[str, str]:
    """Read the text that :func:`save`, or another program, put into a file beside the arrays.

    Parameters
    ----------
    path : str or path
        As for :func:`load`, which names the errors as well.

    Returns
    -------
    dict of str to str
        Empty if there is none.

    Examples
    --------
    >>> import tempfile
    >>> from minigrad import nn
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     nn.save({"mean": 0.13}, folder + "/scale.npz", metadata={"unit": "grey level"})
    ...     nn.load_metadata(folder + "/scale.npz")
    {'unit': 'grey level'}
    """
    return read(path)[1]


def read(path: str | os.PathLike[str]) -> tuple[dict[str, NDArray[Any]], dict[str, str]]:
    """Return what :func:`load` and :func:`load_metadata` do, from one and the same file."""
    name = complete("load", path)
    if not Path(name).is_file():
        raise FileNotFoundError(f"load: there is no file {name}")
    return _load_npz(name) if name.endswith(".npz") else _load_safetensors(name)


def complete(job: str, path: str | os.PathLike[str]) -> str:
    """Return the name of a state file with its suffix.

    Raises
    ------
    ValueError
        If it has another one.
    """
    name, suffix = os.fspath(path), Path(path).suffix
    if not suffix and Path(path).name and not Path(path).name.startswith("."):
        return f"{name}.safetensors"
    if suffix not in (".npz", ".safetensors"):
        raise ValueError(f"{job}: the name of a state file ends in .npz or .safetensors, got {name!r}")
    return name


def _plain(name: Any, value: Any) -> NDArray[Any]:
    """Return an array that both formats can hold: real numbers in native byte order, C-contiguous."""
    if not isinstance(name, str) or not name:
        raise TypeError(f"save: names must be non-empty text, got {name!r}")
    if name == _METADATA:
        raise ValueError(f"save: {_METADATA!r} is the place of the metadata in these formats; choose another name")
    # Not ascontiguousarray, which makes 0-d arrays 1-d.
    array = np.asarray(value._data if isinstance(value, Tensor) else value, order="C")
    if array.dtype.kind not in "fiub":
        raise TypeError(f"save: {name!r} must hold real numbers, got dtype {array.dtype}")
    return array.astype(array.dtype.newbyteorder("="), copy=False)


# -- npz: a zip archive of .npy files ------------------------------------------------------------------------------


def _save_npz(arrays: dict[str, NDArray[Any]], metadata: dict[str, str], path: str) -> None:
    import zipfile

    # Not np.savez: there, the names "file" and "allow_pickle" are arguments, and the entries carry the time of day.
    with atomic_write(path) as file, zipfile.ZipFile(file, "w") as archive:
        for name, array in arrays.items():
            with archive.open(zipfile.ZipInfo(f"{name}.npy"), "w", force_zip64=True) as entry:
                np.lib.format.write_array(entry, array, version=(1, 0), allow_pickle=False)
        if metadata:
            archive.writestr(zipfile.ZipInfo(f"{_METADATA}.json"), json.dumps(metadata, sort_keys=True))


def _load_npz(path: str) -> tuple[dict[str, NDArray[Any]], dict[str, str]]:
    import zipfile

    try:
        with zipfile.ZipFile(path) as archive:
            arrays: dict[str, NDArray[Any]] = {}
            metadata: dict[str, str] = {}
            for info in archive.infolist():
                if info.filename == f"{_METADATA}.json" and not metadata:
                    with archive.open(info) as entry:
                        metadata = _read_metadata(entry)
                    continue
                name = info.filename.removesuffix(".npy")
                if name == info.filename or name in arrays:
                    raise ValueError(f"the entry {info.filename!r} is not an array, or stands twice")
                with archive.open(info) as entry:
                    arrays[name] = _read_npy(entry, name)
            return arrays, metadata
    except Exception as error:
        # What zipfile, zlib and NumPy's parser of headers raise on damaged bytes is no closed list; nor is it of use.
        raise ValueError(f"{path}: not a readable .npz file: {error}. {_REPAIR}") from error


def _read_metadata(entry: IO[bytes]) -> dict[str, str]:
    text = entry.read(_MOST_METADATA + 1)
    if len(text) > _MOST_METADATA:
        raise ValueError(f"the metadata have more than {_MOST_METADATA} bytes")
    found = json.loads(text)
    if not isinstance(found, dict) or not all(isinstance(value, str) for value in found.values()):
        raise ValueError("the metadata are not text under names")
    return found


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


def _save_safetensors(arrays: dict[str, NDArray[Any]], metadata: dict[str, str], path: str) -> None:
    content = require("safetensors.numpy", "files", "writing .safetensors files").save(arrays, metadata or None)
    if metadata:
        # The library writes the metadata in another order each time; equal states are to make equal bytes.
        size = int.from_bytes(content[:8], "little")
        header = json.loads(content[8 : 8 + size])
        header = {_METADATA: dict(sorted(metadata.items())), **{k: v for k, v in header.items() if k != _METADATA}}
        text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
        text += b" " * (-len(text) % 8)  # so that the arrays stay aligned
        content = len(text).to_bytes(8, "little") + text + content[8 + size :]
    with atomic_write(path) as file:
        file.write(content)


def _load_safetensors(path: str) -> tuple[dict[str, NDArray[Any]], dict[str, str]]:
    safetensors = require("safetensors", "files", "reading .safetensors files")
    try:
        with safetensors.safe_open(path, framework="np") as file:
            return dict(_read_arrays(path, file, safetensors.deserialize)), dict(file.metadata() or {})
    except Exception as error:
        raise ValueError(f"{path}: not a readable .safetensors file: {error}. {_REPAIR}") from error


def _read_arrays(path: str, file: Any, deserialize: Any) -> Iterator[tuple[str, NDArray[Any]]]:
    kinds = {name: file.get_slice(name).get_dtype() for name in file.keys()}  # noqa: SIM118 (it is not a mapping)
    # NumPy has no bfloat16, which is the upper half of a float32; only the plain bytes can be had.
    halves = {name for name, kind in kinds.items() if kind == "BF16"}
    parts = dict(deserialize(Path(path).read_bytes())) if halves else {}
    for name, kind in kinds.items():
        if name in halves:
            upper = np.frombuffer(parts[name]["data"], "<u2").astype(np.uint32) << 16
            yield name, upper.view(np.float32).reshape(parts[name]["shape"])
            continue
        if kind not in _SAFETENSORS:
            raise ValueError(f"{name!r} has dtype {kind}, which is not one of {', '.join(_SAFETENSORS)}, BF16")
        yield name, file.get_tensor(name)
