"""What is adjusted along a run: the learning rate, and a running mean of the parameters."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

from ..ema import EMA
from ..scheduler import Plateau, Scheduler
from .callback import INTERRUPTED, Callback, monitored

if TYPE_CHECKING:
    from .trainer import Trainer

__all__ = ["Averaging", "Schedule"]


class Schedule(Callback):
    """Moves a scheduler on after each epoch, or each step.

    Parameters
    ----------
    scheduler : Scheduler or Plateau
        Of the trainer's optimizer; a Plateau gets the measure that it waits on.
    per : {"epoch", "step"}
    monitor : str, optional
        For a Plateau. Default: ``"val_loss"`` with validation, else ``"loss"``.

    Examples
    --------
    >>> import numpy as np
    >>> from minigrad import nn
    >>> model = nn.Affine(1, 1)
    >>> optimizer = nn.SGD(model.parameters(), lr=0.5)
    >>> halve = nn.callbacks.Schedule(nn.Scheduler(optimizer, nn.schedules.Exponential(0.5)))
    >>> trainer = nn.Trainer(model, nn.MSELoss(), optimizer, callbacks=[halve])
    >>> x = np.ones((6, 1), np.float32)
    >>> trainer.fit((x, x), epochs=3, progress=False)["lr"]
    [0.5, 0.25, 0.125]
    """

    def __init__(self, scheduler: Scheduler | Plateau, per: str = "epoch", monitor: str | None = None) -> None:
        if not isinstance(scheduler, (Scheduler, Plateau)):
            raise TypeError(f"Schedule: expected a nn.Scheduler or nn.Plateau, got {scheduler!r}")
        if per not in ("epoch", "step"):
            raise ValueError(f"Schedule: per must be epoch or step, got {per!r}")
        if isinstance(scheduler, Plateau) and per == "step":
            raise ValueError("Schedule: a Plateau waits for the measure of an epoch; use per='epoch'")
        self.scheduler = scheduler
        self.per = per
        self.monitor = monitor
        self._name = "loss"

    def on_fit_start(self, trainer: Trainer) -> None:
        if self.scheduler.optimizer is not trainer.optimizer:
            raise ValueError("Schedule: the scheduler is that of another optimizer than the trainer's")
        if isinstance(self.scheduler, Plateau):
            self._name, _ = monitored("Schedule", trainer, self.monitor, self.scheduler.mode)

    def on_step_end(self, trainer: Trainer) -> None:
        if self.per == "step" and isinstance(self.scheduler, Scheduler):
            self.scheduler.step()

    def on_epoch_end(self, trainer: Trainer) -> None:
        if isinstance(self.scheduler, Plateau):
            self.scheduler.step(trainer.history.epochs[-1][self._name])
        elif self.per == "epoch":
            self.scheduler.step()

    def state_dict(self) -> dict[str, Any]:
        return self.scheduler.state_dict()

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        self.scheduler.load_state_dict(state)


class Averaging(Callback):
    """Moves an :class:`minigrad.nn.EMA` on after each step, and validates with its averages.

    Parameters
    ----------
    ema : EMA
        Of the trainer's model.
    validate : bool
        Whether validation is that of the averages; else it is that of the parameters.
    keep : bool
        Whether the model holds the averages after a run that is not interrupted and does not fail. To train on, use a
        checkpoint, which has the parameters.
    """

    def __init__(self, ema: EMA, validate: bool = True, keep: bool = False) -> None:
        if not isinstance(ema, EMA):
            raise TypeError(f"Averaging: expected a nn.EMA, got {ema!r}")
        self.ema = ema
        self.validate = bool(validate)
        self.keep = bool(keep)
        self._applied: AbstractContextManager[Any] | None = None

    def on_fit_start(self, trainer: Trainer) -> None:
        if self.ema.model is not trainer.model:
            raise ValueError("Averaging: the EMA is that of another model than the trainer's")

    def on_step_end(self, trainer: Trainer) -> None:
        self.ema.update()

    def on_validation_start(self, trainer: Trainer) -> None:
        if self.validate:
            self._applied = self.ema.applied()
            self._applied.__enter__()

    def on_validation_end(self, trainer: Trainer) -> None:
        if self._applied is not None:
            applied, self._applied = self._applied, None
            applied.__exit__(None, None, None)

    def on_fit_end(self, trainer: Trainer) -> None:
        if self.keep and trainer.resumable and trainer.history.stopped != INTERRUPTED:
            with self.ema.applied():
                averages = trainer.model.state_dict()
            trainer.model.load_state_dict(averages)

    def state_dict(self) -> dict[str, Any]:
        return self.ema.state_dict()

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        self.ema.load_state_dict(state)
