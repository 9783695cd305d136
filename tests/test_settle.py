"""An upstream gradient of exactly 0 gives 0, also where the local gradient is not finite, in every mode and order."""

import gc
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import minigrad as mg

# The function, where, its first and its second derivative there.
POISONED = {
    "log in the branch not chosen": (
        lambda x: mg.where(x > 0, mg.log(mg.where(x < 0, 1.0, x)), x),
        [0.0, 2.0, -1.0],
        [1.0, 0.5, 1.0],
        [0.0, -0.25, 0.0],
    ),
    "sqrt at its end": (
        lambda x: mg.where(x > 0, mg.sqrt(mg.maximum(x, 0.0)), 0.0),
        [0.0, 1.0, -1.0],
        [0.0, 0.5, 0.0],
        [0.0, -0.25, 0.0],
    ),
    "a quotient 0 / 0": (
        lambda x: mg.where(x != 0, mg.sin(x) / x, 1.0),
        [0.0, 1.0],
        [0.0, np.cos(1) - np.sin(1)],
        [0.0, 2 * np.sin(1) - np.sin(1) - 2 * np.cos(1)],
    ),
    "NaN in the branch not chosen": (
        lambda x: mg.where(x > 0, mg.sqrt(x), 0.0),
        [-1.0, 0.0, 4.0],
        [0.0, 0.0, 0.25],
        [0.0, 0.0, -1 / 32],
    ),
    "a power of 0": (lambda x: mg.where(x > 0, x**0.5, 0.0), [0.0, 4.0], [0.0, 0.25], [0.0, -1 / 32]),
}


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # of the forward pass: the values there are not finite
@pytest.mark.parametrize(("f", "point", "first", "second"), POISONED.values(), ids=POISONED)
def test_nothing_flows_to_a_branch_that_was_not_chosen(
    f: Callable[[Any], mg.Tensor], point: list[float], first: list[float], second: list[float]
) -> None:
    x = mg.Tensor(point, requires_grad=True)
    np.testing.assert_allclose(mg.grad(f(x).sum(), x)[0].data, first)
    (g,) = mg.grad(f(x).sum(), x, create_graph=True)
    np.testing.assert_allclose(g.data, first)
    np.testing.assert_allclose(mg.grad(g.sum(), x)[0].data, second, atol=1e-15)
    ones = np.ones(len(point))
    np.testing.assert_allclose(mg.func.jvp(f, [np.array(point)], [ones])[1].data, first)
    np.testing.assert_allclose(mg.func.hvp(lambda x: f(x).sum(), np.array(point), ones).data, second, atol=1e-15)


def test_a_gradient_that_is_truly_not_finite_is_reported_as_numpy_was_asked_to() -> None:
    x = mg.Tensor([1.0], requires_grad=True)
    calls = {
        "multiply: invalid value": lambda: mg.grad(x * np.zeros(1), x, np.array([np.inf])),
        "invalid value encountered in a sum": lambda: mg.grad(x - x, x, np.array([np.inf])),
    }
    for message, backward in calls.items():
        with pytest.warns(RuntimeWarning, match=message):
            assert np.isnan(backward()[0].data).all()
        with np.errstate(invalid="raise"), pytest.raises(FloatingPointError, match=message):
            backward()
        with np.errstate(invalid="ignore"), warnings.catch_warnings():
            warnings.simplefilter("error")
            backward()


def test_nan_in_the_data_stays_seen() -> None:
    x = mg.Tensor([np.nan, 1.0], requires_grad=True)
    (g,) = mg.grad((x * x).sum(), x)
    assert np.isnan(g.data[0])
    assert g.data[1] == 2.0


def test_a_sweep_leaves_nothing_to_the_garbage_collector() -> None:
    x = mg.Tensor([1.0, 2.0], requires_grad=True)
    (x * x).sum().backward()
    gc.collect()
    gc.disable()
    try:
        (x * x).sum().backward()
        mg.grad((x * x * x).sum(), x, create_graph=True)
        assert gc.collect() == 0
    finally:
        gc.enable()
