"""Odd and bad input through everything that draws: names are data, numbers may be anything, errors say why."""

from __future__ import annotations

import os
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad import viz
from minigrad.viz import render
from minigrad.viz.cli import main

Make = Callable[[Any], str]
SVG = "{http://www.w3.org/2000/svg}"

NAMES = {
    "markup": "<b>x</b><script>alert(1)</script>",
    "quotes": '"\'`]; evil [label="x\\',
    "entity": "&lt;x&gt; &amp; &#60;",
    "control": "a\x00b\x07c\x1b[31md\x7f\r\n\t\u2028e",
    "emoji": "👩\u200d🔬🏳️\u200d🌈 🍎",
    "right to left": "\u202egnp.exe\u202c עברית العربية",
    "surrogate": "\ud83d\udc00\ud800",
    "long": "name " * 2_000,
    "blank": "\u00a0 \u200b",
}

MAKERS: dict[str, Make] = {
    "draw": lambda output: str(viz.draw(output).pipe("svg", "utf-8")),
    "filmstrip": lambda output: str(viz.filmstrip(output).pipe("svg", "utf-8")),
    "worksheet": lambda output: str(viz.worksheet(output, answers=True).pipe("svg", "utf-8")),
    "view": lambda output: viz.view(output).html,
    "text": lambda output: str(viz.text(output)),
}
EVERY = pytest.mark.parametrize("maker", MAKERS)


def leaf(value: Any, name: str = "x") -> mg.Tensor:
    return mg.Tensor(value, requires_grad=True, name=name)


class Tags(HTMLParser):
    """What elements and attributes a page has."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.names: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.names |= {name for name, _ in attrs}


@EVERY
@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_names_are_data(maker: str, name: str, rendering: None) -> None:
    x = leaf([1.0, 2.0], name)
    with mg.scope(name):
        y = x * 2
    y.name = name
    output = y.sum()
    output.name = name
    made = MAKERS[maker](output)
    made.encode()
    # Left over from names they would change what a terminal or a page shows around them.
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069]", made)
    assert len(made) < 300_000  # nothing grows with the name
    if maker == "view":
        page = Tags(made)
        assert page.tags.count("script") == 2
        assert not page.names & {"src", "href", "xlink:href", "onload", "onerror"}
    elif maker != "text":
        elements = list(ET.fromstring(made.encode()).iter())
        allowed = {"svg", "g", "title", "desc", "style", "a", "text", "tspan", "polygon", "path", "polyline", "ellipse"}
        assert {element.tag.removeprefix(SVG) for element in elements} <= allowed
        assert not [key for element in elements for key in element.attrib if key.endswith("href") or key[:2] == "on"]


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_names_through_the_command_line(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    script = tmp_path / "script.py"
    made = f"x = mg.Tensor(2.0, requires_grad=True, name={name!a})"
    script.write_text(f"import minigrad as mg\n{made}\nloss = x * 3\n")
    assert main(["draw", f"{script}:loss", "--text"]) == 0
    assert "multiply" in capsys.readouterr().out
    assert main(["draw", f"{script}:loss", "-o", str(tmp_path / "graph.dot")]) == 0
    # A name that is no name of Python is refused where it stands.
    assert main(["draw", "x * 2", f"{name[:50]}=3"]) == 2
    capsys.readouterr()


def test_a_very_long_name_on_the_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    name = "n" * 4_000
    assert main(["draw", f"{name} * 2", f"{name}=3", "--text"]) == 0
    assert len(capsys.readouterr().out) < 400


def not_finite() -> mg.Tensor:
    x = leaf([np.nan, np.inf, -np.inf, 0.0])
    with np.errstate(all="ignore"):
        return (mg.log(x) * x).sum()


@EVERY
def test_what_is_not_finite_is_shown(maker: str, rendering: None) -> None:
    made = MAKERS[maker](not_finite()).replace("\u00a0", " ")
    assert "NaN" in made
    if maker in ("draw", "text"):
        assert "born here" in made


ODD: dict[str, Callable[[], mg.Tensor]] = {
    "empty": lambda: (leaf(np.zeros((0, 3))) * 2).sum(),
    "empty along one axis": lambda: (leaf(np.zeros((3, 0))) @ mg.Tensor(np.zeros((0, 2)))).sum(),
    "0-d": lambda: mg.exp(leaf(np.float32(3.0))),
    "a leaf by itself": lambda: leaf(3.0),
    "integers and booleans": lambda: (leaf([1.0, 2.0]) * mg.Tensor([1, 2], name="i") * mg.Tensor([True, False])).sum(),
    "an integer index": lambda: leaf([1.0, 2.0])[mg.Tensor([0, 0, 1])].sum(),
    "subnormal": lambda: leaf(1e-320) * 1e-3,
    "half precision": lambda: (leaf(np.float16([1.0, 6e4])) * np.float16(0.5)).sum(),
}


@EVERY
@pytest.mark.parametrize("make", ODD.values(), ids=ODD)
def test_odd_tensors(maker: str, make: Callable[[], mg.Tensor], rendering: None) -> None:
    assert MAKERS[maker](make())


def test_an_empty_output_has_no_gradient_to_start_from() -> None:
    empty = leaf(np.zeros((0, 3))) * 2
    assert "× b = []" in viz.text(empty)
    assert "No gradients: the output has shape (0, 3)" in viz.text(empty)
    assert "gradient empty" in viz.text(empty, gradient=np.zeros((0, 3)))


def freed() -> mg.Tensor:
    y = leaf(2.0) * 3
    y.backward()
    return y


@EVERY
@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (freed, RuntimeError, r"freed by a backward pass.*backward\(retain_graph=True\)"),
        (lambda: (leaf(2.0) * 3).detach(), RuntimeError, r"no graph to draw.*detach\(\)ed"),
        (lambda: mg.Tensor([1, 2]), RuntimeError, "int64.*no graph to draw"),
        (lambda: 3.0, TypeError, "expected a Tensor, got float: 3.0"),
        (lambda: np.ones(2), TypeError, "expected a Tensor, got ndarray"),
        (lambda: None, TypeError, "expected a Tensor, got NoneType"),
        (lambda: [leaf(1.0)], TypeError, "expected a Tensor, got list"),
    ],
    ids=["freed", "detached", "integers", "number", "array", "None", "list"],
)
def test_what_cannot_be_drawn(maker: str, make: Callable[[], Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=f"^viz: .*{message}"):
        MAKERS[maker](make())


SAVES: dict[str, Callable[[mg.Tensor, Path], object]] = {
    "draw.svg": lambda output, path: viz.draw(output).save(path),
    "draw.dot": lambda output, path: viz.draw(output).save(path),
    "draw.txt": lambda output, path: viz.draw(output).save(path),
    "filmstrip.svg": lambda output, path: viz.filmstrip(output).save(path),
    "worksheet.pdf": lambda output, path: viz.worksheet(output).save(path),
    "view.html": lambda output, path: viz.view(output, path),
}


@pytest.mark.parametrize("kind", SAVES)
def test_paths_that_cannot_be_written(kind: str, tmp_path: Path, rendering: None) -> None:
    save, suffix = SAVES[kind], Path(kind).suffix
    output = leaf(2.0) * 3
    (tmp_path / f"folder{suffix}").mkdir()
    (tmp_path / "file").write_text("kept")
    before = sorted(tmp_path.rglob("*"))
    for name in (f"folder{suffix}", f"none/graph{suffix}", f"file/graph{suffix}", "n" * 300 + suffix):
        with pytest.raises(OSError, match=re.escape(name[:20])):
            save(output, tmp_path / name)
    assert sorted(tmp_path.rglob("*")) == before
    assert (tmp_path / "file").read_text() == "kept"


@pytest.mark.parametrize("kind", SAVES)
def test_a_file_is_whole_or_as_it_was(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rendering: None
) -> None:
    path = tmp_path / f"graph{Path(kind).suffix}"
    path.write_text("kept")

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError, match="No space left"):
        SAVES[kind](leaf(2.0) * 3, path)
    assert [p.name for p in tmp_path.iterdir()] == [path.name]
    assert path.read_text() == "kept"


@pytest.mark.parametrize("kind", [kind for kind in SAVES if not kind.endswith((".dot", ".txt"))])
def test_without_graphviz_nothing_is_written(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(render.shutil, "which", lambda name: None)
    monkeypatch.setattr(render, "_pygraphviz", lambda: None)
    with pytest.raises(viz.RenderError, match=r"needs Graphviz.*pip install 'minigrad\[render\]'"):
        SAVES[kind](leaf(2.0) * 3, tmp_path / f"graph{Path(kind).suffix}")
    assert not list(tmp_path.iterdir())
    assert main(["gallery", "apples", "-o", str(tmp_path)]) == 1
    assert main(["draw", "x * 2", "x=1", "-o", str(tmp_path / "a.svg")]) == 1
    assert not list(tmp_path.iterdir())
