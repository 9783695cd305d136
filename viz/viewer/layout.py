"""A picture, laid out for the page: its SVG with a handle on every box and gradient, and its chain rules as data."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from typing import Any

from ..cells import Style, wire_id
from ..dot import EXACT, Writer
from ..labels import USUAL, check_text, gradient_lines, local_lines, number
from ..records import Item, Picture, Summary, Wire
from ..render import render
from ..theme import stroke

# A learner fills in gradients of up to this many entries.
_BLANK = 6
_SVG = "{http://www.w3.org/2000/svg}"


class _MarkedStyle(Style):
    """Gives the cells of gradients names that reach the SVG; Graphviz writes them only beside a title."""

    def mark(self, name: str) -> str:
        return f' ID="m{name}" TITLE=" "'


class MarkedWriter(Writer):
    """Writes DOT text with names on boxes, wires and gradients, and without tooltips, which are the page's matter."""

    def __init__(self, picture: Picture, *, direction: str, digits: int) -> None:
        super().__init__(picture, direction=direction, digits=digits, show=USUAL, legend=False)
        self.style = _MarkedStyle(down=self.down, digits=digits, show=USUAL)

    def route_lines(self) -> list[str]:
        # The others tell gradients, which the page may have to hide.
        return super().route_lines()[:1]

    def _node(self, item: Item) -> str:
        return super()._node(item).replace(" [", f' [id="n{item.id}" ', 1)

    def _edge(self, wire: Wire, stub: str | None) -> str:
        return super()._edge(wire, stub).replace(" [", f' [id="{wire_id(wire)}" ', 1)


def svg(writer: MarkedWriter, timeout: float) -> str:
    """Return the drawing as an ``<svg>`` element to stand in a page.

    Raises
    ------
    RenderError
        If there is no Graphviz, it failed, or the time ran out.
    """
    text = render("digraph minigrad {\n" + "".join(writer.source()) + "}\n", "svg", timeout=timeout).decode()
    root = ET.fromstring(text)
    for element in root.iter():
        element.tag = element.tag.removeprefix(_SVG)
    whole = root.find("g")
    assert whole is not None
    _strip(whole)
    shift = re.search(r"translate\(([-\d.]+) ([-\d.]+)\)", whole.attrib.pop("transform", ""))
    box = root.attrib["viewBox"]
    out = ET.Element("svg", {"xmlns": _SVG[1:-1], "class": "minigrad", "viewBox": box})
    if shift is not None:
        whole.attrib["transform"] = f"translate({shift[1]} {shift[2]})"
    # The page has a background of its own.
    whole[:] = [child for child in whole if child.tag == "g"]
    out.append(whole)
    return ET.tostring(out, encoding="unicode").replace("\n", "")


def _strip(group: ET.Element) -> None:
    """Replace Graphviz's names and links by handles for the script, and drop what the style sheet says once."""
    for element in reversed(list(group.iter())):  # what is inside comes first
        kept: list[ET.Element] = []
        for child in element:
            if child.tag == "title":
                if (child.text or "").startswith("cluster_"):
                    element.attrib["data-c"] = (child.text or "").removeprefix("cluster_")
                continue
            while child.tag == "g" and len(child) == 1 and child[0].tag == "a":
                # <g id="a_NAME"><a>…</a></g>: the anchor of a tooltip, or of a mark.
                name, link = child.attrib.get("id", "").removeprefix("a_"), child[0]
                child = ET.Element("g", {"data-m": name[1:]} if name.startswith("m") else {})
                child[:] = [c for c in link if c.tag != "title"]
            kept.append(child)
        element[:] = kept
        look = element.attrib
        if not look.get("id", "").startswith("a_"):  # the names of anchors are read above, at what holds them
            name = look.pop("id", "")
            if re.fullmatch(r"n\d+|w\d+_\d+_\d+", name):
                look["data-i"] = name
        for key in [key for key in look if key.startswith("{") or key in ("font-family", "text-anchor")]:
            if key != "text-anchor" or look[key] == "start":
                del look[key]
        for key in ("font-size", "stroke-width"):
            if key in look:
                look[key] = f"{float(look[key]):g}"


def described(picture: Picture, writer: MarkedWriter, calls: dict[int, int]) -> dict[str, Any]:
    """Return what the page tells of the items and wires of a picture.

    Parameters
    ----------
    picture : Picture
    writer : MarkedWriter
    calls : dict
        By the id of a group, the module call that it stands for.
    """
    return {
        "items": [
            _item(writer, item) | ({"call": calls[item.id]} if item.id in calls else {}) for item in picture.items
        ],
        "wires": [_wire(writer, wire) for wire in picture.wires],
        "clusters": {str(c): writer.cluster_label(c) for c in sorted({i.cluster for i in picture.items} - {-1})},
    }


def _item(writer: MarkedWriter, item: Item) -> dict[str, Any]:
    values = []
    for shown in item.values:
        hidden = shown._replace(gradient=None, hooked=False)
        lines = writer.describe(item, hidden)
        name = writer.reference(shown.id)
        # A number alone says little away from the drawing.
        if name == f"#{shown.id}":
            name = item.label if len(item.values) == 1 and item.kind == "group" else f"{item.label} {name}"
        told: dict[str, Any] = {"id": shown.id, "name": name, "lines": lines}
        if shown.gradient is not None:
            told["gradient"] = gradient_lines(shown.gradient, EXACT)
            told["entries"] = _entries(shown.gradient)
        if shown.hooked:
            told["note"] = writer.describe(item, shown)[-1]
        values.append(told)
    title = item.label or (values[0]["name"] if values else "")
    return {
        "id": item.id, "kind": item.kind, "label": title, "detail": item.detail, "values": values,
        "cluster": item.cluster,
    }  # fmt: skip


def _entries(summary: Summary) -> list[float] | None:
    entries = summary.entries
    if entries is None or len(entries) > _BLANK or summary.nans or summary.infs:
        return None
    return list(entries)


def _wire(writer: MarkedWriter, wire: Wire) -> dict[str, Any]:
    told: dict[str, Any] = {
        "id": wire_id(wire), "source": wire.source, "target": wire.target, "argument": wire.argument,
        "flows": wire.flows,
    }  # fmt: skip
    if wire.local is not None:
        lone = wire.local.number is not None
        told["local"] = number(wire.local.number or 0.0, EXACT) if lone else f"({wire.local.formula})"
        told["formula"] = wire.local.formula
        told["details"] = [] if lone else local_lines(wire.local, EXACT)[1:]
    if wire.upstream is not None:
        told["up"] = " ".join(gradient_lines(wire.upstream, EXACT))
    if wire.downstream is not None:
        told["down"] = " ".join(gradient_lines(wire.downstream, EXACT))
        told["entries"] = _entries(wire.downstream)
        told["word"] = stroke(wire.downstream, wire.flows).word
    if wire.check is not None:
        told["check"] = f"{check_text(wire.check)} ({wire.check.word})"
    if wire.gain is not None:
        told["gain"] = number(wire.gain, EXACT)
    return told
