"""A chain of 1,000 elementwise operations on 8 float32 values: what one recorded operation costs.

Arithmetic takes next to no time here, so the table shows the overhead per operation: of recording it
(``forward``), of recording and the backward pass (``forward + backward``), and of recording a backward pass
that is itself differentiated (``second order``).
"""

from __future__ import annotations

from .harness import Options, Table, measure, strict_ratio
from .problems import OPS_PER_CYCLE, ChainMode, chain_problem

THREADED = True

HEADINGS: dict[ChainMode, str] = {
    "forward": "forward",
    "backward": "forward + backward",
    "second": "second order (forward, backward with create_graph, backward of that)",
}


def run(options: Options) -> list[Table]:
    """Return one table per mode, in microseconds per operation of the chain."""
    problem = chain_problem()
    operations = problem.cycles * OPS_PER_CYCLE
    tables = []
    for mode, heading in HEADINGS.items():
        table, samples = measure(
            f"{operations} operations on 8 float32 values: {heading}",
            options,
            lambda contestant, mode=mode: contestant.chain(problem, mode),  # type: ignore[misc]
            unit="us/op",
            per_unit=1e-6 * operations,
        )
        if mode == "forward":
            table.notes.append("hand-written NumPy and JAX record nothing for a backward pass in this table")
        if mode == "backward" and "minigrad" in samples:
            table.target("minigrad, us per operation", table.data["minigrad"]["median"], 2.5)
            torch = samples.get("PyTorch")
            table.target("minigrad / PyTorch", strict_ratio(samples["minigrad"], torch), 0.6)
        tables.append(table)
    return tables
