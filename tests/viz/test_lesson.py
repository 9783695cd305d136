"""Lessons on paper: frames of the backward pass in order, worksheets that do not tell their answers."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

import minigrad as mg
from minigrad import nn, viz

Graphs = dict[str, Callable[[], mg.Tensor]]


def reuse() -> mg.Tensor:
    x = mg.Tensor(3.0, requires_grad=True, name="x")
    y = mg.Tensor(4.0, requires_grad=True, name="y")
    return x * y + x


def lines(svg: str) -> list[str]:
    texts = re.findall(r"<text[^>]*>(.*?)</text>", svg)
    return [re.sub(r"<[^>]*>", "", text).replace("\u00a0", " ").strip() for text in texts]


def test_a_strip_has_a_frame_for_each_step_from_the_top_down(graphs: Graphs, rendering: None) -> None:
    strip = viz.filmstrip(graphs["apples"]())
    assert strip.text.splitlines() == [
        "Step 0: values and local gradients are known", "Step 1: the gradient of the output by itself is 1",
        "Step 2: multiply hands back 1.1, 200", "Step 3: multiply hands back 2.2, 110",
    ]  # fmt: skip
    svg = strip.pipe("svg", "utf-8")
    heights = {int(n): float(y) for y, n in re.findall(r'y="([-\d.]+)"[^>]*>(?:<tspan[^>]*>)?Step (\d):', svg)}
    assert [step for step, _ in sorted(heights.items(), key=lambda item: item[1])] == [0, 1, 2, 3]
    said = lines(svg)
    # Each gradient stands in the frames from its step on; local gradients in all of them.
    assert said.count("1.1 × 2 = 2.2") == 1
    assert said.count("1 × 200 = 200") == 2
    assert said.count("1") == 3
    assert said.count("200") == 4 + 2  # the value of the product, and the local gradient without its chain rule


def test_a_sum_waits_for_all_of_its_paths(rendering: None) -> None:
    said = lines(viz.filmstrip(reuse()).pipe("svg", "utf-8"))
    assert said.count("sum of 2: 5") == 1
    assert said.count("1 × 1 = 1") == 2 * 2


@pytest.mark.parametrize("suffix", ["svg", "png", "pdf", "dot", "txt"])
def test_strips_and_sheets_are_saved(suffix: str, tmp_path: Path, rendering: None) -> None:
    for make in (viz.filmstrip, viz.worksheet):
        assert make(reuse()).save(tmp_path / f"sheet.{suffix}").stat().st_size > 40


def test_a_worksheet_does_not_tell_its_answers(rendering: None) -> None:
    x = mg.Tensor(3.0, requires_grad=True, name="x")
    y = mg.Tensor(0.0625, requires_grad=True, name="y")
    output = x * y * 1.7 + mg.exp(x)
    sheet, key = viz.worksheet(output), viz.worksheet(output, answers=True)
    svg, solved = sheet.pipe("svg", "utf-8"), key.pipe("svg", "utf-8")
    answers = {"20.19", "20.1917869", "0.1062", "0.10625", "5.1"}
    assert {"20.19", "0.1062", "5.1"} <= {word for line in lines(solved) for word in line.split()}
    for text in (svg, sheet.source, sheet.text):
        assert not answers & set(re.split(r"[^\d.]+", text))
        assert "________" in text
    # What is given stays: values and local gradients.
    assert "20.09" in svg
    assert "________ × 0.0625 = ________" in lines(svg)
    assert "1 × 1 = ________" in lines(svg)
    assert sheet.title == "Worksheet"
    assert "________" not in solved
    assert len(sheet.text.splitlines()) == len(key.text.splitlines())


def test_large_gradients_are_given() -> None:
    x = mg.Tensor([1.0] * 7, requires_grad=True, name="x")
    assert viz.worksheet((x * 2).sum()).text == ""
    small = mg.Tensor([1.0, 2.0], requires_grad=True, name="x")
    assert "x: gradient ________" in viz.worksheet((small * 2).sum()).text
    assert "x: gradient [2  2]" in viz.worksheet((small * 2).sum(), answers=True).text


def test_a_folded_module_does_not_tell_the_gradients_inside() -> None:
    nn.seed(0)
    model = nn.Sequential(nn.Affine(2, 4), nn.Tanh(), nn.Affine(4, 1))
    output = model([[1.0, 2.0]]).sum()
    assert "…" in viz.draw(output, depth=0).source.split("rms")[1][:12]
    assert "rms" not in viz.worksheet(output, depth=0).source


def test_errors() -> None:
    x = mg.Tensor([1.0, 2.0], requires_grad=True)
    for make in (viz.filmstrip, viz.worksheet):
        with pytest.raises(ValueError, match="Draw a scalar, or pass gradient="):
            make(x * 2)
        assert make(x * 2, gradient=[1.0, 1.0]).text
        with pytest.raises(TypeError, match="expected a Tensor"):
            make(3.0)  # type: ignore[arg-type]
        with pytest.raises(ValueError, match="direction must be"):
            make((x * 2).sum(), direction="up")
        with pytest.raises(RuntimeError, match=r"not made by viz\.draw"):
            make((x * 2).sum()).interactive()
