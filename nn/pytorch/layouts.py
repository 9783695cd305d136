"""In which layout PyTorch keeps the parameters of each layer."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase

from minigrad import Tensor

from .. import layers
from ..module import Module
from ..parameter import Parameter

__all__ = ["TRANSPOSED"]

_GATES = ("weight_ih*", "weight_hh*")

TRANSPOSED: dict[type[Module], tuple[str, ...]] = {
    # x @ weight here, x @ weight.T there: (in, out) against (out, in).
    layers.Affine: ("weight",),
    layers.Bilinear: (),  # (out, in1, in2)
    # (out, in / groups, ...) for a convolution, (in, out / groups, ...) for a transposed one.
    layers.Conv1d: (),
    layers.Conv2d: (),
    layers.Conv3d: (),
    layers.ConvTranspose1d: (),
    layers.ConvTranspose2d: (),
    layers.ConvTranspose3d: (),
    # weight, bias, running_mean, running_var, num_batches_tracked
    layers.BatchNorm1d: (),
    layers.BatchNorm2d: (),
    layers.BatchNorm3d: (),
    layers.InstanceNorm2d: (),
    layers.GroupNorm: (),
    layers.LayerNorm: (),
    layers.RMSNorm: (),
    layers.Embedding: (),  # (rows, length of a row)
    layers.PReLU: (),
    # The gates are in the same order: input, forget, cell, output for an LSTM; reset, update, new for a GRU.
    layers.RNN: _GATES,
    layers.LSTM: _GATES,
    layers.GRU: _GATES,
    layers.RNNCell: _GATES,
    layers.LSTMCell: _GATES,
    layers.GRUCell: _GATES,
    # Queries, keys and values side by side here, one below the other there. Its out_proj is an Affine.
    layers.MultiHeadAttention: ("in_proj_weight",),
}
"""By class: which parameters PyTorch keeps as the transpose of ours; ``*`` stands for anything.

All others, biases and running statistics among them, have the same shape there, and every parameter and buffer has the
same name, since PyTorch's names were taken. A subclass has the entry of its base.
"""


def turned(module: Module, attribute: str) -> bool:
    """Return whether PyTorch keeps this parameter of a module as the transpose."""
    for kind in type(module).__mro__:
        if kind in TRANSPOSED:
            return any(fnmatchcase(attribute, pattern) for pattern in TRANSPOSED[kind])
    return False


def own_tensors(module: Module) -> Iterator[tuple[str, Tensor]]:
    """Yield the parameters and buffers that are the module's own attributes."""
    for name, value in module.__dict__.items():
        if isinstance(value, Parameter) or (name in module._buffers and isinstance(value, Tensor)):
            yield name, value
