"""Text for pictures: numbers, arrays and names. What users wrote is data, never markup."""

from __future__ import annotations

import math
import unicodedata
from math import ceil
from typing import Any

from .records import Check, Inside, Local, Route, Summary

# What drawings write out unless asked for more or less; see :mod:`minigrad.viz.detail`.
USUAL = frozenset({"values", "shapes", "gradients", "locals", "formulas"})

LONGEST_NAME = 40
_COLUMNS = 6
_ROWS = 6
# Letters of several scripts are joined by these two; every other format character can only deceive the eye.
_JOINERS = "\u200c\u200d"

SYMBOLS = {
    "add": "+",
    "subtract": "−",
    "multiply": "×",
    "divide": "÷",
    "negative": "−x",
    "power": "aᵇ",
    "square": "x²",
    "sqrt": "√x",
    "absolute": "|x|",
    "matmul": "@",
    "identity": "copy",
}

# Their arguments may change places, so that nothing is learnt from telling which is which.
COMMUTATIVE = frozenset({"add", "multiply", "maximum", "minimum"})


def clean(text: str, longest: int = LONGEST_NAME) -> str:
    """Return `text` on one line, without control characters, and shortened.

    Examples
    --------
    >>> clean("a\\n\\x00b\\u202ec"), clean("x" * 99, 5)
    ('a bc', 'xxxx…')
    """
    # No more than what can be shown is looked at: a name may be megabytes long.
    kept = []
    for character in text[: 8 * longest]:
        category = unicodedata.category(character)
        if character in "\t\n\r\v\f" or category[0] == "Z":
            kept.append(" ")
        elif category[0] != "C" or character in _JOINERS:
            kept.append(character)
    line = " ".join("".join(kept).split())
    return line if len(line) <= longest and len(text) <= 8 * longest else line[: longest - 1] + "…"


def number(value: float, digits: int = 4) -> str:
    """Return a number with `digits` significant digits.

    Examples
    --------
    >>> number(220.00000000000003), number(-0.19661193), number(1e-12), number(float("nan")), number(100000.0)
    ('220', '-0.1966', '1e-12', 'NaN', '100000')
    """
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Inf" if value > 0 else "-Inf"
    if value == int(value) and abs(value) < 1e6:
        return str(int(value))
    text = f"{value:.{digits}g}"
    mantissa, e, exponent = text.partition("e")
    return f"{mantissa}e{int(exponent)}" if e else mantissa


def percent(share: float) -> str:
    """Return a share as a percentage that says 0 or 100 only where that is exact.

    Examples
    --------
    >>> percent(0.0), percent(0.0001), percent(0.516), percent(0.99999)
    ('0%', '<1%', '52%', '>99%')
    """
    if 0 < share < 0.01:
        return "<1%"
    if 0.99 < share < 1:
        return ">99%"
    return f"{100 * share:.0f}%"


def array(entries: tuple[float, ...], shape: tuple[int, ...], digits: int = 4) -> list[str]:
    """Return the rows of a small array as lines of text, its columns one below the other.

    Examples
    --------
    >>> [row.replace("\\u2007", "_") for row in array((1.0, 2.5, -3.0, 4.0), (2, 2))]
    ['[_1  2.5]', '[-3  __4]']
    >>> array((7.0,), ()), array((), (0, 3))
    (['7'], ['[]'])
    """
    texts = [number(v, digits) for v in entries]
    if not shape:
        return texts
    if not texts:
        return ["[]"]
    columns = shape[-1]
    rows = [texts[i : i + columns] for i in range(0, len(texts), columns)]
    if len(shape) == 1 and columns > _COLUMNS:
        # A long row is broken into lines of about equal length.
        columns = ceil(columns / ceil(columns / _COLUMNS))
        rows = [texts[i : i + columns] for i in range(0, len(texts), columns)]
    widths = [max(len(row[j]) for row in rows if j < len(row)) for j in range(columns)]
    # Figure spaces are as wide as a digit, so columns align in proportional type too.
    padded = ["  ".join(t.rjust(w, "\u2007") for t, w in zip(row, widths, strict=False)) for row in rows]
    if len(shape) == 1:
        padded = [f"{' ' if i else '['}{row}{'' if i < len(rows) - 1 else ']'}" for i, row in enumerate(padded)]
        return padded
    return [f"[{row}]" for row in padded]


def shape_text(shape: tuple[int, ...]) -> str:
    """Return a shape as Python writes it, without the comma of a single size."""
    return f"({', '.join(map(str, shape))})"


def _whole(summary: Summary) -> bool:
    """Return whether all entries are shown: there are few, and they do not make a tall column."""
    if summary.entries is None:
        return False
    return len(summary.shape) < 2 or summary.size // summary.shape[-1] <= _ROWS


def value_lines(summary: Summary, digits: int = 4) -> list[str]:
    """Return what is said of a forward value: its entries if there are few, else its range."""
    if not summary.size:
        return ["empty"]
    if _whole(summary):
        return array(summary.entries or (), summary.shape, digits)
    low, high = number(summary.low, digits), number(summary.high, digits)
    return [f"all {low}" if summary.low == summary.high and not summary.nans else f"{low} … {high}"]


def gradient_lines(summary: Summary, digits: int = 4) -> list[str]:
    """Return what is said of a gradient: its entries if there are few, else its size."""
    if not summary.size:
        return ["empty"]
    if _whole(summary):
        return array(summary.entries or (), summary.shape, digits)
    text = f"rms {number(summary.rms, digits)}"
    return [f"{text}, {percent(summary.zeros)} zeros" if summary.zeros >= 0.01 else text]


def badge(summary: Summary | None, born: bool = False) -> str:
    """Return what is wrong with an array: which of its entries are not finite, and whether it began here.

    Empty if all are finite.
    """
    if summary is None:
        return ""
    parts = [("NaN", summary.nans), ("Inf", summary.infs)]
    if summary.size == 1:
        text = " ".join(word for word, n in parts if n)
    else:
        text = ", ".join(f"{n} of {summary.size} {word}" for word, n in parts if n)
    return f"{text}, born here" if text and born else text


def statistics(summary: Summary, digits: int = 4) -> str:
    """Return minimum, median, maximum and the share of zeros of an array of derivatives."""
    low, median, high = (number(v, digits) for v in (summary.low, summary.median, summary.high))
    if low == high:
        return f"{low} everywhere"
    return f"min {low} · median {median} · max {high} · {percent(summary.zeros)} zeros"


def local_lines(local: Local, digits: int = 4, longest: int = 44, *, show: frozenset[str] = USUAL) -> list[str]:
    """Return the local gradient as lines: its formula, then what is known of its numbers.

    Of these two, `show` may have only one: "formulas" or "locals".
    """
    formulas, numbers = "formulas" in show, "locals" in show
    if local.number is not None:
        return [number(local.number, digits)] if numbers else []
    formula = clean(local.formula, 2 * longest)
    rows, columns = local.jacobian_shape
    if local.derivative is not None:
        head = f"× {formula}" + (", summed" if local.summed else "")
        if formula.lstrip("-").replace(".", "").isdigit():
            return [head]
        heads = [head] if formulas else []
        if not numbers:
            return heads
        if _whole(local.derivative):
            entries = array(local.derivative.entries or (), local.derivative.shape, digits)
            return [f"{head} =", *entries] if formulas else [f"× {entries[0]}", *entries[1:]]
        return [*heads, statistics(local.derivative, digits)]
    # An explanation in brackets gets a line of its own.
    head, bracket, rest = formula.partition(" (")
    head = f"× {head}" if head in ("1", "1/n") else head
    explained = [f"({rest}"] if bracket else []
    heads = [head, *explained] if formulas else []
    if not numbers:
        return heads
    if local.jacobian is not None and rows <= _ROWS:
        flat = tuple(v for row in local.jacobian for v in row)
        return [f"{head},  J =" if formulas else "J =", *array(flat, (rows, columns), digits)]
    return [*heads, f"J {rows} × {columns}, never built"]


def check_text(check: Check) -> str:
    """Return how a local gradient compares with numbers, in a few signs.

    Examples
    --------
    >>> check_text(Check("right", 3.1e-11, "")), check_text(Check("singular", None, "a kink"))
    ('✓ 3e-11', '◇ singular')
    """
    if check.verdict == "right":
        return f"✓ {number(check.error or 0.0, 1)}"
    if check.verdict == "wrong":
        return f"✗ off by {number(check.error if check.error is not None else math.nan, 2)}"
    return "◇ singular" if check.verdict == "singular" else "– not checked"


def route_lines(route: Route, name: str, digits: int = 4) -> list[str]:
    """Return what is said of the highlighted path from the value `name`."""
    text = f"path from {name} to the output: {len(route.steps):,} steps, product of gains {number(route.gain, digits)}"
    if route.paths == 1:
        return [f"{text}; it is the only one"]
    part, whole = (
        number(s.scalar, digits) if s.scalar is not None else f"rms {number(s.rms, digits)}"
        for s in (route.contribution, route.gradient)
    )
    # Their number may have thousands of digits.
    digits_of_count = int(math.log10(route.paths))
    many = f"{route.paths:,}" if digits_of_count < 9 else f"about 1e{digits_of_count}"
    return [text, f"it brings {part} of the gradient {whole}, the sum over {many} paths"]


def inside_text(inside: Inside, digits: int = 4) -> str:
    """Return what is said of the gradients inside of a group."""
    low, high = number(inside.low, min(digits, 2)), number(inside.high, min(digits, 2))
    parts = [f"rms {low}" if low == high else f"rms {low} … {high}"] if inside.high else []
    parts += [f"{inside.zeros:,} zero"] if inside.zeros else []
    parts += [f"{inside.bad:,} not finite"] if inside.bad else []
    return ", ".join(parts)


def line_text(where: str) -> str:
    """Return the file's own name and the line of ``path/to/file:line``."""
    return clean(where.replace("\\", "/").rpartition("/")[2])


def parameters(op: str, params: dict[str, Any], shape: tuple[int, ...]) -> str:
    """Return the static arguments of an op that a reader wants to see."""
    parts = []
    for key, value in params.items():
        if key == "axis" and value is not None and (shape or op not in ("sum", "mean", "max", "min")):
            parts.append(f"axis {_axes(value)}")
        elif key == "axes" and value is not None:
            parts.append(f"axes {_axes(value)}")
        elif key == "index":
            parts.append(_index(value))
        elif key == "groups" and value != 1:
            parts.append(f"groups {value}")
        elif key == "ddof" and value:
            parts.append(f"ddof {value}")
        elif key == "dtype":
            parts.append(str(value))
        elif hasattr(value, "kernel") and hasattr(value, "stride"):
            parts.append(_windows(value))
        elif key == "output" and isinstance(params.get("inputs"), (tuple, list)):
            parts.append(f"{','.join(params['inputs'])}→{value}")
    return clean(", ".join(parts))


def _axes(value: Any) -> str:
    if isinstance(value, (tuple, list)):
        return str(value[0]) if len(value) == 1 else str(tuple(value))
    return str(value)


def _index(index: Any) -> str:
    """Return an index as it stands in brackets; arrays of indices only by their shape."""
    parts = []
    for part in index if isinstance(index, tuple) else (index,):
        if isinstance(part, slice):
            ends = ["" if v is None else str(v) for v in (part.start, part.stop, part.step)]
            parts.append(":".join(ends if ends[2] else ends[:2]))
        elif part is Ellipsis:
            parts.append("...")
        elif getattr(part, "ndim", 0):
            parts.append(f"array{shape_text(part.shape)}")
        else:
            parts.append(str(part))
    return f"[{', '.join(parts)}]"


def _windows(w: Any) -> str:
    parts = ["×".join(map(str, w.kernel))]
    if tuple(w.stride) != (1, 1):
        parts.append(f"stride {w.stride[0]}" if w.stride[0] == w.stride[1] else f"stride {tuple(w.stride)}")
    sides = {side for axis in w.padding for side in axis}
    if sides != {0}:
        parts.append(f"padding {sides.pop()}" if len(sides) == 1 else f"padding {tuple(w.padding)}")
    if tuple(w.dilation) != (1, 1):
        parts.append(f"dilation {tuple(w.dilation)}")
    return ", ".join(parts)
