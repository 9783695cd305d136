"""Local gradients against numbers, in the picture: right, wrong, singular, skipped."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad import viz
from minigrad.nn import functional as F
from minigrad.viz.check import ENTRIES

RNG = np.random.default_rng(3)


@pytest.fixture
def planted() -> Iterator[Any]:
    """Ops of the test's own, taken out of the registry afterwards."""
    before = set(mg.registry)
    yield mg
    for name in set(mg.registry) - before:
        del mg.registry[name]


def verdicts(output: mg.Tensor) -> list[tuple[str, str]]:
    picture = viz.draw(output, check=True, gradient=np.ones(output.shape), max_nodes=None).picture
    label = {item.id: item.label for item in picture.items}
    return [(label[w.target], w.check.verdict) for w in picture.wires if w.check is not None]


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("size", [3, 12])
def test_a_network_is_right(dtype: Any, size: int) -> None:
    def leaf(*shape: int) -> mg.Tensor:
        return mg.Tensor(RNG.normal(size=shape).astype(dtype), requires_grad=True)

    h = mg.tanh(F.conv2d(leaf(2, 1, size, size), leaf(3, 1, 2, 2), leaf(3)))
    logits = h.reshape(2, -1) @ leaf(3 * (size - 1) ** 2, 4)
    loss = F.softmax_cross_entropy(logits, [0, 3]) + mg.exp(-mg.mean(h * h)) / mg.sqrt(mg.sum(h**2))
    found = verdicts(loss)
    assert len(found) > 10
    assert {verdict for _, verdict in found} == {"right"}
    drawing = viz.draw(loss, check=True)
    assert "✓" in drawing.source
    assert f"{len(found)} right" in drawing.source.replace("\u00a0", " ")


@pytest.mark.parametrize("scale", [1.01, -1.0, 0.0, 2.0])
@pytest.mark.parametrize("size", [1, ENTRIES + 5, 5000])
def test_a_wrong_rule_is_found(planted: Any, scale: float, size: int) -> None:
    wrong = mg.elementwise(lambda x: x * x, lambda g, x: scale * 2 * g * x, name="wrong_square")
    x = mg.Tensor(RNG.normal(size=size), requires_grad=True)
    assert verdicts(wrong(x).sum()) == [("wrong_square", "wrong"), ("sum", "right")]
    assert "✗\u00a0off\u00a0by" in viz.draw(wrong(x).sum(), check=True).source


def test_a_wrong_entry_of_many_is_found(planted: Any) -> None:
    def rule(g: Any, x: Any) -> Any:
        c = g * np.cos(x)
        c[7] = 0.0
        return c

    # Not the ufunc itself, which would take the place of the right one in NumPy's protocol.
    wrong = mg.elementwise(lambda x: np.sin(x), rule, name="wrong_sine")
    assert verdicts(wrong(mg.Tensor(np.linspace(0, 1, 40), requires_grad=True)).sum())[0] == ("wrong_sine", "wrong")


@pytest.mark.parametrize(
    ("function", "at"),
    [
        (mg.relu, 0.0), (mg.absolute, 0.0), (mg.sqrt, 0.0), (mg.log, 0.0), (lambda x: mg.maximum(x, 2.0), 2.0),
        (lambda x: 1.0 / x, 0.0), (lambda x: F.max_pool2d(x.reshape(1, 1, 2, 2), 2), [1.0, 1.0, 0.0, 0.0]),
    ],
)  # fmt: skip
def test_singular_points_are_told_apart(function: Any, at: Any) -> None:
    x = mg.Tensor(at, requires_grad=True)
    with np.errstate(all="ignore"):
        y = function(x)
    assert "singular" in {verdict for _, verdict in verdicts(y)}
    assert "wrong" not in {verdict for _, verdict in verdicts(y)}


@pytest.mark.parametrize("at", [1e-8, 1e-3, 1.0, 1e3, 1e8])
@pytest.mark.parametrize("function", [mg.log, mg.sqrt, mg.square, mg.sin, lambda x: 1.0 / x, lambda x: x - 1.0])
def test_numbers_of_any_size_are_right(function: Any, at: float) -> None:
    x = mg.Tensor([at, 2 * at], requires_grad=True)
    assert {verdict for _, verdict in verdicts(function(x))} == {"right"}


def test_a_level_function_is_no_singularity() -> None:
    x = mg.Tensor([0.0, 0.0], requires_grad=True)
    assert verdicts(x * x) == [("multiply", "right"), ("multiply", "right")]
    assert verdicts(mg.cos(x)) == [("cos", "right")]


def test_what_cannot_be_replayed_is_skipped_with_a_word(planted: Any) -> None:
    rng = np.random.default_rng(0)
    noisy = mg.elementwise(lambda x: x + rng.normal(), lambda g: g, name="noisy")
    picture = viz.draw(noisy(mg.Tensor(1.0, requires_grad=True)), check=True).picture
    (check,) = [wire.check for wire in picture.wires]
    assert check is not None
    assert (check.verdict, check.error) == ("skipped", None)
    assert "random" in check.word
    calls: list[int] = []

    def once(x: Any) -> Any:
        calls.append(1)
        if len(calls) > 1:
            raise RuntimeError("<b>only once</b>")
        return x * 2

    strict = mg.elementwise(once, lambda g: g * 2, name="strict")
    y = strict(mg.Tensor(1.0, requires_grad=True, name="x")) * 1.0
    calls.clear()
    picture = viz.draw(y, check=True).picture
    assert [w.check.verdict for w in picture.wires if w.check] == ["skipped", "skipped"] or [
        w.check.verdict for w in picture.wires if w.check
    ] == ["skipped", "right"]
    empty = mg.Tensor(np.zeros((0, 2)), requires_grad=True)
    assert verdicts(empty.sum())[0][1] == "skipped"


def test_the_same_figures_every_time() -> None:
    x = mg.Tensor(RNG.normal(size=200), requires_grad=True, name="x")
    loss = mg.sum(mg.exp(x))
    assert viz.draw(loss, check=True).source == viz.draw(loss, check=True).source
    assert all(wire.check is None for wire in viz.draw(loss).picture.wires)


def test_an_argument_that_was_freed_with_another_graph(planted: Any) -> None:
    def parts(a: Any, b: Any) -> Any:
        return mg.sin(a) + b * 0.0

    first = mg.fused(
        lambda a, b: np.sin(a) + b * 0.0, lambda g, a: g * np.cos(a), None, name="of_the_first", decomposition=parts
    )
    x = mg.Tensor(2.0, requires_grad=True, name="x")
    other = x * 3.0
    y = first(x, other)
    other.backward()
    drawing = viz.draw(y, check=True, expand=True)
    assert drawing.picture.clusters == ()
    assert [w.check.word for w in drawing.picture.wires if w.check] == ["an argument was freed with another graph"]
    assert "freed" in drawing.source
