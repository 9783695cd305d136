"""What is written out: details, scopes, lines of the user's file, and what belongs to a backward pass."""

import threading
import xml.etree.ElementTree as ET

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn, viz
from minigrad.viz.detail import DETAILS

from .test_drawing import HOSTILE, SVG


def graph() -> mg.Tensor:
    x = mg.Tensor(np.linspace(0.1, 1, 20), requires_grad=True, name="x")
    return mg.log(x).sum() * 3.0


WORDS = {
    "values": "0.1\u00a0…\u00a01",
    "shapes": "(20)",
    "gradients": "rms\u00a0",
    "locals": "median",
    "formulas": "×\u00a01\u00a0/\u00a0x",
    "gains": "gain\u00a0",
}


def labels(drawing: viz.Drawing) -> str:
    """The DOT text without tooltips, which always have everything."""
    return "".join(line.split("tooltip=")[0] for line in drawing.source.splitlines())


@pytest.mark.parametrize("word", list(WORDS))
def test_each_detail_can_be_shown_and_left_out(word: str) -> None:
    alone = labels(viz.draw(graph(), show=word, legend=False))
    for other, text in WORDS.items():
        assert (text in alone) == (other == word), other
    assert WORDS[word] in labels(viz.draw(graph(), show=f"+{word}"))
    assert WORDS[word] not in labels(viz.draw(graph(), show=f"-{word}", legend=False))
    assert labels(viz.draw(graph(), show=[word], legend=False)) == alone


def test_no_detail_at_all(rendering: None) -> None:
    drawing = viz.draw(graph(), show=())
    assert not any(text in labels(drawing) for text in WORDS.values())
    assert drawing.pipe("svg").startswith(b"<?xml")
    for direction in ("LR", "TB"):
        for word in DETAILS:
            assert viz.draw(graph(), show=word, direction=direction).pipe("svg")


def test_wrong_details() -> None:
    for wrong, words in [("value", "got 'value'"), ("+gains shapes", "either each word"), ("--gains", "got '--gains'")]:
        with pytest.raises(ValueError, match=words):
            viz.draw(graph(), show=wrong)
    with pytest.raises(TypeError, match="show must be words such as"):
        viz.draw(graph(), show=3)  # type: ignore[arg-type]


def test_lines_are_recorded_only_where_asked_for() -> None:
    x = mg.Tensor([1.0, 2.0], requires_grad=True, name="x")
    plain = x * 2.0
    assert plain.node is not None
    assert plain.node.extra is None
    with mg.record_lines():
        marked = nn.functional.softmax_cross_entropy((plain * x).reshape(1, 2), [0])
    drawing = viz.draw(marked, show="+lines", expand=True)
    where = {item.label: item.where for item in drawing.picture.items if item.kind == "op"}
    line = where["reshape"].rpartition(":")
    assert line[0].endswith("test_details.py")
    assert line[2].isdigit()
    # Whatever a fused op is made of, the user called it in one place.
    assert where["divide"] == where["reshape"]
    assert "test_details.py:" in labels(drawing)
    assert "test_details.py:" not in labels(viz.draw(marked))
    assert "computed at" in viz.draw(marked).source
    assert [i.where for i in viz.draw(plain.sum()).picture.items if i.kind == "op"] == ["", ""]


def test_scopes_nest_in_each_other_and_with_modules() -> None:
    affine = nn.Affine(3, 2, rng=np.random.default_rng(0))
    x = mg.Tensor(np.ones((1, 3), np.float32), name="x")
    with mg.scope("outer"):
        h = affine(x)
        with mg.scope("inner"):
            h = mg.tanh(h) * 2.0
        h = h + 1.0
    picture = viz.draw((h * h).sum()).picture
    assert [(c.label, c.parent) for c in picture.clusters] == [("outer", -1), ("Affine(3, 2)", 0), ("inner", 0)]
    where = {item.label: item.cluster for item in picture.items if item.kind == "op"}
    assert (where["affine"], where["tanh"], where["add"], where["sum"]) == (1, 2, 0, -1)
    folded = viz.draw((h * h).sum(), depth=0).picture
    assert [item.label for item in folded.items if item.kind == "group"] == ["outer"]


def test_a_scope_entered_again_is_another_one_and_threads_have_their_own() -> None:
    h = x = mg.Tensor(1.0, requires_grad=True, name="x")
    step = mg.scope("step")
    for _ in range(3):
        with step:
            h = mg.sin(h * x)
    assert [c.label for c in viz.draw(h).picture.clusters] == ["step"] * 3

    @mg.scope("square")
    def square(x: mg.Tensor) -> mg.Tensor:
        return x * x

    results: list[mg.Tensor] = []
    with mg.scope("here"):
        thread = threading.Thread(target=lambda: results.append(square(x)))
        thread.start()
        thread.join()
    assert [c.label for c in viz.draw(results[0]).picture.clusters] == ["square"]
    with pytest.raises(TypeError, match="the name must be a str, got int"):
        mg.scope(3)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_of_scopes_and_paths(name: str, rendering: None) -> None:
    x = mg.Tensor([0.5, 2.0], requires_grad=True, name=name)
    with mg.scope(name), mg.record_lines():
        y = mg.sigmoid(x)
    y.node.extra.where = f"{name}:3"  # type: ignore[union-attr]
    y.name = f"y{name}"
    drawing = viz.draw(y.sum(), show="+lines +gains", highlight=x, tangents={x: [1.0, 0.0]}, check=True, expand=y)
    root = ET.fromstring(drawing.pipe("svg"))
    allowed = {"svg", "g", "title", "desc", "style", "a", "text", "tspan", "polygon", "path", "polyline", "ellipse"}
    assert {element.tag.removeprefix(SVG) for element in root.iter()} <= allowed
    assert not [key for element in root.iter() for key in element.attrib if key.endswith("href")]


def test_the_graph_of_a_gradient_has_its_backward_pass_in_a_frame() -> None:
    x = mg.Tensor(2.0, requires_grad=True, name="x")
    (slope,) = mg.grad(mg.tanh(x**3) * x, x, create_graph=True)
    assert slope is not None
    picture = viz.draw(slope).picture
    assert [(c.label, c.kind) for c in picture.clusters] == [("backward pass", "backward")]
    forward = {item.label for item in picture.items if item.kind == "op" and item.cluster < 0}
    assert forward == {"power", "tanh"}
    assert viz.theme.LIGHT["backward cluster"] in viz.draw(slope).source
    folded = viz.draw(slope, depth=0).picture
    assert [item.label for item in folded.items if item.kind == "group"] == ["backward pass"]
    (curve,) = mg.grad(slope, x, create_graph=True)
    assert curve is not None
    assert [c.label for c in viz.draw(curve).picture.clusters] == ["backward pass", "backward pass"]
    x.grad = None
    (x * x * x).backward(create_graph=True)
    assert x.grad is not None
    assert [c.kind for c in viz.draw(x.grad).picture.clusters] == ["backward"]


def test_a_gradient_that_is_not_computed_has_no_frame() -> None:
    x = mg.Tensor(2.0, requires_grad=True, name="x")
    g = mg.Tensor(3.0, requires_grad=True, name="g") * 1.0
    (passed,) = mg.grad(x + 1.0, x, g, create_graph=True)
    assert passed is not None
    assert viz.draw(passed).picture.clusters == ()
