"""The table of samples: at least one entry per registered op."""

from tests.ops import (
    samples_arithmetic,
    samples_elementary,
    samples_functional,
    samples_layers,
    samples_layout,
    samples_linalg,
    samples_order,
    samples_recurrent,
    samples_reduction,
    samples_scan,
    samples_selection,
    samples_shape,
    samples_signal,
    samples_special,
    samples_transforms,
)

SAMPLES = [
    *samples_arithmetic.SAMPLES,
    *samples_elementary.SAMPLES,
    *samples_functional.SAMPLES,
    *samples_layers.SAMPLES,
    *samples_layout.SAMPLES,
    *samples_linalg.SAMPLES,
    *samples_order.SAMPLES,
    *samples_recurrent.SAMPLES,
    *samples_reduction.SAMPLES,
    *samples_scan.SAMPLES,
    *samples_selection.SAMPLES,
    *samples_shape.SAMPLES,
    *samples_signal.SAMPLES,
    *samples_special.SAMPLES,
    *samples_transforms.SAMPLES,
]
