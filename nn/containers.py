"""Modules that are made of other modules and nothing else."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Iterator
from typing import Any, Self, overload

from .module import Module

__all__ = ["ModuleList", "Sequential"]


class _Ordered(Module):
    """Modules in a row: what :class:`Sequential` and :class:`ModuleList` share."""

    def _members(self) -> list[Module]:
        return [value for value in self.__dict__.values() if isinstance(value, Module)]

    def _names(self) -> list[str]:
        return [name for name, value in self.__dict__.items() if isinstance(value, Module)]

    def append(self, module: Module) -> Self:
        """Add a module at the end, named by its position, and return the container."""
        names = self._names()
        self._add(str(len(names)), module)
        return self

    def _add(self, name: str, module: Module) -> None:
        if not isinstance(module, Module):
            raise TypeError(f"{type(self).__name__}: expected Modules, got {type(module).__name__}: {module!r:.80}")
        if hasattr(self, name):
            raise ValueError(f"{type(self).__name__}: the name {name!r} is taken")
        setattr(self, name, module)

    def __len__(self) -> int:
        return len(self._members())

    def __iter__(self) -> Iterator[Module]:
        return iter(self._members())

    @overload
    def __getitem__(self, index: int) -> Any: ...
    @overload
    def __getitem__(self, index: slice) -> Self: ...
    def __getitem__(self, index: int | slice) -> Any:
        """Return the module at a position; for a slice, a container of the modules there, under their names."""
        if isinstance(index, slice):
            part = type(self)()
            for name in self._names()[index]:
                # Not through setattr: the modules keep the name that the whole gave them, which is the same.
                part.__dict__[name] = self.__dict__[name]
            return part
        return self.__dict__[self._name_at(index)]

    def __setitem__(self, index: int, module: Module) -> None:
        """Put another module at a position, under the name of the one it replaces."""
        name = self._name_at(index)
        if not isinstance(module, Module):
            raise TypeError(f"{type(self).__name__}: expected a Module, got {type(module).__name__}: {module!r:.80}")
        setattr(self, name, module)

    def _name_at(self, index: int) -> str:
        names = self._names()
        try:
            return names[operator.index(index)]
        except IndexError:
            raise IndexError(f"{type(self).__name__}: index {index} is out of range for {len(names)} modules") from None


class Sequential(_Ordered):
    """Modules that are applied one after the other.

    Parameters
    ----------
    *modules : Module
        Named by their position: "0", "1", ...
    **named : Module
        Named by their keyword, after the others.

    Raises
    ------
    TypeError
        If something is not a Module.
    ValueError
        If a keyword is the name of a method.

    Examples
    --------
    >>> from minigrad import nn
    >>> model = nn.Sequential(hidden=nn.Affine(784, 50), relu=nn.ReLU(), out=nn.Affine(50, 10))
    >>> model
    Sequential(
      (hidden): Affine(784, 50)
      (relu): ReLU()
      (out): Affine(50, 10)
    )
    >>> model[0] is model.hidden, len(model[1:])
    (True, 2)
    """

    def __init__(self, *modules: Module, **named: Module) -> None:
        for i, module in enumerate(modules):
            self._add(str(i), module)
        for name, module in named.items():
            self._add(name, module)

    def forward(self, x: Any) -> Any:
        """Return the last module's output."""
        for module in self._members():
            x = module(x)
        return x


class ModuleList(_Ordered):
    """Modules in a list that registers them; it has no ``forward`` of its own.

    Parameters
    ----------
    modules : iterable of Module

    Examples
    --------
    >>> from minigrad import nn
    >>> class Deep(nn.Module):
    ...     def __init__(self, depth):
    ...         self.layers = nn.ModuleList(nn.Affine(4, 4) for _ in range(depth))
    ...     def forward(self, x):
    ...         for layer in self.layers:
    ...             x = layer(x).tanh()
    ...         return x
    >>> len(list(Deep(3).parameters()))
    6
    """

    def __init__(self, modules: Iterable[Module] = ()) -> None:
        for module in modules:
            self.append(module)
