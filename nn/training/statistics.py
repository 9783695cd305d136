"""How large gradients and activations are in the course of a run: whether they vanish, explode or die."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from minigrad import Tensor

from .recording import Recorder

if TYPE_CHECKING:
    from .trainer import Trainer

__all__ = ["ActivationStatistics", "GradientStatistics"]

class _Statistics(Recorder):
    """A record for each part and each step that is looked at."""

    part = "name"
    measures = ("rms", "mean", "std", "zeros")

    def __init__(self, every: int = 1) -> None:
        super().__init__(every)

    def _due(self, trainer: Trainer) -> bool:
        return trainer.step % self.every == 0

    def _record(self, trainer: Trainer, name: str, values: Any) -> None:
        self.records.append({"step": trainer.step + 1, "name": name, **statistics(values)})

    def of(self, name: str, measure: str = "rms") -> list[float]:
        """Return one measure of one part, in the order of the steps.

        Raises
        ------
        KeyError
            If there is no record of the part, or no such measure.
        """
        return self._series(name, measure)


class GradientStatistics(_Statistics):
    """Records the size of each parameter's gradient.

    Parameters
    ----------
    every : int
        At each so many-th step, from the first on.

    Attributes
    ----------
    records : list of dict
        ``"step"`` (from 1), ``"name"`` of the parameter, root mean square ``"rms"``, ``"mean"``, standard deviation
        ``"std"``, and the share of exact ``"zeros"``. Before clipping, and unscaled.

    Examples
    --------
    >>> from minigrad import nn
    >>> model = nn.Affine(1, 1)
    >>> statistics = nn.callbacks.GradientStatistics(every=2)
    >>> trainer = nn.Trainer(model, nn.MSELoss(), nn.SGD(model.parameters(), lr=0.1), callbacks=[statistics])
    >>> x = np.ones((6, 1), np.float32)
    >>> history = trainer.fit((x, x), epochs=4, progress=False)
    >>> [(record["step"], record["name"]) for record in statistics.records]
    [(1, 'weight'), (1, 'bias'), (3, 'weight'), (3, 'bias')]
    >>> len(statistics.of("weight", "rms"))
    2
    """

    def on_backward_end(self, trainer: Trainer) -> None:
        if self._due(trainer):
            scale = 1.0 if trainer.scaler is None else 1 / trainer.scaler.scale
            for name, p in trainer.model.named_parameters():
                if p.grad is not None:
                    self._record(trainer, name, p.grad.data if scale == 1 else p.grad.data * scale)


class ActivationStatistics(_Statistics):
    """Records the size of each layer's output in training.

    Layers are the modules without parts of their own.

    Parameters
    ----------
    every : int
        At each so many-th step, from the first on.

    Attributes
    ----------
    records : list of dict
        As of :class:`GradientStatistics`, ``"name"`` being that of the module. ``"zeros"`` close to 1 after a ReLU
        means that it is dead.

    Examples
    --------
    >>> from minigrad import nn
    >>> model = nn.Sequential(nn.Affine(1, 4), nn.ReLU())
    >>> model[0].bias.assign([-9.0, -9.0, 9.0, 9.0])
    >>> statistics = nn.callbacks.ActivationStatistics()
    >>> trainer = nn.Trainer(model, nn.MSELoss(), nn.SGD(model.parameters(), lr=0.0), callbacks=[statistics])
    >>> history = trainer.fit((np.ones((2, 1), np.float32), np.ones((2, 4), np.float32)), epochs=1, progress=False)
    >>> statistics.of("1", "zeros")
    [0.5]
    """

    def __init__(self, every: int = 1) -> None:
        super().__init__(every)
        self._handles: list[Any] = []

    def on_step_start(self, trainer: Trainer) -> None:
        self._remove()
        if not self._due(trainer):
            return
        for name, module in trainer.model.named_modules():
            if next(module.children(), None) is None:

                def record(module: Any, args: Any, output: Any, name: str = name) -> None:
                    if isinstance(output, Tensor):
                        self._record(trainer, name, output.data)

                self._handles.append(module.register_forward_hook(record))

    def on_backward_end(self, trainer: Trainer) -> None:
        self._remove()

    def on_fit_end(self, trainer: Trainer) -> None:
        self._remove()

    def _remove(self) -> None:
        for handle in self._handles:
            handle.remove()
        self._handles.clear()


def statistics(values: Any) -> dict[str, float]:
    """Return root mean square, mean, standard deviation and share of zeros of an array, as of float64.

    Examples
    --------
    >>> statistics(np.float32([3, 0, -3, 0]))
    {'rms': 2.1213203435596424, 'mean': 0.0, 'std': 2.1213203435596424, 'zeros': 0.5}
    """
    if not values.size:
        return dict.fromkeys(_Statistics.measures, math.nan)
    with np.errstate(over="ignore", invalid="ignore"):
        wide = values.astype(np.float64)
        return {
            "rms": math.sqrt(float(np.square(wide).mean())),
            "mean": float(wide.mean()),
            "std": float(wide.std()),
            "zeros": (values.size - int(np.count_nonzero(values))) / values.size,
        }
