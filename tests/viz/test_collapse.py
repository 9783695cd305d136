"""What large graphs are folded to."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

import minigrad as mg
from minigrad import viz
from minigrad.graph import Scope, extra_of, next_seq


def call(label: str, function: Callable[[], mg.Tensor]) -> mg.Tensor:
    """What a module does when it is called."""
    start = next_seq()
    output = function()
    assert output.node is not None
    extra = extra_of(output.node)
    extra.scopes = (*extra.scopes, Scope(label, start))
    return output


def network(blocks: int) -> mg.Tensor:
    x = mg.Tensor([[1.0, 2.0]], name="x")

    def layer(h: mg.Tensor, i: int) -> mg.Tensor:
        w = mg.Tensor([[0.5, 0.1], [0.2, 0.4]], requires_grad=True, name=f"w{i}")
        return mg.relu(call(f"linear{i}", lambda: h @ w + 1.0))

    def stacked() -> mg.Tensor:
        h = x
        for i in range(blocks):
            h = call(f"block{i}", lambda h=h, i=i: layer(h, i))
        return h

    return call("net", stacked).sum()


def test_module_calls_nest() -> None:
    picture = viz.draw(network(2)).picture
    labels = [c.label for c in picture.clusters]
    assert labels == ["net", "block0", "linear0", "block1", "linear1"]
    assert [c.depth for c in picture.clusters] == [0, 1, 2, 1, 2]
    where = {item.label: labels[item.cluster] if item.cluster >= 0 else "" for item in picture.items}
    assert where["w0"] == "linear0"
    assert where["x"] == ""
    assert where["sum"] == ""
    source = viz.draw(network(2)).source
    assert source.count("subgraph cluster_") == 5
    assert source.count("{") == source.count("}")


def test_depth_folds_modules() -> None:
    folded = viz.draw(network(3), depth=1).picture
    assert [item.label for item in folded.items if item.kind == "group"] == ["block0", "block1", "block2"]
    whole = viz.draw(network(3), depth=0).picture
    assert [(item.label, item.ops) for item in whole.items if item.kind == "group"] == [("net", 9)]


@pytest.mark.parametrize("blocks", [4, 20, 200])
def test_folded_drawings_keep_within_the_budget_and_the_gradient(blocks: int) -> None:
    loss = network(blocks)
    picture = viz.draw(loss).picture
    assert len(picture.items) <= 60
    everything = viz.draw(loss, max_nodes=None).picture
    assert len(everything.items) > len(picture.items) or blocks == 4
    known = {shown.id: shown.gradient for item in everything.items for shown in item.values}
    for item in picture.items:
        for shown in item.values:
            assert shown.gradient == known[shown.id]


@given(st.lists(st.integers(0, 10**6), min_size=5, max_size=150), st.integers(2, 40))
def test_any_graph_keeps_within_any_budget(choices: list[int], budget: int) -> None:
    values = [mg.Tensor(1.0, requires_grad=True, name="x")]
    for choice in choices:
        values.append(values[choice % len(values)] + values[choice // 7 % len(values)])
    picture = viz.draw(values[-1] * values[len(values) // 2], max_nodes=budget).picture
    assert len(picture.items) <= budget
    order = {item.id: i for i, item in enumerate(picture.items)}
    owner = {shown.id: item.id for item in picture.items for shown in item.values}
    assert all(order[owner[wire.source]] < order[wire.target] for wire in picture.wires)


def test_a_hub_is_drawn_as_references() -> None:
    x = mg.Tensor(2.0, requires_grad=True, name="x")
    total = mg.stack([x * float(i) for i in range(6)]).sum()
    drawing = viz.draw(total)
    assert drawing.source.count("↪\u00a0x") == 6
    gradient = drawing.picture.items[0].values[0].gradient
    assert gradient is not None
    assert gradient.scalar == 15


def test_a_thousand_uses(rendering: None) -> None:
    x = mg.Tensor(2.0, requires_grad=True, name="x")
    total = mg.stack([x * float(i) for i in range(1000)]).sum()
    drawing = viz.draw(total)
    assert len(drawing.picture.items) <= 60
    assert drawing.pipe("svg").startswith(b"<?xml")
    assert viz.draw(total, max_nodes=None).source.count("↪\u00a0x") == 1000
