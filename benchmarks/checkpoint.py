"""What checkpoints save and what they cost: one step of a deep network, its layers kept, or computed again in pieces.

Each variant runs in a process of its own. Run as ``python -m benchmarks.checkpoint LAYERS`` this module is that
process, with so many layers per checkpoint, 0 for none.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any

import numpy as np

from .harness import Options, Table, run_child
from .memory import peak, reset_peak, resident

THREADED = False

DEPTH, WIDTH, BATCH = 64, 256, 2048
PER_CHECKPOINT = (0, 2, 8, 32)
"""Layers in one checkpoint; √64 = 8 keeps the least."""


def run(options: Options) -> list[Table]:
    """Return the table of peaks, in MB (10**6 bytes), and of times."""
    table = Table(
        f"checkpoints: forward and backward of {DEPTH} layers tanh(h @ w + b), {WIDTH} wide, batch {BATCH}",
        ["layers per checkpoint", "rise of memory, MB", "/ none", "step, ms", "/ none", ""],
    )
    found: dict[int, dict[str, Any]] = {}
    for layers in PER_CHECKPOINT:
        name = str(layers) if layers else "no checkpoints"
        result = run_child(["benchmarks.checkpoint", str(layers), str(options.repeats)])
        if "failed" in result:
            table.skip(name, result["failed"])
            continue
        found[layers] = table.data[name] = result
        if 0 not in found:
            continue
        saved, cost = result["rise"] / found[0]["rise"], result["ms"] / found[0]["ms"]
        table.rows.append([name, f"{result['rise']:.0f}", f"{saved:.2f}", f"{result['ms']:.0f}", f"{cost:.2f}", ""])
    if 0 in found and 8 in found:
        if found[0]["gradient"] != found[8]["gradient"]:
            table.notes.append("WRONG RESULT: the gradients differ")
        table.target("rise with 8 layers per checkpoint / without", found[8]["rise"] / found[0]["rise"], 0.4)
        table.target("time with 8 layers per checkpoint / without", found[8]["ms"] / found[0]["ms"], 1.6)
    table.notes.append("rise: peak of resident memory over what library, parameters and their gradients take")
    return [table]


def measure(layers: int, repeats: int) -> dict[str, Any]:
    """Return the rise of memory in the first steps, the best time of a step, and the norm of the gradients."""
    import minigrad as mg

    rng = np.random.default_rng(0)
    scale = 1 / np.sqrt(WIDTH)
    pairs = [
        [
            mg.Tensor((rng.standard_normal(shape) * scale).astype(np.float32), requires_grad=True)
            for shape in ((WIDTH, WIDTH), (WIDTH,))
        ]
        for _ in range(DEPTH)
    ]
    x = mg.Tensor(rng.standard_normal((BATCH, WIDTH)).astype(np.float32))

    def forward(h: mg.Tensor, start: int, count: int) -> mg.Tensor:
        for w, b in pairs[start : start + count]:
            h = mg.tanh(h @ w + b)
        return h

    def step() -> None:
        h = x
        for w, b in pairs:
            w.grad = b.grad = None
        if layers:
            for start in range(0, DEPTH, layers):
                h = mg.checkpoint(lambda h, start=start: forward(h, start, layers), h)
        else:
            h = forward(h, 0, DEPTH)
        mg.mean(h * h).backward()

    # The gradients of a tiny batch: what they take, and the libraries' first calls, is not what is measured.
    whole, x = x, mg.Tensor(x.data[:1].copy())
    step()
    x = whole
    reset_peak()
    before = resident()
    for _ in range(2):
        step()
    rise = peak() - before
    times = []
    for _ in range(max(3, repeats // 4)):
        start = time.perf_counter()
        step()
        times.append(time.perf_counter() - start)
    gradient = sum(float(np.sum(np.square(w.grad.data))) for w, _ in pairs if w.grad is not None)
    return {"rise": rise, "ms": 1e3 * min(times), "gradient": gradient}


if __name__ == "__main__":
    print(json.dumps(measure(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 20)))
