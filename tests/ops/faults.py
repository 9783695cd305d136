"""Wrong versions of a rule, made mechanically: what the suite must notice."""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

import minigrad as mg
from minigrad.backend import Scattered

Rule = Callable[..., Any]

# Where the values that a rule saved enter through comparisons only, cutting them from the graph changes nothing: the
# second derivative through them is 0.
PIECEWISE_LINEAR = {
    "relu", "absolute", "fabs", "maximum", "minimum", "fmax", "fmin", "where", "clip", "copysign", "remainder", "fmod",
    "heaviside", "max", "min", "nanmax", "nanmin", "cummax", "cummin", "sort", "order_statistics",
}  # fmt: skip

# The whole op, or one value in the rule of one argument.
PIECEWISE_LINEAR |= {"leaky_relu", "prelu.x.x", "hardsigmoid"}

# Residuals that are neither arrays nor numbers.
OTHER = {"shared"}


def _rolled(r: Any) -> Any:
    """The gradient moved on by one place along its first axis that has several."""
    axis = next((i for i, n in enumerate(r.shape) if n > 1), None)
    if axis is None:
        return r
    before = (slice(None),) * axis
    return np.concatenate([r[(*before, slice(1, None))], r[(*before, slice(0, 1))]], axis=axis)


def unsummed(op: mg.Op, k: int, shape: tuple[int, ...]) -> Rule:
    """Return rule `k` for an argument of `shape` that was broadcast, with the first slice in the place of the sum."""
    rule = op.rules[k]
    kept = tuple(slice(0, 1) if n == 1 else slice(None) for n in shape)

    def wrong(g: Any, *saved: Any) -> Any:
        r = rule(g, *saved)
        return r[(*(0,) * (r.ndim - len(shape)), *kept)]

    return wrong


def _changed(value: Any, change: Callable[[Any], Any]) -> Any:
    """A saved value, changed if it is an array or a number (or a tuple of the other operands)."""
    if isinstance(value, tuple):
        return tuple([_changed(v, change) for v in value])
    return change(value) if isinstance(value, (np.ndarray, mg.Tensor, int, float)) else value


def _filled(number: int) -> Callable[[Any], Any]:
    return lambda v: type(v)(number) if isinstance(v, (int, float)) else np.full(v.shape, number, v.dtype)


def _detached(value: Any) -> Any:
    return value.detach() if isinstance(value, mg.Tensor) else value


def faults(op: mg.Op, k: int) -> dict[str, Rule]:
    """Return the wrong versions of rule `k`, by name."""
    names = op.names[k]

    def rule(g: Any, *saved: Any) -> Any:
        r = op_rule(g, *saved)
        return r.dense() if isinstance(r, Scattered) else r

    op_rule = op.rules[k]
    wrong: dict[str, Rule] = {
        "sign": lambda g, *saved: -rule(g, *saved),
        "factor": lambda g, *saved: rule(g, *saved) * 1.01,
        "dropped": lambda g, *saved: rule(g, *saved) * 0.0,
        "flipped": lambda g, *saved: np.flip(rule(g, *saved)),
        "rolled": lambda g, *saved: _rolled(rule(g, *saved)),
    }
    if not op.raw:
        wrong["wrong with create_graph"] = lambda g, *saved: rule(g, *saved) * (1.01 if isinstance(g, mg.Tensor) else 1)
    values = {*op.arguments, *op.residuals, "y", "others"} - OTHER
    arrays = [j for j, name in enumerate(names) if name in values]
    if op.variadic:
        arrays = [j for j in arrays if names[j] == "others"]
    for j in arrays:
        for number in (0, 1):

            def replaced(g: Any, *saved: Any, j: int = j, number: int = number) -> Any:
                return rule(g, *saved[:j], _changed(saved[j], _filled(number)), *saved[j + 1 :])

            wrong[f"{names[j]} replaced by {number}"] = replaced
        # An argument without a rule is in no graph.
        constant = names[j] in op.arguments and op.rules[op.arguments.index(names[j])] is None
        linear = bool({op.name, f"{op.name}.{op.argument_name(k)}.{names[j]}"} & PIECEWISE_LINEAR)
        if not op.raw and not constant and not linear:

            def cut(g: Any, *saved: Any, j: int = j) -> Any:
                return rule(g, *saved[:j], _changed(saved[j], _detached), *saved[j + 1 :])

            wrong[f"{names[j]} cut from the graph"] = cut
    return wrong


@contextlib.contextmanager
def planted(op: mg.Op, k: int, wrong: Rule) -> Iterator[None]:
    """Put `wrong` in the place of rule `k` for the time of the block."""
    rules = op.rules
    op.rules = type(rules)([wrong]) if op.variadic else [wrong if i == k else r for i, r in enumerate(rules)]
    try:
        yield
    finally:
        op.rules = rules
