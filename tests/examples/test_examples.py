"""Each lesson runs, and gets the course's numbers."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from examples import apples, gates, two_layer_net

ROOT = Path(__file__).parents[2]
LESSONS = sorted(path for path in (ROOT / "examples").glob("*.py") if path.stem != "lesson")


# --------------------------------------------------------------------------------------------------------- gates
@pytest.mark.parametrize("name", ["AND", "NAND", "OR"])
def test_gates_by_weights(name: str) -> None:
    assert gates.gate(name, gates.INPUTS).tolist() == gates.TARGETS[name]
    w, b, mistakes = gates.perceptron_rule(gates.TARGETS[name])
    assert mistakes == 0
    assert gates.step(gates.INPUTS @ w + b).tolist() == gates.TARGETS[name]


def test_xor() -> None:
    assert gates.step([-1, 0, 1]).tolist() == [0, 0, 1]
    assert gates.xor(gates.INPUTS).tolist() == gates.TARGETS["XOR"]
    assert gates.perceptron_rule(gates.TARGETS["XOR"], epochs=200)[2] > 0
    for seed in range(3):
        assert gates.learn_xor(seed=seed)[1] == gates.TARGETS["XOR"]


# -------------------------------------------------------------------------------------------------------- apples
@pytest.mark.parametrize(
    ("graph", "value", "gradients"),
    [
        (apples.apples, 220, [2.2, 110, 200]),
        (apples.apples_and_oranges, 715, [2.2, 110, 3.3, 165, 650]),
        (apples.sum_times, -12, [-4, -4, 3]),
        (apples.square_of_sum, 49, [14, 14]),
        (apples.larger, 10, [0, 2, 5]),
        (apples.neuron, 0.731058579, [-0.196611933, 0.393223866, -0.393223866, -0.5898357997, 0.196611933]),
        (apples.fused_neuron, 0.731058579, [-0.196611933, 0.393223866, -0.393223866, -0.5898357997, 0.196611933]),
        (apples.repeat_and_sum, 70, [[[1, 1], [1, 1]], [2, 2]]),
        (apples.affine, 92, [[[22, 28]], [[1, 2, 3], [2, 4, 6]], [1, 2, 3]]),
    ],
)
def test_graphs(graph: Any, value: float, gradients: list[Any]) -> None:
    output, inputs = graph()
    assert output.item() == pytest.approx(value, abs=1e-9)
    output.backward()
    for tensor, gradient in zip(inputs, gradients, strict=True):
        np.testing.assert_allclose(tensor.grad.data, gradient, atol=1e-9)
    assert graph in apples.GRAPHS


def test_every_graph_is_drawn(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    apples.main(["--out", str(tmp_path)])
    printed = capsys.readouterr().out
    drawn = [Path(path) for path in re.findall(r"drawn in (.+)", printed)]
    assert [path.stem for path in drawn] == [graph.__name__ for graph in apples.GRAPHS]
    assert all(path.stat().st_size for path in drawn)


def test_no_graphviz_leaves_a_text_tree(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: Any, **__: Any) -> bytes:
        raise apples.viz.RenderError("no Graphviz: do this")

    monkeypatch.setattr(apples.viz.Drawing, "_rendered", fail)
    path = apples.save(apples.apples()[0], tmp_path / "graph.svg")
    assert path == tmp_path / "graph.txt"
    assert path.stat().st_size
    assert "no Graphviz: do this" in capsys.readouterr().out


# ------------------------------------------------------------------------------------------------------ training
def test_numerical_and_backprop_gradients_agree() -> None:
    differences = two_layer_net.compare_gradients(hidden=2)
    assert list(differences) == ["affine1.weight", "affine1.bias", "affine2.weight", "affine2.bias"]
    assert max(differences.values()) < 1e-8


def test_two_layer_net_learns(capsys: pytest.CaptureFixture[str]) -> None:
    _, accuracy = two_layer_net.train(epochs=4)
    assert accuracy > 0.88
    assert len(capsys.readouterr().out.splitlines()) == 4


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda path: path.stem)
def test_lessons_are_scripts(lesson: Path) -> None:
    """Each explains itself and can be run from anywhere."""
    text = lesson.read_text()
    assert f"python examples/{lesson.name}" in text
    assert 'if __name__ == "__main__":' in text


def test_a_lesson_runs_as_a_script(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", ROOT / "examples" / "gates.py"],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "two layers learn XOR: [0, 1, 1, 0]" in done.stdout
