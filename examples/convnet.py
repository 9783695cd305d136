"""A convolutional network learns real digits; its graph, its loss, its filters and what they see are drawn.

    python examples/convnet.py          5,000 digits; this is the demo, ./run demo
    python examples/convnet.py --full   all 60,000, where MNIST is present

conv 30@5x5 - relu - max pool 2 - affine 100 - relu - affine 10, trained with Adam on batches of 100 digits. The filters
begin as random numbers. Those of a trained network are light on one side and dark on the other: they find edges and
blobs, each in its own direction, and the feature maps of a digit show where.

Source: K. Saitoh, "Deep Learning from Scratch", 2016, chapter 7.
"""

import time
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from lesson import digits, figure, parser, save, save_graph
from minigrad import Tensor, nn, no_grad, viz
from minigrad.extras import require
from minigrad.viz import plots

BATCH = 100


class Result(NamedTuple):
    """What :func:`train` returns: the network, its filters before, and a row of numbers for each epoch."""

    model: nn.models.SimpleConvNet
    filters_before: npt.NDArray[np.float32]
    history: nn.History


def train(data: nn.data.TrainTest, epochs: int, seed: int = 0, lr: float = 3e-3, progress: bool = True) -> Result:
    """Train on the digits, and test after each epoch."""
    nn.seed(seed)
    # Xavier's numbers are small here: what the filters learn is then what one sees of them.
    model = nn.models.SimpleConvNet(init=nn.init.xavier_normal)
    filters_before = model.features.conv.weight.data.copy()
    optimizer = nn.Adam(model.parameters(), lr=lr)
    # The last steps are small, and settle.
    schedule = nn.Scheduler(optimizer, nn.schedules.Cosine(epochs * -(-len(data.x_train) // BATCH)))
    trainer = nn.Trainer(
        model,
        nn.SoftmaxCrossEntropy(),
        optimizer,
        [nn.metrics.Accuracy()],
        [nn.callbacks.Schedule(schedule, per="step")],
        seed=seed,
    )
    history = trainer.fit(
        (data.x_train, data.t_train),
        epochs,
        validation=(data.x_test, data.t_test),
        batch_size=BATCH,
        progress=progress,
    )
    return Result(model, filters_before, history)


def graph(model: nn.Module, image: Any, label: Any) -> viz.Drawing:
    """Draw the graph of the loss of one image, of shape (1, 1, 28, 28)."""
    loss = nn.SoftmaxCrossEntropy()(model(Tensor(image, name="image")), Tensor(label, name="label"))
    loss.name = "loss"
    return viz.draw(loss)


def draw_curves(history: nn.History) -> Any:
    """Draw the loss of each step, and the accuracy after each epoch."""
    fig = figure(11, 4)
    left, right = fig.subplots(1, 2)
    losses, accuracies = {"loss": history.losses}, {"training": history["accuracy"], "test": history["val_accuracy"]}
    plots.learning_curves(losses, smooth=20, log=True, xlabel="step", ylabel="softmax cross-entropy (nats)", ax=left)
    plots.learning_curves(accuracies, ylabel="accuracy", ax=right)
    return fig


def draw_filters(before: Any, after: Any) -> Any:
    """Draw the filters before and after training."""
    fig = figure(8, 5.6)
    for ax, title, weight in zip(fig.subplots(2), ("before", "after"), (before, after), strict=True):
        plots.filters(weight, title=f"the 30 filters {title} training, grey is 0", ax=ax)
    return fig


def draw_feature_maps(model: nn.models.SimpleConvNet, image: Any) -> Any:
    """Draw a digit of shape (1, 1, 28, 28), and what each filter finds in it: the output of relu."""
    with no_grad():
        maps = model.features.relu(model.features.conv(image))
    fig = figure(9, 3)
    left, right = fig.subplots(1, 2, width_ratios=[1, 3.2])
    plots.images(image, title="a test digit", ax=left)
    plots.feature_maps(maps, title="where each filter finds its pattern", ax=right)
    return fig


def main(arguments: list[str] | None = None) -> None:
    """Train, and draw."""
    options = parser(__doc__, full=True)
    options.add_argument("--epochs", type=int, help="default: 8, and 12 with --full")
    chosen = options.parse_args(arguments)
    require("matplotlib", "plot", "drawing curves")  # better missed now than after the training
    epochs = chosen.epochs if chosen.epochs is not None else 12 if chosen.full else 8
    data = digits(chosen.full)

    start = time.perf_counter()
    # Twelve times as many steps can be smaller ones.
    model, filters_before, history = train(data, epochs, chosen.seed, lr=1e-3 if chosen.full else 3e-3)
    print(f"trained in {time.perf_counter() - start:.1f} s, test accuracy {history['val_accuracy'][-1]:.4f}")
    digit, label = data.x_test[:1], data.t_test[:1]
    save_graph(graph(model, digit, label), chosen.out, "convnet_graph")
    save(draw_curves(history), chosen.out, "convnet_curves")
    save(draw_filters(filters_before, model.features.conv.weight), chosen.out, "convnet_filters")
    save(draw_feature_maps(model, digit), chosen.out, "convnet_feature_maps")
    history.to_csv(chosen.out / "convnet_history.csv")
    print(f"numbers of each epoch in {chosen.out / 'convnet_history.csv'}")


if __name__ == "__main__":
    main()
