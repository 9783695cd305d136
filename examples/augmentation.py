"""Augmentation: digits changed at random, so that a few hundred teach as much as many more would.

    python examples/augmentation.py          learns from 500 digits, tests with 1,000
    python examples/augmentation.py --full   tests with all 10,000, where MNIST is present

A seven that is moved, turned or covered in part is still a seven. So each digit is changed anew in each epoch, and the
network never sees the same picture twice. What may be changed depends on the data: a mirrored cat is a cat, but a
mirrored digit is a sign that does not exist, and a turned six is a nine.

The training takes longer to reach the same loss; what counts is the accuracy with the test digits, which are not
changed.

Source: Y. LeCun et al., "Gradient-based learning applied to document recognition", Proc. IEEE 86, 1998, section III;
P. Simard et al., "Best practices for convolutional neural networks", ICDAR 2003.
"""

from typing import Any

import numpy as np

from lesson import digits, figure, parser, save
from minigrad import nn
from minigrad.nn.data import augment
from minigrad.viz import plots

SHOWN = {
    "shift": augment.Shift(4),
    "rotate": augment.Rotate(20),
    "scale": augment.Scale(0.25),
    "crop": augment.Crop(padding=4),
    "brightness": augment.Brightness(0.3, clip=(0, 1)),
    "contrast": augment.Contrast(0.7, clip=(0, 1)),
    "noise": augment.Noise(0.2),
    "cutout": augment.Cutout(10),
}
WRONG = {
    "not for digits: flip": augment.Flip(horizontal=0.5, vertical=0.5),
    "not for digits: rotate by any angle": augment.Rotate(180),
}

# What the network is trained with, by name.
CASES: dict[str, augment.Augmentation | None] = {
    "nothing": None,
    "shift": augment.Shift(2),
    "shift, rotate, scale": augment.Compose(augment.Shift(2), augment.Rotate(12), augment.Scale(0.12)),
    "flip": augment.Flip(horizontal=0.5, vertical=0.5),
}


def examples(image: Any, change: augment.Augmentation, count: int, seed: int = 0) -> Any:
    """Return an image, of shape (1, 28, 28), changed in so many ways: (count, 1, 28, 28)."""
    return change(np.repeat(image[None], count, axis=0), np.random.default_rng(seed))


def train(
    data: nn.data.TrainTest, change: augment.Augmentation | None, epochs: int, count: int = 500, seed: int = 0
) -> nn.History:
    """Train a convolutional network on the first `count` digits, changed anew in each epoch."""
    nn.seed(seed)
    model = nn.models.SimpleConvNet(filters=16)
    loader = nn.data.DataLoader((data.x_train[:count], data.t_train[:count]), 50, shuffle=True, transform=change)
    optimizer = nn.Adam(model.parameters(), lr=2e-3)
    schedule = nn.Scheduler(optimizer, nn.schedules.Cosine(epochs))
    trainer = nn.Trainer(
        model,
        nn.SoftmaxCrossEntropy(),
        optimizer,
        [nn.metrics.Accuracy()],
        [nn.callbacks.Schedule(schedule)],
        seed=seed,
    )
    return trainer.fit(loader, epochs, validation=nn.data.DataLoader((data.x_test, data.t_test), 100), progress=False)


def draw_examples(image: Any, seed: int = 0) -> Any:
    """Draw a digit changed in each way, and in two ways that change what it shows."""
    columns = 8
    fig = figure(8, 10.5)
    fig.suptitle("Left: the digit itself. Then: changed at random", fontsize=11)
    rows = fig.subplots(len(SHOWN) + len(WRONG))
    for ax, (name, change) in zip(rows, (SHOWN | WRONG).items(), strict=True):
        images = np.concatenate([image[None], examples(image, change, columns - 1, seed)])
        plots.images(images, columns=columns, limits=(0, 1), ax=ax)
        ax.set_title(name, loc="left", fontsize=10, color="#c00000" if name in WRONG else "black")
    return fig


def main(arguments: list[str] | None = None) -> None:
    """Draw a digit in many ways, train with and without, print a table, and draw the curves."""
    chosen = parser(__doc__, full=True)
    chosen.add_argument("--epochs", type=int, default=40, help="default: 40")
    options = chosen.parse_args(arguments)
    data = digits(options.full)
    six = data.x_train[np.flatnonzero(data.t_train == 6)[0]]
    save(draw_examples(six, options.seed), options.out, "augmentation")
    histories = {}
    print(f"{'500 digits, changed by':<24}{'training loss':>14}{'test loss':>11}{'test accuracy':>15}{'time':>9}")
    for name, change in CASES.items():
        histories[name] = found = train(data, change, options.epochs, seed=options.seed)
        print(
            f"{name:<24}{found['loss'][-1]:14.4f}{found['val_loss'][-1]:11.3f}{found['val_accuracy'][-1]:15.3f}"
            f"{sum(found.seconds):7.1f} s"
        )
    curves = {name: found["val_accuracy"] for name, found in histories.items()}
    drawn = plots.learning_curves(curves, ylabel="accuracy on test digits", title="500 digits, changed at random by …")
    drawn.axes[0].set_ylim(0.5, 1)
    drawn.axes[0].legend(loc="lower right")
    save(drawn, options.out, "augmentation_curves")


if __name__ == "__main__":
    main()
