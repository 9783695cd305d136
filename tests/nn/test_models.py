"""The networks of the zoo: published parameter counts, shapes at small sizes, and trained weights."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn
from minigrad.nn import models
from minigrad.nn.data import read_idx

# Zeros of the system's, which cost no memory until they are written: VGG-16's parameters would take 550 MB.
EMPTY: Any = {"init": nn.init.zeros}

PUBLISHED: list[tuple[Callable[[], nn.Module], int]] = [
    # The layer sizes of Krizhevsky et al. (2012): 35k, 307k, 885k, 664k, 443k, 37.8M, 16.8M, 4.1M.
    (lambda: models.AlexNet(**EMPTY), 60_965_224),
    # torchvision's documentation of its weights, here and for VGG and ResNet.
    (lambda: models.AlexNet(towers=1, **EMPTY), 61_100_840),
    (lambda: models.VGG(11, **EMPTY), 132_863_336),
    (lambda: models.VGG(13, **EMPTY), 133_047_848),
    (lambda: models.VGG(16, **EMPTY), 138_357_544),
    (lambda: models.VGG(16, batch_norm=True, **EMPTY), 138_365_992),
    (lambda: models.VGG(19, **EMPTY), 143_667_240),
    (lambda: models.ResNet(18, **EMPTY), 11_689_512),
    (lambda: models.ResNet(34, **EMPTY), 21_797_672),
    (lambda: models.ResNet(50, **EMPTY), 25_557_032),
    (lambda: models.ResNet(101, **EMPTY), 44_549_160),
    (lambda: models.ResNet(152, **EMPTY), 60_192_808),
    # Caffe's bvlc_googlenet, without its auxiliary classifiers.
    (lambda: models.GoogLeNet(**EMPTY), 6_998_552),
    # He et al. (2016), table 6: 0.27M, 0.46M, 0.66M, 0.85M, 1.7M.
    (lambda: models.CifarResNet(20, **EMPTY), 269_722),
    (lambda: models.CifarResNet(32, **EMPTY), 464_154),
    (lambda: models.CifarResNet(44, **EMPTY), 658_586),
    (lambda: models.CifarResNet(56, **EMPTY), 853_018),
    (lambda: models.CifarResNet(110, **EMPTY), 1_727_962),
    # With projections, as in most re-implementations.
    (lambda: models.CifarResNet(20, shortcuts="B", **EMPTY), 272_474),
    (lambda: models.LeNet5(**EMPTY), 61_706),
    # The smallest GPT-2, "124M".
    (lambda: models.TransformerLM(50257, 1024, 768, 12, 12, **EMPTY), 124_439_808),
    (lambda: models.ThreeLayerNet(**EMPTY), 784 * 50 + 50 + 50 * 100 + 100 + 100 * 10 + 10),
    (lambda: models.SimpleConvNet(**EMPTY), 30 * 26 + (30 * 12 * 12 + 1) * 100 + 1010),
]


@pytest.mark.parametrize(("make", "count"), PUBLISHED)
def test_parameter_counts_are_the_published_ones(make: Callable[[], nn.Module], count: int) -> None:
    assert make().count_parameters() == count


def test_multiply_adds_are_the_published_ones() -> None:
    # He et al. (2016), table 1: 1.8 · 10⁹ for 18 layers; torchvision's documentation of the weights: 1.81.
    assert nn.summary(models.ResNet(18, **EMPTY), (3, 224, 224)).multiply_adds == 1_814_073_344


CASES: list[tuple[Callable[[Any], nn.Module], tuple[int, ...]]] = [
    (lambda rng: models.ThreeLayerNet(20, (5, 6), 3, nn.ReLU, rng=rng), (20,)),
    (lambda rng: models.SimpleConvNet(3, 2, (9, 8), filters=4, filter_size=3, hidden=7, rng=rng), (2, 9, 8)),
    (lambda rng: models.DeepConvNet(3, 2, (17, 20), hidden=7, rng=rng), (2, 17, 20)),
    (lambda rng: models.LeNet5(3, 2, (19, 28), rng=rng), (2, 19, 28)),
    (lambda rng: models.GoogLeNet(3, 1, rng=rng), (1, 33, 40)),
    (lambda rng: models.ResNet(18, 3, 1, rng=rng), (1, 33, 40)),
    (lambda rng: models.CifarResNet(8, 3, 1, rng=rng), (1, 9, 10)),
    (lambda rng: models.CifarResNet(8, 3, 1, shortcuts="B", rng=rng), (1, 9, 10)),
    (lambda rng: models.CifarResNet(8, 3, 1, shortcuts=None, rng=rng), (1, 9, 10)),
]


@pytest.mark.parametrize(("make", "shape"), CASES)
def test_shapes_dtypes_gradients_and_seeds(make: Callable[[Any], nn.Module], shape: tuple[int, ...]) -> None:
    x = np.random.default_rng(0).random((2, *shape), np.float32)
    model = make(np.random.default_rng(1))
    y = model(x)
    assert y.shape == (2, 3)
    assert y.dtype == np.float32
    nn.SoftmaxCrossEntropy()(y, [0, 2]).backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.dtype == np.float32
    # One generator makes the weights, and what dropout leaves out.
    np.testing.assert_array_equal(make(np.random.default_rng(1))(x).data, y.data)
    # Evaluation does not depend on the rest of the batch.
    model.eval()
    np.testing.assert_allclose(model(x[:1]).data, model(x).data[:1], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("make", "size"),
    [
        (lambda: models.AlexNet(3, 1, (63, 79), **EMPTY), (1, 63, 79)),
        (lambda: models.AlexNet(3, 1, 63, towers=1, **EMPTY), (1, 63, 63)),
        (lambda: models.VGG(11, 3, 1, (32, 45), **EMPTY), (1, 32, 45)),
        (lambda: models.VGG(13, 3, 1, 32, batch_norm=True, **EMPTY), (1, 32, 32)),
    ],
)
def test_shapes_of_the_large_ones(make: Callable[[], nn.Module], size: tuple[int, ...]) -> None:
    with mg.no_grad():
        assert make().eval()(np.zeros((1, *size), np.float32)).shape == (1, 3)


def test_alexnet_has_the_paper_s_normalization() -> None:
    features = models.AlexNet(**EMPTY).features
    assert [repr(layer) for layer in features if isinstance(layer, nn.LocalResponseNorm)] == [
        "LocalResponseNorm(5, alpha=0.0005, k=2.0)"
    ] * 2
    assert not any(isinstance(layer, nn.LocalResponseNorm) for layer in models.AlexNet(towers=1, **EMPTY).features)
    assert [layer.groups for layer in features if isinstance(layer, nn.Conv2d)] == [1, 2, 1, 2, 2]


def test_the_first_weights_have_he_s_variance() -> None:
    for name, parameter in models.CifarResNet(20, rng=np.random.default_rng(0)).named_parameters():
        if name.endswith("weight") and parameter.ndim == 4:
            expected = 2 / nn.init.fans(parameter.shape)[0]
            assert abs(parameter.data.var() / expected - 1) < 0.3, name


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: models.VGG(16, size=16, **EMPTY),
         r"VGG: images of 16x16 do not pass.*; 1x1 are left before features.pool5, MaxPool2d\(2, floor=True\)"),
        (lambda: models.AlexNet(size=(224, 30), **EMPTY), "AlexNet: images of 224x30 do not pass"),
        (lambda: models.LeNet5(size=8), r"LeNet5: images of 8x8 .*; 4x4 are left before features.conv2"),
        (lambda: models.SimpleConvNet(size=4), "SimpleConvNet: images of 4x4 do not pass"),
        (lambda: models.DeepConvNet(size=1), "DeepConvNet: images of 1x1 do not pass"),
        (lambda: models.LeNet5(size=(1, 2, 3)), r"LeNet5: size must be a number or a pair, got \(1, 2, 3\)"),
        (lambda: models.VGG(17), "VGG: depth must be one of 11, 13, 16, 19, got 17"),
        (lambda: models.ResNet(19), "ResNet: depth must be one of 18, 34, 50, 101, 152, got 19"),
        (lambda: models.CifarResNet(21), "CifarResNet: depth must be 6n [+] 2"),
        (lambda: models.CifarResNet(20, shortcuts="C"), "shortcuts must be 'A', 'B' or None, got 'C'"),
        (lambda: models.AlexNet(towers=3), "AlexNet: towers must be 1 or 2, got 3"),
        (lambda: models.LeNet5(0), "out_features must be at least 1, got 0"),
        (lambda: models.TransformerLM(9, width=10, heads=4), "4 heads do not divide 10 features"),
    ],
)  # fmt: skip
def test_wrong_settings(make: Callable[[], nn.Module], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()


def test_images_of_another_size_are_refused() -> None:
    with pytest.raises(ValueError, match=r"LeNet5: expected images of shape \(n, 1, 28, 28\), got \(2, 1, 32, 32\)"):
        models.LeNet5()(np.zeros((2, 1, 32, 32), np.float32))
    with pytest.raises(ValueError, match=r"expected input of shape \(n, 3, height, width\), got \(2, 1, 32, 32\)"):
        models.CifarResNet(8)(np.zeros((2, 1, 32, 32), np.float32))


# ------------------------------------------------------------------------------------------------- residual nets
def test_shortcuts_without_parameters() -> None:
    x = np.random.default_rng(0).random((2, 3, 5, 4))
    y = models.Subsample(5, 2)(x)
    np.testing.assert_array_equal(y.data[:, :3], x[:, :, ::2, ::2])
    assert y.shape == (2, 5, 3, 2)
    assert not y.data[:, 3:].any()


def test_a_deep_residual_net_does_not_lose_the_gradient() -> None:
    def small(shape: tuple[int, ...], **settings: Any) -> Any:
        return 0.3 * nn.init.he_normal(shape, **settings)

    def first_gradient(shortcuts: str | None) -> float:
        model = models.CifarResNet(20, init=small, shortcuts=shortcuts, rng=np.random.default_rng(0))
        # Batch normalization would make up for weights that are too small.
        for module in list(model.modules()):
            for name, part in list(module.named_children()):
                if isinstance(part, nn.BatchNorm2d):
                    setattr(module, name, nn.Identity())
        model(np.random.default_rng(1).standard_normal((2, 3, 8, 8)).astype(np.float32)).sum().backward()
        return float(np.linalg.norm(model.stem.conv.weight.grad.data))

    # 18 layers, each of which keeps about 0.3 of it.
    assert first_gradient(None) < 1e-6 * first_gradient("A")


# ---------------------------------------------------------------------------------------------- language model
def tiny(**settings: Any) -> models.TransformerLM:
    return models.TransformerLM(7, 6, 8, 2, 2, rng=np.random.default_rng(0), **settings)


def test_the_language_model_looks_back_only() -> None:
    model = tiny(init=lambda shape, **k: nn.init.normal(shape, 0.5, **k))
    tokens = np.random.default_rng(1).integers(7, size=(3, 6))
    scores = model(tokens)
    assert scores.shape == (3, 6, 7)
    for place in range(6):
        changed = tokens.copy()
        changed[:, place] = (changed[:, place] + 1) % 7
        moved = np.abs(model(changed).data - scores.data).max(axis=(0, 2)) > 1e-6
        assert moved.tolist() == [i >= place for i in range(6)]
    np.testing.assert_allclose(model(tokens[0]).data, scores.data[0], rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(model(tokens[:, :3]).data, scores.data[:, :3], rtol=1e-4, atol=1e-5)


def test_tied_and_own_scores() -> None:
    tied, own = tiny(), tiny(tied=False, hidden=5)
    assert "head.weight" not in tied.state_dict()
    assert own.head is not None
    assert own.state_dict()["head.weight"].shape == (8, 7)
    for model in (tied, own):
        model(np.zeros((1, 3), int)).sum().backward()
        assert all(p.grad is not None for p in model.parameters())
    table = nn.summary(tied, (6,), dtype=int)
    # Per block: 3 + 1 + 4 + 4 products of 8x8 per token, and two of 6x6x8 in the attention; the scores: 6x8x7.
    assert table.multiply_adds == 2 * (6 * 12 * 64 + 2 * 6 * 6 * 8) + 6 * 8 * 7
    assert table.multiply_adds == nn.summary(tiny(tied=False), (6,), dtype=int).multiply_adds


def test_it_learns_a_sequence_and_continues_it() -> None:
    model = models.TransformerLM(5, 8, 16, 2, 1, rng=np.random.default_rng(0))
    optimizer = nn.Adam(model.parameters(), lr=0.01)
    text = np.array([0, 1, 2, 3, 4, 3, 2, 1] * 4)
    windows = np.stack([text[i : i + 9] for i in range(8)])
    loss = nn.SoftmaxCrossEntropy()
    for _ in range(60):
        optimizer.zero_grad()
        loss(model(windows[:, :-1]).reshape(-1, 5), windows[:, 1:].ravel()).backward()
        optimizer.step()
    # Farther than the context reaches.
    np.testing.assert_array_equal(model.generate([0, 1, 2], 17, temperature=0), text[:20])
    np.testing.assert_array_equal(model.generate(text[:12], 8, 1e-3, rng=np.random.default_rng(0)), text[:20])


def test_generation_draws_in_proportion() -> None:
    model = tiny(dropout=0.5)
    model.norm.weight.assign(np.zeros(8))
    model.norm.bias.assign(np.eye(8)[0])
    table = np.zeros((7, 8))
    table[:, 0] = np.log([1, 2, 3, 4, 0.0, 0, 0], where=[True] * 4 + [False] * 3, out=np.full(7, -1e30))
    model.embedding.weight.assign(table)
    model.blocks[0].eval()
    flags = [module.training for module in model.modules()]
    drawn = model.generate([0], 200, rng=np.random.default_rng(2))[1:]
    assert [module.training for module in model.modules()] == flags
    shares = np.bincount(drawn, minlength=7) / 200
    assert not shares[4:].any()
    np.testing.assert_allclose(shares[:4], [0.1, 0.2, 0.3, 0.4], atol=6 * 0.5 / 200**0.5)
    np.testing.assert_array_equal(model.generate([0], 200, rng=np.random.default_rng(2))[1:], drawn)
    sharp = model.generate([0], 200, temperature=0.5, rng=np.random.default_rng(2))[1:]
    np.testing.assert_allclose((sharp == 3).mean(), 16 / 30, atol=6 * 0.5 / 200**0.5)
    assert set(model.generate([0], 20, temperature=1e-320, rng=np.random.default_rng(2))[1:]) == {3}


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda m: m(np.zeros((1, 7), int)), ValueError, r"must have 1 to 6 tokens, the context; got shape \(1, 7\)"),
        (lambda m: m(np.zeros((1, 0), int)), ValueError, "must have 1 to 6 tokens"),
        (lambda m: m(np.zeros((1, 3))), TypeError, "expected integers of shape .*, got float64"),
        (lambda m: m([[7]]), IndexError, r"index 7 is not in \[0, 7\)"),
        (lambda m: m.generate([], 3), ValueError, "the prompt must be a sequence of one token or more"),
        (lambda m: m.generate([1], -1), ValueError, "n must be at least 0, got -1"),
        (lambda m: m.generate([1], 1, -1.0), ValueError, "temperature must be a number >= 0, got -1.0"),
        (lambda m: m.generate([1], 1, rng=3), TypeError, "expected a np.random.Generator, got 3"),
    ],
)  # fmt: skip
def test_wrong_tokens(call: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call(tiny())


def test_scores_that_are_not_finite_are_an_error() -> None:
    model = tiny()
    model.norm.bias.assign(np.full(8, np.nan))
    with pytest.raises(ValueError, match="the model's scores are not finite"):
        model.generate([1], 1)


# ------------------------------------------------------------------------------------------------- trained weights
DATA = Path(os.environ["MINIGRAD_DATA"]) if os.environ.get("MINIGRAD_DATA") else None


@pytest.mark.skipif(
    DATA is None or not (DATA / "mnist").is_dir() or not (DATA / "seed-weights").is_dir(),
    reason="the trained weights and the full MNIST are not here: MINIGRAD_DATA names no folder with both",
)
def test_the_trained_three_layer_net_is_right_9352_times() -> None:
    assert DATA is not None
    model = models.ThreeLayerNet.from_course(nn.load(DATA / "seed-weights" / "three_layer.npz"))
    x = read_idx(DATA / "mnist" / "t10k-images-idx3-ubyte.gz").reshape(10_000, 784).astype(np.float32) / 255
    t = read_idx(DATA / "mnist" / "t10k-labels-idx1-ubyte.gz")
    with mg.no_grad():
        batches = [model(x[i : i + 100]).data.argmax(1) for i in range(0, 10_000, 100)]
        alone = [model(row).data.argmax() for row in x]
    assert (np.concatenate(batches) == t).sum() == 9352
    assert (np.array(alone) == t).sum() == 9352


def test_weights_under_the_course_s_names() -> None:
    weights = {"W1": [[1, 3, 5], [4, 5, 6]], "W2": [[1, 2], [3, 4], [5, 6]], "W3": [[1, 2], [3, 4]]}
    state: dict[str, Any] = {name: np.array(w, float) for name, w in weights.items()}
    state |= {"b1": np.zeros(3), "b2": np.zeros(2), "b3": np.zeros(2)}
    model = models.ThreeLayerNet.from_course(state)
    scores = model([1.0, 2.0])
    np.testing.assert_allclose(scores.data, [3.999858152, 5.999728596], rtol=1e-9)
    np.testing.assert_allclose(nn.functional.softmax(scores).data, [0.119216525, 0.880783475], rtol=1e-8)
    with pytest.raises(ValueError, match="expected W1 to W3 and b1 to b3; b2 is missing"):
        models.ThreeLayerNet.from_course({name: v for name, v in state.items() if name != "b2"})
    with pytest.raises(ValueError, match=r"W2 is of shape \(3,\)"):
        models.ThreeLayerNet.from_course(state | {"W2": np.zeros(3)})
    with pytest.raises(ValueError, match="the state does not fit"):
        models.ThreeLayerNet.from_course(state | {"W2": np.zeros((4, 2))})
