"""The graphs of the course, and whether anything can be rendered."""

from collections.abc import Callable
from typing import Any

import pytest

import minigrad as mg
from minigrad.viz import render


def leaves(**values: float) -> list[mg.Tensor]:
    return [mg.Tensor(v, requires_grad=True, name=name) for name, v in values.items()]


def apples() -> mg.Tensor:
    apple, count, tax = leaves(apple=100.0, count=2.0, tax=1.1)
    return apple * count * tax


def fruit() -> mg.Tensor:
    apple, apples, orange, oranges, tax = leaves(apple=100.0, apples=2.0, orange=150.0, oranges=3.0, tax=1.1)
    subtotal = apple * apples + orange * oranges
    subtotal.name = "subtotal"
    return subtotal * tax


def product() -> mg.Tensor:
    x, y, z = leaves(x=-2.0, y=5.0, z=-4.0)
    return (x + y) * z


def square() -> mg.Tensor:
    x, y = leaves(x=3.0, y=4.0)
    total = x + y
    return total * total


def weighted() -> mg.Tensor:
    w0, x0, w1, x1, w2 = leaves(w0=2.0, x0=-1.0, w1=-3.0, x1=-2.0, w2=-3.0)
    return w0 * x0 + w1 * x1 + w2


def neuron() -> mg.Tensor:
    return 1 / (1 + mg.exp(-weighted()))


def fused_neuron() -> mg.Tensor:
    return mg.sigmoid(weighted())


GRAPHS: dict[str, Callable[[], mg.Tensor]] = {
    "apples": apples,
    "fruit": fruit,
    "product": product,
    "square": square,
    "neuron": neuron,
    "fused": fused_neuron,
}


@pytest.fixture
def graphs() -> dict[str, Callable[[], mg.Tensor]]:
    return GRAPHS


@pytest.fixture
def rendering() -> None:
    """For tests that need Graphviz."""
    try:
        render._command("svg")
    except render.RenderError:
        pytest.skip("needs Graphviz: neither the program dot nor pygraphviz 2 is there")


@pytest.fixture
def gradients() -> Callable[[Any], dict[str, float]]:
    """The gradients of a picture's named values."""

    def named(picture: Any) -> dict[str, float]:
        return {
            shown.name or item.label: shown.gradient.scalar
            for item in picture.items
            for shown in item.values
            if shown.gradient is not None and (shown.name or item.kind == "parameter")
        }

    return named
