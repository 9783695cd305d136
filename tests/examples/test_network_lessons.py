"""The lessons on overfitting, convolution, float16 and augmentation learn, and what they claim comes out."""

from pathlib import Path

import numpy as np
import pytest

from examples import augmentation, convnet, dropout, float16
from minigrad import nn, viz


def few(count: int, test: int, flatten: bool = False) -> nn.data.TrainTest:
    """Return the first of the bundled digits."""
    x_train, t_train, x_test, t_test = nn.data.mnist_small(flatten=flatten)
    return nn.data.TrainTest(x_train[:count], t_train[:count], x_test[:test], t_test[:test])


# ------------------------------------------------------------------------------------------------------- dropout
def test_dropout_and_weight_decay_close_the_gap() -> None:
    digits = few(300, 500, flatten=True)
    names = ("neither", "weight decay 0.05", "weight decay 0.1", "dropout 0.2")
    neither, light, decayed, dropped = (dropout.train(digits, *dropout.CASES[name]) for name in names)
    assert neither.training[-1] == 1
    assert neither.gap > 0.25
    assert decayed.gap < neither.gap - 0.03
    assert dropped.gap < neither.gap - 0.05
    assert min(decayed.test[-1], dropped.test[-1]) > 0.5
    # The light decay costs nothing.
    assert light.test_loss < neither.test_loss - 0.05
    assert light.test[-1] > neither.test[-1] - 0.02
    assert len(neither.test) == len(neither.training) == 200


def test_the_network_that_overfits() -> None:
    layers = [type(layer) for layer in dropout.network(0.2)]
    assert (layers.count(nn.Affine), layers.count(nn.ReLU), layers.count(nn.Dropout)) == (7, 6, 6)
    assert nn.Dropout not in map(type, dropout.network())


def test_dropout_draws_its_curves(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("matplotlib", reason="the curves are drawn with matplotlib")
    dropout.main(["--epochs", "1", "--out", str(tmp_path)])
    assert [path.name for path in tmp_path.iterdir()] == ["dropout.png"]
    printed = capsys.readouterr().out
    assert all(name in printed for name in dropout.CASES)


# ------------------------------------------------------------------------------------------------------- convnet
def test_convnet_learns_and_repeats() -> None:
    digits = few(1000, 500)
    model, before, history = convnet.train(digits, epochs=2, progress=False)
    assert len(history.losses) == 20
    assert np.mean(history.losses[-5:]) < np.mean(history.losses[:5]) / 2
    assert history["val_accuracy"][-1] > 0.75
    assert before.shape == (30, 1, 5, 5)
    assert not np.array_equal(before, model.features.conv.weight.data)
    assert convnet.train(digits, epochs=2, progress=False).history.losses == history.losses


def test_convnet_draws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("matplotlib", reason="curves and filters are drawn with matplotlib")

    def graphviz_is_missing(*_: object, **__: object) -> bytes:
        raise viz.RenderError("no Graphviz: do this")

    monkeypatch.setattr(viz.Drawing, "_rendered", graphviz_is_missing)
    monkeypatch.setattr(convnet, "digits", lambda full: few(200, 100))
    convnet.main(["--epochs", "1", "--out", str(tmp_path)])
    written = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    pictures = {f"convnet_{name}.png" for name in ("curves", "feature_maps", "filters")}
    assert set(written) == pictures | {"convnet_graph.txt", "convnet_history.csv"}
    assert all(written[name].startswith(b"\x89PNG") for name in pictures)
    assert b"conv2d" in written["convnet_graph.txt"]


@pytest.mark.slow
def test_the_demo_reaches_its_accuracy() -> None:
    assert convnet.train(nn.data.mnist_small(), epochs=8, progress=False).history["val_accuracy"][-1] >= 0.95


# ------------------------------------------------------------------------------------------------------- float16
def test_float16_classifies_as_well() -> None:
    digits = few(1000, 60)
    model = float16.trained(digits, epochs=2)
    wide, narrow = (float16.infer(model, digits, dtype) for dtype in (np.float32, np.float16))
    assert narrow.scores.dtype == np.float16
    assert wide.accuracy > 0.75
    assert (wide.scores.argmax(1) == narrow.scores.argmax(1)).mean() > 0.98
    assert narrow.bytes / wide.bytes == pytest.approx(0.5, abs=0.01)
    assert model.features.conv.weight.dtype == np.float32  # the copies were made float16, not this one


def test_the_scale_keeps_small_gradients() -> None:
    digits = few(300, 200, flatten=True)
    exact, scaled, lost = (float16.train(digits, *way, weight=float16.SMALL, epochs=4) for way in float16.WAYS.values())
    assert exact.lost == 0
    assert scaled.lost < 0.01
    assert lost.lost > 0.9
    assert exact.accuracies[-1] > 0.5
    assert scaled.accuracies == pytest.approx(exact.accuracies, abs=0.05)
    assert lost.accuracies[-1] < 0.3


def test_gradients_are_divided_by_the_scale_again() -> None:
    digits = few(100, 1, flatten=True)
    exact = float16.gradients(digits, half=False)
    half = float16.gradients(digits, half=True, scale=float16.SCALE)
    np.testing.assert_allclose(half, exact, atol=0.01 * np.abs(exact).max())


# -------------------------------------------------------------------------------------------------- augmentation
def test_augmentation_helps_where_digits_are_few() -> None:
    digits = few(400, 500)
    plain, changed, flipped = (
        augmentation.train(digits, augmentation.CASES[name], epochs=14, count=400)["val_accuracy"][-1]
        for name in ("nothing", "shift, rotate, scale", "flip")
    )
    assert changed > plain + 0.02
    assert flipped < plain - 0.05


@pytest.mark.parametrize("name", [*augmentation.SHOWN, *augmentation.WRONG])
def test_each_copy_of_a_digit_is_another(name: str) -> None:
    digit = nn.data.mnist_small().x_train[0]
    copies = augmentation.examples(digit, (augmentation.SHOWN | augmentation.WRONG)[name], 8)
    assert copies.shape == (8, 1, 28, 28)
    assert len(np.unique(copies.reshape(8, -1), axis=0)) > (3 if "flip" in name else 5)
    # With the same seed, the same.
    np.testing.assert_array_equal(
        copies, augmentation.examples(digit, (augmentation.SHOWN | augmentation.WRONG)[name], 8)
    )


def test_augmentation_draws_the_ways() -> None:
    pytest.importorskip("matplotlib", reason="digits are drawn with matplotlib")
    fig = augmentation.draw_examples(nn.data.mnist_small().x_train[0])
    titles = [title for ax in fig.axes if (title := ax.get_title(loc="left"))]
    assert titles == [*augmentation.SHOWN, *augmentation.WRONG]
