"""Comparison with PyTorch where it is installed: values, and gradients at every floating argument."""

from collections.abc import Callable
from typing import Any

import numpy as np

import minigrad as mg


def compare(
    ours: Callable[..., mg.Tensor],
    theirs: Callable[..., Any],
    *args: Any,
    params: dict[str, Any] | None = None,
    rtol: float = 1e-9,
    atol: float = 1e-11,
    constants: tuple[int, ...] = (),
) -> None:
    """Hold a function to PyTorch's: value, dtype, shape and gradients, all weighted with the same random numbers.

    Floating arrays are differentiated, but for those at the positions `constants`.
    """
    import torch

    params = params or {}
    args = tuple([np.asarray(a) if isinstance(a, np.generic) else a for a in args])
    floating = [
        i for i, a in enumerate(args) if isinstance(a, np.ndarray) and a.dtype.kind == "f" and i not in constants
    ]
    a = [mg.Tensor(v, requires_grad=i in floating) if isinstance(v, np.ndarray) else v for i, v in enumerate(args)]
    b = [
        torch.tensor(v.copy(), requires_grad=i in floating) if isinstance(v, np.ndarray) else v
        for i, v in enumerate(args)
    ]
    y, z = ours(*a, **params), theirs(*b, **params)
    assert y.shape == tuple(z.shape)
    assert str(y.dtype) == str(z.dtype).removeprefix("torch.")
    np.testing.assert_allclose(y.data, z.detach().numpy(), rtol=rtol, atol=atol)
    if not z.requires_grad or not z.numel():
        return
    weights = np.random.default_rng(1).uniform(0.5, 1.5, y.shape).astype(y.dtype)
    found = mg.grad(y, [a[i] for i in floating], weights, allow_unused=True)
    expected = torch.autograd.grad(z, [b[i] for i in floating], torch.tensor(weights), allow_unused=True)
    for i, g, e in zip(floating, found, expected, strict=True):
        g = np.zeros(a[i].shape) if g is None else g.data
        e = np.zeros(a[i].shape) if e is None else e.numpy()
        np.testing.assert_allclose(g, e, rtol=rtol, atol=atol, err_msg=f"the gradient of argument {i}")
