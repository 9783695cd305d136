"""Logic gates as perceptrons: by chosen weights, by the perceptron rule, and XOR, which needs two layers.

    python examples/gates.py

A perceptron computes ``step(w · x + b)``: it cuts the plane of its two inputs in half by a line. AND, NAND and OR are
such halves; XOR is not, but two layers of perceptrons make it. The perceptron rule, ``w += lr · x · (t - y)``, finds a
line where there is one, and stops at the first, however close to an example. A network of two layers learns XOR by
gradient descent, with tanh for the step, which has no slope to descend.

Source: F. Rosenblatt, "The perceptron", Psychological Review 65, 1958; M. Minsky, S. Papert, "Perceptrons", 1969;
K. Saitoh, "Deep Learning from Scratch", 2016, chapter 2.
"""

from typing import Any

import numpy as np

import minigrad as mg
from lesson import figure, parser, save
from minigrad import nn
from minigrad.viz import plots

INPUTS = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], np.float32)
TARGETS = {"AND": [0, 0, 0, 1], "NAND": [1, 1, 1, 0], "OR": [0, 1, 1, 1], "XOR": [0, 1, 1, 0]}

# Many weights do; these are round.
GATES = {
    "AND": nn.Perceptron.from_weights([0.5, 0.5], -0.7),
    "NAND": nn.Perceptron.from_weights([-0.5, -0.5], 0.7),
    "OR": nn.Perceptron.from_weights([0.5, 0.5], -0.2),
}


def xor(x: Any) -> mg.Tensor:
    """Return the outputs of XOR, for rows of two inputs: AND of NAND and OR."""
    out: mg.Tensor = GATES["AND"](mg.stack([GATES["NAND"](x), GATES["OR"](x)], axis=-1))
    return out


def learn(targets: list[int], epochs: int = 100) -> tuple[nn.Perceptron, nn.Lessons]:
    """Return a perceptron that has learnt by its rule, from weights of 0, and the number of its mistakes by epoch."""
    gate = nn.Perceptron(2)
    return gate, gate.fit(INPUTS, targets, epochs)


def learn_xor(steps: int = 200, seed: int = 0) -> nn.Sequential:
    """Return a network of two layers that has learnt XOR by gradient descent."""
    rng = np.random.default_rng(seed)
    model = nn.Sequential(hidden=nn.Affine(2, 4, rng=rng), tanh=nn.Tanh(), out=nn.Affine(4, 2, rng=rng))
    loss = nn.SoftmaxCrossEntropy()
    optimizer = nn.SGD(model.parameters(), lr=0.5)
    for _ in range(steps):
        optimizer.zero_grad()
        loss(model(INPUTS), TARGETS["XOR"]).backward()
        optimizer.step()
    return model


def main(arguments: list[str] | None = None) -> None:
    """Print the tables, and draw where each gate says 1."""
    options = parser(__doc__).parse_args(arguments)
    print("x1 x2 | " + "  ".join(f"{name:>4}" for name in TARGETS))
    outputs = [gate(INPUTS).numpy() for gate in GATES.values()] + [xor(INPUTS).numpy()]
    for x, row in zip(INPUTS, zip(*outputs, strict=True), strict=True):
        print(f" {x[0]:.0f}  {x[1]:.0f} | " + "  ".join(f"{y:4.0f}" for y in row))
    print()

    drawn = figure(11, 6.5)
    axes = drawn.subplots(2, 4)
    for ax, name in zip(axes[0], TARGETS, strict=True):
        plots.decision_boundary(GATES.get(name, xor), INPUTS, TARGETS[name], title=f"{name} by weights", ax=ax)
    for ax, (name, targets) in zip(axes[1], TARGETS.items(), strict=False):
        gate, (mistakes, converged) = learn(targets)
        (w1, w2), b = gate.weight.tolist(), gate.bias.item()
        rule = f"w = ({w1:g}, {w2:g}), b = {b:g} after {len(mistakes)} epochs"
        print(f"perceptron rule on {name}: {rule if converged else f'{mistakes[-1]} mistakes per epoch, for ever'}")
        if name != "XOR":
            plots.decision_boundary(gate, INPUTS, targets, title=f"{name} by the rule", ax=ax)
    model = learn_xor(seed=options.seed)
    print(f"two layers learn XOR: {model(INPUTS).argmax(1).tolist()}")
    print(model)
    plots.decision_boundary(model, INPUTS, TARGETS["XOR"], title="XOR by descent", ax=axes[1, 3])
    for ax in axes.flat:
        ax.set_aspect("equal")
        ax.get_legend().remove()
    drawn.suptitle("Where each gate says 0 (blue) and 1 (orange)")
    save(drawn, options.out, "gates")


if __name__ == "__main__":
    main()
