"""Linear regression: a formula and gradient descent find the same weights; one example, some or all at a step.

    python examples/linear_regression.py

The progress of diabetes after a year is predicted from ten measurements of 442 patients. The least squares are known
in closed form, so that one sees what gradient descent does: the error falls fast, the weights follow slowly, because
some measurements say nearly the same and the valley between their weights is flat. A step may see one example
(stochastic), a few (mini-batch) or all (batch): the fewer, the more steps in an epoch, and the more they wander.

Source: B. Efron, T. Hastie, I. Johnstone, R. Tibshirani, "Least angle regression", Annals of Statistics 32, 2004.
"""

import time
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from lesson import figure, parser, save
from minigrad import nn
from minigrad.nn import data
from minigrad.viz import plots

FEATURES = ("age", "sex", "body mass", "pressure", "s1", "s2", "s3", "s4", "s5", "s6")
PAIR = (2, 8)  # body mass and s5 (triglycerides): what tells most, for the paths in a plane
KINDS = {"stochastic": 1, "mini-batch": 32, "batch": 354}  # examples at a step

Floats = npt.NDArray[np.floating[Any]]


class Descent(NamedTuple):
    """What :func:`descend` returns: the model, its weights after each step, the error and the time of each epoch."""

    model: nn.Affine
    path: Floats
    errors: list[float]
    seconds: list[float]


def patients(seed: int = 0) -> data.TrainTest:
    """Return 354 patients to learn from and 88 to test with; all numbers standardized as the first need it."""
    x, t = data.diabetes()
    train, test = data.split(x, t[:, None], fraction=0.2, rng=np.random.default_rng(seed))
    of_x, of_t = data.Standardizer(train[0]), data.Standardizer(train[1])
    return data.TrainTest(of_x(train[0]), of_t(train[1]), of_x(test[0]), of_t(test[1]))


def least_squares(x: Floats, t: Floats) -> Floats:
    """Return the weights that make the squared error least. Standardized data need no bias: it is 0."""
    weights: Floats = np.linalg.lstsq(x, t)[0]
    return weights


def descend(x: Floats, t: Floats, batch_size: int, epochs: int, lr: float = 0.02, seed: int = 0) -> Descent:
    """Go down the gradient of the mean squared error, starting at 0, with so many examples at a step."""
    model = nn.Affine(x.shape[1], 1, bias=False, init=nn.init.zeros)
    loss = nn.MSELoss()
    optimizer = nn.SGD(model.parameters(), lr=lr)
    loader = data.DataLoader((x, t), batch_size, shuffle=True, rng=np.random.default_rng(seed))
    path, errors, seconds = [model.weight.data[:, 0].copy()], [], []
    for _ in range(epochs):
        start = time.perf_counter()
        for x_batch, t_batch in loader:
            optimizer.zero_grad()
            loss(model(x_batch), t_batch).backward()
            optimizer.step()
            path.append(model.weight.data[:, 0].copy())
        seconds.append(time.perf_counter() - start)
        errors.append(float(np.square(x @ model.weight.data - t).mean()))
    return Descent(model, np.array(path), errors, seconds)


def approach(patients: data.TrainTest, epochs: tuple[int, ...] = (10, 100, 1000, 10000)) -> list[tuple[float, float]]:
    """Return, after so many epochs of batch descent, how far error and weights are from those of least squares."""
    x, t = patients.x_train, patients.t_train
    exact = least_squares(x, t)
    least = float(np.square(x @ exact - t).mean())
    found = descend(x, t, len(x), max(epochs), lr=0.2)
    return [(found.errors[n - 1] - least, float(np.abs(found.path[n] - exact[:, 0]).max())) for n in epochs]


def draw_paths(patients: data.TrainTest, seed: int, folder: Path, steps: int = 354) -> Path:
    """Draw the first steps of the three kinds over the error, in the plane of two weights."""
    x, t = patients.x_train[:, PAIR], patients.t_train

    def error(w1: Floats, w2: Floats) -> Floats:
        mean: Floats = np.square(x @ np.stack([w1.ravel(), w2.ravel()]) - t).mean(0).reshape(w1.shape)
        return mean

    minimum = tuple(least_squares(x, t)[:, 0].tolist())
    whole = figure(12, 4)
    for ax, (name, size) in zip(whole.subplots(1, 3), KINDS.items(), strict=True):
        epochs = -(-steps * size // len(x))
        path = descend(x, t, size, epochs, lr=0.01, seed=seed).path[: steps + 1]
        limits = (-0.1, 0.7)
        plots.optimizer_paths(error, {name: path}, xlim=limits, ylim=limits, minimum=minimum, ax=ax)
        ax.get_legend().remove()
        ax.set(title=f"{name}: {size} at a step, epochs: {epochs}", xlabel="weight of body mass", ylabel="weight of s5")
    whole.suptitle(f"{steps} steps of gradient descent from 0; the star is the least squares")
    return save(whole, folder, "linear_regression_paths")


def draw_fit(patients: data.TrainTest, runs: dict[str, Descent], folder: Path) -> Path:
    """Draw the errors by epoch, and the predictions of the least squares for new patients against the truth."""
    whole = figure(11, 4.2)
    left, right = whole.subplots(1, 2)
    plots.learning_curves({name: run.errors for name, run in runs.items()}, ylabel="mean squared error", ax=left)
    left.set_title("Training error, in units of the variance")
    weights = least_squares(patients.x_train, patients.t_train)
    right.scatter(patients.t_test, patients.x_test @ weights, s=14, color="#0072b2")
    right.axline((0, 0), slope=1, color="#444444", linewidth=0.8)
    right.set(xlabel="progress (standardized)", ylabel="prediction", title="88 other patients", aspect="equal")
    right.grid(alpha=0.3)
    return save(whole, folder, "linear_regression")


def main(arguments: list[str] | None = None) -> None:
    """Compare the ways to the weights, and draw."""
    options = parser(__doc__)
    options.add_argument("--epochs", type=int, default=30)
    chosen = options.parse_args(arguments)
    found = patients(chosen.seed)
    x, t = found.x_train, found.t_train
    exact = least_squares(x, t)
    print("least squares: " + ", ".join(f"{n} {w:.2f}" for n, w in zip(FEATURES, exact[:, 0], strict=True)))
    r2 = nn.metrics.R2()
    print(f"R²: {r2(x @ exact, t):.3f} in training, {r2(found.x_test @ exact, found.t_test):.3f} on other patients\n")

    print("batch descent, epochs   error above the least   largest difference of a weight")
    for epochs, (error, difference) in zip((10, 100, 1000, 10000), approach(found), strict=True):
        print(f"{epochs:21,}   {error:21.1e}   {difference:.1e}")
    runs = {name: descend(x, t, size, chosen.epochs, seed=chosen.seed) for name, size in KINDS.items()}
    print(f"\n{chosen.epochs} epochs     examples at a step   steps   ms per epoch   error   R² on other patients")
    for (name, size), run in zip(KINDS.items(), runs.values(), strict=True):
        score = r2(run.model(found.x_test), found.t_test)
        milliseconds = 1000 * float(np.median(run.seconds))
        print(
            f"{name:12} {size:19}   {len(run.path) - 1:5}   {milliseconds:12.1f}   {run.errors[-1]:.3f}   {score:.3f}"
        )
    draw_paths(found, chosen.seed, chosen.out)
    draw_fit(found, runs, chosen.out)


if __name__ == "__main__":
    main()
