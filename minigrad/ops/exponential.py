"""Exponentials, logarithms and roots."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..kinds import elementwise, on_arrays

_LN2 = math.log(2)
_LN10 = math.log(10)

exp = elementwise(
    np.exp,
    lambda g, y: g * y,
    doc="""Return ``e ** x``. Local gradient: y.

    >>> import minigrad as mg
    >>> mg.exp([0.0, 1.0])
    Tensor([1.        , 2.71828183], dtype=float64)
    """,
)

exp2 = elementwise(
    np.exp2,
    lambda g, y: g * (y * _LN2),
    local=("y·log(2)",),
    doc="""Return ``2 ** x``. Local gradient: y · ln 2.

    >>> import minigrad as mg
    >>> mg.exp2([0.0, 3.0])
    Tensor([1., 8.], dtype=float64)
    """,
)

expm1 = elementwise(
    np.expm1,
    # And not y + 1, which has lost its digits where y is near -1.
    lambda g, x: g * np.exp(x),
    doc="""Return ``e ** x - 1``, with all digits near 0. Local gradient: exp(x).

    >>> import minigrad as mg
    >>> mg.expm1([0.0, 1.0])
    Tensor([0.        , 1.71828183], dtype=float64)
    """,
)

log = elementwise(
    np.log,
    lambda g, x: g / x,
    doc="""Return the natural logarithm. Local gradient: 1 / x.

    >>> import minigrad as mg
    >>> mg.log([1.0, 10.0])
    Tensor([0.        , 2.30258509], dtype=float64)
    """,
)

log2 = elementwise(
    np.log2,
    lambda g, x: g / (x * _LN2),
    local=("1 / (x·log(2))",),
    doc="""Return the logarithm to base 2. Local gradient: 1 / (x · ln 2).

    >>> import minigrad as mg
    >>> mg.log2([1.0, 8.0])
    Tensor([0., 3.], dtype=float64)
    """,
)

log10 = elementwise(
    np.log10,
    lambda g, x: g / (x * _LN10),
    local=("1 / (x·log(10))",),
    doc="""Return the logarithm to base 10. Local gradient: 1 / (x · ln 10).

    >>> import minigrad as mg
    >>> mg.log10([1.0, 100.0])
    Tensor([0., 2.], dtype=float64)
    """,
)

log1p = elementwise(
    np.log1p,
    lambda g, x: g / (1 + x),
    doc="""Return ``log(1 + x)``, with all digits near 0. Local gradient: 1 / (1 + x).

    >>> import minigrad as mg
    >>> mg.log1p([0.0, 1.0])
    Tensor([0.        , 0.69314718], dtype=float64)
    """,
)

sqrt = elementwise(
    np.sqrt,
    lambda g, y: g / (2 * y),
    doc="""Return the square root. Local gradient: 1 / (2 y), infinite at 0, as the limit is.

    >>> import minigrad as mg
    >>> mg.sqrt([4.0, 9.0])
    Tensor([2., 3.], dtype=float64)
    """,
)

cbrt = elementwise(
    np.cbrt,
    lambda g, y: g / (3 * y * y),
    doc="""Return the cube root, also of negative numbers. Local gradient: 1 / (3 y²), infinite at 0.

    >>> import minigrad as mg
    >>> mg.cbrt([8.0, -27.0])
    Tensor([ 2., -3.], dtype=float64)
    """,
)


def logistic(x: Any) -> Any:
    """Return ``1 / (1 + exp(-x))`` of a raw array: exp of a number that is never positive cannot overflow."""
    e = np.exp(-np.abs(x))
    # The larger of e, at most 1, and the truth of x >= 0 is the numerator on either side; `where` is much slower.
    return np.maximum(e, np.greater_equal(x, 0)) / (1 + e)


def _share_forward(a: Any, b: Any) -> Any:
    with np.errstate(invalid="ignore"):
        difference = np.subtract(a, b)
    # Also where both are infinite, and their difference is not a number.
    return logistic(np.where(np.equal(a, b), 0, difference))


_share = elementwise(
    _share_forward,
    lambda g, y: g * (y * (1 - y)),
    lambda g, y: -(g * (y * (1 - y))),
    name="logaddexp_share",
    doc="Return ``exp(a) / (exp(a) + exp(b))``: 1/2 where a = b, infinite or not.",
)
share = on_arrays(_share)

logaddexp = elementwise(
    np.logaddexp,
    lambda g, a, b: g * share(a, b),
    lambda g, a, b: g * share(b, a),
    local=("exp(a - y)", "exp(b - y)"),
    doc="""Return ``log(exp(a) + exp(b))``, without overflow. Local gradients: exp(a - y) and exp(b - y).

    They add up to 1, and are 1/2 each where a = b, also where both are infinite: the limit along a = b.

    >>> import minigrad as mg
    >>> mg.logaddexp([0.0, 1000.0], [0.0, 1000.0])
    Tensor([6.93147181e-01, 1.00069315e+03], dtype=float64)
    """,
)

logaddexp2 = elementwise(
    np.logaddexp2,
    lambda g, a, b: g * share(a * _LN2, b * _LN2),
    lambda g, a, b: g * share(b * _LN2, a * _LN2),
    local=("2^(a - y)", "2^(b - y)"),
    doc="""Return ``log2(2**a + 2**b)``, without overflow. Local gradients: 2^(a - y) and 2^(b - y).

    >>> import minigrad as mg
    >>> mg.logaddexp2([0.0, 3.0], [0.0, 3.0])
    Tensor([1., 4.], dtype=float64)
    """,
)
