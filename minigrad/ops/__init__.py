"""The ops, by family. A new op is declared in the file of its family, and nowhere else."""

from . import activation, arithmetic, comparison, convolution, creation, indexing, linalg, reduction, shape

__all__ = [
    "activation",
    "arithmetic",
    "comparison",
    "convolution",
    "creation",
    "indexing",
    "linalg",
    "reduction",
    "shape",
]
