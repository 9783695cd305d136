"""Ten layers deep: sigmoids lose the gradient on its way back; relu, He, batch norm and skips keep it.

    python examples/gradient_flow.py

Two networks of ten hidden layers learn digits. In the first, each layer is affine and sigmoid. The slope of a sigmoid
is 1/4 at most, so each layer takes three quarters of the gradient and more, and the first layers learn next to nothing.
In the second, relu passes the gradient on as it is, He's initial weights make up for the half that relu switches off,
batch norm keeps the values in range, and a skip connection gives the gradient a way around each layer.

``viz.gradient_flow`` tells where the gradient is lost before the first step, and ``viz.GradientFlow`` watches it in the
course of training.

Source: S. Hochreiter, "Untersuchungen zu dynamischen neuronalen Netzen", 1991; X. Glorot, Y. Bengio, "Understanding the
difficulty of training deep feedforward neural networks", AISTATS 2010; K. He et al., "Deep residual learning for image
recognition", CVPR 2016.
"""

from typing import Any, NamedTuple

import numpy as np

import minigrad as mg
from lesson import digits, figure, parser, save
from minigrad import nn, viz
from minigrad.viz import plots

LAYERS = 10
WIDTH = 64


def sigmoids(seed: int = 0) -> nn.Sequential:
    """Return ten layers of affine and sigmoid, with Xavier's initial weights, which suit sigmoids best."""
    rng = np.random.default_rng(seed)
    parts: dict[str, nn.Module] = {}
    for i in range(1, LAYERS + 1):
        affine = nn.Affine(784 if i == 1 else WIDTH, WIDTH, rng=rng, init=nn.init.xavier_normal)
        parts[f"layer{i}"] = nn.Sequential(affine=affine, sigmoid=nn.Sigmoid())
    return nn.Sequential(**parts, out=nn.Affine(WIDTH, 10, rng=rng))


class Block(nn.Module):
    """affine - batch norm - relu, added to what came in; He's initial weights are the default of ``nn.Affine``."""

    def __init__(self, width: int, rng: np.random.Generator) -> None:
        self.affine = nn.Affine(width, width, rng=rng)
        self.norm = nn.BatchNorm1d(width)

    def forward(self, x: Any) -> mg.Tensor:
        out: mg.Tensor = x + mg.relu(self.norm(self.affine(x)))
        return out


def skips(seed: int = 0) -> nn.Sequential:
    """Return a layer of the width and nine blocks with skip connections."""
    rng = np.random.default_rng(seed)
    first = nn.Sequential(affine=nn.Affine(784, WIDTH, rng=rng), norm=nn.BatchNorm1d(WIDTH), relu=nn.ReLU())
    blocks = {f"layer{i}": Block(WIDTH, rng) for i in range(2, LAYERS + 1)}
    return nn.Sequential(layer1=first, **blocks, out=nn.Affine(WIDTH, 10, rng=rng))


class Run(NamedTuple):
    """The diagnosis before the first step, what was recorded in training, and its history."""

    before: viz.FlowReport
    flow: viz.GradientFlow
    history: nn.History


def run(model: nn.Module, found: nn.data.TrainTest, epochs: int = 6, seed: int = 0) -> Run:
    """Diagnose a network, and train it with SGD."""
    loss = nn.SoftmaxCrossEntropy()
    before = viz.gradient_flow(model, loss(model(found.x_train[:100]), found.t_train[:100]))
    flow = viz.GradientFlow(every=10)
    optimizer = nn.SGD(model.parameters(), lr=0.1)
    trainer = nn.Trainer(model, loss, optimizer, [nn.metrics.Accuracy()], [flow], seed=seed)
    test = (found.x_test, found.t_test)
    history = trainer.fit((found.x_train, found.t_train), epochs, validation=test, batch_size=100, progress=False)
    return Run(before, flow, history)


def draw(runs: dict[str, Run]) -> Any:
    """Draw both networks side by side: the gradient by layer, its way from the loss, and in the course of training."""
    drawn = figure(14, 20)
    axes = drawn.subplots(3, 2, gridspec_kw={"height_ratios": [1.1, 1.1, 1]})
    for column, (name, (before, flow, _)) in zip(axes.T, runs.items(), strict=True):
        before.figure(column[0])
        column[0].set_title(f"{name}: values and gradients before training")
        before.waterfall("layer1.affine.weight").figure(column[1])
        flow.figure(column[2])
        column[2].set_title(f"{name}: gradients in training")
    for row in axes[:2]:
        ends = [ax.get_xlim() for ax in row]
        for ax in row:
            ax.set_xlim(min(low for low, _ in ends), max(high for _, high in ends))
    return drawn


def draw_curves(runs: dict[str, Run]) -> Any:
    """Draw the losses and the accuracies of both."""
    drawn = figure(10, 4)
    losses, accuracies = drawn.subplots(1, 2)
    plots.learning_curves(
        {name: run.history.losses for name, run in runs.items()}, smooth=20, log=True, xlabel="step",
        ylabel="loss", ax=losses,
    )  # fmt: skip
    plots.learning_curves(
        {name: run.history["val_accuracy"] for name, run in runs.items()}, ylabel="accuracy on new digits",
        ax=accuracies,
    )  # fmt: skip
    return drawn


def main(arguments: list[str] | None = None) -> None:
    """Diagnose and train both networks, and draw them."""
    options = parser(__doc__, full=True)
    options.add_argument("--epochs", type=int, default=6, help="of training (default: 6)")
    given = options.parse_args(arguments)
    found = digits(given.full, flatten=True)
    models = {"sigmoid": sigmoids(given.seed), "relu, He, norm, skip": skips(given.seed)}
    runs = {name: run(model, found, given.epochs, given.seed) for name, model in models.items()}
    for name, (before, _, history) in runs.items():
        print(f"\n--- {name}\n{before}\n\n{history}")
    first, second = (run.before for run in runs.values())
    (ratio,) = [row["level_ratio"] for row in first.compare(second).rows if row["layer"] == "layer1.affine"]
    print(f"\nIn the first layer, the share of the gradient that arrives is {ratio:,.0f} times as large.")
    save(draw(runs), given.out, "gradient_flow")
    save(draw_curves(runs), given.out, "gradient_flow_curves")


if __name__ == "__main__":
    main()
