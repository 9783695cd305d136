"""What callbacks share that record measures of a model's parts at some steps of a run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from .callback import Callback

__all__ = ["Recorder"]


class Recorder(Callback):
    """A callback with a record for each part of the model, at every so many-th step; its state goes into checkpoints.

    A subclass names its measures, and the key that a record has its part under.

    Attributes
    ----------
    records : list of dict
        ``"step"`` (from 1), the part, and each measure.
    """

    part: ClassVar[str]
    measures: ClassVar[tuple[str, ...]]

    def __init__(self, every: int) -> None:
        if isinstance(every, bool) or not isinstance(every, int) or every < 1:
            raise ValueError(f"{type(self).__name__}: every must be a whole number of at least 1, got {every!r}")
        self.every = every
        self.records: list[dict[str, Any]] = []

    def parts(self) -> list[str]:
        """Return the recorded parts, in the order of their first records."""
        return list(dict.fromkeys(record[self.part] for record in self.records))

    def _series(self, name: str, measure: str) -> list[float]:
        """Return one measure of one part, in the order of the steps, or raise KeyError."""
        kind = type(self).__name__
        if measure not in self.measures:
            raise KeyError(f"{kind}: there is no measure {measure!r}; there are {', '.join(self.measures)}")
        found = [record[measure] for record in self.records if record[self.part] == name]
        if not found:
            raise KeyError(f"{kind}: there is no record of {name!r}; there are {', '.join(self.parts()) or 'none yet'}")
        return found

    def state_dict(self) -> dict[str, Any]:
        names = self.parts()
        index = {name: i for i, name in enumerate(names)}
        table = [[r["step"], index[r[self.part]], *(r[measure] for measure in self.measures)] for r in self.records]
        return {f"{self.part}s": names, "table": np.array(table, np.float64).reshape(-1, 2 + len(self.measures))}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        names = list(state[f"{self.part}s"])
        self.records = [
            {"step": int(step), self.part: names[int(i)], **dict(zip(self.measures, values, strict=True))}
            for step, i, *values in np.asarray(state["table"]).tolist()
        ]
