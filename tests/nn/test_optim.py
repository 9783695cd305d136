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

START = [0.5, -1.0, 2.0, 0.0]

# The parameters after 1, 10 and 100 steps from START in float64, with the gradient of `slope`, by torch 2.13.
RECORDED: dict[str, tuple[type[nn.Optimizer], dict[str, Any], list[list[float]]]] = {
    "sgd": (
        nn.SGD,
        {"lr": 0.1},
        [
            [0.482926279833, -0.88100075034, 1.863982971335, -0.1],
            [0.773764627353, -0.71916703372, 1.269491914581, -0.678795342567],
            [-1.541307129628, -3.422438403428, -1.541307129628, -3.42243840342],
        ],
    ),
    "sgd, weight decay": (
        nn.SGD,
        {"lr": 0.1, "weight_decay": 0.1},
        [
            [0.477926279833, -0.87100075034, 1.843982971335, -0.1],
            [0.64302160564, -0.697653884492, 1.22729479297, -0.660544795331],
            [-1.485973308953, -1.968041445423, -1.485973308953, -1.968041385336],
        ],
    ),
    "momentum": (
        nn.SGD,
        {"lr": 0.05, "momentum": 0.9},
        [
            [0.491463139917, -0.94050037517, 1.931991485667, -0.05],
            [0.690860368857, -0.513103529745, 0.887075578735, -1.023000450479],
            [-1.632058598208, -3.565733556483, -1.631363288188, -3.560349470851],
        ],
    ),
    "momentum, weight decay": (
        nn.SGD,
        {"lr": 0.05, "momentum": 0.9, "weight_decay": 0.1},
        [
            [0.488963139917, -0.93550037517, 1.921991485667, -0.05],
            [0.426020223398, -0.469488026896, 0.789276752648, -0.981666186076],
            [-1.574911191138, -3.302961043775, -1.577747312817, -3.308734409049],
        ],
    ),
    "nesterov": (
        nn.SGD,
        {"lr": 0.05, "momentum": 0.9, "nesterov": True},
        [
            [0.483779965842, -0.886950712823, 1.870783822768, -0.095],
            [0.673944223904, -0.693246958073, 1.077857218773, -0.879910944722],
            [-1.629710196034, -3.562711337527, -1.629709114825, -3.562707894292],
        ],
    ),
    "nesterov, weight decay": (
        nn.SGD,
        {"lr": 0.05, "momentum": 0.9, "nesterov": True, "weight_decay": 0.1},
        [
            [0.479029965842, -0.877450712823, 1.851783822768, -0.095],
            [0.176964007634, -0.66882634395, 1.024773111176, -0.845200504356],
            [-3.302132502669, -3.302299094561, -1.575554049592, -3.302312737237],
        ],
    ),
    "adam": (
        nn.Adam,
        {"lr": 0.05},
        [
            [0.450000002928, -0.95000000042, 1.950000000368, -0.0499999995],
            [-0.007384478792, -0.593994702327, 1.504560530793, -0.496506196975],
            [-3.458182178329, -3.436166224569, -1.520993070411, -3.453249069391],
        ],
    ),
    "adam, betas, eps": (
        nn.Adam,
        {"lr": 0.05, "betas": (0.8, 0.95), "eps": 0.01},
        [
            [0.452766447612, -0.950416669272, 1.950364918145, -0.049504950495],
            [0.001606183972, -0.626790661523, 1.510480783641, -0.489754871309],
            [-3.523960621819, -3.54528003733, -1.598964950736, -3.538646274888],
        ],
    ),
    "adam, weight decay": (
        nn.Adam,
        {"lr": 0.05, "weight_decay": 0.1},
        [
            [0.450000002265, -0.950000000388, 1.95000000032, -0.0499999995],
            [-0.008078391948, -0.584732877919, 1.50460905247, -0.495395131434],
            [-3.071435786982, -2.941952231203, -1.44770545636, -3.077332952738],
        ],
    ),
}


def slope(p: Any, i: int) -> Any:
    """A gradient that changes with the place and with time."""
    return np.cos(3 * p + 0.1 * i) + 0.2 * p


def run(optimizer: nn.Optimizer, p: mg.Tensor, steps: range) -> None:
    for i in steps:
        p.grad = mg.Tensor(slope(p.data, i), dtype=p.dtype)
        optimizer.step()


@pytest.mark.parametrize("case", RECORDED)
def test_recorded_steps_of_torch(case: str) -> None:
    make, options, recorded = RECORDED[case]
    p = nn.Parameter(START, dtype=np.float64)
    optimizer = make([p], **options)
    for steps, expected in zip((range(1), range(1, 10), range(10, 100)), recorded, strict=True):
        run(optimizer, p, steps)
        np.testing.assert_allclose(p.data, expected, rtol=1e-6, atol=1e-6)


@settings(max_examples=30)
@given(
    name=st.sampled_from(["SGD", "Adam"]),
    lr=st.floats(0, 0.1),
    decay=st.sampled_from([0.0, 0.1]),
    momentum=st.sampled_from([0.0, 0.5, 0.9]),
    nesterov=st.booleans(),
    dtype=st.sampled_from([np.float32, np.float64]),
)
def test_torch_itself(name: str, lr: float, decay: float, momentum: float, nesterov: bool, dtype: Any) -> None:
    torch = pytest.importorskip("torch", reason="torch is an optional oracle")
    options: dict[str, Any] = {"lr": lr, "weight_decay": decay}
    if name == "Adam":
        options["betas"] = (momentum, 0.99)
    else:
        options |= {"momentum": momentum, "nesterov": nesterov and momentum > 0}
    p, q = nn.Parameter(START, dtype=dtype), torch.tensor(np.array(START, dtype), requires_grad=True)
    ours, theirs = getattr(nn, name)([p], **options), getattr(torch.optim, name)([q], **options)
    for i in range(20):
        # The same gradients on both sides: this one would tell paths apart that differ in the last digit.
        g = np.cos(i + np.arange(4)).astype(dtype)
        p.grad, q.grad = mg.Tensor(g), torch.tensor(g)
        ours.step()
        theirs.step()
    np.testing.assert_allclose(p.data, q.detach().numpy(), rtol=2e-6, atol=2e-6)


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


@pytest.mark.parametrize("make", [nn.SGD, nn.Adam])
@pytest.mark.parametrize("size", [50, 3 * base.PIECE])
def test_a_step_allocates_nothing_and_keeps_the_array(make: Any, size: int) -> None:
    p = nn.Parameter(np.ones(size))
    optimizer = make([p], lr=0.1, weight_decay=0.1, **({"momentum": 0.9} if make is nn.SGD else {}))
    p.grad = mg.Tensor(np.ones(size, np.float32))
    array = p.data
    optimizer.step()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        tracemalloc.reset_peak()
        for _ in range(40):
            optimizer.step()
        # A few Python numbers and views, and no array.
        assert tracemalloc.get_traced_memory()[1] - before < 4096
    finally:
        tracemalloc.stop()
    assert p.data is array
    assert p.grad.data.tolist() == [1.0] * size


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
    for params, names in [(model.named_parameters(), ["0.weight", "0.bias"]), (model.parameters(), ["0", "1"])]:
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
