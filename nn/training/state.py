"""The state of a run as a tree of dicts, lists, plain values and arrays, and that tree as a state file."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from minigrad import Tensor

from ..module import Module
from ..random import random_state, restore, set_random_state
from ..serialization import read, save

__all__ = ["Position", "RandomStates", "read_tree", "take_over", "write_tree"]

_KEY = "minigrad.tree"  # of the metadata
_ARRAY = "array"  # {"array": name} stands in the tree where the array of that name belongs


def write_tree(tree: Mapping[str, Any], path: str | os.PathLike[str]) -> None:
    """Write a tree into a state file: arrays under their dotted paths, all else as JSON in the metadata.

    Parameters
    ----------
    tree : mapping of str to Any
        Of nested mappings with names as keys, lists, numbers, text, booleans, None, arrays and Tensors. Tuples come
        back as lists, NumPy's scalars as arrays of no axes.
    path : str or path
        As for :func:`minigrad.nn.save`, which names the errors as well.

    Raises
    ------
    TypeError
        If there is something else in the tree, with its path.
    """
    arrays: dict[str, Any] = {}
    skeleton = _strip(tree, "", arrays)
    save(arrays, path, {_KEY: json.dumps(skeleton, separators=(",", ":"))})


def read_tree(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Read what :func:`write_tree` wrote.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is damaged, or another kind of file.
    """
    arrays, metadata = read(path)
    name = os.fspath(path)
    if _KEY not in metadata:
        raise ValueError(f"{name}: no checkpoint of a training run, but a file of arrays; read it with nn.load")
    try:
        tree = _fill(json.loads(metadata[_KEY]), arrays)
        if not isinstance(tree, dict):
            raise ValueError("its tree is no mapping")
        if arrays:
            raise ValueError(f"the array {next(iter(arrays))!r} has no place in its tree")
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{name}: not a readable checkpoint: {error}. The file is damaged") from error
    return tree


def _strip(value: Any, path: str, arrays: dict[str, Any]) -> Any:
    """Return `value` with names in the place of its arrays, which go to `arrays`."""
    if isinstance(value, (np.ndarray, np.generic, Tensor)):
        name = path
        while name in arrays:  # {"a.b": x} and {"a": {"b": y}}
            name += "'"
        arrays[name] = value
        return {_ARRAY: name}
    if isinstance(value, Mapping):
        if not all(isinstance(key, str) for key in value) or set(value) == {_ARRAY}:
            raise TypeError(f"checkpoint: {path or 'the state'} has a key that is no name: {list(value)!r:.80}")
        return {key: _strip(item, f"{path}.{key}" if path else key, arrays) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_strip(item, f"{path}.{i}", arrays) for i, item in enumerate(value)]
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    raise TypeError(
        f"checkpoint: {path} is {type(value).__name__}, which no file can hold: a state is made of dicts, lists, "
        "numbers, text and arrays"
    )


def _fill(value: Any, arrays: dict[str, Any]) -> Any:
    """Undo :func:`_strip`, taking what is used out of `arrays`."""
    if isinstance(value, dict):
        if set(value) == {_ARRAY}:
            name = value[_ARRAY]
            if not isinstance(name, str) or name not in arrays:
                raise ValueError(f"the array {name!r} is missing")
            return arrays.pop(name)
        return {key: _fill(item, arrays) for key, item in value.items()}
    if isinstance(value, list):
        return [_fill(item, arrays) for item in value]
    return value


def generators(model: Module) -> Iterator[tuple[str, np.random.Generator]]:
    """Yield the random generators that modules have as attributes, with dotted names, each once."""
    seen = set()
    for prefix, module in model.named_modules():
        for name, value in vars(module).items():
            if isinstance(value, np.random.Generator) and id(value) not in seen:
                seen.add(id(value))
                yield f"{prefix}.{name}" if prefix else name, value


class RandomStates:
    """The package's generator and those that modules of a model hold, as one thing with a state."""

    def __init__(self, model: Module) -> None:
        self.model = model

    def state_dict(self) -> dict[str, Any]:
        """Return where they stand."""
        own = {name: dict(rng.bit_generator.state) for name, rng in generators(self.model)}
        return {"package": random_state(), "modules": own}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take them there.

        Raises
        ------
        ValueError
            If there are others, or they are of another kind.
        """
        own = dict(generators(self.model))
        saved = state["modules"]
        if set(saved) != set(own):
            raise ValueError(f"the model's generators are {sorted(own)}, those saved are {sorted(saved)}")
        set_random_state(state["package"])
        for name, rng in own.items():
            restore(rng, saved[name])


@dataclass
class Position:
    """Where a run stands, and what it has summed up of the epoch it is in."""

    epoch: int = 0  # finished ones
    step: int = 0  # finished ones, over all epochs
    within: bool = False  # whether an epoch is under way
    trained: bool = False  # whether its steps are all taken, and the validation is not
    batches: int = 0  # of that epoch
    total: float = 0.0  # the sum of its losses, times the weights
    weight: float = 0.0
    seconds: float = 0.0

    def begin(self) -> None:
        """Begin an epoch."""
        self.within, self.trained, self.batches, self.total, self.weight, self.seconds = True, False, 0, 0.0, 0.0, 0.0

    def state_dict(self) -> dict[str, Any]:
        """Return all of it."""
        return asdict(self)

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take it over.

        Raises
        ------
        ValueError
            If it is something else.
        """
        own = asdict(self)
        if set(state) != set(own):
            raise ValueError(f"expected {', '.join(own)}, got {', '.join(map(str, state))}")
        for name, value in state.items():
            if type(value) is not type(own[name]) or (value < 0 and name != "total"):
                raise ValueError(f"{name} is {value!r}")
        for name, value in state.items():
            setattr(self, name, value)


def take_over(state: Mapping[str, Any], members: Mapping[str, Any]) -> None:
    """Give each member its part of a state, in their order: all of them, or, if anything does not fit, none.

    Raises
    ------
    ValueError
        If there are parts without a member or the other way round, or one does not fit.
    """
    failed = "Trainer: the state does not fit, and nothing was loaded"
    missing, more = sorted(set(members) - set(state)), sorted(map(str, set(state) - set(members)))
    if missing or more:
        parts = [f"{what}: {', '.join(names)}" for what, names in (("missing", missing), ("unexpected", more)) if names]
        raise ValueError(f"{failed}: {'; '.join(parts)}")
    before = {name: member.state_dict() for name, member in members.items()}
    done: list[str] = []
    try:
        for name, member in members.items():
            done.append(name)
            member.load_state_dict(state[name])
    except Exception as error:
        # A damaged file can be wrong in more ways than there are kinds of errors.
        for name in done:
            members[name].load_state_dict(before[name])
        raise ValueError(f"{failed}: {done[-1]}: {error}") from error
