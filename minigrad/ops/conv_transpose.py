"""Transposed convolution, over one, two and three axes: each element of the input spreads a copy of its filter."""

from __future__ import annotations

from typing import Any

from ..kinds import linear, on_arrays
from ..tensor import Tensor
from . import _conv_kernels as kernels
from ._windows import Windows
from .convolution import _conv2d
from .convolution_nd import flat, lifted, numbers, operands
from .indexing import scatter
from .shape import _reshape, _transpose

_any_conv2d: Any = on_arrays(_conv2d)

# conv2d is linear in the image and in the filters. With its two transposes it makes a closed family: the rules of each
# are the others.
_transposed = linear(
    lambda x, weight, shape, w, groups: kernels.conv_input(x, weight, shape, w, groups),
    lambda g, weight, w, groups: _any_conv2d(g, weight, None, w=w, groups=groups),
    lambda g, x, weight_shape, w, groups: _any_filters(x, g, shape=weight_shape, w=w, groups=groups),
    name="conv_transpose2d",
    arguments=("x", "weight"),
    local=["convolved with weight", "correlated with x"],
)
_filters = linear(
    lambda u, x, shape, w, groups: kernels.conv_weight(u, x, shape, w, groups),
    lambda g, x, w, groups: _any_conv2d(x, g, None, w=w, groups=groups),
    lambda g, u, x_shape, w, groups: _any_transposed(u, g, shape=x_shape, w=w, groups=groups),
    name="conv2d_filters",
    arguments=("u", "x"),
    local=["x convolved with ·", "u spread by ·"],
)
_any_transposed: Any = on_arrays(_transposed)
_any_filters: Any = on_arrays(_filters)


def _biased(y: Tensor, bias: Tensor | None) -> Tensor:
    if bias is None:
        return y
    total: Tensor = y + _reshape(bias, shape=(bias.size, *(1,) * (y.ndim - 2)))
    return total


def _out_length(name: str, n: int, k: int, s: int, p: int, d: int, extra: int) -> int:
    """Return the length of an axis after transposed convolution."""
    if extra >= s:
        raise ValueError(f"{name}: output_padding {extra} must be smaller than the stride {s}")
    length = (n - 1) * s - 2 * p + d * (k - 1) + 1 + extra
    if length < 1:
        raise ValueError(f"{name}: nothing is left: length {n}, kernel {k}, stride {s}, padding {p}, dilation {d}")
    return length


def conv_transpose1d(
    input: Any,
    weight: Any,
    bias: Any = None,
    stride: Any = 1,
    padding: Any = 0,
    output_padding: Any = 0,
    groups: int = 1,
    dilation: Any = 1,
) -> Tensor:
    """Return the transpose of :func:`conv1d` in its input: each element spreads a copy of its filter.

    Parameters
    ----------
    input : Tensor, shape (n, c, length)
    weight : Tensor, shape (c, out / groups, k)
    bias : Tensor, shape (out,), optional
    stride, padding, output_padding, groups, dilation
        As in :func:`conv_transpose2d`, for one axis.

    Raises
    ------
    ValueError, TypeError
        If the shapes, the groups or the sizes do not fit.

    Examples
    --------
    >>> import minigrad as mg
    >>> from minigrad.nn import functional as F
    >>> F.conv_transpose1d(mg.Tensor([[[1.0, 2.0]]]), mg.Tensor([[[1.0, 1.0, 1.0]]]), stride=2)
    Tensor([[[1., 1., 3., 2., 2.]]], dtype=float64)
    """
    name = "conv_transpose1d"
    x, weight, bias = operands(name, input, weight, bias, 1, groups, turned=True)
    s, d = flat(name, stride, 1, "stride"), flat(name, dilation, 1, "dilation")
    p, extra = flat(name, padding, 0, "padding"), flat(name, output_padding, 0, "output_padding")
    y = _spread(name, lifted(x), lifted(weight), s, p, extra, d, groups)
    return _biased(_reshape(y, shape=(*y.shape[:2], y.shape[3])), bias)


def _spread(name: str, x: Tensor, weight: Tensor, s: Any, p: Any, extra: Any, d: Any, groups: int) -> Tensor:
    """Return the transposed convolution of images, without a bias; the geometry is checked but for the lengths."""
    kernel = (weight.shape[2], weight.shape[3])
    lengths = [_out_length(name, x.shape[2 + i], kernel[i], s[i], p[i], d[i], extra[i]) for i in (0, 1)]
    w = Windows(kernel, (s[0], s[1]), ((p[0], p[0]), (p[1], p[1])), (d[0], d[1]))
    return _transposed(x, weight, shape=(len(x), weight.shape[1] * groups, *lengths), w=w, groups=groups)


def conv_transpose2d(
    input: Any,
    weight: Any,
    bias: Any = None,
    stride: Any = 1,
    padding: Any = 0,
    output_padding: Any = 0,
    groups: int = 1,
    dilation: Any = 1,
) -> Tensor:
    """Return the transpose of :func:`conv2d` in its input: each element spreads a copy of its filter.

    Parameters
    ----------
    input : Tensor, shape (n, c, h, w)
    weight : Tensor, shape (c, out / groups, fh, fw)
    bias : Tensor, shape (out,), optional
    stride, dilation : int or pair of int
    padding : int or pair of int
        So many rows and columns are cut off at each border.
    output_padding : int or pair of int
        So many are added at the end, below the stride: which of the sizes that conv2d maps to (h, w) comes out.
    groups : int

    Returns
    -------
    Tensor, shape (n, out, oh, ow)
        oh = (h - 1) stride - 2 padding + dilation (fh - 1) + 1 + output_padding.

    Raises
    ------
    ValueError, TypeError
        If the shapes, the groups or the sizes do not fit.

    Examples
    --------
    >>> import minigrad as mg
    >>> from minigrad.nn import functional as F
    >>> F.conv_transpose2d(mg.ones((1, 1, 2, 2)), mg.ones((1, 1, 2, 2)))
    Tensor([[[[1., 2., 1.],
              [2., 4., 2.],
              [1., 2., 1.]]]], dtype=float64)
    """
    name = "conv_transpose2d"
    x, weight, bias = operands(name, input, weight, bias, 2, groups, turned=True)
    s, d = numbers(name, "stride", stride, 2, 1), numbers(name, "dilation", dilation, 2, 1)
    p, extra = numbers(name, "padding", padding, 2, 0), numbers(name, "output_padding", output_padding, 2, 0)
    return _biased(_spread(name, x, weight, s, p, extra, d, groups), bias)


def conv_transpose3d(
    input: Any,
    weight: Any,
    bias: Any = None,
    stride: Any = 1,
    padding: Any = 0,
    output_padding: Any = 0,
    groups: int = 1,
    dilation: Any = 1,
) -> Tensor:
    """Return the transpose of :func:`conv3d` in its input: each element spreads a copy of its filter.

    Parameters
    ----------
    input : Tensor, shape (n, c, d, h, w)
    weight : Tensor, shape (c, out / groups, fd, fh, fw)
    bias : Tensor, shape (out,), optional
    stride, padding, output_padding, groups, dilation
        As in :func:`conv_transpose2d`, for three axes.

    Raises
    ------
    ValueError, TypeError
        If the shapes, the groups or the sizes do not fit.

    Examples
    --------
    >>> import minigrad as mg
    >>> from minigrad.nn import functional as F
    >>> F.conv_transpose3d(mg.ones((1, 2, 2, 2, 2)), mg.ones((2, 3, 3, 3, 3)), stride=2).shape
    (1, 3, 5, 5, 5)
    """
    name = "conv_transpose3d"
    x, weight, bias = operands(name, input, weight, bias, 3, groups, turned=True)
    s, d = numbers(name, "stride", stride, 3, 1), numbers(name, "dilation", dilation, 3, 1)
    p, extra = numbers(name, "padding", padding, 3, 0), numbers(name, "output_padding", output_padding, 3, 0)
    n, c, depth = x.shape[:3]
    per, taps = weight.shape[1:3]
    length = _out_length(name, depth, taps, s[0], p[0], d[0], extra[0])
    images = _reshape(_transpose(x, axes=(0, 2, 1, 3, 4)), shape=(n * depth, c, *x.shape[3:]))
    filters = _reshape(weight, shape=(c, per * taps, *weight.shape[3:]))
    y = _spread(name, images, filters, s[1:], p[1:], extra[1:], d[1:], groups)
    parts = _reshape(y, shape=(n, depth, per * groups, taps, *y.shape[2:]))
    # Every slice of the filter adds its images at its own places along the depth.
    whole = (n, max(length + 2 * p[0], (depth - 1) * s[0] + d[0] * (taps - 1) + 1), *parts.shape[2:3], *y.shape[2:])
    total: Any = None
    for i in range(taps):
        index = (slice(None), slice(i * d[0], i * d[0] + s[0] * (depth - 1) + 1, s[0]))
        part = scatter(parts[:, :, :, i], shape=whole, index=index)
        total = part if total is None else total + part
    return _biased(_transpose(total[:, p[0] : p[0] + length], axes=(0, 2, 1, 3, 4)), bias)
