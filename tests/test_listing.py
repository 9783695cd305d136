"""``python -m minigrad.ops``."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import minigrad as mg
from minigrad import listing

ROOT = Path(__file__).parents[1]


def test_every_op_is_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert listing.main([]) == 0
    first = {line.split(" ")[0] for line in capsys.readouterr().out.splitlines()[1:]} - {""}
    assert first == set(mg.registry)


def test_kinds_and_names_choose(capsys: pytest.CaptureFixture[str]) -> None:
    assert listing.main(["--kind", "fused", "conv2*", "exp"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines if not line.startswith(" ")] == ["op", "conv2d"]
    assert listing.main(["no_such_op"]) == 1
    assert "no op matches no_such_op" in capsys.readouterr().err


def test_lines_fit_and_align() -> None:
    table = listing.text(listing.select(), 100).splitlines()
    column = table[0].index("local gradient")
    assert max(map(len, table)) <= 120
    assert all(len(line) <= column or line[column - 1] == " " for line in table)


def test_markdown_has_one_row_for_each_argument() -> None:
    ops = listing.select(["where", "einsum"])
    lines = listing.markdown(ops).splitlines()
    assert len(lines) == 2 + 3 + 1
    assert all(line.count("|") - line.count("\\|") == 7 for line in lines)


def test_where_an_op_was_declared() -> None:
    op = mg.elementwise(lambda x: x, lambda g: g, name="my_listed_op").op
    try:
        assert op.module == __name__
        assert mg.registry["sum"].module == "minigrad.ops.reduction"
        assert mg.registry["sign"].module == "minigrad.ops.arithmetic"
    finally:
        del mg.registry["my_listed_op"]


def test_the_program(tmp_path: Path) -> None:
    (tmp_path / "my_ops.py").write_text(
        "import minigrad as mg\nop = mg.elementwise(lambda x: x, lambda g: g, name='my_own')\n"
    )
    paths = os.pathsep.join([str(ROOT), str(tmp_path)])
    done = subprocess.run(
        [sys.executable, "-m", "minigrad.ops", "--import", "my_ops", "my_*"],
        env={**os.environ, "PYTHONPATH": paths}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[1].split() == ["my_own", "elementwise", "x", "-", "1", "no"]
