"""Kinks, ties, zeros and infinities: the gradient of least norm, else the limit, and never a NaN that is not due."""

import math
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad import listing
from minigrad.nn import functional as F
from minigrad.testing.policy import POINTS, PRINCIPLES, Point, evaluate

inf = math.inf


@pytest.mark.parametrize("point", POINTS, ids=lambda p: f"{p.op}: {p.call} at {p.at}")
@pytest.mark.parametrize("order", [1, 2])
def test_gradient_at_singular_points(point: Point, order: int) -> None:
    wanted = point.gradient if order == 1 else point.second
    if wanted is None:
        return
    try:
        found = evaluate(point, order)
    except ImportError as error:
        pytest.skip(str(error))
    assert found.keys() == wanted.keys()
    for name, value in wanted.items():
        if value is None or (order == 1 and found[name] is None):
            assert found[name] is value
        else:
            got = np.zeros_like(value) if found[name] is None else found[name]
            np.testing.assert_allclose(got, value, rtol=1e-12, atol=point.rounding)


def test_points_name_ops_and_principles() -> None:
    modules = (mg, mg.linalg, mg.special, mg.ops.pooling)
    for op in {p.op for p in POINTS}:
        assert op in mg.registry or any(hasattr(module, op) for module in modules), op
    assert {p.principle for p in POINTS} <= {"", *PRINCIPLES}


# Without kinks, ties, poles or ends of a domain, or (the inverses) with an error instead of a value there.
SMOOTH = {
    "add", "affine", "astype", "avg_pool2d", "avg_unpool2d", "batch_norm", "broadcast_to", "checkpoint", "cholesky",
    "cofactor", "cofactor_change", "col2im", "concatenate", "conv2d", "conv2d_filters", "conv_transpose2d",
    "convolve", "cos", "cosh", "cross", "deg2rad", "diag_embed", "einsum", "expm", "flip", "gelu",
    "group_norm", "identity", "im2col", "index_add", "inv", "linear_recurrence", "lstsq",
    "matmul", "multiply", "negative", "overlap_add", "pad", "qr", "rad2deg", "resample", "resample_transpose",
    "reshape", "rms_norm", "roll", "scatter", "sin", "sinh", "sliding_windows", "solve", "solve_triangular",
    "square", "stack", "subtract", "transpose",
}  # fmt: skip
# Recorded by the rules of others: gradients of gradients, whose points are in the rows of these.
INNER = {
    "arcsin_slope", "bessel_ratio", "inverse_mills", "inverse_point", "logaddexp_share", "unit",
}  # fmt: skip


def test_every_op_with_singular_points_has_rows() -> None:
    listing.load()
    own = {op.name for op in mg.registry.values() if op.module.startswith("minigrad.") and op.name[:3] != "my_"}
    assert own - {p.op for p in POINTS} == (SMOOTH | INNER) & own
    assert not (SMOOTH | INNER) & {p.op for p in POINTS}


def test_max_pool_never_chooses_the_padding() -> None:
    x = mg.Tensor(np.full((1, 1, 2, 2), -1e30), requires_grad=True)
    y = F.max_pool2d(x, 2, stride=1, padding=1)
    y.sum().backward()
    assert np.all(y.data == -1e30)
    assert x.grad.data.sum() == y.size


def test_cross_entropy_of_an_impossible_class_of_probability_zero() -> None:
    loss = F.softmax_cross_entropy([[-inf, 0.0, 0.0]], [[0.0, 1.0, 0.0]])
    assert loss.item() == pytest.approx(math.log(2))


def test_the_second_order_at_kinks_is_zero() -> None:
    for f in (mg.abs, mg.relu, lambda x: mg.maximum(x, 0.0), lambda x: mg.clip(x, 0.0, 1.0)):
        assert mg.func.grad(mg.func.grad(lambda x, f=f: f(x).sum()))(0.0).item() == 0.0


def test_nan_is_passed_on_and_not_hidden() -> None:
    x = mg.Tensor([math.nan, 1.0], requires_grad=True)
    for f in (mg.relu, mg.abs, mg.max, mg.clip, mg.sigmoid):
        y = f(x, 0.0, 1.0) if f is mg.clip else f(x)
        assert np.isnan(y.data.ravel()[0])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    "f",
    [
        mg.softmax,
        mg.log_softmax,
        mg.logsumexp,
        lambda x: F.softmax_cross_entropy(x.reshape(1, -1), [1]),
        lambda x: F.softmax_cross_entropy(x.reshape(1, -1), [[0.0, 0.5, 0.5]]),
    ],
    ids=["softmax", "log_softmax", "logsumexp", "classes", "probabilities"],
)
@pytest.mark.parametrize("x", [[1000.0, 999.0, -1000.0], [-inf, 0.5, 0.0], [3.0, 1.0, 2.0]], ids=str)
def test_large_and_masked_logits_in_every_mode_and_order(f: Any, x: list[float], dtype: type) -> None:
    point = np.array(x, dtype)
    jacobian = mg.func.jacobian(f, mode="reverse")(point).data
    assert np.isfinite(jacobian).all()
    np.testing.assert_allclose(mg.func.jacobian(f, mode="forward")(point).data, jacobian, rtol=1e-4, atol=1e-6)
    value = f(mg.Tensor(point)).data
    with mg.decompose():
        np.testing.assert_allclose(f(mg.Tensor(point)).data, value, rtol=1e-5)
        opened = mg.func.jacobian(f, mode="reverse")(point).data
    np.testing.assert_allclose(opened, jacobian, rtol=1e-4, atol=1e-6)
    second = mg.func.jacobian(mg.func.jacobian(f, mode="reverse"), mode="reverse")(point).data
    assert np.isfinite(second).all()
