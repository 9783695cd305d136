"""The table of samples: at least one entry per registered op."""

from tests.ops import (
    samples_arithmetic,
    samples_functional,
    samples_layers,
    samples_reduction,
    samples_shape,
    samples_transforms,
)

SAMPLES = [
    *samples_arithmetic.SAMPLES,
    *samples_reduction.SAMPLES,
    *samples_shape.SAMPLES,
    *samples_layers.SAMPLES,
    *samples_functional.SAMPLES,
    *samples_transforms.SAMPLES,
]
