"""Six optimizers: their paths down a long valley, and what they make of a net of five layers on digits.

    python examples/optimizers.py
    python examples/optimizers.py --full        all of MNIST

f(x, y) = x² / 20 + y² is steep across and flat along: the gradient hardly points at the minimum. SGD swings from side
to side, momentum carries along the valley, Nesterov's looks ahead, and AdaGrad, RMSprop and Adam scale each direction
by the gradients it has seen. Which one is best depends on the problem, and each needs a learning rate of its own.

Source: K. Saitoh, Deep Learning from Scratch, 2016, chapter 6.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from lesson import digits, figure, network, parser, save
from minigrad import nn
from minigrad.nn import data
from minigrad.viz import plots

START = (-7.0, 2.0)
STEPS = 30

Make = Callable[[Any], nn.Optimizer]

# Each with the learning rate that suits the valley,
VALLEY: dict[str, Make] = {
    "SGD": lambda p: nn.SGD(p, lr=0.95),
    "Momentum": lambda p: nn.Momentum(p, lr=0.1),
    "Nesterov": lambda p: nn.Nesterov(p, lr=0.1),
    "AdaGrad": lambda p: nn.AdaGrad(p, lr=1.5),
    "RMSprop": lambda p: nn.RMSprop(p, lr=0.3, alpha=0.9),
    "Adam": lambda p: nn.Adam(p, lr=0.3),
}
# and the digits.
DIGITS: dict[str, Make] = {
    "SGD": lambda p: nn.SGD(p, lr=0.01),
    "Momentum": lambda p: nn.Momentum(p, lr=0.01),
    "Nesterov": lambda p: nn.Nesterov(p, lr=0.01),
    "AdaGrad": lambda p: nn.AdaGrad(p, lr=0.01),
    "RMSprop": lambda p: nn.RMSprop(p, lr=0.001),
    "Adam": lambda p: nn.Adam(p, lr=0.001),
}


def valley(x: Any, y: Any) -> Any:
    """Return x² / 20 + y², of numbers, arrays or tensors."""
    return x**2 / 20 + y**2


def path(make: Make, steps: int = STEPS) -> npt.NDArray[np.float64]:
    """Return where an optimizer is on the valley, from the start on, as an array of shape (steps + 1, 2)."""
    x, y = (nn.Parameter([start], dtype=np.float64) for start in START)
    optimizer = make([x, y])
    points = [START]
    for _ in range(steps):
        optimizer.zero_grad()
        valley(x, y).sum().backward()
        optimizer.step()
        points.append((x.item(), y.item()))
    return np.array(points)


def learn(found: data.TrainTest, make: Make, epochs: int, seed: int = 0) -> tuple[list[float], float]:
    """Train the net of five layers; return the loss of each step, and the accuracy on the test."""
    nn.seed(seed)  # the same first weights and the same batches for all
    model = network((784, 100, 100, 100, 100, 10))
    trainer = nn.Trainer(model, nn.SoftmaxCrossEntropy(), make(model.parameters()), [nn.metrics.Accuracy()])
    history = trainer.fit((found.x_train, found.t_train), epochs, batch_size=100, progress=False)
    return history.losses, trainer.evaluate((found.x_test, found.t_test))["accuracy"]


def draw_paths(paths: dict[str, Any], folder: Path) -> Path:
    """Draw the six paths over the contours of the valley."""
    whole = figure(13, 7)
    for ax, (name, points) in zip(whole.subplots(2, 3).flat, paths.items(), strict=True):
        plots.optimizer_paths(
            valley, {name: points}, xlim=(-8, 8), ylim=(-4, 4), minimum=(0, 0), title=f"{name}, {STEPS} steps", ax=ax
        )
        ax.get_legend().remove()
    whole.suptitle("From (-7, 2) down x² / 20 + y²")
    return save(whole, folder, "optimizer_paths")


def draw_losses(losses: dict[str, list[float]], folder: Path) -> Path:
    """Draw the losses on the digits."""
    whole = figure(8, 4.8)
    plots.learning_curves(
        losses, smooth=30, log=True, xlabel="step", ylabel="softmax cross-entropy (nats)",
        title="784-100-100-100-100-10 on digits", ax=whole.add_subplot(),
    )  # fmt: skip
    return save(whole, folder, "optimizers_digits")


def main(arguments: list[str] | None = None) -> None:
    """Go down the valley, then learn digits, with each."""
    options = parser(__doc__, full=True)
    options.add_argument("--epochs", type=int, help="on the digits (default: 20; 4 with --full)")
    chosen = options.parse_args(arguments)
    paths = {name: path(make) for name, make in VALLEY.items()}
    print(f"{'':8}   after {STEPS} steps          f")
    for name, points in paths.items():
        x, y = points[-1]
        print(f"{name:8}   ({x:6.3f}, {y:6.3f})   {valley(x, y):.2e}")
    draw_paths(paths, chosen.out)
    print()
    found = digits(chosen.full, flatten=True)
    epochs = chosen.epochs or (4 if chosen.full else 20)
    losses = {}
    print(f"{'':8}   loss after {epochs} epochs   test accuracy")
    for name, make in DIGITS.items():
        losses[name], accuracy = learn(found, make, epochs, chosen.seed)
        print(f"{name:8}   {np.mean(losses[name][-30:]):20.4f}   {accuracy:13.3f}")
    draw_losses(losses, chosen.out)


if __name__ == "__main__":
    main()
