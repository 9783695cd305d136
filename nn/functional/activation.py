"""Smooth activations, and those that share a sum along an axis."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import minigrad as mg
from minigrad import Tensor, asarray, sigmoid, tanh
from minigrad.ops import smooth as ops
from minigrad.ops._axes import axis_of

from ._arguments import floating, number

if TYPE_CHECKING:
    from numpy.typing import DTypeLike

__all__ = [
    "gelu", "glu", "log_softmax", "logsigmoid", "mish", "sigmoid", "silu", "softmax", "softmin", "softplus", "softsign",
    "tanh", "tanhshrink",
]  # fmt: skip


def softmax(input: Any, dim: int = -1, *, dtype: DTypeLike | None = None) -> Tensor:
    """Return ``exp(x) / sum(exp(x))`` along `dim`, without overflow. Local gradient: ``diag(y) - y yᵀ``.

    Parameters
    ----------
    input : Tensor, of any shape but 0-d
    dim : int
        The axis whose elements sum to 1.
    dtype : dtype, optional
        Compute in this precision.

    Examples
    --------
    >>> softmax([[0.0, 0.0]], dim=1)
    Tensor([[0.5, 0.5]], dtype=float64)
    """
    return mg.softmax(input if dtype is None else asarray(input).astype(dtype), dim)


def softmin(input: Any, dim: int = -1, *, dtype: DTypeLike | None = None) -> Tensor:
    """Return ``softmax(-x)`` along `dim`.

    Examples
    --------
    >>> softmin([0.0, 1000.0])
    Tensor([1., 0.], dtype=float64)
    """
    return softmax(-floating("softmin", input), dim, dtype=dtype)


def log_softmax(input: Any, dim: int = -1, *, dtype: DTypeLike | None = None) -> Tensor:
    """Return ``log(softmax(x))`` along `dim`, without overflow or loss of digits.

    Parameters
    ----------
    input : Tensor, of any shape but 0-d
    dim : int
    dtype : dtype, optional
        Compute in this precision.

    Examples
    --------
    >>> log_softmax([0.0, 0.0])
    Tensor([-0.69314718, -0.69314718], dtype=float64)
    """
    return mg.log_softmax(input if dtype is None else asarray(input).astype(dtype), dim)


def softplus(input: Any, beta: float = 1.0, threshold: float = 20.0) -> Tensor:
    """Return ``log(1 + exp(beta · x)) / beta``, a smooth relu. Local gradient: σ(beta · x).

    Parameters
    ----------
    input : Tensor
    beta : float
        Above 0.
    threshold : float
        Where ``beta · x`` is above it, the result is `x` and the slope 1. At the default, 20, that is a difference of
        2e-9; nothing overflows without it, so ``math.inf`` is the exact function.

    Raises
    ------
    ValueError
        If beta is not positive or the threshold is negative.

    Examples
    --------
    >>> softplus([-1000.0, 0.0, 1000.0])
    Tensor([0.00000000e+00, 6.93147181e-01, 1.00000000e+03], dtype=float64)
    """
    x = floating("softplus", input)
    return ops.softplus(x, number("softplus", "beta", beta, above=0), number("softplus", "threshold", threshold, 0))


def logsigmoid(input: Any) -> Tensor:
    """Return ``log(σ(x))``, without overflow or loss of digits. Local gradient: σ(-x).

    Examples
    --------
    >>> logsigmoid([-1000.0, 0.0])
    Tensor([-1.00000000e+03, -6.93147181e-01], dtype=float64)
    """
    return ops.logsigmoid(floating("logsigmoid", input))


def softsign(input: Any) -> Tensor:
    """Return ``x / (1 + |x|)``. Local gradient: 1 / (1 + |x|)².

    Examples
    --------
    >>> softsign([-3.0, 0.0, 1.0])
    Tensor([-0.75,  0.  ,  0.5 ], dtype=float64)
    """
    return ops.softsign(floating("softsign", input))


def tanhshrink(input: Any) -> Tensor:
    """Return ``x - tanh(x)``. Local gradient: tanh(x)².

    Examples
    --------
    >>> tanhshrink([0.0, 1.0])
    Tensor([0.        , 0.23840584], dtype=float64)
    """
    return ops.tanhshrink(floating("tanhshrink", input))


def gelu(input: Any, approximate: str = "none") -> Tensor:
    """Return ``x · Φ(x)``, with Φ the standard normal distribution function. Local gradient: Φ(x) + x φ(x).

    Parameters
    ----------
    input : Tensor
    approximate : {"none", "tanh"}
        "tanh" computes ``x/2 · (1 + tanh(√(2/π) (x + 0.044715 x³)))``, which is within 5e-4 and needs NumPy only.

    Raises
    ------
    ImportError
        If the exact function is asked for and SciPy is not installed: ``pip install 'minigrad[special]'``.

    References
    ----------
    Hendrycks and Gimpel, Gaussian Error Linear Units, 2016.

    Examples
    --------
    >>> gelu([-1.0, 0.0, 1.0], approximate="tanh")
    Tensor([-0.15880801,  0.        ,  0.84119199], dtype=float64)
    """
    x = floating("gelu", input)
    if approximate == "tanh":
        return ops.gelu_tanh(x)
    if approximate != "none":
        raise ValueError(f"gelu: approximate must be one of none, tanh, got {approximate!r}")
    return ops.gelu(x)


def silu(input: Any) -> Tensor:
    """Return ``x · σ(x)``, also called swish. Local gradient: σ(x) (1 + x (1 - σ(x))).

    Examples
    --------
    >>> silu([0.0, 1.0])
    Tensor([0.        , 0.73105858], dtype=float64)
    """
    return ops.silu(floating("silu", input))


def mish(input: Any) -> Tensor:
    """Return ``x · t`` with t = tanh(softplus(x)). Local gradient: t + x (1 - t²) σ(x).

    References
    ----------
    Misra, Mish: A Self Regularized Non-Monotonic Activation Function, 2019.

    Examples
    --------
    >>> mish([0.0, 1.0])
    Tensor([0.        , 0.86509839], dtype=float64)
    """
    return ops.mish(floating("mish", input))


def glu(input: Any, dim: int = -1) -> Tensor:
    """Return ``a · σ(b)``, where a and b are the two halves of `input` along `dim`: a gated linear unit.

    Raises
    ------
    ValueError
        If the axis cannot be halved.
    IndexError
        If there is no such axis.

    Examples
    --------
    >>> glu([3.0, 4.0, 0.0, 0.0])
    Tensor([1.5, 2. ], dtype=float64)
    """
    x = floating("glu", input)
    axis = axis_of("glu", dim, x.ndim)
    if x.shape[axis] % 2:
        raise ValueError(f"glu: axis {dim} of input {x.shape} has {x.shape[axis]} elements, which cannot be halved")
    before, half = (slice(None),) * axis, x.shape[axis] // 2
    return x[(*before, slice(None, half))] * sigmoid(x[(*before, slice(half, None))])
