"""Callbacks: when they are called, and what each of them does."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn

X = np.ones((6, 1), np.float32)


def trainer_of(*callbacks: Any, lr: float = 0.1, metrics: Any = (), loss: Any = None) -> nn.Trainer:
    nn.seed(0)
    model = nn.Sequential(nn.Affine(1, 3), nn.ReLU(), nn.Affine(3, 1))
    return nn.Trainer(model, loss or nn.MSELoss(), nn.SGD(model.parameters(), lr=lr), metrics, callbacks)


def fit(trainer: nn.Trainer, epochs: int, **options: Any) -> nn.History:
    return trainer.fit((X, 2 * X), epochs, batch_size=3, progress=False, **options)


def test_the_order_of_the_calls() -> None:
    calls = []

    class Log(nn.Callback):
        pass

    def kind(value: Any) -> str:
        return value if isinstance(value, str) else type(value).__name__

    for name in [name for name in vars(nn.Callback) if name.startswith("on_")]:
        setattr(Log, name, lambda self, trainer, *rest, name=name: calls.append(" ".join([name[3:], *map(kind, rest)])))
    trainer = trainer_of(Log(), lambda trainer: calls.append(f"function {trainer.epoch}"))
    fit(trainer, 1, validation=(X, X))
    step = ["step_start", "backward_start Tensor", "backward_end", "step_end", "save_point step"]
    assert calls == [
        "fit_start",
        "epoch_start",
        *step,
        *step,
        "validation_start",
        "validation_end",
        "epoch_end",
        "function 1",
        "save_point epoch",
        "fit_end",
    ]


@pytest.mark.parametrize("accumulate", [1, 2])
def test_the_loss_of_each_batch_is_shown_before_its_backward_pass(accumulate: int) -> None:
    seen: list[tuple[int, float]] = []

    class Watch(nn.Callback):
        def on_backward_start(self, trainer: nn.Trainer, loss: Any) -> None:
            (g,) = mg.grad(loss, [trainer.model[0].weight], retain_graph=True)  # the graph is there
            assert g.shape == (1, 3)
            seen.append((trainer.step, loss.item()))

    trainer = trainer_of(Watch())
    fit(trainer, 1, accumulate=accumulate)
    batches = 2
    assert [step for step, _ in seen] == [i // accumulate for i in range(batches)]
    means = np.mean(np.reshape([loss for _, loss in seen], (-1, accumulate)), axis=1)
    np.testing.assert_allclose(trainer.history.losses, means, rtol=1e-6)
    assert fit(trainer_of(), 1, accumulate=accumulate).losses == trainer.history.losses


class Scripted(nn.metrics.Metric):
    """A metric with the values it is given, so that a run can be steered."""

    name = "scripted"
    better = "max"

    def __init__(self, values: list[float]) -> None:
        super().__init__()
        self.values = values

    def _counts(self, output: Any, target: Any) -> Any:
        return np.zeros(1)

    def _result(self, total: Any) -> float:
        return self.values.pop(0)


# -------------------------------------------------------------------------------------------------- checkpoint
def test_best_and_last(tmp_path: Path) -> None:
    weights = []
    keep = nn.callbacks.Checkpoint(tmp_path / "a" / "run", "scripted", format="npz")
    trainer = trainer_of(
        keep,
        lambda t: weights.append(t.model.state_dict()),
        metrics=[Scripted([0.1, 0.9, float("nan"), 0.9, 0.3])],
    )
    fit(trainer, 5)
    assert keep.best_value == 0.9
    for path, epoch in ((keep.best, 2), (keep.last, 5)):
        other = trainer_of(nn.callbacks.Checkpoint(tmp_path, format="npz"), metrics=[Scripted([])])
        other.load(path)
        assert other.epoch == epoch
        for name, value in other.model.state_dict().items():
            np.testing.assert_array_equal(value, weights[epoch - 1][name])


def test_how_often_the_last_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[tuple[str, int]] = []
    monkeypatch.setattr(nn.Trainer, "save", lambda self, path: written.append((path.stem, self.step)))
    fit(trainer_of(nn.callbacks.Checkpoint(tmp_path, every=2, format="npz"), lr=0), 5)
    assert [step for name, step in written if name == "last"] == [4, 8]
    written.clear()
    keep = nn.callbacks.Checkpoint(tmp_path, every=9, every_steps=3, format="npz")
    fit(trainer_of(keep, nn.callbacks.EarlyStopping(patience=1), lr=0), 5)
    assert [step for name, step in written if name == "last"] == [3, 6, 6]  # step 6 ends the run early, too
    assert [step for name, step in written if name == "best"] == [2]


def test_a_missing_extra_is_an_error_before_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "safetensors.numpy", None)
    with pytest.raises(ImportError, match=r"pip install 'minigrad\[files\]'"):
        nn.callbacks.Checkpoint(tmp_path)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda f: nn.callbacks.Checkpoint(f, "val_loss", format="npz"), "no 'val_loss' to .*; pass validation="),
        (lambda f: nn.callbacks.EarlyStopping("accuracy"), "no 'accuracy' to monitor; there are loss, mean"),
        (lambda f: nn.callbacks.EarlyStopping("mean"), "pass mode='min' or mode='max' to say which mean is better"),
        (lambda f: nn.callbacks.EarlyStopping("loss", "best"), "got 'best'"),
    ],
)
def test_what_cannot_be_monitored_is_an_error_before_the_run(make: Any, message: str, tmp_path: Path) -> None:
    trainer = trainer_of(make(tmp_path), metrics={"mean": lambda y, t: float(y.mean())})
    with pytest.raises(ValueError, match=message):
        fit(trainer, 1)
    assert trainer.step == 0


# ---------------------------------------------------------------------------------------------------- stopping
def test_early_stopping() -> None:
    models = []
    stop = nn.callbacks.EarlyStopping("scripted", patience=1, min_delta=0.1, restore_best=True)
    values = Scripted([0.1, 0.5, 0.55, 0.59, 0.9])
    trainer = trainer_of(stop, lambda t: models.append(t.model.state_dict()), metrics=[values])
    history = fit(trainer, 9)
    assert history.stopped == "no better scripted for 2 epochs"
    assert (stop.best_epoch, stop.best_value, len(history)) == (2, 0.5, 4)
    for name, value in trainer.model.state_dict().items():
        np.testing.assert_array_equal(value, models[1][name])
        assert not np.array_equal(value, models[3][name])
    # It has ended, also after a resume.
    other = trainer_of(nn.callbacks.EarlyStopping("scripted", patience=1), metrics=[Scripted([])])
    other.load_state_dict(trainer.state_dict())
    assert fit(other, 9).stopped == "no better scripted for 2 epochs"
    assert other.epoch == 4


def test_early_stopping_does_not_restore_after_an_interruption() -> None:
    stop = nn.callbacks.EarlyStopping("scripted", restore_best=True)
    models = []

    def interrupt(trainer: nn.Trainer) -> None:
        models.append(trainer.model.state_dict())
        if trainer.epoch == 2:
            trainer.stop("interrupted")

    trainer = trainer_of(stop, interrupt, metrics=[Scripted([0.9, 0.1])])
    fit(trainer, 9)
    for name, value in trainer.model.state_dict().items():
        np.testing.assert_array_equal(value, models[1][name])


def test_nan_stop_leaves_the_parameters_finite() -> None:
    watch = nn.callbacks.NaNStop()
    trainer = trainer_of(watch, lr=1e25)  # diverges
    with np.errstate(all="ignore"):
        history = fit(trainer, 50)
    assert history.stopped is not None
    assert "is not finite in step" in history.stopped or "the loss of step" in history.stopped
    assert len(history.losses) == trainer.step < 20
    assert not trainer.resumable


def test_nan_stop_sees_gradients_where_the_loss_is_finite() -> None:
    trainer = trainer_of(nn.callbacks.NaNStop())
    before = trainer.model.state_dict()
    trainer.model[2].weight.register_hook(lambda g: g * np.inf)
    with np.errstate(all="ignore"):
        history = fit(trainer, 1)
    assert history.stopped.startswith("the gradient of 2.weight is not finite in step 1")
    for name, value in trainer.model.state_dict().items():
        np.testing.assert_array_equal(value, before[name])


def test_nan_stop_names_the_op_and_changes_nothing() -> None:
    nn.seed(0)
    # Only the dropped elements are log(0): the second computation needs the same random numbers.
    model = nn.Sequential(nn.Affine(1, 50), nn.BatchNorm1d(50), nn.Dropout(0.01))
    watch = nn.callbacks.NaNStop(find_op=True)
    trainer = nn.Trainer(
        model, lambda y, t: mg.log(mg.abs(y)).mean(), nn.SGD(model.parameters(), lr=0.0), callbacks=[watch]
    )
    rng = np.random.default_rng(0)
    with np.errstate(all="ignore"):
        history = trainer.fit(
            (rng.normal(size=(64, 1)).astype(np.float32), np.zeros(64)), 9, batch_size=4, progress=False
        )
    assert watch.anomaly is not None
    assert watch.anomaly.op == "log"
    assert history.stopped.startswith(f"the loss of step {trainer.step + 1} is -inf; log: the value is not finite")
    count = model[1].state_dict().get("batches") if "batches" in model[1].state_dict() else None
    assert count is None or count == trainer.step + 1  # not counted twice


# ------------------------------------------------------------------------------------------------------ adjust
def test_schedules_per_step_and_epoch() -> None:
    trainer = trainer_of()
    halve = nn.Scheduler(trainer.optimizer, nn.schedules.Exponential(0.5))
    trainer.callbacks.append(nn.callbacks.Schedule(halve, per="step"))
    history = fit(trainer, 3)
    np.testing.assert_allclose(history["lr"], [0.025, 0.00625, 0.0015625])  # two steps in each
    assert halve.steps == 6


def test_a_plateau_gets_the_monitored_value() -> None:
    trainer = trainer_of(metrics=[Scripted([0.5, 0.4, 0.3, 0.2])])
    plateau = nn.Plateau(trainer.optimizer, factor=0.5, patience=1, mode="max")
    trainer.callbacks.append(nn.callbacks.Schedule(plateau, monitor="scripted"))
    assert fit(trainer, 4)["lr"] == [0.1, 0.1, 0.1, 0.05]


def test_wrong_schedules() -> None:
    trainer = trainer_of()
    other = nn.Scheduler(nn.SGD([nn.Parameter([1.0])], lr=0.1), nn.schedules.Exponential(0.5))
    trainer.callbacks.append(nn.callbacks.Schedule(other))
    with pytest.raises(ValueError, match="the scheduler is that of another optimizer"):
        fit(trainer, 1)
    with pytest.raises(ValueError, match="per must be epoch or step, got 'day'"):
        nn.callbacks.Schedule(other, per="day")
    with pytest.raises(ValueError, match="a Plateau waits for the measure of an epoch"):
        nn.callbacks.Schedule(nn.Plateau(trainer.optimizer), per="step")
    with pytest.raises(TypeError, match=r"expected a nn\.Scheduler or nn\.Plateau"):
        nn.callbacks.Schedule(nn.schedules.Exponential(0.5))  # type: ignore[arg-type]


@pytest.mark.parametrize("keep", [False, True])
def test_averages_validate(keep: bool) -> None:
    trainer = trainer_of()
    ema = nn.EMA(trainer.model, 0.5)
    trainer.callbacks.append(nn.callbacks.Averaging(ema, keep=keep))
    history = fit(trainer, 2, validation=(X, 2 * X))
    assert ema.updates == 4
    with ema.applied():
        expected = trainer.evaluate((X, 2 * X))["loss"]
    assert history["val_loss"][-1] == expected
    assert (trainer.evaluate((X, 2 * X))["loss"] == expected) is keep


# -------------------------------------------------------------------------------------------------- statistics
def test_gradient_statistics() -> None:
    gradients = []

    class Copy(nn.Callback):
        def on_backward_end(self, trainer: nn.Trainer) -> None:
            gradients.append({name: p.grad.data.astype(float) for name, p in trainer.model.named_parameters()})

    watch = nn.callbacks.GradientStatistics(every=3)
    fit(trainer_of(Copy(), watch), 2)
    assert [r["step"] for r in watch.records] == [1] * 4 + [4] * 4
    for record in watch.records:
        g = gradients[record["step"] - 1][record["name"]]
        np.testing.assert_allclose(record["rms"], np.sqrt(np.square(g).mean()))
        np.testing.assert_allclose([record["mean"], record["std"]], [g.mean(), g.std()], atol=1e-12)
        assert record["zeros"] == (g == 0).mean()
    assert watch.of("0.weight", "mean") == [r["mean"] for r in watch.records if r["name"] == "0.weight"]
    with pytest.raises(KeyError, match=r"no record of 'w'; there are 0\.weight, 0\.bias"):
        watch.of("w")
    with pytest.raises(KeyError, match="there is no measure 'max'; there are rms, mean, std, zeros"):
        watch.of("0.weight", "max")


def test_activation_statistics_leave_no_hooks() -> None:
    watch = nn.callbacks.ActivationStatistics(every=2)
    trainer = trainer_of(watch)
    outputs = []
    trainer.model[1].register_forward_hook(lambda m, a, y: outputs.append(y.data.copy()) if m.training else None)
    fit(trainer, 2, validation=(X, X))
    assert [r["step"] for r in watch.records] == [1, 1, 1, 3, 3, 3]  # not in validation
    assert [r["name"] for r in watch.records[:3]] == ["0", "1", "2"]
    np.testing.assert_allclose(watch.of("1", "zeros"), [(outputs[0] == 0).mean(), (outputs[2] == 0).mean()])
    assert not any(m._forward_hooks for m in trainer.model.modules() if m is not trainer.model[1])


# -------------------------------------------------------------------------------------------------------- plot
def test_live_plot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("matplotlib", reason="the drawing")
    from minigrad.nn.training import plot

    drawn = []
    curves = plot.curves
    monkeypatch.setattr(plot, "curves", lambda history: drawn.append(len(history)) or curves(history))
    path = tmp_path / "curves.png"
    matrix = nn.metrics.ConfusionMatrix(2)
    trainer = trainer_of(nn.callbacks.LivePlot(path, every=2), metrics={"r2": nn.metrics.R2()})
    fit(trainer, 5, validation=(X, X))
    assert drawn == [2, 4, 5]
    assert path.read_bytes().startswith(b"\x89PNG")
    assert list(tmp_path.iterdir()) == [path]
    trainer.history.epochs[0]["matrix"] = matrix([1.0, -1.0], [1, 0])  # no curve
    axes = curves(trainer.history).axes
    assert [a.get_title() for a in axes] == ["loss", "r2"]
    assert [line.get_label() for line in axes[0].lines] == ["training", "validation"]
    np.testing.assert_array_equal(axes[0].lines[1].get_ydata(), trainer.history["val_loss"])


@pytest.mark.parametrize("name", ["run.safetensors", "runs/a.npz"])
def test_a_checkpoint_in_the_name_of_a_file_is_refused(name: str) -> None:
    folder = name.partition(".")[0]
    with pytest.raises(ValueError, match=rf"two files in a folder, and '{name}' is .* such as '{folder}'"):
        nn.callbacks.Checkpoint(name, format="npz")


@pytest.mark.parametrize(
    "make",
    [
        lambda: nn.callbacks.LivePlot("x.png", every=0),
        lambda: nn.callbacks.GradientStatistics(every=0),
        lambda: nn.callbacks.Checkpoint("x", every=0, format="npz"),
        lambda: nn.callbacks.EarlyStopping(patience=-1),
        lambda: nn.callbacks.EarlyStopping(min_delta=float("nan")),
        lambda: nn.callbacks.Checkpoint("x", format="pickle"),
    ],
)
def test_wrong_settings(make: Any) -> None:
    with pytest.raises(ValueError, match="must be"):
        make()
