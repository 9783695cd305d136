"""The fixture that the plugin brings to every project with minigrad installed."""

import subprocess
import sys
from pathlib import Path

TESTS = """
import numpy as np
import minigrad as mg

def test_right(check_gradients):
    check_gradients(lambda x, w: mg.tanh(x @ w), np.ones((2, 3)), np.ones((3, 2)))

def test_wrong(check_gradients):
    wrong = mg.elementwise(np.sin, lambda g, x: g * np.sin(x), name="my_wrong_sin")
    check_gradients(wrong, np.array([0.3]))
"""


def run(folder: Path) -> str:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:minigrad", "-p", "minigrad.testing.plugin", str(folder)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120).stdout


def test_the_fixture_checks_gradients(tmp_path: Path) -> None:
    (tmp_path / "test_user.py").write_text(TESTS)
    output = run(tmp_path)
    assert "1 failed, 1 passed" in output
    assert "my_wrong_sin" in output
    assert "seed=" in output
    seeds = {word for word in output.split() if word.startswith("seed=")}
    assert seeds == {word for word in run(tmp_path).split() if word.startswith("seed=")}
