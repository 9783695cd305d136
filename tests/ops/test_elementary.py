"""The elementwise functions as NumPy has them: values, dtypes, names, operators, and errors."""

import subprocess
import sys
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad import special

NAMES = [
    "abs", "absolute", "fabs", "sign", "negative", "positive", "reciprocal", "square", "sqrt", "cbrt", "exp", "exp2",
    "expm1", "log", "log2", "log10", "log1p", "sin", "cos", "tan", "arcsin", "arccos", "arctan", "sinh", "cosh", "tanh",
    "arcsinh", "arccosh", "arctanh", "sinc", "deg2rad", "rad2deg", "radians", "degrees", "floor", "ceil", "trunc",
    "rint", "round", "nan_to_num",
]  # fmt: skip
PAIRS = [
    "add", "subtract", "multiply", "divide", "floor_divide", "remainder", "mod", "fmod", "power", "float_power",
    "maximum", "minimum", "fmax", "fmin", "arctan2", "hypot", "logaddexp", "logaddexp2", "copysign", "heaviside",
]  # fmt: skip
VALUES = [
    np.array([[-2.5, -1.0, -0.3], [0.4, 1.0, 3.5]]),
    np.array([0.5, 2.0, 0.1], dtype=np.float32),
    np.array([0.5, 2.0, 0.1], dtype=np.float16),
    np.array([1, 2, 3]),
    np.array([1, 2, 3], dtype=np.uint8),
    np.array(0.7),
    np.zeros((0, 3), dtype=np.float32),
]
# As in NumPy, dtypes of both kinds and Python numbers, which are weak.
OTHERS = [np.array([0.5, 2.0, 3.0]), np.array([[1.5], [0.5]], dtype=np.float32), np.array([1, 2, 3]), 2, 1.5]


def same(got: Any, expected: Any) -> None:
    expected = np.asarray(expected)
    assert isinstance(got, mg.Tensor)
    assert (got.shape, got.dtype) == (expected.shape, expected.dtype)
    # NumPy itself takes other paths for numbers and for arrays, which differ in the last place.
    np.testing.assert_allclose(got.data, expected, rtol=1e-15, atol=0)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("name", NAMES)
def test_values_and_dtypes_of_one_argument(name: str) -> None:
    ours, theirs = getattr(mg, name), getattr(np, name)
    for x in VALUES:
        same(ours(x), theirs(x))
        same(theirs(mg.asarray(x)), theirs(x))
    same(ours(2.0), theirs(2.0))
    same(ours([0.5, 0.25]), theirs([0.5, 0.25]))


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("name", PAIRS)
def test_values_and_dtypes_of_two_arguments(name: str) -> None:
    ours, theirs = getattr(mg, name), getattr(np, name)
    for x in VALUES[:6]:
        for y in OTHERS:
            same(ours(x, y), theirs(x, y))
            same(ours(y, mg.asarray(x)), theirs(y, x))
            same(theirs(x, mg.asarray(y)), theirs(x, np.asarray(y)))
            same(theirs(mg.asarray(x), y), theirs(x, y))


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize("name", PAIRS)
def test_gradients_keep_the_precision_beside_python_numbers(name: str, dtype: str) -> None:
    f, seen = getattr(mg, name), []
    for place in (0, 1):
        x = mg.Tensor([0.75, 1.5], requires_grad=True, dtype=dtype)
        for number in (1, 1.25):
            inner = x * 1.0
            inner.retain_grad()
            y = f(inner, number) if place == 0 else f(number, inner)
            assert y.dtype == (np.float64 if name == "float_power" else dtype)
            if y.requires_grad:
                y.sum().backward()
                seen.append(inner.grad.dtype)
    assert set(seen) <= {np.dtype(dtype)}


def test_ldexp() -> None:
    same(mg.ldexp(np.float32([1.0, 2.0]), [3, -1]), np.ldexp(np.float32([1.0, 2.0]), [3, -1]))
    same(np.ldexp(mg.Tensor([1.0, 3.0]), 2), np.ldexp([1.0, 3.0], 2))
    with pytest.raises(TypeError, match=r"^ldexp: .*float64 and float64"):
        mg.ldexp(mg.Tensor([1.0]), mg.Tensor([1.0]))


def test_round_takes_decimals() -> None:
    x = np.array([1234.5678, -0.125])
    for decimals in (0, 2, -2, np.int64(1)):
        same(mg.round(x, decimals), np.round(x, decimals))
        same(np.around(mg.Tensor(x), decimals=decimals), np.round(x, decimals))
        same(mg.Tensor(x).round(decimals), np.round(x, decimals))
    with pytest.raises(TypeError, match=r"^round: decimals must be a whole number, got 1\.5"):
        mg.round(x, 1.5)
    with pytest.raises(TypeError, match=r"np\.round: out=.*not supported"):
        np.round(mg.Tensor(x), out=x)


def test_nan_to_num() -> None:
    for dtype in ("float16", "float32", "float64"):
        x = np.array([np.nan, np.inf, -np.inf, 1.5], dtype=dtype)
        same(mg.nan_to_num(x), np.nan_to_num(x))
        same(np.nan_to_num(mg.Tensor(x), nan=2.0, posinf=3.0, neginf=-4.0), np.nan_to_num(x, True, 2.0, 3.0, -4.0))
    same(mg.nan_to_num(x, nan=[1.0, 2.0, 3.0, 4.0]), np.nan_to_num(x, nan=[1.0, 2.0, 3.0, 4.0]))
    with pytest.raises(ValueError, match="nan_to_num: copy=False would write into the tensor"):
        mg.nan_to_num(x, copy=False)
    with pytest.raises(TypeError, match="would lose the gradient"):
        mg.nan_to_num(x, nan=mg.Tensor(0.0, requires_grad=True))


@pytest.mark.parametrize("other", [2, 1.5, np.array([0.5, -2.0]), np.float32(1.5)])
def test_operators(other: Any) -> None:
    x = np.array([3.25, -4.5])
    t = mg.Tensor(x, requires_grad=True)
    same(t % other, x % other)
    same(other % t, other % x)
    same(t // other, x // other)
    same(other // t, other // x)
    for got, expected in ((divmod(t, other), divmod(x, other)), (divmod(other, t), divmod(other, x))):
        assert type(got) is tuple
        for a, b in zip(got, expected, strict=True):
            same(a, b)
    (g,) = mg.grad((t % 2).sum() + sum(part.sum() for part in divmod(10.0, t)), t)
    np.testing.assert_array_equal(g.data, 1 - 10.0 // x)
    quotient, rest = np.divmod(t, other)
    assert not quotient.requires_grad
    assert rest.requires_grad


def test_the_other_names_are_the_same_functions() -> None:
    assert (mg.abs, mg.mod, mg.radians, mg.degrees) == (mg.absolute, mg.remainder, mg.deg2rad, mg.rad2deg)
    assert mg.positive(mg.Tensor(1.0, requires_grad=True)).requires_grad


@pytest.mark.parametrize("f", [mg.sign, mg.floor, mg.ceil, mg.trunc, mg.rint, mg.round])
def test_what_is_constant_in_between_has_no_gradient(f: Any) -> None:
    y = f(mg.Tensor([0.5, 1.5], requires_grad=True))
    assert not y.requires_grad
    assert y.node is None


def test_what_numpy_offers_and_tensors_do_not_is_refused_by_name() -> None:
    x = mg.Tensor([1.0, 2.0])
    with pytest.raises(TypeError, match=r"np\.arctan2: out="):
        np.arctan2(x, x, out=np.zeros(2))
    with pytest.raises(TypeError, match=r"np\.expm1: the keyword where is not supported"):
        np.expm1(x, where=np.array([True, False]))
    with pytest.raises(TypeError, match=r"np\.hypot\.accumulate has no rule"):
        np.hypot.accumulate(x)
    with pytest.raises(ValueError, match=r"hypot: operands of shapes \(2,\) and \(3,\) do not broadcast"):
        mg.hypot(x, [1.0, 2.0, 3.0])
    with pytest.raises(TypeError, match="complex"):
        mg.arcsin([1j])
    with pytest.raises(TypeError, match="float_power: expected a Tensor, an array or a number"):
        mg.float_power("a", 2)


def test_float_power_is_differentiated_through_the_cast() -> None:
    x = mg.Tensor([1.5, 2.0], requires_grad=True, dtype="float32")
    y = mg.float_power(x, 3)
    y.sum().backward()
    assert (y.dtype, x.grad.dtype) == (np.float64, np.float32)
    np.testing.assert_allclose(x.grad.data, [6.75, 12.0])


@pytest.mark.parametrize("dtype", ["float64", "float32", "int64"])
@pytest.mark.parametrize("name", special.__all__)
def test_special_functions_are_scipys(name: str, dtype: str) -> None:
    scipy = pytest.importorskip("scipy.special", reason="the oracle")
    x = np.array([[0.25, 0.5, 0.75]]).astype(dtype)
    f, args = getattr(special, name), {"polygamma": (2, x), "xlogy": (x, x + 1), "xlog1py": (x, x + 1)}.get(name, (x,))
    with np.errstate(all="ignore"):
        y, expected = f(*args), getattr(scipy, name)(*args)
    assert y.shape == x.shape
    # SciPy's polygamma computes in float64 always.
    assert y.dtype == (dtype if name == "polygamma" and dtype != "int64" else expected.dtype)
    np.testing.assert_allclose(y.data, expected, rtol=1e-6 if dtype == "float32" else 1e-15)
    if name != "polygamma" and dtype != "int64":
        leaf = mg.Tensor(x, requires_grad=True)
        theirs = getattr(scipy, name)(leaf, *args[1:])
        assert theirs.node.op is f(leaf, *args[1:]).node.op


@pytest.mark.parametrize("f", [special.xlogy, special.xlog1py])
def test_products_with_logarithms_at_their_edges(f: Any) -> None:
    scipy = pytest.importorskip("scipy.special", reason="the oracle")
    edges = np.array([0.0, -0.0, 1.0, -1.0, -2.0, 0.5, np.inf, -np.inf, np.nan])
    a, b = (v.ravel() for v in np.meshgrid(edges, edges))
    with np.errstate(all="ignore"):
        same(f(a, b), getattr(scipy, f.__name__)(a, b))
    x = np.float32([0.5, 2.0])
    for args in ((x, x + 1), (x, np.float64(2)), (np.array(2), 3), (x, [0.5, 1.5])):
        y = getattr(scipy, f.__name__)(*args)
        assert f(*args).dtype == np.asarray(y).dtype
        np.testing.assert_allclose(f(*args).data, y, rtol=1e-6)
    # Python numbers are weak, as in NumPy; SciPy's functions return float64 beside them.
    assert {f(*args).dtype for args in ((x, 2), (2, x), (x, 0.5), (0.5, x))} == {np.dtype(np.float32)}


def test_special_functions_check_their_arguments() -> None:
    pytest.importorskip("scipy.special", reason="the extra")
    with pytest.raises(ValueError, match="polygamma: the order n must not be negative, got -1"):
        special.polygamma(-1, 1.0)
    with pytest.raises(TypeError, match=r"polygamma: the order n must be a whole number, got 1\.5"):
        special.polygamma(1.5, 1.0)
    assert special.polygamma(0, mg.Tensor(1.0, requires_grad=True)).node.op.name == "digamma"
    with pytest.raises(TypeError, match="has no rule"):
        pytest.importorskip("scipy.special").gamma(mg.Tensor(1.0))


def test_scipy_is_imported_when_it_is_needed_and_asked_for_by_name() -> None:
    code = """
import sys
import minigrad as mg
assert not any(name.partition(".")[0] == "scipy" for name in sys.modules)
mg.special.expit(0.0)
assert "scipy.special" not in sys.modules
sys.modules["scipy"] = None
try:
    mg.special.erf(mg.Tensor(0.0))
except ImportError as error:
    print(error)
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "minigrad.special needs scipy: pip install 'minigrad[special]'"
