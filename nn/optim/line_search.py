"""How far to go along a direction."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

__all__ = ["strong_wolfe"]

DECREASE = 1e-4  # of the loss, as a share of what the slope promises
FLATTENING = 0.9  # of the slope's size, as a share of what it was
TRIES = 25


class Place(NamedTuple):
    """How far along the direction, and what was found there."""

    x: float
    loss: float
    gradient: Any
    slope: float


def strong_wolfe(
    along: Callable[[float], tuple[float, Any, float]], x: float, loss: float, gradient: Any, slope: float, tiny: float
) -> tuple[float, float, Any]:
    """Return a length of step that satisfies the strong Wolfe conditions, with the loss and the gradient there.

    Parameters
    ----------
    along : function
        Returns the loss, the gradient and the slope at a length.
    x : float
        The first length to try.
    loss, gradient, slope
        At length 0; the slope is negative.
    tiny : float
        An interval in which the loss, going by the slope, changes less than this is not searched further.

    References
    ----------
    Nocedal, Wright, "Numerical optimization", 2nd edition, algorithms 3.5 and 3.6, with cubic interpolation (3.59).
    """
    start = last = Place(0.0, loss, gradient, slope)
    for i in range(TRIES):
        here = Place(x, *along(x))
        if _too_high(here, start) or (i and here.loss >= last.loss):
            return _zoom(along, start, last, here, tiny, TRIES - i)
        if abs(here.slope) <= -FLATTENING * slope:
            return here[:3]
        if here.slope >= 0:
            return _zoom(along, start, here, last, tiny, TRIES - i)
        # Still downhill: further on, by at least a bit and at most ten times.
        x = _cubic_minimum(last, here, here.x + 0.01 * (here.x - last.x), here.x * 10)
        last = here
    return last[:3]


def _too_high(here: Place, start: Place) -> bool:
    # Also where the loss is NaN.
    return not here.loss <= start.loss + DECREASE * here.x * start.slope or not math.isfinite(here.slope)


def _zoom(
    along: Callable[[float], tuple[float, Any, float]], start: Place, low: Place, high: Place, tiny: float, tries: int
) -> tuple[float, float, Any]:
    """Search between `low`, the best place so far, and `high`, beyond which the loss rises."""
    for _ in range(tries):
        width = abs(high.x - low.x)
        if width * abs(low.slope) <= tiny:
            break
        near, far = sorted((low.x, high.x))
        # A place at the very border would hardly make the interval smaller.
        x = _cubic_minimum(low, high, near + 0.1 * width, far - 0.1 * width)
        here = Place(x, *along(x))
        if _too_high(here, start) or here.loss >= low.loss:
            high = here
            continue
        if abs(here.slope) <= -FLATTENING * start.slope:
            return here[:3]
        if here.slope * (high.x - low.x) >= 0:
            high = low
        low = here
    return low[:3]


def _cubic_minimum(a: Place, b: Place, low: float, high: float) -> float:
    """Return where the cubic through both places has its minimum, moved into [low, high]."""
    middle = (low + high) / 2
    if not math.isfinite(a.loss + b.loss + a.slope + b.slope):
        return middle
    d1 = a.slope + b.slope - 3 * (a.loss - b.loss) / (a.x - b.x)
    square = d1 * d1 - a.slope * b.slope
    if square < 0:
        return middle
    d2 = math.copysign(math.sqrt(square), b.x - a.x)
    below = b.slope - a.slope + 2 * d2
    if not below:
        return middle
    return min(max(b.x - (b.x - a.x) * (b.slope + d2 - d1) / below, low), high)
