"""Norms at the origin, singular matrices, ties of eigenvalues and singular values; and the gradients of PyTorch."""

from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad.testing import check_grad
from tests.ops.samples_linalg import TALL, WIDE, A, S, conditioned

L = mg.linalg
FOURTH = np.diag([1.0, 2.0, 3.0, 0.0])


def symmetrized(a: Any) -> Any:
    return (a + np.swapaxes(a, -1, -2)) * 0.5


def gradient(f: Any, x: Any) -> Any:
    t = mg.Tensor(x, requires_grad=True)
    y = f(t)
    return mg.grad(y if y.ndim == 0 else y.sum(), t, allow_unused=True)[0].numpy()


def test_second_derivatives_of_det_at_singular_matrices() -> None:
    for x in (FOURTH, np.diag([1.0, 2.0, 0.0, 0.0]), conditioned((4, 2), 1) @ conditioned((2, 4), 2), np.ones((3, 3))):
        check_grad(L.det, x)


def test_norm_of_large_matrices_is_not_read_as_rank_deficient() -> None:
    x = np.diag([1.0, 1e-9])
    np.testing.assert_allclose(gradient(lambda t: L.matrix_norm(t, ord="nuc"), x), np.eye(2), atol=1e-12)


def test_eigenvalues_that_tie_to_rounding() -> None:
    q = np.linalg.qr(np.random.default_rng(0).normal(size=(4, 4)))[0]
    a = q @ np.diag([1.0, 1.0, 1.0, 2.0]) @ q.T
    got = gradient(lambda t: (L.eigh(t).eigenvectors @ L.eigh(t).eigenvectors.mT * a).sum(), symmetrized(a))
    np.testing.assert_allclose(got, 0, atol=1e-12)


TORCH: dict[str, Any] = {
    "inv": (lambda m, x: m.linalg.inv(x), A),
    "det": (lambda m, x: m.linalg.det(x), A),
    "cholesky": (lambda m, x: m.linalg.cholesky(x), S),
    "eigvalsh": (lambda m, x: m.linalg.eigvalsh(x), S),
    "svdvals": (lambda m, x: m.linalg.svdvals(x), TALL),
    "pinv": (lambda m, x: m.linalg.pinv(x), WIDE),
    "qr": (lambda m, x: m.linalg.qr(x)[1] ** 2, TALL),
    "wide qr": (lambda m, x: m.linalg.qr(x)[1] ** 2, WIDE),
    "norm": (lambda m, x: m.linalg.norm(x), WIDE),
    "norm at 0": (lambda m, x: m.linalg.norm(x), np.zeros(3)),
    "matrix_power": (lambda m, x: m.linalg.matrix_power(x, -3), A),
    "slogdet": (lambda m, x: m.linalg.slogdet(x)[1], A),
    "nuc": (lambda m, x: m.linalg.matrix_norm(x, ord="nuc"), TALL),
}


@pytest.mark.parametrize("name", TORCH)
def test_gradients_are_those_of_torch(name: str) -> None:
    torch = pytest.importorskip("torch", reason="needs PyTorch")
    f, x = TORCH[name]
    t = torch.tensor(np.array(x), requires_grad=True)
    f(torch, t).sum().backward()
    np.testing.assert_allclose(gradient(lambda v: f(mg, v), x), t.grad.numpy(), rtol=1e-9, atol=1e-11)
