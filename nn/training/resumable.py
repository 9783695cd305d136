"""What a training run saves, and goes on from."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from ..mixed_precision import GradScaler
from ..optim import Optimizer
from .callback import Callback
from .evaluation import Evaluator
from .feed import Feed
from .history import History
from .state import Position, RandomStates, read_tree, take_over, write_tree

__all__ = ["Resumable"]

_FORMAT = "minigrad.nn.Trainer 1"


class Resumable(Evaluator):
    """The part of a trainer that saves and loads its state."""

    optimizer: Optimizer
    scaler: GradScaler | None
    callbacks: list[Callback]
    history: History
    _position: Position
    _random: RandomStates
    _feed: Feed
    _whole: bool

    @property
    def resumable(self) -> bool:
        """Whether the state may be saved: not in the middle of a step, nor after an error there."""
        return self._whole

    def _members(self) -> dict[str, Any]:
        """Return everything with a state, by its name in the file."""
        members: dict[str, Any] = {
            # First: its generator may be the package's, whose state follows.
            "data": self._feed,
            "position": self._position,
            "history": self.history,
            "random": self._random,
            "model": self.model,
            "optimizer": self.optimizer,
        }
        if self.scaler is not None:
            members["scaler"] = self.scaler
        members.update({f"metrics.{name}": metric for name, metric in self.metrics.items()})
        kinds: dict[str, int] = {}
        for callback in self.callbacks:
            kind = type(callback).__name__
            kinds[kind] = count = kinds.get(kind, 0) + 1
            # Those without a state may come and go between two runs.
            if type(callback).state_dict is not Callback.state_dict:
                members[f"callbacks.{kind}" + (f".{count}" if count > 1 else "")] = callback
        return members

    def state_dict(self) -> dict[str, Any]:
        """Return all that a run needs to go on exactly: a tree of dicts, lists, plain values and arrays.

        It holds the model and its buffers, the optimizer, the random generators of the package and of the modules, the
        position within the data, the callbacks and the history.

        Raises
        ------
        RuntimeError
            In the middle of a step, or after an error there.
        """
        if not self._whole:
            raise RuntimeError("Trainer: a step is under way or was broken off, so there is no state to go on from")
        return {"format": _FORMAT, **{name: member.state_dict() for name, member in self._members().items()}}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over what :meth:`state_dict` returned, all of it or, if anything does not fit, nothing.

        Raises
        ------
        ValueError
            If it is that of another model, optimizer or set of callbacks, or no state of a trainer at all.
        """
        if not isinstance(state, Mapping) or state.get("format") != _FORMAT:
            raise ValueError(f"Trainer: not the state of a trainer, which has {_FORMAT!r} as its format")
        pending = self._feed.pending
        try:
            take_over({name: part for name, part in state.items() if name != "format"}, self._members())
        except ValueError:
            self._feed.pending = pending
            raise
        self._whole = True

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write :meth:`state_dict` into one file, whole or not at all; a file of :func:`minigrad.nn.load` too.

        Parameters
        ----------
        path : str or path
            Ends in ``.safetensors``, which is the default, or ``.npz``.
        """
        write_tree(self.state_dict(), path)

    def load(self, path: str | os.PathLike[str]) -> None:
        """Go on from a file of :meth:`save`; nothing in it is ever executed.

        Raises
        ------
        FileNotFoundError
            If there is none.
        ValueError
            If it is damaged, or does not fit. The model, the optimizer and all else are then as they were.
        """
        tree = read_tree(path)
        try:
            self.load_state_dict(tree)
        except ValueError as error:
            raise ValueError(f"{os.fspath(path)}: {error}") from error
