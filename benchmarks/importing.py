"""How long ``import minigrad`` takes in a fresh interpreter, against ``import numpy`` and the peers.
Byte code is always read from a cache, a fresh one that the first, untimed import of each module fills:
installers compile what they install, and neither the variables of the caller nor a read-only tree should change
the figures.
"""

from __future__ import annotations

import importlib.util
import statistics
import subprocess
import sys
import tempfile

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
    with tempfile.TemporaryDirectory() as cache:
        environment = child_environment(1) | {"PYTHONPYCACHEPREFIX": cache}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        return [import_table(options, environment)]


def import_table(options: Options, environment: dict[str, str]) -> Table:
    """Return the table of imports in interpreters with this environment."""
    table = Table("import in a fresh interpreter", ["module", "median ms", "quartiles", "/ import numpy", ""])
    assert set(MODULES.values()) <= set(CONTESTANTS)
    chosen = [name for name, owner in MODULES.items() if owner in options.contestants or name == "numpy"]
    samples: dict[str, list[float]] = {}
    for module in chosen:
        if importlib.util.find_spec(module.partition(".")[0]) is not None:
            import_seconds(module, environment)
            samples[module] = []
    for turn in range(options.repeats):
        for module, found in samples.items():
            if turn % 3 == 0 or not found or statistics.median(found) < SLOW_S:
                found.append(import_seconds(module, environment))
    baseline = statistics.median(samples["numpy"])
    for module in chosen:
        if module not in samples:
            table.skip(module, "not installed")
            continue
        lower, median, upper = quartiles([1e3 * seconds for seconds in samples[module]])
        ratio = median / 1e3 / baseline
        spread = f"{figure(lower)} .. {figure(upper)}"
        table.rows.append([module, figure(median), spread, f"{ratio:.2f}", ""])
        table.data[module] = {"median": median, "lower": lower, "upper": upper, "ratio to numpy": ratio}
    if "minigrad" in samples:
        table.target("import minigrad / import numpy", table.data["minigrad"]["ratio to numpy"], 1.3)
    return table


def import_seconds(module: str, environment: dict[str, str]) -> float:
    """Return the seconds the import statement takes in a new interpreter."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(module)],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return float(done.stdout)
