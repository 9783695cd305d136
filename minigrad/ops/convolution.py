"""Windows over images: im2col and col2im, convolution, pooling. Images are (n, channels, height, width)."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..kinds import fused, linear, on_arrays
from ..tensor import Tensor, asarray
from . import _conv_kernels as kernels
from . import _pool_kernels as pools
from ._windows import Windows, padded, view, windows
from .linalg import matmul
from .shape import _pad, reshape, transpose


def _im2col_forward(x: Any, w: Windows) -> Any:
    v = view(padded(x, w), w)
    n, c, oh, ow, fh, fw = v.shape
    return v.transpose(0, 2, 3, 1, 4, 5).reshape(n * oh * ow, c * fh * fw)


def _col2im_forward(columns: Any, shape: tuple[int, ...], w: Windows) -> Any:
    n, c = shape[:2]
    oh, ow = w.out(shape)
    parts = columns.reshape(n, oh, ow, c, *w.kernel).transpose(0, 3, 4, 5, 1, 2)
    out = np.zeros_like(columns, shape=w.padded(shape))
    for i in range(w.kernel[0]):
        for j in range(w.kernel[1]):
            out[w.offset(i, j, (oh, ow))] += parts[:, :, i, j]
    return out[w.inner(shape)]


_im2col = linear(
    _im2col_forward,
    lambda g, x_shape, w: _any_col2im(g, shape=x_shape, w=w),
    name="im2col",
    local=["1 (windows as rows; col2im adds them up on the way back)"],
)
_col2im = linear(
    _col2im_forward,
    lambda g, w: _any_im2col(g, w=w),
    name="col2im",
    arguments=("columns",),
    local=["1 (im2col on the way back)"],
)
_any_im2col: Any = on_arrays(_im2col)
_any_col2im: Any = on_arrays(_col2im)


def im2col(
    x: Any, kernel_size: Any, stride: Any = 1, padding: Any = 0, dilation: Any = 1, floor: bool = False
) -> Tensor:
    """Return every window of every image as one row.

    Parameters
    ----------
    x : Tensor, shape (n, c, h, w)
    kernel_size, stride, dilation : int or pair of int
    padding : int, pair of int, or {"valid", "same", "full"}
    floor : bool
        Leave out rows and columns at the border that no window covers, in place of an error.

    Returns
    -------
    Tensor, shape (n · oh · ow, c · fh · fw)
        With (h + 2 padding - fh) / stride + 1 windows per axis.

    Raises
    ------
    ValueError, TypeError
        If the sizes do not fit.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.im2col(mg.Tensor(np.arange(16.0).reshape(1, 1, 4, 4)), 2)[:2]
    Tensor([[0., 1., 4., 5.],
            [1., 2., 5., 6.]], dtype=float64)
    """
    x = asarray(x)
    return _im2col(x, w=windows("im2col", x.shape, kernel_size, stride, padding, dilation, floor))


def col2im(
    columns: Any,
    shape: tuple[int, int, int, int],
    kernel_size: Any,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    floor: bool = False,
) -> Tensor:
    """Add the rows that :func:`im2col` makes of images of `shape` back to their places: its transpose.

    Raises
    ------
    ValueError, TypeError
        If the sizes do not fit.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.col2im(mg.ones((4, 4)), (1, 1, 3, 3), 2)
    Tensor([[[[1., 2., 1.],
              [2., 4., 2.],
              [1., 2., 1.]]]], dtype=float64)
    """
    columns = asarray(columns)
    shape = tuple(shape)  # type: ignore[assignment]
    w = windows("col2im", shape, kernel_size, stride, padding, dilation, floor)
    oh, ow = w.out(shape)
    expected = (shape[0] * oh * ow, shape[1] * w.kernel[0] * w.kernel[1])
    if columns.shape != expected:
        raise ValueError(f"col2im: images of shape {shape} have columns of shape {expected}, got {columns.shape}")
    return _col2im(columns, shape=shape, w=w)


def _conv_decomposed(x: Any, weight: Any, bias: Any, w: Windows, groups: int) -> Tensor:
    x, weight = asarray(x), asarray(weight)
    n, (o, per) = len(x), weight.shape[:2]
    k = per * w.kernel[0] * w.kernel[1]
    oh, ow = w.out(x.shape)
    if w.padding != ((0, 0), (0, 0)):
        x = _pad(x, widths=((0, 0), (0, 0), *w.padding))
    columns = _im2col(x, w=w._replace(padding=((0, 0), (0, 0))))
    if groups == 1:
        out = matmul(columns, transpose(reshape(weight, (o, k))))
    else:
        split = transpose(reshape(columns, (n * oh * ow, groups, k)), (1, 0, 2))
        rows = transpose(reshape(weight, (groups, o // groups, k)), (0, 2, 1))
        out = reshape(transpose(matmul(split, rows), (1, 0, 2)), (n * oh * ow, o))
    if bias is not None:
        out = out + bias
    return transpose(reshape(out, (n, oh, ow, o)), (0, 3, 1, 2))


_conv2d = fused(
    lambda x, weight, bias, w, groups: kernels.conv_forward(x, weight, bias, w, groups),
    lambda g, x_shape, weight, w, groups: kernels.conv_input(g, weight, x_shape, w, groups),
    lambda g, x, weight_shape, w, groups: kernels.conv_weight(g, x, weight_shape, w, groups),
    kernels.conv_bias,
    name="conv2d",
    arguments=("x", "weight", "bias"),
    local=["convolved with the flipped weight", "correlated with x", "1 (summed over images and places)"],
    decomposition=_conv_decomposed,
)


def conv2d(
    input: Any,
    weight: Any,
    bias: Any = None,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
    *,
    floor: bool = False,
) -> Tensor:
    """Convolve images with filters (cross-correlation, as is usual in deep learning).

    Parameters
    ----------
    input : Tensor, shape (n, c, h, w)
    weight : Tensor, shape (out, c / groups, fh, fw)
    bias : Tensor, shape (out,), optional
    stride, dilation : int or pair of int
    padding : int, pair of int, or {"valid", "same", "full"}
    groups : int
        Split the channels into so many groups, each with filters of its own.
    floor : bool
        Where the windows do not end at the border, leave the rest out, in place of an error.

    Returns
    -------
    Tensor, shape (n, out, oh, ow)
        oh = (h + 2 padding - dilation (fh - 1) - 1) / stride + 1.

    Raises
    ------
    ValueError, TypeError
        If the shapes, the groups or the sizes do not fit.

    Examples
    --------
    >>> import minigrad as mg
    >>> from minigrad.nn import functional as F
    >>> x = mg.Tensor(np.arange(16.0).reshape(1, 1, 4, 4))
    >>> F.conv2d(x, mg.ones((1, 1, 2, 2)), mg.Tensor([3.0]))
    Tensor([[[[13., 17., 21.],
              [29., 33., 37.],
              [45., 49., 53.]]]], dtype=float64)
    """
    x, weight = asarray(input), asarray(weight)
    if weight.ndim != 4:
        raise ValueError(f"conv2d: expected a weight of shape (out, channels / groups, fh, fw), got {weight.shape}")
    w = windows("conv2d", x.shape, weight.shape[2:], stride, padding, dilation, floor)
    c, (o, per) = x.shape[1], weight.shape[:2]
    if not isinstance(groups, int) or groups < 1 or c % groups or o % groups:
        raise ValueError(f"conv2d: groups {groups!r} must divide the {c} input and the {o} output channels")
    if per * groups != c:
        raise ValueError(
            f"conv2d: input {x.shape} has {c} channels, weight {weight.shape} with {groups} groups is for "
            f"{per * groups}"
        )
    if bias is not None:
        bias = asarray(bias)
        if bias.shape != (o,):
            raise ValueError(f"conv2d: expected a bias of shape ({o},), got {bias.shape}")
    for role, t in (("input", x), ("weight", weight)):
        if t.dtype.kind != "f":
            raise TypeError(f"conv2d: {role} must be floating, got {t.dtype}")
    return _conv2d(x, weight, bias, w=w, groups=groups)


def _max_pool_forward(x: Any, w: Windows) -> tuple[Any, dict[str, Any]]:
    y, place = pools.max_pool(x, w)
    return y, {"place": place}


def _max_pool_decomposed(x: Any, w: Windows) -> Tensor:
    x = asarray(x)
    n, c = x.shape[:2]
    oh, ow = w.out(x.shape)
    lowest = padded(np.zeros(x.shape, x.dtype), w, -np.inf)
    if w.padding != ((0, 0), (0, 0)):
        x = _pad(x, widths=((0, 0), (0, 0), *w.padding)) + lowest
    rows = reshape(_im2col(x, w=w._replace(padding=((0, 0), (0, 0)))), (n * oh * ow * c, w.kernel[0] * w.kernel[1]))
    first = np.argmax(rows.detach().numpy(), axis=1)
    return transpose(reshape(rows[np.arange(len(first)), first], (n, oh, ow, c)), (0, 3, 1, 2))


_max_pool2d = fused(
    _max_pool_forward,
    lambda g, place, x_shape, w: pools.max_pool_input(g, place, x_shape, w),
    name="max_pool2d",
    residuals=["place"],
    local=["1 at the first maximum of each window, 0 elsewhere"],
    decomposition=_max_pool_decomposed,
)


def _pooled(
    name: str, x: Any, kernel: Any, stride: Any, padding: Any, dilation: Any, floor: bool
) -> tuple[Tensor, Windows]:
    x = asarray(x)
    if x.dtype.kind != "f":
        raise TypeError(f"{name}: input must be floating, got {x.dtype}")
    w = windows(name, x.shape, kernel, kernel if stride is None else stride, padding, dilation, floor)
    for (before, after), k in zip(w.padding, w.kernel, strict=True):
        if max(before, after) > k // 2:
            raise ValueError(f"{name}: padding {max(before, after)} is more than half of the kernel size {k}")
    return x, w


def max_pool2d(
    input: Any, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1, *, floor: bool = False
) -> Tensor:
    """Return the largest element of each window; its gradient goes to the first maximum of the window.

    Parameters
    ----------
    input : Tensor, shape (n, c, h, w)
    kernel_size, stride, dilation : int or pair of int
        The stride defaults to the kernel size.
    padding : int, pair of int, or {"valid", "same"}
        With minus infinity; at most half of the kernel size.
    floor : bool
        Leave out rows and columns at the border that no window covers, in place of an error.

    Raises
    ------
    ValueError, TypeError
        If the sizes do not fit.

    Examples
    --------
    >>> import minigrad as mg
    >>> from minigrad.nn import functional as F
    >>> x = mg.Tensor(np.arange(16.0).reshape(1, 1, 4, 4))
    >>> F.max_pool2d(x, 2)
    Tensor([[[[ 5.,  7.],
              [13., 15.]]]], dtype=float64)
    """
    x, w = _pooled("max_pool2d", input, kernel_size, stride, padding, dilation, floor)
    return _max_pool2d(x, w=w)


_avg_pool2d = linear(
    lambda x, w: pools.sum_windows(x, w) / (w.kernel[0] * w.kernel[1]),
    lambda g, x_shape, w: _any_spread(g, shape=x_shape, w=w),
    name="avg_pool2d",
    local=["1/n for each element of the window"],
    decomposition=lambda x, w: _avg_pool_decomposed(x, w),
)
_spread = linear(
    lambda x, shape, w: pools.spread_windows(x / (w.kernel[0] * w.kernel[1]), shape, w),
    lambda g, w: _any_avg(g, w=w),
    name="avg_unpool2d",
    local=["1/n for each element of the window"],
)
_any_avg: Any = on_arrays(_avg_pool2d)
_any_spread: Any = on_arrays(_spread)


def _avg_pool_decomposed(x: Any, w: Windows) -> Tensor:
    x = asarray(x)
    n, c = x.shape[:2]
    oh, ow = w.out(x.shape)
    rows = reshape(_im2col(x, w=w), (n * oh * ow, c, w.kernel[0] * w.kernel[1]))
    return transpose(reshape(rows.mean(2), (n, oh, ow, c)), (0, 3, 1, 2))


def avg_pool2d(input: Any, kernel_size: Any, stride: Any = None, padding: Any = 0, *, floor: bool = False) -> Tensor:
    """Return the mean of each window; padding counts as zeros.

    Parameters
    ----------
    input : Tensor, shape (n, c, h, w)
    kernel_size, stride : int or pair of int
        The stride defaults to the kernel size.
    padding : int, pair of int, or {"valid", "same"}
    floor : bool
        Leave out rows and columns at the border that no window covers, in place of an error.

    Raises
    ------
    ValueError, TypeError
        If the sizes do not fit.

    Examples
    --------
    >>> import minigrad as mg
    >>> from minigrad.nn import functional as F
    >>> x = mg.Tensor(np.arange(1.0, 17.0).reshape(1, 1, 4, 4))
    >>> F.avg_pool2d(x, 2)
    Tensor([[[[ 3.5,  5.5],
              [11.5, 13.5]]]], dtype=float64)
    """
    x, w = _pooled("avg_pool2d", input, kernel_size, stride, padding, 1, floor)
    return _avg_pool2d(x, w=w)
