"""The data sets beside MNIST: CIFAR-10's binary files, the bundled digits, those of scikit-learn."""

from __future__ import annotations

import io
import sys
import tarfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from minigrad.nn import data
from minigrad.nn.data import CIFAR10_CLASSES, FASHION_MNIST_CLASSES, cifar10, images, mnist_small, write_idx

NAMES = [f"data_batch_{n}.bin" for n in range(1, 6)] + ["test_batch.bin"]


def contents(count: int = 2) -> dict[str, bytes]:
    rng = np.random.default_rng(0)
    out = {}
    for number, name in enumerate(NAMES):
        records = rng.integers(0, 256, (count, 3073), dtype=np.uint8)
        records[:, 0] = number
        out[name] = records.tobytes()
    return out


def pack(path: Path, files: dict[str, bytes], folder: str = "cifar-10-batches-bin") -> None:
    with tarfile.open(path, "w:gz") as tar:
        for name, content in {"readme.html": b"<html>", **files}.items():
            member = tarfile.TarInfo(f"{folder}/{name}")
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))


def put(folder: Path, form: str, files: dict[str, bytes]) -> None:
    if form == "archive":
        pack(folder / "cifar-10-binary.tar.gz", files)
        return
    inner = folder / "cifar-10-batches-bin" if form == "unpacked" else folder
    inner.mkdir(exist_ok=True)
    for name, content in files.items():
        (inner / name).write_bytes(content)


@pytest.mark.parametrize("form", ["archive", "unpacked", "flat"])
def test_cifar10(form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = contents()
    (tmp_path / "cifar10").mkdir()
    put(tmp_path / "cifar10", form, files)
    monkeypatch.setenv("MINIGRAD_DATA", str(tmp_path))
    raw = cifar10(normalize=False)
    assert [array.shape for array in raw] == [(10, 3, 32, 32), (10,), (2, 3, 32, 32), (2,)]
    assert raw.x_train.dtype == np.uint8
    assert all(array.flags.writeable for array in raw)
    assert raw.t_train.tolist() == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4]
    assert raw.t_test.tolist() == [5, 5]
    # Green, third row, fourth column of the second image.
    record = files["data_batch_1.bin"][3073:]
    assert raw.x_train[1, 1, 2, 3] == record[1 + 1024 + 2 * 32 + 3]
    scaled = cifar10(tmp_path / "cifar10", flatten=True)
    assert scaled.x_test.dtype == np.float32
    np.testing.assert_array_equal(scaled.x_test, raw.x_test.reshape(2, -1) / np.float32(255))


def test_cifar10_that_is_not_whole(tmp_path: Path) -> None:
    files = contents()
    with pytest.raises(FileNotFoundError, match=r"neither cifar-10-binary\.tar\.gz nor data_batch_1\.bin in"):
        cifar10(tmp_path)
    put(tmp_path, "flat", files)
    (tmp_path / "test_batch.bin").write_bytes(files["test_batch.bin"][:-1])
    with pytest.raises(ValueError, match=r"test_batch\.bin: images take 3,073 bytes each, .* its 6,145 bytes"):
        cifar10(tmp_path)
    (tmp_path / "test_batch.bin").write_bytes(bytes([10]) + bytes(3072))
    with pytest.raises(ValueError, match=r"test_batch\.bin: labels are 0 to 9, found 10"):
        cifar10(tmp_path)


def test_a_damaged_archive(tmp_path: Path) -> None:
    path = tmp_path / "cifar-10-binary.tar.gz"
    pack(path, {name: content for name, content in contents().items() if name != "data_batch_3.bin"})
    with pytest.raises(ValueError, match=r"there is no cifar-10-batches-bin/data_batch_3\.bin in it: fetch it again"):
        cifar10(tmp_path)
    pack(path, contents(), folder="../cifar-10-batches-bin")
    with pytest.raises(ValueError, match="there is no cifar-10-batches-bin/data_batch_1"):
        cifar10(tmp_path)
    pack(path, contents())
    whole = path.read_bytes()
    flipped = bytearray(whole)
    flipped[len(whole) // 2] ^= 255
    for content in (b"", whole[:100], whole[: len(whole) // 2], whole[:-2000], b"PK" + whole, bytes(flipped)):
        path.write_bytes(content)
        with pytest.raises(ValueError, match=r"cifar-10-binary\.tar\.gz: .*fetch it again"):
            cifar10(tmp_path)


def test_class_names() -> None:
    assert len(set(CIFAR10_CLASSES)) == len(set(FASHION_MNIST_CLASSES)) == 10
    assert (CIFAR10_CLASSES[3], FASHION_MNIST_CLASSES[9]) == ("cat", "Ankle boot")


def test_without_the_bundled_digits_the_whole_set_is_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bundled = mnist_small(normalize=False)
    (tmp_path / "mnist").mkdir()
    for part, x, t in (("train", bundled.x_train, bundled.t_train), ("t10k", bundled.x_test, bundled.t_test)):
        # Some more, as the whole set has.
        write_idx(tmp_path / "mnist" / f"{part}-images-idx3-ubyte", np.concatenate([x, x[:9]])[:, 0])
        write_idx(tmp_path / "mnist" / f"{part}-labels-idx1-ubyte", np.concatenate([t, t[:9]]).astype(np.uint8))
    monkeypatch.setattr(images, "_SMALL", tmp_path / "absent")
    monkeypatch.setenv("MINIGRAD_DATA", str(tmp_path))
    for found, expected in zip(mnist_small(normalize=False), bundled, strict=True):
        np.testing.assert_array_equal(found, expected, strict=True)


SKLEARN: dict[str, tuple[Any, Any, Any]] = {
    "digits": ((1797, 1, 8, 8), (1797,), np.int64),
    "diabetes": ((442, 10), (442,), np.float32),
    "breast_cancer": ((569, 30), (569,), np.int64),
}


@pytest.mark.parametrize("name", SKLEARN)
def test_the_sets_of_scikit_learn(name: str) -> None:
    pytest.importorskip("sklearn", reason="scikit-learn holds the data: pip install 'minigrad[data]'")
    inputs, targets, dtype = SKLEARN[name]
    x, t = getattr(data, name)()
    assert (x.shape, x.dtype, t.shape, t.dtype) == (inputs, np.float32, targets, dtype)
    assert np.isfinite(x).all()
    assert len(data.DataLoader((x, t), 100)) == -(-len(x) // 100)


def test_options_of_the_sets_of_scikit_learn() -> None:
    pytest.importorskip("sklearn", reason="scikit-learn holds the data: pip install 'minigrad[data]'")
    assert data.digits(flatten=True).x.shape == (1797, 64)
    assert (data.digits().x.max(), data.digits(normalize=False).x.max()) == (1, 16)
    np.testing.assert_allclose((data.diabetes().x ** 2).sum(0), 1, rtol=1e-5)
    assert data.diabetes(scaled=False).x[0, 0] == 59  # years
    assert np.bincount(data.breast_cancer().t).tolist() == [212, 357]


def test_without_scikit_learn_the_error_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "sklearn"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "sklearn", None)
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    with pytest.raises(ImportError, match=r"nn\.data\.digits needs sklearn: pip install 'minigrad\[data\]'"):
        data.digits()
