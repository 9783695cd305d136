"""Lines of coloured text for HTML-like labels, measured by a table of their own.

Graphviz measures text with whatever fonts its machine has, often none, and the reader's browser draws it with others.
So each line gets a row with a least width and height, from the widths of Helvetica, which Arial and Liberation Sans
share: text never touches what is around it, and a drawing hardly differs from one machine to the next.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from html import escape
from math import ceil
from typing import NamedTuple

from .theme import LIGHT

# A character without width, which no user's text has: it says in an SVG that a piece continues the line before.
JOINER = "\u2060"

# Adobe's widths of Helvetica, in thousandths of the size.
_WIDTHS = {
    222: "ijl'|",
    278: " !,./:;I[]\\ft·\u00a0",
    333: "()-`r\"",
    389: "*",
    469: "^",
    500: "Jckjsvxyz",
    556: "\u2007#$0123456789?L_abdeghnopqu∂ᵀᵇ",
    584: "+<=>~×÷−",
    611: "FTZ",
    667: "&ABEKPSVXY",
    722: "CDHNRUw",
    778: "GOQ",
    833: "Mm",
    889: "%",
    944: "W✓✗◇",
    1000: "@…→←↪Σ",
}
_WIDTH = {character: width for width, characters in _WIDTHS.items() for character in characters}


class Span(NamedTuple):
    """A piece of text in the colour of its meaning."""

    text: str
    meaning: str
    size: float = 11
    bold: bool = False


Line = tuple[Span, ...]


def line(text: str, meaning: str, size: float = 11, bold: bool = False) -> Line:
    """Return a line in one colour."""
    return (Span(text, meaning, size, bold),)


def width(spans: Line) -> int:
    """Return the width of a line in whole points, rounded up.

    Examples
    --------
    >>> width(line("upstream", "ink", 10)), width(line("日本", "ink", 10))
    (42, 20)
    """
    return ceil(_width(spans))


def _width(spans: Line) -> float:
    total = 0.0
    for span in spans:
        thousandths = sum(_WIDTH.get(c) or _other(c) for c in span.text)
        total += thousandths * span.size * (1.07 if span.bold else 1.0) / 1000
    return total


def _other(character: str) -> int:
    return 1000 if unicodedata.east_asian_width(character) in "WF" else 600


def height(spans: Line) -> int:
    """Return the height of a line in points."""
    return ceil(1.25 * max(span.size for span in spans))


def extent(lines: Sequence[Line]) -> tuple[int, int]:
    """Return the width and the height of a stack of lines."""
    return max((width(spans) for spans in lines), default=0), sum(height(spans) for spans in lines)


def markup(spans: Line) -> str:
    """Return a line as HTML-like markup; its text is escaped."""
    parts: list[str] = []
    for span in spans:
        # Spaces at the ends of a piece would be dropped in an SVG.
        text = escape(span.text.replace(" ", "\u00a0")) or "\u00a0"
        # Graphviz reads \N and the like in these labels too, as the name of the node.
        text = (JOINER if parts else "") + text.replace("\\", f"\\{JOINER}")
        text = f"<B>{text}</B>" if span.bold else text
        parts.append(f'<FONT COLOR="{LIGHT[span.meaning]}" POINT-SIZE="{span.size:g}">{text}</FONT>')
    return "".join(parts)


def lead(room: float, size: float) -> Line:
    """Return spaces that are `room` points wide.

    Lines are brought to the middle, or to the right, by spaces: Graphviz would do so by its own measure of them, and
    with other fonts they would run into what stands beside them.
    """
    if room < 1:
        return ()
    n = ceil(room / (0.278 * size))
    return (Span(" " * n, "muted", round(room / (0.278 * n), 2)),)


def stack(lines: Sequence[Line], align: str = "CENTER") -> str:
    """Return lines one below the other, as the content of a cell."""
    # Of a fixed size, so that in a greater cell the lines stay together.
    w, h = extent(lines)
    widest = max(_width(spans) for spans in lines)
    share = {"LEFT": 0.0, "CENTER": 0.5, "RIGHT": 1.0}[align]
    rows = []
    for spans in lines:
        before = lead((widest - _width(spans)) * share, max(span.size for span in spans))
        text = markup((*before, *spans))
        rows.append(f'<TR><TD ALIGN="LEFT" WIDTH="{w}" HEIGHT="{height(spans)}">{text}</TD></TR>')
    size = f'ALIGN="{align}" FIXEDSIZE="TRUE" WIDTH="{w}" HEIGHT="{h}"'
    return f'<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="0" {size}>{"".join(rows)}</TABLE>'
