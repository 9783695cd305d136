"""Norms at the origin, singular matrices, ties of eigenvalues and singular values; and the gradients of PyTorch."""

from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad.testing import check_grad
from tests.ops.samples_linalg import TALL, WIDE, A, S, conditioned

L = mg.linalg
ORDERS = ("fro", "nuc", 1, -1, 2, -2, np.inf, -np.inf)


def symmetrized(a: Any) -> Any:
    return (a + np.swapaxes(a, -1, -2)) * 0.5


def polar(a: Any) -> Any:
    u, _, vh = np.linalg.svd(a, full_matrices=False)
    return u @ vh


def gradient(f: Any, x: Any) -> Any:
    t = mg.Tensor(x, requires_grad=True)
    y = f(t)
    return mg.grad(y if y.ndim == 0 else y.sum(), t, allow_unused=True)[0].numpy()


FOURTH = np.diag([1.0, 2.0, 3.0, 0.0])
POLICY: list[tuple[str, Any, Any, Any]] = [
    # what, function, point, gradient: the subgradient of least norm, else the limit
    ("2-norm at 0", L.norm, np.zeros(3), np.zeros(3)),
    ("1-norm at 0", lambda x: L.norm(x, 1), np.array([0.0, -2.0]), np.array([0.0, -1.0])),
    ("inf-norm at 0", lambda x: L.norm(x, np.inf), np.zeros(2), np.zeros(2)),
    ("inf-norm, tie", lambda x: L.norm(x, np.inf), np.array([2.0, -2.0, 1.0]), np.array([0.5, -0.5, 0.0])),
    ("-inf-norm, tie", lambda x: L.norm(x, -np.inf), np.array([2.0, -1.0, 1.0]), np.array([0.0, -0.5, 0.5])),
    ("0-norm", lambda x: L.norm(x, 0), np.array([2.0, 0.0]), np.zeros(2)),
    ("3-norm at 0", lambda x: L.norm(x, 3), np.zeros(2), np.zeros(2)),
    ("1/2-norm, a zero", lambda x: L.norm(x, 0.5), np.array([4.0, 0.0]), np.array([1.0, 0.0])),
    ("-1-norm, a zero", lambda x: L.norm(x, -1), np.array([4.0, 0.0]), np.zeros(2)),
    *[
        (
            f"{ord}-norm of a zero matrix",
            lambda x, ord=ord: L.matrix_norm(x, ord=ord),
            np.zeros((2, 3)),
            np.zeros((2, 3)),
        )
        for ord in ORDERS
    ],
    ("nuclear norm, rank 1", lambda x: L.matrix_norm(x, ord="nuc"), np.diag([2.0, 0.0]), np.diag([1.0, 0.0])),
    ("largest singular value, tie", lambda x: L.matrix_norm(x, ord=2), np.eye(2), np.eye(2) / 2),
    ("least singular value at 0", lambda x: L.matrix_norm(x, ord=-2), np.diag([2.0, 0.0]), np.zeros((2, 2))),
    ("column sums, tie", lambda x: L.matrix_norm(x, ord=1), np.eye(2), np.eye(2) / 2),
    ("det, rank n - 1", L.det, FOURTH, np.diag([0.0, 0.0, 0.0, 6.0])),
    ("det, rank n - 2", L.det, np.diag([1.0, 2.0, 0.0, 0.0]), np.zeros((4, 4))),
    ("slogdet, regular", lambda x: L.slogdet(x).logabsdet, np.diag([2.0, -4.0]), np.diag([0.5, -0.25])),
    ("slogdet of a singular matrix", lambda x: L.slogdet(x).logabsdet, np.diag([2.0, 0.0]), np.full((2, 2), np.nan)),
    (
        "slogdet, singular but masked",
        lambda x: mg.where(False, L.slogdet(x).logabsdet, 1.0),
        np.zeros((2, 2)),
        np.zeros((2, 2)),
    ),
    ("sum of tied eigenvalues", L.eigvalsh, np.eye(3), np.eye(3)),
    ("eigenvectors, ties", lambda x: L.eigh(x).eigenvectors, np.eye(3) * 2, np.zeros((3, 3))),
    ("squared tied singular values", lambda x: L.svdvals(x) ** 2, 3 * np.eye(2), 6 * np.eye(2)),
    (
        "polar factor, ties",
        lambda x: (polar(x) * np.array([[0.0, 1.0], [-1.0, 0.0]])).sum(),
        4 * np.eye(2),
        np.array([[0.0, 0.25], [-0.25, 0.0]]),
    ),
    ("svd of zeros", lambda x: (polar(x) + L.svdvals(x).sum()).sum(), np.zeros((2, 2)), None),
]


@pytest.mark.parametrize(("what", "f", "x", "expected"), POLICY, ids=[row[0] for row in POLICY])
def test_policy(what: str, f: Any, x: Any, expected: Any) -> None:
    got = gradient(f, x)
    if expected is None:
        assert np.all(np.isfinite(got))
    else:
        np.testing.assert_allclose(got, expected, rtol=1e-12, atol=1e-12)


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
