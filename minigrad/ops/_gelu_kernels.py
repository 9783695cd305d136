"""Kernels of the exact gelu in float32, several times faster than SciPy's distribution function.

With z = |x| and the normal distribution's tail q = Φ(-z): ``gelu(x) = max(x, 0) - z q``, where nothing cancels below 0.
The tail is ``exp(-z²/2) R(z)``, and R(z) = erfcx(z / √2) / 2 decreases slowly from 1/2: a quotient of polynomials that
was fitted for the least relative error on [0, 14.5] has it to 6e-9. All coefficients are positive, so that nothing
cancels in Horner's scheme either.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ..backend import empty

_ABOVE = (0.0041162920908540184, 0.04063311699554648, 0.18323482039532316, 0.4382945338817939, 0.500000002952912)
_BELOW = (
    0.010317894395408717, 0.10185856711811131, 0.4694697899016276, 1.2025018421468767, 1.6744740489541174, 1.0,
)  # fmt: skip
_FAR = 14.5  # exp(-z²/2) z is below the least float32 from here on
_DENSITY = 1 / math.sqrt(2 * math.pi)
_STEEP = 1e30

_BLOCK = 1 << 15
"""Elements that are worked on at once, so that every step finds its operands in the cache."""


def gelu(x: Any) -> Any:
    """Return ``x Φ(x)`` of a float32 array."""
    return _in_blocks(_gelu, x)


def slope(x: Any) -> Any:
    """Return ``Φ(x) + x φ(x)``, the derivative of gelu, of a float32 array."""
    return _in_blocks(_slope, x)


def _in_blocks(step: Callable[..., None], x: Any) -> Any:
    flat = np.ascontiguousarray(x).reshape(-1)
    out = empty(flat, flat.shape)
    scratch = np.empty((3, min(flat.size, _BLOCK)), np.float32)
    for start in range(0, flat.size, _BLOCK):
        part = flat[start : start + _BLOCK]
        step(part, out[start : start + _BLOCK], *scratch[:, : len(part)])
    return out.reshape(x.shape)


def _horner(coefficients: tuple[float, ...], z: Any, out: Any) -> None:
    np.multiply(z, coefficients[0], out=out)
    for c in coefficients[1:-1]:
        out += c
        out *= z
    out += coefficients[-1]


def _ratio(x: Any, z: Any, r: Any, scratch: Any) -> None:
    """Write |x|, limited, into `z` and R of it into `r`."""
    np.abs(x, out=z)
    np.clip(z, 0, _FAR, out=z)
    _horner(_ABOVE, z, r)
    _horner(_BELOW, z, scratch)
    r /= scratch


def _bell(z: Any, out: Any) -> None:
    np.multiply(z, z, out=out)
    out *= -0.5
    np.exp(out, out=out)


def _gelu(x: Any, out: Any, z: Any, q: Any, e: Any) -> None:
    _ratio(x, z, q, e)
    _bell(z, e)
    q *= e
    q *= z
    # As a clip, which NumPy computes several times faster than the maximum with a number.
    np.clip(x, 0, np.inf, out=out)
    out -= q


def _slope(x: Any, out: Any, z: Any, s: Any, e: Any) -> None:
    _ratio(x, z, s, e)
    _bell(z, e)
    z *= _DENSITY
    s -= z
    s *= e
    # s is the slope at -|x|, and 1 - s that at |x|. The step between them is a steep ramp: at 0 both are 1/2.
    np.clip(x, -_FAR, _FAR, out=z)
    z *= _STEEP
    np.clip(z, 0, 1, out=z)
    np.multiply(s, -2, out=out)
    out += 1
    out *= z
    out += s
