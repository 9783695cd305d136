"""Ctrl-C between two steps, and not within one."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

__all__ = ["deferred_interrupt"]


@contextmanager
def deferred_interrupt(ask: Callable[[], None]) -> Iterator[None]:
    """Let the first Ctrl-C call `ask` in place of raising KeyboardInterrupt; a second one raises.

    An exception in the middle of a step would leave half of the parameters moved, so nothing to resume from. Nothing is
    changed where signals cannot be caught (other threads) or someone else has a handler of their own.
    """
    ours = threading.current_thread() is threading.main_thread()
    if not ours or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield
        return

    def first(number: int, frame: FrameType | None) -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        ask()

    signal.signal(signal.SIGINT, first)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
