"""What a diagnosis says: findings, tables, figures and files."""

from __future__ import annotations

import csv
import io
import json
import math
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from minigrad.files import atomic_write

from ..labels import number, percent
from .paths import Paths, Waterfall, columns
from .records import Finding

if TYPE_CHECKING:
    from .compare import Comparison

# Rows of a longer table are left out in the middle of its text.
_LONGEST = 60
# Of findings of one kind, so many are told one by one.
_ALIKE = 12


class FlowReport:
    """How gradients flow through a graph, as plain data: made by :func:`gradient_flow`.

    ``str()`` is the text of it, for logs and for CI: ``assert report.ok, report``.

    Attributes
    ----------
    rows : list of dict
        A row for each layer, in the order of the forward pass: ``layer``; ``ops`` in it; ``value_rms``,
        ``value_zeros`` (the share of exact zeros), ``value_low``, ``value_high`` and ``value_bad`` (how many entries
        are not finite) of its output; the same of the ``gradient`` there; ``gain``, the norm of what it hands back to
        its inputs over that of what it was handed; and ``level``, the norm of its gradient over that at the model's
        output.
    edges : list of dict
        A row for each use of a value by an op that a gradient flows back along: ``source``, ``op``, ``argument`` and
        ``layer``; what is said of the ``value``, and of the ``gradient`` that flows along it; and its ``gain``.
    parameters : list of dict
        A row for each parameter: ``name``, ``value`` and ``gradient`` as above, and ``ratio``, the rms of the gradient
        over that of the value.
    findings : list of Finding
        What is wrong, errors first.
    ok : bool
        Whether there are no errors among the findings; there may be warnings.
    """

    def __init__(
        self,
        rows: list[dict[str, Any]],
        edges: list[dict[str, Any]],
        parameters: list[dict[str, Any]],
        findings: list[Finding],
        paths: Paths,
        worst: int | None,
    ) -> None:
        self.rows = rows
        self.edges = edges
        self.parameters = parameters
        self.findings = findings
        self._paths = paths
        self._worst = worst

    @property
    def ok(self) -> bool:
        return all(finding.severity != "error" for finding in self.findings)

    def waterfall(self, name: str | None = None) -> Waterfall:
        """Return the gains along the path of largest contribution from the loss to a leaf.

        Parameters
        ----------
        name : str, optional
            Of a parameter, or an input that requires grad. Default: the one whose gradient has changed most on its way
            through the model.

        Raises
        ------
        KeyError
            If there is none of this name.
        """
        v = self._worst if name is None else self._paths.leaves.get(name)
        if v is None:
            there = ", ".join(self._paths.leaves)
            raise KeyError(f"gradient_flow: there is no path to {name!r}; there are paths to {there or 'nothing'}")
        return self._paths.to(v)

    def compare(self, other: FlowReport) -> Comparison:
        """Return how another run, or another step, differs, layer by layer."""
        from .compare import Comparison

        return Comparison(self, other)

    def figure(self, ax: Any = None) -> Any:
        """Draw the rms of values and of gradients by layer; red marks are findings.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; default: a new figure.

        Returns
        -------
        matplotlib Figure
        """
        from .figures import layers

        return layers(self, ax)

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the report, whole or not at all.

        Parameters
        ----------
        path : path
            Its suffix chooses the format: ``.txt`` (the text), ``.csv`` (the rows), or ``.json`` (rows, edges,
            parameters, findings and the waterfall; numbers that are not finite are null).

        Raises
        ------
        ValueError
            If the suffix is another one.
        OSError
            If the file cannot be written; an older one is left as it was.
        """
        path = Path(path)
        kind = path.suffix.lower()
        if kind == ".txt":
            text = f"{self}\n"
        elif kind == ".csv":
            buffer = io.StringIO(newline="")
            writer = csv.DictWriter(buffer, list(self.rows[0]) if self.rows else ["layer"], lineterminator="\n")
            writer.writeheader()
            writer.writerows(self.rows)
            text = buffer.getvalue()
        elif kind == ".json":
            text = json.dumps(_plain(self._whole()), indent=1, ensure_ascii=False, allow_nan=False) + "\n"
        else:
            raise ValueError(f"gradient_flow: cannot save {path.name!r}: the suffix must be .txt, .csv or .json")
        with atomic_write(path) as file:
            file.write(text.encode())
        return path

    def _whole(self) -> dict[str, Any]:
        return {
            "ok": self.ok,
            "findings": [finding._asdict() for finding in self.findings],
            "rows": self.rows,
            "edges": self.edges,
            "parameters": self.parameters,
            "waterfall": self.waterfall().rows() if self._worst is not None else [],
        }

    def __str__(self) -> str:
        lines = [self._headline()]
        table: list[tuple[str, ...]] = [("layer", "value rms", "zeros", "gradient rms", "zeros", "gain", "level")]
        for row in _middle_left_out(self.rows):
            if row is None:
                table.append((f"… {len(self.rows) - _LONGEST:,} more", *[""] * 6))
                continue
            cells = [(_text(row[f"{of}_rms"]), _share(row[f"{of}_zeros"])) for of in ("value", "gradient")]
            table.append((row["layer"], *cells[0], *cells[1], _text(row["gain"]), _text(row["level"])))
        lines += columns(table, "lrrrrrr")
        if self._worst is not None:
            lines += ["", str(self.waterfall())]
        kinds = dict.fromkeys((finding.severity, finding.kind, finding.advice) for finding in self.findings)
        for severity, kind, advice in kinds:
            lines += ["", f"{severity}: {kind}"]
            alike = [f for f in self.findings if (f.severity, f.kind, f.advice) == (severity, kind, advice)]
            lines += [f"  {f.layer}: {f.message}" for f in alike[:_ALIKE]]
            if len(alike) > _ALIKE:
                lines.append(f"  … {len(alike) - _ALIKE:,} more")
            lines.append(f"  usually helps: {advice}")
        return "\n".join(lines)

    def _headline(self) -> str:
        counts = [sum(f.severity == severity for f in self.findings) for severity in ("error", "warning")]
        parts = [
            f"{n} {word}{'' if n == 1 else 's'}" for n, word in zip(counts, ("error", "warning"), strict=True) if n
        ]
        return f"gradient flow through {len(self.rows):,} layers: {', '.join(parts) or 'nothing found'}"

    def __repr__(self) -> str:
        return f"<FlowReport: {self._headline()}>"


def _middle_left_out(rows: list[dict[str, Any]]) -> list[dict[str, Any] | None]:
    if len(rows) <= _LONGEST:
        return list(rows)
    half = _LONGEST // 2
    return [*rows[:half], None, *rows[-half:]]


def _text(value: float | None) -> str:
    return "" if value is None else number(value, 3)


def _share(value: float | None) -> str:
    return "" if value is None else percent(value)


def _plain(value: Any) -> Any:
    """Return nested data with None for numbers that JSON does not have."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
