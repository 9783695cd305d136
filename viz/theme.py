"""Colours, strokes and fonts: the grammar of the drawings, light and dark.

Every colour is used for one meaning only, so that the dark set can be swapped in by its light value.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from .records import Inside, Summary

FONT = "Helvetica,Arial,sans-serif"

# meaning: (light, dark). All text has a contrast of over 4.5:1 on what lies behind it.
COLOURS = {
    "background": ("#ffffff", "#14181d"),
    "ink": ("#1f2933", "#e6eaf0"),
    "muted": ("#56616e", "#a3afbc"),
    "forward": ("#006b3c", "#5fd6a0"),
    "backward": ("#a3117f", "#ff8fdc"),
    "local": ("#5b4b00", "#e6cf6e"),
    "op": ("#eef2f6", "#27303a"),
    "op border": ("#52606d", "#8f9dac"),
    "group": ("#dfe6ef", "#2f3945"),
    "parameter": ("#ffd98a", "#59430f"),
    "parameter border": ("#a86e00", "#e5ab45"),
    "input border": ("#3d4a57", "#b6c1cd"),
    "cluster": ("#f7f9fb", "#1a2027"),
    "cluster border": ("#9fabb8", "#566371"),
    "wire": ("#7a8794", "#7d8a98"),
    "plain": ("#8a96a2", "#6d7a88"),
    "vanishing": ("#2f7fe0", "#62a8ff"),
    "vanished": ("#1257b8", "#3b8bf5"),
    "exploding": ("#e07a10", "#ff9c3d"),
    "exploded": ("#c24a00", "#ff7a2e"),
    "zero": ("#8b939b", "#78838f"),
    "bad": ("#c01818", "#d93636"),
    "right": ("#18702b", "#63d77c"),
    "wrong": ("#b3131f", "#ff8a80"),
    "tangent": ("#0b5c8a", "#74c4f5"),
    "backward cluster": ("#fbf4f9", "#241a24"),
    "op cluster": ("#eff4fa", "#1c2630"),
    "path": ("#6741d9", "#b197fc"),
    "on bad": ("#fffffe", "#fffffd"),
}

LIGHT = {meaning: light for meaning, (light, _) in COLOURS.items()}


class Stroke(NamedTuple):
    """How a wire is drawn, and what that says."""

    colour: str
    width: float
    style: str
    word: str


_FINE = Stroke("wire", 1.3, "solid", "")
_BAD = Stroke("bad", 2.2, "solid", "not finite")
_ZERO = Stroke("zero", 1.0, "dotted", "exactly zero")
_EXPLODING = 1e4
# By rms: from this on, up to the next. One scale for all figures, so that they can be compared.
_SCALE = (
    (0.0, Stroke("vanished", 0.7, "dashed", "vanished (rms below 1e-10)")),
    (1e-10, Stroke("vanishing", 0.8, "dashed", "vanishing (rms below 1e-6)")),
    (1e-6, _FINE),
    (_EXPLODING, Stroke("exploding", 2.6, "solid", "exploding (rms above 1e4)")),
    (1e8, Stroke("exploded", 3.6, "solid", "exploded (rms above 1e8)")),
)


def stroke(gradient: Summary | None, flows: bool = True) -> Stroke:
    """Return how to draw the wire that `gradient` flows back along.

    Examples
    --------
    >>> from minigrad.viz.stats import summarize
    >>> stroke(summarize(1e-8)).word, stroke(summarize(0.0)).style
    ('vanishing (rms below 1e-6)', 'dotted')
    """
    if gradient is None:
        return _FINE if flows else Stroke("plain", 1.0, "solid", "")
    if gradient.nans or gradient.infs:
        return _BAD
    if gradient.zeros == 1 or gradient.size == 0 or math.isclose(gradient.rms, 0.0, abs_tol=0.0):
        return _ZERO
    return _by_rms(gradient.rms)


def _by_rms(rms: float) -> Stroke:
    return [s for least, s in _SCALE if rms >= least][-1]


def worst(inside: Inside) -> Stroke:
    """Return the stroke of what is worst in a group: not finite, exploding, vanishing, all zero, in this order.

    Examples
    --------
    >>> worst(Inside(1e-12, 1.0, 0, 0, 9)).word
    'vanished (rms below 1e-10)'
    """
    if inside.bad:
        return _BAD
    if not inside.high:
        return _ZERO
    top, low = _by_rms(inside.high), _by_rms(inside.low)
    return top if inside.high >= _EXPLODING or low.word == "" else low


def style_sheet() -> str:
    """Return the CSS that swaps the colours where the reader prefers dark.

    The rules are bound to the drawing, for in a notebook they would reach the page around it.
    """
    rules = []
    for light, dark in COLOURS.values():
        rules.append(f'.minigrad [fill="{light}"]{{fill:{dark}}}')
        rules.append(f'.minigrad [stroke="{light}"]{{stroke:{dark}}}')
    return "@media (prefers-color-scheme: dark){" + "".join(rules) + "}"
