"""What to call a function in a reproducer, and the lines that bring that name about."""

from __future__ import annotations

import ast
import functools
import linecache
import sys
from collections.abc import Iterator
from types import CodeType, ModuleType
from typing import Any

import numpy as np

import minigrad

from ..op import Op
from .report import literal


def label_of(function: Any) -> tuple[str, list[str]]:
    """Return the expression that names `function`, and the lines to run before it.

    Examples
    --------
    >>> label_of(minigrad.exp), label_of(minigrad.registry["exp"]), label_of(np.floor)
    (('mg.exp', []), ("mg.registry['exp']", []), ('np.floor', []))
    >>> import functools
    >>> label_of(functools.partial(minigrad.sum, axis=0))
    ('functools.partial(mg.sum, axis=0)', ['import functools'])
    >>> from minigrad.nn import functional
    >>> label_of(functional.gelu)
    ('gelu', ['from minigrad.nn.functional import gelu'])
    """
    bound = getattr(function, "__self__", None)
    if bound is not None and not isinstance(bound, ModuleType):
        kind = type(bound)
        return "fn", [f"fn = ...  # {function.__name__} of the {kind.__qualname__} of {kind.__module__}"]
    if isinstance(function, functools.partial):
        inner, lines = label_of(function.func)
        parts = [inner, *map(literal, function.args)]
        parts += [f"{key}={literal(value)}" for key, value in function.keywords.items()]
        return f"functools.partial({', '.join(parts)})", ["import functools", *lines]
    if isinstance(function, Op):
        return f"mg.registry[{function.name!r}]", _declared(function)
    for prefix, module in (("mg", minigrad), ("mg.linalg", minigrad.linalg), ("mg.special", minigrad.special)):
        if (found := _name_in(module, function)) is not None:
            return f"{prefix}.{found}", []
    if isinstance(function, np.ufunc) or (getattr(function, "__module__", "") or "").split(".")[0] == "numpy":
        for prefix, module in (("np", np), ("np.linalg", np.linalg)):
            if (found := _name_in(module, function)) is not None:
                return f"{prefix}.{found}", []
    op = getattr(function, "op", None)
    home = sys.modules.get(op.module if op is not None else getattr(function, "__module__", None) or "")
    if (public := _home(function, home)) is not None:
        return public
    if op is not None:
        return f"mg.registry[{op.name!r}]", _declared(op)
    return _local(function)


def _name_in(module: ModuleType, function: Any) -> str | None:
    """Return the name that a module has for `function`, its own name first."""
    own = getattr(function, "__name__", "")
    if own and vars(module).get(own) is function:
        return str(own)
    return next((name for name, value in vars(module).items() if value is function and name[0] != "_"), None)


def _home(function: Any, module: ModuleType | None) -> tuple[str, list[str]] | None:
    """Return the label of a function that can be imported, or that a script has at its top level."""
    if module is None:
        return None
    if module.__name__.startswith("minigrad."):  # what minigrad exports, and not the file it is written in
        module = sys.modules.get("minigrad.nn.functional", module)
    name = _name_in(module, function)
    if name is None:
        owner, _, method = getattr(function, "__qualname__", "").partition(".")  # a function of a class
        name = owner if method and getattr(getattr(module, owner, None), method, None) is function else None
        if name is None:
            return None
        label = f"{name}.{method}"
    else:
        label = name
    return label, [] if module.__name__ == "__main__" else [f"from {module.__name__} import {name}"]


def _declared(op: Op) -> list[str]:
    own = op.module == "__main__" or op.module.startswith("minigrad.") or op.module not in sys.modules
    return [] if own else [f"import {op.module}"]


def _local(function: Any) -> tuple[str, list[str]]:
    """Return a name for a function that only its own scope knows; for a lambda, its text."""
    code = getattr(getattr(function, "__func__", function), "__code__", None)
    if not isinstance(code, CodeType):
        kind = type(function)
        return "fn", [f"fn = ...  # the {kind.__qualname__} of {kind.__module__} that was checked"]
    place = f"{code.co_filename}:{code.co_firstlineno}"
    text = _text_of(code)
    if text is not None and not code.co_freevars:
        return "fn", [f"fn = {text}  # {place}"]
    name = function.__name__ if function.__name__.isidentifier() else "fn"
    return name, [f"{name} = ...  # the function of {place}"]


def _text_of(code: CodeType) -> str | None:
    """Return the text of a lambda, if its file is at hand and no other begins on that line."""
    if code.co_name != "<lambda>":
        return None
    source = "".join(linecache.getlines(code.co_filename))
    try:
        found = list(_lambdas(ast.parse(source), code.co_firstlineno))
    except SyntaxError:
        return None
    text = ast.get_source_segment(source, found[0]) if len(found) == 1 else None
    return " ".join(text.split()) if text is not None else None


def _lambdas(tree: ast.AST, line: int) -> Iterator[ast.Lambda]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.Lambda) and node.lineno == line)
