"""What a drawing is made of: plain immutable records, free of the engine.

:class:`Trace` is the structure of a whole graph, cheap even for a million nodes. :class:`Picture` is the part of it
that is shown, with every number that may stand in it. Everything that writes (DOT, the text tree, later the viewer)
reads a picture and nothing else, so all of them tell the same.

Ids are topological: an op's id is greater than those of all its arguments.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

Kind = Literal["parameter", "input", "constant", "op", "group"]
Enclosure = Literal["module", "op", "backward"]
Verdict = Literal["right", "wrong", "singular", "skipped"]


class Argument(NamedTuple):
    """One use of a value by an op.

    Attributes
    ----------
    vertex : int
        The id of the value.
    k : int
        The position among the op's arguments.
    flows : bool
        Whether a gradient flows back along it.
    """

    vertex: int
    k: int
    flows: bool


class Vertex(NamedTuple):
    """A value of the graph: a leaf, a constant, or the result of an op.

    Attributes
    ----------
    kind : str
        "parameter" (a leaf that requires grad), "input" (a tensor or array that does not), "constant" (a number) or
        "op".
    op : str
        The op's name; empty for leaves.
    name : str
        The user's name, as it came; empty if there is none.
    shape : tuple of int
    dtype : str
    arguments : tuple of Argument
    cluster : int
        The id of the innermost cluster it belongs to, or -1.
    where : str
        ``file:line`` of the user's call, where it was recorded; else empty.
    """

    kind: Kind
    op: str
    name: str
    shape: tuple[int, ...]
    dtype: str
    arguments: tuple[Argument, ...]
    cluster: int
    where: str = ""


class Cluster(NamedTuple):
    """What encloses some values: a module call or a named scope, an op that was opened, or a recorded backward pass.

    `parent` is the id of the cluster that it lies in, or -1, and always smaller than its own.
    """

    label: str
    parent: int
    depth: int
    kind: Enclosure = "module"


class Trace(NamedTuple):
    """The structure of a graph: vertices by id, the output's last."""

    vertices: tuple[Vertex, ...]
    clusters: tuple[Cluster, ...]


class Summary(NamedTuple):
    """What is said of an array.

    Attributes
    ----------
    shape : tuple of int
    entries : tuple of float or None
        All entries, row by row, of an array with at most 12 of them.
    low, median, high : float
        Of the entries that are not NaN.
    rms : float
        The root of the mean of the squares; the entries that are not finite are left out.
    zeros : float
        The share of entries that are exactly zero.
    nans, infs : int
        How many entries are not finite.
    """

    shape: tuple[int, ...]
    entries: tuple[float, ...] | None
    low: float
    median: float
    high: float
    rms: float
    zeros: float
    nans: int
    infs: int

    @property
    def size(self) -> int:
        """The number of entries."""
        size = 1
        for n in self.shape:
            size *= n
        return size

    @property
    def scalar(self) -> float | None:
        """The only entry; None if there are more, or none."""
        return self.entries[0] if self.entries is not None and len(self.entries) == 1 else None

    @property
    def norm(self) -> float:
        """The Euclidean norm."""
        return float(self.rms * self.size**0.5)


class Local(NamedTuple):
    """The local gradient of an op's value at one of its arguments.

    Attributes
    ----------
    formula : str
        In the op's argument names, with ``y`` for its value.
    number : float or None
        The derivative itself, where value and argument have one entry each.
    derivative : Summary or None
        Of the array of derivatives of an elementwise op.
    jacobian : tuple of tuple of float or None
        The matrix, a row per entry of the op's value, where it has at most 12 entries and is not diagonal.
    jacobian_shape : tuple of int
        (entries of the op's value, entries of the argument).
    summed : bool
        Whether the argument was broadcast, so that its gradient is summed over the copies.
    """

    formula: str
    number: float | None
    derivative: Summary | None
    jacobian: tuple[tuple[float, ...], ...] | None
    jacobian_shape: tuple[int, int]
    summed: bool


class Check(NamedTuple):
    """How a local gradient compares with differences of the op's values.

    Attributes
    ----------
    verdict : str
        "right", "wrong", "singular" (the op has a kink, a jump or an end of its domain here, so that differences are
        no measure), or "skipped".
    error : float or None
        The relative error; None where there are no numbers to compare with.
    word : str
        How it was checked, or why not.
    """

    verdict: Verdict
    error: float | None
    word: str


class Wire(NamedTuple):
    """One use of a shown value by a shown op or group, with its chain rule: upstream × local = downstream.

    Attributes
    ----------
    source, target : int
        Ids of the value, and of the item that uses it.
    k : int
        The position among the target's arguments; -1 into a group.
    argument : str
        The argument's name; empty into a group.
    upstream, downstream : Summary or None
        The gradient of the target's value, and what reaches the source along this wire. None where no gradient is
        known: none flows, or the output has many entries and no gradient was given for it.
    local : Local or None
        None into a group, and where no gradient flows.
    flows : bool
    check : Check or None
        None where none was asked for, into a group, and where no gradient flows.
    path : bool
        Whether the highlighted path runs along it.
    """

    source: int
    target: int
    k: int
    argument: str
    upstream: Summary | None
    local: Local | None
    downstream: Summary | None
    flows: bool
    check: Check | None = None
    path: bool = False

    @property
    def gain(self) -> float | None:
        """The norm of the downstream gradient over that of the upstream one; None where that has no meaning."""
        if self.upstream is None or self.downstream is None or not self.upstream.norm:
            return None
        return self.downstream.norm / self.upstream.norm


class Shown(NamedTuple):
    """A value that stands in the picture: what its item computes, and its gradient.

    Attributes
    ----------
    id : int
    name : str
    dtype : str
    value : Summary or None
        None where it was freed with another graph.
    gradient : Summary or None
        The sum over all of its uses.
    hooked : bool
        Whether a hook of the user's may change the gradient in a backward pass; the drawing runs none.
    born, gradient_born : bool
        Whether the value, or the gradient, is not finite, and all that it was computed from is.
    tangent : Summary or None
        The derivative of the value along the tangents that were asked for; None where it depends on none of them.
    """

    id: int
    name: str
    dtype: str
    value: Summary | None
    gradient: Summary | None
    hooked: bool
    born: bool = False
    gradient_born: bool = False
    tangent: Summary | None = None


class Inside(NamedTuple):
    """What is said of the gradients of all values inside of a group.

    Attributes
    ----------
    low, high : float
        The least and the greatest rms among those that are finite and not zero.
    zeros, bad : int
        How many are exactly zero, and how many not finite.
    values : int
        How many there are.
    """

    low: float
    high: float
    zeros: int
    bad: int
    values: int


class Item(NamedTuple):
    """A box of the picture, with the values that leave it.

    Attributes
    ----------
    id : int
        That of its vertex; of a group, the greatest among its members.
    kind : str
    label : str
        The op's name, the leaf's name, or the group's label.
    detail : str
        The op's static arguments, or the ops in a group, counted.
    arguments : tuple of str
        The names of an op's arguments, by position.
    values : tuple of Shown
        One; of a group, those that are used outside of it.
    ops : int
        The number of ops inside of a group.
    cluster : int
    where : str
        ``file:line`` of the user's call of an op, where it was recorded.
    inside : Inside or None
        Of a group whose values have gradients.
    """

    id: int
    kind: Kind
    label: str
    detail: str
    arguments: tuple[str, ...]
    values: tuple[Shown, ...]
    ops: int
    cluster: int
    where: str = ""
    inside: Inside | None = None


class Route(NamedTuple):
    """The path of largest contribution from a value to the output.

    Attributes
    ----------
    start : int
        The id of the value.
    steps : tuple of (int, int, int)
        Each use on the way, from the value on: value, op, and the argument's position.
    gain : float
        The product of the gains ‖downstream‖/‖upstream‖ along it.
    contribution : Summary
        What the chain rule along this path alone makes of the upstream gradient.
    gradient : Summary
        The sum over all paths.
    paths : int
        How many there are.
    """

    start: int
    steps: tuple[tuple[int, int, int], ...]
    gain: float
    contribution: Summary
    gradient: Summary
    paths: int


class Picture(NamedTuple):
    """What is shown: items in topological order, the wires between them, and the clusters around them.

    `output` is the id of the value that was drawn, `total` the number of ops in the whole graph, `note` what the
    reader must know of the gradients, often empty, and `route` the highlighted path, if one was asked for.
    """

    items: tuple[Item, ...]
    wires: tuple[Wire, ...]
    clusters: tuple[Cluster, ...]
    output: int
    total: int
    note: str
    route: Route | None = None
