"""The reference of ops, made from the registry: a page per family, the table of all, and the list of functions."""

from __future__ import annotations

import importlib
import inspect
import re
import sys
import textwrap
from collections.abc import Callable, Iterator
from functools import cache
from types import ModuleType
from typing import Any

import minigrad as mg
from minigrad import Tensor, listing
from minigrad.op import Op
from minigrad.tensor import numpy_functions
from minigrad.testing.policy import POINTS

from .formulas import render
from .policy import table as policy_table
from .text import fenced

# Names that stand for values in formulas, beside an op's own.
_VALUES = {
    "y",
    "g",
    "n",
    "k",
    "I",
    "mean",
    "median",
    "norm",
    "det",
    "softmax",
    "target",
    "L",
    "Q",
    "R",
    "U",
    "V",
    "S",
    "a",
    "d",
    "dt",
    "f",
    "q",
    "r",
    "rms",
    "scale",
    "t",
    "u",
    "v",
    "w",
    "x",
    "x̂",
    "π",
    "σ",
    "Φ",
}
_OPERATORS = {
    "__add__": "a + b",
    "__sub__": "a - b",
    "__mul__": "a * b",
    "__truediv__": "a / b",
    "__matmul__": "a @ b",
    "__neg__": "-x",
    "__abs__": "abs(x)",
    "__getitem__": "x[index]",
}


def registered() -> list[Op]:
    """Return minigrad's own ops. Names that start with ``my_`` are those of users' ops, in doctests and tests."""
    return [op for op in mg.registry.values() if op.module.startswith("minigrad.") and not op.name.startswith("my_")]


@cache
def modules() -> dict[str, ModuleType]:
    """Return the modules whose ops and functions have a page, by the name of the page.

    These are the modules that declare a registered op, and those of ``minigrad.ops`` with functions of the top level.
    """
    listing.load()
    names = {op.module for op in registered()}
    names |= {name for name in map(_module_of, public()) if name and name.startswith("minigrad.ops.")}
    found: dict[str, ModuleType] = {}
    for name in sorted(names):
        page = name.removeprefix("minigrad.").removeprefix("ops.").replace(".", "-")
        found[page] = importlib.import_module(name)
    return found


@cache
def public() -> dict[Callable[..., Any], str]:
    """Return every public function with the name it is called by: those of minigrad first, then of its modules."""
    listing.load()
    found: dict[Callable[..., Any], str] = {}
    inner = [m for name in ("special", "linalg", "signal", "nn.functional") if (m := _optional(f"minigrad.{name}"))]
    for module in (mg, *inner):
        for name in getattr(module, "__all__", ()):
            value = getattr(module, name)
            if callable(value) and not isinstance(value, type) and value not in found:
                found[value] = f"{module.__name__}.{name}"
    return found


def _optional(name: str) -> ModuleType | None:
    try:
        return importlib.import_module(name)
    except ImportError:
        return None


@cache
def _module_of(function: Any) -> str:
    """Return the module that a public function was made in."""
    op = getattr(function, "op", None)
    if op is not None:
        return str(op.module)
    if function.__module__ != "minigrad.protocol":
        return str(function.__module__)
    # Made by a function of another module: the module of the ops that holds it.
    for name, module in sorted(sys.modules.items()):
        if name.startswith("minigrad.ops.") and function in _values(module):
            return name
    return ""


def _values(module: ModuleType) -> list[Any]:
    return [value for value in vars(module).values() if callable(value)]


def title(module: ModuleType) -> str:
    """Return the title of a page: the first phrase of the module's docstring."""
    first = (module.__doc__ or module.__name__).strip().split("\n")[0]
    return re.split(r"[:.]", first)[0]


@cache
def function_of(op: Op) -> Callable[..., Any] | None:
    """Return the public function that records `op`, if there is one of that name."""
    for function, name in public().items():
        if getattr(function, "op", None) is op:
            return function
        if name.rpartition(".")[2] == op.name and (name.count(".") == 1 or _module_of(function) == op.module):
            return function
    return None


def signature(function: Callable[..., Any]) -> str:
    """Return the call of a function as a reader writes it: without annotations."""
    op = getattr(function, "op", None)
    name = public().get(function, function.__name__)
    if op is not None:
        return f"{name}({', '.join(op.arguments)})"
    parameters = [
        p.replace(annotation=inspect.Parameter.empty) for p in inspect.signature(function).parameters.values()
    ]
    inner = str(inspect.Signature(parameters))[1:-1]
    if len(name) + len(inner) <= 80:
        return f"{name}({inner})"
    return "\n".join([f"{name}(", *textwrap.wrap(inner, 76, initial_indent="    ", subsequent_indent="    "), ")"])


def numpy_names(function: Callable[..., Any]) -> list[str]:
    """Return the NumPy functions that do the same on tensors, and the methods and operators."""
    names = []
    for theirs, own in numpy_functions.items():
        if own is function:
            module = "np.linalg" if "linalg" in (getattr(theirs, "__module__", "") or "") else "np"
            names.append(f"{module}.{theirs.__name__}")
    for name, value in vars(Tensor).items():
        if value is function and not name.startswith("__"):
            names.append(f"Tensor.{name}")
        elif value is function and name in _OPERATORS:
            names.append(_OPERATORS[name])
    return sorted(set(names))


def summary(function: Callable[..., Any]) -> str:
    """Return the first sentence of a function's docstring."""
    text = (inspect.getdoc(function) or "").strip().split("\n\n")[0]
    sentence = re.split(r"\.\s", " ".join(text.split()))[0]
    return _unrolled(sentence.removesuffix(".") + ".")


def _unrolled(text: str) -> str:
    return re.sub(r":\w+:`~?([^`]*)`", r"`\1`", text)


def _documentation(function: Callable[..., Any]) -> Iterator[str]:
    """Yield the Markdown that documents a function: numpydoc through mkdocstrings, a short text as it is."""
    if getattr(function, "op", None) is None and function.__module__ != "minigrad.protocol":
        yield f"::: {function.__module__}.{function.__name__}\n"
        yield "    options:\n      show_root_heading: false\n      show_root_toc_entry: false\n"
        return
    yield fenced(_unrolled(inspect.getdoc(function) or "").strip()) + "\n"


def _formula(op: Op, k: int) -> str:
    text = listing.local_gradient(op, k)
    if not text:
        return "no gradient flows"
    symbolic = op.kind == "elementwise" and not op.local
    return render(text, None if symbolic else {*op.arguments, *op.residuals, *_VALUES})


def local_table(op: Op) -> str:
    """Return the table of an op's arguments: the local gradient, and what the graph saves for it."""
    lines = ["| argument | local gradient | saved for it |", "|---|---|---|"]
    for k in range(1 if op.variadic else len(op.arguments)):
        name = f"\\*{op.arguments[0]}" if op.variadic else op.arguments[k]
        kept = ", ".join(f"`{n}`" if " " not in n else n for n in listing.saved(op, k)) or "nothing"
        cell = _formula(op, k).replace("|", "&#124;")
        lines.append(f"| `{name}` | {cell} | {kept if op.rules[k] else ''} |".replace("`\\*", "`*"))
    return "\n".join(lines) + "\n"


def _op_section(op: Op) -> Iterator[str]:
    function = function_of(op)
    yield f"## {op.name} {{ #{anchor(op)} }}\n"
    facts = [f"**{op.kind}**"]
    if function is not None:
        facts += [f"`{name}`" for name in numpy_names(function)]
    yield f'<p class="facts" markdown>{" · ".join(facts)}</p>\n'
    if function is not None:
        yield f"```python\n{signature(function)}\n```\n"
        yield from _documentation(function)
    else:
        yield "Has no function of its own: other functions, or rules, record it.\n"
    yield local_table(op)
    yield from _singular_points(op.name)
    if op.decomposition is not None:
        if op.kind == "fused":
            yield "Defined by its decomposition, which also serves higher orders and forward mode:\n"
        else:
            yield "Its decomposition, which `with minigrad.decompose():` records:\n"
        yield f"<!-- decomposition: {op.name} -->\n"


def _singular_points(name: str) -> Iterator[str]:
    points = [p for p in POINTS if p.op == name]
    if points:
        yield "Singular points ([the policy](../policy.md)):\n"
        yield policy_table(points)


def _function_section(function: Callable[..., Any]) -> Iterator[str]:
    name = section_of(function)
    yield f"## {name} {{ #{name} }}\n"
    facts = ["**a function of other ops**", *[f"`{n}`" for n in numpy_names(function)]]
    yield f'<p class="facts" markdown>{" · ".join(facts)}</p>\n'
    if "kwargs" not in (call := signature(function)):
        yield f"```python\n{call}\n```\n"
    yield from _documentation(function)
    if name not in mg.registry:
        yield from _singular_points(name.rpartition(".")[2])


def section_of(function: Callable[..., Any]) -> str:
    """Return the name of a function's section: with its module, where the bare name is another's on the same page.

    Examples
    --------
    >>> section_of(mg.tril), section_of(mg.linalg.cross)
    ('tril', 'linalg.cross')
    """
    name = public()[function]
    bare = name.rpartition(".")[2]
    page = _module_of(function)
    op = mg.registry.get(bare)
    taken = op is not None and op.module == page
    top = getattr(mg, bare, None)
    if top is not function and callable(top) and top in public():
        taken = taken or _module_of(top) == page
    return name.removeprefix("minigrad.") if taken else bare


def anchor(op: Op) -> str:
    """Return the name of an op's section."""
    return op.name


def functions_of(module: ModuleType) -> list[Callable[..., Any]]:
    """Return the public functions of a module that no op of the registry has a section for."""
    own = {function_of(op) for op in registered()}
    return [f for f in public() if _module_of(f) == module.__name__ and f not in own]


def ops_of(module: ModuleType) -> list[Op]:
    """Return the ops that a module declares, in the order of their declaration."""
    return [op for op in registered() if op.module == module.__name__]


def family_page(module: ModuleType) -> str:
    """Return the page of one family."""
    doc = _unrolled(inspect.getdoc(module) or "").strip()
    parts = [f"# {title(module)}\n"]
    if doc.rstrip(".") != title(module):
        parts.append(f"{fenced(doc)}\n")
    parts.append(f"Declared in `{module.__name__}`.\n")
    for op in ops_of(module):
        parts += _op_section(op)
    for function in functions_of(module):
        parts += _function_section(function)
    return "\n".join(parts)


def ops_table() -> str:
    """Return the table of the whole registry."""
    lines = ["| op | kind | local gradient | decomposition |", "|---|---|---|---|"]
    for page, module in modules().items():
        lines.append(f"| **[{title(module)}]({page}.md)** | | | |")
        for op in sorted(ops_of(module), key=lambda op: op.name):
            cells = [
                (f"*{op.arguments[0]}" if op.variadic else op.arguments[k], _formula(op, k).replace("|", "&#124;"))
                for k in range(1 if op.variadic else len(op.arguments))
            ]
            formulas = "".join(
                f'<span class="formula">`{name}`: {formula}</span>' if len(cells) > 1 else formula
                for name, formula in cells
            )
            opened = "yes" if op.decomposition else ""
            lines.append(f"| [`{op.name}`]({page}.md#{anchor(op)}) | {op.kind} | {formulas} | {opened} |")
    return "\n".join(lines) + "\n"


def functions_table() -> str:
    """Return the table of the functions of the top level, by name."""
    place = {f: (page, "") for page, module in modules().items() for f in functions_of(module)}
    for page, module in modules().items():
        for op in ops_of(module):
            function = function_of(op)
            if function is not None:
                place[function] = (page, anchor(op))
    lines = ["| function | | NumPy and methods |", "|---|---|---|"]
    for name in sorted(mg.__all__, key=str.lower):
        function = getattr(mg, name)
        if not callable(function) or function not in place:
            continue  # a class, a module or a constant: these are on the pages of the API
        page, section = place[function]
        link = f"ops/{page}.md#{section or section_of(function)}"
        others = " ".join(f"`{n}`" for n in numpy_names(function))
        lines.append(f"| [`{name}`]({link}) | {summary(function)} | {others} |")
    return "\n".join(lines) + "\n"


def pages() -> dict[str, str]:
    """Return the generated pages, as Markdown by path below ``docs/``."""
    return {f"reference/ops/{page}.md": family_page(module) for page, module in modules().items()}


__all__ = ["family_page", "functions_table", "modules", "ops_table", "pages", "title"]
