"""The Python in the documentation runs, and the pages made from the registry hold all of it."""

import ast
import doctest
import itertools
import operator
import re
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import minigrad as mg
from docs.generate import blocks, formulas, policy, reference, text
from docs.generate.figures import decomposition, inline, style_sheet
from minigrad import listing, nn, viz
from minigrad.testing.policy import POINTS
from tests.ops.table import SAMPLES

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
WITH_CODE = [page for page in PAGES if any(True for _ in blocks.blocks(page.read_text()))]


@pytest.mark.parametrize("page", WITH_CODE, ids=lambda page: str(page.relative_to(ROOT)))
def test_code_of_the_page(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # the pages save their drawings
    try:
        drawings = blocks.run(page.read_text(), page)
    except viz.RenderError:
        pytest.skip("there is no Graphviz")
    assert all(isinstance(drawing, viz.Drawing) for drawing in drawings)


@pytest.mark.parametrize("module", [blocks, formulas, policy, text], ids=lambda m: m.__name__)
def test_doctests_of_the_generator(module: ModuleType) -> None:
    result = doctest.testmod(module)
    assert result.attempted
    assert not result.failed


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_the_pictures_of_the_page_are_there(page: Path) -> None:
    for path in re.findall(r"\]\(([^)]*\.(?:svg|png))\)", page.read_text()):
        assert (page.parent / path).is_file(), path


def test_tutorials_have_code() -> None:
    names = {page.name for page in WITH_CODE}
    assert names >= {page.name for page in (ROOT / "docs" / "tutorials").glob("*.md")}
    assert names >= {"README.md", "index.md", "getting-started.md"}


def test_a_page_with_wrong_output_fails() -> None:
    with pytest.raises(AssertionError, match=r"Expected:\n\s+3\nGot:\n\s+2"):
        blocks.run("```pycon\n>>> 1 + 1\n3\n\n```\n", Path("page.md"))


def test_blocks_share_a_namespace_and_declare_ops_for_the_page_only() -> None:
    page = (
        "```python\nimport minigrad as mg\nop = mg.elementwise(lambda x: x, lambda g: g, name='my_page_op')\n```\n"
        "```pycon\n>>> op.op.name\n'my_page_op'\n>>> z = 3\n\n```\n<!-- draw: z -->\n"
    )
    assert blocks.run(page, Path("page.md")) == [3]
    assert "my_page_op" not in mg.registry


def test_the_tests_of_a_page_are_run() -> None:
    page = """```python
from hypothesis import given, strategies

@given(strategies.integers())
def test_small(n):
    assert n < 1, "a page's test"
```
"""
    with pytest.raises(AssertionError, match="a page's test"):
        blocks.run(page, Path("page.md"))


def registered() -> set[str]:
    return {op.name for op in reference.registered()}


def test_every_op_has_its_section() -> None:
    assert len(registered()) > 50
    pages = "\n".join(reference.pages().values())
    for name in registered():
        assert pages.count(f"\n## {name} {{ #{name} }}\n") == 1
    table = reference.ops_table()
    assert all(f"[`{name}`](" in table for name in registered())


def test_every_public_function_of_the_top_level_is_listed() -> None:
    table = reference.functions_table()
    api = "".join(page.read_text() for page in (ROOT / "docs" / "reference" / "api").glob("*.md"))
    for name in mg.__all__:
        if not isinstance(getattr(mg, name), (type, dict, ModuleType)) and f"::: minigrad.{name}\n" not in api:
            assert f"| [`{name}`](" in table, name


def heads_of_the_reference() -> dict[str, str]:
    """Return the objects that the pages show, each with its options as text."""
    pages = [page.read_text() for page in (ROOT / "docs" / "reference" / "api").glob("*.md")]
    return {head: options for page in pages for head, options in re.findall(r"^::: (\S+)\n((?: +.*\n)*)", page, re.M)}


def documented_values(folder: Path) -> set[str]:
    """Return the names of a package that are no functions or classes, and have a text below them."""
    found = set()
    for file in folder.rglob("*.py"):
        body = ast.parse(file.read_text()).body
        for statement, text_below in itertools.pairwise(body):
            if isinstance(statement, (ast.Assign, ast.AnnAssign)) and isinstance(text_below, ast.Expr):
                targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
                found.update(target.id for target in targets if isinstance(target, ast.Name))
    return found


@pytest.mark.parametrize(
    "path", ["", "data", "data.augment", "functional", "init", "models", "schedules", "callbacks", "metrics", "pytorch",
             "onnx"],
)  # fmt: skip
def test_every_public_name_of_nn_is_in_the_reference(path: str) -> None:
    found: Any = operator.attrgetter(path)(nn) if path else nn
    heads, values = heads_of_the_reference(), documented_values(ROOT / "nn")
    hidden = re.findall(r'"!(.+?)"', heads[found.__name__])
    assert found.__all__
    for name in found.__all__:
        value = getattr(found, name)
        if isinstance(value, ModuleType):
            assert value.__name__ in heads, name
        elif value is not nn.Callback or found is nn:  # it has its place among the names of nn
            alone = f"{found.__name__}.{name}" in heads
            assert alone or not [pattern for pattern in hidden if re.search(pattern, name)], name
            # What has no text of its own is left out of the page.
            text_of = vars(value).get("__doc__") if isinstance(value, type) else getattr(value, "__doc__", None)
            assert name in values or (callable(value) and text_of), name


def test_every_op_tells_its_rules() -> None:
    for name in registered():
        table = reference.local_table(mg.registry[name])
        op = mg.registry[name]
        assert len(table.splitlines()) == 2 + (1 if op.variadic else len(op.arguments))


def test_every_point_of_the_policy_is_on_its_page() -> None:
    tables = policy.page_tables()
    for point in POINTS:
        assert f"| `{point.call}` |" in tables


@pytest.mark.parametrize("name", ["relu", "softmax_cross_entropy", "conv2d"])
def test_decompositions_are_drawn(name: str) -> None:
    sample = next(s for s in SAMPLES if s.op == name)
    drawing = decomposition(sample)
    assert drawing is not None
    assert len(drawing.picture.items) >= 3
    html = inline(drawing)
    assert html.startswith('<div class="graph">')
    assert " id=" not in html
    assert "<style>" not in html


def test_without_graphviz_a_page_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    def pipe(*_: object) -> None:
        raise viz.RenderError("no <Graphviz>")

    drawing = decomposition(next(s for s in SAMPLES if s.op == "relu"))
    monkeypatch.setattr(viz.Drawing, "pipe", pipe)
    html = inline(drawing)
    assert "no &lt;Graphviz&gt;" in html
    assert "where" in html


def test_drawings_have_dark_colours() -> None:
    assert style_sheet().count('[data-md-color-scheme="slate"] .minigrad') == 2 * len(viz.theme.COLOURS)


@pytest.mark.parametrize(
    ("formula", "part"),
    [
        ("1 / (2·y)", "<mfrac><mrow><mn>1</mn></mrow><mrow><mn>2</mn><mo>·</mo><mi>y</mi></mrow></mfrac>"),
        ("b·a^(b-1)", "<msup><mrow><mi>a</mi></mrow><mrow><mi>b</mi><mo>−</mo><mn>1</mn></mrow></msup>"),
        ("[a > b]", "<mrow><mo>[</mo><mi>a</mi><mo>&gt;</mo><mi>b</mi><mo>]</mo></mrow>"),
        ("-sin(x)", "<mo>−</mo><mrow><mi mathvariant='normal'>sin</mi><mo>(</mo><mi>x</mi><mo>)</mo></mrow>"),
        ("· bᵀ", "<mo>·</mo><msup><mi>b</mi><mi>T</mi></msup>"),
        ("-1 / √(1 - x²)", "<msqrt><mn>1</mn><mo>−</mo><msup><mi>x</mi><mn>2</mn></msup></msqrt>"),
        ("sqrt(x) / abs(y)", "<mrow><mo>|</mo><mi>y</mi><mo>|</mo></mrow>"),
    ],
)
def test_formulas_are_set(formula: str, part: str) -> None:
    assert part in formulas.render(formula)


def test_sentences_stay_sentences() -> None:
    assert formulas.render("1 at the maximum, 0 elsewhere", {"x"}) == "1 at the maximum, 0 elsewhere"
    assert formulas.render("<script> & {axis}", {"x"}) == "&lt;script&gt; &amp; <i>axis</i>"


def test_elementwise_formulas_are_set_and_not_spelt() -> None:
    for name in registered():
        op = mg.registry[name]
        if op.kind == "elementwise" and not op.local:
            for k in range(len(op.arguments)):
                formula = listing.local_gradient(op, k)
                if formula and "∂" not in formula:
                    assert formulas.render(formula).startswith("<math"), f"{name}: {formula}"
