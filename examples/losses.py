"""Loss functions: how wrong is an answer, and which way is better?

    python examples/losses.py

Squared errors measure numbers; cross-entropy and the hinge measure classes. What counts for learning is the slope: the
squared error of a sigmoid is flat where an answer is surely wrong, and nothing is learnt there, while the slope of
cross-entropy is steepest there. With softmax in front of it the slope is as simple as can be: what was answered less
what was right.

Source: K. Saitoh, "Deep Learning from Scratch", 2016, chapters 4 and 5; the hinge loss of cat, car and frog: Stanford
CS231n, "Linear classification".
"""

from typing import Any

import numpy as np
import numpy.typing as npt

import minigrad as mg
from lesson import figure, parser, save
from minigrad import func, nn

Floats = npt.NDArray[np.float64]

DIGIT = [0, 0, 1, 0, 0, 0, 0, 0, 0, 0]
ANSWERS = {
    "sure of the 2": [0.1, 0.05, 0.6, 0, 0.05, 0.1, 0, 0.1, 0, 0],
    "unsure": [0.1, 0.05, 0.1, 0, 0.05, 0.1, 0, 0.1, 0, 0],
}
# What softmax answers for two examples. Their logarithms are scores that it makes these of.
PROBABILITIES = [[0.2, 0.1, 0.7], [0.3, 0.1, 0.6]]
ANIMALS = ["cat", "car", "frog"]
ANIMAL_SCORES = [[3.2, 5.1, -1.7], [1.3, 4.9, 2.0], [2.2, 2.5, -3.1]]

# Of the error y - t, for numbers.
REGRESSION = {
    "half squared": lambda e: 0.5 * mg.square(e),
    "absolute": lambda e: nn.L1Loss(reduction="none")(e, np.zeros(e.shape)),
    "Huber": lambda e: nn.HuberLoss(reduction="none")(e, np.zeros(e.shape)),
}
# Of the margin m: how far the score of the right one of two classes lies above the other's; an m below 0 is a mistake.
CLASSIFICATION = {
    "squared error of sigmoid": lambda m: 0.5 * mg.square(1 - mg.sigmoid(m)),
    "cross-entropy": lambda m: nn.BCEWithLogitsLoss(reduction="none")(m, np.ones(m.shape)),
    "hinge": lambda m: mg.relu(1 - m),
}


def of_an_answer(y: Any, t: Any) -> dict[str, float]:
    """Return the losses of ten probabilities `y`, where `t` is 1 for the right class and 0 elsewhere."""
    probability = mg.asarray(y)[int(np.argmax(t))]
    return {
        "half squared error": nn.HalfSquaredError()(y, t).item(),
        "sum of squared errors": nn.MSELoss(reduction="sum")(y, t).item(),
        "mean squared error": nn.MSELoss()(y, t).item(),
        # All other terms of -sum t · log y are 0: only the probability of the right class counts.
        "cross-entropy": -mg.log(probability).item(),
    }


def softmax_with_loss(scores: Any, targets: Any) -> tuple[float, Floats]:
    """Return the cross-entropy of the softmax of scores, and its gradient at the scores.

    Targets are the indices of the classes, rows with one 1, or rows of probabilities.
    """
    loss, gradient = func.value_and_grad(nn.SoftmaxCrossEntropy())(np.asarray(scores), targets)
    return loss.item(), gradient.numpy()


def values_and_slopes(loss: Any, x: Floats) -> tuple[Floats, Floats]:
    """Return a loss at each x, and its slopes."""
    return loss(mg.asarray(x)).numpy(), func.grad(lambda x: loss(x).sum())(x).numpy()


def draw_losses() -> Any:
    """Plot the losses of an error and of a margin, and below them their slopes."""
    x = np.linspace(-4, 4, 401)
    drawn = figure(10, 6.5)
    grid = drawn.subplots(2, 2, sharex="col")
    for (above, below), title, losses, label in (
        (grid[:, 0], "Losses of numbers", REGRESSION, "error y - t"),
        (grid[:, 1], "Losses of classes", CLASSIFICATION, "margin: score of the right class - score of the other"),
    ):
        for name, loss in losses.items():
            values, slopes = values_and_slopes(loss, x)
            above.plot(x, values, label=name)
            below.plot(x, slopes, label=name)
        above.set(ylim=(-0.2, 5), ylabel="loss", title=title)
        below.set(xlabel=label, ylabel="slope: what is learnt from")
        above.legend()
    for ax in grid[:, 1]:
        ax.axvspan(-4, 0, color="#a3117f", alpha=0.06)
    grid[0, 1].text(-3.9, 0.05, "wrong answers", color="#a3117f", fontsize=9)
    for ax in grid.flat:
        ax.grid(alpha=0.3)
    return drawn


def main(arguments: list[str] | None = None) -> None:
    """Print the losses, and draw them."""
    options = parser(__doc__).parse_args(arguments)
    table = {name: of_an_answer(y, DIGIT) for name, y in ANSWERS.items()}
    print(f"{'for a digit 2, an answer that is':>34}" + "".join(f"{name:>16}" for name in table))
    for name in of_an_answer(DIGIT, DIGIT):
        print(f"{name:>34}" + "".join(f"{losses[name]:16.6f}" for losses in table.values()))

    binary = [nn.BCELoss()([p], [1.0]).item() for p in (0.9, 0.5, 0.1)]
    print("\nbinary cross-entropy of a yes with probability 0.9, 0.5, 0.1:", np.round(binary, 6).tolist())

    print(f"\nsoftmax answers {PROBABILITIES}; cross-entropy, and its gradient at the scores, (answer - target) / 2:")
    for kind, targets in {
        "classes": [0, 1],
        "one-hot": [[1.0, 0, 0], [0, 1.0, 0]],
        "probabilities": [[0.8, 0.1, 0.1], [0.2, 0.7, 0.1]],
    }.items():
        loss, gradient = softmax_with_loss(np.log(PROBABILITIES), targets)
        print(f"  targets as {kind:13} {targets!s}: {loss:.8f}, {gradient.round(8).tolist()}")

    hinge = nn.MulticlassSVMLoss(reduction="none")(ANIMAL_SCORES, [0, 1, 2]).numpy()
    print("\nhinge loss of the scores of " + ", ".join(ANIMALS))
    for animal, scores, of_one in zip(ANIMALS, ANIMAL_SCORES, hinge, strict=True):
        print(f"  of a {animal:4} {scores!s:>17}: {of_one:.1f}")
    print()
    save(draw_losses(), options.out, "losses")


if __name__ == "__main__":
    main()
