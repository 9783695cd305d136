"""Run the benchmarks: ``python -m benchmarks [CASE ...] [--threads 1 2] [--repeats N] [--json FILE]``."""

from __future__ import annotations

import argparse
import importlib
import json
import os
import platform
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

CASES = (
    *("chain", "two_layer", "cnn", "deep_cnn", "importing", "memory", "deep_chain", "drawing"),
    *("viewer", "checkpoint", "einsum"),
)


def parse(argv: list[str] | None = None) -> argparse.Namespace:
    """Return the parsed command line."""
    from .contestants import CONTESTANTS

    parser = argparse.ArgumentParser(prog="benchmarks", description="minigrad against its peers")
    parser.add_argument("cases", nargs="*", metavar="CASE", help=f"any of {', '.join(CASES)} (default: all)")
    parser.add_argument("--repeats", type=int, default=20, metavar="N", help="rounds per table (default 20)")
    parser.add_argument(
        "--threads", type=int, nargs="+", metavar="T", help="thread counts (default: 1 and 2, if there are 2)"
    )
    parser.add_argument(
        "--only", nargs="+", metavar="NAME", choices=CONTESTANTS, help=f"any of: {'; '.join(CONTESTANTS)}"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write all figures there")
    parser.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args(argv)
    unknown = sorted(set(options.cases) - set(CASES))
    if unknown:
        parser.error(f"unknown case {', '.join(unknown)}; known: {', '.join(CASES)}")
    if options.repeats < 1:
        parser.error(f"--repeats must be at least 1, not {options.repeats}")
    available = processors()
    options.threads = options.threads or [count for count in (1, 2) if count <= available]
    for count in options.threads:
        if not 1 <= count <= available:
            parser.error(f"--threads {count}: this machine offers 1 to {available}")
    return options


def processors() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def describe_machine() -> list[str]:
    """Return what a reader needs to judge the figures: processor, Python and library versions."""
    from .contestants import CONTESTANTS, version

    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        lines = [line for line in cpuinfo.read_text().splitlines() if line.startswith("model name")]
        model = lines[0].partition(":")[2].strip() if lines else model
    libraries: dict[str, str] = {}
    for name, (_, _, distribution) in CONTESTANTS.items():
        libraries[distribution] = version(name)
    lines = [f"{model}, {processors()} processors, {platform.system()}, Python {platform.python_version()}"]
    lines.append(", ".join(f"{name} {found}" for name, found in libraries.items()))
    return lines


def main(argv: list[str] | None = None) -> int:
    """Run the chosen cases, each thread count in a fresh process; return the exit status."""
    options = parse(argv)
    if options.child:
        return child(options)
    from .contestants import CONTESTANTS
    from .harness import child_environment

    cases = options.cases or list(CASES)
    names = options.only or list(CONTESTANTS)
    machine = describe_machine()
    print("\n".join(machine), flush=True)
    collected: dict[str, Any] = {"machine": machine, "tables": []}
    status = 0
    for position, threads in enumerate(options.threads):
        # Cases that do not depend on the number of threads run once.
        chosen = [case for case in cases if position == 0 or threaded(case)]
        if not chosen:
            continue
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "tables.json"
            command = [sys.executable, "-m", "benchmarks", *chosen, "--repeats", str(options.repeats)]
            command += ["--threads", str(threads), "--only", *names, "--child", str(file)]
            status |= subprocess.run(command, env=child_environment(threads), check=False).returncode
            if file.exists():
                collected["tables"] += json.loads(file.read_text())
    if options.json:
        options.json.write_text(json.dumps(collected, indent=1) + "\n")
        print(f"\nwrote {options.json}")
    return status


def child(options: argparse.Namespace) -> int:
    """Run the cases in this process, whose environment is set up; print each table when it is done."""
    from .contestants import REFERENCE
    from .harness import Options, limit_processors

    (threads,) = options.threads
    collected = []
    status = 0
    limit_processors(threads)
    for case in options.cases:
        chosen = Options(options.repeats, tuple(options.only), threads)
        for table in importlib.import_module(f"benchmarks.{case}").run(chosen):
            if threaded(case):
                table.title += f", {threads} thread{'s' if threads > 1 else ''}"
            print(f"\n{table.text()}", flush=True)
            # A peer may be missing or fail; where minigrad itself has no figure, the run has failed.
            status |= "not measured" in table.data.get(REFERENCE, {})
            collected.append({"case": case, "threads": threads, "title": table.title, "results": table.data})
    options.child.write_text(json.dumps(collected))
    return int(status)


def threaded(case: str) -> bool:
    """Return whether the figures of a case depend on the number of threads."""
    return bool(importlib.import_module(f"benchmarks.{case}").THREADED)


if __name__ == "__main__":
    raise SystemExit(main())
