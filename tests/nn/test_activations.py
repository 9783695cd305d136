"""Activation layers: the functions they call, PyTorch's, gradients, ranges, and wrong settings."""

from importlib.util import find_spec
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import minigrad as mg
from minigrad import nn
from minigrad.nn import functional as F
from minigrad.nn.layers._activation import Activation
from minigrad.testing import check_grad
from minigrad.testing.strategies import arrays
from tests.nn.torch_layers import compare_layers

EXACT = pytest.mark.skipif(find_spec("scipy") is None, reason="the exact gelu needs SciPy")

# The layer as in its repr, and the function it stands for.
TABLE: list[tuple[str, str]] = [
    ("CELU()", "celu"), ("CELU(alpha=0.4)", "celu"),
    ("ELU()", "elu"), ("ELU(alpha=2.5)", "elu"),
    ("GELU(approximate='tanh')", "gelu"),
    ("GLU()", "glu"), ("GLU(dim=0)", "glu"),
    ("Hardshrink()", "hardshrink"), ("Hardshrink(lambd=1.25)", "hardshrink"),
    ("Hardsigmoid()", "hardsigmoid"),
    ("Hardswish()", "hardswish"),
    ("Hardtanh()", "hardtanh"), ("Hardtanh(min_val=-0.3, max_val=1.6)", "hardtanh"),
    ("LeakyReLU()", "leaky_relu"), ("LeakyReLU(negative_slope=0.3)", "leaky_relu"),
    ("LogSigmoid()", "logsigmoid"),
    ("LogSoftmax()", "log_softmax"), ("LogSoftmax(dim=0)", "log_softmax"),
    ("Mish()", "mish"),
    ("ReLU()", "relu"),
    ("ReLU6()", "relu6"),
    ("SELU()", "selu"),
    ("SiLU()", "silu"),
    ("Sigmoid()", "sigmoid"),
    ("Softmax()", "softmax"), ("Softmax(dim=0)", "softmax"),
    ("Softmin()", "softmin"), ("Softmin(dim=0)", "softmin"),
    ("Softplus()", "softplus"), ("Softplus(beta=3.0, threshold=2.0)", "softplus"),
    ("Softshrink()", "softshrink"), ("Softshrink(lambd=1.25)", "softshrink"),
    ("Softsign()", "softsign"),
    ("Tanh()", "tanh"),
    ("Tanhshrink()", "tanhshrink"),
    ("Threshold(threshold=0.45, value=20.0)", "threshold"),
]  # fmt: skip
ALL: list[Any] = [*TABLE, pytest.param("GELU()", "gelu", marks=EXACT)]
KINKS = (-3.0, -1.25, -1.0, -0.5, -0.3, 0.0, 0.45, 0.5, 2 / 3, 1.0, 1.25, 1.6, 3.0, 6.0)

numbers = arrays((4, 6), low=-8.0, high=8.0, avoid=KINKS, gap=0.02, layouts=("plain",))


def made(call: str) -> Any:
    name, args = call.rstrip(")").split("(")
    return getattr(nn, name)(**eval(f"dict({args})"))


def options(call: str) -> dict[str, Any]:
    return dict(eval(f"dict({call.rstrip(')').split('(')[1]})"))


@pytest.mark.parametrize(("call", "function"), ALL)
@settings(max_examples=5)
@given(x=numbers)
def test_a_layer_is_its_function(call: str, function: str, x: Any) -> None:
    layer = made(call)
    assert repr(layer) == call
    assert list(layer.parameters()) == []
    expected = getattr(F, function)(x, **options(call))
    np.testing.assert_array_equal(layer(x).data, expected.data)
    assert layer(x.astype(np.float32)).dtype == np.float32
    check_grad(layer, x, order=1)


def test_every_function_has_its_layer() -> None:
    from minigrad.nn.functional import activation, rectifiers

    assert {function for _, function in TABLE} | {"prelu"} == {*activation.__all__, *rectifiers.__all__}
    layers = {kind.__name__ for kind in vars(nn).values() if isinstance(kind, type) and issubclass(kind, Activation)}
    assert layers == {call.split("(")[0] for call, _ in TABLE}


@pytest.mark.parametrize(("call", "function"), ALL)
@settings(max_examples=5)
@given(x=numbers)
def test_as_in_pytorch(call: str, function: str, x: Any) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is the oracle here")
    theirs = {"softmax": {"dim": -1}, "softmin": {"dim": -1}, "log_softmax": {"dim": -1}}.get(function, {})
    other = getattr(torch.nn, call.split("(")[0])(**{**theirs, **options(call)})
    # PyTorch keeps the constants of these two in float32.
    tolerance = 1e-6 if function in ("celu", "hardsigmoid") else 1e-9
    compare_layers(made(call), other, x, rtol=tolerance, atol=tolerance)


# ---------------------------------------------------------------------------------------------------------- PReLU
@pytest.mark.parametrize("count", [1, 3])
def test_prelu_learns_its_slopes(count: int) -> None:
    layer = nn.PReLU(count, 0.5, dtype=np.float64)
    x = np.random.default_rng(0).standard_normal((2, 3, 4))
    np.testing.assert_array_equal(layer(x).data, np.where(x > 0, x, 0.5 * x))
    layer(x).sum().backward()
    axes = (0, 2) if count > 1 else (0, 1, 2)
    assert layer.weight.grad is not None
    np.testing.assert_allclose(layer.weight.grad.data, np.minimum(x, 0).sum(axes).reshape(count))
    check_grad(lambda x, w: F.prelu(x, w), x, layer.weight.data, order=1)
    other = nn.PReLU(count, dtype=np.float64)
    other.load_state_dict(layer.state_dict())
    np.testing.assert_array_equal(other(x).data, layer(x).data)
    assert nn.PReLU()(x.astype(np.float32)).dtype == np.float32


def test_prelu_as_in_pytorch() -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is the oracle here")
    x = np.random.default_rng(0).standard_normal((2, 3, 4))
    for count in (1, 3):
        compare_layers(nn.PReLU(count, dtype=np.float64), torch.nn.PReLU(count, 0.1, dtype=torch.float64), x)


# --------------------------------------------------------------------------------------------- numbers and errors
def test_the_course_s_numbers() -> None:
    np.testing.assert_allclose(nn.Sigmoid()([1.0, 2.0]).data, [0.73105858, 0.88079708], rtol=1e-7)
    np.testing.assert_allclose(nn.Softmax()([1010.0, 1000.0, 990.0]).data, [9.99954600e-01, 4.53978686e-05, 2.06106005e-09], rtol=1e-8)  # fmt: skip  # noqa: E501
    x = np.linspace(-3, 3, 7)
    np.testing.assert_allclose(nn.Tanh()(x).data, 2 * nn.Sigmoid()(2 * x).data - 1, atol=1e-15)
    np.testing.assert_array_equal(mg.heaviside([-1.0, 0.0, 1.0], 0.0).data, [0, 0, 1])


@given(x=st.floats(-700, 700))
def test_relations(x: float) -> None:
    at = [x, -x]
    np.testing.assert_allclose(nn.Softmin()(at).data, nn.Softmax()(at).data[::-1])
    np.testing.assert_allclose(np.exp(nn.LogSoftmax()(at).data), nn.Softmax()(at).data, atol=1e-15)
    np.testing.assert_allclose(nn.LogSigmoid()(at).data, -nn.Softplus(threshold=np.inf)(at).data[::-1], rtol=1e-12)
    np.testing.assert_allclose(nn.Hardswish()(at).data, x * nn.Hardsigmoid()(at).data * [1, -1], atol=1e-12)
    np.testing.assert_array_equal(nn.Hardtanh(0, 6)(at).data, nn.ReLU6()(at).data)
    np.testing.assert_array_equal(nn.Threshold(0, 0)(at).data, nn.ReLU()(at).data)


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: nn.Softplus(beta=0), ValueError, "Softplus: beta must be above 0, got 0"),
        (lambda: nn.Softplus(threshold=-1), ValueError, "Softplus: threshold must be at least 0, got -1"),
        (lambda: nn.GELU("erf"), ValueError, "GELU: approximate must be one of none, tanh, got 'erf'"),
        (lambda: nn.CELU(0.0), ValueError, "CELU: alpha must be above 0, got 0.0"),
        (lambda: nn.Hardtanh(2, 1), ValueError, "Hardtanh: min_val 2 is above max_val 1"),
        (lambda: nn.Hardshrink(-1), ValueError, "Hardshrink: lambd must be at least 0"),
        (lambda: nn.Softmax(1.5), TypeError, "Softmax: dim must be an integer, got 1.5"),
        (lambda: nn.LeakyReLU("steep"), TypeError, "LeakyReLU: negative_slope must be a number, got 'steep'"),
        (lambda: nn.PReLU(0), ValueError, "PReLU: num_parameters must be at least 1, got 0"),
        (lambda: nn.PReLU(3)(np.zeros((2, 4))), ValueError, r"weight of shape \(1,\) or \(4,\)"),
        (lambda: nn.GLU()(np.zeros((2, 3))), ValueError, "3 elements, which cannot be halved"),
        (lambda: nn.Softmax(2)(np.zeros((2, 3))), IndexError, "2"),
    ],
)
def test_wrong_settings(make: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        make()


def test_settings_can_be_changed() -> None:
    layer = nn.ELU()
    layer.alpha = 3.0
    np.testing.assert_allclose(layer([-1.0]).data, F.elu([-1.0], 3.0).data)
    assert repr(layer) == "ELU(alpha=3.0)"
