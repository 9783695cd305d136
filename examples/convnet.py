"""The demo: a convolutional network learns real digits, and its graph, its loss and its filters are drawn.

    python examples/convnet.py         draws into out/

conv 30@5x5 - relu - max pool 2 - affine 100 - relu - affine 10, in float32, recorded anew at every step.
"""

import argparse
import math
import time
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

import minigrad as mg
from minigrad import nn, viz
from minigrad.extras import require
from minigrad.nn.data import mnist_small

HERE = Path(__file__).resolve().parent
OUT = HERE.parent / "out"
BATCH = 100


class ConvNet(nn.Module):
    """For images of 28x28 pixels and ten classes."""

    def __init__(self, rng: np.random.Generator) -> None:
        # Small numbers to start from: what the filters learn is then what one sees of them.
        self.conv1 = nn.Conv2d(1, 30, 5, rng=rng, init=partial(nn.init.normal, std=0.05))
        self.relu1 = nn.ReLU()
        self.pool1 = nn.MaxPool2d(2)
        self.flatten = nn.Flatten()
        self.affine1 = nn.Affine(30 * 12 * 12, 100, rng=rng)
        self.relu2 = nn.ReLU()
        self.affine2 = nn.Affine(100, 10, rng=rng, init=nn.init.xavier_normal)

    def forward(self, x: Any) -> mg.Tensor:
        """Return the logits, of shape (n, 10)."""
        x = self.pool1(self.relu1(self.conv1(x)))
        out: mg.Tensor = self.affine2(self.relu2(self.affine1(self.flatten(x))))
        return out


class Result(NamedTuple):
    """What :func:`train` returns: the network, its filters before, the loss of every step, the final accuracy."""

    model: ConvNet
    filters_before: npt.NDArray[np.float32]
    losses: list[float]
    accuracy: float


def evaluate(model: nn.Module, images: Any, labels: Any) -> float:
    """Return the share of images that are classified right."""
    model.eval()
    with mg.no_grad():
        right = sum(
            int((model(images[i : i + BATCH]).argmax(1).numpy() == labels[i : i + BATCH]).sum())
            for i in range(0, len(images), BATCH)
        )
    model.train()
    return right / len(images)


def train(epochs: int = 8, seed: int = 0, lr: float = 3e-3, count: int | None = None, progress: bool = True) -> Result:
    """Train with Adam on the first `count` of the 5,000 bundled digits (default: all), in batches of 100."""
    x_train, t_train, x_test, t_test = mnist_small()
    x_train, t_train = x_train[:count], t_train[:count]
    rng = np.random.default_rng(seed)
    model = ConvNet(rng)
    filters_before = model.conv1.weight.data.copy()
    loss = nn.SoftmaxCrossEntropy()
    optimizer = nn.Adam(model.parameters(), lr=lr)
    losses: list[float] = []
    accuracy = 0.0
    tqdm = require("tqdm", "train", "the progress bar").tqdm if progress else None
    for epoch in range(1, epochs + 1):
        # Along half a cosine towards 0: the last epochs take small steps, and settle.
        optimizer.lr = lr * (1 + math.cos(math.pi * (epoch - 1) / epochs)) / 2
        start = time.perf_counter()
        batches = np.array_split(rng.permutation(len(x_train)), max(1, len(x_train) // BATCH))
        bar = tqdm(batches, desc=f"epoch {epoch}/{epochs}", unit="batch", leave=False, disable=None) if tqdm else None
        for batch in bar if bar is not None else batches:
            optimizer.zero_grad()
            value = loss(model(x_train[batch]), t_train[batch])
            value.backward()
            optimizer.step()
            losses.append(value.item())
            if bar is not None:
                bar.set_postfix(loss=f"{losses[-1]:.4f}", refresh=False)
        accuracy = evaluate(model, x_test, t_test)
        print(
            f"epoch {epoch}/{epochs}: loss {np.mean(losses[-len(batches) :]):.4f}, "
            f"accuracy {accuracy:.3f} on {len(x_test):,} test images, {time.perf_counter() - start:.1f} s"
        )
    return Result(model, filters_before, losses, accuracy)


def draw_graph(model: ConvNet, path: Path) -> Path:
    """Draw the graph of the loss of one image; as a text tree, where there is no Graphviz to draw with."""
    images, labels, _, _ = mnist_small()
    image = mg.Tensor(images[:1], name="image")
    label = mg.Tensor(labels[:1], name="label")
    loss = nn.SoftmaxCrossEntropy()(model(image), label)
    loss.name = "loss"
    drawing = viz.draw(loss)
    try:
        return drawing.save(path)
    except viz.RenderError as error:
        print(error)
        return drawing.save(path.with_suffix(".txt"))


def figure(width: float, height: float) -> Any:
    """Return an empty matplotlib figure that needs no screen."""
    return require("matplotlib.figure", "plot", "drawing curves").Figure(figsize=(width, height), layout="constrained")


def draw_losses(losses: list[float], path: Path) -> Path:
    """Plot the loss of every step, and its mean over 20 steps."""
    fig = figure(7, 4)
    ax = fig.add_subplot()
    ax.plot(np.arange(1, len(losses) + 1), losses, color="#b8b8b8", linewidth=0.8, label="each step")
    window = min(20, len(losses))
    smooth = np.convolve(losses, np.full(window, 1 / window), mode="valid")
    ax.plot(np.arange(window, len(losses) + 1), smooth, color="#a3117f", label=f"mean of {window} steps")
    ax.set(xlabel="step", ylabel="softmax cross-entropy (nats)", yscale="log", title="Training loss")
    ax.grid(alpha=0.3)
    ax.legend()
    fig.savefig(path, dpi=120)
    return path


def draw_filters(before: npt.NDArray[np.float32], after: npt.NDArray[np.float32], path: Path) -> Path:
    """Show the filters of the first layer before and after training, on one grey scale around 0."""
    fig = figure(10, 7)
    limit = float(max(np.abs(before).max(), np.abs(after).max()))
    for part, (title, filters) in zip(
        fig.subfigures(2, 1), [("before training", before), ("after training", after)], strict=True
    ):
        part.suptitle(f"Filters of conv1, {title}")
        for ax, kernel in zip(part.subplots(3, 10).flat, filters[:, 0], strict=True):
            image = ax.imshow(kernel, cmap="gray", vmin=-limit, vmax=limit)
            ax.set_axis_off()
        part.colorbar(image, ax=part.axes, shrink=0.8)
    fig.savefig(path, dpi=100)
    return path


def main(arguments: list[str] | None = None) -> None:
    """Train, and draw."""
    parser = argparse.ArgumentParser(description="Train a convolutional network on digits, and draw it.")
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=OUT, help="the folder for the pictures (default: out/)")
    options = parser.parse_args(arguments)
    require("matplotlib", "plot", "drawing curves")  # better missed now than after the training
    start = time.perf_counter()
    result = train(options.epochs, options.seed)
    print(f"trained in {time.perf_counter() - start:.1f} s, test accuracy {result.accuracy:.3f}")
    options.out.mkdir(parents=True, exist_ok=True)
    print("graph:  ", draw_graph(result.model, options.out / "convnet_graph.svg"))
    print("loss:   ", draw_losses(result.losses, options.out / "convnet_loss.png"))
    after = result.model.conv1.weight.data
    print("filters:", draw_filters(result.filters_before, after, options.out / "convnet_filters.png"))


if __name__ == "__main__":
    main()
