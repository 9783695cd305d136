"""Every number of the course's computation graphs stands in the records, the DOT text and the text tree."""

import re
from collections.abc import Callable
from html import unescape
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad import viz
from minigrad.nn import functional as F
from minigrad.viz import rich

Graphs = dict[str, Callable[[], mg.Tensor]]

CASES: dict[str, tuple[float, dict[str, float]]] = {
    "apples": (220, {"apple": 2.2, "count": 110, "tax": 200}),
    "fruit": (715, {"apple": 2.2, "apples": 110, "orange": 3.3, "oranges": 165, "tax": 650, "subtotal": 1.1}),
    "product": (-12, {"x": -4, "y": -4, "z": 3}),
    "square": (49, {"x": 14, "y": 14}),
    "neuron": (
        0.731058579,
        {"w0": -0.196611933, "w1": -0.393223866, "w2": 0.196611933, "x0": 0.393223866, "x1": -0.5898357997},
    ),
}
CASES["fused"] = CASES["neuron"]


def words(source: str) -> str:
    """What a reader sees of a DOT text."""
    return " ".join(unescape(re.sub(r"<[^<>]*>", "", source)).replace("\u00a0", " ").replace(rich.JOINER, "").split())


@pytest.mark.parametrize("name", CASES)
def test_values_and_gradients(name: str, graphs: Graphs, gradients: Callable[[Any], dict[str, float]]) -> None:
    value, expected = CASES[name]
    picture = viz.draw(graphs[name]()).picture
    last = picture.items[-1].values[0]
    assert last.value is not None
    assert last.value.scalar == pytest.approx(value, rel=1e-9)
    assert gradients(picture) == pytest.approx(expected, rel=1e-8)


@pytest.mark.parametrize("name", CASES)
def test_the_chain_rule_holds_on_every_wire(name: str, graphs: Graphs) -> None:
    for wire in viz.draw(graphs[name]()).picture.wires:
        if wire.flows:
            assert wire.upstream is not None
            assert wire.local is not None
            assert wire.downstream is not None
            product = wire.upstream.scalar * wire.local.number  # type: ignore[operator]
            assert product == pytest.approx(wire.downstream.scalar, rel=1e-12)


@pytest.mark.parametrize(
    ("name", "equations"),
    [
        ("apples", ["1.1 × 2 = 2.2", "1.1 × 100 = 110", "1 × 1.1 = 1.1", "1 × 200 = 200"]),
        ("fruit", ["1.1 × 3 = 3.3", "1.1 × 150 = 165", "1 × 650 = 650", "subtotal = 650"]),
        ("product", ["-4 × 1 = -4", "1 × -4 = -4", "1 × 3 = 3"]),
        ("square", ["14 × 1 = 14", "1 × 7 = 7", "sum of 2: 14"]),
        ("neuron", ["0.1966 × 2 = 0.3932", "0.1966 × -3 = -0.5898", "0.1966 × -1 = -0.1966", "0.7311"]),
        ("fused", ["0.1966 × 2 = 0.3932", "1 × 0.1966 = 0.1966"]),
    ],
)
@pytest.mark.parametrize("direction", ["LR", "TB"])
def test_equations_in_the_drawing(name: str, equations: list[str], direction: str, graphs: Graphs) -> None:
    said = words(viz.draw(graphs[name](), direction=direction).source)
    for equation in equations:
        assert equation in said


def test_the_text_tree(graphs: Graphs) -> None:
    assert viz.text(graphs["neuron"]()).splitlines()[:4] == [
        "0.7311  ← divide  | gradient 1",
        "├─ a: 1",
        "└─ b: 1.368  ← add  | 1 × -0.5344 = -0.5344",
        "   ├─ a: 1",
    ]
    assert "x0 = -1  [parameter]  | 0.1966 × 2 = 0.3932" in viz.text(graphs["neuron"]())
    tree = viz.text(graphs["square"]())
    assert "#2 = 7  ← add  | 1 × 7 = 7  | gradient 14, the sum over 2 uses" in tree
    assert "b: #2 (above)  | 1 × 7 = 7" in tree


def test_tooltips_list_the_paths_and_their_sum(graphs: Graphs) -> None:
    source = viz.draw(graphs["square"]()).source
    paths = r"the sum over 2 paths:\nthrough multiply (a): 1 × 7 = 7\nthrough multiply (b): 1 × 7 = 7"
    assert rf"gradient:\n14\n{paths}" in source
    source = viz.draw(graphs["neuron"]()).source
    assert "0.196611933 × 2 = 0.393223866" in source


def test_affine() -> None:
    x = mg.Tensor([[1.0, 2.0]], requires_grad=True, name="X")
    w = mg.Tensor([[1.0, 3.0, 5.0], [2.0, 4.0, 6.0]], requires_grad=True, name="W")
    b = mg.Tensor([1.0, 2.0, 3.0], requires_grad=True, name="b")
    drawing = viz.draw(x @ w + b, gradient=[[1, 2, 3]])
    shown = {item.label: item.values[0].gradient for item in drawing.picture.items if item.kind == "parameter"}
    assert shown["X"].entries == (22, 28)  # type: ignore[union-attr]
    assert shown["W"].entries == (1, 2, 3, 2, 4, 6)  # type: ignore[union-attr]
    (wire,) = [wire for wire in drawing.picture.wires if wire.argument == "a" and wire.local.formula == "· bᵀ"]  # type: ignore[union-attr]
    assert wire.local is not None
    assert wire.local.jacobian == ((1, 2), (3, 4), (5, 6))
    said = words(drawing.source)
    assert "· bᵀ, J =" in said
    assert "J 3 × 6, never built" in said
    assert "[6 13 20]" in said


def test_softmax_cross_entropy_fused_and_decomposed() -> None:
    def loss() -> mg.Tensor:
        logits = mg.Tensor([[0.2, 0.1, 0.7], [0.3, 0.1, 0.6]], requires_grad=True, name="logits")
        return F.softmax_cross_entropy(logits, [0, 1])

    fused = viz.draw(loss()).picture
    with mg.decompose():
        opened = viz.draw(loss()).picture
    assert fused.total == 1
    assert [item.label for item in opened.items if item.kind == "op"] == [
        "exp", "sum", "divide", "log", "multiply", "sum", "negative", "divide",
    ]  # fmt: skip
    first, second = (p.items[0].values[0].gradient for p in (fused, opened))
    assert first is not None
    assert second is not None
    np.testing.assert_allclose(first.entries, second.entries, rtol=1e-12)  # type: ignore[arg-type]
