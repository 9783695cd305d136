"""Layers that leave out a part of their input at random, in training only."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad import Tensor

from ..functional import dropout, dropout2d
from ..functional.dropout import probability
from ..module import Module
from ..random import generator

__all__ = ["Dropout", "Dropout2d"]


class _Dropout(Module):
    def __init__(self, p: float = 0.5, *, rng: np.random.Generator | None = None) -> None:
        self.p = probability(type(self).__name__, "p", p)
        if rng is not None:
            generator(rng)  # raises here, not at the first batch
        self.rng = rng

    def extra_repr(self) -> str:
        """Return the probability."""
        return f"{self.p:g}"


class Dropout(_Dropout):
    """Set each element to 0 with probability `p` and divide the others by 1 - p; in evaluation, change nothing.

    The mean stays as it is, so that training and evaluation see signals of the same size. Local gradient: 0 or
    1 / (1 - p).

    Parameters
    ----------
    p : float
        From 0 to 1.
    rng : numpy.random.Generator, optional
        Where the choice comes from. Default: the package's (:func:`minigrad.nn.seed`), which all layers without one of
        their own share.

    Attributes
    ----------
    rng : numpy.random.Generator or None
        Its state, ``rng.bit_generator.state``, belongs to a run that is to be resumed exactly.

    Raises
    ------
    ValueError, TypeError
        If `p` is no probability, or `rng` no generator.

    References
    ----------
    Srivastava et al., Dropout: A Simple Way to Prevent Neural Networks from Overfitting, 2014.

    Examples
    --------
    >>> from minigrad import nn
    >>> layer = nn.Dropout(0.5, rng=np.random.default_rng(0))
    >>> layer(np.ones(6)).tolist()
    [2.0, 2.0, 2.0, 0.0, 0.0, 0.0]
    >>> layer.eval()(np.ones(6)).tolist()
    [1.0, 1.0, 1.0, 1.0, 1.0, 1.0]
    """

    def forward(self, input: Any) -> Tensor:
        """Return the input, of any shape, with zeros where the choice fell."""
        return dropout(input, self.p, self.training, rng=self.rng)


class Dropout2d(_Dropout):
    """Set whole channels of images to 0 with probability `p` and divide the others by 1 - p.

    Neighbouring places of a channel say nearly the same, so that leaving out single ones would hide nothing.

    Parameters
    ----------
    p : float
        From 0 to 1.
    rng : numpy.random.Generator, optional
        As in :class:`Dropout`.

    Raises
    ------
    ValueError, TypeError
        If `p` is no probability, or `rng` no generator; at the call, if the input is no batch of images.

    References
    ----------
    Tompson et al., Efficient Object Localization Using Convolutional Networks, 2015.

    Examples
    --------
    >>> from minigrad import nn
    >>> nn.Dropout2d(0.5, rng=np.random.default_rng(2))(np.ones((1, 2, 1, 2))).tolist()
    [[[[2.0, 2.0]], [[0.0, 0.0]]]]
    """

    def forward(self, input: Any) -> Tensor:
        """Return the input, of shape (n, channels, height, width), with some channels 0."""
        return dropout2d(input, self.p, self.training, rng=self.rng)
