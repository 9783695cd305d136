"""Which array of a PyTorch state belongs to which parameter of a model."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from minigrad import Tensor

from ..module import Module
from .layouts import own_tensors, turned
from .torchvision import names_or_none as torchvision

_COUNT = "num_batches_tracked"  # PyTorch's files have it since 2018

Shapes = Mapping[str, tuple[int, ...]]


class Slot(NamedTuple):
    """A parameter or buffer of a model, under one of its names."""

    name: str
    first: str  # the name under which the model's own state has it
    tensor: Tensor
    turned: bool

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape that PyTorch has."""
        return self.tensor.shape[::-1] if self.turned else self.tensor.shape


@dataclass
class Match:
    """Pairs of slots and names of the source, and what is left on both sides."""

    pairs: list[tuple[Slot, str]]
    missing: list[str] = field(default_factory=list)
    unexpected: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def slots_of(model: Module) -> list[Slot]:
    """Return all parameters and buffers; what is shared stands there under each of its names, as in PyTorch."""
    slots = []
    first: dict[int, str] = {}
    for prefix, module in _all_names(model):
        for attribute, tensor in own_tensors(module):
            name = f"{prefix}.{attribute}" if prefix else attribute
            slots.append(Slot(name, first.setdefault(id(tensor), name), tensor, turned(module, attribute)))
    return slots


def _all_names(model: Module) -> Iterator[tuple[str, Module]]:
    """Yield the modules as ``named_modules`` does, but under each of their names."""
    stack: list[tuple[str, Module, tuple[int, ...]]] = [("", model, ())]
    while stack:
        name, module, above = stack.pop()
        yield name, module
        prefix = f"{name}." if name else ""
        parts = [(n, m) for n, m in module.__dict__.items() if isinstance(m, Module)]
        above = (*above, id(module))
        stack.extend([(prefix + n, m, above) for n, m in parts if id(m) not in above][::-1])


def check_names(job: str, names: Any) -> dict[str, str | None]:
    """Return the user's names as a dict, or raise if they are none."""
    if not isinstance(names, Mapping):
        raise TypeError(f"nn.pytorch.{job}: names must be a mapping from PyTorch's names to the model's, got {names!r}")
    for theirs, ours in names.items():
        if not isinstance(theirs, str) or not (ours is None or isinstance(ours, str)):
            raise TypeError(f"nn.pytorch.{job}: names must map text to text, or to None; got {theirs!r}: {ours!r}")
    return {theirs.removesuffix("."): ours and ours.removesuffix(".") for theirs, ours in names.items()}


def replaced(name: str, names: Mapping[str, str | None]) -> str | None:
    """Return a name whose longest prefix in `names`, of whole parts, is replaced; None if that says so."""
    parts = name.split(".")
    for count in range(len(parts), -1, -1):
        prefix = ".".join(parts[:count])
        if prefix in names:
            new = names[prefix]
            return None if new is None else ".".join([part for part in (new, *parts[count:]) if part])
    return name


def match(model: Module, slots: list[Slot], shapes: Shapes, names: Any, strict: bool) -> Match:
    """Pair slots with names of the source; `problems` says why it cannot be done."""
    if names is not None:
        return _by_name(slots, shapes, check_names("load", names), strict)
    same = _by_name(slots, shapes, {}, True)
    if not same.problems:
        return same
    known = torchvision(model)
    if known is not None:
        found = _by_name(slots, shapes, known, True)
        if not found.problems:
            return found
    if any(slot.name in shapes for slot in slots):
        # Names that nearly agree are a difference to report, not a reason to try others.
        return same if strict else _by_name(slots, shapes, {}, False)
    return _by_order(slots, shapes)


def _by_name(slots: list[Slot], shapes: Shapes, names: Mapping[str, str | None], strict: bool) -> Match:
    sources: dict[str, str] = {}
    problems = []
    for theirs in shapes:
        ours = replaced(theirs, names)
        if ours is None:
            continue
        if ours in sources:
            problems.append(f"{sources[ours]!r} and {theirs!r} are both to be {ours!r}")
        sources.setdefault(ours, theirs)
    pairs = [(slot, sources[slot.name]) for slot in slots if slot.name in sources]
    reached = {slot.first for slot, _ in pairs}
    wanted = {slot.name for slot in slots}
    missing = list(dict.fromkeys([slot.first for slot in slots if slot.first not in reached]))
    unexpected = {theirs: ours for ours, theirs in sources.items() if ours not in wanted}
    if strict:
        lost = [name for name in missing if not _is_count(name)]
        if lost:
            problems.append(f"missing: {', '.join(map(repr, lost))}")
        if unexpected:
            texts = [repr(a) + (f" (as {b!r})" if a != b else "") for a, b in unexpected.items()]
            problems.append(f"unexpected: {', '.join(texts)}")
    elif not pairs and shapes:
        problems.append("no name is the same on both sides")
    return Match(pairs, missing, list(unexpected), problems)


# -- by order --------------------------------------------------------------------------------------------------------

# The names and shapes of a module's own parameters and buffers.
Signature = tuple[tuple[str, tuple[int, ...]], ...]


def _by_order(slots: list[Slot], shapes: Shapes) -> Match:
    """Pair modules that have the same signature, in the order of the numbers in their names."""
    by_name = {slot.name: slot for slot in slots if slot.name == slot.first}
    ours = _groups({name: slot.shape for name, slot in by_name.items()})
    theirs = _groups(shapes)
    problems, missing = [], []
    pairs: list[tuple[Slot, str]] = []
    for signature in dict.fromkeys([*ours, *theirs]):
        a, b = ours.get(signature, []), theirs.get(signature, [])
        what = ", ".join(f"{leaf} {shape}" for leaf, shape in signature)
        if len(a) != len(b):
            problems.append(f"with {what}: {_list(a)} in the model, {_list(b)} in the state")
        elif len({re.sub(r"\d+", "#", name) for name in b}) > 1:
            problems.append(f"with {what}: the names {_list(b)} do not tell which is which of {_list(a)}")
        else:
            b.sort(key=lambda name: [int(number) for number in re.findall(r"\d+", name)])
            for one, other in zip(a, b, strict=True):
                pairs += [(by_name[_join(one, leaf)], _join(other, leaf)) for leaf, _ in signature]
                count, their_count = _join(one, _COUNT), _join(other, _COUNT)
                if count in by_name and their_count in shapes:
                    pairs.append((by_name[count], their_count))
                elif count in by_name:
                    missing.append(count)
    if problems:
        head = "the names differ, and modules with the same shapes cannot be paired; pass names={...}:"
        problems = [head, *[f"  {problem}" for problem in problems]]
    return Match(pairs, missing, [], problems)


def _groups(shapes: Shapes) -> dict[Signature, list[str]]:
    """Return the names of modules by signature, in their order; the count of batches, which may lack, left out."""
    modules: dict[str, list[tuple[str, tuple[int, ...]]]] = defaultdict(list)
    for name, shape in shapes.items():
        if not _is_count(name):
            prefix, _, leaf = name.rpartition(".")
            modules[prefix].append((leaf, shape))
    groups: dict[Signature, list[str]] = defaultdict(list)
    for prefix, own in modules.items():
        groups[tuple(sorted(own))].append(prefix)
    return groups


def _is_count(name: str) -> bool:
    return name.rpartition(".")[2] == _COUNT


def _join(prefix: str, leaf: str) -> str:
    return f"{prefix}.{leaf}" if prefix else leaf


def _list(names: list[str]) -> str:
    return ", ".join(repr(name) for name in names) or "none"
