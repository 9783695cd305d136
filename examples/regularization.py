"""Regularization: models too simple and too rich, L2 and L1 penalties, weight decay in a net with too few digits.

    python examples/regularization.py

A polynomial of low degree cannot follow the data (underfitting); one of high degree follows their noise (overfitting).
What tells is the error on data held back: it falls, then rises again. A penalty on the weights tames the rich model:
L2 makes all weights smaller, L1 makes those that say little 0. In a net, weight decay is the L2 penalty; with 300
digits it brings training and test closer together, though not the test further up.

Source: C. Bishop, Pattern Recognition and Machine Learning, 2006, section 1.1; R. Tibshirani, "Regression shrinkage and
selection via the lasso", 1996; K. Saitoh, Deep Learning from Scratch, 2016, chapter 6 (300 digits).
"""

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from lesson import figure, network, parser, save
from minigrad import nn
from minigrad.nn import data
from minigrad.viz import plots

DEGREES = tuple(range(15))
DECAYS = tuple(10.0**e for e in range(-8, 2))  # strengths of the L2 penalty on the richest polynomial
STRENGTHS = {"none": (0.0, 0.0), "L2": (0.0, 0.5), "L1": (0.1, 0.0)}  # of the L1 and L2 penalties on ten weights

Floats = npt.NDArray[np.floating[Any]]


class Fit(NamedTuple):
    """A polynomial, and its mean squared errors in training and on what was held back."""

    model: nn.Affine
    training: float
    held: float


def truth(x: Floats) -> Floats:
    """Return a period of the sine, which the polynomials are to find."""
    y: Floats = np.sin(np.pi * x)
    return y


def measured(count: int, rng: np.random.Generator, noise: float = 0.3) -> tuple[Floats, Floats]:
    """Return so many places evenly from -1 to 1, and the truth there with noise on it."""
    x = np.linspace(-1, 1, count)
    return x, truth(x) + noise * rng.standard_normal(count)


def powers(x: Floats, degree: int) -> Floats:
    """Return the Legendre polynomials up to that degree, in a row for each x: they span what the powers span."""
    columns: Floats = np.polynomial.legendre.legvander(x, degree)
    return columns


def fit(degree: int, decay: float = 0.0, seed: int = 0, count: int = 16) -> Fit:
    """Fit a polynomial to a few points by LBFGS, with an L2 penalty of that strength."""
    rng = np.random.default_rng(seed)
    (x, t), (x_held, t_held) = measured(count, rng), measured(1000, rng)
    model = nn.Affine(degree + 1, 1, bias=False, init=nn.init.zeros, dtype=np.float64)
    error = nn.MSELoss()
    optimizer = nn.LBFGS(model.parameters(), max_iter=1000, tolerance_change=1e-14, line_search=True)

    def closure() -> Any:
        optimizer.zero_grad()
        loss = error(model(powers(x, degree)), t[:, None]) + decay * nn.l2_penalty(model.weight)
        loss.backward()
        return loss

    optimizer.step(closure)
    weight = model.weight.data[:, 0]
    training, held = (float(np.square(powers(x, degree) @ weight - t).mean()) for x, t in ((x, t), (x_held, t_held)))
    return Fit(model, training, held)


def penalized(l1: float, l2: float, epochs: int = 600) -> tuple[Floats, float]:
    """Return the ten weights of a linear regression with penalties (diabetes), and R² on patients held back."""
    x, t = data.diabetes()
    train, test = data.split(x, t[:, None], fraction=0.2, rng=np.random.default_rng(0))
    of_x, of_t = data.Standardizer(train[0]), data.Standardizer(train[1])
    x_train, t_train = of_x(train[0]), of_t(train[1])
    model = nn.Affine(10, 1, bias=False, init=nn.init.zeros)
    optimizer = nn.SGD(model.parameters(), lr=0.1)
    # L1 pulls by a constant force: a weight at 0 swings around it by one step, and the steps have to become small.
    scheduler = nn.Scheduler(optimizer, nn.schedules.Cosine(epochs))
    for _ in range(epochs):
        optimizer.zero_grad()
        loss = nn.MSELoss()(model(x_train), t_train)
        (loss + l1 * nn.l1_penalty(model.weight) + l2 * nn.l2_penalty(model.weight)).backward()
        optimizer.step()
        scheduler.step()
    return model.weight.data[:, 0], nn.metrics.R2()(model(of_x(test[0])), of_t(test[1]))


def small_set(decay: float, epochs: int, seed: int = 0) -> nn.History:
    """Train a net of six hidden layers on 300 digits, far too few; validate on the 1,000 test digits."""
    x_train, t_train, x_test, t_test = data.mnist_small(flatten=True)
    nn.seed(seed)
    model = network((784, 100, 100, 100, 100, 100, 100, 10))
    optimizer = nn.SGD(nn.decay_groups(model, decay), lr=0.01)
    trainer = nn.Trainer(model, nn.SoftmaxCrossEntropy(), optimizer, [nn.metrics.Accuracy()])
    train = (x_train[:300], t_train[:300])
    return trainer.fit(train, epochs, validation=(x_test, t_test), batch_size=100, progress=False)


def draw_polynomials(fits: dict[Any, Fit], decayed: dict[Any, Fit], seed: int, folder: Path) -> Path:
    """Draw four polynomials over the points, and the errors by degree and by the strength of the penalty."""
    whole = figure(14, 7)
    x, t = measured(16, np.random.default_rng(seed))
    line = np.linspace(-1, 1, 300)
    best = min(DECAYS, key=lambda decay: decayed[decay].held)
    shown = {f"degree {d}": fits[d] for d in (1, 3, DEGREES[-1])}
    shown[f"degree {DEGREES[-1]}, L2 {best:g}"] = decayed[best]
    above, below = whole.subfigures(2, 1)
    for ax, (name, found) in zip(above.subplots(1, 4, sharey=True), shown.items(), strict=True):
        ax.plot(line, truth(line), color="#888888", linestyle="--", linewidth=1)
        ax.plot(line, powers(line, found.model.in_features - 1) @ found.model.weight.data, color="#a3117f")
        ax.scatter(x, t, s=14, color="#0072b2", zorder=3)
        ax.set(ylim=(-2, 2), title=f"{name}\nheld back: {found.held:.2g}")
    left, right = below.subplots(1, 2)
    for ax, by in ((left, fits), (right, decayed)):
        ax.plot([*by], [some.training for some in by.values()], marker="o", color="#0072b2", label="training")
        ax.plot([*by], [some.held for some in by.values()], marker="o", color="#d55e00", label="held back")
        ax.set(yscale="log", ylim=(1e-4, 10), ylabel="mean squared error")
        ax.grid(alpha=0.3)
    left.set(xlabel="degree", title="16 points, by the degree")
    right.set(xlabel=f"strength of the L2 penalty at degree {DEGREES[-1]}", xscale="log", title="by the penalty")
    left.legend(loc="lower left")
    return save(whole, folder, "regularization")


def draw_weights(weights: dict[str, Floats], histories: dict[float, nn.History], folder: Path) -> Path:
    """Draw the ten weights by the penalty, and the accuracy on the 300 digits and on others by the epoch."""
    whole = figure(15, 4)
    left, *others = whole.subplots(1, 3)
    for i, ((name, values), colour) in enumerate(zip(weights.items(), ("#444444", "#0072b2", "#d55e00"), strict=True)):
        left.bar(np.arange(10) + 0.27 * (i - 1), values, width=0.25, color=colour, label=name)
    left.axhline(0, color="black", linewidth=0.6)
    left.set(xticks=range(10), xlabel="measurement", ylabel="weight", title="Diabetes, by the penalty")
    left.legend()
    for ax, (decay, history) in zip(others, histories.items(), strict=True):
        curves = {"training": history["accuracy"], "test": history["val_accuracy"]}
        plots.learning_curves(curves, ylabel="accuracy", title=f"300 digits, weight decay {decay:g}", ax=ax)
        ax.set_ylim(0, 1.02)
        ax.legend(loc="lower right")
    return save(whole, folder, "regularization_weights")


def main(arguments: list[str] | None = None) -> None:
    """Fit polynomials, shrink weights, and let those of a net decay."""
    options = parser(__doc__)
    options.add_argument("--epochs", type=int, default=200, help="of the net (default: 200)")
    chosen = options.parse_args(arguments)
    fits = {degree: fit(degree, seed=chosen.seed) for degree in DEGREES}
    decayed = {decay: fit(DEGREES[-1], decay, chosen.seed) for decay in DECAYS}
    print("16 points with noise 0.09   training   held back")
    for degree in (0, 1, 3, 5, 9, DEGREES[-1]):
        print(f"degree {degree:2}                   {fits[degree].training:10.4f}   {fits[degree].held:9.4g}")
    for decay in (1e-6, 1e-3, 1e-2, 10):
        found = decayed[decay]
        print(f"degree {DEGREES[-1]:2}, L2 {decay:7g}       {found.training:10.4f}   {found.held:9.4g}")
    draw_polynomials(fits, decayed, chosen.seed, chosen.out)

    print("\npenalty   weights of ten measurements (diabetes)                          zeros   R² held back")
    weights = {}
    for name, strengths in STRENGTHS.items():
        weights[name], score = penalized(*strengths)
        zeros = int((np.abs(weights[name]) < 1e-3).sum())
        print(f"{name:7}   {' '.join(f'{w + 0.0:5.2f}' for w in np.round(weights[name], 2))}   {zeros:6}   {score:.3f}")

    histories = {decay: small_set(decay, chosen.epochs, chosen.seed) for decay in (0.0, 0.1)}
    print("\n300 digits           training   test    gap")
    for decay, history in histories.items():
        training, test = history["accuracy"][-1], history["val_accuracy"][-1]
        print(f"weight decay {decay:3g}   {training:11.3f}   {test:.3f}   {training - test:.3f}")
    draw_weights(weights, histories, chosen.out)


if __name__ == "__main__":
    main()
