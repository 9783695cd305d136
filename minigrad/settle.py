"""What is 0 stays 0: an upstream gradient of exactly 0 gives 0, also where the local gradient is not finite.

``where(x > 0, log(x), 0)`` and ``log(x)[x > 0]`` have the gradient 0 at x = 0: nothing flows to an element that was
not chosen, though its own derivative is infinite. The product 0 · ∞ (or 0 / 0) would make it NaN. The processor
notices such products by itself, so that looking for them costs nothing where there are none.

It does not notice 0 · NaN. A NaN can only stand beside an upstream gradient of 0 where an op before which it stands
left it out: an index, a ``where``, ``fmax``. These declare that they hide values. A sweep that has come by one looks
through what it returns, once, and begins again from there with a closer look if it finds a NaN.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from types import TracebackType
from typing import TYPE_CHECKING, Any

import numpy as np

from .backend import Scattered
from .tensor import Tensor

if TYPE_CHECKING:
    from .op import Op


class Noticed:
    """A block in which invalid products are noticed, in place of NumPy's warning.

    Parameters
    ----------
    quiet : bool
        Whether to leave out all warnings of the block (something else reports what is not finite).
    """

    __slots__ = ("_reported", "_state", "_was", "seen")

    def __init__(self, quiet: bool = False) -> None:
        self.seen: list[str] = []
        self._reported = 0
        self._was = "ignore" if quiet else np.geterr()["invalid"]
        others: dict[str, Any] = {"all": "ignore"} if quiet else {}
        # Of the list alone: a bound method would make a reference cycle, and a graph must die without the collector.
        seen = self.seen
        self._state = np.errstate(invalid="call", call=lambda kind, flag: seen.append(kind), **others)

    def __enter__(self) -> list[str]:
        self._state.__enter__()
        return self.seen

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._state.__exit__(kind, value, trace)

    def look_closely(self) -> None:
        """Have everything settled from now on, without a report of what was noticed so far."""
        self.seen.append("hidden")
        self._reported = len(self.seen)

    def settled(self, op: Op, k: int, g: Any, c: Any, values: tuple[Any, ...]) -> Any:
        """Return :func:`settled` of `c`, what a rule made of `g`; called once something was noticed.

        From then on it is called for the rest of the sweep: a NaN that was saved does not make itself noticed again.
        What is not finite for another reason is reported as the user asked NumPy to report it.

        Parameters
        ----------
        op : Op
        k : int
            The argument's position.
        g, c : Tensor, array or Scattered
        values : tuple
            What the rule read, as raw arrays.
        """
        c = settled(op, k, g, c, values)
        if np.isnan(values_of(c)).any():
            self._report(f"{op.name}: invalid value encountered in its gradient")
        self._reported = len(self.seen)
        return c

    def finish(self, gradients: Iterable[Any]) -> None:
        """Report what was noticed between the rules: sums of infinite gradients."""
        if len(self.seen) > self._reported and any(np.isnan(values_of(g)).any() for g in gradients):
            self._report("invalid value encountered in a sum of gradients")

    def _report(self, text: str) -> None:
        if len(self.seen) == self._reported or self._was == "ignore":
            return
        if self._was == "raise":
            raise FloatingPointError(text)
        warnings.warn(text, RuntimeWarning, stacklevel=3)


def settled(op: Op, k: int, g: Any, c: Any, values: tuple[Any, ...]) -> Any:
    """Return `c`, what the rule of `op` for argument `k` made of `g`, without the NaNs that are not due.

    - Where `g` is exactly 0, so is the result: element by element where the op is elementwise; of other ops, of which
      nothing is known but that their rules are linear, where all of `g` is 0.
    - Where `g` is infinite and the op routes, it is passed on or stopped: a slope of exactly 0 gives 0.

    Examples
    --------
    >>> import minigrad as mg
    >>> settled(mg.log.op, 0, np.array([0.0, 2.0]), np.array([np.nan, 1.0]), ())
    array([0., 1.])
    """
    raw_g, raw_c = values_of(g), values_of(c)
    bad = np.isnan(raw_c)
    if not bad.any():
        return c
    if type(c) is Scattered:
        c = c.dense()
        bad = np.isnan(c)
    if op.kind != "elementwise":
        return c if raw_g.any() else np.where(bad, 0.0, c)
    poisoned = bad & (raw_g == 0)
    if poisoned.any():
        c = np.where(poisoned, 0.0, c)
    if op.routes:
        # A NaN beside the number that was chosen is stopped as well; it comes up in forward mode.
        met = bad & (np.isinf(raw_g) | np.isnan(raw_g) if op.hides else np.isinf(raw_g))
        if met.any():
            slope = op.rules[k](np.ones_like(raw_g), *values)
            stopped = slope == 0
            c = np.where(met & stopped, 0.0, np.where(met, g * (slope + stopped), c))
    return c


def hold_nan(gradients: Iterable[Any]) -> bool:
    """Return whether there is a NaN in one of the arrays or tensors."""
    # A sum of squares is NaN only if one of them is, and costs a fraction of looking at each.
    return any(np.isnan(np.vdot(v, v)) for v in map(values_of, gradients))


def values_of(g: Any) -> Any:
    """Return the array of a gradient; of one that is scattered, all that may be other than 0."""
    if type(g) is Scattered:
        return g.values
    return g._data if isinstance(g, Tensor) else g
