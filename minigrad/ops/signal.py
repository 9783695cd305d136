"""Convolution and correlation of sequences, as NumPy defines them."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..kinds import linear, on_arrays
from ..protocol import public
from ..tensor import Tensor, asarray
from .rearrange import _flip
from .shape import _reshape


def _reversed(x: Any) -> Any:
    return np.flip(x, 0)


_OTHER = {"full": "valid", "valid": "full"}

_convolve = linear(
    lambda a, v, mode: np.convolve(a, v, mode),
    lambda g, v, mode: _any_convolve(g, _reversed(v), mode=_OTHER[mode]),
    lambda g, a, mode: _at_filter(g, a, mode),
    name="convolve",
    arguments=("a", "v"),
    local=["correlated with v", "correlated with a"],
)
_any_convolve: Any = on_arrays(_convolve)


def _at_filter(g: Any, a: Any, mode: str) -> Any:
    """The transpose in the shorter operand `v`; NumPy exchanges operands so that the longer one comes first."""
    if mode == "full":
        return _any_convolve(g, _reversed(a), mode="valid")
    return _reversed(_any_convolve(a, _reversed(g), mode="valid"))


def _sequences(name: str, a: Any, v: Any, mode: str) -> tuple[Tensor, Tensor]:
    a, v = asarray(a), asarray(v)
    if mode not in ("full", "same", "valid"):
        raise ValueError(f"{name}: mode must be 'full', 'same' or 'valid', got {mode!r}")
    if a.ndim > 1 or v.ndim > 1:
        raise ValueError(f"{name}: expected two sequences, got shapes {a.shape} and {v.shape}")
    if not a.size or not v.size:
        raise ValueError(f"{name}: a sequence is empty: shapes {a.shape} and {v.shape}")
    return (a if a.ndim else _reshape(a, shape=(1,))), (v if v.ndim else _reshape(v, shape=(1,)))


@public(np.convolve)
def convolve(a: Any, v: Any, mode: str = "full") -> Tensor:
    """Return the convolution of two sequences: ``y[k] = Σ a[i] v[k - i]``.

    Local gradients: correlation with the other sequence.

    Parameters
    ----------
    a, v : Tensor or array_like, of one axis
    mode : {"full", "same", "valid"}
        All places where the sequences, of lengths m and n, overlap (m + n - 1 of them); the max(m, n) in the middle;
        or those where they overlap completely.

    Raises
    ------
    ValueError
        If an operand has more than one axis or no elements, or the mode is unknown.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.convolve([1.0, 2.0, 3.0], [0.0, 1.0, 0.5])
    Tensor([0. , 1. , 2.5, 4. , 1.5], dtype=float64)
    >>> mg.convolve([1.0, 2.0, 3.0], [0.0, 1.0, 0.5], "valid")
    Tensor([2.5], dtype=float64)
    """
    a, v = _sequences("convolve", a, v, mode)
    if v.size > a.size:
        a, v = v, a
    if mode != "same":
        return _convolve(a, v, mode=mode)
    start = (v.size - 1) // 2
    return _convolve(a, v, mode="full")[start : start + a.size]


@public(np.correlate)
def correlate(a: Any, v: Any, mode: str = "valid") -> Tensor:
    """Return the cross-correlation of two sequences: ``y[k] = Σ a[i + k] v[i]``.

    Parameters
    ----------
    a, v : Tensor or array_like, of one axis
    mode : {"valid", "same", "full"}
        As in :func:`convolve`, with another default.

    Raises
    ------
    ValueError
        If an operand has more than one axis or no elements, or the mode is unknown.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.correlate([1.0, 2.0, 3.0], [0.0, 1.0, 0.5])
    Tensor([3.5], dtype=float64)
    """
    a, v = _sequences("correlate", a, v, mode)
    turned = _flip(v, axis=(0,))
    if mode != "same" or v.size <= a.size:
        return convolve(a, turned, mode)
    # NumPy correlates the longer sequence with the shorter one and reverses the result, which moves the middle.
    start = (a.size - 1) - (a.size - 1) // 2
    return _convolve(turned, a, mode="full")[start : start + v.size]
