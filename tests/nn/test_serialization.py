"""State files: what goes in comes out, whole or not at all, and no file can do harm."""

import io
import pickle
import struct
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import minigrad as mg
from minigrad import nn

SUFFIXES = [".npz", ".safetensors"]
DTYPES = ["f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "?"]


@pytest.fixture(params=SUFFIXES)
def suffix(request: pytest.FixtureRequest) -> str:
    if request.param == ".safetensors":
        pytest.importorskip("safetensors")
    return str(request.param)


arrays = hnp.arrays(st.sampled_from(DTYPES), hnp.array_shapes(min_dims=0, min_side=0, max_side=4))
views = st.sampled_from(
    [
        lambda a: a,
        lambda a: a.T,
        lambda a: a[..., ::-1] if a.ndim else a,
        lambda a: np.broadcast_to(a, (2, *a.shape)),
        lambda a: a.astype(a.dtype.newbyteorder(">")),
        np.asfortranarray,
    ]
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("state")


@pytest.mark.parametrize("suffix", SUFFIXES)
@given(values=st.lists(st.tuples(arrays, views), max_size=3))
def test_round_trip(suffix: str, folder: Path, values: list[Any]) -> None:
    if suffix == ".safetensors":
        pytest.importorskip("safetensors")
    path = folder / f"state{suffix}"
    names = ["weight", "file", "allow_pickle"]  # the last two are arguments of np.savez
    state = {name: view(array) for name, (array, view) in zip(names, values, strict=False)}
    nn.save(state, path)
    loaded = nn.load(path)
    assert set(loaded) == set(state)
    for name, value in state.items():
        found = loaded[name]
        np.testing.assert_array_equal(found, value)
        assert found.shape == value.shape
        assert found.dtype == value.dtype.newbyteorder("=")
        assert found.flags.writeable
        assert found.flags.c_contiguous
    first = path.read_bytes()
    nn.save(state, path)
    assert path.read_bytes() == first


def test_models_round_trip(suffix: str, tmp_path: Path) -> None:
    def net(seed: int) -> nn.Sequential:
        rng = np.random.default_rng(seed)
        return nn.Sequential(nn.Conv2d(1, 2, 3, rng=rng), nn.Flatten(), nn.Affine(8, 2, rng=rng))

    a, b = net(0), net(1)
    nn.save(a.state_dict(), tmp_path / f"net{suffix}")
    assert b.load_state_dict(nn.load(tmp_path / f"net{suffix}")) == ([], [])
    x = np.ones((1, 1, 4, 4), np.float32)
    np.testing.assert_array_equal(a(x).data, b(x).data)


def test_tensors_are_taken_too(suffix: str, tmp_path: Path) -> None:
    nn.save({"w": nn.Parameter([1.0]), "x": mg.Tensor(2.0)}, tmp_path / f"s{suffix}")
    loaded = nn.load(tmp_path / f"s{suffix}")
    assert (loaded["w"].tolist(), loaded["x"].tolist()) == ([1.0], 2.0)


def test_numpy_s_own_files(tmp_path: Path) -> None:
    x = np.arange(6.0).reshape(2, 3)
    for save in (np.savez, np.savez_compressed):
        save(tmp_path / "x.npz", x=x, fortran=np.asfortranarray(x))
        loaded = nn.load(tmp_path / "x.npz")
        np.testing.assert_array_equal(loaded["x"], x, strict=True)
        np.testing.assert_array_equal(loaded["fortran"], x, strict=True)
    nn.save({"x": x}, tmp_path / "x.npz")
    with np.load(tmp_path / "x.npz") as file:
        np.testing.assert_array_equal(file["x"], x, strict=True)


def test_without_a_suffix_it_is_safetensors(tmp_path: Path) -> None:
    pytest.importorskip("safetensors", reason="the default format")
    nn.save({"w": np.ones(2)}, tmp_path / "state")
    assert [path.name for path in tmp_path.iterdir()] == ["state.safetensors"]
    assert nn.load(tmp_path / "state")["w"].tolist() == [1, 1]


def test_metadata(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"state{suffix}"
    metadata = {letter: f"text {letter} ü \N{SNOWMAN}\n" for letter in "gfedcba"}
    state = {"w": np.arange(3, dtype=np.float16), "b": np.ones((2, 3)).T}
    nn.save(state, path, metadata)
    assert nn.load_metadata(path) == metadata
    first = path.read_bytes()
    nn.save(state, path, dict(sorted(metadata.items())))
    assert path.read_bytes() == first
    for name, value in nn.load(path).items():
        np.testing.assert_array_equal(value, state[name], strict=True)
    nn.save(state, path)
    assert nn.load_metadata(path) == {}
    with pytest.raises(TypeError, match="save: metadata must be text under names"):
        nn.save(state, path, {"epoch": 3})  # type: ignore[dict-item]
    with pytest.raises(ValueError, match="save: '__metadata__' is the place of the metadata"):
        nn.save({"__metadata__": np.ones(1)}, path)


@pytest.mark.parametrize("text", [b"{", b"[]", b'{"a": 1}', b"[" * 100_000, b"\xff"])
def test_hostile_metadata(text: bytes, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "hostile.npz", "w") as archive:
        archive.writestr("__metadata__.json", text)
    with pytest.raises(ValueError, match=r"hostile\.npz: not a readable \.npz file"):
        nn.load(tmp_path / "hostile.npz")


# ------------------------------------------------------------------------------------------------------ writing
@pytest.mark.parametrize(
    ("state", "message"),
    [
        ({"w": np.array([None])}, "save: 'w' must hold real numbers, got dtype object"),
        ({"w": np.array([1j])}, "save: 'w' must hold real numbers, got dtype complex128"),
        ({"w": "text"}, "save: 'w' must hold real numbers"),
        ({3: np.ones(1)}, "save: names must be non-empty text, got 3"),
        ([np.ones(1)], "save: expected a mapping from names to arrays, got list"),
        (nn.ReLU(), r"got ReLU; pass its \.state_dict\(\)"),
    ],
)
def test_what_cannot_be_written_leaves_the_old_file(suffix: str, state: Any, message: str, tmp_path: Path) -> None:
    path = tmp_path / f"state{suffix}"
    nn.save({"old": np.ones(3)}, path)
    with pytest.raises(TypeError, match=message):
        nn.save(state, path)
    assert nn.load(path)["old"].tolist() == [1, 1, 1]
    assert list(tmp_path.iterdir()) == [path]


def test_names_of_files(tmp_path: Path) -> None:
    for name in ("state.pt", "state.npz.old", ".npz"):
        with pytest.raises(ValueError, match=r"a state file ends in \.npz or \.safetensors"):
            nn.save({}, tmp_path / name)
        with pytest.raises(ValueError, match=r"a state file ends in \.npz or \.safetensors"):
            nn.load(tmp_path / name)
    with pytest.raises(FileNotFoundError, match=r"load: there is no file .*none\.npz"):
        nn.load(tmp_path / "none.npz")
    with pytest.raises(FileNotFoundError):
        nn.save({}, tmp_path / "no" / "folder.npz")


def test_a_missing_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("safetensors", "safetensors.numpy"):
        monkeypatch.setitem(__import__("sys").modules, name, None)
    (tmp_path / "x.safetensors").write_bytes(b"")
    for job, call in [
        ("writing", lambda: nn.save({"x": np.ones(1)}, tmp_path / "y.safetensors")),
        ("reading", lambda: nn.load(tmp_path / "x.safetensors")),
    ]:
        with pytest.raises(ImportError, match=rf"{job} \.safetensors files needs .*pip install 'minigrad\[files\]'"):
            call()
    assert not (tmp_path / "y.safetensors").exists()


# ------------------------------------------------------------------------------------------------ hostile files
@pytest.fixture
def good(suffix: str, tmp_path: Path) -> Path:
    path = tmp_path / f"good{suffix}"
    nn.save({"w": np.arange(100, dtype=np.float32), "b": np.ones(3)}, path)
    return path


def test_a_file_cut_off_anywhere(good: Path) -> None:
    whole = good.read_bytes()
    for size in [0, 1, 7, 8, 20, *range(50, len(whole) - 1, 61), len(whole) - 1]:
        good.write_bytes(whole[:size])
        with pytest.raises(ValueError, match=r"good\.\w+: not a readable \.\w+ file: .*"):
            nn.load(good)


def test_a_flipped_byte_is_an_error_or_stays_in_the_numbers(good: Path) -> None:
    whole = good.read_bytes()
    for place in range(0, len(whole), 13):
        good.write_bytes(whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :])
        try:
            loaded = nn.load(good)
        except ValueError:
            continue  # anything else fails the test
        assert all(array.dtype.kind in "fiub" for array in loaded.values())


class Bomb:
    def __reduce__(self) -> Any:
        return (pytest.fail, ("a file was unpickled",))


def npy(header: str, body: bytes = b"", version: bytes = b"\x01\x00") -> bytes:
    size = struct.pack("<H" if version == b"\x01\x00" else "<I", len(header) + 1)
    return b"\x93NUMPY" + version + size + header.encode() + b"\n" + body


def header(descr: str = "'<f4'", shape: str = "(2,)", order: str = "False") -> str:
    return f"{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}}}"


def pickled() -> bytes:
    stream = io.BytesIO()
    np.lib.format.write_array(stream, np.array([Bomb()], dtype=object), allow_pickle=True)
    return stream.getvalue()


@pytest.mark.parametrize(
    "entries",
    [
        {"w.npy": pickled()},
        {"w.npy": pickle.dumps(Bomb())},
        {"w.npy": npy(header("'|O'"), pickle.dumps(Bomb()))},
        {"w.npy": npy(header("[('a', '<f4')]"), bytes(8))},
        {"w.npy": npy(header("'<c8'"), bytes(16))},
        {"w.npy": npy(header(shape="(1000000000000000000, 1000)"), bytes(8))},
        {"w.npy": npy(header(shape="(-2,)"), bytes(8))},
        {"w.npy": npy(header(shape="(4611686018427387904, 0)"))},
        {"w.npy": npy(header(), bytes(4))},
        {"w.npy": npy(header(), bytes(12))},
        {"w.npy": npy("__import__('pytest').fail('a header was executed')", bytes(8))},
        {"w.npy": npy(header("'no such dtype'"), bytes(8))},
        {"w.npy": npy(header(), bytes(8), b"\x03\x00")},
        {"w.npy": npy(header(), bytes(8), b"\x09\x00")},
        {"w.npy": b""},
        {"w.txt": b"hello"},
        {"w.npy": npy("{" * 5000, bytes(8))},
    ],
    ids=list(range(17)),
)
def test_hostile_npz(entries: dict[str, bytes], tmp_path: Path) -> None:
    path = tmp_path / "hostile.npz"
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    with pytest.raises(ValueError, match=r"hostile\.npz: not a readable \.npz file"):
        nn.load(path)


def test_names_that_stand_twice(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "twice.npz", "w") as archive:
        archive.writestr("w.npy", npy(header(), bytes(8)))
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr("w.npy", npy(header(), bytes(8)))
    with pytest.raises(ValueError, match=r"the entry 'w\.npy' is not an array, or stands twice"):
        nn.load(tmp_path / "twice.npz")


@pytest.mark.parametrize(
    "content",
    [
        struct.pack("<Q", 1 << 62) + b"{}",
        struct.pack("<Q", 2) + b"[]",
        struct.pack("<Q", 9) + b"not json!",
        b'\x40\x00\x00\x00\x00\x00\x00\x00{"w":{"dtype":"F32","shape":[999999],"data_offsets":[0,3999996]}}   ',
    ],
)
def test_hostile_safetensors(content: bytes, tmp_path: Path) -> None:
    pytest.importorskip("safetensors")
    (tmp_path / "hostile.safetensors").write_bytes(content)
    with pytest.raises(ValueError, match=r"hostile\.safetensors: not a readable \.safetensors file"):
        nn.load(tmp_path / "hostile.safetensors")


@pytest.mark.parametrize(("kind", "size"), [("BF16", 2), ("F8_E4M3", 1)])
def test_dtypes_that_numpy_lacks(kind: str, size: int, tmp_path: Path) -> None:
    pytest.importorskip("safetensors")
    offsets = f'"shape":[2,1],"data_offsets":[0,{2 * size}]'
    head = f'{{"w":{{"dtype":"{kind}",{offsets}}}}}'.encode()
    path = tmp_path / "brain.safetensors"
    path.write_bytes(struct.pack("<Q", len(head)) + head + b"\xc0\x3f\x00\xc0"[: 2 * size])  # 1.5 and -2
    if kind == "BF16":
        np.testing.assert_array_equal(nn.load(path)["w"], np.array([[1.5], [-2]], np.float32), strict=True)
    else:
        with pytest.raises(ValueError, match=r"brain\.safetensors: not a readable .* 'w' has dtype F8_E4M3, which is"):
            nn.load(path)
