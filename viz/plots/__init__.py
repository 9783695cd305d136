"""Plots of training: curves, filters, feature maps, histograms, boundaries, paths, confusions. They need matplotlib.

Each function draws into the axes that are passed as ``ax=``, or into a new figure, and returns the figure; none needs a
screen, and none touches pyplot's state. ``figure.savefig("name.png")`` writes it; a notebook shows it.
"""

from .classes import confusion_matrix
from .curves import learning_curves
from .distributions import histograms
from .images import feature_maps, filters, images, misclassified
from .plane import decision_boundary, optimizer_paths

__all__ = [
    "confusion_matrix",
    "decision_boundary",
    "feature_maps",
    "filters",
    "histograms",
    "images",
    "learning_curves",
    "misclassified",
    "optimizer_paths",
]
