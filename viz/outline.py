"""A graph too large to be measured value by value, in a few boxes: what is in it, counted, and how to see more."""

from __future__ import annotations

from collections import Counter

from minigrad import Node, Tensor
from minigrad.graph import collect

from .labels import clean
from .records import Item, Picture, Shown, Summary, Wire
from .stats import summarize

# A graph of more ops is outlined. Up to here a drawing takes seconds, beyond it minutes and gigabytes.
MOST_OPS = 300_000
# Up to so many leaves have boxes of their own, and up to so many kinds of ops are named.
MOST_LEAVES = 8
MOST_KINDS = 4


def is_large(output: Tensor) -> bool:
    """Return whether the graph of `output` has more ops than are measured unasked.

    Examples
    --------
    >>> x = Tensor(1.0, requires_grad=True)
    >>> is_large(x * x)
    False
    """
    if not isinstance(output, Tensor) or output.node is None or not output.requires_grad:
        return False
    # Only so far: a small graph shall not be walked twice, nor a freed one be taken for a large one.
    found: set[Node] = {output.node}
    stack = [output.node]
    while stack:
        for edge in stack.pop().edges or ():
            parent = edge[0]
            if type(parent) is Node and parent not in found:
                found.add(parent)
                stack.append(parent)
        if len(found) > MOST_OPS:
            return True
    return False


def outline(output: Tensor) -> Picture:
    """Return the picture of a large graph as one box, between its leaves and its output.

    It takes one walk over the graph, and computes no gradient.

    Parameters
    ----------
    output : Tensor
        With a graph that was not freed.

    Examples
    --------
    >>> x = Tensor(2.0, requires_grad=True, name="x")
    >>> picture = outline(x * x * x)
    >>> [(item.label, item.detail) for item in picture.items]
    [('x', ''), ('whole graph', 'multiply ×2')]
    >>> print(picture.note)
    2 ops, 2 in the longest path, 1 leaf that requires a gradient: too many to measure each.
    To see more, draw a tensor nearer to the leaves, or fold modules: depth=0 goes through all of them.
    """
    assert output.node is not None
    nodes, leaves = collect([output.node])
    # In the order of their first use: the order in which the walk met them follows from nothing in the program.
    wanted = set(leaves)
    ordered = dict.fromkeys(edge[0] for node in nodes for edge in node.edges or () if edge[0] in wanted)
    leaves = [leaf for leaf in ordered if isinstance(leaf, Tensor)]
    length: dict[Node, int] = {}
    longest = 0
    for node in nodes:  # the oldest first
        length[node] = 1 + max((length.get(edge[0], 0) for edge in node.edges or ()), default=0)
        longest = max(longest, length[node])
    items = _leaves(leaves)
    whole = sum(len(item.values) for item in items)
    result = Shown(whole, clean(output.name or ""), str(output.dtype), summarize(output._data), None, False)
    detail = counted(Counter(node.op.name for node in nodes))
    box = Item(whole, "group", "whole graph", detail, (), (result,), len(nodes), -1)
    wires = tuple(Wire(shown.id, whole, -1, "", None, None, None, True) for item in items for shown in item.values)
    plural = "leaf that requires" if len(leaves) == 1 else "leaves that require"
    note = (
        f"{len(nodes):,} ops, {longest:,} in the longest path, {len(leaves):,} {plural} a gradient: too many to "
        "measure each.\nTo see more, draw a tensor nearer to the leaves, or fold modules: depth=0 goes through all "
        "of them."
    )
    return Picture((*items, box), wires, (), whole, len(nodes), note)


def _leaves(leaves: list[Tensor]) -> tuple[Item, ...]:
    if len(leaves) <= MOST_LEAVES:
        return tuple(_leaf(i, leaf, summarize(leaf._data)) for i, leaf in enumerate(leaves))
    entries = sum(leaf.size for leaf in leaves)
    shown = Shown(0, "", str(leaves[0].dtype), None, None, False)
    return (Item(0, "parameter", f"{len(leaves):,} leaves, {entries:,} entries", "", (), (shown,), 0, -1),)


def _leaf(i: int, leaf: Tensor, value: Summary) -> Item:
    name = clean(leaf.name or "")
    return Item(i, "parameter", name, "", (), (Shown(i, name, str(leaf.dtype), value, None, bool(leaf._hooks)),), 0, -1)


def counted(ops: Counter[str]) -> str:
    """Return how often the most frequent ops stand in a group.

    Examples
    --------
    >>> counted(Counter(add=2000, exp=1))
    'add ×2,000, exp'
    """
    # By count, then by name: the order in which a set or a dict was filled must not show.
    most = sorted(ops.items(), key=lambda count: (-count[1], count[0]))[:MOST_KINDS]
    return ", ".join(f"{name} ×{n:,}" if n > 1 else name for name, n in most) + (", …" if len(ops) > MOST_KINDS else "")
