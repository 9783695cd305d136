"""A case: a function, arguments to call it with, and which of them are differentiated."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

import minigrad

from ..op import Op
from ..record import apply
from ..tensor import Tensor, asarray
from .report import literal

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Case:
    """One call of a function under test.

    Attributes
    ----------
    function : callable
        From tensors (and constants) to a tensor; static arguments are bound.
    args : tuple
        Floating arguments as arrays, the others as they were given.
    argnums : tuple of int
        The positions of the arguments to differentiate.
    name : str
        Of the op or function, for messages.
    reproducer : str
        Lines of Python that show the failure again.
    seed : int
        Of the random upstream gradients and tangents.
    """

    function: Callable[..., Tensor]
    args: tuple[Any, ...]
    argnums: tuple[int, ...]
    name: str
    reproducer: str = field(repr=False)
    seed: int = 0

    def argument(self, i: int) -> str:
        """Return the description of differentiated argument `i`, for messages."""
        k = self.argnums[i]
        op = getattr(self.function, "op", None)
        known = op is not None and not op.variadic and k < len(op.arguments)
        return f"argument {k} ({op.argument_name(k)})" if known else f"argument {k}"  # type: ignore[union-attr]

    @property
    def points(self) -> list[Array]:
        """The values of the differentiated arguments."""
        return [self.args[k] for k in self.argnums]

    def wide(self) -> list[Array]:
        """Return the values of the differentiated arguments as float64, each with memory of its own."""
        return [np.array(x, dtype=np.float64) for x in self.points]

    def call(self, *xs: Any) -> Tensor:
        """Call the function with `xs` in the place of the differentiated arguments.

        Raises
        ------
        TypeError
            If it does not return a tensor.
        """
        args = list(self.args)
        for k, x in zip(self.argnums, xs, strict=True):
            args[k] = x
        y = self.function(*args)
        if not isinstance(y, Tensor):
            raise TypeError(f"{self.name}: the function under test must return one Tensor, got {type(y).__name__}")
        return y

    def leaves(self, points: Sequence[Array] | None = None, mask: Sequence[bool] | None = None) -> list[Tensor]:
        """Return leaf tensors that share the arrays of `points` (strides and all), for :meth:`call`."""
        points = self.points if points is None else points
        return [leaf(x, mask is None or mask[i]) for i, x in enumerate(points)]

    def random(self, stream: int) -> np.random.Generator:
        """Return random numbers that depend on the seed and `stream` only."""
        return np.random.default_rng([self.seed, stream])

    def like(self, values: Sequence[Any], stream: int) -> list[Array]:
        """Return random arrays of the shapes of `values`: upstream gradients, tangents."""
        rng = self.random(stream)
        # Away from 0, so that no entry of a gradient is tested by a weight that vanishes.
        return [np.asarray(rng.choice([-1.0, 1.0], v.shape) * rng.uniform(0.5, 1.5, v.shape)) for v in values]


def leaf(x: Any, requires_grad: bool = True) -> Tensor:
    """Return a leaf tensor that shares the array `x`."""
    tensor = asarray(x).detach()
    tensor.requires_grad = requires_grad
    return tensor


def make(
    function: Callable[..., Tensor] | Op,
    args: Sequence[Any],
    params: dict[str, Any] | None = None,
    *,
    checker: str,
    options: dict[str, Any] | None = None,
    argnums: Sequence[int] | None = None,
    seed: int = 0,
) -> Case:
    """Return the case of calling `function` with `args` and the static arguments `params`.

    Parameters
    ----------
    function : callable or Op
    args : sequence
        Arrays, tensors and numbers with floating dtypes are differentiated; anything else is a constant.
    params : dict, optional
    checker : str
        The function of this package that is at work, for the reproducer.
    options : dict, optional
        Its options, for the reproducer.
    argnums : sequence of int, optional
        Differentiate these arguments only.
    seed : int

    Raises
    ------
    TypeError, ValueError
        If there is nothing to call, or nothing to differentiate.
    """
    label = label_of(function)
    if isinstance(function, Op):
        function = _caller(function)
    if not callable(function):
        raise TypeError(f"{checker}: expected an op or a function, got {type(function).__name__}")
    params = params or {}
    values = tuple([_value(a) for a in args])
    floating = [k for k, v in enumerate(values) if isinstance(v, np.ndarray) and v.dtype.kind == "f"]
    wanted = floating if argnums is None else sorted({k % len(values) if values else k for k in argnums})
    for k in wanted:
        if k not in floating:
            raise TypeError(f"{checker}: argument {k} is not a floating array and cannot be differentiated")
    if not wanted:
        raise ValueError(f"{checker}: none of the {len(values)} arguments is a floating array, so there is no gradient")
    bound: Callable[..., Tensor] = functools.partial(function, **params) if params else function
    if params and hasattr(function, "op"):
        bound.op = function.op  # type: ignore[attr-defined]
    static = [f"{key}={literal(value)}" for key, value in params.items()]
    asked = [f"{key}={value!r}" for key, value in (options or {}).items()]
    if argnums is not None:
        asked.append(f"argnums={tuple(wanted)}")
    call = ", ".join([label, *[literal(v) for v in values], *static, *asked, f"seed={seed}"])
    lines = ["import numpy as np, minigrad as mg", f"from minigrad.testing import {checker}", f"{checker}({call})"]
    reproducer = "\n".join("    " + line for line in lines)
    return Case(bound, values, tuple(wanted), _name(label), reproducer, seed)


def label_of(function: Any) -> str:
    """Return the expression that names `function` in a reproducer."""
    if isinstance(function, functools.partial):
        inner = ", ".join(
            [label_of(function.func), *map(literal, function.args)]
            + [f"{key}={literal(value)}" for key, value in function.keywords.items()]
        )
        return f"functools.partial({inner})"
    if isinstance(function, Op):
        return f"mg.registry[{function.name!r}]"
    name = getattr(function, "__name__", type(function).__name__)
    if getattr(minigrad, name, None) is function:
        return f"mg.{name}"
    return str(getattr(function, "__qualname__", name)).rpartition("<locals>.")[2]


def _name(label: str) -> str:
    if label.startswith("mg.registry["):
        return label.split("'")[1]
    return label.removeprefix("mg.")


def _caller(op: Op) -> Callable[..., Tensor]:
    def call(*args: Any, **params: Any) -> Tensor:
        return apply(op, args, {**op.defaults, **params})

    call.__name__ = op.name
    call.op = op  # type: ignore[attr-defined]
    return call


def _value(a: Any) -> Any:
    if isinstance(a, Tensor):
        return a.detach().numpy()
    if isinstance(a, (float, np.floating)):
        return np.asarray(a)
    if isinstance(a, list):
        try:
            array = np.asarray(a)
        except ValueError:
            return a
        return array if array.dtype.kind == "f" and array.size else a  # an empty list may well be an index
    return a
