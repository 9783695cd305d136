"""From DOT text to SVG, PNG and PDF, by whichever Graphviz there is.

Graphviz runs in a process of its own, also where it comes as a Python package: its library keeps global state, so it
is not safe with threads, and a layout that takes too long can only be ended from outside.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from html import escape
from importlib import metadata, util
from pathlib import Path

from .rich import JOINER
from .theme import style_sheet

FORMATS = ("svg", "png", "pdf")

# Screens have more dots than the 96 per inch that Graphviz assumes.
_DPI = 144

_WORKER = """
import sys
sys.path.insert(0, sys.argv[1])
import pygraphviz
graph = pygraphviz.AGraph(string=sys.stdin.buffer.read().decode())
sys.stdout.buffer.write(graph.draw(format=sys.argv[2], prog="dot", args=sys.argv[3]))
"""


class RenderError(RuntimeError):
    """Graphviz is missing, failed, or took too long."""


def render(source: str, format: str, *, title: str = "", description: str = "", timeout: float = 60.0) -> bytes:
    """Lay out and draw a DOT text.

    Parameters
    ----------
    source : str
    format : {"svg", "png", "pdf"}
    title, description : str
        For those who cannot see the drawing; written into an SVG.
    timeout : float
        In seconds.

    Raises
    ------
    ValueError
        If the format is another one.
    RenderError
        If there is no Graphviz, it failed, or the time ran out.
    """
    if format not in FORMATS:
        raise ValueError(f"viz: format must be one of {', '.join(FORMATS)}, got {format!r}")
    output = _run(_command(format), source, timeout)
    return _finished(output.decode(), title, description).encode() if format == "svg" else output


def _command(format: str) -> list[str]:
    options = [f"-Gdpi={_DPI}"] if format == "png" else []
    dot = shutil.which("dot")
    if dot is not None:
        return [dot, f"-T{format}", *options]
    folder = _pygraphviz()
    if folder is not None and sys.executable:
        # Isolated, so that no file of the current folder can stand in for a module.
        return [sys.executable, "-I", "-c", _WORKER, folder, format, *(options or [""])]
    raise RenderError(
        "viz: drawing needs Graphviz, and there is none. Install the program (apt-get install graphviz, or as your "
        "system does it), or the Python package that brings it along: pip install 'minigrad[render]'. Without it there "
        "are still viz.text(output) and the DOT text, viz.draw(output).source"
    )


def _pygraphviz() -> str | None:
    """Return the folder that a pygraphviz with a Graphviz of its own is in, without importing it."""
    try:
        version = metadata.version("pygraphviz")
        spec = util.find_spec("pygraphviz")
    except (metadata.PackageNotFoundError, ValueError, ModuleNotFoundError):
        return None
    # Before 2.0 it used the system's Graphviz, which is not there.
    if spec is None or spec.origin is None or int(version.partition(".")[0]) < 2:
        return None
    return str(Path(spec.origin).parents[1])


def _run(command: list[str], source: str, timeout: float) -> bytes:
    try:
        done = subprocess.run(
            command, input=source.encode(), capture_output=True, timeout=timeout, check=False, env=_environment()
        )
    except subprocess.TimeoutExpired:
        raise RenderError(
            f"viz: Graphviz did not finish in {timeout:g} s. Show less (a smaller max_nodes or depth), or pass a "
            "greater timeout to save()"
        ) from None
    except OSError as error:
        raise RenderError(f"viz: Graphviz could not be started: {error}") from error
    if done.returncode or not done.stdout:
        message = done.stderr.decode(errors="replace").strip()
        raise RenderError(f"viz: Graphviz failed ({done.returncode}): {message[-1000:] or 'without a message'}")
    return done.stdout


def _environment() -> dict[str, str]:
    # Numbers in the output must have a point in every locale.
    return {**os.environ, "LC_NUMERIC": "C", "PYTHONIOENCODING": "utf-8"}


def _finished(svg: str, title: str, description: str) -> str:
    """Return Graphviz's SVG so that it scales, adapts to dark mode, and says what it shows."""
    start = svg.index("<svg")
    end = svg.index(">", start)
    tag = re.sub(r"\s+", " ", svg[start:end])
    tag = re.sub(r' width="([\d.]+)pt"', r' width="\1"', tag)
    tag = re.sub(r' height="([\d.]+)pt"', r' height="\1"', tag)
    # Wider than the page, it shrinks to fit; its own size is the largest it takes.
    tag = tag.replace("<svg", '<svg class="minigrad" role="img" style="max-width:100%;height:auto"', 1)
    head = f"<title>{escape(title)}</title>\n<desc>{escape(description)}</desc>\n<style>{style_sheet()}</style>"
    # The version of Graphviz is no part of the picture, nor are its comments.
    body = re.sub(r"<!--.*?-->\n?", "", svg[end + 1 :], flags=re.DOTALL)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{tag}>\n{head}{_with_titles_on_top(_joined(body))}'


_TEXT = re.compile(r"<text ([^>]*?)(font-family=[^>]*)>([^<]*)</text>")


def _joined(svg: str) -> str:
    """Return an SVG in which the pieces of each line of text are one element.

    Graphviz places every piece by the width that the one before has in its own fonts; in one element they follow each
    other whatever the reader's fonts are.
    """
    lines: list[str] = []
    for text in svg.split("\n"):
        found = _TEXT.fullmatch(text)
        if found is None:
            lines.append(text)
            continue
        place, look, content = found.groups()
        piece = f"<tspan {look}>{content.replace(JOINER, '')}</tspan></text>"
        if content.startswith(JOINER) and lines[-1].endswith("</text>"):
            lines[-1] = lines[-1].removesuffix("</text>") + piece
        else:
            lines.append(f"<text {place.rstrip()}>{piece}")
    return "\n".join(lines)


_TITLE = re.compile(
    r'(<g id="clust\d+" class="cluster">\n<title>[^<]*</title>\n(?:<g[^>]*><a[^>]*>\n)?<(?:path|polygon) fill="([^"]*)"'
    r"[^>]*/>\n)((?:<text .*</text>\n)+)"
)


def _with_titles_on_top(svg: str) -> str:
    """Return an SVG whose frames have their titles above the wires, with a rim in the frame's colour around letters.

    Graphviz draws a frame with its title first, and knows no way to keep wires off a title.
    """
    titles = [
        f'<g stroke="{fill}" stroke-width="4" stroke-linejoin="round" paint-order="stroke">\n{text}</g>\n'
        for _, fill, text in _TITLE.findall(svg)
    ]
    if not titles:
        return svg
    end = svg.rindex("</g>")
    # The pointer reaches what is below: the frame and the wire have tooltips.
    group = f'<g class="titles" pointer-events="none">\n{"".join(titles)}</g>\n'
    return _TITLE.sub(r"\1", svg[:end]) + group + svg[end:]
