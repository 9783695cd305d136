"""From a picture to DOT text. Needs no Graphviz; the same picture gives the same bytes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .cells import Style, pinned
from .labels import (
    badge,
    clean,
    gradient_lines,
    inside_text,
    local_lines,
    number,
    percent,
    route_lines,
    shape_text,
    value_lines,
)
from .records import Item, Picture, Shown, Wire
from .rich import Span, line, markup, stack
from .theme import FONT, LIGHT, stroke

# A value that is used more often is drawn with references to it: wires across the whole picture help nobody, and
# Graphviz takes minutes to place them.
MOST_WIRES = 4

_FILLS = {"module": "cluster", "op": "op cluster", "backward": "backward cluster"}

EXACT = 9  # digits in tooltips


def quoted(text: str) -> str:
    r"""Return `text` as a DOT string: nothing in it is markup, an escape or an entity.

    Examples
    --------
    >>> print(quoted(r'a "b" \N &lt;'))
    "a \"b\" \\N &amp;lt;"
    """
    text = text.replace("&", "&amp;").replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'


def _lines(texts: list[str]) -> str:
    """Return lines as one DOT string."""
    return '"' + "\\n".join(quoted(text)[1:-1] for text in texts) + '"'


def _attributes(**values: Any) -> str:
    return " ".join(f"{key.rstrip('_')}={value}" for key, value in values.items())


class Writer:
    """Writes the DOT text of one picture.

    Parameters
    ----------
    picture : Picture
    direction : {"LR", "TB"}
    digits : int
        Significant digits of the numbers shown.
    show : frozenset of str
        Which details; see :mod:`minigrad.viz.detail`.
    legend : bool
        Explain the colours below the picture.
    """

    def __init__(self, picture: Picture, *, direction: str, digits: int, show: frozenset[str], legend: bool) -> None:
        self.picture, self.legend, self.down = picture, legend, direction == "TB"
        self.style = Style(down=self.down, digits=digits, show=show)
        self.uses: dict[int, list[Wire]] = {}
        for wire in picture.wires:
            self.uses.setdefault(wire.source, []).append(wire)
        self.items = {item.id: item for item in picture.items}
        self.shown = {shown.id: (item, shown) for item in picture.items for shown in item.values}

    def head(self) -> Iterator[str]:
        """Yield the settings of the whole graph."""
        graph = _attributes(
            rankdir="TB" if self.down else "LR", bgcolor=quoted(LIGHT["background"]), pad="0.2", nodesep="0.22",
            ranksep="0.32",
            fontname=quoted(FONT), fontsize=10, fontcolor=quoted(LIGHT["muted"]), outputorder="edgesfirst",
            labelloc="b", labeljust="l", label=self._legend(), tooltip=quoted(" "),
        )  # fmt: skip
        yield f"\tgraph [{graph}]\n"
        yield f"\tnode [{_attributes(shape='plain', fontname=quoted(FONT), fontsize=11)}]\n"
        yield f"\tedge [{_attributes(arrowsize='0.55', tailclip='false', fontname=quoted(FONT), fontsize=10)}]\n"

    def _legend(self) -> str:
        if not self.legend:
            return quoted(self.picture.note)
        show = self.style.show
        sides = " left of its wire; right of it " if self.down else " above its wire; below it "
        spans = [Span("value", "forward", 10), Span(sides, "muted", 10)]
        known = not self.picture.note and "gradients" in show
        local = bool(show & {"locals", "formulas"})
        if known and local:
            spans += [Span("upstream", "backward", 10), Span(" × ", "muted", 10)]
        spans += [Span("local gradient", "local", 10)] if local else []
        if known:
            spans += [Span(" = ", "muted", 10)] if local else []
            spans.append(Span("gradient", "backward", 10))
        # The empty line keeps the legend off the drawing.
        lines = [line(" ", "muted", 8), tuple(spans)]
        if any(shown.tangent is not None for _, shown in self.shown.values()):
            lines.append((Span("ẋ", "tangent", 10), Span(" tangent: the derivative along those given", "muted", 10)))
        lines += [line(text, "muted", 10) for text in self.picture.note.splitlines()]
        lines += [line(text, "path", 10) for text in self.route_lines()]
        lines += [line(text, "muted", 10) for text in self.check_lines()]
        return f"<{stack(lines, 'LEFT')}>"

    def route_lines(self) -> list[str]:
        """Return what is said of the highlighted path."""
        route = self.picture.route
        if route is None:
            return []
        name = self.reference(route.start) if route.start in self.shown else f"#{route.start}"
        return route_lines(route, name, self.style.digits)

    def check_lines(self) -> list[str]:
        """Return how many local gradients were compared with numbers, and how."""
        verdicts = [wire.check.verdict for wire in self.picture.wires if wire.check is not None]
        if not verdicts:
            return []
        counted = [(verdicts.count(verdict), verdict) for verdict in ("right", "wrong", "singular", "skipped")]
        said = ", ".join(f"{n} {verdict}" for n, verdict in counted if n)
        return [f"✓ local gradients against central differences, relative error: {said}"]

    def body(self) -> Iterator[str]:
        """Yield the clusters with the nodes in them, then the edges."""
        inside: dict[int, list[str]] = {}
        stubs: dict[tuple[int, int, int], str] = {}
        for item in self.picture.items:
            inside.setdefault(item.cluster, []).append(self._node(item))
        for wire in self.picture.wires:
            if len(self.uses[wire.source]) > MOST_WIRES:
                name = f"s{wire.source}_{wire.target}_{wire.k + 1}"
                stubs[wire[:3]] = name
                label = self.style.stub(wire, self.reference(wire.source))
                text = f"{name} [{_attributes(label=label, tooltip=_lines(self.explain(wire)))}]\n"
                inside.setdefault(self.items[wire.target].cluster, []).append(text)
        yield from self._cluster(-1, inside)
        for wire in self.picture.wires:
            yield self._edge(wire, stubs.get(wire[:3]))

    def _cluster(self, outermost: int, inside: dict[int, list[str]]) -> Iterator[str]:
        """Yield a cluster with all that is in it; without recursion, for modules may nest deeply."""
        children: dict[int, list[int]] = {}
        needed = set()
        for c in inside:
            while c >= 0 and c not in needed:
                needed.add(c)
                c = self.picture.clusters[c].parent
        for c in sorted(needed):
            children.setdefault(self.picture.clusters[c].parent, []).append(c)
        stack: list[tuple[int, bool]] = [(outermost, True)]
        while stack:
            c, opens = stack.pop()
            depth = self.picture.clusters[c].depth + 1 if c >= 0 else 0
            pad = "\t" * (depth + 1)
            if not opens:
                yield "\t" * depth + "}\n"
                continue
            if c >= 0:
                yield "\t" * depth + f"subgraph cluster_{c} {{\n"
                fill = _FILLS[self.picture.clusters[c].kind]
                label = f"<{markup(line(self.cluster_label(c), 'muted', 11, True))}>"
                look = _attributes(
                    label=label, style='"rounded,filled"', fillcolor=quoted(LIGHT[fill]), labelloc="t",
                    color=quoted(LIGHT["cluster border"]), margin=10, tooltip=quoted(self.cluster_label(c)),
                )  # fmt: skip
                yield f"{pad}graph [{look}]\n"
                stack.append((c, False))
            yield from (pad + text for text in inside.get(c, ()))
            stack += [(child, True) for child in reversed(children.get(c, ()))]

    def cluster_label(self, c: int) -> str:
        """Return the cleaned label of a cluster."""
        return clean(self.picture.clusters[c].label, 60)

    def reference(self, value: int) -> str:
        """Return what a value is called where it is used far from where it stands."""
        item, shown = self.shown[value]
        return shown.name or (item.label if item.kind not in ("op", "group") else "") or f"#{value}"

    def _node(self, item: Item) -> str:
        blocks = []
        plain_number = item.kind == "constant" and not item.label
        for shown in [] if plain_number else item.values:
            wires = self.uses.get(shown.id, [])
            stubbed = len(wires) > MOST_WIRES
            reference = f"#{shown.id}" if stubbed and self.reference(shown.id) == f"#{shown.id}" else ""
            tapped = len(wires) > 1 and not stubbed
            blocks.append(self.style.wire(item, shown, wires, tapped=tapped, reference=reference))
        tip = [text for shown in item.values for text in self.describe(item, shown)]
        label = self.style.table(item, blocks)
        return f"n{item.id} [{_attributes(label=label, class_=quoted(item.kind), tooltip=_lines(tip))}]\n"

    def _edge(self, wire: Wire, stub: str | None) -> str:
        item, _ = self.shown[wire.source]
        wires = self.uses[wire.source]
        out, into = ("s", "n") if self.down else ("e", "w")
        if stub is not None:
            tail = f"{stub}:o:{out}"
        elif item.kind == "constant" and not item.label:
            tail = f"n{item.id}:p:{out}"
        elif len(wires) > 1:
            tail = f"n{item.id}:v{wire.source}u{wires.index(wire)}:{out}"
        else:
            tail = f"n{item.id}:v{wire.source}:{out}"
        target = self.items[wire.target]
        pin = target.arguments.index(wire.argument) if pinned(target) else ""
        head = f"n{target.id}:p{pin}:{into}"
        look = stroke(wire.downstream, wire.flows)
        colour = LIGHT[look.colour]
        if wire.path:
            colour = f"{LIGHT['path']}:{colour}:{LIGHT['path']}"
        attributes = _attributes(
            color=quoted(colour), penwidth=f"{look.width:g}", style=look.style,
            tooltip=_lines(self.explain(wire)),
        )  # fmt: skip
        return f"\t{tail} -> {head} [{attributes}]\n"

    # -- tooltips ----------------------------------------------------------------------------------------------------

    def describe(self, item: Item, shown: Shown) -> list[str]:
        """Return all that is known of a value, in lines: with its paths and their sum, if it has several uses."""
        kind = {"op": item.label, "group": item.label}.get(item.kind, item.kind)
        title = " ".join(filter(None, [self.reference(shown.id), "=" if item.kind == "op" else ":", kind, item.detail]))
        texts = [title]
        value = shown.value
        if value is not None:
            texts.append(f"value, {shown.dtype}" + (f", shape {shape_text(value.shape)}:" if value.shape else ":"))
            texts += value_lines(value, EXACT)
            if value.entries is None:
                median, rms = number(value.median, EXACT), number(value.rms, EXACT)
                texts.append(f"median {median}, rms {rms}, {percent(value.zeros)} zeros")
            texts += [f"not finite: {badge(value)}"] if badge(value) else []
        if shown.gradient is not None:
            texts += ["gradient:", *gradient_lines(shown.gradient, EXACT)]
            wires = [w for w in self.uses.get(shown.id, []) if w.downstream is not None]
            if len(wires) > 1:
                texts.append(f"the sum over {len(wires)} paths:")
                shortened = wires[:12]
                texts += [self._path(wire) for wire in shortened]
                texts += [f"and {len(wires) - 12} more"] if len(wires) > 12 else []
            elif wires:
                texts.append(self._path(wires[0]))
            texts += [f"not finite: {badge(shown.gradient)}"] if badge(shown.gradient) else []
        if shown.tangent is not None:
            texts += ["tangent:", *gradient_lines(shown.tangent, EXACT)]
        if item.inside is not None:
            texts.append(f"gradients of the {item.inside.values:,} values inside: {inside_text(item.inside, EXACT)}")
        if self.picture.route is not None and shown.id == self.picture.route.start:
            texts += self.route_lines()
        if item.where:
            texts.append(f"computed at {item.where}")
        if shown.hooked:
            texts.append("a hook may change this gradient in a backward pass")
        return texts

    def _path(self, wire: Wire) -> str:
        target = self.items[wire.target]
        through = f"through {target.label}"
        if wire.argument and len(target.arguments) > 1:
            through += f" ({wire.argument})"
        return f"{through}: {self.equation(wire)}"

    def equation(self, wire: Wire) -> str:
        """Return the chain rule along a wire on one line, with all its digits."""
        up, down, local = wire.upstream, wire.downstream, wire.local
        if down is None:
            return ("local gradient " + " ".join(local_lines(local, EXACT))) if local is not None else "no gradient"

        def said(summary: Any) -> str:
            return " ".join(gradient_lines(summary, EXACT))

        if local is None or up is None:
            return said(down)
        middle = number(local.number, EXACT) if local.number is not None else f"({local.formula})"
        return f"{said(up)} × {middle} = {said(down)}"

    def explain(self, wire: Wire) -> list[str]:
        """Return the tooltip of a wire: upstream × local = downstream, the local gradient's formula, the gain."""
        target = self.items[wire.target]
        if not wire.flows:
            return [f"{self.reference(wire.source)} → {target.label}: no gradient flows here"]
        texts = [f"{self.reference(wire.source)} → {target.label}"]
        texts += ["upstream × local = downstream:", self.equation(wire)]
        if wire.local is not None:
            texts.append(f"local gradient: {wire.local.formula}")
            if wire.local.number is None:
                texts += local_lines(wire.local, EXACT)[1:]
        if wire.gain is not None:
            texts.append(f"gain ‖downstream‖/‖upstream‖ for this gradient: {number(wire.gain, EXACT)}")
        if wire.check is not None:
            error = f"relative error {number(wire.check.error, 3)}, " if wire.check.error is not None else ""
            texts.append(f"against numbers: {wire.check.verdict} ({error}{wire.check.word})")
        if wire.path:
            texts.append("on the highlighted path")
        word = stroke(wire.downstream, wire.flows).word
        return [*texts, word] if word else texts

    def source(self) -> list[str]:
        """Return the statements of the graph, in order."""
        return [*self.head(), *self.body()]
