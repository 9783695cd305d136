"""Loading MNIST: the bundled excerpt, the full set where it is there, and folders that are not right."""

import os
from pathlib import Path

import numpy as np
import pytest

from minigrad.nn.data import mnist, write_idx

SMALL = Path(__file__).parents[2] / "examples" / "data" / "mnist-small"
FULL = Path(os.environ["MINIGRAD_DATA"]) / "mnist" if os.environ.get("MINIGRAD_DATA") else None
needs_full_set = pytest.mark.skipif(
    FULL is None or not FULL.is_dir(),
    reason="the full MNIST is not here: MINIGRAD_DATA names no folder with mnist/",
)


def write_set(folder: Path, *, suffix: str = "", images: int = 3, labels: int = 3) -> None:
    for part in ("train", "t10k"):
        pixels = np.arange(images * 4, dtype=np.uint8).reshape(images, 2, 2)
        write_idx(folder / f"{part}-images-idx3-ubyte{suffix}", pixels)
        write_idx(folder / f"{part}-labels-idx1-ubyte{suffix}", np.arange(labels, dtype=np.uint8))


def test_the_bundled_excerpt() -> None:
    x_train, t_train, x_test, t_test = mnist(SMALL)
    assert (x_train.shape, x_test.shape) == ((5000, 1, 28, 28), (1000, 1, 28, 28))
    assert (t_train.shape, t_test.shape) == ((5000,), (1000,))
    assert x_train.dtype == x_test.dtype == np.float32
    assert t_train.dtype == t_test.dtype == np.int64
    assert (x_train.min(), x_train.max()) == (0, 1)
    np.testing.assert_array_equal(t_train[:10], [5, 0, 4, 1, 9, 2, 1, 3, 1, 4])
    np.testing.assert_array_equal(t_test[:10], [7, 2, 1, 0, 4, 1, 4, 9, 5, 9])
    np.testing.assert_array_equal(np.unique(t_train), np.arange(10))


@needs_full_set
def test_the_excerpt_is_the_head_of_the_full_set() -> None:
    full = mnist(normalize=False)
    assert [len(array) for array in full] == [60_000, 60_000, 10_000, 10_000]
    assert full[0].mean() / 255 == pytest.approx(0.13066, abs=5e-6)
    for part, whole in zip(mnist(SMALL, normalize=False), full, strict=True):
        np.testing.assert_array_equal(part, whole[: len(part)])


@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_options(tmp_path: Path, suffix: str) -> None:
    write_set(tmp_path, suffix=suffix)
    raw = mnist(tmp_path, normalize=False)[0]
    np.testing.assert_array_equal(raw, np.arange(12, dtype=np.uint8).reshape(3, 1, 2, 2), strict=True)
    flat = mnist(tmp_path, flatten=True)[0]
    np.testing.assert_array_equal(flat, (np.arange(12, dtype=np.float32) / 255).reshape(3, 4), strict=True)


def test_the_folder_of_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mnist").mkdir()
    write_set(tmp_path / "mnist")
    monkeypatch.setenv("MINIGRAD_DATA", str(tmp_path))
    assert mnist()[0].shape == (3, 1, 2, 2)
    assert [len(array) for array in mnist()] == [3, 3, 3, 3]
    assert mnist().t_test is not None


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    write_set(tmp_path)
    (tmp_path / "t10k-labels-idx1-ubyte").unlink()
    with pytest.raises(
        FileNotFoundError, match=r"no t10k-labels-idx1-ubyte\.gz or t10k-labels-idx1-ubyte in"
    ):
        mnist(tmp_path)


def test_files_that_do_not_belong_together(tmp_path: Path) -> None:
    write_set(tmp_path, images=3, labels=4)
    with pytest.raises(ValueError, match=r"train-images-idx3-ubyte has 3 images, but .* has 4 labels"):
        mnist(tmp_path)


def test_files_of_the_wrong_kind(tmp_path: Path) -> None:
    write_set(tmp_path)
    write_idx(tmp_path / "train-labels-idx1-ubyte", np.zeros(3, np.float32))
    with pytest.raises(
        ValueError, match=r"labels have shape \(N,\) and dtype uint8, found \(3,\) and float32"
    ):
        mnist(tmp_path)
    write_idx(tmp_path / "train-images-idx3-ubyte", np.zeros((3, 4), np.uint8))
    with pytest.raises(ValueError, match=r"images have shape \(N, H, W\) and dtype uint8, found \(3, 4\)"):
        mnist(tmp_path)
