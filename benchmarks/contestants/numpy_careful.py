"""Gradients by hand in NumPy with all an expert would do: reused buffers, cache-sized pieces, chosen layouts.

This is the bar of what NumPy can do at all on these shapes, not how anyone should have to write a network.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.lib.stride_tricks import as_strided

from ..problems import (
    BATCH,
    BETA1,
    BETA2,
    CONVOLVED,
    EPSILON,
    F32,
    FILTERS,
    IMAGE,
    KERNEL,
    LEARNING_RATE,
    POOLED,
    Arrays,
    ChainMode,
    ChainProblem,
    Contestant,
    NetworkProblem,
    Unsupported,
    Work,
)


class CarefulNumPy(Contestant):
    """NumPy at its best."""

    module = "numpy"

    def chain(self, problem: ChainProblem, mode: ChainMode) -> Work:
        if mode == "second":
            raise Unsupported("see the plain version")
        return InPlaceChain(problem, backward=mode == "backward")

    def network(self, problem: NetworkProblem) -> Work:
        return CarefulTwoLayer(problem) if problem.network == "two_layer" else CarefulCNN(problem)


class InPlaceChain(Work):
    """The chain in one buffer; ``out=`` saves the allocation of each result."""

    def __init__(self, problem: ChainProblem, *, backward: bool) -> None:
        self.problem, self.backward = problem, backward
        self.y = np.empty_like(problem.x)
        self.grad = np.empty_like(problem.x)
        self.exponentials = [np.empty_like(problem.x) for _ in range(problem.cycles)]
        self.angles = [np.empty_like(problem.x) for _ in range(problem.cycles)]

    def run(self) -> None:
        a, b, c, d, e, r = (self.problem.constants[name] for name in "abcder")
        multiply, add, subtract, exp, sin = np.multiply, np.add, np.subtract, np.exp, np.sin
        y = self.y
        y[...] = self.problem.x
        for exponential, angle in zip(self.exponentials, self.angles, strict=True):
            multiply(y, a, y)
            add(y, b, y)
            multiply(y, r, y)
            subtract(y, d, y)
            exp(y, exponential)
            subtract(exponential, c, y)
            multiply(y, a, angle)
            sin(angle, y)
            multiply(y, r, y)
            add(y, e, y)
        if not self.backward:
            return
        g, scratch, cos = self.grad, np.empty_like(y), np.cos
        g.fill(1)
        for exponential, angle in zip(reversed(self.exponentials), reversed(self.angles), strict=True):
            multiply(g, r, g)
            cos(angle, scratch)
            multiply(g, scratch, g)
            multiply(g, a, g)
            multiply(g, exponential, g)
            multiply(g, r, g)
            multiply(g, a, g)

    def results(self) -> Arrays:
        return {"y": self.y, "grad": self.grad} if self.backward else {"y": self.y}


class FlatUpdate:
    """SGD or Adam over one flat array that holds all parameters, in pieces that stay in the cache."""

    PIECE = 1 << 15

    def __init__(self, problem: NetworkProblem) -> None:
        sizes = {name: value.size for name, value in problem.parameters.items()}
        total = sum(sizes.values())
        self.name, self.rate, self.time = problem.optimizer, LEARNING_RATE[problem.optimizer], 0
        self.flat, self.flat_grad, self.mean, self.square = (np.zeros(total, np.float32) for _ in range(4))
        self.scratch, self.scratch2 = (np.empty(min(total, self.PIECE), np.float32) for _ in range(2))
        self.parameters: Arrays = {}
        self.grads: Arrays = {}
        start = 0
        for name, value in problem.parameters.items():
            stop = start + sizes[name]
            self.parameters[name] = self.flat[start:stop].reshape(value.shape)
            self.grads[name] = self.flat_grad[start:stop].reshape(value.shape)
            self.parameters[name][...] = value
            start = stop

    def __call__(self) -> None:
        """Change the parameters in place."""
        self.time += 1
        rate = self.rate * math.sqrt(1 - BETA2**self.time) / (1 - BETA1**self.time)
        epsilon = EPSILON * math.sqrt(1 - BETA2**self.time)
        for start in range(0, self.flat.size, self.PIECE):
            piece = slice(start, start + self.PIECE)
            p, g = self.flat[piece], self.flat_grad[piece]
            s = self.scratch[: p.size]
            if self.name == "sgd":
                np.multiply(g, self.rate, out=s)
                np.subtract(p, s, out=p)
                continue
            m, v, t = self.mean[piece], self.square[piece], self.scratch2[: p.size]
            np.subtract(g, m, out=s)
            np.multiply(s, 1 - BETA1, out=s)
            np.add(m, s, out=m)
            np.multiply(g, g, out=s)
            np.subtract(s, v, out=s)
            np.multiply(s, 1 - BETA2, out=s)
            np.add(v, s, out=v)
            np.sqrt(v, out=s)
            np.add(s, epsilon, out=s)
            np.divide(m, s, out=t)
            np.multiply(t, rate, out=t)
            np.subtract(p, t, out=p)


class BufferedNetwork(Work):
    """A training step that allocates nothing but a few hundred numbers."""

    def __init__(self, problem: NetworkProblem) -> None:
        self.problem = problem
        self.loss = 0.0
        self.rows = np.arange(BATCH)
        self.allocate()
        self.reset()

    def allocate(self) -> None:
        """Make the buffers."""
        raise NotImplementedError

    def reset(self) -> None:
        self.update = FlatUpdate(self.problem)

    def run(self) -> None:
        self.step(self.update.parameters, self.update.grads)
        self.update()

    def step(self, p: Arrays, grads: Arrays) -> None:
        """Compute the loss and write the gradients into `grads`."""
        raise NotImplementedError

    def softmax_cross_entropy(self, logits: F32) -> F32:
        """Set the loss and turn `logits`, in place, into their gradient."""
        labels = self.problem.labels
        logits -= logits.max(axis=1, keepdims=True)
        correct = logits[self.rows, labels]
        np.exp(logits, out=logits)
        total = logits.sum(axis=1, keepdims=True)
        self.loss = float((np.log(total[:, 0]) - correct).sum()) / BATCH
        logits /= total
        logits[self.rows, labels] -= 1
        logits *= 1 / BATCH
        return logits

    def results(self) -> Arrays:
        found: Arrays = {"loss": np.asarray(self.loss, np.float32)}
        found |= {f"grad of {name}": grad.copy() for name, grad in self.update.grads.items()}
        return found | {f"new {name}": value.copy() for name, value in self.update.parameters.items()}


class CarefulTwoLayer(BufferedNetwork):
    """784-50-10."""

    def allocate(self) -> None:
        self.h, self.gh = (np.empty((BATCH, 50), np.float32) for _ in range(2))
        self.z = np.empty((BATCH, 10), np.float32)
        self.positive = np.empty((BATCH, 50), bool)

    def step(self, p: Arrays, grads: Arrays) -> None:
        x, h, z, gh = self.problem.images, self.h, self.z, self.gh
        np.matmul(x, p["W1"], out=h)
        h += p["b1"]
        np.maximum(h, 0, out=h)
        np.matmul(h, p["W2"], out=z)
        z += p["b2"]
        g = self.softmax_cross_entropy(z)
        np.matmul(h.T, g, out=grads["W2"])
        g.sum(axis=0, out=grads["b2"])
        np.matmul(g, p["W2"].T, out=gh)
        np.greater(h, 0, out=self.positive)
        gh *= self.positive
        np.matmul(x.T, gh, out=grads["W1"])
        gh.sum(axis=0, out=grads["b1"])


class CarefulCNN(BufferedNetwork):
    """The demo's CNN with the batch as the last axis: arrays are (height, width, channel, image) in memory.

    With that layout the columns of one output row are a strided *view* into a band of KERNEL image rows:
    moving one output pixel to the right moves the matrix by a constant, so one batched matmul serves the
    whole row, each product being (filters, KERNEL * KERNEL) @ (KERNEL * KERNEL, images). The band and two
    output rows fit the L2 cache; the full im2col matrix never exists.
    """

    def allocate(self) -> None:
        self.band = np.empty((IMAGE, KERNEL, 1, BATCH), np.float32)
        size = self.band.itemsize
        self.columns = as_strided(
            self.band,
            (CONVOLVED, KERNEL * KERNEL, BATCH),
            (KERNEL * BATCH * size, BATCH * size, size),
            writeable=False,
        )
        self.images = np.ascontiguousarray(self.problem.images.transpose(2, 3, 1, 0))
        self.convolved = np.empty((CONVOLVED, CONVOLVED, FILTERS, BATCH), np.float32)
        self.pooled = np.empty((POOLED, POOLED, FILTERS, BATCH), np.float32)
        self.halves = np.empty((2, POOLED, POOLED, FILTERS, BATCH), np.float32)
        self.flat = np.empty((FILTERS, POOLED, POOLED, BATCH), np.float32)
        self.gflat = np.empty_like(self.flat)
        self.grows = np.empty((2, CONVOLVED, FILTERS, BATCH), np.float32)
        self.ghalves = np.empty((2, POOLED, FILTERS, BATCH), np.float32)
        self.mask = np.empty((POOLED, FILTERS, BATCH), bool)
        self.products = np.empty((CONVOLVED, KERNEL * KERNEL, FILTERS), np.float32)
        self.h, self.gh = (np.empty((BATCH, 100), np.float32) for _ in range(2))
        self.z = np.empty((BATCH, 10), np.float32)

    def step(self, p: Arrays, grads: Arrays) -> None:
        # Column index of a window is (width, height) here, because the band is stored width first.
        filters = np.ascontiguousarray(p["W1"][:, 0].transpose(0, 2, 1)).reshape(FILTERS, -1)
        bias = p["b1"][:, None]
        flat = self.flat.reshape(-1, BATCH)
        for i in range(POOLED):
            pair = self.convolved[2 * i : 2 * i + 2]
            for row in range(2):
                self.load_band(2 * i + row)
                np.matmul(filters, self.columns, out=pair[row])
                np.maximum(pair[row, 0::2], pair[row, 1::2], out=self.halves[row, i])
            pooled = self.pooled[i]
            np.maximum(self.halves[0, i], self.halves[1, i], out=pooled)
            # The bias and relu commute with the maximum, so they are applied to a quarter of the values.
            np.add(pooled, bias, out=pooled)
            np.maximum(pooled, 0, out=pooled)
        self.flat[...] = self.pooled.transpose(2, 0, 1, 3)
        h, z, gh = self.h, self.z, self.gh
        np.matmul(flat.T, p["W2"], out=h)
        h += p["b2"]
        np.maximum(h, 0, out=h)
        np.matmul(h, p["W3"], out=z)
        z += p["b3"]

        g = self.softmax_cross_entropy(z)
        np.matmul(h.T, g, out=grads["W3"])
        g.sum(axis=0, out=grads["b3"])
        np.matmul(g, p["W3"].T, out=gh)
        gh *= h > 0
        np.matmul(flat, gh, out=grads["W2"])
        gh.sum(axis=0, out=grads["b2"])
        gflat = self.gflat.reshape(-1, BATCH)
        np.matmul(p["W2"], gh.T, out=gflat)
        gflat *= flat > 0
        self.gflat.sum(axis=(1, 2, 3), out=grads["b1"])
        gfilters = np.zeros((KERNEL * KERNEL, FILTERS), np.float32)
        for i in range(POOLED):
            self.unpool(i)
            for row in range(2):
                self.load_band(2 * i + row)
                np.matmul(self.columns, self.grows[row].swapaxes(1, 2), out=self.products)
                gfilters += self.products.sum(axis=0)
        grads["W1"][:, 0] = gfilters.T.reshape(FILTERS, KERNEL, KERNEL).transpose(0, 2, 1)

    def load_band(self, row: int) -> None:
        """Copy the image rows under output row `row` next to each other."""
        self.band[...] = self.images[row : row + KERNEL].transpose(1, 0, 2, 3)

    def unpool(self, i: int) -> None:
        """Send row `i` of the pooled gradient to the winners, the first one where values are equal."""
        upper, lower = self.ghalves
        np.greater_equal(self.halves[0, i], self.halves[1, i], out=self.mask)
        g = self.gflat[:, i].transpose(1, 0, 2)
        np.multiply(g, self.mask, out=upper)
        np.subtract(g, upper, out=lower)
        for row in range(2):
            pair = self.convolved[2 * i + row]
            left, right = self.grows[row, 0::2], self.grows[row, 1::2]
            np.greater_equal(pair[0::2], pair[1::2], out=self.mask)
            np.multiply(self.ghalves[row], self.mask, out=left)
            np.subtract(self.ghalves[row], left, out=right)
