"""The registry of ops as a table: ``python -m minigrad.ops``.

One row per argument that an op takes: the values its rule reads (and so the graph saves), and the local gradient, read
off the rule. Fields in braces are static arguments, filled in where an op is drawn.
"""

from __future__ import annotations

import argparse
import fnmatch
import importlib
import pkgutil
import shutil
import sys
import textwrap
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from .formula import formula
from .op import Op, registry

KINDS = ("elementwise", "linear", "general", "fused")


class Row(NamedTuple):
    """One argument of one op."""

    op: Op
    argument: str
    reads: str
    local: str


def load() -> list[str]:
    """Import every module of minigrad that may declare ops.

    Returns
    -------
    list of str
        One line for each module that could not be imported, because what it needs is not installed.
    """
    from . import __path__ as package
    from . import ops

    missing = []
    found = [*pkgutil.iter_modules(ops.__path__, "minigrad.ops."), *pkgutil.iter_modules(package, "minigrad.")]
    for module in found:
        # Drawing and testing declare nothing, and need extras.
        if module.name in ("minigrad.testing", "minigrad.viz") or module.name.rpartition(".")[2].startswith("_"):
            continue
        try:
            importlib.import_module(module.name)
        except ImportError as error:
            missing.append(f"{module.name} is left out: {error}")
    return missing


def local_gradient(op: Op, k: int) -> str:
    """Return the formula of the local gradient of `op` at argument `k`; empty where no gradient flows.

    Examples
    --------
    >>> import minigrad as mg
    >>> local_gradient(mg.registry["divide"], 1), local_gradient(mg.registry["sum"], 0)
    ('-y / b', '1 (sum over axis {axis}; repeated on the way back)')
    """
    if op.rules[k] is None:
        return ""
    if op.local:
        return op.local[0 if op.variadic else k]
    return formula(op, k) if op.kind == "elementwise" else f"∂{op.name}/∂{op.argument_name(k)}"


def saved(op: Op, k: int) -> tuple[str, ...]:
    """Return the names of what the graph saves for argument `k`, static arguments and positions left out."""
    static = op.parameters or frozenset()
    return tuple(
        [
            {"others": "the other operands", "shapes": "the shapes"}.get(name, name)
            for name in op.names[k] or ()
            if name != "k" and (name in op.arguments or name in op.residuals or name not in static)
        ]
    )


def rows(op: Op) -> list[Row]:
    """Return one row for each argument of `op`.

    Examples
    --------
    >>> import minigrad as mg
    >>> [(row.argument, row.reads, row.local) for row in rows(mg.registry["multiply"])]
    [('a', 'b', 'b'), ('b', 'a', 'a')]
    """
    if op.variadic:
        return [Row(op, f"*{op.arguments[0]}", ", ".join(saved(op, 0)), local_gradient(op, 0))]
    return [
        Row(op, argument, ", ".join(saved(op, k)), local_gradient(op, k) if op.rules[k] else "no gradient flows")
        for k, argument in enumerate(op.arguments)
    ]


def family(op: Op) -> str:
    """Return the last part of the name of the module that declares `op`.

    Examples
    --------
    >>> import minigrad as mg
    >>> family(mg.registry["tanh"])
    'trigonometry'
    """
    return op.module.rpartition(".")[2]


def select(patterns: Sequence[str] = (), kind: str | None = None) -> list[Op]:
    """Return the ops of `kind` whose name matches one of `patterns` (with ``*`` and ``?``), by family.

    Examples
    --------
    >>> select(["arg*", "log", "log_s*"])
    [<Op log_softmax (general)>, <Op log (elementwise)>]
    """
    chosen = [
        op
        for op in registry.values()
        if kind in (None, op.kind) and (not patterns or any(fnmatch.fnmatchcase(op.name, p) for p in patterns))
    ]
    return sorted(chosen, key=lambda op: (op.module, op.name))


_HEADER = ("op", "kind", "argument", "reads", "local gradient", "decomposition")


def _cells(ops: Iterable[Op]) -> list[tuple[str, ...]]:
    cells: list[tuple[str, ...]] = []
    for op in ops:
        first = (op.name, op.kind)
        last = "yes" if op.decomposition else "no"
        for row in rows(op):
            cells.append((*first, row.argument, row.reads or "-", row.local, last))
            first, last = ("", ""), ""
    return cells


def text(ops: Iterable[Op], width: int = 120) -> str:
    """Return the table of `ops` as aligned text, the formulas wrapped so that lines are `width` wide where possible.

    Examples
    --------
    >>> import minigrad as mg
    >>> print(text([mg.registry["divide"], mg.registry["tanh"]]))
    op      kind         argument  reads  local gradient  decomposition
    divide  elementwise  a         b      1 / b           no
                         b         b, y   -y / b
    tanh    elementwise  x         y      1 - y·y         no
    """
    table = [_HEADER, *_cells(ops)]
    widths = [max(len(row[i]) for row in table) for i in range(len(_HEADER))]
    fixed = sum(widths[:4]) + widths[5] + 2 * (len(widths) - 1)
    widths[4] = min(widths[4], max(20, width - fixed))
    lines = []
    for row in table:
        for i, part in enumerate(textwrap.wrap(row[4], widths[4]) or [""]):
            cells = [*row[:4], part, row[5]] if i == 0 else ["", "", "", "", part, ""]
            lines.append("  ".join(f"{cell:{n}}" for cell, n in zip(cells, widths, strict=True)).rstrip())
    return "\n".join(lines)


def markdown(ops: Iterable[Op]) -> str:
    """Return the table of `ops` in Markdown.

    Examples
    --------
    >>> import minigrad as mg
    >>> print(markdown([mg.registry["tanh"]]))
    | op | kind | argument | reads | local gradient | decomposition |
    |---|---|---|---|---|---|
    | tanh | elementwise | x | y | `1 - y·y` | no |
    """
    lines = ["| " + " | ".join(_HEADER) + " |", "|---" * len(_HEADER) + "|"]
    for row in _cells(ops):
        cells = [*[c.replace("*", "\\*").replace("|", "\\|").replace("_", "\\_") for c in row[:4]], "", row[5]]
        cells[4] = "`" + row[4].replace("|", "\\|") + "`"
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments that :func:`show` reads."""
    parser.add_argument("names", nargs="*", metavar="NAME", help="show these only; * and ? stand for any characters")
    parser.add_argument("--kind", choices=KINDS, help="show the ops of one kind")
    parser.add_argument("--markdown", action="store_true", help="write a Markdown table")
    parser.add_argument(
        "--import",
        dest="modules",
        action="append",
        default=[],
        metavar="MODULE",
        help="also list your own ops of MODULE",
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the registry; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m minigrad.ops", description="The registry of ops, as a table.")
    add_arguments(parser)
    return show(parser.parse_args(arguments))


def show(options: argparse.Namespace) -> int:
    """Print the table that the options ask for; return the exit status."""
    for line in load():
        print(line, file=sys.stderr)
    for module in options.modules:
        importlib.import_module(module)
    ops = select(options.names, options.kind)
    if not ops:
        asked = " ".join([*options.names, *([f"--kind {options.kind}"] if options.kind else [])])
        print(f"no op matches {asked}; the registry has {len(registry)} ops", file=sys.stderr)
        return 1
    print(markdown(ops) if options.markdown else text(ops, shutil.get_terminal_size((120, 24)).columns))
    return 0
