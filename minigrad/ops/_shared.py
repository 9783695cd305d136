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

    def of(self, g: Any, k: int, compute: Callable[[], Any]) -> Any:
        """Return ``compute()`` for rule `k` with the upstream gradient `g`, or what it was for another rule."""
        if self._g is not g or k in self._asked:
            self._g, self._value = g, compute()
            self._asked.clear()
        self._asked.add(k)
        return self._value
