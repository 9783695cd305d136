"""Parameter groups: parameters that share their settings, and what an optimizer remembers of each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from minigrad import Tensor

from ..module import Module

if TYPE_CHECKING:
    from .settings import Setting

__all__ = ["Group", "Params", "State", "read_groups", "state_dtype"]

# What optimizers are given: parameters, with names or without, or groups of them with settings of their own.
Params = Iterable[Tensor] | Iterable[tuple[str, Tensor]] | Iterable[Mapping[str, Any]]


class State:
    """What is kept of one parameter: the steps it took, the names of its state's arrays, and these with scratch."""

    __slots__ = ("arrays", "buffers", "dtype", "slots", "t", "whole")

    def __init__(self) -> None:
        self.t = 0
        self.slots: tuple[str, ...] | None = None  # before the first step
        self.dtype: Any = None  # the parameter's, when the arrays were made
        self.arrays: dict[str, Any] = {}
        self.whole = True  # whether the update takes the arrays as they are, not in pieces
        self.buffers: tuple[Any, ...] = ()  # the arrays and the scratch arrays, as they are passed to _update


class Group:
    """Parameters that share their settings, which are its attributes: ``optimizer.groups[0].lr = 0.01``.

    Attributes
    ----------
    names : list of str
        Of the parameters.
    members : list of (Tensor, State)
        The parameters, and what is remembered of each.
    """

    names: list[str]
    members: list[tuple[Tensor, State]]

    def __init__(self, kind: str, settings: Mapping[str, Setting], values: Mapping[str, Any]) -> None:
        self.__dict__.update(_kind=kind, _settings=settings, names=[], members=[])
        for name in settings:
            setattr(self, name, values[name])

    def __setattr__(self, name: str, value: Any) -> None:
        setting = self._settings.get(name)
        if setting is None:
            raise AttributeError(f"{self._kind}: there is no setting {name!r}; it has {', '.join(self._settings)}")
        self.__dict__[name] = setting.check(self._kind, name, value)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):  # asked for by copy and pickle before there is anything
            raise AttributeError(name)
        raise AttributeError(f"{self._kind}: there is no setting {name!r}; it has {', '.join(self._settings)}")

    def add(self, name: str, parameter: Tensor) -> None:
        """Append a parameter that is known to be a new leaf."""
        parameter.grad = parameter.grad  # a constant has no slot for one before it is set
        self.names.append(name)
        self.members.append((parameter, State()))

    @property
    def parameters(self) -> list[Tensor]:
        """The parameters, in order."""
        return [parameter for parameter, _ in self.members]

    def values(self) -> dict[str, Any]:
        """Return the settings by name."""
        return {name: self.__dict__[name] for name in self._settings}

    def __repr__(self) -> str:
        settings = ", ".join(f"{name}={value!r}" for name, value in self.values().items())
        return f"{len(self.members)} parameters, {settings}"


def read_groups(kind: str, params: Any, known: Iterable[str], taken: list[tuple[str, Tensor]]) -> list[Any]:
    """Return `params` as pairs of own settings and ``[(name, parameter), ...]``, all checked.

    Parameters
    ----------
    kind : str
        The optimizer, for messages.
    params : iterable
        As users pass it.
    known : iterable of str
        The names of the settings.
    taken : list of (str, Tensor)
        What the optimizer has already; a parameter without a name is named after its position after these.
    """
    if isinstance(params, Tensor):
        raise TypeError(f"{kind}: expected an iterable of parameters, got one Tensor; write [tensor]")
    if isinstance(params, Mapping):
        raise TypeError(f"{kind}: expected an iterable of parameters or groups, got one mapping; write [group]")
    _refuse_module(kind, params)
    items = list(params)
    grouped = [isinstance(item, Mapping) for item in items]
    if any(grouped) and not all(grouped):
        raise TypeError(f"{kind}: expected parameters or groups (mappings with 'params'), got some of each")
    taken = list(taken)
    groups = []
    for group in items if any(grouped) else [{"params": items}]:
        own = dict(group)
        if "params" not in own:
            raise ValueError(f"{kind}: a group needs 'params', got {', '.join(map(repr, own)) or 'nothing'}")
        unknown = [repr(name) for name in own if name != "params" and name not in known]
        if unknown:
            raise ValueError(f"{kind}: a group has no setting {', '.join(unknown)}; known: {', '.join(known)}")
        given = own.pop("params")
        _refuse_module(kind, given)
        given = [given] if isinstance(given, Tensor) else list(given)
        if not given:
            raise ValueError(f"{kind}: there are no parameters to optimize")
        named = []
        for item in given:
            named.append(_checked(kind, item, taken))
            taken.append(named[-1])
        groups.append((own, named))
    return groups


def _refuse_module(kind: str, params: Any) -> None:
    # Containers are iterable, so that their layers would be taken for parameters.
    if isinstance(params, Module):
        raise TypeError(f"{kind}: expected parameters, got {type(params).__name__}, a module; pass its .parameters()")


def _checked(kind: str, item: Any, taken: list[tuple[str, Tensor]]) -> tuple[str, Tensor]:
    name, parameter = item if isinstance(item, tuple) else (str(len(taken)), item)
    if not isinstance(parameter, Tensor):
        raise TypeError(f"{kind}: parameter {name!r} must be a Tensor, got {type(parameter).__name__}")
    if not parameter.is_leaf:
        raise TypeError(f"{kind}: parameter {name!r} is {parameter.describe()}; only a leaf can be optimized")
    if parameter.dtype.kind != "f":
        raise TypeError(f"{kind}: parameter {name!r} is {parameter.describe()}; whole numbers cannot be optimized")
    if any(parameter is other or name == known for known, other in taken):
        raise ValueError(f"{kind}: parameter {name!r} is given twice")
    return name, parameter


def state_dtype(data: Any) -> Any:
    """Return the dtype of the state: the parameter's, or float32 where that is coarser."""
    return data.dtype if data.dtype.itemsize >= 4 else np.dtype(np.float32)
