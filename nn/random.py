"""Where random numbers come from: the generator that is passed, else one for the whole package."""

from __future__ import annotations

import numpy as np

__all__ = ["generator", "seed"]

_default = np.random.default_rng()


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
