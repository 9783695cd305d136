"""What a run recorded: a row for each epoch, and the loss of each step."""

from __future__ import annotations

import csv
import io
import math
import os
from collections.abc import Mapping
from typing import Any

import numpy as np

from minigrad.files import atomic_write

__all__ = ["History"]


class History:
    """What a :class:`Trainer` recorded, as plain data; ``str()`` makes a table of it.

    Attributes
    ----------
    epochs : list of dict
        A row for each finished epoch: its number ``"epoch"`` (from 1), the number of steps so far ``"step"``, the
        learning rate ``"lr"`` as its last step left it, the mean ``"loss"`` over its examples, the metrics, and those
        of the validation with ``val_`` before their names.
    losses : list of float
        The loss of each step.
    seconds : list of float
        How long each epoch took; apart from the rows, which are the same in every run from one seed.
    stopped : str or None
        Why the run ended before its last epoch: ``"interrupted"``, or what a callback said; None if it did not.

    Examples
    --------
    >>> history = History()
    >>> history.epochs.append({"epoch": 1, "step": 60, "loss": 0.512, "val_loss": 0.25})
    >>> history.epochs.append({"epoch": 2, "step": 120, "loss": 0.125, "val_loss": 0.3125})
    >>> print(history)
    epoch  step   loss  val_loss
        1    60  0.512      0.25
        2   120  0.125    0.3125
    >>> history["val_loss"]
    [0.25, 0.3125]
    """

    def __init__(self) -> None:
        self.epochs: list[dict[str, Any]] = []
        self.losses: list[float] = []
        self.seconds: list[float] = []
        self.stopped: str | None = None

    def __len__(self) -> int:
        return len(self.epochs)

    def __getitem__(self, name: str) -> list[Any]:
        """Return a column: one value for each epoch, None where it has none.

        Raises
        ------
        KeyError
            If no epoch has it, with the names there are.
        """
        if name not in self.columns:
            raise KeyError(f"history: there is no {name!r}; there are {', '.join(self.columns) or 'no epochs yet'}")
        return [row.get(name) for row in self.epochs]

    @property
    def columns(self) -> list[str]:
        """The names in the rows, in the order of their first appearance."""
        return list(dict.fromkeys(name for row in self.epochs for name in row))

    def __str__(self) -> str:
        rows = [dict(row) for row in self.epochs]
        names = self.columns
        if len(self.seconds) == len(rows) and rows:
            names.append("seconds")
            for row, seconds in zip(rows, self.seconds, strict=True):
                row["seconds"] = round(seconds, 2)
        table = [names, *[[format_value(row.get(name)) for name in names] for row in rows]]
        widths = [max(len(line[i]) for line in table) for i in range(len(names))]
        lines = ["  ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True)) for line in table]
        if self.stopped:
            lines.append(f"stopped: {self.stopped}")
        return "\n".join(lines) if names else f"no epochs, {len(self.losses)} steps"

    def __repr__(self) -> str:
        stopped = f", stopped={self.stopped!r}" if self.stopped else ""
        return f"History({len(self.epochs)} epochs, {len(self.losses)} steps{stopped})"

    def to_csv(self, path: str | os.PathLike[str]) -> None:
        """Write the rows of the epochs into a CSV file, whole or not at all, with all digits.

        Raises
        ------
        OSError
            If it cannot be written; an older one is left as it was.
        """
        text = io.StringIO(newline="")
        writer = csv.DictWriter(text, [*self.columns, "seconds"], lineterminator="\n")
        writer.writeheader()
        for i, row in enumerate(self.epochs):
            writer.writerow({**row, "seconds": self.seconds[i] if i < len(self.seconds) else None})
        with atomic_write(path) as file:
            file.write(text.getvalue().encode())

    def state_dict(self) -> dict[str, Any]:
        """Return all of it, for a checkpoint."""
        return {
            "epochs": [dict(row) for row in self.epochs],
            "losses": np.array(self.losses, np.float64),
            "seconds": list(self.seconds),
            "stopped": self.stopped,
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over what :meth:`state_dict` returned, or nothing if it does not fit.

        Raises
        ------
        ValueError
            If it is something else.
        """
        try:
            epochs = [{str(name): value for name, value in row.items()} for row in state["epochs"]]
            losses = [float(loss) for loss in state["losses"]]
            seconds = [float(second) for second in state["seconds"]]
            stopped = state["stopped"]
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise ValueError(f"History: not the state of a history: {error!r}") from error
        self.epochs, self.losses, self.seconds = epochs, losses, seconds
        self.stopped = None if stopped is None else str(stopped)


def format_value(value: Any) -> str:
    """Return a value as in the table: four significant digits, and nothing for None.

    Examples
    --------
    >>> format_value(0.123456), format_value(60000), format_value(None), format_value([0.5, 1.0])
    ('0.1235', '60000', '', '0.5 1')
    """
    if value is None:
        return ""
    if isinstance(value, (list, tuple)):
        return " ".join(map(format_value, value))
    if isinstance(value, float):
        return f"{value:.4g}" if math.isfinite(value) else str(value)
    return str(value)
