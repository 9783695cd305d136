"""Overfitting: a deep network learns 300 digits by heart; weight decay and dropout bring its two accuracies together.

    python examples/dropout.py          tests with 1,000 digits
    python examples/dropout.py --full   tests with all 10,000, where MNIST is present

784 - 100 - 100 - 100 - 100 - 100 - 100 - 10 units have 130,000 weights for 300 digits, so that a network can remember
each one. Weight decay subtracts a share of each weight at each step, which keeps them small; dropout leaves out each
unit with some probability at each training step, so that none can count on another.

Both slow learning down, and here the gap closes above all because the training digits are no longer known by heart.
A weight decay of the right size costs nothing with the test digits, and makes the loss there smaller; a larger one
hinders. Dropout in each of six layers takes longer to learn the same: after 300 epochs (``--epochs 300``), the network
with 0.15 is as good with the test digits as that with neither. Differences of 0.02 are luck: see another ``--seed``.

Source: K. Saitoh, "Deep Learning from Scratch", 2016, section 6.4; N. Srivastava et al., "Dropout: a simple way to
prevent neural networks from overfitting", JMLR 15, 2014.
"""

from typing import Any, NamedTuple

from lesson import digits, figure, parser, save
from minigrad import nn
from minigrad.viz import plots

WIDTH, HIDDEN = 100, 6

# What is tried: the probability of dropout, and the weight decay.
CASES = {
    "neither": (0.0, 0.0),
    "weight decay 0.05": (0.0, 0.05),
    "weight decay 0.1": (0.0, 0.1),
    "dropout 0.15": (0.15, 0.0),
    "dropout 0.2": (0.2, 0.0),
    "dropout 0.15, decay 0.05": (0.15, 0.05),
}


class Curves(NamedTuple):
    """What :func:`train` returns: the accuracy after each epoch, and the two losses at the end."""

    training: list[float]
    test: list[float]
    training_loss: float
    test_loss: float

    @property
    def gap(self) -> float:
        """How much better the network knows the digits it has learned from."""
        return self.training[-1] - self.test[-1]


def network(dropout: float = 0.0) -> nn.Sequential:
    """Return seven affine layers, with relu and dropout between them."""
    layers: list[nn.Module] = []
    before = 784
    for _ in range(HIDDEN):
        layers += [nn.Affine(before, WIDTH), nn.ReLU()]
        if dropout:
            layers.append(nn.Dropout(dropout))
        before = WIDTH
    return nn.Sequential(*layers, nn.Affine(before, 10))


def train(
    data: nn.data.TrainTest, dropout: float, weight_decay: float, epochs: int = 200, count: int = 300, seed: int = 0
) -> Curves:
    """Train on the first `count` digits, and measure both accuracies after each epoch."""
    nn.seed(seed)
    model = network(dropout)
    optimizer = nn.SGD(model.parameters(), lr=0.01, weight_decay=weight_decay)
    learned = data.x_train[:count], data.t_train[:count]
    found: list[dict[str, float]] = []

    def measure(trainer: nn.Trainer) -> None:
        # The history's own accuracy in training is that of a network with units left out.
        found.append(trainer.evaluate(learned, batch_size=count))

    trainer = nn.Trainer(
        model, nn.SoftmaxCrossEntropy(), optimizer, [nn.metrics.Accuracy()], callbacks=[measure], seed=seed
    )
    history = trainer.fit(learned, epochs, validation=(data.x_test, data.t_test), batch_size=100, progress=False)
    training = [row["accuracy"] for row in found]
    return Curves(training, history["val_accuracy"], found[-1]["loss"], history["val_loss"][-1])


def draw(results: dict[str, Curves]) -> Any:
    """Draw the two accuracies of each case, side by side."""
    fig = figure(12, 7)
    for ax, (name, curves) in zip(fig.subplots(2, 3, sharey=True).flat, results.items(), strict=True):
        accuracies = {"training": curves.training, "test": curves.test}
        plots.learning_curves(accuracies, title=f"{name}: gap {curves.gap:.2f}", ylabel="accuracy", ax=ax)
        ax.legend(loc="lower right")
        ax.label_outer()
        ax.set_ylim(0, 1.02)
    return fig


def main(arguments: list[str] | None = None) -> None:
    """Train with each of the cases, print a table, and draw."""
    chosen = parser(__doc__, full=True)
    chosen.add_argument("--epochs", type=int, default=200, help="default: 200")
    options = chosen.parse_args(arguments)
    data = digits(options.full, flatten=True)
    results = {}
    print(f"{'of which 300 are used':<26}{'training':>9}{'test':>8}{'gap':>8}{'training loss':>15}{'test loss':>11}")
    for name, (dropout, weight_decay) in CASES.items():
        results[name] = found = train(data, dropout, weight_decay, options.epochs, seed=options.seed)
        print(
            f"{name:<26}{found.training[-1]:9.3f}{found.test[-1]:8.3f}{found.gap:8.3f}"
            f"{found.training_loss:15.3f}{found.test_loss:11.3f}"
        )
    save(draw(results), options.out, "dropout")


if __name__ == "__main__":
    main()
