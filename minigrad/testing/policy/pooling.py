"""The points of pooling: ties within a window."""

from __future__ import annotations

from .point import Point, of_x

POINTS: tuple[Point, ...] = (
    of_x("max_pool1d", "mg.ops.pooling.max_pool1d(x, 2)",
         [[[5.0, 5.0, 1.0, 1.0]]], [[[1.0, 0.0, 1.0, 0.0]]], "convention", "the first"),
    of_x("max_pool3d", "mg.ops.pooling.max_pool3d(x, 2)", [[[[[5.0, 5.0], [5.0, 5.0]]] * 2]],
         [[[[[1.0, 0.0], [0.0, 0.0]], [[0.0, 0.0], [0.0, 0.0]]]]], "convention", "the first"),
    of_x("adaptive_max_pool1d", "mg.ops.pooling.adaptive_max_pool1d(x, 1)",
         [[[2.0, 2.0, 1.0]]], [[[1.0, 0.0, 0.0]]], "convention",
         "the first"),
)  # fmt: skip
