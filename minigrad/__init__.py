"""minigrad: a define-by-run autograd engine on NumPy, whose every gradient can be seen.

>>> import minigrad as mg
>>> x = mg.Tensor([1.0, 2.0], requires_grad=True)
>>> (x * x).sum().backward()
>>> x.grad
Tensor([2., 4.], dtype=float64)

The subpackages ``minigrad.nn`` (layers, losses, optimizers), ``minigrad.viz`` (drawings) and ``minigrad.testing``
(gradient tests) are imported by those who use them.
"""

from . import func, special
from .anomaly import AnomalyError
from .checkpoint import checkpoint
from .differentiate import grad
from .graph import Node
from .kinds import elementwise, fused, general, linear
from .mode import decompose, detect_anomaly, enable_grad, is_grad_enabled, no_grad
from .numeric import numerical_gradient
from .op import Op, registry
from .ops.activation import affine, log_softmax, relu, sigmoid, softmax, softmax_cross_entropy
from .ops.arithmetic import (
    absolute,
    add,
    clip,
    divide,
    fabs,
    float_power,
    fmax,
    fmin,
    identity,
    maximum,
    minimum,
    multiply,
    negative,
    power,
    reciprocal,
    sign,
    square,
    subtract,
    where,
)
from .ops.comparison import argmax, argmin, argsort, full_like, isfinite, isinf, isnan, ones_like, zeros_like
from .ops.convolution import avg_pool2d, col2im, conv2d, im2col, max_pool2d
from .ops.creation import arange, eye, full, linspace, ones, zeros
from .ops.exponential import cbrt, exp, exp2, expm1, log, log1p, log2, log10, logaddexp, logaddexp2, sqrt
from .ops.indexing import getitem, scatter, setitem
from .ops.linalg import einsum, matmul
from .ops.reduction import logsumexp, max, mean, min, std, sum, var
from .ops.rounding import (
    ceil,
    copysign,
    divmod,
    floor,
    floor_divide,
    fmod,
    heaviside,
    ldexp,
    nan_to_num,
    remainder,
    rint,
    round,
    trunc,
)
from .ops.shape import (
    astype,
    broadcast_to,
    concatenate,
    expand_dims,
    flip,
    pad,
    ravel,
    reshape,
    squeeze,
    stack,
    swapaxes,
    transpose,
)
from .ops.trigonometry import (
    arccos,
    arccosh,
    arcsin,
    arcsinh,
    arctan,
    arctan2,
    arctanh,
    cos,
    cosh,
    deg2rad,
    hypot,
    rad2deg,
    sin,
    sinc,
    sinh,
    tan,
    tanh,
)
from .tensor import Tensor, asarray

# NumPy's other names of the same functions.
abs = absolute
positive = identity
mod = remainder
radians = deg2rad
degrees = rad2deg

__version__ = "0.1.0"

__all__ = [
    "AnomalyError",
    "Node",
    "Op",
    "Tensor",
    "abs",
    "absolute",
    "add",
    "affine",
    "arange",
    "arccos",
    "arccosh",
    "arcsin",
    "arcsinh",
    "arctan",
    "arctan2",
    "arctanh",
    "argmax",
    "argmin",
    "argsort",
    "asarray",
    "astype",
    "avg_pool2d",
    "broadcast_to",
    "cbrt",
    "ceil",
    "checkpoint",
    "clip",
    "col2im",
    "concatenate",
    "conv2d",
    "copysign",
    "cos",
    "cosh",
    "decompose",
    "deg2rad",
    "degrees",
    "detect_anomaly",
    "divide",
    "divmod",
    "einsum",
    "elementwise",
    "enable_grad",
    "exp",
    "exp2",
    "expand_dims",
    "expm1",
    "eye",
    "fabs",
    "flip",
    "float_power",
    "floor",
    "floor_divide",
    "fmax",
    "fmin",
    "fmod",
    "full",
    "full_like",
    "func",
    "fused",
    "general",
    "getitem",
    "grad",
    "heaviside",
    "hypot",
    "identity",
    "im2col",
    "is_grad_enabled",
    "isfinite",
    "isinf",
    "isnan",
    "ldexp",
    "linear",
    "linspace",
    "log",
    "log10",
    "log1p",
    "log2",
    "log_softmax",
    "logaddexp",
    "logaddexp2",
    "logsumexp",
    "matmul",
    "max",
    "max_pool2d",
    "maximum",
    "mean",
    "min",
    "minimum",
    "mod",
    "multiply",
    "nan_to_num",
    "negative",
    "no_grad",
    "numerical_gradient",
    "ones",
    "ones_like",
    "pad",
    "positive",
    "power",
    "rad2deg",
    "radians",
    "ravel",
    "reciprocal",
    "registry",
    "relu",
    "remainder",
    "reshape",
    "rint",
    "round",
    "scatter",
    "setitem",
    "sigmoid",
    "sign",
    "sin",
    "sinc",
    "sinh",
    "softmax",
    "softmax_cross_entropy",
    "special",
    "sqrt",
    "square",
    "squeeze",
    "stack",
    "std",
    "subtract",
    "sum",
    "swapaxes",
    "tan",
    "tanh",
    "transpose",
    "trunc",
    "var",
    "where",
    "zeros",
    "zeros_like",
]
