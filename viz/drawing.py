"""What :func:`minigrad.viz.draw` returns."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import graphviz

from minigrad.files import atomic_write

from .dot import Writer
from .records import Picture
from .render import FORMATS, RenderError, render
from .tree import tree
from .viewer import Viewer


class Drawing(graphviz.Digraph):  # type: ignore[misc]  # graphviz has no type hints
    """A computation graph as a ``graphviz.Digraph``: it shows itself in notebooks, and saves SVG, PNG and PDF.

    Made by :func:`minigrad.viz.draw`. Graphviz is needed only for rendering; ``source`` and ``text`` always work.

    Attributes
    ----------
    picture : Picture
        The records of all that is shown.
    source : str
        The DOT text.
    """

    def __init__(
        self, picture: Picture, *, title: str, direction: str, digits: int, show: frozenset[str], legend: bool
    ) -> None:
        writer = Writer(picture, direction=direction, digits=digits, show=show, legend=legend)
        super().__init__("minigrad", body=writer.source(), format="svg")
        self.picture = picture
        self._viewer: Callable[[], Viewer] | None = None
        self.title = title
        self._digits = digits

    @property
    def text(self) -> str:
        """The same as a tree of text (see :func:`minigrad.viz.text`)."""
        return tree(self.picture, self._digits)

    def save(self, path: str | os.PathLike[str], *, timeout: float = 60.0) -> Path:
        """Write the drawing, whole or not at all.

        Parameters
        ----------
        path : path
            Its suffix chooses the format: .svg, .png, .pdf, .dot or .gv (the DOT text), or .txt (the text tree).
        timeout : float
            For Graphviz, in seconds.

        Returns
        -------
        Path

        Raises
        ------
        ValueError
            If the suffix is another one.
        OSError
            If the file cannot be written.
        RenderError
            If there is no Graphviz, it failed, or the time ran out.

        Examples
        --------
        >>> import tempfile
        >>> import minigrad as mg
        >>> from minigrad import viz
        >>> x = mg.Tensor(3.0, requires_grad=True, name="x")
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = viz.draw(x * x).save(f"{folder}/square.dot")
        ...     path.read_text()[:16]
        'digraph minigrad'
        """
        path = Path(path)
        kind = path.suffix.lower().removeprefix(".")
        if kind in ("dot", "gv"):
            data = self.source.encode()
        elif kind == "txt":
            data = f"{self.text}\n".encode()
        elif kind in FORMATS:
            data = self._rendered(kind, timeout)
        else:
            known = ".svg, .png, .pdf, .dot, .gv or .txt; viz.view writes .html"
            raise ValueError(f"viz: cannot save {path.name!r}: the suffix must be {known}")
        with atomic_write(path) as file:
            file.write(data)
        return path

    def interactive(self) -> Viewer:
        """Return the graph as a page to look into, which shows itself in notebooks (see :func:`minigrad.viz.view`).

        For this a drawing holds on to its graph, so the graph must not have been freed since.

        Raises
        ------
        RuntimeError
            If the graph was freed.
        RenderError
            If there is no Graphviz, it failed, or the time ran out.
        """
        if self._viewer is None:
            raise RuntimeError("viz: this drawing was not made by viz.draw, so it knows no graph to look into")
        return self._viewer()

    def _rendered(self, format: str, timeout: float = 60.0) -> bytes:
        return render(self.source, format, title=self.title, description=self.text, timeout=timeout)

    def pipe(self, format: str | None = None, encoding: str | None = None, **options: Any) -> Any:
        """Return the rendered drawing, as ``graphviz.Digraph.pipe`` does: bytes, or text in `encoding`."""
        if options:
            raise TypeError(f"viz: pipe takes format and encoding only, not {', '.join(options)}")
        data = self._rendered(format or self.format)
        return data if encoding is None else data.decode(encoding)

    def render(
        self, filename: str | os.PathLike[str] = "minigrad", directory: str | os.PathLike[str] | None = None,
        *, format: str | None = None, view: bool = False, **options: Any,
    ) -> str:  # fmt: skip
        """Write ``filename.format``, and open it if `view` is set, as ``graphviz.Digraph.render`` does."""
        unknown = set(options) - {"cleanup", "quiet", "quiet_view"}
        if unknown:
            raise TypeError(f"viz: render does not take {', '.join(sorted(unknown))}")
        kind = format or self.format
        path = self.save(Path(directory or "", f"{os.fspath(filename)}.{kind}"))
        if view:
            self._view(str(path), format=kind, quiet=False)
        return str(path)

    def _repr_mimebundle_(
        self, include: Iterable[str] | None = None, exclude: Iterable[str] | None = None, **_: Any
    ) -> dict[str, Any]:
        wanted = set(include) if include is not None else {"image/svg+xml", "text/plain"}
        wanted -= set(exclude or ())
        bundle: dict[str, Any] = {}
        note = ""
        if "image/svg+xml" in wanted:
            try:
                bundle["image/svg+xml"] = self.pipe("svg", "utf-8")
            except RenderError as error:
                # A notebook cell that ends in a drawing shows the text tree then, and how to get the picture.
                note = f"\n\n{error}"
        if "image/png" in wanted:
            bundle["image/png"] = self.pipe("png")
        if "text/plain" in wanted or note:
            bundle["text/plain"] = self.text + note
        return bundle

    def __repr__(self) -> str:
        return f"<Drawing of {self.picture.total:,} ops, {len(self.picture.items)} boxes shown>"
