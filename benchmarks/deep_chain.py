"""A chain of up to 1,000,000 operations: forward, backward, and whether the graph dies with its last name.

Each contestant and length runs in a process of its own (a library that recurses may take the whole process
down) with the garbage collector off; at the end one collection counts what reference counting alone did not
free. Run as ``python -m benchmarks.deep_chain NAME OPERATIONS`` this module is that process.
"""

from __future__ import annotations

import gc
import itertools
import json
import sys
import time
from typing import Any

import numpy as np

from .contestants import CONTESTANTS, load
from .harness import Options, Table, installed, run_child
from .memory import resident
from .problems import Unsupported

THREADED = False

LENGTHS = (250_000, 500_000, 1_000_000)

TIMEOUT_S = 30.0
"""A contestant that needs longer for one length is not tried with the next."""

LINEAR = 1.25
"""Largest accepted time per operation at the longest chain, relative to the shortest (noise included)."""


def run(options: Options) -> list[Table]:
    """Return one table per length, in seconds."""
    tables = []
    reasons = installed(options)
    found: dict[str, dict[int, dict[str, Any]]] = {}
    for length in LENGTHS:
        table = Table(
            f"a chain of {length:,} operations on 8 float32 values (seconds)",
            ["contestant", "forward", "backward", "free", "us/op", "MB held", "MB left", "uncollected", ""],
        )
        for name in options.contestants:
            if reasons[name]:
                table.skip(name, reasons[name])
                continue
            if name.startswith("NumPy"):
                continue  # Hand-written NumPy has no graph.
            result = best_of(name, length, runs=3 if name == "minigrad" else 1)
            if "failed" in result:
                reasons[name] = result["failed"]
                table.skip(name, result["failed"])
                continue
            found.setdefault(name, {})[length] = result
            values = [f"{result[key]:.3f}" for key in ("forward", "backward", "free")]
            values += [f"{result['us per op']:.2f}", f"{result['held']:.0f}", f"{result['left']:.0f}"]
            table.rows.append([name, *values, str(result["uncollected"]), ""])
            table.data[name] = result
        tables.append(table)
    last = tables[-1]
    ours = found.get("minigrad", {})
    growth = None
    if len(ours) == len(LENGTHS):
        growth = ours[LENGTHS[-1]]["us per op"] / ours[LENGTHS[0]]["us per op"]
    last.target(f"minigrad, time per operation relative to {LENGTHS[0]:,}", growth, LINEAR)
    last.target("minigrad, objects left to the garbage collector", ours.get(LENGTHS[-1], {}).get("uncollected"), 0)
    last.notes.append("held: growth of resident memory by the graph; left: what of it remains after it is freed")
    last.notes.append("uncollected: unreachable objects that only the garbage collector could free")
    return tables


def best_of(name: str, length: int, *, runs: int) -> dict[str, Any]:
    """Return the fastest of several processes: a chain this long cannot take turns within one process."""
    results = []
    for _ in range(runs):
        result = run_child(["benchmarks.deep_chain", name, str(length)], timeout=TIMEOUT_S)
        if "failed" in result:
            return result
        results.append(result)
    return min(results, key=lambda result: float(result["us per op"]))


def measure(name: str, operations: int) -> dict[str, Any]:
    """Return the seconds of the three phases and what was left behind."""
    work = load(name).deep_chain()
    work.forward(1000)
    work.backward()
    work.free()
    work = load(name).deep_chain()
    gc.collect()
    gc.freeze()
    gc.disable()
    before = resident()
    times = [time.perf_counter()]
    work.forward(operations)
    times.append(time.perf_counter())
    held = resident() - before
    grad = work.backward()
    times.append(time.perf_counter())
    work.free()
    times.append(time.perf_counter())
    # Every factor of the chain is exactly one, so the gradient is too.
    np.testing.assert_array_equal(np.asarray(grad), np.ones(8, np.float32))
    forward, backward, free = (late - early for early, late in itertools.pairwise(times))
    return {
        "forward": forward,
        "backward": backward,
        "free": free,
        "us per op": 1e6 * (forward + backward + free) / operations,
        "held": held,
        "left": resident() - before,
        "uncollected": gc.collect(),
    }


if __name__ == "__main__":
    if sys.argv[1] not in CONTESTANTS:
        raise SystemExit(f"unknown contestant {sys.argv[1]!r}; known: {', '.join(CONTESTANTS)}")
    try:
        print(json.dumps(measure(sys.argv[1], int(sys.argv[2]))))
    except Unsupported as error:
        print(json.dumps({"failed": str(error)}))
    except RecursionError as error:
        print(json.dumps({"failed": f"RecursionError: {error}"}))
