"""Layers as functions, with the names, the argument order and the NCHW layout of ``torch.nn.functional``.

Arguments that only keep an older spelling (``size_average``, ``reduce``) or overwrite the input (``inplace``) do not
exist, and what follows them in PyTorch is passed by name; what draws random numbers takes ``rng=``. Where the results
differ from PyTorch's, there is a reason:

- Where PyTorch is silent about a mistake or answers NaN, these raise: windows that do not end at the border (pass
  ``floor=True`` for PyTorch's rounding down), shapes that would broadcast in a loss, the mean of no losses, targets
  that are neither 1 nor -1, probabilities below 0, weights of classes that require a gradient.
- At a kink the slope is the one nearest to 0 of those that support the function: 0 at the margin of a hinge loss, 1.05
  for selu at 0, 1 for elu at 0 if alpha is above 1.
- At infinity, values and slopes are the limits: ``silu(-inf)`` is 0, ``softsign(inf)`` is 1. A sure and right
  prediction has a cross-entropy of 0, with the limit of the slope, 1 in size.

>>> from minigrad.nn import functional as F
>>> F.huber_loss(F.silu([0.0, 1.0]), [0.0, 1.0])
Tensor(0.01808237, dtype=float64)
"""

from __future__ import annotations

from minigrad.ops.activation import affine, softmax_cross_entropy
from minigrad.ops.conv_transpose import conv_transpose1d, conv_transpose2d, conv_transpose3d
from minigrad.ops.convolution import avg_pool2d, conv2d, max_pool2d
from minigrad.ops.convolution_nd import conv1d, conv3d
from minigrad.ops.pooling import (
    adaptive_avg_pool1d,
    adaptive_avg_pool2d,
    adaptive_avg_pool3d,
    adaptive_max_pool1d,
    adaptive_max_pool2d,
    adaptive_max_pool3d,
    avg_pool1d,
    avg_pool3d,
    max_pool1d,
    max_pool3d,
    stochastic_pool2d,
)
from minigrad.ops.resampling import fold, interpolate, pixel_shuffle, pixel_unshuffle, unfold

from ._arguments import REDUCTIONS as REDUCTIONS
from .activation import (
    gelu,
    glu,
    log_softmax,
    logsigmoid,
    mish,
    sigmoid,
    silu,
    softmax,
    softmin,
    softplus,
    softsign,
    tanh,
    tanhshrink,
)
from .attention import scaled_dot_product_attention
from .classification import (
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    cross_entropy,
    kl_div,
    nll_loss,
)
from .distance import cosine_similarity, normalize, pairwise_distance
from .dropout import dropout, dropout2d
from .embedding import embedding, one_hot
from .margins import (
    cosine_embedding_loss,
    hinge_embedding_loss,
    margin_ranking_loss,
    multi_margin_loss,
    multiclass_svm_loss,
    triplet_margin_loss,
)
from .normalization import batch_norm, group_norm, instance_norm, layer_norm, local_response_norm, rms_norm
from .rectifiers import (
    celu,
    elu,
    hardshrink,
    hardsigmoid,
    hardswish,
    hardtanh,
    leaky_relu,
    prelu,
    relu,
    relu6,
    selu,
    softshrink,
    threshold,
)
from .regression import gaussian_nll_loss, huber_loss, l1_loss, mse_loss, poisson_nll_loss, smooth_l1_loss
from .shape import flatten, linear, pad

__all__ = [
    "affine",
    "adaptive_avg_pool1d",
    "adaptive_avg_pool2d",
    "adaptive_avg_pool3d",
    "adaptive_max_pool1d",
    "adaptive_max_pool2d",
    "adaptive_max_pool3d",
    "avg_pool1d",
    "avg_pool2d",
    "avg_pool3d",
    "batch_norm",
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "celu",
    "conv1d",
    "conv2d",
    "conv3d",
    "conv_transpose1d",
    "conv_transpose2d",
    "conv_transpose3d",
    "cosine_embedding_loss",
    "cosine_similarity",
    "cross_entropy",
    "dropout",
    "dropout2d",
    "elu",
    "embedding",
    "flatten",
    "fold",
    "gaussian_nll_loss",
    "gelu",
    "glu",
    "group_norm",
    "hardshrink",
    "hardsigmoid",
    "hardswish",
    "hardtanh",
    "hinge_embedding_loss",
    "huber_loss",
    "instance_norm",
    "interpolate",
    "kl_div",
    "l1_loss",
    "layer_norm",
    "leaky_relu",
    "linear",
    "local_response_norm",
    "log_softmax",
    "logsigmoid",
    "margin_ranking_loss",
    "max_pool1d",
    "max_pool2d",
    "max_pool3d",
    "mish",
    "mse_loss",
    "multi_margin_loss",
    "multiclass_svm_loss",
    "nll_loss",
    "normalize",
    "one_hot",
    "pad",
    "pairwise_distance",
    "pixel_shuffle",
    "pixel_unshuffle",
    "poisson_nll_loss",
    "prelu",
    "relu",
    "relu6",
    "rms_norm",
    "scaled_dot_product_attention",
    "selu",
    "sigmoid",
    "silu",
    "smooth_l1_loss",
    "softmax",
    "softmax_cross_entropy",
    "softmin",
    "softplus",
    "softshrink",
    "softsign",
    "stochastic_pool2d",
    "tanh",
    "tanhshrink",
    "threshold",
    "triplet_margin_loss",
    "unfold",
]
