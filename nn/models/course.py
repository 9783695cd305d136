"""The networks of "deep learning from scratch": for rows of pixels, and for images."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from minigrad import Tensor

from ..containers import Sequential
from ..init import Initializer, he_normal
from ..layers import Affine, Conv2d, Dropout, Flatten, MaxPool2d, ReLU, Sigmoid
from ..module import Module
from ._images import ImageModel

if TYPE_CHECKING:
    from numpy.typing import DTypeLike

__all__ = ["DeepConvNet", "SimpleConvNet", "ThreeLayerNet"]


class ThreeLayerNet(Module):
    """Affine, activation, affine, activation, affine: scores of the classes; their softmax is left to the loss.

    Parameters
    ----------
    inputs : int
        The length of a row, such as 28 · 28 pixels.
    hidden : pair of int
        The lengths between the layers.
    classes : int
    activation : callable
        Makes the layer between, such as ``nn.ReLU``.
    init, dtype, rng
        As in :class:`~minigrad.nn.Affine`.

    Raises
    ------
    ValueError, TypeError
        If a setting is no such number.

    References
    ----------
    Saitoh, Deep Learning from Scratch, 2016, chapter 3.

    Examples
    --------
    >>> from minigrad import nn
    >>> model = nn.models.ThreeLayerNet()
    >>> model(np.zeros((100, 784), np.float32)).shape
    (100, 10)
    """

    def __init__(
        self,
        inputs: int = 784,
        hidden: tuple[int, int] = (50, 100),
        classes: int = 10,
        activation: Callable[[], Module] = Sigmoid,
        *,
        init: Initializer = he_normal,
        dtype: DTypeLike = np.float32,
        rng: np.random.Generator | None = None,
    ) -> None:
        make: dict[str, Any] = {"init": init, "dtype": dtype, "rng": rng}
        first, second = hidden
        self.affine1 = Affine(inputs, first, **make)
        self.activation1 = activation()
        self.affine2 = Affine(first, second, **make)
        self.activation2 = activation()
        self.affine3 = Affine(second, classes, **make)

    def forward(self, x: Any) -> Tensor:
        """Return the scores of the classes, shape (n, classes), of rows of shape (n, inputs), or of a single row."""
        hidden = self.activation2(self.affine2(self.activation1(self.affine1(x))))
        scores: Tensor = self.affine3(hidden)
        return scores

    @classmethod
    def from_course(cls, weights: Mapping[str, Any], activation: Callable[[], Module] = Sigmoid) -> Self:
        """Return the network of trained weights under the course's names.

        Parameters
        ----------
        weights : mapping of str to array
            W1, b1, W2, b2, W3 and b3, each W of shape (in, out); copied.
        activation : callable
            Makes the layers between.

        Raises
        ------
        ValueError
            If the names or the shapes are others.

        Examples
        --------
        >>> from minigrad import nn
        >>> w = {"W1": np.ones((2, 3)), "W2": np.ones((3, 2)), "W3": np.ones((2, 2))}
        >>> b = {"b1": np.zeros(3), "b2": np.zeros(2), "b3": np.zeros(2)}
        >>> nn.models.ThreeLayerNet.from_course(w | b, nn.ReLU)([1.0, 2.0]).tolist()
        [18.0, 18.0]
        """
        arrays = {name: np.asarray(value) for name, value in weights.items()}
        state = {}
        for i in (1, 2, 3):
            for ours, theirs in (("weight", f"W{i}"), ("bias", f"b{i}")):
                if theirs not in arrays or arrays[theirs].ndim != (2 if ours == "weight" else 1):
                    what = "missing" if theirs not in arrays else f"of shape {arrays[theirs].shape}"
                    raise ValueError(f"{cls.__name__}.from_course: expected W1 to W3 and b1 to b3; {theirs} is {what}")
                state[f"affine{i}.{ours}"] = arrays[theirs]
        (inputs, first), (_, second), (_, classes) = [arrays[f"W{i}"].shape for i in (1, 2, 3)]
        model = cls(inputs, (first, second), classes, activation, dtype=arrays["W1"].dtype)
        model.load_state_dict(state)
        return model


class SimpleConvNet(ImageModel):
    """Convolution, relu, max pooling by 2, affine, relu, affine.

    Parameters
    ----------
    classes, channels : int
    size : int or pair of int
        Height and width of the images.
    filters, filter_size : int
        How many filters, and how large.
    hidden : int
        The length between the affine layers.
    init, dtype, rng
        As in :class:`~minigrad.nn.Conv2d`; the course takes :func:`~minigrad.nn.init.xavier_normal`.

    Raises
    ------
    ValueError, TypeError
        If a setting is no such number, or the images are too small.

    References
    ----------
    Saitoh, Deep Learning from Scratch, 2016, chapter 7.

    Examples
    --------
    >>> from minigrad import nn
    >>> model = nn.models.SimpleConvNet()
    >>> model(np.zeros((100, 1, 28, 28), np.float32)).shape, model.count_parameters()
    ((100, 10), 433890)
    """

    def __init__(
        self,
        classes: int = 10,
        channels: int = 1,
        size: int | tuple[int, int] = 28,
        *,
        filters: int = 30,
        filter_size: int = 5,
        hidden: int = 100,
        init: Initializer = he_normal,
        dtype: DTypeLike = np.float32,
        rng: np.random.Generator | None = None,
    ) -> None:
        make: dict[str, Any] = {"init": init, "dtype": dtype, "rng": rng}
        self._set_images(channels, size)
        self.features = Sequential(
            conv=Conv2d(channels, filters, filter_size, **make), relu=ReLU(), pool=MaxPool2d(2, floor=True)
        )
        c, h, w = self._feature_shape()
        self.classifier = Sequential(
            flatten=Flatten(),
            hidden=Affine(c * h * w, hidden, **make),
            relu=ReLU(),
            out=Affine(hidden, classes, **make),
        )


class DeepConvNet(ImageModel):
    """Six 3x3 convolutions, and two affine layers with dropout.

    The convolutions have 16, 16, 32, 32, 64 and 64 filters, each followed by relu, every other one by a max pooling by
    2. Dropout follows both affine layers, relu the first.

    Parameters
    ----------
    classes, channels : int
    size : int or pair of int
        Height and width of the images.
    hidden : int
        The length between the affine layers.
    dropout : float
        The probability of leaving out.
    init, dtype, rng
        As in :class:`~minigrad.nn.Conv2d`; dropout draws from `rng`, too.

    Raises
    ------
    ValueError, TypeError
        If a setting is no such number, or the images are too small.

    References
    ----------
    Saitoh, Deep Learning from Scratch, 2016, chapter 8. The fourth convolution has padding 2, so that 28x28 pixels
    become 4x4; the dropout behind the scores is the book's.

    Examples
    --------
    >>> from minigrad import nn
    >>> model = nn.models.DeepConvNet()
    >>> model(np.zeros((2, 1, 28, 28), np.float32)).shape, model.count_parameters()
    ((2, 10), 123552)
    """

    def __init__(
        self,
        classes: int = 10,
        channels: int = 1,
        size: int | tuple[int, int] = 28,
        *,
        hidden: int = 50,
        dropout: float = 0.5,
        init: Initializer = he_normal,
        dtype: DTypeLike = np.float32,
        rng: np.random.Generator | None = None,
    ) -> None:
        make: dict[str, Any] = {"init": init, "dtype": dtype, "rng": rng}
        self._set_images(channels, size)
        layers: dict[str, Module] = {}
        before = channels
        for i, filters in enumerate((16, 16, 32, 32, 64, 64), 1):
            layers[f"conv{i}"] = Conv2d(before, filters, 3, padding=2 if i == 4 else 1, **make)
            layers[f"relu{i}"] = ReLU()
            if i % 2 == 0:
                layers[f"pool{i // 2}"] = MaxPool2d(2, floor=True)
            before = filters
        self.features = Sequential(**layers)
        c, h, w = self._feature_shape()
        self.classifier = Sequential(
            flatten=Flatten(),
            hidden=Affine(c * h * w, hidden, **make),
            relu=ReLU(),
            dropout1=Dropout(dropout, rng=rng),
            out=Affine(hidden, classes, **make),
            dropout2=Dropout(dropout, rng=rng),
        )
