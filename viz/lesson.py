"""Lessons on paper: the backward pass as a strip of frames, and a worksheet with its answer key."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import graphviz

from minigrad import Tensor

from .api import check_options, chosen_direction, picture_of
from .cells import Style, wire_id
from .dot import Writer, quoted
from .drawing import Drawing
from .labels import USUAL, clean, gradient_lines
from .records import Item, Picture, Shown, Summary, Wire
from .rich import Line, Span, lead, width
from .theme import LIGHT

# What a learner is to fill in has room for a number written by hand; greater arrays are given.
_BLANK = "________"
_ENTRIES = 6


def filmstrip(
    output: Tensor,
    *,
    gradient: Any = None,
    max_nodes: int | None = 20,
    depth: int | None = None,
    direction: str | None = None,
    digits: int = 4,
) -> Drawing:
    """Draw the backward pass of `output` as a strip: a frame for each op, with the gradients that are known by then.

    Parameters
    ----------
    output, gradient, max_nodes, depth, direction, digits
        As :func:`minigrad.viz.draw`. The frames stand one below the other, so a small graph makes a better strip.

    Returns
    -------
    Drawing
        Saved as SVG, PNG or PDF.

    Raises
    ------
    TypeError, RuntimeError
        As :func:`minigrad.viz.draw`.
    ValueError
        If an option does not fit, or no gradient is known, because the output has several entries.

    Examples
    --------
    >>> import minigrad as mg
    >>> from minigrad import viz
    >>> x, y = mg.Tensor(3.0, requires_grad=True, name="x"), mg.Tensor(4.0, requires_grad=True, name="y")
    >>> print(viz.filmstrip((x + y) ** 2).text)
    Step 0: values and local gradients are known
    Step 1: the gradient of the output by itself is 1
    Step 2: square hands back 14
    Step 3: add hands back 14, 14
    """
    check_options(direction, digits)
    picture = _with_gradients(picture_of(output, gradient, max_nodes, depth))
    steps = _steps(picture)
    frames: list[list[str]] = []
    captions: list[str] = []
    known: set[str] = set()
    direction = direction or chosen_direction(picture)
    for i in range(len(steps) + 1):
        caption = "values and local gradients are known"
        if i:
            item, wires = steps[i - 1]
            known |= _known_after(picture, steps[:i])
            said = ", ".join(" ".join(_numbers(wire.downstream, digits)) for wire in wires)
            end = " ".join(_numbers(_final(picture), digits))
            caption = f"{item.label} hands back {said}" if wires else f"the gradient of the output by itself is {end}"
        captions.append(f"Step {i}: {caption}")
        writer = _Partial(picture, direction=direction, digits=digits, known=frozenset(known), blank="")
        frames.append(list(_frame(writer, i, captions[-1])))
    # Graphviz stacks components in the order of the text, from the bottom up.
    body = [*writer.head(), "\tgraph [pack=16 packmode=array_ic1]\n", *(s for frame in reversed(frames) for s in frame)]
    name = clean(output.name or "")
    title = f"Backward pass of {name}" if name else "Backward pass"
    return _Sheet(picture, body, title, "\n".join(captions), digits)


def worksheet(
    output: Tensor,
    *,
    answers: bool = False,
    gradient: Any = None,
    max_nodes: int | None = 60,
    depth: int | None = None,
    direction: str | None = None,
    digits: int = 4,
) -> Drawing:
    """Draw the graph of `output` with blanks for its gradients, to be filled in on paper; or the answer key to it.

    Values and local gradients are given, and so is the gradient of the output. Gradients of more than six entries are
    given too. Nothing in the file tells the answers.

    Parameters
    ----------
    output, gradient, max_nodes, depth, direction, digits
        As :func:`minigrad.viz.draw`.
    answers : bool
        Draw the answer key: the same sheet, filled in.

    Returns
    -------
    Drawing
        Saved as SVG, PNG or PDF.

    Raises
    ------
    TypeError, RuntimeError
        As :func:`minigrad.viz.draw`.
    ValueError
        If an option does not fit, or no gradient is known, because the output has several entries.

    Examples
    --------
    >>> import minigrad as mg
    >>> from minigrad import viz
    >>> x, y = mg.Tensor(3.0, requires_grad=True, name="x"), mg.Tensor(4.0, requires_grad=True, name="y")
    >>> print(viz.worksheet(x * y).text)
    x: gradient ________
    y: gradient ________
    >>> print(viz.worksheet(x * y, answers=True).text)
    x: gradient 4
    y: gradient 3
    """
    check_options(direction, digits)
    picture = _with_gradients(picture_of(output, gradient, max_nodes, depth))
    steps = _steps(picture)
    everything = _known_after(picture, steps)
    given = {name for name, summary in _gradients(picture).items() if not _asked(summary)}
    # The gradient that everything starts from is no question.
    given.add(f"g{picture.output}")
    direction = direction or chosen_direction(picture)
    known = frozenset(everything if answers else given)
    writer = _Partial(picture, direction=direction, digits=digits, known=known, blank=_BLANK)
    name = clean(output.name or "")
    title = ("Answer key" if answers else "Worksheet") + (f": gradients of {name}" if name else "")
    return _Sheet(picture, list(writer.source()), title, "\n".join(writer.questions(given)), digits)


def _with_gradients(picture: Picture) -> Picture:
    if picture.note:
        raise ValueError(f"viz: {picture.note}")
    return picture


def _final(picture: Picture) -> Summary | None:
    """Return the gradient of the value that was drawn."""
    return next(s.gradient for item in picture.items for s in item.values if s.id == picture.output)


def _numbers(summary: Summary | None, digits: int) -> list[str]:
    return gradient_lines(summary, digits) if summary is not None else []


def _steps(picture: Picture) -> list[tuple[Item, list[Wire]]]:
    """Return the steps of the backward pass: the output by itself, then each item with the wires it sends along."""
    output = next(item for item in picture.items if any(s.id == picture.output for s in item.values))
    steps: list[tuple[Item, list[Wire]]] = [(output, [])]
    for item in reversed(picture.items):
        wires = [wire for wire in picture.wires if wire.target == item.id and wire.downstream is not None]
        if wires:
            steps.append((item, wires))
    return steps


def _known_after(picture: Picture, steps: list[tuple[Item, list[Wire]]]) -> set[str]:
    """Return the names of the gradients that are known after these steps: of wires, and of values with their sums."""
    known = {wire_id(wire) for _, wires in steps for wire in wires}
    for item in picture.items:
        for shown in item.values:
            uses = [wire for wire in picture.wires if wire.source == shown.id and wire.downstream is not None]
            if all(wire_id(wire) in known for wire in uses) and (uses or shown.id == picture.output):
                known.add(f"g{shown.id}")
    return known


def _gradients(picture: Picture) -> dict[str, Summary | None]:
    wires = {wire_id(wire): wire.downstream for wire in picture.wires}
    return wires | {f"g{shown.id}": shown.gradient for item in picture.items for shown in item.values}


def _asked(summary: Summary | None) -> bool:
    return summary is not None and summary.entries is not None and 0 < len(summary.entries) <= _ENTRIES


def _frame(writer: _Partial, i: int, caption: str) -> Iterator[str]:
    """Yield the statements of one frame, with names that no other frame has."""
    look = f'label={quoted(caption)} labelloc="t" labeljust="l" fontsize=12 color="{LIGHT["cluster border"]}"'
    yield f"\tsubgraph cluster_f{i} {{\n\tgraph [{look} style=rounded margin=10]\n"
    for statement in writer.body():
        text = re.sub(r"^(\t*)([ns]\d\S*) -> ([ns]\d)", rf"\1f{i}\2 -> f{i}\3", statement)
        if text == statement:
            text = re.sub(r"^(\t*)([ns]\d\S*) \[", rf"\1f{i}\2 [", statement)
            text = re.sub(r"^(\t*)subgraph cluster_(\d)", rf"\1subgraph cluster_f{i}_\2", text)
        yield text
    yield "\t}\n"


class _PartialStyle(Style):
    """Leaves out the gradients that are not known, or leaves blanks for them."""

    known: frozenset[str]
    blank: str

    def chain(self, wire: Wire) -> list[Line]:
        """Return the chain rule along a wire, as far as it is known."""
        lines = super().chain(wire)
        if wire.downstream is None or (wire_id(wire) in self.known and not self.blank):
            return lines
        two = len(lines) == 1 and sum(span.meaning == "backward" for span in lines[0]) == 2
        hidden = [wire_id(wire) not in self.known]
        if two and self.blank:
            hidden.insert(0, f"t{wire.target}" not in self.known)
        return self._without(lines, hidden) if any(hidden) else lines

    def total(self, shown: Shown, wires: Any) -> list[Line]:
        """Return the gradient of a value, if it is known."""
        lines = super().total(shown, wires)
        return lines if f"g{shown.id}" in self.known else self._without(lines, [True])

    def _without(self, lines: list[Line], hidden: list[bool]) -> list[Line]:
        """Replace gradients by blanks, or by room as wide as they are, so that all frames are alike."""
        left: list[Line] = []
        n = 0
        for spans in lines:
            told: list[Span] = []
            for span in spans:
                if span.meaning == "backward":
                    hide = hidden[min(n, len(hidden) - 1)]
                    n += 1
                    if hide and self.blank:
                        told.append(span._replace(text=self.blank))
                        continue
                else:
                    hide = not self.blank and span.meaning != "local"
                told += lead(width((span,)), span.size) if hide else (span,)
            left.append(tuple(told))
        return left


class _Partial(Writer):
    """Writes a drawing in which only some gradients are known, and no tooltip tells the others.

    Parameters
    ----------
    known : frozenset of str
        Names of wires, and ``g`` with the ids of values.
    blank : str
        What stands in the place of a gradient that is not known; empty leaves room.
    """

    def __init__(self, picture: Picture, *, direction: str, digits: int, known: frozenset[str], blank: str) -> None:
        # What a group says of the gradients inside of it would be told too early.
        picture = picture._replace(items=tuple(item._replace(inside=None) for item in picture.items))
        super().__init__(picture, direction=direction, digits=digits, show=USUAL, legend=False)
        # An op hands its gradient on only when that of each of its values is known.
        ready = {f"t{i.id}" for i in picture.items if all(self._complete(s, known) for s in i.values)}
        style = _PartialStyle(down=self.down, digits=digits, show=USUAL)
        style.known, style.blank, self.known = known | ready, blank, known
        self.style = style

    def _complete(self, shown: Shown, known: frozenset[str]) -> bool:
        wires = [wire for wire in self.uses.get(shown.id, []) if wire.downstream is not None]
        # The chain rule of its only use tells a value's gradient.
        return f"g{shown.id}" in known if len(wires) != 1 else wire_id(wires[0]) in known

    def describe(self, item: Item, shown: Shown) -> list[str]:
        """Return what is known of a value before the backward pass."""
        return super().describe(item, shown._replace(gradient=None))

    def explain(self, wire: Wire) -> list[str]:
        """Return the ends of a wire."""
        return super().explain(wire)[:1]

    def questions(self, given: set[str]) -> list[str]:
        """Return the gradients that are asked for, a line for each, with a blank or its answer."""
        lines = []
        for item in self.picture.items:
            for shown in item.values:
                wires = [wire for wire in self.uses.get(shown.id, []) if wire.downstream is not None]
                names = [wire_id(wire) for wire in wires] + ([f"g{shown.id}"] if len(wires) != 1 else [])
                for name in names:
                    summary = _gradients(self.picture)[name]
                    if name in given or summary is None:
                        continue
                    told = " ".join(_numbers(summary, self.style.digits)) if name in self.known else _BLANK
                    which = "gradient" if len(wires) == 1 else "the sum" if name[0] == "g" else "along one path"
                    lines.append(f"{self.reference(shown.id)}: {which} {told}")
        return lines


class _Sheet(Drawing):
    """A drawing whose DOT text was written elsewhere."""

    def __init__(self, picture: Picture, body: list[str], title: str, text: str, digits: int) -> None:
        graphviz.Digraph.__init__(self, "minigrad", body=body, format="svg")
        self.picture, self.title, self._viewer = picture, title, None
        self._digits, self._text = digits, text

    @property
    def text(self) -> str:
        """What there is to read, in lines."""
        return self._text
