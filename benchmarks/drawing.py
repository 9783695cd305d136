"""How long a drawing takes: networks, long chains, a value with many uses. No peer draws local gradients."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from .harness import Options, Table

THREADED = False


def run(options: Options) -> list[Table]:
    """Return the table, in milliseconds."""
    from minigrad import viz

    table = Table("drawing (milliseconds)", ["graph", "nodes", "draw", "SVG", "size (kB)"])
    cases = {
        "the demo's CNN": cnn,
        "ResNet-50": resnet,
        "a chain of 100,000 ops": lambda: chain(100_000),
        "a chain of 1,000,000 ops": lambda: chain(1_000_000),
        "1,000 uses of a value": hub,
    }
    for name, make in cases.items():
        output, nodes = make()
        drawn, rendered, size = [], [], 0
        # The longest takes half a minute.
        for _ in range(max(3, options.repeats // 5) if nodes < 500_000 else 1):
            start = time.perf_counter()
            drawing = viz.draw(output)
            drawn.append(time.perf_counter() - start)
            try:
                start = time.perf_counter()
                size = len(drawing.pipe("svg"))
                rendered.append(time.perf_counter() - start)
            except viz.RenderError as error:
                table.notes.append(str(error).splitlines()[0])
        svg = f"{1e3 * statistics.median(rendered):.0f}" if rendered else "-"
        kilobytes = f"{size / 1000:.0f}" if rendered else "-"
        table.rows.append([name, f"{nodes:,}", f"{1e3 * statistics.median(drawn):.0f}", svg, kilobytes])
        table.data[name] = {"draw": drawn, "svg": rendered, "nodes": nodes, "bytes": size}
        del output, drawing

    def seconds(name: str) -> float:
        return statistics.median(table.data[name]["draw"]) + statistics.median(table.data[name]["svg"] or [0.0])

    table.target("the demo's CNN, drawn and rendered, in seconds", seconds("the demo's CNN"), 1.0)
    table.target("ResNet-50, drawn and rendered, in seconds", seconds("ResNet-50"), 5.0)
    table.target("ResNet-50's SVG, in kB", table.data["ResNet-50"]["bytes"] / 1000, 300.0)
    table.target("1,000 uses of a value, drawn and rendered, in seconds", seconds("1,000 uses of a value"), 2.0)
    chain_seconds = statistics.median(table.data["a chain of 100,000 ops"]["draw"])
    table.target("a chain of 100,000 ops, drawn, in seconds", chain_seconds, 3.0)
    return [table]


def cnn() -> tuple[Any, int]:
    """Return the loss of the demo's network on one image."""
    from minigrad import nn

    model = nn.Sequential(
        nn.Conv2d(1, 30, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
        nn.Affine(30 * 12 * 12, 100), nn.ReLU(), nn.Affine(100, 10),
    )  # fmt: skip
    image = np.random.default_rng(0).random((1, 1, 28, 28), dtype=np.float32)
    return counted(nn.functional.cross_entropy(model(image), np.array([3])))


def resnet() -> tuple[Any, int]:
    """Return the loss of a ResNet-50 in training, on two small images."""
    from minigrad import nn

    model = nn.models.ResNet(50, rng=np.random.default_rng(0))
    images = np.random.default_rng(0).random((2, 3, 64, 64), dtype=np.float32)
    return counted(nn.functional.cross_entropy(model(images), np.array([3, 5])))


def chain(length: int) -> tuple[Any, int]:
    """Return the end of a chain of multiplications."""
    return counted(repeated(length, lambda y: y * 1.0000001))


def repeated(count: int, step: Callable[[Any], Any]) -> Any:
    """Return what `count` steps make of 1."""
    import minigrad as mg

    y: Any = mg.Tensor(1.0, requires_grad=True, name="x")
    for _ in range(count):
        y = step(y)
    return y


def hub() -> tuple[Any, int]:
    """Return a sum over 1,000 uses of one tensor."""
    import minigrad as mg

    x = mg.Tensor(2.0, requires_grad=True, name="x")
    return counted(mg.stack([x * float(i) for i in range(1000)]).sum())


def counted(output: Any) -> tuple[Any, int]:
    """Return `output` and the number of nodes of its graph."""
    from minigrad.graph import collect

    return output, len(collect([output.node])[0])
