"""``minigrad gallery``: every graph of the course, as files and on one page."""

from __future__ import annotations

import argparse
from html import escape
from pathlib import Path
from typing import Any

from minigrad.files import atomic_write

from ..api import draw
from ..course import GRAPHS, Graph
from ..drawing import Drawing

HELP = "draw every graph of the course, into files and onto one page"
EXAMPLES = """examples:
  minigrad gallery -o out/              out/index.html and one SVG for each graph
  minigrad gallery -o out/ --png neuron one graph, as SVG and PNG
  minigrad gallery -o docs/img --no-page neuron convnet
"""

_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>minigrad: the graphs of the course</title>
<style>
:root {{ color-scheme: light dark }}
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 75rem; margin: 2rem auto; padding: 0 1rem;
       background: #ffffff; color: #1f2933 }}
nav {{ columns: 18rem }}
nav a {{ display: block; color: inherit }}
section {{ margin: 3rem 0 }}
h2 {{ margin: 0 }}
code {{ font-size: 0.9em; overflow-wrap: anywhere }}
p {{ margin: 0.25rem 0 }}
.picture {{ overflow-x: auto; margin-top: 0.75rem }}
@media (prefers-color-scheme: dark) {{ body {{ background: #14181d; color: #e6eaf0 }} }}
</style>
<h1>The graphs of the course</h1>
<p>Each wire shows its value above the line and its gradient below. The chain rule stands on it in full:
upstream × local = downstream.</p>
<nav>
{links}
</nav>
{sections}
</html>
"""

_SECTION = """<section id="{name}">
<h2>{title}</h2>
<p>{caption}</p>
<p><code>{expression}</code></p>
<div class="picture">{picture}</div>
</section>"""


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("names", nargs="*", metavar="NAME", help="draw these only (default: all)")
    parser.add_argument(
        "-o", "--output", type=Path, default=Path("gallery"), metavar="FOLDER", help="default: gallery/"
    )
    parser.add_argument("--png", action="store_true", help="write PNG files as well")
    parser.add_argument("--no-page", action="store_true", help="write no index.html")


def run(options: argparse.Namespace) -> int:
    """Draw the graphs, and say where."""
    known = {graph.name: graph for graph in GRAPHS}
    unknown = [name for name in options.names if name not in known]
    if unknown:
        raise ValueError(f"there is no graph {unknown[0]!r}; there are {', '.join(known)}")
    chosen = [known[name] for name in options.names] or list(GRAPHS)
    folder: Path = options.output
    folder.mkdir(parents=True, exist_ok=True)
    drawings = [(graph, drawn(graph)) for graph in chosen]
    for graph, drawing in drawings:
        print(drawing.save(folder / f"{graph.name}.svg"))
        if options.png:
            print(drawing.save(folder / f"{graph.name}.png"))
    if not options.no_page:
        with atomic_write(folder / "index.html") as file:
            file.write(page(drawings).encode())
        print(folder / "index.html")
    return 0


def drawn(graph: Graph) -> Drawing:
    """Return the drawing of a graph."""
    options: dict[str, Any] = {"max_nodes": None, **graph.options}
    return draw(graph.compute()[0], gradient=graph.gradient, **options)


def page(drawings: list[tuple[Graph, Drawing]]) -> str:
    """Return the page that shows all drawings."""
    sections = []
    for graph, drawing in drawings:
        svg = drawing.pipe("svg", "utf-8")
        picture = svg[svg.index("<svg") :]
        # Ids are one space for the whole page.
        picture = picture.replace(' id="', f' id="{graph.name}-')
        sections.append(
            _SECTION.format(
                name=graph.name,
                title=escape(graph.title),
                caption=escape(graph.caption),
                expression=escape(graph.expression),
                picture=picture,
            )
        )
    links = [f'<a href="#{graph.name}">{escape(graph.title)}</a>' for graph, _ in drawings]
    return _PAGE.format(links="\n".join(links), sections="\n".join(sections))
