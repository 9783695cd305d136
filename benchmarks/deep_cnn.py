"""A training step of the course's deep CNN: six 3x3 convolutions, three pools, affine 50, affine 10; Adam."""

from __future__ import annotations

from .harness import Options, Table
from .two_layer import network_table

THREADED = True


def run(options: Options) -> list[Table]:
    """Return the table, in milliseconds per step."""
    title = "deep CNN 16-16-32-32-64-64 - 50 - 10, batch 100 of 1x28x28, Adam step"
    return [network_table(options, "deep_cnn", "adam", title, at_most=4.0)]
