"""Sub-results that the rules of one op have in common."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class Shared:
    """What several rules of one node need of the same upstream gradient, computed by the first that asks.

    Kept with a node's residuals, so that it dies with them. Each rule is given a value once: a rule that asks again
    belongs to another sweep, whose gradient may be the same array with other numbers in it.
    """

    __slots__ = ("_asked", "_g", "_value")

    def __init__(self) -> None:
        self._g: Any = None
        self._value: Any = None
        self._asked: set[int] = set()

    def known(self, g: Any, k: int) -> Any:
        """Return what another rule computed of the upstream gradient `g`, for rule `k`; None if there is nothing."""
        if self._g is not g or k in self._asked:
            return None
        self._asked.add(k)
        return self._value

    def of(self, g: Any, k: int, compute: Callable[[], Any]) -> Any:
        """Return what :meth:`known` does, else ``compute()``, which is kept for the other rules."""
        value = self.known(g, k)
        if value is None:
            self._g, self._value, self._asked = g, compute(), {k}
            value = self._value
        return value
