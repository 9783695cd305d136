"""detect_anomaly: the first value that is not finite, forward or backward, with the op, the line and the ranges."""

import inspect

import numpy as np
import pytest

import minigrad as mg
from minigrad import Tensor


def here() -> int:
    """The line it is called from."""
    frame = inspect.currentframe()
    assert frame is not None
    assert frame.f_back is not None
    return frame.f_back.f_lineno


def test_forward_names_op_line_and_ranges() -> None:
    x = Tensor([[1.0, -4.0], [0.0, 2.0]], requires_grad=True)
    line = here() + 2
    with mg.detect_anomaly(), pytest.raises(mg.AnomalyError) as caught:
        mg.log(x - 1.5)
    text = str(caught.value)
    assert text.startswith("log: the value is not finite (3 of 4 entries: nan at index (0, 0))")
    assert f"{__file__}:{line}" in text
    assert "x: shape (2, 2), from -5.5 to 0.5" in text


def test_the_chain_that_led_there_is_told() -> None:
    x = Tensor([1.0, 4.0], requires_grad=True)
    with mg.detect_anomaly():
        y = mg.exp(x) * 2.0
        line = here() - 1
        with pytest.raises(mg.AnomalyError) as caught:
            mg.log(y - y)
    text = str(caught.value)
    assert (
        text.index("log: the value")
        < text.index("subtract (2,)")
        < text.index("multiply (2,)")
        < text.index("exp (2,)")
    )
    assert f"exp (2,) at {__file__}:{line}" in text
    assert (caught.value.op, caught.value.node.op.name) == ("log", "log")


def test_the_chain_is_cut_where_it_would_hide_the_message() -> None:
    y = x = Tensor(1.0, requires_grad=True)
    with mg.detect_anomaly():
        for _ in range(20):
            y = y + x
        with pytest.raises(mg.AnomalyError) as caught:
            mg.log(y - y)
    assert str(caught.value).endswith("\n    ...")
    assert str(caught.value).count("add ()") == 7


def test_forward_stops_at_the_first() -> None:
    x = Tensor([0.0, 1.0], requires_grad=True)
    with mg.detect_anomaly(), pytest.raises(mg.AnomalyError, match=r"^divide: .*inf at index \(0,\)"):
        mg.exp(1 / x) * 0


def test_constants_are_checked_as_well() -> None:
    with mg.detect_anomaly(), pytest.raises(mg.AnomalyError, match=r"^sqrt: the value is not finite \(1 of 2"):
        mg.sqrt([-1.0, 1.0])


def test_backward_names_op_argument_and_line_of_the_forward_call() -> None:
    x = Tensor([0.0, 4.0], requires_grad=True)
    with mg.detect_anomaly():
        y = mg.sqrt(x)
        line = here() - 1
        with pytest.raises(mg.AnomalyError) as caught, np.errstate(divide="ignore"):
            y.sum().backward()
    text = str(caught.value)
    assert text.startswith("sqrt: the gradient of x is not finite (1 of 2 entries: inf at index (0,))")
    assert f"{__file__}:{line}" in text
    assert "y: shape (2,), from 0.0 to 2.0" in text


def test_backward_without_a_forward_pass_under_it_says_how_to_learn_the_line() -> None:
    x = Tensor([0.0, 4.0], requires_grad=True)
    y = mg.sqrt(x).sum()
    with mg.detect_anomaly(), pytest.raises(mg.AnomalyError, match="run the forward pass under detect_anomaly"):
        y.backward()


def test_backward_with_create_graph_is_checked_as_well() -> None:
    x = Tensor([0.0, 4.0], requires_grad=True)
    with mg.detect_anomaly():
        y = mg.sqrt(x)
        line = here() - 1
        with pytest.raises(mg.AnomalyError) as caught:
            mg.grad(y.sum(), x, create_graph=True)
    # The division is the rule's own: what the user wrote is the root.
    assert str(caught.value).startswith("sqrt: its gradient is not finite")
    assert f"{__file__}:{line}" in str(caught.value)
    assert "in its rule, divide: the value is not finite (1 of 2" in str(caught.value)
    assert (caught.value.op, caught.value.node) == ("sqrt", y.node)


def test_a_tangent_is_that_of_the_op_the_user_called() -> None:
    with mg.detect_anomaly(), pytest.raises(mg.AnomalyError, match=r"^sqrt: its tangent is not finite"):
        mg.func.jvp(mg.sqrt, [Tensor([0.0])], [Tensor([1.0])])


def test_an_upstream_gradient_that_is_bad_already_is_shown() -> None:
    x = Tensor([0.0, 4.0], requires_grad=True)
    with mg.detect_anomaly(), pytest.raises(mg.AnomalyError, match=r"upstream gradient: nan"):
        (x * 2).sum().backward(np.nan)


def test_finite_passes_are_left_alone() -> None:
    x = Tensor([1.0, 2.0], requires_grad=True)
    with mg.detect_anomaly():
        y = mg.softmax(mg.log(x)).max()
        y.backward()
    with mg.decompose(), mg.detect_anomaly():
        z = mg.sigmoid(x).sum()
        z.backward()
    assert np.isfinite(x.grad.data).all()
    assert z.item() == pytest.approx(mg.sigmoid([1.0, 2.0]).sum().item())


def test_integer_values_are_not_checked() -> None:
    with mg.detect_anomaly():
        assert (Tensor([1, 2]) + 1).tolist() == [2, 3]


def test_it_is_off_outside_of_the_block() -> None:
    with mg.detect_anomaly():
        pass
    with np.errstate(divide="ignore"):
        assert mg.log([0.0]).tolist() == [-np.inf]


def test_the_error_is_an_arithmetic_error() -> None:
    assert issubclass(mg.AnomalyError, ArithmeticError)
