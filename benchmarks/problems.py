"""What is computed: the inputs of each case, and what a contestant has to offer to take part in it.

The inputs are made once, from fixed seeds, and every contestant gets the same arrays. Whatever a contestant
computes comes back under the names used here and in the layouts used here (affine weights are (in, out),
convolution weights are (out, in, height, width)), so that results can be compared before anything is timed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

F32 = NDArray[np.float32]
Arrays = dict[str, F32]
ChainMode = Literal["forward", "backward", "second"]

BATCH = 100
"""Images per training step, in every network case."""

T = TypeVar("T")


class Unsupported(Exception):
    """Raised by a contestant that cannot do a case; the message is printed in the table as the reason."""


# --- the chain ----------------------------------------------------------------------------------------------

OPS_PER_CYCLE = 10
"""Elementwise operations in one turn of :func:`chain`."""


@dataclass(frozen=True)
class ChainProblem:
    """A chain of small elementwise operations.

    Attributes
    ----------
    x : (8,) float32
        The leaf that asks for a gradient.
    constants : mapping of str to (8,) float32
        The tensors the chain multiplies with, adds and subtracts; none of them asks for a gradient.
    cycles : int
        Turns of ten operations.
    """

    x: F32
    constants: Mapping[str, F32]
    cycles: int


def chain_problem(operations: int = 1000) -> ChainProblem:
    """Return a chain whose values and gradients neither vanish nor explode (no denormal numbers are timed).

    ``a`` and ``r = 1 / a``, ``b`` and ``d = b / a`` undo each other; what is left of a turn is close to ``y
    -> sin(exp(y) - 1) + e``. For a small negative ``e`` that map has a stable fixed point at about -sqrt(-2
    e), where its derivative is only slightly below one.
    """
    rng = np.random.default_rng(0)
    a = rng.uniform(0.8, 1.25, 8).astype(np.float32)
    b = rng.uniform(-1.0, 1.0, 8).astype(np.float32)
    constants = {
        "a": a,
        "b": b,
        "c": np.ones(8, np.float32),
        "d": b / a,
        "e": rng.uniform(-2e-4, -1e-4, 8).astype(np.float32),
        "r": 1 / a,
    }
    x = rng.uniform(-0.6, -0.2, 8).astype(np.float32)
    return ChainProblem(x, constants, operations // OPS_PER_CYCLE)


def chain(y: T, k: Mapping[str, Any], cycles: int, exp: Callable[[T], T], sin: Callable[[T], T]) -> T:
    """Apply the chain to `y`: per turn 4 products, 2 sums, 2 differences, 1 exp and 1 sin.

    Every library runs this very text; only the type of `y`, of the constants `k` and of `exp` and `sin`
    differ.
    """
    a, b, c, d, e, r = (k[name] for name in "abcder")
    v: Any = y
    for _ in range(cycles):
        v = v * a
        v = v + b
        v = v * r
        v = v - d
        v = exp(v)
        v = v - c
        v = v * a
        v = sin(v)
        v = v * r
        v = v + e
    result: T = v
    return result


def deep_chain(y: T, scale: Any, shift: Any, operations: int) -> T:
    """Apply `operations` alternating products and sums to `y`: the cheapest possible very deep graph."""
    v: Any = y
    for _ in range(operations // 2):
        v = v * scale
        v = v + shift
    result: T = v
    return result


DEEP_X = np.linspace(-1.0, 1.0, 8, dtype=np.float32)
DEEP_SCALE = np.ones(8, np.float32)
DEEP_SHIFT = np.full(8, 1e-6, np.float32)


# --- the networks -------------------------------------------------------------------------------------------

NetworkName = Literal["two_layer", "cnn", "deep_cnn"]
OptimizerName = Literal["sgd", "adam"]

LEARNING_RATE: Mapping[str, float] = {"sgd": 0.1, "adam": 0.001}
BETA1, BETA2, EPSILON = 0.9, 0.999, 1e-8

FILTERS, KERNEL, IMAGE = 30, 5, 28
CONVOLVED = IMAGE - KERNEL + 1
POOLED = CONVOLVED // 2


def _block(channels: int, filters: int, padding: int) -> list[tuple[Any, ...]]:
    """Two convolutions of 3x3 and a pooling of the deep network; `padding` is that of the second."""
    first, second = ("conv", channels, filters, 3, 1), ("conv", filters, filters, 3, padding)
    return [first, ("relu",), second, ("relu",), ("pool",)]


# ("conv", channels, filters, kernel, padding), ("affine", in, out), ("pool",) of 2x2, ("flatten",), ("relu",).
ARCHITECTURES: Mapping[NetworkName, list[tuple[Any, ...]]] = {
    "two_layer": [("affine", 784, 50), ("relu",), ("affine", 50, 10)],
    "cnn": [
        ("conv", 1, FILTERS, KERNEL, 0),
        *[("relu",), ("pool",), ("flatten",)],
        *[("affine", FILTERS * POOLED * POOLED, 100), ("relu",), ("affine", 100, 10)],
    ],
    # Without its dropout: the libraries' random numbers differ, and their results could not be compared.
    "deep_cnn": [
        *_block(1, 16, 1),
        *_block(16, 32, 2),
        *_block(32, 64, 1),
        *[("flatten",), ("affine", 64 * 4 * 4, 50), ("relu",), ("affine", 50, 10)],
    ],
}


@dataclass(frozen=True)
class NetworkProblem:
    """One training step, repeated: forward, softmax cross-entropy (mean over the batch), backward, update.

    Attributes
    ----------
    network : {"two_layer", "cnn", "deep_cnn"}
        Its layers are in :data:`ARCHITECTURES`.
    optimizer : {"sgd", "adam"}
    parameters : dict of float32 arrays
        Initial values, ``W1, b1, W2, b2, ...`` in the order of the layers; (in, out) for affine layers, (out, in,
        height, width) for convolutions.
    images : float32
        (100, 784) or (100, 1, 28, 28). Noise rather than digits: equal neighbours would make the winner of a
        pooling window a matter of policy, and the libraries' policies differ.
    labels : (100,) int64
    """

    network: NetworkName
    optimizer: OptimizerName
    parameters: Arrays
    images: F32
    labels: NDArray[np.int64]


def network_problem(network: NetworkName, optimizer: OptimizerName) -> NetworkProblem:
    """Return the seeded training step of `network` (He-initialised, float32, batch of 100)."""
    rng = np.random.default_rng(1)
    images = rng.uniform(0.0, 1.0, (BATCH, 784) if network == "two_layer" else (BATCH, 1, IMAGE, IMAGE))
    shapes: dict[str, tuple[int, ...]] = {}
    for kind, *sizes in ARCHITECTURES[network]:
        number = len(shapes) // 2 + 1
        if kind == "conv":
            channels, filters, kernel, _ = sizes
            shapes |= {f"W{number}": (filters, channels, kernel, kernel), f"b{number}": (filters,)}
        elif kind == "affine":
            shapes |= {f"W{number}": tuple(sizes), f"b{number}": (sizes[1],)}
    parameters: Arrays = {}
    for name, shape in shapes.items():
        fan_in = math.prod(shape[1:]) if len(shape) == 4 else shape[0]
        scale = 0.01 if len(shape) == 1 else math.sqrt(2.0 / fan_in)
        parameters[name] = (scale * rng.standard_normal(shape)).astype(np.float32)
    labels = rng.integers(0, 10, BATCH)
    return NetworkProblem(network, optimizer, parameters, images.astype(np.float32), labels)


# --- what a contestant offers -------------------------------------------------------------------------------


class Work:
    """One piece of work that is checked and then timed."""

    def reset(self) -> None:
        """Go back to the initial parameters; never timed."""

    def run(self) -> None:
        """Do the work once; this is what is timed."""
        raise NotImplementedError

    def results(self) -> Arrays:
        """Return what the last :meth:`run` computed, as NumPy arrays under the names of the problem."""
        raise NotImplementedError


class DeepChain:
    """A chain of very many operations, in the three phases that are timed apart."""

    def forward(self, operations: int) -> None:
        """Build the graph."""
        raise NotImplementedError

    def backward(self) -> F32:
        """Run the backward pass and return the gradient of the leaf."""
        raise NotImplementedError

    def free(self) -> None:
        """Drop the last reference to the graph."""
        raise NotImplementedError


class Contestant:
    """A library, or a way of writing the work by hand.

    Every factory raises :class:`Unsupported` unless a subclass offers the work.
    """

    name: str
    module: str
    """Name under which the library is imported."""
    networks: tuple[str, ...] = ("two_layer", "cnn")
    """The networks it has a text for."""

    def chain(self, problem: ChainProblem, mode: ChainMode) -> Work:
        """Return the work of the chain case: ``forward``, ``backward`` (both passes) or ``second`` order."""
        raise Unsupported("not offered")

    def network(self, problem: NetworkProblem) -> Work:
        """Return the training step of a network."""
        raise Unsupported("not offered")

    def deep_chain(self) -> DeepChain:
        """Return the deep chain."""
        raise Unsupported("not offered")
