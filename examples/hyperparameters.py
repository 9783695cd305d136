"""Hyperparameters: a random search for the learning rate and the weight decay, judged by a validation set.

    python examples/hyperparameters.py
    python examples/hyperparameters.py --full        the final training on all of MNIST

Learning rate and weight decay are drawn evenly by their exponents, each pair trains a net on few digits, and digits
that were held back say how good it is. The test set is looked at once, at the very end: whoever chooses by it knows
nothing about new data.

Source: J. Bergstra, Y. Bengio, "Random search for hyper-parameter optimization", JMLR 13, 2012; K. Saitoh, Deep
Learning from Scratch, 2016, chapter 6.
"""

from pathlib import Path
from typing import NamedTuple

import numpy as np

from lesson import digits, figure, network, parser, save
from minigrad import nn
from minigrad.nn import data
from minigrad.viz import plots

LR = (-6, -2)  # exponents of 10, as in the course
WEIGHT_DECAY = (-8, -4)
SIZES = (784, 100, 100, 100, 100, 100, 100, 10)


class Trial(NamedTuple):
    """A pair of hyperparameters, and what came of them."""

    lr: float
    weight_decay: float
    history: nn.History

    @property
    def accuracy(self) -> float:
        """On the validation set, after the last epoch."""
        return float(self.history["val_accuracy"][-1])


def learn(
    train: data.Samples, lr: float, weight_decay: float, epochs: int, seed: int, held: data.Samples | None = None
) -> nn.Trainer:
    """Train a net of six hidden layers by SGD, measured after each epoch on what is held back; return the trainer."""
    nn.seed(seed)
    model = network(SIZES)
    optimizer = nn.SGD(nn.decay_groups(model, weight_decay), lr=lr)
    trainer = nn.Trainer(model, nn.SoftmaxCrossEntropy(), optimizer, [nn.metrics.Accuracy()])
    validation = None if held is None else tuple(held)
    trainer.fit(tuple(train), epochs, validation=validation, batch_size=100, progress=False)
    return trainer


def search(few: data.Samples, trials: int, epochs: int, seed: int = 0) -> list[Trial]:
    """Try pairs at random on four fifths of the digits, judge them by the rest; return them, the best first."""
    rng = np.random.default_rng(seed)
    train, held = (data.Samples(*part) for part in data.split(*few, fraction=0.2, rng=rng, stratify=few.t))
    found = []
    for _ in range(trials):
        lr, weight_decay = 10.0 ** rng.uniform(*LR), 10.0 ** rng.uniform(*WEIGHT_DECAY)
        found.append(Trial(lr, weight_decay, learn(train, lr, weight_decay, epochs, seed, held).history))
    return sorted(found, key=lambda trial: -trial.accuracy)


def draw(trials: list[Trial], folder: Path) -> Path:
    """Draw the curves of the best twenty, and where all trials lie."""
    whole = figure(13, 11)
    above, below = whole.subfigures(2, 1, height_ratios=(2, 1))
    panels = above.subplots(4, 5, sharex=True, sharey=True)
    for i, ax in enumerate(panels.flat):
        if i >= len(trials):
            ax.set_axis_off()
            continue
        lr, weight_decay, history = trials[i]
        curves = {"training": history["accuracy"], "validation": history["val_accuracy"]}
        plots.learning_curves(curves, xlabel="", ax=ax)
        ax.get_legend().remove()
        ax.set(ylim=(0, 1))
        ax.set_title(f"{i + 1}: lr {lr:.1e}, decay {weight_decay:.1e}", fontsize=9)
    above.supxlabel("epoch")
    above.supylabel("accuracy")
    above.legend(*panels[0, 0].get_legend_handles_labels(), loc="outside upper center", ncols=2)
    ax = below.add_subplot()
    points = ax.scatter(
        [t.lr for t in trials], [t.weight_decay for t in trials], c=[t.accuracy for t in trials], cmap="viridis", vmin=0
    )
    below.colorbar(points, label="validation accuracy")
    ax.set(xscale="log", yscale="log", xlabel="learning rate", ylabel="weight decay", title="All trials")
    ax.grid(alpha=0.3)
    return save(whole, folder, "hyperparameters")


def main(arguments: list[str] | None = None) -> None:
    """Search, draw, and train once more with the best."""
    options = parser(__doc__, full=True)
    options.add_argument("--trials", type=int, default=60)
    options.add_argument("--epochs", type=int, default=50, help="of each trial (default: 50)")
    chosen = options.parse_args(arguments)
    found = digits(chosen.full, flatten=True)
    few = data.Samples(found.x_train[:500], found.t_train[:500])
    trials = search(few, chosen.trials, chosen.epochs, chosen.seed)
    print(f"\n{len(trials)} trials of {chosen.epochs} epochs, 400 digits to learn from and 100 to choose by")
    print("rank   learning rate   weight decay   validation")
    for rank in sorted({*range(1, 6), len(trials) // 2, len(trials)} & {*range(1, len(trials) + 1)}):
        lr, weight_decay, _ = trials[rank - 1]
        print(f"{rank:4}   {lr:13.1e}   {weight_decay:12.1e}   {trials[rank - 1].accuracy:10.2f}")
    draw(trials, chosen.out)

    best = trials[0]
    train = data.Samples(found.x_train, found.t_train)
    trainer = learn(train, best.lr, best.weight_decay, 20, chosen.seed)
    accuracy = trainer.evaluate((found.x_test, found.t_test))["accuracy"]
    print(f"\nthe best pair, 20 epochs on {len(train.x):,} digits: test accuracy {accuracy:.3f}")


if __name__ == "__main__":
    main()
