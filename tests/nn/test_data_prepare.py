"""Standardization, splits and folds."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minigrad import nn
from minigrad.nn.data import ArrayDataset, DataLoader, Dataset, Standardizer, k_fold, split


# -------------------------------------------------------------------------------------------------- standardization
@pytest.mark.parametrize(
    ("axis", "shape"), [(0, (1, 3, 4, 5)), ((0, 2, 3), (1, 3, 1, 1)), (None, (1, 1, 1, 1)), (-1, (40, 3, 4, 1))]
)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_mean_0_and_deviation_1(axis: Any, shape: tuple[int, ...], dtype: Any, rng: np.random.Generator) -> None:
    x = (rng.standard_normal((40, 3, 4, 5)) * 7 + 100).astype(dtype)
    before = x.copy()
    standardize = Standardizer(x, axis)
    assert standardize.mean.shape == standardize.std.shape == shape
    y = standardize(x)
    assert y.dtype == standardize.mean.dtype == standardize.std.dtype == dtype
    np.testing.assert_allclose(y.mean(axis, dtype=np.float64), 0, atol=1e-4)  # 100 has 1e-5 of rounding in float32
    np.testing.assert_allclose(y.std(axis, dtype=np.float64), 1, atol=1e-5)
    np.testing.assert_allclose(standardize.inverse(y), x, rtol=1e-5)
    np.testing.assert_array_equal(x, before)


def test_new_inputs_are_scaled_as_those_of_the_training_set() -> None:
    standardize = Standardizer([[0.0], [2.0]])
    np.testing.assert_array_equal(standardize([[4.0]]), [[3.0]])


def test_inputs_of_another_shape() -> None:
    standardize = Standardizer(np.arange(6.0).reshape(2, 3))
    assert standardize(np.zeros(3)).shape == (1, 3)
    for shape in ((2, 4), (2, 1)):
        for call in (standardize, standardize.inverse):
            with pytest.raises(ValueError, match=r"Standardizer: .* shape \(1, 3\), the inputs \(2, [14]\)"):
                call(np.zeros(shape))


@pytest.mark.parametrize("value", [0.0, 0.1, 1e6 / 3, -7.3e-30, 1e30])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_equal_inputs_become_0(value: float, dtype: Any) -> None:
    x = np.full((1001, 1), value, dtype)
    standardize = Standardizer(x)
    assert standardize.std.item() == 1
    np.testing.assert_allclose(standardize(x), 0, atol=1e-6 * abs(value))


def test_integers_become_float64() -> None:
    assert Standardizer(np.array([[1], [3]], np.uint8))(np.array([[5]], np.uint8)).tolist() == [[3.0]]


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_inputs_that_are_not_finite(bad: float) -> None:
    with pytest.raises(ValueError, match="not all finite"):
        Standardizer([[1.0], [bad]])
    with pytest.raises(ValueError, match=r"no inputs, the shape is \(0, 3\)"):
        Standardizer(np.zeros((0, 3)))


# ----------------------------------------------------------------------------------------------------------- splits
@given(count=st.integers(2, 60), fraction=st.floats(0.01, 0.99), classes=st.integers(0, 4), seed=st.integers(0, 99))
def test_a_split_is_a_partition(count: int, fraction: float, classes: int, seed: int) -> None:
    x = np.arange(count * 2, dtype=np.float32).reshape(count, 2)
    t = np.random.default_rng(seed).integers(0, max(classes, 1), count)
    stratify = t if classes else None
    (x1, t1), (x2, t2) = split(x, t, fraction=fraction, rng=np.random.default_rng(seed), stratify=stratify)
    assert len(x2) == len(t2) == min(max(round(fraction * count), 1), count - 1)
    both = np.concatenate([x1, x2])
    assert both.dtype == np.float32
    np.testing.assert_array_equal(both[np.argsort(both[:, 0])], x)
    for part, targets in ((x1, t1), (x2, t2)):
        assert (np.diff(part[:, 0]) > 0).all()
        np.testing.assert_array_equal(targets, t[(part[:, 0] / 2).astype(int)])
    if classes:
        share = len(t2) / count
        for one in range(classes):
            assert abs((t2 == one).sum() - share * (t == one).sum()) <= 1 + 1e-9


def test_the_forms_of_a_split() -> None:
    rng = np.random.default_rng(0)
    rest, held = split(np.arange(10), fraction=0.3, rng=rng)
    assert (rest.shape, held.shape) == ((7,), (3,))
    first, second = split(ArrayDataset(np.arange(10)), fraction=0.3, rng=rng)
    assert isinstance(first, Dataset)
    assert sorted(np.concatenate(list(DataLoader(first, 4)) + list(DataLoader(second, 4))).tolist()) == list(range(10))


def test_splits_and_folds_follow_the_seed() -> None:
    def draw() -> Any:
        nn.seed(4)
        return split(np.arange(50))[1].tolist(), [held.tolist() for _, held in k_fold(50, 3)]

    assert draw() == draw()
    assert split(np.arange(50), rng=np.random.default_rng(1))[1].tolist() != list(range(10))


@pytest.mark.parametrize("fraction", [0, 1, -0.1, 1.5, float("nan")])
def test_wrong_fractions(fraction: float) -> None:
    with pytest.raises(ValueError, match="fraction must be between 0 and 1"):
        split(np.arange(4), fraction=fraction)


def test_wrong_splits() -> None:
    with pytest.raises(ValueError, match="1 examples do not make two parts"):
        split(np.zeros(1))
    with pytest.raises(ValueError, match=r"unequal numbers of examples .*\(3,\), \(4,\)"):
        split(np.zeros(3), np.zeros(4))
    with pytest.raises(ValueError, match=r"split: stratify has shape \(2,\), expected one class per example, \(3,\)"):
        split(np.zeros(3), stratify=[0, 1])
    with pytest.raises(TypeError, match=r"expected a np\.random\.Generator, got 3"):
        split(np.zeros(3), rng=3)  # type: ignore[arg-type]


# ------------------------------------------------------------------------------------------------------------ folds
@given(n=st.integers(2, 40), data=st.data(), classes=st.integers(0, 4))
def test_each_example_is_held_back_once(n: int, data: st.DataObject, classes: int) -> None:
    k = data.draw(st.integers(2, n))
    t = np.random.default_rng(n).integers(0, max(classes, 1), n)
    folds = list(k_fold(n, k, np.random.default_rng(k), stratify=t if classes else None))
    assert len(folds) == k
    held = np.concatenate([held for _, held in folds])
    assert sorted(held.tolist()) == list(range(n))
    for rest, part in folds:
        assert n // k <= len(part) <= -(-n // k)
        assert sorted([*rest, *part]) == list(range(n))
        for one in range(classes):
            assert abs((t[part] == one).sum() - (t == one).sum() / k) < 1


def test_wrong_folds() -> None:
    with pytest.raises(ValueError, match="3 examples do not make 4 parts"):
        k_fold(3, 4)
    with pytest.raises(ValueError, match="k must be at least 2, got 1"):
        k_fold(3, 1)
    with pytest.raises(TypeError, match=r"n must be an integer, got 3\.0"):
        k_fold(3.0, 2)  # type: ignore[arg-type]
