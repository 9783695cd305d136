"""The ambient settings of the engine: whether ops are recorded, and how.

They live in one context variable, so that each thread and each asyncio task has its own. The default is ``None``
and not an object: an op then learns with a single test that nothing special is asked of it.
"""

from __future__ import annotations

from contextlib import ContextDecorator
from contextvars import ContextVar, Token
from types import TracebackType
from typing import Any, ClassVar, NamedTuple

from .graph import Scope, next_seq


class Mode(NamedTuple):
    """What an op does besides computing its value."""

    grad: bool = True
    decompose: bool = False
    anomaly: bool = False
    lines: bool = False
    scopes: tuple[Scope, ...] = ()


_DEFAULT = Mode()
_current: ContextVar[Mode | None] = ContextVar("minigrad.mode", default=None)

current = _current.get


class _Setting(ContextDecorator):
    """A change of mode, usable as ``with setting():`` and as a decorator; nestable and reusable."""

    _change: ClassVar[dict[str, Any]]

    def __init__(self) -> None:
        self._tokens: list[Token[Mode | None]] = []

    def _recreate_cm(self) -> _Setting:
        # A decorated function may run in several threads at once: each call gets a token stack of its own.
        return type(self)()

    def _changed(self, mode: Mode) -> Mode:
        return mode._replace(**self._change)

    def __enter__(self) -> None:
        mode = self._changed(_current.get() or _DEFAULT)
        self._tokens.append(_current.set(None if mode == _DEFAULT else mode))

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        _current.reset(self._tokens.pop())


class no_grad(_Setting):
    """Record nothing: results are constants, and no value is kept for a backward pass.

    Examples
    --------
    >>> import minigrad as mg
    >>> x = mg.Tensor(3.0, requires_grad=True)
    >>> with mg.no_grad():
    ...     y = x * x
    >>> y.requires_grad
    False
    """

    _change: ClassVar[dict[str, bool]] = {"grad": False}


class enable_grad(_Setting):
    """Record again, inside of a :class:`no_grad` block.

    Examples
    --------
    >>> import minigrad as mg
    >>> x = mg.Tensor(3.0, requires_grad=True)
    >>> with mg.no_grad(), mg.enable_grad():
    ...     y = x * x
    >>> y.requires_grad
    True
    """

    _change: ClassVar[dict[str, bool]] = {"grad": True}


class decompose(_Setting):
    """Record the primitive ops of a fused op in its place.

    A convolution then appears as pad, im2col, reshape, matmul and add, and softmax cross-entropy as exp, sum,
    divide and log: the same values and gradients, every step of them visible.

    Examples
    --------
    >>> import minigrad as mg
    >>> x = mg.Tensor([1.0, 2.0], requires_grad=True)
    >>> mg.sigmoid(x).node.op.name
    'sigmoid'
    >>> with mg.decompose():
    ...     y = mg.sigmoid(x)
    >>> y.node.op.name
    'divide'
    """

    _change: ClassVar[dict[str, bool]] = {"decompose": True}


class detect_anomaly(_Setting):
    """Raise :class:`minigrad.AnomalyError` at the first value that is not finite, forward or backward.

    The error names the op, the line of the user's file that called it, the shapes and the ranges of its inputs.
    Each value is checked, so this is for debugging; outside of the block nothing is checked and nothing is slower.

    Examples
    --------
    >>> import minigrad as mg
    >>> x = mg.Tensor([1.0, 0.0], requires_grad=True)
    >>> with mg.detect_anomaly():
    ...     mg.log(x)
    Traceback (most recent call last):
        ...
    minigrad.anomaly.AnomalyError: log: the value is not finite (1 of 2 entries: -inf at index (1,))
    ...
    """

    _change: ClassVar[dict[str, bool]] = {"anomaly": True}


class record_lines(_Setting):
    """Record the line of the user's file at which each op is called, for drawings and messages.

    Outside of the block nothing is looked up and nothing is slower. :class:`detect_anomaly` records the lines as well.

    Examples
    --------
    >>> import minigrad as mg
    >>> x = mg.Tensor(3.0, requires_grad=True)
    >>> with mg.record_lines():
    ...     y = x * x
    >>> y.node.extra.where
    '<doctest ...>:2'
    """

    _change: ClassVar[dict[str, bool]] = {"lines": True}


class scope(_Setting):
    """Give a name to what is computed in the block: drawings frame it, and fold it, as they do with modules.

    Parameters
    ----------
    name : str
        Any text.

    Raises
    ------
    TypeError
        If the name is no text.

    Examples
    --------
    >>> import minigrad as mg
    >>> from minigrad import viz
    >>> x = mg.Tensor([3.0, 4.0], requires_grad=True, name="x")
    >>> with mg.scope("norm"):
    ...     length = mg.sqrt((x * x).sum())
    >>> [cluster.label for cluster in viz.draw(length * 2).picture.clusters]
    ['norm']
    """

    def __init__(self, name: str) -> None:
        if not isinstance(name, str):
            raise TypeError(f"scope: the name must be a str, got {type(name).__name__}")
        super().__init__()
        self.name = name

    def _recreate_cm(self) -> scope:
        return scope(self.name)

    def _changed(self, mode: Mode) -> Mode:
        # A new one at each entry: a loop that passes through the block twice has two of them.
        return mode._replace(scopes=(*mode.scopes, Scope(self.name, next_seq())))


def is_grad_enabled() -> bool:
    """Return whether ops are being recorded in this thread.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.is_grad_enabled()
    True
    """
    mode = _current.get()
    return mode is None or mode.grad
