"""Half the bytes: float16 classifies as well as float32, and learns as well once small gradients are kept from 0.

    python examples/float16.py          5,000 digits
    python examples/float16.py --full   all 60,000 for the float32 network whose weights are then halved

A float16 has 11 bits of precision, and goes from 6e-8 to 65,504. The scores of a trained network in float16 differ from
those in float32 by about a thousandth, which hardly ever changes which is the largest. Files and memory are half as
large. Not the time: processors that compute in float16 gain by it, but NumPy converts each number, and is slower.

Gradients are smaller than activations, and those below 6e-8 become 0. Mixed precision keeps the parameters in float32,
computes with float16, and multiplies the loss by a scale, 2^16 at first, by which the gradients are divided afterwards.
With the plain loss of this network almost no gradient is lost. Where the loss has a factor of 1e-6, such as one term of
several may have, or a mean over many pixels, all are, and the network does not learn unless the loss is scaled.

Source: P. Micikevicius et al., "Mixed precision training", ICLR 2018.
"""

import copy
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from lesson import digits, figure, parser, save
from minigrad import nn, no_grad
from minigrad.viz import plots

Floats = npt.NDArray[np.floating[Any]]

# Name: whether the network computes in float16, and whether its loss is scaled.
WAYS = {"float32": (False, False), "float16, scaled": (True, True), "float16, not scaled": (True, False)}
SCALE = 2.0**16
SMALL = 1e-6


class Inference(NamedTuple):
    """What a network gives in one dtype: scores, the share of right answers, seconds, and the size of its file."""

    scores: Floats
    accuracy: float
    seconds: float
    bytes: int


class Training(NamedTuple):
    """What :func:`train` returns."""

    accuracies: list[float]  # on the test digits, after each epoch
    lost: float  # the share of the first gradients that are 0 though they are not in float32
    seconds: float


def trained(data: nn.data.TrainTest, epochs: int, seed: int = 0) -> nn.Module:
    """Train a convolutional network in float32."""
    nn.seed(seed)
    model = nn.models.SimpleConvNet()
    trainer = nn.Trainer(model, nn.SoftmaxCrossEntropy(), nn.Adam(model.parameters(), lr=2e-3), seed=seed)
    trainer.fit((data.x_train, data.t_train), epochs, batch_size=100, progress=False)
    return model


def infer(model: nn.Module, data: nn.data.TrainTest, dtype: Any) -> Inference:
    """Classify the test digits with a copy of the network in this dtype."""
    model = copy.deepcopy(model).to(dtype).eval()
    images = data.x_test.astype(dtype)
    start = time.perf_counter()
    with no_grad():
        scores = np.concatenate([model(images[i : i + 100]).numpy() for i in range(0, len(images), 100)])
    seconds = time.perf_counter() - start
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.npz"
        nn.save(model.state_dict(), path)
        size = path.stat().st_size
    return Inference(scores, float((scores.argmax(1) == data.t_test).mean()), seconds, size)


def small_loss(weight: float) -> Any:
    """Return softmax cross-entropy with a factor."""
    loss = nn.SoftmaxCrossEntropy()
    return loss if weight == 1 else lambda scores, target: loss(scores, target) * weight


def network(seed: int) -> nn.models.ThreeLayerNet:
    """Return the network that is trained in each way: 784 - 32 - 32 - 10, the same numbers each time."""
    return nn.models.ThreeLayerNet(hidden=(32, 32), activation=nn.ReLU, rng=np.random.default_rng(seed))


def gradients(data: nn.data.TrainTest, half: bool, scale: float = 1.0, weight: float = 1.0, seed: int = 0) -> Floats:
    """Return the gradients of all parameters at the first batch, as one vector, divided by the scale again."""
    model = network(seed)
    run = nn.MixedPrecision(model) if half else model
    nn.GradScaler(scale).backward(small_loss(weight)(run(data.x_train[:100]), data.t_train[:100]))
    return np.concatenate([p.grad.numpy().ravel() / scale for p in model.parameters() if p.grad is not None])


def train(
    data: nn.data.TrainTest, half: bool, scaled: bool, weight: float = 1.0, epochs: int = 4, seed: int = 0
) -> Training:
    """Train with the loss times `weight`, in float32 or in float16, and test after each epoch."""
    exact = gradients(data, False, weight=weight, seed=seed)
    found = gradients(data, half, SCALE if scaled else 1.0, weight, seed)
    model = network(seed)
    # Adam's steps have one size whatever the gradients', as long as its eps is smaller still.
    optimizer = nn.Adam(model.parameters(), lr=3e-3, eps=1e-16)
    trainer = nn.Trainer(
        nn.MixedPrecision(model) if half else model,
        small_loss(weight),
        optimizer,
        [nn.metrics.Accuracy()],
        seed=seed,
        scaler=nn.GradScaler(SCALE) if scaled else None,
    )
    history = trainer.fit(
        (data.x_train, data.t_train),
        epochs,
        validation=(data.x_test, data.t_test),
        batch_size=100,
        progress=False,
    )
    lost = float((found[exact != 0] == 0).mean())
    return Training(history["val_accuracy"], lost, sum(history.seconds))


def draw(data: nn.data.TrainTest, results: dict[str, Training], seed: int) -> Any:
    """Draw how large the gradients of the small loss are, and how each way learns from them."""
    fig = figure(12, 4.5)
    left, right = fig.subplots(1, 2)
    sizes = np.abs(gradients(data, False, weight=SMALL, seed=seed))
    exponents = np.log10(sizes[sizes > 0])
    bins = np.linspace(-16, 6, 111)
    left.axvspan(bins[0], np.log10(2.0**-24), color="#d9d9d9", label="0 in float16")
    left.axvspan(np.log10(65504), bins[-1], color="#f4c7c3", label="infinite in float16")
    left.hist(exponents, bins, alpha=0.8, color="#d55e00", label="gradients")
    left.hist(exponents + np.log10(SCALE), bins, alpha=0.8, color="#0072b2", label="gradients · 2$^{16}$")
    left.set(xlabel="log$_{10}$ of the size", ylabel="parameters", title=f"Gradients of the loss times {SMALL:g}")
    left.set_xlim(bins[0], bins[-1])
    left.legend(loc="upper right")
    curves = {name: found.accuracies for name, found in results.items()}
    plots.learning_curves(
        curves, ylabel="accuracy on test digits", title=f"Learning from the loss times {SMALL:g}", ax=right
    )
    right.set_ylim(0, 1)
    return fig


def main(arguments: list[str] | None = None) -> None:
    """Classify in both dtypes, train in three ways, print tables, and draw."""
    options = parser(__doc__, full=True).parse_args(arguments)
    data = digits(options.full)
    model = trained(data, epochs=1 if options.full else 3, seed=options.seed)
    wide, narrow = (infer(model, data, dtype) for dtype in (np.float32, np.float16))
    print(f"{'inference':<22}{'test accuracy':>14}{'file':>12}{'time':>10}")
    for name, found in (("float32", wide), ("float16", narrow)):
        print(f"{name:<22}{found.accuracy:14.4f}{found.bytes / 1000:9,.0f} kB{found.seconds:8.2f} s")
    same = (wide.scores.argmax(1) == narrow.scores.argmax(1)).mean()
    largest = np.abs(wide.scores - narrow.scores).max()
    print(f"the same answer for {same:.2%} of the digits; scores up to {wide.scores.max():.0f} differ by {largest:.2g}")

    few = nn.data.TrainTest(
        data.x_train[:2000].reshape(-1, 784),
        data.t_train[:2000],
        data.x_test[:1000].reshape(-1, 784),
        data.t_test[:1000],
    )
    print(f"\n{'training, 2,000 digits':<22}{'loss times':>14}{'gradients lost':>17}{'test accuracy':>15}{'time':>10}")
    results = {}
    for weight in (1.0, SMALL):
        for name, (half, scaled) in WAYS.items():
            results[name] = found = train(few, half, scaled, weight, seed=options.seed)
            print(f"{name:<22}{weight:14g}{found.lost:17.2%}{found.accuracies[-1]:15.3f}{found.seconds:8.1f} s")
    save(draw(few, results, options.seed), options.out, "float16")


if __name__ == "__main__":
    main()
