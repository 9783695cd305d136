"""Gradients by differences and by backpropagation: the same numbers, but not in the same time.

    python examples/numerical_gradient.py

A derivative can be measured: move x a little, and see how far f moves. It is simple, hence a good check, but each
parameter of a network takes two forward passes, and backpropagation computes all of them in about the time of two. The
step must not be small without limit: the difference of two nearly equal numbers loses its digits.

Source: K. Saitoh, "Deep Learning from Scratch", 2016, chapters 4 and 5.
"""

import time
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

import minigrad as mg
from lesson import digits, figure, parser, save
from minigrad import func, nn
from minigrad.viz import plots

Floats = npt.NDArray[np.float64]


def curve(x: Any) -> Any:
    """Return 0.01 x² + 0.1 x."""
    return 0.01 * x**2 + 0.1 * x


def bowl(x: Any) -> Any:
    """Return x0² + x1²."""
    return (x**2).sum()


def backprop(function: Callable[[Any], Any], x: Any) -> Floats:
    """Return the gradient of a function at x, computed by the chain rule."""
    found: Floats = func.grad(function)(np.asarray(x, np.float64)).numpy()
    return found


def step_errors(at: float, steps: Floats) -> tuple[Floats, Floats]:
    """Return how far off the derivative of exp is, by forward and by central differences with each step."""
    forward = (np.exp(at + steps) - np.exp(at)) / steps
    central = (np.exp(at + steps) - np.exp(at - steps)) / (2 * steps)
    return np.abs(forward - np.exp(at)), np.abs(central - np.exp(at))


def descend(lr: float, steps: int = 100, start: tuple[float, float] = (3, 4)) -> Floats:
    """Return the points that gradient descent passes in the bowl: each step goes down the slope, lr times as far."""
    path = [np.array(start, np.float64)]
    for _ in range(steps):
        path.append(path[-1] - lr * backprop(bowl, path[-1]))
    return np.array(path)


class Comparison(NamedTuple):
    """Two ways to the gradients of a network: their largest difference by parameter, and the seconds each took."""

    differences: dict[str, float]
    numerical_s: float
    backprop_s: float


def compare(model: nn.Module, x: Any, t: Any) -> Comparison:
    """Compute the gradients of a network's loss by differences and by backpropagation.

    The network and x are in float64, where differences of the loss have digits enough.
    """
    loss = nn.SoftmaxCrossEntropy()
    times = []
    for _ in range(5):  # The shortest time is the one that nothing else disturbed.
        start = time.perf_counter()
        model.zero_grad()
        loss(model(x), t).backward()
        times.append(time.perf_counter() - start)

    start = time.perf_counter()
    differences = {}
    for name, parameter in model.named_parameters():
        before = parameter.data.copy()

        def loss_at(values: Any, parameter: nn.Parameter = parameter) -> Any:
            parameter.assign(values)
            return loss(model(x), t)

        with mg.no_grad():
            numerical = mg.numerical_gradient(loss_at, before)
        parameter.assign(before)
        assert parameter.grad is not None
        differences[name] = float(np.abs(numerical - parameter.grad.data).max())
    return Comparison(differences, time.perf_counter() - start, min(times))


def draw() -> Any:
    """Draw a tangent, the error of differences, the gradients of the bowl, and descents in it."""
    drawn = figure(10, 8.5)
    (tangent, errors), (field, descent) = drawn.subplots(2, 2)
    x = np.linspace(0, 20, 100)
    tangent.plot(x, curve(x), color="black", label="0.01 x² + 0.1 x")
    for at in (5.0, 10.0):
        slope = float(backprop(curve, at))
        tangent.plot(x, curve(at) + slope * (x - at), linestyle="--", label=f"tangent at {at:g}: slope {slope:.1f}")
        tangent.plot(at, curve(at), "o", color="black")
    tangent.set(title="The derivative is the slope of the tangent", xlabel="x", ylim=(-1, 6))
    tangent.legend()

    steps = np.logspace(-16, 0, 65)
    forward, central = step_errors(1.0, steps)
    errors.loglog(steps, forward, label="forward: (f(x+h) - f(x)) / h")
    errors.loglog(steps, central, label="central: (f(x+h) - f(x-h)) / 2h")
    errors.set(title="Error of the derivative of exp at 1", xlabel="step h")
    errors.legend()

    plots.optimizer_paths(
        lambda x, y: x**2 + y**2, {"30 steps, lr 0.1": descend(0.1, 30)}, xlim=(-5, 5), ylim=(-5, 5), minimum=(0, 0),
        title="x² + y², minus its gradient, and a descent", ax=field,
    )  # fmt: skip
    grid = np.stack(np.meshgrid(np.arange(-4, 5), np.arange(-4, 5)), axis=-1).reshape(-1, 2)
    down = np.array([-backprop(bowl, point) for point in grid])
    field.quiver(*grid.T, *down.T, color="#a3117f", alpha=0.6)
    field.legend(loc="lower right")
    field.set_aspect("equal")

    heights = {f"lr {lr:g}": (descend(lr) ** 2).sum(1) for lr in (1e-10, 0.01, 0.05, 0.1, 1.05)}
    plots.learning_curves(
        heights, log=True, xlabel="step", ylabel="x² + y²", title="Small steps hardly move, large ones fly off",
        ax=descent,
    )  # fmt: skip
    return drawn


def main(arguments: list[str] | None = None) -> None:
    """Print the gradients, the descents and the times, and draw them."""
    options = parser(__doc__)
    options.add_argument("--hidden", type=int, default=50, help="units of the network that is timed (default: 50)")
    given = options.parse_args(arguments)

    print(f"{'function':>18} {'at':>10} {'by differences':>36} {'by backpropagation':>18}")
    cases: list[tuple[str, Any, list[Any]]] = [
        ("0.01 x² + 0.1 x", curve, [5.0, 10.0]),
        ("x0² + x1²", bowl, [[3.0, 4.0], [0.0, 2.0], [3.0, 0.0]]),
    ]
    for name, function, points in cases:
        for x in points:
            numerical = mg.numerical_gradient(function, x).tolist()
            print(f"{name:>18} {x!s:>10} {numerical!s:>36} {np.round(backprop(function, x), 12).tolist()!s:>18}")

    print("\n100 steps of gradient descent on x0² + x1² from (3, 4)")
    for lr, what in ((0.1, "comes to the minimum"), (10, "flies off"), (1e-10, "hardly moves")):
        x0, x1 = descend(lr)[-1]
        print(f"  learning rate {lr:<6g} {what}: ({x0:.8e}, {x1:.8e})")

    found = digits(full=False, flatten=True)
    rng = np.random.default_rng(given.seed)
    model = nn.Sequential(
        affine1=nn.Affine(784, given.hidden, rng=rng, dtype=np.float64),
        relu=nn.ReLU(),
        affine2=nn.Affine(given.hidden, 10, rng=rng, dtype=np.float64),
    )
    count = model.count_parameters()
    print(f"\na network of 784 pixels, {given.hidden} hidden units, 10 classes, on 3 digits")
    differences, numerical_s, backprop_s = compare(model, found.x_train[:3].astype(np.float64), found.t_train[:3])
    for name, difference in differences.items():
        print(f"  {name:>15}: largest difference {difference:.1e}")
    print(f"  {count:,} parameters by differences: {numerical_s:.2f} s; by backpropagation: {backprop_s * 1e3:.3f} ms")
    print(f"  backpropagation is {numerical_s / backprop_s:,.0f} times as fast\n")
    save(draw(), given.out, "numerical_gradient")


if __name__ == "__main__":
    main()
