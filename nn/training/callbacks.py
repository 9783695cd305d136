"""What a :class:`minigrad.nn.Trainer` can do in the course of a run, beside training."""

from .adjust import Averaging, Schedule
from .callback import Callback
from .checkpoint import Checkpoint
from .plot import LivePlot
from .statistics import ActivationStatistics, GradientStatistics
from .stopping import EarlyStopping, NaNStop

__all__ = [
    "ActivationStatistics",
    "Averaging",
    "Callback",
    "Checkpoint",
    "EarlyStopping",
    "GradientStatistics",
    "LivePlot",
    "NaNStop",
    "Schedule",
]
