"""NumPy's many names for products of vectors and tensors, all written with few ops: matmul, multiply, cross."""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..kinds import linear
from ..protocol import public
from ..tensor import Tensor, asarray, constant
from ._axes import axes_of, axis_of
from .arithmetic import multiply, power
from .linalg import matmul
from .reduction import sum
from .shape import _reshape, _transpose, expand_dims, ravel, reshape


@public(np.dot, method="dot")
def dot(a: Any, b: Any) -> Tensor:
    """Return the dot product: over the last axis of `a` and the second-last of `b` (its only one, if it has one).

    A product with a number where an operand is 0-d; the inner product of two vectors; the matrix product of two
    matrices. For stacks of matrices :func:`matmul` is the better choice.

    Raises
    ------
    ValueError
        If the lengths of the axes differ.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.dot([1.0, 2.0], [3.0, 4.0])
    Tensor(11., dtype=float64)
    """
    a, b = asarray(a), asarray(b)
    if not a.ndim or not b.ndim:
        return multiply(a, b)
    axis = -2 if b.ndim > 1 else -1
    if a.shape[-1] != b.shape[axis]:
        raise ValueError(f"dot: {a.shape} and {b.shape}: lengths {a.shape[-1]} and {b.shape[axis]} differ")
    return matmul(a, b) if a.ndim <= 2 and b.ndim <= 2 else tensordot(a, b, ([-1], [axis]))


@public(np.vdot)
def vdot(a: Any, b: Any) -> Tensor:
    """Return the dot product of all elements of `a` with all of `b`, as vectors.

    Raises
    ------
    ValueError
        If they have different numbers of elements.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.vdot([[1.0, 2.0], [3.0, 4.0]], [[1.0, 1.0], [1.0, 2.0]])
    Tensor(14., dtype=float64)
    """
    a, b = asarray(a), asarray(b)
    if a.size != b.size:
        raise ValueError(f"vdot: {a.shape} and {b.shape} have {a.size} and {b.size} elements")
    return matmul(ravel(a), ravel(b))


@public(np.vecdot, np.linalg.vecdot)
def vecdot(x1: Any, x2: Any, axis: int = -1) -> Tensor:
    """Return the dot products of vectors that lie along `axis`; the other axes broadcast.

    Raises
    ------
    ValueError
        If the vectors have different lengths.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.vecdot([[1.0, 2.0], [3.0, 4.0]], [1.0, 1.0])
    Tensor([3., 7.], dtype=float64)
    """
    a, b = asarray(x1), asarray(x2)
    m = a.shape[axis_of("vecdot", axis, a.ndim)]
    n = b.shape[axis_of("vecdot", axis, b.ndim)]
    if m != n:
        raise ValueError(f"vecdot: {a.shape} and {b.shape}: lengths {m} and {n} along axis {axis} differ")
    return sum(multiply(a, b), axis)


@public(np.inner)
def inner(a: Any, b: Any) -> Tensor:
    """Return the sums of products over the last axes of `a` and `b`.

    Raises
    ------
    ValueError
        If the last axes have different lengths.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.inner([[1.0, 2.0], [3.0, 4.0]], [1.0, 1.0])
    Tensor([3., 7.], dtype=float64)
    """
    a, b = asarray(a), asarray(b)
    if not a.ndim or not b.ndim:
        return multiply(a, b)
    if a.shape[-1] != b.shape[-1]:
        raise ValueError(f"inner: {a.shape} and {b.shape}: last axes of lengths {a.shape[-1]} and {b.shape[-1]} differ")
    return tensordot(a, b, ([-1], [-1]))


@public(np.outer)
def outer(a: Any, b: Any) -> Tensor:
    """Return all products of an element of `a` with one of `b`, as a matrix; both are flattened.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.outer([1.0, 2.0], [1.0, 3.0])
    Tensor([[1., 3.],
            [2., 6.]], dtype=float64)
    """
    return multiply(expand_dims(ravel(a), 1), ravel(b))


def _contracted(axes: Any, a: Tensor, b: Tensor) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the axes of `a` and of `b` that `tensordot` sums over."""
    if isinstance(axes, (tuple, list)):
        if len(axes) != 2:
            raise ValueError(f"tensordot: axes must be a number or two sequences of axes, got {axes!r}")
        of_a, of_b = axes_of("tensordot", axes[0], a.ndim), axes_of("tensordot", axes[1], b.ndim)
    else:
        n = operator.index(axes)
        if not 0 <= n <= min(a.ndim, b.ndim):
            raise ValueError(f"tensordot: {n} axes of tensors of shapes {a.shape} and {b.shape}")
        of_a, of_b = tuple(range(a.ndim - n, a.ndim)), tuple(range(n))
    lengths = [a.shape[i] for i in of_a], [b.shape[i] for i in of_b]
    if lengths[0] != lengths[1]:
        raise ValueError(
            f"tensordot: axes {of_a} of {a.shape} and {of_b} of {b.shape} have lengths {lengths[0]} and {lengths[1]}"
        )
    return of_a, of_b


def _matrix(x: Tensor, order: tuple[int, ...], shape: tuple[int, int]) -> Tensor:
    """Return `x` with its axes in `order`, as a matrix; itself where it is that already."""
    if order != tuple(range(x.ndim)):
        x = _transpose(x, axes=order)
    return x if x.shape == shape else _reshape(x, shape=shape)


@public(np.tensordot, np.linalg.tensordot)
def tensordot(a: Any, b: Any, axes: Any = 2) -> Tensor:
    """Return the sums of products over some axes of `a` and as many of `b`.

    Parameters
    ----------
    a, b : Tensor or array_like
    axes : int or pair of sequences of int
        The number of last axes of `a` and first axes of `b`; or the axes of `a` and those of `b`, pairwise.

    Returns
    -------
    Tensor
        With the other axes of `a`, then those of `b`.

    Raises
    ------
    ValueError, IndexError
        If the axes do not fit.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.tensordot(mg.ones((2, 3, 4)), mg.ones((4, 3, 5)), ([1, 2], [1, 0])).shape
    (2, 5)
    """
    a, b = asarray(a), asarray(b)
    of_a, of_b = _contracted(axes, a, b)
    rest_a = tuple([i for i in range(a.ndim) if i not in of_a])
    rest_b = tuple([i for i in range(b.ndim) if i not in of_b])
    shape_a, shape_b = tuple([a.shape[i] for i in rest_a]), tuple([b.shape[i] for i in rest_b])
    n = math.prod([a.shape[i] for i in of_a])
    rows = _matrix(a, (*rest_a, *of_a), (math.prod(shape_a), n))
    columns = _matrix(b, (*of_b, *rest_b), (n, math.prod(shape_b)))
    product = matmul(rows, columns)
    shape = (*shape_a, *shape_b)
    return product if product.shape == shape else _reshape(product, shape=shape)


@public(np.kron)
def kron(a: Any, b: Any) -> Tensor:
    """Return the Kronecker product: each element of `a`, in its place, times all of `b`.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.kron([1.0, 10.0], [1.0, 2.0, 3.0])
    Tensor([ 1.,  2.,  3., 10., 20., 30.], dtype=float64)
    """
    a, b = asarray(a), asarray(b)
    n = max(a.ndim, b.ndim)
    if not n:
        return multiply(a, b)
    m, k = (1,) * (n - a.ndim) + a.shape, (1,) * (n - b.ndim) + b.shape
    spread = _reshape(a, shape=tuple([length for i in m for length in (i, 1)]))
    tile = _reshape(b, shape=tuple([length for i in k for length in (1, i)]))
    return _reshape(multiply(spread, tile), shape=tuple([i * j for i, j in zip(m, k, strict=True)]))


_cross = linear(
    lambda a, b: np.cross(a, b),
    lambda g, b: np.cross(b, g),
    lambda g, a: np.cross(g, a),
    name="cross",
    local=["b × ·", "· × a"],
)


@public(np.cross)
def cross(a: Any, b: Any, axisa: int = -1, axisb: int = -1, axisc: int = -1, axis: int | None = None) -> Tensor:
    """Return the cross product of vectors of length 3; the other axes broadcast.

    Local gradients: ``b × ·`` for `a` and ``· × a`` for `b`.

    Parameters
    ----------
    a, b : Tensor or array_like
    axisa, axisb, axisc : int
        Where the vectors lie in `a`, in `b` and in the result.
    axis : int, optional
        The same for all three.

    Raises
    ------
    ValueError
        If the vectors have another length: NumPy's form for two vectors of length 2 is deprecated there, too.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.cross([1.0, 0.0, 0.0], [0.0, 1.0, 0.0])
    Tensor([0., 0., 1.], dtype=float64)
    """
    a, b = asarray(a), asarray(b)
    if axis is not None:
        axisa = axisb = axisc = axis
    i, j = axis_of("cross", axisa, a.ndim), axis_of("cross", axisb, b.ndim)
    if a.shape[i] != 3 or b.shape[j] != 3:
        raise ValueError(
            f"cross: the vectors must have length 3, got {a.shape[i]} along axis {i} of {a.shape} and {b.shape[j]} "
            f"along axis {j} of {b.shape}. In the plane, write a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]"
        )
    y = _cross(_moved(a, i, a.ndim - 1), _moved(b, j, b.ndim - 1))
    return _moved(y, y.ndim - 1, axis_of("cross", axisc, y.ndim))


@public(np.linalg.cross)
def linalg_cross(x1: Any, x2: Any, /, *, axis: int = -1) -> Tensor:
    """Return the cross product of vectors of length 3 along `axis`; see :func:`minigrad.cross`."""
    return cross(x1, x2, axis=axis)


def _moved(x: Tensor, source: int, target: int) -> Tensor:
    if source == target:
        return x
    order = [i for i in range(x.ndim) if i != source]
    order.insert(target, source)
    return _transpose(x, axes=tuple(order))


@public(np.linalg.outer)
def linalg_outer(x1: Any, x2: Any, /) -> Tensor:
    """Return all products of an element of one vector with one of another, as a matrix.

    Raises
    ------
    ValueError
        If an operand is not a vector; :func:`minigrad.outer` flattens it.
    """
    a, b = asarray(x1), asarray(x2)
    if a.ndim != 1 or b.ndim != 1:
        raise ValueError(f"outer: expected two vectors, got shapes {a.shape} and {b.shape}")
    return outer(a, b)


@public(np.linalg.multi_dot)
def multi_dot(arrays: Sequence[Any]) -> Tensor:
    """Return the product of several matrices, in the order of multiplication that costs least.

    Parameters
    ----------
    arrays : sequence of Tensor or array_like
        At least two matrices that fit each other; the first and the last may be vectors.

    Raises
    ------
    ValueError
        If there are fewer than two, or they do not fit.

    References
    ----------
    Cormen et al., Introduction to Algorithms, "Matrix-chain multiplication".

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.linalg.multi_dot([mg.ones((2, 100)), mg.ones((100, 3)), mg.ones((3, 4))]).shape
    (2, 4)
    """
    chain = [asarray(a) for a in arrays]
    n = len(chain)
    if n < 2:
        raise ValueError(f"multi_dot: needs at least two matrices, got {n}")
    shapes = [t.shape for t in chain]
    for i, shape in enumerate(shapes):
        if len(shape) != 2 and not (len(shape) == 1 and i in (0, n - 1)):
            raise ValueError(f"multi_dot: operand {i} of shape {shape} is not a matrix (nor a vector at an end)")
    sizes = [shapes[0][0] if len(shapes[0]) == 2 else 1, *[shape[0] for shape in shapes[1:]]]
    sizes.append(shapes[-1][1] if len(shapes[-1]) == 2 else 1)
    for i, shape in enumerate(shapes[:-1]):
        if shape[-1] != sizes[i + 1]:
            raise ValueError(f"multi_dot: {shape} @ {shapes[i + 1]}: inner sizes {shape[-1]} and {sizes[i + 1]} differ")
    # The least cost of the product of factors i to j, and where to cut it.
    cost = {(i, i): (0, i) for i in range(n)}
    for length in range(1, n):
        for i in range(n - length):
            j = i + length
            cost[i, j] = min(
                (cost[i, k][0] + cost[k + 1, j][0] + sizes[i] * sizes[k + 1] * sizes[j + 1], k) for k in range(i, j)
            )
    return _chained(chain, cost, 0, n - 1)


def _chained(chain: list[Tensor], cost: dict[tuple[int, int], tuple[int, int]], i: int, j: int) -> Tensor:
    if i == j:
        return chain[i]
    k = cost[i, j][1]
    return matmul(_chained(chain, cost, i, k), _chained(chain, cost, k + 1, j))


@public(np.vander)
def vander(x: Any, N: int | None = None, increasing: bool = False) -> Tensor:
    """Return the Vandermonde matrix: the powers of each element of the vector `x`, as a row.

    Parameters
    ----------
    x : Tensor or array_like, shape (n,)
    N : int, optional
        The number of columns; default: n.
    increasing : bool
        Powers from 0 to N - 1, left to right; default: the other way.

    Raises
    ------
    ValueError
        If `x` is not a vector, or N is negative.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.vander([1.0, 2.0, 3.0], 3)
    Tensor([[1., 1., 1.],
            [4., 2., 1.],
            [9., 3., 1.]], dtype=float64)
    """
    x = asarray(x)
    if x.ndim != 1:
        raise ValueError(f"vander: expected a vector, got shape {x.shape}")
    n = x.size if N is None else operator.index(N)
    if n < 0:
        raise ValueError(f"vander: N must be at least 0, got {n}")
    if x.dtype.kind != "f":
        return constant(np.vander(x.detach().numpy(), n, increasing))
    exponents = np.arange(n, dtype=x.dtype)
    return power(reshape(x, (x.size, 1)), exponents if increasing else exponents[::-1])
