"""LBFGS: PyTorch's steps, hard valleys, the conditions of its line search, its state."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import minigrad as mg
from minigrad import nn
from minigrad.nn.optim.line_search import DECREASE, FLATTENING, strong_wolfe

START = [-1.2, 1.0, -1.2, 1.5]

# The parameters after 1, 3 and 10 steps of 10 iterations from START on `valley` in float64, lr 0.05 and a history of 5,
# by torch 2.13.
RECORDED = [
    [-1.0480108036, 0.7785176211, -1.0687744347, 1.3523703705],
    [-0.8710872197, 0.6868156729, -0.0093821587, 0.0582343283],
    [-0.8282547811, 0.6944972573, 0.4747644623, 0.2252724661],
]


def valley(v: Any) -> Any:
    return ((1 - v[:-1]) ** 2 + 100 * (v[1:] - v[:-1] ** 2) ** 2).sum()


def closure_of(p: mg.Tensor, optimizer: nn.Optimizer) -> Callable[[], mg.Tensor]:
    def closure() -> mg.Tensor:
        optimizer.zero_grad()
        loss: mg.Tensor = valley(p)
        loss.backward()
        return loss

    return closure


def build(**options: Any) -> tuple[nn.Parameter, nn.LBFGS]:
    p = nn.Parameter(START, dtype=np.float64)
    return p, nn.LBFGS([("p", p)], **{"history": 5, "max_iter": 10} | options)


def test_recorded_steps_of_torch() -> None:
    p, optimizer = build(lr=0.05)
    for i in range(10):
        optimizer.step(closure_of(p, optimizer))
        if i in (0, 2, 9):
            np.testing.assert_allclose(p.data, RECORDED[(0, 2, 9).index(i)], rtol=1e-6)


def test_torch_itself() -> None:
    torch = pytest.importorskip("torch", reason="torch is an optional oracle")
    for options in ({"lr": 0.05}, {"lr": 0.2, "max_iter": 3, "history": 2}):
        p, optimizer = build(**options)
        q = torch.tensor(START, dtype=torch.float64, requires_grad=True)
        # It counts evaluations too, which end short steps early unless it is told otherwise.
        same = {"max_iter": options.get("max_iter", 10), "max_eval": 99, "history_size": options.get("history", 5)}
        theirs = torch.optim.LBFGS([q], options["lr"], **same)

        def closure(q: Any = q, theirs: Any = theirs) -> Any:
            theirs.zero_grad()
            loss = valley(q)
            loss.backward()
            return loss

        for _ in range(6):
            assert float(optimizer.step(closure_of(p, optimizer))) == pytest.approx(theirs.step(closure).item())
            np.testing.assert_allclose(p.data, q.detach().numpy(), rtol=1e-6)


def test_the_line_search_reaches_the_floor_of_the_valley() -> None:
    p, optimizer = build(line_search=True, max_iter=100)
    start = valley(p).item()
    assert optimizer.step(closure_of(p, optimizer)).item() == start
    np.testing.assert_allclose(p.data, np.ones(4), rtol=1e-4)


@settings(max_examples=40)
@given(a=st.floats(0.05, 20), b=st.floats(-3, 3), c=st.floats(0.1, 3), first=st.floats(1e-3, 30))
def test_the_length_found_satisfies_the_strong_wolfe_conditions(a: float, b: float, c: float, first: float) -> None:
    def f(x: float) -> tuple[float, float]:
        return a * (x - c) ** 2 + b * np.sin(x - c), 2 * a * (x - c) + b * np.cos(x - c)

    loss, slope = f(0.0)
    if slope >= -1e-3:
        return
    seen = []

    def along(x: float) -> tuple[float, Any, float]:
        seen.append(x)
        return f(x)[0], x, f(x)[1]

    x, value, gradient = strong_wolfe(along, first, loss, 0.0, slope, 1e-15)
    assert value == f(x)[0]
    assert gradient == x
    assert value <= loss + DECREASE * x * slope
    assert abs(f(x)[1]) <= -FLATTENING * slope
    assert len(seen) < 30


def test_a_length_where_the_loss_is_infinite_is_shortened() -> None:
    p = nn.Parameter([3.0], dtype=np.float64)
    optimizer = nn.LBFGS([p], lr=50.0, line_search=True)

    def closure() -> mg.Tensor:
        optimizer.zero_grad()
        with np.errstate(over="ignore", invalid="ignore"):
            loss = (mg.exp(p * p) - p).sum()
            loss.backward()
        return loss

    for _ in range(3):
        optimizer.step(closure)
    x = p.item()
    assert 2 * x * np.exp(x * x) == pytest.approx(1, rel=1e-5)


def test_what_is_frozen_or_has_no_gradient_stays() -> None:
    frozen, idle = nn.Parameter([5.0], requires_grad=False, dtype=np.float64), nn.Parameter([6.0], dtype=np.float64)
    p = nn.Parameter(START, dtype=np.float64)
    optimizer = nn.LBFGS([frozen, p, idle], line_search=True)
    for _ in range(3):
        optimizer.step(closure_of(p, optimizer))
    assert (frozen.item(), idle.item()) == (5.0, 6.0)
    np.testing.assert_allclose(p.data, np.ones(4), rtol=1e-4)


@pytest.mark.parametrize("line_search", [False, True])
def test_resuming_is_exact(line_search: bool) -> None:
    options: dict[str, Any] = {"lr": 0.1, "max_iter": 4, "line_search": line_search}
    p, optimizer = build(**options)
    for _ in range(3):
        optimizer.step(closure_of(p, optimizer))
    state, values = optimizer.state_dict(), p.data.copy()
    for _ in range(3):
        optimizer.step(closure_of(p, optimizer))
    q, resumed = build()
    q.assign(values)
    resumed.load_state_dict(state)
    for _ in range(3):
        resumed.step(closure_of(q, resumed))
    np.testing.assert_array_equal(p.data, q.data)
    # And back to the very start.
    resumed.load_state_dict(build(**options)[1].state_dict())
    assert "iterations" not in resumed.state_dict()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"p.moves": None}, "missing: 'p.moves'"),
        ({"p.direction": np.zeros(3)}, r"'p.direction': expected shape \(4,\) and dtype float64, got \(3,\)"),
        ({"p.turns": np.zeros((1, 4))}, "as many moves as turns are needed"),
        ({"rate": np.array(np.nan)}, "'rate' must be a number"),
        ({"iterations": np.array(0)}, "'iterations' must be a number of iterations"),
        ({"q.moves": np.zeros(4)}, "unexpected: 'q.moves'"),
        ({"groups.0.lr": np.array(0.0)}, "lr must be above 0"),
    ],
)
def test_a_state_that_does_not_fit_changes_nothing(change: dict[str, Any], message: str) -> None:
    p, optimizer = build(lr=0.1)
    optimizer.step(closure_of(p, optimizer))
    before = optimizer.state_dict()
    state = {name: value for name, value in (before | change).items() if value is not None}
    with pytest.raises(ValueError, match=message):
        optimizer.load_state_dict(state)
    after = optimizer.state_dict()
    assert list(after) == list(before)
    for name, value in before.items():
        np.testing.assert_array_equal(after[name], value, strict=True)


def test_wrong_uses() -> None:
    p, optimizer = build()
    with pytest.raises(TypeError, match=r"LBFGS\.step: needs a function that returns the loss"):
        optimizer.step()
    with pytest.raises(RuntimeError, match="the closure made no gradients"):
        optimizer.step(lambda: valley(p))
    with pytest.raises(ValueError, match="LBFGS: lr must be above 0, got 0"):
        nn.LBFGS([p], lr=0)
    with pytest.raises(TypeError, match="LBFGS: history must be a whole number, got"):
        nn.LBFGS([p], history=2.5)  # type: ignore[arg-type]
    for params in ([{"params": [p]}, {"params": [nn.Parameter([1.0], dtype=np.float64)]}], [p, nn.Parameter([1.0])]):
        with pytest.raises(ValueError, match="LBFGS: expected one group of one dtype"):
            nn.LBFGS(params)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="expected one group"):
        optimizer.add_group({"params": [nn.Parameter([1.0], dtype=np.float64)]})
