"""Where random numbers come from: the generator that is passed, else one for the whole package."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

__all__ = ["generator", "random_state", "restore", "seed", "set_random_state"]

_default = np.random.default_rng()

# Positions in the buffer of a bit generator, with its size: NumPy takes any number for them, and reads from there.
_POSITIONS = {"MT19937": ("state", "pos", 624), "Philox": (None, "buffer_pos", 4)}


def seed(n: int) -> None:
    """Start the package's generator anew, so that what draws from it afterwards is the same in every run.

    It is used wherever no ``rng=`` is passed, by all threads; a library should pass its own.

    Parameters
    ----------
    n : int
        At least 0.

    Examples
    --------
    >>> from minigrad import nn
    >>> nn.seed(7)
    >>> first = nn.Affine(2, 3).weight.data
    >>> nn.seed(7)
    >>> bool((nn.Affine(2, 3).weight.data == first).all())
    True
    """
    global _default
    _default = np.random.default_rng(n)


def generator(rng: np.random.Generator | None = None) -> np.random.Generator:
    """Return `rng`, or the package's own generator where it is None.

    Raises
    ------
    TypeError
        If `rng` is something else, such as a seed.
    """
    if rng is None:
        return _default
    if not isinstance(rng, np.random.Generator):
        raise TypeError(f"rng: expected a np.random.Generator, got {rng!r}; make one with np.random.default_rng(seed)")
    return rng


def random_state() -> dict[str, Any]:
    """Return where the package's generator stands, for :func:`set_random_state`.

    Returns
    -------
    dict
        Plain numbers under NumPy's names (``np.random.BitGenerator.state``); JSON can hold them.

    Examples
    --------
    >>> from minigrad import nn
    >>> state = nn.random_state()
    >>> first = nn.Affine(2, 3).weight.data
    >>> nn.set_random_state(state)
    >>> bool((nn.Affine(2, 3).weight.data == first).all())
    True
    """
    return dict(_default.bit_generator.state)


def set_random_state(state: Mapping[str, Any]) -> None:
    """Take the package's generator to where it stood at :func:`random_state`.

    Raises
    ------
    ValueError
        If the state is that of another kind of generator, or damaged. Nothing is changed then.
    """
    restore(_default, state)


def restore(rng: np.random.Generator, state: Any) -> None:
    """Take a generator, which others may hold too, to a state of its bit generator.

    Raises
    ------
    ValueError
        If the state is that of another kind of generator, or damaged. Nothing is changed then.
    """
    bits = rng.bit_generator
    kind = type(bits).__name__
    before = bits.state
    if not isinstance(state, Mapping) or state.get("bit_generator") != kind:
        found = state.get("bit_generator") if isinstance(state, Mapping) else type(state).__name__
        raise ValueError(f"random state: expected one of {kind}, got {found!r}")
    try:
        if kind in _POSITIONS:
            inside, name, size = _POSITIONS[kind]
            position = (state[inside] if inside else state)[name]
            if not 0 <= position <= size:
                raise ValueError(f"{name} is {position}, not from 0 to {size}")
        bits.state = dict(state)
    except Exception as error:
        # Which of them NumPy raises on damaged numbers depends on the kind.
        bits.state = before
        raise ValueError(f"random state: not one of {kind}: {error}") from error
