"""Drawings in pages: SVG within the HTML, in the colours that the reader has chosen for the page."""

from __future__ import annotations

import re
from html import escape
from typing import Any

import numpy as np

import minigrad as mg
from minigrad import viz
from minigrad.viz.theme import COLOURS


def style_sheet() -> str:
    """Return the CSS that gives drawings their dark colours where the page is dark."""
    rules = [
        f'[data-md-color-scheme="slate"] .minigrad [{attribute}="{light}"]{{{attribute}:{dark}}}'
        for light, dark in COLOURS.values()
        for attribute in ("fill", "stroke")
    ]
    return "\n".join(rules) + "\n"


def inline(drawing: viz.Drawing) -> str:
    """Return a drawing as HTML; without Graphviz, as the tree of text, and how to get the picture."""
    try:
        svg: str = drawing.pipe("svg", "utf-8")
    except viz.RenderError as error:
        return f'<div class="graph"><p>{escape(str(error))}</p><pre>{escape(drawing.text)}</pre></div>'
    svg = svg[svg.index("<svg") :]
    # The page's own style sheet stands in for the drawing's, which goes by the system's choice and not by the page's.
    svg = re.sub(r"<style>.*?</style>", "", svg, flags=re.S)
    # Down to this it shrinks to the width of the page, and can still be read; from there on it scrolls.
    width = re.search(r'<svg[^>]* width="([\d.]+)"', svg)
    if width is not None:
        least = f"min-width:{0.75 * float(width[1]):.0f}px"
        svg = svg.replace('style="max-width:100%', f'style="{least};max-width:100%', 1)
    # Several drawings share a page, so names would clash; nothing refers to them.
    svg = re.sub(r' id="[^"]*"', "", svg)
    return f'<div class="graph">{svg}</div>'


def decomposition(sample: Any) -> viz.Drawing | None:
    """Return the drawing of a fused op opened, at its first sample of the suite; None where it does not open.

    Parameters
    ----------
    sample : tests.ops.sample.Sample
    """
    op = mg.registry[sample.op]
    args, params = sample.fixed[0]
    names = iter([f"{op.arguments[0]}{i}" for i in range(len(args))] if op.variadic else op.arguments)
    call = []
    for value in args:
        name = next(names, None)
        if isinstance(value, (np.ndarray, float)) and np.asarray(value).dtype.kind == "f":
            value = mg.Tensor(value, requires_grad=True, name=name)
        elif isinstance(value, np.ndarray):
            value = mg.Tensor(value, name=name)
        call.append(value)
    with mg.decompose():
        y = sample.function(*call, **params)
    if y.node is None or y.node.op is op:
        return None
    y.name = "y"
    return viz.draw(y, gradient=np.ones(y.shape, y.dtype), digits=3, legend=False)
