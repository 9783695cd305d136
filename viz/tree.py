"""A picture as a tree of text: for terminals and logs, and for those who cannot see the drawing."""

from __future__ import annotations

from .labels import badge, check_text, gradient_lines, local_lines, number, route_lines, shape_text, value_lines
from .records import Item, Picture, Shown, Wire


def tree(picture: Picture, digits: int = 4) -> str:
    """Return the picture as text, the output first, each value above those it was computed from.

    Parameters
    ----------
    picture : Picture
    digits : int
    """
    items = {shown.id: (item, shown) for item in picture.items for shown in item.values}
    into: dict[int, list[Wire]] = {}
    uses: dict[int, int] = {}
    for use in picture.wires:
        into.setdefault(use.target, []).append(use)
        uses[use.source] = uses.get(use.source, 0) + 1
    lines: list[str] = []
    seen: set[int] = set()
    # (value, the wire that uses it, the indent of its line, the indent of what is below it)
    stack: list[tuple[int, Wire | None, str, str]] = [(picture.output, None, "", "")]
    while stack:
        v, wire, first, rest = stack.pop()
        item, shown = items[v]
        lines.append(first + _line(item, shown, wire, uses.get(v, 0), v in seen, digits))
        if v in seen:
            continue
        seen.add(v)
        # The box of several values is opened at the first of them.
        below = into.get(item.id, []) if not any(s.id in seen and s.id != v for s in item.values) else []
        for i, child in reversed(list(enumerate(below))):
            last = i == len(below) - 1
            stack.append((child.source, child, rest + ("└─ " if last else "├─ "), rest + ("   " if last else "│  ")))
    if picture.note:
        lines.append(picture.note)
    if picture.route is not None:
        start = picture.route.start
        lines += route_lines(picture.route, (_name(*items[start]) if start in items else "") or f"#{start}", digits)
    return "\n".join(line.rstrip().replace("\u2007", " ") for line in lines)


def _name(item: Item, shown: Shown) -> str:
    return shown.name or (item.label if item.kind not in ("op", "group") else "")


def _line(item: Item, shown: Shown, wire: Wire | None, uses: int, seen: bool, digits: int) -> str:
    name = _name(item, shown)
    mark = f"#{shown.id}" if uses > 1 and not name else ""
    title = name or mark
    prefix = f"{wire.argument}: " if wire is not None and wire.argument else ""
    if seen:
        return f"{prefix}{title} (above){_chain(wire, digits)}"
    value = ""
    if shown.value is not None:
        shape = f"{shape_text(shown.value.shape)} " if shown.value.shape else ""
        value = shape + " ".join(value_lines(shown.value, digits))
        wrong = badge(shown.value, shown.born)
        value += f"  ! {wrong}" if wrong else ""
    text = prefix + (f"{title} = {value}" if title and value else title or value)
    if shown.tangent is not None:
        text += f"  ẋ {' '.join(gradient_lines(shown.tangent, digits))}"
    if item.kind == "op":
        text += f"  ← {item.label}" + (f" ({item.detail})" if item.detail else "")
    elif item.kind == "group":
        text += f"  ← {item.label} ({item.ops:,} ops: {item.detail})"
    elif item.kind != "constant":
        text += f"  [{item.kind}]"
    text += _chain(wire, digits)
    if shown.gradient is not None and (wire is None or uses > 1):
        text += f"  | gradient {' '.join(gradient_lines(shown.gradient, digits))}"
        text += f", the sum over {uses} uses" if uses > 1 else ""
    below = badge(shown.gradient, shown.gradient_born)
    if below:
        text += f"  ! gradient {below}"
    return text


def _chain(wire: Wire | None, digits: int) -> str:
    """Return the chain rule along a wire: upstream × local = downstream, and how it compares with numbers."""
    if wire is None or not wire.flows:
        return ""
    return _rule(wire, digits) + (f"  {check_text(wire.check)}" if wire.check is not None else "")


def _rule(wire: Wire, digits: int) -> str:
    up, down, local = wire.upstream, wire.downstream, wire.local
    if local is None:
        return f"  | {' '.join(gradient_lines(down, digits))}" if down is not None else ""
    if local.number is not None and up is not None and down is not None and up.scalar is not None:
        result = number(down.scalar, digits) if down.scalar is not None else ""
        return f"  | {number(up.scalar, digits)} × {number(local.number, digits)} = {result}"
    said = " ".join(local_lines(local, digits))
    return f"  | {said}" + (f"  → {' '.join(gradient_lines(down, digits))}" if down is not None else "")
