"""Special functions: the error function, the gamma function's logarithm, the logistic function and their kin.

They are named and behave as in ``scipy.special``, and need SciPy, which is imported at the first call:
``pip install 'minigrad[special]'``. SciPy's own functions take tensors too: ``scipy.special.erf(tensor)``.

>>> import minigrad as mg
>>> x = mg.Tensor([0.0, 1.0], requires_grad=True)
>>> mg.special.erf(x).sum().backward()
>>> x.grad
Tensor([1.12837917, 0.4151075 ], dtype=float64)
"""

from __future__ import annotations

import math
import operator
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from .extras import require
from .kinds import elementwise, on_arrays
from .ops.activation import sigmoid
from .ops.arithmetic import multiply, where
from .ops.exponential import log, log1p
from .tensor import Tensor, asarray

__all__ = [
    "digamma",
    "erf",
    "erfc",
    "erfinv",
    "expit",
    "gammaln",
    "i0e",
    "i1e",
    "log_ndtr",
    "logit",
    "ndtr",
    "polygamma",
    "xlog1py",
    "xlogy",
]

_SQRT_PI = math.sqrt(math.pi)
_SQRT_2PI = math.sqrt(2 * math.pi)


def _scipy() -> Any:
    # Looked up first, which is faster than the import of what is there already.
    return sys.modules.get("scipy.special") or require("scipy.special", "special", "minigrad.special")


def _function(name: str) -> Callable[..., Any]:
    """Return SciPy's function of this name, imported when it is called."""

    def forward(*args: Any) -> Any:
        return getattr(_scipy(), name)(*args)

    forward.__name__ = name
    return forward


def taken_over(ufunc: Any) -> Callable[..., Tensor] | None:
    """Return this module's function for a ufunc of SciPy, None if it has none; see :mod:`minigrad.protocol`."""
    scipy = sys.modules.get("scipy.special")
    return next((globals()[name] for name in __all__ if getattr(scipy, name, None) is ufunc), None)


expit = sigmoid

logit = elementwise(
    _function("logit"),
    lambda g, x: g / (x * (1 - x)),
    local=("1 / (x·(1 - x))",),
    doc="""Return ``log(x / (1 - x))``, the inverse of expit. Local gradient: 1 / (x (1 - x)), infinite at 0 and 1.

    >>> import minigrad as mg
    >>> mg.special.logit([0.5, 0.9])
    Tensor([0.        , 2.19722458], dtype=float64)
    """,
)

erf = elementwise(
    _function("erf"),
    lambda g, x: g * (np.exp(-(x * x)) * (2 / _SQRT_PI)),
    local=("2·exp(-x²) / √π",),
    doc="""Return the error function, 2 / √π times the integral of exp(-t²) up to x. Local gradient: 2 / √π exp(-x²).

    >>> import minigrad as mg
    >>> mg.special.erf([0.0, 1.0])
    Tensor([0.        , 0.84270079], dtype=float64)
    """,
)

erfc = elementwise(
    _function("erfc"),
    lambda g, x: g * (np.exp(-(x * x)) * (-2 / _SQRT_PI)),
    local=("-2·exp(-x²) / √π",),
    doc="""Return ``1 - erf(x)``, with all digits where that is small. Local gradient: -2 / √π exp(-x²).

    >>> import minigrad as mg
    >>> mg.special.erfc([0.0, 1.0])
    Tensor([1.        , 0.15729921], dtype=float64)
    """,
)

erfinv = elementwise(
    _function("erfinv"),
    lambda g, y: g * (np.exp(y * y) * (_SQRT_PI / 2)),
    local=("√π·exp(y²) / 2",),
    doc="""Return the inverse of erf on [-1, 1]. Local gradient: √π / 2 exp(y²), infinite at ±1, as the limit is.

    >>> import minigrad as mg
    >>> mg.special.erfinv([0.0, 0.5])
    Tensor([0.        , 0.47693628], dtype=float64)
    """,
)

ndtr = elementwise(
    _function("ndtr"),
    lambda g, x: g * (np.exp(x * x * -0.5) * (1 / _SQRT_2PI)),
    local=("exp(-x²/2) / √(2·π)",),
    doc="""Return the standard normal distribution function Φ(x). Local gradient: its density, exp(-x²/2) / √(2π).

    >>> import minigrad as mg
    >>> mg.special.ndtr([0.0, 1.0])
    Tensor([0.5       , 0.84134475], dtype=float64)
    """,
)


def _mills_forward(x: Any) -> Any:
    # Φ(x) = erfcx(-x / √2) exp(-x²/2) / 2: the exponentials of density and distribution cancel by hand.
    with np.errstate(divide="ignore"):
        return math.sqrt(2 / math.pi) / _scipy().erfcx(x * -math.sqrt(0.5))


_mills = elementwise(
    _mills_forward,
    lambda g, x, y: -(g * (y * (x + y))),
    name="inverse_mills",
    local=("-y·(x + y)",),
    doc="Return the inverse Mills ratio: the normal density over the distribution function.",
)
mills = on_arrays(_mills)

log_ndtr = elementwise(
    _function("log_ndtr"),
    lambda g, x: g * mills(x),
    local=("exp(-x²/2 - y) / √(2·π)",),
    doc="""Return ``log(ndtr(x))``, with all digits in the tails. Local gradient: the density over the distribution.

    >>> import minigrad as mg
    >>> mg.special.log_ndtr([-40.0, 0.0])
    Tensor([-804.60844201,   -0.69314718], dtype=float64)
    """,
)


def _polygamma_forward(n: int, x: Any) -> Any:
    scipy = _scipy()
    # By Hurwitz's zeta function (Abramowitz and Stegun, 6.4.10); SciPy's own polygamma computes in float64 always.
    return scipy.zeta(n + 1.0, x) * float((-1) ** (n + 1) * scipy.gamma(n + 1.0))


_polygamma = elementwise(
    _polygamma_forward,
    None,
    lambda g, n, x: g * _psi(n + 1, x),
    name="polygamma",
    arguments=("n", "x"),
    local=("0", "polygamma(n + 1, x)"),
)
_psi: Callable[..., Any] = on_arrays(_polygamma)

digamma = elementwise(
    _function("digamma"),
    lambda g, x: g * _psi(1, x),
    local=("polygamma(1, x)",),
    doc="""Return the derivative of gammaln. Local gradient: polygamma(1, x).

    >>> import minigrad as mg
    >>> mg.special.digamma([1.0, 5.0])
    Tensor([-0.57721566,  1.50611767], dtype=float64)
    """,
)


def polygamma(n: int, x: Any) -> Tensor:
    """Return the derivative of order `n` of digamma at `x`. Local gradient: polygamma(n + 1, x).

    Parameters
    ----------
    n : int
        Not negative; 0 for digamma itself.
    x : Tensor or array_like

    Raises
    ------
    TypeError, ValueError
        If `n` is not a whole number, or negative.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.special.polygamma(1, [1.0, 2.0])
    Tensor([1.64493407, 0.64493407], dtype=float64)
    """
    try:
        order = operator.index(n)
    except TypeError:
        raise TypeError(f"polygamma: the order n must be a whole number, got {n!r:.80}") from None
    if order < 0:
        raise ValueError(f"polygamma: the order n must not be negative, got {order}")
    return _polygamma(order, x) if order else digamma(x)


_digamma: Callable[..., Any] = on_arrays(digamma)

gammaln = elementwise(
    _function("gammaln"),
    lambda g, x: g * _digamma(x),
    local=("digamma(x)",),
    doc="""Return the logarithm of ``|Γ(x)|``. Local gradient: digamma(x).

    >>> import minigrad as mg
    >>> mg.special.gammaln([1.0, 5.0])
    Tensor([0.        , 3.17805383], dtype=float64)
    """,
)


def xlogy(a: Any, b: Any) -> Tensor:
    """Return ``a * log(b)``, 0 where a = 0. Local gradients: log(b) and a / b; 0 where a = 0 and b has no logarithm.

    Parameters
    ----------
    a, b : Tensor or array_like
        They broadcast.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.special.xlogy([0.0, 2.0], [0.0, 3.0])
    Tensor([0.        , 2.19722458], dtype=float64)
    """
    a, b = _beside(a, b), _beside(b, a)
    return multiply(a, log(where(_outside(a, b, 0), 1.0, b)))


def xlog1py(a: Any, b: Any) -> Tensor:
    """Return ``a * log1p(b)``, 0 where a = 0. Local gradients: log1p(b) and a / (1 + b); 0 as in :func:`xlogy`.

    Parameters
    ----------
    a, b : Tensor or array_like
        They broadcast.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.special.xlog1py([0.0, 2.0], [-1.0, 1e-20])
    Tensor([0.e+00, 2.e-20], dtype=float64)
    """
    a, b = _beside(a, b), _beside(b, a)
    return multiply(a, log1p(where(_outside(a, b, -1), 0.0, b)))


def _beside(x: Any, other: Any) -> Tensor:
    """Return `x` as a tensor; a Python number takes the floating dtype of the `other` operand, as in NumPy."""
    dtype = getattr(other, "dtype", None)
    weak = type(x) in (int, float) and dtype is not None and dtype.kind == "f"
    return asarray(x, dtype if weak else None)


def _outside(a: Tensor, b: Tensor, bound: float) -> Any:
    # Where 0 would meet an infinite logarithm, or one that is not a number.
    return (a._data == 0) & ((b._data <= bound) | (b._data == math.inf))


def _ive_forward(n: int, x: Any) -> Any:
    scipy = _scipy()
    if n == 1:
        return scipy.i1e(x)
    # SciPy gives NaN for large arguments. There the recurrence in n is as good (Abramowitz and Stegun, 9.6.26).
    far = np.abs(x) > 1e4
    large = np.where(far, x, 1)
    below, value = scipy.i0e(large), scipy.i1e(large)
    for m in range(1, n):
        below, value = value, below - value * (2 * m) / large
    return np.where(far, value, scipy.ive(n, np.where(far, 0, x)))


_ive = elementwise(
    _ive_forward,
    None,
    lambda g, n, x, y: g * ((_scaled_bessel(n - 1, x) + _scaled_bessel(n + 1, x)) * 0.5 - np.sign(x) * y),
    name="ive",
    arguments=("n", "x"),
    local=("0", "(ive(n - 1, x) + ive(n + 1, x)) / 2 - sign(x)·y"),
    doc="Return ``exp(-|x|) I_n(x)``, with the modified Bessel function of whole order n.",
)


def _scaled_bessel(n: int, x: Any) -> Any:
    return on_arrays(_ive)(n, x) if n else on_arrays(i0e)(x)


i0e = elementwise(
    _function("i0e"),
    lambda g, x, y: g * (_scaled_bessel(1, x) - np.sign(x) * y),
    local=("i1e(x) - sign(x)·y",),
    doc="""Return ``exp(-|x|) I_0(x)``, with the modified Bessel function. Local gradient: i1e(x) - sign(x) y, 0 at 0.

    >>> import minigrad as mg
    >>> mg.special.i0e([0.0, 1.0])
    Tensor([1.        , 0.46575961], dtype=float64)
    """,
)


def i1e(x: Any) -> Tensor:
    """Return ``exp(-|x|) I_1(x)``, with the modified Bessel function. Local gradient: (i0e + ive(2)) / 2 - sign(x) y.

    Parameters
    ----------
    x : Tensor or array_like

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.special.i1e([0.0, 1.0])
    Tensor([0.        , 0.20791042], dtype=float64)
    """
    return _ive(1, x)
