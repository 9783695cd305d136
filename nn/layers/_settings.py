"""What layers share: checks of their settings, and the settings as text."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any

import numpy as np

from minigrad.ops._windows import pair
from minigrad.ops.convolution_nd import numbers

from .. import init as first_values
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


def sizes(kind: str, what: str, value: Any, count: int, least: int = 1) -> tuple[int, ...]:
    """Return a number, or one for each of `count` spatial axes, as a tuple."""
    return pair(kind, what, value, least) if count == 2 else numbers(kind, what, value, count, least)


def check_padding(kind: str, padding: Any, count: int, words: tuple[str, ...]) -> None:
    """Raise unless `padding` is a number, one for each of `count` spatial axes, or one of `words`."""
    if not isinstance(padding, str):
        sizes(kind, "padding", padding, count, 0)
    elif padding not in words:
        many = {1: "a number", 2: "a number, a pair", 3: "a number, three of them"}[count]
        raise ValueError(f"{kind}: padding must be {many} or one of {', '.join(words)}, got {padding!r}")


def weight(
    kind: str, shape: tuple[int, ...], init: Initializer, dtype: DTypeLike, rng: np.random.Generator | None
) -> Parameter:
    """Return a new parameter of that shape."""
    return _parameter(kind, "init", shape, init, dtype, rng)


def bias(
    kind: str, length: int, init: Initializer, dtype: DTypeLike, rng: np.random.Generator | None, wanted: bool
) -> Parameter | None:
    """Return a new parameter of that length, or None if it is not `wanted`."""
    return _parameter(kind, "bias_init", (length,), init, dtype, rng) if wanted else None


def _parameter(
    kind: str, what: str, shape: tuple[int, ...], init: Initializer, dtype: DTypeLike, rng: np.random.Generator | None
) -> Parameter:
    if not callable(init):
        raise TypeError(f"{kind}: {what} must be a function that makes arrays, such as nn.init.he_normal, got {init!r}")
    values = init(shape, rng=rng, dtype=dtype)
    if np.shape(values) != shape:
        raise ValueError(f"{kind}: {what} returned shape {np.shape(values)} for parameters of shape {shape}")
    if getattr(init, "func", init).__module__ != first_values.__name__ or np.dtype(dtype).kind != "f":
        return Parameter(values, dtype=dtype)
    # The package's own initializers, and partial(...) of them, make new arrays: no need to copy 400 MB of them.
    parameter = Parameter(np.zeros(0), dtype=dtype)
    parameter._data = values
    return parameter


def settings(module: Module, **defaults: Any) -> str:
    """Return the settings that differ from their defaults, each after a comma, for a repr."""
    values = {name: getattr(module, name) for name in defaults}
    return "".join(f", {name}={value!r}" for name, value in values.items() if value != defaults[name])
