"""The ops, by family. A new op is declared in the file of its family, and nowhere else."""

from . import (
    activation,
    arithmetic,
    attention,
    comparison,
    convolution,
    creation,
    indexing,
    linalg,
    losses,
    normalization,
    rectifiers,
    reduction,
    shape,
    smooth,
)

__all__ = [
    "activation",
    "arithmetic",
    "attention",
    "comparison",
    "convolution",
    "creation",
    "indexing",
    "linalg",
    "losses",
    "normalization",
    "rectifiers",
    "reduction",
    "shape",
    "smooth",
]
