"""``minigrad draw``: the graph of an expression, or of a tensor that a script computes."""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path
from typing import Any

import numpy as np

import minigrad as mg
from minigrad import Tensor

from ..api import DIRECTIONS, draw, text
from ..detail import DETAILS
from ..viewer import view
from .expression import ExpressionError, evaluate, value

HELP = "draw the graph of an expression, or of a tensor that a script computes"
EXAMPLES = """examples:
  minigrad draw "(x + y) * z" x=-2 y=5 z=-4 -o graph.svg
  minigrad draw "x @ W + b" "x=[[1, 2]]" "W=[[1, 3, 5], [2, 4, 6]]" "b=[1, 2, 3]" --gradient "[[1, 2, 3]]" --text
  minigrad draw "x**3" x=2 --grad-of x --open      the graph of the derivative
  minigrad draw "sigmoid(x * w)" x=2 w=-1 -o graph.html     a page to look into, and to step through
  minigrad draw "relu(x) * exp(x)" x=2 --check --highlight x --html     with marks: ✓ checked, and a path
  minigrad draw train.py:loss -o loss.pdf          the tensor (or the function that returns it) `loss` of a script

An expression has numbers, names, lists, + - * / // % ** @, comparisons, indices, and minigrad's functions: exp(x),
x.sum(axis=0), softmax(x). `minigrad ops` lists ops.
"""

_ASSIGNMENT = re.compile(r"\s*([^\W\d]\w*)\s*=(?!=)(.*)", re.DOTALL)
_SCRIPT = re.compile(r"(.+\.py):([^\W\d]\w*)")


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("what", metavar="EXPRESSION | SCRIPT.py:NAME", help="what to draw")
    parser.add_argument("values", nargs="*", metavar="NAME=VALUE", help="a number, or a list such as [[1, 2], [3, 4]]")
    parser.add_argument(
        "-o", "--output", type=Path, metavar="FILE", help=".svg (default: graph.svg), .png, .pdf, .html, .dot or .txt"
    )
    parser.add_argument(
        "--html", action="store_true", help="write a page to look into and to step through (default: graph.html)"
    )
    parser.add_argument("--text", action="store_true", help="print the graph as a tree of text")
    parser.add_argument("--open", action="store_true", help="show the file when it is written")
    parser.add_argument("--gradient", metavar="VALUE", help="the upstream gradient (default: 1, or ones)")
    parser.add_argument("--grad-of", metavar="NAME", help="draw the graph of the gradient at NAME: second order")
    parser.add_argument(
        "--input", action="append", default=[], metavar="NAME", help="an input that needs no gradient; may be repeated"
    )
    parser.add_argument("--direction", choices=DIRECTIONS, help="draw to the right or downwards")
    parser.add_argument("--depth", type=int, metavar="N", help="fold modules inside of N others")
    parser.add_argument("--max-nodes", type=int, default=60, metavar="N", help="show at most N boxes (default 60)")
    parser.add_argument("--digits", type=int, default=4, metavar="N", help="significant digits (default 4)")
    parser.add_argument("--expand", action="append", default=[], metavar="OP", help="open a fused op; may be repeated")
    parser.add_argument("--show", metavar="WORDS", help=f"of {' '.join(DETAILS)}; +WORD and -WORD add and leave out")
    parser.add_argument("--highlight", metavar="NAME", help="mark the path from NAME to the output")
    parser.add_argument("--check", action="store_true", help="compare each local gradient with numbers")


def run(options: argparse.Namespace) -> int:
    """Draw, and say where."""
    script = _SCRIPT.fullmatch(options.what)
    if script:
        if options.values:
            raise ValueError(f"{options.values[0]}: values belong to an expression, not to a script")
        output, leaves = from_script(Path(script[1]), script[2]), {}
    else:
        leaves = named_values(options.values, options.input)
        # The drawing itself says where what is not finite was born.
        with np.errstate(all="ignore"):
            output = evaluate(options.what, leaves)
        used = {name for name in leaves if re.search(rf"\b{name}\b", options.what)}
        unused = [name for name in leaves if name not in used]
        if unused:
            raise ValueError(f"{unused[0]} does not stand in the expression {options.what!r}")
    gradient = _value("--gradient", options.gradient) if options.gradient is not None else None
    if options.grad_of is not None:
        output, gradient = derivative(output, options.grad_of, leaves, gradient), None
    if not output.requires_grad:
        raise ValueError("there is nothing to draw: the expression has no name that requires a gradient")
    if gradient is None and output.size != 1:
        gradient = mg.ones(output.shape)
    shown = {"gradient": gradient, "depth": options.depth, "max_nodes": options.max_nodes, "digits": options.digits}
    marked = {"expand": options.expand, "highlight": options.highlight, "check": options.check}
    path = options.output or Path("graph.html" if options.html else "graph.svg")
    as_page = options.html or path.suffix.lower() in (".html", ".htm")
    if as_page and options.expand and not options.text:
        raise ValueError("--expand: not for the page of --html, which writes out fused ops when its reader asks for it")
    if as_page and options.show:
        raise ValueError("--show: not for the page of --html, which tells everything at the pointer")
    if options.text:
        print(text(output, **shown, **marked))
    if options.text and options.output is None and not (options.open or options.html):
        return 0
    if as_page:
        view(output, path, direction=options.direction, highlight=options.highlight, check=options.check, **shown)
    else:
        draw(output, direction=options.direction, show=options.show, **shown, **marked).save(path)
    print(path)
    if options.open:
        import webbrowser

        webbrowser.open(path.resolve().as_uri())
    return 0


def named_values(assignments: list[str], inputs: list[str]) -> dict[str, Tensor]:
    """Return the leaves that ``name=value`` texts describe.

    Raises
    ------
    ExpressionError
        If one is no such text, or stands twice.
    """
    leaves: dict[str, Tensor] = {}
    for assignment in assignments:
        found = _ASSIGNMENT.fullmatch(assignment)
        if found is None:
            raise ExpressionError(assignment, "expected NAME=VALUE", 0, len(assignment))
        name, number = found[1], found[2]
        if name in leaves:
            raise ExpressionError(assignment, f"{name} has a value already", found.start(1), found.end(1))
        try:
            # Inputs that need no gradient may be classes or indices.
            array = value(number, whole=name in inputs)
        except ExpressionError as error:
            shift = found.start(2)
            message = str(error).splitlines()[0]
            raise ExpressionError(assignment, message, error.start + shift, error.end + shift) from None
        leaves[name] = Tensor(array, requires_grad=name not in inputs, name=name)
    for name in inputs:
        if name not in leaves:
            raise ValueError(f"--input {name}: there is no {name}=VALUE")
    return leaves


def derivative(output: Tensor, name: str, leaves: dict[str, Tensor], gradient: Any) -> Tensor:
    """Return the gradient of `output` at the leaf `name`, with a graph of its own."""
    if name not in leaves:
        raise ValueError(f"--grad-of {name}: the expression has no {name}; it has {', '.join(leaves) or 'no names'}")
    if not leaves[name].requires_grad:
        raise ValueError(f"--grad-of {name}: {name} is an input that needs no gradient")
    upstream = Tensor(gradient) if gradient is not None else mg.ones(output.shape)
    result: Tensor | None
    (result,) = mg.grad(output, [leaves[name]], grad_outputs=upstream, create_graph=True, allow_unused=True)
    if result is None:
        raise ValueError(f"--grad-of {name}: the expression does not depend on {name}")
    if not result.requires_grad:
        raise ValueError(f"--grad-of {name}: the gradient is constant, {result.tolist()}: it has no graph")
    result.name = f"d/d{name}"
    return result


def from_script(path: Path, name: str) -> Tensor:
    """Run a script, and return its tensor of that name; a function is called for it."""
    import runpy

    if not path.is_file():
        raise FileNotFoundError(f"there is no file {path}")
    folder = str(path.resolve().parent)
    sys.path.insert(0, folder)
    try:
        # Under a name of its own, so that what the script does as a program is not done.
        found = runpy.run_path(str(path), run_name="__minigrad__")
    except SystemExit as error:
        raise RuntimeError(f"{path} ended itself: exit({error.code})") from None
    except Exception as error:
        line = _line_of(error, path)
        raise RuntimeError(f"{path}{line} failed: {type(error).__name__}: {error}") from error
    finally:
        sys.path.remove(folder)
    if name not in found:
        tensors = [key for key, item in found.items() if isinstance(item, Tensor)]
        known = f"; its tensors: {', '.join(tensors)}" if tensors else ""
        raise ValueError(f"{path} has no {name!r}{known}")
    result = found[name]
    if callable(result) and not isinstance(result, Tensor):
        result = result()
    if isinstance(result, tuple) and result:
        result = result[0]
    if not isinstance(result, Tensor):
        raise TypeError(f"{path}: {name} is {type(result).__name__}, not a Tensor or a function that returns one")
    return result


def _line_of(error: BaseException, path: Path) -> str:
    """Return ``:line`` of the script's last line that led to the error."""
    line, trace = "", error.__traceback__
    while trace is not None:
        if Path(trace.tb_frame.f_code.co_filename).resolve() == path.resolve():
            line = f":{trace.tb_lineno}"
        trace = trace.tb_next
    return line


def _value(option: str, text: str) -> Any:
    try:
        return value(text)
    except ExpressionError as error:
        raise ExpressionError(text, f"{option}: {str(error).splitlines()[0]}", error.start, error.end) from None
