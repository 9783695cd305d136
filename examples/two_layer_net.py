"""A network with one hidden layer: its gradients by backprop and by differences agree; then it learns digits.

    python examples/two_layer_net.py

784 pixels - 50 hidden units, ReLU - 10 classes, softmax cross-entropy, plain gradient descent.
"""

import argparse
import time
from typing import Any

import numpy as np

import minigrad as mg
from minigrad import nn
from minigrad.nn.data import mnist_small


class TwoLayerNet(nn.Module):
    """affine - relu - affine."""

    def __init__(
        self, inputs: int, hidden: int, classes: int, *, rng: np.random.Generator, dtype: Any = np.float32
    ) -> None:
        self.affine1 = nn.Affine(inputs, hidden, rng=rng, dtype=dtype)
        self.affine2 = nn.Affine(hidden, classes, rng=rng, dtype=dtype)

    def forward(self, x: Any) -> mg.Tensor:
        """Return the logits, of shape (n, classes)."""
        out: mg.Tensor = self.affine2(mg.relu(self.affine1(x)))
        return out


def compare_gradients(hidden: int = 4, seed: int = 0) -> dict[str, float]:
    """Return, per parameter, the largest difference between backprop and numerical gradient, on three digits.

    In float64, where differences of the loss have digits enough.
    """
    images, labels, _, _ = mnist_small(flatten=True)
    x, t = images[:3].astype(np.float64), labels[:3]
    model = TwoLayerNet(784, hidden, 10, rng=np.random.default_rng(seed), dtype=np.float64)
    loss = nn.SoftmaxCrossEntropy()
    loss(model(x), t).backward()
    differences = {}
    for name, parameter in model.named_parameters():
        before = parameter.data.copy()

        def loss_at(values: Any, parameter: nn.Parameter = parameter) -> mg.Tensor:
            parameter.assign(values)
            out: mg.Tensor = loss(model(x), t)
            return out

        numerical = mg.numerical_gradient(loss_at, before)
        parameter.assign(before)
        assert parameter.grad is not None
        differences[name] = float(np.abs(numerical - parameter.grad.data).max())
    return differences


def accuracy(model: nn.Module, images: Any, labels: Any) -> float:
    """Return the share of images that are classified right."""
    with mg.no_grad():
        return float((model(images).argmax(1).numpy() == labels).mean())


def train(epochs: int = 10, seed: int = 0, quiet: bool = False) -> tuple[TwoLayerNet, float]:
    """Train on the 5,000 bundled digits; return the network and its accuracy on the 1,000 test digits."""
    x_train, t_train, x_test, t_test = mnist_small(flatten=True)
    rng = np.random.default_rng(seed)
    model = TwoLayerNet(784, 50, 10, rng=rng)
    loss = nn.SoftmaxCrossEntropy()
    optimizer = nn.SGD(model.parameters(), lr=0.1, momentum=0.9)
    for epoch in range(1, epochs + 1):
        start = time.perf_counter()
        total = 0.0
        for batch in rng.permutation(len(x_train)).reshape(-1, 100):
            optimizer.zero_grad()
            value = loss(model(x_train[batch]), t_train[batch])
            value.backward()
            optimizer.step()
            total += value.item()
        if not quiet:
            print(
                f"epoch {epoch:2}: loss {total / (len(x_train) // 100):.4f}, "
                f"accuracy {accuracy(model, x_test, t_test):.3f} on test digits, {time.perf_counter() - start:.2f} s"
            )
    return model, accuracy(model, x_test, t_test)


def main(arguments: list[str] | None = None) -> None:
    """Compare the gradients, then train."""
    parser = argparse.ArgumentParser(description="A network with one hidden layer.")
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    print("largest difference between backprop and numerical gradient:")
    for name, difference in compare_gradients(seed=options.seed).items():
        print(f"  {name}: {difference:.1e}")
    train(options.epochs, options.seed)


if __name__ == "__main__":
    main()
