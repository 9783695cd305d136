"""What a row of the policy's tables is."""

from __future__ import annotations

from typing import Any, NamedTuple

# In the order in which they are asked.
PRINCIPLES = {
    "least": (
        "The subgradient of least norm",
        "Where the function has a kink but is finite, and several slopes support it, the one nearest to 0 is chosen. "
        "It depends on the function alone, not on how it is computed, it treats tied elements alike, and a step along "
        "it never gains more than the function allows.",
    ),
    "limit": (
        "The limit",
        "Where there is no such slope, the limit of the gradient from inside of the domain, infinite limits included. "
        "At a pole it is that from the side of the zero's sign, where the sides differ. An argument that is not named "
        "is held.",
    ),
    "constant": (
        "Constant pieces",
        "Where the function does not depend on an argument, the gradient is exactly 0, and 0 times an infinite or "
        "undefined factor is 0: a branch that was not taken, a masked class, an exponent 0 make no NaN.",
    ),
    "convention": (
        "Conventions",
        "Where no slope supports the function and no limit exists, at jumps, at ties of infinities and where the limit "
        "depends on the way, or where all of the field agrees on another choice: a choice, and it is said here.",
    ),
    "none": (
        "No gradient",
        "Where the value is infinite or undefined and the sides disagree: NaN, which is due and hides nothing.",
    ),
}


class Point(NamedTuple):
    """One singular point of one op.

    Attributes
    ----------
    op : str
        The name of the op in the registry, or of a function made of ops.
    call : str
        A Python expression of the arguments; its sum is differentiated.
    at : dict
        The arguments' values, by name.
    gradient : dict
        The gradient chosen, by argument.
    principle : str
        Which of :data:`PRINCIPLES` decides; empty where the function is smooth and only its formula is not.
    why : str
        In one phrase.
    second : dict, optional
        The gradients of the sum of the gradients, by argument, where these are part of the choice too.
    rounding : float, default 0
        The absolute error to expect: decompositions of matrices, which are iterated, are exact to rounding only.
    """

    op: str
    call: str
    at: dict[str, Any]
    gradient: dict[str, Any]
    principle: str
    why: str
    second: dict[str, Any] | None = None
    rounding: float = 0.0


def of_x(
    op: str, call: str, at: Any, gradient: Any, principle: str, why: str, second: Any = None, rounding: float = 0.0
) -> Point:
    """A point of a function of one argument."""
    return Point(
        op, call, {"x": at}, {"x": gradient}, principle, why, None if second is None else {"x": second}, rounding
    )


def of_ab(op: str, call: str, a: Any, b: Any, gradients: tuple[Any, Any], principle: str, why: str) -> Point:
    """A point of a function of two arguments."""
    return Point(op, call, {"a": a, "b": b}, dict(zip("ab", gradients, strict=True)), principle, why)
