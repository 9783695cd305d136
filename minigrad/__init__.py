"""minigrad: a define-by-run autograd engine on NumPy, whose every gradient can be seen.

>>> import minigrad as mg
>>> x = mg.Tensor([1.0, 2.0], requires_grad=True)
>>> (x * x).sum().backward()
>>> x.grad
Tensor([2., 4.], dtype=float64)

The subpackages ``minigrad.nn`` (layers, losses, optimizers), ``minigrad.viz`` (drawings) and ``minigrad.testing``
(gradient tests) are imported by those who use them.
"""

from . import func
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
    cos,
    divide,
    exp,
    identity,
    log,
    maximum,
    minimum,
    multiply,
    negative,
    power,
    sign,
    sin,
    sqrt,
    square,
    subtract,
    tanh,
    where,
)
from .ops.comparison import argmax, argmin, argsort, full_like, isfinite, isinf, isnan, ones_like, zeros_like
from .ops.convolution import avg_pool2d, col2im, conv2d, im2col, max_pool2d
from .ops.creation import arange, eye, full, linspace, ones, zeros
from .ops.indexing import getitem, scatter, setitem
from .ops.linalg import einsum, matmul
from .ops.reduction import logsumexp, max, mean, min, std, sum, var
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
from .tensor import Tensor, asarray

abs = absolute

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
    "argmax",
    "argmin",
    "argsort",
    "asarray",
    "astype",
    "avg_pool2d",
    "broadcast_to",
    "checkpoint",
    "clip",
    "col2im",
    "concatenate",
    "conv2d",
    "cos",
    "decompose",
    "detect_anomaly",
    "divide",
    "einsum",
    "elementwise",
    "enable_grad",
    "exp",
    "expand_dims",
    "eye",
    "flip",
    "full",
    "full_like",
    "func",
    "fused",
    "general",
    "getitem",
    "grad",
    "identity",
    "im2col",
    "is_grad_enabled",
    "isfinite",
    "isinf",
    "isnan",
    "linear",
    "linspace",
    "log",
    "log_softmax",
    "logsumexp",
    "matmul",
    "max",
    "max_pool2d",
    "maximum",
    "mean",
    "min",
    "minimum",
    "multiply",
    "negative",
    "no_grad",
    "numerical_gradient",
    "ones",
    "ones_like",
    "pad",
    "power",
    "ravel",
    "registry",
    "relu",
    "reshape",
    "scatter",
    "setitem",
    "sigmoid",
    "sign",
    "sin",
    "softmax",
    "softmax_cross_entropy",
    "sqrt",
    "square",
    "squeeze",
    "stack",
    "std",
    "subtract",
    "sum",
    "swapaxes",
    "tanh",
    "transpose",
    "var",
    "where",
    "zeros",
    "zeros_like",
]
