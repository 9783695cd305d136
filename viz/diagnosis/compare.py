"""The difference between two reports: two runs, two steps, or two models with layers of the same names."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from ..labels import number
from .paths import columns
from .records import Finding

if TYPE_CHECKING:
    from .report import FlowReport


class Comparison:
    """How two reports differ, layer by layer; ``str()`` is a table. Made by :meth:`FlowReport.compare`.

    Attributes
    ----------
    first, second : FlowReport
    rows : list of dict
        A row for each layer that both have, by name: ``layer``, ``first`` and ``second`` (the rms of the gradient at
        its output), ``ratio`` (second / first), ``value_ratio`` (of the rms of its output), and ``level_ratio`` (of
        the norm relative to the model's output). None where a number is missing or the first is 0.
    only_first, only_second : list of str
        The layers that only one has.
    fixed, new : list of Finding
        Those that only the first report has, and those that only the second has, by kind and layer.
    """

    def __init__(self, first: FlowReport, second: FlowReport) -> None:
        self.first, self.second = first, second
        a, b = ({row["layer"]: row for row in report.rows} for report in (first, second))
        self.rows: list[dict[str, Any]] = [
            {
                "layer": name,
                "first": row["gradient_rms"],
                "second": b[name]["gradient_rms"],
                "ratio": _ratio(b[name]["gradient_rms"], row["gradient_rms"]),
                "value_ratio": _ratio(b[name]["value_rms"], row["value_rms"]),
                "level_ratio": _ratio(b[name]["level"], row["level"]),
            }
            for name, row in a.items()
            if name in b
        ]
        self.only_first = [name for name in a if name not in b]
        self.only_second = [name for name in b if name not in a]
        self.fixed = _without(first.findings, second.findings)
        self.new = _without(second.findings, first.findings)

    def figure(self, ax: Any = None, labels: tuple[str, str] = ("first", "second")) -> Any:
        """Draw the rms of the gradient of both, layer by layer.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; default: a new figure.
        labels : (str, str)
            What the two are called.

        Returns
        -------
        matplotlib Figure
        """
        from .figures import comparison

        return comparison(self.rows, labels, ax)

    def __str__(self) -> str:
        table = [("layer", "gradient rms", "then", "ratio", "value ratio")]
        for row in self.rows:
            numbers = (row[key] for key in ("first", "second", "ratio", "value_ratio"))
            table.append((row["layer"], *("" if n is None else number(n, 3) for n in numbers)))
        lines = [f"{len(self.rows):,} layers in both", *columns(table, "lrrrr")]
        for word, names in (("first", self.only_first), ("second", self.only_second)):
            if names:
                lines.append(f"only in the {word}: {_listed(names)}")
        for word, findings in (("no longer found", self.fixed), ("new", self.new)):
            kinds: dict[str, list[str]] = {}
            for finding in findings:
                kinds.setdefault(finding.kind, []).append(finding.layer)
            lines += [f"{word}: {kind} at {_listed(layers)}" for kind, layers in kinds.items()]
        return "\n".join(lines)

    def __repr__(self) -> str:
        return f"<Comparison of {len(self.rows):,} layers, {len(self.fixed)} findings gone, {len(self.new)} new>"


def _listed(names: list[str]) -> str:
    return ", ".join(names[:20]) + (f", … {len(names) - 20:,} more" if len(names) > 20 else "")


def _ratio(a: float | None, b: float | None) -> float | None:
    if a is None or b is None or not b or not math.isfinite(a / b):
        return None
    return a / b


def _without(findings: list[Finding], others: list[Finding]) -> list[Finding]:
    known = {(finding.kind, finding.layer) for finding in others}
    return [finding for finding in findings if (finding.kind, finding.layer) not in known]
