"""Convolutions and poolings as layers, of one to three axes: the functions with the settings, and PyTorch's values."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as limits
from hypothesis import strategies as st

import minigrad as mg
from minigrad import nn
from minigrad.nn import functional as F
from minigrad.testing import check_grad
from tests.nn.torch_layers import compare_layers


def numbers(shape: tuple[int, ...], seed: int = 0) -> Any:
    return np.random.default_rng(seed).standard_normal(shape)


CONVOLUTIONS = [(1, nn.Conv1d, F.conv1d), (2, nn.Conv2d, F.conv2d), (3, nn.Conv3d, F.conv3d)]
TRANSPOSED = [
    (1, nn.ConvTranspose1d, F.conv_transpose1d),
    (2, nn.ConvTranspose2d, F.conv_transpose2d),
    (3, nn.ConvTranspose3d, F.conv_transpose3d),
]


# ------------------------------------------------------------------------------------------------- convolutions
@pytest.mark.parametrize(("axes", "kind", "function"), CONVOLUTIONS)
@limits(max_examples=15)
@given(data=st.data())
def test_convolutions_are_the_function_of_their_settings(
    axes: int, kind: Any, function: Any, data: st.DataObject
) -> None:
    groups = data.draw(st.sampled_from([1, 2]))
    kernel = data.draw(st.one_of(st.integers(1, 3), st.tuples(*[st.integers(1, 3)] * axes)))
    stride = data.draw(st.sampled_from([1, 2, (2,) * axes]))
    padding = data.draw(st.sampled_from([0, 1, (1,) * axes, "valid", "full", *(["same"] if stride == 1 else [])]))
    layer = kind(
        2, 4, kernel, stride, padding, 1, groups,
        bias=data.draw(st.booleans()), floor=True, bias_init=nn.init.normal, dtype=np.float64,
        rng=np.random.default_rng(1),
    )  # fmt: skip
    x = numbers((2, 2, *(4, 5, 6)[:axes]))
    expected = function(x, layer.weight, layer.bias, stride, padding, 1, groups, floor=True)
    np.testing.assert_array_equal(layer(x).data, expected.data)
    # The work is that of the products of columns and filters.
    size = math.prod(expected.shape)
    assert layer.multiply_adds({"input": x}, expected) == size * layer.weight.size // 4


@pytest.mark.parametrize(("axes", "kind", "function"), TRANSPOSED)
def test_transposed_convolutions(axes: int, kind: Any, function: Any) -> None:
    layer = kind(
        4, 6, 3, 2, 1, 1, 2, bias_init=nn.init.normal, dilation=2, dtype=np.float64, rng=np.random.default_rng(1)
    )
    x = numbers((2, 4, *(3, 2, 2)[:axes]))
    y = layer(x)
    np.testing.assert_array_equal(y.data, function(x, layer.weight, layer.bias, 2, 1, 1, 2, 2).data)
    assert layer.weight.shape == (4, 3, *(3,) * axes)
    assert repr(layer) == f"{kind.__name__}(4, 6, 3, stride=2, padding=1, output_padding=1, groups=2, dilation=2)"
    assert layer.multiply_adds({"input": x}, y) == x.size * 3 * 3**axes
    # It is the transpose of the convolution in its input: <C x, u> = <x, Cᵀ u>.
    back = dict(CONVOLUTIONS_BY_AXES)[axes](y, layer.weight, None, 2, 1, 2, 2, floor=True)
    u = numbers(back.shape, 3)
    plain = function(u, layer.weight, None, 2, 1, 1, 2, 2)
    np.testing.assert_allclose(np.vdot(back.data, u), np.vdot(y.data, plain.data), rtol=1e-10)


CONVOLUTIONS_BY_AXES = [(axes, function) for axes, _, function in CONVOLUTIONS]


def test_the_fan_of_a_transposed_convolution_is_that_of_its_output() -> None:
    shapes = []

    def init(shape: tuple[int, ...], **_: Any) -> Any:
        shapes.append(shape)
        return np.arange(math.prod(shape), dtype=np.float32).reshape(shape)

    layer = nn.ConvTranspose2d(4, 6, 3, groups=2, init=init)
    assert shapes == [(6, 2, 3, 3)]
    filters = np.arange(6 * 2 * 9, dtype=np.float32).reshape(6, 2, 3, 3)
    for channel in range(4):
        for out in range(3):
            group, place = divmod(channel, 2)
            np.testing.assert_array_equal(layer.weight.data[channel, out], filters[3 * group + out, place])
    spread = nn.ConvTranspose2d(400, 2, 5, rng=np.random.default_rng(0)).weight.data.std()
    assert abs(spread / math.sqrt(2 / (400 * 25)) - 1) < 0.05


def test_course_numbers() -> None:
    assert nn.Conv2d(3, 10, 5).count_parameters() == 760
    layer = nn.Conv2d(1, 1, 5, stride=3, padding=2)
    assert layer(np.zeros((1, 1, 28, 31), np.float32)).shape == (1, 1, 10, 11)
    with pytest.raises(ValueError, match=r"height 7 \+ padding 0 \+ 0, kernel 3, dilation 1, stride 3.*floor=True"):
        nn.Conv2d(1, 1, 3, stride=3)(np.zeros((1, 1, 7, 7), np.float32))
    assert nn.Conv2d(1, 1, 3, stride=3, floor=True)(np.zeros((1, 1, 7, 7), np.float32)).shape == (1, 1, 2, 2)
    x = [[1, 2, 3, 0], [0, 1, 2, 3], [3, 0, 1, 2], [2, 3, 0, 1]]
    w = [[2, 0, 1], [0, 1, 2], [1, 0, 2]]
    images = np.array(x, float)[None, None]
    layer = nn.Conv2d(1, 1, 3, bias_init=lambda shape, **_: np.full(shape, 3.0), dtype=np.float64)
    layer.weight.assign(np.array(w)[None, None])
    assert layer(images).tolist() == [[[[18.0, 19.0], [9.0, 18.0]]]]
    padded = nn.Conv2d(1, 1, 3, padding="same", bias=False, dtype=np.float64)
    padded.load_state_dict({"weight": layer.weight})
    expected = [[7, 12, 10, 2], [4, 15, 16, 10], [10, 6, 15, 6], [8, 10, 4, 3]]
    assert padded(images).tolist() == [[expected]]
    sequence = nn.Conv1d(1, 1, 4, padding="full", bias=False, dtype=np.float64)
    sequence.weight.assign([[[2, 1, 5, 3]]])
    found = sequence([[[2.0, 8, 3, 7, 1, 2, 0, 4, 5]]]).tolist()
    assert found == [[[6, 34, 51, 48, 57, 24, 25, 16, 39, 29, 13, 10]]]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: nn.Conv1d(1, 2, (3, 3)), "Conv1d: kernel_size must be a number or 1 of them"),
        (lambda: nn.Conv3d(1, 2, 3, stride=(1, 1)), "Conv3d: stride must be a number or 3 of them"),
        (lambda: nn.Conv3d(1, 2, 3, padding="all"), "Conv3d: padding must be a number, three of them or one of valid"),
        (lambda: nn.Conv1d(3, 4, 1, groups=2), "groups 2 must divide the 3 input and the 4 output channels"),
        (lambda: nn.ConvTranspose2d(1, 1, 2, padding=-1), "ConvTranspose2d: padding must be at least 0, got -1"),
        (lambda: nn.ConvTranspose2d(1, 1, 2, 2, 0, (1, 2)), "output_padding 2 must be smaller than the stride 2"),
        (lambda: nn.Conv2d(1, 4, 3, bias_init=lambda *_, **__: np.ones(3)), r"bias_init returned shape \(3,\)"),
        (lambda: nn.Conv2d(1, 4, 3, bias_init=nn.init.he_normal), "expected a weight of shape"),
        (lambda: nn.MaxPool1d(2, padding="full"), "MaxPool1d: padding must be a number or one of valid, same"),
        (lambda: nn.AvgPool3d((2, 2)), "AvgPool3d: kernel_size must be a number or 3 of them"),
        (lambda: nn.StochasticPool2d(0), "StochasticPool2d: kernel_size must be at least 1"),
        (lambda: nn.AdaptiveAvgPool2d((1, 2, 3)), "AdaptiveAvgPool2d: output_size must be a number or a pair"),
        (lambda: nn.AdaptiveMaxPool2d(0), "AdaptiveMaxPool2d: output_size must be at least 1"),
    ],
)
def test_wrong_settings(make: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize(
    ("layer", "shape", "message"),
    [
        (
            nn.Conv1d(2, 1, 3),
            (1, 3, 9),
            r"Conv1d\(2, 1, 3\): expected input of shape \(n, 2, length\), got \(1, 3, 9\)",
        ),
        (nn.Conv3d(2, 1, 3), (1, 2, 9, 9), r"\(n, 2, depth, height, width\), got \(1, 2, 9, 9\)"),
        (nn.Conv3d(1, 1, 2, stride=2), (1, 1, 5, 4, 4), "do not end at the border.*depth 5"),
        (nn.ConvTranspose2d(2, 1, 3), (1, 1, 9, 9), r"expected input of shape \(n, 2, height, width\)"),
        (nn.MaxPool1d(2), (4, 4), r"expected input of shape \(n, channels, length\)"),
        (nn.MaxPool3d(2), (1, 1, 4, 4, 5), "do not end at the border"),
        (nn.StochasticPool2d(2), (1, 1, 3, 4), "do not end at the border"),
        (nn.AdaptiveAvgPool2d(2), (3, 4, 4), r"expected input of shape \(n, channels, height, width\)"),
    ],
)
def test_wrong_inputs(layer: nn.Module, shape: tuple[int, ...], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        layer(np.zeros(shape))


# ----------------------------------------------------------------------------------------------------- poolings
@pytest.mark.parametrize(
    ("layer", "expected", "text"),
    [
        (nn.MaxPool1d(3, 2, 1, floor=True), lambda x: F.max_pool1d(x[:, :, 0, 0], 3, 2, 1, floor=True),
         "MaxPool1d(3, stride=2, padding=1, floor=True)"),
        (nn.AvgPool1d(2), lambda x: F.avg_pool1d(x[:, :, 0, 0], 2), "AvgPool1d(2)"),
        (nn.AvgPool2d(3, 1, "same"), lambda x: F.avg_pool2d(x[:, :, 0], 3, 1, "same"),
         "AvgPool2d(3, stride=1, padding='same')"),
        (nn.MaxPool3d((1, 2, 2), 2, floor=True), lambda x: F.max_pool3d(x, (1, 2, 2), 2, floor=True),
         "MaxPool3d((1, 2, 2), stride=2, floor=True)"),
        (nn.AvgPool3d(2, 1, (1, 0, 1)), lambda x: F.avg_pool3d(x, 2, 1, (1, 0, 1)),
         "AvgPool3d(2, stride=1, padding=(1, 0, 1))"),
        (nn.AdaptiveAvgPool2d((None, 3)), lambda x: F.adaptive_avg_pool2d(x[:, :, 0], (None, 3)),
         "AdaptiveAvgPool2d((None, 3))"),
        (nn.AdaptiveMaxPool2d(2), lambda x: F.adaptive_max_pool2d(x[:, :, 0], 2), "AdaptiveMaxPool2d(2)"),
    ],
)  # fmt: skip
def test_poolings_are_the_function_of_their_settings(layer: Any, expected: Any, text: str) -> None:
    x = numbers((2, 3, 3, 4, 6))
    given = {1: x[:, :, 0, 0], 2: x[:, :, 0], 3: x}[layer._axes]
    np.testing.assert_array_equal(layer(given).data, expected(x).data)
    assert repr(layer) == text
    assert layer(given.astype(np.float32)).dtype == np.float32
    check_grad(layer, given, order=1)


def test_stochastic_pooling_draws_in_proportion() -> None:
    window = np.array([[1.0, 3.0], [-5.0, 0.0]])
    x = np.broadcast_to(window, (4000, 1, 2, 2))
    layer = nn.StochasticPool2d(2, rng=np.random.default_rng(0))
    drawn = layer(x).data.ravel()
    assert set(drawn) == {1.0, 3.0}
    # Six standard deviations of a share of 3/4 in 4,000 draws.
    assert abs((drawn == 3).mean() - 0.75) < 6 * math.sqrt(0.75 * 0.25 / 4000)
    assert layer.eval()(x[:1]).item() == (1 + 9) / 4
    # Evaluation does not draw; training draws the same from the same state.
    state = layer.rng.bit_generator.state
    layer(x)
    assert layer.rng.bit_generator.state == state
    again = nn.StochasticPool2d(2, rng=np.random.default_rng(0))
    np.testing.assert_array_equal(again(x).data.ravel(), drawn)
    nn.seed(4)
    first = nn.StochasticPool2d(2)(x).data
    nn.seed(4)
    np.testing.assert_array_equal(nn.StochasticPool2d(2)(x).data, first)
    with pytest.raises(TypeError, match=r"expected a np.random.Generator, got 3"):
        nn.StochasticPool2d(2, rng=3)  # type: ignore[arg-type]


def test_the_gradient_of_stochastic_pooling_goes_to_what_was_drawn() -> None:
    x = mg.Tensor(np.random.default_rng(0).random((3, 2, 4, 6)), requires_grad=True)
    y = nn.StochasticPool2d((2, 3), rng=np.random.default_rng(1))(x)
    y.sum().backward()
    assert x.grad is not None
    assert sorted(x.data[x.grad.data == 1]) == sorted(y.data.ravel())
    assert x.grad.data.sum() == y.size


# ------------------------------------------------------------------------------------------------------ PyTorch
def test_layers_equal_those_of_pytorch() -> None:
    torch = pytest.importorskip("torch", reason="PyTorch, the oracle of this test, is not installed")
    torch.manual_seed(0)
    t: Any = torch.nn
    f64: Any = {"dtype": torch.float64}
    ours: Any = {"dtype": np.float64}
    pairs = [
        (nn.Conv1d(2, 4, 3, 2, 1, 2, 2, floor=True, **ours), t.Conv1d(2, 4, 3, 2, 1, 2, 2, **f64), (2, 2, 9)),
        (nn.Conv2d(4, 6, (3, 5), padding="same", **ours), t.Conv2d(4, 6, (3, 5), padding="same", **f64), (2, 4, 6, 5)),
        (nn.Conv3d(2, 4, 2, padding=1, bias=False, **ours), t.Conv3d(2, 4, 2, padding=1, bias=False, **f64),
         (2, 2, 3, 4, 3)),
        (nn.ConvTranspose1d(2, 4, 3, 2, 1, 1, **ours), t.ConvTranspose1d(2, 4, 3, 2, 1, 1, **f64), (2, 2, 5)),
        (nn.ConvTranspose2d(4, 6, (3, 2), 2, groups=2, dilation=2, **ours),
         t.ConvTranspose2d(4, 6, (3, 2), 2, groups=2, dilation=2, **f64), (2, 4, 3, 4)),
        (nn.ConvTranspose3d(2, 1, 2, 2, **ours), t.ConvTranspose3d(2, 1, 2, 2, **f64), (1, 2, 2, 3, 2)),
        (nn.MaxPool1d(3, 2, 1, 1, floor=True), t.MaxPool1d(3, 2, 1, 1), (2, 2, 8)),
        (nn.MaxPool3d(2), t.MaxPool3d(2), (1, 2, 4, 4, 2)),
        (nn.AvgPool1d(2), t.AvgPool1d(2), (2, 2, 8)),
        (nn.AvgPool3d(3, 1, 1), t.AvgPool3d(3, 1, 1), (1, 2, 4, 4, 3)),
        (nn.AdaptiveAvgPool2d((2, 3)), t.AdaptiveAvgPool2d((2, 3)), (2, 2, 5, 7)),
        (nn.AdaptiveMaxPool2d((None, 3)), t.AdaptiveMaxPool2d((None, 3)), (2, 2, 5, 7)),
        (nn.Unflatten((2, -1)), t.Unflatten(1, (2, -1)), (3, 8)),
    ]  # fmt: skip
    for i, (layer, theirs, shape) in enumerate(pairs):
        compare_layers(layer, theirs, numbers(shape, i))
    bilinear = nn.Bilinear(3, 4, 2, **ours)
    compare_layers(bilinear, t.Bilinear(3, 4, 2, **f64), numbers((5, 3)), numbers((5, 4), 1))
