"""The graphs of an introductory course, as data: what ``minigrad gallery`` draws.

A graph is an expression with the values of its names, in the language of :mod:`minigrad.viz.cli.expression`. A new one
is a new entry; its number is checked by ``tests/viz/test_gallery.py``.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from minigrad import Tensor, decompose

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
    values : dict of str to number or nested list
    inputs : tuple of str
        The names that need no gradient.
    gradient : number or nested list
        The upstream gradient at the output.
    steps : bool
        Whether fused ops are written out as the primitives they are made of.
    """

    name: str
    title: str
    caption: str
    expression: str
    values: dict[str, Any]
    inputs: tuple[str, ...] = ()
    gradient: Any = None
    steps: bool = False

    def compute(self) -> tuple[Tensor, dict[str, Tensor]]:
        """Compute the graph anew, and return its output, and its leaves by name.

        Examples
        --------
        >>> output, leaves = GRAPHS[0].compute()
        >>> round(output.item(), 9), list(leaves)
        (220.0, ['apple', 'count', 'tax'])
        """
        from .cli.expression import evaluate

        leaves = {}
        for name, value in self.values.items():
            fixed = name in self.inputs
            # Classes stay integers: floating numbers of their shape would be probabilities.
            data = value if fixed and _integers(value) else _floats(value)
            leaves[name] = Tensor(data, name=name, requires_grad=not fixed)
        if self.steps:
            with decompose():
                return evaluate(self.expression, leaves), leaves
        return evaluate(self.expression, leaves), leaves


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
)  # fmt: skip
