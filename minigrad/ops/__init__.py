"""The ops, by family. A new op is declared in the file of its family, and nowhere else."""

from . import activation, arithmetic, comparison, convolution, creation, indexing, linalg, reduction, shape

from . import attention, losses, normalization, rectifiers, smooth  # isort: skip

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
