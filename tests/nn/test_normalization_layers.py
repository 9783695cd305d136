"""Normalization layers: what their output has in common, running statistics, PyTorch's values, and wrong calls."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import minigrad as mg
from minigrad import nn
from minigrad.testing import check_grad
from tests.nn.torch_layers import compare_layers

CHANNELS = 4
BATCH: list[Any] = [(nn.BatchNorm1d, 0), (nn.BatchNorm1d, 1), (nn.BatchNorm2d, 2), (nn.BatchNorm3d, 3)]


def numbers(shape: tuple[int, ...], seed: int = 0) -> Any:
    return np.random.default_rng(seed).standard_normal(shape) * 3 + 5


def shaped(places: int, n: int = 5) -> tuple[int, ...]:
    return (n, CHANNELS, *range(3, 3 + places))


LAYERS: list[Any] = [
    *[(lambda kind=kind, **k: kind(CHANNELS, **k), shaped(places)) for kind, places in BATCH],
    (lambda **k: nn.LayerNorm((CHANNELS, 3), **k), (2, CHANNELS, 3)),
    (lambda **k: nn.LayerNorm(3, bias=False, **k), (2, CHANNELS, 3)),
    (lambda **k: nn.RMSNorm(3, **k), (2, CHANNELS, 3)),
    (lambda **k: nn.GroupNorm(2, CHANNELS, **k), (2, CHANNELS, 3)),
    (lambda **k: nn.InstanceNorm2d(CHANNELS, affine=True, track_running_stats=True, **k), (2, CHANNELS, 3, 2)),
]


# ---------------------------------------------------------------------------------------------------- properties
@pytest.mark.parametrize(("kind", "places"), BATCH)
@settings(max_examples=10)
@given(n=st.integers(2, 6), scale=st.floats(0.1, 100), shift=st.floats(-100, 100), seed=st.integers(0, 99))
def test_a_batch_comes_out_with_mean_0_and_variance_1(
    kind: Any, places: int, n: int, scale: float, shift: float, seed: int
) -> None:
    x = numbers(shaped(places, n), seed) * scale + shift
    layer = kind(CHANNELS, eps=0.0, dtype=np.float64)
    y = layer(x).data
    axes = tuple(i for i in range(x.ndim) if i != 1)
    np.testing.assert_allclose(y.mean(axis=axes), 0, atol=1e-9)
    np.testing.assert_allclose(y.var(axis=axes), 1, rtol=1e-9)
    layer.weight.assign(np.arange(1.0, CHANNELS + 1))
    layer.bias.assign(np.arange(CHANNELS))
    y = layer(x).data
    np.testing.assert_allclose(y.mean(axis=axes), range(CHANNELS), atol=1e-8)
    np.testing.assert_allclose(y.std(axis=axes), range(1, CHANNELS + 1), rtol=1e-9)


@given(groups=st.sampled_from((1, 2, 4)), seed=st.integers(0, 99))
def test_one_group_is_a_layer_and_a_group_for_each_channel_an_instance(groups: int, seed: int) -> None:
    x = numbers((3, CHANNELS, 2, 5), seed)
    y = nn.GroupNorm(groups, CHANNELS, eps=0.0)(x).data.reshape(3, groups, -1)
    np.testing.assert_allclose(y.mean(2), 0, atol=1e-9)
    np.testing.assert_allclose(y.var(2), 1, rtol=1e-9)
    if groups == 1:
        np.testing.assert_allclose(nn.LayerNorm(x.shape[1:], eps=0.0)(x).data.ravel(), y.ravel(), rtol=1e-9)
    if groups == CHANNELS:
        np.testing.assert_allclose(nn.InstanceNorm2d(CHANNELS, eps=0.0)(x).data.ravel(), y.ravel(), rtol=1e-9)


@given(scale=st.floats(0.1, 100), seed=st.integers(0, 99))
def test_rms_norm_forgets_the_scale(scale: float, seed: int) -> None:
    layer, x = nn.RMSNorm(6, eps=0.0), numbers((3, 6), seed)
    np.testing.assert_allclose((layer(x).data ** 2).mean(1), 1, rtol=1e-9)
    np.testing.assert_allclose(layer(x * scale).data, layer(x).data, rtol=1e-9)


# --------------------------------------------------------------------------------------------- running statistics
@given(momentum=st.sampled_from((0.1, 0.7, 1.0)), batches=st.integers(1, 4))
def test_running_statistics_move_towards_those_of_the_batch(momentum: float, batches: int) -> None:
    layer, mean, var = nn.BatchNorm1d(CHANNELS, momentum=momentum, dtype=np.float64), 0.0, 1.0
    for seed in range(batches):
        x = numbers((7, CHANNELS), seed)
        layer(x)
        mean = (1 - momentum) * mean + momentum * x.mean(0)
        var = (1 - momentum) * var + momentum * x.var(0, ddof=1)
    np.testing.assert_allclose(layer.running_mean.data, mean)
    np.testing.assert_allclose(layer.running_var.data, var)
    assert layer.num_batches_tracked.item() == batches
    x = numbers((2, CHANNELS), 9)
    expected = (x - mean) / np.sqrt(var + layer.eps)
    np.testing.assert_allclose(layer.eval()(x).data, expected)
    assert layer.num_batches_tracked.item() == batches
    np.testing.assert_allclose(layer.running_mean.data, mean)


def test_without_momentum_they_are_the_means_of_all_batches() -> None:
    layer = nn.BatchNorm2d(CHANNELS, momentum=None, dtype=np.float64)
    batches = [numbers(shaped(2), seed) for seed in range(3)]
    for x in batches:
        layer(x)
    np.testing.assert_allclose(layer.running_mean.data, np.mean([x.mean((0, 2, 3)) for x in batches], 0))
    np.testing.assert_allclose(layer.running_var.data, np.mean([x.var((0, 2, 3), ddof=1) for x in batches], 0))
    layer.reset_running_stats()
    assert layer.running_mean.tolist() == [0] * 4
    assert layer.running_var.tolist() == [1] * 4
    assert layer.num_batches_tracked.item() == 0


def test_in_evaluation_an_example_does_not_depend_on_the_others() -> None:
    layer = nn.BatchNorm1d(CHANNELS)
    layer(numbers((8, CHANNELS)))
    x = numbers((5, CHANNELS), 1)
    np.testing.assert_array_equal(layer.eval()(x).data[2:3], layer(x[2:3]).data)


def test_without_running_statistics_evaluation_uses_the_batch_s() -> None:
    layer, x = nn.BatchNorm1d(CHANNELS, track_running_stats=False), numbers((8, CHANNELS))
    np.testing.assert_array_equal(layer(x).data, layer.eval()(x).data)
    assert list(layer.state_dict()) == ["weight", "bias"]
    layer.reset_running_stats()


def test_a_failed_call_leaves_the_statistics_alone() -> None:
    layer = nn.BatchNorm1d(CHANNELS)
    before = layer.state_dict()
    for shape in ((1, CHANNELS), (3, CHANNELS + 1)):
        with pytest.raises(ValueError, match="BatchNorm1d"):
            layer(numbers(shape))
    for name, value in layer.state_dict().items():
        np.testing.assert_array_equal(value, before[name])


def test_statistics_are_no_part_of_the_graph() -> None:
    layer = nn.BatchNorm1d(CHANNELS)
    x = mg.Tensor(numbers((8, CHANNELS)), requires_grad=True)
    first, second = layer(x), layer(x)  # the second call writes what the first has used
    (first + second).sum().backward()
    assert x.grad is not None
    assert not layer.running_mean.requires_grad


# ------------------------------------------------------------------------------------------------ state and dtypes
@pytest.mark.parametrize(("make", "shape"), LAYERS)
def test_gradients_dtype_and_state(make: Any, shape: tuple[int, ...]) -> None:
    check_grad(make(dtype=np.float64), numbers(shape), order=1)
    layer = make()
    layer(numbers(shape).astype(np.float32))
    for module in (layer, layer.eval()):
        y = module(numbers(shape, 1).astype(np.float32))
        assert y.dtype == np.float32
        y.sum().backward()
    assert all(p.grad.dtype == np.float32 for p in layer.parameters())
    other = make().eval()
    other.load_state_dict(layer.state_dict())
    np.testing.assert_array_equal(other(numbers(shape, 2)).data, layer(numbers(shape, 2)).data)


def test_local_response_norm() -> None:
    layer, x = nn.LocalResponseNorm(3, alpha=0.3, beta=0.5, k=2.0), numbers((2, 5, 3))
    squares = np.pad(x**2, [(0, 0), (1, 1), (0, 0)])
    sums = squares[:, :-2] + squares[:, 1:-1] + squares[:, 2:]
    np.testing.assert_allclose(layer(x).data, x / np.sqrt(2 + 0.1 * sums))
    check_grad(layer, x, order=1)
    assert layer(x.astype(np.float32)).dtype == np.float32


# --------------------------------------------------------------------------------------------------- wrong calls
@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: nn.BatchNorm1d(0), ValueError, "BatchNorm1d: num_features must be at least 1, got 0"),
        (lambda: nn.BatchNorm2d(3, eps=-1), ValueError, "BatchNorm2d: eps must be at least 0, got -1"),
        (lambda: nn.BatchNorm2d(3, momentum="x"), TypeError, "BatchNorm2d: momentum must be a number, got 'x'"),
        (lambda: nn.GroupNorm(3, 4), ValueError, "GroupNorm: 3 groups do not divide 4 channels"),
        (lambda: nn.LayerNorm(()), ValueError, "LayerNorm: normalized_shape names no axis"),
        (lambda: nn.RMSNorm((3, 0)), ValueError, "RMSNorm: normalized_shape must be at least 1, got 0"),
        (lambda: nn.LocalResponseNorm(0), ValueError, "LocalResponseNorm: size must be at least 1, got 0"),
        (lambda: nn.BatchNorm1d(4)(np.zeros((3, 5))), ValueError,
         r"^BatchNorm1d\(4\): expected input of shape \(n, 4\) or \(n, 4, length\), got \(3, 5\)"),
        (lambda: nn.BatchNorm1d(4)(np.zeros((1, 4))), ValueError, r"more than one number, got \(1, 4\)"),
        (lambda: nn.BatchNorm2d(4)(np.zeros((3, 4))), ValueError, r"\(n, 4, height, width\), got \(3, 4\)"),
        (lambda: nn.BatchNorm3d(4)(np.zeros((3, 4, 1, 1))), ValueError, r"\(n, 4, depth, height, width\), got"),
        (lambda: nn.InstanceNorm2d(4)(np.zeros((3, 4, 1, 1))), ValueError, "more than one place"),
        (lambda: nn.GroupNorm(2, 4)(np.zeros((3, 6))), ValueError, r"GroupNorm\(2, 4\): expected .* \(n, 4, ...\)"),
        (lambda: nn.LayerNorm((2, 3))(np.zeros((3, 2))), ValueError,
         r"LayerNorm\(\(2, 3\)\): expected input of shape \(..., 2, 3\), got \(3, 2\)"),
        (lambda: nn.RMSNorm(3)(3.0), ValueError, r"RMSNorm\(3\): expected input of shape \(..., 3\), got \(\)"),
    ],
)  # fmt: skip
def test_wrong_calls(make: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        make()


@pytest.mark.parametrize(
    ("layer", "text"),
    [
        (nn.BatchNorm1d(4), "BatchNorm1d(4)"),
        (nn.BatchNorm2d(4, 1e-3, None, False), "BatchNorm2d(4, eps=0.001, momentum=None, affine=False)"),
        (nn.InstanceNorm2d(4, affine=True), "InstanceNorm2d(4, affine=True)"),
        (nn.GroupNorm(2, 4, affine=False), "GroupNorm(2, 4, affine=False)"),
        (nn.LayerNorm(4, bias=False), "LayerNorm(4, bias=False)"),
        (nn.LayerNorm([4, 5]), "LayerNorm((4, 5))"),
        (nn.RMSNorm(4, 0.1), "RMSNorm(4, eps=0.1)"),
        (nn.LocalResponseNorm(5, k=2.0), "LocalResponseNorm(5, k=2.0)"),
    ],
)
def test_repr_shows_the_call(layer: nn.Module, text: str) -> None:
    assert repr(layer) == text


# ------------------------------------------------------------------------------------------------------- PyTorch
@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize(
    ("name", "args", "options", "shape"),
    [
        ("BatchNorm1d", (4,), {}, (5, 4)),
        ("BatchNorm1d", (4,), {"momentum": 0.4, "eps": 1e-3}, (5, 4, 3)),
        ("BatchNorm2d", (4,), {"momentum": None}, (5, 4, 3, 2)),
        ("BatchNorm2d", (4,), {"affine": False}, (5, 4, 3, 2)),
        ("BatchNorm2d", (4,), {"track_running_stats": False}, (5, 4, 3, 2)),
        ("BatchNorm3d", (4,), {}, (2, 4, 3, 2, 2)),
        ("InstanceNorm2d", (4,), {}, (2, 4, 3, 2)),
        ("InstanceNorm2d", (4,), {"affine": True, "track_running_stats": True}, (2, 4, 3, 2)),
        ("LayerNorm", ((4, 3),), {}, (5, 4, 3)),
        ("LayerNorm", (3,), {"bias": False, "eps": 0.1}, (5, 4, 3)),
        ("RMSNorm", (3,), {}, (5, 4, 3)),
        ("GroupNorm", (2, 4), {}, (5, 4, 3)),
        ("LocalResponseNorm", (3,), {"alpha": 0.3, "beta": 0.6, "k": 1.5}, (2, 5, 3)),
    ],
)
def test_as_in_pytorch(name: str, args: Any, options: Any, shape: tuple[int, ...], training: bool) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is the oracle here")
    theirs = getattr(torch.nn, name)(*args, **options)
    theirs = theirs.double().train(training)
    for i, parameter in enumerate(theirs.parameters()):
        parameter.data = torch.tensor(numbers(tuple(parameter.shape), i))
    own = {} if name == "LocalResponseNorm" else {"dtype": np.float64}
    ours = getattr(nn, name)(*args, **options, **own).train(training)
    # PyTorch's instance norm has a count of batches, too, and leaves it at 0.
    compare_layers(ours, theirs, numbers(shape), ignore="num_batches_tracked" if name == "InstanceNorm2d" else "")
