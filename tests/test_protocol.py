"""NumPy's own functions and operators on tensors: recorded, or refused by name, never silent."""

from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad import Tensor

X = np.array([[0.5, 1.5, -1.0], [2.0, 0.25, 1.0]])
POSITIVE = np.abs(X)

SAME: dict[str, Any] = {
    "exp": np.exp,
    "log": (np.log, POSITIVE),
    "sqrt": (np.sqrt, POSITIVE),
    "square": np.square,
    "sin": np.sin,
    "cos": np.cos,
    "tanh": np.tanh,
    "abs": np.abs,
    "absolute": np.absolute,
    "negative": np.negative,
    "sign": np.sign,
    "copy": np.copy,
    "add": lambda x: np.add(x, 1),
    "subtract": lambda x: np.subtract(1, x),
    "multiply": lambda x: np.multiply(x, x),
    "divide": lambda x: np.divide(1, x),
    "true_divide": lambda x: np.true_divide(x, 2),
    "power": lambda x: np.power(2, x),
    "maximum": lambda x: np.maximum(x, 0.1),
    "minimum": lambda x: np.minimum(0.1, x),
    "where": lambda x: np.where(X > 0, x, -x),
    "clip": lambda x: np.clip(x, -0.5, 1.2),
    "sum": np.sum,
    "sum axis": lambda x: np.sum(x, axis=0, keepdims=True),
    "mean": lambda x: np.mean(x, axis=1),
    "max": lambda x: np.max(x, axis=0),
    "amax": np.amax,
    "min": np.min,
    "var": lambda x: np.var(x, axis=0, ddof=1),
    "std": np.std,
    "reshape": lambda x: np.reshape(x, (3, 2)),
    "ravel": np.ravel,
    "transpose": np.transpose,
    "swapaxes": lambda x: np.swapaxes(x, 0, 1),
    "expand_dims": lambda x: np.expand_dims(x, 1),
    "squeeze": lambda x: np.squeeze(x[:1]),
    "broadcast_to": lambda x: np.broadcast_to(x, (2, 2, 3)),
    "concatenate": lambda x: np.concatenate([x, X], axis=1),
    "stack": lambda x: np.stack([X, x], axis=-1),
    "pad": lambda x: np.pad(x, 1),
    "pad edge": lambda x: np.pad(x, 1, mode="edge"),
    "flip": lambda x: np.flip(x, 0),
    "astype": lambda x: np.astype(x, np.float32),
    "matmul": lambda x: np.matmul(x, X.T),
    "einsum": lambda x: np.einsum("ij,kj->ik", x, X),
    "array times tensor": lambda x: X * x,
    "array minus tensor": lambda x: X - x,
    "array over tensor": lambda x: X / x,
    "array at tensor": lambda x: X.T @ x,
    "array to the tensor": lambda x: POSITIVE**x,
    "scalar times tensor": lambda x: np.float64(2.0) * x,
    "fix": np.fix,
    "clip min max": lambda x: np.clip(x, min=-0.5, max=1.2),
    "clip method": lambda x: x.clip(max=1.2),
    "pad by axis": lambda x: np.pad(x, {-1: (1, 2)}, mode="edge"),
    "linalg.trace": lambda x: np.linalg.trace(x, offset=1),
    "linalg.diagonal": lambda x: np.linalg.diagonal(x, offset=-1),
    "concat": lambda x: np.concat([x, X]),
    "permute_dims": lambda x: np.permute_dims(x, (1, 0)),
    "pow": lambda x: np.pow(x, 2),
    "atan2": lambda x: np.atan2(x, POSITIVE),
    "linalg.vector_norm": lambda x: np.linalg.vector_norm(x, axis=0, ord=3),
    "add.outer": lambda x: np.add.outer(x, X[0]),
    "subtract.outer": lambda x: np.subtract.outer(X, x),
    "add.reduce": lambda x: np.add.reduce(x),
    "maximum.reduce": lambda x: np.maximum.reduce(x, axis=1),
}


@pytest.mark.parametrize("entry", SAME.values(), ids=SAME)
def test_numpys_functions_record(entry: Any) -> None:
    f, values = entry if isinstance(entry, tuple) else (entry, X)
    x = Tensor(values, requires_grad=True)
    y, expected = f(x), f(values)
    assert isinstance(y, Tensor)
    assert np.array_equal(y.data, expected)
    assert y.dtype == expected.dtype
    assert y.requires_grad is (f not in (np.sign, np.fix))


def test_an_array_operand_comes_back_as_a_tensor_with_its_gradient() -> None:
    x = Tensor([1.0, 2.0], requires_grad=True)
    y = np.array([3.0, 4.0]) * x
    assert isinstance(y, Tensor)
    y.sum().backward()
    assert x.grad.tolist() == [3.0, 4.0]


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (np.nextafter, r"np\.nextafter"),
        (np.linalg.eigvals, r"np\.linalg\.eigvals"),
        (np.union1d, r"np\.union1d"),
        (np.nanmedian, r"np\.nanmedian"),
        (np.linalg.tensorinv, r"np\.linalg\.tensorinv"),
        (np.divide.accumulate, r"np\.divide\.accumulate"),
        (np.fft.fft, r"fft"),
    ],
)
def test_a_function_without_a_rule_raises_by_name(call: Any, name: str) -> None:
    x = Tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    with pytest.raises(TypeError, match=name + r" has no rule in minigrad"):
        call(x, x) if call in (np.nextafter, np.union1d) else call(x)


def test_out_is_refused() -> None:
    x = Tensor([1.0, 2.0], requires_grad=True)
    out = np.zeros(2)
    with pytest.raises(TypeError, match=r"np\.exp: out=.*not supported"):
        np.exp(x, out=out)
    with pytest.raises(TypeError, match=r"np\.add: out=.*`array \+= tensor`"):
        out += x
    with pytest.raises(TypeError, match=r"np\.sum: out=.*not supported"):
        np.sum(x, out=out)
    with pytest.raises(TypeError, match=r"argmax: out=.*not supported"):
        np.argmax(x, out=np.zeros((), int))
    with pytest.raises(TypeError, match=r"np\.multiply: the keyword where is not supported"):
        np.multiply(x, x, where=np.array([True, False]))
    assert out.tolist() == [0.0, 0.0]


def test_keywords_that_an_op_does_not_have_are_refused_by_name() -> None:
    x = Tensor([1.0, 2.0], requires_grad=True)
    with pytest.raises(TypeError, match=r"np\.mean on tensors: .*'where'"):
        np.mean(x, where=np.array([True, False]))
    with pytest.raises(TypeError, match=r"np\.sum on tensors: .*'initial'"):
        np.sum(x, initial=3.0)


def test_functions_with_whole_or_boolean_results_pass_through() -> None:
    x = Tensor([3.0, 1.0, 2.0], requires_grad=True)
    for f in (np.argmax, np.argsort, np.isfinite, np.zeros_like, np.signbit, np.any):
        y, expected = f(x), f(x.data)
        assert np.array_equal(y.data, expected)
        assert not y.requires_grad
    assert np.shape(x) == (3,)
    assert np.ndim(x) == 1
    assert np.size(x) == 3
    assert np.array_equal(x, [3.0, 1.0, 2.0])
    assert np.allclose(x, x + 1e-12)
    assert np.result_type(Tensor([1.0], dtype=np.float32), 2.0) == np.float32
    assert np.logical_and(x > 1, x < 3).tolist() == [False, False, True]


def test_writing_a_tensor_that_requires_grad_into_an_array_raises() -> None:
    x = Tensor([1.0, 2.0], requires_grad=True)
    out = np.zeros((2, 2))
    with pytest.raises(TypeError, match="requires grad"):
        out[0] = x
    out[0] = x.detach()
    assert out[0].tolist() == [1.0, 2.0]


def test_a_subclass_user_function_works_on_arrays_and_tensors_alike() -> None:
    def model(x: Any, w: Any) -> Any:
        return np.sum(np.tanh(x @ w) ** 2, axis=1).mean()

    w = Tensor(X.T, requires_grad=True)
    assert model(X, w).item() == pytest.approx(model(X, X.T))
    (g,) = mg.grad(model(X, w), w)
    numeric = mg.numerical_gradient(lambda v: model(X, v), X.T, method="complex")
    np.testing.assert_allclose(g.data, numeric, rtol=1e-12)


@pytest.mark.parametrize(
    ("call", "instead"),
    [
        (lambda x: np.put_along_axis(x, np.array([0]), 1.0, 0), r"np\.put_along_axis .*minigrad\.put_along_axis"),
        (lambda x: np.put(x, [0], 1.0), r"np\.put .*minigrad\.setitem"),
        (lambda x: np.copyto(np.zeros(2), x), r"np\.copyto .*minigrad\.where"),
        (lambda x: np.add.at(x, [0], 1.0), r"np\.add\.at .*minigrad\.index_add"),
    ],
)
def test_functions_that_write_are_refused_with_what_there_is_instead(call: Any, instead: str) -> None:
    with pytest.raises(TypeError, match=instead + ".* returns a new tensor"):
        call(Tensor([1.0, 2.0], requires_grad=True))


COMPLEX = np.array([1j, 2.0])


@pytest.mark.parametrize(
    "call",
    [
        lambda x: mg.asarray([1.0], dtype=complex), lambda x: mg.zeros(2, dtype=complex), lambda x: mg.full(2, 1j),
        lambda x: mg.linspace(0, 1j, 3), lambda x: mg.eye(2, dtype=np.complex64), lambda x: mg.arange(3, dtype=complex),
        lambda x: np.zeros_like(x, complex), lambda x: np.full_like(x, 1j), lambda x: np.empty_like(x, dtype=complex),
        lambda x: np.less(COMPLEX, x), lambda x: mg.isnan(COMPLEX), lambda x: np.isclose(x, COMPLEX),
        lambda x: np.allclose(x, 1j), lambda x: mg.argmax(COMPLEX), lambda x: np.pad(x, 1, constant_values=1j),
        lambda x: x + 1j, lambda x: 1j * x, lambda x: COMPLEX @ x, lambda x: x == COMPLEX,
        lambda x: np.sum(x, dtype=complex), lambda x: np.concatenate([x, x], dtype=complex),
        lambda x: np.where(x > 0, x, COMPLEX), lambda x: mg.func.jvp(mg.exp, [x], [COMPLEX]),
    ],
)  # fmt: skip
def test_complex_numbers_enter_nowhere(call: Any) -> None:
    with pytest.raises(TypeError, match=r"(complex128|complex64|complex numbers).* is not supported: .*real numbers"):
        call(Tensor([1.0, 2.0], requires_grad=True))


def test_masks_combine_with_python_values_on_either_side() -> None:
    mask = Tensor([1.0, 3.0]) > 2
    assert (True & mask).tolist() == (mask & True).tolist() == [False, True]
    assert (False | mask).tolist() == [False, True]
    assert (True ^ mask).tolist() == [True, False]


def test_a_bound_is_given_once() -> None:
    with pytest.raises(ValueError, match="clip: a bound is given twice"):
        mg.clip([1.0], 0.0, min=0.0)
