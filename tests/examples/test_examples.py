"""All lessons are scripts, and the demo learns and draws."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import minigrad as mg
from examples import lesson
from minigrad import viz

ROOT = Path(__file__).parents[2]
LESSONS = sorted(path for path in (ROOT / "examples").glob("*.py") if path.stem != "lesson")


def test_no_graphviz_leaves_a_text_tree(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: Any, **__: Any) -> bytes:
        raise viz.RenderError("no Graphviz: do this")

    monkeypatch.setattr(viz.Drawing, "_rendered", fail)
    x = mg.Tensor(2.0, requires_grad=True, name="x")
    path = lesson.save_graph(viz.draw(x * x), tmp_path, "graph")
    assert path == tmp_path / "graph.txt"
    assert path.stat().st_size
    assert "no Graphviz: do this" in capsys.readouterr().out


@pytest.mark.parametrize("script", LESSONS, ids=lambda path: path.stem)
def test_lessons_are_scripts(script: Path) -> None:
    """Each explains itself and can be run from anywhere."""
    text = script.read_text()
    assert f"python examples/{script.name}" in text
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


def test_the_table_has_every_lesson_and_its_picture() -> None:
    table = (ROOT / "examples" / "README.md").read_text()
    assert sorted(re.findall(r"\| \[\w+\.py\]\((\w+)\.py\)", table)) == [path.stem for path in LESSONS]
    pictures = re.findall(r'<img src="(img/\w+\.png)"', table)
    assert len(pictures) == len(LESSONS)
    for name in pictures:
        picture = (ROOT / "examples" / name).read_bytes()
        assert picture.startswith(b"\x89PNG")
        assert len(picture) < 60_000
