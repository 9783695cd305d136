"""Batch normalization: with it, the scale of the first weights hardly matters, and deep nets learn sooner.

    python examples/batch_norm.py
    python examples/batch_norm.py --full --seed 0        784-50-100-10 on all of MNIST: 0.978 and more

A batch normalization after each affine layer gives every neuron a mean of 0 and a deviation of 1 over the batch, then a
scale and a shift that are learned. Deep nets of five hidden layers start from weights of eight sizes, with and without.

Source: S. Ioffe, C. Szegedy, "Batch normalization", ICML 2015; K. Saitoh, Deep Learning from Scratch, 2016, chapter 6.
"""

import time
from functools import partial
from pathlib import Path

import numpy as np

from lesson import digits, figure, network, parser, save
from minigrad import nn
from minigrad.nn import data
from minigrad.viz import plots

SCALES = np.logspace(0, -4, 8)
NETS = {"batch normalization": True, "without": False}
SIZES = (784, 100, 100, 100, 100, 100, 10)


def learn(found: data.TrainTest, std: float, batch_norm: bool, epochs: int, seed: int = 0) -> list[float]:
    """Train the deep net by SGD from weights of that deviation; return the training accuracy of each epoch."""
    nn.seed(seed)
    model = network(SIZES, init=partial(nn.init.normal, std=std), batch_norm=batch_norm)
    optimizer = nn.SGD(model.parameters(), lr=0.01)
    trainer = nn.Trainer(model, nn.SoftmaxCrossEntropy(), optimizer, [nn.metrics.Accuracy()])
    trainer.fit((found.x_train, found.t_train), epochs, batch_size=100, progress=False)
    return trainer.history["accuracy"]


def compare(found: data.TrainTest, epochs: int, seed: int = 0) -> dict[float, dict[str, list[float]]]:
    """Return the curves of both nets, for each deviation of the first weights."""
    # Weights of deviation 1 make the plain net's outputs as large as 10⁵ and its loss overflow: a part of the lesson.
    with np.errstate(over="ignore", invalid="ignore"):
        return {
            float(std): {name: learn(found, std, with_it, epochs, seed) for name, with_it in NETS.items()}
            for std in SCALES
        }


def best(found: data.TrainTest, epochs: int, seed: int = 0) -> nn.Trainer:
    """Train 784-50-100-10 with batch normalization, from He's weights, by Adam with a rate that falls to 0."""
    nn.seed(seed)
    model = network((784, 50, 100, 10), batch_norm=True)
    optimizer = nn.Adam(model.parameters(), lr=0.005)
    schedule = nn.callbacks.Schedule(nn.Scheduler(optimizer, nn.schedules.Cosine(epochs)))
    trainer = nn.Trainer(model, nn.SoftmaxCrossEntropy(), optimizer, [nn.metrics.Accuracy()], [schedule])
    train, test = (found.x_train, found.t_train), (found.x_test, found.t_test)
    trainer.fit(train, epochs, validation=test, batch_size=100, progress=False)
    return trainer


def draw(curves: dict[float, dict[str, list[float]]], folder: Path) -> Path:
    """Draw the curves of both nets side by side, a panel for each deviation."""
    whole = figure(13, 5.5)
    panels = whole.subplots(2, len(curves) // 2, sharex=True, sharey=True)
    for ax, (std, pair) in zip(panels.flat, curves.items(), strict=True):
        plots.learning_curves(pair, title=f"first weights: std {std:.2g}", xlabel="", ax=ax)
        ax.get_legend().remove()
        ax.set_ylim(0, 1.02)
    whole.supxlabel("epoch")
    whole.supylabel("training accuracy")
    whole.legend(*panels[0, 0].get_legend_handles_labels(), loc="outside upper center", ncols=2)
    return save(whole, folder, "batch_norm")


def main(arguments: list[str] | None = None) -> None:
    """Compare nets with and without; then train one as well as it goes."""
    options = parser(__doc__, full=True)
    options.add_argument("--epochs", type=int, default=20)
    chosen = options.parse_args(arguments)
    found = digits(chosen.full, flatten=True)
    few = found._replace(x_train=found.x_train[:1000], t_train=found.t_train[:1000])

    curves = compare(few, chosen.epochs, chosen.seed)
    print(f"training accuracy after {chosen.epochs} epochs of 1,000 digits")
    print("std of the first weights   with batch normalization   without")
    for std, pair in curves.items():
        with_it, without = pair["batch normalization"][-1], pair["without"][-1]
        print(f"{std:24.2g}   {with_it:24.3f}   {without:7.3f}")
    draw(curves, chosen.out)

    print("\n784-50-100-10 with batch normalization, He's weights, Adam:")
    start = time.perf_counter()
    history = best(found, chosen.epochs, chosen.seed).history
    print(
        f"test accuracy {history['val_accuracy'][-1]:.4f} after {len(history)} epochs, "
        f"training {history['accuracy'][-1]:.4f}, {time.perf_counter() - start:.0f} s"
    )


if __name__ == "__main__":
    main()
