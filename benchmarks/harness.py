"""How a number comes about.

- The contestants of a case run in one process and take turns: every round takes one sample of each, and the
  order rotates from round to round, so that a slow second of the machine falls on all of them alike.
- A sample is the mean over as many repetitions as fill :data:`SAMPLE_S`, after one that is not timed.
  Parameters are put back before each sample, so every sample computes the same numbers.
- Reported are the median over the rounds, the quartiles, and the ratio to minigrad as the median of the
  ratios within each round, which noise from outside disturbs least. The best round stands beside them: on a busy
  machine a library whose threads wait for each other can be many times slower than it is undisturbed, and a
  target against a peer counts as reached only if both the ratio of the rounds and that of the best hold.
- The garbage collector stays on, as for a user; everything that exists before timing starts is frozen out of
  its view, so that no contestant pays for scanning the modules of another.
- Before anything is timed, every contestant's results are compared with those of hand-written NumPy.
- Threads: each thread count runs in a fresh process with the BLAS and OpenMP pools, and where the system
  allows it the processor affinity, limited to that count.
"""

from __future__ import annotations

import gc
import json
import math
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .contestants import CONTESTANTS, REFERENCE, load
from .problems import Arrays, Contestant, Unsupported, Work

SAMPLE_S = 0.02
"""Least duration of one sample, in seconds."""

SETTLE_S = 0.02
"""Pause before each sample, in seconds: idle threads of the previous contestant's pool stop spinning."""

POOL_VARIABLES = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")


@dataclass(frozen=True)
class Options:
    """What the command line chose.

    Attributes
    ----------
    repeats : int
        Rounds per table.
    contestants : tuple of str
        Display names, in table order.
    threads : int
        Threads this process may use.
    """

    repeats: int
    contestants: tuple[str, ...]
    threads: int


@dataclass
class Table:
    """One table of results: text for people in `rows`, numbers for programs in `data`."""

    title: str
    columns: list[str]
    rows: list[list[str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    targets: list[str] = field(default_factory=list)
    data: dict[str, Any] = field(default_factory=dict)

    def skip(self, name: str, reason: str) -> None:
        """Add a row for a contestant that was not measured, with the reason in place of numbers."""
        self.rows.append([name, "-", *[""] * (len(self.columns) - 3), reason])
        self.data[name] = {"not measured": reason}

    def target(self, text: str, value: float | None, limit: float) -> None:
        """Add the verdict on a figure the project means to reach: `value` at most `limit`."""
        if value is None:
            self.targets.append(f"{text}: not measured")
        else:
            verdict = "reached" if value <= limit else "MISSED"
            self.targets.append(f"{text}: at most {limit:g}, measured {value:.3g}: {verdict}")

    def text(self) -> str:
        """Return the table as plain text."""
        lines = [self.title, "=" * len(self.title)]
        grid = [self.columns, *self.rows]
        # A reason in the last column may be long; it must not widen the numbers' columns.
        widths = [max(len(row[i]) for row in grid) for i in range(len(self.columns))]
        for index, row in enumerate(grid):
            cells = [row[0].ljust(widths[0])]
            cells += [cell.rjust(width) for cell, width in zip(row[1:-1], widths[1:-1], strict=True)]
            cells.append(row[-1])
            lines.append("  ".join(cells).rstrip())
            if index == 0:
                lines.append("-" * (sum(widths[:-1]) + 2 * len(widths) + max(len(row[-1]), 8)))
        lines += [f"target  {line}" for line in self.targets]
        lines += [f"note    {line}" for line in self.notes]
        return "\n".join(lines)


def measure(
    title: str,
    options: Options,
    prepare: Callable[[Contestant], Work],
    *,
    unit: str,
    per_unit: float,
    check_runs: int = 1,
    tolerance: float = 1e-3,
) -> tuple[Table, dict[str, list[float]]]:
    """Check and time one case.

    Parameters
    ----------
    title : str
    options : Options
    prepare : callable
        Returns a contestant's :class:`Work`, or raises :class:`Unsupported`.
    unit : str
        Heading of the time column.
    per_unit : float
        Seconds in one unit of that column.
    check_runs : int
        Runs after which results are compared; more than one covers an optimizer's state.
    tolerance : float
        Largest accepted difference from hand-written NumPy, relative to the largest value of the same array.

    Returns
    -------
    Table
    dict of str to list of float
        Seconds per run in each round, by contestant.
    """
    table = Table(title, ["contestant", f"median {unit}", "best", "quartiles", "/ minigrad", ""])
    works: dict[str, Work] = {}
    skipped: dict[str, str] = {}
    expected: Arrays | None = None
    # Hand-written NumPy is the oracle of the check even where it is not among the rows asked for.
    for name in ("NumPy, plain", *options.contestants):
        try:
            work = prepare(load(name))
            found = outcome(work, check_runs)
        except Unsupported as error:
            skipped[name] = str(error)
        except ImportError as error:
            skipped[name] = not_installed(error)
        except Exception as error:  # A peer may fail in any way at all; the table says so and the run goes on.
            skipped[name] = f"failed: {type(error).__name__}: {error}".splitlines()[0][:100]
        else:
            if expected is None:
                expected = found
            if problem := difference(found, expected, tolerance):
                skipped[name] = f"WRONG RESULT: {problem}"
            elif name in options.contestants:
                works[name] = work
    samples = alternate(works, options.repeats)
    for name in options.contestants:
        if name in works:
            row = summary(samples[name], samples.get(REFERENCE), per_unit)
            ratio = "" if row["ratio"] is None else f"{row['ratio']:.2f}"
            spread = f"{figure(row['lower'])} .. {figure(row['upper'])}"
            table.rows.append([name, figure(row["median"]), figure(row["best"]), spread, ratio, ""])
            table.data[name] = row
        else:
            table.skip(name, skipped[name])
    return table, samples


def outcome(work: Work, runs: int) -> Arrays:
    """Return the results of `runs` runs from the start; this is also the warm-up, and JAX's compilation."""
    work.reset()
    for _ in range(runs):
        work.run()
    return work.results()


def difference(found: Mapping[str, Any], expected: Mapping[str, Any], tolerance: float) -> str:
    """Return what differs between two sets of results, or an empty text."""
    if found.keys() != expected.keys():
        return f"results {sorted(found)} instead of {sorted(expected)}"
    for name, want in expected.items():
        got = np.asarray(found[name])
        if got.shape != want.shape:
            return f"{name} has shape {got.shape} instead of {want.shape}"
        scale = float(np.abs(want).max())
        error = float(np.abs(got - want).max())
        if not error <= tolerance * scale:
            return f"{name} is off by {error:.2g} where the largest value is {scale:.2g}"
    return ""


def alternate(works: Mapping[str, Work], repeats: int) -> dict[str, list[float]]:
    """Return seconds per run of each work in each of `repeats` rounds."""
    repetitions: dict[str, int] = {}
    for name, work in works.items():
        work.reset()
        seconds = min(timed(work, 1) for _ in range(3))
        repetitions[name] = max(1, round(SAMPLE_S / seconds))
    samples: dict[str, list[float]] = {name: [] for name in works}
    names = list(works)
    gc.collect()
    gc.freeze()
    try:
        for turn in range(repeats):
            start = turn % max(1, len(names))
            for name in names[start:] + names[:start]:
                works[name].reset()
                gc.collect()
                time.sleep(SETTLE_S)
                works[name].run()
                samples[name].append(timed(works[name], repetitions[name]))
    finally:
        gc.unfreeze()
    return samples


def timed(work: Work, repetitions: int) -> float:
    """Return seconds per run."""
    run = work.run
    start = time.perf_counter()
    for _ in range(repetitions):
        run()
    return (time.perf_counter() - start) / repetitions


def summary(samples: Sequence[float], reference: Sequence[float] | None, per_unit: float) -> dict[str, Any]:
    """Return median and quartiles in the unit of the table, and the ratio to the reference."""
    lower, median, upper = quartiles([s / per_unit for s in samples])
    best = min(samples) / per_unit
    ratio = paired_ratio(samples, reference)
    return {"median": median, "best": best, "lower": lower, "upper": upper, "ratio": ratio}


def figure(value: float) -> str:
    """Return `value` with three significant digits, without an exponent."""
    if not 0 < abs(value) < 100:
        return f"{value:.0f}"
    return f"{value:.{2 - math.floor(math.log10(abs(value)))}f}"


def quartiles(values: Sequence[float]) -> tuple[float, float, float]:
    """Return the lower quartile, the median and the upper quartile."""
    if len(values) < 2:
        return values[0], values[0], values[0]
    lower, median, upper = statistics.quantiles(values, n=4, method="inclusive")
    return lower, median, upper


def paired_ratio(samples: Sequence[float], reference: Sequence[float] | None) -> float | None:
    """Return the median over the rounds of sample / reference, or None without a reference."""
    if not reference:
        return None
    return statistics.median(s / r for s, r in zip(samples, reference, strict=False))


def strict_ratio(samples: Sequence[float], reference: Sequence[float] | None) -> float | None:
    """Return the larger of :func:`paired_ratio` and the ratio of the best rounds: what a target is held to."""
    ratio = paired_ratio(samples, reference)
    if ratio is None or not reference:
        return None
    return max(ratio, min(samples) / min(reference))


def not_installed(error: ImportError) -> str:
    """Return the reason for a row whose library cannot be imported."""
    return f"not installed ({error})".splitlines()[0][:100]


def child_environment(threads: int) -> dict[str, str]:
    """Return the environment of a process whose numerical libraries may use `threads` threads."""
    return os.environ | dict.fromkeys(POOL_VARIABLES, str(threads)) | {"JAX_PLATFORMS": "cpu"}


def limit_processors(threads: int) -> None:
    """Keep this process to `threads` processors; XLA sizes its pool by that and by nothing else."""
    if hasattr(os, "sched_setaffinity"):
        allowed = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, allowed[-threads:])


def run_child(arguments: Sequence[str], *, threads: int = 1, timeout: float = 120.0) -> dict[str, Any]:
    """Run ``python -m`` with `arguments` in a fresh process and return the JSON object it prints last.

    A child that fails gives ``{"failed": reason}``: a peer's crash, be it of the whole process, costs one
    row.
    """
    try:
        done = subprocess.run(
            [sys.executable, "-m", *arguments],
            env=child_environment(threads),
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return {"failed": f"not done after {timeout:.0f} s"}
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        if done.returncode < 0:
            last = f"killed by signal {-done.returncode}"
        return {"failed": last[:100]}
    result: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return result


def installed(options: Options) -> dict[str, str]:
    """Return, for each contestant asked for, an empty text or the reason why it cannot be imported."""
    reasons: dict[str, str] = {}
    for name in options.contestants:
        try:
            load(name)
        except ImportError as error:
            reasons[name] = not_installed(error)
        else:
            reasons[name] = ""
    assert set(reasons) <= set(CONTESTANTS)
    return reasons
