"""Blocks that are alike, rolled; modules opened as far as they fit; gradients told on folded boxes."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minigrad as mg
from minigrad import nn, viz
from minigrad.viz.repeats import _runs
from minigrad.viz.theme import LIGHT


def groups(picture: viz.Picture) -> list[str]:
    return [item.label for item in picture.items if item.kind == "group"]


def recurrence(steps: int, scale: float = 0.5) -> tuple[mg.Tensor, mg.Tensor]:
    rng = np.random.default_rng(0)
    w = mg.Tensor(rng.normal(size=(3, 3)) * scale, requires_grad=True, name="W")
    u = mg.Tensor(rng.normal(size=(2, 3)), requires_grad=True, name="U")
    h = mg.Tensor(np.zeros((1, 3)), name="h0")
    for token in rng.normal(size=(steps, 1, 2)):
        h = mg.tanh(h @ w + mg.Tensor(token) @ u)
    return (h * h).sum(), w


def test_the_steps_of_a_recurrence_are_rolled() -> None:
    loss, w = recurrence(30)
    picture = viz.draw(loss).picture
    assert groups(picture) == ["×29 more, same weights"]
    (rolled,) = [item for item in picture.items if item.kind == "group"]
    assert rolled.ops == 29 * 4
    # One step in full, what starts it, and what follows the last.
    assert sorted(i.label for i in picture.items if i.kind == "op") == [
        "add", "matmul", "matmul", "multiply", "sum", "tanh",
    ]  # fmt: skip
    loss.backward(retain_graph=True)
    (shown,) = [item.values[0] for item in picture.items if item.label == "W"]
    np.testing.assert_allclose(shown.gradient.entries, w.grad.data.ravel())  # type: ignore[union-attr, arg-type]


def test_rolling_is_a_choice() -> None:
    loss, _ = recurrence(5)
    assert groups(viz.draw(loss).picture) == []  # there is room
    assert groups(viz.draw(loss, roll=True).picture) == ["×4 more, same weights"]
    long, _ = recurrence(30)
    assert not any("same weights" in label for label in groups(viz.draw(long, roll=False).picture))


def test_cells_that_share_weights_and_blocks_that_do_not() -> None:
    cell = nn.RNNCell(2, 3, rng=np.random.default_rng(0))
    h = mg.Tensor(np.zeros((1, 3), np.float32), requires_grad=True)
    for _ in range(6):
        h = cell(np.ones((1, 2), np.float32), h)
    picture = viz.draw(h.sum(), roll=True).picture
    assert groups(picture) == ["×5 more, same weights"]
    assert picture.clusters[0].label.endswith("×6")
    model = nn.Sequential(*(nn.Sequential(nn.Affine(3, 3), nn.ReLU()) for _ in range(6)), nn.Affine(3, 1))
    loss = model(np.ones((2, 3), np.float32)).sum()
    picture = viz.draw(loss, roll=True).picture
    assert groups(picture) == ["+5 more Sequential"]
    assert len(picture.items) < 14
    names = {item.label for item in picture.items}
    assert {"affine", "relu", "+5 more Sequential"} <= names


def test_blocks_of_two_modules_in_turn() -> None:
    layers = [layer for _ in range(5) for layer in (nn.Affine(3, 3), nn.Tanh())]
    loss = nn.Sequential(*layers)(np.ones((2, 3), np.float32)).sum()
    assert groups(viz.draw(loss, roll=True).picture) == ["+4 more of these 2"]


def test_other_ops_between_keep_blocks_apart() -> None:
    layers = [nn.Affine(3, 3) for _ in range(4)]
    h = mg.Tensor(np.ones((2, 3), np.float32))
    for i, layer in enumerate(layers):
        h = layer(h)
        h = mg.exp(-h) if i % 2 else mg.sin(h)
    picture = viz.draw(h.sum(), roll=True).picture
    order = {item.id: i for i, item in enumerate(picture.items)}
    owner = {s.id: item.id for item in picture.items for s in item.values}
    assert all(order[owner[wire.source]] < order[wire.target] for wire in picture.wires)


@given(st.lists(st.integers(0, 3), min_size=1, max_size=40))
def test_runs_repeat_and_do_not_overlap(tokens: list[int]) -> None:
    end = 0
    for start, period, times in _runs(tokens):
        assert times >= 2
        assert start >= end
        end = start + period * times
        assert end <= len(tokens)
        assert all(tokens[i] == tokens[i + period] for i in range(start, end - period))


@given(st.integers(2, 12), st.integers(1, 9), st.integers(2, 40))
def test_rolled_drawings_are_topological_and_keep_gradients(steps: int, cut: int, budget: int) -> None:
    rng = np.random.default_rng(steps)
    w = mg.Tensor(0.9, requires_grad=True, name="w")
    h, kept = mg.Tensor(rng.normal(), requires_grad=True, name="h"), []
    for i in range(steps):
        h = mg.sin(h * w) + w
        if i % cut == 0:
            kept.append(h)  # a way around the steps
    loss = h + sum(kept[1:], start=kept[0])
    whole = viz.draw(loss, max_nodes=None, roll=False).picture
    known = {s.id: s.gradient for item in whole.items for s in item.values}
    for options in ({"roll": True, "max_nodes": None}, {"max_nodes": budget}):
        picture = viz.draw(loss, **options).picture  # type: ignore[arg-type]
        order = {item.id: i for i, item in enumerate(picture.items)}
        owner = {s.id: item.id for item in picture.items for s in item.values}
        assert all(order[owner[wire.source]] < order[wire.target] for wire in picture.wires)
        assert all(s.gradient == known[s.id] for item in picture.items for s in item.values)
        assert len(picture.items) <= budget or options.get("roll")


def test_folded_boxes_tell_the_gradients_inside() -> None:
    loss, _ = recurrence(40, scale=0.05)
    drawing = viz.draw(loss)
    (rolled,) = [item for item in drawing.picture.items if item.kind == "group"]
    inside = rolled.inside
    assert inside is not None
    whole = viz.draw(loss, max_nodes=None, roll=False).picture
    rms = [s.gradient.rms for item in whole.items for s in item.values if s.gradient is not None]
    assert inside.low == pytest.approx(min(r for r in rms if r), rel=1e-3)
    assert inside.high <= max(rms) * (1 + 1e-12)
    assert inside.low < 1e-10  # it vanished somewhere, and the box says so
    assert re.search(f'BGCOLOR="{LIGHT["group"]}" COLOR="{LIGHT["vanished"]}"', drawing.source)
    x = mg.Tensor(0.0, requires_grad=True, name="x")
    y = x
    for _ in range(100):
        y = y * 2.0
    with np.errstate(all="ignore"):
        source = viz.draw(mg.log(y), gradient=1.0).source
    assert LIGHT["bad"] in source
    assert "not\u00a0finite" in source


def test_resnet_50_opens_as_far_as_it_fits(rendering: None) -> None:
    model = nn.models.ResNet(50, rng=np.random.default_rng(0))
    model.eval()
    loss = nn.functional.cross_entropy(model(np.ones((1, 3, 32, 32), np.float32)), np.array([3]))
    drawing = viz.draw(loss)
    assert 40 < len(drawing.picture.items) <= 60
    labels = groups(drawing.picture)
    assert [label for label in labels if label.startswith("+")] == [
        "+1 more Sequential", "+2 more Sequential", "+4 more Sequential", "+1 more Sequential",
    ]  # fmt: skip
    assert all(item.inside is not None for item in drawing.picture.items if item.kind == "group")
    # The running statistics are the modules' own: only the image and the class come from outside.
    outside = [item for item in drawing.picture.items if item.kind == "input" and item.cluster == -1]
    assert len(outside) == 2
    svg = drawing.pipe("svg")
    assert len(svg) < 300_000
