"""Formulas of local gradients, read off the rules themselves.

A rule is run once with symbols in the place of numbers, and the upstream gradient 1; what comes out is the text of the
derivative. So the formula in the drawing cannot differ from what is computed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from .op import Op

_SUM, _PRODUCT, _UNARY, _POWER, _ATOM = range(1, 6)
_NAMES = {"absolute": "abs", "multiply": "·", "add": "+", "subtract": "-", "divide": "/"}


class Symbol:
    """A text that grows by arithmetic; `rank` says how tightly its outermost operator binds."""

    __slots__ = ("rank", "text")
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, text: str, rank: int = _ATOM) -> None:
        self.text, self.rank = text, rank

    def _at(self, rank: int) -> str:
        return self.text if self.rank >= rank else f"({self.text})"

    def __mul__(self, other: Any) -> Symbol:
        a, b = self, symbol(other)
        if a.text == "1":
            return b
        if b.text == "1":
            return a
        if a.text == "-1":
            return -b
        return Symbol(f"{a._at(_PRODUCT)}·{b._at(_UNARY if b.text.startswith('-') else _PRODUCT)}", _PRODUCT)

    def __rmul__(self, other: Any) -> Symbol:
        return symbol(other) * self

    def __add__(self, other: Any) -> Symbol:
        return Symbol(f"{self.text} + {symbol(other)._at(_SUM)}", _SUM)

    def __radd__(self, other: Any) -> Symbol:
        return symbol(other) + self

    def __sub__(self, other: Any) -> Symbol:
        return Symbol(f"{self.text} - {symbol(other)._at(_PRODUCT)}", _SUM)

    def __rsub__(self, other: Any) -> Symbol:
        return symbol(other) - self

    def __truediv__(self, other: Any) -> Symbol:
        return Symbol(f"{self._at(_PRODUCT)} / {symbol(other)._at(_POWER)}", _PRODUCT)

    def __rtruediv__(self, other: Any) -> Symbol:
        return symbol(other) / self

    def __pow__(self, other: Any) -> Symbol:
        return _raised(self, symbol(other))

    def __rpow__(self, other: Any) -> Symbol:
        return _raised(symbol(other), self)

    def __neg__(self) -> Symbol:
        return Symbol(f"-{self._at(_UNARY if self.rank != _PRODUCT else _PRODUCT)}", _PRODUCT)

    def _compared(self, sign: str, other: Any) -> Symbol:
        return Symbol(f"[{self.text} {sign} {symbol(other).text}]")

    def __lt__(self, other: Any) -> Symbol:
        return self._compared("<", other)

    def __le__(self, other: Any) -> Symbol:
        return self._compared("≤", other)

    def __gt__(self, other: Any) -> Symbol:
        return self._compared(">", other)

    def __ge__(self, other: Any) -> Symbol:
        return self._compared("≥", other)

    def __eq__(self, other: Any) -> Symbol:  # type: ignore[override]
        return self._compared("=", other)

    def __ne__(self, other: Any) -> Symbol:  # type: ignore[override]
        return self._compared("≠", other)

    def __and__(self, other: Any) -> Symbol:
        return Symbol.__mul__(self, other)

    def __or__(self, other: Any) -> Symbol:
        return Symbol(f"{self.text} or {symbol(other).text}", _SUM)

    def __invert__(self) -> Symbol:
        return Symbol(f"not {self._at(_ATOM)}", _UNARY)

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Symbol:
        return self._call(ufunc, inputs)

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Symbol:
        return self._call(function, args)

    def _call(self, function: Callable[..., Any], args: Any) -> Symbol:
        name = _NAMES.get(function.__name__, function.__name__)
        parts = [symbol(a) for a in args]
        if name in "·+-/":
            a, b = parts
            return a * b if name == "·" else a + b if name == "+" else a - b if name == "-" else a / b
        if name == "square":
            return parts[0] ** 2
        if name == "negative":
            return -parts[0]
        if name == "where":
            condition, yes, no = [p.text for p in parts]
            return Symbol(condition) if (yes, no) == ("1", "0") else Symbol(f"{yes} if {condition} else {no}", 0)
        return Symbol(f"{name}({', '.join(p.text for p in parts)})")


def _raised(base: Symbol, exponent: Symbol) -> Symbol:
    return Symbol(f"{base._at(_ATOM)}^{exponent._at(_ATOM)}", _POWER)


def symbol(value: Any) -> Symbol:
    """Return a number or symbol as a symbol."""
    if isinstance(value, Symbol):
        return value
    text = f"{value:g}" if isinstance(value, (int, float)) else str(value)
    return Symbol(text, _UNARY if text.startswith("-") else _ATOM)


def formula(op: Op, k: int) -> str:
    """Return the local gradient of an elementwise op at argument `k` as a text.

    Examples
    --------
    >>> import minigrad as mg
    >>> formula(mg.divide.op, 1), formula(mg.tanh.op, 0), formula(mg.sin.op, 0)
    ('-y / b', '1 - y·y', 'cos(x)')
    """
    names = op.names[k]
    if names is None:
        return "0"
    try:
        return str(symbol(op.rules[k](Symbol("1"), *[Symbol(name) for name in names])).text)
    except (TypeError, AttributeError, ValueError, NameError):
        # A rule may do more than symbols can follow.
        return f"∂y/∂{op.argument_name(k)}"
