"""A training step of the demo's CNN: conv 30@5x5, relu, 2x2 max pool, affine 100, relu, affine 10; Adam."""

from __future__ import annotations

from .harness import Options, Table
from .two_layer import network_table

THREADED = True


def run(options: Options) -> list[Table]:
    """Return the table, in milliseconds per step."""
    title = "CNN conv 30@5x5 - relu - pool - 100 - relu - 10, batch 100 of 1x28x28, Adam step"
    return [network_table(options, "cnn", "adam", title, at_most=1.5)]
