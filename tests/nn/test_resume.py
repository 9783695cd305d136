"""A run that is stopped anywhere, and goes on from its file, is bit for bit the run that was not."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minigrad import nn
from tests.nn.training_run import EPOCHS, STEPS, data, fit, make

ROOT = Path(__file__).parents[2]


def flat(tree: Any, path: str = "") -> dict[str, Any]:
    """The leaves of a tree, without the times."""
    if isinstance(tree, dict):
        return {k: v for key, item in tree.items() if key != "seconds" for k, v in flat(item, f"{path}/{key}").items()}
    if isinstance(tree, (list, tuple)):
        return {k: v for i, item in enumerate(tree) for k, v in flat(item, f"{path}/{i}").items()}
    return {path: tree}


def assert_same(a: Any, b: Any) -> None:
    a, b = flat(a), flat(b)
    assert a.keys() == b.keys()
    for name, value in a.items():
        np.testing.assert_array_equal(value, b[name], strict=True, err_msg=name)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The state after the run that nothing disturbed."""
    trainer, loader = make(tmp_path_factory.mktemp("whole"))
    fit(trainer, loader)
    assert trainer.step == EPOCHS * STEPS
    return trainer.state_dict()


class StopAt(nn.Callback):
    def __init__(self, step: int, how: str) -> None:
        self.at, self.how = step, how

    def on_step_end(self, trainer: nn.Trainer) -> None:
        if trainer.step == self.at:
            if self.how == "signal":
                signal.raise_signal(signal.SIGINT)
            else:
                trainer.stop("enough")


@given(at=st.integers(1, EPOCHS * STEPS - 1), workers=st.sampled_from([0, 2]))
@settings(max_examples=12)
def test_stopped_after_any_step(
    at: int, workers: int, whole: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("stopped")
    trainer, loader = make(folder, "npz", StopAt(at, "stop"), workers=workers)
    assert fit(trainer, loader).stopped == "enough"
    assert trainer.step == at
    again, loader = make(folder)
    fit(again, loader, resume=folder / "last.npz")
    assert_same(again.state_dict(), whole)


@pytest.mark.parametrize("format", ["npz", "safetensors"])
def test_a_killed_process(format: str, whole: dict[str, Any], tmp_path: Path) -> None:
    if format == "safetensors":
        pytest.importorskip("safetensors", reason="the format")
    for step in (7, 13):  # within the second epoch, then within the third
        command = [sys.executable, "-m", "tests.nn.training_run", str(tmp_path), format, str(step)]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode not in (0, 1), done.stderr
        assert {path.name for path in tmp_path.iterdir()} == {f"last.{format}", f"best.{format}"}
        trainer, _ = make(tmp_path / "other")
        trainer.load(tmp_path / f"last.{format}")
        assert trainer.step == step - 1  # the file of the step before, whole
    again, loader = make(tmp_path, format)
    fit(again, loader, resume=tmp_path / f"last.{format}")
    assert_same(again.state_dict(), whole)


@pytest.mark.parametrize("at", [3, STEPS, 8])
def test_control_c(at: int, whole: dict[str, Any], tmp_path: Path) -> None:
    trainer, loader = make(tmp_path, "npz", StopAt(at, "signal"))
    before = signal.getsignal(signal.SIGINT)
    history = fit(trainer, loader)
    assert signal.getsignal(signal.SIGINT) is before
    assert (history.stopped, trainer.step, len(history.losses)) == ("interrupted", at, at)
    # From the file, and in the same process.
    again, loader2 = make(tmp_path)
    fit(again, loader2, resume=tmp_path / "last.npz")
    assert_same(again.state_dict(), whole)
    again.load(tmp_path / "last.npz")
    assert again.step == EPOCHS * STEPS


def test_going_on_in_the_same_process(whole: dict[str, Any], tmp_path: Path) -> None:
    trainer, loader = make(tmp_path, "npz", StopAt(8, "signal"))
    fit(trainer, loader)
    fit(trainer, loader)
    assert_same(trainer.state_dict(), whole)


def test_a_file_that_does_not_fit_does_not_spoil_going_on(whole: dict[str, Any], tmp_path: Path) -> None:
    trainer, loader = make(tmp_path, "npz", StopAt(8, "signal"))
    fit(trainer, loader)
    bad = changed(tmp_path / "last.npz", lambda s: s.pop("optimizer"))
    for _ in range(2):
        with pytest.raises(ValueError, match="missing: optimizer"):
            fit(trainer, loader, resume=bad)
        with pytest.raises(ValueError, match="missing: optimizer"):
            trainer.load(bad)
    fit(trainer, loader)
    assert_same(trainer.state_dict(), whole)


def test_a_name_without_a_suffix_is_found_again(tmp_path: Path) -> None:
    pytest.importorskip("safetensors", reason="the default format")
    trainer, loader = make(tmp_path)
    fit(trainer, loader, 1)
    trainer.save(tmp_path / "state")
    again, loader = make(tmp_path)
    fit(again, loader, 1, resume=tmp_path / "state")
    assert_same(again.state_dict(), trainer.state_dict())
    with pytest.raises(ValueError, match=r"Trainer\.fit: the name of a state file ends in"):
        fit(again, loader, 2, resume=tmp_path / "state.pt")


class ValidationInterrupt(nn.Module):
    """Interrupts the first validation, in its middle, and draws random numbers there."""

    def __init__(self, inner: nn.Module) -> None:
        self.inner = inner
        self.calls = 0
        self.armed = True

    def forward(self, x: Any) -> Any:
        if not self.training:
            self.calls += 1
            nn.functional.dropout(np.ones(3), 0.5)
            if self.armed and self.calls == 2:
                signal.raise_signal(signal.SIGINT)
        return self.inner(x)


def test_interrupted_within_the_validation(tmp_path: Path) -> None:
    def run(armed: bool, folder: Path, **options: Any) -> nn.Trainer:
        nn.seed(0)
        model = ValidationInterrupt(nn.Sequential(nn.Affine(6, 4), nn.Dropout(0.5), nn.Affine(4, 2)))
        model.armed = armed
        keep = nn.callbacks.Checkpoint(folder, format="npz")
        trainer = nn.Trainer(model, nn.SoftmaxCrossEntropy(), nn.SGD(model.parameters(), lr=0.1), (), [keep])
        held = nn.data.DataLoader(data(), 5)
        trainer.fit(data(), 3, validation=held, batch_size=5, progress=False, **options)
        return trainer

    expected = run(False, tmp_path / "a")
    broken = run(True, tmp_path / "b")
    assert (broken.history.stopped, broken.epoch, broken.step) == ("interrupted", 0, STEPS)
    again = run(False, tmp_path / "b", resume=tmp_path / "b" / "last.npz")
    assert_same(again.state_dict(), expected.state_dict())


def test_a_second_control_c_leaves_the_older_file(tmp_path: Path) -> None:
    class Twice(nn.Callback):
        def on_backward_end(self, trainer: nn.Trainer) -> None:
            if trainer.step == 6:
                signal.raise_signal(signal.SIGINT)
                signal.raise_signal(signal.SIGINT)

    trainer, loader = make(tmp_path, "npz", Twice())
    assert fit(trainer, loader).stopped == "interrupted"
    assert not trainer.resumable
    with pytest.raises(RuntimeError, match="a step is under way or was broken off"):
        trainer.state_dict()
    again, _ = make(tmp_path)
    again.load(tmp_path / "last.npz")
    assert again.step == STEPS


def test_other_iterables_resume_by_skipping(tmp_path: Path) -> None:
    x, t = data()
    batches = [(x[i : i + 5], t[i : i + 5]) for i in range(0, 23, 5)]

    def run(*extra: Any) -> nn.Trainer:
        nn.seed(0)
        model = nn.Affine(6, 2)
        keep = nn.callbacks.Checkpoint(tmp_path, format="npz")
        return nn.Trainer(model, nn.SoftmaxCrossEntropy(), nn.Adam(model.parameters()), callbacks=[keep, *extra])

    expected = run()
    expected.fit(batches, 3, progress=False, accumulate=2)
    run(StopAt(4, "stop")).fit(batches, 3, progress=False, accumulate=2)
    again = run()
    again.fit(batches, 3, progress=False, accumulate=2, resume=tmp_path / "last.npz")
    assert_same(again.state_dict(), expected.state_dict())


def test_arrays_and_one_seed() -> None:
    def run(seed: int) -> dict[str, Any]:
        nn.seed(seed)
        model = nn.Sequential(nn.Affine(6, 4), nn.Dropout(0.5), nn.Affine(4, 2))
        np.random.default_rng().normal()
        trainer = nn.Trainer(model, nn.SoftmaxCrossEntropy(), nn.SGD(model.parameters(), lr=0.1), seed=seed)
        nn.Affine(3, 3)  # draws in between do not count
        trainer.fit(data(), 2, batch_size=4, progress=False)
        return trainer.state_dict()

    assert_same(run(1), run(1))
    a, b = run(1)["model"], run(2)["model"]
    assert not any(np.array_equal(a[name], b[name]) for name in a if "weight" in name)


def test_between_fits_nothing_is_rewound() -> None:
    """Only what is within an epoch goes on where it was: the package's generator may have been used since."""
    x, t = data()
    model = nn.Affine(6, 2)
    trainer = nn.Trainer(model, nn.SoftmaxCrossEntropy(), nn.SGD(model.parameters(), lr=0.1), seed=0)
    trainer.fit((x, t), 1, progress=False)
    nn.seed(99)
    state = nn.random_state()
    trainer.fit((x, t), 2, progress=False)
    after = nn.random_state()
    nn.set_random_state(state)
    nn.functional.dropout(np.ones(1), 0.5)
    assert state != after
    order = nn.data.DataLoader((x, t), 32, shuffle=True)
    nn.seed(99)
    list(order)
    assert nn.random_state() == after


# ------------------------------------------------------------------------------------------------ hostile files
@pytest.fixture
def saved(tmp_path: Path) -> Path:
    trainer, loader = make(tmp_path, "npz", StopAt(8, "stop"))
    fit(trainer, loader)
    return tmp_path / "last.npz"


def changed(path: Path, change: Any) -> Path:
    from minigrad.nn.training.state import read_tree, write_tree

    tree = read_tree(path)
    change(tree)
    write_tree(tree, path.with_name("changed.npz"))
    return path.with_name("changed.npz")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda s: s.update(format="else"), "not the state of a trainer"),
        (lambda s: s.pop("optimizer"), "missing: optimizer"),
        (lambda s: s.update(more=1), "unexpected: more"),
        (lambda s: s["model"].update({"head.weight": np.zeros((1, 1), np.float32)}), "model: Net: the state does"),
        (lambda s: s["optimizer"].pop("groups.0.lr"), "optimizer: Adam: the state does not fit"),
        (lambda s: s["position"].update(epoch=-1), "position: epoch is -1"),
        (lambda s: s["position"].update(step="many"), "position: step is 'many'"),
        (lambda s: s["position"].pop("step"), "position: expected epoch, step"),
        (lambda s: s["history"].update(epochs=3), "history: History: not the state of a history"),
        (lambda s: s["random"]["package"].update(bit_generator="MT19937"), "random state: expected one of PCG64"),
        (lambda s: s["random"]["package"]["state"].update(state=-1), "random: random state: not one of PCG64"),
        (lambda s: s["random"].update(modules={}), r"random: the model's generators are \['drop.rng'\]"),
        (lambda s: s["data"]["source"].update(batch_size=6), "data: DataLoader.load_state_dict: .*batch_size"),
        (lambda s: s["data"]["source"].update(position=10**9), "data: .*position"),
        (lambda s: s["callbacks.EarlyStopping"].pop("waited"), "callbacks.EarlyStopping: 'waited'"),
        (lambda s: s["callbacks.Averaging"].pop("updates"), "callbacks.Averaging: EMA: the state does not fit"),
        (lambda s: s["callbacks.GradientStatistics"].update(table=np.zeros((2, 2))), "callbacks.GradientStatistics: "),
        (lambda s: s.update({"metrics.f1": None}), "metrics.f1: "),
    ],
)
def test_what_does_not_fit_changes_nothing(change: Any, message: str, saved: Path, tmp_path: Path) -> None:
    trainer, loader = make(tmp_path / "other")
    fit(trainer, loader, 1)
    before = trainer.state_dict()
    with pytest.raises(ValueError, match=rf"changed\.npz: Trainer: .*{message}"):
        fit(trainer, loader, resume=changed(saved, change))
    assert_same(trainer.state_dict(), before)
    fit(trainer, loader, 2)  # and it still trains
    assert trainer.epoch == 2


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"a":{"array":"none"}}', "the array 'none' is missing"),
        ("[]", "its tree is no mapping"),
        ("{}", "has no place in its tree"),
        ("[" * 100_000, "not a readable checkpoint"),
        ("{", "not a readable checkpoint"),
        ('{"a":' + "9" * 5000 + "}", "not a readable checkpoint"),
    ],
)
def test_damaged_trees(text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "damaged.npz"
    nn.save({"w": np.ones(1)}, path, {"minigrad.tree": text})
    trainer, _ = make(tmp_path)
    with pytest.raises(ValueError, match=rf"damaged\.npz: .*{message}"):
        trainer.load(path)


def test_files_of_another_kind(saved: Path, tmp_path: Path) -> None:
    trainer, _ = make(tmp_path)
    nn.save(trainer.model.state_dict(), tmp_path / "model.npz")
    with pytest.raises(ValueError, match=r"model\.npz: no checkpoint of a training run.*nn\.load"):
        trainer.load(tmp_path / "model.npz")
    whole = saved.read_bytes()
    for size in (0, 10, len(whole) // 2, len(whole) - 1):
        saved.write_bytes(whole[:size])
        with pytest.raises(ValueError, match=r"not a readable \.npz file"):
            trainer.load(saved)
    with pytest.raises(FileNotFoundError, match="there is no file"):
        trainer.load(tmp_path / "none.npz")


def test_the_model_alone_from_a_checkpoint(saved: Path) -> None:
    """As the documentation says: the arrays of the model have ``model.`` before their names."""
    trainer, _ = make(saved.parent)
    arrays = nn.load(saved)
    model = {name.removeprefix("model."): a for name, a in arrays.items() if name.startswith("model.")}
    trainer.model.load_state_dict(model)


def test_a_state_that_no_file_can_hold(tmp_path: Path) -> None:
    class Odd(nn.Callback):
        def state_dict(self) -> dict[str, Any]:
            return {"when": os}

    trainer, _ = make(tmp_path, "npz", Odd())
    with pytest.raises(TypeError, match=r"checkpoint: callbacks\.Odd\.when is module, which no file can hold"):
        trainer.save(tmp_path / "x.npz")
    assert not (tmp_path / "x.npz").exists()


@pytest.mark.parametrize("kind", ["PCG64", "PCG64DXSM", "MT19937", "Philox", "SFC64"])
def test_generators_of_every_kind_go_through_a_file(kind: str, tmp_path: Path) -> None:
    def run() -> nn.Trainer:
        model = nn.Sequential(nn.Affine(6, 4), nn.Dropout(0.5, rng=np.random.Generator(getattr(np.random, kind)(3))))
        return nn.Trainer(model, nn.MSELoss(), nn.SGD(model.parameters(), lr=0.1))

    first, second = run(), run()
    first.model[1].rng.random(7, dtype=np.float32)
    first.save(tmp_path / "state.npz")
    second.load(tmp_path / "state.npz")
    np.testing.assert_array_equal(first.model[1].rng.random(9), second.model[1].rng.random(9))


@pytest.mark.parametrize(("kind", "inside", "name"), [("MT19937", "state", "pos"), ("Philox", None, "buffer_pos")])
def test_a_position_outside_of_the_buffer(kind: str, inside: str | None, name: str) -> None:
    """NumPy would take it, and read from there."""
    from minigrad.nn.random import restore

    rng = np.random.Generator(getattr(np.random, kind)(3))
    state = rng.bit_generator.state
    (state[inside] if inside else state)[name] = 10**6
    expected = np.random.Generator(getattr(np.random, kind)(3)).random(5)
    with pytest.raises(ValueError, match=f"random state: not one of {kind}: {name} is 1000000"):
        restore(rng, state)
    np.testing.assert_array_equal(rng.random(5), expected)
