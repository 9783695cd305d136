"""Metrics: over batches as at once, and as scikit-learn defines them."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minigrad as mg
from minigrad.nn import metrics


def classification(seed: int, n: int = 23, classes: int = 4) -> tuple[Any, Any]:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, classes)).astype(np.float32), rng.integers(0, classes, n)


def regression(seed: int, n: int = 23) -> tuple[Any, Any]:
    rng = np.random.default_rng(seed)
    target = rng.normal(1e3, 1.0, size=(n, 2))
    return target + rng.normal(0, 0.3, size=(n, 2)), target


ALL = [
    (metrics.Accuracy(), classification),
    (metrics.TopK(2), classification),
    (metrics.ConfusionMatrix(4), classification),
    (metrics.Precision(4), classification),
    (metrics.Recall(4, average="none"), classification),
    (metrics.F1(4), classification),
    (metrics.MeanAbsoluteError(), regression),
    (metrics.R2(), regression),
]


@pytest.mark.parametrize(("metric", "data"), ALL, ids=lambda x: getattr(x, "name", ""))
@given(cuts=st.lists(st.integers(1, 22), max_size=4, unique=True), seed=st.integers(0, 99))
def test_over_batches_as_at_once(metric: metrics.Metric, data: Any, cuts: list[int], seed: int) -> None:
    output, target = data(seed)
    metric.reset()
    for start, stop in zip([0, *sorted(cuts)], [*sorted(cuts), 23], strict=True):
        metric.update(mg.Tensor(output[start:stop]), target[start:stop])
    found = metric.compute()
    np.testing.assert_allclose(found, metric(output, target), rtol=1e-9)
    # What was gathered is kept by a call for a batch alone, and by a state.
    np.testing.assert_array_equal(metric.compute(), found)
    state = metric.state_dict()
    metric.reset()
    metric.load_state_dict(state)
    np.testing.assert_array_equal(metric.compute(), found)


@pytest.mark.parametrize("seed", range(3))
def test_against_scikit_learn(seed: int) -> None:
    sklearn = pytest.importorskip("sklearn.metrics", reason="the definitions to compare with")
    output, target = classification(seed)
    found = output.argmax(1)
    assert metrics.Accuracy()(output, target) == sklearn.accuracy_score(target, found)
    assert metrics.TopK(2)(output, target) == sklearn.top_k_accuracy_score(target, output, k=2, labels=range(4))
    assert metrics.ConfusionMatrix(4)(output, target) == sklearn.confusion_matrix(target, found).tolist()
    for ours, theirs in [
        (metrics.Precision, sklearn.precision_score),
        (metrics.Recall, sklearn.recall_score),
        (metrics.F1, sklearn.f1_score),
    ]:
        for average, name in [("macro", "macro"), ("none", None)]:
            expected = theirs(target, found, average=name, labels=range(4), zero_division=0)
            np.testing.assert_allclose(ours(4, average=average)(output, target), expected)
        expected = theirs(target > 1, output[:, 0] > 0, zero_division=0)
        np.testing.assert_allclose(ours(average="binary")(output[:, 0], target > 1), expected)
    output, target = regression(seed)
    np.testing.assert_allclose(metrics.R2()(output, target), sklearn.r2_score(target, output))
    np.testing.assert_allclose(metrics.MeanAbsoluteError()(output, target), sklearn.mean_absolute_error(target, output))


def test_shapes_of_scores_and_targets() -> None:
    scores = np.array([[0.1, 0.9], [0.8, 0.2], [0.3, 0.7]])
    accuracy = metrics.Accuracy()
    for target in ([1, 0, 0], [[0, 1], [1, 0], [1, 0]], [1.0, 0.0, 0.0]):
        assert accuracy(scores, target) == 2 / 3
    assert accuracy(np.moveaxis(scores.reshape(1, 3, 2), -1, 1), [[1, 0, 0]]) == 2 / 3  # places along axis 2
    for score in ([2.0, -1.0, 0.5], [[2.0], [-1.0], [0.5]]):
        for target in ([1, 0, 0], [True, False, False]):
            assert accuracy(score, target) == 2 / 3
    assert accuracy([[2.0], [-1.0], [0.5]], [[1], [0], [0]]) == 2 / 3


def test_ties_and_nan_are_no_success() -> None:
    assert metrics.TopK(1)([[0.5, 0.5]], [1]) == 0
    assert metrics.TopK(1)([[0.5, 0.5]], [0]) == 1
    assert metrics.TopK(2)([[np.nan, 1.0, 2.0]], [0]) == 0


def test_targets_without_spread() -> None:
    assert metrics.R2()([2.0, 2.0], [2.0, 2.0]) == 1
    assert metrics.R2()([2.0, 3.0], [2.0, 2.0]) == 0


def test_float32_outputs_are_summed_in_float64() -> None:
    output = np.full(100_000, 1 + 1e-3, np.float32)
    found = metrics.MeanAbsoluteError()(output, np.ones_like(output))
    assert abs(found - float(np.float32(1 + 1e-3) - 1)) < 1e-12


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: metrics.Accuracy()([[1.0, 2.0]], [[1]]), r"\(1, 2\) need class indices of shape \(1,\)"),
        (lambda: metrics.Accuracy()([1.0, 2.0], [1]), r"scores of shape \(2,\) need as many targets, got \(1,\)"),
        (lambda: metrics.Accuracy()([[1.0, 2.0]], [0.5]), "class indices must be whole numbers"),
        (lambda: metrics.MeanAbsoluteError()([1.0], [[1.0]]), r"the same shape, got \(1,\) and \(1, 1\)"),
        (lambda: metrics.ConfusionMatrix(2)([[1.0, 2.0]], [7]), r"class 7 is not in \[0, 2\)"),
        (lambda: metrics.TopK(0), "k must be a whole number of at least 1, got 0"),
        (lambda: metrics.TopK(1)([1.0], [0]), r"expected scores of shape \(n, classes, ...\)"),
        (lambda: metrics.F1(3, average="binary"), "average must be macro, none"),
        (lambda: metrics.ConfusionMatrix(1), "classes must be a whole number of at least 2, got 1"),
        (lambda: metrics.R2().compute(), "R2: no batch was taken in"),
    ],
)
def test_wrong_calls(call: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()
