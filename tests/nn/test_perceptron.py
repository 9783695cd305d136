"""The perceptron: gates by weights, its rule, what it can and cannot learn, and wrong calls."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minigrad as mg
from minigrad import nn

X = np.array([[0, 0], [1, 0], [0, 1], [1, 1]])
GATES: dict[str, Any] = {
    "AND": ((0.5, 0.5), -0.7, [0, 0, 0, 1]),
    "NAND": ((-0.5, -0.5), 0.7, [1, 1, 1, 0]),
    "OR": ((0.5, 0.5), -0.2, [0, 1, 1, 1]),
}
XOR = [0, 1, 1, 0]


def gate(name: str) -> nn.Perceptron:
    weight, bias, _ = GATES[name]
    return nn.Perceptron.from_weights(weight, bias)


@pytest.mark.parametrize("name", GATES)
def test_gates_by_their_weights(name: str) -> None:
    assert gate(name)(X).tolist() == GATES[name][2]
    assert [gate(name)(row).item() for row in X] == GATES[name][2]


def test_xor_is_and_of_nand_and_or() -> None:
    hidden = np.stack([gate("NAND")(X).data, gate("OR")(X).data], axis=1)
    assert gate("AND")(hidden).tolist() == XOR


@pytest.mark.parametrize("name", GATES)
@pytest.mark.parametrize("lr", [0.1, 0.3, 1.0])
@pytest.mark.parametrize("shuffled", [False, True])
def test_learns_gates(name: str, lr: float, shuffled: bool) -> None:
    learner = nn.Perceptron(2)
    lessons = learner.fit(X, GATES[name][2], lr=lr, rng=np.random.default_rng(0) if shuffled else None)
    assert lessons.converged
    assert lessons.mistakes[-1] == 0
    assert all(lessons.mistakes[:-1])
    assert learner(X).tolist() == GATES[name][2]
    assert learner.fit(X, GATES[name][2], lr=lr) == ([0], True)


def test_cannot_learn_xor() -> None:
    learner = nn.Perceptron(2)
    mistakes, converged = learner.fit(X, XOR, epochs=500)
    assert not converged
    assert len(mistakes) == 500
    assert min(mistakes) > 0
    assert learner(X).tolist() != XOR


def test_two_layers_can_learn_xor() -> None:
    rng = np.random.default_rng(0)
    model = nn.Sequential(nn.Affine(2, 8, rng=rng), nn.Tanh(), nn.Affine(8, 2, rng=rng))
    loss, optimizer = nn.SoftmaxCrossEntropy(), nn.Adam(model.parameters(), lr=0.1)
    for _ in range(100):
        optimizer.zero_grad()
        loss(model(X.astype(np.float32)), XOR).backward()
        optimizer.step()
    assert model(X).data.argmax(axis=1).tolist() == XOR


def test_the_rule_by_hand() -> None:
    learner = nn.Perceptron.from_weights([0.5, -0.25], 0.0)
    lessons = learner.fit([[1.0, 2.0], [2.0, 1.0]], [1, 0], epochs=1, lr=0.5)
    # 0.5 - 0.5 = 0 is not above 0: add half of (1, 2). Then 2 + 0.75 + 0.5 > 0: take half of (2, 1) away.
    assert lessons.mistakes == [2]
    assert learner.weight.tolist() == [0.0, 0.25]
    assert learner.bias.item() == 0.0


@given(seed=st.integers(0, 200), n=st.integers(1, 20), width=st.integers(1, 4))
def test_finds_a_plane_where_there_is_one_and_within_novikoff_s_bound(seed: int, n: int, width: int) -> None:
    rng = np.random.default_rng(seed)
    x, true = rng.uniform(-1, 1, (n, width)), rng.standard_normal(width + 1)
    true /= np.linalg.norm(true)
    scores = x @ true[:-1] + true[-1]
    margin, radius = abs(scores).min(), np.sqrt((x**2).sum(1).max() + 1)
    bound = (radius / margin) ** 2
    if bound > 2000:
        return
    learner = nn.Perceptron(width, dtype=np.float64)
    lessons = learner.fit(x, scores > 0, epochs=2001)
    assert lessons.converged
    assert sum(lessons.mistakes) <= bound
    np.testing.assert_array_equal(learner(x).data, scores > 0)


def test_the_step_teaches_nothing_by_gradient() -> None:
    x = mg.Tensor(X.astype(float), requires_grad=True)
    assert not gate("AND")(x).requires_grad
    assert mg.heaviside([-1.0, 0.0, 1.0], 0.0).tolist() == [0, 0, 1]


def test_dtype_and_state() -> None:
    learner = nn.Perceptron(2)
    learner.fit(X, GATES["OR"][2])
    assert learner(X.astype(np.float32)).dtype == np.float32
    other = nn.Perceptron(2)
    other.load_state_dict(learner.state_dict())
    assert other(X).tolist() == GATES["OR"][2]
    assert repr(learner) == "Perceptron(2)"


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda p: nn.Perceptron(0), ValueError, "Perceptron: in_features must be at least 1, got 0"),
        (lambda p: nn.Perceptron.from_weights([[1.0]], 0), ValueError, r"one row of weights, got shape \(1, 1\)"),
        (lambda p: nn.Perceptron.from_weights([1.0], "x"), TypeError, "bias must be a number, got 'x'"),
        (
            lambda p: p(np.zeros((4, 3))),
            ValueError,
            r"^Perceptron\(2\): .* shape \(..., 2\), got \(4, 3\)",
        ),
        (lambda p: p.fit(X, [0, 1, 2, 1]), ValueError, "targets are 0 or 1, got 2"),
        (lambda p: p.fit(X, [0, 1]), ValueError, r"x of shape \(n, 2\) and t of shape \(n,\), got \(4, 2\) and \(2,\)"),
        (lambda p: p.fit(X, XOR, epochs=0), ValueError, "epochs must be at least 1, got 0"),
        (lambda p: p.fit(X, XOR, lr=0), ValueError, "lr must be above 0, got 0"),
        (lambda p: p.fit(X, XOR, rng=1), TypeError, "expected a np.random.Generator, got 1"),
    ],
)
def test_wrong_calls(make: Any, error: type[Exception], message: str) -> None:
    learner = nn.Perceptron(2)
    with pytest.raises(error, match=message):
        make(learner)
    assert learner.weight.tolist() == [0, 0]
