"""What is read off a declaration of an op, and what is wrong with it: all before the first call.

Parameters are read from code objects: `inspect` would take longer to import than all of minigrad.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from .op import Op

_DEFAULT_ARGUMENTS = {1: ("x",), 2: ("a", "b"), 3: ("a", "b", "c")}
_VARIABLE = 0x04  # the flag of a function with *args

_MEANINGS = {
    "g": "the upstream gradient",
    "y": "the op's value",
    "k": "the position of the argument",
    "shapes": "the shapes of all arguments",
    "others": "the values of the other arguments",
}


def named_parameters(function: Any) -> tuple[str, ...] | None:
    """Return the names of a function's parameters, None where it has none to read (builtins)."""
    code = getattr(function, "__code__", None)
    return None if code is None else code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]


def static_parameters(forward: Callable[..., Any], arguments: tuple[str, ...]) -> frozenset[str] | None:
    """Return the names of the static arguments, None where they cannot be known."""
    if isinstance(forward, np.ufunc):
        return frozenset()
    names = named_parameters(forward)
    return None if names is None else frozenset(names) - set(arguments)


def defaults(forward: Callable[..., Any]) -> dict[str, Any]:
    """Return the default values of the static arguments."""
    code, given = getattr(forward, "__code__", None), getattr(forward, "__defaults__", None) or ()
    positional = code.co_varnames[code.co_argcount - len(given) : code.co_argcount] if code is not None else ()
    return {**dict(zip(positional, given, strict=True)), **(getattr(forward, "__kwdefaults__", None) or {})}


def default_arguments(name: str, forward: Callable[..., Any], count: int) -> tuple[str, ...]:
    """Return the names of an op's arguments where none are given: the forward function's own.

    Raises
    ------
    ValueError
        If they cannot be read and are too many to have names by themselves, or if there are fewer than rules.
    """
    code = getattr(forward, "__code__", None)
    if code is not None and not code.co_flags & _VARIABLE:
        names: tuple[str, ...] = code.co_varnames[: code.co_argcount]
        if len(names) < count:
            taken = _listed(names)
            raise ValueError(f"{name}: rules for {count} argument(s), but the forward function takes {taken} only")
        return names[:count]
    if count > len(_DEFAULT_ARGUMENTS):
        raise ValueError(f"{name}: {count} rules: name the arguments they are for, with arguments=(...)")
    return _DEFAULT_ARGUMENTS.get(count, ())


def rule_reads(name: str, rule: Any) -> tuple[str, ...] | None:
    """Return the names of the values that a rule reads.

    Raises
    ------
    TypeError, ValueError
        If it is not a function whose parameters can be read, of which the first is `g`.
    """
    if rule is None:
        return None
    names = named_parameters(rule)
    if names is None:
        raise TypeError(
            f"{name}: a rule must be a Python function, whose parameters say what it reads, or None; got {rule!r:.80}"
        )
    if not names or names[0] != "g":
        raise ValueError(
            f"{name}: the first parameter of a rule is the upstream gradient g; this one has {_listed(names)}"
        )
    return names[1:]


def check(op: Op, rules: Sequence[Any]) -> None:
    """Raise where a declaration contradicts itself.

    Raises
    ------
    TypeError, ValueError
        In the terms of the declaration.
    """
    if not rules:
        raise ValueError(f"{op.name}: no rules: give one for each argument (None where no gradient flows)")
    if op.variadic and len(rules) != 1:
        raise ValueError(f"{op.name}: takes any number of arguments, so it has one rule for all; got {len(rules)}")
    if not op.variadic and len(rules) != len(op.arguments):
        raise ValueError(f"{op.name}: {len(rules)} rules for the arguments {_listed(op.arguments)}")
    if len(op.local) not in (0, 1 if op.variadic else len(op.arguments)):
        raise ValueError(f"{op.name}: {len(op.local)} local formulas for the arguments {_listed(op.arguments)}")
    reserved = ("g", "y", "k", "shapes", "others") if op.variadic else ("g", "y")
    for taken in (*op.arguments, *sorted(op.parameters or ()), *op.residuals):
        if taken in reserved:
            raise ValueError(
                f"{op.name}: an argument cannot be named {taken!r}: in rules, that is {_MEANINGS[taken]}. Rename it in "
                "the forward function"
            )
    if op.kind == "elementwise" and op.parameters:
        raise ValueError(
            f"{op.name}: an elementwise op has no static arguments, but the forward function takes "
            f"{_listed(sorted(op.parameters))}. Give each argument a rule (None where no gradient flows), or declare "
            "it general"
        )
    if op.parameters is not None:
        for text in op.local:
            try:
                text.format(**dict.fromkeys(op.parameters, 0))
            except (KeyError, IndexError) as error:
                raise ValueError(
                    f"{op.name}: the local formula {text!r} has {{{error.args[0]}}}, which is not a static argument"
                ) from None


def unreadable(op: Op, name: str) -> ValueError:
    """Return the error for a rule that reads what there is not."""
    known = ["y", *op.arguments, *[f"{a}_shape" for a in op.arguments], *op.residuals, *sorted(op.parameters or ())]
    return ValueError(
        f"{op.name}: a rule reads {name!r}, which is neither y, one of the arguments {', '.join(op.arguments)} "
        f"(or its shape), a static argument of the forward function, nor a residual; there are {', '.join(known)}"
    )


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names) or "nothing"
