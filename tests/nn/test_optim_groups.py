"""Parameter groups: settings of their own, more of them later, state by name; penalties and what they leave out."""

from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn
from tests.nn.optim_records import RECORDED, START, run


def parameter() -> nn.Parameter:
    return nn.Parameter(START, dtype=np.float64)


@pytest.mark.parametrize("case", RECORDED)
def test_groups_step_as_optimizers_of_their_own(case: str) -> None:
    make, options, _ = RECORDED[case]
    a, b, c, d = (parameter() for _ in range(4))
    other = options | {"lr": 0.003}
    both = make([{"params": [a]}, {"params": [b], "lr": 0.003}], **options)
    first, second = make([c], **options), make([d], **other)
    for i in range(20):
        for p in (b, d):
            p.grad = mg.Tensor(np.sin(i + p.data))
        run(both, a, range(i, i + 1))
        run(first, c, range(i, i + 1))
        second.step()
    np.testing.assert_array_equal(a.data, c.data)
    np.testing.assert_array_equal(b.data, d.data)


def test_a_setting_is_read_and_set_for_all_groups_or_one() -> None:
    optimizer = nn.SGD([{"params": [parameter()], "momentum": 0.5}, {"params": [parameter()]}], lr=0.1)
    assert optimizer.lr == 0.1
    with pytest.raises(ValueError, match=r"SGD: the groups differ in momentum: 0.5, 0.0; .*groups\[0\].momentum"):
        optimizer.momentum
    optimizer.momentum = 0.25
    optimizer.groups[1].lr = 0.2
    assert [(group.lr, group.momentum) for group in optimizer.groups] == [(0.1, 0.25), (0.2, 0.25)]
    assert repr(optimizer) == (
        "SGD(\n"
        "  1 parameters, lr=0.1, momentum=0.25, nesterov=False, weight_decay=0.0\n"
        "  1 parameters, lr=0.2, momentum=0.25, nesterov=False, weight_decay=0.0\n"
        ")"
    )


def test_a_group_that_comes_later() -> None:
    a, b = parameter(), parameter()
    optimizer = nn.Adam([("a", a)], lr=0.1)
    run(optimizer, a, range(3))
    optimizer.add_group({"params": [("b", b)], "lr": 0.01})
    for p in (a, b):
        p.grad = mg.Tensor(np.ones(4))
    optimizer.step()
    np.testing.assert_allclose(b.data, np.array(START) - 0.01, rtol=1e-6)
    state = optimizer.state_dict()
    assert (int(state["a.step"]), int(state["b.step"]), float(state["groups.1.lr"])) == (4, 1, 0.01)
    before = len(optimizer.groups)
    for group, message in (
        ({"params": [("c", parameter())], "lr": -1}, "lr must be at least 0"),
        ({"params": [a]}, "parameter '2' is given twice"),
        ({"params": [("a", parameter())]}, "parameter 'a' is given twice"),
        ({"params": []}, "there are no parameters"),
        ({"lr": 0.1}, "a group needs 'params', got 'lr'"),
        ({"params": [parameter()], "lt": 0.1}, "a group has no setting 'lt'; known: lr, betas"),
    ):
        with pytest.raises(ValueError, match=message):
            optimizer.add_group(group)
    with pytest.raises(TypeError, match="a group is a mapping with 'params'"):
        optimizer.add_group([parameter()])  # type: ignore[arg-type]
    assert len(optimizer.groups) == before


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda p: nn.SGD([p, {"params": []}], 0.1), TypeError, "parameters or groups .* got some of each"),
        (lambda p: nn.SGD({"params": [p]}, 0.1), TypeError, r"got one mapping; write \[group\]"),
        (lambda p: nn.SGD([{"params": [p], "momentum": 0.0}], 0.1, 0.9, True), ValueError, "nesterov needs a momentum"),
        (lambda p: nn.Nesterov([p], 0.1, momentum=0.0), ValueError, "Nesterov: nesterov needs a momentum above 0"),
        (lambda p: nn.SGD([mg.Tensor([1, 2])], 0.1), TypeError, "whole numbers cannot be optimized"),
        (lambda p: nn.Adam([p], amsgrad=1), TypeError, "Adam: amsgrad must be True or False, got 1"),
        (lambda p: nn.RMSprop([p], alpha=1.0), ValueError, "RMSprop: alpha must be at least 0 and below 1, got 1.0"),
        (lambda p: nn.AdaDelta([p], rho=-0.1), ValueError, "AdaDelta: rho must be at least 0 and below 1, got -0.1"),
        (lambda p: nn.AdaGrad([p], initial=-1), ValueError, "AdaGrad: initial must be at least 0 and finite, got -1"),
        (lambda p: nn.Lion([p], betas=(0.9,)), TypeError, "Lion: betas must be a pair of numbers"),
        (lambda p: setattr(nn.SGD([p], 0.1).groups[0], "lt", 1), AttributeError, "SGD: there is no setting 'lt'"),
        (lambda p: nn.SGD(nn.Affine(1, 1), 0.1), TypeError, r"got Affine, a module; pass its \.parameters\(\)"),
        (lambda p: nn.SGD([{"params": nn.Sequential(nn.Affine(1, 1))}], 0.1), TypeError, "got Sequential, a module"),
        (lambda p: nn.SGD([p], 0.1).groups[0].lt, AttributeError, "SGD: there is no setting 'lt'; it has lr, momentum"),
    ],
)
def test_wrong_groups_and_settings(make: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        make(parameter())


def test_state_of_groups_comes_back_or_says_why_not() -> None:
    def build() -> tuple[nn.Parameter, nn.Parameter, nn.AdamW]:
        a, b = parameter(), parameter()
        return a, b, nn.AdamW([{"params": [("a", a)], "weight_decay": 0.5}, {"params": [("b", b)], "lr": 0.5}])

    a, b, optimizer = build()
    a.grad = b.grad = mg.Tensor(np.ones(4))
    optimizer.step()
    _, _, resumed = build()
    resumed.groups[0].weight_decay = 0.0
    resumed.load_state_dict(optimizer.state_dict())
    assert repr(resumed) == repr(optimizer)
    single = nn.AdamW([("a", parameter())])
    with pytest.raises(ValueError, match=r"unexpected: 'groups\.1\.lr'"):
        single.load_state_dict(optimizer.state_dict())
    assert single.groups[0].weight_decay == 0.01


def test_a_slot_that_a_setting_adds_leaves_the_others() -> None:
    p = parameter()
    optimizer = nn.RMSprop([("p", p)])
    run(optimizer, p, range(3))
    square = optimizer.state_dict()["p.square"]
    optimizer.centered, optimizer.lr = True, 0.0
    p.grad = mg.Tensor(np.zeros(4))
    optimizer.step()
    np.testing.assert_allclose(optimizer.state_dict()["p.square"], square * 0.99)
    optimizer.momentum, optimizer.centered = 0.5, False
    optimizer.step()
    assert [name for name in optimizer.state_dict() if name.startswith("p.")] == ["p.step", "p.square", "p.velocity"]


def test_what_a_closure_returns() -> None:
    p = nn.Parameter([3.0])
    optimizer = nn.SGD([p], lr=0.1)

    def closure() -> mg.Tensor:
        optimizer.zero_grad()
        loss = (p * p).sum()
        loss.backward()
        return loss

    loss = optimizer.step(closure)
    assert loss is not None
    assert (loss.item(), p.item()) == (9.0, pytest.approx(2.4))
    assert optimizer.step() is None


# ------------------------------------------------------------------------------------------------- regularization
def test_an_l2_penalty_is_weight_decay() -> None:
    rng = np.random.default_rng(0)
    x = rng.standard_normal((8, 3)).astype(np.float32)
    models = [nn.Affine(3, 2) for _ in range(2)]
    models[1].load_state_dict(models[0].state_dict())
    decayed, penalized = models
    first = nn.SGD(nn.decay_groups(decayed, 0.1), lr=0.1)
    second = nn.SGD(penalized.parameters(), lr=0.1)
    for _ in range(5):
        first.zero_grad()
        second.zero_grad()
        mg.square(decayed(x)).mean().backward()
        (mg.square(penalized(x)).mean() + 0.1 * nn.l2_penalty(penalized.weight)).backward()
        first.step()
        second.step()
    for p, q in zip(decayed.parameters(), penalized.parameters(), strict=True):
        np.testing.assert_allclose(p.data, q.data, rtol=1e-5, atol=1e-6)


def test_l1_makes_zeros_of_what_does_not_help() -> None:
    rng = np.random.default_rng(1)
    x = rng.standard_normal((64, 6))
    w = nn.Parameter(rng.standard_normal(6), dtype=np.float64)
    optimizer = nn.SGD([w], lr=0.01)
    for _ in range(600):
        optimizer.zero_grad()
        error = mg.Tensor(x) @ w - 2 * x[:, 0]
        (mg.square(error).mean() + 0.1 * nn.l1_penalty([w])).backward()
        optimizer.step()
    assert w.data[0] > 1.8
    assert np.abs(w.data[1:]).max() < 0.01


@pytest.mark.parametrize("penalty", [nn.l1_penalty, nn.l2_penalty])
def test_penalties_of_what_is_none(penalty: Any) -> None:
    with pytest.raises(ValueError, match="there are no parameters"):
        penalty([])
    with pytest.raises(TypeError, match=r"expected parameters, got str; pass model.parameters\(\)"):
        penalty(["weight"])


def test_decay_groups_of_one_kind() -> None:
    assert len(nn.decay_groups(nn.Affine(2, 2, bias=False), 0.1)) == 1
    with pytest.raises(ValueError, match="weight_decay must be at least 0"):
        nn.decay_groups(nn.Affine(2, 2), -1)
