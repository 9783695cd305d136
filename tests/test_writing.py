"""Writing: the version check, and ``x[i] = v`` as a functional set."""

import numpy as np
import pytest

import minigrad as mg
from minigrad import Tensor


def leaf(*values: float) -> Tensor:
    return Tensor(list(values), requires_grad=True)


# ------------------------------------------------------------------------------------------------- version check
@pytest.mark.parametrize(
    "write",
    [
        lambda w: w.assign([5.0, 5.0]),
        lambda w: setattr(w, "data", np.array([5.0, 5.0])),
        lambda w: mg.no_grad()(w.__setitem__)(0, 5.0),
    ],
    ids=["assign", "data", "setitem under no_grad"],
)
def test_a_write_between_forward_and_backward_is_noticed(write: object) -> None:
    x, w = leaf(1.0, 2.0), Tensor([3.0, 4.0], requires_grad=True, name="w")
    y = (x * w).sum()
    write(w)  # type: ignore[operator]
    with pytest.raises(RuntimeError, match=r"multiply: its argument b, 'w' .*written to after the forward pass"):
        y.backward()
    (x * w).sum().backward()
    assert x.grad.tolist() == w.tolist()


def test_a_write_to_a_constant_is_noticed() -> None:
    x, c = leaf(1.0, 2.0), Tensor([3.0, 4.0])
    y = (x * c).sum()
    c.assign([5.0, 5.0])
    with pytest.raises(RuntimeError, match=r"multiply: its argument b, a constant tensor .*written to"):
        y.backward()


def test_a_write_to_what_no_rule_reads_is_allowed() -> None:
    x, b = leaf(1.0, 2.0), leaf(3.0, 4.0)
    y = (x + b).sum()
    b.assign([5.0, 5.0])
    y.backward()
    assert x.grad.tolist() == [1.0, 1.0]


def test_a_write_before_the_forward_pass_is_allowed() -> None:
    w = leaf(3.0)
    w.assign([5.0])
    (w * w).sum().backward()
    assert w.grad.tolist() == [10.0]


# ----------------------------------------------------------------------------------------------------- x[i] = v
def test_assignment_to_a_result_is_functional() -> None:
    x, v = leaf(1.0, 2.0, 3.0), leaf(10.0)
    y = x * 1.0
    square = y * y
    y[1] = v[0] * 2
    assert y.tolist() == [1.0, 20.0, 3.0]
    assert square.tolist() == [1.0, 4.0, 9.0]
    (y * y + square).sum().backward()
    assert x.grad.tolist() == [4.0, 4.0, 12.0]
    assert v.grad.tolist() == [80.0]


def test_assignment_to_a_constant_makes_it_a_result() -> None:
    x = leaf(2.0)
    out = mg.zeros(3)
    for i in range(3):
        out[i] = x[0] ** (i + 1)
    out.sum().backward()
    assert x.grad.tolist() == [1 + 4 + 12.0]


def test_assignment_to_a_leaf_that_requires_grad_is_refused_outside_no_grad() -> None:
    x = leaf(1.0, 2.0)
    with pytest.raises(RuntimeError, match=r"is a leaf that requires grad.*no_grad"):
        x[0] = 5.0
    with mg.no_grad():
        x[0] = 5.0
    assert x.tolist() == [5.0, 2.0]
    assert x.is_leaf


def test_augmented_assignment_makes_a_new_tensor() -> None:
    x = leaf(1.0, 2.0)
    y = x
    y *= 3
    y += 1
    assert x.tolist() == [1.0, 2.0]
    y.sum().backward()
    assert x.grad.tolist() == [3.0, 3.0]


def test_index_arrays_can_be_changed_after_use() -> None:
    x, index = leaf(1.0, 2.0, 3.0), np.array([0, 2])
    y = x[index].sum()
    index[...] = 1
    y.backward()
    assert x.grad.tolist() == [1.0, 0.0, 1.0]
