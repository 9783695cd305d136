"""The page itself: everything in one text, which says for itself that it may load and run nothing else."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import zlib
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from html import escape
from importlib import resources
from pathlib import Path
from typing import Any

from minigrad import Node, Tensor
from minigrad.files import atomic_write

from ..labels import clean
from ..measure import arrays, measure
from ..outline import MOST_OPS, is_large
from ..theme import COLOURS
from ..trace import Traced, trace
from .arrays import inspected
from .layout import MarkedWriter, described, svg
from .states import MOST, folded_calls, states

# Of one scope, in this order.
SCRIPTS = ("core.js", "stage.js", "tell.js", "inspect.js", "steps.js", "predict.js", "main.js")
# The work of all layouts together, in entries swept: past it, fewer foldings are laid out.
_WORK = 200_000_000
# Foldings of the graph with its fused ops written out: each is large, and they are less looked at.
_WRITTEN_OUT = 5


class Viewer:
    """A graph to look into: a page of HTML, which shows itself in notebooks.

    Made by :func:`minigrad.viz.view` and by a drawing's ``interactive()``.

    Attributes
    ----------
    html : str
        The page.
    title : str
    """

    def __init__(self, html: str, title: str) -> None:
        self.html, self.title = html, title

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the page, whole or not at all.

        Raises
        ------
        ValueError
            If the suffix is not .html or .htm.
        OSError
            If the file cannot be written.
        """
        path = Path(path)
        _check_suffix(path)
        with atomic_write(path) as file:
            file.write(self.html.encode())
        return path

    def _repr_mimebundle_(
        self, include: Iterable[str] | None = None, exclude: Iterable[str] | None = None, **_: Any
    ) -> dict[str, Any]:
        # In a frame of its own: neither can the page reach the notebook, nor the notebook's styles the page.
        frame = (
            f'<iframe title="{escape(self.title)}" sandbox="allow-scripts" width="100%" height="640" '
            f'frameborder="0" srcdoc="{escape(self.html)}"></iframe>'
        )
        bundle = {"text/html": frame, "text/plain": repr(self)}
        wanted = (set(include) if include is not None else set(bundle)) - set(exclude or ())
        return {kind: data for kind, data in bundle.items() if kind in wanted}

    def __repr__(self) -> str:
        return f"<Viewer of {self.title}, {len(self.html.encode()):,} bytes>"


def view(
    output: Tensor,
    path: str | os.PathLike[str] | None = None,
    *,
    gradient: Any = None,
    max_nodes: int | None = 60,
    depth: int | None = None,
    highlight: Tensor | str | None = None,
    check: bool = False,
    direction: str | None = None,
    digits: int = 4,
    timeout: float = 60.0,
) -> Viewer:
    """Make a page to look into the graph of `output`: to search, to step through, and to learn from.

    The page is one file that needs no network. It has the drawing of :func:`minigrad.viz.draw`, and

    - the whole chain rule of a wire, and the sum over all paths of a value, where the pointer is;
    - modules to fold and open with a click, and fused ops as what they are made of;
    - the backward pass, one op after the other, forwards and back;
    - the gradients as blanks to fill in, with a check and an answer key;
    - every tensor as a heat map with a histogram and statistics;
    - keys for everything (``?`` lists them), light and dark colours, and a layout for paper.

    Parameters
    ----------
    output : Tensor
        Computed from at least one tensor that requires grad.
    path : path, optional
        Where the page is written to, as .html. Without it, the page is in the result, which shows itself in notebooks.
    gradient, max_nodes, depth, highlight, check, direction, digits
        As :func:`minigrad.viz.draw`; `max_nodes` and `depth` hold for what is shown at first, and no folding that the
        page offers has more than `max_nodes` boxes.
    timeout : float
        For each run of Graphviz, in seconds.

    Returns
    -------
    Viewer

    Raises
    ------
    TypeError, RuntimeError, ValueError
        As :func:`minigrad.viz.draw`.
    RenderError
        If there is no Graphviz, it failed, or the time ran out.
    OSError
        If the file cannot be written.

    Examples
    --------
    >>> import minigrad as mg
    >>> from minigrad import viz
    >>> x = mg.Tensor(3.0, requires_grad=True, name="x")
    >>> viz.view(x * x, "square.html")  # doctest: +SKIP
    <Viewer of Computation graph, 61,318 bytes>
    """
    from ..api import check_options  # not above: api makes drawings, which make viewers

    check_options(direction, digits)
    if path is not None:
        _check_suffix(Path(path))
    if depth is None and max_nodes is not None and is_large(output):
        raise ValueError(
            f"viz: this graph has more than {MOST_OPS:,} ops, too many for a page. viz.draw(output) tells what is in "
            "it; depth=0 makes the page all the same, and measures every value for it"
        )
    whole = trace(output)
    name = clean(output.name or "")
    title = f"Computation graph of {name}" if name else "Computation graph"
    layouts = _Layouts(gradient, highlight, check, direction, digits, timeout)
    layouts.add(whole, max_nodes, depth)
    if any(type(source) is Node and source.op.decomposition is not None for source in whole.sources):
        layouts.add(trace(output, expand=True), max_nodes, depth, _WRITTEN_OUT)
    views = layouts.views
    data = {
        "title": title,
        "note": layouts.note,
        "said": layouts.said,
        "total": sum(vertex.kind == "op" for vertex in whole.trace.vertices),
        "outputs": layouts.outputs,
        "parents": layouts.parents,
        "views": [{"graph": v["graph"], "open": v["open"], "packed": packed(json.dumps(v))} for v in views],
        "arrays": packed(json.dumps(layouts.arrays)),
    }
    viewer = Viewer(page(title, views[0]["svg"], data), title)
    if path is not None:
        viewer.save(path)
    return viewer


class _Layouts:
    """What is laid out: foldings of the graph, and of the graph with its fused ops written out."""

    def __init__(
        self, gradient: Any, highlight: Tensor | str | None, check: bool, direction: str | None, digits: int,
        timeout: float,
    ) -> None:  # fmt: skip
        self._gradient, self._highlight, self._check = gradient, highlight, check
        self._direction, self._digits, self._timeout = direction, digits, timeout
        self.views: list[dict[str, Any]] = []
        self.outputs: list[int] = []
        self.parents: list[list[int]] = []
        self.arrays: dict[str, dict[str, Any]] = {"values": {}, "gradients": {}}
        self.note = ""
        self.said: list[str] = []
        # Both graphs share most of their tensors. The tensors are kept, so that their ids stay theirs.
        self._keys: dict[int, str] = {}
        self._kept: list[Traced] = []

    def add(self, traced: Traced, max_nodes: int | None, depth: int | None, most: int = MOST) -> None:
        """Lay out a graph in its foldings, at most so many."""
        from ..api import chosen_direction

        graph, vertices = len(self.outputs), traced.trace.vertices
        entries = sum(_size(vertex.shape) for vertex in vertices)
        shown: set[int] = set()
        writers: list[MarkedWriter] = []
        most = min(most, max(1, _WORK // max(entries, 1)))
        for state, folding in states(traced.trace, max_nodes, depth, most):
            picture = measure(traced, folding, self._gradient, highlight=self._highlight, check=self._check)
            direction = self._direction or chosen_direction(picture)
            writer = MarkedWriter(picture, direction=direction, digits=self._digits)
            told = described(picture, writer, folded_calls(traced.trace, picture, state))
            for item in told["items"]:
                for value in item["values"]:
                    value["array"] = self._key(traced.sources[value["id"]])
            writers.append(writer)
            self.views.append({"graph": graph, "open": sorted(state), **told})
            shown.update(value.id for item in picture.items for value in item.values)
            self.note = picture.note
            # Of what is shown at first; the legend of a drawing has them.
            self.said = self.said or [*writer.route_lines(), *writer.check_lines()]
        # Each layout is a process of its own, and waiting for it takes no time of this one.
        with ThreadPoolExecutor(min(len(writers), os.cpu_count() or 1)) as pool:
            drawn = list(pool.map(lambda writer: svg(writer, self._timeout), writers))
        for view, text in zip(self.views[-len(drawn) :], drawn, strict=True):
            view["svg"] = text
        self._kept.append(traced)
        self.outputs.append(len(vertices) - 1)
        self.parents.append([cluster.parent for cluster in traced.trace.clusters])
        new = [v for v in sorted(shown) if self._key(traced.sources[v]) not in self.arrays["values"]]
        for kind, found in zip(("values", "gradients"), arrays(traced, new, self._gradient), strict=True):
            for v, array in sorted(found.items()):
                self.arrays[kind][self._key(traced.sources[v])] = inspected(array)

    def _key(self, source: Any) -> str:
        return self._keys.setdefault(id(source), str(len(self._keys)))


def _check_suffix(path: Path) -> None:
    if path.suffix.lower() not in (".html", ".htm"):
        raise ValueError(f"viz: cannot write the viewer as {path.name!r}: the suffix must be .html")


def _size(shape: tuple[int, ...]) -> int:
    size = 1
    for n in shape:
        size *= n
    return size


def packed(text: str) -> str:
    """Return a text, deflated, in base64."""
    return base64.b64encode(zlib.compress(text.encode(), 9)).decode()


def page(title: str, first: str, data: dict[str, Any]) -> str:
    """Return the page.

    Parameters
    ----------
    title : str
    first : str
        The SVG that is there before any script runs.
    data : dict
        What the script reads; any text in it is data.
    """
    script = _script()
    style = _styles()
    policy = (
        f"default-src 'none'; script-src '{_hash(script)}'; style-src '{_hash(style)}'; "
        "base-uri 'none'; form-action 'none'"
    )
    # No text in the data can end the element that it stands in, or start another.
    stored = json.dumps(data, separators=(",", ":"))
    for character in "<>&\u2028\u2029":
        stored = stored.replace(character, f"\\u{ord(character):04x}")
    parts = {
        "POLICY": policy, "TITLE": escape(title), "STYLE": style, "DRAWING": first, "DATA": stored, "SCRIPT": script,
    }  # fmt: skip
    text = _file("page.html")
    pieces = text.split("@@")
    # Odd pieces are names. One pass, so that no text that is put in is searched for names.
    return "".join(parts[piece] if i % 2 else piece for i, piece in enumerate(pieces))


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _file(name: str) -> str:
    return resources.files(__package__).joinpath(name).read_text(encoding="utf-8")


@cache
def _script() -> str:
    return '"use strict";\n(() => {\n' + "".join(_file(name) for name in SCRIPTS) + "})();\n"


@cache
def _styles() -> str:
    def variables(i: int) -> str:
        return "".join(f"--{name.replace(' ', '-')}:{pair[i]};" for name, pair in COLOURS.items())

    rules = "".join(
        f'.minigrad [{key}="{light}"]{{{key}:var(--{name.replace(" ", "-")})}}'
        for name, (light, _) in COLOURS.items()
        for key in ("fill", "stroke")
    )
    dark = variables(1)
    return (
        f":root{{{variables(0)}color-scheme:light}}\n"
        f"@media screen and (prefers-color-scheme:dark){{:root:not([data-theme=light]){{{dark}color-scheme:dark}}}}\n"
        f"@media screen{{:root[data-theme=dark]{{{dark}color-scheme:dark}}}}\n{rules}\n{_file('viewer.css')}"
    )
