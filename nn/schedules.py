"""Schedules: by what factor a setting is multiplied at each step.

A schedule is a function of the number of steps taken so far, and of nothing else, so that it can be drawn, tested and
resumed anywhere; any function of one number will do. A :class:`Scheduler` applies it to an optimizer, per batch or per
epoch, as often as its ``step`` is called. :class:`Plateau` alone depends on how the training goes.

>>> from minigrad import nn
>>> optimizer = nn.SGD([nn.Parameter([1.0])], lr=0.5, momentum=0.9)
>>> scheduler = nn.Scheduler(optimizer, nn.schedules.StepDecay(every=2, factor=0.1))
>>> for _ in range(5):
...     print(round(optimizer.lr, 6), end=" ")
...     scheduler.step()
0.5 0.5 0.05 0.05 0.005
"""

from __future__ import annotations

import itertools
import math
from bisect import bisect_right
from collections.abc import Callable, Sequence
from typing import Any

from .optim.settings import count, number, positive

__all__ = [
    "Chained",
    "Cosine",
    "CosineRestarts",
    "Exponential",
    "Joined",
    "Linear",
    "MultiStep",
    "OneCycle",
    "Polynomial",
    "StepDecay",
]

Schedule = Callable[[int], float]


class _Schedule:
    """A function of the number of steps, with its settings for a repr."""

    def __call__(self, t: int) -> float:
        """Return the factor after `t` steps."""
        raise NotImplementedError

    def __repr__(self) -> str:
        settings = ", ".join(f"{name}={value!r}" for name, value in self.__dict__.items())
        return f"{type(self).__name__}({settings})"


class StepDecay(_Schedule):
    """Multiply by `factor` every so many steps: ``factor ** (t // every)``.

    Parameters
    ----------
    every : int
    factor : float

    Examples
    --------
    >>> [StepDecay(every=2, factor=0.5)(t) for t in range(6)]
    [1.0, 1.0, 0.5, 0.5, 0.25, 0.25]
    """

    def __init__(self, every: int, factor: float = 0.1) -> None:
        self.every = count("StepDecay", "every", every)
        self.factor = number("StepDecay", "factor", factor)

    def __call__(self, t: int) -> float:
        """Return the factor after `t` steps."""
        return float(self.factor ** (t // self.every))


class MultiStep(_Schedule):
    """Multiply by `factor` at each of the milestones.

    Parameters
    ----------
    milestones : sequence of int
        Rising numbers of steps.
    factor : float

    Examples
    --------
    >>> [MultiStep([2, 3], factor=0.5)(t) for t in range(5)]
    [1.0, 1.0, 0.5, 0.25, 0.25]
    """

    def __init__(self, milestones: Sequence[int], factor: float = 0.1) -> None:
        self.milestones = _rising("MultiStep", milestones)
        self.factor = number("MultiStep", "factor", factor)

    def __call__(self, t: int) -> float:
        """Return the factor after `t` steps."""
        return float(self.factor ** bisect_right(self.milestones, t))


class Exponential(_Schedule):
    """``factor ** t``.

    Parameters
    ----------
    factor : float

    Examples
    --------
    >>> [Exponential(0.5)(t) for t in range(4)]
    [1.0, 0.5, 0.25, 0.125]
    """

    def __init__(self, factor: float) -> None:
        self.factor = number("Exponential", "factor", factor)

    def __call__(self, t: int) -> float:
        """Return the factor after `t` steps."""
        return float(self.factor**t)


class Linear(_Schedule):
    """From `start` to `end` in equal steps, and `end` from then on: a warm-up, unless told otherwise.

    Parameters
    ----------
    steps : int
    start, end : float

    Examples
    --------
    >>> [Linear(4, start=0.5)(t) for t in range(6)]
    [0.5, 0.625, 0.75, 0.875, 1.0, 1.0]
    """

    def __init__(self, steps: int, start: float = 0.0, end: float = 1.0) -> None:
        self.steps = count("Linear", "steps", steps)
        self.start = number("Linear", "start", start)
        self.end = number("Linear", "end", end)

    def __call__(self, t: int) -> float:
        """Return the factor after `t` steps."""
        return self.start + (self.end - self.start) * min(t / self.steps, 1.0)


class Polynomial(_Schedule):
    """``(1 - t / steps) ** power``, and 0 from then on.

    Parameters
    ----------
    steps : int
    power : float

    Examples
    --------
    >>> [Polynomial(4, power=2.0)(t) for t in range(6)]
    [1.0, 0.5625, 0.25, 0.0625, 0.0, 0.0]
    """

    def __init__(self, steps: int, power: float = 1.0) -> None:
        self.steps = count("Polynomial", "steps", steps)
        self.power = positive("Polynomial", "power", power)

    def __call__(self, t: int) -> float:
        """Return the factor after `t` steps."""
        return float((1.0 - min(t / self.steps, 1.0)) ** self.power)


class Cosine(_Schedule):
    """From 1 to `end` along half a period of the cosine, and `end` from then on.

    Parameters
    ----------
    steps : int
    end : float

    References
    ----------
    Loshchilov, Hutter, "SGDR: Stochastic gradient descent with warm restarts", ICLR 2017, equation 5.

    Examples
    --------
    >>> [round(Cosine(4, end=0.1)(t), 4) for t in range(6)]
    [1.0, 0.8682, 0.55, 0.2318, 0.1, 0.1]
    """

    def __init__(self, steps: int, end: float = 0.0) -> None:
        self.steps = count("Cosine", "steps", steps)
        self.end = number("Cosine", "end", end)

    def __call__(self, t: int) -> float:
        """Return the factor after `t` steps."""
        return _cosine(1.0, self.end, min(t / self.steps, 1.0))


class CosineRestarts(_Schedule):
    """:class:`Cosine` again and again, each time `growth` times as long.

    Parameters
    ----------
    steps : int
        Of the first period.
    growth : int
        At least 1.
    end : float

    References
    ----------
    Loshchilov, Hutter, "SGDR: Stochastic gradient descent with warm restarts", ICLR 2017.

    Examples
    --------
    >>> [CosineRestarts(2, growth=2)(t) == 1 for t in range(8)]
    [True, False, True, False, False, False, True, False]
    """

    def __init__(self, steps: int, growth: int = 1, end: float = 0.0) -> None:
        self.steps = count("CosineRestarts", "steps", steps)
        self.growth = count("CosineRestarts", "growth", growth)
        self.end = number("CosineRestarts", "end", end)

    def __call__(self, t: int) -> float:
        """Return the factor after `t` steps."""
        period = self.steps
        if self.growth == 1:
            t %= period
        while t >= period:
            t -= period
            period *= self.growth
        return _cosine(1.0, self.end, t / period)


class OneCycle(_Schedule):
    """Up from `start` to 1, then down to `end`, which is held.

    The learning rate of the optimizer is the highest one. For the momentum, which falls while the learning rate rises,
    use one with a `peak` below 1::

        nn.Scheduler(optimizer, OneCycle(steps), momentum=OneCycle(steps, start=1, peak=0.9, end=1))

    Parameters
    ----------
    steps : int
        In all, at least 2: the last of them, step number ``steps - 1``, is at `end`.
    rise : float
        The share of the steps until the peak, between 0 and 1.
    start, peak, end : float
    shape : {"cosine", "linear"}
    symmetric : bool
        Whether to come down to `start` as fast as it went up, and go to `end` in the rest of the steps.

    References
    ----------
    Smith, Topin, "Super-convergence: Very fast training of neural networks using large learning rates", 2018, in the
    form that ``torch.optim.lr_scheduler.OneCycleLR`` documents.

    Examples
    --------
    >>> [round(OneCycle(5, rise=0.6, start=0.5, end=0.0, shape="linear")(t), 3) for t in range(7)]
    [0.5, 0.75, 1.0, 0.5, 0.0, 0.0, 0.0]
    """

    def __init__(
        self,
        steps: int,
        rise: float = 0.3,
        start: float = 1 / 25,
        peak: float = 1.0,
        end: float = 1 / 250_000,
        shape: str = "cosine",
        symmetric: bool = False,
    ) -> None:
        kind = "OneCycle"
        self.steps = count(kind, "steps", steps)
        self.rise = number(kind, "rise", rise, below=0.5 if symmetric else 1.0)
        self.start, self.peak, self.end = (
            number(kind, what, value) for what, value in (("start", start), ("peak", peak), ("end", end))
        )
        if shape not in ("cosine", "linear"):
            raise ValueError(f"{kind}: shape must be cosine or linear, got {shape!r}")
        self.shape = shape
        self.symmetric = bool(symmetric)
        top = self.rise * self.steps - 1
        knots = [(0.0, self.start), (top, self.peak)]
        if symmetric:
            knots.append((2 * top, self.start))
        knots.append((self.steps - 1.0, self.end))
        if any(a[0] >= b[0] for a, b in itertools.pairwise(knots)):
            raise ValueError(f"{kind}: {steps} steps with a rise of {rise!r} are too few to go up and come down")
        self._knots = knots

    def __call__(self, t: int) -> float:
        """Return the factor after `t` steps."""
        between = _cosine if self.shape == "cosine" else _line
        for (left, low), (right, high) in zip(self._knots, self._knots[1:], strict=False):
            if t <= right:
                return between(low, high, (t - left) / (right - left))
        return self.end

    def __repr__(self) -> str:
        settings = ", ".join(f"{name}={value!r}" for name, value in self.__dict__.items() if name != "_knots")
        return f"OneCycle({settings})"


class Chained(_Schedule):
    """The product of several schedules.

    Parameters
    ----------
    *schedules : function of the number of steps

    Examples
    --------
    >>> warm_and_decay = Chained(Linear(2), Exponential(0.5))
    >>> [warm_and_decay(t) for t in range(4)]
    [0.0, 0.25, 0.25, 0.125]
    """

    def __init__(self, *schedules: Schedule) -> None:
        self.schedules = _functions("Chained", schedules)

    def __call__(self, t: int) -> float:
        """Return the factor after `t` steps."""
        return math.prod(schedule(t) for schedule in self.schedules)


class Joined(_Schedule):
    """One schedule after the other, each counting its steps from where it begins.

    Parameters
    ----------
    schedules : sequence of functions of the number of steps
    milestones : sequence of int
        Where each but the first begins, in rising numbers of steps.

    Examples
    --------
    >>> warm_up_then_decay = Joined([Linear(2), Exponential(0.5)], [2])
    >>> [warm_up_then_decay(t) for t in range(5)]
    [0.0, 0.5, 1.0, 0.5, 0.25]
    """

    def __init__(self, schedules: Sequence[Schedule], milestones: Sequence[int]) -> None:
        self.schedules = _functions("Joined", schedules)
        self.milestones = _rising("Joined", milestones)
        if len(self.milestones) != len(self.schedules) - 1:
            raise ValueError(
                f"Joined: {len(self.schedules)} schedules need {len(self.schedules) - 1} milestones between them, "
                f"got {len(self.milestones)}"
            )

    def __call__(self, t: int) -> float:
        """Return the factor after `t` steps."""
        i = bisect_right(self.milestones, t)
        return self.schedules[i](t - self.milestones[i - 1] if i else t)


def _rising(kind: str, milestones: Any) -> list[int]:
    found = [count(kind, "milestones", milestone) for milestone in milestones]
    if any(a >= b for a, b in itertools.pairwise(found)):
        raise ValueError(f"{kind}: milestones must rise, got {found}")
    return found


def _functions(kind: str, schedules: Any) -> list[Schedule]:
    found = list(schedules)
    if not found:
        raise ValueError(f"{kind}: there are no schedules")
    for schedule in found:
        if not callable(schedule):
            raise TypeError(f"{kind}: a schedule is a function of the number of steps, got {schedule!r}")
    return found


def _cosine(start: float, end: float, share: float) -> float:
    return end + (start - end) * (1 + math.cos(math.pi * share)) / 2


def _line(start: float, end: float, share: float) -> float:
    return start + (end - start) * share
