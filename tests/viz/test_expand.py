"""Fused ops opened in the drawing: the same values and gradients around them, and nothing of the user's run again."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn, viz
from minigrad.nn import functional as F

RNG = np.random.default_rng(5)


def leaf(*shape: int, name: str = "x") -> mg.Tensor:
    return mg.Tensor(RNG.normal(size=shape), requires_grad=True, name=name)


def normalized() -> mg.Tensor:
    out: mg.Tensor = F.layer_norm(leaf(3, 4), (4,), leaf(4, name="w"), leaf(4, name="b"))
    return (out * out * out).sum()


def twice() -> mg.Tensor:
    x = leaf(2, 3)
    return (mg.sigmoid(x * x) @ mg.sigmoid(x).T).sum()


FUSED: dict[str, Callable[[], mg.Tensor]] = {
    "sigmoid": twice,
    "conv2d": lambda: (F.conv2d(leaf(2, 3, 6, 6), leaf(4, 3, 3, 3, name="w"), leaf(4, name="b"), padding=1) ** 2).sum(),
    "max_pool2d": lambda: (F.max_pool2d(leaf(2, 2, 4, 4), 2) ** 2).sum(),
    "softmax_cross_entropy": lambda: F.softmax_cross_entropy(leaf(3, 4) * 2.0, [0, 3, 1]),
    "layer_norm": normalized,
}


def around(picture: viz.Picture) -> dict[str, Any]:
    """The values and gradients of what both drawings show: of named leaves, and of the output."""
    return {
        "output" if shown.id == picture.output else item.label: (shown.value.rms, shown.gradient.rms)
        for item in picture.items
        for shown in item.values
        if shown.value and shown.gradient and (item.kind == "parameter" or shown.id == picture.output)
    }


@pytest.mark.parametrize("name", list(FUSED))
@pytest.mark.parametrize("everything", [False, True])
def test_both_drawings_carry_the_same_gradients(name: str, everything: bool) -> None:
    loss = FUSED[name]()
    closed = viz.draw(loss, max_nodes=None).picture
    opened = viz.draw(loss, max_nodes=None, expand=True if everything else name).picture
    assert name in {item.label for item in closed.items}
    assert name not in {item.label for item in opened.items}
    frames = [cluster for cluster in opened.clusters if cluster.kind == "op"]
    assert name in {cluster.label for cluster in frames}
    a, b = around(closed), around(opened)
    leaves = {item.label for item in closed.items if item.kind == "parameter"}
    assert leaves <= set(a) == set(b)
    for key in a:
        np.testing.assert_allclose(a[key], b[key], rtol=1e-9)
    # Leaves stay outside of the frame: they are handed in.
    kinds = {item.label: item.cluster for item in opened.items if item.kind == "parameter"}
    assert set(kinds.values()) == {-1}


def test_opened_by_tensor_by_name_and_one_of_two() -> None:
    x = leaf(3)
    first = mg.sigmoid(x)
    first.name = "gate"
    loss = (mg.sigmoid(first) * 2.0).sum()
    for expand in (first, "gate", [first], ["gate", first]):
        picture = viz.draw(loss, expand=expand).picture
        assert [c.label for c in picture.clusters] == ["sigmoid"]
        assert sum(item.label == "sigmoid" for item in picture.items) == 1
        # The name belongs to the value, which the last op of the decomposition computes.
        assert [item.label for item in picture.items for s in item.values if s.name == "gate"] == ["divide"]
    assert len(viz.draw(loss, expand="sigmoid").picture.clusters) == 2
    # What it is made of is found by its own name as well.
    assert viz.draw(loss, expand=["gate"], highlight="gate").picture.route is not None


def test_what_a_decomposition_uses_can_be_opened_too() -> None:
    loss = (F.conv2d(leaf(1, 1, 4, 4), leaf(1, 1, 3, 3, name="w")) ** 2).sum()
    picture = viz.draw(loss, expand=True, max_nodes=None).picture
    assert not [item for item in picture.items if item.kind == "op" and mg.registry[item.label].decomposition]


def test_nothing_runs_again_and_nothing_changes() -> None:
    calls = []
    x = leaf(2, 3)

    def model() -> mg.Tensor:
        calls.append(1)
        return F.softmax_cross_entropy(x, [0, 1])

    loss = model()
    loss.register_hook(lambda g: calls.append(2))
    before = viz.draw(loss).source
    source = viz.draw(loss, expand=True).source
    assert source == viz.draw(loss, expand=True).source
    assert "a hook may change this gradient" in source
    assert viz.draw(loss).source == before
    assert calls == [1]
    assert x.grad is None


def test_what_cannot_be_opened() -> None:
    x = leaf(3)
    gate = mg.sigmoid(x)
    loss = (gate * x).sum()
    with pytest.raises(ValueError, match=r"called 'sigmoyd'; did you mean 'sigmoid'"):
        viz.draw(loss, expand="sigmoyd")
    with pytest.raises(ValueError, match=r"called 'q'; its fused ops: sigmoid"):
        viz.draw(loss, expand="q")
    with pytest.raises(ValueError, match="'multiply' is no fused op"):
        viz.draw(loss, expand="multiply")
    with pytest.raises(ValueError, match="sum is no fused op"):
        viz.draw(loss, expand=loss)
    with pytest.raises(ValueError, match="no op of this graph computed the tensor"):
        viz.draw(loss, expand=x)
    with pytest.raises(TypeError, match="expand must be True"):
        viz.draw(loss, expand=3)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="expand takes names and tensors, got int"):
        viz.draw(loss, expand=[3])  # type: ignore[list-item]
    with pytest.raises(ValueError, match="called"):
        viz.draw(loss, expand="<b>\x00" * 3000)


def test_an_opened_op_folds_where_there_is_no_room() -> None:
    model = nn.Sequential(*(nn.Sequential(nn.Affine(3, 3), nn.Sigmoid()) for _ in range(12)))
    loss = model(np.ones((2, 3), np.float32)).sum()
    picture = viz.draw(loss, expand="sigmoid", max_nodes=30, roll=False).picture
    assert len(picture.items) <= 30
    whole = viz.draw(loss, expand="sigmoid", max_nodes=None).picture
    assert sum(c.kind == "op" for c in whole.clusters) == 12
