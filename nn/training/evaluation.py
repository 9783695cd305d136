"""A model's outputs over data, and what they are worth."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from minigrad import Tensor, no_grad

from ..metrics import Metric
from ..module import Module
from .feed import check_batch_size, source_of, split

__all__ = ["Evaluator", "is_sum"]


class Mean(Metric):
    """The mean over the examples of what a function returns for a batch."""

    name = "mean"
    better = None

    def __init__(self, function: Callable[[Any, Any], Any]) -> None:
        super().__init__()
        self.function = function

    def _counts(self, output: Any, target: Any) -> Any:
        value = self.function(output, target)
        return np.array([float(value) * len(target), len(target)])

    def _result(self, total: Any) -> float:
        return float(total[0] / total[1]) if total[1] else float("nan")


def named_metrics(metrics: Any) -> dict[str, Metric]:
    """Return metrics by name: from a mapping, or a sequence of metrics and functions with names of their own.

    Raises
    ------
    TypeError, ValueError
        If one is neither, or two have one name, or one a name that the history uses itself.
    """
    if isinstance(metrics, Metric) or not isinstance(metrics, (Mapping, Sequence)):
        raise TypeError(f"Trainer: metrics must be a list, or a dict with names, got {metrics!r}")
    pairs = list(metrics.items()) if isinstance(metrics, Mapping) else [(_name(metric), metric) for metric in metrics]
    found: dict[str, Metric] = {}
    for name, metric in pairs:
        if isinstance(metric, type) or not (isinstance(metric, Metric) or callable(metric)):
            raise TypeError(f"Trainer: a metric is one of nn.metrics, or f(output, target), got {metric!r}")
        if name in found or name in ("epoch", "step", "lr", "loss", "seconds") or name.startswith("val_"):
            raise ValueError(f"Trainer: the name {name!r} of a metric is taken; pass a dict with other names")
        found[name] = metric if isinstance(metric, Metric) else Mean(metric)
    return found


def _name(metric: Any) -> str:
    return str(getattr(metric, "name", None) or getattr(metric, "__name__", type(metric).__name__))


@contextmanager
def evaluating(model: Module) -> Iterator[None]:
    """Evaluate inside: no graph, no training mode; each module's own mode comes back afterwards."""
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        with no_grad():
            yield
    finally:
        for module, mode in modes:
            if module.training is not mode:
                module.training = mode


def is_sum(loss: Any) -> bool:
    """Return whether a loss is the sum over its examples, not their mean."""
    return getattr(loss, "reduction", "mean") == "sum"


class Evaluator:
    """A model with a loss and metrics: the part of a trainer that changes nothing."""

    def __init__(
        self, model: Module, loss: Callable[[Any, Any], Any], metrics: Sequence[Any] | Mapping[str, Any] = ()
    ) -> None:
        if not isinstance(model, Module):
            raise TypeError(f"Trainer: the model must be a Module, got {type(model).__name__}")
        if isinstance(loss, type) or not callable(loss):
            raise TypeError(f"Trainer: the loss must be a function of output and target, got {loss!r}")
        self.model = model
        self.loss = loss
        self.metrics: dict[str, Metric] = named_metrics(metrics)

    def evaluate(self, data: Any, *, batch_size: int | None = None) -> dict[str, Any]:
        """Return the mean loss and the metrics over data, in evaluation mode; the modules' modes come back afterwards.

        Parameters
        ----------
        data, batch_size
            As for :meth:`fit`.

        Returns
        -------
        dict
            ``"loss"`` and each metric by name.
        """
        check_batch_size("Trainer.evaluate", batch_size, data)
        return self._scores(source_of("Trainer.evaluate", data, batch_size, shuffle=False))

    def _scores(self, source: Iterable[Any], stopped: Callable[[], bool] = lambda: False) -> dict[str, Any]:
        # Copies: the metrics themselves are gathering the epoch that is under way.
        metrics = copy.deepcopy(self.metrics)
        for metric in metrics.values():
            metric.reset()
        total, count = 0.0, 0
        with evaluating(self.model):
            for batch in source:
                inputs, target, size = split(batch)
                output = self.model(*inputs)
                value = float(self.loss(output, target))
                total += value if is_sum(self.loss) else value * size
                count += size
                plain = output._data if isinstance(output, Tensor) else output
                for metric in metrics.values():
                    metric.update(plain, target)
                if stopped():
                    break
        if not count:
            raise ValueError("Trainer: there are no examples to evaluate on")
        row: dict[str, Any] = {"loss": total if is_sum(self.loss) else total / count}
        row.update({name: metric.compute() for name, metric in metrics.items()})
        return row

    def predict(self, x: Any, batch_size: int = 256) -> Any:
        """Return the model's outputs for inputs, batch by batch, in evaluation mode.

        Parameters
        ----------
        x : array_like, or tuple of array_like
            Examples along the first axis; a tuple for a model of several inputs.
        batch_size : int
            Bounds the memory; the outputs are the same.

        Returns
        -------
        ndarray
        """
        if isinstance(batch_size, bool) or not isinstance(batch_size, (int, np.integer)) or batch_size < 1:
            raise ValueError(f"Trainer.predict: batch_size must be a whole number of at least 1, got {batch_size!r}")
        if isinstance(x, Iterable) and not (isinstance(x, (Tensor, Sequence)) or hasattr(x, "__array__")):
            raise TypeError(f"Trainer.predict: expected inputs, an array or a tuple of arrays, got {type(x).__name__}")
        inputs = x if isinstance(x, tuple) else (x,)
        parts = [part._data if isinstance(part, Tensor) else np.asarray(part) for part in inputs]
        if not all(part.ndim for part in parts) or len({len(part) for part in parts}) != 1:
            shapes = ", ".join(str(part.shape) for part in parts)
            raise ValueError(f"Trainer.predict: the first axis counts the examples, and must be equal, got {shapes}")
        outputs = []
        with evaluating(self.model):
            for start in range(0, max(len(parts[0]), 1), batch_size):
                output = self.model(*[part[start : start + batch_size] for part in parts])
                if not isinstance(output, Tensor):
                    raise TypeError(f"Trainer.predict: the model must return a Tensor, got {type(output).__name__}")
                outputs.append(output._data)
        return np.concatenate(outputs)
