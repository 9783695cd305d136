"""The table of samples: at least one entry per registered op."""

from tests.ops import (
    samples_arithmetic,
    samples_layers,
    samples_layout,
    samples_order,
    samples_reduction,
    samples_scan,
    samples_selection,
    samples_shape,
)

SAMPLES = [
    *samples_arithmetic.SAMPLES,
    *samples_reduction.SAMPLES,
    *samples_shape.SAMPLES,
    *samples_layers.SAMPLES,
    *samples_scan.SAMPLES,
    *samples_order.SAMPLES,
    *samples_selection.SAMPLES,
    *samples_layout.SAMPLES,
]
