"""Clipping gradients by their norm and by value; adding them up over parts of a batch."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import minigrad as mg
from minigrad import nn


def with_gradients(*values: Any, dtype: Any = np.float64) -> list[nn.Parameter]:
    found = []
    for value in values:
        p = nn.Parameter(np.zeros(np.shape(value)), dtype=dtype)
        p.grad = mg.Tensor(value, dtype=dtype)
        found.append(p)
    return found


def flat(parameters: list[nn.Parameter]) -> Any:
    return np.concatenate([p.grad.data.reshape(-1) for p in parameters if p.grad is not None])


@settings(max_examples=60)
@given(
    seed=st.integers(0, 1000),
    scale=st.sampled_from([1e-3, 1.0, 100.0]),
    limit=st.floats(0, 50),
    order=st.sampled_from([1.0, 2.0, 3.5, math.inf]),
    dtype=st.sampled_from([np.float32, np.float64]),
)
def test_the_norm_is_numpys_and_the_direction_stays(
    seed: int, scale: float, limit: float, order: float, dtype: Any
) -> None:
    rng = np.random.default_rng(seed)
    ps = with_gradients(*[rng.standard_normal(shape) * scale for shape in ((3, 4), (5,), (), (0,))], dtype=dtype)
    before = flat(ps)
    norm = nn.clip_grad_norm_(ps, limit, order)
    assert norm == pytest.approx(np.linalg.norm(before.astype(float), order), rel=1e-5)
    after = flat(ps)
    assert after.dtype == dtype
    if norm <= limit:
        np.testing.assert_array_equal(after, before)
    else:
        assert np.linalg.norm(after.astype(float), order) <= limit * (1 + 1e-6)
        np.testing.assert_allclose(after, before * (limit / norm), rtol=1e-3, atol=1e-12)


@pytest.mark.parametrize(
    ("dtype", "size"), [("float16", 3e4), ("float32", 1e30), ("float64", 1e300), ("float64", 1e-300)]
)
def test_what_cannot_be_squared(dtype: str, size: float) -> None:
    ps = with_gradients([3 * size / 4, size], dtype=dtype)
    norm = nn.clip_grad_norm_(ps, size)
    assert norm == pytest.approx(1.25 * size, rel=1e-3)
    assert flat(ps).dtype == dtype
    assert float(flat(ps)[1]) == pytest.approx(0.8 * size, rel=1e-3)


def test_torch_itself() -> None:
    torch = pytest.importorskip("torch", reason="torch is an optional oracle")
    rng = np.random.default_rng(0)
    values = [rng.standard_normal((3, 4)), rng.standard_normal(5)]
    for limit, order in ((0.5, 2.0), (3.0, 1.0), (0.3, math.inf), (100.0, 2.0)):
        ours, theirs = with_gradients(*values), [torch.zeros(v.shape, dtype=torch.float64) for v in values]
        for q, v in zip(theirs, values, strict=True):
            q.grad = torch.tensor(v)
        expected = torch.nn.utils.clip_grad_norm_(theirs, limit, order).item()
        assert nn.clip_grad_norm_(ours, limit, order) == pytest.approx(expected)
        for p, q in zip(ours, theirs, strict=True):
            assert p.grad is not None
            np.testing.assert_allclose(p.grad.data, q.grad.numpy(), rtol=1e-9)
        torch.nn.utils.clip_grad_value_(theirs, 0.1)
        nn.clip_grad_value_(ours, 0.1)
        for p, q in zip(ours, theirs, strict=True):
            assert p.grad is not None
            np.testing.assert_allclose(p.grad.data, q.grad.numpy(), rtol=1e-9)


def test_what_holds_the_old_gradients_keeps_them() -> None:
    a, b = nn.Parameter([1.0]), nn.Parameter([1.0])
    a.grad = b.grad = shared = mg.Tensor([10.0], dtype=np.float32)
    assert nn.clip_grad_norm_([a, b, a], 1.0) == pytest.approx(math.sqrt(200))  # once for the one given twice
    assert shared.item() == 10.0
    nn.clip_grad_value_(a, 0.5)
    assert (a.grad.item(), b.grad.item()) == (0.5, pytest.approx(math.sqrt(0.5)))


def test_gradients_that_are_not_finite() -> None:
    for bad in (math.nan, math.inf):
        ps = with_gradients([1.0, bad])
        before = flat(ps)
        assert not math.isfinite(nn.clip_grad_norm_(ps, 1.0))
        np.testing.assert_array_equal(flat(ps), before)
        with pytest.raises(RuntimeError, match="clip_grad_norm_: the norm of the gradients is"):
            nn.clip_grad_norm_(ps, 1.0, error_if_nonfinite=True)


def test_nothing_to_clip() -> None:
    p = nn.Parameter([1.0])
    assert nn.clip_grad_norm_([p], 1.0) == 0
    assert nn.clip_grad_norm_([], 1.0) == 0
    nn.clip_grad_value_([p], 1.0)
    assert p.grad is None


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda p: nn.clip_grad_norm_([p], -1), ValueError, "clip_grad_norm_: max_norm must be at least 0"),
        (lambda p: nn.clip_grad_norm_([p], "1"), TypeError, "clip_grad_norm_: max_norm must be a number"),
        (lambda p: nn.clip_grad_norm_([p], 1, 0), ValueError, "clip_grad_norm_: norm_type must be above 0"),
        (lambda p: nn.clip_grad_value_([p], math.nan), ValueError, "clip_grad_value_: clip_value must be at least 0"),
        (lambda p: nn.clip_grad_norm_(["p"], 1), TypeError, r"expected parameters, got str; pass model.parameters\(\)"),
    ],
)
def test_wrong_settings(call: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call(nn.Parameter([1.0]))


@pytest.mark.parametrize("parts", [1, 2, 4])
def test_the_gradients_of_parts_add_up_to_those_of_the_batch(parts: int) -> None:
    rng = np.random.default_rng(0)
    x, t = rng.standard_normal((8, 3)), rng.integers(0, 2, 8)
    model, loss = (
        nn.Sequential(nn.Affine(3, 4, dtype=float), nn.Tanh(), nn.Affine(4, 2, dtype=float)),
        nn.SoftmaxCrossEntropy(),
    )
    loss(model(x), t).backward()
    whole = flat(list(model.parameters()))
    model.zero_grad()
    for i in range(parts):
        (loss(model(x[i::parts]), t[i::parts]) / parts).backward()
    np.testing.assert_allclose(flat(list(model.parameters())), whole, rtol=1e-12)
