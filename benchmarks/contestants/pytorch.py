"""PyTorch in eager mode, with its own modules and optimizers at their default settings."""

from __future__ import annotations

import os
from collections.abc import Callable

import torch

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

torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))


def array(tensor: torch.Tensor) -> F32:
    """Return the values as a NumPy array."""
    values: F32 = tensor.detach().numpy().copy()
    return values


class PyTorch(Contestant):
    """PyTorch eager."""

    module = "torch"
    networks = ("two_layer", "cnn", "deep_cnn")

    def chain(self, problem: ChainProblem, mode: ChainMode) -> Work:
        return TorchChain(problem, mode)

    def network(self, problem: NetworkProblem) -> Work:
        return TorchNetwork(problem)

    def deep_chain(self) -> DeepChain:
        return TorchDeepChain()


class TorchChain(Work):
    """The chain."""

    def __init__(self, problem: ChainProblem, mode: ChainMode) -> None:
        self.problem, self.mode = problem, mode
        self.constants = {name: torch.from_numpy(value.copy()) for name, value in problem.constants.items()}
        self.x = torch.from_numpy(problem.x.copy()).requires_grad_()
        self.found: dict[str, torch.Tensor] = {}

    def run(self) -> None:
        x = self.x
        x.grad = None
        y = chain(x, self.constants, self.problem.cycles, torch.exp, torch.sin)
        if self.mode == "forward":
            self.found = {"y": y}
            return
        if self.mode == "backward":
            y.sum().backward()
            assert x.grad is not None
            self.found = {"y": y, "grad": x.grad}
            return
        (grad,) = torch.autograd.grad(y.sum(), x, create_graph=True)
        grad.sum().backward()
        assert x.grad is not None
        self.found = {"grad": grad, "second": x.grad}

    def results(self) -> Arrays:
        return {name: array(value) for name, value in self.found.items()}


class TorchNetwork(Work):
    """The networks; ``Linear`` keeps its weight as (out, in), hence the transposes at the border."""

    def __init__(self, problem: NetworkProblem) -> None:
        self.problem = problem
        self.images = torch.from_numpy(problem.images.copy())
        self.labels = torch.from_numpy(problem.labels.copy())
        self.reset()

    def reset(self) -> None:
        layers: dict[str, Callable[..., torch.nn.Module]] = {
            "conv": lambda channels, filters, size, padding: torch.nn.Conv2d(channels, filters, size, padding=padding),
            "affine": torch.nn.Linear,
            "relu": torch.nn.ReLU,
            "pool": lambda: torch.nn.MaxPool2d(2),
            "flatten": torch.nn.Flatten,
        }
        architecture = ARCHITECTURES[self.problem.network]
        self.model = torch.nn.Sequential(*[layers[kind](*sizes) for kind, *sizes in architecture])
        with torch.no_grad():
            for own, value in zip(self.model.parameters(), self.problem.parameters.values(), strict=True):
                own.copy_(torch.from_numpy(value.T.copy() if value.ndim == 2 else value.copy()))
        rate = LEARNING_RATE[self.problem.optimizer]
        self.optimizer: torch.optim.Optimizer
        if self.problem.optimizer == "sgd":
            self.optimizer = torch.optim.SGD(self.model.parameters(), lr=rate)
        else:
            self.optimizer = torch.optim.Adam(self.model.parameters(), lr=rate)
        self.loss = torch.zeros(())

    def run(self) -> None:
        self.optimizer.zero_grad()
        self.loss = torch.nn.functional.cross_entropy(self.model(self.images), self.labels)
        self.loss.backward()
        self.optimizer.step()

    def results(self) -> Arrays:
        found = {"loss": array(self.loss)}
        for name, own in zip(self.problem.parameters, self.model.parameters(), strict=True):
            assert own.grad is not None
            turn = own.ndim == 2
            found[f"grad of {name}"] = array(own.grad).T if turn else array(own.grad)
            found[f"new {name}"] = array(own).T if turn else array(own)
        return found


class TorchDeepChain(DeepChain):
    """The deep chain."""

    def __init__(self) -> None:
        self.x = torch.from_numpy(DEEP_X.copy()).requires_grad_()
        self.y: torch.Tensor | None = None

    def forward(self, operations: int) -> None:
        scale, shift = torch.from_numpy(DEEP_SCALE.copy()), torch.from_numpy(DEEP_SHIFT.copy())
        self.y = deep_chain(self.x, scale, shift, operations)

    def backward(self) -> F32:
        assert self.y is not None
        self.y.backward(torch.ones(8))
        assert self.x.grad is not None
        return array(self.x.grad)

    def free(self) -> None:
        self.y = None
