"""Which foldings of a graph's modules the viewer can show.

A browser cannot lay out a graph, so each folding is laid out beforehand. Of n modules there are up to 2ⁿ foldings: the
ones nearest to what is shown at first are made, and a click leads to the nearest one there is.
"""

from __future__ import annotations

from collections import Counter

from ..collapse import View, check_limits, fold, shorten
from ..records import Picture, Trace

# More would make the page larger and slower to write than what they add.
MOST = 12

State = frozenset[int]  # the module calls that are open, with all that enclose them


def states(
    trace: Trace, max_nodes: int | None, depth: int | None, most: int = MOST
) -> list[tuple[State, View]]:
    """Return the foldings that are laid out, the one that is shown at first in front.

    Parameters
    ----------
    trace : Trace
    max_nodes : int or None
        The greatest number of boxes of each of them.
    depth : int, optional
        At first, calls inside of this many others are closed.
    most : int
        The greatest number of foldings.

    Raises
    ------
    ValueError
        If `max_nodes` is below 2 or `depth` is negative.
    """
    check_limits(max_nodes, depth)
    calls = worth_folding(trace)
    deepest = max((trace.clusters[c].depth for c in calls), default=-1)
    start = deepest + 1 if depth is None else min(depth, deepest + 1)
    levels = [frozenset(c for c in calls if trace.clusters[c].depth < level) for level in range(deepest + 2)]
    while start and not _fits(fold(trace, calls - levels[start]), max_nodes):
        start -= 1
    found: dict[State, View] = {}

    def add(state: State) -> None:
        if state in found or len(found) >= most:
            return
        view = fold(trace, calls - state)
        # Whoever asks for few boxes of a graph without modules gets them by folding its chains.
        if _fits(view, max_nodes) or not found:
            shorten(trace, view, max_nodes)
            found[state] = view

    for level in (levels[start], *levels):
        add(level)
    # Breadth first: the foldings that are one click away, then those that are two away.
    queue = list(found)
    for state in queue:
        for c in sorted(calls):
            after = toggled(trace, state, c)
            if after is not None and after not in found:
                add(after)
                if after in found:
                    queue.append(after)
    return list(found.items())


def toggled(trace: Trace, state: State, call: int) -> State | None:
    """Return what opening or closing a visible call leads to; None if it is not visible."""
    if call in state:
        return frozenset(c for c in state if not _inside(trace, c, call))
    parent = trace.clusters[call].parent
    return state | {call} if parent < 0 or parent in state else None


def folded_calls(trace: Trace, picture: Picture, state: State) -> dict[int, int]:
    """Return the module call that each group of a picture stands for; a folded chain stands for none."""
    calls = {}
    for item in picture.items:
        c = trace.vertices[item.id].cluster if item.kind == "group" else -1
        while c >= 0 and trace.clusters[c].parent != item.cluster:
            c = trace.clusters[c].parent
        if c >= 0 and c not in state:
            calls[item.id] = c
    return calls


def _inside(trace: Trace, c: int, call: int) -> bool:
    while c > call:  # a call's id is greater than those of all that enclose it
        c = trace.clusters[c].parent
    return c == call


def _fits(view: View, max_nodes: int | None) -> bool:
    return max_nodes is None or len(set(view.owner)) <= max_nodes


def worth_folding(trace: Trace) -> State:
    """Return the calls that hold several boxes; what stands for one box only says less than that box."""
    boxes: Counter[int] = Counter()
    for vertex in trace.vertices:
        c = vertex.cluster
        while c >= 0:
            boxes[c] += 1
            c = trace.clusters[c].parent
    return frozenset(c for c, n in boxes.items() if n > 1)
