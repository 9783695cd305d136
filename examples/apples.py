"""Computation graphs with all their numbers: values forward, gradients backward, local gradients on the edges.

    python examples/apples.py

Buying two apples at 100 each with 10% tax costs 220. How much does that change with the price of an apple, with their
number, with the tax? The graph answers all three in one backward pass. Then neurons, whole layers and the loss of a
classification, as one op and written out: there is nothing in a network that is not in these graphs.

``minigrad gallery`` draws more of them.

Source: K. Saitoh, "Deep Learning from Scratch", 2016, chapter 5; the neuron: Stanford CS231n, "Backpropagation".
"""

from collections.abc import Callable

import numpy as np

import minigrad as mg
from lesson import parser, save_graph
from minigrad import viz
from minigrad.nn import functional as F


def leaves(**values: float) -> list[mg.Tensor]:
    """Return one scalar leaf for each keyword, named after it."""
    return [mg.Tensor(float(value), requires_grad=True, name=name) for name, value in values.items()]


def apples() -> tuple[mg.Tensor, list[mg.Tensor]]:
    """Two apples, with tax: 220."""
    apple, count, tax = inputs = leaves(apple=100, count=2, tax=1.1)
    return apple * count * tax, inputs


def apples_and_oranges() -> tuple[mg.Tensor, list[mg.Tensor]]:
    """Two apples and three oranges, with tax: 715."""
    apple, apples, orange, oranges, tax = inputs = leaves(apple=100, apples=2, orange=150, oranges=3, tax=1.1)
    return (apple * apples + orange * oranges) * tax, inputs


def sum_times() -> tuple[mg.Tensor, list[mg.Tensor]]:
    """(x + y) z: the sum hands its gradient on, the product exchanges its factors."""
    x, y, z = inputs = leaves(x=-2, y=5, z=-4)
    return (x + y) * z, inputs


def square_of_sum() -> tuple[mg.Tensor, list[mg.Tensor]]:
    """(x + y)²: both get 2 (x + y)."""
    x, y = inputs = leaves(x=3, y=4)
    return mg.square(x + y), inputs


def larger() -> tuple[mg.Tensor, list[mg.Tensor]]:
    """max(x, y) · z: the maximum routes its gradient to the larger."""
    x, y, z = inputs = leaves(x=3, y=5, z=2)
    return mg.maximum(x, y) * z, inputs


def neuron() -> tuple[mg.Tensor, list[mg.Tensor]]:
    """A sigmoid neuron, written out: the edge to x0 reads upstream 0.1966 × local 2 = 0.3932."""
    w0, x0, w1, x1, w2 = inputs = leaves(w0=2, x0=-1, w1=-3, x1=-2, w2=-3)
    return 1 / (1 + mg.exp(-(w0 * x0 + w1 * x1 + w2))), inputs


def fused_neuron() -> tuple[mg.Tensor, list[mg.Tensor]]:
    """The same neuron with the sigmoid as one op, whose local gradient is y (1 - y)."""
    w0, x0, w1, x1, w2 = inputs = leaves(w0=2, x0=-1, w1=-3, x1=-2, w2=-3)
    return mg.sigmoid(w0 * x0 + w1 * x1 + w2), inputs


def repeat_and_sum() -> tuple[mg.Tensor, list[mg.Tensor]]:
    """A row that broadcasting repeats gets the sum of the gradients; a sum hands its gradient to every element."""
    x = mg.Tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True, name="x")
    b = mg.Tensor([10.0, 20.0], requires_grad=True, name="b")
    return (x + b).sum(), [x, b]


def affine() -> tuple[mg.Tensor, list[mg.Tensor]]:
    """x W + b for one row, with the upstream gradient [1, 2, 3]."""
    x = mg.Tensor([[1.0, 2.0]], requires_grad=True, name="x")
    w = mg.Tensor([[1.0, 3.0, 5.0], [2.0, 4.0, 6.0]], requires_grad=True, name="W")
    b = mg.Tensor([1.0, 2.0, 3.0], requires_grad=True, name="b")
    return (F.affine(x, w, b) * [[1.0, 2.0, 3.0]]).sum(), [x, w, b]


def affine_batch() -> tuple[mg.Tensor, list[mg.Tensor]]:
    """x W + b for two rows, written out: the bias was repeated for each row, and gets the sum of their gradients."""
    x = mg.Tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True, name="x")
    w = mg.Tensor([[1.0, 3.0, 5.0], [2.0, 4.0, 6.0]], requires_grad=True, name="W")
    b = mg.Tensor([1.0, 2.0, 3.0], requires_grad=True, name="b")
    return ((x @ w + b) * [[1.0, 1.0, 1.0], [2.0, 2.0, 2.0]]).sum(), [x, w, b]


def softmax_with_loss() -> tuple[mg.Tensor, list[mg.Tensor]]:
    """Cross-entropy of a softmax, as one op: the gradient at the scores is (softmax - target) / 2."""
    scores = mg.Tensor(np.log([[0.2, 0.1, 0.7], [0.3, 0.1, 0.6]]), requires_grad=True, name="scores")
    return F.cross_entropy(scores, [0, 1]), [scores]


def softmax_with_loss_in_steps() -> tuple[mg.Tensor, list[mg.Tensor]]:
    """The same, written out in the primitive ops it is made of: the same gradient, along many ways."""
    with mg.decompose():
        return softmax_with_loss()


GRAPHS: list[Callable[[], tuple[mg.Tensor, list[mg.Tensor]]]] = [
    apples,
    apples_and_oranges,
    sum_times,
    square_of_sum,
    larger,
    neuron,
    fused_neuron,
    repeat_and_sum,
    affine,
    affine_batch,
    softmax_with_loss,
    softmax_with_loss_in_steps,
]


def main(arguments: list[str] | None = None) -> None:
    """Print the numbers and draw the graphs."""
    out = parser(__doc__).parse_args(arguments).out
    for graph in GRAPHS:
        output, inputs = graph()
        print(graph.__doc__)
        print(f"  value {output.item():.9g}")
        drawing = viz.draw(output)
        output.backward()
        for tensor in inputs:
            assert tensor.grad is not None
            print(f"  gradient at {tensor.name}: {np.round(tensor.grad.data, 9).tolist()}")
        save_graph(drawing, out, graph.__name__)
        print()


if __name__ == "__main__":
    main()
