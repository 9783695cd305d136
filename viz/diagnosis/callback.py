"""The diagnosis in the course of a run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from minigrad import Tensor, nn
from minigrad.nn.training.recording import Recorder

from .api import gradient_flow
from .records import Thresholds
from .report import FlowReport


class GradientFlow(Recorder):
    """Diagnoses the gradients of a run at every so many-th step, with the very values of that step.

    It looks at the graph of the step's loss before its backward pass, so there is no second forward pass, and the run
    is the same bit for bit with and without it. With ``accumulate``, that of the step's first batch. A look takes the
    time of a few backward passes.

    Parameters
    ----------
    every : int
        At each so many-th step, from the first on.
    thresholds : Thresholds, optional
        From where on a number is a finding.

    Attributes
    ----------
    records : list of dict
        A row for each layer and each step that was looked at: ``"step"`` (from 1), ``"layer"``, and ``"gradient_rms"``,
        ``"gradient_zeros"``, ``"gradient_bad"``, the same of the ``value``, ``"gain"`` and ``"level"``, as in the rows
        of a :class:`FlowReport`; NaN where there is none.
    findings : list of dict
        ``"step"``, ``"kind"``, ``"severity"``, ``"layer"`` and ``"message"``.
    last : FlowReport or None
        That of the last step that was looked at; not part of a checkpoint.

    Examples
    --------
    >>> import numpy as np
    >>> from minigrad import nn, viz
    >>> model = nn.Sequential(nn.Affine(1, 4), nn.Tanh(), nn.Affine(4, 1))
    >>> flow = viz.GradientFlow(every=2)
    >>> trainer = nn.Trainer(model, nn.MSELoss(), nn.SGD(model.parameters(), lr=0.1), callbacks=[flow])
    >>> x = np.ones((6, 1), np.float32)
    >>> history = trainer.fit((x, x), epochs=4, progress=False)
    >>> [(record["step"], record["layer"]) for record in flow.records if record["layer"] != "MSELoss"]
    [(1, '0'), (1, '1'), (1, '2'), (3, '0'), (3, '1'), (3, '2')]
    >>> len(flow.of("0")), flow.last.ok
    (2, True)
    """

    part = "layer"
    measures = (
        *("gradient_rms", "gradient_zeros", "gradient_bad"),
        *("value_rms", "value_zeros", "value_bad", "gain", "level"),
    )

    def __init__(self, every: int = 1, *, thresholds: Thresholds | None = None) -> None:
        super().__init__(every)
        if thresholds is not None and not isinstance(thresholds, Thresholds):
            raise TypeError(f"GradientFlow: thresholds must be viz.Thresholds, got {type(thresholds).__name__}")
        self.thresholds = thresholds
        self.findings: list[dict[str, Any]] = []
        self.last: FlowReport | None = None
        self._seen = -1

    def on_step_start(self, trainer: nn.Trainer) -> None:
        self._seen = -1

    def on_backward_start(self, trainer: nn.Trainer, loss: Tensor) -> None:
        if trainer.step % self.every or self._seen == trainer.step:
            return
        self._seen = trainer.step
        step = trainer.step + 1
        report = self.last = gradient_flow(trainer.model, loss, thresholds=self.thresholds)
        for row in report.rows:
            numbers = {measure: np.nan if row[measure] is None else float(row[measure]) for measure in self.measures}
            self.records.append({"step": step, "layer": row["layer"], **numbers})
        for f in report.findings:
            self.findings.append(
                {"step": step, "kind": f.kind, "severity": f.severity, "layer": f.layer, "message": f.message}
            )

    def of(self, layer: str, measure: str = "gradient_rms") -> list[float]:
        """Return one measure of one layer, in the order of the steps.

        Raises
        ------
        KeyError
            If there is no record of the layer, or no such measure.
        """
        return self._series(layer, measure)

    def figure(self, ax: Any = None) -> Any:
        """Draw log10 of the rms of the gradient at each layer's output, by step, on the scale of the drawings.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; default: a new figure.

        Returns
        -------
        matplotlib Figure

        Raises
        ------
        ValueError
            If nothing was recorded yet.
        """
        from .figures import over_time

        if not self.records:
            raise ValueError("GradientFlow: nothing was recorded yet")
        names = self.parts()
        steps = list(dict.fromkeys(record["step"] for record in self.records))
        row, column = ({key: i for i, key in enumerate(keys)} for keys in (names, steps))
        table = np.full((len(names), len(steps)), np.nan)
        for record in self.records:
            rms = np.inf if record["gradient_bad"] > 0 else record["gradient_rms"]
            table[row[record["layer"]], column[record["step"]]] = rms
        return over_time(names, steps, table, ax)

    def state_dict(self) -> dict[str, Any]:
        return {**super().state_dict(), "findings": [dict(finding) for finding in self.findings]}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        super().load_state_dict(state)
        self.findings = [dict(finding) for finding in state["findings"]]
