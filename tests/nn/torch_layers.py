"""Layers beside PyTorch's with the same values: outputs, and gradients at the input and at every parameter."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

import minigrad as mg
from minigrad import nn

Rename = Callable[[Mapping[str, Any]], dict[str, Any]]


def arrays_of(theirs: Any) -> dict[str, Any]:
    """The parameters and buffers of a PyTorch module, by PyTorch's names."""
    return {name: tensor.detach().numpy() for name, tensor in theirs.state_dict().items()}


def gradients_of(theirs: Any) -> dict[str, Any]:
    """The gradients of its parameters, by PyTorch's names."""
    return {name: p.grad.numpy() for name, p in theirs.named_parameters() if p.grad is not None}


def parts(out: Any) -> Any:
    """The tensors of an output that is nested tuples of them, in order."""
    return [t for part in out for t in parts(part)] if isinstance(out, tuple) else [out]


def compare_layers(
    ours: nn.Module,
    theirs: Any,
    *inputs: Any,
    rename: Rename = dict,
    options: dict[str, Any] | None = None,
    their_options: dict[str, Any] | None = None,
    rtol: float = 1e-9,
    atol: float = 1e-10,
    ignore: str = "",
) -> None:
    """Give `theirs` values to `ours`, then hold outputs, gradients and buffers of both against each other.

    `rename` turns a mapping by PyTorch's names and layouts into one by ours; it must do so for gradients, too.
    """
    import torch

    ours.load_state_dict({k: v.copy() for k, v in rename(arrays_of(theirs)).items()})
    differentiated = [np.asarray(x).dtype.kind == "f" for x in inputs]
    a = [mg.Tensor(x, requires_grad=d) for x, d in zip(inputs, differentiated, strict=True)]
    b = [torch.tensor(np.array(x), requires_grad=d) for x, d in zip(inputs, differentiated, strict=True)]
    found = parts(ours(*a, **(options or {})))
    expected = parts(theirs(*b, **(options if their_options is None else their_options) or {}))
    rng = np.random.default_rng(5)
    total: Any = 0.0
    their_total: Any = 0.0
    for y, z in zip(found, expected, strict=True):
        assert y.shape == tuple(z.shape)
        assert str(y.dtype) == str(z.dtype).removeprefix("torch.")
        np.testing.assert_allclose(y.data, z.detach().numpy(), rtol=rtol, atol=atol)
        weights = rng.uniform(0.5, 1.5, y.shape).astype(y.dtype)
        total, their_total = total + (y * weights).sum(), their_total + (z * torch.tensor(weights)).sum()
    total.backward()
    their_total.backward()
    for i, (x, z) in enumerate(zip(a, b, strict=True)):
        if differentiated[i]:
            assert x.grad is not None
            np.testing.assert_allclose(x.grad.data, z.grad.numpy(), rtol=rtol, atol=atol, err_msg=f"input {i}")
    expected_grads = rename(gradients_of(theirs))
    for name, parameter in ours.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.dtype == parameter.dtype
        np.testing.assert_allclose(parameter.grad.data, expected_grads[name], rtol=rtol, atol=atol, err_msg=name)
    buffers = rename(arrays_of(theirs))
    for name, buffer in ours.named_buffers():
        if name == ignore:
            continue
        np.testing.assert_allclose(buffer.data, buffers[name], rtol=rtol, atol=atol, err_msg=name)
