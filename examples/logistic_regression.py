"""Logistic regression: standardization, a decision boundary, and one example, some or all at a step.

    python examples/logistic_regression.py

A tumour is malignant (class 0) or benign (class 1), by thirty measurements of its cells: one affine layer, whose single
score is the logarithm of the odds. The measurements differ in size by a factor of 100,000; without standardization no
learning rate suits all of their weights.

Source: W. Wolberg, O. Mangasarian, N. Street, W. Street, "Breast cancer Wisconsin (diagnostic)", 1993.
"""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from lesson import figure, parser, save
from minigrad import nn
from minigrad.nn import data
from minigrad.viz import plots

CLASSES = ["malignant", "benign"]
PAIR = {"worst concave points": 27, "worst radius": 20}  # two measurements that tell much, for a plane
KINDS = {"stochastic": 1, "mini-batch": 32, "batch": 455}  # examples at a step

Floats = npt.NDArray[np.floating[Any]]


def tumours(seed: int = 0, standardized: bool = True) -> data.TrainTest:
    """Return 455 tumours to learn from and 114 to test with, both with the same share of classes."""
    x, t = data.breast_cancer()
    train, test = data.split(x, t, fraction=0.2, rng=np.random.default_rng(seed), stratify=t)
    # By the mean and deviation of the training part: the test must not be known before.
    prepare = data.Standardizer(train[0]) if standardized else np.asarray
    return data.TrainTest(prepare(train[0]), train[1], prepare(test[0]), test[1])


def learn(tumours: data.TrainTest, lr: float, batch_size: int, epochs: int, seed: int = 0) -> nn.Trainer:
    """Train a logistic regression from weights 0; what it went through is in the trainer's history."""
    model = nn.Affine(tumours.x_train.shape[1], 1, init=nn.init.zeros)
    optimizer = nn.SGD(model.parameters(), lr=lr)
    trainer = nn.Trainer(model, loss, optimizer, [nn.metrics.Accuracy()], seed=seed)
    trainer.fit((tumours.x_train, tumours.t_train), epochs, batch_size=batch_size, progress=False)
    return trainer


def loss(scores: Any, classes: Any) -> Any:
    """Return the mean cross-entropy of one score for each example, whose class is 0 or 1."""
    return nn.functional.binary_cross_entropy_with_logits(scores, classes[:, None].astype(np.float32))


def scales(raw: data.TrainTest, standardized: data.TrainTest, epochs: int) -> dict[str, nn.Trainer]:
    """Train by batch descent, without standardization at several learning rates, and with it at one."""
    rates = (1e-4, 1e-5, 1e-6, 1e-7)
    runs = {f"as measured, lr {lr:g}": learn(raw, lr, KINDS["batch"], epochs) for lr in rates}
    return runs | {"standardized, lr 0.5": learn(standardized, 0.5, KINDS["batch"], epochs)}


def two_measurements(seed: int = 0, epochs: int = 100) -> tuple[nn.Sequential, data.TrainTest, float]:
    """Learn from two measurements alone; return the model, which takes them as measured, the data, and the accuracy."""
    whole = tumours(seed, standardized=False)
    columns = [*PAIR.values()]
    pair = whole._replace(x_train=whole.x_train[:, columns], x_test=whole.x_test[:, columns])
    prepare = data.Standardizer(pair.x_train)
    trainer = learn(pair._replace(x_train=prepare(pair.x_train)), 0.5, 32, epochs, seed)
    model = nn.Sequential(prepare=nn.Lambda(prepare), affine=trainer.model)
    return model, pair, nn.metrics.Accuracy()(model(pair.x_test), pair.t_test)


def draw(runs: dict[str, nn.Trainer], confusion: list[list[int]], seed: int, folder: Path) -> Path:
    """Draw the losses with and without standardization, a decision boundary, and the confusion matrix."""
    whole = figure(15, 4.4)
    left, middle, right = whole.subplots(1, 3, width_ratios=(1.2, 1.2, 1))
    plots.learning_curves({name: run.history["loss"] for name, run in runs.items()}, log=True, ax=left)
    left.set(ylabel="cross-entropy (nats)", title="Standardization")
    left.legend(loc="upper center", bbox_to_anchor=(0.5, -0.14), ncols=2, fontsize=9)
    model, pair, accuracy = two_measurements(seed)
    names = [*PAIR]
    plots.decision_boundary(model, pair.x_test, pair.t_test, labels=(names[0], names[1]), ax=middle)
    middle.legend(middle.get_legend().legend_handles, CLASSES, loc="upper right")
    middle.set_title(f"Two measurements: {accuracy:.3f} of the test right")
    plots.confusion_matrix(confusion, names=CLASSES, title="Thirty measurements, test", ax=right)
    return save(whole, folder, "logistic_regression")


def main(arguments: list[str] | None = None) -> None:
    """Compare scales and batch sizes, and draw."""
    options = parser(__doc__)
    options.add_argument("--epochs", type=int, default=100)
    chosen = options.parse_args(arguments)
    raw, found = tumours(chosen.seed, standardized=False), tumours(chosen.seed)
    spread = raw.x_train.std(0)
    print(f"deviations of the measurements: from {spread.min():.2g} to {spread.max():.2g}\n")

    runs = scales(raw, found, chosen.epochs)
    print(f"{chosen.epochs} epochs of batch descent     loss   training   test")
    for name, run in runs.items():
        data_of = found if name.startswith("standardized") else raw
        test = run.evaluate((data_of.x_test, data_of.t_test))["accuracy"]
        print(f"{name:24} {run.history['loss'][-1]:12.4g}   {run.history['accuracy'][-1]:8.3f}   {test:.3f}")

    print("\nstandardized, lr 0.02   at a step   steps   ms per epoch    loss   test")
    confusion = nn.metrics.ConfusionMatrix(2)
    for name, size in KINDS.items():
        run = learn(found, 0.02, size, chosen.epochs, chosen.seed)
        scores = run.predict(found.x_test)
        milliseconds = 1000 * float(np.median(run.history.seconds))
        print(
            f"{name:21} {size:11}   {run.step:5}   {milliseconds:12.1f}   {run.history['loss'][-1]:.3f}   "
            f"{nn.metrics.Accuracy()(scores, found.t_test):.3f}"
        )
        if name == "mini-batch":
            table = confusion(scores, found.t_test)
    print("\nmini-batch, on the test    taken for malignant   benign")
    for name, row in zip(CLASSES, table, strict=True):
        print(f"{name:25} {row[0]:20}   {row[1]:6}")
    draw(runs, table, chosen.seed, chosen.out)


if __name__ == "__main__":
    main()
