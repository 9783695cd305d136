"""What a model is made of, as a table: shapes, parameters, work and memory."""

from __future__ import annotations

import inspect
import operator
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from minigrad import Tensor, no_grad

from .module import Module
from .random import generator

if TYPE_CHECKING:
    from numpy.typing import DTypeLike

__all__ = ["Summary", "SummaryRow", "summary"]


class SummaryRow(NamedTuple):
    """One module of a :class:`Summary`.

    Attributes
    ----------
    name : str
        Dotted; "" for the model itself.
    kind : str
        Its class.
    output : tuple of int, tuple of such tuples, or None
        The shape of the output, that of the last call where there were several; None if it was not called, or returned
        no tensors.
    parameters : int
        How many numbers it learns itself, without its parts. A parameter that several modules share is counted for the
        first of them.
    trainable : int
        Those among them that are not frozen.
    bytes : int
        Their memory.
    multiply_adds : int
        Pairs that it multiplies and adds itself in all its calls, without its parts.
    calls : int
        How often the model's call has called it.
    """

    name: str
    kind: str
    output: Any
    parameters: int
    trainable: int
    bytes: int
    multiply_adds: int
    calls: int


@dataclass(frozen=True)
class Summary:
    """What :func:`summary` returns: rows of plain data, and sums over them; as text, a table.

    Attributes
    ----------
    rows : list of SummaryRow
        The model, and all modules below it in the order of ``named_modules()``.
    inputs : list of tuple of int
        The shapes that the model was called with.
    """

    rows: list[SummaryRow]
    inputs: list[tuple[int, ...]]

    @property
    def parameters(self) -> int:
        """How many numbers the model's parameters hold."""
        return sum(row.parameters for row in self.rows)

    @property
    def trainable(self) -> int:
        """How many of them are not frozen."""
        return sum(row.trainable for row in self.rows)

    @property
    def frozen(self) -> int:
        """How many of them are frozen."""
        return self.parameters - self.trainable

    @property
    def bytes(self) -> int:
        """The memory of the parameters."""
        return sum(row.bytes for row in self.rows)

    @property
    def multiply_adds(self) -> int:
        """How many pairs one call of the model multiplies and adds."""
        return sum(row.multiply_adds for row in self.rows)

    def __str__(self) -> str:
        head = ("module", "output", "parameters", "multiply-adds")
        body = [self._cells(row) for row in self.rows]
        widths = [max(len(line[i]) for line in (head, *body)) for i in range(4)]
        lines = [_line(head, widths), "-" * (sum(widths) + 6), *[_line(line, widths) for line in body]]
        frozen = f" ({self.trainable:,} trainable, {self.frozen:,} frozen)" if self.frozen else ""
        shapes = ", ".join(map(str, self.inputs))
        return "\n".join(
            [
                *lines,
                "-" * (sum(widths) + 6),
                f"input {shapes}: {self.parameters:,} parameters{frozen}, {_memory(self.bytes)}; "
                f"{self.multiply_adds:,} multiply-adds",
            ]
        )

    __repr__ = __str__

    @staticmethod
    def _cells(row: SummaryRow) -> tuple[str, str, str, str]:
        depth = row.name.count(".") + 1 if row.name else 0
        title = f"{row.name.rpartition('.')[2]}: {row.kind}" if row.name else row.kind
        frozen = row.parameters - row.trainable
        notes = [f"{row.calls} calls"] * (row.calls > 1) + ["frozen"] * (0 < frozen == row.parameters)
        notes += [f"{frozen:,} frozen"] * (0 < frozen < row.parameters)
        return (
            "  " * depth + title + (f" ({', '.join(notes)})" if notes else ""),
            "not called" if not row.calls else "-" if row.output is None else _shapes_text(row.output),
            f"{row.parameters:,}" if row.parameters else "",
            f"{row.multiply_adds:,}" if row.multiply_adds else "",
        )


def summary(
    model: Module, input_shape: Sequence[Any], *, batch: int | None = 1, dtype: DTypeLike | None = None
) -> Summary:
    """Call a model with zeros, and return what its modules make of them and what they consist of.

    The call records nothing, is in evaluation, and leaves parameters, buffers, training flags, random generators and
    forward hooks as they were.

    Parameters
    ----------
    model : Module
    input_shape : sequence of int, or list of sequences of int
        The shape of one example, without the axis of the batch; a list of shapes for a model of several inputs.
    batch : int, optional
        How many examples; None for a model whose input has no such axis.
    dtype : dtype, optional
        Of the input; default: that of the first floating parameter, else float32. Indices, for an embedding, are
        integers: pass ``int``.

    Returns
    -------
    Summary

    Raises
    ------
    TypeError, ValueError
        If something is no module or no shape; what the model raises where the shape does not suit it.

    Notes
    -----
    Multiply-adds are those of the layers with matrices and filters (each says so in its ``multiply_adds``); biases,
    activations, normalizations, poolings, and functions that a module of yours calls by itself, count as 0. A module
    of yours takes part by defining ``multiply_adds(inputs, output)``.

    Examples
    --------
    >>> from minigrad import nn
    >>> nn.summary(nn.Sequential(nn.Conv2d(3, 10, 5), nn.ReLU(), nn.MaxPool2d(2)), (3, 32, 32))
    module          output           parameters  multiply-adds
    ----------------------------------------------------------
    Sequential      (1, 10, 14, 14)
      0: Conv2d     (1, 10, 28, 28)         760        588,000
      1: ReLU       (1, 10, 28, 28)
      2: MaxPool2d  (1, 10, 14, 14)
    ----------------------------------------------------------
    input (1, 3, 32, 32): 760 parameters, 3.0 kB; 588,000 multiply-adds
    """
    if not isinstance(model, Module):
        raise TypeError(f"summary: expected a Module, got {type(model).__name__}: {model!r:.80}")
    lead = () if batch is None else (_count("batch", batch),)
    several = isinstance(input_shape, list) and all(isinstance(shape, (tuple, list)) for shape in input_shape)
    shapes = [(*lead, *_shape(shape)) for shape in (input_shape if several else [input_shape])]
    if dtype is None:
        dtype = next((p.dtype for p in model.parameters() if p.dtype.kind == "f"), np.dtype(np.float32))
    outputs: dict[int, Any] = {}
    calls: dict[int, int] = {}
    work: dict[int, int] = {}

    def note(module: Module, args: tuple[Any, ...], kwargs: dict[str, Any], output: Any) -> None:
        i = id(module)
        outputs[i] = _shapes(output)
        calls[i] = calls.get(i, 0) + 1
        inputs = inspect.signature(module.forward).bind(*args, **kwargs).arguments
        work[i] = work.get(i, 0) + module.multiply_adds(inputs, output)

    with _undisturbed(model):
        for module in model.modules():
            module.register_forward_hook(note, with_kwargs=True)
        with no_grad():
            model.eval()(*[Tensor(np.zeros(shape, dtype)) for shape in shapes])
    rows = []
    seen: set[int] = set()
    for name, module in model.named_modules():
        own = [p for n, p in module.named_parameters() if "." not in n and id(p) not in seen]
        seen.update(map(id, own))
        rows.append(
            SummaryRow(
                name=name,
                kind=type(module).__name__,
                output=outputs.get(id(module)),
                parameters=sum(p.size for p in own),
                trainable=sum(p.size for p in own if p.requires_grad),
                bytes=sum(p.nbytes for p in own),
                multiply_adds=work.get(id(module), 0),
                calls=calls.get(id(module), 0),
            )
        )
    return Summary(rows, shapes)


@contextmanager
def _undisturbed(model: Module) -> Iterator[None]:
    """Put back afterwards what a call may change, and silence the hooks meanwhile."""
    modules = list(model.modules())
    flags = [(module, module.__dict__.get("training")) for module in modules]
    hooks = [(module, module.__dict__.pop("_forward_hooks", None)) for module in modules]
    buffers = [(buffer, buffer.data.copy()) for _, buffer in model.named_buffers()]
    generators = [value for m in modules for value in m.__dict__.values() if isinstance(value, np.random.Generator)]
    states = [(rng.bit_generator, rng.bit_generator.state) for rng in (generator(), *generators)]
    try:
        yield
    finally:
        for attribute, kept in (("training", flags), ("_forward_hooks", hooks)):
            for module, value in kept:
                module.__dict__.pop(attribute, None)
                if value is not None:
                    module.__dict__[attribute] = value
        for bits, state in states:
            bits.state = state
        for buffer, values in buffers:
            if not np.array_equal(buffer.data, values, equal_nan=buffer.dtype.kind == "f"):
                buffer.assign(values)


def _count(what: str, value: Any) -> int:
    try:
        number = operator.index(value)
    except TypeError:
        raise TypeError(f"summary: {what} must be made of integers, got {value!r}") from None
    if number < 0:
        raise ValueError(f"summary: {what} must be made of numbers >= 0, got {value!r}")
    return number


def _shape(shape: Any) -> tuple[int, ...]:
    if not isinstance(shape, (tuple, list)):
        shape = (shape,)
    return tuple([_count("input_shape", n) for n in shape])


def _shapes(output: Any) -> Any:
    """Return the shape of a tensor, or a tuple of those of tensors in a tuple, list or dict; None of anything else."""
    if isinstance(output, Tensor):
        return output.shape
    parts = output.values() if isinstance(output, dict) else output if isinstance(output, (tuple, list)) else ()
    found = tuple([shape for shape in map(_shapes, parts) if shape is not None])
    return found or None


def _shapes_text(shape: Any) -> str:
    return ", ".join(map(_shapes_text, shape)) if shape and isinstance(shape[0], tuple) else str(shape)


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    name, output, *counts = cells
    right = [cell.rjust(width) for cell, width in zip(counts, widths[2:], strict=True)]
    return "  ".join([name.ljust(widths[0]), output.ljust(widths[1]), *right]).rstrip()


def _memory(count: float) -> str:
    for unit in ("B", "kB", "MB"):
        if count < 1000:
            return f"{count:.1f} {unit}" if unit != "B" else f"{count} B"
        count /= 1000
    return f"{count:.1f} GB"
