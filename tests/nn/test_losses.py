"""Losses as modules: the functions with their settings, the numbers of the course, wrong settings."""

from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn
from minigrad.nn import functional as F

RNG = np.random.default_rng(0)
X, Y, Z = (RNG.standard_normal((4, 3)) for _ in range(3))
P, Q = RNG.uniform(0.1, 0.9, (4, 3)), RNG.uniform(0.1, 0.9, (4, 3))
CLASSES = np.array([0, 2, 1, 2])
SIGNS = np.array([1, -1, -1, 1])
WEIGHT = [0.5, 1.0, 2.0]

# The module, the function, and what both are called with. The settings differ from all defaults.
CASES: dict[str, tuple[nn.Module, Any, tuple[Any, ...], dict[str, Any]]] = {
    "mse": (nn.MSELoss(), F.mse_loss, (X, Y), {}),
    "l1": (nn.L1Loss(), F.l1_loss, (X, Y), {}),
    "huber": (nn.HuberLoss(delta=0.4), F.huber_loss, (X, Y), {"delta": 0.4}),
    "smooth l1": (nn.SmoothL1Loss(beta=0.4), F.smooth_l1_loss, (X, Y), {"beta": 0.4}),
    "poisson": (
        nn.PoissonNLLLoss(log_input=False, full=True, eps=1e-3),
        F.poisson_nll_loss,
        (P, CLASSES[:, None] + np.ones(3)),
        {"log_input": False, "full": True, "eps": 1e-3},
    ),
    "gaussian": (nn.GaussianNLLLoss(full=True, eps=0.2), F.gaussian_nll_loss, (X, Y, P), {"full": True, "eps": 0.2}),
    "cross-entropy": (
        nn.SoftmaxCrossEntropy(weight=WEIGHT, ignore_index=1, label_smoothing=0.1),
        F.cross_entropy,
        (X, CLASSES),
        {"weight": WEIGHT, "ignore_index": 1, "label_smoothing": 0.1},
    ),
    "nll": (
        nn.NLLLoss(weight=WEIGHT, ignore_index=1),
        F.nll_loss,
        (np.log(P), CLASSES),
        {"weight": WEIGHT, "ignore_index": 1},
    ),
    "bce": (nn.BCELoss(weight=WEIGHT), F.binary_cross_entropy, (P, Q), {"weight": WEIGHT}),
    "bce with logits": (
        nn.BCEWithLogitsLoss(weight=0.5, pos_weight=WEIGHT),
        F.binary_cross_entropy_with_logits,
        (X, Q),
        {"weight": 0.5, "pos_weight": WEIGHT},
    ),
    "kl": (nn.KLDivLoss("mean", log_target=True), F.kl_div, (np.log(P), np.log(Q)), {"log_target": True}),
    "svm": (nn.MulticlassSVMLoss(margin=0.5), F.multiclass_svm_loss, (X, CLASSES), {"margin": 0.5}),
    "multi-margin": (
        nn.MultiMarginLoss(p=2, margin=0.5, weight=WEIGHT),
        F.multi_margin_loss,
        (X, CLASSES),
        {"p": 2, "margin": 0.5, "weight": WEIGHT},
    ),
    "hinge": (nn.HingeEmbeddingLoss(margin=0.5), F.hinge_embedding_loss, (P[:, 0], SIGNS), {"margin": 0.5}),
    "ranking": (
        nn.MarginRankingLoss(margin=0.5),
        F.margin_ranking_loss,
        (X[:, 0], Y[:, 0], SIGNS),
        {"margin": 0.5},
    ),
    "cosine": (nn.CosineEmbeddingLoss(margin=0.1), F.cosine_embedding_loss, (X, Y, SIGNS), {"margin": 0.1}),
    "triplet": (
        nn.TripletMarginLoss(margin=2.0, p=3.0, eps=0.01, swap=True),
        F.triplet_margin_loss,
        (X, Y, Z),
        {"margin": 2.0, "p": 3.0, "eps": 0.01, "swap": True},
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_modules_are_their_functions_with_all_settings(case: str) -> None:
    module, function, args, options = CASES[case]
    for reduction in ("mean", "sum", "none"):
        module.reduction = reduction
        found, plain = (mg.Tensor(args[0], requires_grad=True) for _ in range(2))
        ours, expected = module(found, *args[1:]), function(plain, *args[1:], reduction=reduction, **options)
        np.testing.assert_array_equal(ours.data, expected.data)
        # A setting that the module lost would show.
        assert options.keys() <= {"log_target"} or not np.allclose(ours.data, function(*args, reduction=reduction).data)
        ours.sum().backward()
        expected.sum().backward()
        assert found.grad is not None
        assert plain.grad is not None
        np.testing.assert_array_equal(found.grad.data, plain.grad.data)
    module.reduction = "mean"


@pytest.mark.parametrize("case", CASES)
def test_the_repr_builds_the_same_loss(case: str) -> None:
    module = CASES[case][0]
    args = CASES[case][2]
    again = eval(repr(module), vars(nn))
    assert repr(again) == repr(module)
    np.testing.assert_array_equal(again(*args).data, module(*args).data)
    assert list(module.parameters()) == []
    assert module.state_dict() == {}


def test_float32_stays() -> None:
    for module, _, args, _ in CASES.values():
        cast = [a.astype(np.float32) if a.dtype.kind == "f" else a for a in args]
        assert module(*cast).dtype == np.float32


def test_the_losses_of_the_course() -> None:
    t = np.eye(10)[2]
    half = nn.HalfSquaredError()
    right, wrong = [0.1, 0.05, 0.6, 0, 0.05, 0.1, 0, 0.1, 0, 0], [0.1, 0.05, 0.1, 0, 0.05, 0.1, 0, 0.1, 0, 0]
    assert half(right, t).item() == pytest.approx(0.0975)
    assert half(wrong, t).item() == pytest.approx(0.4225)
    assert nn.MSELoss("sum")(right, t).item() == pytest.approx(2 * 0.0975)
    y = mg.Tensor(right, requires_grad=True)
    half(y, t).backward()
    assert y.grad is not None
    np.testing.assert_allclose(y.grad.data, right - t)
    scores = [[3.2, 5.1, -1.7], [1.3, 4.9, 2.0], [2.2, 2.5, -3.1]]
    np.testing.assert_allclose(nn.MulticlassSVMLoss(reduction="none")(scores, [0, 1, 2]).data, [2.9, 0, 12.9])
    logits = mg.Tensor([[0.2, 0.1, 0.7], [0.3, 0.1, 0.6]], requires_grad=True)
    nn.SoftmaxCrossEntropy()(logits, [0, 1]).backward()
    assert logits.grad is not None
    softmax = F.softmax(logits.detach()).data
    np.testing.assert_allclose(logits.grad.data, (softmax - np.eye(3)[:2]) / 2)


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: nn.MSELoss("average"), ValueError, "MSELoss: reduction must be one of mean, sum, none, got 'average'"),
        (lambda: nn.L1Loss("batchmean"), ValueError, "L1Loss: reduction must be one of mean, sum, none"),
        (lambda: nn.KLDivLoss("median"), ValueError, "KLDivLoss: reduction must be one of batchmean, mean, sum, none"),
        (lambda: nn.HuberLoss(delta=0), ValueError, "HuberLoss: delta must be above 0, got 0"),
        (lambda: nn.SmoothL1Loss(beta=-1), ValueError, "SmoothL1Loss: beta must be at least 0, got -1"),
        (lambda: nn.HuberLoss(delta="1"), TypeError, "HuberLoss: delta must be a number, got '1'"),
        (lambda: nn.SoftmaxCrossEntropy(label_smoothing=2), ValueError, "label_smoothing must be between 0 and 1"),
        (lambda: nn.SoftmaxCrossEntropy(ignore_index=0.5), TypeError, "ignore_index must be an integer, got 0.5"),
        (lambda: nn.SoftmaxCrossEntropy(weight=[1, -1]), ValueError, "SoftmaxCrossEntropy: weight must be a finite"),
        (lambda: nn.NLLLoss(weight=[[1.0]]), ValueError, "NLLLoss: weight must be a finite number of at least 0 for"),
        (lambda: nn.NLLLoss(weight=nn.Parameter([1.0])), TypeError, "NLLLoss: weight has no gradient"),
        (lambda: nn.BCELoss(weight=nn.Parameter([1.0])), TypeError, "BCELoss: weight has no gradient"),
        (lambda: nn.GaussianNLLLoss(eps=0), ValueError, "GaussianNLLLoss: eps must be above 0"),
        (lambda: nn.MultiMarginLoss(p=3), ValueError, "MultiMarginLoss: p must be 1 or 2, got 3"),
        (lambda: nn.TripletMarginLoss(p=-1), ValueError, "TripletMarginLoss: p must be at least 0"),
        (lambda: nn.MSELoss()([1.0], [1.0, 2.0]), ValueError, r"input of shape \(1,\) for a target of shape \(2,\)"),
    ],
)
def test_wrong_settings(make: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        make()
