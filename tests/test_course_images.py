"""The worked numbers of an introductory course on convolution and pooling."""

from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad import Tensor
from minigrad.nn import functional as F


def image(values: Any, requires_grad: bool = False) -> Tensor:
    """One image with one channel."""
    return Tensor(np.asarray(values, dtype=float)[None, None], requires_grad)


def only(y: Tensor) -> Any:
    """The one channel of the one image."""
    assert y.shape[:2] == (1, 1)
    return y.data[0, 0].tolist()


def ones(*shape: int) -> Tensor:
    return mg.ones(shape, requires_grad=True)


# --------------------------------------------------------------------------------------------------- one dimension
SIGNAL, KERNEL = [2.0, 8, 3, 7, 1, 2, 0, 4, 5], [2.0, 1, 5, 3]


@pytest.mark.parametrize(
    ("kernel", "padding", "expected"),
    [
        (KERNEL[::-1], "valid", [63, 48, 49, 28, 21, 20]),
        (KERNEL, "valid", [48, 57, 24, 25, 16, 39]),
        (KERNEL, "full", [6, 34, 51, 48, 57, 24, 25, 16, 39, 29, 13, 10]),
    ],
    ids=["convolve valid", "correlate valid", "correlate full"],
)
def test_one_dimension(kernel: list[float], padding: str, expected: list[float]) -> None:
    y = F.conv2d(image([SIGNAL]), image([kernel]), padding=padding)
    assert only(y) == [expected]


def test_one_dimension_same() -> None:
    # NumPy's "same" for an even kernel takes two elements before and one after: one element less than the full result's
    # first, and two less than its last.
    y = F.conv2d(image([SIGNAL]), image([KERNEL]), padding="full")[..., 1:-2]
    assert only(y) == [[34, 51, 48, 57, 24, 25, 16, 39, 29]]
    assert np.correlate(SIGNAL, KERNEL, "same").tolist() == only(y)[0]


# -------------------------------------------------------------------------------------------------- two dimensions
BOARD = [[1, 2, 3, 0], [0, 1, 2, 3], [3, 0, 1, 2], [2, 3, 0, 1]]
FILTER = [[2, 0, 1], [0, 1, 2], [1, 0, 2]]


@pytest.mark.parametrize("decomposed", [False, True])
@pytest.mark.parametrize(
    ("x", "w", "bias", "padding", "expected"),
    [
        (BOARD, FILTER, 0, 0, [[15, 16], [6, 15]]),
        (BOARD, FILTER, 3, 0, [[18, 19], [9, 18]]),
        (BOARD, FILTER, 0, 1, [[7, 12, 10, 2], [4, 15, 16, 10], [10, 6, 15, 6], [8, 10, 4, 3]]),
        (np.arange(16).reshape(4, 4), np.ones((2, 2)), 3, 0, [[13, 17, 21], [29, 33, 37], [45, 49, 53]]),
        (
            np.arange(1, 17).reshape(4, 4), np.ones((3, 3)), 3, 1,
            [[17, 27, 33, 25], [36, 57, 66, 48], [60, 93, 102, 72], [49, 75, 81, 57]],
        ),
    ],
)  # fmt: skip
def test_convolutions(x: Any, w: Any, bias: float, padding: int, expected: Any, decomposed: bool) -> None:
    if decomposed:
        with mg.decompose():
            y = F.conv2d(image(x), image(w), Tensor([float(bias)]), padding=padding)
    else:
        y = F.conv2d(image(x), image(w), Tensor([float(bias)]), padding=padding)
    assert only(y) == expected


def test_two_filters_and_their_gradients() -> None:
    x = image(np.arange(9).reshape(3, 3), requires_grad=True)
    w = Tensor(np.stack([np.ones((1, 2, 2)), np.full((1, 2, 2), 2.0)]), requires_grad=True)
    b = mg.ones(2, requires_grad=True)
    y = F.conv2d(x, w, b)
    assert y.data[0].tolist() == [[[9, 13], [21, 25]], [[17, 25], [41, 49]]]
    y.sum().backward()
    assert w.grad.data[:, 0].tolist() == [[[8, 12], [20, 24]]] * 2
    assert b.grad.tolist() == [4, 4]
    assert only(x.grad) == [[3, 6, 3], [6, 12, 6], [3, 6, 3]]


def test_the_upstream_gradient_spreads_over_the_input() -> None:
    x = image(np.arange(16).reshape(4, 4), requires_grad=True)
    F.conv2d(x, ones(1, 1, 2, 2)).backward(np.arange(9.0).reshape(1, 1, 3, 3))
    assert only(x.grad) == [[0, 1, 3, 2], [3, 8, 12, 7], [9, 20, 24, 13], [6, 13, 15, 8]]


def test_gradients_at_two_filters() -> None:
    w = ones(2, 1, 2, 2)
    F.conv2d(image(np.arange(16).reshape(4, 4)), w).backward(np.arange(18.0).reshape(1, 2, 3, 3))
    assert w.grad.data[:, 0].tolist() == [[[258, 294], [402, 438]], [[663, 780], [1131, 1248]]]


# ------------------------------------------------------------------------------------------------- windows, sizes
def test_im2col() -> None:
    assert mg.im2col(mg.zeros((1, 3, 7, 7)), 5).shape == (9, 75)
    assert mg.im2col(mg.zeros((10, 3, 7, 7)), 5).shape == (90, 75)
    assert mg.im2col(mg.zeros((100, 1, 28, 28), np.float32), 5).shape == (57600, 25)
    rows = mg.im2col(image(np.arange(16).reshape(4, 4)), 2)
    assert rows[:4].tolist() == [[0, 1, 4, 5], [1, 2, 5, 6], [2, 3, 6, 7], [4, 5, 8, 9]]


def test_output_sizes() -> None:
    assert F.conv2d(mg.zeros((1, 1, 28, 31)), mg.zeros((1, 1, 5, 5)), stride=3, padding=2).shape == (1, 1, 10, 11)
    with pytest.raises(ValueError, match=r"height 7 .*kernel 3.*stride 3: \(7 \+ 0 - 3\) / 3 \+ 1 is not an integer"):
        F.conv2d(mg.zeros((1, 1, 7, 7)), mg.zeros((1, 1, 3, 3)), stride=3)
    assert F.conv2d(mg.zeros((1, 1, 7, 7)), mg.zeros((1, 1, 3, 3)), stride=3, floor=True).shape == (1, 1, 2, 2)
    x, w = mg.zeros((1, 3, 32, 32)), mg.zeros((10, 3, 5, 5))
    assert w.size + 10 == 760
    shapes = {p: F.conv2d(x, w, padding=p).shape[2:] for p in ("valid", "same", "full", 2)}
    assert shapes == {"valid": (28, 28), "same": (32, 32), "full": (36, 36), 2: (32, 32)}
    assert F.conv2d(x, w, stride=(1, 3), padding=(2, 0)).shape == (1, 10, 32, 10)


# --------------------------------------------------------------------------------------------------------- pooling
@pytest.mark.parametrize(
    ("x", "expected", "places"),
    [
        (
            [[7, 11, 13, 15], [3, 4, 2, 3], [1, 2, 17, 9], [1, 8, 3, 10]],
            [[11, 15], [8, 17]],
            [(0, 1), (0, 3), (3, 1), (2, 2)],
        ),
        (
            [[5, 8, 6, 7], [10, 4, 11, 13], [9, 3, 10, 4], [1, 2, 5, 16]],
            [[10, 13], [9, 16]],
            [(1, 0), (1, 3), (2, 0), (3, 3)],
        ),
    ],
)
def test_max_pooling(x: Any, expected: Any, places: Any) -> None:
    leaf = image(x, requires_grad=True)
    y = F.max_pool2d(leaf, 2)
    assert only(y) == expected
    y.backward(np.arange(1.0, 5.0).reshape(1, 1, 2, 2))
    routed = np.zeros((4, 4))
    for upstream, place in enumerate(places, start=1):
        routed[place] = upstream
    assert only(leaf.grad) == routed.tolist()


def test_max_pooling_of_two_channels_routes_1_to_8() -> None:
    x = Tensor(np.random.default_rng(0).permutation(32).reshape(1, 2, 4, 4).astype(float), requires_grad=True)
    y = F.max_pool2d(x, 2)
    y.backward(np.arange(1.0, 9.0).reshape(1, 2, 2, 2))
    assert sorted(x.grad.data[x.grad.data != 0].tolist()) == [1, 2, 3, 4, 5, 6, 7, 8]
    for upstream, value in enumerate(y.data.ravel(), start=1):
        assert x.grad.data[x.data == value].tolist() == [upstream]


def test_average_pooling() -> None:
    assert only(F.avg_pool2d(image(np.arange(1, 17).reshape(4, 4)), 2)) == [[3.5, 5.5], [11.5, 13.5]]
