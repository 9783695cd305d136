"""All lessons are scripts, and the demo learns and draws."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from examples import convnet

ROOT = Path(__file__).parents[2]
LESSONS = sorted(path for path in (ROOT / "examples").glob("*.py") if path.stem != "lesson")


def test_no_graphviz_leaves_a_text_tree(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: Any, **__: Any) -> bytes:
        raise convnet.viz.RenderError("no Graphviz: do this")

    monkeypatch.setattr(convnet.viz.Drawing, "_rendered", fail)
    path = convnet.draw_graph(convnet.ConvNet(np.random.default_rng(0)), tmp_path / "graph.svg")
    assert path == tmp_path / "graph.txt"
    assert path.stat().st_size
    assert "no Graphviz: do this" in capsys.readouterr().out


def test_convnet_learns_and_draws(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    result = convnet.train(epochs=2, count=1000, progress=False)
    assert len(result.losses) == 20
    assert np.mean(result.losses[-5:]) < np.mean(result.losses[:5]) / 2
    assert result.accuracy > 0.75
    again = convnet.train(epochs=2, count=1000, progress=False)
    assert again.losses == result.losses
    assert capsys.readouterr().out.count("accuracy") == 4

    pytest.importorskip("matplotlib")
    curve = convnet.draw_losses(result.losses, tmp_path / "loss.png")
    filters = convnet.draw_filters(
        result.filters_before, result.model.conv1.weight.data, tmp_path / "filters.png"
    )
    for path in (curve, filters):
        assert path.read_bytes().startswith(b"\x89PNG")


@pytest.mark.slow
def test_the_demo_reaches_its_accuracy(tmp_path: Path) -> None:
    assert convnet.train(progress=False).accuracy >= 0.95


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda path: path.stem)
def test_lessons_are_scripts(lesson: Path) -> None:
    """Each explains itself and can be run from anywhere."""
    text = lesson.read_text()
    assert f"python examples/{lesson.name}" in text
    assert 'if __name__ == "__main__":' in text


def test_a_lesson_runs_as_a_script(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", ROOT / "examples" / "gates.py", "--out", tmp_path],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "two layers learn XOR: [0, 1, 1, 0]" in done.stdout
