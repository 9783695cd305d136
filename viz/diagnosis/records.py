"""Records of a diagnosis: plain numbers and names, free of arrays and of the engine."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

import numpy as np

from ..stats import rms_of, size_of

Severity = Literal["error", "warning"]


class Spread(NamedTuple):
    """What is said of an array.

    Attributes
    ----------
    size : int
    rms, low, high : float
        The root of the mean of the squares, the least and the greatest, of the entries that are finite; NaN if none is.
    zeros : float
        The share of entries that are exactly zero.
    bad : int
        How many entries are not finite.
    """

    size: int
    rms: float
    low: float
    high: float
    zeros: float
    bad: int

    @property
    def norm(self) -> float:
        """The Euclidean norm of the entries that are finite."""
        return self.rms * float(self.size - self.bad) ** 0.5 if self.size > self.bad else 0.0


def spread(values: Any) -> Spread:
    """Return what is said of an array.

    Examples
    --------
    >>> spread(np.array([0.0, 2.0, -2.0, np.inf]))
    Spread(size=4, rms=1.632993161855452, low=-2.0, high=2.0, zeros=0.25, bad=1)
    """
    flat = np.asarray(values).reshape(-1)
    if not flat.size:
        return Spread(0, float("nan"), float("nan"), float("nan"), 0.0, 0)
    zeros = (flat.size - int(np.count_nonzero(flat))) / flat.size
    low, high = float(flat.min()), float(flat.max())
    if np.isfinite(low) and np.isfinite(high):
        wide = flat.dtype.kind == "f" and flat.dtype.itemsize > 2
        return Spread(flat.size, size_of(flat) if wide else rms_of(flat), low, high, zeros, 0)
    good = flat[np.isfinite(flat)]
    bad = flat.size - good.size
    if not good.size:
        return Spread(flat.size, float("nan"), float("nan"), float("nan"), zeros, bad)
    return Spread(flat.size, rms_of(good), float(good.min()), float(good.max()), zeros, bad)


class Use(NamedTuple):
    """A use of a value by an op: what the op hands back to it.

    `source` and `target` are the vertices of the value and of the op, `k` the argument's position.
    """

    source: int
    target: int
    k: int
    downstream: Spread


class Activity(NamedTuple):
    """How an activation function passes gradients on.

    Attributes
    ----------
    vertex : int
    kind : {"dead", "saturated"}
    share : float
        Of a rectifier, the units that are off for the whole batch; of a bounded function, the entries where its slope
        is small.
    among : int
        How many units, or entries, there are.
    """

    vertex: int
    kind: Literal["dead", "saturated"]
    share: float
    among: int


class Thresholds(NamedTuple):
    """From where on a number is a finding. The first of a pair is for a warning, the second for an error.

    Attributes
    ----------
    vanishing, exploding : (float, float)
        The norm of the gradient at a layer's output, relative to that at the model's output.
    rms : (float, float)
        The rms of a gradient from which on it explodes, whatever that at the model's output is: the scale of the
        drawings.
    dead : (float, float)
        The share of a layer's units that are off for the whole batch.
    examples : int
        With fewer entries per unit in the batch, no unit is called dead: chance would do it.
    slope : float
        A bounded function (sigmoid, tanh, ...) is saturated where its slope is below this share of its greatest.
    saturated : (float, float)
        The share of a layer's entries that are saturated.
    killed, blown : float
        A step of the path with a gain ‖downstream‖/‖upstream‖ below, or above, is named by itself.
    """

    vanishing: tuple[float, float] = (1e-3, 1e-4)
    exploding: tuple[float, float] = (1e3, 1e4)
    rms: tuple[float, float] = (1e4, 1e8)
    dead: tuple[float, float] = (0.5, 0.95)
    examples: int = 16
    slope: float = 0.05
    saturated: tuple[float, float] = (0.5, 0.9)
    killed: float = 0.1
    blown: float = 10.0


class Finding(NamedTuple):
    """Something that is wrong with the gradients.

    Attributes
    ----------
    kind : str
        "NaN forward", "NaN backward", "vanishing", "exploding", "zero", "dead", "saturated" or "unused".
    severity : {"error", "warning"}
    layer : str
        Where: the layer's name, or the parameter's.
    message : str
        What, with its numbers.
    advice : str
        What usually helps.
    numbers : dict
        The numbers by name.
    """

    kind: str
    severity: Severity
    layer: str
    message: str
    advice: str
    numbers: dict[str, float]

    def __str__(self) -> str:
        return f"{self.severity}: {self.kind}: {self.layer}: {self.message}"
