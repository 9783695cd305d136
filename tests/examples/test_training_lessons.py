"""The lessons on fitting and training: the course's findings come out, in short runs."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from examples import (
    batch_norm,
    hyperparameters,
    initialization,
    lesson,
    linear_regression,
    logistic_regression,
    optimizers,
    regularization,
)
from minigrad import nn
from minigrad.nn import data


@pytest.fixture(scope="module")
def few() -> data.TrainTest:
    """Return 1,000 digits to learn from, and 1,000 to test with."""
    found = data.mnist_small(flatten=True)
    return found._replace(x_train=found.x_train[:1000], t_train=found.t_train[:1000])


def test_network() -> None:
    model = lesson.network([8, 5, 4, 3], nn.Tanh, batch_norm=True, rng=np.random.default_rng(0))
    assert [type(layer) for layer in model] == [nn.Affine, nn.BatchNorm1d, nn.Tanh] * 2 + [nn.Affine]
    assert model(np.zeros((6, 8), np.float32)).shape == (6, 3)


def pictures(capsys: pytest.CaptureFixture[str]) -> tuple[str, list[str]]:
    """Return what a lesson printed, and the names of the pictures that it says it drew, which are there."""
    printed = capsys.readouterr().out
    paths = [Path(path) for path in re.findall(r"drawn in (.+)", printed)]
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in paths)
    return printed, [path.stem for path in paths]


# ------------------------------------------------------------------------------------------------- linear regression
def test_least_squares_and_descent_agree() -> None:
    sklearn = pytest.importorskip("sklearn.linear_model", reason="the diabetes data come with scikit-learn")
    patients = linear_regression.patients()
    x, t = patients.x_train, patients.t_train
    exact = linear_regression.least_squares(x, t)
    np.testing.assert_allclose(exact, sklearn.LinearRegression().fit(x, t).coef_.T, atol=1e-5)
    distances = linear_regression.approach(patients, (10, 100, 4000))
    errors, weights = zip(*distances, strict=True)
    assert errors[0] > errors[1] > errors[2]
    # The error is nearly the least when the weights are still far away.
    assert errors[1] < 0.01
    assert weights[1] > 0.1
    assert weights[2] < 1e-3


def test_fewer_examples_at_a_step_are_more_steps_that_wander() -> None:
    pytest.importorskip("sklearn", reason="the diabetes data come with scikit-learn")
    patients = linear_regression.patients()
    x, t = patients.x_train, patients.t_train
    runs = {name: linear_regression.descend(x, t, size, epochs=8) for name, size in linear_regression.KINDS.items()}
    steps = {name: len(run.path) - 1 for name, run in runs.items()}
    assert steps == {"stochastic": 8 * 354, "mini-batch": 8 * 12, "batch": 8}
    assert all(np.diff(runs["batch"].errors) < 0)
    assert runs["mini-batch"].errors[-1] < runs["batch"].errors[-1]
    assert max(np.diff(runs["stochastic"].errors)) > 0


def test_linear_regression_prints_and_draws(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("sklearn", reason="the diabetes data come with scikit-learn")
    pytest.importorskip("matplotlib", reason="the lesson draws")
    linear_regression.main(["--epochs", "2", "--out", str(tmp_path)])
    printed, names = pictures(capsys)
    assert names == ["linear_regression_paths", "linear_regression"]
    assert "R²: 0.503 in training, 0.556 on other patients" in printed


# ----------------------------------------------------------------------------------------------- logistic regression
def test_standardization_decides() -> None:
    pytest.importorskip("sklearn", reason="the breast cancer data come with scikit-learn")
    raw, found = logistic_regression.tumours(standardized=False), logistic_regression.tumours()
    runs = logistic_regression.scales(raw, found, 50)
    *as_measured, standardized = [run.history["loss"][-1] for run in runs.values()]
    assert standardized < 0.1
    assert min(as_measured) > 3 * standardized
    assert runs["standardized, lr 0.5"].evaluate((found.x_test, found.t_test))["accuracy"] > 0.93


def test_two_measurements_tell_much() -> None:
    pytest.importorskip("sklearn", reason="the breast cancer data come with scikit-learn")
    model, pair, accuracy = logistic_regression.two_measurements(epochs=30)
    assert accuracy > 0.88
    assert pair.x_test.max() > 20  # as measured: the model standardizes for itself
    assert model(pair.x_test).shape == (114, 1)


def test_logistic_regression_prints_and_draws(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("sklearn", reason="the breast cancer data come with scikit-learn")
    pytest.importorskip("matplotlib", reason="the lesson draws")
    logistic_regression.main(["--epochs", "4", "--out", str(tmp_path)])
    printed, names = pictures(capsys)
    assert names == ["logistic_regression"]
    counts = re.findall(r"^(?:malignant|benign) +(\d+) +(\d+)$", printed, re.MULTILINE)
    assert [sum(map(int, row)) for row in counts] == [43, 71]


# ---------------------------------------------------------------------------------------------------- regularization
def test_polynomials_under_and_overfit() -> None:
    fits = {degree: regularization.fit(degree) for degree in (1, 3, 14)}
    assert fits[1].training > fits[3].training > fits[14].training
    assert fits[3].held < fits[1].held < fits[14].held
    rng = np.random.default_rng(0)
    x, t = regularization.measured(16, rng)
    least_squares = np.polynomial.Legendre.fit(x, t, 3, domain=[-1, 1]).coef
    np.testing.assert_allclose(fits[3].model.weight.data[:, 0], least_squares, atol=1e-6)


def test_a_penalty_tames_the_rich_polynomial() -> None:
    held = [regularization.fit(14, decay).held for decay in (1e-8, 1e-2, 10.0)]
    assert held[1] < 0.2 < held[2] < held[0]


def test_l1_makes_zeros_and_l2_does_not() -> None:
    pytest.importorskip("sklearn", reason="the diabetes data come with scikit-learn")
    weights = {name: regularization.penalized(*s)[0] for name, s in regularization.STRENGTHS.items()}
    zeros = {name: int((np.abs(w) < 1e-3).sum()) for name, w in weights.items()}
    assert zeros == {"none": 0, "L2": 0, "L1": 5}
    assert np.linalg.norm(weights["L2"]) < np.linalg.norm(weights["none"])


def test_weight_decay_narrows_the_gap() -> None:
    gaps = []
    for decay in (0.0, 0.1):
        history = regularization.small_set(decay, epochs=120)
        gaps.append(history["accuracy"][-1] - history["val_accuracy"][-1])
    assert gaps[0] > 0.25
    assert gaps[1] < gaps[0] - 0.05


def test_regularization_prints_and_draws(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("sklearn", reason="the diabetes data come with scikit-learn")
    pytest.importorskip("matplotlib", reason="the lesson draws")
    regularization.main(["--epochs", "2", "--out", str(tmp_path)])
    assert pictures(capsys)[1] == ["regularization", "regularization_weights"]


# -------------------------------------------------------------------------------------------------------- optimizers
def test_paths_down_the_valley() -> None:
    paths = {name: optimizers.path(make) for name, make in optimizers.VALLEY.items()}
    assert list(paths) == ["SGD", "Momentum", "Nesterov", "AdaGrad", "RMSprop", "Adam"]
    for points in paths.values():
        assert points.shape == (31, 2)
        assert points[0].tolist() == [-7, 2]
        assert optimizers.valley(*points[-1]) < 0.15
    # By hand: x shrinks by 1 - 0.95 / 10, y by 1 - 2 · 0.95 and so changes its side, at each step.
    n = np.arange(31)
    np.testing.assert_allclose(paths["SGD"], np.stack([-7 * 0.905**n, 2 * (-0.9) ** n], 1), rtol=1e-12)
    # Momentum swings, too, and Nesterov's look ahead damps it; scaled by the gradients, y falls and stays.
    lowest = {name: points[:, 1].min() for name, points in paths.items()}
    assert lowest["SGD"] < lowest["Momentum"] < lowest["Nesterov"] < -0.5
    assert min(lowest["AdaGrad"], lowest["RMSprop"]) > -0.01


def test_all_but_sgd_learn_digits_fast(few: data.TrainTest) -> None:
    losses = {name: np.mean(optimizers.learn(few, make, epochs=6)[0][-10:]) for name, make in optimizers.DIGITS.items()}
    assert all(losses[name] < losses["SGD"] / 2 for name in losses if name != "SGD")


def test_optimizers_print_and_draw(tmp_path: Path, capsys: pytest.CaptureFixture[str], small: None) -> None:
    pytest.importorskip("matplotlib", reason="the lesson draws")
    optimizers.main(["--epochs", "1", "--out", str(tmp_path)])
    assert pictures(capsys)[1] == ["optimizer_paths", "optimizers_digits"]


# ---------------------------------------------------------------------------------------------------- initialization
def test_first_weights_saturate_collapse_or_spread() -> None:
    last: dict[Any, Any] = {
        (name, init): initialization.activations(name, init)
        for name in initialization.ACTIVATIONS
        for init in initialization.INITIALIZERS
    }
    saturated = {init: initialization.saturated(last["sigmoid", init][-1]) for init in initialization.INITIALIZERS}
    assert saturated["std 1"] > 0.5
    assert max(value for init, value in saturated.items() if init != "std 1") < 0.01
    assert last["sigmoid", "std 0.01"][-1].std() < 0.02 < 0.1 < last["sigmoid", "Xavier"][-1].std()
    assert last["tanh", "std 0.01"][-1].std() < 1e-4 < 0.3 < last["tanh", "Xavier"][-1].std()
    assert last["relu", "std 0.01"][-1].std() < 1e-5
    assert last["relu", "std 1"][-1].std() > 1e4
    # relu halves the mean square, which He's weights make up for.
    squares = {init: [np.square(y).mean() for y in last["relu", init]] for init in ("Xavier", "He")}
    assert squares["Xavier"][-1] < squares["Xavier"][0] / 8
    assert 0.5 < squares["He"][-1] / squares["He"][0] < 2


def test_zeros_do_not_learn(few: data.TrainTest) -> None:
    trainer, accuracy = initialization.learn(few, "zeros", epochs=3)
    parameters = dict(trainer.model.named_parameters())
    assert all((parameters[name].data == 0).all() for name in parameters if name != "affine5.bias")
    assert accuracy < 0.15
    losses = {name: initialization.learn(few, name, epochs=10)[0].history["loss"][-1] for name in ("std 0.01", "He")}
    assert losses["He"] < 1.9
    assert losses["std 0.01"] > 2.29


def test_initialization_prints_and_draws(tmp_path: Path, capsys: pytest.CaptureFixture[str], small: None) -> None:
    pytest.importorskip("matplotlib", reason="the lesson draws")
    initialization.main(["--epochs", "1", "--out", str(tmp_path)])
    names = ["sigmoid", "tanh", "relu", "losses"]
    assert pictures(capsys)[1] == [f"initialization_{name}" for name in names]


# ------------------------------------------------------------------------------------------------ batch normalization
def test_batch_normalization_learns_from_nearly_any_weights(few: data.TrainTest) -> None:
    for std in (0.0052, 0.019):
        with_it, without = (batch_norm.learn(few, std, on, epochs=8)[-1] for on in (True, False))
        assert with_it > 0.85
        assert without < 0.2


def test_batch_norm_prints_and_draws(tmp_path: Path, capsys: pytest.CaptureFixture[str], small: None) -> None:
    pytest.importorskip("matplotlib", reason="the lesson draws")
    batch_norm.main(["--epochs", "2", "--out", str(tmp_path)])
    printed, names = pictures(capsys)
    assert names == ["batch_norm"]
    assert len(re.findall(r"^ +[\d.]+ +0\.\d+ +0\.\d+$", printed, re.MULTILINE)) == 8


@pytest.mark.slow
def test_batch_norm_on_all_of_mnist_reaches_the_course() -> None:
    try:
        found = data.mnist(flatten=True, download=False)
    except FileNotFoundError:
        pytest.skip("the whole of MNIST is not present: set MINIGRAD_DATA")
    assert batch_norm.best(found, epochs=20).history["val_accuracy"][-1] >= 0.978


# --------------------------------------------------------------------------------------------------- hyperparameters
def test_the_search_finds_the_large_learning_rates(few: data.TrainTest) -> None:
    trials = hyperparameters.search(data.Samples(few.x_train[:250], few.t_train[:250]), trials=12, epochs=25)
    assert len(trials) == 12
    assert [t.accuracy for t in trials] == sorted((t.accuracy for t in trials), reverse=True)
    assert all(1e-6 <= t.lr <= 1e-2 and 1e-8 <= t.weight_decay <= 1e-4 for t in trials)
    assert trials[0].lr > np.median([t.lr for t in trials])
    assert trials[0].accuracy > trials[-1].accuracy + 0.1


def test_hyperparameters_print_and_draw(tmp_path: Path, capsys: pytest.CaptureFixture[str], small: None) -> None:
    pytest.importorskip("matplotlib", reason="the lesson draws")
    hyperparameters.main(["--trials", "3", "--epochs", "2", "--out", str(tmp_path)])
    printed, names = pictures(capsys)
    assert names == ["hyperparameters"]
    assert re.search(r"test accuracy 0\.\d+", printed)


@pytest.fixture
def small(few: data.TrainTest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the lessons find few digits."""
    for module in (optimizers, initialization, batch_norm, hyperparameters):
        monkeypatch.setattr(module, "digits", lambda full, flatten: few)
