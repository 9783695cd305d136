"""Layers, losses and functional forms: values against plain NumPy, gradients against numbers, and wrong calls."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minigrad as mg
from minigrad import nn
from minigrad.nn import functional as F
from minigrad.testing import check_grad

sizes = st.integers(1, 5)


def numbers(shape: tuple[int, ...], seed: int = 0) -> Any:
    return np.random.default_rng(seed).standard_normal(shape)


# ------------------------------------------------------------------------------------------------------- affine
@given(lead=st.lists(sizes, max_size=3), n=sizes, m=sizes, bias=st.booleans())
def test_affine_computes_x_w_plus_b(lead: list[int], n: int, m: int, bias: bool) -> None:
    layer = nn.Affine(n, m, bias=bias, dtype=np.float64, rng=np.random.default_rng(1))
    if layer.bias is not None:
        layer.bias.assign(numbers((m,)))
    x = numbers((*lead, n))
    expected = x @ layer.weight.data + (layer.bias.data if layer.bias is not None else 0)
    np.testing.assert_allclose(layer(x).data, expected, rtol=1e-12, atol=1e-12)
    check_grad(layer, x, order=1)
    assert repr(layer) == f"Affine({n}, {m}{'' if bias else ', bias=False'})"


def test_everything_stays_float32() -> None:
    images = (nn.Conv2d(1, 2, 3), nn.ReLU(), nn.MaxPool2d(2), nn.AvgPool2d(1))
    model = nn.Sequential(*images, nn.Flatten(), nn.Affine(8, 3), nn.Sigmoid(), nn.Tanh())
    out = model(np.ones((2, 1, 6, 6), np.float32))
    assert out.dtype == np.float32
    for loss in (nn.SoftmaxCrossEntropy()(out, [0, 1]), nn.MSELoss()(out, np.zeros((2, 3), np.float32))):
        assert loss.dtype == np.float32
        loss.backward(retain_graph=True)
    assert all(p.dtype == np.float32 and p.grad.dtype == np.float32 for p in model.parameters())


@pytest.mark.parametrize("shape", [(100, 700), (784, 100), (), (3,), (2, 3, 783)])
def test_affine_names_both_shapes(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="expected input of shape") as caught:
        nn.Affine(784, 50)(np.zeros(shape, np.float32))
    assert str(caught.value) == f"Affine(784, 50): expected input of shape (n, 784), got {shape}"


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: nn.Affine(0, 3), ValueError, "Affine: in_features must be at least 1, got 0"),
        (lambda: nn.Affine(3, 2.5), TypeError, "Affine: out_features must be an integer, got 2.5"),
        (lambda: nn.Affine(3, 2, rng=0), TypeError, r"expected a np.random.Generator, got 0"),
        (lambda: nn.Affine(3, 2, init=lambda shape, **_: np.ones(2)), ValueError, r"init returned shape \(2,\)"),
        (lambda: nn.Conv2d(3, 4, 5, groups=2), ValueError, "groups 2 must divide the 3 input and the 4"),
        (lambda: nn.Conv2d(3, 4, 0), ValueError, "Conv2d: kernel_size must be at least 1, got 0"),
        (lambda: nn.Conv2d(3, 4, (1, 2, 3)), ValueError, "Conv2d: kernel_size must be a number or a pair"),
        (lambda: nn.Conv2d(3, 4, 2, stride=1.5), TypeError, "Conv2d: stride must be an integer"),
        (lambda: nn.Conv2d(3, 4, 2, padding="all"), ValueError, "one of valid, same, full, got 'all'"),
        (lambda: nn.MaxPool2d(-1), ValueError, "MaxPool2d: kernel_size must be at least 1"),
        (lambda: nn.AvgPool2d(2, padding="full"), ValueError, "one of valid, same, got 'full'"),
        (lambda: nn.MSELoss("average"), ValueError, "MSELoss: reduction must be one of mean, sum, none, got 'average'"),
    ],
)
def test_wrong_settings(make: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        make()


@pytest.mark.parametrize(
    ("layer", "shape", "message"),
    [
        (nn.Conv2d(3, 4, 5), (2, 1, 9, 9), r"^Conv2d\(3, 4, 5\): .* \(n, 3, height, width\), got \(2, 1, 9, 9\)"),
        (nn.Conv2d(3, 4, 5), (3, 9, 9), r"got \(3, 9, 9\)"),
        (nn.Conv2d(1, 4, 3, stride=3), (1, 1, 7, 8), "3, dilation 1, stride 3.*not an integer.*floor=True"),
        (nn.Conv2d(1, 4, 9), (1, 1, 7, 8), "does not fit into the input: height 7"),
        (nn.MaxPool2d(2), (4, 4), r"^MaxPool2d\(2\): expected .* \(n, channels, height, width\), got \(4, 4\)"),
        (nn.AvgPool2d(2), (1, 1, 5, 4), "avg_pool2d: the windows do not end at the border"),
        (nn.Flatten(2), (3, 4), "flatten: axes 2 to -1 of a tensor with 2 axes"),
        (nn.Flatten(1, 0), (3, 4), "axis 1 comes after axis 0"),
    ],
)  # fmt: skip
def test_wrong_inputs(layer: nn.Module, shape: tuple[int, ...], message: str) -> None:
    with pytest.raises((ValueError, IndexError), match=message) as caught:
        layer(np.zeros(shape))
    assert caught.value.__notes__ == [f"in {layer!r}".replace("()", "")]


@pytest.mark.parametrize(
    ("layer", "text"),
    [
        (nn.Conv2d(1, 30, 5), "Conv2d(1, 30, 5)"),
        (nn.Conv2d(4, 8, (3, 1), (2, 1), "valid", 2, 4, False, floor=True),
         "Conv2d(4, 8, (3, 1), stride=(2, 1), padding='valid', dilation=2, groups=4, floor=True, bias=False)"),
        (nn.MaxPool2d(3, 2, 1), "MaxPool2d(3, stride=2, padding=1)"),
        (nn.AvgPool2d(2), "AvgPool2d(2)"),
        (nn.Flatten(), "Flatten()"),
        (nn.Flatten(0), "Flatten(start_dim=0)"),
        (nn.ReLU(), "ReLU()"),
        (nn.SoftmaxCrossEntropy(), "SoftmaxCrossEntropy()"),
        (nn.MSELoss("sum"), "MSELoss(reduction='sum')"),
    ],
)  # fmt: skip
def test_repr_shows_the_call(layer: nn.Module, text: str) -> None:
    assert repr(layer) == text


def test_layers_hand_their_settings_on() -> None:
    x = numbers((2, 4, 7, 6))
    conv = nn.Conv2d(4, 6, (3, 2), (2, 1), (1, 0), (1, 2), 2, floor=True, dtype=np.float64)
    expected = F.conv2d(x, conv.weight, conv.bias, (2, 1), (1, 0), (1, 2), 2, floor=True)
    np.testing.assert_array_equal(conv(x).data, expected.data)
    pool = nn.MaxPool2d(3, 2, 1, floor=True)
    np.testing.assert_array_equal(pool(x).data, F.max_pool2d(x, 3, 2, 1, floor=True).data)
    mean = nn.AvgPool2d((3, 2), 1)
    np.testing.assert_array_equal(mean(x).data, F.avg_pool2d(x, (3, 2), 1).data)


# --------------------------------------------------------------------------------------------------- functional
@given(shape=st.lists(sizes, min_size=1, max_size=4), data=st.data())
def test_flatten_is_a_reshape(shape: list[int], data: st.DataObject) -> None:
    first = data.draw(st.integers(0, len(shape) - 1))
    last = data.draw(st.integers(first, len(shape) - 1))
    x = numbers(tuple(shape))
    out = F.flatten(x, first - data.draw(st.sampled_from([0, len(shape)])), last)
    assert out.shape == (*shape[:first], int(np.prod(shape[first : last + 1])), *shape[last + 1 :])
    np.testing.assert_array_equal(out.data.ravel(), x.ravel())


def test_flatten_of_a_number() -> None:
    assert F.flatten(3.0).shape == (1,)


def test_linear() -> None:
    x, w, b = numbers((4, 3)), numbers((2, 3), 1), numbers((2,), 2)
    np.testing.assert_allclose(F.linear(x, w, b).data, x @ w.T + b)
    np.testing.assert_allclose(F.linear(x, w).data, x @ w.T)
    np.testing.assert_allclose(F.linear(x[0], w, b).data, x[0] @ w.T + b)
    check_grad(F.linear, x, w, b, order=1)
    with pytest.raises(ValueError, match=r"linear: input \(4, 3\) and weight \(3, 2\) do not fit"):
        F.linear(x, w.T)
    with pytest.raises(ValueError, match=r"linear: expected a bias of shape \(2,\), got \(3,\)"):
        F.linear(x, w, x[0])


def reference_entropies(logits: Any, target: Any) -> Any:
    """One number per example and place, with the classes on axis 1 (or 0, for one example)."""
    axis = min(1, logits.ndim - 1)
    log_y = logits - np.log(np.exp(logits).sum(axis, keepdims=True))
    if target.dtype.kind == "i":
        return -np.take_along_axis(log_y, np.expand_dims(target, axis), axis).squeeze(axis)
    return -(target * log_y).sum(axis)


@given(
    shape=st.lists(sizes, min_size=1, max_size=4),
    indices=st.booleans(),
    reduction=st.sampled_from(["mean", "sum", "none"]),
)
def test_cross_entropy(shape: list[int], indices: bool, reduction: str) -> None:
    rng = np.random.default_rng(0)
    logits = rng.standard_normal(shape)
    axis = min(1, len(shape) - 1)
    target = rng.random(shape)
    if indices:
        target = rng.integers(0, shape[axis], [*shape[:axis], *shape[axis + 1 :]])
    expected = reference_entropies(logits, np.asarray(target))
    expected = {"mean": np.mean, "sum": np.sum, "none": np.asarray}[reduction](expected)
    found = F.cross_entropy(logits, target, reduction=reduction)
    assert found.shape == np.shape(expected)
    np.testing.assert_allclose(found.data, expected, rtol=1e-12, atol=1e-12)
    np.testing.assert_array_equal(nn.SoftmaxCrossEntropy(reduction)(logits, target).data, found.data)
    check_grad(lambda z: F.cross_entropy(z, target, reduction=reduction), logits, order=1)


def test_wrong_targets() -> None:
    logits = np.zeros((2, 3))
    for reduction in F.REDUCTIONS:
        with pytest.raises(IndexError, match=r"class index 3 is not in \[0, 3\)"):
            F.cross_entropy(logits, [0, 3], reduction=reduction)
        with pytest.raises(ValueError, match=r"needs a target of shape \(2,\) .* got \(3,\)"):
            F.cross_entropy(logits, [0, 1, 2], reduction=reduction)
        with pytest.raises(ValueError, match=r"or \(2, 3\) \(probabilities\), got \(2, 2\)"):
            F.cross_entropy(logits, np.zeros((2, 2)), reduction=reduction)
        with pytest.raises(TypeError, match="class indices must be integers, got float64"):
            F.cross_entropy(logits, [0.0, 1.0], reduction=reduction)
    with pytest.raises(ValueError, match=r"input of shape \(2, 3, 4\) needs a target of shape \(2, 4\)"):
        F.cross_entropy(np.zeros((2, 3, 4)), [0, 1])
    with pytest.raises(ValueError, match="reduction must be one of mean, sum, none, got 'max'"):
        F.cross_entropy(logits, [0, 1], reduction="max")


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_mse(reduction: str) -> None:
    x, t = numbers((3, 2)), numbers((3, 2), 1)
    expected = {"mean": np.mean, "sum": np.sum, "none": np.asarray}[reduction]((x - t) ** 2)
    np.testing.assert_allclose(nn.MSELoss(reduction)(x, t).data, expected)
    check_grad(lambda a, b: F.mse_loss(a, b, reduction=reduction), x, t, order=1)
    with pytest.raises(ValueError, match=r"mse_loss: input of shape \(3, 2\) for a target of shape \(3,\)"):
        F.mse_loss(x, t[:, 0])
    with pytest.raises(ValueError, match="reduction must be one of"):
        F.mse_loss(x, t, reduction="average")


def test_softmax_along_a_dim() -> None:
    x = numbers((2, 3, 4))
    np.testing.assert_allclose(F.softmax(x, dim=1).data.sum(1), np.ones((2, 4)))
    np.testing.assert_allclose(F.log_softmax(x, 0).data, np.log(F.softmax(x, 0).data))


@pytest.mark.parametrize(
    ("mode", "numpy"), [("constant", "constant"), ("reflect", "reflect"), ("replicate", "edge"), ("circular", "wrap")]
)
def test_pad_counts_from_the_last_axis(mode: str, numpy: str) -> None:
    x = numbers((2, 3, 4))
    expected = np.pad(x, [(0, 0), (2, 1), (1, 3)], mode=numpy)  # type: ignore[call-overload]
    np.testing.assert_array_equal(F.pad(x, (1, 3, 2, 1), mode=mode).data, expected)


def test_pad_errors() -> None:
    assert F.pad(np.ones(1), (1, 0), value=5.0).tolist() == [5, 1]
    with pytest.raises(ValueError, match=r"expected \(before, after\) for up to 1 axes"):
        F.pad(np.ones(1), (1, 0, 1))
    with pytest.raises(ValueError, match="mode must be one of constant"):
        F.pad(np.ones(1), (1, 0), mode="edge")


def test_one_hot() -> None:
    assert F.one_hot([[1], [0]], 3).tolist() == [[[0, 1, 0]], [[1, 0, 0]]]
    assert F.one_hot(np.zeros(0, int), 2).shape == (0, 2)
    with pytest.raises(IndexError, match=r"class index 3 is not in \[0, 3\)"):
        F.one_hot([3], 3)
    with pytest.raises(TypeError, match="class indices must be integers, got float64"):
        F.one_hot([1.0])
    with pytest.raises(ValueError, match="pass num_classes"):
        F.one_hot(np.zeros(0, int))


def test_the_engine_s_functions_are_the_same_objects() -> None:
    for name in ("relu", "sigmoid", "tanh", "conv2d", "max_pool2d", "avg_pool2d"):
        assert getattr(F, name) is getattr(mg.ops.convolution, name, getattr(mg, name, None))


@pytest.mark.parametrize(
    ("layer", "function"),
    [(nn.MaxPool3d, nn.functional.max_pool3d), (nn.AvgPool3d, nn.functional.avg_pool3d)],
)
def test_words_for_the_padding_of_volumes(layer: Any, function: Any) -> None:
    x = np.random.default_rng(0).normal(size=(2, 3, 5, 6, 7))
    np.testing.assert_array_equal(layer(3, 1, "same")(x).data, function(x, 3, 1, 1).data)
    np.testing.assert_array_equal(layer(2, 1, "valid")(x).data, function(x, 2, 1, 0).data)
    # An even kernel has one more row after than before, as for images.
    assert layer((2, 1, 3), 1, "same")(x).shape == x.shape
    flat = {nn.MaxPool3d: nn.MaxPool2d, nn.AvgPool3d: nn.AvgPool2d}[layer]((2, 3), 1, "same")(x[:, :, 0])
    np.testing.assert_array_equal(layer((1, 2, 3), 1, "same")(x).data[:, :, 0], flat.data)
    with pytest.raises(ValueError, match="'same' needs stride 1, got"):
        layer(2, 2, "same")(x)
