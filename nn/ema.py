"""A running mean of a model's parameters, which is often the better model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np

from minigrad import Tensor

from .module import Module
from .optim.group import state_dtype
from .optim.optimizer import PIECE
from .optim.settings import fraction

__all__ = ["EMA"]

STARTS = ("constant", "warmup", "unbiased")


class EMA:
    """The exponential moving average of a model's parameters: ``average = d · average + (1 - d) · parameter``.

    It starts from the parameters as they are when it is made. Buffers, such as running statistics, are copied.

    Parameters
    ----------
    model : Module
    decay : float
        In [0, 1): near 1 for a long memory, of about ``1 / (1 - decay)`` updates.
    start : {"constant", "warmup", "unbiased"}
        How d depends on the number of updates t so far, this one included. "constant": always `decay`. "warmup": the
        smaller of `decay` and ``(1 + t) / (10 + t)``, so that the parameters at the start are soon forgotten.
        "unbiased": as Adam corrects its moments, ``(decay - decayᵗ) / (1 - decayᵗ)``; the parameters at the start do
        not count at all.
    average_buffers : bool
        Whether floating buffers are averaged as well.

    Raises
    ------
    TypeError, ValueError
        If the model is none, or a setting is out of range.

    References
    ----------
    Polyak, Juditsky, "Acceleration of stochastic approximation by averaging", SIAM J. Control Optim. 30(4), 1992.

    Examples
    --------
    >>> from minigrad import nn
    >>> model = nn.Affine(1, 1, bias=False)
    >>> model.weight.assign([[0.0]])
    >>> ema = nn.EMA(model, decay=0.75)
    >>> model.weight.assign([[4.0]])
    >>> ema.update()
    >>> with ema.applied():
    ...     model.weight.item()
    1.0
    >>> model.weight.item()
    4.0
    """

    def __init__(
        self, model: Module, decay: float = 0.999, start: str = "constant", average_buffers: bool = False
    ) -> None:
        if not isinstance(model, Module):
            raise TypeError(f"EMA: expected a Module, got {type(model).__name__}")
        if start not in STARTS:
            raise ValueError(f"EMA: start must be one of {', '.join(STARTS)}, got {start!r}")
        self.model = model
        self.decay = fraction("EMA", "decay", decay)
        self.start = start
        self.average_buffers = bool(average_buffers)
        self.updates = 0
        self._averages = {name: self._wide(tensor._data) for name, tensor in self._state()}
        self._scratch: dict[Any, Any] = {}
        self._live: dict[str, Any] | None = None  # the model's own values, while the averages are in their place

    def _state(self) -> Iterator[tuple[str, Tensor]]:
        yield from self.model.named_parameters()
        yield from self.model.named_buffers()

    def _wide(self, data: Any) -> Any:
        # float16 could not hold the small changes.
        return data.astype(state_dtype(data), order="C") if data.dtype.kind == "f" else data.copy(order="C")

    def update(self) -> None:
        """Move the averages towards the parameters as they are now; no arrays are allocated after the first call.

        Raises
        ------
        RuntimeError
            Inside of :meth:`applied`, or if the model has other parameters now than when this was made.
        """
        if self._live is not None:
            raise RuntimeError("EMA.update: the model holds the averages now; update after the block of applied()")
        learned = {name for name, _ in self.model.named_parameters()}
        state = dict(self._state())
        if state.keys() != self._averages.keys():
            changed = ", ".join(map(repr, sorted(state.keys() ^ self._averages.keys())))
            raise RuntimeError(f"EMA.update: parameters or buffers came or went since it was made: {changed}")
        self.updates += 1
        share = 1 - self._decay_at(self.updates)
        for name, tensor in state.items():
            average, data = self._averages[name], tensor._data
            if name in learned or (self.average_buffers and data.dtype.kind == "f"):
                self._move(average, data, share)
            else:
                np.copyto(average, data)

    def _decay_at(self, t: int) -> float:
        if self.start == "warmup":
            return min(self.decay, (1 + t) / (10 + t))
        if self.start == "unbiased":
            power = self.decay**t
            return (self.decay - power) / (1 - power)
        return self.decay

    def _move(self, average: Any, data: Any, share: float) -> None:
        flat, new = average.reshape(-1), data.reshape(-1)
        if average.dtype not in self._scratch:
            self._scratch[average.dtype] = np.empty_like(average, shape=(PIECE,))
        for i in range(0, flat.size, PIECE):
            part = flat[i : i + PIECE]
            scratch = self._scratch[average.dtype][: part.size]
            np.subtract(new[i : i + PIECE], part, scratch)
            np.multiply(scratch, share, scratch)
            np.add(part, scratch, part)

    @contextmanager
    def applied(self) -> Iterator[Module]:
        """Put the averages in the place of the model's parameters and buffers, inside of a ``with`` block.

        The model's own values come back afterwards, also after an error; what is written into it inside is lost.
        """
        if self._live is not None:
            raise RuntimeError("EMA.applied: the model holds the averages already")
        tensors = dict(self._state())
        self._live = {name: tensor._data.copy() for name, tensor in tensors.items()}
        try:
            for name, tensor in tensors.items():
                tensor.assign(self._averages[name])
            yield self.model
        finally:
            live, self._live = self._live, None
            for name, tensor in tensors.items():
                tensor.assign(live[name])

    def state_dict(self) -> dict[str, Any]:
        """Return copies of the averages and the number of updates as arrays by name, for :func:`minigrad.nn.save`.

        Examples
        --------
        >>> from minigrad import nn
        >>> list(nn.EMA(nn.Affine(2, 1)).state_dict())
        ['updates', 'average.weight', 'average.bias']
        """
        state = {"updates": np.array(self.updates)}
        return state | {f"average.{name}": average.copy() for name, average in self._averages.items()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over averages and the number of updates, all of it or, if anything does not fit, nothing.

        Raises
        ------
        ValueError
            If names, shapes or dtypes differ, with all differences listed.
        """
        left = {name: np.asarray(value) for name, value in state.items()}
        problems = []
        updates = left.pop("updates", None)
        if updates is None or updates.shape or updates.dtype.kind not in "iu" or updates < 0:
            problems.append(f"'updates' must be a number of updates, got {updates!r}")
        found = {}
        for name, own in self._averages.items():
            value = left.pop(f"average.{name}", None)
            if value is None:
                problems.append(f"missing: 'average.{name}'")
            elif value.shape != own.shape or value.dtype != own.dtype:
                problems.append(
                    f"'average.{name}': expected shape {own.shape} and dtype {own.dtype}, "
                    f"got {value.shape} and {value.dtype}"
                )
            else:
                found[name] = value.copy(order="C")
        problems.extend([f"unexpected: {name!r}" for name in left])
        if problems:
            lines = "\n  ".join(problems)
            raise ValueError(f"EMA: the state does not fit, and nothing was loaded:\n  {lines}")
        self.updates, self._averages = int(updates), found  # type: ignore[arg-type]

    def __repr__(self) -> str:
        return f"EMA(decay={self.decay!r}, start={self.start!r}, updates={self.updates})"
