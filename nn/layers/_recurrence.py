"""The kinds of recurrence, for layers that run along a sequence and for single steps of them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from minigrad import Tensor, asarray
from minigrad.ops.activation import affine
from minigrad.ops.recurrent import gru, lstm, rnn

from ..init import Initializer, uniform
from ..module import Module
from ..parameter import Parameter
from ._settings import settings, weight

if TYPE_CHECKING:
    from numpy.typing import DTypeLike

_NONLINEARITIES = ("tanh", "relu")


class Kind(Module):
    """One kind of recurrence: how many gates it has, what its state is, and the op that runs it."""

    _gates: ClassVar[int]
    _states: ClassVar[tuple[str, ...]] = ("h_0",)

    input_size: int
    hidden_size: int
    bias: bool

    def _run(self, x: Tensor, state: tuple[Tensor, ...], w: Tensor, b: Tensor | None) -> tuple[Tensor, ...]:
        """Return the states of all steps, one tensor of shape (steps, n, hidden) per kind of state."""
        raise NotImplementedError

    def _add_weights(
        self, suffix: str, input_size: int, init: Initializer | None, dtype: DTypeLike, rng: np.random.Generator | None
    ) -> None:
        kind, hidden = type(self).__name__, self.hidden_size
        init = init or partial(uniform, bound=1 / math.sqrt(hidden))
        width = self._gates * hidden
        for name, rows in (("ih", input_size), ("hh", hidden)):
            setattr(self, f"weight_{name}{suffix}", weight(kind, (rows, width), init, dtype, rng))
            setattr(self, f"bias_{name}{suffix}", Parameter(np.zeros(width), dtype=dtype) if self.bias else None)

    def _sequence(self, x: Tensor, state: tuple[Tensor, ...], suffix: str) -> tuple[Tensor, ...]:
        """Return the states of all steps of `x`, of shape (steps, n, features)."""
        steps, n, features = x.shape
        w_ih, w_hh, b_ih, b_hh = [
            getattr(self, name + suffix) for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        ]
        rows = x.reshape(steps * n, features)
        if b_ih is None:
            product = rows @ w_ih
        else:
            # GRU multiplies a part of the second bias by a gate; elsewhere both do the same.
            product = affine(rows, w_ih, b_ih if self._gates == 3 else b_ih + b_hh)
        return self._run(product.reshape(steps, n, self._gates * self.hidden_size), state, w_hh, b_hh)

    @property
    def _dtype(self) -> np.dtype[Any]:
        return next(value.dtype for value in self.__dict__.values() if isinstance(value, Parameter))

    def _first(self, given: Any, shape: tuple[int, ...], dtype: Any) -> tuple[Tensor, ...]:
        """Return the first state, zeros where none is given."""
        names = self._states
        if given is None:
            return tuple([asarray(np.zeros(shape, dtype)) for _ in names])
        items = given if len(names) > 1 else (given,)
        if not isinstance(items, (tuple, list)) or len(items) != len(names):
            raise TypeError(f"{self._head()}: expected the state as a pair ({', '.join(names)}), got {_what(given)}")
        tensors = tuple([t if t.dtype.kind == "f" else t.astype(dtype) for t in map(asarray, items)])
        for name, t in zip(names, tensors, strict=True):
            if t.shape != shape:
                raise ValueError(f"{self._head()}: expected {name} of shape {shape}, got {t.shape}")
        return tensors

    def multiply_adds(self, inputs: Mapping[str, Any], output: Any) -> int:
        """Return how many pairs a call multiplies and adds: every matrix, at every step of every example."""
        states = output
        while isinstance(states, tuple):
            states = states[0]
        places = states.size // states.shape[-1]
        return int(places) * sum(value.size for value in self.parameters() if value.ndim == 2)

    def extra_repr(self) -> str:
        """Return the sizes, and the settings that are not the default."""
        return f"{self.input_size}, {self.hidden_size}" + settings(self, **self._defaults())

    def _defaults(self) -> dict[str, Any]:
        return {"bias": True}


class Simple(Kind):
    """One state, a function of the input and the state before."""

    _gates = 1
    nonlinearity: str

    def _run(self, x: Tensor, state: tuple[Tensor, ...], w: Tensor, b: Tensor | None) -> tuple[Tensor, ...]:
        return (rnn(x, *state, w, relu=self.nonlinearity == "relu"),)

    def _defaults(self) -> dict[str, Any]:
        return {"nonlinearity": "tanh", **super()._defaults()}


class Memory(Kind):
    """A state and a cell, with four gates."""

    _gates, _states = 4, ("h_0", "c_0")

    def _run(self, x: Tensor, state: tuple[Tensor, ...], w: Tensor, b: Tensor | None) -> tuple[Tensor, ...]:
        both = lstm(x, *state, w)
        return both[0], both[1]


class Gated(Kind):
    """One state, with three gates."""

    _gates = 3

    def _run(self, x: Tensor, state: tuple[Tensor, ...], w: Tensor, b: Tensor | None) -> tuple[Tensor, ...]:
        return (gru(x, *state, w, b),)


def _what(value: Any) -> str:
    return f"{type(value).__name__} of shape {value.shape}" if hasattr(value, "shape") else repr(value)


def checked_nonlinearity(kind: str, value: Any) -> str:
    if value not in _NONLINEARITIES:
        raise ValueError(f"{kind}: nonlinearity must be one of {', '.join(_NONLINEARITIES)}, got {value!r}")
    return str(value)
