"""Measures of a model over a whole data set, gathered batch by batch.

The result over batches is the same as over all examples at once, also where the last batch is smaller.

>>> import numpy as np
>>> from minigrad.nn import metrics
>>> accuracy = metrics.Accuracy()
>>> accuracy.update([[2.0, 1.0], [0.0, 3.0]], [0, 0])
>>> accuracy.update([[0.0, 1.0]], [1])
>>> accuracy.compute()
0.6666666666666666
>>> metrics.Accuracy()([[2.0, 1.0], [0.0, 3.0]], [0, 0])  # at once
0.5
"""

from .base import Metric
from .classification import Accuracy, TopK
from .confusion import F1, ConfusionMatrix, Precision, Recall
from .regression import R2, MeanAbsoluteError

__all__ = [
    "Accuracy",
    "ConfusionMatrix",
    "F1",
    "MeanAbsoluteError",
    "Metric",
    "Precision",
    "R2",
    "Recall",
    "TopK",
]
