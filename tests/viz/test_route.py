"""The highlighted path, and tangents on the wires."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minigrad as mg
from minigrad import viz


def route_of(output: mg.Tensor, start: mg.Tensor | str, **options: object) -> viz.records.Route:
    route = viz.draw(output, highlight=start, max_nodes=None, **options).picture.route  # type: ignore[arg-type]
    assert route is not None
    return route


def test_of_several_paths_the_one_with_the_largest_part() -> None:
    x = mg.Tensor(3.0, requires_grad=True, name="x")
    loss = x * 5.0 + mg.sin(x) - x * x
    route = route_of(loss, x)
    assert route.paths == 4
    assert route.gain == pytest.approx(5.0)
    assert route.contribution.scalar == pytest.approx(5.0)
    assert route.gradient.scalar == pytest.approx(5 + np.cos(3.0) - 6)
    drawing = viz.draw(loss, highlight="x")
    marked = [wire for wire in drawing.picture.wires if wire.path]
    assert len(marked) == len(route.steps) == 3
    legend = drawing.source.replace("\u00a0", " ")
    assert "path from x to the output: 3 steps, product of gains 5" in legend
    assert "the sum over 4 paths" in legend
    assert f"{viz.theme.LIGHT['path']}:" in drawing.source
    assert "on the highlighted path" in drawing.source


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9), st.sampled_from("+*-s")), min_size=1, max_size=7))
def test_the_best_of_all_paths(ops: list[tuple[int, int, str]]) -> None:
    """Against every path, one by one; of scalars, the product of gains is the size of the path's part."""
    values = [mg.Tensor(1.3, requires_grad=True, name="x"), mg.Tensor(-0.7, requires_grad=True)]
    for i, j, op in ops:
        a, b = values[i % len(values)], values[j % len(values)]
        values.append(a + b if op == "+" else a * b if op == "*" else a - 2 * b if op == "-" else mg.sin(a))
    loss = values[-1] + values[0] * 1e-3
    picture = viz.draw(loss, highlight="x", max_nodes=None).picture
    route = picture.route
    assert route is not None
    into: dict[int, list[tuple[int, float]]] = {}
    for wire in picture.wires:
        if wire.local is not None and wire.local.number is not None:
            into.setdefault(wire.source, []).append((wire.target, wire.local.number))
    parts: list[float] = []
    stack = [(route.start, 1.0)]
    while stack:
        v, product = stack.pop()
        if v == picture.output:
            parts.append(product)
        stack += [(target, product * local) for target, local in into.get(v, [])]
    assert route.paths == len(parts)
    assert sum(parts) == pytest.approx(route.gradient.scalar, abs=1e-12)
    if all(wire.upstream is None or wire.upstream.scalar for wire in picture.wires):  # else a gain has no meaning
        assert max(map(abs, parts)) == pytest.approx(abs(route.contribution.scalar or 0.0))
        assert route.gain == pytest.approx(abs(route.contribution.scalar or 0.0))


def test_through_folded_parts_and_more_paths_than_can_be_counted_one_by_one() -> None:
    y = x = mg.Tensor(1.0, requires_grad=True, name="x")
    for _ in range(2000):
        y = (y + y) * 0.5
    drawing = viz.draw(y, highlight=x, max_nodes=10)
    route = drawing.picture.route
    assert route is not None
    assert route.paths == 2**2000
    assert len(route.steps) == 4000
    assert any(wire.path for wire in drawing.picture.wires)
    assert drawing.source.encode()


def test_from_an_inner_tensor_and_an_array() -> None:
    x = mg.Tensor([1.0, -2.0], requires_grad=True, name="x")
    h = mg.tanh(x)
    h.name = "hidden"
    loss = (h * 3.0).sum()
    assert route_of(loss, h).start == route_of(loss, "hidden").start
    route = route_of(loss, x)
    assert route.paths == 1
    np.testing.assert_allclose(route.contribution.entries, 3 * (1 - np.tanh(x.data) ** 2))  # type: ignore[arg-type]
    assert "it is the only one" in viz.draw(loss, highlight=x).source.replace("\u00a0", " ")
    assert route_of(loss, loss).steps == ()


def test_wrong_highlights() -> None:
    x, y = (mg.Tensor([1.0, 2.0], requires_grad=True, name="x") for _ in range(2))
    constant = mg.Tensor([1.0, 1.0], name="c")
    loss = (x * y * constant).sum()
    with pytest.raises(ValueError, match="2 tensors of this graph are called 'x'; pass the tensor itself"):
        viz.draw(loss, highlight="x")
    with pytest.raises(ValueError, match="no tensor of this graph is called 'z'; its names: c, x"):
        viz.draw(loss, highlight="z")
    with pytest.raises(ValueError, match="is no part of this graph"):
        viz.draw(loss, highlight=mg.Tensor(1.0))
    with pytest.raises(ValueError, match="no gradient flows from the output to"):
        viz.draw(loss, highlight=constant)
    with pytest.raises(TypeError, match="highlight must be a tensor or its name, got int"):
        viz.draw(loss, highlight=3)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="highlight needs a gradient"):
        viz.draw(x * y, highlight=x)


def test_tangents_are_those_of_jvp() -> None:
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, 3)), rng.normal(size=(3, 2))
    u, v = rng.normal(size=(2, 3)), rng.normal(size=(3, 2))

    def f(a: mg.Tensor, b: mg.Tensor) -> mg.Tensor:
        return mg.sum(mg.sigmoid(mg.tanh(a @ b) * 2.0))

    _, expected = mg.func.jvp(f, (a, b), (u, v))
    x, w = mg.Tensor(a, requires_grad=True, name="a"), mg.Tensor(b, requires_grad=True, name="b")
    for expand in (False, True):
        picture = viz.draw(f(x, w), tangents={x: u, w: mg.Tensor(v)}, expand=expand, max_nodes=None).picture
        shown = {s.id: s for item in picture.items for s in item.values}
        assert shown[picture.output].tangent.scalar == pytest.approx(expected.item())  # type: ignore[union-attr]
    only = viz.draw(f(x, w), tangents={x: u}).picture
    tangents = {item.label: item.values[0].tangent for item in only.items}
    np.testing.assert_allclose(tangents["a"].entries, u.ravel())  # type: ignore[union-attr, arg-type]
    assert tangents["b"] is None
    assert "ẋ" in viz.draw(f(x, w), tangents={x: u}).source
    assert "ẋ" not in viz.draw(f(x, w)).source


def test_tangents_from_an_inner_tensor() -> None:
    x = mg.Tensor(2.0, requires_grad=True, name="x")
    h = x * x
    picture = viz.draw(h * 3.0 + x, tangents={h: 1.0}).picture
    found = [s.tangent.scalar for item in picture.items for s in item.values if s.tangent is not None]
    assert found == [1.0, 3.0, 3.0]


def test_wrong_tangents() -> None:
    x = mg.Tensor([1.0, 2.0], requires_grad=True)
    loss = (x * x).sum()
    for wrong, error, words in [
        ([1.0, 2.0], TypeError, "tangents must map tensors to arrays, got list"),
        ({"x": 1.0}, TypeError, "expected a Tensor, got str"),
        ({mg.Tensor(1.0): 1.0}, ValueError, "no part of this graph"),
        ({x: [1.0]}, ValueError, r"the tangent has shape \(1,\), its tensor \(2,\)"),
        ({x: ["a", "b"]}, TypeError, "dtype <U1"),
    ]:
        with pytest.raises(error, match=words):
            viz.draw(loss, tangents=wrong)  # type: ignore[arg-type]


def test_a_route_and_tangents_leave_the_rest_as_it_is() -> None:
    x = mg.Tensor([1.0, 2.0], requires_grad=True, name="x")
    loss = (x * x).sum()
    plain = viz.draw(loss).picture
    more = viz.draw(loss, highlight=x, tangents={x: [1.0, 0.0]}, check=True).picture
    for a, b in itertools.zip_longest(plain.wires, more.wires):
        assert a[:8] == b[:8]
    assert x.grad is None
