"""The ops, by family. A new op is declared in the file of its family, and nowhere else."""

from . import (
    activation,
    arithmetic,
    comparison,
    convolution,
    creation,
    diagonals,
    indexing,
    joining,
    linalg,
    order,
    rearrange,
    reduction,
    scan,
    selection,
    shape,
    statistics,
)

__all__ = [
    "activation",
    "arithmetic",
    "comparison",
    "convolution",
    "creation",
    "diagonals",
    "indexing",
    "joining",
    "linalg",
    "order",
    "rearrange",
    "reduction",
    "scan",
    "selection",
    "shape",
    "statistics",
]
