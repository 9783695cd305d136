"""First weights: too large, sigmoid saturates; too small, the layers fall silent; Xavier and He keep the spread.

    python examples/initialization.py
    python examples/initialization.py --full        the losses on all of MNIST

Random rows run through five layers of 100 neurons; the histograms show what comes out of each layer. Then nets with
these first weights learn digits. Weights of 0 do not learn: all neurons of a layer are equal, and no gradient passes.

Source: X. Glorot, Y. Bengio, "Understanding the difficulty of training deep feedforward neural networks", AISTATS 2010;
K. He et al., "Delving deep into rectifiers", ICCV 2015; K. Saitoh, Deep Learning from Scratch, 2016, chapter 6.
"""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

import minigrad as mg
from lesson import digits, figure, network, parser, save
from minigrad import nn
from minigrad.nn import data
from minigrad.viz import plots

ACTIVATIONS: dict[str, Callable[[], nn.Module]] = {"sigmoid": nn.Sigmoid, "tanh": nn.Tanh, "relu": nn.ReLU}
INITIALIZERS: dict[str, nn.init.Initializer] = {
    "std 1": partial(nn.init.normal, std=1.0),
    "std 0.01": partial(nn.init.normal, std=0.01),
    "Xavier": nn.init.xavier_normal,
    "He": nn.init.he_normal,
    "zeros": nn.init.zeros,
}
LIMITS = {"sigmoid": (0.0, 1.0), "tanh": (-1.0, 1.0), "relu": (-7.0, 5.0)}  # of the histograms

Floats = npt.NDArray[np.float32]


def activations(activation: str, initializer: str, seed: int = 0) -> list[Floats]:
    """Return what each of five layers of 100 neurons makes of 1,000 normal rows, as arrays of shape (1000, 100)."""
    rng = np.random.default_rng(seed)
    x: Any = rng.standard_normal((1000, 100)).astype(np.float32)
    found = []
    with mg.no_grad():
        for _ in range(5):
            layer = nn.Affine(100, 100, bias=False, init=INITIALIZERS[initializer], rng=rng)
            x = ACTIVATIONS[activation]()(layer(x))
            found.append(x.numpy())
    return found


def saturated(values: Floats) -> float:
    """Return the share of sigmoid's values whose local gradient y (1 - y) is below a tenth of the largest."""
    return float((values * (1 - values) < 0.025).mean())


def learn(found: data.TrainTest, initializer: str, epochs: int, seed: int = 0) -> tuple[nn.Trainer, float]:
    """Train a relu net of five layers by SGD; return the trainer and the accuracy on the test."""
    nn.seed(seed)
    model = network((784, 100, 100, 100, 100, 10), init=INITIALIZERS[initializer])
    optimizer = nn.SGD(model.parameters(), lr=0.01)
    trainer = nn.Trainer(model, nn.SoftmaxCrossEntropy(), optimizer, [nn.metrics.Accuracy()])
    trainer.fit((found.x_train, found.t_train), epochs, batch_size=100, progress=False)
    return trainer, trainer.evaluate((found.x_test, found.t_test))["accuracy"]


def draw_activations(name: str, seed: int, folder: Path) -> Path:
    """Draw the histograms of five layers, a row for each initializer."""
    whole = figure(11, 10)
    for ax, initializer in zip(whole.subplots(len(INITIALIZERS), 1), INITIALIZERS, strict=True):
        layers = {f"layer {i}": y for i, y in enumerate(activations(name, initializer, seed), 1)}
        if name == "relu":
            # Half of the values are 0; the others grow or shrink by a factor in each layer.
            layers = {layer: np.log10(y[y > 0]) for layer, y in layers.items()}
        plots.histograms(layers, limits=LIMITS[name], bins=30, ax=ax)
        ax.text(-0.02, 0.5, initializer, transform=ax.transAxes, rotation=90, ha="right", va="center", fontsize=12)
    what = "The exponent of 10 of what comes out of relu" if name == "relu" else f"What comes out of {name}"
    whole.suptitle(f"{what}, by the first weights")
    return save(whole, folder, f"initialization_{name}")


def draw_losses(losses: dict[str, list[float]], folder: Path) -> Path:
    """Draw the losses on the digits."""
    whole = figure(8, 4.8)
    ax = whole.add_subplot()
    plots.learning_curves(losses, smooth=30, xlabel="step", ylabel="softmax cross-entropy (nats)", ax=ax)
    ax.set_title("Five relu layers on digits, by the first weights")
    ax.lines[1].set(linewidth=4)  # of zeros, which std 0.01 covers
    ax.legend()
    return save(whole, folder, "initialization_losses")


def main(arguments: list[str] | None = None) -> None:
    """Look at the layers, then learn."""
    options = parser(__doc__, full=True)
    options.add_argument("--epochs", type=int, help="on the digits (default: 30; 4 with --full)")
    chosen = options.parse_args(arguments)
    print("standard deviation of what comes out of the layers 1 to 5")
    for name in ACTIVATIONS:
        for initializer in INITIALIZERS:
            layers = activations(name, initializer, chosen.seed)
            deviations = "  ".join(f"{y.std():8.2g}" for y in layers)
            note = f"   saturated: {saturated(layers[-1]):.0%}" if name == "sigmoid" else ""
            print(f"{name:7}  {initializer:8}  {deviations}{note}")
        draw_activations(name, chosen.seed, chosen.out)

    print()
    found = digits(chosen.full, flatten=True)
    epochs = chosen.epochs or (4 if chosen.full else 30)
    losses = {}
    print(f"{'relu':8}   loss after {epochs} epochs   test accuracy")
    for initializer in ("zeros", "std 0.01", "Xavier", "He"):
        trainer, accuracy = learn(found, initializer, epochs, chosen.seed)
        losses[initializer] = trainer.history.losses
        print(f"{initializer:8}   {trainer.history['loss'][-1]:20.4f}   {accuracy:13.3f}")
    draw_losses(losses, chosen.out)


if __name__ == "__main__":
    main()
