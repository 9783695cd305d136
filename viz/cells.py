"""The HTML-like labels of a drawing: a box, and beside it a wire with text on both sides.

A box and the wire of its value are one table, so that the wire always meets its box, and no text is ever placed by the
layout program, which would let labels overlap.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from .labels import (
    COMMUTATIVE,
    SYMBOLS,
    badge,
    check_text,
    gradient_lines,
    inside_text,
    line_text,
    local_lines,
    number,
    shape_text,
    value_lines,
)
from .records import Item, Shown, Summary, Wire
from .rich import Line, Span, extent, line, stack, width
from .theme import LIGHT, stroke, worst

# Of more arguments, the box has no names: their wires say nothing by where they end.
MOST_PINS = 12

_TABLE = '<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="0">'


class Style:
    """The choices that all labels of a drawing share.

    Parameters
    ----------
    down : bool
        The forward pass goes down the page, and wires are vertical.
    digits : int
    show : frozenset of str
        Which details; see :mod:`minigrad.viz.detail`.
    """

    def __init__(self, *, down: bool, digits: int, show: frozenset[str]) -> None:
        self.down, self.digits, self.show = down, digits, show

    def mark(self, name: str) -> str:
        """Return attributes for the cell with the gradient `name`: none here; the viewer finds the cell by them."""
        return ""

    # -- lines of text -----------------------------------------------------------------------------------------------

    def chain(self, wire: Wire) -> list[Line]:
        """Return the chain rule along a wire."""
        up, down, local = wire.upstream, wire.downstream, wire.local
        if not wire.flows:
            return []
        lines: list[Line] = []
        if local is not None and local.number is not None and up is not None and down is not None:
            u, d = up.scalar, down.scalar
            if u is not None and d is not None:
                lines += self._product(u, local.number, d)
        else:
            if local is not None:
                lines += [line(text, "local", 10) for text in local_lines(local, self.digits, show=self.show)]
            if down is not None:
                lines += self.gradient(down)
        if "gains" in self.show and wire.gain is not None:
            lines.append(line(f"gain {number(wire.gain, self.digits)}", "muted", 10))
        if wire.check is not None:
            meaning = {"right": "right", "wrong": "wrong"}.get(wire.check.verdict, "muted")
            lines.append(line(check_text(wire.check), meaning, 10, meaning == "wrong"))
        return lines

    def _product(self, upstream: float, local: float, downstream: float) -> list[Line]:
        """Return upstream × local = downstream, or those of the three that are to be shown."""
        gradients, locals_ = "gradients" in self.show, "locals" in self.show
        spans: list[Span] = []
        if gradients and locals_:
            spans += [Span(number(upstream, self.digits), "backward"), Span(" × ", "muted")]
        if locals_:
            spans += [] if gradients else [Span("× ", "muted")]
            spans.append(Span(number(local, self.digits), "local", bold=True))
        if gradients:
            spans += [Span(" = ", "muted")] if locals_ else []
            spans.append(Span(number(downstream, self.digits), "backward", bold=True))
        return [tuple(spans)] if spans else []

    def gradient(self, summary: Summary) -> list[Line]:
        """Return what is said of a gradient."""
        if "gradients" not in self.show:
            return []
        return [line(text, "backward") for text in gradient_lines(summary, self.digits)]

    def value(self, item: Item, shown: Shown, reference: str) -> list[Line]:
        """Return a value's name, shape and entries or range."""
        name = shown.name if item.kind in ("op", "group") else ""
        title = " ".join(filter(None, [reference, name]))
        head: list[Span] = [Span(title, "forward", 12, True)] if title else []
        if shown.value is None:
            return [(*head, Span(" freed", "muted"))]
        shape = shown.value.shape
        texts = value_lines(shown.value, self.digits) if "values" in self.show else []
        tangent = self._tangent(shown)
        if title and not shape:
            return [(*head, *[Span(f" = {text}", "forward") for text in texts[:1]]), *tangent]
        if shape and "shapes" in self.show:
            head.append(Span(f" {shape_text(shape)}" if title else shape_text(shape), "forward", 10))
        return [*([tuple(head)] if head else []), *(line(text, "forward") for text in texts), *tangent]

    def _tangent(self, shown: Shown) -> list[Line]:
        """Return what is said of a value's tangent."""
        if shown.tangent is None:
            return []
        first, *others = gradient_lines(shown.tangent, self.digits)
        return [line(f"ẋ {first}", "tangent"), *(line(text, "tangent") for text in others)]

    def total(self, shown: Shown, wires: Sequence[Wire]) -> list[Line]:
        """Return the gradient of a value, where it is not told by the chain rule of its only use."""
        if shown.gradient is None:
            return []
        lines = self.gradient(shown.gradient)
        flowing = sum(wire.flows for wire in wires)
        if flowing < 2 or not lines:
            return lines
        said = Span(f"sum of {flowing}: ", "muted", 10)
        return [(said, *lines[0])] if len(lines) == 1 else [(said,), *lines]

    # -- tables ------------------------------------------------------------------------------------------------------

    def table(self, item: Item, blocks: Sequence[str]) -> str:
        """Return a whole label: the box, and the wires that leave it."""
        box = _box(item, self.down, self.show)
        if self.down:
            # Several values leave a group side by side, below its box; any other box stands over its only wire.
            wires = "".join(f'<TD VALIGN="TOP">{block}</TD>' for block in blocks)
            row = f"<TR>{wires}</TR>" if blocks else ""
            if len(blocks) < 2:
                return f'<{_TABLE}<TR><TD>{box.compact()}</TD></TR>{row}</TABLE>>'
            return f'<{_TABLE}<TR><TD PORT="p" COLSPAN="{len(blocks)}" {box.look}>{box.content}</TD></TR>{row}</TABLE>>'
        first, *others = blocks or [""]
        rows = "".join(f"<TR><TD>{block}</TD></TR>" for block in others)
        beside = f"<TD>{first}</TD>" if first else ""
        cell = f'<TD PORT="p" ROWSPAN="{max(len(blocks), 1)}" {box.look}>{box.content}</TD>'
        return f"<{_TABLE}<TR>{cell}{beside}</TR>{rows}</TABLE>>"

    def wire(self, item: Item, shown: Shown, wires: Sequence[Wire], *, tapped: bool, reference: str) -> str:
        """Return a wire with its text, as a table.

        Parameters
        ----------
        item, shown
            The value, and the box it comes from.
        wires : sequence of Wire
            Its uses.
        tapped : bool
            Whether each use leaves from a place of its own.
        reference : str
            The mark that stubs refer to it by; often empty.
        """
        lines = self.value(item, shown, reference)
        backward = self.chain(wires[0]) if len(wires) == 1 else self.total(shown, wires)
        taps = [self.chain(wire) or [line("no gradient", "muted", 10)] for wire in wires] if tapped else []
        named = [wire_id(wire) for wire in wires]
        marks = [self.mark(name) for name in [named[0] if len(wires) == 1 else f"g{shown.id}", *named]]
        wrong, wrong_below = badge(shown.value, shown.born), badge(shown.gradient, shown.gradient_born)
        box = _box(item, self.down, self.show)
        least = box.width if self.down else box.height
        return self._wire(f"v{shown.id}", lines, wrong, backward, wrong_below, taps, shown.gradient, least, marks)

    def stub(self, wire: Wire, reference: str) -> str:
        """Return the label of a reference to a value that stands elsewhere."""
        box = _boxed(f'STYLE="ROUNDED" COLOR="{LIGHT["plain"]}"', [line(f"↪ {reference}", "forward")], padding=4)
        marks = [self.mark(wire_id(wire))]
        block = self._wire("o", [], "", self.chain(wire), "", [], wire.downstream, box.width if self.down else 0, marks)
        if self.down:
            return f"<{_TABLE}<TR><TD>{box.compact()}</TD></TR><TR><TD>{block}</TD></TR></TABLE>>"
        return f"<{_TABLE}<TR><TD {box.look}>{box.content}</TD><TD>{block}</TD></TR></TABLE>>"

    def _wire(
        self, port: str, above: list[Line], wrong: str, below: list[Line], wrong_below: str, taps: list[list[Line]],
        gradient: Summary | None, least: int, marks: Sequence[str],
    ) -> str:  # fmt: skip
        colour = LIGHT[stroke(gradient).colour]
        forward = _side(above, wrong, "RIGHT" if self.down else "CENTER")
        backward = _side(below, wrong_below, "LEFT" if self.down else "CENTER")
        ends = LIGHT["wire"]
        if self.down:
            # Equal sides, as wide as all in line with them, keep the wire thin, and below the middle of its box.
            taken = sum(extent(tap)[0] + 8 for tap in taps)
            side = max([width(spans) + 8 for spans in [*above, *below]] + [least // 2 + 1, taken // 2 + 1])
            text = (
                f'<TR><TD ALIGN="RIGHT" WIDTH="{side}" CELLPADDING="3">{forward}</TD>'
                f'<TD PORT="{port}" WIDTH="2" BGCOLOR="{colour}"></TD>'
                f'<TD ALIGN="LEFT" WIDTH="{side}" CELLPADDING="3"{marks[0]}>{backward}</TD></TR>'
            )
            cells = "".join(
                f'<TD PORT="{port}u{i}" BORDER="1" SIDES="LRB" COLOR="{ends}" CELLPADDING="3"{marks[i + 1]}>'
                f"{stack(tap)}</TD>"
                for i, tap in enumerate(taps)
            )
            row = f'<TR><TD COLSPAN="3" BORDER="1" SIDES="T" COLOR="{ends}">{_TABLE}<TR>{cells}</TR></TABLE></TD></TR>'
            return f"{_TABLE}{text}{row if taps else ''}</TABLE>"
        # Together as high as the box, or its height would thicken the wire.
        side = least // 2
        rows = [f'<TR><TD CELLPADDING="3" HEIGHT="{side}" VALIGN="BOTTOM">{forward}</TD></TR>']
        rows.append(f'<TR><TD PORT="{port}" HEIGHT="2" WIDTH="16" BGCOLOR="{colour}"></TD></TR>')
        rows.append(f'<TR><TD CELLPADDING="3" HEIGHT="{side}" VALIGN="TOP"{marks[0]}>{backward}</TD></TR>')
        for i, tap in enumerate(taps):
            look = f'BORDER="1" SIDES="TRB" COLOR="{ends}" CELLPADDING="3"'
            rows.append(f'<TR><TD PORT="{port}u{i}" {look}{marks[i + 1]}>{stack(tap)}</TD></TR>')
        return f"{_TABLE}{''.join(rows)}</TABLE>"


def wire_id(wire: Wire) -> str:
    """Return a name that no other wire of the picture has."""
    return f"w{wire.source}_{wire.target}_{wire.k + 1}"


def _side(lines: list[Line], wrong: str, align: str) -> str:
    """Return the text on one side of a wire, with a badge for what is not finite."""
    content = stack(lines, align) if lines else ""
    if not wrong:
        return content
    mark = f'<TD BGCOLOR="{LIGHT["bad"]}" CELLPADDING="3">{stack([line(wrong, "on bad", 10, True)])}</TD>'
    above = f'<TR><TD ALIGN="{align}">{content}</TD></TR>' if content else ""
    return f"{_TABLE}{above}<TR>{mark}</TR></TABLE>"


def pinned(item: Item) -> bool:
    """Return whether an op's box names its arguments: where it matters which is which."""
    return item.kind == "op" and 1 < len(item.arguments) <= MOST_PINS and item.label not in COMMUTATIVE


class Box(NamedTuple):
    """A box: the attributes and the content of its cell, and its size in points."""

    look: str
    content: str
    width: int
    height: int

    def compact(self) -> str:
        """Return the box as a table that keeps its size in a greater cell."""
        size = f'ALIGN="CENTER" FIXEDSIZE="TRUE" WIDTH="{self.width}" HEIGHT="{self.height}"'
        table = _TABLE.replace("<TABLE", f"<TABLE {size}")
        return f'{table}<TR><TD PORT="p" {self.look}>{self.content}</TD></TR></TABLE>'


def _boxed(look: str, lines: Sequence[Line], *, padding: int, border: int = 1) -> Box:
    w, h = extent(lines)
    room = 2 * (padding + border)
    return Box(f'BORDER="{border}" CELLPADDING="{padding}" {look}', stack(lines), w + room, h + room)


def _box(item: Item, down: bool, show: frozenset[str]) -> Box:
    if item.kind == "op":
        return _op(item, down, "lines" in show)
    if item.kind == "group":
        lines = [line(item.label, "ink", 13, True), line(f"{item.ops:,} ops" if item.ops != 1 else "1 op", "muted", 10)]
        lines += [line(item.detail, "muted", 9)] if item.detail and item.ops > 1 else []
        border = "op border"
        if item.inside is not None and "gradients" in show:
            lines += [line(inside_text(item.inside), "backward", 10)]
            border = worst(item.inside).colour
            border = "op border" if border == "wire" else border
        look = f'STYLE="ROUNDED" BGCOLOR="{LIGHT["group"]}" COLOR="{LIGHT[border]}"'
        return _boxed(look, lines, padding=8, border=2 if border == "op border" else 3)
    if item.kind == "constant" and not item.label:
        # A plain number is its own name, whatever else is shown.
        value = item.values[0].value
        text = number(value.entries[0]) if value is not None and value.entries else "?"
        return _boxed("", [line(text, "forward", 12)], padding=4, border=0)
    look = {
        "parameter": f'BGCOLOR="{LIGHT["parameter"]}" COLOR="{LIGHT["parameter border"]}"',
        "input": f'STYLE="DASHED" COLOR="{LIGHT["input border"]}"',
    }.get(item.kind, f'COLOR="{LIGHT["plain"]}"')
    name = item.label or ("leaf" if item.kind == "parameter" else "input")
    return _boxed(look, [line(name, "ink", 12, bool(item.label))], padding=7)


def _op(item: Item, down: bool, where: bool) -> Box:
    symbol = SYMBOLS.get(item.label, item.label)
    lines = [line(symbol, "ink", 16 if len(symbol) < 3 else 13, True)]
    lines += [line(item.detail, "muted", 9)] if item.detail else []
    lines += [line(line_text(item.where), "muted", 9)] if where and item.where else []
    look = f'STYLE="ROUNDED" BGCOLOR="{LIGHT["op"]}" COLOR="{LIGHT["op border"]}"'
    if not pinned(item):
        return _boxed(look, lines, padding=7)
    names = [line(name, "muted", 9) for name in item.arguments]
    # Side by side, names need more room between them.
    padding = 5 if down else 3
    pins = [f'<TD PORT="p{i}" CELLPADDING="{padding}">{stack([name])}</TD>' for i, name in enumerate(names)]
    content = stack(lines)
    if down:
        rows = f'<TR>{"".join(pins)}</TR><TR><TD COLSPAN="{len(pins)}" CELLPADDING="4">{content}</TD></TR>'
    else:
        rows = f'<TR>{pins[0]}<TD ROWSPAN="{len(pins)}" CELLPADDING="5">{content}</TD></TR>'
        rows += "".join(f"<TR>{pin}</TR>" for pin in pins[1:])
    w, h = extent(lines)
    across, along = sum(width(name) + 2 * padding for name in names), max(extent([name])[1] for name in names)
    # The size is exact for the drawing downwards only; the other one does not need it.
    return Box(f'BORDER="1" CELLPADDING="2" {look}', f"{_TABLE}{rows}</TABLE>", max(w + 8, across) + 6, h + along + 24)
