"""A graph that is too large to be measured: one box that tells what is in it, soon, and the way to all of it."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest

import minigrad as mg
from minigrad import viz
from minigrad.viz import outline


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outline, "MOST_OPS", 50)


def long(n: int) -> mg.Tensor:
    x = mg.Tensor([1.0, 2.0], requires_grad=True, name="x <b>")
    w = mg.Tensor(0.5, requires_grad=True)
    y = x
    for _ in range(n):
        y = mg.sin(y) * w
    y = y.sum()
    y.name = "loss"
    return y


def test_it_tells_what_is_in_the_graph() -> None:
    drawing = viz.draw(long(40))
    assert repr(drawing) == "<Drawing of 81 ops, 3 boxes shown>"
    text = drawing.text
    assert "whole graph (81 ops: multiply ×40, sin ×40, sum)" in text
    assert "81 ops, 81 in the longest path, 2 leaves that require a gradient: too many to measure each" in text
    assert "x <b> = (2) [1  2]  [parameter]" in text
    assert "gradient 1" not in text
    assert text == viz.text(long(40))
    assert drawing.source == viz.draw(long(40)).source


def test_the_longest_path_is_counted_in_ops() -> None:
    x = mg.Tensor(1.0, requires_grad=True)
    y = mg.sin(x)
    for _ in range(60):
        y = y + mg.exp(x)  # 120 ops, in pairs side by side
    assert "121 ops, 61 in the longest path, 1 leaf" in viz.text(y)


def test_many_leaves_are_one_box() -> None:
    leaves = [mg.Tensor([1.0, 1.0], requires_grad=True) for _ in range(60)]
    total = leaves[0]
    for leaf in leaves[1:]:
        total = total + leaf
    assert "60 leaves, 120 entries" in viz.text(total.sum())


def test_it_is_rendered(rendering: None) -> None:
    root = ET.fromstring(viz.draw(long(40)).pipe("svg"))
    said = " ".join("".join(t.itertext()) for t in root.iter("{http://www.w3.org/2000/svg}text")).replace("\u00a0", " ")
    assert "whole graph" in said
    assert "depth=0 goes through all" in said
    assert "x <b>" in said


@pytest.mark.parametrize(
    "options", [{"depth": 0}, {"max_nodes": None}, {"highlight": "x <b>"}, {"check": True}, {"roll": True}]
)
def test_who_asks_for_more_gets_all(options: dict[str, object]) -> None:
    assert "loss" in viz.text(long(30), **options)  # type: ignore[arg-type]
    assert "whole graph" not in viz.text(long(30), **options)  # type: ignore[arg-type]


def test_small_graphs_are_measured() -> None:
    assert "whole graph" not in viz.text(long(24))


def test_errors_come_first() -> None:
    with pytest.raises(ValueError, match="max_nodes must be"):
        viz.draw(long(40), max_nodes=1)
    with pytest.raises(ValueError, match="shape"):
        viz.draw(long(40), gradient=[1.0, 2.0])
    loss = long(40)
    loss.backward()
    with pytest.raises(RuntimeError, match="freed by a backward pass"):
        viz.draw(loss)


@pytest.mark.parametrize("make", [viz.worksheet, viz.filmstrip])
def test_lessons_say_why_not(make: object) -> None:
    with pytest.raises(ValueError, match="too many to measure each"):
        make(long(40))  # type: ignore[operator]


def test_pages_say_why_not_and_can_be_asked_for(rendering: None) -> None:
    with pytest.raises(ValueError, match=r"too many for a page.*depth=0"):
        viz.view(long(40))
    assert "sin" in viz.view(long(40), depth=0).html
