"""What all optimizers share: parameters, settings, state, and the step over them."""

from __future__ import annotations

import math
import numbers
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

import numpy as np

from minigrad import Tensor

__all__ = ["Optimizer", "number"]

# A step makes several passes over the data. Larger parameters are taken in pieces of so many elements, which stay in
# the cache from the first pass to the last; it is also all the scratch memory there is.
PIECE = 1 << 16

# Every so many steps, state below the smallest normal number becomes 0 (see _flush).
FLUSH_EVERY = 16


class Optimizer:
    """What all optimizers share. A subclass writes ``_update`` for arrays of any shape, and names its state.

    The first step makes the state; later steps allocate no arrays.

    Parameters
    ----------
    params : iterable of Tensor, or of (str, Tensor)
        Leaves, such as ``model.parameters()``, or ``model.named_parameters()``, under whose names the state is then
        saved; else under their position.
    lr : float
        The learning rate, at least 0; may be set between steps.

    Raises
    ------
    TypeError
        If a parameter is no leaf Tensor, or a setting no number.
    ValueError
        If there are no parameters, one is given twice, or a setting is out of range.
    """

    # The names of the settings and of the arrays kept per parameter, for files.
    settings: ClassVar[tuple[str, ...]] = ("lr",)
    slots: ClassVar[tuple[str, ...]] = ()
    scratches: ClassVar[int] = 1

    def __init__(self, params: Iterable[Tensor] | Iterable[tuple[str, Tensor]], lr: float) -> None:
        kind = type(self).__name__
        self.lr = lr
        self.parameters: list[Tensor] = []
        self.names: list[str] = []
        if isinstance(params, Tensor):
            raise TypeError(f"{kind}: expected an iterable of parameters, got one Tensor; write [tensor]")
        for i, item in enumerate(params):
            name, parameter = item if isinstance(item, tuple) else (str(i), item)
            if not isinstance(parameter, Tensor):
                raise TypeError(f"{kind}: parameter {name!r} must be a Tensor, got {type(parameter).__name__}")
            if not parameter.is_leaf:
                raise TypeError(f"{kind}: parameter {name!r} is {parameter.describe()}; only a leaf can be optimized")
            if any(parameter is other for other in self.parameters) or name in self.names:
                raise ValueError(f"{kind}: parameter {name!r} is given twice")
            parameter.grad = parameter.grad  # a constant has no slot for one before it is set
            self.parameters.append(parameter)
            self.names.append(name)
        if not self.parameters:
            raise ValueError(f"{kind}: there are no parameters to optimize")
        # Per parameter: how many steps it took, and its state's arrays with the scratch arrays after them, once it has
        # taken one.
        self._steps = [0] * len(self.parameters)
        self._buffers: list[tuple[Any, ...] | None] = [None] * len(self.parameters)
        self._scratch: dict[Any, tuple[Any, ...]] = {}

    @property
    def lr(self) -> float:
        """The learning rate."""
        return self._lr

    @lr.setter
    def lr(self, value: float) -> None:
        self._lr = number(type(self).__name__, "lr", value)

    def zero_grad(self) -> None:
        """Forget the gradients: each parameter's ``.grad`` is None then."""
        for parameter in self.parameters:
            parameter._grad = None

    def step(self) -> None:
        """Move every parameter that has a gradient."""
        count = len(self.slots) + self.scratches
        for i, parameter in enumerate(self.parameters):
            grad = parameter._grad
            if grad is None:
                continue
            data = parameter._data
            buffers = self._buffers[i]
            if buffers is None or len(buffers) != count:
                arrays = [np.zeros_like(data, order="C") for _ in self.slots]
                buffers = self._buffers[i] = self._new_buffers(data, arrays)
            t = self._steps[i] = self._steps[i] + 1
            if data.size <= PIECE:
                self._update(t, data, grad._data, *buffers)
            else:
                self._update_in_pieces(t, data, grad._data, buffers)
            parameter.mark_written()
            if t % FLUSH_EVERY == 0:
                for array in buffers[: -self.scratches]:
                    _flush(array)

    def _update_in_pieces(self, t: int, data: Any, grad: Any, buffers: tuple[Any, ...]) -> None:
        # Almost always these are the arrays themselves; others (a transpose, say) have no flat view to write to.
        contiguous = np.asarray(data, order="C")
        flat = [array.reshape(-1) for array in (contiguous, grad, *buffers)]
        size = data.size
        for start in range(0, size, PIECE):
            part = slice(start, min(start + PIECE, size))
            self._update(t, *[a[part] if a.size == size else a[: part.stop - start] for a in flat])
        if contiguous is not data:
            data[...] = contiguous

    def _new_buffers(self, data: Any, arrays: list[Any]) -> tuple[Any, ...]:
        """Return the state's arrays with scratch arrays, whose memory all parameters of a size and dtype share."""
        shape = data.shape if data.size <= PIECE else (PIECE,)
        key = (shape, data.dtype)
        if key not in self._scratch:
            self._scratch[key] = tuple([np.empty_like(data, shape=shape) for _ in range(self.scratches)])
        return (*arrays, *self._scratch[key])

    def _update(self, t: int, data: Any, grad: Any, *buffers: Any) -> None:
        """Change `data` in place by step number `t`; `buffers` are the state's arrays and the scratch arrays."""
        raise NotImplementedError

    # -- state -------------------------------------------------------------------------------------------------------

    def state_dict(self) -> dict[str, Any]:
        """Return the settings and copies of the state as arrays by name, ready for :func:`minigrad.nn.save`.

        Examples
        --------
        >>> from minigrad import nn
        >>> nn.SGD([nn.Parameter([1.0])], lr=0.5).state_dict()["settings.lr"]
        array(0.5)
        """
        state = {f"settings.{name}": np.array(getattr(self, name)) for name in self.settings}
        for name, t, buffers in zip(self.names, self._steps, self._buffers, strict=True):
            if t and buffers is not None:
                state[f"{name}.step"] = np.array(t)
                state.update({f"{name}.{slot}": array.copy() for slot, array in zip(self.slots, buffers, strict=False)})
        return state

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over settings and state, all of it or, if anything does not fit, nothing.

        Parameters
        ----------
        state : mapping of str to array
            As :meth:`state_dict` of an optimizer of the same kind, for the same parameters, returns it.

        Raises
        ------
        ValueError
            If names, shapes or dtypes differ, or a setting is out of range, with all differences listed.
        """
        kind = type(self).__name__
        left = {name: np.asarray(value) for name, value in state.items()}
        problems = []
        found: dict[str, Any] = {}
        for name in self.settings:
            own = np.array(getattr(self, name))
            value = left.pop(f"settings.{name}", None)
            if value is None or value.shape != own.shape:
                problems.append(f"missing or of another shape: 'settings.{name}'")
            else:
                found[name] = value.tolist()
        slots = self.slots
        if not problems:
            try:
                # A new optimizer of the kind checks the settings as it checks a user's.
                slots = type(self)(self.parameters, **found).slots
            except (TypeError, ValueError) as error:
                problems.append(str(error))
        steps: list[int] = []
        buffers: list[tuple[Any, ...] | None] = []
        for name, parameter in zip(self.names, self.parameters, strict=True):
            t = left.pop(f"{name}.step", None)
            if t is not None and (t.shape or t.dtype.kind not in "iu" or t < 1):
                problems.append(f"'{name}.step' must be a number of steps, got {t!r}")
            arrays = []
            for slot in slots if t is not None else ():
                value = left.pop(f"{name}.{slot}", None)
                if value is None:
                    problems.append(f"missing: '{name}.{slot}'")
                elif value.shape != parameter.shape or value.dtype != parameter.dtype:
                    problems.append(
                        f"'{name}.{slot}': expected shape {parameter.shape} and dtype {parameter.dtype}, "
                        f"got {value.shape} and {value.dtype}"
                    )
                else:
                    arrays.append(value.copy(order="C"))
            steps.append(0 if t is None or t.shape else int(t))
            buffers.append(None if t is None else self._new_buffers(parameter._data, arrays))
        problems.extend([f"unexpected: {name!r}" for name in left])
        if problems:
            lines = "\n  ".join(problems)
            raise ValueError(f"{kind}: the state does not fit, and nothing was loaded:\n  {lines}")
        for name, value in found.items():
            setattr(self, name, tuple(value) if isinstance(value, list) else value)
        self._steps, self._buffers = steps, buffers

    def __repr__(self) -> str:
        settings = ", ".join(f"{name}={getattr(self, name)!r}" for name in self.settings)
        return f"{type(self).__name__}({len(self.parameters)} parameters, {settings})"


def _flush(array: Any) -> None:
    """Round away what is below the smallest normal number, in place.

    A running mean of gradients that have become 0, as those of a dead ReLU, decays into the subnormal numbers and stays
    there. Processors take up to 100 times as long for those, which made a step of Adam 10 times slower.
    """
    if array.dtype.itemsize < 4:
        return  # in float16, numbers that small still count
    limits = np.finfo(array.dtype)
    # Next to this number, the distance of neighbouring numbers is the smallest normal number.
    coarse = limits.tiny / limits.eps
    np.add(array, coarse, array)
    np.subtract(array, coarse, array)


def number(kind: str, what: str, value: Any, below: float = math.inf) -> float:
    """Return a setting as a float.

    Raises
    ------
    TypeError
        If it is no number.
    ValueError
        If it is not in [0, below).
    """
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (numbers.Real, np.number)):
        raise TypeError(f"{kind}: {what} must be a number, got {value!r}")
    number = float(value)
    if not 0 <= number < below:
        top = "and finite" if below == math.inf else f"and below {below:g}"
        raise ValueError(f"{kind}: {what} must be at least 0 {top}, got {value!r}")
    return number
