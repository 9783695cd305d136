"""What the activation layers share."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, ClassVar

from minigrad import Tensor

from ..module import Module
from ._settings import settings


class Activation(Module):
    """A function of one input as a layer; its settings are the arguments of ``__init__``, kept under their names."""

    _function: ClassVar[Callable[..., Tensor]]
    _defaults: ClassVar[dict[str, Any]] = {}

    def __init_subclass__(cls) -> None:
        if "__init__" in vars(cls):
            own = list(inspect.signature(cls.__init__).parameters.values())[1:]
            cls._defaults = {setting.name: setting.default for setting in own}

    def forward(self, x: Any) -> Tensor:
        """Return the activation of x."""
        return self._function(x, **{name: getattr(self, name) for name in self._defaults})

    def extra_repr(self) -> str:
        """Return the settings that are not the default."""
        return settings(self, **self._defaults).removeprefix(", ")
