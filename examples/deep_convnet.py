"""A deep convolutional network learns digits with all that helps: augmentation, a schedule, averaged parameters.

    python examples/deep_convnet.py                                  5,000 digits, 8 epochs
    python examples/deep_convnet.py --full                           all of MNIST, 20 epochs
    python examples/deep_convnet.py --full --checkpoint out/run      the same; told again, it goes on where it was

Six 3x3 convolutions and two affine layers, with dropout behind both. Each image is turned, scaled and moved a little,
anew in every epoch, so that no image is seen twice. The learning rate rises over the first tenth of the steps and falls
to 0 along a cosine. The network that is tested has the running mean of the parameters over about an epoch.

Drawn: the learning curves, the confusion matrix, and the test digits that are taken for others.

Source: Saitoh, Deep Learning from Scratch, 2016, chapter 8, whose network reaches 0.9938.
"""

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from lesson import digits, figure, parser, save
from minigrad import nn
from minigrad.nn.data import DataLoader, augment
from minigrad.viz import plots

PEAK = 2e-3  # the highest learning rate


class Result(NamedTuple):
    """What :func:`train` returns: the network with averaged parameters, what was recorded, its predictions."""

    model: nn.models.DeepConvNet
    history: nn.History
    predictions: Any

    @property
    def accuracy(self) -> float:
        """Of the averaged parameters on the test digits, after the last epoch."""
        return float(self.history["val_accuracy"][-1])


def train(
    data: nn.data.TrainTest,
    epochs: int,
    batch_size: int,
    seed: int = 0,
    augmented: bool = True,
    checkpoint: Path | None = None,
    progress: bool = True,
) -> Result:
    """Train the network, and test it after each epoch; with a folder for checkpoints, go on where the last run was."""
    rng = np.random.default_rng(seed)
    model = nn.models.DeepConvNet(rng=rng)
    change = augment.Compose(augment.Rotate(12), augment.Scale(0.1), augment.Shift(2)) if augmented else None
    loader = DataLoader((data.x_train, data.t_train), batch_size, shuffle=True, rng=rng, transform=change)

    optimizer = nn.Adam(model.parameters(), lr=PEAK)
    schedule = nn.schedules.OneCycle(epochs * len(loader), rise=0.1)
    ema = nn.EMA(model, decay=1 - 1 / len(loader), start="warmup")
    callbacks = [
        nn.callbacks.Schedule(nn.Scheduler(optimizer, schedule), per="step"),
        nn.callbacks.Averaging(ema, keep=True),
    ]
    resume = None
    if checkpoint is not None:
        callbacks.append(nn.callbacks.Checkpoint(checkpoint))
        resume = checkpoint / "last.safetensors"

    trainer = nn.Trainer(model, nn.SoftmaxCrossEntropy(), optimizer, [nn.metrics.Accuracy()], callbacks)
    history = trainer.fit(loader, epochs, validation=(data.x_test, data.t_test), resume=resume, progress=progress)
    return Result(model, history, trainer.predict(data.x_test).argmax(1))


def draw_curves(history: nn.History) -> Any:
    """Draw the loss of every step and the error on the test digits after each epoch."""
    drawing = figure(10, 4)
    left, right = drawing.subplots(1, 2)
    title = "Training loss, with dropout"
    plots.learning_curves(history.losses, smooth=50, xlabel="step", ylabel="cross-entropy", title=title, ax=left)
    errors = [100 * (1 - accuracy) for accuracy in history["val_accuracy"]]
    plots.learning_curves(errors, ylabel="test digits taken for others (%)", title="Error", ax=right)
    return drawing


def main(arguments: list[str] | None = None) -> None:
    """Train, test, and draw."""
    options_parser = parser(__doc__, full=True)
    options_parser.add_argument("--epochs", type=int, help="default: 8, or 20 with --full")
    options_parser.add_argument("--checkpoint", type=Path, help="a folder for the states of the run")
    options = options_parser.parse_args(arguments)
    data = digits(options.full)
    epochs = options.epochs or (20 if options.full else 8)
    # Few digits are better used in more steps.
    result = train(data, epochs, 100 if options.full else 50, options.seed, checkpoint=options.checkpoint)

    wrong = int((result.predictions != data.t_test).sum())
    print(f"after {epochs} epochs and {sum(result.history.seconds):.0f} s:", end=" ")
    print(f"accuracy {result.accuracy:.4f} on the test digits, {wrong} of {len(data.t_test):,} are taken for others")
    save(draw_curves(result.history), options.out, "deep_convnet_curves")
    matrix = nn.metrics.ConfusionMatrix(10)(np.eye(10)[result.predictions], data.t_test)
    save(plots.confusion_matrix(matrix, title=f"Accuracy {result.accuracy:.4f}"), options.out, "deep_convnet_confusion")
    save(plots.misclassified(data.x_test, data.t_test, result.predictions), options.out, "deep_convnet_misclassified")


if __name__ == "__main__":
    main()
