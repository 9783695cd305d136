"""Single steps of the recurrent layers, for loops of one's own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..functional._arguments import together
from ..init import Initializer
from ._recurrence import Gated, Kind, Memory, Simple, checked_nonlinearity
from ._settings import size

if TYPE_CHECKING:
    from numpy.typing import DTypeLike

__all__ = ["GRUCell", "LSTMCell", "RNNCell"]


class _Cell(Kind):
    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        *,
        init: Initializer | None = None,
        dtype: DTypeLike = np.float32,
        rng: np.random.Generator | None = None,
    ) -> None:
        kind = type(self).__name__
        self.input_size, self.hidden_size = size(kind, "input_size", input_size), size(kind, "hidden_size", hidden_size)
        self.bias = bool(bias)
        self._add_weights("", self.input_size, init, dtype, rng)

    def forward(self, input: Any, state: Any = None) -> Any:
        """Return the state after one step.

        Parameters
        ----------
        input : Tensor, shape (n, input_size), or (input_size,)
        state : Tensor, shape (n, hidden_size), or (hidden_size,), optional
            Default: 0. An LSTM has two, as a pair.

        Returns
        -------
        Tensor, or a pair of them for an LSTM
            Of the shape of the state.
        """
        (x,) = together(type(self).__name__, input)
        if x.ndim not in (1, 2) or x.shape[-1] != self.input_size:
            raise ValueError(
                f"{self._head()}: expected input of shape (n, {self.input_size}) or ({self.input_size},), got {x.shape}"
            )
        shape = (*x.shape[:-1], self.hidden_size)
        first = self._first(state, shape, np.result_type(x.dtype, self._dtype))
        n = len(x) if x.ndim == 2 else 1
        states = self._sequence(
            x.reshape(1, n, self.input_size), tuple([t.reshape(n, self.hidden_size) for t in first]), ""
        )
        final = tuple([t.reshape(shape) for t in states])
        return final if len(final) > 1 else final[0]


class RNNCell(Simple, _Cell):
    """One step of :class:`RNN`: ``tanh(x @ weight_ih + bias_ih + h @ weight_hh + bias_hh)``.

    Parameters
    ----------
    input_size, hidden_size, bias, nonlinearity, init, dtype, rng
        As in :class:`RNN`.

    Attributes
    ----------
    weight_ih, weight_hh, bias_ih, bias_hh : Parameter
        As in :class:`RNN`, of the one layer.

    Examples
    --------
    >>> from minigrad import nn
    >>> cell, h = nn.RNNCell(5, 8), None
    >>> for x in np.zeros((7, 3, 5), np.float32):
    ...     h = cell(x, h)
    >>> h.shape
    (3, 8)
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        nonlinearity: str = "tanh",
        *,
        init: Initializer | None = None,
        dtype: DTypeLike = np.float32,
        rng: np.random.Generator | None = None,
    ) -> None:
        self.nonlinearity = checked_nonlinearity("RNNCell", nonlinearity)
        super().__init__(input_size, hidden_size, bias, init=init, dtype=dtype, rng=rng)


class LSTMCell(Memory, _Cell):
    """One step of :class:`LSTM`; the state is a pair ``(h, c)``.

    Parameters
    ----------
    input_size, hidden_size, bias, init, dtype, rng
        As in :class:`RNN`; the parameters are as in :class:`RNNCell`.

    Examples
    --------
    >>> from minigrad import nn
    >>> h, c = nn.LSTMCell(5, 8)(np.zeros((3, 5), np.float32))
    >>> h.shape, c.shape
    ((3, 8), (3, 8))
    """


class GRUCell(Gated, _Cell):
    """One step of :class:`GRU`.

    Parameters
    ----------
    input_size, hidden_size, bias, init, dtype, rng
        As in :class:`RNN`; the parameters are as in :class:`RNNCell`.

    Examples
    --------
    >>> from minigrad import nn
    >>> nn.GRUCell(5, 8)(np.zeros((3, 5), np.float32)).shape
    (3, 8)
    """
