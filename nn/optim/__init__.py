"""Optimizers: they change parameters in place, by their gradients, and record nothing.

Each says how arrays change in one step; what they share is in :mod:`minigrad.nn.optim.optimizer`.

Gradients add up until they are forgotten, so one step can be made of many batches, as large as memory allows:

>>> import numpy as np
>>> from minigrad import nn
>>> model, loss = nn.Affine(2, 1), nn.MSELoss()
>>> optimizer = nn.SGD(model.parameters(), lr=0.1)
>>> x, y = np.ones((6, 2), np.float32), np.zeros((6, 1), np.float32)
>>> optimizer.zero_grad()
>>> for part in (slice(0, 2), slice(2, 4), slice(4, 6)):
...     (loss(model(x[part]), y[part]) / 3).backward()
>>> optimizer.step()
"""

from .adam import Adam, AdamW, Lion, NAdam
from .adaptive import AdaDelta, AdaGrad, RMSprop
from .group import Group
from .lbfgs import LBFGS
from .optimizer import Optimizer
from .sgd import SGD, Momentum, Nesterov

__all__ = [
    "AdaDelta",
    "AdaGrad",
    "Adam",
    "AdamW",
    "Group",
    "LBFGS",
    "Lion",
    "Momentum",
    "NAdam",
    "Nesterov",
    "Optimizer",
    "RMSprop",
    "SGD",
]
