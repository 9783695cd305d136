"""Optimizers: they change parameters in place, by their gradients, and record nothing.

Each says how arrays change in one step; what they share is in :mod:`minigrad.nn.optim.optimizer`.
"""

from .adam import Adam
from .optimizer import Optimizer
from .sgd import SGD

__all__ = ["Adam", "Optimizer", "SGD"]
