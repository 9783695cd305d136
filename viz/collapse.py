"""What to show of a graph: modules folded, repeats rolled, long chains shortened, until few boxes are left."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from .records import Trace
from .repeats import Roll, find_repeats, signatures

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
        By owner of such a box, the cluster it is drawn in.
    times : dict
        By cluster, how often it is repeated with the same weights, where it stands for all of these.
    """

    owner: list[int]
    labels: dict[int, str]
    cluster: dict[int, int]
    times: dict[int, int]


def collapse(trace: Trace, max_nodes: int | None = 60, depth: int | None = None, roll: bool | None = None) -> View:
    """Choose what is shown.

    Parameters
    ----------
    trace : Trace
    max_nodes : int or None
        The greatest number of boxes (ops, leaves, constants and groups); None shows all.
    depth : int, optional
        Fold every cluster that lies inside this many others; 0 folds the outermost ones.
    roll : bool, optional
        Show one of several blocks that are alike, and the others as one box; default: where there is too much to show.

    Raises
    ------
    ValueError
        If `max_nodes` is below 2 or `depth` is negative.
    """
    check_limits(max_nodes, depth)
    plan = _Plan(trace, depth)
    if roll or (roll is None and not plan.fits(max_nodes)):
        plan = _Plan(trace, depth, find_repeats(trace))
    view = plan.view(max_nodes)
    if max_nodes is None:
        return view
    shorten(trace, view, max_nodes)
    return view


def check_limits(max_nodes: int | None, depth: int | None) -> None:
    """Raise a ValueError if `max_nodes` is below 2 or `depth` is negative."""
    if max_nodes is not None and (not isinstance(max_nodes, int) or max_nodes < 2):
        raise ValueError(f"viz: max_nodes must be an integer of at least 2, or None for all, got {max_nodes!r}")
    if depth is not None and (not isinstance(depth, int) or depth < 0):
        raise ValueError(f"viz: depth must be an integer of at least 0, or None for all, got {depth!r}")


class _Plan:
    """Which clusters are opened: as many as the budget allows, outer ones first, and alike ones together."""

    def __init__(self, trace: Trace, depth: int | None, rolls: list[Roll] | None = None) -> None:
        self.trace, self.rolls = trace, rolls or []
        clusters = trace.clusters
        self.roll_of: dict[int, int] = {v: r for r, roll in enumerate(self.rolls) for v in roll.members}
        # What becomes visible, besides other clusters, when a cluster is opened; last, what is in none.
        self.loose = [0] * (len(clusters) + 1)
        used = [False] * len(clusters)
        for v, vertex in enumerate(trace.vertices):
            if v not in self.roll_of:
                self.loose[vertex.cluster] += 1
                if vertex.cluster >= 0:
                    used[vertex.cluster] = True
        for roll in self.rolls:
            self.loose[roll.cluster] += 1
        for c in range(len(clusters) - 1, -1, -1):
            if used[c] and clusters[c].parent >= 0:
                used[clusters[c].parent] = True
        self.inner = [0] * (len(clusters) + 1)
        for c, cluster in enumerate(clusters):
            self.inner[cluster.parent] += used[c]
        self.closed = [not used[c] or (depth is not None and clusters[c].depth >= depth) for c in range(len(clusters))]

    def fits(self, max_nodes: int | None) -> bool:
        """Return whether all may be open."""
        return max_nodes is None or self._open(max_nodes, every=True)

    def _open(self, max_nodes: int | None, every: bool = False) -> bool:
        """Open clusters within the budget; return whether none stayed closed that may be opened."""
        clusters = self.trace.clusters
        visible = self.loose[-1] + self.inner[-1]
        self.opened = [False] * len(clusters)
        levels: dict[tuple[bool, int], dict[int, list[int]]] = {}
        # What the user asked to open is opened before other parts of the model.
        asked = [cluster.kind == "op" for cluster in clusters]
        for c in range(len(clusters) - 1, -1, -1):
            if asked[c] and clusters[c].parent >= 0:
                asked[clusters[c].parent] = True
        alike = signatures(self.trace)
        for c, cluster in enumerate(clusters):
            levels.setdefault((not asked[c], cluster.depth), {}).setdefault(alike[c], []).append(c)
        complete = True
        for level in sorted(levels):
            for group in levels[level].values():
                group = [c for c in group if self._may_open(c)]
                more = sum(self.loose[c] + self.inner[c] - 1 for c in group)
                if max_nodes is not None and visible + more > max_nodes:
                    complete = False
                    continue
                visible += more
                for c in group:
                    self.opened[c] = True
        return complete and (max_nodes is None or visible <= max_nodes)

    def _may_open(self, c: int) -> bool:
        parent = self.trace.clusters[c].parent
        return not self.closed[c] and (parent < 0 or self.opened[parent])

    def view(self, max_nodes: int | None) -> View:
        """Return what is shown with as many clusters open as fit."""
        trace, clusters = self.trace, self.trace.clusters
        self._open(max_nodes)
        view = View(list(range(len(trace.vertices))), {}, {}, {})
        folded: list[int] = []  # by cluster, the folded one that it lies in or is
        for c, cluster in enumerate(clusters):
            outer = folded[cluster.parent] if cluster.parent >= 0 else -1
            folded.append(outer if outer >= 0 else -1 if self.opened[c] else c)
        members: dict[tuple[bool, int], list[int]] = {}
        for v, vertex in enumerate(trace.vertices):
            r = self.roll_of.get(v, -1)
            home = self.rolls[r].cluster if r >= 0 else vertex.cluster
            if home >= 0 and folded[home] >= 0:
                members.setdefault((False, folded[home]), []).append(v)
            elif r >= 0:
                members.setdefault((True, r), []).append(v)
        for (rolled, i), inside in members.items():
            if rolled:
                roll = self.rolls[i]
                _join(view, inside, roll.label, roll.cluster)
                if roll.first >= 0:
                    view.times[roll.first] = roll.times
            else:
                _join(view, inside, clusters[i].label, clusters[i].parent)
        return view


def fold(trace: Trace, closed: Collection[int]) -> View:
    """Fold these clusters, with all that is inside of them.

    Parameters
    ----------
    trace : Trace
    closed : collection of int
        Ids of clusters. One inside of another one needs not be named.
    """
    view = View(list(range(len(trace.vertices))), {}, {}, {})
    folded: list[int] = []  # by cluster, the outermost folded call that it lies in or is
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
    uses = [0] * len(trace.vertices)
    for vertex in trace.vertices:
        # A value that enters an op twice still feeds one op only.
        for used in {a.vertex for a in vertex.arguments}:
            uses[used] += 1
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
    computed = any(trace.vertices[v].kind == "op" for v in members)
    _join(view, members, "earlier part" if computed else f"{len(members):,} leaves", -1)
