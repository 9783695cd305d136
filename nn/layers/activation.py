"""Smooth activation functions as layers, and those that share a sum along an axis."""

from __future__ import annotations

import operator

from .. import functional as F
from ..functional._arguments import number
from ._activation import Activation

__all__ = [
    "GELU", "GLU", "LogSigmoid", "LogSoftmax", "Mish", "SiLU", "Sigmoid", "Softmax", "Softmin", "Softplus", "Softsign",
    "Tanh", "Tanhshrink",
]  # fmt: skip


class Sigmoid(Activation):
    """Compute ``1 / (1 + exp(-x))``, without overflow. Local gradient: y (1 - y).

    Examples
    --------
    >>> from minigrad import nn
    >>> nn.Sigmoid()([1.0, 2.0])
    Tensor([0.73105858, 0.88079708], dtype=float64)
    """

    _function = staticmethod(F.sigmoid)


class Tanh(Activation):
    """Compute ``tanh(x) = 2 sigmoid(2x) - 1``. Local gradient: 1 - y².

    Examples
    --------
    >>> from minigrad import nn
    >>> nn.Tanh()([0.0, 1.0])
    Tensor([0.        , 0.76159416], dtype=float64)
    """

    _function = staticmethod(F.tanh)


class Softplus(Activation):
    """Compute ``log(1 + exp(beta · x)) / beta``, a smooth relu. Local gradient: σ(beta · x).

    Parameters
    ----------
    beta : float
        Above 0.
    threshold : float
        Where ``beta · x`` is above it, the result is `x` and the slope 1, a difference of 2e-9 at the default.

    Raises
    ------
    ValueError, TypeError
        If beta is not positive or the threshold is negative.

    Examples
    --------
    >>> from minigrad import nn
    >>> nn.Softplus()([-1000.0, 0.0, 1000.0])
    Tensor([0.00000000e+00, 6.93147181e-01, 1.00000000e+03], dtype=float64)
    """

    _function = staticmethod(F.softplus)

    def __init__(self, beta: float = 1.0, threshold: float = 20.0) -> None:
        self.beta = number("Softplus", "beta", beta, above=0)
        self.threshold = number("Softplus", "threshold", threshold, 0)


class Softsign(Activation):
    """Compute ``x / (1 + |x|)``. Local gradient: 1 / (1 + |x|)².

    Examples
    --------
    >>> from minigrad import nn
    >>> nn.Softsign()([-3.0, 0.0, 1.0])
    Tensor([-0.75,  0.  ,  0.5 ], dtype=float64)
    """

    _function = staticmethod(F.softsign)


class Tanhshrink(Activation):
    """Compute ``x - tanh(x)``. Local gradient: tanh(x)².

    Examples
    --------
    >>> from minigrad import nn
    >>> nn.Tanhshrink()([0.0, 1.0])
    Tensor([0.        , 0.23840584], dtype=float64)
    """

    _function = staticmethod(F.tanhshrink)


class LogSigmoid(Activation):
    """Compute ``log(σ(x))``, without overflow or loss of digits. Local gradient: σ(-x).

    Examples
    --------
    >>> from minigrad import nn
    >>> nn.LogSigmoid()([-1000.0, 0.0])
    Tensor([-1.00000000e+03, -6.93147181e-01], dtype=float64)
    """

    _function = staticmethod(F.logsigmoid)


class GELU(Activation):
    """Compute ``x · Φ(x)``, with Φ the standard normal distribution function. Local gradient: Φ(x) + x φ(x).

    Parameters
    ----------
    approximate : {"none", "tanh"}
        "tanh" is within 5e-4 and needs NumPy only; the exact function needs SciPy, ``pip install 'minigrad[special]'``.

    Raises
    ------
    ValueError
        If it is another word.

    References
    ----------
    Hendrycks and Gimpel, Gaussian Error Linear Units, 2016.

    Examples
    --------
    >>> from minigrad import nn
    >>> nn.GELU("tanh")([-1.0, 0.0, 1.0])
    Tensor([-0.15880801,  0.        ,  0.84119199], dtype=float64)
    """

    _function = staticmethod(F.gelu)

    def __init__(self, approximate: str = "none") -> None:
        if approximate not in ("none", "tanh"):
            raise ValueError(f"GELU: approximate must be one of none, tanh, got {approximate!r}")
        self.approximate = approximate


class SiLU(Activation):
    """Compute ``x · σ(x)``, also called swish. Local gradient: σ(x) (1 + x (1 - σ(x))).

    Examples
    --------
    >>> from minigrad import nn
    >>> nn.SiLU()([0.0, 1.0])
    Tensor([0.        , 0.73105858], dtype=float64)
    """

    _function = staticmethod(F.silu)


class Mish(Activation):
    """Compute ``x · t`` with t = tanh(softplus(x)). Local gradient: t + x (1 - t²) σ(x).

    References
    ----------
    Misra, Mish: A Self Regularized Non-Monotonic Activation Function, 2019.

    Examples
    --------
    >>> from minigrad import nn
    >>> nn.Mish()([0.0, 1.0])
    Tensor([0.        , 0.86509839], dtype=float64)
    """

    _function = staticmethod(F.mish)


class _AlongAxis(Activation):
    def __init__(self, dim: int = -1) -> None:
        try:
            self.dim = operator.index(dim)
        except TypeError:
            raise TypeError(f"{type(self).__name__}: dim must be an integer, got {dim!r}") from None


class Softmax(_AlongAxis):
    """Compute ``exp(x) / sum(exp(x))`` along an axis, without overflow. Local gradient: ``diag(y) - y yᵀ``.

    Before a cross-entropy it is not needed: :class:`SoftmaxCrossEntropy` takes the logits.

    Parameters
    ----------
    dim : int
        The axis whose elements sum to 1.

    Examples
    --------
    >>> from minigrad import nn
    >>> nn.Softmax()([1010.0, 1000.0, 990.0])
    Tensor([9.99954600e-01, 4.53978686e-05, 2.06106005e-09], dtype=float64)
    """

    _function = staticmethod(F.softmax)


class Softmin(_AlongAxis):
    """Compute ``softmax(-x)`` along an axis. Local gradient: ``y yᵀ - diag(y)``.

    Parameters
    ----------
    dim : int
        The axis whose elements sum to 1.

    Examples
    --------
    >>> from minigrad import nn
    >>> nn.Softmin()([0.0, 1000.0])
    Tensor([1., 0.], dtype=float64)
    """

    _function = staticmethod(F.softmin)


class LogSoftmax(_AlongAxis):
    """Compute ``log(softmax(x))`` along an axis, without overflow or loss of digits.

    Local gradient: ``I - 1 softmax(x)ᵀ``.

    Parameters
    ----------
    dim : int
        The axis whose probabilities sum to 1.

    Examples
    --------
    >>> from minigrad import nn
    >>> nn.LogSoftmax()([0.0, 0.0])
    Tensor([-0.69314718, -0.69314718], dtype=float64)
    """

    _function = staticmethod(F.log_softmax)


class GLU(_AlongAxis):
    """Compute ``a · σ(b)``, where a and b are the two halves of the input along an axis: a gated linear unit.

    Local gradients: σ(b); a σ(b) (1 - σ(b)).

    Parameters
    ----------
    dim : int
        The axis to halve.

    References
    ----------
    Dauphin et al., Language Modeling with Gated Convolutional Networks, 2016.

    Examples
    --------
    >>> from minigrad import nn
    >>> nn.GLU()([3.0, 4.0, 0.0, 0.0])
    Tensor([1.5, 2. ], dtype=float64)
    """

    _function = staticmethod(F.glu)
