"""The functional forms at kinks, zeros and infinities: the slope of least norm, else the limit; no NaN, no warning.

Those of single ops are in :mod:`minigrad.testing.policy.functional`, those of what is made of several in
:mod:`minigrad.nn.policy`.
"""

import math
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad.nn import functional as F
from minigrad.nn.policy import POINTS as NN_POINTS
from minigrad.testing.policy.functional import POINTS

inf = math.inf
FAR = ([-inf, -1000.0, 1000.0, inf],)

@pytest.mark.parametrize("point", POINTS, ids=lambda p: f"{p.call} at {p.at}")
def test_no_warning_at_the_points_of_single_ops(point: Any) -> None:
    leaves = {name: mg.Tensor(values, requires_grad=True, dtype=float) for name, values in point.at.items()}
    y = eval(point.call, {"mg": mg, "inf": inf, **leaves})
    found = mg.grad(y, list(leaves.values()), np.ones(y.shape))
    for g, wanted in zip(found, point.gradient.values(), strict=True):
        np.testing.assert_allclose(g.data, wanted, rtol=1e-12, atol=1e-200)


@pytest.mark.parametrize("point", NN_POINTS, ids=lambda p: f"{p.call} at {p.at}")
def test_gradient_of_the_functional_forms(point: Any) -> None:
    leaves = {name: mg.Tensor(values, requires_grad=True, dtype=float) for name, values in point.at.items()}
    y = eval(point.call, {"F": F, "np": np, "inf": inf, **leaves})
    found = mg.grad(y, list(leaves.values()), np.ones(y.shape), allow_unused=True)
    for g, (name, wanted) in zip(found, point.gradient.items(), strict=True):
        got = np.zeros(leaves[name].shape) if g is None else g.data
        np.testing.assert_allclose(got, wanted, rtol=1e-12, atol=0)


def test_every_functional_form_with_a_kink_has_rows() -> None:
    assert {p.op for p in NN_POINTS} <= set(F.__all__)
    kinked = {
        "relu6", "leaky_relu", "hardtanh", "threshold", "hardshrink", "softshrink", "l1_loss", "smooth_l1_loss",
        "huber_loss", "binary_cross_entropy", "binary_cross_entropy_with_logits", "kl_div", "cross_entropy", "nll_loss",
        "multiclass_svm_loss", "hinge_embedding_loss", "margin_ranking_loss", "cosine_embedding_loss",
        "cosine_similarity", "normalize", "pairwise_distance", "triplet_margin_loss", "hardsigmoid", "hardswish",
    }  # fmt: skip
    assert kinked <= {p.op for p in NN_POINTS}


def test_exact_gelu_far_from_zero() -> None:
    pytest.importorskip("scipy", reason="the exact gelu needs SciPy")
    x = mg.Tensor(FAR[0], requires_grad=True)
    assert mg.grad(F.gelu(x), x, np.ones(4))[0].tolist() == [0.0, 0.0, 1.0, 1.0]
    assert F.gelu(FAR[0]).tolist() == [0.0, 0.0, 1000.0, inf]


# At minus infinity, -1000, 1000 and infinity.
VALUES: list[tuple[Any, list[float]]] = [
    (F.elu, [-1, -1, 1000, inf]),
    (F.hardswish, [0, 0, 1000, inf]),
    (lambda x: F.gelu(x, "tanh"), [0, 0, 1000, inf]),
    (F.silu, [0, 0, 1000, inf]),
    (F.mish, [0, 0, 1000, inf]),
    (F.softplus, [0, 0, 1000, inf]),
    (lambda x: F.softplus(x, threshold=inf), [0, 0, 1000, inf]),
    (F.logsigmoid, [-inf, -1000, 0, 0]),
    (F.softsign, [-1, -1000 / 1001, 1000 / 1001, 1]),
    (F.tanhshrink, [-inf, -999, 999, inf]),
    (F.softshrink, [-inf, -999.5, 999.5, inf]),
    (F.hardshrink, [-inf, -1000, 1000, inf]),
    (F.hardsigmoid, [0, 0, 1, 1]),
    (lambda x: F.binary_cross_entropy_with_logits(x, [1.0] * 4, reduction="none"), [inf, 1000, 0, 0]),
    (lambda x: F.binary_cross_entropy_with_logits(x, [0.0] * 4, reduction="none"), [0, 0, 1000, inf]),
]


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16"])
@pytest.mark.parametrize(("f", "expected"), VALUES)
def test_values_far_from_zero(f: Any, expected: list[float], dtype: str) -> None:
    x = mg.Tensor(np.array(FAR[0], dtype), requires_grad=True)
    y = f(x)
    assert y.dtype == (dtype if x.dtype == y.dtype else "float64")
    np.testing.assert_allclose(y.data, np.array(expected, y.dtype), rtol=1e-3 if dtype == "float16" else 1e-6)
    (g,) = mg.grad(y, x, np.ones(4, y.dtype))
    assert np.isfinite(g.data).all()
    assert g.dtype == dtype


def test_nan_is_passed_on() -> None:
    x = np.array([math.nan])
    for f in (
        F.relu6, F.leaky_relu, F.elu, F.celu, F.selu, F.hardtanh, F.hardsigmoid, F.hardswish, F.hardshrink,
        F.softshrink, F.silu, F.mish, F.softplus, F.logsigmoid, F.softsign, F.tanhshrink,
        lambda x: F.gelu(x, "tanh"), lambda x: F.threshold(x, 0.0, 1.0), lambda x: F.huber_loss(x, [0.0]),
    ):  # fmt: skip
        assert np.isnan(f(x).data).all()
