"""One entry of the table of samples: how an op is called, and what it must compute."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st

import minigrad as mg
from minigrad.testing.case import Case, make

Call = tuple[tuple[Any, ...], dict[str, Any]]


@dataclass(frozen=True, repr=False)
class Sample:
    """How to call one op through its public function.

    Attributes
    ----------
    op : str
        The op's name in the registry.
    function : callable
        The public function.
    calls : strategy
        Draws ``(arguments, static arguments)`` away from kinks, in float64.
    reference : callable
        The same values in NumPy, called with the same arguments.
    fixed : tuple of calls
        Calls that between them use every rule, broadcasting, and shapes that tell axes apart: the planted faults are
        looked for at these.
    analytic : bool
        The forward function computes with complex arrays as it does with real ones.
    dtypes : tuple of str
        The precisions that make sense.
    variant : str
        Tells samples of the same op apart.
    needs : str
        A package that is an extra; without it, the tests of this sample are skipped.
    """

    op: str
    function: Callable[..., mg.Tensor]
    calls: st.SearchStrategy[Call]
    reference: Callable[..., Any]
    fixed: tuple[Call, ...]
    analytic: bool = False
    dtypes: tuple[str, ...] = ("float64", "float32", "float16")
    variant: str = ""
    needs: str = ""

    def __repr__(self) -> str:
        return f"{self.op}-{self.variant}" if self.variant else self.op


def case_of(sample: Sample, call: Call, seed: int = 0) -> Case:
    """The case of one call of a sample."""
    args, params = call
    return make(sample.function, args, params, checker="check_op", seed=seed)


def as_dtype(args: tuple[Any, ...], dtype: str) -> tuple[Any, ...]:
    """The arguments, with every floating array in another precision."""
    return tuple([a.astype(dtype) if isinstance(a, np.ndarray) and a.dtype.kind == "f" else a for a in args])
