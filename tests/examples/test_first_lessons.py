"""The lessons from the perceptron to the two-layer net: they run, and get the course's numbers."""

import itertools
import os
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import lesson
import minigrad as mg
from examples import activations, apples, gates, inference, losses, numerical_gradient, two_layer_net
from minigrad import nn, viz

SCORES = st.lists(st.floats(-1e4, 1e4), min_size=2, max_size=6)


def pictures(module: Any, folder: Path, capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[str, list[str]]:
    """Run a lesson, and return what it printed, and the names of its pictures, which are no empty files."""
    module.main(["--out", str(folder), *arguments])
    printed = capsys.readouterr().out
    drawn = [Path(path) for path in re.findall(r"drawn in (.+)", printed)]
    for path in drawn:
        data = path.read_bytes()
        assert data.startswith(b"\x89PNG") if path.suffix == ".png" else data
    return printed, [path.stem for path in drawn]


# --------------------------------------------------------------------------------------------------------- gates
@pytest.mark.parametrize("name", ["AND", "NAND", "OR"])
def test_gates_by_weights(name: str) -> None:
    assert gates.GATES[name](gates.INPUTS).tolist() == gates.TARGETS[name]
    gate, lessons = gates.learn(gates.TARGETS[name])
    assert lessons.converged
    assert gate(gates.INPUTS).tolist() == gates.TARGETS[name]


@pytest.mark.parametrize("targets", list(itertools.product([0, 1], repeat=4)))
def test_the_rule_learns_all_gates_but_two(targets: tuple[int, ...]) -> None:
    """Of the sixteen functions of two bits, no line separates XOR and its opposite."""
    assert gates.learn(list(targets))[1].converged == (targets not in {(0, 1, 1, 0), (1, 0, 0, 1)})


def test_xor() -> None:
    assert gates.xor(gates.INPUTS).tolist() == gates.TARGETS["XOR"]
    assert gates.learn(gates.TARGETS["XOR"], epochs=200)[1].mistakes[-1] > 0
    for seed in range(3):
        assert gates.learn_xor(seed=seed)(gates.INPUTS).argmax(1).tolist() == gates.TARGETS["XOR"]


def test_gates_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("matplotlib", reason="the lesson draws with matplotlib")
    printed, drawn = pictures(gates, tmp_path, capsys)
    assert " 0  1 |    0     1     1     1" in printed
    assert "perceptron rule on XOR: 4 mistakes per epoch, for ever" in printed
    assert drawn == ["gates"]


# --------------------------------------------------------------------------------------------------- activations
def test_activations_of_the_course() -> None:
    assert activations.step([-1.0, 0.0, 1.0]).tolist() == [0, 0, 1]
    np.testing.assert_allclose(
        activations.FUNCTIONS["sigmoid"]([1.0, 2.0]).numpy(), [0.73105858, 0.88079708], atol=5e-9
    )
    assert activations.FUNCTIONS["relu"]([-1.0, 0.0, 2.0]).tolist() == [0, 0, 2]
    assert activations.identity([1.0, 2.0]).tolist() == [1, 2]
    expected = [9.99954600e-01, 4.53978686e-05, 2.06106005e-09]
    np.testing.assert_allclose(activations.softmax([1010, 1000, 990]), expected, rtol=1e-8)
    assert np.isnan(activations.softmax_as_defined([1010, 1000, 990])).all()


@pytest.mark.parametrize("name", activations.FUNCTIONS)
def test_slopes_are_those_of_differences(name: str, rng: np.random.Generator) -> None:
    function = activations.FUNCTIONS[name]
    x = rng.uniform(0.1, 3, 6) * [1, -1, 1, -1, 1, -1]
    numerical = mg.numerical_gradient(lambda x: function(x).sum(), x)
    np.testing.assert_allclose(activations.slopes(function, x), numerical, atol=1e-8)


@settings(max_examples=30)
@given(st.floats(-50, 50))
def test_tanh_is_a_stretched_sigmoid(x: float) -> None:
    assert activations.tanh_by_sigmoid(x).item() == pytest.approx(np.tanh(x), abs=1e-15)


@settings(max_examples=30)
@given(SCORES, st.floats(-1e4, 1e4))
def test_softmax_is_the_library_s_and_knows_no_offset(scores: list[float], offset: float) -> None:
    found = activations.softmax(scores)
    np.testing.assert_allclose(found, mg.softmax(np.array(scores), axis=-1).numpy(), atol=1e-15)
    np.testing.assert_allclose(found, activations.softmax(np.array(scores) + offset), atol=1e-10)
    assert found.sum() == pytest.approx(1)


def test_activations_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("matplotlib", reason="the lesson draws with matplotlib")
    assert pictures(activations, tmp_path, capsys)[1] == ["activations", "activations_tanh"]


# -------------------------------------------------------------------------------------------------------- losses
def test_losses_of_the_course() -> None:
    right, unsure = (losses.of_an_answer(y, losses.DIGIT) for y in losses.ANSWERS.values())
    assert right["half squared error"] == pytest.approx(0.0975)
    assert unsure["half squared error"] == pytest.approx(0.4225)
    assert right["sum of squared errors"] == pytest.approx(2 * 0.0975)
    assert right["mean squared error"] == pytest.approx(2 * 0.0975 / 10)
    assert right["cross-entropy"] == pytest.approx(-np.log(0.6))
    assert unsure["cross-entropy"] == pytest.approx(-np.log(0.1))


@pytest.mark.parametrize("targets", [[0, 1], [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]])
def test_softmax_with_loss(targets: Any) -> None:
    loss, gradient = losses.softmax_with_loss(np.log(losses.PROBABILITIES), targets)
    assert loss == pytest.approx(1.95601151, abs=2e-8)
    np.testing.assert_allclose(gradient, [[-0.4, 0.05, 0.35], [0.15, -0.45, 0.3]], atol=1e-12)


@settings(max_examples=30)
@given(SCORES, st.data())
def test_the_gradient_is_answer_less_target(scores: list[float], data: st.DataObject) -> None:
    weights = np.array(data.draw(st.lists(st.floats(0.1, 1), min_size=len(scores), max_size=len(scores))))
    target = weights / weights.sum()
    gradient = losses.softmax_with_loss([scores], [target])[1][0]
    np.testing.assert_allclose(gradient, activations.softmax(scores) - target, atol=1e-12)


@pytest.mark.parametrize("kind", ["REGRESSION", "CLASSIFICATION"])
def test_slopes_of_losses(kind: str) -> None:
    x = np.array([-2.5, -0.3, 0.4, 3.7])
    for loss in getattr(losses, kind).values():
        values, slopes = losses.values_and_slopes(loss, x)
        numerical = mg.numerical_gradient(lambda x, loss=loss: loss(mg.asarray(x)).sum(), x)
        np.testing.assert_allclose(slopes, numerical, atol=1e-8)
        assert (values >= 0).all()


def test_what_teaches_where_the_answer_is_surely_wrong() -> None:
    far = np.array([-20.0])
    slope = {name: losses.values_and_slopes(loss, far)[1][0] for name, loss in losses.CLASSIFICATION.items()}
    assert abs(slope["squared error of sigmoid"]) < 1e-8
    assert slope["cross-entropy"] == pytest.approx(-1)
    assert slope["hinge"] == -1


def test_losses_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("matplotlib", reason="the lesson draws with matplotlib")
    printed, drawn = pictures(losses, tmp_path, capsys)
    assert re.findall(r"of a .+: (\d+\.\d)", printed) == ["2.9", "0.0", "12.9"]
    assert drawn == ["losses"]


# --------------------------------------------------------------------------------------------- numerical gradient
@pytest.mark.parametrize(
    ("function", "x", "expected"),
    [
        (numerical_gradient.curve, 5.0, 0.2),
        (numerical_gradient.curve, 10.0, 0.3),
        (numerical_gradient.bowl, [3.0, 4.0], [6, 8]),
        (numerical_gradient.bowl, [0.0, 2.0], [0, 4]),
        (numerical_gradient.bowl, [3.0, 0.0], [6, 0]),
    ],
)
def test_gradients_by_both_ways(function: Any, x: Any, expected: Any) -> None:
    np.testing.assert_allclose(numerical_gradient.backprop(function, x), expected, rtol=1e-14)
    np.testing.assert_allclose(mg.numerical_gradient(function, x), expected, atol=1e-9)


def test_descent_of_the_course() -> None:
    np.testing.assert_allclose(numerical_gradient.descend(0.1)[-1], [6.11110793e-10, 8.14814391e-10], rtol=1e-8)
    assert np.linalg.norm(numerical_gradient.descend(10)[-1]) > 1e100
    np.testing.assert_allclose(numerical_gradient.descend(1e-10)[-1], [3, 4], atol=1e-7)


def test_neither_large_nor_tiny_steps_are_good() -> None:
    forward, central = numerical_gradient.step_errors(1.0, np.array([1e-1, 1e-5, 1e-15]))
    for error in forward, central:
        assert error[1] < error[0] / 100
        assert error[1] < error[2] / 100
    assert (central[:2] < forward[:2] / 10).all()


def test_numerical_gradient_runs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("matplotlib", reason="the lesson draws with matplotlib")
    printed, drawn = pictures(numerical_gradient, tmp_path, capsys, "--hidden", "1")
    assert all(float(difference) < 1e-8 for difference in re.findall(r"largest difference (\S+)", printed))
    assert re.search(r"805 parameters by differences: .+ s; by backpropagation: .+ ms", printed)
    assert drawn == ["numerical_gradient"]


# ----------------------------------------------------------------------------------------------------- inference
def test_the_tiny_network() -> None:
    scores = inference.tiny_network()([1.0, 2.0])
    np.testing.assert_allclose(scores.detach().numpy(), [3.999858152, 5.999728596], atol=5e-10)
    np.testing.assert_allclose(mg.softmax(scores).detach().numpy(), [0.119216525, 0.880783475], atol=5e-10)


def test_trained_weights_classify_as_they_must() -> None:
    if not os.environ.get("MINIGRAD_DATA"):
        pytest.skip("MINIGRAD_DATA names no folder with MNIST and the trained weights")
    file = inference.trained_weights()
    assert file is not None
    found = nn.data.mnist(flatten=True)
    for batch in (1, 100):
        answers, seconds = inference.classify(inference.load(file), found.x_test, batch, repeats=1)
        assert (answers == found.t_test).sum() == 9352
        assert seconds > 0


def test_weights_from_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("MINIGRAD_DATA", raising=False)
    assert inference.trained_weights() is None
    assert "MINIGRAD_DATA names no folder" in capsys.readouterr().out
    monkeypatch.setenv("MINIGRAD_DATA", str(tmp_path))
    assert inference.trained_weights() is None
    file = tmp_path / "seed-weights" / "three_layer.npz"
    assert f"there is no {file}" in capsys.readouterr().out

    tiny = inference.tiny_network()
    arrays = {name: parameter.data for name, parameter in tiny.named_parameters()}
    renamed = {f"{'W' if 'weight' in name else 'b'}{name[6]}": array for name, array in arrays.items()}
    file.parent.mkdir()
    np.savez(file, **renamed)
    assert inference.trained_weights() == file
    assert inference.load(file)([1.0, 2.0]).tolist() == tiny([1.0, 2.0]).tolist()


def test_inference_trains_where_there_are_no_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("matplotlib", reason="the lesson draws with matplotlib")
    monkeypatch.delenv("MINIGRAD_DATA", raising=False)
    printed, drawn = pictures(inference, tmp_path, capsys)
    right = {int(count) for count in re.findall(r"(\d+) +1,000 +\d\.\d{3} ", printed)}
    assert len(right) == 1  # however many at a time
    assert right.pop() > 850
    assert drawn == ["inference_tiny", "inference_misclassified", "inference_confusion"]


# -------------------------------------------------------------------------------------------------------- apples
NEURON = [-0.196611933, 0.393223866, -0.393223866, -0.5898357997, 0.196611933]
AT_SCORES = [[-0.4, 0.05, 0.35], [0.15, -0.45, 0.3]]


@pytest.mark.parametrize(
    ("graph", "value", "gradients"),
    [
        (apples.apples, 220, [2.2, 110, 200]),
        (apples.apples_and_oranges, 715, [2.2, 110, 3.3, 165, 650]),
        (apples.sum_times, -12, [-4, -4, 3]),
        (apples.square_of_sum, 49, [14, 14]),
        (apples.larger, 10, [0, 2, 5]),
        (apples.neuron, 0.731058579, NEURON),
        (apples.fused_neuron, 0.731058579, NEURON),
        (apples.repeat_and_sum, 70, [[[1, 1], [1, 1]], [2, 2]]),
        (apples.affine, 92, [[[22, 28]], [[1, 2, 3], [2, 4, 6]], [1, 2, 3]]),
        (apples.affine_batch, 201, [[[9, 12], [18, 24]], [[7, 7, 7], [10, 10, 10]], [3, 3, 3]]),
        (apples.softmax_with_loss, 1.956011503, [AT_SCORES]),
        (apples.softmax_with_loss_in_steps, 1.956011503, [AT_SCORES]),
    ],
)
def test_graphs(graph: Any, value: float, gradients: list[Any]) -> None:
    output, inputs = graph()
    assert output.item() == pytest.approx(value, abs=1e-9)
    output.backward()
    for tensor, gradient in zip(inputs, gradients, strict=True):
        np.testing.assert_allclose(tensor.grad.data, gradient, atol=1e-9)
    assert graph in apples.GRAPHS


def test_the_loss_is_one_op_or_several() -> None:
    fused, steps = (viz.draw(graph()[0]) for graph in (apples.softmax_with_loss, apples.softmax_with_loss_in_steps))
    assert fused.picture.total == 1
    assert steps.picture.total > 5


def test_every_graph_is_drawn(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert pictures(apples, tmp_path, capsys)[1] == [graph.__name__ for graph in apples.GRAPHS]


def test_no_graphviz_leaves_a_text_tree(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: Any, **__: Any) -> bytes:
        raise viz.RenderError("no Graphviz: do this")

    monkeypatch.setattr(viz.Drawing, "_rendered", fail)
    path = lesson.save_graph(viz.draw(apples.apples()[0]), tmp_path, "graph")
    assert path == tmp_path / "graph.txt"
    assert path.stat().st_size
    assert "no Graphviz: do this" in capsys.readouterr().out


# ------------------------------------------------------------------------------------------------- two-layer net
SMALL = nn.data.mnist_small(flatten=True)


def test_numerical_and_backprop_gradients_agree() -> None:
    differences = two_layer_net.compare_gradients(SMALL, hidden=2)
    assert list(differences) == ["affine1.weight", "affine1.bias", "affine2.weight", "affine2.bias"]
    assert max(differences.values()) < 1e-8


def test_a_wrong_gradient_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(two_layer_net.mg, "relu", lambda x: mg.where(x.detach() > 0, 1.01 * x - 0.01 * x.detach(), 0.0))
    differences = two_layer_net.compare_gradients(SMALL, hidden=2)
    assert differences["affine1.weight"] > 1e-4
    assert differences["affine2.weight"] < 1e-8


def test_two_layer_net_learns() -> None:
    result = two_layer_net.train(SMALL, steps=230)
    assert len(result.losses) == 230
    assert {name: len(values) for name, values in result.accuracies.items()} == {"training": 5, "test": 5}
    assert np.mean(result.losses[-20:]) < np.mean(result.losses[:20]) / 3
    assert result.accuracies["test"][-1] > 0.86
    assert two_layer_net.train(SMALL, steps=230).losses == result.losses


def test_small_last_steps_settle() -> None:
    """Large steps make the accuracy jump from epoch to epoch to the end, unless the learning rate falls to 0."""
    jumps = []
    for cosine in (False, True):
        accuracies = two_layer_net.train(SMALL, 400, lr=1.0, cosine=cosine).accuracies["training"]
        jumps.append(np.abs(np.diff(accuracies[-3:])).max())
    assert jumps[1] < jumps[0] / 3


def test_two_layer_net_runs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("matplotlib", reason="the lesson draws with matplotlib")
    printed, drawn = pictures(two_layer_net, tmp_path, capsys, "--steps", "60")
    assert "60 steps, seed 0" in printed
    assert drawn == ["two_layer_net"]


@pytest.mark.slow
def test_two_layer_net_reaches_the_course_on_all_of_mnist() -> None:
    if not os.environ.get("MINIGRAD_DATA"):
        pytest.skip("MINIGRAD_DATA names no folder with the whole of MNIST")
    found = nn.data.mnist(flatten=True)
    assert two_layer_net.train(found, 10_000).accuracies["test"][-1] >= 0.969
    assert two_layer_net.train(found, 10_000, lr=0.5, cosine=True).accuracies["test"][-1] >= 0.973
