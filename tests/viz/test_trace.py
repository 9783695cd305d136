"""Reading the engine's graph: what is drawn, what raises, and that nothing is changed."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minigrad as mg
from minigrad import nn, viz
from minigrad.viz.trace import trace


def test_ids_are_topological_and_values_shared() -> None:
    x = mg.Tensor([1.0, 2.0], requires_grad=True, name="x")
    data = mg.Tensor([3.0, 4.0], name="data")
    y = x * data
    vertices = trace((y + data) * y).trace.vertices
    assert [v.name or v.op for v in vertices] == ["x", "data", "multiply", "add", "multiply"]
    assert [v.kind for v in vertices] == ["parameter", "input", "op", "op", "op"]
    assert all(a.vertex < v for v, vertex in enumerate(vertices) for a in vertex.arguments)


def test_nothing_is_changed() -> None:
    calls = []
    x = mg.Tensor(3.0, requires_grad=True, name="x")
    y = x * x
    y.retain_grad()
    y.register_hook(lambda g: calls.append(g))
    x.register_hook(lambda g: calls.append(g))
    z = y * 2
    before = viz.draw(z)
    assert x.grad is None
    assert y.grad is None
    assert not calls
    assert "a hook may change this gradient" in before.source
    z.backward(retain_graph=True)
    assert x.grad is not None
    assert x.grad.item() == 12
    after = viz.draw(z)
    assert after.source == before.source
    assert x.grad.item() == 12
    z.backward()
    assert x.grad.item() == 24


def test_a_freed_graph_says_what_to_do() -> None:
    x = mg.Tensor(3.0, requires_grad=True)
    y = x * x
    y.backward()
    for function in (viz.draw, viz.text):
        with pytest.raises(RuntimeError, match=r"freed.*Draw before backward.*retain_graph=True"):
            function(y)


def test_wrong_arguments() -> None:
    x = mg.Tensor([1.0, 2.0], requires_grad=True)
    with pytest.raises(TypeError, match="expected a Tensor, got float"):
        viz.draw(3.0)  # type: ignore[arg-type]
    with pytest.raises(RuntimeError, match="no graph to draw"):
        viz.draw(mg.Tensor(3.0))
    with pytest.raises(RuntimeError, match="no graph to draw"):
        viz.draw((x * 2).detach())
    with pytest.raises(ValueError, match=r"shape \(3,\), the output \(2,\)"):
        viz.draw(x * 2, gradient=[1.0, 2.0, 3.0])
    with pytest.raises(TypeError, match="dtype <U1"):
        viz.draw(x * 2, gradient=["a", "b"])
    with pytest.raises(ValueError, match="direction must be one of LR, TB"):
        viz.draw(x * 2, direction="up")
    with pytest.raises(ValueError, match="max_nodes"):
        viz.draw(x * 2, max_nodes=1)
    with pytest.raises(ValueError, match="depth"):
        viz.draw(x * 2, depth=-1)
    with pytest.raises(ValueError, match="digits"):
        viz.text(x * 2, digits=0)


def test_a_leaf_is_a_drawing_of_one_box() -> None:
    picture = viz.draw(mg.Tensor(3.0, requires_grad=True, name="x")).picture
    assert [item.label for item in picture.items] == ["x"]
    assert picture.items[0].values[0].gradient.scalar == 1  # type: ignore[union-attr]


def test_without_a_gradient_for_many_entries() -> None:
    x = mg.Tensor([1.0, 2.0], requires_grad=True, name="x")
    drawing = viz.draw(x * x)
    assert "No gradients" in drawing.picture.note
    assert all(wire.downstream is None and wire.local is not None for wire in drawing.picture.wires)
    assert "pass gradient=" in drawing.text


@given(st.lists(st.sampled_from(["add", "multiply", "sin", "mean", "reuse"]), max_size=12), st.integers(0, 9))
def test_gradients_are_those_of_backward(ops: list[str], seed: int) -> None:
    rng = np.random.default_rng(seed)
    x = mg.Tensor(rng.normal(size=(2, 3)), requires_grad=True, name="x")
    w = mg.Tensor(rng.normal(size=3), requires_grad=True, name="w")
    y, earlier = x * w, x
    for op in ops:
        new = {
            "add": lambda y=y: y + w,
            "multiply": lambda y=y: y * w,
            "sin": lambda y=y: mg.sin(y),
            "mean": lambda y=y: y - y.mean(axis=1, keepdims=True),
            "reuse": lambda y=y, e=earlier: y * e,
        }[op]()
        y, earlier = new, y
    loss = y.sum()
    picture = viz.draw(loss, max_nodes=None).picture
    loss.backward()
    for item in picture.items:
        if item.kind == "parameter":
            grad = {"x": x, "w": w}[item.label].grad
            assert grad is not None
            np.testing.assert_allclose(item.values[0].gradient.entries, grad.data.ravel(), atol=1e-12)  # type: ignore[union-attr, arg-type]


def test_second_order_graphs_are_drawn() -> None:
    x = mg.Tensor(3.0, requires_grad=True, name="x")
    (slope,) = mg.grad(x**3, x, create_graph=True)
    assert slope is not None
    picture = viz.draw(slope).picture
    assert picture.items[0].values[0].gradient.scalar == pytest.approx(18)  # type: ignore[union-attr]


def test_records_are_linear_in_the_nodes() -> None:
    y = x = mg.Tensor(1.0, requires_grad=True, name="x")
    for _ in range(100_000):
        y = y * 1.0000001
    assert len(trace(y).trace.vertices) == 200_001
    drawing = viz.draw(y)
    assert drawing.picture.total == 100_000
    assert len(drawing.picture.items) <= 60
    assert "99,998 ops" in drawing.text
    assert drawing.picture.items[0].values[0].gradient.scalar == pytest.approx(y.item())  # type: ignore[union-attr]
    assert x.grad is None


def test_a_module_with_several_outputs_is_one_cluster() -> None:
    lstm = nn.LSTM(3, 4, rng=np.random.default_rng(0))
    output, (hidden, cell) = lstm(np.ones((2, 5, 3), np.float32))
    traced = trace((output.sum() + hidden.sum() + cell.sum()) * 2).trace
    assert [cluster.label for cluster in traced.clusters] == ["LSTM(3, 4)"]
    inside = [vertex for vertex in traced.vertices if vertex.cluster == 0]
    assert len(inside) > 1
    assert all(vertex.kind in ("op", "parameter") for vertex in inside)
