"""A network with one hidden layer: its gradients by backprop and by differences agree; then it learns digits.

    python examples/two_layer_net.py

784 pixels - 50 hidden units, relu - 10 classes, softmax cross-entropy. Its loop is written out here: take a batch at
random, compute the loss and its gradients, go one step down. ``--full`` learns from all of MNIST: 97 of 100 test digits
are right after 10,000 steps of 0.1. ``--lr 0.5 --cosine`` begins with larger steps and ends with small ones, and gets
further in the same time.

Source: K. Saitoh, "Deep Learning from Scratch", 2016, chapters 4 and 5.
"""

import time
from typing import Any, NamedTuple

import numpy as np

import minigrad as mg
from lesson import digits, figure, parser, save
from minigrad import nn
from minigrad.viz import plots
from numerical_gradient import compare


class TwoLayerNet(nn.Module):
    """affine - relu - affine."""

    def __init__(self, hidden: int = 50, *, rng: np.random.Generator, dtype: Any = np.float32) -> None:
        self.affine1 = nn.Affine(784, hidden, rng=rng, dtype=dtype)
        self.affine2 = nn.Affine(hidden, 10, rng=rng, dtype=dtype)

    def forward(self, x: Any) -> mg.Tensor:
        """Return the scores of the classes, of shape (n, 10)."""
        out: mg.Tensor = self.affine2(mg.relu(self.affine1(x)))
        return out


class Result(NamedTuple):
    """A trained network, the loss of every step, and the accuracies after every epoch."""

    model: TwoLayerNet
    losses: list[float]
    accuracies: dict[str, list[float]]


def compare_gradients(found: nn.data.TrainTest, hidden: int = 4, seed: int = 0) -> dict[str, float]:
    """Return, by parameter, the largest difference between backprop and numerical gradient, on three digits."""
    model = TwoLayerNet(hidden, rng=np.random.default_rng(seed), dtype=np.float64)
    return compare(model, found.x_train[:3].astype(np.float64), found.t_train[:3]).differences


def accuracy(model: nn.Module, x: Any, t: Any) -> float:
    """Return the share of digits that are classified right."""
    with mg.no_grad():
        return float((model(x).argmax(1).numpy() == t).mean())


def train(
    found: nn.data.TrainTest, steps: int = 2000, lr: float = 0.1, cosine: bool = False, seed: int = 0, batch: int = 100
) -> Result:
    """Train by gradient descent; with `cosine`, the learning rate falls to 0 along half a cosine."""
    rng = np.random.default_rng(seed)
    model = TwoLayerNet(rng=rng)
    loss = nn.SoftmaxCrossEntropy()
    optimizer = nn.SGD(model.parameters(), lr=lr)
    scheduler = nn.Scheduler(optimizer, nn.schedules.Cosine(steps)) if cosine else None
    losses: list[float] = []
    accuracies: dict[str, list[float]] = {"training": [], "test": []}
    while len(losses) < steps:
        for chosen in rng.permutation(len(found.x_train)).reshape(-1, batch)[: steps - len(losses)]:
            optimizer.zero_grad()
            value = loss(model(found.x_train[chosen]), found.t_train[chosen])
            value.backward()
            optimizer.step()
            if scheduler is not None:
                scheduler.step()
            losses.append(value.item())
        accuracies["training"].append(accuracy(model, found.x_train, found.t_train))
        accuracies["test"].append(accuracy(model, found.x_test, found.t_test))
    return Result(model, losses, accuracies)


def main(arguments: list[str] | None = None) -> None:
    """Compare the gradients, then train, and draw the curves."""
    options = parser(__doc__, full=True)
    options.add_argument("--steps", type=int, help="of 100 digits each (default: 2,000; with --full 10,000)")
    options.add_argument("--lr", type=float, default=0.1, help="the size of a step (default: 0.1)")
    options.add_argument("--cosine", action="store_true", help="let the steps shrink to 0, along half a cosine")
    given = options.parse_args(arguments)
    found = digits(given.full, flatten=True)

    print("largest difference between backprop and numerical gradient:")
    for name, difference in compare_gradients(found, seed=given.seed).items():
        print(f"  {name:>14}: {difference:.1e}")

    steps = given.steps or (10_000 if given.full else 2000)
    start = time.perf_counter()
    result = train(found, steps, given.lr, given.cosine, given.seed)
    seconds = time.perf_counter() - start
    curves = result.accuracies
    print("\nepoch  training    test")
    epochs = len(curves["test"])
    for epoch in sorted({1, 2, 3, epochs, *range(5, epochs, 5)} & set(range(1, epochs + 1))):
        print(f"{epoch:5}  {curves['training'][epoch - 1]:8.4f}  {curves['test'][epoch - 1]:6.4f}")
    print(f"{steps:,} steps, seed {given.seed}, {seconds:.1f} s: {curves['test'][-1]:.4f} of the test digits right\n")

    drawn = figure(11, 4)
    left, right = drawn.subplots(1, 2)
    window = max(steps // 100, 1)
    plots.learning_curves(result.losses, smooth=window, log=True, xlabel="step", ylabel="loss", title="Loss", ax=left)
    plots.learning_curves(curves, ylabel="share of digits that are right", title="Accuracy", ax=right)
    save(drawn, given.out, "two_layer_net")


if __name__ == "__main__":
    main()
