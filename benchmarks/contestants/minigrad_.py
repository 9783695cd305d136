"""minigrad, used as its documentation says; everything the benchmarks know about its API is in this file."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

import minigrad as mg
from minigrad import nn

from ..problems import (
    ARCHITECTURES,
    DEEP_SCALE,
    DEEP_SHIFT,
    DEEP_X,
    F32,
    LEARNING_RATE,
    Arrays,
    ChainMode,
    ChainProblem,
    Contestant,
    DeepChain,
    NetworkProblem,
    Work,
    chain,
    deep_chain,
)


class Minigrad(Contestant):
    """This project."""

    module = "minigrad"
    networks = ("two_layer", "cnn", "deep_cnn")

    def chain(self, problem: ChainProblem, mode: ChainMode) -> Work:
        return MinigradChain(problem, mode)

    def network(self, problem: NetworkProblem) -> Work:
        return MinigradNetwork(problem)

    def deep_chain(self) -> DeepChain:
        return MinigradDeepChain()


class MinigradChain(Work):
    """Forward, forward and backward, or forward, backward with create_graph and a second backward."""

    def __init__(self, problem: ChainProblem, mode: ChainMode) -> None:
        self.problem, self.mode = problem, mode
        self.constants = {name: mg.Tensor(value) for name, value in problem.constants.items()}
        self.x = mg.Tensor(problem.x, requires_grad=True)
        self.found: dict[str, mg.Tensor] = {}

    def run(self) -> None:
        x = self.x
        x.grad = None
        y = chain(x, self.constants, self.problem.cycles, mg.exp, mg.sin)
        if self.mode == "forward":
            self.found = {"y": y}
        elif self.mode == "backward":
            y.sum().backward()
            self.found = {"y": y, "grad": x.grad}
        else:
            (grad,) = mg.grad(y.sum(), x, create_graph=True)
            grad.sum().backward()
            self.found = {"grad": grad, "second": x.grad}

    def results(self) -> Arrays:
        return {name: value.detach().data for name, value in self.found.items()}


class MinigradNetwork(Work):
    """The networks, built from :mod:`minigrad.nn`."""

    def __init__(self, problem: NetworkProblem) -> None:
        self.problem = problem
        self.images = mg.Tensor(problem.images)
        self.reset()

    def reset(self) -> None:
        layers: dict[str, Callable[..., nn.Module]] = {
            "conv": lambda channels, filters, size, padding: nn.Conv2d(channels, filters, size, padding=padding),
            "affine": nn.Affine,
            "relu": nn.ReLU,
            "pool": lambda: nn.MaxPool2d(2),
            "flatten": nn.Flatten,
        }
        architecture = ARCHITECTURES[self.problem.network]
        self.model = nn.Sequential(*[layers[kind](*sizes) for kind, *sizes in architecture])
        values = self.problem.parameters
        self.names = dict(zip(values, (name for name, _ in self.model.named_parameters()), strict=True))
        self.model.load_state_dict({self.names[name]: value.copy() for name, value in values.items()})
        optimizer = nn.SGD if self.problem.optimizer == "sgd" else nn.Adam
        self.optimizer = optimizer(self.model.parameters(), lr=LEARNING_RATE[self.problem.optimizer])
        self.loss: mg.Tensor | None = None

    def run(self) -> None:
        self.optimizer.zero_grad()
        self.loss = nn.functional.cross_entropy(self.model(self.images), self.problem.labels)
        self.loss.backward()
        self.optimizer.step()

    def results(self) -> Arrays:
        assert self.loss is not None
        found: Arrays = {"loss": self.loss.detach().data}
        parameters = dict(self.model.named_parameters())
        for name, own in self.names.items():
            found[f"grad of {name}"] = parameters[own].grad.data.copy()
            found[f"new {name}"] = parameters[own].data.copy()
        return found


class MinigradDeepChain(DeepChain):
    """The deep chain."""

    def __init__(self) -> None:
        self.x = mg.Tensor(DEEP_X, requires_grad=True)
        self.y: mg.Tensor | None = None

    def forward(self, operations: int) -> None:
        self.y = deep_chain(self.x, mg.Tensor(DEEP_SCALE), mg.Tensor(DEEP_SHIFT), operations)

    def backward(self) -> F32:
        assert self.y is not None
        self.y.backward(np.ones_like(DEEP_X))
        grad: F32 = self.x.grad.data
        return grad

    def free(self) -> None:
        self.y = None
