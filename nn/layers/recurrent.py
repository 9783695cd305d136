"""Recurrent layers: a state is carried along a sequence.

The products with the inputs of all steps are one matrix product, and the steps one op of the graph;
``minigrad.decompose()`` records each step's parts.

The parameters have PyTorch's names, and its gates in its order; each weight is the transpose of PyTorch's, as that of
:class:`Affine` is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

import minigrad as mg
from minigrad import Tensor, asarray

from ..functional import dropout
from ..functional._arguments import together
from ..functional.dropout import probability
from ..init import Initializer
from ..random import generator
from ._recurrence import Gated, Kind, Memory, Simple, checked_nonlinearity
from ._settings import size

if TYPE_CHECKING:
    from numpy.typing import DTypeLike

__all__ = ["GRU", "LSTM", "RNN"]


class _Recurrent(Kind):
    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = True,
        dropout: float = 0.0,
        bidirectional: bool = False,
        *,
        init: Initializer | None = None,
        dtype: DTypeLike = np.float32,
        rng: np.random.Generator | None = None,
    ) -> None:
        kind = type(self).__name__
        self.input_size, self.hidden_size = size(kind, "input_size", input_size), size(kind, "hidden_size", hidden_size)
        self.num_layers = size(kind, "num_layers", num_layers)
        self.bias, self.batch_first, self.bidirectional = bool(bias), bool(batch_first), bool(bidirectional)
        self.dropout = probability(kind, "dropout", dropout)
        self.rng = None if rng is None else generator(rng)
        self._suffixes = ("", "_reverse") if bidirectional else ("",)
        for layer in range(self.num_layers):
            rows = self.input_size if layer == 0 else self.hidden_size * len(self._suffixes)
            for suffix in self._suffixes:
                self._add_weights(f"_l{layer}{suffix}", rows, init, dtype, rng)

    def forward(self, input: Any, state: Any = None) -> Any:
        """Return the last layer's states at all steps, and the last states of all layers.

        Parameters
        ----------
        input : Tensor, shape (n, steps, input_size)
            Or (steps, n, input_size), where `batch_first` is not set; or one sequence, (steps, input_size).
        state : Tensor, shape (num_layers · directions, n, hidden_size), optional
            Before the first step; default: 0. An LSTM has two, as a pair. For one sequence, without n.

        Returns
        -------
        output : Tensor, shape (n, steps, directions · hidden_size)
            With the axes of the input.
        state : Tensor, or a pair of them for an LSTM
            After the last step, of the shape of the first.
        """
        x, one = self._checked(input)
        directions = len(self._suffixes)
        count, n = self.num_layers * directions, x.shape[1]
        shape = (count, self.hidden_size) if one else (count, n, self.hidden_size)
        first = self._first(state, shape, np.result_type(x.dtype, self._dtype))
        if one:
            first = tuple([t.reshape(count, 1, self.hidden_size) for t in first])
        last: list[tuple[Tensor, ...]] = []
        for layer in range(self.num_layers):
            if layer and self.dropout:
                x = dropout(x, self.dropout, self.training, rng=self.rng)
            outputs = []
            for suffix in self._suffixes:
                own = tuple([t[len(last)] for t in first])
                states = self._sequence(mg.flip(x, 0) if suffix else x, own, f"_l{layer}{suffix}")
                last.append(tuple([t[-1] for t in states]))
                outputs.append(mg.flip(states[0], 0) if suffix else states[0])
            x = outputs[0] if directions == 1 else mg.concatenate(outputs, axis=-1)
        final = tuple([mg.stack(kind) for kind in zip(*last, strict=True)])
        if one:
            x, final = x[:, 0], tuple([t[:, 0] for t in final])
        elif self.batch_first:
            x = x.swapaxes(0, 1)
        return x, final if len(final) > 1 else final[0]

    def _checked(self, input: Any) -> tuple[Tensor, bool]:
        """Return the input with the steps on axis 0 and the examples on axis 1, and whether it was one sequence."""
        (x,) = together(type(self).__name__, input)
        axes = "(n, steps, {})" if self.batch_first else "(steps, n, {})"
        if x.ndim not in (2, 3) or x.shape[-1] != self.input_size:
            expected = f"{axes} or (steps, {{}})".format(self.input_size, self.input_size)
            raise ValueError(f"{self._head()}: expected input of shape {expected}, got {x.shape}")
        one = x.ndim == 2
        if one:
            x = x.reshape(x.shape[0], 1, x.shape[1])
        elif self.batch_first:
            x = x.swapaxes(0, 1)
        if not len(x):
            raise ValueError(f"{self._head()}: the sequence has no steps: input of shape {asarray(input).shape}")
        return x, one

    def _defaults(self) -> dict[str, Any]:
        more = {"num_layers": 1, "batch_first": True, "dropout": 0.0, "bidirectional": False}
        return {**super()._defaults(), **more}


class RNN(Simple, _Recurrent):
    """Carry a state along a sequence: ``h ← tanh(x[t] @ weight_ih + bias_ih + h @ weight_hh + bias_hh)``.

    Parameters
    ----------
    input_size, hidden_size : int
        The numbers of features at each step, and in the state.
    num_layers : int
        Each further layer reads the states of the one before.
    nonlinearity : {"tanh", "relu"}
    bias : bool
        Whether to add both.
    batch_first : bool
        Whether examples come before steps in the input and the output: (n, steps, features), as everywhere in this
        package. (PyTorch's default is the other one.) The axes of the states do not depend on it.
    dropout : float
        The probability with which each output of a layer is left out before the next layer, in training.
    bidirectional : bool
        Whether each layer has a second direction, from the last step to the first, whose states stand beside those of
        the first.
    init : callable, optional
        Makes the weights (see :mod:`minigrad.nn.init`). Default: evenly spread within ±1/√hidden_size. The biases
        start at 0.
    dtype : dtype
        Of the parameters.
    rng : numpy.random.Generator, optional
        For first values and dropout; default: the package's (:func:`minigrad.nn.seed`).

    Attributes
    ----------
    weight_ih_l0, weight_ih_l1, ... : Parameter, shape (features, gates · hidden_size)
        Of the input, per layer; those of the second direction end in ``_reverse``. An RNN has one gate, a GRU 3 and an
        LSTM 4.
    weight_hh_l0, ... : Parameter, shape (hidden_size, gates · hidden_size)
        Of the state.
    bias_ih_l0, bias_hh_l0, ... : Parameter, shape (gates · hidden_size,), or None

    Raises
    ------
    ValueError, TypeError
        If a setting is no such number; at the call, if the shapes do not fit.

    References
    ----------
    Elman, Finding Structure in Time, 1990.

    Examples
    --------
    >>> from minigrad import nn
    >>> layer = nn.RNN(5, 8, num_layers=2)
    >>> output, h_n = layer(np.zeros((3, 7, 5), np.float32))
    >>> output.shape, h_n.shape
    ((3, 7, 8), (2, 3, 8))
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        nonlinearity: str = "tanh",
        bias: bool = True,
        batch_first: bool = True,
        dropout: float = 0.0,
        bidirectional: bool = False,
        *,
        init: Initializer | None = None,
        dtype: DTypeLike = np.float32,
        rng: np.random.Generator | None = None,
    ) -> None:
        self.nonlinearity = checked_nonlinearity("RNN", nonlinearity)
        super().__init__(
            input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, init=init, dtype=dtype,
            rng=rng,
        )  # fmt: skip


class LSTM(Memory, _Recurrent):
    """Carry a state and a cell along a sequence, with gates that say what to add, keep and show.

    With ``i, f, u, o`` the quarters of ``x[t] @ weight_ih + bias_ih + h @ weight_hh + bias_hh``:
    ``c ← σ(f) c + σ(i) tanh(u)`` and ``h ← σ(o) tanh(c)``. The state is a pair ``(h, c)``.

    Parameters
    ----------
    input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, init, dtype, rng
        As in :class:`RNN`, and the parameters, too.

    References
    ----------
    Hochreiter and Schmidhuber, Long Short-Term Memory, 1997; Gers et al., Learning to Forget, 2000.

    Examples
    --------
    >>> from minigrad import nn
    >>> output, (h_n, c_n) = nn.LSTM(5, 8, bidirectional=True)(np.zeros((3, 7, 5), np.float32))
    >>> output.shape, h_n.shape, c_n.shape
    ((3, 7, 16), (2, 3, 8), (2, 3, 8))
    """


class GRU(Gated, _Recurrent):
    """Carry a state along a sequence, with gates that say what to forget and how far to move.

    With ``r, z, u`` the thirds of ``x[t] @ weight_ih + bias_ih``, and ``r', z', u'`` those of ``h @ weight_hh +
    bias_hh``: ``h ← (1 - σ(z + z')) tanh(u + σ(r + r') u') + σ(z + z') h``.

    Parameters
    ----------
    input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, init, dtype, rng
        As in :class:`RNN`, and the parameters, too.

    References
    ----------
    Cho et al., Learning Phrase Representations using RNN Encoder-Decoder, 2014.

    Examples
    --------
    >>> from minigrad import nn
    >>> output, h_n = nn.GRU(5, 8)(np.zeros((3, 7, 5), np.float32))
    >>> output.shape, h_n.shape
    ((3, 7, 8), (1, 3, 8))
    """
