"""What the lessons share: their options, the digits they learn from, and where their pictures go."""

import argparse
from pathlib import Path
from typing import Any

from minigrad import viz
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


def figure(width: float, height: float) -> Any:
    """Return an empty matplotlib figure, of that size in inches, which needs no screen."""
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
