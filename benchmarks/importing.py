"""How long ``import minigrad`` takes in a fresh interpreter, against ``import numpy`` and the peers."""

from __future__ import annotations

import importlib.util
import statistics
import subprocess
import sys

from .contestants import CONTESTANTS
from .harness import Options, Table, child_environment, figure, quartiles

THREADED = False

MODULES: dict[str, str] = {
    "numpy": "NumPy, plain",
    "minigrad": "minigrad",
    "minigrad.nn": "minigrad",
    "torch": "PyTorch",
    "autograd": "HIPS autograd",
    "mygrad": "MyGrad",
    "jax": "JAX, op by op",
}
"""Module to import, and the contestant whose choice on the command line includes it."""

PROGRAM = "import time; t = time.perf_counter(); import {0}; print(time.perf_counter() - t)"

SLOW_S = 0.3
"""Imports longer than this are sampled in every third round only: they need no finer figure."""


def run(options: Options) -> list[Table]:
    """Return the table, in milliseconds inside a fresh interpreter."""
    table = Table("import in a fresh interpreter", ["module", "median ms", "quartiles", "/ import numpy", ""])
    assert set(MODULES.values()) <= set(CONTESTANTS)
    samples: dict[str, list[float]] = {}
    for module, contestant in MODULES.items():
        if contestant not in options.contestants and module != "numpy":
            continue
        if importlib.util.find_spec(module.partition(".")[0]) is None:
            table.skip(module, "not installed")
            continue
        import_seconds(module)  # Fills the byte-code and the file caches.
        samples[module] = []
    for turn in range(options.repeats):
        for module, found in samples.items():
            if turn % 3 == 0 or not found or statistics.median(found) < SLOW_S:
                found.append(import_seconds(module))
    baseline = statistics.median(samples["numpy"])
    for module, found in samples.items():
        lower, median, upper = quartiles([1e3 * seconds for seconds in found])
        ratio = statistics.median(found) / baseline
        row = [module, figure(median), f"{figure(lower)} .. {figure(upper)}", f"{ratio:.2f}", ""]
        table.rows.insert(len(table.data) - sum("not measured" in v for v in table.data.values()), row)
        table.data[module] = {"median": median, "lower": lower, "upper": upper, "ratio to numpy": ratio}
    if "minigrad" in samples:
        table.target("import minigrad / import numpy", table.data["minigrad"]["ratio to numpy"], 1.3)
    return [table]


def import_seconds(module: str) -> float:
    """Return the seconds the import statement takes in a new interpreter."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(module)],
        env=child_environment(1),
        capture_output=True,
        text=True,
        check=True,
    )
    return float(done.stdout)
