"""The ops, by family. A new op is declared in the file of its family, and nowhere else."""

from . import (
    activation,
    arithmetic,
    comparison,
    convolution,
    creation,
    exponential,
    indexing,
    linalg,
    reduction,
    rounding,
    shape,
    trigonometry,
)

__all__ = [
    "activation",
    "arithmetic",
    "comparison",
    "convolution",
    "creation",
    "exponential",
    "indexing",
    "linalg",
    "reduction",
    "rounding",
    "shape",
    "trigonometry",
]
