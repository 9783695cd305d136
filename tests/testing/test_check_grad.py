"""The toolkit: what it accepts, what it notices, and what its messages say."""

import functools
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad.testing import check_grad, check_op, numeric_jacobian, properties
from minigrad.testing.case import make
from minigrad.testing.report import literal

X = np.array([[0.3, 1.2, -0.8], [1.1, -0.4, 0.5]])

wrong_cube = mg.elementwise(lambda x: x**3, lambda g, x: g * 3 * x, name="my_toolkit_cube")
wrong_product = mg.linear(
    np.matmul, lambda g, b: g @ b.T, lambda g, a: a.T @ g * 1.01, name="my_toolkit_product", local=["", ""]
)


slightly_wrong = mg.elementwise(
    lambda x: np.sin(300 * x), lambda g, x: g * np.cos(300 * x) * 300.01, name="my_toolkit_fast"
)


def mlp(x: Any, w1: Any, w2: Any) -> Any:
    """A plain model in NumPy's words."""
    return np.sum(np.tanh(x @ w1) @ w2) / 2


# ------------------------------------------------------------------------------------------------- what it accepts
def test_plain_functions_pass_to_third_order() -> None:
    check_grad(mlp, X, X.T, np.ones((2, 1)), order=3)


def test_arguments_that_are_not_floating_are_constants() -> None:
    check_grad(lambda x, n, name: x**n if name else x, X, 3, "yes")
    check_grad(mg.getitem, X, (slice(None), [0, 0, 2]))
    check_grad(mg.Tensor.sum, X)
    check_grad(lambda a, b: a * b, 2.5, [1.0, 2.0])
    check_grad(mg.registry["exp"], mg.Tensor(X, dtype=np.float32))


def test_argnums_leave_arguments_out() -> None:
    # The second rule is wrong; the first is not.
    check_grad(wrong_product, X, X.T, argnums=[0])
    with pytest.raises(AssertionError, match="argument 1"):
        check_grad(wrong_product, X, X.T, argnums=-1)


@pytest.mark.parametrize("method", ["central", "five-point", "complex"])
def test_every_method_agrees(method: str) -> None:
    check_grad(mlp, X, X.T, np.ones((2, 1)), method=method)
    expected = np.zeros((2, 3, 2, 3))
    for i in np.ndindex(2, 3):
        expected[i + i] = np.cos(X[i])
    np.testing.assert_allclose(numeric_jacobian(mg.sin, X, method=method), expected, atol=1e-9)


def test_numeric_jacobian_of_one_argument_of_several() -> None:
    j = numeric_jacobian(mg.matmul, X, X.T, argnum=1)
    assert j.shape == (2, 2, 3, 2)
    np.testing.assert_allclose(j[0, 0, :, 0], X[0], atol=1e-10)
    assert numeric_jacobian(mg.exp, np.zeros((0, 2))).shape == (0, 2, 0, 2)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: check_grad(mg.exp, X, method="magic"), ValueError, "unknown method 'magic'"),
        (lambda: check_grad(mg.exp, X, modes=("sideways",)), ValueError, "'reverse', 'forward' or both"),
        (lambda: check_grad(mg.exp, X, modes=()), ValueError, "'reverse', 'forward' or both"),
        (lambda: check_grad(mg.exp, X, order=0), ValueError, "order must be at least 1, got 0"),
        (lambda: check_grad(mg.exp, [1, 2]), ValueError, "none of the 1 arguments is a floating array"),
        (lambda: check_grad(mg.getitem, X, 0, argnums=[1]), TypeError, "argument 1 is not a floating array"),
        (lambda: check_grad(mg.exp, X, argnums=1), ValueError, "argnums has 1, but there are 1 arguments"),
        (lambda: check_grad(mg.exp, X, order="2"), TypeError, "order must be a whole number, got '2'"),
        (lambda: check_grad(lambda x: x, X, modes="both"), ValueError, "'reverse', 'forward' or both"),
        (lambda: numeric_jacobian(mg.exp, X, argnum=1), ValueError, "argnum is 1, but there are 1 arguments"),
        (lambda: check_grad(3, X), TypeError, "expected an op or a function, got int"),
        (lambda: check_grad(lambda x: x.data.sum(), X), TypeError, "must return one Tensor, got float64"),
        (lambda: numeric_jacobian(mg.exp, X, method="magic"), ValueError, "unknown method 'magic'"),
        (lambda: numeric_jacobian(lambda x: None, X), TypeError, "must return a Tensor or an array, got NoneType"),
    ],
)
def test_wrong_calls(call: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call()


# ------------------------------------------------------------------------------------------------ what it notices
def message_of(call: Any, *args: Any, **kwargs: Any) -> str:
    with pytest.raises(AssertionError) as caught:
        call(*args, **kwargs)
    return str(caught.value)


def test_a_failure_names_everything() -> None:
    text = message_of(check_grad, wrong_cube, [0.5, 2.0], seed=3)
    assert text.startswith(
        "my_toolkit_cube: the gradient of argument 0 (x) is wrong at index (0,) of shape (2,): analytic "
    )
    assert "numeric" in text
    assert "relative error 5.00e-01" in text
    assert "2 of 2 entries differ" in text
    assert text.endswith(
        "\n    from tests.testing.test_check_grad import wrong_cube"
        "\n    check_grad(wrong_cube, np.array([0.5, 2.0]), seed=3)"
    )


def test_the_reproducer_reproduces() -> None:
    for call, args, kwargs in (
        (check_grad, (wrong_product, X.astype(np.float32), X.T[::-1]), {"order": 1, "modes": ["reverse"]}),
        (check_op, (wrong_cube, np.broadcast_to(1.5, (2, 3))), {"order": 1, "seed": 5}),
    ):
        text = message_of(call, *args, **kwargs)
        assert pasted(text) == text


def pasted(text: str) -> str:
    """The message of the reproducer in a message, run as it stands."""
    lines = text.rpartition("reproduce:\n")[2].splitlines()
    return message_of(exec, "\n".join(line.strip() for line in lines), {})


class Model:
    """Something with a method to be checked."""

    def __call__(self, x: Any) -> Any:
        return wrong_cube(x) * 2

    @staticmethod
    def static(x: Any) -> Any:
        return wrong_cube(x).sum()


def plain_wrong(x: Any) -> Any:
    return wrong_cube(x) + 1


def test_reproducers_of_functions_of_every_origin() -> None:
    wrong = "tests.testing.test_check_grad import"
    for function, line in (
        (plain_wrong, f"from {wrong} plain_wrong"),
        (Model.static, f"from {wrong} Model"),
        (functools.partial(plain_wrong), "import functools"),
        (wrong_cube.op, "import tests.testing.test_check_grad"),
    ):
        text = message_of(check_grad, function, [0.5])
        assert line in text
        assert pasted(text).partition("\n")[0] == text.partition("\n")[0]
    # A lambda is quoted; what it refers to is for the reader to bring.
    text = message_of(check_grad, lambda x: wrong_cube(x) - 1, [0.5])
    assert "    fn = lambda x: wrong_cube(x) - 1  # " in text
    assert "    check_grad(fn, np.array([0.5]), seed=0)" in text
    local = mg.elementwise(lambda x: x**3, lambda g, x: g * x, name="my_toolkit_local")
    text = message_of(check_grad, local, [0.5])
    assert pasted(text) == text

    def inner(x: Any) -> Any:
        return local(x)

    assert "    inner = ...  # the function of " in message_of(check_grad, inner, [0.5])
    assert "    fn = ...  # the Model of tests.testing.test_check_grad" in message_of(check_grad, Model(), [0.5])


KINK = "the slopes from below and above differ there, .*: is it a kink"
JUMP = "grows as the step shrinks, .*: is it a jump"


@pytest.mark.parametrize("mode", ["reverse", "forward"])
@pytest.mark.parametrize(
    ("fn", "x", "what"),
    [
        (mg.relu, [0.0, 1.0], KINK),
        (lambda x: mg.relu(x - 1) * 3, [1.0], KINK),
        (np.floor, [0.5, 1.0], JUMP),
        (lambda x: mg.where(x.data > 0, x + 1, x), [0.0, 1.0], JUMP),
        (mg.cbrt, [0.0, 1.0], JUMP),
        (mg.log, [0.0, 1.0], "not finite there, .*: is it the border of its domain"),
    ],
)
def test_points_without_a_derivative_are_pointed_out(mode: str, fn: Any, x: Any, what: str) -> None:
    with np.errstate(all="ignore"):
        assert re.search(what, message_of(check_grad, fn, x, order=1, modes=mode))


@pytest.mark.parametrize("mode", ["reverse", "forward"])
def test_the_step_shrinks_where_it_is_too_long(mode: str) -> None:
    check_grad(mg.relu, [1e-4, 1.0], order=1, modes=mode)
    check_grad(np.sin, [1e5, 1.0], order=1, modes=mode)
    check_grad(lambda x: np.sin(300 * x), [0.5], order=1, modes=mode)
    assert "wrong at" in message_of(check_grad, slightly_wrong, [0.5], order=1, modes=mode)


def test_a_function_of_chance_is_refused() -> None:
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="different values when it is called twice with the same arguments"):
        check_grad(lambda x: x * rng.random(x.shape), X)
    with pytest.raises(ValueError, match=r"check_op: .*different values"):
        check_op(lambda x: x * rng.random(x.shape), X)
    check_op(lambda x: x * np.random.default_rng(0).random(x.shape), X)


def test_numeric_jacobian_of_a_function_of_arrays() -> None:
    assert numeric_jacobian(lambda x: x.data @ x.data, [1.0, 2.0]).round(6).tolist() == [2.0, 4.0]
    with pytest.raises(ValueError, match="absolute has no complex values"):
        numeric_jacobian(mg.abs, [1.0], method="complex")


def test_a_gradient_that_is_not_finite_is_wrong() -> None:
    nan = mg.elementwise(lambda x: x * 2, lambda g: g * np.nan, name="my_toolkit_nan")
    assert "analytic nan, numeric" in message_of(check_grad, nan, [1.0])


def test_wrong_second_order_is_noticed_where_the_first_is_right() -> None:
    def rule(g: Any, x: Any) -> Any:
        return g * 2 * getattr(x, "detach", lambda: x)()

    cut = mg.elementwise(lambda x: x * x, rule, name="my_toolkit_cut")
    check_grad(cut, X, order=1)
    assert "the second derivative of argument 0" in message_of(check_grad, cut, X)


def test_check_op_compares_the_value() -> None:
    assert "the value is wrong" in message_of(check_op, mg.exp, X, reference=np.exp2)
    assert "dtype float64, the reference float32" in message_of(
        check_op, mg.exp, X, reference=lambda x: np.exp(x).astype(np.float32)
    )
    assert "op has shape (2, 3)" in message_of(check_op, mg.exp, X, reference=np.sum)


def test_check_op_notices_nonlinear_rules_and_wrong_decompositions() -> None:
    square = mg.elementwise(lambda x: x, lambda g: g + (g - g + 1) * 1e-7, name="my_toolkit_offset")
    assert "linearity in the upstream gradient" in message_of(check_op, square, X)
    fused = mg.fused(
        lambda x: x * x * x,
        lambda g, x: 3 * g * x * x,
        name="my_toolkit_fused",
        decomposition=lambda x: x * x * x + 1e-6,
    )
    assert "the value is wrong at" in message_of(check_op, fused, X)
    slow = mg.fused(lambda x: x * 3, lambda g: g * 3, name="my_toolkit_path", decomposition=lambda x: x * 3 + 1e-6 * x)
    assert "on raw arrays" in message_of(check_op, slow, X)


def test_an_op_of_a_wrong_kind_is_told() -> None:
    square = mg.linear(lambda x: x * x, lambda g, x: 2 * g * x, name="my_toolkit_square")
    assert "declared linear" in message_of(check_op, square, [1.0, 2.0])
    sums = mg.elementwise(np.cumsum, lambda g: np.cumsum(g[::-1])[::-1], name="my_toolkit_sums")
    assert "declared elementwise" in message_of(check_op, sums, [1.0, 2.0])


def test_a_changed_input_is_noticed() -> None:
    def spoil(x: Any) -> Any:
        x += 1.0
        return x * 2

    op = mg.elementwise(spoil, lambda g: g * 2, name="my_toolkit_spoil")
    assert "argument 0 (x) was changed" in message_of(properties.ownership, make(op, [X.copy()], checker="check_op"))


def test_gradients_that_share_memory_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("minigrad.differentiate._own", lambda g, taken: g)
    case = make(mg.add, [X, X + 1], checker="check_op")
    assert "shares memory with the upstream gradient" in message_of(properties.ownership, case)
    case = make(mg.transpose, [X], checker="check_op")
    assert "does not own its memory" in message_of(properties.ownership, case)


def test_a_graph_that_is_kept_alive_is_noticed() -> None:
    kept = []

    def hoarder(x: Any) -> Any:
        kept.append(x * 2)
        return kept[-1] + 1

    text = message_of(properties.freed, make(hoarder, [X], checker="check_op"))
    assert "a reference cycle keeps the graph of argument 0 alive" in text


def test_a_gradient_that_depends_on_the_others_flags_is_noticed() -> None:
    def moody(a: Any, b: Any) -> Any:
        return a * b if b.requires_grad else a * b * 2

    text = message_of(properties.masks, make(moody, [X, X], checker="check_op"))
    assert "the gradient of argument 0 with requires_grad = (True, False)" in text


def test_lost_precision_is_noticed() -> None:
    # The difference of two large numbers that are nearly equal keeps few digits in float32.
    poor = mg.elementwise(lambda x: (x + 4096) - 4096, lambda g: g, name="my_toolkit_poor")
    assert "the value in float32 is wrong" in message_of(
        properties.precision, make(poor, [X], checker="check_op"), "float32"
    )


def test_static_arguments_and_partials() -> None:
    check_op(mg.sum, X, axis=1, keepdims=True, reference=np.sum)
    check_op(functools.partial(mg.pad, pad_width=1), X)
    text = message_of(check_op, functools.partial(mg.sum, axis=0), X, reference=np.sum)
    assert "check_op(functools.partial(mg.sum, axis=0), " in text
    assert "axis=1" in message_of(check_op, mg.sum, X, axis=1, reference=lambda x, axis: np.sum(x, axis=0))


# ------------------------------------------------------------------------------------------------------- literals
@pytest.mark.parametrize(
    "value",
    [
        X, X.T, X[::-1, ::-1], X[:, ::2], np.broadcast_to(X[:1], (4, 3)), np.float32(0.1), np.zeros((2, 0)),
        np.array(3),
        np.array([np.inf, -np.inf, 1.5]), np.array([True, False]), (1, (2.5, None)),
        [slice(1, None), Ellipsis],
    ],
)  # fmt: skip
def test_literals_evaluate_to_the_value(value: Any) -> None:
    again = eval(literal(value), {"np": np})
    if isinstance(value, (np.ndarray, np.generic)):
        assert np.array_equal(again, value)
        assert again.dtype == value.dtype
        if np.ndim(value) and np.size(value):
            assert np.sign(again.strides).tolist() == np.sign(value.strides).tolist()
    else:
        assert repr(again) == repr(value)


# ----------------------------------------------------------------------------------------------------- hypothesis
def test_without_hypothesis_strategies_say_what_to_install(tmp_path: Path) -> None:
    program = """
import sys
sys.modules["hypothesis"] = None
from minigrad.testing import check_grad
import minigrad as mg
check_grad(mg.exp, 1.0)
try:
    from minigrad.testing import strategies
except ImportError as error:
    print(error)
"""
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", program], cwd=root, capture_output=True, text=True, check=True)
    assert "pip install 'minigrad[testing]'" in done.stdout
