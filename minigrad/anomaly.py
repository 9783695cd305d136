"""Anomaly detection: where the first value that is not finite was born (see :class:`minigrad.detect_anomaly`)."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from .graph import Node

if TYPE_CHECKING:
    from .op import Op

_PACKAGE = os.path.dirname(os.path.abspath(__file__)) + os.sep
_TOP = os.path.dirname(os.path.dirname(_PACKAGE)) + os.sep
# nn and viz stand beside the engine in a checkout, inside of it when installed.
_OWN = (_PACKAGE, os.path.join(_TOP, "nn") + os.sep, os.path.join(_TOP, "viz") + os.sep)


_LONGEST = 8
"""Ops of the chain that led to an anomaly; more would hide the message."""


class AnomalyError(ArithmeticError):
    """A value or a gradient was not finite, under :class:`minigrad.detect_anomaly`.

    Attributes
    ----------
    op : str
        The op's name.
    where : str or None
        ``file:line`` of its call; None where the forward pass was not run under detect_anomaly.
    node : Node or None
        The op's node, to be found again in a drawing; None where nothing was recorded.
    """

    def __init__(self, message: str, op: str, where: str | None, node: Node | None) -> None:
        super().__init__(message)
        self.op, self.where, self.node = op, where, node


def caller() -> str:
    """Return ``file:line`` of the innermost frame that is not minigrad's own."""
    frame = sys._getframe(1)
    while frame.f_back is not None:
        file = frame.f_code.co_filename
        if not file.startswith(_OWN) and not file.startswith("<minigrad"):
            break
        frame = frame.f_back
    return f"{frame.f_code.co_filename}:{frame.f_lineno}"


def _first_bad(value: Any) -> str | None:
    array = np.asarray(value) if not hasattr(value, "dtype") else value
    if array.dtype.kind != "f":
        return None
    bad = ~np.isfinite(array)
    count = int(np.count_nonzero(bad))
    if not count:
        return None
    index = tuple(int(i) for i in np.argwhere(bad)[0]) if array.ndim else ()
    return f"{count} of {array.size} entries: {array[index]} at index {index}"


def _range(value: Any) -> str:
    shape = np.shape(value)
    array = np.asarray(value)
    if not array.size:
        return f"shape {shape}, empty"
    if not shape:
        return f"{array}"
    finite = array[np.isfinite(array)] if array.dtype.kind == "f" else array
    text = f"from {finite.min()} to {finite.max()}" if finite.size else "nothing finite"
    return f"shape {shape}, {text}" + ("" if finite.size == array.size else ", not all finite")


def _chain(inputs: Iterable[Any]) -> list[str]:
    """Return the ops that led to a value, newest first: at each step the newest input, as that is the longest way."""
    lines: list[str] = []
    node = _newest(inputs)
    while node is not None and len(lines) < _LONGEST:
        where = node.extra.where if node.extra is not None else None
        lines.append(f"    {node.op.name} {node.shape}" + (f" at {where}" if where else ""))
        node = _newest(node.inputs)
    if node is not None:
        lines.append("    ...")
    return ["  it came from, newest first:", *lines] if lines else []


def _newest(inputs: Iterable[Any]) -> Node | None:
    nodes = [node for node in inputs if isinstance(node, Node)]
    return max(nodes, key=lambda node: node.seq) if nodes else None


def check_forward(op: Op, values: list[Any], out: Any, inputs: Iterable[Any], node: Node | None) -> str:
    """Raise if `out`, the value of `op`, is not finite; return where the user called it.

    Raises
    ------
    AnomalyError
        Naming the op, the user's file and line, the shapes and the inputs' ranges.
    """
    where = caller()
    bad = _first_bad(out)
    if bad is not None:
        lines = [f"{op.name}: the value is not finite ({bad})", f"  at {where}"]
        lines += [f"  {op.argument_name(k)}: {_range(value)}" for k, value in enumerate(values) if value is not None]
        lines += _chain(inputs)
        raise AnomalyError("\n".join(lines), op.name, where, node)
    return where


def check_gradient(node: Node, k: int, g: Any, upstream: Any) -> None:
    """Raise if `g`, the gradient of argument `k` of `node`, is not finite; `upstream` is what it was made of.

    Raises
    ------
    AnomalyError
        Naming the op, the argument, and, where the forward pass ran under detect_anomaly too, the file and line.
    """
    bad = _first_bad(g)
    if bad is None:
        return
    where = node.extra.where if node.extra is not None else None
    place = where or "unknown (run the forward pass under detect_anomaly() too)"
    lines = [
        f"{node.op.name}: the gradient of {node.op.argument_name(k)} is not finite ({bad})",
        f"  the op was called at {place}",
        f"  upstream gradient: {_range(upstream)}",
    ]
    for position, _, saved in [(edge[1], edge[0], edge[2]) for edge in node.edges or ()]:
        if position == k:
            names = node.op.names[k]
            lines += [f"  {name}: {_range(v)}" for name, v in zip(names, saved, strict=True) if hasattr(v, "dtype")]
    lines += _chain(node.inputs)
    raise AnomalyError("\n".join(lines), node.op.name, where, node)


def inside(node: Node, what: str, error: AnomalyError) -> AnomalyError:
    """Return the error for an anomaly in the ops that the "gradient" or "tangent" of `node` is computed with."""
    where = node.extra.where if node.extra is not None else None
    place = where or "unknown (run the forward pass under detect_anomaly() too)"
    text = f"{node.op.name}: its {what} is not finite\n  the op was called at {place}\n  in its rule, {error}"
    return AnomalyError(text, node.op.name, where, node)
