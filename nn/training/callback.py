"""The moments of a run at which other code may act."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from minigrad import Tensor

    from .trainer import Trainer

__all__ = ["INTERRUPTED", "Callback", "as_callback", "improved", "monitored"]

INTERRUPTED = "interrupted"


class Callback:
    """What a :class:`Trainer` calls in the course of a run; a subclass writes the methods it needs.

    All get the trainer: its ``model``, ``optimizer`` and ``history``, ``epoch`` and ``step`` (how many are finished),
    ``last_loss``, and ``stop(reason)``.

    A function ``f(trainer)`` in the place of a callback is called at the end of each epoch.

    Examples
    --------
    >>> import numpy as np
    >>> from minigrad import nn
    >>> class Count(nn.Callback):
    ...     def on_fit_start(self, trainer):
    ...         self.steps = 0
    ...     def on_step_end(self, trainer):
    ...         self.steps += 1
    >>> model, count = nn.Affine(1, 1), Count()
    >>> trainer = nn.Trainer(model, nn.MSELoss(), nn.SGD(model.parameters(), lr=0.1), callbacks=[count])
    >>> x = np.ones((6, 1), np.float32)
    >>> history = trainer.fit((x, 2 * x), epochs=2, batch_size=3, progress=False)
    >>> count.steps
    4
    """

    def on_fit_start(self, trainer: Trainer) -> None:
        """Act before the first epoch, and before the first one after a resume."""

    def on_epoch_start(self, trainer: Trainer) -> None:
        """Act before an epoch; not again when an epoch goes on in its middle."""

    def on_step_start(self, trainer: Trainer) -> None:
        """Act before the forward pass; ``trainer.window`` has the step's batches."""

    def on_backward_start(self, trainer: Trainer, loss: Tensor) -> None:
        """Act on the loss of a batch, before its backward pass; its graph is there. Once for each batch of the step."""

    def on_backward_end(self, trainer: Trainer) -> None:
        """Act on the gradients, before they are clipped and used; ``trainer.stop`` here leaves the step out."""

    def on_step_end(self, trainer: Trainer) -> None:
        """Act after the optimizer's step."""

    def on_validation_start(self, trainer: Trainer) -> None:
        """Act before the validation of an epoch."""

    def on_validation_end(self, trainer: Trainer) -> None:
        """Act after the validation of an epoch, finished or not."""

    def on_epoch_end(self, trainer: Trainer) -> None:
        """Act on an epoch's results, the last row of ``trainer.history.epochs``."""

    def on_save_point(self, trainer: Trainer, point: str) -> None:
        """Act where a saved state can be resumed exactly: all callbacks have finished a step, an epoch or the run.

        Parameters
        ----------
        trainer : Trainer
        point : {"step", "epoch", "stop"}
            What has ended; "stop" is a run that ends within an epoch.
        """

    def on_fit_end(self, trainer: Trainer) -> None:
        """Act after the last epoch, also if the run was interrupted or failed: ``trainer.history.stopped`` says."""

    def state_dict(self) -> dict[str, Any]:
        """Return what a resumed run needs of this callback: dicts, lists, plain values and arrays."""
        return {}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over what :meth:`state_dict` returned."""


class _Function(Callback):
    def __init__(self, function: Callable[[Trainer], Any]) -> None:
        self.function = function

    def on_epoch_end(self, trainer: Trainer) -> None:
        self.function(trainer)


def as_callback(callback: Any) -> Callback:
    """Return `callback`, or one that calls this function at the end of each epoch."""
    if isinstance(callback, Callback):
        return callback
    if isinstance(callback, type) or not callable(callback):
        raise TypeError(f"Trainer: a callback is a nn.Callback or a function of the trainer, got {callback!r}")
    return _Function(callback)


def monitored(kind: str, trainer: Trainer, monitor: str | None, mode: str | None) -> tuple[str, str]:
    """Return the name of the value to watch, and "min" or "max", at the start of a run.

    Raises
    ------
    ValueError
        If the run will have no such value, or it is not known which way it gets better.
    """
    names = trainer.names()
    name = monitor or ("val_loss" if "val_loss" in names else "loss")
    if name not in names:
        hint = "; pass validation= to fit" if name.startswith("val_") and "val_loss" not in names else ""
        raise ValueError(f"{kind}: there will be no {name!r} to monitor; there are {', '.join(names)}{hint}")
    if mode is None:
        plain = name.removeprefix("val_")
        mode = "min" if plain == "loss" else getattr(trainer.metrics[plain], "better", None)
    if mode not in ("min", "max"):
        raise ValueError(f"{kind}: pass mode='min' or mode='max' to say which {name} is better, got {mode!r}")
    return name, mode


def improved(value: float, best: float | None, mode: str, min_delta: float = 0.0) -> bool:
    """Return whether `value` is better than `best`, by more than `min_delta`; nothing improves on a NaN's account.

    Examples
    --------
    >>> improved(0.5, None, "min"), improved(0.5, 0.55, "min", 0.1), improved(float("nan"), None, "max")
    (True, False, False)
    """
    if value != value:
        return False
    if best is None:
        return True
    return value < best - min_delta if mode == "min" else value > best + min_delta
