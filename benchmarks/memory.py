"""Memory of a training step, and whether it stays flat over many of them; each contestant in its own process.

Run as ``python -m benchmarks.memory step NAME NETWORK`` or ``... drift NAME`` this module is that process.
"""

from __future__ import annotations

import contextlib
import json
import resource
import statistics
import sys
from pathlib import Path
from typing import Any

from .contestants import CONTESTANTS, load
from .harness import Options, Table, installed, run_child
from .problems import NetworkName, Unsupported, network_problem

THREADED = False

STEPS = 10
"""Training steps whose peak is taken."""

DRIFT_STEPS = 10_000
WARM_UP = 1_000
DRIFT_SAMPLES = 18
"""Length of the long run, steps before its first sample, samples after that."""

STATUS = Path("/proc/self/status")


def run(options: Options) -> list[Table]:
    """Return the tables of the CNNs' peaks and of the two-layer network's drift, in MB (10**6 bytes)."""
    cnn = step_table(options, "cnn", "the CNN")
    cnn.notes.append("before: interpreter, library, images, parameters; the batch's im2col alone would be 5.8 MB")
    return [cnn, step_table(options, "deep_cnn", "the deep CNN"), drift_table(options)]


def step_table(options: Options, network: NetworkName, called: str) -> Table:
    """Return how far a network's training step raises the memory, and whether that is no more than PyTorch's."""
    table = Table(
        f"memory of the training step of {called} (MB)",
        ["contestant", "before", f"peak of {STEPS} steps", "rise", "rise / minigrad", ""],
    )
    reasons = installed(options)
    for name in options.contestants:
        found: dict[str, Any] = {"failed": reasons[name]}
        if not reasons[name]:
            found = run_child(["benchmarks.memory", "step", name, network])
        if "failed" in found:
            table.skip(name, found["failed"])
            continue
        rise = found["peak"] - found["before"]
        table.data[name] = found | {"rise": rise}
        reference = table.data.get("minigrad", {}).get("rise")
        ratio = f"{rise / reference:.2f}" if reference else ""
        table.rows.append([name, f"{found['before']:.1f}", f"{found['peak']:.1f}", f"{rise:.1f}", ratio, ""])
    own, torch = (table.data.get(name, {}).get("rise") for name in ("minigrad", "PyTorch"))
    table.target("minigrad / PyTorch, rise", own / torch if own and torch else None, 1.0)
    return table


def drift_table(options: Options) -> Table:
    """Return how far the memory of a long run moves."""
    drift = Table(
        f"resident memory over {DRIFT_STEPS:,} two-layer SGD steps (MB)",
        ["contestant", f"after {WARM_UP:,}", "at the end", "largest", "drift %", ""],
    )
    reasons = installed(options)
    for name in options.contestants:
        found: dict[str, Any] = {"failed": reasons[name]}
        if not reasons[name]:
            found = run_child(["benchmarks.memory", "drift", name], timeout=300.0)
        if "failed" in found:
            drift.skip(name, found["failed"])
        else:
            sizes = found["sizes"]
            percent = drift_percent(sizes)
            values = [f"{sizes[0]:.1f}", f"{sizes[-1]:.1f}", f"{max(sizes):.1f}", f"{percent:.2f}", ""]
            drift.rows.append([name, *values])
            drift.data[name] = found | {"drift": percent}
    minigrad = drift.data.get("minigrad", {})
    drift.target("minigrad, drift in percent", minigrad.get("drift"), 1.0)
    drift.notes.append("drift: largest distance of any later sample from the first, in percent of the first")
    return drift


def drift_percent(sizes: list[float]) -> float:
    """Return the largest distance from the first sample, in percent of it."""
    return 100 * max(abs(size - sizes[0]) for size in sizes) / sizes[0]


def resident() -> float:
    """Return the resident memory of this process in MB."""
    return status_field("VmRSS:")


def peak() -> float:
    """Return the largest resident memory since :func:`reset_peak`, in MB."""
    return status_field("VmHWM:")


def status_field(key: str) -> float:
    """Return one line of /proc/self/status in MB; elsewhere than on Linux, the process's lifetime peak."""
    if STATUS.exists():
        line = next(line for line in STATUS.read_text().splitlines() if line.startswith(key))
        return int(line.split()[1]) * 1024 / 1e6
    largest = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return largest / 1e6 if sys.platform == "darwin" else largest * 1024 / 1e6


def reset_peak() -> None:
    """Forget the peak so far where the system can; importing a library often needs more than running it."""
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def measure_step(name: str, network: NetworkName) -> dict[str, Any]:
    """Return resident memory before and peak during the first training steps."""
    contestant = load(name)
    if network not in contestant.networks:
        raise Unsupported("not written for it")
    work = contestant.network(network_problem(network, "adam"))
    reset_peak()
    before = resident()
    for _ in range(STEPS):
        work.run()
    return {"before": before, "peak": peak()}


def measure_drift(name: str) -> dict[str, Any]:
    """Return the resident memory at equal distances along the long run.

    Each sample is the median of three, taken after whole steps: a reading is a multiple of one page and can
    catch the allocator between two of its own moves.
    """
    work = load(name).network(network_problem("two_layer", "sgd"))
    for _ in range(WARM_UP):
        work.run()
    sizes = [resident()]
    for _ in range(DRIFT_SAMPLES):
        for _ in range((DRIFT_STEPS - WARM_UP) // DRIFT_SAMPLES):
            work.run()
        sizes.append(statistics.median(resident() for _ in range(3)))
    return {"sizes": sizes}


if __name__ == "__main__":
    what, who, *networks = sys.argv[1:]
    if who not in CONTESTANTS:
        raise SystemExit(f"unknown contestant {who!r}; known: {', '.join(CONTESTANTS)}")
    try:
        print(json.dumps(measure_step(who, *networks) if what == "step" else measure_drift(who)))
    except Unsupported as error:
        print(json.dumps({"failed": str(error)}))
