"""Kernels that work block by block: the same on many blocks as on one, and as in float64."""

import math
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad.nn import functional as F
from minigrad.ops import _gelu_kernels, _norm_kernels, _shared
from minigrad.ops._limits import at_least, at_most
from minigrad.ops.activation import relu

NORMS: dict[str, Any] = {
    "layer": (lambda x, w, b: F.layer_norm(x, 6, w, b), (10, 3, 6), 6),
    "layer, bare": (lambda x, w, b: F.layer_norm(x, 6) * w + b, (10, 3, 6), 6),
    "group": (lambda x, w, b: F.group_norm(x, 2, w, b), (10, 6, 2, 2), 6),
    "group, bare": (lambda x, w, b: F.group_norm(x, 2) * w + b, (10, 4, 2, 6), 6),
    "instance": (lambda x, w, b: F.instance_norm(x, None, None, w, b), (5, 6, 4), 6),
}


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("block", [1, 40, 1 << 17])
@pytest.mark.parametrize("name", NORMS)
def test_norms_of_many_blocks(
    name: str, block: int, dtype: Any, rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    norm, shape, width = NORMS[name]
    values = [(rng.standard_normal(s) + 2).astype(dtype) for s in (shape, width, width)]
    upstream = rng.standard_normal(shape).astype(dtype)
    exact = [mg.Tensor(v.astype(np.float64), requires_grad=True) for v in values]
    with mg.decompose():
        y = norm(*exact)
    expected = [y.detach(), *mg.grad(y, exact, upstream.astype(np.float64))]
    monkeypatch.setattr(_norm_kernels, "_BLOCK", block)
    leaves = [mg.Tensor(v, requires_grad=True) for v in values]
    z = norm(*leaves)
    found = [z.detach(), *mg.grad(z, leaves, upstream, retain_graph=True)]
    tolerance = {np.float16: 2e-2, np.float32: 3e-5, np.float64: 1e-12}[dtype]
    for a, b in zip(found, expected, strict=True):
        assert a.dtype == dtype
        np.testing.assert_allclose(a.data, b.data, rtol=tolerance, atol=tolerance * float(np.abs(b.data).max()))
    # Each parameter alone, whose rule then finds nothing that another one left for it.
    for i in (1, 2):
        (alone,) = mg.grad(z, leaves[i], upstream, retain_graph=True)
        np.testing.assert_allclose(alone.data, found[i + 1].data, rtol=tolerance, atol=tolerance)


def test_a_mean_far_above_the_deviations_costs_no_more_than_its_digits(rng: np.random.Generator) -> None:
    x = rng.standard_normal((4, 512))
    far = (x + 1000).astype(np.float32)
    exact = far - far.astype(np.float64).mean(axis=1, keepdims=True)
    exact /= np.sqrt(np.square(exact).mean(axis=1, keepdims=True) + 1e-5)
    np.testing.assert_allclose(F.layer_norm(far, 512).data, exact, atol=1e-3)


def test_norms_keep_the_input_and_not_a_copy() -> None:
    x = mg.Tensor(np.ones((8, 4), np.float32), requires_grad=True)
    for y in (F.layer_norm(x, 4), F.group_norm(x, 2)):
        ((_, _, saved),) = y.node.edges
        arrays = [v for v in saved if isinstance(v, np.ndarray)]
        assert any(a is x.data for a in arrays)
        assert sum(a.size for a in arrays if a is not x.data) <= 32
        assert any(isinstance(v, _shared.Shared) for v in saved)


FAR_AND_NEAR = np.concatenate(
    [np.linspace(-15, 15, 40_001), np.logspace(-44, 4, 999), -np.logspace(-44, 4, 999), [0.0, -0.0]]
).astype(np.float32)


def test_gelu_in_float32_has_the_digits_of_float32() -> None:
    special = pytest.importorskip("scipy.special", reason="the exact gelu needs SciPy")
    x = FAR_AND_NEAR
    wide = np.clip(x.astype(np.float64), -40, None)
    leaf = mg.Tensor(x, requires_grad=True)
    y = F.gelu(leaf)
    (slope,) = mg.grad(y, leaf, np.ones_like(x))
    assert y.dtype == slope.dtype == np.float32
    value = wide * special.ndtr(wide)
    near = np.abs(wide) < 5
    np.testing.assert_allclose(y.data[near], value[near], rtol=1e-6, atol=1e-38)
    # exp of -x²/2 loses digits by the size of its argument, as any exponential in float32.
    np.testing.assert_allclose(y.data, value, rtol=1e-5, atol=1e-37)
    z = np.clip(wide, -40, 40)
    density = np.exp(z * z * -0.5) / math.sqrt(2 * math.pi)
    np.testing.assert_allclose(slope.data, special.ndtr(wide) + z * density, rtol=0, atol=2e-7)


def test_gelu_kernels_take_any_shape() -> None:
    x = np.linspace(-3, 3, 24, dtype=np.float32).reshape(2, 3, 4)
    for part in (x[:, ::2, ::-1], x.T, x[:0], x[0, 0, 0]):
        for kernel in (_gelu_kernels.gelu, _gelu_kernels.slope):
            found = kernel(part)
            assert found.shape == np.shape(part)
            np.testing.assert_array_equal(found, kernel(np.array(part, order="C", ndmin=1)).reshape(np.shape(part)))
    for kernel in (_gelu_kernels.gelu, _gelu_kernels.slope):
        assert np.isnan(kernel(np.array([math.nan], np.float32))).all()
    limits = np.array([-math.inf, math.inf], np.float32)
    assert _gelu_kernels.gelu(limits).tolist() == [0.0, math.inf]
    assert _gelu_kernels.slope(limits).tolist() == [0.0, 1.0]


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.int64])
def test_limits_are_the_same_for_large_arrays(dtype: Any, rng: np.random.Generator) -> None:
    x = (rng.standard_normal((300, 400)) * 9).astype(dtype)
    if x.dtype.kind == "f":
        x[0, :3] = math.nan, math.inf, -math.inf
    for order in (x, x.T):
        np.testing.assert_array_equal(at_least(order, -2), np.maximum(order, -2), strict=True)
        np.testing.assert_array_equal(at_most(order, 2), np.minimum(order, 2), strict=True)
    np.testing.assert_array_equal(relu(x).data, np.maximum(x, 0), strict=True)
