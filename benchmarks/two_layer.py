"""A training step of the network 784-50-10 on a batch of 100, with SGD and with Adam."""

from __future__ import annotations

from .harness import Options, Table, measure, strict_ratio
from .problems import Contestant, NetworkName, OptimizerName, Unsupported, Work, network_problem

THREADED = True


def run(options: Options) -> list[Table]:
    """Return one table per optimizer, in milliseconds per step."""
    return [
        network_table(options, "two_layer", "sgd", "two-layer network 784-50-10, batch 100, SGD step"),
        network_table(options, "two_layer", "adam", "two-layer network 784-50-10, batch 100, Adam step"),
    ]


def network_table(
    options: Options, network: NetworkName, optimizer: OptimizerName, title: str, at_most: float = 1.0
) -> Table:
    """Return the table of one training step, wanted in `at_most` times PyTorch's time.

    Results are compared after three steps.
    """
    problem = network_problem(network, optimizer)

    def prepare(contestant: Contestant) -> Work:
        if network not in contestant.networks:
            raise Unsupported("not written for it")
        return contestant.network(problem)

    table, samples = measure(
        title,
        options,
        prepare,
        unit="ms",
        per_unit=1e-3,
        check_runs=3,
        # Adam divides by the root of the second moment: where a gradient is rounding noise, so is the step.
        tolerance=1e-3 if optimizer == "sgd" else 5e-3,
    )
    if "minigrad" in samples:
        torch = samples.get("PyTorch")
        table.target("minigrad / PyTorch", strict_ratio(samples["minigrad"], torch), at_most)
    return table
