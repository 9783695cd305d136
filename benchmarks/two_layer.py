"""A training step of the network 784-50-10 on a batch of 100, with SGD and with Adam."""

from __future__ import annotations

from .harness import Options, Table, measure, strict_ratio
from .problems import NetworkName, OptimizerName, network_problem

THREADED = True


def run(options: Options) -> list[Table]:
    """Return one table per optimizer, in milliseconds per step."""
    return [
        network_table(options, "two_layer", "sgd", "two-layer network 784-50-10, batch 100, SGD step"),
        network_table(options, "two_layer", "adam", "two-layer network 784-50-10, batch 100, Adam step"),
    ]


def network_table(options: Options, network: NetworkName, optimizer: OptimizerName, title: str) -> Table:
    """Return the table of one training step; results are compared after three steps."""
    problem = network_problem(network, optimizer)
    table, samples = measure(
        title,
        options,
        lambda contestant: contestant.network(problem),
        unit="ms",
        per_unit=1e-3,
        check_runs=3,
        # Adam divides by the root of the second moment: where a gradient is rounding noise, so is the step.
        tolerance=1e-3 if optimizer == "sgd" else 5e-3,
    )
    if "minigrad" in samples:
        torch = samples.get("PyTorch")
        table.target("minigrad / PyTorch", strict_ratio(samples["minigrad"], torch), 1.0)
    return table
