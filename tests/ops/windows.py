"""Convolution and pooling written out: one window after the other."""

from typing import Any

import numpy as np


def two(value: Any) -> tuple[int, int]:
    return value if isinstance(value, tuple) else (value, value)


class Geometry:
    """Where the windows lie, from the arguments of the public functions."""

    def __init__(self, shape: Any, kernel: Any, stride: Any = 1, padding: Any = 0, dilation: Any = 1) -> None:
        self.kernel, self.stride, self.dilation = two(kernel), two(stride), two(dilation)
        spans = [d * (k - 1) for d, k in zip(self.dilation, self.kernel, strict=True)]
        named = {"valid": [(0, 0)] * 2, "full": [(s, s) for s in spans], "same": [(s // 2, s - s // 2) for s in spans]}
        self.padding = named[padding] if isinstance(padding, str) else [(p, p) for p in two(padding)]
        self.out = tuple(
            [
                (n + sum(p) - s - 1) // t + 1
                for n, p, s, t in zip(shape[2:], self.padding, spans, self.stride, strict=True)
            ]
        )

    def pad(self, x: Any, value: float = 0.0) -> Any:
        return np.pad(x, [(0, 0), (0, 0), *self.padding], constant_values=value)

    def window(self, x: Any, i: int, j: int) -> Any:
        """The window at output place (i, j) of a padded array, as a view."""
        (sh, sw), (dh, dw), (fh, fw) = self.stride, self.dilation, self.kernel
        return x[:, :, i * sh : i * sh + dh * (fh - 1) + 1 : dh, j * sw : j * sw + dw * (fw - 1) + 1 : dw]

    def places(self) -> Any:
        return np.ndindex(self.out)


def conv2d(
    x: Any,
    weight: Any,
    bias: Any,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
    floor: Any = True,
) -> Any:
    g = Geometry(x.shape, weight.shape[2:], stride, padding, dilation)
    xp = g.pad(x.astype(float))
    out = np.zeros((len(x), len(weight), *g.out))
    filters, channels = len(weight) // groups, x.shape[1] // groups
    for i, j in g.places():
        part = g.window(xp, i, j)
        for o in range(len(weight)):
            first = o // filters * channels
            out[:, o, i, j] = np.sum(part[:, first : first + channels] * weight[o], axis=(1, 2, 3))
    out = out if bias is None else out + bias[:, None, None]
    return out.astype(x.dtype)


def im2col(x: Any, kernel_size: Any, stride: Any = 1, padding: Any = 0, dilation: Any = 1, floor: Any = True) -> Any:
    g = Geometry(x.shape, kernel_size, stride, padding, dilation)
    xp = g.pad(x)
    rows = [g.window(xp[n : n + 1], i, j).ravel() for n in range(len(x)) for i, j in g.places()]
    return np.array(rows, dtype=x.dtype).reshape(len(rows), x.shape[1] * g.kernel[0] * g.kernel[1])


def col2im(
    columns: Any, shape: Any, kernel_size: Any, stride: Any = 1, padding: Any = 0, dilation: Any = 1, floor: Any = True
) -> Any:
    g = Geometry(shape, kernel_size, stride, padding, dilation)
    out = g.pad(np.zeros(shape, columns.dtype))
    rows = iter(columns)
    for n in range(shape[0]):
        for i, j in g.places():
            part = g.window(out[n : n + 1], i, j)
            part += next(rows).reshape(part.shape)
    (top, _), (left, _) = g.padding
    return out[:, :, top : top + shape[2], left : left + shape[3]]


def pool(x: Any, reduce: Any, value: float, kernel_size: Any, stride: Any = None, padding: Any = 0) -> Any:
    g = Geometry(x.shape, kernel_size, kernel_size if stride is None else stride, padding)
    xp = g.pad(x, value)
    out = np.zeros((*x.shape[:2], *g.out), x.dtype)
    for i, j in g.places():
        out[:, :, i, j] = reduce(g.window(xp, i, j), axis=(2, 3))
    return out


def max_pool2d(x: Any, kernel_size: Any, stride: Any = None, padding: Any = 0, floor: Any = True) -> Any:
    return pool(x, np.max, -np.inf, kernel_size, stride, padding)


def avg_pool2d(x: Any, kernel_size: Any, stride: Any = None, padding: Any = 0, floor: Any = True) -> Any:
    return pool(x, np.mean, 0.0, kernel_size, stride, padding)


def avg_unpool2d(x: Any, shape: Any, w: Any) -> Any:
    """Each entry over the size of its window, added to all elements of it: the transpose of avg_pool2d."""
    g = Geometry(shape, w.kernel, w.stride, w.padding[0][0])
    out = g.pad(np.zeros(shape, x.dtype))
    for i, j in g.places():
        part = g.window(out, i, j)
        part += x[:, :, i, j][:, :, None, None] / (w.kernel[0] * w.kernel[1])
    (top, _), (left, _) = g.padding
    return out[:, :, top : top + shape[2], left : left + shape[3]]
