"""Mixed precision: float16 inside, float32 outside, small gradients that survive, steps that are skipped."""

from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn


class Spy(nn.Module):
    """Notes the dtypes that pass."""

    def __init__(self) -> None:
        self.scale = nn.Parameter([2.0])
        self.seen: list[str] = []

    def forward(self, x: Any) -> mg.Tensor:
        y: mg.Tensor = x * self.scale
        self.seen = [str(x.dtype), str(self.scale.dtype), str(y.dtype)]
        return y


def test_float16_inside_and_float32_outside() -> None:
    spy = Spy()
    half = nn.MixedPrecision(nn.Sequential(nn.Affine(2, 3), spy))
    y = half(np.ones((4, 2), np.float32))
    assert spy.seen == ["float16"] * 3
    assert y.dtype == np.float32
    y.sum().backward()
    for p in half.parameters():
        assert p.dtype == np.float32
        assert p.grad is not None
        assert p.grad.dtype == np.float32


def test_what_is_kept_computes_in_float32_between_float16() -> None:
    inside, spies = Spy(), [Spy(), Spy()]
    kept = nn.Sequential(inside)
    half = nn.MixedPrecision(nn.Sequential(spies[0], kept, spies[1]), keep=(nn.Sequential,))
    assert half(np.ones(1, np.float32)).item() == 8.0
    assert inside.seen == ["float32"] * 3

    class Norm(Spy):
        pass

    norm = Norm()
    model = nn.Sequential(spies[0], norm, spies[1])
    half = nn.MixedPrecision(model, keep=(Norm,))
    half(np.ones(1, np.float32)).sum().backward()
    assert [spies[0].seen, norm.seen, spies[1].seen] == [["float16"] * 3, ["float32"] * 3, ["float16"] * 3]
    assert repr(half).startswith("MixedPrecision(\n  float16, keep=(Norm)\n")
    assert "forward" not in vars(norm)
    assert norm.scale.grad is not None


def test_values_and_gradients_are_those_of_float32_but_for_rounding() -> None:
    rng = np.random.default_rng(0)
    model = nn.Sequential(nn.Conv2d(1, 3, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Affine(12, 4))
    x, t = rng.random((5, 1, 6, 6)).astype(np.float32), np.array([0, 1, 2, 3, 0])
    loss = nn.SoftmaxCrossEntropy()
    loss(model(x), t).backward()
    expected = [p.grad.data for p in model.parameters() if p.grad is not None]
    model.zero_grad()
    loss(nn.MixedPrecision(model)(x), t).backward()
    assert len(expected) == 4
    for p, e in zip(model.parameters(), expected, strict=True):
        assert p.grad is not None
        assert not np.array_equal(p.grad.data, e)
        np.testing.assert_allclose(p.grad.data, e, rtol=0.02, atol=2e-3)


def test_a_tied_parameter_is_cast_once_and_gets_both_gradients() -> None:
    first, second = nn.Affine(2, 2, bias=False), nn.Affine(2, 2, bias=False)
    second.weight = first.weight
    half = nn.MixedPrecision(nn.Sequential(first, second))
    y = half(np.eye(2, dtype=np.float32))
    y.sum().backward()
    w = first.weight.data.astype(float)
    ones = np.ones((2, 2))
    assert first.weight.grad is not None
    np.testing.assert_allclose(first.weight.grad.data, ones @ w.T + w.T @ ones, rtol=1e-2, atol=1e-2)


def test_the_model_is_as_before_after_an_error_too() -> None:
    model = nn.Sequential(nn.Affine(2, 2), nn.Affine(3, 2))
    before = dict(model.named_parameters())
    half = nn.MixedPrecision(model, keep=(nn.ReLU,))
    with pytest.raises(ValueError, match=r"expected input of shape \(n, 3\)"):
        half(np.ones((1, 2), np.float32))
    after = dict(model.named_parameters())
    assert all(after[name] is p for name, p in before.items())
    assert list(after) == list(before)


def test_integers_and_containers_pass() -> None:
    class Two(nn.Module):
        def forward(self, pair: Any, index: Any, *, scale: Any) -> Any:
            self.kinds = [str(v.dtype) for v in (*pair, index, scale)]
            return {"sum": pair[0] + pair[1] * scale, "index": index}

    two = Two()
    x = np.ones(2, np.float32)
    out = nn.MixedPrecision(two)((x, mg.Tensor(x)), np.array([1, 0]), scale=x)
    assert two.kinds == ["float16", "float16", "int64", "float16"]
    assert (out["sum"].dtype, out["index"].dtype) == (np.float32, np.int64)


def test_float16_inference_agrees_with_float32() -> None:
    rng = np.random.default_rng(0)
    model = nn.Sequential(nn.Affine(20, 30), nn.ReLU(), nn.Affine(30, 5))
    x = rng.standard_normal((200, 20)).astype(np.float32)
    wide = model(x).data
    with mg.no_grad():
        narrow = nn.MixedPrecision(model)(x).data
    gap = np.sort(wide, 1)
    sure = gap[:, -1] - gap[:, -2] > 0.02
    assert sure.sum() > 150
    np.testing.assert_array_equal(wide.argmax(1)[sure], narrow.argmax(1)[sure])


# -------------------------------------------------------------------------------------------------------- scaler
def test_a_float16_model_trains_with_float32_state_and_loses_small_steps() -> None:
    model = nn.Sequential(nn.Affine(2, 2)).to(np.float16)
    optimizer = nn.Momentum(model.named_parameters(), lr=0.1)
    x = np.eye(2, dtype=np.float16)
    losses = []
    for _ in range(30):
        optimizer.zero_grad()
        loss = nn.SoftmaxCrossEntropy()(model(x), [0, 1])
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0] / 2
    assert [p.dtype for p in model.parameters()] == [np.float16] * 2
    assert optimizer.state_dict()["0.weight.velocity"].dtype == np.float32
    assert model(x.astype(np.float32)).dtype == np.float32

    parameter = nn.Parameter(np.ones(2), dtype=np.float16)
    for grad, value in ((2.0**-13, 1.0), (2.0**-11, 1 - 2.0**-11)):
        parameter.grad = mg.Tensor(np.full(2, grad, np.float16))
        nn.SGD([parameter], lr=1.0).step()
        assert parameter.tolist() == [value] * 2


def test_small_gradients_survive_float16_only_with_a_scale() -> None:
    tiny = 1e-5
    grads = []
    for scale in (None, 2.0**16):
        half = nn.MixedPrecision(nn.Affine(1, 1, bias=False))
        half.model.weight.assign([[1.0]])  # type: ignore[attr-defined]
        p = next(half.parameters())
        loss = half(np.float32([[1e-3]])).sum() * tiny  # a gradient of 1e-8, which is 0 in float16
        if scale is None:
            loss.backward()
        else:
            scaler, optimizer = nn.GradScaler(scale), nn.SGD([p], lr=1.0)
            scaler.backward(loss)
            assert scaler.unscale_(optimizer)
        assert p.grad is not None
        grads.append(p.grad.item())
    assert grads == [0.0, pytest.approx(1e-8, rel=1e-2)]


def test_a_step_with_overflow_is_skipped_and_the_scale_falls_and_rises() -> None:
    half = nn.MixedPrecision(Spy())
    p = half.model.scale  # type: ignore[attr-defined]
    optimizer, scaler = nn.Adam([p], lr=0.1), nn.GradScaler(2.0**18, interval=3)
    taken, scales = [], []
    for _ in range(6):
        optimizer.zero_grad()
        scaler.backward(half(np.ones(1, np.float32)).sum() * 0.3)  # 0.3 · 2^18 is above 65,504
        before = p.item()
        taken.append(scaler.step(optimizer))
        assert (p.item() != before) == taken[-1]
        scales.append(scaler.scale)
    assert taken == [False, True, True, True, False, True]
    assert [np.log2(s) for s in scales] == [17, 17, 17, 18, 17, 17]
    assert np.isfinite(p.item())


def test_clipping_between_unscaling_and_the_step() -> None:
    p = nn.Parameter([1.0])
    optimizer, scaler = nn.SGD([p], lr=1.0), nn.GradScaler(8.0)
    scaler.backward((p * 4).sum())
    assert p.grad is not None
    assert p.grad.item() == 32
    assert scaler.unscale_(optimizer)
    assert nn.clip_grad_norm_([p], 0.5) == 4
    with pytest.raises(RuntimeError, match="the gradients are unscaled already"):
        scaler.unscale_(optimizer)
    with pytest.raises(RuntimeError, match="these gradients are unscaled"):
        scaler.backward((p * 4).sum())
    assert scaler.step(optimizer)
    assert p.item() == pytest.approx(0.5, rel=1e-5)


def test_nan_that_is_no_overflow_is_told() -> None:
    p = nn.Parameter([1.0])
    optimizer, scaler = nn.SGD([p], lr=1.0), nn.GradScaler(1.0)
    p.grad = mg.Tensor([float("nan")], dtype=np.float32)
    for _ in range(24):
        assert not scaler.step(optimizer)
    with pytest.raises(FloatingPointError, match=r"still not finite at a scale of .*detect_anomaly"):
        scaler.step(optimizer)
    assert p.item() == 1.0


def test_training_in_mixed_precision_is_as_good() -> None:
    rng = np.random.default_rng(0)
    x = rng.standard_normal((64, 4)).astype(np.float32)
    t = (x[:, 0] * x[:, 1] > 0).astype(int)
    losses = []
    for mixed in (False, True):
        nn.seed(1)
        model = nn.Sequential(nn.Affine(4, 16), nn.Tanh(), nn.Affine(16, 2))
        run = nn.MixedPrecision(model) if mixed else model
        optimizer, scaler, loss = nn.Adam(model.parameters(), lr=0.02), nn.GradScaler(), nn.SoftmaxCrossEntropy()
        for _ in range(100):
            optimizer.zero_grad()
            scaler.backward(loss(run(x), t))
            scaler.step(optimizer)
        losses.append(loss(run(x), t).item())
    assert losses[1] < 0.2
    assert losses[1] == pytest.approx(losses[0], abs=0.02)


def test_the_scalers_state() -> None:
    scaler, other = nn.GradScaler(4.0, interval=5), nn.GradScaler()
    p = nn.Parameter([1.0])
    for _ in range(3):
        scaler.backward((p * 1).sum())
        scaler.step(nn.SGD([p], lr=0.1))
    other.load_state_dict(scaler.state_dict())
    assert repr(other) == repr(scaler) == "GradScaler(scale=4.0, good_steps=3)"
    for state in (
        {"scale": np.array(1.0)},
        {"scale": np.array(0.0), "good_steps": np.array(1)},
        {"scale": np.array(1.0), "good_steps": np.array(-1)},
    ):
        with pytest.raises(ValueError, match="GradScaler: "):
            other.load_state_dict(state)
    assert repr(other) == repr(scaler)


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: nn.MixedPrecision([]), TypeError, "MixedPrecision: expected a Module, got list"),
        (lambda: nn.MixedPrecision(Spy(), int), TypeError, "MixedPrecision: dtype must be floating, got int64"),
        (lambda: nn.MixedPrecision(Spy(), keep=(3,)), TypeError, "keep must be a tuple of Module classes"),
        (lambda: nn.GradScaler(0), ValueError, "GradScaler: scale must be above 0, got 0"),
        (lambda: nn.GradScaler(growth=0.5), ValueError, "GradScaler: growth must be at least 1, got 0.5"),
        (lambda: nn.GradScaler(backoff=1.0), ValueError, "GradScaler: backoff must be below 1, got 1.0"),
        (lambda: nn.GradScaler(interval=0), ValueError, "GradScaler: interval must be at least 1, got 0"),
        (lambda: nn.GradScaler().backward(3.0), TypeError, r"GradScaler\.backward: expected a loss, got float"),
    ],
)
def test_wrong_settings(make: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        make()
