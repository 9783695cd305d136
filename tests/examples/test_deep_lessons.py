"""The lessons on deep networks and on language: what they claim comes out, in short runs."""

import math
import re
from pathlib import Path

import numpy as np
import pytest

import minigrad as mg
from examples import deep_convnet, language_model, residual
from minigrad.nn import data


@pytest.fixture(scope="module")
def few() -> data.TrainTest:
    """Return 1,000 digits to learn from, and 200 to test with."""
    found = data.mnist_small()
    return data.TrainTest(found.x_train[:1000], found.t_train[:1000], found.x_test[:200], found.t_test[:200])


def flat(found: data.TrainTest) -> data.TrainTest:
    return found._replace(x_train=found.x_train.reshape(-1, 784), x_test=found.x_test.reshape(-1, 784))


def drawn(capsys: pytest.CaptureFixture[str]) -> tuple[str, list[str]]:
    """Return what a lesson printed, and the names of the files that it says it drew, which are there."""
    printed = capsys.readouterr().out
    paths = [Path(path) for path in re.findall(r"drawn in (.+)", printed)]
    assert all(path.stat().st_size for path in paths)
    return printed, [path.stem for path in paths]


# ------------------------------------------------------------------------------------------------- deep convolutional
def test_the_averages_are_what_is_tested(few: data.TrainTest) -> None:
    part = few._replace(x_train=few.x_train[:300], t_train=few.t_train[:300])
    result = deep_convnet.train(part, epochs=2, batch_size=20, progress=False)
    assert result.accuracy == pytest.approx((result.predictions == few.t_test).mean())
    with mg.no_grad():
        again = result.model.eval()(few.x_test).argmax(1).numpy()
    np.testing.assert_array_equal(again, result.predictions)
    rates = result.history["lr"]
    assert rates[0] > rates[1]
    assert rates[1] < 1e-5 * deep_convnet.PEAK  # the last step is as good as none


def test_a_run_goes_on_from_its_checkpoint(few: data.TrainTest, tmp_path: Path) -> None:
    pytest.importorskip("safetensors", reason="checkpoints are safetensors files")
    part = few._replace(x_train=few.x_train[:400], t_train=few.t_train[:400], x_test=few.x_test[:20])
    part = part._replace(t_test=few.t_test[:20])
    first = deep_convnet.train(part, epochs=1, batch_size=20, seed=3, checkpoint=tmp_path, progress=False)
    again = deep_convnet.train(part, epochs=1, batch_size=20, seed=3, checkpoint=tmp_path, progress=False)
    assert again.history.losses == first.history.losses  # it was finished already
    assert len(first.history.losses) == 20


def test_augmentation_shows_other_images(few: data.TrainTest) -> None:
    part = few._replace(x_train=few.x_train[:200], t_train=few.t_train[:200])
    changed, same = (deep_convnet.train(part, 1, 10, augmented=a, progress=False).history.losses for a in (True, False))
    assert changed != same
    assert changed == deep_convnet.train(part, 1, 10, progress=False).history.losses


def test_deep_convnet_prints_and_draws(
    few: data.TrainTest, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("matplotlib", reason="the lesson draws")
    monkeypatch.setattr(deep_convnet, "digits", lambda full: few)
    deep_convnet.main(["--epochs", "1", "--out", str(tmp_path)])
    printed, names = drawn(capsys)
    assert names == ["deep_convnet_curves", "deep_convnet_confusion", "deep_convnet_misclassified"]
    assert re.search(r"after 1 epochs and \d+ s: accuracy 0\.\d{4} on the test digits", printed)


@pytest.mark.slow
def test_deep_convnet_learns_the_bundled_digits() -> None:
    assert deep_convnet.train(data.mnist_small(), epochs=8, batch_size=50, progress=False).accuracy > 0.95


# ----------------------------------------------------------------------------------------------------------- residual
def test_only_residual_networks_keep_the_gradient(few: data.TrainTest) -> None:
    x, t = flat(few).x_train[:100], few.t_train[:100]
    sizes = {name: residual.gradient_sizes(residual.network(name), x, t) for name in residual.LAYERS}
    assert all(len(found) == 42 for found in sizes.values())
    through = {name: found[0] / found[-1] for name, found in sizes.items()}
    assert through["sigmoid"] < 1e-20
    # Each layer halves the squares of the values and of the gradients: 1/√2 for the size, on both ways together.
    assert 2**-22 < max(sizes["ReLU, Xavier"]) / sizes["ReLU, He"][-1] < 2**-18
    assert through["batch norm"] > 300
    assert 0.2 < through["ReLU, He"] < 5
    assert 0.2 < through["batch norm, residual"] < 5


def test_the_residual_network_learns_and_its_plain_twin_does_not(few: data.TrainTest) -> None:
    digits = flat(few)
    plain, shortcut = (
        residual.train(residual.network(name), digits, epochs=4)["val_accuracy"][-1]
        for name in ("batch norm", "batch norm, residual")
    )
    assert plain < 0.2
    assert shortcut > 0.5


def test_the_block_sums_two_paths() -> None:
    text = residual.draw_block().text
    assert "the sum over 2 uses" in text


def test_residual_prints_and_draws(
    few: data.TrainTest, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("matplotlib", reason="the lesson draws")
    monkeypatch.setattr(residual, "digits", lambda full, flatten: flat(few))
    residual.main(["--depth", "3", "--epochs", "1", "--out", str(tmp_path)])
    printed, names = drawn(capsys)
    assert names == ["residual_gradients", "residual_learning", "residual_block"]
    assert all(f"\n{name} " in printed for name in residual.LAYERS)
    first, last = (
        re.findall(rf"56 layers, {name} +([\d.e+-]+)", printed) for name in ("without shortcuts", "residual")
    )
    assert float(first[0]) > 30 * float(last[0])


# ----------------------------------------------------------------------------------------------------- language model
@pytest.fixture(scope="module")
def sonnets() -> str:
    return language_model.TEXT.read_text("ascii")


def test_the_sonnets_are_whole(sonnets: str) -> None:
    poems = [poem.split("\n") for poem in sonnets.rstrip("\n").split("\n\n")]
    assert len(poems) == 154
    assert {n: len(lines) for n, lines in enumerate(poems, 1) if len(lines) != 14} == {99: 15, 126: 12}
    assert poems[17][0] == "Shall I compare thee to a summer's day?"
    assert all(line == line.strip() and line for poem in poems for line in poem)
    readme = (language_model.TEXT.parent / "README.md").read_text()
    assert f"{len(sonnets):,} characters, of which {len(set(sonnets))} are different" in readme


def test_text_and_windows(sonnets: str) -> None:
    text = language_model.Text(sonnets)
    assert text.decode(text.train) + text.decode(text.test) == sonnets
    x, t = language_model.windows(text.train, 32)
    assert x.shape == t.shape == ((len(text.train) - 65) // 32 + 1, 64)
    np.testing.assert_array_equal(x[:, 1:], t[:, :-1])
    np.testing.assert_array_equal(x[2], text.train[64:128])


def test_frequencies_cost_their_entropy() -> None:
    text = language_model.Text("ab" * 5000)
    assert language_model.frequency_bits(text) == pytest.approx(1, abs=1e-6)


def test_the_state_is_all_that_the_lstm_needs(sonnets: str) -> None:
    model = language_model.CharacterLSTM(20, 16, np.random.default_rng(0))
    written = model.generate([3, 1, 4], 6, temperature=1e-6, rng=np.random.default_rng(0))
    assert written[:3].tolist() == [3, 1, 4]
    for n in range(3, 9):  # read from the start for each character, it takes the same ones
        assert int(model(written[None, :n]).argmax(-1).numpy()[0, -1]) == written[n]


def test_both_networks_learn_the_language(sonnets: str) -> None:
    text = language_model.Text(sonnets[:40_000])
    before = math.log2(len(text.characters))
    for model in language_model.models(len(text.characters)).values():
        history = language_model.train(model, text, epochs=1)
        assert history.losses[0] / math.log(2) > 0.95 * before
        assert history["val_loss"][-1] / math.log(2) < language_model.frequency_bits(text) - 0.3
        assert language_model.write(model, text, 20) == language_model.write(model, text, 20)


def test_language_model_prints_and_draws(
    sonnets: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("matplotlib", reason="the lesson draws")
    short = tmp_path / "short.txt"
    short.write_text(sonnets[:12000] + "Shall I")
    monkeypatch.setattr(language_model, "TEXT", short)
    language_model.main(["--epochs", "1", "--out", str(tmp_path)])
    printed, names = drawn(capsys)
    assert names == ["language_model_curves"]
    assert printed.count("Shall I ") == 4
    assert len(re.findall(r"bits per character, perplexity \d", printed)) == 2
