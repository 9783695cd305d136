"""The HTML-like labels of a drawing: a box, and beside it a wire with text above and below.

A box and the wire of its value are one table, so that the wire always meets its box, and no text is ever placed by the
layout program, which would let labels overlap.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from .labels import (
    COMMUTATIVE,
    SYMBOLS,
    badge,
    gradient_lines,
    local_lines,
    number,
    shape_text,
    value_lines,
)
from .records import Item, Shown, Summary, Wire
from .theme import LIGHT


def font(text: str, meaning: str, size: float = 11, *, bold: bool = False) -> str:
    """Return escaped text in the colour of its meaning."""
    inner = escape(text) or " "
    if bold:
        inner = f"<B>{inner}</B>"
    return f'<FONT COLOR="{LIGHT[meaning]}" POINT-SIZE="{size:g}">{inner}</FONT>'


def lines(texts: Iterable[str], meaning: str, size: float = 11) -> str:
    """Return several lines of text, one below the other."""
    return "<BR/>".join(font(text, meaning, size) for text in texts)


def _badge(summary: Summary | None) -> str:
    text = badge(summary)
    if not text:
        return ""
    return f'<TR><TD BGCOLOR="{LIGHT["bad"]}" CELLPADDING="3">{font(text, "on bad", 10, bold=True)}</TD></TR>'


def chain(wire: Wire, digits: int, gains: bool) -> str:
    """Return the chain rule along a wire, as the text of one cell."""
    up, down, local = wire.upstream, wire.downstream, wire.local
    if not wire.flows:
        return ""
    gain = wire.gain if gains else None
    tail = "<BR/>" + font(f"gain {number(gain, digits)}", "muted", 10) if gain is not None else ""
    if local is None:
        return (lines(gradient_lines(down, digits), "backward") if down is not None else "") + tail
    if local.number is not None and up is not None and down is not None:
        u, d = up.scalar, down.scalar
        assert u is not None
        assert d is not None
        times = font(" × ", "muted")
        factor = font(number(local.number, digits), "local", bold=True)
        return (
            font(number(u, digits), "backward") + times + factor + font(" = ", "muted")
            + font(number(d, digits), "backward", bold=True) + tail
        )  # fmt: skip
    texts = local_lines(local, digits)
    if local.number is not None:
        texts = [f"× {texts[0]}"]
    text = lines(texts, "local", 10)
    if down is not None:
        text += "<BR/>" + lines(gradient_lines(down, digits), "backward")
    return text + tail


def _above(item: Item, shown: Shown, reference: str, digits: int) -> str:
    """Return what stands above the wire: name, shape and value."""
    parts = []
    name = shown.name if item.kind in ("op", "group") else ""
    title = " ".join(filter(None, [reference, name]))
    shape = shown.value.shape if shown.value is not None else ()
    if title:
        parts.append(font(title, "forward", 12, bold=True))
    if shape:
        parts.append(font(shape_text(shape), "forward", 10))
    head = font(" ", "forward").join(parts)
    if shown.value is None:
        return head or font("freed", "muted")
    text = value_lines(shown.value, digits)
    if not shape and title:
        return head + font(f" = {text[0]}", "forward")
    body = lines(text, "forward")
    return f"{head}<BR/>{body}" if head else body


def wire_rows(
    item: Item, shown: Shown, wires: Sequence[Wire], digits: int, gains: bool, *, tapped: bool, reference: str
) -> list[str]:
    """Return the rows of the table that show one value.

    Parameters
    ----------
    item, shown
        The value, and the box it comes from.
    wires : sequence of Wire
        Its uses.
    digits : int
    gains : bool
    tapped : bool
        Whether each use leaves from a row of its own.
    reference : str
        The mark that stubs refer to it by; often empty.
    """
    rows = [f'<TR><TD CELLPADDING="2">{_above(item, shown, reference, digits)}</TD></TR>', _badge(shown.value)]
    line = LIGHT["wire"]
    rows.append(f'<TR><TD PORT="v{shown.id}" HEIGHT="2" CELLPADDING="0" BGCOLOR="{line}"></TD></TR>')
    flowing = [wire for wire in wires if wire.flows]
    if len(wires) == 1:
        text = chain(wires[0], digits, gains)
        rows.append(f"<TR><TD>{text}</TD></TR>" if text else "")
    elif shown.gradient is not None:
        total = lines(gradient_lines(shown.gradient, digits), "backward")
        sign = font(f"sum of {len(flowing)}: ", "muted", 10) if len(flowing) > 1 else ""
        rows.append(f"<TR><TD>{sign}{total}</TD></TR>")
    rows.append(_badge(shown.gradient))
    if tapped:
        for i, wire in enumerate(wires):
            text = chain(wire, digits, gains) or font("no gradient", "muted", 10)
            rows.append(f'<TR><TD PORT="v{shown.id}u{i}" SIDES="TR" BORDER="1" COLOR="{line}">{text}</TD></TR>')
    return [row for row in rows if row]


def box(item: Item) -> str:
    """Return the cell of an item's box, without its wires; empty for a box that is its own value."""
    return {"op": _op, "group": _group}.get(item.kind, _leaf)(item)


def pinned(item: Item) -> bool:
    """Return whether an op's box names its arguments: where it matters which is which."""
    return item.kind == "op" and len(item.arguments) > 1 and item.label not in COMMUTATIVE


def _op(item: Item) -> str:
    symbol = SYMBOLS.get(item.label, item.label)
    text = font(symbol, "ink", 16 if len(symbol) < 3 else 13, bold=True)
    if item.detail:
        text += "<BR/>" + font(item.detail, "muted", 9)
    colours = f'BGCOLOR="{LIGHT["op"]}" COLOR="{LIGHT["op border"]}"'
    if pinned(item):
        n = len(item.arguments)
        pins = [f'<TD PORT="p{i}" ALIGN="LEFT">{font(name, "muted", 9)}</TD>' for i, name in enumerate(item.arguments)]
        rows = f'<TR>{pins[0]}<TD ROWSPAN="{n}" CELLPADDING="3">{text}</TD></TR>'
        rows += "".join(f"<TR>{pin}</TR>" for pin in pins[1:])
        text = f'<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="2">{rows}</TABLE>'
        return f'BORDER="1" STYLE="ROUNDED" CELLPADDING="1" {colours}>{text}'
    return f'BORDER="1" STYLE="ROUNDED" CELLPADDING="7" {colours}>{text}'


def _leaf(item: Item) -> str:
    shown = item.values[0]
    label = item.label
    if item.kind == "constant" and shown.value is not None and not label:
        # A plain number is its own name.
        return f'BORDER="0" CELLPADDING="4">{font(number(shown.value.entries[0] if shown.value.entries else 0.0), "forward", 12)}'
    if item.kind == "parameter":
        colours = f'BGCOLOR="{LIGHT["parameter"]}" COLOR="{LIGHT["parameter border"]}"'
        return f'BORDER="1" CELLPADDING="6" {colours}>{font(label or "leaf", "ink", 12, bold=bool(label))}'
    style = f'STYLE="DASHED" COLOR="{LIGHT["input border"]}"'
    return f'BORDER="1" CELLPADDING="6" {style}>{font(label or "input", "ink", 12, bold=bool(label))}'


def _group(item: Item) -> str:
    text = font(item.label, "ink", 13, bold=True)
    text += "<BR/>" + font(f"{item.ops:,} ops" if item.ops != 1 else "1 op", "muted", 10)
    text += "<BR/>" + font(item.detail, "muted", 9) if item.detail else ""
    return f'BORDER="2" CELLPADDING="8" STYLE="ROUNDED" BGCOLOR="{LIGHT["group"]}" COLOR="{LIGHT["op border"]}">{text}'


def table(item: Item, rows: Sequence[str]) -> str:
    """Return the whole label: the box at the left, spanning the rows of its wires."""
    cell = f'<TD PORT="p" ROWSPAN="{max(len(rows), 1)}" {box(item)}</TD>'
    first = rows[0].removeprefix("<TR>") if rows else "</TR>"
    return (
        '<<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="2">'
        f"<TR>{cell}{first}{''.join(rows[1:])}</TABLE>>"
    )


def stub(wire: Wire, reference: str, digits: int, gains: bool) -> str:
    """Return the label of a reference to a value that stands elsewhere."""
    text = chain(wire, digits, gains)
    style = f'BORDER="1" STYLE="ROUNDED" COLOR="{LIGHT["plain"]}" CELLPADDING="3"'
    cell = f'<TD ROWSPAN="3" {style}>{font(f"↪ {reference}", "forward", 11)}</TD>'
    line = f'<TD PORT="o" HEIGHT="2" WIDTH="14" CELLPADDING="0" BGCOLOR="{LIGHT["wire"]}"></TD>'
    return (
        '<<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="2">'
        f"<TR>{cell}<TD></TD></TR><TR>{line}</TR><TR><TD>{text}</TD></TR></TABLE>>"
    )
