"""Learning curves that are drawn anew as the run goes on."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from minigrad.extras import require
from minigrad.files import atomic_write

from .callback import Callback

if TYPE_CHECKING:
    from .history import History
    from .trainer import Trainer

__all__ = ["LivePlot"]


class LivePlot(Callback):
    """Draws the losses and metrics after each epoch, into a file or below a notebook's cell.

    Needs matplotlib (extra ``plot``), and no screen.

    Parameters
    ----------
    path : path, optional
        Of the picture; its suffix is the format. A viewer that reloads it never sees a part of it. Without one, the
        figure is shown in the notebook.
    every : int
        After how many epochs.

    Raises
    ------
    ImportError
        If matplotlib, or IPython where there is no path, is not installed.
    """

    def __init__(self, path: str | os.PathLike[str] | None = None, every: int = 1) -> None:
        if isinstance(every, bool) or not isinstance(every, int) or every < 1:
            raise ValueError(f"LivePlot: every must be a whole number of at least 1, got {every!r}")
        require("matplotlib.figure", "plot", "drawing learning curves")
        self._display = None
        if path is None:
            self._display = require("IPython.display", "plot", "showing learning curves in a notebook")
        self.path = None if path is None else Path(path)
        self.every = every
        self._shown: Any = None

    def on_epoch_end(self, trainer: Trainer) -> None:
        if trainer.epoch % self.every == 0:
            self._draw(trainer.history)

    def on_fit_end(self, trainer: Trainer) -> None:
        if trainer.history.epochs and trainer.epoch % self.every:
            self._draw(trainer.history)

    def _draw(self, history: History) -> None:
        figure = curves(history)
        if self.path is not None:
            content = io.BytesIO()
            figure.savefig(content, format=self.path.suffix.lstrip(".") or "png")
            with atomic_write(self.path) as file:
                file.write(content.getvalue())
        elif self._display is not None:
            if self._shown is None:
                self._shown = self._display.display(figure, display_id=True)
            elif self._shown is not None:
                self._shown.update(figure)


def curves(history: History) -> Any:
    """Return a figure with an axes for the loss and for each metric, training and validation together."""
    from matplotlib.figure import Figure

    values = {name: history[name] for name in history.columns if name not in ("epoch", "step", "lr")}
    # Matrices and lists of classes are no curves.
    values = {name: v for name, v in values.items() if all(x is None or isinstance(x, (int, float)) for x in v)}
    names = list(dict.fromkeys(name.removeprefix("val_") for name in values))
    figure = Figure(figsize=(4.0 * len(names), 3.2), layout="constrained")
    for axes, name in zip(figure.subplots(1, len(names), squeeze=False)[0], names, strict=True):
        for key, label in ((name, "training"), (f"val_{name}", "validation")):
            if key in values:
                pairs = [(e, v) for e, v in zip(history["epoch"], values[key], strict=True) if v is not None]
                axes.plot(*zip(*pairs, strict=True), marker="." if len(pairs) < 30 else None, label=label)
        axes.set_xlabel("epoch")
        axes.set_title(name.replace("_", " "))
        axes.legend()
    return figure
