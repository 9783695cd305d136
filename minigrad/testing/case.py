"""A case: a function, arguments to call it with, and which of them are differentiated."""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..op import Op
from ..record import apply
from ..tensor import Tensor, asarray
from .naming import label_of
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
    reproduce : callable
        Makes the lines of Python that show the failure again.
    seed : int
        Of the random upstream gradients and tangents.
    """

    function: Callable[..., Tensor]
    args: tuple[Any, ...]
    argnums: tuple[int, ...]
    name: str
    reproduce: Callable[[], str] = field(repr=False)
    seed: int = 0

    def argument(self, i: int) -> str:
        """Return the description of differentiated argument `i`, for messages."""
        k = self.argnums[i]
        op = getattr(self.function, "op", None)
        known = op is not None and not op.variadic and k < len(op.arguments)
        return f"argument {k} ({op.argument_name(k)})" if known else f"argument {k}"  # type: ignore[union-attr]

    @property
    def reproducer(self) -> str:
        """Lines of Python that show the failure again."""
        return self.reproduce()

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
        if y.dtype.kind == "c":
            raise TypeError(f"{self.name}: the value has dtype {y.dtype}; minigrad computes with real numbers")
        return y

    def refuse_chance(self, checker: str) -> None:
        """Raise if two calls with the same arguments differ.

        Raises
        ------
        ValueError
        """
        first, second = [self.call(*self.leaves(mask=[False] * len(self.argnums))) for _ in range(2)]
        if not np.array_equal(first.data, second.data, equal_nan=first.dtype.kind == "f"):
            raise ValueError(
                f"{checker}: {self.name} gives different values when it is called twice with the same arguments. If it "
                "draws random numbers, let each call make its generator anew, from a seed"
            )

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
    given = function
    if isinstance(function, Op):
        function = _caller(function)
    if not callable(function):
        raise TypeError(f"{checker}: expected an op or a function, got {type(function).__name__}")
    params = params or {}
    values = tuple([_value(a) for a in args])
    floating = [k for k, v in enumerate(values) if isinstance(v, np.ndarray) and v.dtype.kind == "f"]
    wanted = floating if argnums is None else sorted({_position(checker, k, len(values)) for k in argnums})
    for k in wanted:
        if k not in floating:
            raise TypeError(f"{checker}: argument {k} is not a floating array and cannot be differentiated")
    if not wanted:
        raise ValueError(f"{checker}: none of the {len(values)} arguments is a floating array, so there is no gradient")
    bound: Callable[..., Tensor] = functools.partial(function, **params) if params else function
    if params and hasattr(function, "op"):
        bound.op = function.op  # type: ignore[attr-defined]

    def reproduce() -> str:
        static = [f"{key}={literal(value)}" for key, value in params.items()]
        asked = [f"{key}={value!r}" for key, value in (options or {}).items()]
        if argnums is not None:
            asked.append(f"argnums={tuple(wanted)}")
        label, before = label_of(given)
        call = ", ".join([label, *[literal(v) for v in values], *static, *asked, f"seed={seed}"])
        lines = ["import numpy as np, minigrad as mg", f"from minigrad.testing import {checker}", *before]
        return "\n".join("    " + line for line in [*lines, f"{checker}({call})"])

    return Case(bound, values, tuple(wanted), _name(given), reproduce, seed)


def _name(function: Any) -> str:
    """Return what to call a function in messages."""
    if isinstance(function, functools.partial):
        return _name(function.func)
    op = function if isinstance(function, Op) else getattr(function, "op", None)
    if op is not None:
        return str(op.name)
    name = getattr(function, "__qualname__", getattr(function, "__name__", type(function).__qualname__))
    return str(name).rpartition("<locals>.")[2]


def _position(checker: str, k: Any, count: int) -> int:
    if not -count <= operator.index(k) < count:
        raise ValueError(f"{checker}: argnums has {k}, but there are {count} arguments")
    return int(k) % count


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
