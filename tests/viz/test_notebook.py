"""The tutorial notebook: its cells run in order, what they end in can be shown, and no outputs are committed."""

import ast
import json
from pathlib import Path
from typing import Any

import pytest

from minigrad import viz

NOTEBOOKS = sorted((Path(__file__).parents[2] / "examples").glob("*.ipynb"))


def shown(source: str, namespace: dict[str, Any]) -> Any:
    """Run a cell, and return the value of the expression that it ends in, as a notebook shows it."""
    tree = ast.parse(source)
    last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, "<cell>", "exec"), namespace)
    if not isinstance(last, ast.Expr):
        return None
    return eval(compile(ast.Expression(last.value), "<cell>", "eval"), namespace)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_cells_run(path: Path, rendering: None) -> None:
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    namespace: dict[str, Any] = {"__name__": "__main__"}
    ends = [shown("".join(cell["source"]), namespace) for cell in cells if cell["cell_type"] == "code"]
    for end in ends:
        if hasattr(end, "_repr_mimebundle_"):
            assert {"image/svg+xml", "text/html"} & set(end._repr_mimebundle_())
    kinds = {type(end) for end in ends}
    assert {viz.Drawing, viz.Viewer} <= kinds


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_no_outputs_are_committed(path: Path) -> None:
    book = json.loads(path.read_text(encoding="utf-8"))
    assert (book["nbformat"], book["nbformat_minor"]) == (4, 5)
    code = [cell for cell in book["cells"] if cell["cell_type"] == "code"]
    assert all(not cell["outputs"] and cell["execution_count"] is None for cell in code)
    assert len({cell["id"] for cell in book["cells"]}) == len(book["cells"])


def test_there_is_a_notebook() -> None:
    assert [path.name for path in NOTEBOOKS] == ["tutorial.ipynb"]
