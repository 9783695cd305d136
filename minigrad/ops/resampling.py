"""Images in other sizes and orders: interpolation, pixel shuffling, windows as columns."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ..kinds import linear, on_arrays
from ..tensor import Tensor, asarray
from ._windows import windows
from .convolution import _col2im, _im2col
from .convolution_nd import numbers
from .shape import _reshape, _transpose


class Grid(NamedTuple):
    """Where the new points of one axis lie: between the old points `low` and `high`, `share` of the way."""

    axis: int
    length: int
    low: Any
    high: Any
    share: Any

    def along(self, ndim: int) -> tuple[int, ...]:
        """Return the shape that lays `share` along the axis."""
        return tuple([len(self.share) if i == self.axis else 1 for i in range(ndim)])


# A product with a small matrix of shares beats gathering by far; the matrix must not be much larger than the two
# nonzero entries of each of its rows.
_DENSE = 1 << 15


def _shares(x: Any, grid: Grid) -> Any:
    """Return the matrix from the old points to the new ones, or None where a product with it does not serve: it would
    be too large, lie along neither of the last two axes, or spread what is not finite."""
    count = len(grid.low)
    if count * grid.length > _DENSE or grid.axis < x.ndim - 2 or not bool(np.isfinite(x).all()):
        return None
    matrix = np.zeros_like(x, shape=(count, grid.length))
    new = np.arange(count)
    if grid.share is None:
        matrix[new, grid.low] = 1
    else:
        matrix[new, grid.low] = 1 - grid.share
        matrix[new, grid.high] += grid.share
    return matrix


def _resample_forward(x: Any, grid: Grid) -> Any:
    matrix = _shares(x, grid)
    if matrix is not None:
        return x @ matrix.T if grid.axis == x.ndim - 1 else matrix @ x
    low = np.take(x, grid.low, axis=grid.axis)
    if grid.share is None:
        return low
    share = grid.share.astype(x.dtype).reshape(grid.along(x.ndim))
    return low * (1 - share) + np.take(x, grid.high, axis=grid.axis) * share


def _spread_forward(x: Any, grid: Grid) -> Any:
    matrix = _shares(x, grid)
    if matrix is not None:
        return x @ matrix if grid.axis == x.ndim - 1 else matrix.T @ x
    out = np.zeros_like(x, shape=tuple([grid.length if i == grid.axis else n for i, n in enumerate(x.shape)]))
    if grid.share is None:
        _add_runs(out, x, grid.low, grid.axis)
        return out
    share = grid.share.astype(x.dtype).reshape(grid.along(x.ndim))
    _add_runs(out, x * (1 - share), grid.low, grid.axis)
    _add_runs(out, x * share, grid.high, grid.axis)
    return out


def _add_runs(out: Any, y: Any, places: Any, axis: int) -> None:
    """Add the slices of `y` to those of `out` at `places`, which ascend: runs of equal ones are summed first."""
    different, starts = np.unique(places, return_index=True)
    out[(slice(None),) * axis + (different,)] += np.add.reduceat(y, starts, axis=axis)


_resample = linear(
    _resample_forward,
    lambda g, grid: _any_spread(g, grid=grid),
    name="resample",
    local=["the shares of the two neighbours"],
)
_resample_back = linear(
    _spread_forward,
    lambda g, grid: _any_resample(g, grid=grid),
    name="resample_transpose",
    local=["the shares of the two neighbours"],
)
_any_resample: Any = on_arrays(_resample)
_any_spread: Any = on_arrays(_resample_back)

_MODES = {"nearest": (1, 2, 3), "linear": (1,), "bilinear": (2,), "trilinear": (3,)}


def _grid(axis: int, n: int, size: int, scale: float, nearest: bool, align_corners: bool) -> Grid:
    new = np.arange(size)
    if nearest:
        return Grid(axis, n, np.minimum((new * scale).astype(np.intp), n - 1), None, None)
    if align_corners:
        places = new * ((n - 1) / (size - 1) if size > 1 else 0.0)
    else:
        places = np.maximum((new + 0.5) * scale - 0.5, 0.0)
    low = np.minimum(places.astype(np.intp), n - 1)
    return Grid(axis, n, low, np.minimum(low + 1, n - 1), places - low)


def interpolate(
    input: Any,
    size: Any = None,
    scale_factor: Any = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
) -> Tensor:
    """Return sequences, images or volumes in another size.

    Parameters
    ----------
    input : Tensor, shape (n, c, length), (n, c, h, w) or (n, c, d, h, w)
    size : int or sequence of int, optional
        The new lengths.
    scale_factor : float or sequence of float, optional
        In its place: what the lengths are multiplied with (and rounded down).
    mode : {"nearest", "linear", "bilinear", "trilinear"}
        The last three for one, two and three axes.
    align_corners : bool, optional
        Let the first and last points keep their places; default: the points are squares whose outer borders do. Not
        for "nearest".

    Raises
    ------
    ValueError, TypeError
        If the arguments do not fit.

    Examples
    --------
    >>> import minigrad as mg
    >>> from minigrad.nn import functional as F
    >>> F.interpolate(mg.Tensor([[[1.0, 3.0]]]), size=4, mode="linear")
    Tensor([[[1. , 1.5, 2.5, 3. ]]], dtype=float64)
    >>> F.interpolate(mg.Tensor([[[1.0, 3.0]]]), scale_factor=2)
    Tensor([[[1., 1., 3., 3.]]], dtype=float64)
    """
    x = asarray(input)
    ndim = x.ndim - 2
    if mode not in _MODES:
        raise ValueError(f"interpolate: mode must be one of {', '.join(_MODES)}, got {mode!r}")
    if ndim not in _MODES[mode]:
        raise ValueError(f"interpolate: mode {mode!r} is not for an input of shape {x.shape}")
    if mode == "nearest" and align_corners is not None:
        raise ValueError("interpolate: align_corners is not for mode 'nearest'")
    if x.dtype.kind != "f":
        raise TypeError(f"interpolate: input must be floating, got {x.dtype}")
    if (size is None) == (scale_factor is None):
        raise ValueError("interpolate: give either size or scale_factor")
    lengths = x.shape[2:]
    if size is not None:
        sizes = numbers("interpolate", "size", size, ndim, 1)
        scales = [n / m for n, m in zip(lengths, sizes, strict=True)]
    else:
        factors = scale_factor if isinstance(scale_factor, (tuple, list)) else (scale_factor,) * ndim
        if len(factors) != ndim or not all(isinstance(f, (int, float)) and f > 0 for f in factors):
            raise ValueError(f"interpolate: scale_factor must be one or {ndim} positive numbers, got {scale_factor!r}")
        sizes = tuple([int(n * f) for n, f in zip(lengths, factors, strict=True)])
        scales = [1 / f for f in factors]
    if 0 in lengths or 0 in sizes:
        raise ValueError(f"interpolate: cannot make lengths {sizes} of an input of shape {x.shape}")
    for i, (n, m, scale) in enumerate(zip(lengths, sizes, scales, strict=True)):
        if m != n or (mode == "nearest" and scale != 1):
            x = _resample(x, grid=_grid(2 + i, n, m, scale, mode == "nearest", bool(align_corners)))
    return x


def pixel_shuffle(input: Any, upscale_factor: int) -> Tensor:
    """Move groups of r² channels into squares of r by r pixels: (n, c r², h, w) to (n, c, h r, w r).

    Raises
    ------
    ValueError
        If r² does not divide the number of channels.

    Examples
    --------
    >>> import minigrad as mg
    >>> from minigrad.nn import functional as F
    >>> F.pixel_shuffle(mg.Tensor([[[[1.0]], [[2.0]], [[3.0]], [[4.0]]]]), 2)
    Tensor([[[[1., 2.],
              [3., 4.]]]], dtype=float64)
    """
    x = asarray(input)
    (r,) = numbers("pixel_shuffle", "upscale_factor", upscale_factor, 1, 1)
    if x.ndim < 3 or x.shape[-3] % (r * r):
        raise ValueError(f"pixel_shuffle: shape {x.shape} has no channels in groups of {r * r}")
    *stack, c, h, w = x.shape
    c, k = c // (r * r), len(stack)
    split = _reshape(x, shape=(*stack, c, r, r, h, w))
    moved = _transpose(split, axes=(*range(k + 1), k + 3, k + 1, k + 4, k + 2))
    return _reshape(moved, shape=(*stack, c, h * r, w * r))


def pixel_unshuffle(input: Any, downscale_factor: int) -> Tensor:
    """Move squares of r by r pixels into channels: the inverse of :func:`pixel_shuffle`.

    Raises
    ------
    ValueError
        If r does not divide the height and the width.

    Examples
    --------
    >>> import minigrad as mg
    >>> from minigrad.nn import functional as F
    >>> F.pixel_unshuffle(mg.ones((1, 1, 4, 6)), 2).shape
    (1, 4, 2, 3)
    """
    x = asarray(input)
    (r,) = numbers("pixel_unshuffle", "downscale_factor", downscale_factor, 1, 1)
    if x.ndim < 3 or x.shape[-2] % r or x.shape[-1] % r:
        raise ValueError(f"pixel_unshuffle: shape {x.shape} is not made of squares of {r} by {r} pixels")
    *stack, c, h, w = x.shape
    k = len(stack)
    split = _reshape(x, shape=(*stack, c, h // r, r, w // r, r))
    moved = _transpose(split, axes=(*range(k + 1), k + 2, k + 4, k + 1, k + 3))
    return _reshape(moved, shape=(*stack, c * r * r, h // r, w // r))


def unfold(
    input: Any, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1, *, floor: bool = False
) -> Tensor:
    """Return every window of each image as one column, of shape (n, c · fh · fw, oh · ow).

    Raises
    ------
    ValueError, TypeError
        If the sizes do not fit.

    See Also
    --------
    im2col : The same with windows as rows, of the whole batch.

    Examples
    --------
    >>> import minigrad as mg
    >>> from minigrad.nn import functional as F
    >>> F.unfold(mg.ones((2, 3, 4, 5)), (2, 3)).shape
    (2, 18, 9)
    """
    x = asarray(input)
    w = windows("unfold", x.shape, kernel_size, stride, padding, dilation, floor)
    oh, ow = w.out(x.shape)
    columns = _reshape(_im2col(x, w=w), shape=(len(x), oh * ow, x.shape[1] * w.kernel[0] * w.kernel[1]))
    return _transpose(columns, axes=(0, 2, 1))


def fold(
    input: Any,
    output_size: Any,
    kernel_size: Any,
    dilation: Any = 1,
    padding: Any = 0,
    stride: Any = 1,
    *,
    floor: bool = False,
) -> Tensor:
    """Add the columns that :func:`unfold` makes of images of `output_size` back to their places: its transpose.

    Raises
    ------
    ValueError, TypeError
        If the sizes do not fit.

    Examples
    --------
    >>> import minigrad as mg
    >>> from minigrad.nn import functional as F
    >>> F.fold(mg.ones((1, 4, 4)), (3, 3), 2)
    Tensor([[[[1., 2., 1.],
              [2., 4., 2.],
              [1., 2., 1.]]]], dtype=float64)
    """
    x = asarray(input)
    height, width = numbers("fold", "output_size", output_size, 2, 1)
    k = numbers("fold", "kernel_size", kernel_size, 2, 1)
    if x.ndim != 3 or x.shape[1] % (k[0] * k[1]):
        raise ValueError(f"fold: expected (n, channels · {k[0]} · {k[1]}, windows), got shape {x.shape}")
    shape = (len(x), x.shape[1] // (k[0] * k[1]), height, width)
    w = windows("fold", shape, k, stride, padding, dilation, floor)
    oh, ow = w.out(shape)
    if x.shape[2] != oh * ow:
        raise ValueError(f"fold: images of {height} by {width} have {oh} · {ow} windows, got {x.shape[2]} columns")
    rows = _reshape(_transpose(x, axes=(0, 2, 1)), shape=(len(x) * oh * ow, x.shape[1]))
    return _col2im(rows, shape=shape, w=w)
