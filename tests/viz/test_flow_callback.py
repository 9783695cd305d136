"""The diagnosis in the course of a run: it changes nothing, records what is there, and goes on from a file."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from minigrad import nn, viz
from tests.nn.training_run import STEPS, fit, make


def trainer_of(*callbacks: Any, lr: float = 0.1) -> nn.Trainer:
    nn.seed(0)
    model = nn.Sequential(nn.Affine(4, 6), nn.BatchNorm1d(6), nn.ReLU(), nn.Dropout(0.3), nn.Affine(6, 3))
    loss = nn.SoftmaxCrossEntropy()
    return nn.Trainer(model, loss, nn.SGD(model.parameters(), lr=lr), callbacks=callbacks, seed=1)


X = np.random.default_rng(0).normal(size=(24, 4)).astype(np.float32)
T = np.arange(24) % 3


def run(trainer: nn.Trainer, epochs: int = 2, **options: Any) -> nn.History:
    return trainer.fit((X, T), epochs, batch_size=8, progress=False, **options)


def test_it_records_the_steps_own_gradients_and_changes_nothing() -> None:
    rms: list[float] = []

    class Watch(nn.Callback):
        def on_backward_end(self, trainer: nn.Trainer) -> None:
            g = trainer.model[4].bias.grad
            rms.append(float(np.sqrt(np.square(g.data).mean())))

    flow = viz.GradientFlow(every=2)
    watched, plain = trainer_of(flow, Watch()), trainer_of()
    assert run(watched).losses == run(plain).losses
    for (name, a), (_, b) in zip(watched.model.state_dict().items(), plain.model.state_dict().items(), strict=True):
        np.testing.assert_array_equal(a, b, err_msg=name)
    assert sorted({record["step"] for record in flow.records}) == [1, 3, 5]
    assert flow.last is not None
    assert [r["layer"] for r in flow.records if r["step"] == 5] == [row["layer"] for row in flow.last.rows]
    (bias,) = [row for row in flow.last.parameters if row["name"] == "4.bias"]
    assert bias["gradient_rms"] == pytest.approx(rms[4])  # that of the very step, with its dropout
    assert flow.of("4", "level") == [1.0, 1.0, 1.0]
    with pytest.raises(KeyError, match="no record of '9'; there are 0, 1, 2, 3, 4, SoftmaxCrossEntropy"):
        flow.of("9")
    with pytest.raises(KeyError, match="there is no measure 'rms'; there are gradient_rms"):
        flow.of("0", "rms")


def test_findings_have_their_steps() -> None:
    class Kill(nn.Callback):
        def on_step_end(self, trainer: nn.Trainer) -> None:
            if trainer.step == 3:
                trainer.model[1].weight.assign(np.zeros(6))
                trainer.model[1].bias.assign(np.full(6, -1e6))

    flow = viz.GradientFlow(thresholds=viz.Thresholds(examples=8))
    run(trainer_of(flow, Kill()))
    dead = [finding for finding in flow.findings if finding["kind"] == "dead"]
    assert [(finding["step"], finding["layer"], finding["severity"]) for finding in dead] == [
        (step, "2", "error") for step in (4, 5, 6)
    ]


def test_accumulated_steps_and_lbfgs_are_looked_at_once() -> None:
    flow = viz.GradientFlow()
    run(trainer_of(flow), accumulate=2)
    assert [record["step"] for record in flow.records if record["layer"] == "0"] == [1, 2, 3, 4]
    nn.seed(0)
    model, flow = nn.Affine(4, 3), viz.GradientFlow()
    trainer = nn.Trainer(model, nn.SoftmaxCrossEntropy(), nn.LBFGS(model.parameters()), callbacks=[flow], seed=0)
    run(trainer, 1)
    assert [record["step"] for record in flow.records if record["layer"] == "Affine"] == [1, 2, 3]


def test_a_run_goes_on_from_its_file_with_its_records(tmp_path: Path) -> None:
    def flows(folder: str) -> tuple[nn.Trainer, Any, viz.GradientFlow]:
        flow = viz.GradientFlow(every=2, thresholds=viz.Thresholds(vanishing=(0.9, 0.5)))
        trainer, loader = make(tmp_path / folder, "npz", flow, every_steps=1)
        return trainer, loader, flow

    class Stop(nn.Callback):
        def on_step_end(self, trainer: nn.Trainer) -> None:
            if trainer.step == STEPS + 2:
                trainer.stop("enough")

    trainer, loader, whole = flows("whole")
    fit(trainer, loader, 3)
    trainer, loader, _ = flows("broken")
    trainer.callbacks.append(Stop())
    fit(trainer, loader, 3)
    trainer, loader, resumed = flows("broken")
    trainer.callbacks.append(Stop())
    fit(trainer, loader, 3, resume=tmp_path / "broken" / "last.npz")
    assert len(whole.records) > len(whole.findings) > 0
    assert resumed.findings == whole.findings
    assert str(resumed.records) == str(whole.records)  # as text, in which NaN equals NaN
    assert resumed.state_dict()["layers"] == whole.state_dict()["layers"]


def test_the_figure() -> None:
    colors = pytest.importorskip("matplotlib.colors", reason="the figure is drawn with matplotlib")
    flow = viz.GradientFlow()
    with pytest.raises(ValueError, match="nothing was recorded yet"):
        flow.figure()
    state = {
        "layers": ["a", "b"],
        "table": [
            [1, 0, 1e-6, 0, 0, 1, 0, 0, 1, 1],
            [1, 1, 1e20, 0, 0, 1, 0, 0, 1, 1],
            [5, 0, 0.0, 1, 0, 1, 0, 0, 1, 1],
            [5, 1, 1.0, 0, 3, 1, 0, 0, 1, 1],
        ],
        "findings": [],
    }
    flow.load_state_dict(state)
    figure = flow.figure()
    special, logs = (image.get_array() for image in figure.axes[0].images)
    assert np.ma.filled(logs, np.nan).tolist()[0][0] == pytest.approx(-6)
    assert logs[1, 0] == 8  # the end of the scale
    assert logs.mask.tolist() == [[False, True], [False, True]]
    np.testing.assert_allclose(special[0, 1], colors.to_rgba("#b9bfc6"))  # exactly zero
    np.testing.assert_allclose(special[1, 1], colors.to_rgba(viz.theme.LIGHT["bad"]))
    assert figure.axes[0].images[1].get_clim() == (-12, 8)  # one scale for all figures
    assert [label.get_text() for label in figure.axes[0].get_xticklabels()] == ["1", "5"]


@pytest.mark.parametrize("every", [0, True, 1.5])
def test_every_is_checked(every: Any) -> None:
    with pytest.raises(ValueError, match="every must be a whole number of at least 1"):
        viz.GradientFlow(every)


def test_thresholds_are_checked() -> None:
    with pytest.raises(TypeError, match=r"thresholds must be viz\.Thresholds, got float"):
        viz.GradientFlow(thresholds=0.5)  # type: ignore[arg-type]


def test_viz_has_no_other_names_in_waiting() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'Gradient'"):
        viz.Gradient
