"""The tables of the policy at kinks, zeros and infinities, from the data that the suite tests."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from itertools import groupby
from typing import Any

from minigrad.nn.policy import POINTS as NN_POINTS
from minigrad.testing.policy import POINTS, PRINCIPLES, Point


def number(value: Any) -> str:
    """Return nested lists of numbers as a short text.

    Examples
    --------
    >>> number([0.0, -0.0, float("inf"), -2.0, 0.25])
    '[0, -0, ∞, −2, 0.25]'
    """
    if value is None:
        return "none"
    if value != value:
        return "NaN"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(number(v) for v in value) + "]"
    text = f"{value:.4g}".replace("inf", "∞")
    return text if text == "-0" else text.replace("-", "−")


def _named(values: dict[str, Any]) -> str:
    return "<br>".join(f"<i>{name}</i>&#160;=&#160;{number(value)}" for name, value in values.items())


def _gradients(values: dict[str, Any]) -> str:
    return "<br>".join((f"<i>{n}</i>: " if len(values) > 1 else "") + number(v) for n, v in values.items())


def _both_orders(point: Point) -> str:
    first = _gradients(point.gradient)
    return first if point.second is None else f"{first}<br>second order:<br>{_gradients(point.second)}"


def table(points: Iterable[Point]) -> str:
    """Return a table of singular points, in Markdown."""
    rows = [
        f"| `{p.call}` | {_named(p.at)} | {_both_orders(p)} | {escape(p.why).replace('|', '&#124;')} |" for p in points
    ]
    return "\n".join(["| of | at | the gradient is | because |", "|---|---|---|---|", *rows]) + "\n"


def page_tables() -> str:
    """Return the tables of the page: one for each principle, then the points that are smooth but look singular."""
    parts = []
    order = [*PRINCIPLES, ""]
    points = sorted((*POINTS, *NN_POINTS), key=lambda p: order.index(p.principle))
    for principle, group in groupby(points, key=lambda p: p.principle):
        heading, text = PRINCIPLES.get(
            principle,
            ("Smooth after all", "Points where a formula divides by zero or overflows, and the function does not."),
        )
        parts += [f"## {heading}\n", f"{text}\n", table(group)]
    return "\n".join(parts)
