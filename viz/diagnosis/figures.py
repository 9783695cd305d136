"""Figures of a diagnosis. They need matplotlib, and no screen."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from minigrad.extras import require

from ..labels import number
from ..plots._figure import axes
from ..theme import LIGHT
from .paths import Step
from .records import Thresholds

if TYPE_CHECKING:
    from .report import FlowReport

# log10 of the rms, and its colour: one scale for all figures, that of the drawings, so that they can be compared.
_SCALE = (
    (-12.0, "#0b3a7a"),
    (-10.0, LIGHT["vanished"]),
    (-6.0, "#7db2f2"),
    (-3.0, "#e9eff5"),
    (0.0, "#fbe9d0"),
    (4.0, LIGHT["exploding"]),
    (8.0, LIGHT["exploded"]),
)
_LOWEST, _HIGHEST = _SCALE[0][0], _SCALE[-1][0]
# Labels beyond this many would overlap.
_LABELS = 40
_LONGEST = 28


def layers(report: FlowReport, ax: Any = None) -> Any:
    """Draw the rms of values and gradients by layer, the first layer at the top."""
    rows = report.rows
    figure, ax = axes(ax, 6.5, _height(len(rows)))
    y = np.arange(len(rows))
    wrong = {finding.layer for finding in report.findings}
    drawn = []
    for of, colour in (("value", LIGHT["forward"]), ("gradient", LIGHT["backward"])):
        x = [_positive(row[f"{of}_rms"]) for row in rows]
        drawn += [value for value in x if not math.isnan(value)]
        ax.plot(x, y, color=colour, marker="o", markersize=3.5, linewidth=1.2, label=f"rms of the {of}")
    marked = [
        i for i, row in enumerate(rows) if row["layer"] in wrong and not math.isnan(_positive(row["gradient_rms"]))
    ]
    if marked:
        x, style = [rows[i]["gradient_rms"] for i in marked], {"markersize": 8, "markeredgewidth": 1.8}
        ax.plot(x, marked, "x", color=LIGHT["bad"], label="finding", **style)
    _scale(ax, drawn)
    _name(ax, [row["layer"] for row in rows])
    ax.set_xlabel("rms")
    ax.legend(fontsize=8, loc="best")
    ax.grid(alpha=0.25)
    return figure


def waterfall(to: str, steps: Sequence[Step], limits: Thresholds, ax: Any = None) -> Any:
    """Draw the product of the gains along a path, the loss at the top."""
    figure, ax = axes(ax, 6.5, _height(len(steps)))
    before = 1.0
    floor = min([step.total for step in steps if step.total > 0], default=1.0) / 10
    for i, step in enumerate(steps):
        after = step.total if step.total > 0 else floor
        kept = not (step.gain < limits.killed or step.gain > limits.blown)
        colour = LIGHT[("vanish" if step.gain < 1 else "explod") + ("ing" if kept else "ed")]
        alpha = 1.0 if not kept or not step.inside else 0.75
        bar = ax.barh(i, after - before, left=before, color=colour, height=0.72, alpha=alpha if step.inside else 0.35)
        if not kept and step.inside:
            bar.patches[0].set(edgecolor=LIGHT["bad"], linewidth=1.6)
        ax.plot([after, after], [i - 0.36, min(i + 1.36, len(steps) - 0.64)], color=LIGHT["wire"], linewidth=0.8)
        if step.gain == step.gain:
            place, style = (max(before, after), i), {"textcoords": "offset points", "va": "center", "fontsize": 7}
            ax.annotate(f"× {number(step.gain, 2)}", place, (4, 0), **style)
        before = after
    ax.set_xscale("log")
    totals = [step.total for step in steps if step.total > 0]
    low, high = floor * 5, 2 * max([1.0, *totals])
    ax.set_xlim(low, high * (high / low) ** 0.18)  # room for the numbers
    _name(ax, [step.place for step in steps])
    ax.set_xlabel("product of the gains, from the loss on; pale is outside of the model")
    ax.set_title(f"from the loss to {_short(to)}", fontsize=10)
    ax.grid(axis="x", alpha=0.25)
    return figure


def comparison(rows: Sequence[dict[str, Any]], labels: tuple[str, str], ax: Any = None) -> Any:
    """Draw the rms of two runs' gradients by layer, joined by lines."""
    figure, ax = axes(ax, 6.5, _height(len(rows)))
    pairs = [(_positive(row["first"]), _positive(row["second"])) for row in rows]
    for i, pair in enumerate(pairs):
        ax.plot(pair, [i, i], color=LIGHT["wire"], linewidth=1.0, zorder=1)
    for k, (colour, marker) in enumerate([(LIGHT["vanished"], "o"), (LIGHT["exploding"], "s")]):
        x = [pair[k] for pair in pairs]
        ax.scatter(x, range(len(rows)), color=colour, marker=marker, s=28, label=labels[k], zorder=2)
    _scale(ax, [x for pair in pairs for x in pair if not math.isnan(x)])
    _name(ax, [row["layer"] for row in rows])
    ax.set_xlabel("rms of the gradient at the layer's output")
    ax.legend(fontsize=8)
    ax.grid(alpha=0.25)
    return figure


def over_time(names: Sequence[str], steps: Sequence[int], table: Any, ax: Any = None) -> Any:
    """Draw log10 of the rms as a heat map, layers by steps; exact zeros are grey, what is not finite red."""
    colors = require("matplotlib.colors", "plot", "plotting")
    figure, ax = axes(ax, 8, _height(len(names)))
    table = np.asarray(table, float)
    with np.errstate(all="ignore"):
        logs = np.clip(np.log10(table), _LOWEST, _HIGHEST)
    logs[~np.isfinite(table) | (table == 0)] = np.nan
    stops = [((at - _LOWEST) / (_HIGHEST - _LOWEST), colour) for at, colour in _SCALE]
    scale = colors.LinearSegmentedColormap.from_list("rms", stops, N=512).with_extremes(bad=(0, 0, 0, 0))
    extent = (-0.5, len(steps) - 0.5, len(names) - 0.5, -0.5)
    special = np.zeros((*table.shape, 4))
    special[table == 0] = colors.to_rgba("#b9bfc6")
    special[np.isnan(table)] = (1, 1, 1, 1)
    special[np.isinf(table)] = colors.to_rgba(LIGHT["bad"])
    ax.imshow(special, aspect="auto", interpolation="nearest", extent=extent)
    image = ax.imshow(
        logs, cmap=scale, vmin=_LOWEST, vmax=_HIGHEST, aspect="auto", interpolation="nearest", extent=extent
    )
    _name(ax, names)
    places = np.unique(np.linspace(0, len(steps) - 1, min(len(steps), 8)).astype(int))
    ax.set_xticks(places, [str(steps[i]) for i in places])
    ax.set_xlabel("step; grey is exactly 0, red not finite")
    bar = figure.colorbar(image, ax=ax, ticks=range(-12, 9, 2))
    bar.set_label("log10 of the rms of the gradient")
    return figure


def _height(rows: int) -> float:
    return min(12.0, max(2.6, 1.2 + 0.24 * rows))


def _positive(value: float | None) -> float:
    """Return what can stand on a logarithmic axis."""
    return value if value is not None and 0 < value < math.inf else math.nan


def _scale(ax: Any, values: Sequence[float]) -> None:
    """Make the axis logarithmic, and mark where the drawings call a gradient vanishing or exploding."""
    ends = (math.log10(min(values)), math.log10(max(values))) if values else (-3.0, 0.0)
    # At least six decades, for a short axis makes a cliff of nothing.
    middle, half = sum(ends) / 2, max(3.0, (ends[1] - ends[0]) / 2 + 0.5)
    low, high = 10 ** (middle - half), 10 ** (middle + half)
    ax.set_xscale("log")
    for ends, colour in (((1e-60, 1e-6), "vanishing"), ((1e4, 1e60), "exploding")):
        ax.axvspan(*ends, color=LIGHT[colour], alpha=0.10, linewidth=0)
    ax.set_xlim(low, high)


def _name(ax: Any, names: Sequence[str]) -> None:
    """Write names along the vertical axis, the first at the top; of many, only some."""
    every = max(1, math.ceil(len(names) / _LABELS))
    places = range(0, len(names), every)
    ax.set_yticks(list(places), [_short(names[i]) for i in places], fontsize=7)
    ax.set_ylim(len(names) - 0.4, -0.6)


def _short(name: str) -> str:
    # A lone dollar is text to matplotlib, two are a formula, and names are no formulas.
    name = name.replace("$", r"\$")
    return name if len(name) <= _LONGEST else f"…{name[-_LONGEST + 1 :]}"
