"""Ends of a run before its last epoch."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

import minigrad as mg

from .callback import INTERRUPTED, Callback, improved, monitored
from .feed import split
from .state import RandomStates

if TYPE_CHECKING:
    from .trainer import Trainer

__all__ = ["EarlyStopping", "NaNStop"]


class EarlyStopping(Callback):
    """Ends the run when a measure has not got better for more than `patience` epochs.

    Parameters
    ----------
    monitor, mode
        As for :class:`Checkpoint`.
    patience : int
        How many epochs without getting better are put up with.
    min_delta : float
        What counts as better: by more than this.
    restore_best : bool
        Whether the model has the parameters of the best epoch after the run, unless that is interrupted or fails.

    Attributes
    ----------
    best_value : float or None
        The best so far.
    best_epoch : int
        When it was, from 1; 0 if there is none yet.
    waited : int
        How many epochs ago.

    Examples
    --------
    >>> from minigrad import nn
    >>> model = nn.Affine(1, 1)
    >>> stop = nn.callbacks.EarlyStopping(patience=2, min_delta=1e-3)
    >>> trainer = nn.Trainer(model, nn.MSELoss(), nn.Adam(model.parameters(), lr=0.1), callbacks=[stop], seed=0)
    >>> x = np.ones((6, 1), np.float32)
    >>> trainer.fit((x, 2 * x), epochs=1000, progress=False).stopped
    'no better loss for 3 epochs'
    """

    def __init__(
        self,
        monitor: str | None = None,
        mode: str | None = None,
        *,
        patience: int = 5,
        min_delta: float = 0.0,
        restore_best: bool = False,
    ) -> None:
        if isinstance(patience, bool) or not isinstance(patience, int) or patience < 0:
            raise ValueError(f"EarlyStopping: patience must be a whole number of at least 0, got {patience!r}")
        if not 0 <= min_delta < math.inf:
            raise ValueError(f"EarlyStopping: min_delta must be at least 0 and finite, got {min_delta!r}")
        self.monitor = monitor
        self.mode = mode
        self.patience = patience
        self.min_delta = float(min_delta)
        self.restore_best = bool(restore_best)
        self.best_value: float | None = None
        self.best_epoch = 0
        self.waited = 0
        self._best_model: dict[str, Any] | None = None
        self._watched = ("loss", "min")

    def on_fit_start(self, trainer: Trainer) -> None:
        self._watched = monitored("EarlyStopping", trainer, self.monitor, self.mode)
        self._check(trainer)  # a run that is resumed after its early end has ended

    def on_epoch_end(self, trainer: Trainer) -> None:
        name, mode = self._watched
        value = float(trainer.history.epochs[-1][name])
        if improved(value, self.best_value, mode, self.min_delta):
            self.best_value, self.best_epoch, self.waited = value, trainer.epoch, 0
            if self.restore_best:
                self._best_model = trainer.model.state_dict()
        else:
            self.waited += 1
        self._check(trainer)

    def _check(self, trainer: Trainer) -> None:
        if self.waited > self.patience:
            trainer.stop(f"no better {self._watched[0]} for {self.waited} epochs")

    def on_fit_end(self, trainer: Trainer) -> None:
        if self._best_model is not None and trainer.resumable and trainer.history.stopped != INTERRUPTED:
            trainer.model.load_state_dict(self._best_model)

    def state_dict(self) -> dict[str, Any]:
        return {
            "best_value": self.best_value,
            "best_epoch": self.best_epoch,
            "waited": self.waited,
            "best_model": self._best_model,
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        value, model = state["best_value"], state["best_model"]
        epoch, waited = int(state["best_epoch"]), int(state["waited"])
        self.best_value = None if value is None else float(value)
        self.best_epoch, self.waited = epoch, waited
        self._best_model = None if model is None else dict(model)


class NaNStop(Callback):
    """Ends the run at the first loss or gradient that is not finite, before it gets into the parameters.

    Parameters
    ----------
    gradients : bool
        Whether to look at the gradients too; with a GradScaler they may overflow, and are left to it.
    find_op : bool
        Whether to compute that step again under :class:`minigrad.detect_anomaly`, with the same random numbers, to name
        the op where it began. Each step then costs a look at the generators.

    Attributes
    ----------
    anomaly : AnomalyError or None
        What the second computation found.

    Examples
    --------
    >>> from minigrad import nn
    >>> model = nn.Affine(1, 1)
    >>> trainer = nn.Trainer(
    ...     model,
    ...     lambda output, target: mg.log(output * 0).mean(),
    ...     nn.SGD(model.parameters(), lr=0.1),
    ...     callbacks=[nn.callbacks.NaNStop(find_op=True)],
    ... )
    >>> x = np.ones((2, 1), np.float32)
    >>> with np.errstate(divide="ignore", invalid="ignore"):
    ...     print(trainer.fit((x, x), epochs=1, progress=False).stopped)
    the loss of step 1 is -inf; log: the value is not finite (2 of 2 entries: -inf at index (0, 0))
    """

    def __init__(self, gradients: bool = True, find_op: bool = False) -> None:
        self.gradients = bool(gradients)
        self.find_op = bool(find_op)
        self.anomaly: mg.AnomalyError | None = None
        self._random: RandomStates | None = None
        self._before: dict[str, Any] = {}

    def on_fit_start(self, trainer: Trainer) -> None:
        self._random = RandomStates(trainer.model) if self.find_op else None

    def on_step_start(self, trainer: Trainer) -> None:
        if self._random is not None:
            self._before = self._random.state_dict()

    def on_backward_end(self, trainer: Trainer) -> None:
        found = None
        if not math.isfinite(trainer.last_loss):
            found = f"the loss of step {trainer.step + 1} is {trainer.last_loss}"
        elif self.gradients and trainer.scaler is None:
            for name, p in trainer.model.named_parameters():
                # The sum is not finite if an element is not; the other way round, it may have overflowed.
                if p.grad is not None and not math.isfinite(_sum(p.grad.data)) and not np.isfinite(p.grad.data).all():
                    found = f"the gradient of {name} is not finite in step {trainer.step + 1}"
                    break
        if found is None:
            return
        if self._random is not None:
            self.anomaly = self._search(trainer, self._random)
            found += f"; {self.anomaly or 'no op was found'}".partition("\n")[0]
        trainer.stop(found)

    def _search(self, trainer: Trainer, random: RandomStates) -> mg.AnomalyError | None:
        buffers = {name: b.data.copy() for name, b in trainer.model.named_buffers()}
        gradients = [(p, p.grad) for p in trainer.model.parameters()]
        after = random.state_dict()
        random.load_state_dict(self._before)
        try:
            with mg.detect_anomaly(), np.errstate(all="ignore"):
                for batch in trainer.window:
                    inputs, target, _ = split(batch)
                    trainer.loss(trainer.model(*inputs), target).backward()
        except mg.AnomalyError as error:
            return error
        finally:
            random.load_state_dict(after)
            for name, buffer in trainer.model.named_buffers():
                buffer.assign(buffers[name])
            for p, gradient in gradients:
                p.grad = gradient
        return None


def _sum(array: Any) -> float:
    with np.errstate(all="ignore"):
        return float(array.sum())
