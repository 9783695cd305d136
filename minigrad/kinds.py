"""The four ways to declare an op; see :mod:`minigrad.op` for what a rule may read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .declare import default_arguments
from .op import Op, Rule
from .record import apply, recorder
from .tensor import Tensor, numpy_functions


def elementwise(
    forward: Callable[..., Any],
    *rules: Rule | None,
    name: str | None = None,
    arguments: Sequence[str] | None = None,
    local: Sequence[str] = (),
    decomposition: Callable[..., Any] | None = None,
    hides: bool = False,
    routes: bool = False,
    doc: str = "",
) -> Callable[..., Tensor]:
    """Declare an op that acts on each element by itself, with broadcasting.

    Parameters
    ----------
    forward : callable
        A ufunc, or a function of raw arrays. A ufunc is also taken over in NumPy's protocol: ``np.exp(tensor)``.
    *rules : callable or None
        One per argument, up to three: from ``g`` and the values it names to the gradient of that argument. It must
        be linear in ``g`` and elementwise. None where no gradient flows.
    name : str, optional
        Default: the name of `forward`.
    arguments : sequence of str, optional
        Default: as the forward function names them; of a ufunc ``x``; ``a``, ``b``; or ``a``, ``b``, ``c``.
    local : sequence of str
        Per argument, the formula of the local gradient; default: read off the rules.
    decomposition : callable, optional
        The same function written with other ops, for ``minigrad.decompose()``.
    hides : bool
        The value may leave out an element of an argument, and so hide that it is NaN, as ``where`` does.
    routes : bool
        The op passes the upstream gradient on or stops it, as ``relu`` does: where it stops, it stops infinities too.
    doc : str
        The docstring of the result.

    Returns
    -------
    function
        Takes tensors, arrays and numbers, returns a Tensor, and records itself.

    Examples
    --------
    >>> import minigrad as mg
    >>> softplus = mg.elementwise(
    ...     lambda x: np.logaddexp(x, 0), lambda g, x: g / (1 + np.exp(-x)), name="my_softplus")
    >>> x = mg.Tensor(0.0, requires_grad=True)
    >>> softplus(x).backward()
    >>> x.grad.item()
    0.5
    """
    name = str(getattr(forward, "__name__", "")) if name is None else name
    if name == "<lambda>":
        raise ValueError("elementwise: a lambda has no name of its own; pass name=")
    arguments = arguments or default_arguments(name, forward, len(rules))
    op = Op(
        "elementwise", name, forward, rules, arguments, local=local, decomposition=decomposition, hides=hides,
        routes=routes, doc=doc,
    )  # fmt: skip
    function = _elementwise_function(op, tuple(range(len(rules))))
    if isinstance(forward, np.ufunc):
        numpy_functions[forward] = function
    return function


def reflected(function: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """Return a binary elementwise op with its arguments exchanged, for the reflected operators."""
    return _elementwise_function(function.op, (1, 0))  # type: ignore[attr-defined]


def _elementwise_function(op: Op, order: tuple[int, ...]) -> Callable[..., Tensor]:
    local = {name: f"x{i}" for i, name in enumerate(op.arguments)} | {"y": "out"}
    reads = tuple(None if names is None else tuple(local[name] for name in names) for names in op.names)
    return _public(recorder(op, reads, order), op, op.arguments)


def _public(function: Any, op: Op, arguments: Sequence[str]) -> Callable[..., Tensor]:
    function.__name__ = function.__qualname__ = op.name
    function.__doc__ = op.doc
    function.__module__ = "minigrad"
    function.op = op
    declared: Callable[..., Tensor] = function
    return declared


def _function(op: Op) -> Callable[..., Tensor]:
    n = None if op.variadic else len(op.arguments)
    defaults = op.defaults

    def call(*args: Any, **params: Any) -> Tensor:
        if n is not None and len(args) != n:
            static = f"; by keyword: {', '.join(sorted(op.parameters))}" if op.parameters else ""
            raise TypeError(f"{op.name}: takes {n} operand(s) ({', '.join(op.arguments)}){static}; got {len(args)}")
        return apply(op, args, {**defaults, **params} if defaults else params)

    return _public(call, op, op.arguments)


def linear(
    forward: Callable[..., Any],
    *rules: Rule | None,
    name: str,
    arguments: Sequence[str] | None = None,
    local: Sequence[str] = (),
    variadic: bool = False,
    joint: bool = False,
    decomposition: Callable[..., Any] | None = None,
    hides: bool = False,
    doc: str = "",
) -> Callable[..., Tensor]:
    """Declare an op that is linear in each argument that has a rule.

    Parameters
    ----------
    forward : callable
        From raw arrays, with the static arguments as keywords.
    *rules : callable or None
        One per argument: the transpose. A single one for all where `variadic` is set.
    name : str
    arguments : sequence of str, optional
        Default: as the forward function names them; of a ufunc ``x``; ``a``, ``b``; or ``a``, ``b``, ``c``.
    local : sequence of str
        Per argument, the formula of the local gradient, as in ``"· bᵀ"``.
    variadic : bool
        The op takes any number of operands.
    joint : bool
        Linear in all arguments together, as concatenation is, and not in each for itself, as a product is.
    decomposition : callable, optional
        The same function written with other ops.
    hides : bool
        The value may leave out an element of an argument, and so hide that it is NaN, as indexing does.
    doc : str
        The docstring of the result.

    Examples
    --------
    >>> import minigrad as mg
    >>> double = mg.linear(lambda x: x + x, lambda g: g + g, name="my_double", local=["2"])
    >>> x = mg.Tensor([1.0, 2.0], requires_grad=True)
    >>> mg.grad(double(x).sum(), x)[0]
    Tensor([2., 2.], dtype=float64)
    """
    arguments = arguments or default_arguments(name, forward, len(rules))
    op = Op(
        "linear", name, forward, rules, arguments, local=local, variadic=variadic, joint=joint,
        decomposition=decomposition, hides=hides, doc=doc,
    )  # fmt: skip
    return _function(op)


def general(
    forward: Callable[..., Any],
    *rules: Rule | None,
    name: str,
    arguments: Sequence[str] | None = None,
    local: Sequence[str] = (),
    residuals: Sequence[str] = (),
    tangent: Callable[..., Any] | None = None,
    decomposition: Callable[..., Any] | None = None,
    hides: bool = False,
    doc: str = "",
) -> Callable[..., Tensor]:
    """Declare any other op.

    Parameters
    ----------
    forward : callable
        From raw arrays, with the static arguments as keywords. With `residuals`, it returns ``(value, {name: ...})``.
    *rules : callable or None
        One per argument: the vector-Jacobian product.
    name : str
    arguments : sequence of str, optional
        Default: as the forward function names them; of a ufunc ``x``; ``a``, ``b``; or ``a``, ``b``, ``c``.
    local : sequence of str
        Per argument, the formula of the local gradient.
    residuals : sequence of str
        Constants that the forward function computes for the rules, such as the places of the maxima.
    tangent : callable, optional
        ``tangent(tangents, y, *arguments, **static)`` with the tangents by position; default: the decomposition's,
        else the rules, transposed.
    decomposition : callable, optional
        The same function written with other ops.
    hides : bool
        The value may leave out an element of an argument, and so hide that it is NaN, as ``nanmax`` does.
    doc : str
        The docstring of the result.

    Examples
    --------
    >>> import minigrad as mg
    >>> norm = mg.general(lambda x: np.sqrt(np.sum(x * x)), lambda g, x, y: g * x / y, name="my_norm")
    >>> x = mg.Tensor([3.0, 4.0], requires_grad=True)
    >>> mg.grad(norm(x), x)[0]
    Tensor([0.6, 0.8], dtype=float64)
    """
    arguments = arguments or default_arguments(name, forward, len(rules))
    op = Op(
        "general", name, forward, rules, arguments, local=local, residuals=residuals, tangent=tangent,
        decomposition=decomposition, hides=hides, doc=doc,
    )  # fmt: skip
    return _function(op)


def fused(
    forward: Callable[..., Any],
    *rules: Rule | None,
    name: str,
    decomposition: Callable[..., Any],
    arguments: Sequence[str] | None = None,
    local: Sequence[str] = (),
    residuals: Sequence[str] = (),
    doc: str = "",
) -> Callable[..., Tensor]:
    """Declare an op by its decomposition into other ops, with fast kernels beside it.

    The rules see raw arrays only and may be written in any way; gradients of higher order, forward mode and the
    opened drawing come from the decomposition.

    Parameters
    ----------
    forward : callable
        The forward kernel: from raw arrays, with the static arguments as keywords. With `residuals`, it returns
        ``(value, {name: ...})``.
    *rules : callable or None
        One per argument: the kernel of its vector-Jacobian product.
    name : str
    decomposition : callable
        From tensors, with the same static arguments: the definition of the op.
    arguments : sequence of str, optional
        Default: as the forward function names them; of a ufunc ``x``; ``a``, ``b``; or ``a``, ``b``, ``c``.
    local : sequence of str
        Per argument, the formula of the local gradient.
    residuals : sequence of str
        What the forward kernel computes for the rules.
    doc : str
        The docstring of the result.

    Examples
    --------
    >>> import minigrad as mg
    >>> cube = mg.fused(
    ...     lambda x: x * x * x, lambda g, x: 3 * g * x * x, name="my_cube", decomposition=lambda x: x * x * x)
    >>> x = mg.Tensor(2.0, requires_grad=True)
    >>> (first,) = mg.grad(cube(x), x, create_graph=True)
    >>> first.item(), mg.grad(first, x)[0].item()
    (12.0, 12.0)
    """
    arguments = arguments or default_arguments(name, forward, len(rules))
    op = Op(
        "fused", name, forward, rules, arguments, local=local, residuals=residuals, decomposition=decomposition,
        raw=True, doc=doc,
    )  # fmt: skip
    return _function(op)


def on_arrays(function: Callable[..., Tensor]) -> Callable[..., Any]:
    """Return `function` for use in rules: on tensors it is the op, on raw arrays its forward function."""
    op: Op = function.op  # type: ignore[attr-defined]
    forward = op.forward

    def call(*args: Any, **params: Any) -> Any:
        if any(isinstance(a, Tensor) for a in args):
            return apply(op, args, params)
        return forward(*args, **params)

    return call
