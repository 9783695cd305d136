"""The path of largest contribution from the loss to a parameter: where its gradient is lost, or grows."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any, NamedTuple

from ..labels import number
from ..trace import Traced
from .layers import Layout
from .records import Thresholds, Use
from .sweep import Flow

# A longer path is cut in its text to its strongest steps.
_LONGEST = 40


class Step(NamedTuple):
    """One step of a path, from an op's value to one of its arguments.

    Attributes
    ----------
    op, layer, argument : str
    value : str
        The name of the value that the step leads to.
    gain : float
        ‖downstream‖/‖upstream‖ of this step; NaN where the upstream gradient is 0 already.
    total : float
        The product of the gains so far, from the loss on.
    rms : float
        Of the gradient of the value, over all of its uses.
    inside : bool
        Whether the step is between values of the model: neither in the loss, nor the last one, to a leaf.
    """

    op: str
    layer: str
    argument: str
    value: str
    gain: float
    total: float
    rms: float
    inside: bool

    @property
    def place(self) -> str:
        """The layer, and the op where the layer's name does not tell it."""
        name = self.layer.split(" (")[0]
        told = name.endswith(self.op) or name.lower().endswith(self.op.replace("_", ""))
        return self.layer if told else f"{self.op} of {self.layer}"


class Waterfall:
    """The gains along the path of largest contribution from the loss to a parameter or an input.

    Of all paths, it is the one with the largest product of gains ‖downstream‖/‖upstream‖, for the gradient of this
    loss. ``str()`` makes a table of it.

    Attributes
    ----------
    to : str
        Where it leads.
    steps : tuple of Step
        From the loss on.
    worst : Step or None
        The one within the model with the gain that is farthest from 1.
    """

    def __init__(self, to: str, steps: tuple[Step, ...], limits: Thresholds) -> None:
        self.to = to
        self.steps = steps
        self._limits = limits

    @property
    def inside(self) -> tuple[Step, ...]:
        """The steps within the model."""
        return tuple(step for step in self.steps if step.inside)

    @property
    def gain(self) -> float:
        """The product of the gains within the model."""
        return _product(step.gain for step in self.inside)

    @property
    def worst(self) -> Step | None:
        return max(self.inside, key=lambda step: abs(_log(step.gain)), default=None)

    @property
    def culprits(self) -> list[tuple[str, int, float]]:
        """The ops within the model, with how often they stand on the path, and the product of their gains.

        Those that lose most come first, or, where the gradient grows on the whole, those that add most.
        """
        by_op: dict[str, list[float]] = {}
        for step in self.inside:
            by_op.setdefault(step.op, []).append(step.gain)
        found = [(op, len(gains), _product(gains)) for op, gains in by_op.items()]
        sign = -1 if self.gain > 1 else 1
        return sorted(found, key=lambda item: sign * _log(item[2]))

    def verdict(self) -> str:
        """Return in a line which op, or which ops together, lose or blow up the gradient; empty if none does."""
        worst = self.worst
        if worst is None or not math.isfinite(self.gain):
            return ""
        if worst.gain < self._limits.killed or worst.gain > self._limits.blown:
            shrinks = worst.gain < 1
            alike = -1 + sum(
                step.op == worst.op and (step.gain < self._limits.killed if shrinks else step.gain > self._limits.blown)
                for step in self.inside
            )
            more = f", and in {alike} more of these" if alike else ""
            verb = "is lost" if shrinks else "grows"
            return f"most {verb} in {worst.op} at {worst.layer} (× {number(worst.gain, 2)}{more})"
        if self._limits.killed <= self.gain <= self._limits.blown:
            return ""
        shrinks = self.gain < 1
        parts = [
            f"{op} (× {number(gain, 2)}{f' in {count} of them' if count > 1 else ''})"
            for op, count, gain in self.culprits[:2]
            if (gain < 0.5 if shrinks else gain > 2)
        ]
        return f"it {'is lost' if shrinks else 'grows'} little by little in {' and '.join(parts)}"

    def rows(self) -> list[dict[str, Any]]:
        """Return the steps as plain data."""
        return [step._asdict() for step in self.steps]

    def figure(self, ax: Any = None) -> Any:
        """Draw the product of the gains as it falls or grows from step to step.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; default: a new figure.

        Returns
        -------
        matplotlib Figure
        """
        from .figures import waterfall

        return waterfall(self.to, self.steps, self._limits, ax)

    def __str__(self) -> str:
        lines = [f"path of largest contribution, from the loss to {self.to}: × {number(self.gain, 3)} within the model"]
        shown = self.steps
        if len(shown) > _LONGEST:
            strongest = sorted(range(len(shown)), key=lambda i: -abs(_log(shown[i].gain)))[:_LONGEST]
            shown = tuple(shown[i] for i in sorted(strongest))
            lines.append(f"  the {_LONGEST} strongest of {len(self.steps)} steps:")
        table = [("gain", "so far", "gradient rms", "in", "to")]
        for step in shown:
            mark = ""
            if step.inside:
                mark = " <" if step.gain < self._limits.killed else " >" if step.gain > self._limits.blown else ""
            gain = number(step.gain, 3) + mark if step.gain == step.gain else ""
            numbers = (gain, number(step.total, 3), number(step.rms, 3))
            table.append((*numbers, step.place, step.value))
        lines += columns(table, "rrrll")
        verdict = self.verdict()
        return "\n".join([*lines, f"  {verdict}"] if verdict else lines)

    def __repr__(self) -> str:
        return f"<Waterfall to {self.to}: {len(self.steps)} steps, gain {number(self.gain, 3)}>"


class Paths:
    """The best path from every value to the loss: of each value, its first step and where that leads.

    Attributes
    ----------
    gains : dict
        ‖downstream‖/‖upstream‖ by use: (source, target, k).
    leaves : dict
        The vertices of the leaves that a path leads to, by name.
    """

    def __init__(self, traced: Traced, layout: Layout, flow: Flow, model: set[int], limits: Thresholds) -> None:
        vertices = traced.trace.vertices
        best = {len(vertices) - 1: 0.0}
        first: dict[int, Use] = {}
        self.gains: dict[tuple[int, int, int], float] = {}
        for use in flow.uses:  # newest ops first: a value's own best is settled before it is used
            upstream = flow.gradients[use.target]
            gain = use.downstream.norm / upstream.norm if upstream is not None and upstream.norm else math.nan
            self.gains[use[:3]] = gain
            through = best[use.target] + _log(gain)
            # Of equal ones, the one by the newest op.
            if use.source not in best or through > best[use.source]:
                best[use.source], first[use.source] = through, use
        self._limits = limits
        self._steps: dict[int, tuple[int, Step]] = {}
        for v, use in first.items():
            op, gradient = traced.sources[use.target].op, flow.gradients[v]
            rms = gradient.rms if gradient is not None else math.nan
            inside = use.target in model and vertices[v].kind == "op"
            layer, name = layout.layer_of(use.target), layout.names[v]
            step = Step(op.name, layer, op.argument_name(use.k), name, self.gains[use[:3]], 1.0, rms, inside)
            self._steps[v] = use.target, step
        self.leaves = {
            layout.names[v]: v for v, vertex in enumerate(vertices) if vertex.kind == "parameter" and v in first
        }

    def last_op(self, v: int) -> int | None:
        """Return the op from which the path to a leaf reaches it; None if there is no path."""
        return self._steps[v][0] if v in self._steps else None

    def to(self, v: int) -> Waterfall:
        """Return the path to a vertex."""
        found, at = [], v
        while at in self._steps:
            at, step = self._steps[at]
            found.append(step)
        steps, total = [], 1.0
        for step in reversed(found):
            total *= step.gain if step.gain == step.gain else 1.0
            steps.append(step._replace(total=total))
        return Waterfall(steps[-1].value if steps else "", tuple(steps), self._limits)


def columns(table: Iterable[tuple[str, ...]], sides: str) -> list[str]:
    """Return a table as lines, with each column aligned to its side, l or r."""
    rows = list(table)
    widths = [max(len(row[i]) for row in rows) for i in range(len(sides))]
    lines = []
    for row in rows:
        cells = zip(row, widths, sides, strict=True)
        lines.append(("  " + "  ".join(c.rjust(w) if s == "r" else c.ljust(w) for c, w, s in cells)).rstrip())
    return lines


def _product(gains: Iterable[float]) -> float:
    """Return the product of those that are known: behind a 0 there is nothing to lose."""
    return math.prod(gain for gain in gains if gain == gain)


def _log(gain: float) -> float:
    if gain != gain:
        return 0.0
    return math.log(gain) if 0 < gain < math.inf else -1e6 if gain == 0 else 1e6
