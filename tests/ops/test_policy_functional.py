"""The functional forms at kinks, zeros and infinities: the slope of least norm, else the limit; no NaN, no warning.

The points of single ops are in :mod:`minigrad.testing.policy_functional`; here are those of what is made of several.
"""

import math
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad.nn import functional as F
from minigrad.testing.policy.functional import POINTS

inf = math.inf
FAR = ([-inf, -1000.0, 1000.0, inf],)

# What, the function, where, the gradients, and why these.
POLICY: list[tuple[str, Any, tuple[Any, ...], list[Any], str]] = [
    ("relu6 at the bounds", F.relu6, ([0.0, 6.0, 3.0],), [[0.0, 0.0, 1.0]], "least of [0, 1]"),
    ("leaky_relu at 0, steep", lambda x: F.leaky_relu(x, 2.0), ([0.0, -1.0],), [[1.0, 2.0]], "least of [1, 2]"),
    ("leaky_relu at 0, falling", lambda x: F.leaky_relu(x, -1.0), ([0.0, -2.0],), [[0.0, -1.0]], "least of [-1, 1]"),
    ("leaky_relu, flat", lambda x: F.leaky_relu(x, 0.0), ([-inf, 0.0, inf],), [[0.0, 0.0, 1.0]], "relu"),
    ("hardtanh at the bounds", F.hardtanh, ([-1.0, 1.0],), [[0.0, 0.0]], "least of [0, 1]"),
    ("threshold at it", lambda x: F.threshold(x, 1.0, 1.0), ([1.0, 2.0],), [[0.0, 1.0]], "least of [0, 1]"),
    ("threshold, far", lambda x: F.threshold(x, 1.0, 5.0), ([-inf, inf],), [[0.0, 1.0]], "0 and not 0 · inf"),
    ("hardshrink at the bounds", F.hardshrink, ([-0.5, 0.5],), [[0.0, 0.0]], "a jump: that of the value taken"),
    ("softshrink at the bounds", F.softshrink, ([-0.5, 0.5],), [[0.0, 0.0]], "least of [0, 1]"),
    ("softshrink, far", F.softshrink, ([-inf, inf],), [[1.0, 1.0]], "the limits"),
    ("normalize at 0", F.normalize, ([[0.0, 0.0]],), [[[1e12, 1e12]]], "x / eps below eps"),
    ("cosine_similarity at 0", F.cosine_similarity, ([[0.0, 0.0]], [[3.0, 4.0]]), [[[6e7, 8e7]], [[0.0, 0.0]]],
     "x / eps below eps"),
    ("pairwise_distance at 0", lambda x, y: F.pairwise_distance(x, y, eps=0.0), ([[1.0, 2.0]], [[1.0, 2.0]]),
     [[[0.0, 0.0]], [[0.0, 0.0]]], "least norm"),
    ("pairwise_distance, p = 3", lambda x: F.pairwise_distance(x, 0 * x.data, 3.0, 0.0), ([[0.0, 2.0], [0.0, 0.0]],),
     [[[0.0, 1.0], [0.0, 0.0]]], "least norm"),
    ("pairwise_distance, p = 1/2", lambda x: F.pairwise_distance(x, 0 * x.data, 0.5, 0.0), ([[0.0, 4.0]],),
     [[[0.0, 1.0]]], "0 and not 0 · inf"),
    ("pairwise_distance, maximum", lambda x: F.pairwise_distance(x, 0 * x.data, inf, 0.0), ([[2.0, -2.0]],),
     [[[0.5, -0.5]]], "a tie, shared"),
    ("l1_loss at 0", lambda x: F.l1_loss(x, [0.0]), ([0.0],), [[0.0]], "least of [-1, 1]"),
    ("huber_loss at delta", lambda x: F.huber_loss(x, [0.0, 0.0], reduction="sum"), ([1.0, -1.0],), [[1.0, -1.0]],
     "smooth"),
    ("huber_loss, far", lambda x: F.huber_loss(x, [0.0, 0.0], reduction="sum"), ([inf, -1e200],), [[1.0, -1.0]],
     "no overflow of the square"),
    ("binary_cross_entropy, sure and right", lambda x: F.binary_cross_entropy(x, [0.0, 1.0], reduction="sum"),
     ([0.0, 1.0],), [[1.0, -1.0]], "the limits of 1 / (1 - x) and -1 / x"),
    ("binary_cross_entropy, sure and wrong", lambda x: F.binary_cross_entropy(x, [1.0, 0.0], reduction="sum"),
     ([0.0, 1.0],), [[-1e12, 1e12]], "the logarithm is limited, the slope is 1e12"),
    ("binary_cross_entropy_with_logits, far",
     lambda x: F.binary_cross_entropy_with_logits(x, [0.0, 1.0, 1.0, 0.0], reduction="sum"),
     ([-inf, inf, -1000.0, 1000.0],), [[0.0, 0.0, -1.0, 1.0]], "the limits"),
    ("binary_cross_entropy_with_logits, far, weighted",
     lambda x: F.binary_cross_entropy_with_logits(x, [0.0, 1.0, 1.0], reduction="sum", pos_weight=3.0),
     ([-inf, inf, -1000.0],), [[0.0, 0.0, -3.0]], "the limits"),
    ("kl_div, probability 0", lambda x: F.kl_div(x, [0.0, 1.0], reduction="sum"), ([-inf, 0.0],), [[0.0, -1.0]],
     "0 log 0 is 0"),
    ("kl_div, logarithm -inf", lambda x: F.kl_div(x, [-inf, 0.0], reduction="sum", log_target=True), ([-inf, 0.0],),
     [[0.0, -1.0]], "0 log 0 is 0"),
    ("kl_div, the target at 0", lambda t: F.kl_div([-1.0], t, reduction="sum"), ([0.0],), [[0.0]], "0 log 0 is 0"),
    ("cross_entropy, an impossible class of probability 0",
     lambda x: F.cross_entropy(x, [[0.0, 1.0, 0.0]], reduction="sum", label_smoothing=0.0, weight=[1.0, 1.0, 1.0]),
     ([[-inf, 0.0, 0.0]],), [[[0.0, -0.5, 0.5]]], "0 log 0 is 0"),
    ("cross_entropy, an ignored example",
     lambda x: F.cross_entropy(x, [-100, 1], reduction="mean"), ([[-inf, 0.0], [0.0, 0.0]],),
     [[[0.0, 0.0], [0.5, -0.5]]], "it has no gradient at all"),
    ("multiclass_svm_loss at the margin", lambda x: F.multiclass_svm_loss(x, [0]), ([[1.0, 0.0]],), [[[0.0, 0.0]]],
     "least norm"),
    ("hinge_embedding_loss at the margin", lambda x: F.hinge_embedding_loss(x, [-1]), ([1.0],), [[0.0]],
     "least of [-1, 0]"),
    ("margin_ranking_loss, tied", lambda x, y: F.margin_ranking_loss(x, y, [1]), ([2.0], [2.0]), [[0.0], [0.0]],
     "least norm"),
    ("cosine_embedding_loss of zeros", lambda x, y: F.cosine_embedding_loss(x, y, 1), ([0.0, 0.0], [0.0, 0.0]),
     [[0.0, 0.0], [0.0, 0.0]], "the lengths are never 0"),
    ("triplet_margin_loss of one point", lambda x: F.triplet_margin_loss(x, x, x, 0.0, eps=0.0), ([1.0, 2.0],),
     [[0.0, 0.0]], "least norm"),
]  # fmt: skip


@pytest.mark.parametrize("point", POINTS, ids=lambda p: f"{p.call} at {p.at}")
def test_no_warning_at_the_points_of_single_ops(point: Any) -> None:
    leaves = {name: mg.Tensor(values, requires_grad=True, dtype=float) for name, values in point.at.items()}
    y = eval(point.call, {"mg": mg, "inf": inf, **leaves})
    found = mg.grad(y, list(leaves.values()), np.ones(y.shape))
    for g, wanted in zip(found, point.gradient.values(), strict=True):
        np.testing.assert_allclose(g.data, wanted, rtol=1e-12, atol=1e-200)


@pytest.mark.parametrize(("f", "at", "expected"), [p[1:4] for p in POLICY], ids=[p[0] for p in POLICY])
def test_gradient_at_singular_points(f: Any, at: tuple[Any, ...], expected: list[Any]) -> None:
    leaves = [mg.Tensor(v, requires_grad=True, dtype=float) for v in at]
    y = f(*leaves)
    found = mg.grad(y, leaves, np.ones(y.shape), allow_unused=True)
    for g, leaf, wanted in zip(found, leaves, expected, strict=True):
        got = np.zeros(leaf.shape) if g is None else g.data
        np.testing.assert_allclose(got, wanted, rtol=1e-12, atol=1e-200)


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
