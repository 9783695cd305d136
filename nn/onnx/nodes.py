"""A node of a file, as makers of layers see it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import numpy as np

from ..module import Module

Layer = TypeVar("Layer", bound=Module)


class Refused(ValueError):
    """A node that no layer stands for."""


class Operator:
    """A node: what a maker of layers asks for its attributes and weights.

    Attributes
    ----------
    op, outputs : str, list of str
    inputs : list of str
        Those that are not constants.
    shape : tuple of int or None, or None
        Of the first of these, as far as it is fixed and known.
    count : int
        How many inputs there are, with constants and those left out.
    """

    def __init__(
        self,
        path: str,
        node: Any,
        constants: Mapping[str, Any],
        shapes: Mapping[str, Any],
        value_of: Callable[[Any], Any],
    ) -> None:
        self.path, self.op, self.title = path, node.op_type, f"{node.name!r} ({node.op_type})"
        self._given = list(node.input)
        self._constants = constants
        self.outputs = [name for name in node.output if name]
        self.inputs = [name for name in node.input if name and name not in constants]
        self.shape = shapes.get(self.inputs[0]) if self.inputs else None
        self.count = len(self._given)
        self._attributes = {attribute.name: attribute for attribute in node.attribute}
        self._value_of = value_of
        self._read: set[str] = set()

    def error(self, message: str) -> Refused:
        """Return an error that names the node."""
        return Refused(f"{self.path}: node {self.title} cannot become a layer: {message}")

    def get(self, name: str, default: Any) -> Any:
        """Return an attribute: a number, text, or tuple."""
        self._read.add(name)
        if name not in self._attributes:
            return default
        value = self._value_of(self._attributes[name])
        if isinstance(value, bytes):
            return value.decode(errors="replace")
        if isinstance(value, float):
            return shortest(np.float32(value))
        return tuple(value) if isinstance(value, (list, tuple)) else value

    def expect(self, **values: Any) -> None:
        """Raise unless attributes, where they are given, have these values."""
        for name, value in values.items():
            if self.get(name, value) != value:
                raise self.error(f"{name} {self.get(name, value)!r} has no counterpart, only {value!r} has")

    def check_all_read(self) -> None:
        """Raise if there are attributes that nobody has asked for: ignoring them could change what is computed."""
        ignored = sorted(set(self._attributes) - self._read)
        if ignored:
            raise self.error(f"the attribute {ignored[0]!r} is not understood")

    def weight(self, index: int, ndim: int | None = None) -> Any:
        """Return a constant input; None if it is left out."""
        if index >= len(self._given) or not self._given[index]:
            return None
        name = self._given[index]
        if name not in self._constants:
            raise self.error(f"{name!r}, its input {index}, is computed; it must be in the file")
        value = self._constants[name]
        if ndim is not None and value.ndim != ndim:
            raise self.error(f"{name!r} has shape {value.shape}, not {ndim} axes")
        return value

    def needed(self, index: int, ndim: int | None = None) -> Any:
        """Return a constant input that must be there."""
        value = self.weight(index, ndim)
        if value is None:
            raise self.error(f"it lacks its input {index}")
        return value

    def number(self, index: int) -> float:
        """Return a constant input of one element."""
        value = self.needed(index)
        if value.size != 1:
            raise self.error(f"its input {index} must be one number, got shape {value.shape}")
        return shortest(value)

    @property
    def constant(self) -> Any:
        """The other input of a node that reads one value and one constant."""
        index = 1 - self._given.index(self.inputs[0])
        return self.needed(index)

    @property
    def constant_first(self) -> bool:
        """Whether the constant comes before the value."""
        return self._given[0] in self._constants

    @property
    def ndim(self) -> int:
        """The number of axes of the input."""
        if self.shape is None:
            raise self.error("the shape of its input is not known")
        return len(self.shape)


def shortest(number: Any) -> float:
    """Return an array of one number as it was written once: 1e-05, not the 9.999999747378752e-06 of float32."""
    return float(str(np.asarray(number).reshape(())[()]))


def fill(layer: Layer, **values: Any) -> Layer:
    """Write values into a layer, and return it."""
    for name, value in values.items():
        if value is not None:
            getattr(layer, name).assign(value)
    return layer
