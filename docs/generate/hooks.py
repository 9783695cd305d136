"""What mkdocs calls: the generated pages and their place in the navigation, the drawings, the style sheet."""

from __future__ import annotations

import contextlib
import os
import re
import sys
import tempfile
from pathlib import Path
from typing import Any

# mkdocs loads this file by its path.
ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
# A library of threads that waits for the others makes small products slower, not faster.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

from docs.generate import blocks, figures, policy, reference
from tests.ops.table import SAMPLES

_INSERTED = {
    "<!-- table of ops -->": reference.ops_table,
    "<!-- table of functions -->": reference.functions_table,
    "<!-- policy -->": policy.page_tables,
}
_DRAWINGS: dict[str, list[Any]] = {}


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Put the generated pages into the navigation, below the page that lists them."""
    pages = [{page.capitalize(): f"reference/ops/{page}.md"} for page in reference.modules()]
    _extend(config.nav, pages)
    return config


def _extend(items: Any, pages: list[Any]) -> None:
    for item in items:
        for value in item.values() if isinstance(item, dict) else ():
            if isinstance(value, list):
                if "reference/ops/index.md" in value:
                    value += pages
                _extend(value, pages)


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the generated files."""
    for path, text in reference.pages().items():
        files.append(File.generated(config, path, content=text))
    files.append(File.generated(config, "assets/drawings.css", content=figures.style_sheet()))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Fill in the generated tables, and run the pages that show drawings of what their code computes."""
    for mark, make in _INSERTED.items():
        if mark in markdown:
            markdown = markdown.replace(mark, make())
    if "<!-- draw: " in markdown:
        source = Path(page.file.abs_src_path)
        # The code of the pages saves its drawings.
        with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
            _DRAWINGS[page.file.src_uri] = blocks.run(source.read_text(), source)
    return markdown


def on_post_page(output: str, page: Any, **_: Any) -> str:
    """Put the drawings in, last, so that their texts are no part of the search index."""
    # A dash, and nothing after it, where a parameter's type says all.
    output = re.sub(r'\s*–\s*<div class="doc-md-description">\s*</div>', "", output)
    drawings = iter(_DRAWINGS.get(page.file.src_uri, ()))
    output = re.sub(r"<!-- draw: .*? -->", lambda _: figures.inline(next(drawings)), output)
    return re.sub(r"<!-- decomposition: (\w+) -->", lambda found: _opened(found[1]), output)


def _opened(name: str) -> str:
    for sample in SAMPLES:
        if sample.op == name:
            drawing = figures.decomposition(sample)
            if drawing is not None:
                return figures.inline(drawing)
    return "<p>Where the static arguments are simple, it records no other op.</p>"
