"""Activation functions with kinks as layers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from minigrad import Tensor

from .. import functional as F
from ..functional._arguments import number
from ..module import Module
from ..parameter import Parameter
from ._activation import Activation
from ._settings import settings, size

if TYPE_CHECKING:
    from numpy.typing import DTypeLike

__all__ = [
    "CELU", "ELU", "Hardshrink", "Hardsigmoid", "Hardswish", "Hardtanh", "LeakyReLU", "PReLU", "ReLU", "ReLU6", "SELU",
    "Softshrink", "Threshold",
]  # fmt: skip


class ReLU(Activation):
    """Compute ``max(x, 0)``. Local gradient: 1 where x > 0, else 0.

    Examples
    --------
    >>> from minigrad import nn
    >>> nn.ReLU()([-1.0, 0.0, 2.0])
    Tensor([0., 0., 2.], dtype=float64)
    """

    _function = staticmethod(F.relu)


class ReLU6(Activation):
    """Compute ``min(max(x, 0), 6)``. Local gradient: 1 where 0 < x < 6, else 0.

    Examples
    --------
    >>> from minigrad import nn
    >>> nn.ReLU6()([-1.0, 3.0, 9.0])
    Tensor([0., 3., 6.], dtype=float64)
    """

    _function = staticmethod(F.relu6)


class LeakyReLU(Activation):
    """Return `x` where it is positive, else ``negative_slope · x``. Local gradient: 1, or the slope.

    Parameters
    ----------
    negative_slope : float

    Examples
    --------
    >>> from minigrad import nn
    >>> nn.LeakyReLU(0.1)([-2.0, 3.0])
    Tensor([-0.2,  3. ], dtype=float64)
    """

    _function = staticmethod(F.leaky_relu)

    def __init__(self, negative_slope: float = 0.01) -> None:
        self.negative_slope = number("LeakyReLU", "negative_slope", negative_slope)


class PReLU(Module):
    """Return `x` where it is positive, else ``weight · x``, with a learned weight for all or one per channel.

    Local gradients: 1 or the weight; min(x, 0).

    Parameters
    ----------
    num_parameters : int
        1, or the number of channels (axis 1).
    init : float
        The first value of the weight.
    dtype : dtype
        Of the weight.

    Attributes
    ----------
    weight : Parameter, shape (num_parameters,)

    Raises
    ------
    ValueError, TypeError
        If a setting is no such number; at the call, if the channels are not as many.

    References
    ----------
    He, Zhang, Ren, Sun, "Delving deep into rectifiers", ICCV 2015.

    Examples
    --------
    >>> from minigrad import nn
    >>> nn.PReLU()(np.array([[-2.0, 3.0]], np.float32))
    Tensor([[-0.5,  3. ]], dtype=float32, op=prelu)
    """

    def __init__(self, num_parameters: int = 1, init: float = 0.25, *, dtype: DTypeLike = np.float32) -> None:
        self.num_parameters = size("PReLU", "num_parameters", num_parameters)
        self.init = number("PReLU", "init", init)
        self.weight = Parameter(np.full(self.num_parameters, self.init), dtype=dtype)

    def forward(self, x: Any) -> Tensor:
        """Return the activation of x, of shape (n, channels, ...), or any with one weight for all."""
        return F.prelu(x, self.weight)

    def extra_repr(self) -> str:
        """Return the number of weights, and their first value where it is not the default."""
        return f"{self.num_parameters}" + settings(self, init=0.25)


class ELU(Activation):
    """Return `x` where it is positive, else ``alpha · (exp(x) - 1)``. Local gradient: 1, or alpha · exp(x).

    Parameters
    ----------
    alpha : float

    References
    ----------
    Clevert, Unterthiner, Hochreiter, Fast and Accurate Deep Network Learning by Exponential Linear Units, 2015.

    Examples
    --------
    >>> from minigrad import nn
    >>> nn.ELU()([-1.0, 2.0])
    Tensor([-0.63212056,  2.        ], dtype=float64)
    """

    _function = staticmethod(F.elu)

    def __init__(self, alpha: float = 1.0) -> None:
        self.alpha = number("ELU", "alpha", alpha)


class CELU(Activation):
    """Return `x` where it is positive, else ``alpha · (exp(x / alpha) - 1)``. Local gradient: 1, or exp(x / alpha).

    Parameters
    ----------
    alpha : float
        Above 0.

    Raises
    ------
    ValueError, TypeError
        If alpha is not positive.

    Examples
    --------
    >>> from minigrad import nn
    >>> nn.CELU(2.0)([-1.0, 2.0])
    Tensor([-0.78693868,  2.        ], dtype=float64)
    """

    _function = staticmethod(F.celu)

    def __init__(self, alpha: float = 1.0) -> None:
        self.alpha = number("CELU", "alpha", alpha, above=0)


class SELU(Activation):
    """Compute ``1.0507 · elu(x, 1.6733)``. Local gradient: 1.0507 from 0 on, else 1.7581 · exp(x).

    References
    ----------
    Klambauer et al., Self-Normalizing Neural Networks, 2017.

    Examples
    --------
    >>> from minigrad import nn
    >>> nn.SELU()([-1.0, 2.0])
    Tensor([-1.11133074,  2.10140197], dtype=float64)
    """

    _function = staticmethod(F.selu)


class Hardtanh(Activation):
    """Return `x`, limited to an interval. Local gradient: 1 strictly inside, else 0.

    Parameters
    ----------
    min_val, max_val : float

    Raises
    ------
    ValueError, TypeError
        If the interval is empty.

    Examples
    --------
    >>> from minigrad import nn
    >>> nn.Hardtanh()([-2.0, 0.5, 2.0])
    Tensor([-1. ,  0.5,  1. ], dtype=float64)
    """

    _function = staticmethod(F.hardtanh)

    def __init__(self, min_val: float = -1.0, max_val: float = 1.0) -> None:
        self.min_val, self.max_val = number("Hardtanh", "min_val", min_val), number("Hardtanh", "max_val", max_val)
        if not self.min_val <= self.max_val:
            raise ValueError(f"Hardtanh: min_val {min_val!r} is above max_val {max_val!r}")


class Hardsigmoid(Activation):
    """Compute ``clip(x + 3, 0, 6) / 6``. Local gradient: 1/6 where -3 < x < 3, else 0.

    Examples
    --------
    >>> from minigrad import nn
    >>> nn.Hardsigmoid()([-4.0, 0.0, 1.5])
    Tensor([0.  , 0.5 , 0.75], dtype=float64)
    """

    _function = staticmethod(F.hardsigmoid)


class Hardswish(Activation):
    """Compute ``x · clip(x + 3, 0, 6) / 6``. Local gradient: 0 up to -3, 1 from 3 on, x/3 + 1/2 between.

    Examples
    --------
    >>> from minigrad import nn
    >>> nn.Hardswish()([-1.5, 3.0])
    Tensor([-0.375,  3.   ], dtype=float64)
    """

    _function = staticmethod(F.hardswish)


class Threshold(Activation):
    """Return `x` where it is above a threshold, else a value. Local gradient: 1 above, else 0.

    Parameters
    ----------
    threshold, value : float

    Examples
    --------
    >>> from minigrad import nn
    >>> nn.Threshold(1.0, 20.0)([0.5, 2.0])
    Tensor([20.,  2.], dtype=float64)
    """

    _function = staticmethod(F.threshold)

    def __init__(self, threshold: float, value: float) -> None:
        self.threshold = number("Threshold", "threshold", threshold)
        self.value = number("Threshold", "value", value)


class Hardshrink(Activation):
    """Return `x` where it is further than `lambd` from 0, else 0. Local gradient: 1 there, else 0.

    Parameters
    ----------
    lambd : float
        At least 0.

    Examples
    --------
    >>> from minigrad import nn
    >>> nn.Hardshrink()([-1.0, 0.5, 2.0])
    Tensor([-1.,  0.,  2.], dtype=float64)
    """

    _function = staticmethod(F.hardshrink)

    def __init__(self, lambd: float = 0.5) -> None:
        self.lambd = number("Hardshrink", "lambd", lambd, 0)


class Softshrink(Activation):
    """Return `x`, moved towards 0 by `lambd`, at most to 0. Local gradient: 1 beyond ±lambd, else 0.

    Parameters
    ----------
    lambd : float
        At least 0.

    Examples
    --------
    >>> from minigrad import nn
    >>> nn.Softshrink()([-1.0, 0.5, 2.0])
    Tensor([-0.5,  0. ,  1.5], dtype=float64)
    """

    _function = staticmethod(F.softshrink)

    def __init__(self, lambd: float = 0.5) -> None:
        self.lambd = number("Softshrink", "lambd", lambd, 0)
