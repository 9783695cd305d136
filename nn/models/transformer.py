"""A language model: what comes next, given what came before."""

from __future__ import annotations

import math
import operator
from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from minigrad import Tensor, asarray, no_grad

from ..containers import ModuleList
from ..functional import linear
from ..init import Initializer, normal
from ..layers import GELU, Affine, Dropout, Embedding, LayerNorm, TransformerEncoderLayer
from ..layers._settings import size, weight
from ..module import Module
from ..random import generator

if TYPE_CHECKING:
    from numpy.typing import DTypeLike, NDArray

__all__ = ["TransformerLM"]

narrow_normal = partial(normal, std=0.02)


class TransformerLM(Module):
    """Predict each next token from those before: a Transformer decoder with learned positions.

    Tokens and places become vectors; blocks of causal self-attention and of two affine layers, each added to its input
    and with layer normalization before, mix and change them; the scores of the next tokens are products with the
    vectors of all tokens. With the vocabulary of 50,257, context 1024, width 768 and 12 heads and layers, it is the
    smallest GPT-2: 124,439,808 parameters.

    Parameters
    ----------
    vocabulary : int
        How many tokens there are: 0 to one less.
    context : int
        The greatest length of a sequence.
    width, heads, layers : int
        The length of the vectors, in how many ways each block looks at them, and how many blocks there are.
    hidden : int, optional
        The length between the two affine layers; default: 4 width.
    dropout : float
        The probability of leaving out, in the vectors and in each :class:`~minigrad.nn.TransformerEncoderLayer`.
    tied : bool
        Whether the scores use the table of the input's vectors, rather than one of their own.
    init : callable
        Makes all weights; default: the normal distribution with deviation 0.02.
    dtype, rng
        As in :class:`~minigrad.nn.Affine`; dropout draws from `rng`, too.

    Raises
    ------
    ValueError, TypeError
        If a setting is no such number, or the heads do not divide the width; at the call, if the sequence is too long,
        or not made of tokens.

    References
    ----------
    Radford et al., Language Models are Unsupervised Multitask Learners, 2019. Press and Wolf, Using the Output
    Embedding to Improve Language Models, 2017.

    Examples
    --------
    >>> from minigrad import nn
    >>> model = nn.models.TransformerLM(27, context=16, width=32, heads=4, layers=2, rng=np.random.default_rng(0))
    >>> model(np.zeros((8, 16), int)).shape
    (8, 16, 27)
    >>> model.generate([3, 1, 4], 5, rng=np.random.default_rng(0)).shape
    (8,)
    """

    def __init__(
        self,
        vocabulary: int,
        context: int = 64,
        width: int = 128,
        heads: int = 4,
        layers: int = 4,
        *,
        hidden: int | None = None,
        dropout: float = 0.0,
        tied: bool = True,
        init: Initializer = narrow_normal,
        dtype: DTypeLike = np.float32,
        rng: np.random.Generator | None = None,
    ) -> None:
        kind = type(self).__name__
        make: dict[str, Any] = {"init": init, "dtype": dtype, "rng": rng}
        self.vocabulary, self.context = size(kind, "vocabulary", vocabulary), size(kind, "context", context)
        hidden = 4 * size(kind, "width", width) if hidden is None else size(kind, "hidden", hidden)
        self.embedding = Embedding(vocabulary, width, **make)
        self.positions = weight(kind, (self.context, width), init, dtype, rng)
        self.dropout = Dropout(dropout, rng=rng)
        self.blocks = ModuleList(
            TransformerEncoderLayer(width, heads, hidden, dropout, GELU("tanh"), norm_first=True, **make)
            for _ in range(size(kind, "layers", layers))
        )
        self.norm = LayerNorm(width, dtype=dtype)
        self.head = None if tied else Affine(width, vocabulary, bias=False, **make)

    def forward(self, tokens: Any) -> Tensor:
        """Return the scores of the next tokens, shape (n, length, vocabulary), of tokens of shape (n, length).

        Or both without n.
        """
        t = asarray(tokens)
        if t.dtype.kind not in "iu" or t.ndim not in (1, 2):
            raise TypeError(
                f"TransformerLM: expected integers of shape (n, length) or (length,), got {t.dtype} of shape {t.shape}"
            )
        length = t.shape[-1]
        if not 0 < length <= self.context:
            raise ValueError(
                f"TransformerLM: sequences must have 1 to {self.context} tokens, the context; got shape {t.shape}"
            )
        x = self.dropout(self.embedding(t) + self.positions[:length])
        for block in self.blocks:
            x = block(x, is_causal=True)
        x = self.norm(x)
        scores: Tensor = linear(x, self.embedding.weight) if self.head is None else self.head(x)
        return scores

    def generate(
        self, prompt: Sequence[int], n: int, temperature: float = 1.0, *, rng: np.random.Generator | None = None
    ) -> NDArray[Any]:
        """Return a sequence of tokens, continued by `n` more.

        Each is drawn from the softmax of ``scores / temperature``, given the tokens before it, as far back as the
        context reaches. The model is in evaluation meanwhile.

        Parameters
        ----------
        prompt : sequence of int
            At least one token.
        n : int
        temperature : float
            Below 1 the likely tokens become likelier still; 0 takes the likeliest one.
        rng : numpy.random.Generator, optional
            Default: the package's (:func:`minigrad.nn.seed`).

        Returns
        -------
        ndarray of int64, shape (len(prompt) + n,)

        Raises
        ------
        ValueError, TypeError, IndexError
            If the prompt is no sequence of tokens, or a number is out of range.
        """
        tokens = np.asarray(prompt)
        if tokens.ndim != 1 or not tokens.size or tokens.dtype.kind not in "iu":
            raise ValueError(f"generate: the prompt must be a sequence of one token or more, got {prompt!r:.80}")
        count, rng = operator.index(n), generator(rng)
        if count < 0:
            raise ValueError(f"generate: n must be at least 0, got {n!r}")
        if not (math.isfinite(temperature) and temperature >= 0):
            raise ValueError(f"generate: temperature must be a number >= 0, got {temperature!r}")
        out = np.concatenate([tokens.astype(np.int64), np.zeros(count, np.int64)])
        flags = [(module, module.training) for module in self.modules()]
        self.eval()
        try:
            with no_grad():
                for i in range(tokens.size, out.size):
                    scores = self(out[max(0, i - self.context) : i])[-1].data.astype(float)
                    out[i] = _draw(scores, temperature, rng)
        finally:
            for module, training in flags:
                module.training = training
        return out

    def multiply_adds(self, inputs: Mapping[str, Any], output: Any) -> int:
        """Return how many pairs a call multiplies and adds for the scores, where the table is shared."""
        return int(output.size) * self.embedding.embedding_dim if self.head is None else 0

    def extra_repr(self) -> str:
        """Return the sizes of vocabulary and context."""
        return f"{self.vocabulary}, context={self.context}"


def _draw(scores: NDArray[Any], temperature: float, rng: np.random.Generator) -> int:
    best = scores.max()
    if not math.isfinite(best):
        raise ValueError("generate: the model's scores are not finite")
    if temperature == 0:
        return int(scores.argmax())
    with np.errstate(over="ignore"):  # what is infinitely less likely has probability 0
        reached = np.cumsum(np.exp((scores - best) / temperature))
    return min(int(np.searchsorted(reached, rng.random() * reached[-1], side="right")), scores.size - 1)
