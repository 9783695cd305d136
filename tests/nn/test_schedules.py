"""Schedules: PyTorch's learning rates, their shapes, resuming anywhere, and plateaus."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import minigrad as mg
from minigrad import nn
from minigrad.nn.schedules import (
    Chained,
    Cosine,
    CosineRestarts,
    Exponential,
    Joined,
    Linear,
    MultiStep,
    OneCycle,
    Polynomial,
    StepDecay,
)


def build(kind: type[nn.Optimizer] = nn.SGD, **options: Any) -> nn.Optimizer:
    groups = [{"params": [nn.Parameter([1.0])]}, {"params": [nn.Parameter([1.0])], "lr": 0.05}]
    return kind(groups, **{"lr": 0.5} | options)


def drive(scheduler: nn.Scheduler, steps: int) -> list[list[float]]:
    rates = []
    for _ in range(steps):
        rates.append([group.lr for group in scheduler.optimizer.groups])
        scheduler.step()
    return rates


# Ours, PyTorch's on an optimizer with learning rates 0.5 and 0.05, and for how many steps they are to be equal.
PAIRS: dict[str, tuple[Callable[[int], float], Callable[[Any, Any], Any], int]] = {
    "step": (StepDecay(3, 0.5), lambda s, o: s.StepLR(o, 3, 0.5), 20),
    "multi-step": (MultiStep([2, 7, 8], 0.3), lambda s, o: s.MultiStepLR(o, [2, 7, 8], 0.3), 20),
    "exponential": (Exponential(0.9), lambda s, o: s.ExponentialLR(o, 0.9), 20),
    "linear": (Linear(6, 0.1), lambda s, o: s.LinearLR(o, 0.1, 1.0, 6), 20),
    "polynomial": (Polynomial(8, 2.0), lambda s, o: s.PolynomialLR(o, 8, 2.0), 20),
    "cosine": (Cosine(12), lambda s, o: s.CosineAnnealingLR(o, 12), 13),
    "restarts": (CosineRestarts(4, 2), lambda s, o: s.CosineAnnealingWarmRestarts(o, 4, 2), 40),
    "lambda": (lambda t: 1 / (1 + t), lambda s, o: s.LambdaLR(o, lambda t: 1 / (1 + t)), 20),
    "chained": (
        Chained(Linear(4, 0.2), Exponential(0.9)),
        lambda s, o: s.ChainedScheduler([s.LinearLR(o, 0.2, 1.0, 4), s.ExponentialLR(o, 0.9)]),
        20,
    ),
    "joined": (
        Joined([Linear(5, 0.2), Exponential(0.9)], [5]),
        lambda s, o: s.SequentialLR(o, [s.LinearLR(o, 0.2, 1.0, 5), s.ExponentialLR(o, 0.9)], [5]),
        20,
    ),
    "one cycle": (OneCycle(20), lambda s, o: s.OneCycleLR(o, [0.5, 0.05], 20, cycle_momentum=False), 20),
    "one cycle, linear": (
        OneCycle(25, 0.4, start=0.1, end=0.001, shape="linear"),
        lambda s, o: s.OneCycleLR(
            o, [0.5, 0.05], 25, pct_start=0.4, anneal_strategy="linear", div_factor=10, final_div_factor=100,
            cycle_momentum=False,
        ),
        25,
    ),
    "one cycle, symmetric": (
        OneCycle(25, 0.4, symmetric=True),
        lambda s, o: s.OneCycleLR(o, [0.5, 0.05], 25, pct_start=0.4, three_phase=True, cycle_momentum=False),
        25,
    ),
}  # fmt: skip


# The learning rates at steps 0, 5, 10, 15 and 19, from 0.5, by torch 2.13.
RECORDED = {
    "step": [0.5, 0.25, 0.0625, 0.015625, 0.0078125],
    "multi-step": [0.5, 0.15, 0.0135, 0.0135, 0.0135],
    "exponential": [0.5, 0.295245, 0.17433922005, 0.102945566047, 0.067542585884],
    "linear": [0.05, 0.425, 0.5, 0.5, 0.5],
    "polynomial": [0.5, 0.0703125, 0.0, 0.0, 0.0],
    "restarts": [0.5, 0.480969883128, 0.073223304703, 0.457867403076, 0.298772580504],
    "chained": [0.1, 0.295245, 0.17433922005, 0.102945566047, 0.067542585884],
    "joined": [0.1, 0.5, 0.295245, 0.17433922005, 0.114383962275],
    "one cycle": [0.02, 0.5, 0.358471500896, 0.094129173025, 2e-06],
    "one cycle, linear": [0.05, 0.3, 0.4667, 0.3002, 0.167],
    "one cycle, symmetric": [0.02, 0.30167556264, 0.485526228989, 0.14, 0.018660388012],
}


@pytest.mark.filterwarnings("ignore:Detected call of `lr_scheduler.step")
@pytest.mark.parametrize("case", PAIRS)
def test_torch_itself(case: str) -> None:
    torch = pytest.importorskip("torch", reason="torch is an optional oracle")
    ours, theirs, steps = PAIRS[case]
    scheduler = nn.Scheduler(build(), ours)
    groups = [{"params": [torch.zeros(1, requires_grad=True)], "lr": lr} for lr in (0.5, 0.05)]
    optimizer = torch.optim.SGD(groups, momentum=0.9)
    other = theirs(torch.optim.lr_scheduler, optimizer)
    expected = []
    for _ in range(steps):
        expected.append([group["lr"] for group in optimizer.param_groups])
        optimizer.step()
        if _ + 1 < steps:
            other.step()
    np.testing.assert_allclose(drive(scheduler, steps), expected, rtol=1e-9, atol=1e-12)


@pytest.mark.filterwarnings("ignore:Detected call of `lr_scheduler.step")
@pytest.mark.parametrize("kind", ["SGD", "Adam"])
def test_the_momentum_of_one_cycle_is_that_of_torch(kind: str) -> None:
    torch = pytest.importorskip("torch", reason="torch is an optional oracle")
    options = {"momentum": 0.95} if kind == "SGD" else {"betas": (0.95, 0.99)}
    ours = getattr(nn, kind)([nn.Parameter([1.0])], lr=0.5, **options)
    momentum = OneCycle(20, start=1.0, peak=0.85 / 0.95, end=1.0)
    scheduler = nn.Scheduler(ours, OneCycle(20), momentum)
    theirs = getattr(torch.optim, kind)([torch.zeros(1, requires_grad=True)], lr=0.5, **options)
    other = torch.optim.lr_scheduler.OneCycleLR(theirs, 0.5, 20)
    for i in range(20):
        group = theirs.param_groups[0]
        expected = group["momentum"] if kind == "SGD" else group["betas"][0]
        assert (ours.momentum if kind == "SGD" else ours.betas[0]) == pytest.approx(expected, rel=1e-9), i
        assert ours.lr == pytest.approx(group["lr"])
        theirs.step()
        if i < 19:
            other.step()
        scheduler.step()


def test_recorded_rates_of_torch() -> None:
    for case, expected in RECORDED.items():
        schedule = PAIRS[case][0]
        np.testing.assert_allclose([0.5 * schedule(t) for t in (0, 5, 10, 15, 19)], expected, rtol=1e-6, atol=1e-12)


@settings(max_examples=50)
@given(steps=st.integers(2, 60), end=st.floats(0, 1), t=st.integers(0, 100))
def test_shapes(steps: int, end: float, t: int) -> None:
    cosine, restarts = Cosine(steps, end), CosineRestarts(steps, end=end)
    assert cosine(0) == 1
    assert cosine(t + 1) <= cosine(t)
    assert cosine(steps + t) == pytest.approx(end)
    assert restarts(t) == pytest.approx(cosine(t % steps))
    line = Linear(steps, 0.0, 1.0)
    assert line(t) == pytest.approx(min(t / steps, 1))
    assert Chained(line, cosine)(t) == line(t) * cosine(t)
    joined = Joined([line, cosine], [steps])
    assert joined(t) == (line(t) if t < steps else cosine(t - steps))


@settings(max_examples=50)
@given(
    steps=st.integers(20, 200),
    rise=st.floats(0.1, 0.45),
    symmetric=st.booleans(),
    shape=st.sampled_from(["cosine", "linear"]),
)
def test_one_cycle_goes_up_and_down_once(steps: int, rise: float, symmetric: bool, shape: str) -> None:
    cycle = OneCycle(steps, rise, start=0.2, end=0.01, shape=shape, symmetric=symmetric)
    values = [cycle(t) for t in range(steps + 5)]
    top = int(np.argmax(values))
    assert values[0] == pytest.approx(0.2)
    assert values[: top + 1] == sorted(values[: top + 1])
    assert values[top:] == sorted(values[top:], reverse=True)
    assert values[steps - 1 :] == [pytest.approx(0.01)] * 6
    assert max(values) <= 1 + 1e-12


def test_growing_periods_far_out() -> None:
    schedule = CosineRestarts(3, growth=3)
    starts = [t for t in range(3000) if schedule(t) == 1]
    assert starts == [0, 3, 12, 39, 120, 363, 1092]


@pytest.mark.parametrize("case", PAIRS)
def test_resuming_gives_the_same_rates(case: str) -> None:
    schedule = PAIRS[case][0]
    whole = drive(nn.Scheduler(build(), schedule), 12)
    first = nn.Scheduler(build(), schedule)
    drive(first, 5)
    optimizer = build()
    optimizer.load_state_dict(first.optimizer.state_dict())
    resumed = nn.Scheduler(optimizer, schedule)
    resumed.load_state_dict(first.state_dict())
    assert drive(resumed, 7) == whole[5:]


def test_a_group_that_comes_later_is_scheduled_from_its_own_rate() -> None:
    optimizer = build()
    scheduler = nn.Scheduler(optimizer, Exponential(0.5))
    scheduler.step()
    optimizer.add_group({"params": [nn.Parameter([1.0])], "lr": 8.0})
    scheduler.step()
    assert [group.lr for group in optimizer.groups] == [0.125, 0.0125, 2.0]


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: StepDecay(0), ValueError, "StepDecay: every must be at least 1, got 0"),
        (lambda: StepDecay(2.5), TypeError, "StepDecay: every must be a whole number, got 2.5"),
        (lambda: Exponential(-0.1), ValueError, "Exponential: factor must be at least 0"),
        (lambda: MultiStep([3, 2]), ValueError, r"MultiStep: milestones must rise, got \[3, 2\]"),
        (lambda: Joined([Cosine(3)], [2]), ValueError, "Joined: 1 schedules need 0 milestones between them, got 1"),
        (lambda: Chained(), ValueError, "Chained: there are no schedules"),
        (lambda: Chained(0.5), TypeError, "Chained: a schedule is a function of the number of steps, got 0.5"),
        (lambda: OneCycle(2, rise=0.3), ValueError, "OneCycle: 2 steps with a rise of 0.3 are too few"),
        (lambda: OneCycle(50, shape="sine"), ValueError, "OneCycle: shape must be cosine or linear, got 'sine'"),
        (lambda: OneCycle(50, rise=0.5, symmetric=True), ValueError, "rise must be at least 0 and below 0.5"),
        (lambda: nn.Scheduler(nn.Parameter([1.0]), Cosine(3)), TypeError, "Scheduler: expected an optimizer, got"),
        (lambda: nn.Scheduler(build(), 0.1), TypeError, "Scheduler: lr must be a function of the number of steps"),
        (
            lambda: nn.Scheduler(build(nn.AdaGrad), Cosine(3), momentum=Cosine(3)),
            ValueError,
            "Scheduler: AdaGrad has no momentum to schedule",
        ),
        (lambda: nn.Scheduler(build(), lambda t: -1), ValueError, "SGD: lr must be at least 0 and finite, got -0.5"),
        (lambda: nn.Plateau(build(), factor=1.0), ValueError, "Plateau: factor must be at least 0 and below 1"),
        (lambda: nn.Plateau(build(), patience=-1), ValueError, "Plateau: patience must be a whole number"),
        (lambda: nn.Plateau(build(), mode="low"), ValueError, "Plateau: mode must be min or max, got 'low'"),
    ],
)  # fmt: skip
def test_wrong_settings(make: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        make()


@pytest.mark.parametrize(
    "change",
    [{"steps": np.array(-1)}, {"base.lr": np.ones(3)}, {"base.lr": -np.ones(2)}, {"base.momentum": np.ones(2)}],
)
def test_a_state_that_does_not_fit_changes_nothing(change: dict[str, Any]) -> None:
    scheduler = nn.Scheduler(build(), Cosine(9))
    scheduler.step()
    before, rates = scheduler.state_dict(), [group.lr for group in scheduler.optimizer.groups]
    with pytest.raises(ValueError, match="Scheduler: "):
        scheduler.load_state_dict(before | change)
    assert repr(scheduler.state_dict()) == repr(before)
    assert [group.lr for group in scheduler.optimizer.groups] == rates


# ------------------------------------------------------------------------------------------------------- plateau
@settings(max_examples=60)
@given(
    measures=st.lists(st.sampled_from([1.0, 0.99, 0.9, 0.5, 0.2, -0.1, -0.3, 2.0, float("nan")]), max_size=25),
    mode=st.sampled_from(["min", "max"]),
    patience=st.integers(0, 3),
    cooldown=st.integers(0, 3),
    relative=st.booleans(),
    min_lr=st.sampled_from([0.0, 0.02, 0.2]),
)
def test_a_plateau_is_that_of_torch(
    measures: list[float], mode: str, patience: int, cooldown: int, relative: bool, min_lr: float
) -> None:
    torch = pytest.importorskip("torch", reason="torch is an optional oracle")
    ours = nn.Plateau(build(), 0.5, patience, 0.05, mode, cooldown, min_lr, relative)
    groups = [{"params": [torch.zeros(1, requires_grad=True)], "lr": lr} for lr in (0.5, 0.05)]
    optimizer = torch.optim.SGD(groups)
    theirs = torch.optim.lr_scheduler.ReduceLROnPlateau(
        optimizer, mode, 0.5, patience, 0.05, "rel" if relative else "abs", cooldown, 0.0, eps=0.0
    )
    theirs.min_lrs = [min(min_lr, lr) for lr in (0.5, 0.05)]  # torch would raise a rate that is below the minimum
    for i, measure in enumerate(measures):
        if i == 10:  # resumed in between
            state, optimizer_state = ours.state_dict(), ours.optimizer.state_dict()
            ours = nn.Plateau(build(), 0.5, patience, 0.05, mode, cooldown, min_lr, relative)
            ours.load_state_dict(state)
            ours.optimizer.load_state_dict(optimizer_state)
        ours.step(measure)
        theirs.step(measure)
        expected = [group["lr"] for group in optimizer.param_groups]
        assert [group.lr for group in ours.optimizer.groups] == pytest.approx(expected)


def test_a_plateau_by_hand() -> None:
    optimizer = build()
    plateau = nn.Plateau(optimizer, factor=0.5, patience=1, cooldown=2, mode="max")
    rates = []
    for measure in (0.5, 0.6, 0.6, 0.6, 0.1, 0.1, 0.1, 0.1, mg.Tensor(0.9), 0.9):
        plateau.step(measure)
        rates.append(optimizer.groups[0].lr)
    assert rates == [0.5, 0.5, 0.5, 0.25, 0.25, 0.25, 0.25, 0.125, 0.125, 0.125]


@pytest.mark.parametrize("change", [{"best": np.array(np.nan)}, {"bad_steps": np.array(-1)}, {"more": np.array(1)}])
def test_a_plateaus_state_that_does_not_fit_changes_nothing(change: dict[str, Any]) -> None:
    plateau = nn.Plateau(build())
    plateau.step(1.0)
    before = repr(plateau.state_dict())
    with pytest.raises(ValueError, match="Plateau: "):
        plateau.load_state_dict(plateau.state_dict() | change)
    assert repr(plateau.state_dict()) == before
