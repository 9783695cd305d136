"""The perceptron, and the rule that it learns by."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Self

import numpy as np

from minigrad import Tensor, asarray, heaviside

from .functional._arguments import number, together
from .layers._settings import size
from .module import Module
from .parameter import Parameter
from .random import generator

if TYPE_CHECKING:
    from numpy.typing import DTypeLike

__all__ = ["Lessons", "Perceptron"]


class Lessons(NamedTuple):
    """What :meth:`Perceptron.fit` reports.

    Attributes
    ----------
    mistakes : list of int
        How many examples were answered wrongly, per epoch.
    converged : bool
        Whether the last epoch had no mistake: then all examples are answered rightly.
    """

    mistakes: list[int]
    converged: bool


class Perceptron(Module):
    """Answer 1 where ``x · weight + bias`` is above 0, else 0.

    The step has the slope 0 wherever it has one: no gradient flows through a perceptron, and none can teach it. It
    has a rule of its own, :meth:`fit`.

    Parameters
    ----------
    in_features : int
        The number of inputs.
    dtype : dtype
        Of the weights, which start at 0.

    Attributes
    ----------
    weight : Parameter, shape (in_features,)
    bias : Parameter, 0-d

    Raises
    ------
    ValueError, TypeError
        If the number is not an integer above 0; at the call, if the input's last axis is not `in_features` long.

    References
    ----------
    Rosenblatt, The Perceptron, 1958; Novikoff, On Convergence Proofs on Perceptrons, 1962.

    Examples
    --------
    >>> from minigrad import nn
    >>> x, t = [[0, 0], [1, 0], [0, 1], [1, 1]], [0, 0, 0, 1]
    >>> gate = nn.Perceptron(2)
    >>> gate.fit(x, t)
    Lessons(mistakes=[1, 3, 3, 2, 1, 0], converged=True)
    >>> gate(x).tolist()
    [0.0, 0.0, 0.0, 1.0]
    """

    def __init__(self, in_features: int, *, dtype: DTypeLike = np.float32) -> None:
        self.in_features = size("Perceptron", "in_features", in_features)
        self.weight = Parameter(np.zeros(self.in_features), dtype=dtype)
        self.bias = Parameter(0.0, dtype=dtype)

    @classmethod
    def from_weights(cls, weight: Any, bias: Any, *, dtype: DTypeLike = np.float32) -> Self:
        """Return a perceptron with the given weights.

        Parameters
        ----------
        weight : array_like, shape (in_features,)
        bias : float
        dtype : dtype

        Raises
        ------
        ValueError, TypeError
            If the weights are no row of numbers, or the bias is no number.

        Examples
        --------
        >>> from minigrad import nn
        >>> x = [[0, 0], [1, 0], [0, 1], [1, 1]]
        >>> nand = nn.Perceptron.from_weights([-0.5, -0.5], 0.7)
        >>> nand(x).tolist()
        [1.0, 1.0, 1.0, 0.0]
        """
        values = asarray(weight)
        if values.ndim != 1:
            raise ValueError(f"Perceptron.from_weights: expected one row of weights, got shape {values.shape}")
        made = cls(values.size, dtype=dtype)
        made.weight.assign(values)
        made.bias.assign(number("Perceptron.from_weights", "bias", bias))
        return made

    def forward(self, input: Any) -> Tensor:
        """Return 0 or 1 for each row of the input, of shape (..., in_features)."""
        x, w, b = together("Perceptron", input, self.weight, self.bias)
        if not x.ndim or x.shape[-1] != self.in_features:
            raise ValueError(f"{self._head()}: expected input of shape (..., {self.in_features}), got {x.shape}")
        return heaviside(x @ w + b, 0.0)

    def fit(
        self, x: Any, t: Any, epochs: int = 100, lr: float = 1.0, *, rng: np.random.Generator | None = None
    ) -> Lessons:
        """Learn from each example that is answered wrongly: ``weight += lr · x · (t - y)``, ``bias += lr · (t - y)``.

        Where a line (a plane, ...) separates the classes, it is found after a finite number of mistakes; where none
        does, as for XOR, there are mistakes in every epoch.

        Parameters
        ----------
        x : array_like, shape (n, in_features)
        t : array_like, shape (n,)
            Zeros and ones.
        epochs : int
            How often to go through all examples at most; the first time without a mistake is the last.
        lr : float
            The size of a step, above 0.
        rng : numpy.random.Generator, optional
            Shuffles the examples in each epoch; default: their own order.

        Returns
        -------
        Lessons
            The mistakes of each epoch, and whether there were none in the last.

        Raises
        ------
        ValueError, TypeError
            If shapes do not fit, a target is neither 0 nor 1, or a setting is no such number.

        Examples
        --------
        >>> from minigrad import nn
        >>> x, xor = [[0, 0], [1, 0], [0, 1], [1, 1]], [0, 1, 1, 0]
        >>> nn.Perceptron(2).fit(x, xor, epochs=1000).converged
        False
        """
        name = f"{self._head()}.fit"
        epochs, lr = size(name, "epochs", epochs), number(name, "lr", lr, above=0)
        rows, targets = together(name, x, self.weight)[0]._data, asarray(t)._data
        if rows.ndim != 2 or rows.shape[1] != self.in_features or targets.shape != rows.shape[:1]:
            raise ValueError(
                f"{name}: expected x of shape (n, {self.in_features}) and t of shape (n,), got {rows.shape} and "
                f"{targets.shape}"
            )
        wrong = ~np.isin(targets, (0, 1))
        if wrong.any():
            raise ValueError(f"{name}: targets are 0 or 1, got {targets[wrong][0].item()!r}")
        if rng is not None:
            generator(rng)
        w, b = self.weight._data.copy(), self.bias._data.copy()
        order = np.arange(len(rows))
        mistakes: list[int] = []
        while len(mistakes) < epochs and (not mistakes or mistakes[-1]):
            count = 0
            for i in order if rng is None else rng.permutation(order):
                error = float(targets[i]) - float(rows[i] @ w + b > 0)
                if error:
                    w += lr * error * rows[i]
                    b += lr * error
                    count += 1
            mistakes.append(count)
        self.weight.assign(w)
        self.bias.assign(b)
        return Lessons(mistakes, mistakes[-1] == 0)

    def extra_repr(self) -> str:
        """Return the number of inputs."""
        return f"{self.in_features}"
