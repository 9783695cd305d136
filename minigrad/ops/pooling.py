"""Pooling over one and three axes, adaptive and stochastic pooling: written with the kernels of conv2d's family."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..tensor import Tensor, asarray
from ._windows import Windows, windows
from .arithmetic import maximum, where
from .convolution import _avg_pool2d, _im2col, _max_pool2d
from .convolution_nd import depth_windows, flat, numbers, thirds
from .joining import concatenate
from .shape import _reshape


def _floating(name: str, input: Any, ndim: int) -> Tensor:
    x = asarray(input)
    if x.ndim != ndim + 2:
        raise ValueError(f"{name}: expected an input with {ndim + 2} axes (n, channels, ...), got shape {x.shape}")
    if x.dtype.kind != "f":
        raise TypeError(f"{name}: input must be floating, got {x.dtype}")
    return x


def _check_padding(name: str, padding: tuple[int, ...], kernel: tuple[int, ...]) -> None:
    for p, k in zip(padding, kernel, strict=True):
        if p > k // 2:
            raise ValueError(f"{name}: padding {p} is more than half of the kernel size {k}")


def _pool1d(
    name: str, pool: Any, input: Any, kernel_size: Any, stride: Any, padding: Any, dilation: Any, floor: bool
) -> Tensor:
    x = _floating(name, input, 1)
    k = flat(name, kernel_size, 1, "kernel_size")
    s = k if stride is None else flat(name, stride, 1, "stride")
    p, d = flat(name, padding, 0, "padding"), flat(name, dilation, 1, "dilation")
    images = _reshape(x, shape=(*x.shape[:2], 1, x.shape[2]))
    w = windows(name, images.shape, k, s, p, d, floor)
    for pads, size in zip(w.padding, w.kernel, strict=True):
        _check_padding(name, (max(pads),), (size,))
    y = pool(images, w=w)
    return _reshape(y, shape=(*y.shape[:2], y.shape[3]))


def max_pool1d(
    input: Any, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1, *, floor: bool = False
) -> Tensor:
    """Return the largest element of each window of sequences, of shape (n, c, length); see :func:`max_pool2d`.

    Raises
    ------
    ValueError, TypeError
        If the sizes do not fit.

    Examples
    --------
    >>> import minigrad as mg
    >>> from minigrad.nn import functional as F
    >>> F.max_pool1d(mg.Tensor([[[1.0, 3.0, 2.0, 5.0]]]), 2)
    Tensor([[[3., 5.]]], dtype=float64)
    """
    return _pool1d("max_pool1d", _max_pool2d, input, kernel_size, stride, padding, dilation, floor)


def avg_pool1d(input: Any, kernel_size: Any, stride: Any = None, padding: Any = 0, *, floor: bool = False) -> Tensor:
    """Return the mean of each window of sequences, of shape (n, c, length); see :func:`avg_pool2d`.

    Raises
    ------
    ValueError, TypeError
        If the sizes do not fit.

    Examples
    --------
    >>> import minigrad as mg
    >>> from minigrad.nn import functional as F
    >>> F.avg_pool1d(mg.Tensor([[[1.0, 3.0, 2.0, 5.0]]]), 2)
    Tensor([[[2. , 3.5]]], dtype=float64)
    """
    return _pool1d("avg_pool1d", _avg_pool2d, input, kernel_size, stride, padding, 1, floor)


def _pool3d(
    name: str, pool: Any, input: Any, kernel_size: Any, stride: Any, padding: Any, dilation: Any, floor: bool
) -> Tensor:
    """Pool each slice, then the slices. Of several maxima the first one, in row-major order, is found this way, too."""
    x = _floating(name, input, 3)
    k = numbers(name, "kernel_size", kernel_size, 3, 1)
    s = k if stride is None else numbers(name, "stride", stride, 3, 1)
    s, before, after, d = thirds(name, s, padding, dilation, k)
    _check_padding(name, after, k)
    n, c, depth, height, width = x.shape
    # Checked in the terms of height and width first.
    plane = padding if isinstance(padding, str) else before[1:]
    windows(name, (1, 1, height, width), k[1:], s[1:], plane, d[1:], floor)
    out, w = depth_windows(name, x, k, s, before, after, d, floor)
    y = pool(_reshape(x, shape=(n, c * depth, height, width)), w=w)
    oh, ow = y.shape[2:]
    y = _reshape(y, shape=(n, c, depth, oh * ow))
    along = Windows((k[0], 1), (s[0], 1), ((before[0], after[0]), (0, 0)), (d[0], 1))
    return _reshape(pool(y, w=along), shape=(n, c, out, oh, ow))


def max_pool3d(
    input: Any, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1, *, floor: bool = False
) -> Tensor:
    """Return the largest element of each window of volumes, of shape (n, c, d, h, w); see :func:`max_pool2d`.

    Raises
    ------
    ValueError, TypeError
        If the sizes do not fit.

    Examples
    --------
    >>> import minigrad as mg
    >>> from minigrad.nn import functional as F
    >>> F.max_pool3d(mg.Tensor(np.arange(8.0).reshape(1, 1, 2, 2, 2)), 2).item()
    7.0
    """
    return _pool3d("max_pool3d", _max_pool2d, input, kernel_size, stride, padding, dilation, floor)


def avg_pool3d(input: Any, kernel_size: Any, stride: Any = None, padding: Any = 0, *, floor: bool = False) -> Tensor:
    """Return the mean of each window of volumes, of shape (n, c, d, h, w); see :func:`avg_pool2d`.

    Raises
    ------
    ValueError, TypeError
        If the sizes do not fit.

    Examples
    --------
    >>> import minigrad as mg
    >>> from minigrad.nn import functional as F
    >>> F.avg_pool3d(mg.Tensor(np.arange(8.0).reshape(1, 1, 2, 2, 2)), 2).item()
    3.5
    """
    return _pool3d("avg_pool3d", _avg_pool2d, input, kernel_size, stride, padding, 1, floor)


def _bins(n: int, count: int) -> list[tuple[int, int]]:
    """Return where each of `count` bins over an axis of length `n` starts and stops; they may overlap."""
    return [(i * n // count, -(-(i + 1) * n // count)) for i in range(count)]


def _mean_bins(x: Tensor, axis: int, count: int) -> Tensor:
    n = x.shape[axis]
    if n % count == 0:
        split = _reshape(x, shape=(*x.shape[:axis], count, n // count, *x.shape[axis + 1 :]))
        return split.mean(axis + 1)
    before = (slice(None),) * axis
    return concatenate([x[(*before, slice(*b))].mean(axis, keepdims=True) for b in _bins(n, count)], axis)


def _max_bins(x: Tensor, axis: int, count: int) -> Tensor:
    moved = np.moveaxis(x.detach().numpy(), axis, -1)
    places = [start + np.argmax(moved[..., start:stop], axis=-1) for start, stop in _bins(x.shape[axis], count)]
    index = list(np.indices((*x.shape[:axis], count, *x.shape[axis + 1 :]), sparse=True))
    index[axis] = np.stack(places, axis=axis)
    return x[tuple(index)]


def _adaptive(name: str, input: Any, output_size: Any, ndim: int, pool: Callable[[Tensor, int, int], Tensor]) -> Tensor:
    x = _floating(name, input, ndim)
    given = output_size if isinstance(output_size, (tuple, list)) else (output_size,) * ndim
    if len(given) == ndim:
        given = [n if size is None else size for size, n in zip(given, x.shape[2:], strict=True)]
    sizes = numbers(name, "output_size", tuple(given), ndim, 1)
    if 0 in x.shape[2:]:
        raise ValueError(f"{name}: nothing to pool: shape {x.shape}")
    # The last axis first: of several maxima, the first one in row-major order is found this way.
    for axis in range(ndim + 1, 1, -1):
        if sizes[axis - 2] != x.shape[axis]:
            x = pool(x, axis, sizes[axis - 2])
    return x


_ADAPTIVE = """Return the {what} of each bin, with as many bins per axis as asked for: bin i of an axis of length m goes
    from floor(i m / size) to ceil((i + 1) m / size).

    Parameters
    ----------
    input : Tensor, shape (n, channels, {axes})
    output_size : int or sequence of int
        The number of bins; None keeps an axis as it is.

    Raises
    ------
    ValueError, TypeError
        If the sizes do not fit.
    """


def _adaptive_function(name: str, ndim: int, pool: Callable[[Tensor, int, int], Tensor]) -> Callable[..., Tensor]:
    def call(input: Any, output_size: Any) -> Tensor:
        return _adaptive(name, input, output_size, ndim, pool)

    call.__name__ = call.__qualname__ = name
    what = "mean" if pool is _mean_bins else "maximum (its gradient goes to the first one)"
    call.__doc__ = _ADAPTIVE.format(what=what, axes=", ".join(["depth", "height", "width"][3 - ndim :]))
    return call


adaptive_avg_pool1d = _adaptive_function("adaptive_avg_pool1d", 1, _mean_bins)
adaptive_avg_pool2d = _adaptive_function("adaptive_avg_pool2d", 2, _mean_bins)
adaptive_avg_pool3d = _adaptive_function("adaptive_avg_pool3d", 3, _mean_bins)
adaptive_max_pool1d = _adaptive_function("adaptive_max_pool1d", 1, _max_bins)
adaptive_max_pool2d = _adaptive_function("adaptive_max_pool2d", 2, _max_bins)
adaptive_max_pool3d = _adaptive_function("adaptive_max_pool3d", 3, _max_bins)


def stochastic_pool2d(
    input: Any,
    kernel_size: Any,
    stride: Any = None,
    *,
    rng: np.random.Generator | None = None,
    training: bool = True,
    floor: bool = False,
) -> Tensor:
    """Return one element of each window, drawn with a probability in proportion to its size.

    Negative elements count as 0; in a window without positive ones all are equally likely. The gradient goes to the
    elements drawn. Without `training`, each window is the mean of its elements, weighted with these probabilities.

    Parameters
    ----------
    input : Tensor, shape (n, c, h, w)
        Activations, such as those of relu.
    kernel_size, stride : int or pair of int
        The stride defaults to the kernel size.
    rng : numpy.random.Generator
        Where the random numbers come from; needed in training.
    training : bool
    floor : bool
        Leave out rows and columns at the border that no window covers, in place of an error.

    Raises
    ------
    ValueError, TypeError
        If the sizes do not fit, or the generator is missing.

    References
    ----------
    M. Zeiler and R. Fergus, "Stochastic pooling for regularization of deep convolutional neural networks" (2013).

    Examples
    --------
    >>> import minigrad as mg
    >>> from minigrad.nn import functional as F
    >>> x = mg.Tensor([[[[0.0, 0.0, 1.0, 3.0], [0.0, 5.0, 0.0, 0.0]]]])
    >>> F.stochastic_pool2d(x, 2, rng=np.random.default_rng(0))
    Tensor([[[[5., 3.]]]], dtype=float64)
    >>> F.stochastic_pool2d(x, 2, training=False)
    Tensor([[[[5. , 2.5]]]], dtype=float64)
    """
    name = "stochastic_pool2d"
    x = _floating(name, input, 2)
    n, c, height, width = x.shape
    w = windows(name, x.shape, kernel_size, kernel_size if stride is None else stride, 0, 1, floor)
    oh, ow = w.out(x.shape)
    rows = _im2col(_reshape(x, shape=(n * c, 1, height, width)), w=w)
    if training:
        if not isinstance(rng, np.random.Generator):
            raise TypeError(f"{name}: training needs rng=numpy.random.default_rng(seed), got {type(rng).__name__}")
        sizes = np.maximum(rows.detach().numpy(), 0)
        sizes = np.where(sizes.any(axis=1, keepdims=True), sizes, 1.0)
        reached = np.cumsum(sizes, axis=1, dtype=float)
        drawn = np.sum(reached <= rng.random((len(reached), 1)) * reached[:, -1:], axis=1)
        y = rows[np.arange(len(drawn)), drawn]
    else:
        sizes = maximum(rows, 0.0)
        total = sizes.sum(1)
        some = total.detach().numpy() > 0
        y = where(some, (sizes * rows).sum(1) / where(some, total, 1.0), rows.mean(1))
    return _reshape(y, shape=(n, c, oh, ow))
