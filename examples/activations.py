"""Activation functions and their slopes: what each does to a value, and to the gradient that comes back.

    python examples/activations.py

Between two layers stands a function that is not linear; without it, both layers would be one. On the way back it
multiplies the gradient by its slope, the local gradient: the step's is 0, so nothing learns through it; a sigmoid's is
1/4 at most, so ten in a row leave less than a millionth; relu's is 1 wherever the unit is on. Softmax makes
probabilities of scores, and must not overflow on the way.

Source: K. Saitoh, "Deep Learning from Scratch", 2016, chapters 3 and 5.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

import minigrad as mg
from lesson import figure, parser, save, save_graph
from minigrad import func, viz

Floats = npt.NDArray[np.float64]


def step(x: Any) -> mg.Tensor:
    """Return 1 where x > 0, else 0."""
    return mg.heaviside(x, 0.0)


def identity(x: Any) -> mg.Tensor:
    """Return x: for the last layer of a regression."""
    return mg.asarray(x) * 1.0


def tanh_by_sigmoid(x: Any) -> mg.Tensor:
    """Return tanh x, which is a sigmoid, stretched to -1 to 1: ``2 sigmoid(2x) - 1``."""
    return 2 * mg.sigmoid(2 * x) - 1


FUNCTIONS = {"step": step, "sigmoid": mg.sigmoid, "relu": mg.relu, "tanh": mg.tanh, "identity": identity}


def slopes(function: Any, x: Any) -> Floats:
    """Return the function's local gradient at each x.

    Each y depends on its own x only, so the gradient of their sum has the slope of each.
    """
    found: Floats = func.grad(lambda x: function(x).sum())(np.asarray(x, np.float64)).numpy()
    return found


def softmax_as_defined(scores: Any) -> Floats:
    """Return ``exp(s) / sum exp(s)``, as the formula says: e^1010 is more than a float64 holds."""
    with np.errstate(over="ignore", invalid="ignore"):
        powers = np.exp(np.asarray(scores, np.float64))
        return np.asarray(powers / powers.sum())


def softmax(scores: Any) -> Floats:
    """Return the same probabilities with the largest score taken off all scores: the greatest power is then e^0."""
    scores = np.asarray(scores, np.float64)
    return softmax_as_defined(scores - scores.max())


def draw_functions() -> Any:
    """Plot each function with its slope, and what softmax makes of one score that grows."""
    x = np.linspace(-4, 4, 401)
    drawn = figure(10, 6)
    axes = drawn.subplots(2, 3).ravel()
    for ax, (name, function) in zip(axes, FUNCTIONS.items(), strict=False):
        y, slope = function(x).numpy(), slopes(function, x)
        if name == "step":
            y[200] = np.nan  # a gap instead of a steep line
        ax.plot(x, y, color="#006b3c", label="value")
        ax.plot(x, slope, color="#a3117f", linestyle="--", label="local gradient")
        ax.set(title=f"{name}: slope up to {slope.max():g}", ylim=(-1.4, 2.4), xlabel="x")
    scores = np.stack([x, np.zeros_like(x), np.ones_like(x)], axis=-1)
    for label, p in zip(("score x", "score 0", "score 1"), mg.softmax(scores, axis=-1).numpy().T, strict=True):
        axes[5].plot(x, p, label=label)
    axes[5].set(title="softmax of three scores", ylim=(0, 1.2), xlabel="x", ylabel="probability")
    for ax in axes:
        ax.grid(alpha=0.3)
        ax.legend(fontsize=8, loc="upper left", ncols=3 if ax is axes[5] else 1)
    return drawn


def main(arguments: list[str] | None = None) -> None:
    """Print values and slopes, and draw them."""
    options = parser(__doc__).parse_args(arguments)
    x = np.array([-2.0, -1, 0, 1, 2])
    print(f"{'x':>15} " + "".join(f"{value:12.1f}" for value in x))
    for name, function in FUNCTIONS.items():
        print(f"{name:>15} " + "".join(f"{value:12.8f}" for value in function(x).numpy()))
        print(f"{'its slope':>15} " + "".join(f"{value:12.8f}" for value in slopes(function, x)))
    print(f"\ntanh = 2 sigmoid(2x) - 1, up to {np.abs(tanh_by_sigmoid(x).numpy() - np.tanh(x)).max():.0e}")
    print(f"through ten sigmoids comes at most 0.25 ** 10 = {0.25**10:.1e} of the gradient; through ten relus, all")
    print(f"\nsoftmax([1010, 1000, 990]) as defined:           {softmax_as_defined([1010, 1000, 990])}")
    print(f"softmax([1010, 1000, 990]) less the maximum:     {softmax([1010, 1000, 990])}")
    print(f"softmax([1010, 1000, 990]) of the library:       {mg.softmax([1010.0, 1000.0, 990.0]).numpy()}\n")
    save(draw_functions(), options.out, "activations")
    # At the bottom of each wire, the chain rule: 2 · slope of sigmoid · 2 is the slope of tanh, 1 - tanh² x.
    save_graph(viz.draw(tanh_by_sigmoid(mg.Tensor(0.5, requires_grad=True, name="x"))), options.out, "activations_tanh")


if __name__ == "__main__":
    main()
