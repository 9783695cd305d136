"""The worked numbers of an introductory course that layers, losses and optimizers cover."""

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn
from minigrad.nn import functional as F
from minigrad.nn.data import mnist

SMALL = Path(__file__).parents[2] / "examples" / "data" / "mnist-small"
FULL = Path(os.environ["MINIGRAD_DATA"]) if os.environ.get("MINIGRAD_DATA") else None


def close(found: Any, expected: Any, digits: float = 1e-8) -> None:
    array = found.data if isinstance(found, mg.Tensor) else found
    np.testing.assert_allclose(array, expected, rtol=0, atol=digits)


def affine(weight: Any, bias: Any = None) -> nn.Affine:
    w = np.array(weight, np.float64)
    layer = nn.Affine(*w.shape, bias=bias is not None, dtype=np.float64)
    layer.weight.assign(w)
    if layer.bias is not None:
        layer.bias.assign(bias)
    return layer


def conv(weight: Any, bias: Any = None, **options: Any) -> nn.Conv2d:
    w = np.array(weight, np.float64)
    w = w.reshape(-1, 1, *w.shape[-2:])
    layer = nn.Conv2d(1, len(w), w.shape[2:], bias=bias is not None, dtype=np.float64, **options)
    layer.weight.assign(w)
    if layer.bias is not None:
        layer.bias.assign(bias)
    return layer


def image(values: Any) -> mg.Tensor:
    array = np.array(values, np.float64)
    return mg.Tensor(array.reshape(1, 1, *array.shape), requires_grad=True)


# ---------------------------------------------------------------------------------- activations and three layers
def test_activations() -> None:
    close(nn.Sigmoid()([1.0, 2.0]), [0.73105858, 0.88079708])
    close(nn.ReLU()([-1.0, 0.0, 2.0]), [0, 0, 2])
    x = np.linspace(-5, 5, 21)
    close(nn.Tanh()(x), 2 * F.sigmoid(2 * x).data - 1, 1e-12)
    close(F.softmax([1010.0, 1000.0, 990.0]), [9.99954600e-01, 4.53978686e-05, 2.06106005e-09])


def test_three_layers_by_hand() -> None:
    first, second, third = affine([[1, 3, 5], [4, 5, 6]]), affine([[1, 2], [3, 4], [5, 6]]), affine([[1, 2], [3, 4]])
    model = nn.Sequential(first, nn.Sigmoid(), second, nn.Sigmoid(), third)
    for x in ([1.0, 2.0], [[1.0, 2.0]]):
        y = model(x)
        close(y.ravel(), [3.999858152, 5.999728596], 1e-9)
        close(F.softmax(y).ravel(), [0.119216525, 0.880783475], 1e-9)


@pytest.mark.skipif(
    FULL is None or not (FULL / "seed-weights" / "three_layer.npz").is_file() or not (FULL / "mnist").is_dir(),
    reason="MINIGRAD_DATA names no folder with seed-weights/three_layer.npz and mnist/",
)
def test_trained_weights_classify_9352_of_10000() -> None:
    assert FULL is not None
    weights = nn.load(FULL / "seed-weights" / "three_layer.npz")
    model = nn.Sequential(nn.Affine(784, 50), nn.Sigmoid(), nn.Affine(50, 100), nn.Sigmoid(), nn.Affine(100, 10))
    names = {"0.weight": "W1", "0.bias": "b1", "2.weight": "W2", "2.bias": "b2", "4.weight": "W3", "4.bias": "b3"}
    model.load_state_dict({own: weights[theirs] for own, theirs in names.items()})
    _, _, images, labels = mnist(FULL / "mnist", flatten=True)
    with mg.no_grad():
        batches = [model(images[i : i + 100]).argmax(1).numpy() for i in range(0, 10_000, 100)]
        singles = [int(model(row).argmax()) for row in images]
    assert int((np.concatenate(batches) == labels).sum()) == 9352
    assert int((np.array(singles) == labels).sum()) == 9352


# -------------------------------------------------------------------------------------------------------- losses
@pytest.mark.parametrize(
    ("y", "expected"),
    [([0.1, 0.05, 0.6, 0, 0.05, 0.1, 0, 0.1, 0, 0], 0.0975), ([0.1, 0.05, 0.1, 0, 0.05, 0.1, 0, 0.1, 0, 0], 0.4225)],
)
def test_half_squared_error(y: list[float], expected: float) -> None:
    target = F.one_hot(2, 10).data.astype(float)
    close(nn.MSELoss("sum")(y, target) / 2, expected, 1e-12)
    close(nn.MSELoss()(y, target), 2 * expected / 10, 1e-12)


@pytest.mark.parametrize("target", [[0, 1], [[1.0, 0, 0], [0, 1.0, 0]]], ids=["indices", "one-hot"])
def test_softmax_cross_entropy(target: Any) -> None:
    # The course gives the outputs of softmax; their logarithms are logits for them.
    logits = mg.Tensor(np.log([[0.2, 0.1, 0.7], [0.3, 0.1, 0.6]]), requires_grad=True)
    loss = nn.SoftmaxCrossEntropy()(logits, target)
    close(loss, 1.95601151)
    loss.backward()
    close(logits.grad, [[-0.4, 0.05, 0.35], [0.15, -0.45, 0.3]])


def test_gradient_descent() -> None:
    for lr, expected in [(0.1, (6.11110793e-10, 8.14814391e-10)), (1e-10, (3.0, 4.0))]:
        p = nn.Parameter([3.0, 4.0], dtype=np.float64)
        optimizer = nn.SGD([p], lr=lr)
        for _ in range(100):
            optimizer.zero_grad()
            (p**2).sum().backward()
            optimizer.step()
        np.testing.assert_allclose(p.data, expected, rtol=1e-6)
    p = nn.Parameter([3.0, 4.0], dtype=np.float64)
    optimizer = nn.SGD([p], lr=10)
    for _ in range(10):
        optimizer.zero_grad()
        (p**2).sum().backward()
        optimizer.step()
    assert np.abs(p.data).min() > 1e10


@pytest.mark.parametrize(
    ("make", "steps"),
    [
        (lambda p: nn.SGD(p, lr=0.95), 60),
        (lambda p: nn.Momentum(p, lr=0.1), 120),
        (lambda p: nn.Nesterov(p, lr=0.1), 120),
        (lambda p: nn.AdaGrad(p, lr=1.5), 60),
        (lambda p: nn.RMSprop(p, lr=0.05), 200),
        (lambda p: nn.Adam(p, lr=0.3), 120),
    ],
    ids=["SGD", "Momentum", "Nesterov", "AdaGrad", "RMSprop", "Adam"],
)
def test_paths_of_six_optimizers_in_a_long_valley(make: Any, steps: int) -> None:
    p = nn.Parameter([-7.0, 2.0], dtype=np.float64)
    optimizer = make([p])
    path = [p.data.copy()]
    for _ in range(steps):
        optimizer.zero_grad()
        (p[0] ** 2 / 20 + p[1] ** 2).backward()
        optimizer.step()
        path.append(p.data.copy())
    np.testing.assert_allclose(path[-1], [0, 0], atol=0.05)
    first = np.array(path[1]) - path[0]
    # Plain descent goes along the gradient, (-0.7, 4); those that scale each coordinate go at 45 degrees.
    slope = -4 / 0.7 if isinstance(optimizer, nn.SGD) else -1
    assert first[1] / first[0] == pytest.approx(slope, rel=1e-6)


# -------------------------------------------------------------------------------------------------------- affine
def test_affine() -> None:
    layer = affine([[1, 3, 5], [2, 4, 6]], [1, 2, 3])
    x = mg.Tensor([[1.0, 2.0]], requires_grad=True)
    y = layer(x)
    close(y, [[6, 13, 20]])
    y.backward([[1.0, 2.0, 3.0]])
    close(x.grad, [[22, 28]])
    close(layer.weight.grad, [[1, 2, 3], [2, 4, 6]])


def test_affine_on_a_batch() -> None:
    layer = affine([[1, 3, 5], [2, 4, 6]], [1, 2, 3])
    x = mg.Tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    layer(x).backward([[1.0, 1.0, 1.0], [2.0, 2.0, 2.0]])
    close(x.grad, [[9, 12], [18, 24]])
    close(layer.weight.grad, [[7, 7, 7], [10, 10, 10]])
    assert layer.bias is not None
    close(layer.bias.grad, [3, 3, 3])


# ------------------------------------------------------------------------------------------------- convolution
def test_convolution_with_padding_and_bias() -> None:
    x = image([[1, 2, 3, 0], [0, 1, 2, 3], [3, 0, 1, 2], [2, 3, 0, 1]])
    w = [[2, 0, 1], [0, 1, 2], [1, 0, 2]]
    close(conv(w)(x)[0, 0], [[15, 16], [6, 15]])
    close(conv(w, [3])(x)[0, 0], [[18, 19], [9, 18]])
    close(conv(w, padding=1)(x)[0, 0], [[7, 12, 10, 2], [4, 15, 16, 10], [10, 6, 15, 6], [8, 10, 4, 3]])


def test_convolution_with_ones() -> None:
    y = conv(np.ones((2, 2)), [3])(image(np.arange(16).reshape(4, 4)))
    close(y[0, 0], [[13, 17, 21], [29, 33, 37], [45, 49, 53]])
    y = conv(np.ones((3, 3)), [3], padding=1)(image(np.arange(1, 17).reshape(4, 4)))
    close(y[0, 0], [[17, 27, 33, 25], [36, 57, 66, 48], [60, 93, 102, 72], [49, 75, 81, 57]])


def test_gradients_of_two_filters() -> None:
    layer = conv([np.ones((2, 2)), np.full((2, 2), 2.0)], [1, 1])
    x = image(np.arange(9).reshape(3, 3))
    y = layer(x)
    close(y[0], [[[9, 13], [21, 25]], [[17, 25], [41, 49]]])
    y.sum().backward()
    close(layer.weight.grad[:, 0], [[[8, 12], [20, 24]]] * 2)
    assert layer.bias is not None
    close(layer.bias.grad, [4, 4])
    close(x.grad[0, 0], [[3, 6, 3], [6, 12, 6], [3, 6, 3]])


def test_gradients_of_a_convolution() -> None:
    x = image(np.zeros((4, 4)))
    conv(np.ones((2, 2)))(x).backward(np.arange(9.0).reshape(1, 1, 3, 3))
    close(x.grad[0, 0], [[0, 1, 3, 2], [3, 8, 12, 7], [9, 20, 24, 13], [6, 13, 15, 8]])
    layer = conv(np.ones((2, 2, 2)))
    layer(image(np.arange(16).reshape(4, 4))).backward(np.arange(18.0).reshape(1, 2, 3, 3))
    close(layer.weight.grad[:, 0], [[[258, 294], [402, 438]], [[663, 780], [1131, 1248]]])


def test_output_sizes() -> None:
    assert nn.Conv2d(1, 1, 5, stride=3, padding=2)(np.zeros((1, 1, 28, 31))).shape == (1, 1, 10, 11)
    with pytest.raises(ValueError, match=r"height 7 .* kernel 3, dilation 1, stride 3: .* not an integer"):
        nn.Conv2d(1, 1, 3, stride=3)(np.zeros((1, 1, 7, 7)))
    assert nn.Conv2d(1, 1, 3, stride=3, floor=True)(np.zeros((1, 1, 7, 7))).shape == (1, 1, 2, 2)
    assert sum(p.size for p in nn.Conv2d(3, 10, 5).parameters()) == 760
    for padding, size in [("valid", 28), ("same", 32), ("full", 36)]:
        assert nn.Conv2d(3, 10, 5, padding=padding)(np.zeros((1, 3, 32, 32))).shape == (1, 10, size, size)


@pytest.mark.parametrize(
    ("x", "expected", "places"),
    [
        ([[7, 11, 13, 15], [3, 4, 2, 3], [1, 2, 17, 9], [1, 8, 3, 10]], [[11, 15], [8, 17]], [1, 3, 13, 10]),
        ([[5, 8, 6, 7], [10, 4, 11, 13], [9, 3, 10, 4], [1, 2, 5, 16]], [[10, 13], [9, 16]], [4, 7, 8, 15]),
    ],
)
def test_max_pooling(x: Any, expected: Any, places: list[int]) -> None:
    pixels = image(x)
    y = nn.MaxPool2d(2)(pixels)
    close(y[0, 0], expected)
    y.backward(np.arange(1.0, 5.0).reshape(1, 1, 2, 2))
    gradient = np.zeros(16)
    gradient[places] = [1, 2, 3, 4]
    close(pixels.grad.data.ravel(), gradient)


def test_average_pooling() -> None:
    close(nn.AvgPool2d(2)(image(np.arange(1, 17).reshape(4, 4)))[0, 0], [[3.5, 5.5], [11.5, 13.5]])


# ------------------------------------------------------------------------------------------------------ training
def hidden_spread(make: Any) -> list[float]:
    """The standard deviation of the outputs of five sigmoid layers of 100, for one way to start the weights."""
    rng = np.random.default_rng(0)
    x: Any = rng.standard_normal((500, 100))
    spread = []
    for _ in range(5):
        layer = nn.Affine(100, 100, init=make, rng=rng, dtype=np.float64)
        x = mg.sigmoid(layer(x)).detach()
        spread.append(float(x.data.std()))
    return spread


def test_what_initial_weights_do() -> None:
    wide = hidden_spread(lambda shape, **o: nn.init.normal(shape, 1.0, **o))
    narrow = hidden_spread(lambda shape, **o: nn.init.normal(shape, 0.01, **o))
    xavier = hidden_spread(nn.init.xavier_normal)
    assert wide[-1] > 0.35  # saturated: most outputs are near 0 or 1
    assert narrow[-1] < 0.02  # collapsed: all outputs are near 0.5
    assert 0.05 < xavier[-1] < 0.3


def test_zero_weights_do_not_learn() -> None:
    model = nn.Sequential(nn.Affine(4, 3), nn.ReLU(), nn.Affine(3, 2))
    for p in model.parameters():
        p.assign(np.zeros(p.shape))
    nn.SoftmaxCrossEntropy()(model(np.ones((2, 4), np.float32)), [0, 0]).backward()
    moved = [name for name, p in model.named_parameters() if p.grad.data.any()]
    assert moved == ["2.bias"]
