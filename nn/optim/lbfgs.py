"""Limited-memory BFGS: a quasi-Newton method for problems whose whole loss can be computed again and again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from minigrad import Tensor

from .group import Group, Params
from .line_search import strong_wolfe
from .optimizer import Optimizer
from .settings import Setting, count, flag, number, positive

__all__ = ["LBFGS"]

# A pair of a step and the change of the gradient along it says something about the curvature only if this is exceeded.
CURVATURE = 1e-10

# What is kept per parameter: the last direction and gradient, and the last changes of both, the oldest first.
SLOTS = ("direction", "gradient", "moves", "turns")


class LBFGS(Optimizer):
    """Quasi-Newton steps from the last changes of the parameters and gradients, for batches that do not change.

    Each call of :meth:`step` makes up to ``max_iter`` iterations, each along ``-H g`` with g the gradient and H an
    approximation of the inverse Hessian that is never built. All gradients are None or none is.

    Parameters
    ----------
    params : iterable of Tensor, of (str, Tensor), or one group
        All of one floating dtype, at least float32.
    lr : float
        The length of the step along each direction, or the first that the line search tries; above 0.
    max_iter : int
        Iterations in a step.
    tolerance_grad : float
        A gradient whose largest element is at most this ends the step.
    tolerance_change : float
        So does a change of the parameters or of the loss that is at most this.
    history : int
        How many of the last changes are kept.
    line_search : bool
        Whether to look for a length that satisfies the strong Wolfe conditions; else it is ``lr``.

    References
    ----------
    Nocedal, Wright, "Numerical optimization", 2nd edition, algorithms 7.4 (directions), 3.5 and 3.6 (lengths); without
    a line search, the steps that ``torch.optim.LBFGS`` documents.

    Examples
    --------
    >>> from minigrad import nn
    >>> p = nn.Parameter([-1.0, 2.0], dtype=np.float64)
    >>> optimizer = nn.LBFGS([p], line_search=True)
    >>> def closure():
    ...     optimizer.zero_grad()
    ...     loss = (1 - p[0]) ** 2 + 100 * (p[1] - p[0] ** 2) ** 2
    ...     loss.backward()
    ...     return loss
    >>> for _ in range(3):
    ...     loss = optimizer.step(closure)
    >>> p.data.round(4).tolist()
    [1.0, 1.0]
    """

    lr = Setting(positive)
    max_iter = Setting(count)
    tolerance_grad = Setting(number)
    tolerance_change = Setting(number)
    history = Setting(count)
    line_search = Setting(flag)

    def __init__(
        self,
        params: Params,
        lr: float = 1.0,
        max_iter: int = 20,
        tolerance_grad: float = 1e-7,
        tolerance_change: float = 1e-9,
        history: int = 100,
        line_search: bool = False,
    ) -> None:
        self._forget()
        super().__init__(
            params,
            lr=lr,
            max_iter=max_iter,
            tolerance_grad=tolerance_grad,
            tolerance_change=tolerance_change,
            history=history,
            line_search=line_search,
        )

    def _forget(self) -> None:
        self._iterations = 0
        self._rate = 0.0
        self._direction: Any = None
        self._gradient: Any = None
        self._moves: list[Any] = []
        self._turns: list[Any] = []

    def _add(self, params: Any) -> None:
        super()._add(params)
        dtypes = {parameter.dtype for parameter in self.parameters}
        if len(self.groups) > 1 or len(dtypes) > 1 or min(dtype.itemsize for dtype in dtypes) < 4:
            found = f"{len(self.groups)} groups of {', '.join(sorted(map(str, dtypes)))}"
            raise ValueError(f"LBFGS: expected one group of one dtype, float32 or finer, got {found}")

    # -- the step ----------------------------------------------------------------------------------------------------

    def step(self, closure: Callable[[], Tensor] | None = None) -> Tensor:
        """Move the parameters, and return the loss before.

        Parameters
        ----------
        closure : function
            Forgets the gradients, makes new ones, and returns the loss. Called for each place that is tried.
        """
        if not callable(closure):
            raise TypeError(f"LBFGS.step: needs a function that returns the loss and makes gradients, got {closure!r}")
        group = self.groups[0]
        first = closure()
        loss, g = float(first), self._flat_gradient()
        limit = _size(g)
        for i in range(group.max_iter):
            if limit <= group.tolerance_grad or not np.isfinite(loss):
                break
            d = self._next_direction(g, group)
            slope = float(g @ d)
            if slope > -group.tolerance_change:
                break  # no way down within the precision of the numbers
            # Nothing is known of the scale before the first step.
            rate = min(1.0, 1.0 / float(np.abs(g).sum())) * group.lr if self._iterations == 1 else group.lr
            before = loss
            if group.line_search:
                start = self._flat()

                def along(x: float, start: Any = start, d: Any = d) -> tuple[float, Any, float]:
                    self._write(start + x * d)
                    value = float(closure())
                    gradient = self._flat_gradient()
                    return value, gradient, float(gradient @ d)

                rate, loss, g = strong_wolfe(along, rate, loss, g, slope, group.tolerance_change * _size(d))
                self._write(start + rate * d)
            else:
                self._write(self._flat() + rate * d)
                if i + 1 < group.max_iter:
                    loss, g = float(closure()), self._flat_gradient()
            self._rate = rate
            limit = _size(g)
            if _size(d) * rate <= group.tolerance_change:
                break
            if i + 1 < group.max_iter and abs(loss - before) < group.tolerance_change:
                break
        return first

    def _next_direction(self, g: Any, group: Group) -> Any:
        """Return ``-H g``, with H from the changes so far, to which the last step's is added."""
        self._iterations += 1
        if self._direction is None:
            self._direction = -g
        else:
            move, turn = self._direction * self._rate, g - self._gradient
            if float(turn @ move) > CURVATURE:
                self._moves.append(move)
                self._turns.append(turn)
            del self._moves[: -group.history], self._turns[: -group.history]
            self._direction = self._two_loops(-g)
        self._gradient = g.copy()
        return self._direction

    def _two_loops(self, q: Any) -> Any:
        shares = []
        for move, turn in zip(self._moves[::-1], self._turns[::-1], strict=True):
            weight = 1.0 / float(turn @ move)
            share = weight * float(move @ q)
            q = q - share * turn
            shares.append((weight, share))
        if self._moves:
            move, turn = self._moves[-1], self._turns[-1]
            q = q * (float(turn @ move) / float(turn @ turn))
        for move, turn, (weight, share) in zip(self._moves, self._turns, shares[::-1], strict=True):
            q = q + (share - weight * float(turn @ q)) * move
        return q

    # -- all parameters as one vector --------------------------------------------------------------------------------

    def _flat(self) -> Any:
        return np.concatenate([p._data.reshape(-1) for p in self.parameters])

    def _flat_gradient(self) -> Any:
        grads = [p.grad for p in self.parameters]
        if all(grad is None for grad in grads):
            raise RuntimeError("LBFGS.step: the closure made no gradients; it must call .backward() on the loss")
        # Where the gradient is 0, so is the direction: what is frozen stays.
        pairs = zip(self.parameters, grads, strict=True)
        return np.concatenate([(np.zeros_like(p._data) if g is None else g._data).reshape(-1) for p, g in pairs])

    def _write(self, flat: Any) -> None:
        for parameter, values in self._split(flat):
            if parameter.grad is not None:
                parameter.assign(values)

    def _split(self, flat: Any) -> list[tuple[Tensor, Any]]:
        """Return each parameter with its part of the last axis, in its shape."""
        ends = np.cumsum([p.size for p in self.parameters])[:-1]
        parts = np.split(flat, ends, axis=-1)
        return [(p, a.reshape(flat.shape[:-1] + p.shape)) for p, a in zip(self.parameters, parts, strict=True)]

    # -- state -------------------------------------------------------------------------------------------------------

    def state_dict(self) -> dict[str, Any]:
        """Return the settings and copies of the state as arrays by name, ready for :func:`minigrad.nn.save`."""
        state = super().state_dict()
        if self._direction is not None:
            state |= {"iterations": np.array(self._iterations), "rate": np.array(self._rate)}
            stacks = (self._direction, self._gradient, self._stack(self._moves), self._stack(self._turns))
            for slot, stack in zip(SLOTS, stacks, strict=True):
                for name, (_, part) in zip(self.names, self._split(stack), strict=True):
                    state[f"{name}.{slot}"] = part.copy()
        return state

    def _stack(self, vectors: list[Any]) -> Any:
        return np.array(vectors) if vectors else np.empty((0, self._direction.size), self._direction.dtype)

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over settings and state, all of it or, if anything does not fit, nothing: as :class:`Optimizer` does."""
        left = {name: np.asarray(value) for name, value in state.items()}
        iterations, rate = left.pop("iterations", None), left.pop("rate", None)
        if iterations is None:
            super().load_state_dict(left)
            self._forget()
            return
        problems = []
        if iterations.shape or iterations.dtype.kind not in "iu" or iterations < 1:
            problems.append(f"'iterations' must be a number of iterations, got {iterations!r}")
        if rate is None or rate.shape or rate.dtype.kind != "f" or not np.isfinite(rate):
            problems.append(f"'rate' must be a number, got {rate!r}")
        stacks = []
        for slot in SLOTS:
            parts = []
            # The first parameter says how many changes there are.
            lead = left.get(f"{self.names[0]}.{slot}", np.empty(0)).shape[: slot in SLOTS[2:]]
            for name, parameter in zip(self.names, self.parameters, strict=True):
                value = left.pop(f"{name}.{slot}", None)
                if value is None:
                    problems.append(f"missing: '{name}.{slot}'")
                elif value.shape != lead + parameter.shape or value.dtype != parameter.dtype:
                    problems.append(
                        f"'{name}.{slot}': expected shape {lead + parameter.shape} and dtype {parameter.dtype}, "
                        f"got {value.shape} and {value.dtype}"
                    )
                else:
                    parts.append(value.reshape((*lead, parameter.size)))
            stacks.append(parts)
        if not problems and stacks[2][0].shape[0] != stacks[3][0].shape[0]:
            problems.append(f"as many moves as turns are needed, got {len(stacks[2][0])} and {len(stacks[3][0])}")
        if problems:
            lines = "\n  ".join(problems)
            raise ValueError(f"LBFGS: the state does not fit, and nothing was loaded:\n  {lines}")
        super().load_state_dict(left)
        self._iterations, self._rate = int(iterations), float(rate)  # type: ignore[arg-type]
        self._direction, self._gradient, moves, turns = (np.concatenate(parts, axis=-1) for parts in stacks)
        self._moves, self._turns = list(moves), list(turns)


def _size(x: Any) -> float:
    return float(np.abs(x).max(initial=0.0))
