"""DOT text, rendering, files, notebooks: the same bytes, no markup from users, clear errors."""

import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path

import graphviz
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minigrad as mg
from minigrad import viz
from minigrad.viz import labels, render, theme

Graphs = dict[str, Callable[[], mg.Tensor]]
SVG = "{http://www.w3.org/2000/svg}"

HOSTILE = [
    "<b>bold</b>",
    '<a href="javascript:alert(1)">x</a>',
    '"]; evil [label="',
    "back\\slash\\N\\",
    "&lt;script&gt; & &amp;",
    "new\nline\ttab\x00\x1b[31m\x7f",
    "\u202eesrever\u202c",
    "emoji 🍎👩\u200d🔬",
    "עברית العربية",
    "\ud800 half a surrogate",
    "\ufffe\uffff",
    "]]>--><!--",
    "x" * 10_000,
    "<" * 10_000,
    " ",
    "{|}\\l",
]


def named(name: str) -> mg.Tensor:
    x = mg.Tensor([1.0, 2.0], requires_grad=True, name=name)
    y = x * 2
    y.name = name
    return y.sum()


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names(name: str, rendering: None) -> None:
    drawing = viz.draw(named(name))
    drawing.source.encode()
    drawing.text.encode()
    root = ET.fromstring(drawing.pipe("svg"))
    allowed = {"svg", "g", "title", "desc", "style", "a", "text", "tspan", "polygon", "path", "polyline", "ellipse"}
    assert {element.tag.removeprefix(SVG) for element in root.iter()} <= allowed
    # The only links are those that hold tooltips: they lead nowhere.
    assert not [key for element in root.iter() for key in element.attrib if key.endswith("href")]


def test_names_stand_in_the_drawing_as_they_are(rendering: None) -> None:
    root = ET.fromstring(viz.draw(named(r'a\N "b" <c> &lt;')).pipe("svg"))
    lines = ["".join(t.itertext()).replace("\u00a0", " ").strip() for t in root.iter(f"{SVG}text")]
    assert r'a\N "b" <c> &lt;' in lines


@given(st.text(max_size=60))
def test_any_name_makes_valid_text(name: str) -> None:
    drawing = viz.draw(named(name))
    drawing.source.encode()
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069]", drawing.source + drawing.text)
    cleaned = labels.clean(name)
    assert len(cleaned) <= labels.LONGEST_NAME
    assert cleaned == labels.clean(cleaned)


PROGRAM = """
import numpy as np
import minigrad as mg
from minigrad import viz
from minigrad.nn import functional as F
x = mg.Tensor(np.linspace(0, 1, 6).reshape(2, 3), requires_grad=True, name="x")
with mg.decompose():
    loss = F.softmax_cross_entropy(x * x + x, [0, 1])
drawing = viz.draw(loss)
print(drawing.source, drawing.text)
loss = F.softmax_cross_entropy(x * x + x, [0, 1])
print(viz.draw(loss, expand=["softmax_cross_entropy"], highlight="x", tangents={x: x.data}, check=True).source)
for _ in range(40):
    x = mg.sin(x * x) * loss
print(viz.draw(x.sum(), show="+gains").source)
"""


def test_the_same_bytes_in_every_process() -> None:
    outputs = set()
    for seed in ("0", "1"):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(Path(__file__).parents[2])}
        command = [sys.executable, "-c", PROGRAM]
        outputs.add(subprocess.run(command, env=environment, capture_output=True, check=True).stdout)
    assert len(outputs) == 1


def test_the_svg_adapts_and_describes_itself(graphs: Graphs, rendering: None) -> None:
    svg = viz.draw(graphs["apples"]()).pipe("svg", "utf-8")
    assert svg == viz.draw(graphs["apples"]()).pipe("svg", "utf-8")
    root = ET.fromstring(svg.encode())
    assert root.find(f"{SVG}title").text == "Computation graph"  # type: ignore[union-attr]
    assert "apple = 100" in root.find(f"{SVG}desc").text  # type: ignore[union-attr, operator]
    assert "prefers-color-scheme: dark" in root.find(f"{SVG}style").text  # type: ignore[union-attr, operator]
    # Each colour that occurs has a dark one.
    used = set(re.findall(r'(?:fill|stroke)="(#\w+)"', svg))
    assert used <= set(theme.LIGHT.values())
    lines = ["".join(t.itertext()).replace("\u00a0", " ").strip() for t in root.iter(f"{SVG}text")]
    assert "1.1 × 2 = 2.2" in lines


def test_titles_of_frames_stand_above_the_wires(rendering: None) -> None:
    x = mg.Tensor([1.0, 2.0], requires_grad=True)
    with mg.scope('outer <g> > & "name"'):
        y = mg.tanh(x * x)
        with mg.scope("inner"):
            y = mg.exp(y)
    (slope,) = mg.grad(y.sum(), x, create_graph=True)
    for output, titles in ((y.sum(), {'outer <g> > & "name"', "inner"}), (slope.sum(), {"backward pass"})):
        whole = ET.fromstring(viz.draw(output).pipe("svg")).find(f"{SVG}g")
        assert whole is not None
        groups = whole.findall(f"{SVG}g")
        said = {"".join(text.itertext()).replace("\u00a0", " ").strip() for text in groups[-1].iter(f"{SVG}text")}
        assert titles <= said
        assert groups[-1].get("class") == "titles"
        frames = [group for group in groups if group.get("class") == "cluster"]
        assert len(frames) == len(groups[-1])
        assert not [text for frame in frames for text in frame.iter(f"{SVG}text")]
        # A rim in the colour of the frame keeps the letters apart from a wire.
        assert {rim.get("stroke") for rim in groups[-1]} <= {theme.LIGHT[c] for c in ("cluster", "backward cluster")}


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return float(np.dot(linear, [0.2126, 0.7152, 0.0722]))


@pytest.mark.parametrize("mode", [0, 1])
@pytest.mark.parametrize(
    ("text", "behind"),
    [
        *((text, behind) for text in ("forward", "backward", "local", "muted") for behind in ("background", "cluster")),
        *(("ink", behind) for behind in ("op", "group", "parameter", "background")),
        ("muted", "op"), ("muted", "group"), ("backward", "group"), ("on bad", "bad"),
        *((text, behind) for text in ("right", "wrong", "tangent") for behind in ("background", "cluster")),
        *((text, f"{kind} cluster") for text in ("forward", "backward", "local", "muted", "tangent", "right", "wrong")
          for kind in ("op", "backward")),
        ("path", "background"),
    ],
)  # fmt: skip
def test_text_is_readable(text: str, behind: str, mode: int) -> None:
    a, b = sorted(luminance(theme.COLOURS[c][mode]) for c in (text, behind))
    assert (b + 0.05) / (a + 0.05) > 4.5


def test_colours_are_told_apart() -> None:
    lights = [light for light, _ in theme.COLOURS.values()]
    assert len(set(lights)) == len(lights)
    assert (theme.LIGHT["forward"], theme.LIGHT["backward"], theme.LIGHT["local"]) == ("#006b3c", "#a3117f", "#5b4b00")


def test_strokes_tell_the_size_of_gradients() -> None:
    w = mg.Tensor(1.0, requires_grad=True, name="w")
    source = viz.draw(w * 1e-9).source
    assert f'color="{theme.LIGHT["vanishing"]}"' in source
    assert "style=dashed" in source
    assert f'color="{theme.LIGHT["exploding"]}"' in viz.draw(w * 1e6).source
    assert "style=dotted" in viz.draw(mg.relu(-w)).source


def test_what_is_not_finite_has_a_badge() -> None:
    x = mg.Tensor([1.0, 0.0, -1.0], requires_grad=True, name="x")
    with np.errstate(all="ignore"):
        loss = mg.log(x).sum()
    drawing = viz.draw(loss)
    assert theme.LIGHT["bad"] in drawing.source
    assert "1 of 3 NaN, 1 of 3 Inf" in drawing.source.replace("\u00a0", " ")
    assert "! gradient 1 of 3 Inf" in drawing.text


def test_large_tensors_show_statistics() -> None:
    x = mg.Tensor(np.linspace(-1, 1, 100), requires_grad=True, name="x")
    said = viz.text(mg.relu(x).mean())
    assert "× [y > 0] min 0 · median 0.5 · max 1 · 50% zeros" in said
    assert "J 1 × 100, never built" in said
    assert "gain" in viz.draw(mg.relu(x).mean(), show="+gains").source


def test_odd_tensors_are_drawn() -> None:
    empty = mg.Tensor(np.zeros((0, 3)), requires_grad=True, name="empty")
    assert "empty" in viz.text(empty.sum())
    x = mg.Tensor(np.ones((1, 1)), requires_grad=True, name="x")
    picked = (x * mg.Tensor([[2]]))[0, 0] + mg.Tensor([True, False], name="flags")
    assert "flags" in viz.text(picked.sum())


@pytest.mark.parametrize("suffix", ["svg", "png", "pdf"])
def test_saving(suffix: str, graphs: Graphs, tmp_path: Path, rendering: None) -> None:
    path = viz.draw(graphs["product"]()).save(tmp_path / f"graph.{suffix}")
    head = {"svg": b"<?xml", "png": b"\x89PNG", "pdf": b"%PDF"}[suffix]
    assert path.read_bytes().startswith(head)
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def test_text_formats_need_no_graphviz(graphs: Graphs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    missing(monkeypatch)
    drawing = viz.draw(graphs["product"]())
    assert drawing.save(tmp_path / "g.dot").read_text() == drawing.source
    assert drawing.save(tmp_path / "g.txt").read_text() == f"{drawing.text}\n"
    with pytest.raises(ValueError, match=r"the suffix must be \.svg"):
        drawing.save(tmp_path / "graph.jpeg")
    with pytest.raises(FileNotFoundError):
        drawing.save(tmp_path / "no folder" / "g.dot")


def missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(render.shutil, "which", lambda name: None)
    monkeypatch.setattr(render, "_pygraphviz", lambda: None)


def test_missing_graphviz_names_both_fixes(graphs: Graphs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    missing(monkeypatch)
    drawing = viz.draw(graphs["product"]())
    with pytest.raises(viz.RenderError, match=r"apt-get install graphviz.*pip install 'minigrad\[render\]'"):
        drawing.save(tmp_path / "graph.svg")
    assert not list(tmp_path.iterdir())
    bundle = drawing._repr_mimebundle_()
    assert list(bundle) == ["text/plain"]
    assert "z = -4" in bundle["text/plain"]
    assert "minigrad[render]" in bundle["text/plain"]


def test_dot_on_the_path_comes_first(graphs: Graphs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dot = tmp_path / "dot"
    dot.write_text("#!/bin/sh\ncat > /dev/null\necho '<svg width=\"8pt\" height=\"8pt\"></svg>'\n")
    dot.chmod(0o755)
    monkeypatch.setattr(render.shutil, "which", lambda name: str(dot))
    assert '<svg class="minigrad"' in viz.draw(graphs["product"]()).pipe("svg", "utf-8")
    dot.write_text("#!/bin/sh\necho 'syntax error' >&2; exit 3\n")
    with pytest.raises(viz.RenderError, match=r"failed \(3\): syntax error"):
        viz.draw(graphs["product"]()).pipe("svg")
    dot.write_text("#!/bin/sh\nexec sleep 60\n")
    with pytest.raises(viz.RenderError, match=r"did not finish in 0\.2 s"):
        viz.draw(graphs["product"]()).save(tmp_path / "g.svg", timeout=0.2)


def test_notebooks_and_graphviz(graphs: Graphs, tmp_path: Path, rendering: None) -> None:
    drawing = viz.draw(graphs["product"]())
    assert isinstance(drawing, graphviz.Digraph)
    bundle = drawing._repr_mimebundle_()
    assert set(bundle) == {"image/svg+xml", "text/plain"}
    assert set(drawing._repr_mimebundle_(include=["image/png"])) == {"image/png"}
    assert Path(drawing.render("graph", tmp_path, format="png")).name == "graph.png"
    with pytest.raises(ValueError, match="format must be one of svg, png, pdf"):
        drawing.pipe("gif")
    with pytest.raises(TypeError, match="renderer"):
        drawing.pipe("svg", renderer="cairo")
