"""Why very deep networks need shortcuts: how large the gradients are, layer by layer, and what is learnt from them.

    python examples/residual.py             5,000 digits; --full learns from all of MNIST

Forty-two affine layers in a row, built in five ways. Through sigmoids the gradient is all but gone after ten layers.
With ReLU all depends on the weights to start from: where each layer halves the squares of the values, and of the
gradients, forty layers leave nothing of them. Batch normalization keeps the values in shape, but now the gradient grows
on its way back. A residual block adds its input to its output, so that the gradient has a way through that changes
nothing: it arrives everywhere, and the network learns. The convolutional networks of the paper, of 56 layers, show the
same.

Drawn: the root mean square of each layer's gradient before training, the curves of training, and the graph of a block,
in which the gradient of the input is the sum of two paths.

Source: He, Zhang, Ren and Sun, Deep Residual Learning for Image Recognition, 2016; the order within a block is that of
their Identity Mappings in Deep Residual Networks, 2016.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

import minigrad as mg
from lesson import digits, figure, parser, save, save_graph
from minigrad import nn, viz
from minigrad.viz import plots

BATCH = 100
WIDTH = 64

Rng = np.random.Generator


def sigmoid_layer(rng: Rng) -> nn.Module:
    """Return affine, sigmoid, with the weights that Xavier's rule gives it."""
    return nn.Sequential(nn.Affine(WIDTH, WIDTH, init=nn.init.xavier_normal, rng=rng), nn.Sigmoid())


def xavier_layer(rng: Rng) -> nn.Module:
    """Return affine, ReLU, with weights a little too small for ReLU."""
    return nn.Sequential(nn.Affine(WIDTH, WIDTH, init=nn.init.xavier_normal, rng=rng), nn.ReLU())


def he_layer(rng: Rng) -> nn.Module:
    """Return affine, ReLU, with the weights that He's rule gives it."""
    return nn.Sequential(nn.Affine(WIDTH, WIDTH, init=nn.init.he_normal, rng=rng), nn.ReLU())


def normalized_layer(rng: Rng) -> nn.Sequential:
    """Return batch normalization, ReLU, affine."""
    return nn.Sequential(
        norm=nn.BatchNorm1d(WIDTH),
        relu=nn.ReLU(),
        affine=nn.Affine(WIDTH, WIDTH, init=nn.init.he_normal, rng=rng),
    )


def residual_layer(rng: Rng) -> nn.Module:
    """Return the same, added to its input."""
    return nn.Residual(normalized_layer(rng))


LAYERS: dict[str, Callable[[Rng], nn.Module]] = {
    "sigmoid": sigmoid_layer,
    "ReLU, Xavier": xavier_layer,
    "ReLU, He": he_layer,
    "batch norm": normalized_layer,
    "batch norm, residual": residual_layer,
}


def network(name: str, depth: int = 40, seed: int = 0) -> nn.Sequential:
    """Return a network for rows of 784 pixels, with so many layers of one kind between the first and the last."""
    rng = np.random.default_rng(seed)
    inner = [LAYERS[name](rng) for _ in range(depth)]
    return nn.Sequential(nn.Affine(784, WIDTH, rng=rng), *inner, nn.Affine(WIDTH, 10, rng=rng))


def gradient_sizes(model: nn.Module, x: Any, t: Any) -> list[float]:
    """Return the root mean square of the gradient of each layer's weights, from the first layer to the last."""
    nn.SoftmaxCrossEntropy()(model(x), t).backward()
    # In float64, where the square of 1e-30 is not yet 0.
    gradients = [p.grad.numpy().astype(np.float64) for p in model.parameters() if p.ndim > 1 and p.grad is not None]
    return [float(np.sqrt((g**2).mean())) for g in gradients]


def train(model: nn.Module, data: nn.data.TrainTest, epochs: int, seed: int = 0) -> nn.History:
    """Train with Adam, and return what was recorded."""
    trainer = nn.Trainer(
        model, nn.SoftmaxCrossEntropy(), nn.Adam(model.parameters(), lr=1e-3), [nn.metrics.Accuracy()], seed=seed
    )
    return trainer.fit(
        (data.x_train, data.t_train),
        epochs,
        validation=(data.x_test, data.t_test),
        batch_size=BATCH,
        progress=False,
    )


def draw_block(seed: int = 0) -> viz.Drawing:
    """Draw the graph of a residual block of two features, for three examples."""
    rng = np.random.default_rng(seed)
    block = nn.Residual(nn.Sequential(relu=nn.ReLU(), affine=nn.Affine(2, 2, rng=rng)))
    x = mg.Tensor([[1.0, -2.0], [0.5, 1.5], [-1.0, 3.0]], dtype=np.float32, requires_grad=True, name="x")
    return viz.draw(mg.sum(block(x) ** 2))


def main(arguments: list[str] | None = None) -> None:
    """Measure the gradients, train, and draw."""
    options_parser = parser(__doc__, full=True)
    options_parser.add_argument("--epochs", type=int, default=5)
    options_parser.add_argument("--depth", type=int, default=40, help="how many layers stand between first and last")
    options = options_parser.parse_args(arguments)
    data = digits(options.full, flatten=True)
    x, t = data.x_train[:BATCH], data.t_train[:BATCH]

    sizes, histories = {}, {}
    print(f"{'':22} gradient: first layer  last layer   after training: loss  accuracy")
    for name in LAYERS:
        sizes[name] = gradient_sizes(network(name, options.depth, options.seed), x, t)
        histories[name] = train(network(name, options.depth, options.seed), data, options.epochs, options.seed)
        print(
            f"{name:22} {sizes[name][0]:21.1e} {sizes[name][-1]:11.1e}"
            f" {histories[name]['loss'][-1]:21.3f} {histories[name]['val_accuracy'][-1]:9.3f}"
        )

    # Half as high and wide, the images need a quarter of the time.
    images = x.reshape(-1, 1, 14, 2, 14, 2).mean((3, 5))
    convolutional = {}
    for name, shortcuts in (("without shortcuts", None), ("residual", "A")):
        model = nn.models.CifarResNet(56, channels=1, shortcuts=shortcuts, rng=np.random.default_rng(options.seed))
        convolutional[name] = found = gradient_sizes(model, images, t)
        print(f"{f'56 layers, {name}':30} {found[0]:13.1e} {found[-1]:11.1e}")

    drawing = figure(10, 4.2)
    left, right = drawing.subplots(1, 2)
    plots.learning_curves(
        sizes, log=True, xlabel="layer", ylabel="rms of the weights' gradient", title="Affine layers", ax=left
    )
    plots.learning_curves(convolutional, log=True, xlabel="layer", title="Convolutions, batch norm", ax=right)
    save(drawing, options.out, "residual_gradients")
    drawing = figure(10, 4.2)
    left, right = drawing.subplots(1, 2)
    losses = {name: history.losses for name, history in histories.items()}
    plots.learning_curves(losses, smooth=20, log=True, xlabel="step", ylabel="cross-entropy", title="Loss", ax=left)
    accuracies = {name: history["val_accuracy"] for name, history in histories.items()}
    plots.learning_curves(accuracies, ylabel="share of test digits", title="Accuracy", ax=right)
    # One legend below, where no curve is.
    left.get_legend().remove()
    right.get_legend().remove()
    drawing.legend(*right.get_legend_handles_labels(), loc="outside lower center", ncols=len(LAYERS))
    save(drawing, options.out, "residual_learning")
    save_graph(draw_block(options.seed), options.out, "residual_block")


if __name__ == "__main__":
    main()
