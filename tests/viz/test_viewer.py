"""The page of the viewer as a file: the same bytes, data that stay data, foldings, tensors, errors."""

import base64
import json
import os
import re
import subprocess
import sys
import zlib
from collections.abc import Callable
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import minigrad as mg
from minigrad import nn, viz
from minigrad.viz import render
from minigrad.viz.cli import main
from minigrad.viz.trace import trace
from minigrad.viz.viewer.arrays import CELLS, inspected
from minigrad.viz.viewer.states import MOST, states, toggled, worth_folding

Graphs = dict[str, Callable[[], mg.Tensor]]
HOSTILE = [
    "</script><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "</title></style></textarea>--></noscript>",
    "javascript:alert(1)",
    "\u2028\u2029\x00\x1b",
    "@@SCRIPT@@ ${alert(1)} `alert(1)`",
    "x" * 10_000,
]


class Page(HTMLParser):
    """The elements of a page, and the text of its scripts."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.scripts: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if tag in ("script", "style"):
            self.scripts.append("")

    def handle_data(self, data: str) -> None:
        if self.cdata_elem:
            self.scripts[-1] += data

    @property
    def data(self) -> Any:
        return json.loads(self.scripts[1])


def unpacked(text: str) -> Any:
    return json.loads(zlib.decompress(base64.b64decode(text)))


def network() -> mg.Tensor:
    nn.seed(0)
    model = nn.Sequential(nn.Affine(4, 5), nn.ReLU(), nn.Affine(5, 3))
    x = np.random.default_rng(0).normal(size=(8, 4))
    return nn.SoftmaxCrossEntropy()(model(x), np.arange(8) % 3)


def test_a_page_names_all_that_it_may_run(graphs: Graphs, rendering: None) -> None:
    text = viz.view(graphs["apples"]()).html
    page = Page(text)
    style, _, script = page.scripts
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', text)[1]  # type: ignore[index]
    hashes = [f"'sha256-{base64.b64encode(sha256(s.encode()).digest()).decode()}'" for s in (script, style)]
    assert policy.split("; ") == [
        "default-src 'none'", f"script-src {hashes[0]}", f"style-src {hashes[1]}", "base-uri 'none'",
        "form-action 'none'",
    ]  # fmt: skip
    # Nothing is fetched, and what the policy would not run is not there.
    names = {name for name, _ in page.attributes}
    assert not {"src", "href", "xlink:href", "style"} & names
    assert not [name for name in names if name.startswith("on")]
    assert not re.search(r"innerHTML|outerHTML|insertAdjacent|document\.write|\beval\b|new Function|fetch\(", script)


@pytest.mark.parametrize("name", HOSTILE)
def test_names_are_data(name: str, rendering: None) -> None:
    plain, hostile = (named(text) for text in ("x", name))
    tags = Page(viz.view(plain).html).tags
    page = Page(viz.view(hostile).html)
    # The drawing of a longer name may have more lines, but nothing else.
    assert set(page.tags) == set(tags)
    assert page.tags.count("script") == 2
    view = unpacked(page.data["views"][0]["packed"])
    assert any(value["name"] for item in view["items"] for value in item["values"])


def named(name: str) -> mg.Tensor:
    x = mg.Tensor([1.0, 2.0], requires_grad=True, name=name)
    y = (x * x).sum()
    y.name = name
    return y


PROGRAM = """
from tests.viz.test_viewer import network
from minigrad import viz
import hashlib
print(hashlib.sha256(viz.view(network()).html.encode()).hexdigest())
"""


def test_the_same_bytes_in_every_process(rendering: None) -> None:
    outputs = set()
    for seed in ("0", "1"):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(Path(__file__).parents[2])}
        command = [sys.executable, "-c", PROGRAM]
        outputs.add(subprocess.run(command, env=environment, capture_output=True, check=True).stdout)
    assert len(outputs) == 1


def test_the_page_says_what_the_drawing_says(graphs: Graphs, rendering: None) -> None:
    data = Page(viz.view(graphs["apples"]()).html).data
    view = unpacked(data["views"][0]["packed"])
    said = {(wire["up"], wire["local"], wire["down"]) for wire in view["wires"]}
    assert said == {("1.1", "2", "2.2"), ("1.1", "100", "110"), ("1", "1.1", "1.1"), ("1", "200", "200")}
    arrays = unpacked(data["arrays"])
    assert sorted(a["entries"][0] for a in arrays["gradients"].values()) == pytest.approx([1, 1.1, 2.2, 110, 200])
    # Every gradient has a handle in the drawing, or it could not be hidden.
    marks = set(re.findall(r'data-m="(\w+)"', view["svg"]))
    assert marks == {wire["id"] for wire in view["wires"]} | {f"g{data['outputs'][0]}"}


def test_an_output_of_many_entries_has_no_gradients_and_says_so(rendering: None) -> None:
    x = mg.Tensor([1.0, 2.0], requires_grad=True, name="x")
    data = Page(viz.view(x * 3).html).data
    assert "Draw a scalar" in data["note"]
    given = Page(viz.view(x * 3, gradient=[1.0, 10.0]).html).data
    assert not given["note"]
    assert "[3  30]" in [wire.get("down") for wire in unpacked(given["views"][0]["packed"])["wires"]]


# -- foldings --------------------------------------------------------------------------------------------------------


def test_every_folding_is_reached_and_opens_the_right_modules() -> None:
    traced = trace(network()).trace
    found = dict(states(traced, 60, None))
    calls = worth_folding(traced)
    first = next(iter(found))
    assert first == calls  # all is open
    assert frozenset() in found
    # One click away from what is shown first, there is each module folded.
    for call in calls:
        assert toggled(traced, first, call) in found
    for state, view in found.items():
        for v, vertex in enumerate(traced.vertices):
            closed = [c for c in enclosing(traced, vertex.cluster) if c in calls and c not in state]
            if closed:
                assert view.labels[view.owner[v]] == traced.clusters[closed[-1]].label
            else:
                assert view.owner[v] == v


def enclosing(traced: Any, call: int) -> list[int]:
    """The calls around a vertex, innermost first."""
    found = []
    while call >= 0:
        found.append(call)
        call = traced.clusters[call].parent
    return found


def test_there_are_few_foldings_of_many_modules_and_they_fit() -> None:
    nn.seed(0)
    model = nn.Sequential(*[nn.Sequential(nn.Affine(3, 3), nn.Tanh()) for _ in range(12)])
    traced = trace(model(np.ones((2, 3))).sum()).trace
    found = states(traced, 30, None)
    assert 2 < len(found) <= MOST
    assert all(len(set(view.owner)) <= 30 for _, view in found)
    shallow = states(traced, None, 0)
    assert shallow[0][0] == frozenset()


def test_fused_ops_are_written_out_in_a_graph_of_their_own(rendering: None) -> None:
    data = Page(viz.view(network()).html).data
    views = [unpacked(view["packed"]) for view in data["views"]]
    whole, parts = (next(view for view in views if view["graph"] == graph) for graph in (0, 1))
    labels = [{item["label"] for item in view["items"]} for view in (whole, parts)]
    assert {"softmax_cross_entropy", "relu"} <= labels[0]
    assert {"exp", "log", "where"} <= labels[1]
    # The gradients at what both graphs share are the same, and are in the page once.
    shared = [
        {v["array"]: v.get("gradient") for item in view["items"] for v in item["values"]} for view in (whole, parts)
    ]
    common = shared[0].keys() & shared[1].keys()
    assert len(common) >= 5
    assert sum(shared[0][key] is not None for key in common) >= 4
    arrays = unpacked(data["arrays"])
    assert arrays["gradients"].keys() <= arrays["values"].keys() == shared[0].keys() | shared[1].keys()
    # Without a fused op, there is one graph only.
    assert len(Page(viz.view(named("x")).html).data["outputs"]) == 1


def test_a_long_chain_without_modules_is_folded(rendering: None) -> None:
    y = mg.Tensor(1.0, requires_grad=True, name="x")
    for _ in range(500):
        y = y * 0.999
    view = unpacked(Page(viz.view(y, max_nodes=10).html).data["views"][0]["packed"])
    assert len(view["items"]) <= 10
    assert [item["label"] for item in view["items"] if item["kind"] == "group"] == ["chain"]


# -- tensors ---------------------------------------------------------------------------------------------------------


@given(hnp.arrays(np.float64, hnp.array_shapes(min_dims=0, max_dims=4, max_side=40), elements=st.floats(width=32)))
def test_heat_maps_of_any_array(a: np.ndarray) -> None:
    said = json.loads(json.dumps(inspected(a)))
    codes = np.frombuffer(base64.b64decode(said["cells"]), np.int8)
    assert len(codes) % said["columns"] == 0
    assert len(codes) <= 4 * CELLS
    shown = codes[codes != -128]
    assert len(shown) <= CELLS
    good = a[np.isfinite(a)]
    assert said["bad"] == [np.isnan(a).sum(), np.isinf(a).sum()]
    if good.size:
        assert sum(said["counts"]) == good.size
        low, median, high = said["statistics"][:3]
        assert (low, median, high) == (good.min(), np.median(good), good.max())
    if len(shown) == a.size:
        assert (shown == 127).sum() == np.isnan(a).sum()
        assert (shown == 0).sum() == (a == 0).sum()
        assert sorted(np.sign(shown[abs(shown) < 126])) == sorted(np.sign(good))
    else:
        assert said["note"]


def test_a_large_array_is_thinned_out_and_says_so() -> None:
    said = inspected(np.arange(30 * 24 * 24.0).reshape(1, 30, 24, 24))
    notes = ["slices side by side, 4 in a row", "the first 16 of 30 slices"]
    notes += ["one of every 3 rows", "one of every 3 columns"]
    assert said["note"] == ", ".join(notes)
    assert said["columns"] == 32
    assert inspected(np.zeros(5000))["note"] == "row by row, 32 in each, one of every 5 of the 5,000 entries"
    assert "cells" not in inspected(np.zeros((0, 3)))


def test_integers_and_booleans_are_shown() -> None:
    assert inspected(np.array([True, False]))["entries"] == [1.0, 0.0]
    assert inspected(np.array(7))["top"] == 7.0
    assert inspected(np.array([np.nan, np.inf, -np.inf]))["entries"] == ["NaN", "Inf", "-Inf"]
    assert inspected(np.array([-1.7e308, 1.7e308]))["counts"] == [1, *[0] * 22, 1]


# -- files and errors ------------------------------------------------------------------------------------------------


def test_saving(graphs: Graphs, tmp_path: Path, rendering: None) -> None:
    path = tmp_path / "graph.html"
    viewer = viz.view(graphs["apples"](), path)
    assert path.read_text(encoding="utf-8") == viewer.html
    assert [p.name for p in tmp_path.iterdir()] == ["graph.html"]
    with pytest.raises(ValueError, match=r"'graph\.svg': the suffix must be \.html"):
        viz.view(graphs["apples"](), tmp_path / "graph.svg")
    with pytest.raises(FileNotFoundError, match="no folder"):
        viz.view(graphs["apples"](), tmp_path / "no folder" / "graph.html")
    folder = tmp_path / "folder.html"
    folder.mkdir()
    with pytest.raises(OSError, match="it is a folder"):
        viewer.save(folder)


def test_errors_are_those_of_a_drawing(graphs: Graphs, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(TypeError, match="expected a Tensor, got float"):
        viz.view(3.0)  # type: ignore[arg-type]
    with pytest.raises(RuntimeError, match="no graph to draw"):
        viz.view(mg.Tensor(1.0))
    output = graphs["apples"]()
    with pytest.raises(ValueError, match="direction must be one of LR, TB"):
        viz.view(output, direction="up")
    with pytest.raises(ValueError, match="digits must be"):
        viz.view(output, digits=0)
    with pytest.raises(ValueError, match="max_nodes must be"):
        viz.view(output, max_nodes=1)
    with pytest.raises(ValueError, match="depth must be"):
        viz.view(output, depth=-1)
    monkeypatch.setattr(render.shutil, "which", lambda name: None)
    monkeypatch.setattr(render, "_pygraphviz", lambda: None)
    with pytest.raises(viz.RenderError, match="drawing needs Graphviz"):
        viz.view(output)
    output.backward()
    with pytest.raises(RuntimeError, match="freed by a backward pass"):
        viz.view(output)


def test_a_drawing_leads_to_its_page(graphs: Graphs, rendering: None) -> None:
    output = graphs["apples"]()
    drawing = viz.draw(output, digits=3)
    viewer = drawing.interactive()
    assert viewer.html == viz.view(output, digits=3).html
    bundle = viewer._repr_mimebundle_()
    assert set(bundle) == {"text/html", "text/plain"}
    frame = Page(bundle["text/html"])
    assert frame.tags == ["iframe"]
    assert dict(frame.attributes)["srcdoc"] == viewer.html
    assert dict(frame.attributes)["sandbox"] == "allow-scripts"
    assert set(viewer._repr_mimebundle_(include=["text/plain"])) == {"text/plain"}
    output.backward()
    with pytest.raises(RuntimeError, match="freed by a backward pass"):
        drawing.interactive()


def test_the_command_line_writes_pages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rendering: None) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["draw", "x * y", "x=3", "y=4", "--html"]) == 0
    assert main(["draw", "x * y", "x=3", "y=4", "-o", "other.htm"]) == 0
    assert (tmp_path / "graph.html").read_bytes() == (tmp_path / "other.htm").read_bytes()
    assert main(["draw", "x * y", "x=3", "y=4", "--html", "-o", "graph.svg"]) == 1
    assert main(["draw", "x * y", "x=3", "y=4", "--html", "--show", "+gains"]) == 1
    assert main(["draw", "sigmoid(x)", "x=3", "--html", "--expand", "sigmoid"]) == 1
    marked = ["draw", "x * y + exp(x)", "x=3", "y=4", "--html", "--check", "--highlight", "x", "-o", "marked.html"]
    assert main(marked) == 0
    page = Page((tmp_path / "marked.html").read_text())
    # The gradient at x is an answer, which is not told before it is asked for.
    assert page.data["said"] == [
        "path from x to the output: 2 steps, product of gains 20.09",
        "✓ local gradients against central differences, relative error: 5 right",
    ]
    view = unpacked(page.data["views"][0]["packed"])
    assert all(wire["check"].startswith("✓") for wire in view["wires"])
    assert viz.theme.LIGHT["path"] in view["svg"]
    assert "it brings" not in json.dumps(view)


def test_a_mark_that_does_not_fit(graphs: Graphs, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no tensor of this graph is called 'q'"):
        viz.view(graphs["apples"](), tmp_path / "page.html", highlight="q")
    assert not list(tmp_path.iterdir())


def test_the_page_of_a_network_is_small(rendering: None) -> None:
    assert len(viz.view(network()).html.encode()) < 400_000
