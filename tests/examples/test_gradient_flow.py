"""The lesson on deep networks: one loses its gradient, the other keeps it."""

import re
from pathlib import Path

import pytest

from examples import gradient_flow, lesson


def test_the_lesson(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("matplotlib", reason="the lesson draws with matplotlib")
    gradient_flow.main(["--out", str(tmp_path), "--epochs", "1"])
    printed = capsys.readouterr().out
    assert "error: vanishing" in printed
    assert re.search(r"it is lost little by little in sigmoid \(× \S+ in 10 of them\)", printed)
    assert "nothing found" in printed
    times = re.search(r"arrives is ([\d,]+) times as large", printed)
    assert times is not None
    assert int(times[1].replace(",", "")) > 1e5
    for name in ("gradient_flow", "gradient_flow_curves"):
        assert (tmp_path / f"{name}.png").read_bytes().startswith(b"\x89PNG")


def test_one_learns_and_the_other_does_not() -> None:
    found = lesson.digits(full=False, flatten=True)
    sigmoids = gradient_flow.run(gradient_flow.sigmoids(), found, epochs=2)
    skips = gradient_flow.run(gradient_flow.skips(), found, epochs=2)
    assert not sigmoids.before.ok
    assert skips.before.findings == []
    assert sigmoids.history["val_accuracy"][-1] < 0.2
    assert skips.history["val_accuracy"][-1] > 0.85
    first = [max(run.flow.of("layer1.affine", "level")) for run in (sigmoids, skips)]
    assert first[0] < 1e-4 < 0.1 < first[1]
