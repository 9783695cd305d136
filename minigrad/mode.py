"""The ambient settings of the engine: whether ops are recorded, and how.

They live in one context variable, so that each thread and each asyncio task has its own. The default is ``None``
and not an object: an op then learns with a single test that nothing special is asked of it.
"""

from __future__ import annotations

from contextlib import ContextDecorator
from contextvars import ContextVar, Token
from types import TracebackType
from typing import ClassVar, NamedTuple


class Mode(NamedTuple):
    """What an op does besides computing its value."""

    grad: bool = True
    decompose: bool = False
    anomaly: bool = False


_DEFAULT = Mode()
_current: ContextVar[Mode | None] = ContextVar("minigrad.mode", default=None)

current = _current.get


class _Setting(ContextDecorator):
    """A change of mode, usable as ``with setting():`` and as a decorator; nestable and reusable."""

    _change: ClassVar[dict[str, bool]]

    def __init__(self) -> None:
        self._tokens: list[Token[Mode | None]] = []

    def _recreate_cm(self) -> _Setting:
        # A decorated function may run in several threads at once: each call gets a token stack of its own.
        return type(self)()

    def __enter__(self) -> None:
        mode = (_current.get() or _DEFAULT)._replace(**self._change)
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
