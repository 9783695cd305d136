"""Logic gates as perceptrons: by chosen weights, by the perceptron rule, and XOR, which needs two layers.

    python examples/gates.py

A perceptron computes ``step(w · x + b)``: it cuts the plane of its two inputs in half by a line. AND, NAND and OR are
such halves; XOR is not, but two layers of perceptrons make it.

Source: F. Rosenblatt, "The perceptron", Psychological Review 65, 1958; M. Minsky, S. Papert, "Perceptrons", 1969.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from minigrad import nn

INPUTS = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], np.float32)
TARGETS = {"AND": [0, 0, 0, 1], "NAND": [1, 1, 1, 0], "OR": [0, 1, 1, 1], "XOR": [0, 1, 1, 0]}

# w1, w2, b: many choices do; these are round.
WEIGHTS = {"AND": (0.5, 0.5, -0.7), "NAND": (-0.5, -0.5, 0.7), "OR": (0.5, 0.5, -0.2)}

Floats = npt.NDArray[np.floating[Any]]


def step(x: Any) -> npt.NDArray[np.int64]:
    """Return 1 where x > 0, else 0."""
    return (np.asarray(x) > 0).astype(np.int64)


def gate(name: str, x: Any) -> npt.NDArray[np.int64]:
    """Return the outputs of AND, NAND or OR, for rows of two inputs."""
    w1, w2, b = WEIGHTS[name]
    return step(np.asarray(x) @ [w1, w2] + b)


def xor(x: Any) -> npt.NDArray[np.int64]:
    """Return the outputs of XOR, for rows of two inputs: AND of NAND and OR."""
    return gate("AND", np.stack([gate("NAND", x), gate("OR", x)], axis=-1))


def perceptron_rule(targets: list[int], lr: float = 0.1, epochs: int = 50) -> tuple[Floats, float, int]:
    """Learn a gate by Rosenblatt's rule, ``w += lr · x · (t - step(w · x + b))``, starting at 0.

    Returns
    -------
    w, b, mistakes
        The weights, and the number of mistakes in the last epoch; it gets to 0 exactly if a line separates the classes.
    """
    w, b, mistakes = np.zeros(2), 0.0, 0
    for _ in range(epochs):
        mistakes = 0
        for x, t in zip(INPUTS, targets, strict=True):
            error = t - int(step(w @ x + b))
            w += lr * error * x
            b += lr * error
            mistakes += error != 0
        if not mistakes:
            break
    return w, b, mistakes


def learn_xor(steps: int = 200, seed: int = 0) -> tuple[nn.Sequential, list[int]]:
    """Learn XOR by gradient descent with two layers; return the network and its outputs for the four inputs."""
    rng = np.random.default_rng(seed)
    model = nn.Sequential(hidden=nn.Affine(2, 4, rng=rng), tanh=nn.Tanh(), out=nn.Affine(4, 2, rng=rng))
    loss = nn.SoftmaxCrossEntropy()
    optimizer = nn.SGD(model.parameters(), lr=0.5)
    for _ in range(steps):
        optimizer.zero_grad()
        loss(model(INPUTS), TARGETS["XOR"]).backward()
        optimizer.step()
    return model, model(INPUTS).argmax(1).tolist()


def main() -> None:
    """Print the tables."""
    print("x1 x2 | " + "  ".join(f"{name:>4}" for name in TARGETS))
    outputs = [gate(name, INPUTS) for name in WEIGHTS] + [xor(INPUTS)]
    for x, row in zip(INPUTS, zip(*outputs, strict=True), strict=True):
        print(f" {x[0]:.0f}  {x[1]:.0f} | " + "  ".join(f"{y:4}" for y in row))
    print()
    for name, targets in TARGETS.items():
        w, b, mistakes = perceptron_rule(targets)
        learned = f"w = ({w[0]:.1f}, {w[1]:.1f}), b = {b:.1f}"
        result = f"{mistakes} mistakes per epoch, for ever" if mistakes else learned
        print(f"perceptron rule on {name}: {result}")
    model, found = learn_xor()
    print(f"two layers learn XOR: {found}")
    print(model)


if __name__ == "__main__":
    main()
