"""How far a run is: a bar where a terminal shows one, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from importlib.util import find_spec
from typing import Any

from .history import format_value

__all__ = ["Progress"]

_PAUSE = 0.1  # seconds between two looks at the loss; a terminal shows no more, and a step is not to wait for it


class Progress:
    """Shows a run: nothing, a line for each epoch, or a bar within the epoch and the line after it.

    The bar needs tqdm (extra ``train``) and a terminal; without them there are the lines alone.

    Parameters
    ----------
    show : bool
        Whether to show anything.
    epochs : int
        How many there will be.
    """

    def __init__(self, show: bool, epochs: int) -> None:
        self.show = show
        self.epochs = epochs
        self._bar: Any = None
        self._next = 0.0
        self._bars = show and sys.stderr is not None and sys.stderr.isatty() and find_spec("tqdm") is not None

    def start(self, epoch: int, done: int, steps: int | None) -> None:
        """Begin an epoch in which `done` of `steps` are done already."""
        if self._bars:
            from tqdm import tqdm

            title = f"epoch {epoch}/{self.epochs}"
            self._bar = tqdm(desc=title, total=steps, initial=done, leave=False, unit="step", mininterval=_PAUSE)
            self._next = 0.0
            self._steps = done

    def step(self, done: int, loss: float) -> None:
        """Show that `done` steps of the epoch are done."""
        if self._bar is None:
            return
        now = time.monotonic()
        if now >= self._next:
            self._next = now + _PAUSE
            self._bar.set_postfix_str(f"loss {format_value(loss)}", refresh=False)
            self._bar.update(done - self._steps)
            self._steps = done

    def close(self) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None

    def finish(self, row: dict[str, Any], seconds: float) -> None:
        """Show what an epoch came to."""
        self.close()
        values = [f"{name} {format_value(value)}" for name, value in row.items() if name not in ("epoch", "step", "lr")]
        self.line(f"epoch {row['epoch']}/{self.epochs}  {'  '.join(values)}  {seconds:.2f} s")

    def line(self, text: str) -> None:
        """Show a line."""
        if self.show:
            print(text, flush=True)
