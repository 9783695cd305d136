"""einsum, with recording, against ``np.einsum(..., optimize=True)``, which records nothing."""

from __future__ import annotations

from typing import Any

import numpy as np

from .harness import Options, Table, alternate, figure, strict_ratio
from .problems import Arrays, Work

THREADED = True

SPECS: tuple[tuple[str, tuple[tuple[int, ...], ...]], ...] = (
    ("ij,jk->ik", ((8, 8), (8, 8))),
    ("ij,jk->ik", ((128, 256), (256, 64))),
    ("bij,bjk->bik", ((32, 20, 30), (32, 30, 40))),
    ("bqhd,bkhd->bhqk", ((4, 64, 8, 32), (4, 64, 8, 32))),
    ("bhqk,bkhd->bqhd", ((4, 8, 64, 64), (4, 64, 8, 32))),
    ("nchw,oc->nohw", ((16, 32, 14, 14), (64, 32))),
    ("i,j->ij", ((300,), (400,))),
    ("ij,ij->i", ((200, 300), (200, 300))),
    ("ii->", ((500, 500),)),
    ("ij,jk,kl->il", ((30, 200), (200, 20), (20, 100))),
    ("ijk,jl,km->ilm", ((20, 30, 40), (30, 10), (40, 10))),
)


class _Call(Work):
    """One call, again and again."""

    def __init__(self, call: Any) -> None:
        self.call = call

    def reset(self) -> None:
        pass

    def run(self) -> None:
        self.call()

    def results(self) -> Arrays:
        return {"y": np.asarray(self.call())}


def run(options: Options) -> list[Table]:
    """Return the table, in microseconds per call."""
    import minigrad as mg

    table = Table(
        "einsum of float32 operands (microseconds)",
        ["subscripts", "shapes", "minigrad, recorded", "NumPy, optimize=True", "ratio", ""],
    )
    rng = np.random.default_rng(0)
    worst = 0.0
    for text, shapes in SPECS:
        arrays = [rng.standard_normal(shape).astype(np.float32) for shape in shapes]
        leaves = [mg.Tensor(a, requires_grad=True) for a in arrays]
        samples = alternate(
            {
                "minigrad": _Call(lambda text=text, leaves=leaves: mg.einsum(text, *leaves)),
                "NumPy": _Call(lambda text=text, arrays=arrays: np.einsum(text, *arrays, optimize=True)),
            },
            options.repeats,
        )
        np.testing.assert_allclose(
            mg.einsum(text, *leaves).detach().numpy(), np.einsum(text, *arrays, optimize=True), rtol=1e-3, atol=1e-3
        )
        ratio = strict_ratio(samples["minigrad"], samples["NumPy"])
        assert ratio is not None
        worst = max(worst, ratio)
        best = [figure(1e6 * min(samples[name])) for name in ("minigrad", "NumPy")]
        name = " x ".join("·".join(map(str, shape)) for shape in shapes)
        table.rows.append([text, name, *best, f"{ratio:.2f}", ""])
        table.data[f"{text} {name}"] = {"samples": samples, "ratio": ratio}
    table.target("the largest ratio, recording included", worst, 1.2)
    table.notes.append("best rounds; ratio: the larger of that of the best rounds and the median within rounds")
    return [table]
