"""What to show of a graph: module calls folded, long chains shortened, old parts gathered, until few boxes are left."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from typing import NamedTuple

from .records import Trace

# Of a run of ops that is folded, this many stay at each end: one sees what goes in and what comes out.
ENDS = 1
# Shorter runs cost less space than the box that would replace them.
SHORTEST_RUN = 5


class View(NamedTuple):
    """Which box each vertex stands in.

    Attributes
    ----------
    owner : list of int
        By vertex, the greatest id in its box; a vertex that is shown by itself is its own.
    labels : dict
        By owner, the label of a box that stands for several vertices.
    cluster : dict
        By owner of such a box, the module call it is drawn in.
    """

    owner: list[int]
    labels: dict[int, str]
    cluster: dict[int, int]


def collapse(trace: Trace, max_nodes: int | None = 60, depth: int | None = None) -> View:
    """Choose what is shown.

    Parameters
    ----------
    trace : Trace
    max_nodes : int or None
        The greatest number of boxes (ops, leaves, constants and groups); None shows all.
    depth : int, optional
        Fold every module call that lies inside this many others; 0 folds the outermost ones.

    Raises
    ------
    ValueError
        If `max_nodes` is below 2 or `depth` is negative.
    """
    if max_nodes is not None and (not isinstance(max_nodes, int) or max_nodes < 2):
        raise ValueError(f"viz: max_nodes must be an integer of at least 2, or None for all, got {max_nodes!r}")
    if depth is not None and (not isinstance(depth, int) or depth < 0):
        raise ValueError(f"viz: depth must be an integer of at least 0, or None for all, got {depth!r}")
    view = _fold_calls(trace, depth)
    if max_nodes is None:
        return view
    deepest = max((c.depth for c in trace.clusters), default=-1)
    for level in range(deepest if depth is None else min(deepest, depth - 1), -1, -1):
        if len(set(view.owner)) <= max_nodes:
            return view
        view = _fold_calls(trace, level)
    shorten(trace, view, max_nodes)
    return view


def _fold_calls(trace: Trace, depth: int | None) -> View:
    """Fold the module calls at `depth`, with all that is inside of them."""
    return fold(trace, {c for c, cluster in enumerate(trace.clusters) if cluster.depth == depth})


def fold(trace: Trace, closed: Collection[int]) -> View:
    """Fold these module calls, with all that is inside of them.

    Parameters
    ----------
    trace : Trace
    closed : collection of int
        Ids of calls. One inside of another one needs not be named.
    """
    view = View(list(range(len(trace.vertices))), {}, {})
    if not closed:
        return view
    folded: list[int] = []  # by call, the outermost folded call that it lies in or is
    for c, cluster in enumerate(trace.clusters):
        outer = folded[cluster.parent] if cluster.parent >= 0 else -1
        folded.append(outer if outer >= 0 else c if c in closed else -1)
    members: dict[int, list[int]] = {}
    for v, vertex in enumerate(trace.vertices):
        if vertex.cluster >= 0 and folded[vertex.cluster] >= 0:
            members.setdefault(folded[vertex.cluster], []).append(v)
    for c, inside in members.items():
        _join(view, inside, trace.clusters[c].label, trace.clusters[c].parent)
    return view


def shorten(trace: Trace, view: View, max_nodes: int | None) -> None:
    """Fold long chains of `view`, then its oldest part, until at most `max_nodes` boxes are left."""
    if max_nodes is not None and len(set(view.owner)) > max_nodes:
        _fold_chains(trace, view)
    if max_nodes is not None and len(set(view.owner)) > max_nodes:
        _gather_oldest(trace, view, max_nodes)


def _join(view: View, members: list[int], label: str, cluster: int) -> None:
    top = members[-1]
    for v in members:
        view.owner[v] = top
    view.labels[top] = label
    view.cluster[top] = cluster


def _fold_chains(trace: Trace, view: View) -> None:
    """Fold the middle of every run of ops that each feed the next one and nothing else."""
    uses = Counter(a.vertex for vertex in trace.vertices for a in vertex.arguments)
    # A value that enters an op twice still feeds one op only.
    for vertex in trace.vertices:
        for v, n in Counter(a.vertex for a in vertex.arguments).items():
            uses[v] -= n - 1
    run: list[int] = []
    for v, vertex in enumerate(trace.vertices):
        if vertex.kind != "op" or v in view.labels or view.owner[v] != v:
            continue
        # Leaves of its own follow an op into the fold, others keep it out.
        parents = {a.vertex for a in vertex.arguments if trace.vertices[a.vertex].kind == "op"}
        own = all(uses[a.vertex] == 1 for a in vertex.arguments if a.vertex not in parents)
        follows = run and parents == {run[-1]} and uses[run[-1]] == 1 and own
        if not (follows and vertex.cluster == trace.vertices[run[-1]].cluster):
            _fold_run(trace, view, run)
            run = []
        run.append(v)
    _fold_run(trace, view, run)


def _fold_run(trace: Trace, view: View, run: list[int]) -> None:
    middle = run[ENDS:-ENDS]
    if len(run) < SHORTEST_RUN:
        return
    chain = set(middle)
    leaves = {
        a.vertex for v in middle for a in trace.vertices[v].arguments if trace.vertices[a.vertex].kind != "op"
    }
    _join(view, sorted(chain | leaves), "chain", trace.vertices[middle[-1]].cluster)


def _gather_oldest(trace: Trace, view: View, max_nodes: int) -> None:
    """Put all but the newest boxes into one.

    Whatever such a box depends on is older, hence inside too: no path leaves the box and comes back.
    """
    boxes = sorted(set(view.owner))
    limit = boxes[-max_nodes]
    members = [v for v, owner in enumerate(view.owner) if owner <= limit]
    for owner in [o for o in view.labels if o <= limit]:
        del view.labels[owner], view.cluster[owner]
    _join(view, members, "earlier part", -1)
