"""Diagnosis of gradients: how they flow from the loss back through the layers, and where that goes wrong."""

from .api import gradient_flow
from .compare import Comparison
from .paths import Step, Waterfall
from .records import Finding, Thresholds
from .report import FlowReport

__all__ = ["Comparison", "Finding", "FlowReport", "Step", "Thresholds", "Waterfall", "gradient_flow"]
