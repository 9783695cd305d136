"""What layers share: checks of their settings, and the settings as text."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any

import numpy as np

from minigrad.ops._windows import pair

from ..init import Initializer
from ..module import Module
from ..parameter import Parameter

if TYPE_CHECKING:
    from numpy.typing import DTypeLike


def size(kind: str, what: str, value: Any) -> int:
    """Return a size as an int, or raise in terms of the layer `kind` and its setting `what`."""
    try:
        number = operator.index(value)
    except TypeError:
        raise TypeError(f"{kind}: {what} must be an integer, got {value!r}") from None
    if number < 1:
        raise ValueError(f"{kind}: {what} must be at least 1, got {value!r}")
    return number


def check_padding(kind: str, padding: Any, words: tuple[str, ...]) -> None:
    """Raise unless `padding` is a number, a pair, or one of `words`."""
    if not isinstance(padding, str):
        pair(kind, "padding", padding, 0)
    elif padding not in words:
        raise ValueError(f"{kind}: padding must be a number, a pair or one of {', '.join(words)}, got {padding!r}")


def weight(
    kind: str, shape: tuple[int, ...], init: Initializer, dtype: DTypeLike, rng: np.random.Generator | None
) -> Parameter:
    """Return a new parameter of that shape."""
    values = init(shape, rng=rng, dtype=dtype)
    if np.shape(values) != shape:
        raise ValueError(f"{kind}: init returned shape {np.shape(values)} for a weight of shape {shape}")
    return Parameter(values, dtype=dtype)


def settings(module: Module, **defaults: Any) -> str:
    """Return the settings that differ from their defaults, each after a comma, for a repr."""
    values = {name: getattr(module, name) for name in defaults}
    return "".join(f", {name}={value!r}" for name, value in values.items() if value != defaults[name])
