"""Gradients by hand in NumPy, the way a textbook writes them: clear expressions, a fresh array for each."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from ..problems import (
    BETA1,
    BETA2,
    CONVOLVED,
    EPSILON,
    F32,
    FILTERS,
    KERNEL,
    LEARNING_RATE,
    POOLED,
    Arrays,
    ChainMode,
    ChainProblem,
    Contestant,
    NetworkProblem,
    Work,
    chain,
)


class PlainNumPy(Contestant):
    """Textbook NumPy."""

    module = "numpy"

    def chain(self, problem: ChainProblem, mode: ChainMode) -> Work:
        return {"forward": ChainForward, "backward": ChainBackward, "second": ChainSecond}[mode](problem)

    def network(self, problem: NetworkProblem) -> Work:
        return PlainTwoLayer(problem) if problem.network == "two_layer" else PlainCNN(problem)


class ChainForward(Work):
    """The values alone; nothing is kept for a backward pass."""

    def __init__(self, problem: ChainProblem) -> None:
        self.problem = problem
        self.y: F32 = problem.x

    def run(self) -> None:
        self.y = chain(self.problem.x, self.problem.constants, self.problem.cycles, np.exp, np.sin)

    def results(self) -> Arrays:
        return {"y": self.y}


class ChainBackward(Work):
    """Forward and backward; the forward pass keeps the two values per turn that the backward pass reads."""

    def __init__(self, problem: ChainProblem) -> None:
        self.problem = problem
        self.y: F32 = problem.x
        self.grad: F32 = problem.x

    def run(self) -> None:
        a, b, c, d, e, r = (self.problem.constants[name] for name in "abcder")
        y = self.problem.x
        saved: list[tuple[F32, F32]] = []
        for _ in range(self.problem.cycles):
            y = y * a
            y = y + b
            y = y * r
            y = y - d
            exponential = np.exp(y)
            y = exponential - c
            angle = y * a
            saved.append((exponential, angle))
            y = np.sin(angle)
            y = y * r
            y = y + e
        g = np.ones_like(y)
        for exponential, angle in reversed(saved):
            g = g * r
            g = g * np.cos(angle)
            g = g * a
            g = g * exponential
            g = g * r
            g = g * a
        self.y, self.grad = y, g

    def results(self) -> Arrays:
        return {"y": self.y, "grad": self.grad}


class ChainSecond(Work):
    """The gradient of the sum of the gradient: forward and backward pass differentiated along ``dx = 1``."""

    def __init__(self, problem: ChainProblem) -> None:
        self.problem = problem
        self.grad: F32 = problem.x
        self.second: F32 = problem.x

    def run(self) -> None:
        a, b, c, d, e, r = (self.problem.constants[name] for name in "abcder")
        y = self.problem.x
        dy = np.ones_like(y)
        saved: list[tuple[F32, F32, F32, F32, F32]] = []
        for _ in range(self.problem.cycles):
            y = ((y * a + b) * r) - d
            dy = (dy * a) * r
            exponential = np.exp(y)
            dexponential = exponential * dy
            angle = (exponential - c) * a
            dangle = dexponential * a
            sine, cosine = np.sin(angle), np.cos(angle)
            saved.append((exponential, dexponential, cosine, sine, dangle))
            y = sine * r + e
            dy = (cosine * dangle) * r
        g = np.ones_like(y)
        dg = np.zeros_like(y)
        for exponential, dexponential, cosine, sine, dangle in reversed(saved):
            g = g * r
            dg = dg * r
            dg = dg * cosine - g * sine * dangle
            g = g * cosine * a
            dg = dg * a
            dg = dg * exponential + g * dexponential
            g = g * exponential * r * a
            dg = dg * r * a
        self.grad, self.second = g, dg

    def results(self) -> Arrays:
        return {"grad": self.grad, "second": self.second}


class Update:
    """The update of contestants that have gradients but no optimizer: SGD or Adam, one array at a time."""

    def __init__(self, problem: NetworkProblem) -> None:
        self.name = problem.optimizer
        self.rate = LEARNING_RATE[problem.optimizer]
        self.step = 0
        self.mean = {name: np.zeros_like(value) for name, value in problem.parameters.items()}
        self.square = {name: np.zeros_like(value) for name, value in problem.parameters.items()}

    def __call__(self, parameters: dict[str, Any], grads: dict[str, Any]) -> None:
        """Change the arrays in `parameters` in place."""
        if self.name == "sgd":
            for name, p in parameters.items():
                p -= self.rate * grads[name]
            return
        self.step += 1
        rate = self.rate * math.sqrt(1 - BETA2**self.step) / (1 - BETA1**self.step)
        epsilon = EPSILON * math.sqrt(1 - BETA2**self.step)
        for name, p in parameters.items():
            m, v, g = self.mean[name], self.square[name], grads[name]
            m += (1 - BETA1) * (g - m)
            v += (1 - BETA2) * (g * g - v)
            p -= rate * m / (np.sqrt(v) + epsilon)


class HandWrittenNetwork(Work):
    """A training step whose gradients are written out; `step` fills :attr:`loss` and :attr:`grads`."""

    def __init__(self, problem: NetworkProblem) -> None:
        self.problem = problem
        self.loss = 0.0
        self.grads: Arrays = {}
        self.reset()

    def reset(self) -> None:
        self.parameters: Arrays = {name: value.copy() for name, value in self.problem.parameters.items()}
        self.update = Update(self.problem)

    def run(self) -> None:
        self.step()
        self.update(self.parameters, self.grads)

    def step(self) -> None:
        """Compute the loss and the gradients at the present parameters."""
        raise NotImplementedError

    def results(self) -> Arrays:
        found: Arrays = {"loss": np.asarray(self.loss, np.float32)}
        found |= {f"grad of {name}": grad for name, grad in self.grads.items()}
        return found | {f"new {name}": value for name, value in self.parameters.items()}


def softmax_cross_entropy(logits: F32, labels: Any) -> tuple[float, F32]:
    """Return the mean loss and its gradient with respect to the logits."""
    shifted = logits - logits.max(axis=1, keepdims=True)
    exponential = np.exp(shifted)
    total = exponential.sum(axis=1, keepdims=True)
    rows = np.arange(len(labels))
    loss = (np.log(total[:, 0]) - shifted[rows, labels]).mean()
    grad = exponential / total
    grad[rows, labels] -= 1
    grad /= len(labels)
    return float(loss), grad


class PlainTwoLayer(HandWrittenNetwork):
    """784-50-10."""

    def step(self) -> None:
        p, x = self.parameters, self.problem.images
        h = x @ p["W1"] + p["b1"]
        a = np.maximum(h, 0)
        self.loss, g = softmax_cross_entropy(a @ p["W2"] + p["b2"], self.problem.labels)
        gh = (g @ p["W2"].T) * (h > 0)
        self.grads = {"W1": x.T @ gh, "b1": gh.sum(axis=0), "W2": a.T @ g, "b2": g.sum(axis=0)}


class PlainCNN(HandWrittenNetwork):
    """The demo's CNN, with the whole im2col matrix and NCHW arrays."""

    def step(self) -> None:
        p, x = self.parameters, self.problem.images
        n = len(x)
        windows = sliding_window_view(x[:, 0], (KERNEL, KERNEL), (1, 2))
        columns = np.ascontiguousarray(windows.transpose(3, 4, 0, 1, 2)).reshape(KERNEL * KERNEL, -1)
        filters = p["W1"].reshape(FILTERS, -1)
        convolved = (filters @ columns).reshape(FILTERS, n, CONVOLVED, CONVOLVED) + p["b1"][:, None, None, None]
        rectified = np.maximum(convolved, 0)
        # The four corners of all 2x2 windows; np.max over two short axes would be several times slower.
        corners = [(..., slice(i, None, 2), slice(j, None, 2)) for i in range(2) for j in range(2)]
        pooled = rectified[corners[0]]
        for corner in corners[1:]:
            pooled = np.maximum(pooled, rectified[corner])
        flat = pooled.reshape(FILTERS, n, -1).transpose(1, 0, 2).reshape(n, -1)
        h = flat @ p["W2"] + p["b2"]
        a = np.maximum(h, 0)
        self.loss, g = softmax_cross_entropy(a @ p["W3"] + p["b3"], self.problem.labels)

        gh = (g @ p["W3"].T) * (h > 0)
        gflat = gh @ p["W2"].T
        gpooled = gflat.reshape(n, FILTERS, POOLED, POOLED).transpose(1, 0, 2, 3)
        gpooled = gpooled * (pooled > 0)
        gconvolved = np.empty_like(convolved)
        for corner in corners:
            # Ties are left alone: with noise images they occur only among the zeros, which relu has blocked.
            gconvolved[corner] = gpooled * (rectified[corner] == pooled)
        gconvolved = gconvolved.reshape(FILTERS, -1)
        self.grads = {
            "W1": (gconvolved @ columns.T).reshape(p["W1"].shape),
            "b1": gconvolved.sum(axis=1),
            "W2": flat.T @ gh,
            "b2": gh.sum(axis=0),
            "W3": a.T @ g,
            "b3": g.sum(axis=0),
        }
