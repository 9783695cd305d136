"""The functions that users call."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

from minigrad import Tensor

from .collapse import check_limits, collapse
from .detail import details
from .drawing import Drawing
from .expand import Expand
from .labels import clean
from .measure import measure, seed_of
from .outline import is_large, outline
from .records import Picture
from .trace import trace
from .tree import tree
from .viewer import view

DIRECTIONS = ("LR", "TB")
# Paths of more ops are drawn downwards.
_WIDEST = 9


class Text(str):
    """A text that shows itself at the prompt as it is, without quotes and escapes."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def picture_of(
    output: Tensor,
    gradient: Any,
    max_nodes: int | None,
    depth: int | None,
    *,
    expand: Expand = False,
    roll: bool | None = None,
    highlight: Tensor | str | None = None,
    tangents: Mapping[Tensor, Any] | None = None,
    check: bool = False,
) -> Picture:
    """Return the records of what is shown of `output`'s graph."""
    # Whoever asks for more than what is usual is ready to wait for it.
    usual = depth is None and max_nodes is not None and expand is False and not roll
    usual = usual and highlight is None and not tangents and not check
    if usual and is_large(output):
        check_limits(max_nodes, depth)
        seed_of(output, gradient)
        return outline(output)
    traced = trace(output, expand)
    view = collapse(traced.trace, max_nodes, depth, roll)
    return measure(traced, view, gradient, highlight=highlight, tangents=tangents, check=check)


def draw(
    output: Tensor,
    *,
    gradient: Any = None,
    max_nodes: int | None = 60,
    depth: int | None = None,
    expand: Expand = False,
    roll: bool | None = None,
    show: str | Iterable[str] | None = None,
    highlight: Tensor | str | None = None,
    tangents: Mapping[Tensor, Any] | None = None,
    check: bool = False,
    direction: str | None = None,
    digits: int = 4,
    legend: bool = True,
) -> Drawing:
    """Draw the graph that `output` was computed by: values, gradients, and the chain rule on every edge.

    Each value is a wire, with its name, shape and value above the line and its gradient below. An op is a round box; a
    leaf that requires grad is an amber one, any other tensor dashed, a number plain. Below each wire the chain rule
    stands in full: ``upstream × local = downstream``. The local gradient is that of the op at the wire's end: a number
    between scalars; the formula and the spread of the derivatives of an elementwise op; the formula of any other op,
    and the shape of the Jacobian that is never built. A value with several uses has one chain rule for each, and their
    sum; one with more than four is drawn once, and as a reference wherever it is used.

    A wire's colour tells the rms of the gradient on it, on one scale for all drawings: blue and dashed below 1e-6,
    orange and thick from 1e4, dotted where it is exactly zero. A red badge counts what is not finite.

    The drawing computes gradients for itself. It changes no ``.grad``, runs no hooks, and frees nothing, so it works
    before ``backward()`` and after ``backward(retain_graph=True)``.

    Parameters
    ----------
    output : Tensor
        Computed from at least one tensor that requires grad.
    gradient : Tensor or array_like, optional
        The upstream gradient at `output`, of its shape; default: 1 for an output with one entry. Without it, the
        drawing of an output of another size has values and local gradients only, and says so.
    max_nodes : int or None
        The greatest number of boxes. A larger graph is folded: blocks that are alike are rolled, and modules are opened
        from the outermost on as far as they fit; then long chains fold; then its oldest part. None draws all. A graph
        of more than 300,000 ops is one box that tells what is in it, with no gradients, in a second or so per million;
        None, `depth` or any of the options below goes through the whole of it, for minutes and gigabytes.
    depth : int, optional
        Fold the modules inside of this many others, whatever the number of boxes; 0 folds the outermost.
    expand : bool, str, Tensor, or iterable of str and Tensor
        Fused ops to draw as what they are made of, in a frame: all, or by the name of the op or of the tensor that it
        computed, or by that tensor. Values and gradients around the frame are the same.
    roll : bool, optional
        Draw one of several blocks that are alike, and the others as one box: ``+4 more`` for the blocks of a stage,
        ``×4 more, same weights`` for the steps of a recurrence. Default: where there is too much to draw.
    show : str or iterable of str, optional
        What is written out, of "values", "shapes", "gradients", "locals" (local gradients as numbers), "formulas" (of
        the local gradients), "gains" (‖downstream‖/‖upstream‖, for this gradient) and "lines" (of the user's file: for
        graphs that were computed inside of :class:`minigrad.record_lines`). Words with a sign change what is usual, all
        but the last two: ``show="+gains -formulas"``. Tooltips have everything.
    highlight : Tensor or str, optional
        A value, or its name: of its paths to the output, the one with the largest product of gains is marked. The
        legend has the product, and what the path brings of the whole gradient.
    tangents : mapping of Tensor to array_like, optional
        Differentiate forward as well, along these directions: each value that depends on them shows its tangent ẋ.
    check : bool
        Compare the local gradient on each wire with central differences of the op: ✓ or ✗ with the relative error; ◇ at
        a kink, a jump or an end of the domain, where differences are no measure. The tooltip has the word.
    direction : {"LR", "TB"}, optional
        Where the forward pass goes: to the right, or down, which suits deep networks. Default: to the right, but down
        where there are modules or long paths.
    digits : int
        Significant digits of numbers; tooltips have 9.
    legend : bool
        Explain the colours of text below the drawing.

    Returns
    -------
    Drawing
        A ``graphviz.Digraph`` with ``save("graph.svg")`` (or .png, .pdf), ``source`` and ``text``.

    Raises
    ------
    TypeError
        If `output` is not a tensor.
    RuntimeError
        If there is no graph, or it was freed.
    ValueError
        If `gradient` or an option does not fit.

    Examples
    --------
    >>> import minigrad as mg
    >>> from minigrad import viz
    >>> x, y, z = (mg.Tensor(v, requires_grad=True, name=n) for n, v in zip("xyz", (-2.0, 5.0, -4.0)))
    >>> drawing = viz.draw((x + y) * z)
    >>> drawing
    <Drawing of 2 ops, 5 boxes shown>
    >>> [value.gradient.scalar for item in drawing.picture.items for value in item.values]
    [-4.0, -4.0, -4.0, 3.0, 1.0]
    """
    check_options(direction, digits)
    shown = details(show)
    picture = picture_of(
        output, gradient, max_nodes, depth, expand=expand, roll=roll, highlight=highlight, tangents=tangents,
        check=check,
    )  # fmt: skip
    name = clean(output.name or "")
    title = f"Computation graph of {name}" if name else "Computation graph"
    direction = direction or chosen_direction(picture)
    drawing = Drawing(picture, title=title, direction=direction, digits=digits, show=shown, legend=legend)
    drawing._viewer = partial(
        view, output, gradient=gradient, max_nodes=max_nodes, depth=depth, highlight=highlight, check=check,
        direction=direction, digits=digits,
    )  # fmt: skip
    return drawing


def check_options(direction: str | None, digits: int) -> None:
    """Raise a ValueError for a direction or a number of digits that there is not."""
    if direction is not None and direction not in DIRECTIONS:
        raise ValueError(f"viz: direction must be one of {', '.join(DIRECTIONS)}, got {direction!r}")
    _check_digits(digits)


def chosen_direction(picture: Picture) -> str:
    """Return the direction of a drawing where the user named none."""
    return "TB" if _is_deep(picture) else "LR"


def _is_deep(picture: Picture) -> bool:
    """Return whether a drawing to the right would be too wide to read."""
    depth: dict[int, int] = {}
    for wire in picture.wires:  # in the order of their targets, which is topological
        depth[wire.target] = max(depth.get(wire.target, 0), depth.get(wire.source, 0) + 1)
    return max(depth.values(), default=0) > _WIDEST or any(item.cluster >= 0 for item in picture.items)


def text(
    output: Tensor,
    *,
    gradient: Any = None,
    max_nodes: int | None = 60,
    depth: int | None = None,
    expand: Expand = False,
    roll: bool | None = None,
    highlight: Tensor | str | None = None,
    tangents: Mapping[Tensor, Any] | None = None,
    check: bool = False,
    digits: int = 4,
) -> str:
    """Return the graph of `output` as a tree of text, which shows itself at the prompt: all that the drawing says.

    Each line has a value, the op it came from, and the chain rule ``upstream × local = downstream`` along the way from
    the line above it.

    Parameters
    ----------
    output, gradient, max_nodes, depth, expand, roll, highlight, tangents, check, digits
        As :func:`draw`.

    Raises
    ------
    TypeError, RuntimeError, ValueError
        As :func:`draw`.

    Examples
    --------
    >>> import minigrad as mg
    >>> from minigrad import viz
    >>> x, y = mg.Tensor(3.0, requires_grad=True, name="x"), mg.Tensor(4.0, requires_grad=True, name="y")
    >>> viz.text((x + y) ** 2)
    49  ← square  | gradient 1
    └─ x: 7  ← add  | 1 × 14 = 14
       ├─ a: x = 3  [parameter]  | 14 × 1 = 14
       └─ b: y = 4  [parameter]  | 14 × 1 = 14
    """
    _check_digits(digits)
    picture = picture_of(
        output, gradient, max_nodes, depth, expand=expand, roll=roll, highlight=highlight, tangents=tangents,
        check=check,
    )  # fmt: skip
    return Text(tree(picture, digits))


def _check_digits(digits: int) -> None:
    if not isinstance(digits, int) or not 1 <= digits <= 17:
        raise ValueError(f"viz: digits must be an integer from 1 to 17, got {digits!r}")
