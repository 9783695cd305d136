"""Affine layers on one row, bilinear forms, and the layers that have nothing to learn."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minigrad as mg
from minigrad import nn
from minigrad.testing import check_grad

sizes = st.integers(1, 4)


def numbers(shape: tuple[int, ...], seed: int = 0) -> Any:
    return np.random.default_rng(seed).standard_normal(shape)


def test_affine_takes_a_single_row() -> None:
    layer = nn.Affine(2, 3, dtype=np.float64)
    layer.load_state_dict({"weight": np.array([[1.0, 3, 5], [2, 4, 6]]), "bias": np.array([1.0, 2, 3])})
    assert layer([1.0, 2.0]).tolist() == [6, 13, 20]
    assert layer([[1.0, 2.0]]).tolist() == [[6, 13, 20]]
    x = mg.Tensor([1.0, 2.0], requires_grad=True)
    layer(x).backward(mg.Tensor([1.0, 2.0, 3.0]))
    assert x.grad is not None
    assert x.grad.tolist() == [22, 28]
    assert layer.weight.grad is not None
    assert layer.weight.grad.tolist() == [[1, 2, 3], [2, 4, 6]]


def test_images_for_affine_are_to_be_flattened() -> None:
    with pytest.raises(ValueError, match=r"got \(5, 1, 2, 3\); nn\.Flatten\(\) in front of it makes rows of them"):
        nn.Affine(6, 2)(np.zeros((5, 1, 2, 3), np.float32))
    with pytest.raises(ValueError, match=r"got \(5, 1, 2, 2\)\nin Affine"):
        nn.Affine(6, 2)(np.zeros((5, 1, 2, 2), np.float32))


def test_first_biases_can_be_chosen() -> None:
    layer = nn.Affine(2, 3, bias_init=lambda shape, rng, dtype: np.full(shape, 0.1))
    assert layer.bias is not None
    assert layer.bias.dtype == np.float32
    np.testing.assert_allclose(layer.bias.data, 0.1, rtol=1e-6)
    random = nn.Bilinear(2, 2, 50, bias_init=nn.init.normal, rng=np.random.default_rng(0)).bias
    assert random is not None
    assert 0 < random.data.std() < 0.02
    assert not nn.Affine(2, 3).bias.data.any()  # type: ignore[union-attr]


@pytest.mark.parametrize("setting", ["init", "bias_init"])
def test_the_name_of_an_initializer_is_refused(setting: str) -> None:
    with pytest.raises(TypeError, match=f"Affine: {setting} must be a function that makes arrays, .* got 'he'"):
        nn.Affine(2, 3, **{setting: "he"})  # type: ignore[arg-type]


def test_an_array_that_an_initializer_keeps_is_copied() -> None:
    kept = np.ones((2, 2), np.float32)
    a, b = (nn.Affine(2, 2, init=lambda *_, **__: kept) for _ in range(2))
    a.weight.assign(np.zeros((2, 2)))
    assert kept.all()
    assert b.weight.data.all()


@given(lead=st.lists(sizes, max_size=2), m=sizes, n=sizes, k=sizes, bias=st.booleans())
def test_bilinear(lead: list[int], m: int, n: int, k: int, bias: bool) -> None:
    layer = nn.Bilinear(m, n, k, bias, bias_init=nn.init.normal, dtype=np.float64, rng=np.random.default_rng(2))
    x, z = numbers((*lead, m)), numbers((*lead, n), 1)
    expected = np.stack([np.sum(x @ layer.weight.data[i] * z, axis=-1) for i in range(k)], axis=-1)
    if layer.bias is not None:
        expected = expected + layer.bias.data
    y = layer(x, z)
    np.testing.assert_allclose(y.data, expected, rtol=1e-10, atol=1e-12)
    assert layer.multiply_adds({"input1": x, "input2": z}, y) == math.prod(lead) * k * (m * n + n)
    assert repr(layer) == f"Bilinear({m}, {n}, {k}{'' if bias else ', bias=False'})"


def test_bilinear_gradients_and_errors() -> None:
    layer = nn.Bilinear(2, 3, 2, dtype=np.float64, rng=np.random.default_rng(2))
    check_grad(layer, numbers((4, 2)), numbers((4, 3), 1))
    with pytest.raises(ValueError, match=r"shapes \(..., 2\) and \(..., 3\), got \(4, 2\) and \(5, 3\)"):
        layer(numbers((4, 2)), numbers((5, 3)))
    with pytest.raises(ValueError, match=r"got \(4, 2\) and \(4, 2\)"):
        layer(numbers((4, 2)), numbers((4, 2)))


@given(lead=st.lists(sizes, max_size=2), split=st.lists(sizes, min_size=1, max_size=3), data=st.data())
def test_unflatten_undoes_flatten(lead: list[int], split: list[int], data: st.DataObject) -> None:
    x = numbers((*lead, *split, 2))
    dim = len(lead)
    flat = nn.Flatten(dim, dim + len(split) - 1)(x)
    given_sizes = list(split)
    if data.draw(st.booleans()):
        given_sizes[data.draw(st.integers(0, len(split) - 1))] = -1
    layer = nn.Unflatten(given_sizes, dim - data.draw(st.sampled_from([0, flat.ndim])))
    np.testing.assert_array_equal(layer(flat).data, x)


def test_unflatten_errors() -> None:
    assert repr(nn.Unflatten((2, -1))) == "Unflatten((2, -1))"
    assert repr(nn.Unflatten([2], -1)) == "Unflatten((2,), dim=-1)"
    for wrong in [(), (0, 2), (-1, -1), (-2,)]:
        with pytest.raises(ValueError, match="Unflatten: sizes must be numbers above 0"):
            nn.Unflatten(wrong)
    with pytest.raises(ValueError, match=r"the 6 elements of axis 1 of \(3, 6\) make no \(2, 2\)"):
        nn.Unflatten((2, 2))(np.zeros((3, 6)))
    with pytest.raises(ValueError, match=r"the 6 elements of axis 1 of \(3, 6\) make no \(4, -1\)"):
        nn.Unflatten((4, -1))(np.zeros((3, 6)))
    with pytest.raises(ValueError, match=r"there is no axis 1 in an input of shape \(3,\)"):
        nn.Unflatten((3,))(np.zeros(3))


def test_identity_and_lambda() -> None:
    x = mg.Tensor([1.0, 2.0], requires_grad=True)
    assert nn.Identity()(x) is x
    double = nn.Lambda(lambda t, times=2: t * times)
    assert double(x).tolist() == [2, 4]
    assert double(x, times=3).tolist() == [3, 6]
    assert repr(nn.Sequential(nn.Lambda(mg.exp), double)).count("\n") == 3
    assert repr(double) == "Lambda(<lambda>)"
    with pytest.raises(TypeError, match="Lambda: ReLU is a Module already"):
        nn.Lambda(nn.ReLU())
    with pytest.raises(TypeError, match="Lambda: expected a function, got int"):
        nn.Lambda(3)  # type: ignore[arg-type]
