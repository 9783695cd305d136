"""The gradients of a step, over one batch or several."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from minigrad import Tensor

from ..mixed_precision import GradScaler
from ..module import Module
from ..optim import Optimizer
from .evaluation import is_sum
from .feed import split

__all__ = ["Result", "gradients"]


class Result(NamedTuple):
    """What came of a batch."""

    output: Any
    target: Any
    loss: float
    weight: float  # in a mean over batches


def gradients(
    model: Module,
    loss: Callable[[Any, Any], Any],
    optimizer: Optimizer,
    scaler: GradScaler | None,
    batches: list[Any],
    before: Sequence[Callable[[Tensor], None]] = (),
) -> tuple[float, list[Result]]:
    """Give the parameters the gradients of the loss over all examples of the batches; return it, and their results.

    The functions of `before` are called with the loss of each batch before its backward pass.
    """
    optimizer.zero_grad()
    parts = [split(batch) for batch in batches]
    # Sums add up as they are; means count by their examples.
    summed = is_sum(loss)
    whole = 1.0 if summed else float(sum([size for *_, size in parts]))
    results, total = [], 0.0
    for inputs, target, size in parts:
        weight = 1.0 if summed else float(size)
        output = model(*inputs)
        value = loss(output, target)
        if not isinstance(value, Tensor) or value.size != 1:
            what = f"a Tensor of shape {value.shape}" if isinstance(value, Tensor) else type(value).__name__
            raise ValueError(f"Trainer: the loss must be a Tensor with one number for a batch, got {what}")
        for function in before:
            function(value)
        share = value if weight == whole else value * (weight / whole)
        if scaler is None:
            share.backward()
        else:
            scaler.backward(share)
        number = float(value._data)
        total += number * (weight / whole)
        results.append(Result(output._data if isinstance(output, Tensor) else output, target, number, weight))
    return total, results
