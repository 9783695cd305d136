"""Writing a state into the tensors of a module: all of it or nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from minigrad import Tensor

from ._parts import what


class LoadedKeys(NamedTuple):
    """What :meth:`Module.load_state_dict` found on one side only; both empty when it is strict."""

    missing: list[str]
    unexpected: list[str]


def write_state(head: str, own: Mapping[str, Tensor], state: Any, strict: bool) -> LoadedKeys:
    """Do what :meth:`Module.load_state_dict` says, for the tensors `own` of a module that messages call `head`."""
    if not isinstance(state, Mapping):
        raise TypeError(f"{head}: a state is a mapping from names to arrays, not {what(state)}")
    missing = [name for name in own if name not in state]
    unexpected = [str(name) for name in state if name not in own]
    problems = []
    if strict and missing:
        problems.append(f"missing: {', '.join(map(repr, missing))}")
    if strict and unexpected:
        problems.append(f"unexpected: {', '.join(map(repr, unexpected))}")
    values = {}
    for name, tensor in own.items():
        if name in state:
            value = state[name]
            values[name] = value = value._data if isinstance(value, Tensor) else np.asarray(value)
            problem = _misfit(tensor, value)
            if problem:
                problems.append(f"{name!r}: {problem}")
    if problems:
        lines = "\n  ".join(problems)
        raise ValueError(f"{head}: the state does not fit, and nothing was loaded:\n  {lines}")
    # Values that lie in this model's own arrays (a swap of two of its layers, say) are read before any is written.
    arrays = [tensor._data for tensor in own.values()]
    for name, value in values.items():
        if any(np.may_share_memory(value, array) for array in arrays):
            values[name] = value.copy()
    for name, value in values.items():
        own[name].assign(value)
    return LoadedKeys(missing, unexpected)


def _misfit(tensor: Tensor, value: Any) -> str | None:
    if value.shape != tensor.shape:
        return f"expected shape {tensor.shape}, got {value.shape}"
    if value.dtype != tensor.dtype:
        return f"expected dtype {tensor.dtype}, got {value.dtype}; convert it with .astype"
    if not tensor._data.flags.writeable:
        return "the module's own array is read-only"
    return None
