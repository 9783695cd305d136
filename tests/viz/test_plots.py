"""Plots: each draws what it is given, takes axes, works headless, and says what does not fit."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minigrad import Tensor, nn

pytest.importorskip("matplotlib", reason="plots need matplotlib")

from matplotlib.figure import Figure

from minigrad.viz import plots

RNG = np.random.default_rng(0)
DIGITS = RNG.random((7, 1, 8, 8))

CALLS: dict[str, Any] = {
    "learning_curves": lambda ax: plots.learning_curves({"loss": [3, 2, 1], "test": [3, 2.5, 2]}, ax=ax),
    "images": lambda ax: plots.images(DIGITS, titles=list("abcdefg"), columns=4, title="digits", ax=ax),
    "filters": lambda ax: plots.filters(nn.Conv2d(2, 5, 3).weight, columns=3, title="filters", ax=ax),
    "feature_maps": lambda ax: plots.feature_maps(DIGITS[None, :, 0], columns=4, ax=ax),
    "misclassified": lambda ax: plots.misclassified(DIGITS, np.arange(7), [0, 2, 2, 4, 4, 6, 6], ax=ax),
    "histograms": lambda ax: plots.histograms([RNG.normal(size=50), RNG.random((3, 4))], title="layers", ax=ax),
    "decision_boundary": lambda ax: plots.decision_boundary(
        lambda p: p[:, 0] > 0, RNG.normal(size=(20, 2)), RNG.integers(0, 2, 20), resolution=20, ax=ax
    ),
    "optimizer_paths": lambda ax: plots.optimizer_paths(
        lambda x, y: x**2 / 20 + y**2, {"SGD": [(-7, 2), (-6, -1)], "Adam": [(-7, 2), (-5, 1)]}, minimum=(0, 0), ax=ax
    ),
    "confusion_matrix": lambda ax: plots.confusion_matrix(np.arange(9).reshape(3, 3), ax=ax),
}


def png(figure: Any) -> bytes:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=40, metadata={"Software": None})
    return buffer.getvalue()


def test_every_plot_is_called_here() -> None:
    assert sorted(CALLS) == sorted(plots.__all__)


@pytest.mark.parametrize("name", CALLS)
def test_a_new_figure_or_the_given_axes(name: str) -> None:
    assert png(CALLS[name](None)).startswith(b"\x89PNG")
    figure = Figure(figsize=(6, 4))
    left, right = figure.subplots(1, 2)
    assert CALLS[name](right) is figure
    assert png(figure).startswith(b"\x89PNG")
    assert not left.lines
    assert not left.images
    assert not left.child_axes
    with pytest.raises(TypeError, match="ax: expected matplotlib Axes, got str"):
        CALLS[name]("axes")


@pytest.mark.parametrize("name", CALLS)
def test_no_state_of_pyplot(name: str) -> None:
    from matplotlib import _pylab_helpers

    before = len(_pylab_helpers.Gcf.figs)
    CALLS[name](None)
    assert len(_pylab_helpers.Gcf.figs) == before


def test_curves_hold_the_values() -> None:
    values = Tensor([3.0, 1.0, 2.0], requires_grad=True)
    lines = plots.learning_curves(values, smooth=1).axes[0].lines
    np.testing.assert_array_equal(lines[0].get_ydata(), [3, 1, 2])
    records = [{"epoch": 1, "loss": 2.0}, {"epoch": 2, "loss": 1.0, "accuracy": 0.5, "note": "x"}]
    lines = {line.get_label(): line.get_ydata() for line in plots.learning_curves(records).axes[0].lines}
    np.testing.assert_array_equal(lines["loss"], [2, 1])
    np.testing.assert_array_equal(lines["accuracy"], [np.nan, 0.5])
    assert set(lines) == {"loss", "accuracy"}


@given(st.lists(st.floats(-10, 10), min_size=2, max_size=20), st.integers(2, 8))
def test_smooth_curves_are_means(values: list[float], window: int) -> None:
    window = min(window, len(values))
    mean = plots.learning_curves(values, smooth=window).axes[0].lines[1]
    for x, y in zip(mean.get_xdata(), mean.get_ydata(), strict=True):
        assert y == pytest.approx(np.mean(values[x - window : x]), abs=1e-9)


def test_filters_share_one_scale_around_zero() -> None:
    weight = np.array([[[[1.0, -4.0]]], [[[0.0, 2.0]]]])
    for axes in plots.filters(weight).axes:
        assert axes.images[0].get_clim() == (-4, 4)
    colours = plots.filters(np.zeros((1, 3, 2, 2))).axes[0].images[0].get_array()
    np.testing.assert_array_equal(colours, np.full((2, 2, 3), 0.5))
    with np.errstate(all="raise"):
        plots.filters(np.full((1, 1, 2, 2), np.nan))


def test_misclassified_shows_the_wrong_ones_only() -> None:
    figure = plots.misclassified(DIGITS, [0] * 7, [0, 1, 0, 2, 0, 0, 0], names=["cat", "dog", "cow"])
    assert [axes.get_title() for axes in figure.axes] == ["cat → dog", "cat → cow"]
    np.testing.assert_array_equal(figure.axes[1].images[0].get_array(), DIGITS[3, 0])
    assert figure.get_suptitle() == "2 of 7 classified wrong: class → prediction"
    assert png(plots.misclassified(DIGITS, [0] * 7, [0] * 7)).startswith(b"\x89PNG")


def test_histograms_count_what_is_finite() -> None:
    figure = plots.histograms({"a": [1.0, 1.0, np.inf, np.nan], "b": []}, bins=4)
    assert figure.axes[0].get_title() == "a\nmean 1, std 0\n2 not finite"
    assert sum(patch.get_height() for patch in figure.axes[0].patches) == 2
    assert figure.axes[1].get_title() == "b\nno finite values"


def test_curves_of_a_trainer() -> None:
    model = nn.Affine(2, 1)
    trainer = nn.Trainer(model, nn.MSELoss(), nn.SGD(model.parameters(), lr=0.1))
    data = (np.ones((4, 2), np.float32), np.ones((4, 1), np.float32))
    history = trainer.fit(data, epochs=3, validation=data, progress=False)
    lines = {line.get_label(): line.get_ydata() for line in plots.learning_curves(history).axes[0].lines}
    assert list(lines) == ["loss", "val_loss"]
    assert lines["loss"].tolist() == history["loss"]


def test_the_boundary_has_a_margin_in_proportion() -> None:
    points = np.array([[0.0, 0.0], [1e-3, 1e3], [0.0, 0.0]], np.float32)
    ax = plots.decision_boundary(lambda p: p[:, 0] > 0, points, [0, 1, 0], resolution=5).axes[0]
    np.testing.assert_allclose([*ax.get_xlim(), *ax.get_ylim()], [-1.5e-4, 1.15e-3, -150, 1150], rtol=1e-5)


def test_boundary_of_a_model() -> None:
    model = nn.Sequential(nn.Affine(2, 3))
    model[0].weight.assign(np.eye(2, 3, dtype=np.float32))
    figure = plots.decision_boundary(model, np.zeros((3, 2), np.float32), [0, 1, 2], resolution=5)
    assert set(figure.axes[0].collections[0].get_array().ravel().tolist()) <= {0, 1, 2}


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: plots.learning_curves({}), "nothing to plot"),
        (lambda: plots.learning_curves({"a": []}), "'a' must be a non-empty sequence"),
        (lambda: plots.learning_curves([1.0], smooth=0), "smooth must be at least 1, got 0"),
        (lambda: plots.learning_curves({"a": "text"}), "'a' must be an array of real numbers"),
        (lambda: plots.images(np.zeros((2, 2, 8, 8))), r"got \(2, 2, 8, 8\)"),
        (lambda: plots.images(np.zeros((0, 8, 8))), "there are no images"),
        (lambda: plots.images(DIGITS, titles=["a"]), "7 images need as many titles, got 1"),
        (lambda: plots.images(DIGITS, columns=0), "columns must be at least 1, got 0"),
        (lambda: plots.filters(np.zeros((2, 2))), r"got \(2, 2\)"),
        (lambda: plots.filters(np.zeros((1, 2, 3, 3)), channel=2), "no channel 2 among 2"),
        (lambda: plots.feature_maps(np.zeros((2, 3, 4, 4))), r"of one image, got \(2, 3, 4, 4\)"),
        (lambda: plots.misclassified(DIGITS, [1], [1]), r"got shapes \(1,\) and \(1,\)"),
        (lambda: plots.histograms([["a"]]), "'1' must be an array of real numbers"),
        (lambda: plots.histograms({}), "nothing to plot"),
        (lambda: plots.histograms([[1.0]], bins=0), "bins must be at least 1"),
        (lambda: plots.decision_boundary(len, np.zeros((2, 3)), [0, 1]), r"got \(2, 3\) and \(2,\)"),
        (lambda: plots.decision_boundary(lambda p: p[:3], np.zeros((2, 2)), [0, 1]), r"returned shape \(3, 2\)"),
        (lambda: plots.optimizer_paths(np.add, {"a": [1.0, 2.0]}), r"'a' must have shape \(steps, 2\), got \(2,\)"),
        (lambda: plots.confusion_matrix([[1, 2]]), r"got shape \(1, 2\)"),
        (lambda: plots.confusion_matrix([[1, -2], [0, 1]]), "counts are at least 0, got -2"),
        (lambda: plots.confusion_matrix([[1]], names=["a", "b"]), "1 classes need as many names, got 2"),
    ],
)
def test_errors(call: Any, message: str) -> None:
    with pytest.raises((TypeError, ValueError), match=message):
        call()


def test_without_matplotlib(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(ImportError, match=r"pip install 'minigrad\[plot\]'"):
        plots.learning_curves([1.0, 2.0])
