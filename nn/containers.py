"""Modules that are made of other modules and nothing else."""

from __future__ import annotations

import operator
from collections.abc import ItemsView, Iterable, Iterator, KeysView, Mapping, ValuesView
from typing import Any, Self, overload

from minigrad import Tensor, asarray, concatenate

from ._parts import check_name
from .module import Module

__all__ = ["ModuleDict", "ModuleList", "Parallel", "Residual", "Sequential"]


def _check_module(container: Module, module: Any) -> None:
    if not isinstance(module, Module):
        raise TypeError(f"{type(container).__name__}: expected a Module, got {type(module).__name__}: {module!r:.80}")


class _Ordered(Module):
    """Modules in a row: what :class:`Sequential` and :class:`ModuleList` share."""

    def _members(self) -> list[Module]:
        return [value for value in self.__dict__.values() if isinstance(value, Module)]

    def _names(self) -> list[str]:
        return [name for name, value in self.__dict__.items() if isinstance(value, Module)]

    def _empty(self) -> Self:
        return type(self)()

    def append(self, module: Module) -> Self:
        """Add a module at the end, named by its position, and return the container."""
        names = self._names()
        self._add(str(len(names)), module)
        return self

    def _add(self, name: str, module: Module) -> None:
        _check_module(self, module)
        if hasattr(self, name):
            raise ValueError(f"{type(self).__name__}: the name {name!r} is taken")
        setattr(self, name, module)

    def _add_all(self, modules: Iterable[Module], named: Mapping[str, Module]) -> None:
        for i, module in enumerate(modules):
            self._add(str(i), module)
        for name, module in named.items():
            self._add(name, module)

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
            part = self._empty()
            for name in self._names()[index]:
                # Not through setattr: the modules keep the name that the whole gave them, which is the same.
                part.__dict__[name] = self.__dict__[name]
            return part
        return self.__dict__[self._name_at(index)]

    def __setitem__(self, index: int, module: Module) -> None:
        """Put another module at a position, under the name of the one it replaces."""
        name = self._name_at(index)
        _check_module(self, module)
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
        self._add_all(modules, named)

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
    >>> import minigrad as mg
    >>> from minigrad import nn
    >>> class Deep(nn.Module):
    ...     def __init__(self, depth):
    ...         self.layers = nn.ModuleList(nn.Affine(4, 4) for _ in range(depth))
    ...     def forward(self, x):
    ...         for layer in self.layers:
    ...             x = mg.tanh(layer(x))
    ...         return x
    >>> len(list(Deep(3).parameters()))
    6
    """

    def __init__(self, modules: Iterable[Module] = ()) -> None:
        for module in modules:
            self.append(module)


class ModuleDict(Module):
    """Modules by name, in a mapping that registers them; it has no ``forward`` of its own.

    Parameters
    ----------
    modules : mapping of str to Module

    Raises
    ------
    TypeError
        If something is not a Module.
    ValueError
        If a name is that of a method, or has a dot.

    Examples
    --------
    >>> from minigrad import nn
    >>> heads = nn.ModuleDict({"digit": nn.Affine(50, 10), "parity": nn.Affine(50, 2)})
    >>> heads["slant"] = nn.Affine(50, 1)
    >>> del heads["parity"]
    >>> {name: head.out_features for name, head in heads.items()}
    {'digit': 10, 'slant': 1}
    """

    def __init__(self, modules: Mapping[str, Module] | None = None) -> None:
        self.update(modules or {})

    def _members(self) -> dict[str, Module]:
        return {name: value for name, value in self.__dict__.items() if isinstance(value, Module)}

    def __getitem__(self, name: str) -> Any:
        """Return the module of that name."""
        members = self._members()
        if name not in members:
            raise KeyError(f"ModuleDict: no module {name!r}; there are {', '.join(map(repr, members)) or 'none'}")
        return members[name]

    def __setitem__(self, name: str, module: Module) -> None:
        """Add a module, or put another in the place of the one of that name."""
        _check_module(self, module)
        check_name(self, name)
        if name not in self._members() and hasattr(self, name):
            raise ValueError(f"ModuleDict: the name {name!r} is taken")
        setattr(self, name, module)

    def __delitem__(self, name: str) -> None:
        """Take a module out."""
        if name not in self:
            raise KeyError(f"ModuleDict: no module {name!r} to delete")
        delattr(self, name)

    def __contains__(self, name: object) -> bool:
        return name in self._members()

    def __len__(self) -> int:
        return len(self._members())

    def __iter__(self) -> Iterator[str]:
        return iter(self._members())

    def keys(self) -> KeysView[str]:
        """Return the names."""
        return self._members().keys()

    def values(self) -> ValuesView[Module]:
        """Return the modules."""
        return self._members().values()

    def items(self) -> ItemsView[str, Module]:
        """Return the names with their modules."""
        return self._members().items()

    def update(self, modules: Mapping[str, Module]) -> None:
        """Add modules, or put others in the place of those of the same name."""
        for name, module in modules.items():
            self[name] = module


class Residual(Module):
    """Add the input, or a learned function of it, to a module's output: ``body(x) + shortcut(x)``.

    Local gradient: the gradient reaches x through the shortcut as it is, however many such modules stand in a row.

    Parameters
    ----------
    body : Module
    shortcut : Module, optional
        Where the body changes the shape, what gives its input the same; default: the input itself.

    Raises
    ------
    TypeError
        If they are not Modules.
    ValueError
        At the call, if the two shapes differ.

    References
    ----------
    He, Zhang, Ren and Sun, Deep Residual Learning for Image Recognition, 2016.

    Examples
    --------
    >>> import numpy as np
    >>> from minigrad import nn
    >>> block = nn.Residual(nn.Sequential(nn.Affine(8, 8), nn.ReLU(), nn.Affine(8, 8)))
    >>> block(np.zeros((5, 8), np.float32)).shape
    (5, 8)
    >>> nn.Residual(nn.Affine(8, 4, init=nn.init.zeros))(np.zeros((5, 8), np.float32))
    Traceback (most recent call last):
        ...
    ValueError: Residual: the body makes (5, 4) of an input of shape (5, 8); give it a shortcut that does so, too
    in Residual
    """

    shortcut: Module | None

    def __init__(self, body: Module, shortcut: Module | None = None) -> None:
        _check_module(self, body)
        self.body = body
        if shortcut is not None:
            _check_module(self, shortcut)
        self.shortcut = shortcut

    def forward(self, input: Any) -> Tensor:
        """Return the sum."""
        x = asarray(input)
        y: Tensor = self.body(x)
        if self.shortcut is None:
            if y.shape != x.shape:
                raise ValueError(
                    f"Residual: the body makes {y.shape} of an input of shape {x.shape}; give it a shortcut that does "
                    "so, too"
                )
            return y + x
        z: Tensor = self.shortcut(x)
        if y.shape != z.shape:
            raise ValueError(
                f"Residual: of an input of shape {x.shape}, the body makes {y.shape} and the shortcut {z.shape}"
            )
        return y + z


class Parallel(_Ordered):
    """Modules that all get the input, and whose outputs are joined along an axis, as in an inception block.

    Parameters
    ----------
    *branches : Module
        Named by their position: "0", "1", ...
    axis : int
        Along which the outputs are joined; 1 is that of the channels.
    **named : Module
        Named by their keyword, after the others.

    Raises
    ------
    TypeError
        If something is not a Module, or `axis` no integer.
    ValueError
        If a keyword is the name of a method; at the call, if there are no branches, or their shapes differ in another
        axis.

    Examples
    --------
    >>> import numpy as np
    >>> from minigrad import nn
    >>> block = nn.Parallel(nn.Conv2d(3, 4, 1), nn.Conv2d(3, 8, 3, padding=1), nn.MaxPool2d(3, 1, 1))
    >>> block(np.zeros((2, 3, 16, 16), np.float32)).shape
    (2, 15, 16, 16)
    """

    def __init__(self, *branches: Module, axis: int = 1, **named: Module) -> None:
        try:
            self.axis = operator.index(axis)
        except TypeError:
            raise TypeError(f"Parallel: axis must be an integer, got {axis!r}") from None
        self._add_all(branches, named)

    def _empty(self) -> Self:
        return type(self)(axis=self.axis)

    def forward(self, x: Any) -> Tensor:
        """Return the joined outputs."""
        if not len(self):
            raise ValueError("Parallel: there are no branches")
        parts = [branch(x) for branch in self._members()]
        try:
            return concatenate(parts, axis=self.axis)
        except (ValueError, IndexError) as error:
            shapes = ", ".join(f"{name}: {part.shape}" for name, part in zip(self._names(), parts, strict=True))
            raise ValueError(
                f"Parallel: the branches' outputs cannot be joined along axis {self.axis}: {shapes}"
            ) from error

    def extra_repr(self) -> str:
        """Return the axis, where it is not the default."""
        return "" if self.axis == 1 else f"axis={self.axis}"
