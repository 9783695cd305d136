"""The graph of a file as nested modules: what is a sequence, and where branches part and meet."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from ..containers import Sequential
from ..layers import Identity
from ..module import Module
from .joins import JOINS, RUNS
from .nodes import Operator, Refused
from .operators import OPERATORS, PARTS

__all__ = ["Flow"]


class Step(NamedTuple):
    """A node on the way through a graph: a module, or a part of what several nodes are together (None)."""

    operator: Operator
    module: Module | None

    @property
    def kind(self) -> str:
        """What patterns call it."""
        return self.operator.op if self.module is None else type(self.module).__name__


class Flow:
    """The values of a graph, walked back from the output to the input.

    Where a node reads several values, all ways to it part at one value before, its dominator; what lies between are
    branches.
    """

    def __init__(self, onnx: Any, path: str, graph: Any, constants: dict[str, Any]) -> None:
        self.path = path
        inputs = [value.name for value in graph.input if value.name not in constants]
        if len(inputs) != 1 or len(graph.output) != 1:
            raise ValueError(f"{path}: one input and one output are read, got {len(inputs)} and {len(graph.output)}")
        self.input, self.output = inputs[0], graph.output[0].name
        shapes = {value.name: _dims(value) for value in (*graph.input, *graph.value_info, *graph.output)}
        self.producers: dict[str, Operator] = {}
        self.above: dict[str, tuple[str, int]] = {self.input: ("", 0)}  # dominator, and how many there are above
        self.built: set[str] = set()
        for node in graph.node:
            if node.op_type == "Constant" and node.output[0] in constants:
                continue
            operator = Operator(path, node, constants, shapes, onnx.helper.get_attribute_value)
            if not operator.inputs:
                raise operator.error("it does not depend on the input")
            dominator = self._meeting(operator.inputs)
            for name in node.output:
                self.producers[name] = operator
                self.above[name] = (dominator, self.above[dominator][1] + 1)
        if self.output not in self.above:
            raise ValueError(f"{path}: the output {self.output!r} does not depend on the input")

    def _meeting(self, names: list[str]) -> str:
        """Return the last value that all ways from the input to these values pass."""
        first, *rest = names
        for name in rest:
            while first != name:
                if self.above[first][1] >= self.above[name][1]:
                    first = self.above[first][0]
                else:
                    name = self.above[name][0]
        return first

    def modules(self) -> list[Module]:
        """Return the modules of the whole graph."""
        return finished(self._steps(self.output, self.input)) or [Identity()]

    def _steps(self, end: str, start: str) -> list[Step]:
        steps = []
        while end != start:
            operator = self.producers[end]
            if end in self.built:
                raise operator.error("branches that share it do not part behind it, so that no modules can hold them")
            self.built.add(end)
            if len(operator.inputs) == 1:
                steps.append(Step(operator, self._single(operator, end)))
                end = operator.inputs[0]
                continue
            meeting = self._meeting(operator.inputs)
            branches = [self._steps(name, meeting) for name in operator.inputs]
            steps.append(Step(operator, self._joined(operator, branches)))
            end = meeting
        return steps[::-1]

    def _single(self, operator: Operator, end: str) -> Module | None:
        if operator.op in PARTS:
            return None
        make = OPERATORS.get(operator.op)
        if make is None:
            raise operator.error("there is no such layer")
        return _made(operator, make, operator)

    def _joined(self, operator: Operator, branches: list[list[Step]]) -> Module:
        kinds = [tuple([step.kind for step in branch]) for branch in branches]
        for op, pattern, join in JOINS:
            if op == operator.op and (pattern is None or pattern in (kinds, kinds[::-1] if op == "Mul" else kinds)):
                ordered = branches if pattern is None or kinds == pattern else branches[::-1]
                if pattern is None:
                    whole = [_one(finished(branch)) for branch in branches]
                    return _made(operator, join, operator, whole)
                operators = [[step.operator for step in branch] for branch in ordered]
                return _made(operator, join, operator, operators)
        raise operator.error("there is no layer that joins branches so")


def _made(operator: Operator, make: Callable[..., Module], *args: Any) -> Module:
    try:
        module = make(*args)
    except Refused:
        raise
    except (ValueError, TypeError, IndexError, OverflowError) as error:
        raise operator.error(str(error)) from error
    operator.check_all_read()
    return module


def finished(steps: list[Step]) -> list[Module]:
    """Return modules for steps, some of which make one together."""
    i = 0
    while i < len(steps):
        for pattern, make in RUNS:
            run = steps[i : i + len(pattern)]
            if tuple([step.kind for step in run]) == pattern:
                together = _made(run[0].operator, make, run)
                steps[i : i + len(pattern)] = [Step(run[0].operator, together)]
                i = max(i - 2, -1)
                break
        i += 1
    modules = []
    for step in steps:
        if step.module is None:
            raise step.operator.error("it is a layer only together with certain others")
        if not isinstance(step.module, Identity):
            modules.append(step.module)
    return modules


def _one(modules: list[Module]) -> Module:
    return Identity() if not modules else modules[0] if len(modules) == 1 else Sequential(*modules)


def _dims(value: Any) -> tuple[int | None, ...] | None:
    """Return the sizes of a value, None for those that are not fixed; None if nothing is known."""
    kind = value.type.tensor_type
    if not kind.HasField("shape"):
        return None
    return tuple([dim.dim_value if dim.HasField("dim_value") else None for dim in kind.shape.dim])
