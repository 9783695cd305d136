"""What is 0 stays 0: an upstream gradient of exactly 0 gives 0, also where the local gradient is not finite.

``where(x > 0, log(x), 0)`` at x = 0 has the gradient 0: nothing flows to the branch that was not chosen, though its own
derivative is infinite. The product 0 · ∞ (or 0 / 0) would make it NaN. The processor notices such products by itself,
so that looking for them costs nothing where there are none.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from types import TracebackType
from typing import Any

import numpy as np

from .backend import Scattered
from .graph import extra_of
from .tensor import Tensor


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

    def settled(self, name: str, elementwise: bool, g: Any, c: Any) -> Any:
        """Return `c`, what a rule made of `g`, with 0 where `g` is 0; called once something was noticed.

        From then on it is called for the rest of the sweep: a NaN that was saved does not make itself noticed again.
        What is not finite for another reason is reported as the user asked NumPy to report it.

        Parameters
        ----------
        name : str
            Of the op.
        elementwise : bool
            Whether each element of `c` comes from the same element of `g`: else nothing can be told.
        g, c : Tensor, array or Scattered
        """
        raw_g, raw_c = values_of(g), values_of(c)
        bad = np.isnan(raw_c)
        if elementwise:
            poisoned = bad & (raw_g == 0)
            if poisoned.any():
                c = np.where(poisoned, 0.0, c)
                bad = bad & ~poisoned
                if isinstance(c, Tensor) and c.node is not None:
                    # What was replaced holds NaNs, and so may what lies before it: a sweep that comes by looks closely.
                    extra_of(c.node).settled = True
        if bad.any():
            self._report(f"{name}: invalid value encountered in its gradient")
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


def values_of(g: Any) -> Any:
    """Return the array of a gradient; of one that is scattered, all that may be other than 0."""
    if type(g) is Scattered:
        return g.values
    return g._data if isinstance(g, Tensor) else g
