"""Changing an optimizer's settings while it runs: by a schedule, or when a measure no longer gets better."""

from __future__ import annotations

import math
import numbers
from collections.abc import Mapping
from typing import Any

import numpy as np

from minigrad import Tensor

from .optim.group import Group
from .optim.optimizer import Optimizer
from .optim.settings import fraction, number
from .schedules import Schedule

__all__ = ["Plateau", "Scheduler"]


class Scheduler:
    """Multiply settings of an optimizer by the factors of schedules, from those it has when this is made.

    Making it applies the factors after 0 steps; each :meth:`step` those after one more.

    Parameters
    ----------
    optimizer : Optimizer
    lr : function of the number of steps
        A schedule of :mod:`minigrad.nn.schedules`, or any function that returns a factor. All groups' learning rates
        keep their ratios.
    momentum : function of the number of steps, optional
        The same for ``momentum``, or for β₁ in an optimizer that has betas in its place.

    Raises
    ------
    TypeError
        If there is no optimizer, or a schedule is no function.
    ValueError
        If there is a schedule for the momentum, and the optimizer has none.

    Examples
    --------
    >>> from minigrad import nn
    >>> optimizer = nn.SGD([nn.Parameter([1.0])], lr=0.5)
    >>> scheduler = nn.Scheduler(optimizer, nn.schedules.Linear(2))
    >>> for _ in range(3):
    ...     print(optimizer.lr)
    ...     scheduler.step()
    0.0
    0.25
    0.5
    """

    def __init__(self, optimizer: Optimizer, lr: Schedule, momentum: Schedule | None = None) -> None:
        _check_optimizer("Scheduler", optimizer)
        self.optimizer = optimizer
        self.schedules = {"lr": lr} | ({} if momentum is None else {"momentum": momentum})
        for name, schedule in self.schedules.items():
            if not callable(schedule):
                raise TypeError(f"Scheduler: {name} must be a function of the number of steps, got {schedule!r}")
        if momentum is not None and not {"momentum", "betas"} & set(optimizer.settings):
            raise ValueError(f"Scheduler: {type(optimizer).__name__} has no momentum to schedule")
        self.steps = 0
        self._base: dict[str, list[float]] = {name: [] for name in self.schedules}
        self._apply()

    def step(self) -> None:
        """Go on to the next factors."""
        self.steps += 1
        self._apply()

    def _apply(self) -> None:
        for name, schedule in self.schedules.items():
            factor, base = float(schedule(self.steps)), self._base[name]
            for i, group in enumerate(self.optimizer.groups):
                if i == len(base):  # a group that was added since
                    base.append(_read(group, name))
                _write(group, name, base[i] * factor)

    def state_dict(self) -> dict[str, Any]:
        """Return the number of steps and the settings at factor 1 as arrays by name, for :func:`minigrad.nn.save`.

        Examples
        --------
        >>> from minigrad import nn
        >>> nn.Scheduler(nn.SGD([nn.Parameter([1.0])], lr=0.5), nn.schedules.Exponential(0.9)).state_dict()
        {'steps': array(0), 'base.lr': array([0.5])}
        """
        return {"steps": np.array(self.steps)} | {f"base.{name}": np.array(base) for name, base in self._base.items()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over what :meth:`state_dict` returned, and set the optimizer accordingly.

        Raises
        ------
        ValueError
            If names or values do not fit; nothing is changed then.
        """
        found = _read_state("Scheduler", state, {"steps", *(f"base.{name}" for name in self._base)})
        steps = _whole("Scheduler", "steps", found["steps"])
        groups = len(self.optimizer.groups)
        for name, value in found.items():
            if name != "steps" and (value.shape != (groups,) or not (np.isfinite(value) & (value >= 0)).all()):
                raise ValueError(f"Scheduler: expected a number for each of {groups} groups in {name!r}, got {value!r}")
        self.steps = steps
        self._base = {name: found[f"base.{name}"].tolist() for name in self._base}
        self._apply()

    def __repr__(self) -> str:
        schedules = ", ".join(f"{name}={schedule!r}" for name, schedule in self.schedules.items())
        return f"Scheduler({schedules}, steps={self.steps})"


class Plateau:
    """Multiply the learning rates by `factor` when a measure has not got better for more than `patience` steps.

    Parameters
    ----------
    optimizer : Optimizer
    factor : float
        In [0, 1).
    patience : int
        How many steps without getting better are put up with.
    threshold : float
        What counts as better: by this share of the best so far, or by this much if not `relative`.
    mode : {"min", "max"}
        Whether a smaller or a larger measure is better.
    cooldown : int
        How many steps after a change do not count.
    min_lr : float
        No learning rate goes below it.
    relative : bool

    Raises
    ------
    TypeError, ValueError
        If a setting is of the wrong kind or out of range.

    Examples
    --------
    >>> from minigrad import nn
    >>> optimizer = nn.SGD([nn.Parameter([1.0])], lr=0.5)
    >>> scheduler = nn.Plateau(optimizer, factor=0.5, patience=1)
    >>> for loss in (3.0, 2.0, 2.0, 2.0, 1.0):
    ...     scheduler.step(loss)
    ...     print(optimizer.lr, end=" ")
    0.5 0.5 0.5 0.25 0.25
    """

    def __init__(
        self,
        optimizer: Optimizer,
        factor: float = 0.1,
        patience: int = 10,
        threshold: float = 1e-4,
        mode: str = "min",
        cooldown: int = 0,
        min_lr: float = 0.0,
        relative: bool = True,
    ) -> None:
        kind = "Plateau"
        _check_optimizer(kind, optimizer)
        if mode not in ("min", "max"):
            raise ValueError(f"{kind}: mode must be min or max, got {mode!r}")
        self.optimizer = optimizer
        self.factor = fraction(kind, "factor", factor)
        self.patience = _whole(kind, "patience", patience)
        self.threshold = number(kind, "threshold", threshold)
        self.mode = mode
        self.cooldown = _whole(kind, "cooldown", cooldown)
        self.min_lr = number(kind, "min_lr", min_lr)
        self.relative = bool(relative)
        self.best = math.inf if mode == "min" else -math.inf
        self.bad_steps = 0
        self.resting = 0  # steps left that do not count

    def step(self, measure: float | Tensor) -> None:
        """Take notice of a measure, such as a loss on validation data; NaN is never better."""
        value = float(measure)
        if self._better(value):
            self.best = value
            self.bad_steps = 0
        else:
            self.bad_steps += 1
        if self.resting:
            self.resting -= 1
            self.bad_steps = 0
        if self.bad_steps > self.patience:
            for group in self.optimizer.groups:
                group.lr = min(group.lr, max(group.lr * self.factor, self.min_lr))
            self.resting = self.cooldown
            self.bad_steps = 0

    def _better(self, value: float) -> bool:
        if math.isinf(self.best):
            return value < self.best if self.mode == "min" else value > self.best
        margin = self.threshold * (self.best if self.relative else 1)
        return value < self.best - margin if self.mode == "min" else value > self.best + margin

    def state_dict(self) -> dict[str, Any]:
        """Return the best measure and the counts as arrays by name; the learning rates are the optimizer's state."""
        return {name: np.array(getattr(self, name)) for name in ("best", "bad_steps", "resting")}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over what :meth:`state_dict` returned.

        Raises
        ------
        ValueError
            If names or values do not fit; nothing is changed then.
        """
        found = _read_state("Plateau", state, {"best", "bad_steps", "resting"})
        bad, resting = (_whole("Plateau", name, found[name]) for name in ("bad_steps", "resting"))
        if found["best"].shape or found["best"].dtype.kind not in "fiu" or np.isnan(found["best"]):
            raise ValueError(f"Plateau: best must be a number, got {found['best']!r}")
        self.best, self.bad_steps, self.resting = float(found["best"]), bad, resting

    def __repr__(self) -> str:
        settings = ("factor", "patience", "threshold", "mode", "cooldown", "min_lr", "relative")
        return f"Plateau({', '.join(f'{name}={getattr(self, name)!r}' for name in settings)})"


def _check_optimizer(kind: str, optimizer: Any) -> None:
    if not isinstance(optimizer, Optimizer):
        raise TypeError(f"{kind}: expected an optimizer, got {type(optimizer).__name__}")


def _read(group: Group, name: str) -> float:
    if name == "momentum" and "betas" in group.values():
        return float(group.betas[0])
    return float(getattr(group, name))


def _write(group: Group, name: str, value: float) -> None:
    if name == "momentum" and "betas" in group.values():
        group.betas = (value, group.betas[1])
    else:
        setattr(group, name, value)


def _whole(kind: str, what: str, value: Any) -> int:
    if isinstance(value, np.ndarray) and not value.shape:
        value = value.item()
    if isinstance(value, bool) or not isinstance(value, (numbers.Integral, np.integer)) or value < 0:
        raise ValueError(f"{kind}: {what} must be a whole number of at least 0, got {value!r}")
    return int(value)


def _read_state(kind: str, state: Mapping[str, Any], names: set[str]) -> dict[str, Any]:
    if set(state) != names:
        raise ValueError(
            f"{kind}: expected {', '.join(map(repr, sorted(names)))} in the state, got {', '.join(map(repr, state))}"
        )
    return {name: np.asarray(value) for name, value in state.items()}
