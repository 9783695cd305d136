"""Convolution over one and three axes, written with conv2d.

Sequences are (n, channels, length), volumes (n, channels, depth, height, width).
"""

from __future__ import annotations

import operator
from typing import Any

from ..tensor import Tensor, asarray
from ._windows import Windows, windows
from .convolution import _conv2d
from .joining import stack
from .rearrange import _pad
from .shape import _reshape, _transpose


def numbers(name: str, what: str, value: Any, count: int, least: int) -> tuple[int, ...]:
    """Return an integer, or a sequence of `count` integers, as a tuple.

    Raises
    ------
    TypeError, ValueError
        If it is neither, or a number is below `least`.
    """
    items = tuple(value) if isinstance(value, (tuple, list)) else (value,) * count
    if len(items) != count:
        raise ValueError(f"{name}: {what} must be a number or {count} of them, got {value!r}")
    try:
        found = tuple([operator.index(i) for i in items])
    except TypeError:
        raise TypeError(f"{name}: {what} must be made of integers, got {value!r}") from None
    if min(found) < least:
        raise ValueError(f"{name}: {what} must be at least {least}, got {value!r}")
    return found


def flat(name: str, value: Any, least: int, what: str) -> Any:
    """Return an argument for the only axis of a sequence as one for images of height 1; names stay."""
    if isinstance(value, str):
        return value
    (n,) = numbers(name, what, value, 1, least)
    return (0 if what in ("padding", "output_padding") else 1, n)


def operands(
    name: str, input: Any, weight: Any, bias: Any, ndim: int, groups: Any, turned: bool
) -> tuple[Tensor, Tensor, Tensor | None]:
    """Check the operands of a convolution over `ndim` axes (`turned`: transposed) and return them as tensors."""
    x, weight = asarray(input), asarray(weight)
    for role, t in (("input", x), ("weight", weight)):
        if t.ndim != ndim + 2:
            raise ValueError(f"{name}: expected {role} with {ndim + 2} axes, got shape {t.shape}")
        if t.dtype.kind != "f":
            raise TypeError(f"{name}: {role} must be floating, got {t.dtype}")
    c, (first, second) = x.shape[1], weight.shape[:2]
    if not isinstance(groups, int) or groups < 1 or first % groups or c % groups:
        raise ValueError(f"{name}: groups {groups!r} must divide the {c} input channels and the {first} filters")
    expected = first if turned else second * groups
    if c != expected:
        raise ValueError(f"{name}: input {x.shape} has {c} channels, weight {weight.shape} is for {expected}")
    if bias is None:
        return x, weight, None
    bias, out = asarray(bias), second * groups if turned else first
    if bias.shape != (out,):
        raise ValueError(f"{name}: expected a bias of shape ({out},), got {bias.shape}")
    return x, weight, bias


def lifted(x: Tensor) -> Tensor:
    """Return sequences as images of height 1."""
    return _reshape(x, shape=(*x.shape[:2], 1, x.shape[2]))


def conv1d(
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
    """Convolve sequences with filters (cross-correlation, as is usual in deep learning).

    Parameters
    ----------
    input : Tensor, shape (n, c, length)
    weight : Tensor, shape (out, c / groups, k)
    bias : Tensor, shape (out,), optional
    stride, padding, dilation, groups, floor
        As in :func:`conv2d`, for one axis.

    Returns
    -------
    Tensor, shape (n, out, (length + 2 padding - dilation (k - 1) - 1) / stride + 1)

    Raises
    ------
    ValueError, TypeError
        If the shapes, the groups or the sizes do not fit.

    Examples
    --------
    >>> import minigrad as mg
    >>> from minigrad.nn import functional as F
    >>> F.conv1d(mg.Tensor([[[1.0, 2.0, 4.0, 8.0]]]), mg.Tensor([[[-1.0, 1.0]]]))
    Tensor([[[1., 2., 4.]]], dtype=float64)
    """
    x, weight, bias = operands("conv1d", input, weight, bias, 1, groups, turned=False)
    x, weight = lifted(x), lifted(weight)
    s, d = flat("conv1d", stride, 1, "stride"), flat("conv1d", dilation, 1, "dilation")
    p = flat("conv1d", padding, 0, "padding")
    w = windows("conv1d", x.shape, weight.shape[2:], s, p, d, floor)
    y = _conv2d(x, weight, bias, w=w, groups=groups)
    return _reshape(y, shape=(*y.shape[:2], y.shape[3]))


def thirds(name: str, stride: Any, padding: Any, dilation: Any, kernel: tuple[int, ...]) -> list[tuple[int, ...]]:
    """Return stride, padding before, padding after and dilation for each axis of volumes."""
    s, d = numbers(name, "stride", stride, 3, 1), numbers(name, "dilation", dilation, 3, 1)
    if not isinstance(padding, str):
        p = numbers(name, "padding", padding, 3, 0)
        return [s, p, p, d]
    spans = tuple([d[i] * (kernel[i] - 1) for i in range(3)])
    if padding == "same" and s != (1, 1, 1):
        raise ValueError(f"{name}: padding 'same' needs stride 1, got {stride!r}")
    named = {"valid": (0, 0, 0), "full": spans, "same": tuple([n // 2 for n in spans])}
    if padding not in named:
        raise ValueError(f"{name}: padding must be numbers, 'valid', 'same' or 'full', got {padding!r}")
    before = named[padding]
    return [s, before, tuple([n - b for n, b in zip(spans, before, strict=True)]) if padding == "same" else before, d]


def depth_windows(
    name: str, x: Tensor, kernel: tuple[int, ...], s: tuple[int, ...], before: tuple[int, ...], after: tuple[int, ...],
    d: tuple[int, ...], floor: bool,
) -> tuple[int, Windows]:  # fmt: skip
    """Return the number of windows along the depth of volumes, and the windows over height and width."""
    span = d[0] * (kernel[0] - 1) + 1
    room = x.shape[2] + before[0] + after[0] - span
    if room < 0 or (room % s[0] and not floor):
        what = "do not fit into the input" if room < 0 else "do not end at the border (floor=True leaves the rest out)"
        raise ValueError(
            f"{name}: the windows {what}: depth {x.shape[2]} + padding {before[0]} + {after[0]}, kernel {kernel[0]}, "
            f"dilation {d[0]}, stride {s[0]}"
        )
    padding = ((before[1], after[1]), (before[2], after[2]))
    return room // s[0] + 1, Windows((kernel[1], kernel[2]), (s[1], s[2]), padding, (d[1], d[2]))


def conv3d(
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
    """Convolve volumes with filters (cross-correlation, as is usual in deep learning).

    The slices that one filter sees are laid side by side as channels, and convolved as images.

    Parameters
    ----------
    input : Tensor, shape (n, c, d, h, w)
    weight : Tensor, shape (out, c / groups, fd, fh, fw)
    bias : Tensor, shape (out,), optional
    stride, padding, dilation, groups, floor
        As in :func:`conv2d`, for three axes.

    Returns
    -------
    Tensor, shape (n, out, od, oh, ow)

    Raises
    ------
    ValueError, TypeError
        If the shapes, the groups or the sizes do not fit.

    Examples
    --------
    >>> import minigrad as mg
    >>> from minigrad.nn import functional as F
    >>> F.conv3d(mg.ones((1, 2, 3, 3, 3)), mg.ones((4, 2, 2, 2, 2)), stride=1).shape
    (1, 4, 2, 2, 2)
    """
    x, weight, bias = operands("conv3d", input, weight, bias, 3, groups, turned=False)
    kernel = weight.shape[2:]
    s, before, after, d = thirds("conv3d", stride, padding, dilation, kernel)
    _check_area("conv3d", x, kernel, s, before, after, d, floor)
    depth, w = depth_windows("conv3d", x, kernel, s, before, after, d, floor)
    if before[0] or after[0]:
        x = _pad(x, widths=((0, 0), (0, 0), (before[0], after[0]), (0, 0), (0, 0)))
    n, c, _, height, width = x.shape
    slices = [x[:, :, i * d[0] : i * d[0] + s[0] * (depth - 1) + 1 : s[0]] for i in range(kernel[0])]
    images = _transpose(stack(slices, axis=2), axes=(0, 3, 1, 2, 4, 5))
    o, per = weight.shape[:2]
    y = _conv2d(
        _reshape(images, shape=(n * depth, c * kernel[0], height, width)),
        _reshape(weight, shape=(o, per * kernel[0], *kernel[1:])),
        bias, w=w, groups=groups,
    )  # fmt: skip
    return _transpose(_reshape(y, shape=(n, depth, *y.shape[1:])), axes=(0, 2, 1, 3, 4))


def _check_area(
    name: str, x: Tensor, kernel: tuple[int, ...], s: tuple[int, ...], before: tuple[int, ...], after: tuple[int, ...],
    d: tuple[int, ...], floor: bool,
) -> None:  # fmt: skip
    """Raise where the windows do not fit the height and width of volumes, padding included."""
    padded = [x.shape[3 + i] + before[1 + i] + after[1 + i] for i in (0, 1)]
    windows(name, (1, 1, padded[0], padded[1]), kernel[1:], s[1:], 0, d[1:], floor)
