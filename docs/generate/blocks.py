"""The Python in a page, run in the order of the page: by the suite, and by the build for the drawings it asks for.

A page's blocks share one namespace. ``python`` blocks are run; ``pycon`` blocks are run and their output is compared,
as doctests; functions named ``test_...`` are run at the end, as pytest would. The comment ``<!-- draw: EXPRESSION -->``
stands for a drawing, made where it stands.
"""

from __future__ import annotations

import doctest
import re
import textwrap
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import minigrad as mg

_BLOCK = re.compile(r"^( *)```(python|pycon)\b[^\n]*\n(.*?)^\1```[ ]*$|^ *<!-- draw: (.*?) -->", re.M | re.S)
_FLAGS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS


class Block(NamedTuple):
    """One block: its kind ("python", "pycon" or "draw"), its text, and the line it starts at."""

    kind: str
    text: str
    line: int


def blocks(page: str) -> Iterator[Block]:
    """Yield the blocks of a page.

    Examples
    --------
    >>> list(blocks("Text.\\n\\n```python\\nx = 1\\n```\\n\\n<!-- draw: x -->\\n"))
    [Block(kind='python', text='x = 1\\n', line=4), Block(kind='draw', text='x', line=7)]
    """
    for found in _BLOCK.finditer(page):
        line = page.count("\n", 0, found.start()) + 1
        if found[4] is not None:
            yield Block("draw", found[4], line)
        else:
            yield Block(found[2], textwrap.dedent(found[3]), line + 1)


@contextmanager
def registry_restored() -> Iterator[None]:
    """Forget the ops that are declared in the block, so that a page can be run again."""
    before = dict(mg.registry)
    try:
        yield
    finally:
        mg.registry.clear()
        mg.registry.update(before)


def run(page: str, path: Path) -> list[Any]:
    """Run the blocks of a page.

    Parameters
    ----------
    page : str
        The Markdown.
    path : Path
        Of the page, for messages.

    Returns
    -------
    list
        The value of each ``draw`` comment, in order.

    Raises
    ------
    AssertionError
        If the output of a ``pycon`` block is another one.
    """
    scope: dict[str, Any] = {"__name__": "__main__"}
    drawings = []
    with registry_restored():
        for block in blocks(page):
            if block.kind == "draw":
                drawings.append(eval(block.text, scope))
            elif block.kind == "python":
                exec(compile("\n" * (block.line - 1) + block.text, str(path), "exec"), scope)
            else:
                _check(block, path, scope)
        for name, function in list(scope.items()):
            if name.startswith("test_") and callable(function):
                _short(function)()
    return drawings


def _short(test: Callable[[], None]) -> Callable[[], None]:
    """Return a test that hypothesis draws arguments for with few examples, the same ones every time."""
    if not hasattr(test, "hypothesis"):
        return test
    from hypothesis import settings  # only here: pages without tests do not need it

    return settings(max_examples=12, deadline=None, derandomize=True, database=None)(test)


def _check(block: Block, path: Path, scope: dict[str, Any]) -> None:
    test = doctest.DocTestParser().get_doctest(block.text, scope, path.name, str(path), block.line - 1)
    test.globs = scope  # and not a copy: later blocks see what this one defines
    report: list[str] = []
    doctest.DocTestRunner(optionflags=_FLAGS).run(test, out=report.append, clear_globs=False)
    if report:
        raise AssertionError("".join(report))
