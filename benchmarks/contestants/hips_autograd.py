"""HIPS autograd. It has no layers and no optimizer steps: networks are functions, the update is NumPy's."""

from __future__ import annotations

from typing import Any

import autograd
import autograd.numpy as anp
import numpy as np
from autograd.scipy.special import logsumexp
from numpy.lib.stride_tricks import sliding_window_view

from ..problems import (
    CONVOLVED,
    DEEP_SCALE,
    DEEP_SHIFT,
    DEEP_X,
    F32,
    FILTERS,
    KERNEL,
    POOLED,
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
from .numpy_plain import Update


class HipsAutograd(Contestant):
    """HIPS autograd."""

    module = "autograd"

    def chain(self, problem: ChainProblem, mode: ChainMode) -> Work:
        return AutogradChain(problem, mode)

    def network(self, problem: NetworkProblem) -> Work:
        return AutogradNetwork(problem)

    def deep_chain(self) -> DeepChain:
        return AutogradDeepChain()


class AutogradChain(Work):
    """The chain; ``make_vjp`` alone is the recorded forward pass."""

    def __init__(self, problem: ChainProblem, mode: ChainMode) -> None:
        self.problem, self.mode = problem, mode
        self.found: Arrays = {}

    def function(self, x: Any) -> Any:
        """The chain without the sum."""
        return chain(x, self.problem.constants, self.problem.cycles, anp.exp, anp.sin)

    def run(self) -> None:
        x = self.problem.x
        if self.mode == "second":
            gradient = autograd.grad(lambda v: anp.sum(self.function(v)))
            vjp, grad = autograd.make_vjp(gradient)(x)
            self.found = {"grad": grad, "second": vjp(np.ones_like(x))}
            return
        vjp, y = autograd.make_vjp(self.function)(x)
        self.found = {"y": y}
        if self.mode == "backward":
            self.found["grad"] = vjp(np.ones_like(x))

    def results(self) -> Arrays:
        return self.found


class AutogradNetwork(Work):
    """The networks as functions of the dictionary of parameters."""

    def __init__(self, problem: NetworkProblem) -> None:
        self.problem = problem
        self.one_hot = np.eye(10, dtype=np.float32)[problem.labels]
        self.gradient = autograd.value_and_grad(self.two_layer if problem.network == "two_layer" else self.cnn)
        self.reset()

    def reset(self) -> None:
        self.parameters = {name: value.copy() for name, value in self.problem.parameters.items()}
        self.update = Update(self.problem)
        self.loss = np.float32(0)
        self.grads: Arrays = {}

    def two_layer(self, p: Any) -> Any:
        """Loss of 784-50-10."""
        h = anp.maximum(anp.dot(self.problem.images, p["W1"]) + p["b1"], 0)
        return self.cross_entropy(anp.dot(h, p["W2"]) + p["b2"])

    def cnn(self, p: Any) -> Any:
        """Loss of the demo's CNN. The columns are of the constant images, so im2col needs no gradient."""
        n = len(self.problem.images)
        windows = sliding_window_view(self.problem.images[:, 0], (KERNEL, KERNEL), (1, 2))
        columns = windows.transpose(0, 3, 4, 1, 2).reshape(n, KERNEL * KERNEL, -1)
        convolved = anp.matmul(anp.reshape(p["W1"], (FILTERS, -1)), columns) + p["b1"][:, None]
        rectified = anp.maximum(convolved, 0)
        blocks = anp.reshape(rectified, (n, FILTERS, CONVOLVED // 2, 2, CONVOLVED // 2, 2))
        pooled = anp.reshape(anp.max(blocks, axis=(3, 5)), (n, FILTERS * POOLED * POOLED))
        h = anp.maximum(anp.dot(pooled, p["W2"]) + p["b2"], 0)
        return self.cross_entropy(anp.dot(h, p["W3"]) + p["b3"])

    def cross_entropy(self, logits: Any) -> Any:
        """Mean softmax cross-entropy."""
        losses = logsumexp(logits, axis=1) - anp.sum(logits * self.one_hot, axis=1)
        return anp.sum(losses) / len(self.one_hot)

    def run(self) -> None:
        self.loss, self.grads = self.gradient(self.parameters)
        self.update(self.parameters, self.grads)

    def results(self) -> Arrays:
        found: Arrays = {"loss": self.loss}
        found |= {f"grad of {name}": grad for name, grad in self.grads.items()}
        return found | {f"new {name}": value.copy() for name, value in self.parameters.items()}


class AutogradDeepChain(DeepChain):
    """The deep chain."""

    def __init__(self) -> None:
        self.vjp: Any = None

    def forward(self, operations: int) -> None:
        self.vjp, _ = autograd.make_vjp(lambda x: deep_chain(x, DEEP_SCALE, DEEP_SHIFT, operations))(DEEP_X)

    def backward(self) -> F32:
        grad: F32 = self.vjp(np.ones_like(DEEP_X))
        return grad

    def free(self) -> None:
        self.vjp = None
