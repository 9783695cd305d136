"""The graphs of an introductory course, as data: what ``minigrad gallery`` draws.

A graph is an expression with the values of its names, in the language of :mod:`minigrad.viz.cli.expression`, or a
network that is made by a function. A new one is a new entry; its number is checked by ``tests/viz/test_gallery.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from minigrad import Tensor, decompose, grad, nn

__all__ = ["GRAPHS", "Graph"]


class Graph(NamedTuple):
    """One graph.

    Attributes
    ----------
    name : str
        Of its file.
    title, caption : str
        What it is, and what there is to see.
    expression : str
        What is computed, or, of a network, how it is written.
    values : dict of str to number or nested list
    inputs : tuple of str
        The names that need no gradient.
    gradient : number or nested list
        The upstream gradient at the output.
    steps : bool
        Whether fused ops are written out as the primitives they are made of.
    grad_of : str
        The name whose gradient is the output: second order.
    options : mapping
        Of :func:`minigrad.viz.draw`.
    network : callable, optional
        Returns the loss of a network, in place of the expression.
    """

    name: str
    title: str
    caption: str
    expression: str
    values: dict[str, Any]
    inputs: tuple[str, ...] = ()
    gradient: Any = None
    steps: bool = False
    grad_of: str = ""
    options: Mapping[str, Any] = MappingProxyType({})
    network: Callable[[], Tensor] | None = None

    def compute(self) -> tuple[Tensor, dict[str, Tensor]]:
        """Compute the graph anew, and return its output, and its leaves by name.

        Examples
        --------
        >>> output, leaves = GRAPHS[0].compute()
        >>> round(output.item(), 9), list(leaves)
        (220.0, ['apple', 'count', 'tax'])
        """
        from .cli.expression import evaluate

        if self.network is not None:
            return self.network(), {}
        leaves = {}
        for name, value in self.values.items():
            fixed = name in self.inputs
            # Classes stay integers: floating numbers of their shape would be probabilities.
            data = value if fixed and _integers(value) else _floats(value)
            leaves[name] = Tensor(data, name=name, requires_grad=not fixed)
        if self.steps:
            with decompose():
                return evaluate(self.expression, leaves), leaves
        output = evaluate(self.expression, leaves)
        if self.grad_of:
            (slope,) = grad(output, leaves[self.grad_of], create_graph=True)
            assert slope is not None  # there is an error otherwise
            return slope, leaves
        return output, leaves


def _layers() -> Tensor:
    """Return the loss of a small network, on data that are always the same."""
    rng = np.random.default_rng(0)
    model = nn.Sequential(nn.Affine(4, 5, rng=rng), nn.ReLU(), nn.Affine(5, 3, rng=rng)).to("float64")
    loss: Tensor = nn.SoftmaxCrossEntropy()(model(rng.normal(size=(8, 4))), rng.integers(0, 3, 8))
    return loss


def _convnet() -> Tensor:
    """Return the loss of the network of the demo, before its training, on a batch of noise."""
    rng = np.random.default_rng(0)
    model = nn.models.SimpleConvNet(init=nn.init.xavier_normal, rng=rng).to("float64")
    loss: Tensor = nn.SoftmaxCrossEntropy()(model(rng.normal(size=(8, 1, 28, 28))), np.arange(8))
    return loss


def _integers(value: Any) -> bool:
    return isinstance(value, int) or (isinstance(value, list) and all(map(_integers, value)))


def _floats(value: Any) -> Any:
    return [_floats(item) for item in value] if isinstance(value, list) else float(value)


_NEURON = {"w0": 2, "x0": -1, "w1": -3, "x1": -2, "w2": -3}
_IMAGE = [[[[1, 2, 3, 0], [0, 1, 2, 3], [3, 0, 1, 2], [2, 3, 0, 1]]]]
_FILTER = [[[[2, 0, 1], [0, 1, 2], [1, 0, 2]]]]
_BLOCKS = [[[[7, 11, 13, 15], [3, 4, 2, 3], [1, 2, 17, 9], [1, 8, 3, 10]]]]
_SCORES = {"scores": [[0.2, 0.1, 0.7], [0.3, 0.1, 0.6]], "classes": [0, 1]}

GRAPHS = (
    Graph(
        "apples", "Two apples, with tax",
        "How much does the price change with the price of an apple, with their number, with the tax? A product hands "
        "each factor the upstream gradient times the other one.",
        "apple * count * tax", {"apple": 100, "count": 2, "tax": 1.1},
    ),
    Graph(
        "apples_and_oranges", "Two apples and three oranges, with tax",
        "The sum hands the same gradient to both sides.",
        "(apple * apples + orange * oranges) * tax",
        {"apple": 100, "apples": 2, "orange": 150, "oranges": 3, "tax": 1.1},
    ),
    Graph("sum_times", "(x + y) · z", "Add distributes, multiply switches.", "(x + y) * z", {"x": -2, "y": 5, "z": -4}),
    Graph("square_of_sum", "(x + y)²", "Both get 2 (x + y).", "square(x + y)", {"x": 3, "y": 4}),
    Graph(
        "larger", "max(x, y) · z", "The maximum routes its gradient to the larger one; the other gets exactly 0.",
        "maximum(x, y) * z", {"x": 3, "y": 5, "z": 2},
    ),
    Graph(
        "reuse", "x · y + x", "A value with two uses gets the sum of both gradients.", "x * y + x", {"x": 3, "y": 4}
    ),
    Graph(
        "neuron", "A sigmoid neuron, written out",
        "1 / (1 + exp(-(w0·x0 + w1·x1 + w2))): the edge to x0 reads upstream 0.1966 × local 2 = 0.3932.",
        "1 / (1 + exp(-(w0 * x0 + w1 * x1 + w2)))", _NEURON,
    ),
    Graph(
        "fused_neuron", "The same neuron, its sigmoid as one op",
        "Four boxes are one, whose local gradient is y (1 - y).",
        "sigmoid(w0 * x0 + w1 * x1 + w2)", _NEURON,
    ),
    Graph(
        "repeat", "A row is repeated by broadcasting", "A repeat node sums on the way back.",
        "x + b", {"x": [[1, 2], [3, 4]], "b": [10, 20]}, gradient=[[1, 2], [3, 4]],
    ),
    Graph(
        "sum", "A sum", "A sum node repeats on the way back.",
        "x.sum(axis=0)", {"x": [[1, 2], [3, 4]]}, gradient=[1, 10],
    ),
    Graph(
        "affine", "An affine layer, one row", "x W + b with the upstream gradient [1, 2, 3].",
        "affine(x, W, b)", {"x": [[1, 2]], "W": [[1, 3, 5], [2, 4, 6]], "b": [1, 2, 3]}, gradient=[[1, 2, 3]],
    ),
    Graph(
        "affine_batch", "An affine layer, a batch of two",
        "The bias was repeated for each row: its gradient is the sum.",
        "x @ W + b", {"x": [[1, 2], [3, 4]], "W": [[1, 3, 5], [2, 4, 6]], "b": [1, 2, 3]},
        gradient=[[1, 1, 1], [2, 2, 2]],
    ),
    Graph(
        "softmax_cross_entropy", "Softmax and cross-entropy, as one op",
        "The gradient at the scores is (softmax - target) / n.",
        "cross_entropy(scores, classes)", _SCORES, inputs=("classes",),
    ),
    Graph(
        "softmax_cross_entropy_steps", "Softmax and cross-entropy, written out",
        "The same numbers at the scores, through exp, sum, divide and log.",
        "cross_entropy(scores, classes)", _SCORES, inputs=("classes",), steps=True,
    ),
    Graph(
        "convolution", "A convolution, as one op", "4×4 by 3×3, with a bias of 3.",
        "conv2d(x, W, b)", {"x": _IMAGE, "W": _FILTER, "b": [3]}, gradient=[[[[1, 1], [1, 1]]]],
    ),
    Graph(
        "convolution_steps", "A convolution, written out",
        "The windows become the columns of a matrix (im2col), and the convolution a matrix product.",
        "conv2d(x, W, b)", {"x": _IMAGE, "W": _FILTER, "b": [3]}, gradient=[[[[1, 1], [1, 1]]]], steps=True,
    ),
    Graph(
        "max_pool", "Max pooling", "The gradient goes to the place of each window's maximum.",
        "max_pool2d(x, 2)", {"x": _BLOCKS}, gradient=[[[[1, 2], [3, 4]]]],
    ),
    Graph(
        "two_layers", "A network of two layers", "Half squared error of tanh(x W1 + b1) W2 + b2.",
        "0.5 * square(tanh(x @ W1 + b1) @ W2 + b2 - t).sum()",
        {
            "x": [[1, 2]], "W1": [[0.1, 0.3], [0.2, -0.4]], "b1": [0, 0.1], "W2": [[0.5], [-0.6]], "b2": [0.2],
            "t": [[1]],
        },
        inputs=("x", "t"),
    ),
    Graph(
        "vanishing", "Five sigmoids in a row", "Where they are saturated, the wires turn thin, dashed and blue.",
        "sigmoid(9 * sigmoid(9 * sigmoid(9 * sigmoid(9 * sigmoid(x)))))", {"x": 1.5},
    ),
    Graph(
        "path", "The path that brings most of a gradient",
        "Of the ways from a to the output, the one with the largest product of gains is marked.",
        "a * b + sin(a)", {"a": 3, "b": -2}, options={"highlight": "a"},
    ),
    Graph(
        "check", "Each local gradient, checked against numbers",
        "✓ and the relative error; ◇ at the kink of relu, where differences are no measure.",
        "(relu(x) * exp(x)).sum()", {"x": [2, 0]}, options={"check": True},
    ),
    Graph(
        "second_order", "The gradient of a gradient",
        "The backward pass of tanh is made of ops too: in its frame stands 1 - y², and the gradient of that is "
        "the second derivative.",
        "tanh(x)", {"x": 0.5}, grad_of="x",
    ),
    Graph(
        "layers", "Modules as frames, with the gain of every wire",
        "How much longer or shorter the gradient gets on its way: ‖downstream‖ / ‖upstream‖.",
        "nn.Sequential(nn.Affine(4, 5), nn.ReLU(), nn.Affine(5, 3))", {}, options={"show": "+gains"}, network=_layers,
    ),
    Graph(
        "convnet", "A convolutional network", "The network of the demo; its frames are its modules.",
        "nn.models.SimpleConvNet()", {}, network=_convnet,
    ),
    Graph(
        "convnet_folded", "The same network, folded", "Each box tells the range of the gradients inside.",
        "nn.models.SimpleConvNet()", {}, options={"depth": 1, "direction": "LR"}, network=_convnet,
    ),
)  # fmt: skip
