"""Tensors that a model learns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from minigrad import Tensor

if TYPE_CHECKING:
    from numpy.typing import DTypeLike

__all__ = ["Parameter", "Parameters"]


class Parameter(Tensor):
    """A leaf tensor that requires a gradient, and that a :class:`Module` registers when it becomes its attribute.

    Parameters
    ----------
    data : array_like
        Floating numbers; copied.
    requires_grad : bool
        False for a frozen parameter: saved and loaded with the others, and not trained.
    dtype : dtype
        Default: float32, whatever the dtype of `data`.
    name : str, optional
        For drawings and messages; the module gives the attribute's name to a parameter that has none.

    Raises
    ------
    TypeError
        If the data are integers, which have no gradient, or not real numbers.

    Examples
    --------
    >>> from minigrad import nn
    >>> nn.Parameter([0.5, -0.5])
    Parameter([ 0.5, -0.5], dtype=float32, requires_grad=True)
    """

    __slots__ = ()

    def __init__(
        self, data: Any, requires_grad: bool = True, dtype: DTypeLike = np.float32, name: str | None = None
    ) -> None:
        given = data if isinstance(data, Tensor) else Tensor(data)
        if given.dtype.kind != "f":
            raise TypeError(
                f"Parameter: expected floating numbers, got {given.dtype} of shape {given.shape}; integers have no "
                "gradient. Write them with a point, or convert with .astype(float)"
            )
        super().__init__(data, requires_grad=requires_grad, dtype=dtype, name=name)


class Parameters(Iterator[Parameter]):
    """An iterator over the parameters of a module that an optimizer can ask for their names.

    Parameters
    ----------
    named : iterable of (str, Parameter)
    """

    def __init__(self, named: Iterable[tuple[str, Parameter]]) -> None:
        self._named = iter(named)

    def __next__(self) -> Parameter:
        return next(self._named)[1]

    def named(self) -> Iterator[tuple[str, Parameter]]:
        """Return what is left to yield, with names."""
        return self._named
