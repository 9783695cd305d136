"""Inference: a network answers by multiplying matrices; many examples at once take far less time than one by one.

    python examples/inference.py

First three layers so small that the numbers can be followed by hand, then a trained network, 784-50-100-10, that reads
handwritten digits. Its weights and the digits lie in the folder that the environment variable ``MINIGRAD_DATA`` names;
where they do not, the same network is trained on the bundled digits before, which takes some seconds.

Source: K. Saitoh, "Deep Learning from Scratch", 2016, chapter 3.
"""

import os
import time
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

import minigrad as mg
from lesson import digits, parser, save, save_graph
from minigrad import nn, viz
from minigrad.viz import plots


def tiny_network() -> nn.models.ThreeLayerNet:
    """Return a network of 2, 3, 2 and 2 units, with sigmoids between the layers and no bias."""
    weights = {"W1": [[1.0, 3, 5], [4, 5, 6]], "W2": [[1.0, 2], [3, 4], [5, 6]], "W3": [[1.0, 2], [3, 4]]}
    biases = {"b1": np.zeros(3), "b2": np.zeros(2), "b3": np.zeros(2)}
    return nn.models.ThreeLayerNet.from_course(weights | biases)


def trained_weights() -> Path | None:
    """Return the file of trained weights; None, after saying what is missing, where there is none."""
    folder = os.environ.get("MINIGRAD_DATA")
    if not folder:
        print("no trained weights: MINIGRAD_DATA names no folder")
        return None
    file = Path(folder) / "seed-weights" / "three_layer.npz"
    if not file.is_file():
        print(f"no trained weights: there is no {file}")
        return None
    return file


def load(file: Path) -> nn.models.ThreeLayerNet:
    """Return the network of the weights in a file: W1, b1, W2, b2, W3 and b3, each W of shape (in, out)."""
    with np.load(file) as weights:
        return nn.models.ThreeLayerNet.from_course(weights)


def train(found: nn.data.TrainTest, epochs: int = 10, seed: int = 0) -> nn.models.ThreeLayerNet:
    """Return a network of the same form that has learnt from the training digits."""
    model = nn.models.ThreeLayerNet(init=nn.init.xavier_normal, rng=np.random.default_rng(seed))
    trainer = nn.Trainer(model, nn.SoftmaxCrossEntropy(), nn.Adam(model.parameters(), lr=0.003), seed=seed)
    trainer.fit((found.x_train, found.t_train), epochs, batch_size=100, progress=False)
    return model


def classify(model: nn.Module, x: Any, batch: int, repeats: int = 3) -> tuple[npt.NDArray[np.int64], float]:
    """Return the class of each row, `batch` rows at a time, and the seconds that it took, the least of some repeats."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        with mg.no_grad():
            classes = [model(x[i : i + batch]).numpy().argmax(1) for i in range(0, len(x), batch)]
        times.append(time.perf_counter() - start)
    return np.concatenate(classes), min(times)


def main(arguments: list[str] | None = None) -> None:
    """Print the answers, how many are right, and the times; draw what was taken for what."""
    options = parser(__doc__).parse_args(arguments)
    tiny = tiny_network()
    scores = tiny([1.0, 2.0])
    print(f"scores of the tiny network for (1, 2): {scores.detach().numpy()}")
    print(f"their softmax: {mg.softmax(scores, axis=-1).detach().numpy()}")
    save_graph(viz.draw(scores), options.out, "inference_tiny")

    file = trained_weights()
    found = digits(full=file is not None, flatten=True)
    model = load(file) if file else train(found, seed=options.seed)
    print(f"\n{'at a time':>9} {'right':>7} {'of':>7} {'seconds':>8} {'digits per second':>18}")
    for batch in (1, 100, len(found.x_test)):
        answers, seconds = classify(model, found.x_test, batch)
        right, count = int((answers == found.t_test).sum()), len(answers)
        print(f"{batch:9,} {right:7,} {count:7,} {seconds:8.3f} {count / seconds:18,.0f}")
    print()
    wrong = plots.misclassified(found.x_test.reshape(-1, 28, 28), found.t_test, answers, count=40)
    save(wrong, options.out, "inference_misclassified")
    table = nn.metrics.ConfusionMatrix(10)(model(found.x_test).detach(), found.t_test)
    confused = plots.confusion_matrix(table, title="How often each digit was taken for each")
    save(confused, options.out, "inference_confusion")


if __name__ == "__main__":
    main()
