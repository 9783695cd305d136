"""Hypothesis strategies for what ops are called with: arrays in every layout, shapes, axes, indices, geometries.

They need hypothesis: ``pip install 'minigrad[testing]'``.

>>> from hypothesis import given, settings
>>> import minigrad as mg
>>> from minigrad.testing import check_op, strategies
>>> @settings(max_examples=5)
... @given(strategies.arrays(low=0.5, high=2.0))
... def test_log(x):
...     check_op(mg.log, x, reference=np.log)
>>> test_log()
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..tensor import Tensor
from .case import Array, leaf

try:
    from hypothesis import strategies as st
except ImportError as error:  # the only optional import of this package
    raise ImportError(
        "minigrad.testing.strategies needs hypothesis: pip install 'minigrad[testing]'", name=error.name
    ) from error

if TYPE_CHECKING:
    from numpy.typing import DTypeLike

    Shape = tuple[int, ...]
    Draw = Callable[["st.SearchStrategy[Any]"], Any]

LAYOUTS = ("plain", "transposed", "reversed", "spread", "repeated")


def shapes(min_dims: int = 0, max_dims: int = 3, min_side: int = 0, max_side: int = 3) -> st.SearchStrategy[Shape]:
    """Draw shapes: 0-d, empty and with axes of length 1 included."""
    side = st.integers(min_side, max_side)
    return st.lists(side, min_size=min_dims, max_size=max_dims).map(tuple)


@st.composite
def broadcastable(draw: Draw, count: int = 2, max_dims: int = 3, max_side: int = 3) -> tuple[Shape, ...]:
    """Draw `count` shapes that broadcast against each other: with axes left out, or of length 1."""
    full = draw(shapes(max_dims=max_dims, max_side=max_side))
    drawn = []
    for _ in range(count):
        start = draw(st.integers(0, len(full)))
        drawn.append(tuple([draw(st.sampled_from((n, n, 1))) for n in full[start:]]))
    return tuple(drawn)


def laid_out(values: Array, layout: str) -> Array:
    """Return an array equal to `values` (for "repeated": to its first entries, repeated) in another memory layout.

    >>> laid_out(np.arange(3.0), "reversed").strides, laid_out(np.ones((2, 3)), "repeated").strides
    ((-8,), (0, 8))
    """
    if not values.ndim:
        return values
    if layout == "transposed":
        return np.asfortranarray(values)
    if layout == "reversed":
        return np.flip(np.flip(values).copy())
    if layout == "spread":
        wide = np.zeros((*values.shape[:-1], 2 * values.shape[-1]), values.dtype)
        wide[..., ::2] = values
        return wide[..., ::2]
    if layout == "repeated" and values.shape[0]:
        return np.broadcast_to(values[:1], values.shape)
    return values


@st.composite
def arrays(
    draw: Draw,
    shape: Shape | st.SearchStrategy[Shape] | None = None,
    *,
    low: float = -2.0,
    high: float = 2.0,
    dtype: DTypeLike = np.float64,
    avoid: Sequence[float] = (),
    gap: float = 0.1,
    distinct: bool = False,
    layouts: Sequence[str] = LAYOUTS,
) -> Array:
    """Draw arrays of numbers in [low, high], in every memory layout.

    Parameters
    ----------
    shape : tuple of int or strategy, optional
        Default: :func:`shapes`.
    low, high : float
    dtype : dtype
    avoid : sequence of float
        Points, such as kinks, that no number comes nearer to than `gap`; it is moved up past it.
    gap : float
    distinct : bool
        No two numbers are equal or nearly so; the layout "repeated" is left out.
    layouts : sequence of str
        Which of "plain", "transposed", "reversed", "spread" (with gaps in memory), "repeated" (stride 0).
    """
    sides: Shape = shape if isinstance(shape, tuple) else draw(shapes() if shape is None else shape)
    if distinct:
        layouts = [name for name in layouts if name != "repeated"]
    # Numbers by the generator, not by hypothesis one by one: shapes and layouts are what is searched and shrunk.
    rng = np.random.default_rng(draw(st.integers(0, 2**16)))
    size = math.prod(sides)
    if distinct:
        numbers = rng.permutation(size) * ((high - low) / max(size, 1)) + low
    else:
        numbers = rng.uniform(low, high, size)
    # Few digits, so that a failure can be read.
    values = np.round(numbers, 3).reshape(sides)
    for point in avoid:
        values = np.where(np.abs(values - point) < gap, point + gap, values)
    return laid_out(values.astype(dtype), draw(st.sampled_from(layouts)))


def tensors(*args: Any, requires_grad: bool = True, **kwargs: Any) -> st.SearchStrategy[Tensor]:
    """Draw leaf tensors; the arguments are those of :func:`arrays`."""
    return arrays(*args, **kwargs).map(lambda values: leaf(values, requires_grad))


def axes(ndim: int, *, none: bool = True, several: bool = True) -> st.SearchStrategy[Any]:
    """Draw an axis argument: None, an integer (negative ones too), or a tuple of different axes."""
    choices: list[st.SearchStrategy[Any]] = [st.none()] if none else []
    if ndim:
        choices.append(st.integers(-ndim, ndim - 1))
    if several:
        unique = st.lists(st.integers(0, ndim - 1) if ndim else st.nothing(), unique=True, max_size=ndim)
        choices.append(unique.map(tuple))
    return st.one_of(choices)


def _over_axes(draw: Draw, shape: Shape, part: Callable[[int], Any]) -> Any:
    """Draw an index from a part for each of some leading and trailing axes, with None and Ellipsis among them."""
    count = draw(st.integers(0, len(shape)))
    leading = draw(st.integers(0, count))
    parts = [part(n) for n in (*shape[:leading], *shape[len(shape) - count + leading :])]
    if leading < count or draw(st.booleans()):
        parts.insert(leading, Ellipsis)
    for _ in range(draw(st.sampled_from((0, 0, 1, 2)))):
        parts.insert(draw(st.integers(0, len(parts))), None)
    return parts[0] if len(parts) == 1 and draw(st.booleans()) else tuple(parts)


@st.composite
def basic_indices(draw: Draw, shape: Shape) -> Any:
    """Draw indices of integers, slices, None and Ellipsis that fit `shape`."""

    def part(n: int) -> Any:
        if n and draw(st.booleans()):
            return draw(st.integers(-n, n - 1))
        end = st.none() | st.integers(-n - 1, n + 1)
        return slice(draw(end), draw(end), draw(st.sampled_from((None, 1, 2, -1, -2))))

    return _over_axes(draw, shape, part)


@st.composite
def advanced_indices(draw: Draw, shape: Shape) -> Any:
    """Draw indices with arrays among slices, integers, None and Ellipsis.

    The arrays are integers, repeated and negative ones included, of shapes that broadcast; lists of them; and boolean
    masks, of one axis or of all.
    """
    rng = np.random.default_rng(draw(st.integers(0, 2**16)))
    if not shape or draw(st.integers(0, 3)) == 0:
        return rng.random(shape) < 0.6
    common = draw(shapes(max_dims=2))

    def part(n: int) -> Any:
        kind = draw(st.sampled_from(("array", "list", "mask", "slice", "integer"))) if n else "slice"
        if kind == "slice":
            return slice(None, None, draw(st.sampled_from((1, -1))))
        if kind == "integer":
            return int(rng.integers(-n, n))
        if kind == "mask" and (common[-1] if common else 1) <= n:
            # As many places as broadcast against the arrays.
            return rng.permutation(n) < (common[-1] if common else 1)
        sides = tuple([draw(st.sampled_from((m, m, 1))) for m in common[draw(st.integers(0, len(common))) :]])
        places = rng.integers(-n, n, sides)
        return places.tolist() if kind == "list" and places.ndim else places

    return _over_axes(draw, shape, part)


def indices(shape: Shape) -> st.SearchStrategy[Any]:
    """Draw indices of every kind that fit `shape`."""
    return st.one_of(basic_indices(shape), advanced_indices(shape))


@st.composite
def einsum_specs(draw: Draw, max_operands: int = 3, max_labels: int = 3) -> tuple[str, tuple[Shape, ...]]:
    """Draw subscripts and the operands' shapes: with traces, sums, broadcast axes, ellipses and implicit outputs."""
    sizes = {c: draw(st.integers(1, 3)) for c in "ijkl"[: draw(st.integers(1, 4))]}
    ellipsis = draw(st.sampled_from(((), (), (2,))))
    terms, operands = [], []
    for _ in range(draw(st.integers(1, max_operands))):
        labels = draw(st.lists(st.sampled_from(sorted(sizes)), max_size=max_labels))
        # A label that stands twice in an operand must have one size there; NumPy broadcasts others of length 1.
        one = {c: draw(st.integers(0, 5)) == 0 for c in labels}
        wide = ellipsis if ellipsis and draw(st.booleans()) else None
        terms.append(("..." if wide else "") + "".join(labels))
        operands.append((*(wide or ()), *[1 if one[c] else sizes[c] for c in labels]))
    left = ",".join(terms)
    if draw(st.integers(0, 3)) == 0:
        return left, tuple(operands)
    named = sorted(set(left) & set(sizes))
    output = draw(st.lists(st.sampled_from(named), unique=True)) if named else []
    return f"{left}->{'...' if '...' in left else ''}{''.join(output)}", tuple(operands)


@st.composite
def convolutions(draw: Draw) -> tuple[Shape, Shape, dict[str, Any]]:
    """Draw the input's shape, the weight's shape, and stride, padding, dilation, groups and floor that fit them."""
    groups = draw(st.sampled_from((1, 1, 2)))
    kernel = draw(st.tuples(st.integers(1, 3), st.integers(1, 3)))
    dilation = draw(st.sampled_from((1, 1, (1, 2))))
    d = dilation if isinstance(dilation, tuple) else (dilation, dilation)
    spans = [d[i] * (kernel[i] - 1) + 1 for i in (0, 1)]
    stride = draw(st.sampled_from((1, 2, (2, 1))))
    padding = draw(st.sampled_from((0, 1, (1, 0), "valid", "full", *(["same"] if stride == 1 else []))))
    size = tuple([spans[i] + draw(st.integers(0, 2)) for i in (0, 1)])
    channels, out = groups * draw(st.integers(1, 2)), groups * draw(st.integers(1, 2))
    params = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups, "floor": True}
    return (draw(st.integers(0, 2)), channels, *size), (out, channels // groups, *kernel), params


@st.composite
def poolings(draw: Draw) -> tuple[Shape, dict[str, Any]]:
    """Draw the input's shape, and kernel_size, stride, padding and floor that fit it."""
    kernel = draw(st.sampled_from((1, 2, (2, 3), (3, 2))))
    k = kernel if isinstance(kernel, tuple) else (kernel, kernel)
    stride = draw(st.sampled_from((None, 1, (2, 1))))
    padding = draw(st.sampled_from((0, (min(1, k[0] // 2), 0))))
    size = tuple([n + draw(st.integers(0, 2)) for n in k])
    params = {"kernel_size": kernel, "stride": stride, "padding": padding, "floor": True}
    return (draw(st.integers(0, 2)), draw(st.integers(1, 2)), *size), params


@st.composite
def matrices(
    draw: Draw, n: int | None = None, *, kind: str = "general", batch: Shape = (), condition: float = 10.0
) -> Array:
    """Draw well-conditioned square matrices, in float64: singular values between 1 / √condition and √condition.

    Parameters
    ----------
    n : int, optional
        The size; default: 1 to 4.
    kind : {"general", "symmetric", "positive"}
        Any; symmetric with distinct eigenvalues of both signs; or symmetric and positive definite.
    batch : tuple of int
        The shape of the stack.
    condition : float
        At least 1: the largest ratio of singular values.

    Examples
    --------
    >>> import numpy as np
    >>> from hypothesis import given
    >>> @given(matrices(3, kind="positive"))
    ... def test_inverse(a):
    ...     assert np.linalg.cond(a) < 10.01
    >>> test_inverse()
    """
    if kind not in ("general", "symmetric", "positive"):
        raise ValueError(f"matrices: kind must be 'general', 'symmetric' or 'positive', got {kind!r}")
    if condition < 1:
        raise ValueError(f"matrices: condition must be at least 1, got {condition}")
    size = draw(st.integers(1, 4)) if n is None else n
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    q, _ = np.linalg.qr(rng.normal(size=(*batch, size, size)))
    # Evenly spaced on a logarithmic scale, so that no two are close and derivatives of their vectors stay small.
    s = condition ** np.linspace(0.5, -0.5, size) if size > 1 else np.ones(1)
    if kind == "general":
        other, _ = np.linalg.qr(rng.normal(size=(*batch, size, size)))
        return np.asarray((q * s) @ np.swapaxes(other, -1, -2))
    if kind == "symmetric":
        s = s * (-1.0) ** np.arange(size)
    a = (q * s) @ np.swapaxes(q, -1, -2)
    return np.asarray((a + np.swapaxes(a, -1, -2)) / 2)
