"""The gallery: the course's numbers, one picture for each graph, and a page that needs nothing else."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from html import unescape
from pathlib import Path

import numpy as np
import pytest

import minigrad as mg
from minigrad.viz import RenderError, render
from minigrad.viz.cli import gallery, main
from minigrad.viz.course import GRAPHS

BY_NAME = {graph.name: graph for graph in GRAPHS}

# Value, and gradient at each leaf: shared/course-cases.md, and by hand.
NUMBERS: dict[str, tuple[object, dict[str, object]]] = {
    "apples": (220, {"apple": 2.2, "count": 110, "tax": 200}),
    "apples_and_oranges": (715, {"apple": 2.2, "apples": 110, "orange": 3.3, "oranges": 165, "tax": 650}),
    "sum_times": (-12, {"x": -4, "y": -4, "z": 3}),
    "square_of_sum": (49, {"x": 14, "y": 14}),
    "larger": (10, {"x": 0, "y": 2, "z": 5}),
    "reuse": (15, {"x": 5, "y": 3}),
    "neuron": (
        0.731058579,
        {"w0": -0.196611933, "w1": -0.393223866, "w2": 0.196611933, "x0": 0.393223866, "x1": -0.5898357997},
    ),
    "repeat": ([[11, 22], [13, 24]], {"x": [[1, 2], [3, 4]], "b": [4, 6]}),
    "sum": ([4, 6], {"x": [[1, 10], [1, 10]]}),
    "affine": ([[6, 13, 20]], {"x": [[22, 28]], "W": [[1, 2, 3], [2, 4, 6]], "b": [1, 2, 3]}),
    "affine_batch": (
        [[6, 13, 20], [12, 27, 42]],
        {"x": [[9, 12], [18, 24]], "W": [[7, 7, 7], [10, 10, 10]], "b": [3, 3, 3]},
    ),
    # The hand-computed gradient for logits; course-cases gives that for probabilities as scores.
    "softmax_cross_entropy": (1.31061805, {}),
    "convolution": ([[[[18, 19], [9, 18]]]], {"b": [4]}),
    "max_pool": ([[[[11, 15], [8, 17]]]], {"x": [[[[0, 1, 0, 2], [0, 0, 0, 0], [0, 0, 4, 0], [0, 3, 0, 0]]]]}),
}
NUMBERS["fused_neuron"] = NUMBERS["neuron"]
NUMBERS["softmax_cross_entropy_steps"] = NUMBERS["softmax_cross_entropy"]
NUMBERS["convolution_steps"] = NUMBERS["convolution"]


@pytest.mark.parametrize("name", NUMBERS)
def test_numbers(name: str) -> None:
    graph = BY_NAME[name]
    output, leaves = graph.compute()
    value, gradients = NUMBERS[name]
    np.testing.assert_allclose(output.data, value, atol=1e-8)
    upstream = np.ones(output.shape) if graph.gradient is None else np.array(graph.gradient, float)
    output.backward(mg.Tensor(upstream))
    for leaf, gradient in gradients.items():
        np.testing.assert_allclose(leaves[leaf].grad.data, gradient, atol=1e-8)


@pytest.mark.parametrize(("fused", "steps"), [("softmax_cross_entropy", "softmax_cross_entropy_steps"),
                                              ("convolution", "convolution_steps")])  # fmt: skip
def test_both_ways_of_writing_have_the_same_gradients(fused: str, steps: str) -> None:
    gradients = []
    for name in (fused, steps):
        output, leaves = BY_NAME[name].compute()
        output.backward(mg.ones(output.shape))
        gradients.append({leaf: tensor.grad.data for leaf, tensor in leaves.items() if tensor.requires_grad})
    assert gradients[0].keys() == gradients[1].keys()
    for leaf, gradient in gradients[0].items():
        np.testing.assert_allclose(gradients[1][leaf], gradient, atol=1e-12)
    assert len(gallery.drawn(BY_NAME[steps]).picture.items) > len(gallery.drawn(BY_NAME[fused]).picture.items)


@pytest.mark.parametrize("graph", GRAPHS, ids=lambda graph: graph.name)
def test_every_graph_can_be_drawn(graph: object) -> None:
    drawing = gallery.drawn(graph)  # type: ignore[arg-type]
    assert drawing.source == gallery.drawn(graph).source  # type: ignore[arg-type]
    gradients = [value.gradient for item in drawing.picture.items for value in item.values]
    assert not any(gradient is not None and gradient.nans for gradient in gradients)


def test_the_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    try:
        assert main(["gallery", "apples", "neuron", "-o", str(tmp_path / "out")]) == 0
    except RenderError:
        pytest.skip("no Graphviz")
    lines = capsys.readouterr().out.splitlines()
    if not lines:
        pytest.skip("no Graphviz")
    assert [Path(line).name for line in lines] == ["apples.svg", "neuron.svg", "index.html"]
    html = (tmp_path / "out" / "index.html").read_text()
    assert "default-src 'none'" in html
    assert html.count("<svg") == 2
    ids = re.findall(r' id="([^"]+)"', html)
    assert len(ids) == len(set(ids))
    assert "http://" not in html.replace("http://www.w3.org/", "")


PICTURES = Path(__file__).parents[2] / "docs" / "img"
DRAWN = sorted(path.stem for path in PICTURES.glob("*.svg") if path.stem != "favicon")
# The Graphviz that drew them; another one places boxes elsewhere.
GRAPHVIZ = "14.1.5"


def graphviz() -> str:
    try:
        svg = render._run(render._command("svg"), "digraph { a }", 60).decode()
    except RenderError:
        return "none"
    return re.search(r"graphviz version ([\d.]+)", svg)[1]  # type: ignore[index]


def rounded(text: str) -> str:
    """Without errors and digits that hang on the processor: of checks, and the last ones of sums over whole layers."""
    text = re.sub(r"(✓.?|relative error )\d(\.\d+)?(e-\d+)?", r"\1ε", text)
    return re.sub(r"(\d\.\d{5})\d+", r"\1", text)


def test_there_are_pictures() -> None:
    assert {"neuron", "check", "convnet", "convnet_folded"} <= set(DRAWN)


@pytest.mark.parametrize("name", DRAWN)
def test_the_pictures_of_the_pages_tell_what_the_gallery_tells(name: str) -> None:
    picture = (PICTURES / f"{name}.svg").read_text()
    description = re.search("<desc>(.*?)</desc>", picture, re.DOTALL)[1]  # type: ignore[index]
    assert rounded(unescape(description)) == rounded(gallery.drawn(BY_NAME[name]).text)


@pytest.mark.parametrize("name", DRAWN)
def test_the_pictures_of_the_pages_look_as_the_gallery_draws_them(name: str) -> None:
    version = graphviz()
    if version != GRAPHVIZ:
        pytest.skip(f"the pictures were laid out by Graphviz {GRAPHVIZ}; here is {version}")
    fresh = gallery.drawn(BY_NAME[name]).pipe("svg", "utf-8")
    assert rounded((PICTURES / f"{name}.svg").read_text()) == rounded(fresh), (
        f"make it again, and look at it: minigrad gallery -o docs/img --no-page {name}"
    )


def test_without_the_page(tmp_path: Path, rendering: None) -> None:
    assert main(["gallery", "apples", "-o", str(tmp_path), "--no-page"]) == 0
    assert [path.name for path in tmp_path.iterdir()] == ["apples.svg"]


def test_the_same_bytes_in_every_process(tmp_path: Path, rendering: None) -> None:
    pages = set()
    for seed in ("0", "1"):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(Path(__file__).parents[2])}
        command = [sys.executable, "-m", "minigrad.viz", "gallery", "-o", str(tmp_path), "path", "check", "layers"]
        subprocess.run(command, env=environment, capture_output=True, check=True)
        pages.add((tmp_path / "index.html").read_bytes())
    assert len(pages) == 1


def test_second_order() -> None:
    output, _ = BY_NAME["second_order"].compute()
    np.testing.assert_allclose(output.data, 1 - np.tanh(0.5) ** 2)


def test_unknown_graph(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["gallery", "pears", "-o", str(tmp_path / "out")]) == 1
    assert "there is no graph 'pears'; there are apples, " in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
