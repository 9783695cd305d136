"""The viewer's page in a browser: clicks, keys, pointer, steps, predictions, and that hostile names run nothing."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn, viz

driver = pytest.importorskip("playwright.sync_api", reason="needs playwright: pip install 'minigrad[browser]'")

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
HOSTILE = [
    "</script><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "<iframe srcdoc='<script>parent.hurt=1</script>'>",
    "<a href='javascript:alert(1)'>press</a>",
    "\u202e\u2028\x00 {{constructor.constructor('alert(1)')()}}",
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    path = os.environ.get("MINIGRAD_BROWSER") or next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        pytest.skip(f"needs a browser: none of {', '.join(BROWSERS)} is on PATH, and MINIGRAD_BROWSER names none")
    # Root, as in containers, gets no sandbox from Chromium.
    arguments = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    with driver.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=arguments)
        yield chromium
        chromium.close()


@pytest.fixture
def opened(browser: Any, tmp_path: Path, rendering: None) -> Iterator[Callable[..., Any]]:
    """Opens the page of a tensor; at the end, nothing must have gone wrong in it, and nothing have been fetched."""
    wrong: list[str] = []
    context = browser.new_context(viewport={"width": 1280, "height": 800}, reduced_motion="reduce")
    context.on("request", lambda request: wrong.append(request.url) if request.url != address else None)
    address = (tmp_path / "graph.html").as_uri()
    pages = []

    def go(output: mg.Tensor, **options: Any) -> Any:
        viz.view(output, tmp_path / "graph.html", **options)
        page = context.new_page()
        pages.append(page)
        page.set_default_timeout(10_000)
        page.on("console", lambda message: wrong.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("dialog", lambda dialog: (wrong.append(f"dialog: {dialog.message}"), dialog.dismiss()))
        page.add_init_script(
            "addEventListener('securitypolicyviolation', e => console.error('violation of ' + e.effectiveDirective))"
        )
        page.goto(address)
        page.wait_for_selector("[data-ready]", state="attached")
        return page

    yield go
    assert not wrong
    context.close()


def names(**values: float) -> list[mg.Tensor]:
    return [mg.Tensor(v, requires_grad=True, name=name) for name, v in values.items()]


def apples() -> mg.Tensor:
    apple, count, tax = names(apple=100.0, count=2.0, tax=1.1)
    price = apple * count * tax
    price.name = "price"
    return price


def square() -> mg.Tensor:
    x, y = names(x=3.0, y=4.0)
    total = x + y
    total.name = "total"
    return total * total


def network() -> mg.Tensor:
    nn.seed(0)
    model = nn.Sequential(nn.Affine(4, 5), nn.ReLU(), nn.Affine(5, 3))
    x = mg.Tensor(np.random.default_rng(0).normal(size=(8, 4)), name="images")
    return nn.SoftmaxCrossEntropy()(model(x), np.arange(8) % 3)


def box(page: Any, name: str) -> Any:
    return page.locator(f'[data-i^="n"][aria-label^="{name}"]')


def chain(page: Any, name: str) -> str:
    """The text of a box's gradient that can be seen."""
    script = """box => [...box.querySelectorAll('[data-m] tspan')]
        .filter(t => getComputedStyle(t).visibility === 'visible').map(t => t.textContent).join('')"""
    return str(box(page, name).evaluate(script)).replace("\u00a0", " ").strip()


def test_steps_by_keys_and_buttons(opened: Callable[..., Any]) -> None:
    page = opened(apples())
    caption = page.locator("#caption")
    assert chain(page, "apple") == "1.1 × 2 = 2.2"
    page.keyboard.press("Home")
    # The forward pass knows the local gradients already.
    assert chain(page, "apple") == "2"
    assert page.locator("#back").is_disabled()
    page.keyboard.press("ArrowRight")
    assert caption.inner_text() == "Step 1 of 3: the gradient of price by itself is 1"
    assert chain(page, "price") == "1"
    page.locator("#next").click()
    assert caption.inner_text() == "Step 2 of 3: multiply hands back 1.1 to multiply #2; 200 to tax"
    assert (chain(page, "tax"), chain(page, "apple")) == ("1 × 200 = 200", "2")
    assert page.locator(".active").get_attribute("aria-label").startswith("price")
    assert page.locator(".edge.now").count() == 2
    page.keyboard.press("ArrowRight")
    assert chain(page, "apple") == "1.1 × 2 = 2.2"
    assert page.locator("#next").is_disabled()
    page.keyboard.press("ArrowLeft")
    assert chain(page, "apple") == "2"
    page.locator("#last").click()
    assert chain(page, "count") == "1.1 × 100 = 110"
    page.locator("#first").click()
    assert chain(page, "tax") == "200"
    page.locator("#slider").fill("2")
    assert chain(page, "tax") == "1 × 200 = 200"


def test_playing_goes_through_all_steps_and_can_be_paused(opened: Callable[..., Any]) -> None:
    page = opened(apples())
    page.clock.install()
    page.keyboard.press(" ")
    assert page.locator("#play").inner_text() == "⏸ Pause"
    assert page.locator("#slider").input_value() == "0"
    page.clock.run_for(1100)
    assert page.locator("#slider").input_value() == "1"
    page.keyboard.press(" ")
    page.clock.run_for(5000)
    assert page.locator("#slider").input_value() == "1"
    page.locator("#play").click()
    page.locator("#speed").select_option("fast")
    page.clock.run_for(1000)
    assert page.locator("#slider").input_value() == "3"
    assert page.locator("#play").inner_text() == "▶ Play"


def test_a_sum_is_known_when_its_last_path_is(opened: Callable[..., Any]) -> None:
    x, y = names(x=3.0, y=4.0)
    page = opened(x * y + x)
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    assert chain(page, "x") == "41 × 1 = 1"
    assert "1 to x (path 1 of 2)" in page.locator("#caption").inner_text()
    page.keyboard.press("ArrowRight")
    assert chain(page, "x") == "sum of 2: 51 × 4 = 41 × 1 = 1"


def test_the_pointer_shows_the_chain_rule(opened: Callable[..., Any]) -> None:
    page = opened(square())
    box(page, "y").locator("[data-m]").hover()
    tip = page.locator("#tip")
    assert "upstream × local = downstream" in tip.inner_text()
    assert "14 × 1 = 14" in tip.inner_text()
    box(page, "total").locator(".frame").hover(position={"x": 4, "y": 4})
    lines = tip.inner_text().splitlines()
    assert "gradient, the sum over 2 paths:" in lines
    assert lines.count("through multiply (a): 1 × 7 = 7") == 1
    assert lines[-1] == "7 + 7 = 14"
    # A wire is two pixels wide, but one need not aim so well.
    page.locator("path.reach").first.hover(force=True)
    assert "→ add" in tip.inner_text()
    page.mouse.move(5, 5)
    assert tip.is_hidden()
    # What has not been computed yet is not told.
    page.keyboard.press("Home")
    box(page, "y").locator("[data-m]").hover()
    assert "? × 1 = ?" in tip.inner_text()


def test_predict_then_reveal(opened: Callable[..., Any]) -> None:
    page = opened(square())
    page.keyboard.press("p")
    labels = page.locator(".blank label").all_inner_texts()
    assert labels == [
        "1. gradient of total through multiply (a)", "2. gradient of total through multiply (b)",
        "3. gradient of total, the sum", "4. gradient of x", "5. gradient of y",
    ]  # fmt: skip
    assert chain(page, "x") == "? × 1 = ?"
    assert "14" not in page.locator("#stage").inner_text()
    box(page, "x").click()
    assert "14" not in page.locator("#tip").inner_text()
    page.locator("#blank0").fill("7")
    page.locator("#blank2").fill("13")
    page.locator("#blank3").fill("−14")
    page.locator("#blank3").press("Enter")
    assert page.locator("#score").inner_text() == "1 of 5 right"
    assert page.locator(".right input").evaluate_all("all => all.map(e => e.id)") == ["blank0"]
    assert page.locator(".wrong input").evaluate_all("all => all.map(e => e.id)") == ["blank2", "blank3"]
    page.locator("#blank2").fill("14.1")  # within 1 %
    page.locator("#check").click()
    assert chain(page, "x") == "14 × 1 = ?"
    page.locator("#key").click()
    assert page.locator("#blank4").input_value() == "14"
    assert chain(page, "y") == "14 × 1 = 14"
    page.get_by_role("button", name="Start again").click()
    assert chain(page, "y") == "? × 1 = ?"
    page.locator("#predict").click()
    assert chain(page, "y") == "14 × 1 = 14"


def test_all_answers_right(opened: Callable[..., Any]) -> None:
    x = mg.Tensor([1.0, -2.0], requires_grad=True, name="x")
    page = opened((x * x).sum())
    page.locator("#predict").click()
    asked = page.locator(".blank")
    for i, text in enumerate(asked.locator("label").all_inner_texts()):
        answer = "1 1" if "multiply" in text and "x" not in text.split("of")[1] else "[1, -2]"
        page.locator(f"#blank{i}").fill("2, -4" if text.endswith("sum") else answer)
    page.locator("#check").click()
    assert page.locator("#score").inner_text() == "4 of 4 right: all of them."


def test_modules_fold_and_open(opened: Callable[..., Any]) -> None:
    page = opened(network())
    assert box(page, "affine").count() == 0 or page.locator(".toggle").count() >= 3
    everything = page.locator("[data-i^=n]").count()
    folds = page.get_by_role("button", name="Fold 0: Affine(4, 5)")
    folds.click()
    page.get_by_role("button", name="Open 0: Affine(4, 5)").wait_for()
    assert page.locator("[data-i^=n]").count() < everything
    # The keyboard does the same, and the focus stays.
    page.get_by_role("button", name="Open 0: Affine(4, 5)").press("Enter")
    folds.wait_for()
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "Fold 0: Affine(4, 5)"
    page.locator("#fold").click()
    page.get_by_role("button", name="Open Sequential").wait_for()
    few = page.locator("[data-i^=n]").count()
    assert few < 8
    box(page, "Sequential").click()
    page.keyboard.press("o")
    page.get_by_role("button", name="Fold Sequential").wait_for()
    page.locator("#open").click()
    folds.wait_for()
    assert page.locator("[data-i^=n]").count() == everything


def test_a_folded_module_does_not_tell_the_gradients_inside_too_early(opened: Callable[..., Any]) -> None:
    page = opened(network(), depth=0)
    inside = page.locator('.node.group tspan[fill="#a3117f"]:not([data-text])').first
    assert inside.is_visible()
    assert inside.text_content().startswith("rms")
    page.keyboard.press("Home")
    assert inside.is_hidden()
    page.keyboard.press("End")
    assert inside.is_visible()
    page.keyboard.press("p")
    assert inside.is_hidden()


def test_fused_ops_are_written_out(opened: Callable[..., Any]) -> None:
    page = opened(network())
    assert page.get_by_text("exp", exact=True).count() == 0
    page.keyboard.press("u")
    page.locator("#fused[aria-pressed=true]").wait_for()
    assert page.get_by_text("exp", exact=True).count() == 1
    page.locator("#fused").click()
    page.locator("#fused[aria-pressed=false]").wait_for()
    assert page.get_by_text("exp", exact=True).count() == 0


def test_search_finds_what_is_folded_too(opened: Callable[..., Any]) -> None:
    page = opened(network(), depth=0)
    page.keyboard.press("/")
    page.keyboard.type("imag")
    assert page.locator("#found").inner_text() == "1 found"
    assert page.locator(".match").count() == 1
    page.keyboard.press("Enter")
    assert page.locator("#found").inner_text() == "1 of 1 found"
    assert page.locator("#panel").inner_text().startswith("images : input")
    page.locator("#search").fill("weight")
    assert "nothing found here" in page.locator("#found").inner_text()
    page.keyboard.press("Enter")
    page.locator(".match").first.wait_for()
    assert page.locator(".match").first.get_attribute("aria-label").startswith("weight : parameter")
    page.keyboard.press("Escape")
    assert page.locator(".match").count() == 0


def test_zoom_pan_and_fit(opened: Callable[..., Any]) -> None:
    page = opened(apples())

    def seen() -> list[float]:
        return [float(v) for v in page.locator("#stage svg").get_attribute("viewBox").split()]

    whole = seen()
    page.keyboard.press("+")
    assert seen()[2] == pytest.approx(whole[2] / 1.25)
    page.keyboard.press("0")
    assert seen() == whole
    before = box(page, "tax").bounding_box()
    page.mouse.move(before["x"] + 5, before["y"] + 5)
    page.mouse.wheel(0, -300)
    page.wait_for_function(f"document.querySelector('#stage svg').viewBox.baseVal.width < {whole[2] * 0.9}")
    after = box(page, "tax").bounding_box()
    # What is under the pointer stays there.
    assert after["x"] + 5 * after["width"] / before["width"] == pytest.approx(before["x"] + 5, abs=1)
    page.locator("#fit").click()
    page.mouse.move(60, 600)
    page.mouse.down()
    page.mouse.move(160, 650, steps=4)
    page.mouse.up()
    moved = box(page, "tax").bounding_box()
    assert (moved["x"] - before["x"], moved["y"] - before["y"]) == pytest.approx((100, 50), abs=2)
    page.locator("#stage").focus()
    page.keyboard.press("Shift+ArrowRight")
    assert box(page, "tax").bounding_box()["x"] == pytest.approx(moved["x"] - 60, abs=1)


def test_the_inspector_shows_tensors(opened: Callable[..., Any]) -> None:
    x = mg.Tensor([[1.0, -2.0, np.nan], [0.0, 4.0, 8.0]], requires_grad=True, name="x")
    page = opened((x * 2)[1].sum())
    box(page, "x").click()
    panel = page.locator("#panel")
    panel.locator("canvas").nth(1).wait_for()
    text = panel.inner_text()
    assert "Value of x, shape (2, 3)" in text
    assert "1 NaN, 0 Inf" in text
    assert "Gradient of x, shape (2, 3)" in text
    canvas = panel.locator("canvas").first
    colours = canvas.evaluate(
        """(c, points) => {
            const all = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;
            return points.map(([x, y]) => [...all.slice(4 * (y * c.width + x), 4 * (y * c.width + x) + 3)]);
        }""",
        [[5, 30], [70, 30], [70, 5]],
    )
    zero, greatest, not_a_number = [255, 255, 255], [0xE0, 0x7A, 0x10], [0xC0, 0x18, 0x18]
    assert colours == [zero, greatest, not_a_number]
    canvas.hover(position={"x": 30, "y": 5})
    assert "row 0, column 1: -2" in panel.inner_text()
    page.keyboard.press("Escape")
    assert "How to read it" in panel.inner_text()


def test_light_dark_help_and_focus(opened: Callable[..., Any]) -> None:
    page = opened(apples())
    background = "getComputedStyle(document.body).backgroundColor"
    assert page.evaluate(background) == "rgb(255, 255, 255)"
    page.keyboard.press("t")
    assert page.evaluate(background) == "rgb(20, 24, 29)"
    page.locator("#theme").click()
    assert page.evaluate(background) == "rgb(255, 255, 255)"
    page.emulate_media(media="print")
    assert page.locator("header button").first.is_hidden()
    page.emulate_media(media="screen")
    page.keyboard.press("?")
    assert page.locator("#keys").is_visible()
    page.keyboard.press("Escape")
    assert page.locator("#keys").is_hidden()
    # Every box is reached by the keyboard, and says its numbers.
    labels = page.locator("[data-i^=n]").evaluate_all("all => all.map(e => [e.tabIndex, e.getAttribute('aria-label')])")
    assert all(index == 0 for index, _ in labels)
    assert any("1.1 × 2 = 2.2" in label for _, label in labels)
    box(page, "tax").focus()
    page.keyboard.press("Enter")
    assert page.locator("#panel").inner_text().startswith("tax : parameter")


def test_hostile_names_run_nothing(opened: Callable[..., Any]) -> None:
    loss = mg.Tensor(0.0, name=HOSTILE[0])
    for name in HOSTILE:
        square = mg.Tensor(2.0, requires_grad=True, name=name) ** 2
        square.name = name
        loss = loss + square
    loss.name = HOSTILE[0]
    page = opened(loss)
    for node in page.locator("[data-i^=n] .frame").all():
        node.hover()
        node.click()
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("p")
    page.locator("#key").click()
    page.locator("#search").fill("script")
    page.wait_for_function("document.querySelectorAll('.match').length")
    assert page.locator("img, iframe, object, embed, a[href], #stage script, #panel script").count() == 0
    assert page.evaluate("window.hurt === undefined")


def test_a_notebook_frame_works(opened: Callable[..., Any], browser: Any) -> None:
    opened(apples())  # the same page, by itself, is as it should be
    page = browser.new_page()
    page.set_content(viz.view(apples())._repr_mimebundle_()["text/html"])
    frame = page.frame_locator("iframe")
    frame.locator("[data-ready]").wait_for(state="attached")
    frame.locator("#first").click()
    assert frame.locator("#caption").inner_text().startswith("Forward pass done")
    page.close()


def test_without_gradients_the_page_says_why(opened: Callable[..., Any]) -> None:
    page = opened(mg.Tensor([1.0, 2.0], requires_grad=True, name="x") * 2)
    assert "Draw a scalar" in page.locator("#caption").inner_text()
    assert page.locator("#play").is_disabled()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("p")
    assert page.locator(".blank").count() == 0


def test_marks_are_told_and_hide_the_answers(opened: Callable[..., Any]) -> None:
    page = opened(square(), check=True, highlight="x")
    panel = page.locator("#panel")
    assert "path from x to the output: 2 steps, product of gains 7" in panel.inner_text()
    assert "4 right" in panel.inner_text()
    page.keyboard.press("Home")
    box(page, "y").locator("[data-m]").hover()
    tip = page.locator("#tip").inner_text()
    assert "against numbers: ✓" in tip
    assert "? × 1 = ?" in tip
