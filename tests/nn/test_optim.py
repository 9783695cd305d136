"""Optimizers: PyTorch's numbers, in place, without allocations; their state in files; wrong settings."""

import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import minigrad as mg
from minigrad import nn
from minigrad.nn.optim import optimizer as base
from tests.nn.optim_records import RECORDED, START, run, slope


@pytest.mark.parametrize("case", RECORDED)
def test_recorded_steps_of_torch(case: str) -> None:
    make, options, recorded = RECORDED[case]
    p = nn.Parameter(START, dtype=np.float64)
    optimizer = make([p], **options)
    for steps, expected in zip((range(1), range(1, 10), range(10, 100)), recorded, strict=True):
        run(optimizer, p, steps)
        np.testing.assert_allclose(p.data, expected, rtol=1e-6, atol=1e-6)


TORCH = {"AdaGrad": "Adagrad", "AdaDelta": "Adadelta"}


@settings(max_examples=60)
@given(case=st.sampled_from(list(RECORDED)), lr=st.floats(0, 0.1), dtype=st.sampled_from([np.float32, np.float64]))
def test_torch_itself(case: str, lr: float, dtype: Any) -> None:
    torch = pytest.importorskip("torch", reason="torch is an optional oracle")
    make, options, _ = RECORDED[case]
    options = options | {"lr": lr}
    same = {name if name != "initial" else "initial_accumulator_value": value for name, value in options.items()}
    p, q = nn.Parameter(START, dtype=dtype), torch.tensor(np.array(START, dtype), requires_grad=True)
    name = make.__name__
    ours, theirs = make([p], **options), getattr(torch.optim, TORCH.get(name, name))([q], **same)
    for i in range(20):
        # The same gradients on both sides: this one would tell paths apart that differ in the last digit.
        g = np.cos(i + np.arange(4)).astype(dtype)
        p.grad, q.grad = mg.Tensor(g), torch.tensor(g)
        ours.step()
        theirs.step()
    np.testing.assert_allclose(p.data, q.detach().numpy(), rtol=3e-6, atol=3e-6)


@pytest.mark.parametrize(("betas", "decay"), [((0.9, 0.99), 0.0), ((0.8, 0.95), 0.1)])
def test_lion_by_the_lines_of_its_paper(betas: tuple[float, float], decay: float) -> None:
    p = nn.Parameter(START, dtype=np.float64)
    optimizer = nn.Lion([p], 0.02, betas, decay)
    x, m = np.array(START), np.zeros(4)
    for i in range(100):
        g = slope(x, i)
        c = betas[0] * m + (1 - betas[0]) * g
        x, m = x - 0.02 * (np.sign(c) + decay * x), betas[1] * m + (1 - betas[1]) * g
        run(optimizer, p, range(i, i + 1))
    np.testing.assert_allclose(p.data, x, rtol=1e-12)


def test_the_names_of_the_course_are_settings_of_sgd() -> None:
    for make, options in ((nn.Momentum, {}), (nn.Nesterov, {"nesterov": True})):
        p, q = nn.Parameter(START), nn.Parameter(START)
        run(make([p], 0.05), p, range(30))
        run(nn.SGD([q], 0.05, 0.9, **options), q, range(30))
        np.testing.assert_array_equal(p.data, q.data)


def test_nadam_counts_the_steps_of_each_parameter() -> None:
    p, late = nn.Parameter(START, dtype=np.float64), nn.Parameter(START, dtype=np.float64)
    optimizer = nn.NAdam([p, late], lr=0.05)
    run(optimizer, p, range(5))
    for i in range(10):
        late.grad = mg.Tensor(slope(late.data, i))
        run(optimizer, p, range(5 + i, 6 + i))
    np.testing.assert_allclose(late.data, RECORDED["nadam"][2][1], rtol=1e-6)


@pytest.mark.parametrize("case", RECORDED)
def test_large_and_strided_parameters_take_the_same_steps(case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    make, options, _ = RECORDED[case]
    values = np.random.default_rng(0).standard_normal((6, 7))
    whole, pieces, strided = (nn.Parameter(values, dtype=np.float64) for _ in range(3))
    strided.data = np.asfortranarray(values)
    run(make([whole], **options), whole, range(20))
    monkeypatch.setattr(base, "PIECE", 8)
    for p in (pieces, strided):
        run(make([p], **options), p, range(20))
        np.testing.assert_allclose(p.data, whole.data, rtol=1e-12)
    assert strided.data.flags.f_contiguous


ALL = RECORDED | {"lion": (nn.Lion, {"lr": 0.01, "weight_decay": 0.1}, [])}


@pytest.mark.parametrize("case", ALL)
@pytest.mark.parametrize(("size", "dtype"), [(50, "float32"), (3 * base.PIECE, "float32"), (5 * base.PIECE, "float16")])
def test_a_step_allocates_nothing_and_keeps_the_array(case: str, size: int, dtype: str) -> None:
    make, options, _ = ALL[case]
    p = nn.Parameter(np.ones(size), dtype=dtype)
    optimizer = make([p], **options)
    p.grad = mg.Tensor(np.ones(size, dtype))
    array = p.data
    optimizer.step()
    count = base.FLUSH_EVERY + 2 if size == 50 else 2
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        tracemalloc.reset_peak()
        for _ in range(count):
            optimizer.step()
        # A few Python numbers and views, and no array.
        assert tracemalloc.get_traced_memory()[1] - before < 6144
    finally:
        tracemalloc.stop()
    assert p.data is array
    assert (p.data != 1).all()
    assert (p.grad.data == 1).all()


@pytest.mark.parametrize("case", ALL)
def test_float16_steps_are_those_of_float32_rounded(case: str) -> None:
    make, options, _ = ALL[case]
    start = np.float16([0.5, -1.0, 2.0, 0.0625])
    p, q = nn.Parameter(start, dtype=np.float16), nn.Parameter(start)
    ours, wide = make([p], **options), make([q], **options)
    for i in range(20):
        g = np.float16(np.cos(i + np.arange(4)) * 1e-4)  # its square is 0 in float16
        p.grad, q.grad = mg.Tensor(g), mg.Tensor(g, dtype=np.float32)
        q.assign(p.data)
        ours.step()
        wide.step()
        np.testing.assert_array_equal(p.data, q.data.astype(np.float16))
    dtypes = {name: array.dtype for name, array in ours.state_dict().items() if not name.startswith("groups")}
    assert all(dtype == np.float32 for name, dtype in dtypes.items() if not name.endswith(".step"))
    fresh = make([p], **options)
    fresh.load_state_dict(ours.state_dict())


@pytest.mark.parametrize("case", ALL)
def test_a_parameter_may_change_its_dtype_between_steps(case: str) -> None:
    make, options, _ = ALL[case]
    p, q = nn.Parameter(START, dtype=np.float32), nn.Parameter(START, dtype=np.float32)
    optimizer, other = make([("p", p)], **options), make([("p", q)], **options)
    run(optimizer, p, range(5))
    run(other, q, range(5))
    for dtype in (np.float16, np.float64):
        p._data, p.grad = p._data.astype(dtype), None
        run(optimizer, p, range(5, 10))
        optimizer.load_state_dict(optimizer.state_dict())
        assert p.dtype == dtype
    run(other, q, range(5, 10))
    run(other, q, range(5, 10))
    np.testing.assert_allclose(p.data, q.data, rtol=0.05, atol=0.02)


def test_what_has_no_gradient_stays() -> None:
    a, b = nn.Parameter([1.0]), nn.Parameter([1.0])
    optimizer = nn.Adam([a, b], lr=0.1)
    a.grad = mg.Tensor([1.0], dtype=np.float32)
    optimizer.step()
    assert (a.item() < 1, b.item()) == (True, 1.0)
    optimizer.zero_grad()
    assert a.grad is None
    # Each counts its own steps, so b's first step is a first step.
    b.grad = mg.Tensor([1.0], dtype=np.float32)
    optimizer.step()
    assert b.item() == pytest.approx(0.9)


def test_constants_and_frozen_parameters_stay() -> None:
    constant, frozen = mg.zeros(2), nn.Parameter([1.0], requires_grad=False)
    optimizer = nn.SGD([constant, frozen], lr=0.1)
    optimizer.step()
    assert (constant.tolist(), frozen.tolist()) == ([0, 0], [1])


def test_a_step_between_forward_and_backward_raises() -> None:
    p = nn.Parameter([1.0])
    loss = (p * p).sum()
    p.grad = mg.Tensor([1.0], dtype=np.float32)
    nn.SGD([p], lr=0.1).step()
    with pytest.raises(RuntimeError, match="was written to"):
        loss.backward()


def test_momentum_may_be_switched_between_steps() -> None:
    p = nn.Parameter([1.0])
    optimizer = nn.SGD([p], lr=0.5)
    p.grad = mg.Tensor([0.5], dtype=np.float32)
    optimizer.step()
    optimizer.momentum, optimizer.lr = 0.5, 1.0
    optimizer.step()
    optimizer.step()
    assert p.item() == 1 - 0.25 - 0.5 - 0.75


@pytest.mark.parametrize("make", [lambda p: nn.Adam(p), lambda p: nn.SGD(p, 0.1, 0.9)])
def test_state_does_not_decay_into_subnormal_numbers(make: Any) -> None:
    p = nn.Parameter([1.0, 1.0])
    optimizer = make([("p", p)])
    p.grad = mg.Tensor([1.0, 1e-30], dtype=np.float32)
    optimizer.step()
    p.grad = mg.Tensor([0.0, 0.0], dtype=np.float32)
    for _ in range(1200):
        optimizer.step()
    for name, array in optimizer.state_dict().items():
        if array.dtype == np.float32:
            tiny = np.finfo(np.float32).tiny
            assert ((array == 0) | (np.abs(array) >= tiny)).all(), name


# -------------------------------------------------------------------------------------------------------- state
@pytest.mark.parametrize("suffix", [".npz", ".safetensors"])
@pytest.mark.parametrize("case", RECORDED)
def test_resuming_from_a_file_is_exact(case: str, suffix: str, tmp_path: Path) -> None:
    if suffix == ".safetensors":
        pytest.importorskip("safetensors")
    make, options, _ = RECORDED[case]
    p, q = nn.Parameter(START), nn.Parameter(START)
    optimizer = make([("p", p)], **options)
    run(optimizer, p, range(7))
    nn.save(optimizer.state_dict() | {"model.p": p.data}, tmp_path / f"state{suffix}")
    run(optimizer, p, range(7, 20))

    state = nn.load(tmp_path / f"state{suffix}")
    q.assign(state.pop("model.p"))
    resumed = make([("p", q)], **{"lr": 9.0} | ({"momentum": 0.1} if make is nn.SGD else {}))
    resumed.load_state_dict(state)
    assert repr(resumed) == repr(optimizer)
    run(resumed, q, range(7, 20))
    np.testing.assert_array_equal(p.data, q.data)


def test_state_is_keyed_by_name_or_position() -> None:
    model = nn.Sequential(nn.Affine(2, 1))
    named = ["0.weight", "0.bias"]
    for params, names in [
        (model.named_parameters(), named),
        (model.parameters(), named),
        (list(model.parameters()), ["0", "1"]),
    ]:
        optimizer = nn.Adam(params)
        assert list(optimizer.state_dict()) == [f"groups.0.{name}" for name in nn.Adam.settings]
        model(np.ones((1, 2), np.float32)).sum().backward()
        optimizer.step()
        keys = [f"{name}.{slot}" for name in names for slot in ("step", "mean", "square")]
        assert list(optimizer.state_dict())[5:] == keys


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"groups.0.lr": None}, "missing or of another shape: 'groups.0.lr'"),
        ({"groups.0.lr": np.array(-1.0)}, "Adam: lr must be at least 0 and finite, got -1.0"),
        ({"p.mean": None}, "missing: 'p.mean'"),
        ({"p.mean": np.zeros(3, np.float32)}, r"'p.mean': expected shape \(4,\) and .*, got \(3,\) and float32"),
        ({"p.square": np.zeros(4)}, r"'p.square': .* got \(4,\) and float64"),
        ({"p.step": np.array(0)}, "'p.step' must be a number of steps"),
        ({"q.mean": np.zeros(4)}, "unexpected: 'q.mean'"),
        ({"groups.0.momentum": np.array(0.9)}, "unexpected: 'groups.0.momentum'"),
    ],
)
def test_a_state_that_does_not_fit_changes_nothing(change: dict[str, Any], message: str) -> None:
    p = nn.Parameter(START)
    optimizer = nn.Adam([("p", p)])
    run(optimizer, p, range(3))
    before = optimizer.state_dict()
    state = {name: value for name, value in (before | change).items() if value is not None}
    with pytest.raises(ValueError, match=message):
        optimizer.load_state_dict(state)
    after = optimizer.state_dict()
    assert list(after) == list(before)
    for name, value in before.items():
        np.testing.assert_array_equal(after[name], value, strict=True)


# ------------------------------------------------------------------------------------------------------- errors
@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda p: nn.SGD([p], -0.1), ValueError, "SGD: lr must be at least 0 and finite, got -0.1"),
        (lambda p: nn.SGD([p], float("nan")), ValueError, "SGD: lr must be at least 0 and finite, got nan"),
        (lambda p: nn.SGD([p], "0.1"), TypeError, "SGD: lr must be a number, got '0.1'"),
        (lambda p: nn.SGD([p], True), TypeError, "SGD: lr must be a number, got True"),
        (lambda p: nn.SGD([p], 0.1, -1), ValueError, "momentum must be at least 0"),
        (lambda p: nn.SGD([p], 0.1, nesterov=True), ValueError, "nesterov needs a momentum above 0"),
        (lambda p: nn.Adam([p], betas=(0.9, 1.0)), ValueError, "Adam: betas must be at least 0 and below 1, got 1.0"),
        (lambda p: nn.Adam([p], betas=0.9), TypeError, "Adam: betas must be a pair of numbers, got 0.9"),
        (lambda p: nn.Adam([p], eps=-1.0), ValueError, "eps must be at least 0"),
        (lambda p: nn.Adam([]), ValueError, "Adam: there are no parameters"),
        (lambda p: nn.Adam(p), TypeError, "Adam: expected an iterable of parameters, got one Tensor"),
        (lambda p: nn.Adam([p, p]), ValueError, "Adam: parameter '1' is given twice"),
        (lambda p: nn.Adam([p * 2]), TypeError, "parameter '0' is a result of multiply .* only a leaf"),
        (lambda p: nn.Adam([np.ones(2)]), TypeError, "parameter '0' must be a Tensor, got ndarray"),
    ],
)
def test_wrong_settings(make: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        make(nn.Parameter(START))


def test_the_learning_rate_is_checked_whenever_it_is_set() -> None:
    optimizer = nn.SGD([nn.Parameter(START)], lr=0.1)
    with pytest.raises(ValueError, match="lr must be at least 0"):
        optimizer.lr = -1
    assert optimizer.lr == 0.1


def test_state_is_kept_under_the_names_of_the_model() -> None:
    model = nn.Sequential(hidden=nn.Affine(3, 2), out=nn.Affine(2, 1))
    optimizer = nn.Momentum(model.parameters(), lr=0.1)
    (model(np.ones((4, 3), np.float32)) ** 2).sum().backward()
    optimizer.step()
    names = {key.rpartition(".")[0] for key in optimizer.state_dict() if key.endswith("velocity")}
    assert names == {name for name, _ in model.named_parameters()}
    # Of two models with equal names, the second has positions; nothing is refused.
    groups = [{"params": nn.Affine(1, 1).parameters()}, {"params": nn.Affine(1, 1).parameters(), "lr": 1.0}]
    assert nn.SGD(groups, lr=0.1).groups[1].names == ["2", "3"]
