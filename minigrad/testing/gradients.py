"""Analytic gradients of any order against numbers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .. import func
from ..differentiate import grad
from ..tensor import Tensor
from .case import Array, Case, make
from .numeric import METHODS, closest, differences, numeric_jacobian, point_of
from .report import compare

# What the methods can be trusted with: (relative, and absolute to the size of what was computed).
_TOLERANCES = {"central": (1e-5, 1e-7), "five-point": (1e-6, 1e-8), "complex": (1e-10, 1e-12)}
_LOOKED_AT = 16
"""Entries that differ and are looked at more closely."""

_ORDINALS = {1: "gradient", 2: "second derivative", 3: "third derivative"}


def check_grad(
    fn: Callable[..., Tensor],
    *args: Any,
    order: int = 2,
    modes: str | Sequence[str] = ("reverse", "forward"),
    method: str = "five-point",
    argnums: int | Sequence[int] | None = None,
    seed: int = 0,
    rtol: float | None = None,
    atol: float | None = None,
) -> None:
    """Check the gradients of a function against numbers; return nothing if they agree.

    Everything is computed in float64. Order 1 compares the gradients, weighted with a random upstream gradient, with
    differences of the values; each further order compares the derivatives of the order below with differences of it.

    Parameters
    ----------
    fn : callable or Op
        From tensors to one tensor: an op, or any function that computes with tensors.
    *args : array_like
        Where. Floating arrays, tensors and numbers are differentiated, anything else is passed on as it is. Stay
        away from points where the function has a kink: differences see both sides of it.
    order : int
        Check derivatives up to this order.
    modes : {"reverse", "forward"} or a sequence of them
        Reverse mode (``backward``, ``grad``), forward mode (``func.jvp``), or both.
    method : {"central", "five-point", "complex"}
        How the numbers of order 1 are found, as in :func:`numeric_jacobian`; those of higher order are always found
        by five-point differences.
    argnums : int or sequence of int, optional
        Differentiate these arguments only.
    seed : int
        Of the random weights.
    rtol, atol : float, optional
        An entry may be wrong by ``atol + rtol · |numeric|``; default: what the method can be trusted with, where the
        values are of the order of 1 or larger. Of a function whose values are far smaller, check a multiple.

    Raises
    ------
    AssertionError
        Naming the function, the argument, the index, both values, the relative error, and a call that reproduces it.
    ValueError, TypeError
        If an option is unknown, there is nothing to differentiate, or the values differ from call to call.

    Examples
    --------
    >>> import minigrad as mg
    >>> check_grad(lambda x, w: mg.tanh(x @ w).sum(), np.ones((2, 3)), np.ones((3, 2)))

    A wrong rule:

    >>> cube = mg.elementwise(lambda x: x**3, lambda g, x: g * 2 * x * x, name="my_wrong_cube")
    >>> check_grad(cube, [1.0, 2.0])
    Traceback (most recent call last):
        ...
    AssertionError: my_wrong_cube: the gradient of argument 0 (x) is wrong at index (1,) of shape (2,): ...
      reproduce:
        import numpy as np, minigrad as mg
        from minigrad.testing import check_grad
        check_grad(mg.registry['my_wrong_cube'], np.array([1.0, 2.0]), seed=0)
    """
    if method not in METHODS:
        raise ValueError(f"check_grad: unknown method {method!r}; choose {', '.join(METHODS)}")
    modes = (modes,) if isinstance(modes, str) else tuple(modes)
    argnums = (argnums,) if isinstance(argnums, int) else argnums
    unknown = [m for m in modes if m not in ("reverse", "forward")]
    if unknown or not modes:
        raise ValueError(f"check_grad: modes must be 'reverse', 'forward' or both, got {modes!r}")
    if not isinstance(order, int):
        raise TypeError(f"check_grad: order must be a whole number, got {order!r}")
    if order < 1:
        raise ValueError(f"check_grad: order must be at least 1, got {order}")
    given = {"order": order, "modes": modes, "method": method, "rtol": rtol, "atol": atol}
    default = {"order": 2, "modes": ("reverse", "forward"), "method": "five-point", "rtol": None, "atol": None}
    options = {key: value for key, value in given.items() if value != default[key]}
    case = make(fn, args, checker="check_grad", options=options, argnums=argnums, seed=seed)
    case.refuse_chance("check_grad")
    for k in range(1, order + 1):
        if "reverse" in modes:
            reverse(case, k, method, rtol, atol)
        if "forward" in modes:
            forward(case, k, rtol, atol)


def gradients(
    outputs: Sequence[Tensor], inputs: Sequence[Tensor], weights: Sequence[Any], *, create_graph: bool = False
) -> list[Tensor]:
    """Return the gradients of the weighted outputs, zeros where there is no path."""
    live = [(y, w) for y, w in zip(outputs, weights, strict=True) if y.requires_grad]
    if not live:
        return [Tensor(np.zeros(x.shape, x.dtype)) for x in inputs]
    found = grad(
        [y for y, _ in live],
        list(inputs),
        [w for _, w in live],
        create_graph=create_graph,
        retain_graph=True,
        allow_unused=True,
    )
    return [Tensor(np.zeros(x.shape, x.dtype)) if g is None else g for x, g in zip(inputs, found, strict=True)]


def derivative(case: Case, order: int, xs: Sequence[Tensor]) -> list[Tensor]:
    """Return the function's value (order 0) or its weighted derivatives of `order`, with a graph."""
    outputs = [case.call(*xs)]
    for k in range(order):
        outputs = gradients(outputs, xs, case.like(outputs, k), create_graph=True)
    return outputs


def reverse(
    case: Case, order: int = 1, method: str = "five-point", rtol: float | None = None, atol: float | None = None
) -> None:
    """Compare reverse mode of `order` with differences of the order below."""
    points = case.wide()
    xs = case.leaves(points)
    below = derivative(case, order - 1, xs)
    weights = case.like(below, order - 1)
    analytic = gradients(below, xs, weights)
    if order > 1:
        method = "five-point"  # a saved value that was cut from the graph would be cut from the complex step, too
    relative, absolute = _TOLERANCES[method]
    size = max([1.0, *[float(np.max(np.abs(y.data), initial=0.0)) for y in below]])

    for i, x in enumerate(points):
        if method == "complex":
            jacobian = numeric_jacobian(case.call, *points, argnum=i, method=method)
            numeric = np.tensordot(weights[0], jacobian, weights[0].ndim)
        else:
            numeric = differences(_weighted(case, order - 1, weights, points, i), x, method)
        what = f"the {_ORDINALS.get(order, f'derivative of order {order}')} of {case.argument(i)}"
        scale = max(size, float(np.max(np.abs(numeric), initial=0.0)))
        allowed = (relative if rtol is None else rtol, absolute * scale if atol is None else atol)
        note = ""
        f = _weighted(case, order - 1, weights, points, i)
        if method != "complex":
            for index in _wrong(analytic[i].data, numeric, *allowed):
                numeric[index] = closest(f, x, index, analytic[i].data[index], numeric[index], method)
        for index in _wrong(analytic[i].data, numeric, *allowed)[:1]:
            note = point_of(f, x, index)
        compare(case, what, analytic[i].data, numeric, rtol=allowed[0], atol=allowed[1], note=note)


def _wrong(got: Array, expected: Array, rtol: float, atol: float) -> list[tuple[int, ...]]:
    """Return where two arrays differ by more than is allowed: at most so many places, the worst first."""
    if got.shape != expected.shape:
        return []
    with np.errstate(invalid="ignore"):
        excess = np.abs(got - expected) - rtol * np.abs(expected) - atol
    worst = np.argsort(-np.nan_to_num(excess, nan=np.inf), axis=None, kind="stable")[:_LOOKED_AT]
    places = [tuple(int(n) for n in np.unravel_index(k, excess.shape)) for k in worst]
    return [place for place in places if not excess[place] <= 0]


def _weighted(
    case: Case, order: int, weights: Sequence[Array], points: Sequence[Array], i: int
) -> Callable[[Array], Array]:
    """Return the weighted sum of the derivatives of `order` as a function of argument `i`."""

    def at(x: Array) -> Array:
        xs = case.leaves([x if k == i else p for k, p in enumerate(points)], None if order else [False] * len(points))
        return np.asarray(sum(np.sum(w * y.data) for w, y in zip(weights, derivative(case, order, xs), strict=True)))

    return at


def forward(case: Case, order: int = 1, rtol: float | None = None, atol: float | None = None) -> None:
    """Compare forward mode over the order below with differences along a direction."""
    points = case.wide()
    xs = case.leaves(points)
    below = derivative(case, order - 1, xs)
    directions = case.like(points, 100 + order)
    relative, absolute = _TOLERANCES["five-point"]
    for o, y in enumerate(below):

        def component(*ps: Tensor, o: int = o) -> Tensor:
            return derivative(case, order - 1, ps)[o]

        def along(t: Array, component: Callable[..., Tensor] = component) -> Array:
            moved = [x + t * v for x, v in zip(points, directions, strict=True)]
            return np.asarray(component(*case.leaves(moved, None if order > 1 else [False] * len(points))).data)

        _, tangent = func.jvp(component, points, directions)
        origin = np.zeros(())
        numeric = differences(along, origin)
        what = "the tangent" if order == 1 else f"the tangent of derivative {order - 1} of {case.argument(o)}"
        scale = max(1.0, float(np.max(np.abs(y.data), initial=0.0)), float(np.max(np.abs(numeric), initial=0.0)))
        allowed = (relative if rtol is None else rtol, absolute * scale if atol is None else atol)
        if _wrong(tangent.data, numeric, *allowed):
            numeric = closest(along, origin, (), tangent.data, numeric, "five-point")
        note = ""
        for index in _wrong(tangent.data, numeric, *allowed)[:1]:

            def entry(t: Array, index: tuple[int, ...] = index, along: Callable[..., Any] = along) -> Array:
                return np.asarray(along(t)[index])

            note = point_of(entry, origin, ())
        compare(case, what + " (forward mode)", tangent.data, numeric, rtol=allowed[0], atol=allowed[1], note=note)
