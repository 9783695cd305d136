"""Declaring ops: what is read off the forward function and the rules, and what is refused."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import minigrad as mg

X = np.array([1.0, 2.0, 3.0])


@pytest.fixture(autouse=True)
def _registry_as_it_was() -> Iterator[None]:
    before = set(mg.registry)
    yield
    for name in set(mg.registry) - before:
        del mg.registry[name]


def x() -> mg.Tensor:
    return mg.Tensor(X, requires_grad=True)


def test_arguments_are_named_as_in_the_forward_function() -> None:
    scaled = mg.elementwise(
        lambda image, gain: image * gain, lambda g, gain: g * gain, lambda g, image: g * image, name="my_scaled"
    )
    assert scaled.op.arguments == ("image", "gain")
    a, b = x(), mg.Tensor(X + 1, requires_grad=True)
    gradients = mg.grad(scaled(a, b).sum(), [a, b])
    assert [g.tolist() for g in gradients] == [b.tolist(), a.tolist()]
    assert mg.general(lambda *xs: xs[0], lambda g: g, name="my_first").op.arguments == ("x",)


def test_more_than_three_arguments_have_names_too() -> None:
    product = mg.general(
        lambda a, b, c, d: a * b * c * d, lambda g, b, c, d: g * b * c * d, None, None, None, name="my_product"
    )
    a = x()
    assert mg.grad(product(a, 1.0, 2.0, 3.0).sum(), a)[0].tolist() == [6.0] * 3


def test_rules_read_the_defaults_of_static_arguments() -> None:
    def times(x: Any, by: float = 2.0, *, twice: bool = False) -> Any:
        return x * by * (1 + twice)

    op = mg.linear(times, lambda g, by, twice: g * by * (1 + twice), name="my_times")
    a = x()
    for given, slope in (({}, 2.0), ({"by": 3.0}, 3.0), ({"twice": True}, 4.0)):
        assert mg.grad(op(a, **given).sum(), a)[0].tolist() == [slope] * 3


def test_in_a_notebook_a_cell_can_be_run_again() -> None:
    cell = "op = mg.elementwise(lambda x: x * {0}, lambda g: g * {0}, name='my_cell')"
    for factor in (2.0, 3.0):
        scope: dict[str, Any] = {"mg": mg, "__name__": "__main__"}
        exec(cell.format(factor), scope)
        assert scope["op"](1.0).item() == factor
    with pytest.raises(ValueError, match="registered already, by __main__; choose another name"):
        exec(cell.format(1.0), {"mg": mg, "__name__": "another_module"})


def double(**changed: Any) -> Callable[..., mg.Tensor]:
    settings: dict[str, Any] = {"forward": lambda x: x * 2, "rules": [lambda g: g * 2], "name": "my_twice", **changed}
    kind = settings.pop("kind", mg.general)
    forward, rules = settings.pop("forward"), settings.pop("rules")
    op: Callable[..., mg.Tensor] = kind(forward, *rules, **settings)
    return op


@pytest.mark.parametrize(
    ("changed", "error", "message"),
    [
        ({"name": 3}, TypeError, "the name of an op must be a str, got 3"),
        ({"forward": 3}, TypeError, "my_twice: the forward function must be callable, got 3"),
        ({"rules": []}, ValueError, "my_twice: no rules: give one for each argument"),
        ({"rules": ["g"]}, TypeError, "a rule must be a Python function, whose parameters say what it reads.*got 'g'"),
        ({"rules": [np.negative]}, TypeError, "a rule must be a Python function.*ufunc 'negative'"),
        ({"rules": [lambda x: x]}, ValueError, "first parameter of a rule is the upstream gradient g; .* has x"),
        ({"rules": [lambda g, z: g]}, ValueError, "a rule reads 'z', .*; there are y, x, x_shape"),
        ({"rules": [lambda g: g] * 2}, ValueError, r"rules for 2 argument\(s\), but the forward function takes x only"),
        ({"forward": np.exp, "rules": [lambda g: g] * 4}, ValueError, "name the arguments they are for"),
        ({"arguments": ("a", "b")}, ValueError, "my_twice: 1 rules for the arguments a, b"),
        ({"local": ["2", "3"]}, ValueError, "2 local formulas for the arguments x"),
        ({"local": ["2 {by}"]}, ValueError, r"the local formula '2 \{by\}' has \{by\}, which is not a static argument"),
        (
            {"forward": lambda x, y: x * y, "rules": [lambda g, y: g * y, lambda g, x: g * x]},
            ValueError,
            "my_twice: an argument cannot be named 'y': in rules, that is the op's value",
        ),
        ({"forward": lambda g: g * 2}, ValueError, "cannot be named 'g': in rules, that is the upstream gradient"),
        ({"forward": lambda x, y: x * y}, ValueError, "cannot be named 'y'"),
        ({"residuals": ["y"]}, ValueError, "cannot be named 'y'"),
        (
            {"kind": mg.elementwise, "forward": lambda a, b: a * b},
            ValueError,
            "an elementwise op has no static arguments, but the forward function takes b",
        ),
        ({"kind": mg.elementwise, "name": None}, ValueError, "a lambda has no name of its own; pass name="),
        (
            {"kind": mg.linear, "variadic": True, "rules": [lambda g: g] * 2, "arguments": ("x",)},
            ValueError,
            "takes any number of arguments, so it has one rule for all; got 2",
        ),
    ],
)
def test_a_declaration_that_contradicts_itself(changed: Any, error: type[Exception], message: str) -> None:
    before = set(mg.registry)
    with pytest.raises(error, match=message):
        double(**changed)
    assert set(mg.registry) == before


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"forward": lambda x: None}, "my_twice: the forward function .* returned NoneType: None"),
        ({"forward": lambda x: [1.0]}, r"my_twice: the forward function .* returned list: \[1.0\]"),
        ({"forward": mg.Tensor}, "my_twice: the forward function .* returned Tensor"),
        (
            {"kind": mg.elementwise, "forward": lambda x: (x, x)},
            "my_twice: the forward function computes with raw arrays .* returned tuple",
        ),
        ({"residuals": ["r"]}, r"declared with the residuals r, .*\(value, \{name: \.\.\.\}\); it returned ndarray"),
        ({"rules": [lambda g: None]}, "the rule for argument x must return a gradient.*returned NoneType: None"),
        ({"rules": [lambda g: [1.0, 2.0, 3.0]]}, "the rule for argument x must return a gradient.*list"),
        ({"rules": [lambda g: g * 1j]}, "the rule for argument x .* real numbers; .* dtype complex128"),
        ({"forward": lambda x, by: x * by}, r"my_twice: .*missing.*'by'"),
    ],
)
def test_functions_that_return_something_else(changed: Any, message: str) -> None:
    a = x()
    with pytest.raises(TypeError, match=message):
        mg.grad(double(**changed)(a).sum(), a)


def test_residuals_that_are_missing() -> None:
    op = double(forward=lambda x: (x, {"s": 2}), rules=[lambda g, r: g * r], residuals=["r"])
    with pytest.raises(ValueError, match=r"my_twice: the forward function returned the residuals s, but .* reads 'r'"):
        op(x())


def test_operands_are_told_from_static_arguments() -> None:
    op = double(forward=lambda x, by: x * by, rules=[lambda g, by: g * by])
    with pytest.raises(TypeError, match=r"my_twice: takes 1 operand\(s\) \(x\); by keyword: by; got 2"):
        op(x(), 2.0)


@pytest.mark.parametrize(
    ("decomposition", "error", "message"),
    [
        (lambda x: x.sum() * 2, TypeError, r"the decomposition must return a Tensor of shape \(3,\), not shape \(\)"),
        (lambda x: x.data * 2, TypeError, r"the decomposition must return a Tensor of shape \(3,\), not ndarray"),
        (lambda x: x.detach() * 2, RuntimeError, "the decomposition's value does not depend on the arguments"),
    ],
)
def test_decompositions_that_return_something_else(decomposition: Any, error: type[Exception], message: str) -> None:
    op = double(kind=mg.fused, decomposition=decomposition)
    a = x()
    with pytest.raises(error, match="my_twice: " + message):
        mg.grad(op(a).sum(), a, create_graph=True)
