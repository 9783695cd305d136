"""Convolution, pooling and interpolation over one, two and three axes: against NumPy, written-out loops and PyTorch."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import minigrad as mg
from minigrad.nn import functional as F
from minigrad.ops import resampling
from minigrad.testing import check_grad, properties
from minigrad.testing.strategies import arrays
from tests.ops.sample import Sample, as_dtype, case_of

EXAMPLES = settings.default.max_examples // 10
RNG = np.random.default_rng(3)


def values(*shape: int) -> Any:
    # Distinct, so that no maximum ties.
    return np.round(RNG.permutation(math.prod(shape)).reshape(shape) / math.prod(shape) * 4 - 1.9, 3)


SEQUENCE, IMAGE, VOLUME = values(2, 2, 6), values(1, 2, 4, 5), values(1, 2, 4, 3, 4)


@st.composite
def sequences(draw: Any) -> Any:
    m, n = draw(st.integers(1, 5)), draw(st.integers(1, 5))
    return (draw(arrays((m,))), draw(arrays((n,)))), {"mode": draw(st.sampled_from(("full", "same", "valid")))}


def call(*args: Any, **params: Any) -> Any:
    return st.just((args, params))


FUNCTIONS = [
    Sample("convolve", np.convolve, sequences(), np.convolve, ()),
    Sample("correlate", np.correlate, sequences(), np.correlate, ()),
    Sample("correlate", np.correlate, call(SEQUENCE[0, 0], SEQUENCE[1, 1, :3]), np.correlate, ()),
]


@pytest.mark.parametrize("sample", FUNCTIONS, ids=repr)
@settings(max_examples=3 * EXAMPLES)
@given(data=st.data())
def test_sequences(sample: Sample, data: Any) -> None:
    args, params = data.draw(sample.calls)
    properties.check(case_of(sample, (args, params)))
    for dtype in ("float64", "float32"):
        case = case_of(sample, (as_dtype(args, dtype), params))
        y, expected = case.call(*case.leaves()).data, sample.reference(*case.args, **params)
        assert (y.shape, y.dtype) == (expected.shape, expected.dtype)
        np.testing.assert_allclose(y, expected, atol=1e-5 if dtype == "float32" else 1e-12)


# The function's name in torch.nn.functional, the arguments, the keywords; floating arrays are differentiated.
LAYERS: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = [
    ("conv1d", (SEQUENCE, values(3, 2, 2), values(3)), {"stride": 2, "padding": 1}),
    ("conv1d", (SEQUENCE, values(4, 1, 3)), {"groups": 2, "dilation": 2}),
    ("conv1d", (SEQUENCE, values(3, 2, 3)), {"padding": "same"}),
    ("conv3d", (VOLUME, values(3, 2, 2, 2, 1), values(3)), {"stride": (2, 1, 3), "padding": (1, 0, 0)}),
    ("conv3d", (VOLUME, values(2, 1, 2, 3, 2)), {"groups": 2, "padding": (0, 1, 2), "dilation": (3, 2, 1)}),
    ("conv3d", (VOLUME, values(2, 2, 3, 1, 3)), {"padding": "same"}),
    ("conv3d", (VOLUME[:, :, :1, :1], values(2, 2, 3, 3, 1)), {"padding": (1, 1, 0)}),
    ("conv_transpose1d", (SEQUENCE, values(2, 3, 3), values(3)), {"stride": 2, "padding": 1, "output_padding": 1}),
    ("conv_transpose1d", (SEQUENCE, values(2, 2, 2)), {"groups": 2, "dilation": 3}),
    ("conv_transpose2d", (IMAGE, values(2, 3, 3, 2), values(3)), {"stride": (2, 3), "padding": 1, "output_padding": 1}),
    ("conv_transpose2d", (IMAGE, values(2, 2, 2, 2)), {"groups": 2, "dilation": (1, 2)}),
    ("conv_transpose2d", (IMAGE, values(2, 1, 1, 2)), {"stride": (3, 1), "padding": (2, 1)}),
    (
        "conv_transpose3d",
        (VOLUME[..., :2], values(2, 2, 2, 1, 2), values(2)),
        {"stride": (2, 1, 1), "output_padding": (1, 0, 0)},
    ),
    (
        "conv_transpose3d",
        (VOLUME[..., :2], values(2, 1, 3, 2, 1)),
        {"groups": 2, "padding": (2, 1, 0), "dilation": (2, 1, 1)},
    ),
    ("max_pool1d", (SEQUENCE, 2), {}),
    ("max_pool1d", (SEQUENCE, 3), {"stride": 1, "padding": 1, "dilation": 2}),
    ("avg_pool1d", (SEQUENCE, 4), {"stride": 2, "padding": 2}),
    ("max_pool3d", (VOLUME, (2, 3, 1)), {"stride": (2, 1, 1)}),
    ("max_pool3d", (VOLUME, (3, 2, 2)), {"stride": (1, 1, 2), "padding": (1, 1, 0), "dilation": (1, 2, 1)}),
    ("avg_pool3d", (VOLUME, (2, 3, 2)), {"stride": (1, 2, 1), "padding": (1, 1, 0)}),
    *[(f"adaptive_{kind}_pool1d", (SEQUENCE, n), {}) for kind in ("avg", "max") for n in (1, 3, 4, 6, 8)],
    *[(f"adaptive_{kind}_pool2d", (IMAGE, n), {}) for kind in ("avg", "max") for n in (1, 3, (2, 3), (None, 2))],
    *[(f"adaptive_{kind}_pool3d", (VOLUME, n), {}) for kind in ("avg", "max") for n in (1, (3, 2, None))],
    *[("interpolate", (SEQUENCE,), {"size": n}) for n in (1, 4, 6, 9)],
    *[
        ("interpolate", (SEQUENCE,), {"size": n, "mode": "linear", "align_corners": c})
        for n in (1, 4, 9)
        for c in (True, False)
    ],
    *[("interpolate", (IMAGE,), {"size": (7, 3), "mode": "bilinear", "align_corners": c}) for c in (True, False)],
    ("interpolate", (IMAGE,), {"scale_factor": (1.5, 0.5), "mode": "bilinear"}),
    ("interpolate", (IMAGE,), {"scale_factor": 2}),
    ("interpolate", (IMAGE,), {"scale_factor": (0.6, 1.3)}),
    ("interpolate", (VOLUME,), {"size": (2, 5, 4), "mode": "trilinear"}),
    ("pixel_shuffle", (values(2, 8, 2, 3), 2), {}),
    ("pixel_unshuffle", (values(2, 1, 4, 6), 2), {}),
    ("unfold", (IMAGE, (2, 3)), {"padding": (1, 0), "stride": (2, 1), "dilation": (1, 2)}),
    ("fold", (values(2, 6, 12), (3, 5), (1, 2)), {}),
    ("fold", (values(1, 4, 10), (3, 9), 2), {"padding": (0, 1), "stride": (1, 2), "dilation": (1, 2)}),
]
each = pytest.mark.parametrize(
    ("name", "args", "params"), LAYERS, ids=[f"{i}-{row[0]}" for i, row in enumerate(LAYERS)]
)
FLOORS = ("conv1d", "conv3d", "max_pool", "avg_pool", "unfold", "fold")


def options(name: str, params: dict[str, Any]) -> dict[str, Any]:
    """PyTorch rounds down where windows do not end at the border."""
    return params | {"floor": True} if name.startswith(FLOORS) else params


@each
def test_gradients(name: str, args: Any, params: Any) -> None:
    sample = Sample(name, getattr(F if hasattr(F, name) else mg, name), st.nothing(), np.asarray, ())
    properties.check(case_of(sample, (args, options(name, params))))


@each
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_values_and_gradients_are_those_of_torch(name: str, args: Any, params: Any, dtype: str) -> None:
    torch = pytest.importorskip("torch", reason="needs PyTorch")
    floating = [isinstance(a, np.ndarray) for a in args]
    ours = [mg.Tensor(a.astype(dtype), requires_grad=True) if f else a for a, f in zip(args, floating, strict=True)]
    theirs = [
        torch.tensor(a.astype(dtype), requires_grad=True) if f else a for a, f in zip(args, floating, strict=True)
    ]
    y = getattr(F, name)(*ours, **options(name, params))
    expected = getattr(torch.nn.functional, name)(*theirs, **params)
    weights = np.random.default_rng(0).normal(size=y.shape).astype(dtype)
    tolerance = {"rtol": 1e-10, "atol": 1e-12} if dtype == "float64" else {"rtol": 1e-4, "atol": 1e-5}
    assert y.dtype == dtype
    np.testing.assert_allclose(y.detach(), expected.detach().numpy(), **tolerance)
    y.backward(weights)
    expected.backward(torch.tensor(weights))
    for a, b, f in zip(ours, theirs, floating, strict=True):
        if f:
            np.testing.assert_allclose(a.grad, b.grad.numpy(), **tolerance)


def test_gradients_of_ties_go_to_the_first_maximum() -> None:
    for name, shape, size in (("max_pool3d", (1, 1, 2, 2, 2), 2), ("adaptive_max_pool3d", (1, 1, 2, 2, 2), 1)):
        x = mg.Tensor(np.zeros(shape), requires_grad=True)
        getattr(F if hasattr(F, name) else mg, name)(x, size).sum().backward()
        assert x.grad.data.ravel().tolist() == [1.0, *[0.0] * 7]


def test_interpolation_keeps_infinities_where_they_are() -> None:
    x = np.array([[[1.0, np.inf, 2.0, 3.0]]])
    assert F.interpolate(mg.Tensor(x), size=8).tolist() == np.repeat(x, 2, axis=2).tolist()
    with np.errstate(invalid="ignore"):
        y = F.interpolate(mg.Tensor(x), size=8, mode="linear")
    assert y.tolist()[0][0][6:] == [2.75, 3.0]


@pytest.mark.parametrize("axis", [0, 1])
def test_gathering_gives_what_a_product_gives(axis: int, monkeypatch: pytest.MonkeyPatch) -> None:
    for nearest in (True, False):
        grid = resampling._grid(axis, 5, 8, 5 / 8, nearest, False)
        x, y = values(5, 5), values(*[8 if i == axis else 5 for i in (0, 1)])
        fast = resampling._resample(x, grid=grid).data, resampling._resample_back(y, grid=grid).data
        with monkeypatch.context() as patched:
            patched.setattr(resampling, "_DENSE", 0)
            plain = resampling._resample(x, grid=grid).data, resampling._resample_back(y, grid=grid).data
        np.testing.assert_allclose(fast[0], plain[0], rtol=1e-14)
        np.testing.assert_allclose(fast[1], plain[1], rtol=1e-14)


def test_stochastic_pooling_draws_in_proportion() -> None:
    x = mg.Tensor(np.tile([[1.0, 0.0], [3.0, -1.0]], (1, 1, 1, 4000)), requires_grad=True)
    y = F.stochastic_pool2d(x, 2, rng=np.random.default_rng(1))
    assert set(np.unique(y.data)) == {1.0, 3.0}
    assert abs(float((y.data == 3).mean()) - 0.75) < 0.02
    y.sum().backward()
    assert set(np.unique(x.grad.data)) == {0.0, 1.0}
    assert x.grad.data.sum() == y.size
    assert ((x.grad.data * x.data).reshape(2, -1, 2).sum(axis=(0, 2)) == y.data.ravel()).all()
    again = F.stochastic_pool2d(x, 2, rng=np.random.default_rng(1))
    assert (again.data == y.data).all()


def test_stochastic_pooling_of_windows_without_positive_elements() -> None:
    x = mg.Tensor(np.full((1, 1, 2, 2), -2.0), requires_grad=True)
    for training in (True, False):
        y = F.stochastic_pool2d(x, 2, rng=np.random.default_rng(0), training=training)
        assert y.item() == -2.0
    y.backward()
    assert x.grad.tolist() == np.full((1, 1, 2, 2), 0.25).tolist()


def test_stochastic_pooling_evaluates_to_the_weighted_mean() -> None:
    x = np.abs(IMAGE) + 0.1
    rows = np.stack([x[:, :, i::2, j : j + 4 : 2] for i in (0, 1) for j in (0, 1)])
    f = lambda t: F.stochastic_pool2d(t, 2, training=False, floor=True)  # noqa: E731
    np.testing.assert_allclose(f(x).numpy(), (rows**2).sum(0) / rows.sum(0), rtol=1e-12)
    check_grad(f, x)


ERRORS: list[tuple[Any, tuple[Any, ...], dict[str, Any], str]] = [
    (mg.convolve, (np.ones((2, 2)), np.ones(2)), {}, r"convolve: expected two sequences, got shapes \(2, 2\)"),
    (mg.convolve, (np.ones(0), np.ones(2)), {}, "convolve: a sequence is empty"),
    (
        mg.correlate,
        (np.ones(2), np.ones(2), "some"),
        {},
        "correlate: mode must be 'full', 'same' or 'valid', got 'some'",
    ),
    (F.conv1d, (IMAGE, values(1, 2, 2)), {}, r"conv1d: expected input with 3 axes, got shape \(1, 2, 4, 5\)"),
    (F.conv1d, (SEQUENCE, values(1, 3, 2)), {}, "conv1d: input .* has 2 channels, weight .* is for 3"),
    (
        F.conv1d,
        (SEQUENCE, values(3, 1, 2)),
        {"groups": 2},
        "conv1d: groups 2 must divide the 2 input channels and the 3",
    ),
    (F.conv1d, (SEQUENCE, values(3, 2, 2), values(2)), {}, r"conv1d: expected a bias of shape \(3,\), got \(2,\)"),
    (F.conv1d, (SEQUENCE, values(1, 2, 9)), {}, "conv1d: the window does not fit into the input"),
    (F.conv1d, (SEQUENCE, values(1, 2, 3)), {"stride": 2}, "conv1d: the windows do not end at the border"),
    (F.conv3d, (VOLUME, values(1, 2, 5, 1, 1)), {}, "conv3d: the windows do not fit into the input: depth 4"),
    (F.conv3d, (VOLUME, values(1, 2, 1, 5, 1)), {}, "conv3d: the window does not fit into the input: height 3"),
    (F.conv3d, (VOLUME, values(1, 2, 3, 1, 1)), {"stride": 2}, "conv3d: the windows do not end at the border"),
    (F.conv3d, (VOLUME, values(1, 2, 1, 1, 1)), {"stride": (1, 2)}, "conv3d: stride must be a number or 3 of them"),
    (F.conv3d, (VOLUME, values(1, 2, 1, 1, 1)), {"padding": "some"}, "conv3d: padding must be numbers, 'valid'"),
    (
        F.conv3d,
        (VOLUME, values(1, 2, 1, 1, 1)),
        {"padding": "same", "stride": 2},
        "conv3d: padding 'same' needs stride 1",
    ),
    (
        F.conv_transpose2d,
        (IMAGE, values(2, 1, 2, 2)),
        {"output_padding": 1},
        "conv_transpose2d: output_padding 1 must be",
    ),
    (F.conv_transpose2d, (IMAGE, values(2, 1, 1, 1)), {"padding": 3}, "conv_transpose2d: nothing is left: length 4"),
    (
        F.conv_transpose2d,
        (IMAGE, values(3, 1, 1, 1)),
        {},
        "conv_transpose2d: input .* has 2 channels, weight .* is for 3",
    ),
    (F.max_pool1d, (SEQUENCE, 2), {"padding": 2}, "max_pool1d: padding 2 is more than half of the kernel size 2"),
    (F.avg_pool3d, (VOLUME, 2), {"padding": 2}, "avg_pool3d: padding 2 is more than half of the kernel size 2"),
    (F.avg_pool3d, (IMAGE, 2), {}, "avg_pool3d: expected an input with 5 axes"),
    (F.adaptive_avg_pool2d, (IMAGE, (1, 2, 3)), {}, "adaptive_avg_pool2d: output_size must be a number or 2 of them"),
    (F.adaptive_max_pool1d, (np.zeros((1, 1, 0)), 1), {}, "adaptive_max_pool1d: nothing to pool"),
    (F.interpolate, (IMAGE,), {}, "interpolate: give either size or scale_factor"),
    (F.interpolate, (IMAGE, 2), {"mode": "cubic"}, "interpolate: mode must be one of nearest, linear"),
    (F.interpolate, (IMAGE, 2), {"mode": "linear"}, "interpolate: mode 'linear' is not for an input of shape"),
    (F.interpolate, (IMAGE, 2), {"align_corners": True}, "interpolate: align_corners is not for mode 'nearest'"),
    (F.interpolate, (IMAGE,), {"scale_factor": -1}, "interpolate: scale_factor must be one or 2 positive numbers"),
    (F.interpolate, (IMAGE,), {"scale_factor": 0.1}, "interpolate: cannot make lengths"),
    (F.pixel_shuffle, (IMAGE, 2), {}, "pixel_shuffle: shape .* has no channels in groups of 4"),
    (F.pixel_unshuffle, (IMAGE, 2), {}, "pixel_unshuffle: shape .* is not made of squares of 2 by 2 pixels"),
    (F.fold, (values(1, 5, 4), 3, 2), {}, r"fold: expected \(n, channels · 2 · 2, windows\), got shape \(1, 5, 4\)"),
    (F.fold, (values(1, 4, 5), 3, 2), {}, "fold: images of 3 by 3 have 2 · 2 windows, got 5 columns"),
    (F.stochastic_pool2d, (IMAGE[..., :4], 2), {}, "stochastic_pool2d: training needs rng=.*, got NoneType"),
]


@pytest.mark.parametrize(("f", "args", "params", "message"), ERRORS, ids=[row[3][:40] for row in ERRORS])
def test_errors(f: Any, args: Any, params: Any, message: str) -> None:
    with pytest.raises(TypeError if "rng" in message else ValueError, match=message):
        f(*args, **params)


def test_integers_are_refused() -> None:
    rng = np.random.default_rng(0)
    calls: list[tuple[Any, tuple[Any, ...], dict[str, Any]]] = [
        (F.conv1d, (SEQUENCE.astype(int), values(3, 2, 2)), {}),
        (F.conv_transpose2d, (IMAGE, np.ones((2, 1, 1, 1), int)), {}),
        (F.avg_pool3d, (VOLUME.astype(int), 1), {}),
        (F.adaptive_max_pool2d, (IMAGE.astype(int), 1), {}),
        (F.interpolate, (IMAGE.astype(int), 2), {}),
        (F.stochastic_pool2d, (IMAGE.astype(int), 1), {"rng": rng}),
    ]
    for f, args, params in calls:
        with pytest.raises(TypeError, match=f"{f.__name__}: .* must be floating, got int64"):
            f(*args, **params)
