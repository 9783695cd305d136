"""The loop: the same steps as by hand, correct means, modes that come back, and a record as plain data."""

import csv
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import minigrad as mg
from minigrad import nn
from minigrad.nn.training import progress as progress_module

ROOT = Path(__file__).parents[2]


def data(n: int = 23, seed: int = 1) -> tuple[Any, Any]:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 6)).astype(np.float32)
    return x, (x[:, 0] > x[:, 1]).astype(np.int64)


def batches(size: int = 5) -> list[Any]:
    x, t = data()
    return [(x[i : i + size], t[i : i + size]) for i in range(0, len(x), size)]


def net(seed: int = 0) -> nn.Sequential:
    nn.seed(seed)
    return nn.Sequential(nn.Affine(6, 8), nn.ReLU(), nn.Affine(8, 2))


def trainer_of(model: nn.Module, *args: Any, lr: float = 0.05, **options: Any) -> nn.Trainer:
    return nn.Trainer(model, nn.SoftmaxCrossEntropy(), nn.Adam(model.parameters(), lr=lr), *args, **options)


def assert_equal(a: dict[str, Any], b: dict[str, Any]) -> None:
    assert a.keys() == b.keys()
    for name, value in a.items():
        np.testing.assert_array_equal(value, b[name], strict=True, err_msg=name)


def test_the_steps_are_those_of_the_loop_by_hand() -> None:
    by_hand, loss = net(), nn.SoftmaxCrossEntropy()
    optimizer = nn.Adam(by_hand.parameters(), lr=0.05)
    losses = []
    for _ in range(3):
        for x, t in batches():
            optimizer.zero_grad()
            value = loss(by_hand(x), t)
            value.backward()
            nn.clip_grad_norm_(by_hand.parameters(), 0.5)
            optimizer.step()
            losses.append(value.item())
    model = net()
    history = trainer_of(model).fit(batches(), 3, clip_norm=0.5, progress=False)
    assert history.losses == losses
    assert_equal(model.state_dict(), by_hand.state_dict())
    assert [row["step"] for row in history.epochs] == [5, 10, 15]
    weights = [5, 5, 5, 5, 3]
    np.testing.assert_allclose(history["loss"], np.average(np.reshape(losses, (3, 5)), axis=1, weights=weights))


@given(size=st.integers(1, 23), accumulate=st.integers(2, 30))
@settings(max_examples=15)
def test_accumulated_gradients_are_those_of_the_larger_batch(size: int, accumulate: int) -> None:
    large, small = net().to(np.float64), net().to(np.float64)
    for model, parts, count in ((large, batches(size * accumulate), 1), (small, batches(size), accumulate)):
        trainer = nn.Trainer(model, nn.SoftmaxCrossEntropy(), nn.SGD(model.parameters(), lr=0.5))
        trainer.fit(parts, 2, accumulate=count, progress=False)
    a, b = large.state_dict(), small.state_dict()
    for name, value in a.items():
        np.testing.assert_allclose(value, b[name], rtol=1e-10, atol=1e-12, err_msg=name)


def test_a_sum_adds_up() -> None:
    a, b = net(), net()
    for model, parts, count in ((a, batches(10), 1), (b, batches(5), 2)):
        loss = nn.SoftmaxCrossEntropy(reduction="sum")
        history = nn.Trainer(model, loss, nn.SGD(model.parameters(), lr=1e-3)).fit(
            parts, 1, accumulate=count, progress=False
        )
        assert sum(history.losses) == pytest.approx(history["loss"][0])
    for name, value in a.state_dict().items():
        np.testing.assert_allclose(value, b.state_dict()[name], rtol=1e-4, atol=1e-6)


@given(size=st.integers(1, 30))
@settings(max_examples=15)
def test_evaluation_does_not_depend_on_the_batches(size: int) -> None:
    model = net()
    trainer = trainer_of(model, {"share": nn.metrics.Accuracy(), "confidence": lambda y, t: float(y.max(1).mean())})
    x, t = data()
    at_once, found = trainer.evaluate((x, t), batch_size=23), trainer.evaluate((x, t), batch_size=size)
    assert found.keys() == {"loss", "share", "confidence"}
    np.testing.assert_allclose(list(found.values()), list(at_once.values()), rtol=1e-6)
    y = model(x)
    assert found["share"] == (y.argmax(1).numpy() == t).mean()
    np.testing.assert_allclose(found["loss"], nn.SoftmaxCrossEntropy()(y, t).item(), rtol=1e-6)
    np.testing.assert_allclose(trainer.predict(x, size), y.data, rtol=1e-5, atol=1e-6)


def test_modes_and_graphs_come_back() -> None:
    model = nn.Sequential(nn.Affine(6, 8), nn.BatchNorm1d(8), nn.Dropout(0.9), nn.Affine(8, 2))
    model[1].eval()  # frozen: the others train
    trainer = trainer_of(model)
    modes = [module.training for module in model.modules()]
    buffers = {name: value.data.copy() for name, value in model.named_buffers()}
    random = nn.random_state()
    x, t = data()
    first = trainer.predict(x)
    np.testing.assert_array_equal(first, trainer.predict(x))  # no dropout
    trainer.evaluate((x, t))
    assert [module.training for module in model.modules()] == modes
    assert nn.random_state() == random
    trainer.fit((x, t), 1, validation=(x, t), progress=False)
    assert [module.training for module in model.modules()] == modes
    assert_equal({name: value.data for name, value in model.named_buffers()}, buffers)
    with pytest.raises(ValueError, match="Affine"):
        trainer.predict(np.ones((2, 3), np.float32))
    assert [module.training for module in model.modules()] == modes
    model.eval()
    trainer.fit((x, t), 2, progress=False)
    assert all(module.training for module in model.modules())


def test_no_graph_is_recorded_in_evaluation() -> None:
    graphs = []

    class Spy(nn.Module):
        def __init__(self) -> None:
            self.inner = nn.Affine(6, 2)

        def forward(self, x: Any) -> Any:
            y = self.inner(x)
            graphs.append(y.node is not None)
            return y

    trainer = trainer_of(Spy())
    trainer.evaluate(data(), batch_size=23)
    trainer.predict(data()[0])
    assert graphs == [False, False]
    trainer.fit(data(), 1, batch_size=23, progress=False)
    assert graphs == [False, False, True]


def test_several_inputs_tensors_and_data_sets() -> None:
    class Two(nn.Module):
        def __init__(self) -> None:
            self.left, self.right = nn.Affine(6, 1), nn.Affine(6, 1)

        def forward(self, a: Any, b: Any) -> Any:
            return self.left(a) - self.right(b)

    x, _ = data()
    model = Two()
    trainer = nn.Trainer(model, nn.MSELoss(), nn.SGD(model.parameters(), lr=0.1), [nn.metrics.R2()])
    history = trainer.fit((mg.Tensor(x), x[::-1], x[:, :1]), 3, batch_size=7, progress=False)
    assert history["loss"][-1] < history["loss"][0]
    assert trainer.predict((x, x), 5).shape == (23, 1)
    dataset = nn.data.ArrayDataset(x, x, x[:, :1])
    assert trainer.evaluate(dataset) == trainer.evaluate((x, x, x[:, :1]))
    assert trainer.predict((x[:0], x[:0])).shape == (0, 1)


def test_epochs_count_from_the_first() -> None:
    one, two = net(), net()
    trainer_of(one, seed=0).fit(data(), 4, progress=False)
    trainer = trainer_of(two, seed=0)
    trainer.fit(data(), 1, progress=False)
    assert len(trainer.fit(data(), 4, progress=False)) == 4
    assert_equal(one.state_dict(), two.state_dict())
    with pytest.raises(ValueError, match=r"Trainer\.fit: 4 epochs are finished already"):
        trainer.fit(data(), 4, progress=False)


def test_lbfgs_gets_its_closure() -> None:
    x, _ = data()
    target = x @ np.arange(6.0, dtype=np.float32)[:, None]
    model = nn.Affine(6, 1)
    trainer = nn.Trainer(model, nn.MSELoss(), nn.LBFGS(model.parameters(), line_search=True))
    history = trainer.fit([(x, target)], 3, progress=False)
    assert trainer.evaluate((x, target))["loss"] < 1e-6 < history.losses[0]


def test_mixed_precision() -> None:
    model = net()
    mixed = nn.MixedPrecision(model)
    scaler = nn.GradScaler(scale=2.0**30)  # overflows at first: those steps are left out
    trainer = nn.Trainer(
        mixed, nn.SoftmaxCrossEntropy(), nn.Adam(model.parameters(), lr=0.05), [nn.metrics.Accuracy()], scaler=scaler
    )
    history = trainer.fit(data(), 12, batch_size=8, clip_norm=1.0, progress=False)
    assert scaler.scale < 2.0**30
    assert history["accuracy"][-1] > 0.85
    assert trainer.state_dict()["scaler"]["scale"] == scaler.scale


def test_groups_have_their_rates_in_the_history() -> None:
    model = net()
    groups = [{"params": model[0].parameters(), "lr": 0.1}, {"params": model[2].parameters()}]
    trainer = nn.Trainer(model, nn.SoftmaxCrossEntropy(), nn.SGD(groups, lr=0.5))
    assert trainer.fit(data(), 1, progress=False)["lr"] == [[0.1, 0.5]]


def test_an_error_is_not_swallowed_and_training_can_go_on() -> None:
    ended = []

    class Fails(nn.Callback):
        def on_step_end(self, trainer: nn.Trainer) -> None:
            if trainer.step == 2:
                raise OSError("disk full")

        def on_fit_end(self, trainer: nn.Trainer) -> None:
            ended.append(trainer.history.stopped)

    trainer = trainer_of(net(), callbacks=[Fails()])
    with pytest.raises(OSError, match="disk full"):
        trainer.fit(data(), 2, batch_size=5, progress=False)
    assert ended == ["OSError: disk full"]
    trainer.fit(data(), 1, batch_size=5, progress=False)
    assert (trainer.epoch, trainer.step) == (1, 7)  # the epoch began anew


# ------------------------------------------------------------------------------------------------------- record
def test_the_history_as_table_and_csv(tmp_path: Path) -> None:
    trainer = trainer_of(net(), [nn.metrics.Accuracy()])
    history = trainer.fit(data(), 2, validation=data(9, 2), progress=False)
    assert history.columns == ["epoch", "step", "lr", "loss", "accuracy", "val_loss", "val_accuracy"]
    lines = str(history).splitlines()
    assert lines[0].split() == [*history.columns, "seconds"]
    assert [line.split()[0] for line in lines[1:]] == ["1", "2"]
    assert len({len(line) for line in lines}) == 1
    history.to_csv(tmp_path / "history.csv")
    with open(tmp_path / "history.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [float(row["val_loss"]) for row in rows] == history["val_loss"]  # all digits
    assert [float(row["seconds"]) for row in rows] == history.seconds
    with pytest.raises(KeyError, match=r"there is no 'f1'; there are epoch, step, lr, loss"):
        history["f1"]
    with pytest.raises(FileNotFoundError):
        history.to_csv(tmp_path / "none" / "history.csv")


def test_plain_lines_without_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    trainer_of(net(), [nn.metrics.Accuracy()]).fit(data(), 2, validation=data(), progress=True)
    out, err = capsys.readouterr()
    lines = out.splitlines()
    assert err == ""
    assert [line.split()[:2] for line in lines] == [["epoch", "1/2"], ["epoch", "2/2"]]
    assert all(name in lines[0] for name in ("loss", "accuracy", "val_loss", "val_accuracy", " s"))
    trainer_of(net()).fit(data(), 1, progress=False)
    assert capsys.readouterr() == ("", "")


def test_a_bar_in_a_terminal(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("tqdm", reason="the bar")
    monkeypatch.setattr(progress_module, "_PAUSE", 0.0)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    trainer_of(net()).fit(data(), 1, batch_size=5)
    out, err = capsys.readouterr()
    assert "epoch 1/1" in err
    assert "/5 [" in err
    assert "loss" in err
    assert out.startswith("epoch 1/1  loss ")


def test_without_any_stream_to_write_to() -> None:
    program = (
        "import sys; sys.stdout = sys.stderr = None\n"
        "import numpy as np; from minigrad import nn\n"
        "m = nn.Affine(1, 1); x = np.ones((4, 1), np.float32)\n"
        "h = nn.Trainer(m, nn.MSELoss(), nn.SGD(m.parameters(), lr=0.1)).fit((x, x), 2)\n"
        "raise SystemExit(0 if len(h) == 2 else 3)"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    assert subprocess.run([sys.executable, "-c", program], cwd=ROOT, env=environment, check=False).returncode == 0


# ------------------------------------------------------------------------------------------------------- errors
@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda m, o: nn.Trainer(abs, nn.MSELoss(), o), TypeError, "the model must be a Module"),
        (lambda m, o: nn.Trainer(m, nn.MSELoss, o), TypeError, "the loss must be a function"),
        (lambda m, o: nn.Trainer(net(), nn.MSELoss(), o), ValueError, "the optimizer has none of the model's param"),
        (lambda m, o: nn.Trainer(m, nn.MSELoss(), "Adam"), TypeError, "expected an optimizer, got 'Adam'"),
        (lambda m, o: nn.Trainer(m, nn.MSELoss(), o, [nn.metrics.Accuracy]), TypeError, "a metric is one of"),
        (lambda m, o: nn.Trainer(m, nn.MSELoss(), o, nn.metrics.R2()), TypeError, "metrics must be a list, or a dict"),
        (lambda m, o: nn.Trainer(m, nn.MSELoss(), o, {"loss": abs}), ValueError, "the name 'loss' of a metric"),
        (lambda m, o: nn.Trainer(m, nn.MSELoss(), o, [abs, abs]), ValueError, "the name 'abs' of a metric is taken"),
        (lambda m, o: nn.Trainer(m, nn.MSELoss(), o, (), [3]), TypeError, "a callback is a nn.Callback or a function"),
        (lambda m, o: nn.Trainer(m, nn.MSELoss(), o, (), [nn.Callback]), TypeError, "a callback is a nn.Callback"),
        (
            lambda m, o: nn.Trainer(m, nn.MSELoss(), nn.LBFGS(m.parameters()), scaler=nn.GradScaler()),
            TypeError,
            "LBFGS computes the loss several times",
        ),
    ],
)
def test_wrong_trainers(call: Any, error: type[Exception], message: str) -> None:
    model = net()
    with pytest.raises(error, match=f"Trainer: {message}"):
        call(model, nn.SGD(model.parameters(), lr=0.1))


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda t: t.fit(data(), -1), ValueError, r"Trainer\.fit: epochs must be a whole number of at least 0, got -1"),
        (lambda t: t.fit(data(), 1, accumulate=0), ValueError, r"accumulate must be a whole number of at least 1"),
        (lambda t: t.fit(data(), 1, batch_size=0), ValueError, "batch_size must be at least 1, got 0"),
        (lambda t: t.fit(data()[0], 1), TypeError, r"expected a tuple \(inputs, targets\) of arrays, .* got ndarray"),
        (lambda t: t.fit(batches(), 1, batch_size=3), ValueError, "a list has its batches already"),
        (lambda t: t.fit([data()[0]], 1), TypeError, "a batch is a tuple of the model's inputs and, last, the target"),
        (lambda t: t.fit((data()[0], [1]), 1), ValueError, "unequal numbers of examples"),
        (lambda t: t.fit([], 1), ValueError, "the training data gave no batch"),
        (lambda t: t.evaluate([]), ValueError, "there are no examples to evaluate on"),
        (lambda t: t.predict(data()[0], 0), ValueError, "batch_size must be a whole number of at least 1"),
        (lambda t: t.predict(nn.data.DataLoader(data(), 2)), TypeError, r"Trainer\.predict: .* got DataLoader"),
        (lambda t: t.predict((np.ones((2, 6)), np.ones((3, 6)))), ValueError, "the first axis counts the examples"),
    ],
)
def test_wrong_data(call: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call(trainer_of(net()))


def test_a_loss_for_each_example_is_refused() -> None:
    model = net()
    loss = nn.SoftmaxCrossEntropy(reduction="none")
    with pytest.raises(ValueError, match=r"one number for a batch, got a Tensor of shape \(5,\)"):
        nn.Trainer(model, loss, nn.SGD(model.parameters(), lr=0.1)).fit(batches(), 1, progress=False)
