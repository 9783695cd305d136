"""Files of a run in the course of it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from minigrad.extras import require

from .callback import Callback, improved, monitored

if TYPE_CHECKING:
    from .trainer import Trainer

__all__ = ["Checkpoint"]


class Checkpoint(Callback):
    """Keeps the last state of a run, and the best one, in files that ``fit(resume=...)`` goes on from.

    The files are ``last.safetensors`` and ``best.safetensors`` (or ``.npz``), each always whole: a new one takes the
    place of the old at once. Ctrl-C writes the last one, too.

    Parameters
    ----------
    folder : path
        Made if there is none.
    monitor : str, optional
        What is to be best. Default: ``"val_loss"`` with validation, else ``"loss"``.
    mode : {"min", "max"}, optional
        Which is better; known for losses and the metrics of :mod:`minigrad.nn.metrics`.
    every : int
        After how many epochs the last state is written.
    every_steps : int, optional
        After how many steps too, within the epochs.
    format : {"safetensors", "npz"}

    Attributes
    ----------
    last, best : Path
        The files.
    best_value : float or None
        What was best so far.

    Raises
    ------
    ValueError
        If an argument is out of range.
    ImportError
        If safetensors is not installed: before the run, not after it.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> from minigrad import nn
    >>> def trainer(folder):
    ...     model = nn.Affine(1, 1)
    ...     keep = nn.callbacks.Checkpoint(folder, format="npz")
    ...     return nn.Trainer(model, nn.MSELoss(), nn.Adam(model.parameters(), lr=0.1), callbacks=[keep], seed=0)
    >>> x = np.ones((6, 1), np.float32)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     first = trainer(folder).fit((x, 2 * x), epochs=2, progress=False)
    ...     second = trainer(folder).fit((x, 2 * x), epochs=3, progress=False, resume=folder + "/last.npz")
    >>> second.losses[:2] == first.losses, len(second)
    (True, 3)
    """

    def __init__(
        self,
        folder: str | os.PathLike[str],
        monitor: str | None = None,
        mode: str | None = None,
        *,
        every: int = 1,
        every_steps: int | None = None,
        format: str = "safetensors",
    ) -> None:
        if format not in ("safetensors", "npz"):
            raise ValueError(f"Checkpoint: format must be safetensors or npz, got {format!r}")
        if Path(folder).suffix in (".safetensors", ".npz"):
            raise ValueError(
                f"Checkpoint: the last and the best state are two files in a folder, and {os.fspath(folder)!r} is the "
                f"name of a file; pass a folder, such as {os.fspath(Path(folder).with_suffix(''))!r}"
            )
        for name, value in (("every", every), ("every_steps", every_steps)):
            if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 1):
                raise ValueError(f"Checkpoint: {name} must be a whole number of at least 1, got {value!r}")
        if format == "safetensors":
            require("safetensors.numpy", "files", "writing .safetensors files")
        self.folder = Path(folder)
        self.last = self.folder / f"last.{format}"
        self.best = self.folder / f"best.{format}"
        self.monitor = monitor
        self.mode = mode
        self.every = every
        self.every_steps = every_steps
        self.best_value: float | None = None
        self._watched = ("loss", "min")
        self._written = -1  # the step after which the last file was written

    def on_fit_start(self, trainer: Trainer) -> None:
        self._watched = monitored("Checkpoint", trainer, self.monitor, self.mode)
        self.folder.mkdir(parents=True, exist_ok=True)

    def on_save_point(self, trainer: Trainer, point: str) -> None:
        if point == "epoch":
            name, mode = self._watched
            value = float(trainer.history.epochs[-1][name])
            if improved(value, self.best_value, mode):
                self.best_value = value
                trainer.save(self.best)
            # An early end is an end too.
            due = trainer.epoch % self.every == 0 or trainer.stopping
        else:
            steps = self.every_steps
            due = (steps is not None and trainer.step % steps == 0) if point == "step" else self._written < trainer.step
        if due:
            trainer.save(self.last)
            self._written = trainer.step

    def state_dict(self) -> dict[str, Any]:
        return {"best_value": self.best_value}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        value = state["best_value"]
        self.best_value = None if value is None else float(value)
