"""A run with everything in it that has a state; as a script, one that is killed in the middle of an epoch.

    python -m tests.nn.training_run FOLDER FORMAT DIE_AT
"""

import os
import signal
import sys
from pathlib import Path
from typing import Any

import numpy as np

from minigrad import nn

EPOCHS = 4
STEPS = 5  # of an epoch: 23 examples in batches of 5


def data() -> tuple[Any, Any]:
    rng = np.random.default_rng(1)
    x = rng.normal(size=(23, 6)).astype(np.float32)
    return x, (x[:, 0] > x[:, 1]).astype(np.int64)


class Net(nn.Module):
    """Buffers, dropout from the package's generator, and dropout from one of its own."""

    def __init__(self) -> None:
        self.body = nn.Sequential(nn.Affine(6, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.2))
        self.drop = nn.Dropout(0.3, rng=np.random.default_rng(5))
        self.head = nn.Affine(8, 2)

    def forward(self, x: Any) -> Any:
        return self.head(self.drop(self.body(x)))


def noise(x: Any, rng: np.random.Generator) -> Any:
    return x + rng.normal(0, 0.1, x.shape).astype(x.dtype)


def make(
    folder: Path, format: str = "npz", *extra: Any, workers: int = 0, every_steps: int | None = None
) -> tuple[nn.Trainer, Any]:
    nn.seed(3)
    model = Net()
    optimizer = nn.Adam(model.named_parameters(), lr=0.05)
    callbacks = [
        nn.callbacks.Checkpoint(folder, every_steps=every_steps, format=format),
        nn.callbacks.EarlyStopping(patience=1, min_delta=0.01, restore_best=True),
        nn.callbacks.Schedule(nn.Scheduler(optimizer, nn.schedules.Cosine(30)), per="step"),
        nn.callbacks.Schedule(nn.Plateau(optimizer, patience=0)),
        nn.callbacks.Averaging(nn.EMA(model, 0.9)),
        nn.callbacks.GradientStatistics(every=3),
        nn.callbacks.ActivationStatistics(every=4),
        *extra,
    ]
    metrics = [nn.metrics.Accuracy(), nn.metrics.F1()]
    trainer = nn.Trainer(model, nn.SoftmaxCrossEntropy(), optimizer, metrics, callbacks, seed=7)
    rng = np.random.default_rng(2)
    loader = nn.data.DataLoader(data(), 5, shuffle=True, rng=rng, transform=noise, workers=workers)
    return trainer, loader


def fit(trainer: nn.Trainer, loader: Any, epochs: int = EPOCHS, **options: Any) -> nn.History:
    return trainer.fit(loader, epochs, validation=data(), clip_norm=1.0, progress=False, **options)


class Die(nn.Callback):
    """Ends the process at a step, at once and without any cleaning up."""

    def __init__(self, step: int) -> None:
        self.at = step

    def on_step_end(self, trainer: nn.Trainer) -> None:
        if trainer.step == self.at:
            os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))


if __name__ == "__main__":
    folder, format, step = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    trainer, loader = make(folder, format, Die(step), every_steps=1)
    fit(trainer, loader, resume=folder / f"last.{format}")
