"""What all optimizers share: parameter groups, state, and the step over them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, ClassVar

import numpy as np

from minigrad import Tensor

from .group import Group, Params, State, read_groups, state_dtype
from .settings import Setting, number

__all__ = ["Optimizer"]

# A step makes several passes over the data. Larger parameters are taken in pieces of so many elements, which stay in
# the cache from the first pass to the last; it is also all the scratch memory there is.
PIECE = 1 << 16

# Every so many steps, state below the smallest normal number becomes 0 (see _flush).
FLUSH_EVERY = 16


class Optimizer:
    """What all optimizers share. A subclass declares its settings, names its state, and writes ``_update``.

    The first step makes the state; later steps allocate no arrays. State of float16 parameters is float32, as is the
    arithmetic of their step.

    Parameters
    ----------
    params : iterable of Tensor, of (str, Tensor), or of groups
        Leaves, such as ``model.parameters()``, under whose names in the model the state is saved; pairs say other
        names, and lists of tensors have none: there it is their position. A group is a mapping that has some of these
        under ``"params"``, and settings of its own beside it.
    **settings
        For the parameters whose group does not say otherwise. ``lr``, the learning rate, is one of them.

    Attributes
    ----------
    groups : list of Group
        With the settings as attributes, which may be set between steps. ``optimizer.lr = 0.01`` sets it in all groups.

    Raises
    ------
    TypeError
        If a parameter is no leaf Tensor, or a setting no number.
    ValueError
        If there are no parameters, one is given twice, or a setting is unknown or out of range.

    Examples
    --------
    Weights decay, and biases do not:

    >>> from minigrad import nn
    >>> model = nn.Affine(3, 2)
    >>> optimizer = nn.SGD([{"params": [model.weight], "weight_decay": 0.01}, {"params": [model.bias]}], lr=0.1)
    >>> optimizer.groups[0].weight_decay, optimizer.groups[1].weight_decay, optimizer.lr
    (0.01, 0.0, 0.1)
    """

    # All settings by name, filled in as they are declared.
    settings: ClassVar[dict[str, Setting]] = {}
    scratches: ClassVar[int] = 1

    lr = Setting(number)

    def __init__(self, params: Params, **settings: Any) -> None:
        kind = type(self).__name__
        # Also those that every group overrides are checked.
        self._defaults = {name: self.settings[name].check(kind, name, value) for name, value in settings.items()}
        self.groups: list[Group] = []
        self._scratch: dict[Any, tuple[Any, ...]] = {}
        self._add(params)

    def add_group(self, group: Mapping[str, Any]) -> None:
        """Optimize more parameters from now on.

        Parameters
        ----------
        group : mapping
            ``"params"``, and settings of their own beside it.

        Examples
        --------
        >>> from minigrad import nn
        >>> head, body = nn.Affine(2, 1), nn.Affine(4, 2)
        >>> optimizer = nn.SGD(head.parameters(), lr=0.1)
        >>> optimizer.add_group({"params": body.parameters(), "lr": 0.01})
        >>> [group.lr for group in optimizer.groups]
        [0.1, 0.01]
        """
        if not isinstance(group, Mapping):
            raise TypeError(f"{type(self).__name__}.add_group: a group is a mapping with 'params', got {group!r}")
        self._add([group])

    def _add(self, params: Any) -> None:
        kind = type(self).__name__
        taken = [(name, parameter) for group in self.groups for name, parameter in _named(group)]
        groups = []
        for own, named in read_groups(kind, params, self.settings, taken):
            group = Group(kind, self.settings, self._defaults | own)
            self._check_group(group)
            groups.append((group, named))
        # Nothing above can be half done: a wrong group leaves the optimizer as it was.
        for group, named in groups:
            for name, parameter in named:
                group.add(name, parameter)
            self.groups.append(group)

    def _check_group(self, group: Group) -> None:
        """Raise where settings do not go together; subclasses define it."""

    @property
    def parameters(self) -> list[Tensor]:
        """The parameters of all groups."""
        return [parameter for group in self.groups for parameter in group.parameters]

    @property
    def names(self) -> list[str]:
        """The names of all parameters."""
        return [name for group in self.groups for name in group.names]

    def zero_grad(self) -> None:
        """Forget the gradients: each parameter's ``.grad`` is None then."""
        for group in self.groups:
            for parameter, _ in group.members:
                parameter._grad = None

    # -- the step ----------------------------------------------------------------------------------------------------

    def step(self, closure: Callable[[], Tensor] | None = None) -> Tensor | None:
        """Move every parameter that has a gradient.

        Parameters
        ----------
        closure : function, optional
            Called first: forgets the gradients, makes new ones, and returns the loss. Only LBFGS needs one.

        Returns
        -------
        Tensor or None
            What `closure` returned.
        """
        loss = closure() if closure is not None else None
        for group in self.groups:
            slots = self._slots(group)
            for parameter, state in group.members:
                grad = parameter._grad
                if grad is None:
                    continue
                data = parameter._data
                # Settings change what is kept, and Module.to changes the dtype.
                if state.slots != slots or state.dtype is not data.dtype:
                    self._take(state, data, slots, self._new_arrays(group, data, slots, state.arrays))
                t = state.t = state.t + 1
                if state.whole:
                    self._update(group, t, data, grad._data, *state.buffers)
                else:
                    self._update_in_pieces(group, t, data, grad._data, state.buffers)
                parameter.mark_written()
                if t % FLUSH_EVERY == 0:
                    for array in state.arrays.values():
                        _flush(array)
        return loss

    def _update_in_pieces(self, group: Group, t: int, data: Any, grad: Any, buffers: tuple[Any, ...]) -> None:
        # Almost always these are the arrays themselves; others (a transpose, say) have no flat view to write to.
        contiguous = np.asarray(data, order="C")
        flat = [array.reshape(-1) for array in (contiguous, grad, *buffers)]
        size = data.size
        coarse = data.dtype.itemsize < 4
        for start in range(0, size, PIECE):
            part = slice(start, min(start + PIECE, size))
            pieces = [a[part] if a.size == size else a[: part.stop - start] for a in flat]
            if coarse:
                *pieces, wide, wide_grad = pieces
                np.copyto(wide, pieces[0])
                np.copyto(wide_grad, pieces[1])
                self._update(group, t, wide, wide_grad, *pieces[2:])
                np.copyto(pieces[0], wide, casting="same_kind")
            else:
                self._update(group, t, *pieces)
        if contiguous is not data:
            data[...] = contiguous

    def _new_arrays(self, group: Group, data: Any, slots: tuple[str, ...], old: dict[str, Any]) -> dict[str, Any]:
        """Return the state's arrays by name: new ones, but for those that there are already."""
        dtype = state_dtype(data)
        return {
            slot: old[slot].astype(dtype, copy=False)
            if slot in old
            else np.full_like(data, self._first(group, slot), dtype=dtype, order="C")
            for slot in slots
        }

    def _take(self, state: State, data: Any, slots: tuple[str, ...], arrays: dict[str, Any]) -> None:
        """Give a parameter's state its arrays, and scratch arrays, whose memory all of a size and dtype share."""
        shape = data.shape if data.size <= PIECE else (PIECE,)
        key = (shape, data.dtype)
        if key not in self._scratch:
            # float16 numbers and their gradient are widened into two more.
            count = self.scratches + 2 * (data.dtype.itemsize < 4)
            self._scratch[key] = tuple([np.empty_like(data, state_dtype(data), shape=shape) for _ in range(count)])
        state.slots, state.dtype, state.arrays = slots, data.dtype, arrays
        state.whole = data.size <= PIECE and data.dtype.itemsize >= 4
        state.buffers = (*arrays.values(), *self._scratch[key])

    def _slots(self, group: Group) -> tuple[str, ...]:
        """Return the names of the arrays kept per parameter; subclasses define it."""
        return ()

    def _first(self, group: Group, slot: str) -> float:
        """Return what such an array is filled with at first."""
        return 0.0

    def _update(self, group: Group, t: int, data: Any, grad: Any, *buffers: Any) -> None:
        """Change `data` in place by step number `t`; `buffers` are the state's arrays and the scratch arrays."""
        raise NotImplementedError

    # -- state -------------------------------------------------------------------------------------------------------

    def state_dict(self) -> dict[str, Any]:
        """Return the settings and copies of the state as arrays by name, ready for :func:`minigrad.nn.save`.

        Examples
        --------
        >>> from minigrad import nn
        >>> nn.SGD([nn.Parameter([1.0])], lr=0.5).state_dict()["groups.0.lr"]
        array(0.5)
        """
        result = {
            f"groups.{i}.{name}": np.array(value)
            for i, group in enumerate(self.groups)
            for name, value in group.values().items()
        }
        for group in self.groups:
            for name, (_, state) in zip(group.names, group.members, strict=True):
                if state.t:
                    result[f"{name}.step"] = np.array(state.t)
                    result.update({f"{name}.{slot}": array.copy() for slot, array in state.arrays.items()})
        return result

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over settings and state, all of it or, if anything does not fit, nothing.

        Parameters
        ----------
        state : mapping of str to array
            As :meth:`state_dict` of an optimizer of the same kind, for the same parameters in the same groups,
            returns it.

        Raises
        ------
        ValueError
            If names, shapes or dtypes differ, or a setting is out of range, with all differences listed.
        """
        left = {name: np.asarray(value) for name, value in state.items()}
        problems: list[str] = []
        groups = [self._read_group(i, group, left, problems) for i, group in enumerate(self.groups)]
        problems.extend([f"unexpected: {name!r}" for name in left])
        if problems:
            lines = "\n  ".join(problems)
            raise ValueError(f"{type(self).__name__}: the state does not fit, and nothing was loaded:\n  {lines}")
        for group, (found, states) in zip(self.groups, groups, strict=True):
            group.__dict__.update(found.values())
            group.members[:] = zip(group.parameters, states, strict=True)

    def _read_group(self, i: int, group: Group, left: dict[str, Any], problems: list[str]) -> tuple[Group, list[State]]:
        """Take a group's settings and states out of `left`; what does not fit goes to `problems`."""
        values, found = group.values(), group
        count = len(problems)
        for name, own in values.items():
            key = f"groups.{i}.{name}"
            value = left.pop(key, None)
            if value is None or value.shape != np.shape(own):
                problems.append(f"missing or of another shape: {key!r}")
            else:
                values[name] = value.tolist()
        if len(problems) == count:
            try:
                # A new group checks the settings as it checks a user's.
                found = Group(type(self).__name__, self.settings, values)
                self._check_group(found)
            except (TypeError, ValueError) as error:
                problems.append(str(error))
        slots = self._slots(found)
        states = [self._read_state(name, p._data, slots, left, problems) for name, p in _named(group)]
        return found, states

    def _read_state(
        self, name: str, data: Any, slots: tuple[str, ...], left: dict[str, Any], problems: list[str]
    ) -> State:
        result = State()
        t = left.pop(f"{name}.step", None)
        if t is None:
            return result
        count = len(problems)
        if t.shape or t.dtype.kind not in "iu" or t < 1:
            problems.append(f"'{name}.step' must be a number of steps, got {t!r}")
        arrays = {}
        for slot in slots:
            value = left.pop(f"{name}.{slot}", None)
            dtype = state_dtype(data)
            if value is None:
                problems.append(f"missing: '{name}.{slot}'")
            elif value.shape != data.shape or value.dtype != dtype:
                problems.append(
                    f"'{name}.{slot}': expected shape {data.shape} and dtype {dtype}, "
                    f"got {value.shape} and {value.dtype}"
                )
            else:
                arrays[slot] = value.copy(order="C")
        if len(problems) == count:
            result.t = int(t)
            self._take(result, data, slots, arrays)
        return result

    def __repr__(self) -> str:
        groups = [repr(group) for group in self.groups]
        text = groups[0] if len(groups) == 1 else "\n  " + "\n  ".join(groups) + "\n"
        return f"{type(self).__name__}({text})"


def _named(group: Group) -> Iterator[tuple[str, Tensor]]:
    return zip(group.names, group.parameters, strict=True)


def _flush(array: Any) -> None:
    """Round away what is below the smallest normal number, in place.

    A running mean of gradients that have become 0, as those of a dead ReLU, decays into the subnormal numbers and stays
    there. Processors take up to 100 times as long for those, which made a step of Adam 10 times slower.
    """
    limits = np.finfo(array.dtype)
    # Next to this number, the distance of neighbouring numbers is the smallest normal number.
    coarse = limits.tiny / limits.eps
    np.add(array, coarse, array)
    np.subtract(array, coarse, array)
