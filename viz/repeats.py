"""Blocks of a graph that are alike: the steps of a recurrence, the blocks of a stage.

Vertices are in the order in which they were computed, so all that lies between two of them can be put into one box: no
path leaves it and comes back.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from .labels import clean
from .records import Trace, Vertex

# Steps of more ops than this are found only where they are module calls.
LONGEST_STEP = 64
# Two alike are rolled only if they are large.
LARGE = 4


class Roll(NamedTuple):
    """Repeats that one box stands for, all but the first.

    Attributes
    ----------
    members : list of int
        Vertices, in order.
    label : str
    cluster : int
        Where the box is drawn.
    first : int
        The cluster that is shown in place of all, where it is one and all share its weights; else -1.
    times : int
        How many there are, with the first.
    """

    members: list[int]
    label: str
    cluster: int
    first: int
    times: int


def signatures(trace: Trace) -> list[int]:
    """Return, by cluster, a number that alike ones share: with the same title, and the same ops inside."""
    return _Structure(trace).alike


class _Structure:
    """What is directly inside of each cluster, and which of them are alike."""

    def __init__(self, trace: Trace) -> None:
        clusters = trace.clusters
        self.ops: list[list[int]] = [[] for _ in range(len(clusters) + 1)]  # the last: in no cluster
        self.children: list[list[int]] = [[] for _ in range(len(clusters) + 1)]
        for c, cluster in enumerate(clusters):
            self.children[cluster.parent].append(c)
        for v, vertex in enumerate(trace.vertices):
            if vertex.kind == "op":
                self.ops[vertex.cluster].append(v)
        self.alike = [0] * len(clusters)
        self.size = [0] * len(clusters)
        known: dict[object, int] = {}
        for c in range(len(clusters) - 1, -1, -1):
            # The name of the attribute that holds a module differs from one block to the next.
            title = clusters[c].label.rpartition(": ")[2]
            inside = tuple(trace.vertices[v].op for v in self.ops[c])
            key = (clusters[c].kind, title, inside, tuple(self.alike[child] for child in self.children[c]))
            self.alike[c] = known.setdefault(key, len(known))
            self.size[c] = len(inside) + sum(self.size[child] for child in self.children[c])


def find_repeats(trace: Trace) -> list[Roll]:
    """Return the blocks that repeat: module calls side by side, and steps that use the same parameters.

    Outer ones come first, and nothing is in two of them.
    """
    uses: dict[int, list[int]] = {}
    for v, vertex in enumerate(trace.vertices):
        for argument in vertex.arguments:
            if trace.vertices[argument.vertex].kind != "op":
                uses.setdefault(argument.vertex, []).append(v)
    if not trace.clusters and all(len(used) < 2 for used in uses.values()):
        return []
    structure = _Structure(trace)
    spans = _spans(trace)
    taken: set[int] = set()
    rolls: list[Roll] = []

    def add(first_op: int, last_op: int, label: str, cluster: int, first: int, times: int) -> None:
        """Roll what was computed from one op to another, with the leaves of its own."""
        # The places of the ops themselves: leaves of the first op may stand before it.
        inside = [v for v in range(first_op, last_op + 1) if trace.vertices[v].kind == "op"]
        if not all(_lies_in(trace, v, cluster) for v in inside) or not taken.isdisjoint(inside):
            return
        chosen = set(inside)
        leaves = {a.vertex for v in inside for a in trace.vertices[v].arguments if a.vertex not in chosen}
        for leaf in leaves:
            # Also the data of each step: those of the first one show what they are.
            if trace.vertices[leaf].kind != "op" and chosen.issuperset(uses[leaf]):
                chosen.add(leaf)
        rolls.append(Roll(sorted(chosen), label, cluster, first, times))
        taken.update(chosen)

    for parent in range(-1, len(trace.clusters)):
        children = [c for c in structure.children[parent] if spans[c] is not None]
        for start, period, times in _runs([structure.alike[c] for c in children]):
            blocks = children[start : start + period * times]
            size = sum(structure.size[c] for c in blocks[:period])
            if times < 3 and (period > 1 or size < LARGE):
                continue
            first, last = spans[blocks[period]], spans[blocks[-1]]
            assert first is not None
            assert last is not None
            weights = [_weights(trace, spans, blocks[i : i + period]) for i in range(0, len(blocks), period)]
            # The first step may start from a leaf of its own.
            shared = bool(weights[1]) and weights[1] <= weights[0] and all(w == weights[1] for w in weights[1:])
            title = clean(trace.clusters[blocks[0]].label.rpartition(": ")[2], 40)
            label = f"×{times - 1} more, same weights" if shared else f"+{times - 1} more {title}"
            if period > 1 and not shared:
                label = f"+{times - 1} more of these {period}"
            add(first[0], last[1], label, parent, blocks[0] if shared and period == 1 else -1, times)
        ops = structure.ops[parent]
        tokens = _tokens(trace, ops, uses)
        for start, period, times in _runs(tokens) if len(ops) > 2 else ():
            step = ops[start : start + period]
            if any(_is_weight(trace.vertices[a.vertex]) for v in step for a in trace.vertices[v].arguments):
                first_op, last_op = ops[start + period], ops[start + period * times - 1]
                add(first_op, last_op, f"×{times - 1} more, same weights", parent, -1, times)
    return rolls


def _is_weight(vertex: Vertex) -> bool:
    return vertex.kind == "parameter"


def _spans(trace: Trace) -> list[tuple[int, int] | None]:
    """Return, by cluster, its first and its last op, with those of the clusters inside."""
    spans: list[tuple[int, int] | None] = [None] * len(trace.clusters)
    for v, vertex in enumerate(trace.vertices):
        if vertex.kind == "op" and vertex.cluster >= 0:
            known = spans[vertex.cluster]
            spans[vertex.cluster] = (known[0], v) if known else (v, v)
    for c in range(len(spans) - 1, -1, -1):
        parent, own = trace.clusters[c].parent, spans[c]
        if parent >= 0 and own is not None:
            known = spans[parent]
            spans[parent] = (min(known[0], own[0]), max(known[1], own[1])) if known else own
    return spans


def _lies_in(trace: Trace, v: int, cluster: int) -> bool:
    """Return whether a vertex is in a cluster, or in one inside of it."""
    c = trace.vertices[v].cluster
    while c > cluster:
        c = trace.clusters[c].parent
    return c == cluster


def _weights(trace: Trace, spans: list[tuple[int, int] | None], blocks: list[int]) -> frozenset[int]:
    first, last = spans[blocks[0]], spans[blocks[-1]]
    assert first is not None
    assert last is not None
    return frozenset(
        a.vertex
        for v in range(first[0], last[1] + 1)
        for a in trace.vertices[v].arguments
        if _is_weight(trace.vertices[a.vertex])
    )


def _tokens(trace: Trace, ops: list[int], uses: dict[int, list[int]]) -> list[int]:
    """Return numbers that are equal for ops that do the same with the same parameters."""
    known: dict[object, int] = {}
    tokens = []
    for v in ops:
        vertex = trace.vertices[v]
        arguments = []
        for a in vertex.arguments:
            source = trace.vertices[a.vertex]
            shared = _is_weight(source) and len(uses[a.vertex]) > 1
            # Of no kind else: a first step starts from a leaf, the others from the step before.
            arguments.append(a.vertex if shared else -1)
        tokens.append(known.setdefault((vertex.op, vertex.shape, tuple(arguments)), len(known)))
    return tokens


def _runs(tokens: Sequence[int]) -> list[tuple[int, int, int]]:
    """Return what repeats in a sequence, as (start, length of one repeat, times), from left to right.

    Examples
    --------
    >>> _runs([7, 1, 2, 1, 2, 1, 2, 5, 5])
    [(1, 2, 3), (7, 1, 2)]
    """
    array = np.asarray(tokens)
    n = len(array)
    best = np.zeros(n, int)
    step = np.ones(n, int)
    for period in range(1, min(LONGEST_STEP, n // 2) + 1):
        differs = np.flatnonzero(array[:-period] != array[period:])
        ends = np.append(differs, n - period)
        places = np.arange(n - period)
        length = ends[np.searchsorted(ends, places)] - places
        times = length // period + 1
        covered = np.where(times >= 2, times * period, 0)
        longer = covered > best[: n - period]
        best[: n - period][longer] = covered[longer]
        step[: n - period][longer] = period
    runs = []
    i = 0
    while i < n:
        if best[i]:
            runs.append((i, int(step[i]), int(best[i] // step[i])))
            i += int(best[i])
        else:
            i += 1
    return runs
