"""The policy at kinks, ties, zeros and infinities, as data: each point, the gradient chosen there, and why.

The suite holds every op to this table, and the page "Gradients at kinks, zeros and infinities" of the documentation
is made from it. Each call is the text that is run, with `mg`, `np`, `inf` and the arguments in reach.

>>> point = POINTS[0]
>>> print(point.op, point.call, point.at, point.gradient)
absolute mg.abs(x) {'x': [0.0, -0.0, -2.0]} {'x': [0.0, 0.0, -1.0]}
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

import minigrad as mg

from ...differentiate import grad
from ...tensor import Tensor
from . import borders, core, elementary, functional, matrices, order, pooling
from .point import PRINCIPLES, Point

__all__ = ["POINTS", "PRINCIPLES", "Point", "evaluate"]

POINTS: tuple[Point, ...] = (
    *core.POINTS, *elementary.POINTS, *borders.POINTS, *order.POINTS, *matrices.POINTS, *pooling.POINTS,
    *functional.POINTS,
)  # fmt: skip


def evaluate(point: Point, order: int = 1, **names: Any) -> dict[str, Any]:
    """Return the gradients that minigrad computes at `point`, as nested lists by argument; None where none flows.

    Parameters
    ----------
    point : Point
    order : int, default 1
        2 for the gradients of the sum of the gradients.
    **names
        What else the call may use.

    Returns
    -------
    dict

    Examples
    --------
    >>> evaluate(POINTS[0])
    {'x': [0.0, 0.0, -1.0]}
    >>> evaluate(POINTS[0], order=2)
    {'x': None}
    """
    leaves = {name: Tensor(value, requires_grad=True, dtype=float) for name, value in point.at.items()}
    scope = {"mg": mg, "np": np, "inf": math.inf, **names, **leaves}
    arguments = list(leaves.values())
    with np.errstate(all="ignore"):
        y = eval(compile(point.call, "<policy>", "eval"), scope)
        found = grad(y.sum(), arguments, allow_unused=True, create_graph=order > 1)
        if order > 1:
            total = sum((g.sum() for g in found if g is not None and g.requires_grad), start=Tensor(0.0))
            found = grad(total, arguments, allow_unused=True) if total.requires_grad else (None,) * len(arguments)
    return {name: None if g is None else g.tolist() for name, g in zip(leaves, found, strict=True)}
