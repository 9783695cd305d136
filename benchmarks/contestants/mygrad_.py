"""MyGrad with its own layers and losses; it has no second order and no optimizers: the update is NumPy's."""

from __future__ import annotations

import mygrad as mg
import numpy as np
from mygrad.nnet.activations import relu
from mygrad.nnet.layers import conv_nd, max_pool
from mygrad.nnet.losses import softmax_crossentropy

from ..problems import (
    DEEP_SCALE,
    DEEP_SHIFT,
    DEEP_X,
    F32,
    Arrays,
    ChainMode,
    ChainProblem,
    Contestant,
    DeepChain,
    NetworkProblem,
    Unsupported,
    Work,
    chain,
    deep_chain,
)
from .numpy_plain import Update


class MyGrad(Contestant):
    """MyGrad."""

    module = "mygrad"

    def chain(self, problem: ChainProblem, mode: ChainMode) -> Work:
        if mode == "second":
            raise Unsupported("has no higher-order gradients")
        return MyGradChain(problem, mode)

    def network(self, problem: NetworkProblem) -> Work:
        return MyGradNetwork(problem)

    def deep_chain(self) -> DeepChain:
        return MyGradDeepChain()


class MyGradChain(Work):
    """The chain."""

    def __init__(self, problem: ChainProblem, mode: ChainMode) -> None:
        self.problem, self.mode = problem, mode
        self.constants = {name: mg.tensor(value, constant=True) for name, value in problem.constants.items()}
        self.x = mg.tensor(problem.x)
        self.found: Arrays = {}

    def run(self) -> None:
        self.x.null_grad()
        y = chain(self.x, self.constants, self.problem.cycles, mg.exp, mg.sin)
        self.found = {"y": y.data}
        if self.mode == "backward":
            y.sum().backward()
            self.found["grad"] = self.x.grad

    def results(self) -> Arrays:
        return self.found


class MyGradNetwork(Work):
    """The networks."""

    def __init__(self, problem: NetworkProblem) -> None:
        self.problem = problem
        self.images = mg.tensor(problem.images, constant=True)
        self.reset()

    def reset(self) -> None:
        self.parameters = {name: mg.tensor(value.copy()) for name, value in self.problem.parameters.items()}
        self.update = Update(self.problem)
        self.loss: mg.Tensor = mg.tensor(0.0)

    def run(self) -> None:
        p = self.parameters
        for parameter in p.values():
            parameter.null_grad()
        if self.problem.network == "two_layer":
            h = relu(mg.matmul(self.images, p["W1"]) + p["b1"])
            logits = mg.matmul(h, p["W2"]) + p["b2"]
        else:
            convolved = conv_nd(self.images, p["W1"], stride=1) + p["b1"].reshape(-1, 1, 1)
            pooled = max_pool(relu(convolved), (2, 2), 2)
            h = relu(mg.matmul(pooled.reshape(len(self.problem.images), -1), p["W2"]) + p["b2"])
            logits = mg.matmul(h, p["W3"]) + p["b3"]
        self.loss = softmax_crossentropy(logits, self.problem.labels)
        self.loss.backward()
        self.update({name: value.data for name, value in p.items()}, {name: value.grad for name, value in p.items()})

    def results(self) -> Arrays:
        found: Arrays = {"loss": self.loss.data}
        for name, value in self.parameters.items():
            assert value.grad is not None
            found[f"grad of {name}"] = value.grad
            found[f"new {name}"] = value.data.copy()
        return found


class MyGradDeepChain(DeepChain):
    """The deep chain."""

    def __init__(self) -> None:
        self.x = mg.tensor(DEEP_X)
        self.y: mg.Tensor | None = None

    def forward(self, operations: int) -> None:
        scale, shift = mg.tensor(DEEP_SCALE, constant=True), mg.tensor(DEEP_SHIFT, constant=True)
        self.y = deep_chain(self.x, scale, shift, operations)

    def backward(self) -> F32:
        assert self.y is not None
        self.y.backward(np.ones_like(DEEP_X))
        grad: F32 = self.x.grad
        return grad

    def free(self) -> None:
        self.y = None
