"""JAX on the CPU, twice: dispatched op by op, and compiled by ``jax.jit`` (compilation is not timed)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ..problems import (
    BETA1,
    BETA2,
    DEEP_SCALE,
    DEEP_SHIFT,
    DEEP_X,
    EPSILON,
    F32,
    LEARNING_RATE,
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

Wrap = Callable[[Any], Any]


class JaxEager(Contestant):
    """JAX without jit: each operation is dispatched by itself, as in a define-by-run library."""

    module = "jax"
    wrap: Wrap = staticmethod(lambda function: function)

    def chain(self, problem: ChainProblem, mode: ChainMode) -> Work:
        return JaxChain(problem, mode, self.wrap)

    def network(self, problem: NetworkProblem) -> Work:
        return JaxNetwork(problem, self.wrap)

    def deep_chain(self) -> DeepChain:
        return JaxDeepChain()


class JaxJit(JaxEager):
    """JAX with the whole function compiled; the graph is fixed, so this is not define-by-run."""

    wrap: Wrap = staticmethod(jax.jit)

    def deep_chain(self) -> DeepChain:
        raise Unsupported("compiling a chain of this length takes too long")


class JaxChain(Work):
    """The chain. The forward row of JAX records nothing; the other rows record as they differentiate."""

    def __init__(self, problem: ChainProblem, mode: ChainMode, wrap: Wrap) -> None:
        self.x = jnp.asarray(problem.x)
        constants = {name: jnp.asarray(value) for name, value in problem.constants.items()}
        self.found: dict[str, Any] = {}

        def function(x: Any) -> Any:
            return chain(x, constants, problem.cycles, jnp.exp, jnp.sin)

        def forward(x: Any) -> Any:
            return {"y": function(x)}

        def backward(x: Any) -> Any:
            y, vjp = jax.vjp(function, x)
            return {"y": y, "grad": vjp(jnp.ones_like(y))[0]}

        def second(x: Any) -> Any:
            grad, vjp = jax.vjp(jax.grad(lambda v: function(v).sum()), x)
            return {"grad": grad, "second": vjp(jnp.ones_like(grad))[0]}

        self.call = wrap({"forward": forward, "backward": backward, "second": second}[mode])

    def run(self) -> None:
        # Dispatch is asynchronous: without the wait, only the queueing would be timed.
        self.found = jax.block_until_ready(self.call(self.x))

    def results(self) -> Arrays:
        return {name: np.asarray(value) for name, value in self.found.items()}


class JaxNetwork(Work):
    """The networks; update included in what is compiled."""

    def __init__(self, problem: NetworkProblem, wrap: Wrap) -> None:
        self.problem = problem
        self.images, self.labels = jnp.asarray(problem.images), jnp.asarray(problem.labels)
        self.gradient = jax.value_and_grad(self.two_layer if problem.network == "two_layer" else self.cnn)
        self.step = wrap(self.sgd if problem.optimizer == "sgd" else self.adam)
        self.reset()

    def reset(self) -> None:
        self.parameters = {name: jnp.asarray(value) for name, value in self.problem.parameters.items()}
        zeros = {name: jnp.zeros_like(value) for name, value in self.parameters.items()}
        self.state: Any = (zeros, zeros, jnp.float32(0))
        self.loss: Any = jnp.float32(0)
        self.grads: dict[str, Any] = {}

    def two_layer(self, p: Any, images: Any, labels: Any) -> Any:
        """Loss of 784-50-10."""
        h = jax.nn.relu(images @ p["W1"] + p["b1"])
        return self.cross_entropy(h @ p["W2"] + p["b2"], labels)

    def cnn(self, p: Any, images: Any, labels: Any) -> Any:
        """Loss of the demo's CNN."""
        convolved = jax.lax.conv_general_dilated(images, p["W1"], (1, 1), "VALID") + p["b1"][:, None, None]
        window = (1, 1, 2, 2)
        pooled = jax.lax.reduce_window(jax.nn.relu(convolved), -jnp.inf, jax.lax.max, window, window, "VALID")
        h = jax.nn.relu(pooled.reshape(len(images), -1) @ p["W2"] + p["b2"])
        return self.cross_entropy(h @ p["W3"] + p["b3"], labels)

    def cross_entropy(self, logits: Any, labels: Any) -> Any:
        """Mean softmax cross-entropy."""
        return -jnp.take_along_axis(jax.nn.log_softmax(logits), labels[:, None], axis=1).mean()

    def sgd(self, p: Any, state: Any, images: Any, labels: Any) -> Any:
        """One step of SGD."""
        loss, grads = self.gradient(p, images, labels)
        rate = LEARNING_RATE["sgd"]
        return jax.tree.map(lambda w, g: w - rate * g, p, grads), state, loss, grads

    def adam(self, p: Any, state: Any, images: Any, labels: Any) -> Any:
        """One step of Adam."""
        loss, grads = self.gradient(p, images, labels)
        mean, square, time = state
        time = time + 1
        mean = jax.tree.map(lambda m, g: BETA1 * m + (1 - BETA1) * g, mean, grads)
        square = jax.tree.map(lambda v, g: BETA2 * v + (1 - BETA2) * g * g, square, grads)
        correction = jnp.sqrt(1 - BETA2**time)
        rate = LEARNING_RATE["adam"] * correction / (1 - BETA1**time)
        new = jax.tree.map(lambda w, m, v: w - rate * m / (jnp.sqrt(v) + EPSILON * correction), p, mean, square)
        return new, (mean, square, time), loss, grads

    def run(self) -> None:
        self.parameters, self.state, self.loss, self.grads = jax.block_until_ready(
            self.step(self.parameters, self.state, self.images, self.labels)
        )

    def results(self) -> Arrays:
        found = {"loss": np.asarray(self.loss)}
        found |= {f"grad of {name}": np.asarray(grad) for name, grad in self.grads.items()}
        return found | {f"new {name}": np.asarray(value) for name, value in self.parameters.items()}


class JaxDeepChain(DeepChain):
    """The deep chain."""

    def __init__(self) -> None:
        self.vjp: Any = None

    def forward(self, operations: int) -> None:
        scale, shift = jnp.asarray(DEEP_SCALE), jnp.asarray(DEEP_SHIFT)
        y, self.vjp = jax.vjp(lambda x: deep_chain(x, scale, shift, operations), jnp.asarray(DEEP_X))
        y.block_until_ready()

    def backward(self) -> F32:
        return np.asarray(self.vjp(jnp.ones(8, jnp.float32))[0])

    def free(self) -> None:
        self.vjp = None
