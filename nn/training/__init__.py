"""Training: the loop, its callbacks, and what it records."""

from . import callbacks
from .callback import Callback
from .history import History
from .trainer import Trainer

__all__ = ["Callback", "History", "Trainer", "callbacks"]
