"""Augmentation: nothing at zero strength, exact where a change is, drawn anew for each image, bounded."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minigrad.nn.data import DataLoader
from minigrad.nn.data.augment import (
    Augmentation,
    Brightness,
    Compose,
    Contrast,
    Crop,
    Cutout,
    Flip,
    Noise,
    Rotate,
    Scale,
    Shift,
)
from minigrad.nn.data.augment.warp import resample

ALL: list[Augmentation] = [
    Shift(2),
    Rotate(20),
    Scale(0.2),
    Flip(0.5, 0.5),
    Crop(padding=2),
    Crop(5),
    Brightness(0.3),
    Contrast(0.3),
    Noise(0.1),
    Cutout(3),
    Compose(Shift(1), Rotate(5), Flip(), Scale(0.1), Noise(0.1)),
]
NOTHING: list[Augmentation] = [
    Shift(0),
    Rotate(0),
    Scale(0),
    Scale((1, 1)),
    Flip(0, 0),
    Crop(),
    Brightness(0),
    Contrast(0),
    Noise(0),
    Cutout(0),
    Compose(),
    Compose(Shift(0), Rotate(0), Scale(0), Flip(0, 0), Crop()),
]


def images(*shape: int, dtype: Any = np.float32) -> Any:
    return np.random.default_rng(1).standard_normal(shape).astype(dtype)


def named(change: Augmentation) -> str:
    return type(change).__name__


# ---------------------------------------------------------------------------------------------------------- for all
@pytest.mark.parametrize("change", [*ALL, *NOTHING], ids=named)
def test_the_repr_is_the_call_that_makes_it(change: Augmentation) -> None:
    again = eval(repr(change), {type(a).__name__: type(a) for a in ALL})
    assert repr(again) == repr(change)
    np.testing.assert_array_equal(
        again(images(2, 1, 6, 6), np.random.default_rng(0)), change(images(2, 1, 6, 6), np.random.default_rng(0))
    )


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("shape", [(4, 1, 8, 8), (3, 3, 7, 10), (0, 1, 6, 6)])
@pytest.mark.parametrize("change", ALL, ids=named)
def test_a_change(change: Augmentation, shape: tuple[int, ...], dtype: Any) -> None:
    x = images(*shape, dtype=dtype)
    before = x.copy()
    x.flags.writeable = False
    first, again = (change(x, np.random.default_rng(7)) for _ in range(2))
    assert first.dtype == dtype
    assert first.shape[:2] == shape[:2]
    np.testing.assert_array_equal(first, again)
    np.testing.assert_array_equal(x, before)
    assert not np.shares_memory(first, x)
    assert first.flags.writeable
    if shape[0]:
        other = change(x, np.random.default_rng(8))
        assert not np.array_equal(first, other)


@pytest.mark.parametrize("change", ALL, ids=named)
def test_each_image_is_changed_in_its_own_way(change: Augmentation) -> None:
    x = np.repeat(images(1, 2, 8, 8), 40, axis=0)
    assert len(np.unique(change(x, np.random.default_rng(0)).reshape(40, -1), axis=0)) > 1


@pytest.mark.parametrize("strided", [False, True])
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("change", NOTHING, ids=named)
def test_nothing_at_zero_strength(change: Augmentation, dtype: Any, strided: bool) -> None:
    x = images(3, 2, 6, 9, dtype=dtype)
    x = x.transpose(0, 1, 3, 2)[::-1] if strided else x
    out = change(x, np.random.default_rng(0))
    np.testing.assert_array_equal(out, x, strict=True)
    assert not np.shares_memory(out, x)


@pytest.mark.parametrize("change", ALL, ids=named)
def test_wrong_images(change: Augmentation) -> None:
    name, rng = type(change).__name__, np.random.default_rng(0)
    with pytest.raises(ValueError, match=rf"{name}: expected images of shape \(N, C, H, W\), got \(28, 28\)"):
        change(np.zeros((28, 28)), rng)
    with pytest.raises(TypeError, match=rf"{name}: expected images of a float dtype, got uint8"):
        change(np.zeros((1, 1, 8, 8), np.uint8), rng)
    with pytest.raises(TypeError, match=rf"{name}: rng must be a np\.random\.Generator, got 3"):
        change(np.zeros((1, 1, 8, 8)), 3)  # type: ignore[arg-type]


def test_as_transform_of_a_loader() -> None:
    x = images(10, 1, 8, 8)

    def loader(workers: int) -> list[Any]:
        made = DataLoader(x, 4, rng=np.random.default_rng(0), transform=ALL[-1], workers=workers)
        return list(made) + list(made)

    plain, threads = loader(0), loader(2)
    for a, b in zip(plain, threads, strict=True):
        np.testing.assert_array_equal(a, b)
    assert not np.array_equal(plain[0], plain[3])  # the next epoch differs


# --------------------------------------------------------------------------------------------------------- geometry
@given(
    shape=st.tuples(st.integers(1, 3), st.integers(1, 2), st.integers(1, 7), st.integers(1, 7)),
    dy=st.integers(-8, 8),
    dx=st.integers(-8, 8),
    fill=st.sampled_from([0.0, -2.5]),
)
def test_a_shift_by_whole_pixels_is_exact(shape: tuple[int, ...], dy: int, dx: int, fill: float) -> None:
    x = images(*shape)
    _, _, height, width = shape
    maps = np.tile(np.array([[1.0, 0, -dy], [0, 1, -dx]]), (shape[0], 1, 1))
    wide = np.pad(x, [(0, 0), (0, 0), (8, 8), (8, 8)], constant_values=fill)
    expected = wide[:, :, 8 - dy : 8 - dy + height, 8 - dx : 8 - dx + width]
    np.testing.assert_array_equal(resample(x, maps, fill), expected, strict=True)


def test_shifts_reach_their_bounds_and_no_further() -> None:
    x = np.zeros((400, 1, 9, 9), np.float32)
    x[:, :, 4, 4] = 1
    found = np.argwhere(Shift((1, 3))(x, np.random.default_rng(0)))[:, 2:] - 4
    assert len(found) == 400
    assert {tuple(place) for place in found} == {(y, x) for y in range(-1, 2) for x in range(-3, 4)}


@pytest.mark.parametrize("side", [4, 5])
@pytest.mark.parametrize("turns", [-1, 1, 2, 3])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_right_angles_are_those_of_rot90(turns: int, side: int, dtype: Any) -> None:
    x = images(3, 2, side, side, dtype=dtype)
    turned = Rotate((90 * turns, 90 * turns))(x, np.random.default_rng(0))
    np.testing.assert_allclose(turned, np.rot90(x, turns, (2, 3)), atol=1e-5 if dtype == np.float32 else 1e-12)


@pytest.mark.parametrize(
    "change", [Rotate((33, 33), fill=0.5), Scale((0.7, 0.7), fill=0.5), Scale((1.6, 1.6))], ids=named
)
def test_against_scipy(change: Any) -> None:
    ndimage = pytest.importorskip("scipy.ndimage", reason="SciPy is the oracle: pip install 'minigrad[data]'")
    # Surrounded by what comes in from outside: SciPy fills beyond the last pixel, not half-way behind it.
    x = np.pad(images(2, 1, 9, 12, dtype=np.float64), [(0, 0), (0, 0), (3, 3), (3, 3)], constant_values=change.fill)
    found = change(x, np.random.default_rng(0))
    matrix = change.maps(1, np.random.default_rng(0))[0, :, :2]
    centre = (np.array(x.shape[2:]) - 1) / 2
    for image, out in zip(x[:, 0], found[:, 0], strict=True):
        expected = ndimage.affine_transform(
            image, matrix, centre - matrix @ centre, order=1, mode="constant", cval=change.fill
        )
        np.testing.assert_allclose(out, expected, atol=1e-12)


def test_many_images_are_resampled_as_each_alone() -> None:
    x = images(50, 3, 28, 28)  # more than are taken at a time
    maps = Rotate(45).maps(50, np.random.default_rng(0))
    each = np.concatenate([resample(x[i : i + 1], maps[i : i + 1]) for i in range(50)])
    np.testing.assert_array_equal(resample(x, maps), each)


def test_composed_maps_are_one_resampling() -> None:
    x = images(2, 1, 8, 8)
    # Apart they would blur twice; together the angles cancel.
    there_and_back = Compose(Rotate((30, 30)), Rotate((-30, -30)))(x, np.random.default_rng(0))
    np.testing.assert_allclose(there_and_back, x, atol=1e-5)
    # Order: the shift happens first, then the turn takes it along.
    point = np.zeros((1, 1, 5, 5), np.float32)
    point[0, 0, 2, 3] = 1
    rng = np.random.default_rng(0)
    apart = Scale((2, 2))(Rotate((90, 90))(point, rng), rng)
    together = Compose(Rotate((90, 90)), Scale((2, 2)))(point, rng)
    np.testing.assert_allclose(together, apart, atol=1e-5)
    moved = np.zeros((1, 1, 5, 5), np.float32)
    moved[0, 0, 2, 2] = 1
    change = Compose(Shift((0, 1)), Rotate((90, 90)))
    for seed in range(8):
        shift = Shift((0, 1))(moved, np.random.default_rng(seed))
        np.testing.assert_allclose(
            change(moved, np.random.default_rng(seed)), np.rot90(shift, 1, (2, 3)), atol=1e-5
        )


def test_steps_of_a_composition_happen_in_order_also_between_resamplings() -> None:
    x = np.zeros((1, 1, 4, 4), np.float32)
    rng = np.random.default_rng(0)
    half = Scale((0.5, 0.5), fill=1)
    out = Compose(half, Brightness((2, 2)), half)(x, rng)
    apart = half(Brightness((2, 2))(half(x, rng), rng), rng)
    np.testing.assert_allclose(out, apart)
    different = Compose(half, Scale((0.5, 0.5), fill=-1))(x, rng)
    assert different.min() == -1


@given(shape=st.tuples(st.integers(1, 4), st.integers(1, 3), st.integers(1, 5), st.integers(1, 5)))
def test_flips_are_their_own_inverse(shape: tuple[int, ...]) -> None:
    x, rng = images(*shape), np.random.default_rng(0)
    for flip, axis in ((Flip(1, 0), 3), (Flip(0, 1), 2), (Flip(1, 1), (2, 3))):
        np.testing.assert_array_equal(flip(x, rng), np.flip(x, axis), strict=True)
        np.testing.assert_array_equal(flip(flip(x, rng), rng), x, strict=True)


def test_flips_come_with_their_probability() -> None:
    x = np.tile(np.arange(2, dtype=np.float32), (4000, 1, 1, 1))
    assert Flip(0.3)(x, np.random.default_rng(0))[:, 0, 0, 0].mean() == pytest.approx(0.3, abs=0.03)


def test_crops_are_windows_of_the_padded_images() -> None:
    x = np.arange(12, dtype=np.float32).reshape(1, 1, 3, 4).repeat(300, 0)
    padded = np.pad(x[0, 0], [(1, 1), (0, 0)], constant_values=-1)
    windows = {
        padded[top : top + 2, left : left + 3].tobytes() for top in range(4) for left in range(2)
    }
    out = Crop((2, 3), padding=(1, 0), fill=-1)(x, np.random.default_rng(0))
    assert out.shape == (300, 1, 2, 3)
    assert {window.tobytes() for window in out} == windows
    with pytest.raises(ValueError, match=r"windows of 6x3 do not fit into images of 3x4 with padding \(1, 0\)"):
        Crop((6, 3), padding=(1, 0))(x, np.random.default_rng(0))


# ----------------------------------------------------------------------------------------------------------- values
def test_brightness_and_contrast_stay_in_their_ranges() -> None:
    x, rng = images(500, 1, 4, 4), np.random.default_rng(0)
    added = (Brightness((-0.1, 0.4))(x, rng) - x).reshape(500, -1)
    np.testing.assert_allclose(added, added[:, :1].repeat(16, 1), atol=1e-5)
    assert (added.min(), added.max()) == (pytest.approx(-0.1, abs=0.01), pytest.approx(0.4, abs=0.01))
    changed = Contrast(0.5)(x, rng)
    np.testing.assert_allclose(changed.mean((1, 2, 3)), x.mean((1, 2, 3)), atol=1e-5)
    factors = changed.std((1, 2, 3)) / x.std((1, 2, 3))
    assert (factors.min(), factors.max()) == (pytest.approx(0.5, abs=0.01), pytest.approx(1.5, abs=0.01))
    for change in (Brightness(9, clip=(0, 1)), Contrast((9, 9), clip=(0, 1))):
        clipped = change(x, rng)
        assert (clipped.min(), clipped.max()) == (0, 1)


def test_noise_has_its_deviation() -> None:
    noise = Noise(0.3)(np.ones((100, 1, 28, 28), np.float32), np.random.default_rng(0)) - 1
    assert noise.std() == pytest.approx(0.3, rel=0.01)
    assert abs(noise.mean()) < 0.01


@pytest.mark.parametrize("size", [1, 2, 3, 20])
def test_cutout_covers_one_rectangle(size: int) -> None:
    out = Cutout(size, fill=7)(np.zeros((300, 2, 8, 6), np.float32), np.random.default_rng(0))
    areas = set()
    for image in out:
        rows, columns = np.flatnonzero((image[0] == 7).any(1)), np.flatnonzero((image[0] == 7).any(0))
        area = (slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1))
        assert (image[(slice(None), *area)] == 7).all()
        assert (image == 7).sum() == 2 * len(rows) * len(columns)
        assert max(len(rows), len(columns)) <= size
        areas.add((len(rows), len(columns)))
    assert (min(size, 8), min(size, 6)) in areas


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Shift(-1), "Shift: pixels must be at least 0, got -1"),
        (lambda: Shift(1.5), r"Shift: pixels must be an integer, got 1\.5"),  # type: ignore[arg-type]
        (lambda: Rotate(-5), "Rotate: degrees must be at least 0, or a pair"),
        (lambda: Rotate(float("nan")), "Rotate: degrees must be a finite number, got nan"),
        (lambda: Rotate((5, -5)), r"Rotate: degrees runs from low to high, got \(5, -5\)"),
        (lambda: Rotate((1, 2, 3)), r"a number or a pair"),  # type: ignore[arg-type]
        (lambda: Scale(1), r"Scale: factors must be above 0, got the range \(0\.0, 2\.0\)"),
        (lambda: Scale(0.9, 1.1), "positional argument"),  # type: ignore[misc]
        (lambda: Contrast(1.5), "Contrast: factors must be at least 0"),
        (lambda: Flip(1.5), r"Flip: horizontal is a probability, from 0 to 1, got 1\.5"),
        (lambda: Flip(0, -1), "Flip: vertical is a probability"),
        (lambda: Crop(0), "Crop: size must be at least 1, got 0"),
        (lambda: Crop(padding=-1), "Crop: padding must be at least 0"),
        (lambda: Noise(-0.1), "Noise: std must be at least 0"),
        (lambda: Noise(float("inf")), "Noise: std must be a finite number"),
        (lambda: Cutout(-1), "Cutout: size must be at least 0"),
        (lambda: Shift(1, fill=float("nan")), "Shift: fill must be a finite number"),
        (lambda: Brightness("0.1"), "Brightness: amount must be a finite number, got '0.1'"),  # type: ignore[arg-type]
        (lambda: Compose(3), r"Compose: expected callables \(images, rng\), got 3"),
    ],
)
def test_wrong_parameters(make: Any, message: str) -> None:
    with pytest.raises((ValueError, TypeError), match=message):
        make()
