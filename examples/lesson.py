"""What the lessons share: their options, the digits they learn from, and where their pictures go."""

import argparse
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from minigrad import nn, viz
from minigrad.extras import require
from minigrad.nn import data

OUT = Path(__file__).resolve().parents[1] / "out"


def parser(explanation: str | None, full: bool = False) -> argparse.ArgumentParser:
    """Return a parser of the options that all lessons have; a lesson adds its own.

    Parameters
    ----------
    explanation : str
        The lesson's docstring.
    full : bool
        Whether there is ``--full``, for the whole of MNIST.
    """
    found = argparse.ArgumentParser(description=explanation, formatter_class=argparse.RawDescriptionHelpFormatter)
    found.add_argument("--out", type=Path, default=OUT, help="the folder for the pictures (default: out/)")
    found.add_argument("--seed", type=int, default=0, help="of all random numbers (default: 0)")
    if full:
        found.add_argument("--full", action="store_true", help="learn from all of MNIST, where it is present")
    return found


def digits(full: bool, flatten: bool = False) -> data.TrainTest:
    """Return MNIST, or its bundled part: 5,000 digits to learn from and 1,000 to test with."""
    found = data.mnist(flatten=flatten) if full else data.mnist_small(flatten=flatten)
    print(f"{len(found.x_train):,} digits to learn from, {len(found.x_test):,} to test with")
    return found


def network(
    sizes: Sequence[int],
    activation: Callable[[], nn.Module] = nn.ReLU,
    *,
    init: nn.init.Initializer = nn.init.he_normal,
    batch_norm: bool = False,
    rng: np.random.Generator | None = None,
) -> nn.Sequential:
    """Return affine layers of such sizes with activations between them, and batch normalization before these if asked.

    Examples
    --------
    >>> network([784, 50, 10])
    Sequential(
      (affine1): Affine(784, 50)
      (activation1): ReLU()
      (affine2): Affine(50, 10)
    )
    """
    layers: dict[str, nn.Module] = {}
    for i, (before, after) in enumerate(pairwise(sizes[:-1]), 1):
        layers[f"affine{i}"] = nn.Affine(before, after, init=init, rng=rng)
        if batch_norm:
            layers[f"norm{i}"] = nn.BatchNorm1d(after)
        layers[f"activation{i}"] = activation()
    layers[f"affine{len(sizes) - 1}"] = nn.Affine(sizes[-2], sizes[-1], init=init, rng=rng)
    return nn.Sequential(**layers)


def figure(width: float, height: float) -> Any:
    """Return an empty matplotlib figure, of a size in inches, that needs no screen."""
    return require("matplotlib.figure", "plot", "drawing").Figure(figsize=(width, height), layout="constrained")


def save(figure: Any, folder: Path, name: str) -> Path:
    """Write a matplotlib figure as a PNG file, and say where."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.png"
    figure.savefig(path, dpi=110)
    print(f"drawn in {path}")
    return path


def save_graph(drawing: viz.Drawing, folder: Path, name: str) -> Path:
    """Write the drawing of a graph as an SVG file, or as a text tree where there is no Graphviz, and say where."""
    folder.mkdir(parents=True, exist_ok=True)
    try:
        path = drawing.save(folder / f"{name}.svg")
    except viz.RenderError as error:
        print(error)
        path = drawing.save(folder / f"{name}.txt")
    print(f"drawn in {path}")
    return path
