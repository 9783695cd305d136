"""The loop over epochs and batches."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from minigrad import Tensor, asarray

from ..clip import clip_grad_norm_
from ..mixed_precision import GradScaler
from ..module import Module
from ..optim import LBFGS, Optimizer
from ..random import seed as seed_package
from ..serialization import complete
from .callback import INTERRUPTED, Callback, as_callback
from .evaluation import is_sum
from .feed import Feed, check_batch_size, source_of
from .gradients import Result, gradients
from .history import History
from .interrupt import deferred_interrupt
from .progress import Progress
from .resumable import Resumable
from .state import Position, RandomStates

__all__ = ["Trainer"]


class Trainer(Resumable):
    """Trains a model, evaluates it, and keeps what is needed to go on later exactly where it stopped.

    Parameters
    ----------
    model : Module
    loss : callable
        ``loss(output, target)``, one number for a batch: a loss of ``nn``, or a function.
    optimizer : Optimizer
        Of the model's parameters.
    metrics : sequence or dict of metrics
        Of :mod:`minigrad.nn.metrics`, or functions ``f(output, target)`` of arrays that return a mean over a batch; a
        dict names them. They are computed in training, over the outputs before each step, and in validation.
    callbacks : sequence of Callback or functions
        Called in this order; see :class:`Callback`.
    seed : int, optional
        Passed to :func:`minigrad.nn.seed` when the first `fit` begins, so that the order of the examples, dropout and
        augmentation are the same in each run. Weights are drawn before that: call ``nn.seed`` before making the model.
    scaler : GradScaler, optional
        For float16, with :class:`minigrad.nn.MixedPrecision`.

    Attributes
    ----------
    history : History
        What was recorded so far, over all calls of `fit`.
    epoch, step : int
        How many are finished.
    last_loss : float
        Of the last step.
    window : list
        The batches of the step under way; more than one with ``accumulate``.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong kind.

    Examples
    --------
    >>> from minigrad import nn
    >>> nn.seed(0)
    >>> model = nn.Sequential(nn.Affine(2, 8), nn.Tanh(), nn.Affine(8, 2))
    >>> trainer = nn.Trainer(
    ...     model, nn.SoftmaxCrossEntropy(), nn.Adam(model.parameters(), lr=0.1), [nn.metrics.Accuracy()], seed=0
    ... )
    >>> x = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], np.float32)
    >>> history = trainer.fit((x, [0, 1, 1, 0]), epochs=50, batch_size=2, progress=False)
    >>> history["accuracy"][-1], trainer.evaluate((x, [0, 1, 1, 0]))["accuracy"]
    (1.0, 1.0)
    >>> trainer.predict(x).argmax(1).tolist()
    [0, 1, 1, 0]
    """

    def __init__(
        self,
        model: Module,
        loss: Callable[[Any, Any], Any],
        optimizer: Optimizer,
        metrics: Sequence[Any] | Mapping[str, Any] = (),
        callbacks: Sequence[Callback | Callable[[Trainer], Any]] = (),
        *,
        seed: int | None = None,
        scaler: GradScaler | None = None,
    ) -> None:
        super().__init__(model, loss, metrics)
        if not isinstance(optimizer, Optimizer):
            raise TypeError(f"Trainer: expected an optimizer, got {optimizer!r}")
        own, known = list(model.parameters()), set(map(id, optimizer.parameters))
        if any(p.requires_grad for p in own) and not any(id(p) in known for p in own):
            raise ValueError(
                "Trainer: the optimizer has none of the model's parameters, so that nothing would be learned; make it "
                "of this model's parameters()"
            )
        if scaler is not None and isinstance(optimizer, LBFGS):
            raise TypeError("Trainer: LBFGS computes the loss several times in a step; a GradScaler cannot follow")
        self.optimizer = optimizer
        self.callbacks = [as_callback(callback) for callback in callbacks]
        self.seed = seed
        self.scaler = scaler
        self.history = History()
        self.last_loss = float("nan")
        self.window: list[Any] = []
        self._position = Position()
        self._random = RandomStates(model)
        self._hooks: dict[str, list[Any]] = {}
        self._stop: str | None = None
        self._whole = True  # whether the state is that between two steps, so that it can be saved
        self._feed = Feed()
        self._validated = False

    @property
    def epoch(self) -> int:
        """How many epochs are finished."""
        return self._position.epoch

    @property
    def step(self) -> int:
        """How many steps are finished, over all epochs."""
        return self._position.step

    @property
    def stopping(self) -> bool:
        """Whether the run is about to end before its last epoch."""
        return self._stop is not None

    def stop(self, reason: str) -> None:
        """End the run after the step that is under way; the history's ``stopped`` is then `reason`."""
        if self._stop in (None, INTERRUPTED):
            self._stop = str(reason)

    def names(self) -> list[str]:
        """Return the names of the values that an epoch of this run is measured by."""
        own = ["loss", *self.metrics]
        return own + [f"val_{name}" for name in own] if self._validated else own

    # -- training ----------------------------------------------------------------------------------------------------

    def fit(
        self,
        train_data: Any,
        epochs: int,
        *,
        validation: Any = None,
        batch_size: int | None = None,
        accumulate: int = 1,
        clip_norm: float | None = None,
        resume: str | os.PathLike[str] | None = None,
        progress: bool = True,
    ) -> History:
        """Train until so many epochs are finished.

        Parameters
        ----------
        train_data : tuple of arrays, Dataset, DataLoader or iterable of batches
            Inputs and, last, targets. Arrays and data sets are shuffled anew in each epoch; a loader does as it was
            told. Any other iterable must give the same batches each time for a run to be resumed within an epoch.
        epochs : int
            In all, counted from the trainer's first: after ``fit(data, 3)``, ``fit(data, 5)`` trains two more, and what
            was interrupted goes on where it was.
        validation : the same, optional
            Evaluated after each epoch, in order.
        batch_size : int, optional
            Of arrays and data sets; 32 by default.
        accumulate : int
            How many batches make a step: their gradients are averaged over the examples, so that the step is that of
            the larger batch, in the memory of the smaller.
        clip_norm : float, optional
            The largest norm of all gradients as one vector; larger ones are scaled down to it.
        resume : path, optional
            A file of :meth:`save` or :class:`Checkpoint` to go on from. One that does not exist is the start of a run,
            so that the same script begins and resumes.
        progress : bool
            Whether to show a bar in a terminal (extra ``train``), and a line for each epoch.

        Returns
        -------
        History
            The trainer's own.

        Raises
        ------
        ValueError
            If so many epochs are finished already, the file does not fit, or an argument is out of range.

        Notes
        -----
        The first Ctrl-C ends the run after the step under way, with ``stopped="interrupted"`` in the history and the
        checkpoints written. A second one ends it at once; the checkpoints are then those of before. Both return.
        """
        for name, value, least in (("epochs", epochs, 0), ("accumulate", accumulate, 1)):
            if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < least:
                raise ValueError(f"Trainer.fit: {name} must be a whole number of at least {least}, got {value!r}")
        check_batch_size("Trainer.fit", batch_size, train_data, validation)
        self._feed.attach(source_of("Trainer.fit", train_data, batch_size, shuffle=True))
        held = None if validation is None else source_of("Trainer.fit", validation, batch_size, shuffle=False)
        self._validated = held is not None
        if not self._whole:
            # After an error within a step, the epoch begins anew.
            self._position.within, self._feed.pending, self._whole = False, False, True
        try:
            resumed = resume is not None and Path(complete("Trainer.fit", resume)).exists()
            if resumed and resume is not None:
                self.load(resume)
            if self.epoch >= epochs and resume is None:
                raise ValueError(f"Trainer.fit: {self.epoch} epochs are finished already; epochs counts those too")
            if not resumed:
                random = self._random.state_dict()
                self._feed.go_on()
                self._random.load_state_dict(random)  # the loader's generator may be the package's, and it moved on
            if self.seed is not None and self._position == Position():
                seed_package(self.seed)
            if not self.model.training:
                self.model.train()
            try:
                self._run(int(epochs), held, int(accumulate), clip_norm, Progress(progress, int(epochs)))
            finally:
                self._feed.keep(self._position.within)
        finally:
            self._feed.detach()
            self.window = []
        return self.history

    def _run(self, epochs: int, held: Any, accumulate: int, clip_norm: float | None, progress: Progress) -> None:
        self._hooks = {
            name: [getattr(c, name) for c in self.callbacks if getattr(type(c), name) is not getattr(Callback, name)]
            for name in vars(Callback)
            if name.startswith("on_")
        }
        self._stop = self.history.stopped = None
        with deferred_interrupt(lambda: self.stop(INTERRUPTED)):
            try:
                self._call("on_fit_start")
                while self.epoch < epochs and self._stop is None:
                    self._run_epoch(held, accumulate, clip_norm, progress)
            except KeyboardInterrupt:
                self._stop = INTERRUPTED
            except BaseException as error:
                self._stop, self._whole = f"{type(error).__name__}: {error}", False
                raise
            finally:
                progress.close()
                self.history.stopped = self._stop
                if self._stop is not None and self._whole and self._position.within:
                    self._call("on_save_point", "stop")
                self._call("on_fit_end")
        if self._stop is not None:
            progress.line(f"stopped: {self._stop}")

    def _call(self, name: str, *arguments: Any) -> None:
        for hook in self._hooks[name]:
            hook(self, *arguments)

    def _run_epoch(self, held: Any, accumulate: int, clip_norm: float | None, progress: Progress) -> None:
        here = self._position
        if not here.within:
            here.begin()
            for metric in self.metrics.values():
                metric.reset()
            self._call("on_epoch_start")
        started = time.perf_counter() - here.seconds
        if not here.trained:
            progress.start(here.epoch + 1, here.batches // accumulate, self._steps(accumulate))
            self._train(accumulate, clip_norm, progress, started)
        if self._stop is None:
            self._finish_epoch(held, progress, started)

    def _train(self, accumulate: int, clip_norm: float | None, progress: Progress, started: float) -> None:
        """Take the steps of an epoch that are left, until the run is stopped."""
        here = self._position
        batches = self._feed.batches(here.batches)
        try:
            while self._stop is None:
                self._whole = False
                self.window = list(islice(batches, accumulate))
                if not self.window:
                    here.trained = self._whole = True
                    return
                self._step(clip_norm)
                here.seconds = time.perf_counter() - started
                if self._whole:
                    for hook in self._hooks["on_save_point"]:
                        hook(self, "step")
                    progress.step(here.batches // accumulate, self.last_loss)
        finally:
            # Threads of a loader end with its iterator.
            if hasattr(batches, "close"):
                batches.close()

    def _step(self, clip_norm: float | None) -> None:
        """Take a step with the batches of the window."""
        hooks, optimizer, scaler = self._hooks, self.optimizer, self.scaler
        for hook in hooks["on_step_start"]:
            hook(self)
        loss, results = self._gradients()
        self.last_loss = loss
        for hook in hooks["on_backward_end"]:
            hook(self)
        if self._stop is not None and self._stop != INTERRUPTED:
            return  # a callback does not want these gradients
        if clip_norm is not None:
            if scaler is not None:
                scaler.unscale_(optimizer)
            clip_grad_norm_(optimizer.parameters, clip_norm)
        if scaler is not None:
            scaler.step(optimizer)
        elif isinstance(optimizer, LBFGS):
            optimizer.step(self._closure(clip_norm))
        else:
            optimizer.step()
        here = self._position
        for output, target, value, weight in results:
            here.total += value * weight
            here.weight += weight
            for metric in self.metrics.values():
                metric.update(output, target)
        here.batches += len(self.window)
        here.step += 1
        self.history.losses.append(loss)
        for hook in hooks["on_step_end"]:
            hook(self)
        self._whole = True

    def _gradients(self) -> tuple[float, list[Result]]:
        before = [partial(hook, self) for hook in self._hooks["on_backward_start"]]
        return gradients(self.model, self.loss, self.optimizer, self.scaler, self.window, before)

    def _steps(self, accumulate: int) -> int | None:
        try:
            return -(-len(self._feed) // accumulate)
        except TypeError:
            return None

    def _closure(self, clip_norm: float | None) -> Callable[[], Tensor]:
        def closure() -> Tensor:
            loss, _ = self._gradients()
            if clip_norm is not None:
                clip_grad_norm_(self.optimizer.parameters, clip_norm)
            return asarray(loss)

        return closure

    def _finish_epoch(self, held: Any, progress: Progress, started: float) -> None:
        here = self._position
        if not here.weight:
            raise ValueError("Trainer.fit: the training data gave no batch")
        row: dict[str, Any] = {"epoch": here.epoch + 1, "step": here.step}
        rates = [group.lr for group in self.optimizer.groups]
        row["lr"] = rates[0] if len(set(rates)) == 1 else rates
        row["loss"] = here.total if is_sum(self.loss) else here.total / here.weight
        row.update({name: metric.compute() for name, metric in self.metrics.items()})
        if held is not None:
            # An interrupted validation is done again when the run is resumed, with the same random numbers.
            random = self._random.state_dict()
            self._call("on_validation_start")
            found: dict[str, Any] = {}
            try:
                found = self._scores(held, lambda: self._stop is not None)
            except KeyboardInterrupt:
                self.stop(INTERRUPTED)
            finally:
                self._call("on_validation_end")
            if self._stop is not None:
                self._random.load_state_dict(random)
                return
            row.update({f"val_{name}": value for name, value in found.items()})
        self._whole = False
        here.epoch += 1
        here.within = False
        self.history.epochs.append(row)
        self.history.seconds.append(time.perf_counter() - started)
        self._call("on_epoch_end")
        self._whole = True
        self._call("on_save_point", "epoch")
        progress.finish(row, self.history.seconds[-1])
