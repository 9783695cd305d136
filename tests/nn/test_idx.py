"""The IDX format: round trips, and every way a file can be wrong."""

import gzip
import struct
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from minigrad.nn.data import read_idx, write_idx

CODES = {0x08: "u1", 0x09: "i1", 0x0B: "i2", 0x0C: "i4", 0x0D: "f4", 0x0E: "f8"}

dtypes = st.sampled_from([order + code for code in CODES.values() for order in "<>"]).map(np.dtype)
arrays = dtypes.flatmap(lambda dtype: hnp.arrays(dtype, hnp.array_shapes(min_dims=0, max_dims=5, min_side=0)))
names = st.sampled_from(["array.idx", "array.idx.gz"])


@contextmanager
def new_path(name: str = "array.idx") -> Iterator[Path]:
    """A path in a folder of its own: unlike tmp_path, a new one for each example of a property."""
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder) / name


def file_of(content: bytes, folder: Path, *, compressed: bool = False) -> Path:
    path = folder / "array.idx"
    path.write_bytes(gzip.compress(content) if compressed else content)
    return path


# 2 x 3 elements of type int16
HEADER = bytes([0, 0, 0x0B, 2]) + struct.pack(">II", 2, 3)
BODY = struct.pack(">6h", 1, -2, 3, -4, 5, -6)


# ------------------------------------------------------------------------------------------------ right files
@given(arrays, names)
def test_round_trip(array: np.ndarray[Any, Any], name: str) -> None:
    with new_path(name) as path:
        write_idx(path, array)
        back = read_idx(path)
        assert [entry.name for entry in path.parent.iterdir()] == [name]
    np.testing.assert_array_equal(back, array)  # NaN equals NaN here
    assert back.shape == array.shape
    assert back.dtype == array.dtype.newbyteorder("=")
    assert back.dtype.isnative
    assert back.flags.writeable
    assert back.flags.c_contiguous


@given(arrays)
def test_strides_do_not_matter(array: np.ndarray[Any, Any]) -> None:
    for view in (array.T, np.flip(array), np.broadcast_to(array, (2, *array.shape))):
        with new_path() as path:
            write_idx(path, view)
            np.testing.assert_array_equal(read_idx(path), view)


@pytest.mark.parametrize("compressed", [False, True])
def test_the_format_written_by_hand(tmp_path: Path, compressed: bool) -> None:
    # The name ends in .idx both times: the content decides.
    array = read_idx(file_of(HEADER + BODY, tmp_path, compressed=compressed))
    np.testing.assert_array_equal(array, [[1, -2, 3], [-4, 5, -6]])
    assert array.dtype == np.int16


@pytest.mark.parametrize("code", CODES)
def test_the_type_codes(tmp_path: Path, code: int) -> None:
    path = tmp_path / "array.idx"
    write_idx(path, np.zeros((2, 0, 3), CODES[code]))
    assert path.read_bytes() == bytes([0, 0, code, 3]) + struct.pack(">III", 2, 0, 3)


def test_equal_arrays_give_equal_bytes(tmp_path: Path) -> None:
    array = np.arange(100, dtype=np.int32)
    write_idx(tmp_path / "one.gz", array)
    write_idx(tmp_path / "two.gz", array)
    assert (tmp_path / "one.gz").read_bytes() == (tmp_path / "two.gz").read_bytes()
    assert (tmp_path / "one.gz").read_bytes()[4:8] == bytes(4)  # no time stamp


# ------------------------------------------------------------------------------------------------ wrong files
def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"no IDX file .*absent\.idx: check the path, or fetch the file"):
        read_idx(tmp_path / "absent.idx")


@pytest.mark.parametrize(
    "start",
    [
        pytest.param(b"\x01\x00\x08\x01", id="first byte"),
        pytest.param(b"\x00\x01\x08\x01", id="second byte"),
        pytest.param(b"\x00\x00\x00\x01", id="no type"),
        pytest.param(b"\x00\x00\x0a\x01", id="unassigned type"),
        pytest.param(b"\x00\x00\x0f\x01", id="type too large"),
        pytest.param(b"\x00\x00\x08\x41", id="65 dimensions"),
        pytest.param(b"<htm", id="a web page"),
    ],
)
@pytest.mark.parametrize("compressed", [False, True])
def test_wrong_magic_number(tmp_path: Path, start: bytes, compressed: bool) -> None:
    path = file_of(start + bytes(1000), tmp_path, compressed=compressed)
    with pytest.raises(ValueError, match=rf"array\.idx: not an IDX file\. Its first bytes are {start.hex(' ')}"):
        read_idx(path)


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("length", range(len(HEADER + BODY)))
def test_truncated_anywhere(tmp_path: Path, length: int, compressed: bool) -> None:
    path = file_of((HEADER + BODY)[:length], tmp_path, compressed=compressed)
    if length < 4:
        message = rf"4 bytes of magic number, found {length}\."
    elif length < len(HEADER):
        message = rf"2 dimensions, whose sizes take 8 bytes, found {length - 4}\."
    else:
        message = rf"\(2, 3\) and dtype int16 take 12 bytes after the header, found {length - len(HEADER)}\."
    with pytest.raises(ValueError, match=r"array\.idx: .*" + message + r".*fetch it again"):
        read_idx(path)


def test_compressed_data_truncated_anywhere(tmp_path: Path) -> None:
    path = tmp_path / "array.idx.gz"
    write_idx(path, np.random.default_rng(0).integers(0, 256, 300, dtype=np.uint8))
    whole = path.read_bytes()
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        with pytest.raises(ValueError, match=r"array\.idx\.gz: .*(damaged|found \d+|first bytes)"):
            read_idx(path)


def test_a_flipped_bit_in_compressed_data_never_gives_a_wrong_array(tmp_path: Path) -> None:
    array = np.arange(50, dtype=np.int32)
    path = tmp_path / "array.idx.gz"
    write_idx(path, array)
    content = path.read_bytes()
    found = 0
    for bit in range(8 * len(content)):
        flipped = bytearray(content)
        flipped[bit // 8] ^= 1 << bit % 8
        path.write_bytes(flipped)
        try:
            np.testing.assert_array_equal(read_idx(path), array, strict=True)
        except ValueError as error:
            assert str(error).startswith(f"{path}: ")  # noqa: PT017
            found += 1
    # The others are fields of gzip's own header, such as the time, and the padding of the last byte.
    assert found > 0.9 * (8 * len(content) - 80)


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("extra", [1, 5000])
def test_trailing_bytes(tmp_path: Path, extra: int, compressed: bool) -> None:
    path = file_of(HEADER + BODY + bytes(extra), tmp_path, compressed=compressed)
    with pytest.raises(ValueError, match=r"array\.idx: .*take 12 bytes after the header, and the file goes on"):
        read_idx(path)


def test_garbage_behind_the_compressed_data(tmp_path: Path) -> None:
    path = tmp_path / "array.idx"
    path.write_bytes(gzip.compress(HEADER + BODY) + b"garbage")
    with pytest.raises(ValueError, match=r"array\.idx: the gzip compression is damaged"):
        read_idx(path)


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("ndim", [1, 3, 64])
def test_a_header_of_huge_sizes_does_not_exhaust_memory(tmp_path: Path, ndim: int, compressed: bool) -> None:
    header = bytes([0, 0, 0x0E, ndim]) + b"\xff" * (4 * ndim)
    with pytest.raises(ValueError, match=r"array\.idx: .*found 8\."):
        read_idx(file_of(header + bytes(8), tmp_path, compressed=compressed))


def test_a_header_of_huge_sizes_and_a_zero(tmp_path: Path) -> None:
    header = bytes([0, 0, 0x0E, 5]) + bytes(4) + b"\xff" * 16
    with pytest.raises(ValueError, match=r"array\.idx: .*shape \(0, 4294967295,"):
        read_idx(file_of(header, tmp_path))


# ----------------------------------------------------------------------------------------------- wrong arrays
@pytest.mark.parametrize("dtype", ["bool", "int64", "uint16", "float16", "complex128", "U3", "O"])
def test_a_dtype_without_a_code(tmp_path: Path, dtype: str) -> None:
    with pytest.raises(TypeError, match=r"write_idx: dtype .* has no IDX code\. Convert the array with \.astype"):
        write_idx(tmp_path / "array.idx", np.zeros(2, dtype))
    assert list(tmp_path.iterdir()) == []


def test_a_size_beyond_32_bits(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"write_idx: shape \(4294967296,\)"):
        write_idx(tmp_path / "array.idx", np.broadcast_to(np.uint8(0), 1 << 32))


@pytest.mark.parametrize("name", ["array.idx", "array.idx.gz"])
def test_a_failing_write_leaves_the_old_file(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / name
    write_idx(path, np.arange(3, dtype=np.int32))
    old = path.read_bytes()

    def full_disk(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full_disk)
    with pytest.raises(OSError, match="No space left"):
        write_idx(path, np.arange(1000, dtype=np.int32))
    assert path.read_bytes() == old
    assert list(tmp_path.iterdir()) == [path]
