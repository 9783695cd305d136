"""What a tensor is: creation, dtypes, conversions to Python and NumPy, copies, representation."""

import copy
import math
import pickle

import numpy as np
import pytest

import minigrad as mg
from minigrad import Tensor


# --------------------------------------------------------------------------------------------------- creation
def test_the_data_are_copied_and_asarray_shares_them() -> None:
    array = np.zeros(3)
    copied, shared = Tensor(array), mg.asarray(array)
    array[0] = 7.0
    assert copied.tolist() == [0.0, 0.0, 0.0]
    assert shared.tolist() == [7.0, 0.0, 0.0]
    assert mg.asarray(shared) is shared


@pytest.mark.parametrize("data", [3, True, 2.5, [], [[1, 2], [3, 4]], np.float32(1), np.zeros((2, 0)), np.arange(3)])
def test_a_tensor_is_what_numpy_makes_of_the_data(data: object) -> None:
    expected = np.array(data)
    t = Tensor(data)
    assert (t.shape, t.dtype, t.ndim, t.size, t.nbytes) == (
        expected.shape, expected.dtype, expected.ndim, expected.size, expected.nbytes,
    )  # fmt: skip
    assert t.tolist() == expected.tolist()


def test_creation_functions_are_numpys() -> None:
    for name, args in {
        "zeros": ((2, 3),), "ones": (3,), "full": ((2,), 7), "arange": (1.0, 2.0, 0.25), "linspace": (0, 1, 5),
        "eye": (2, 3),
    }.items():  # fmt: skip
        t, expected = getattr(mg, name)(*args), getattr(np, name)(*args)
        assert np.array_equal(t.data, expected)
        assert t.dtype == expected.dtype
    assert mg.zeros(2, dtype=np.float32, requires_grad=True).requires_grad
    assert mg.zeros_like(mg.ones(2)).tolist() == [0.0, 0.0]


# ------------------------------------------------------------------------------------------------------ NEP 50
SCALARS = {
    "add": lambda x: x + 2, "radd": lambda x: 2.5 + x, "sub": lambda x: x - 1.5, "rsub": lambda x: 1 - x,
    "mul": lambda x: x * 2.5, "rmul": lambda x: 3 * x, "div": lambda x: x / 2, "rdiv": lambda x: 1.0 / x,
    "pow": lambda x: x**2, "pow 3": lambda x: x**3, "pow 0": lambda x: x**0, "pow float": lambda x: x**1.5,
    "rpow": lambda x: 2**x, "maximum": lambda x: mg.maximum(x, 1.0), "minimum": lambda x: mg.minimum(2, x),
    "clip": lambda x: mg.clip(x, 0.5, 1.5), "where": lambda x: mg.where(x > 1, x, 0.0), "neg": lambda x: -x,
    "abs": abs, "mean": lambda x: x.mean(), "var": lambda x: x.var(), "std": lambda x: x.std(),
    "std of a row": lambda x: x.std(axis=0), "softmax": mg.softmax, "log_softmax": mg.log_softmax,
    "logsumexp": mg.logsumexp, "relu": mg.relu, "sigmoid": mg.sigmoid, "tanh": mg.tanh, "sqrt": mg.sqrt,
    "matmul": lambda x: x @ x, "einsum": lambda x: mg.einsum("ij,ij->", x, x), "pad": lambda x: mg.pad(x, 1),
    "pad with a number": lambda x: mg.pad(x, 1, constant_values=0.5), "max": lambda x: x.max(),
    "getitem": lambda x: x[0, 1],
    "setitem": lambda x: mg.setitem(x, 0, 2.5), "boolean factor": lambda x: x * (x.data > 1),
    "whole factor": lambda x: x * True,
}  # fmt: skip


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("f", SCALARS.values(), ids=SCALARS)
def test_python_numbers_do_not_widen(f: object, dtype: type) -> None:
    x = Tensor([[0.75, 1.25], [1.75, 2.0]], dtype=dtype, requires_grad=True)
    y = f(x)  # type: ignore[operator]
    assert y.dtype == dtype
    total = y.sum()
    (g,) = mg.grad(total, x, create_graph=True)
    assert (total.dtype, g.dtype) == (dtype, dtype)
    if g.requires_grad:
        assert mg.grad(g.sum(), x, allow_unused=True)[0].dtype == dtype
    f(x).sum().backward()  # type: ignore[operator]
    assert x.grad.dtype == dtype
    assert mg.func.jvp(f, [x.detach()], [np.ones((2, 2))])[1].dtype == dtype


def test_wider_operands_widen_the_value_and_not_the_gradient() -> None:
    x = Tensor([1.0, 2.0], dtype=np.float32, requires_grad=True)
    y = x * np.array([3.0, 4.0])
    assert y.dtype == np.float64
    y.sum().backward()
    assert x.grad.dtype == np.float32


def test_integers_compute_and_get_no_gradient() -> None:
    n = Tensor([1, 2, 3])
    x = Tensor([1.0, 2.0, 3.0], requires_grad=True)
    (n * x).sum().backward()
    assert x.grad.tolist() == [1.0, 2.0, 3.0]
    assert n.grad is None
    assert (n + 1).dtype == np.array([1]).dtype
    assert n.mean().dtype == np.float64


# -------------------------------------------------------------------------------------------- Python and NumPy
def test_a_tensor_with_one_element_is_a_number() -> None:
    t = Tensor([[2.5]], requires_grad=True)
    assert float(t) == 2.5
    assert int(t) == 2
    assert t.item() == 2.5
    assert bool(t)
    assert not Tensor(0.0)
    assert f"{t:.2f}" == "2.50"
    assert [10, 20, 30][Tensor(1)] == 20
    assert math.sqrt(Tensor(4.0)) == 2.0


def test_length_iteration_and_membership() -> None:
    t = Tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    assert len(t) == 2
    rows = list(t)
    assert [row.tolist() for row in rows] == [[1.0, 2.0], [3.0, 4.0]]
    (rows[1] * 2).sum().backward()
    assert t.grad.tolist() == [[0.0, 0.0], [2.0, 2.0]]
    assert 3.0 in t
    assert Tensor(9.0) not in t
    a, b = t
    assert (a.shape, b.shape) == ((2,), (2,))


def test_comparison_is_elementwise_and_constant() -> None:
    t = Tensor([1.0, 2.0, 3.0], requires_grad=True)
    for got, expected in [
        (t < 2, [True, False, False]), (t <= 2, [True, True, False]), (t > 2, [False, False, True]),
        (t >= 2.0, [False, True, True]), (t == Tensor(2.0), [False, True, False]), (t != 2, [True, False, True]),
        (Tensor(2) < t, [False, False, True]), (np.array([1.0, 5.0, 3.0]) == t, [True, False, True]),
        ((t > 1) & (t < 3), [False, True, False]), ((t < 2) | (t > 2), [True, False, True]),
        (~(t > 1), [True, False, False]),
    ]:  # fmt: skip
        assert got.tolist() == expected
        assert got.dtype == bool
        assert not got.requires_grad
    assert (t == t).all()
    assert not (t > 5).any()


def test_tensors_are_hashed_by_identity() -> None:
    a, b = Tensor([1.0]), Tensor([1.0])
    assert {a: "a", b: "b"}[a] == "a"


def test_conversion_to_an_array() -> None:
    t = Tensor([1.0, 2.0])
    assert np.asarray(t) is t.data
    assert np.array(t, dtype=np.float32).dtype == np.float32
    assert np.array(t) is not t.data
    assert t.numpy() is t.data
    needs = Tensor([1.0], requires_grad=True)
    for convert in (np.asarray, np.array, lambda x: x.numpy(), lambda x: (x * 2).numpy()):
        with pytest.raises(TypeError, match=r"requires grad.*\.detach\(\)"):
            convert(needs)
    assert np.asarray(needs.detach()) is needs.data


# -------------------------------------------------------------------------------------------- copies and pickles
@pytest.mark.parametrize(
    "through", [copy.deepcopy, lambda t: pickle.loads(pickle.dumps(t))], ids=["deepcopy", "pickle"]
)
def test_leaves_survive_copies(through: object) -> None:
    t = Tensor([1.0, 2.0], dtype=np.float32, requires_grad=True, name="w")
    again = through(t)  # type: ignore[operator]
    assert again is not t
    assert (again.tolist(), again.dtype, again.requires_grad, again.name) == ([1.0, 2.0], np.float32, True, "w")
    again.assign([5.0, 6.0])
    assert t.tolist() == [1.0, 2.0]
    (again * again).sum().backward()
    assert again.grad.tolist() == [10.0, 12.0]
    assert t.grad is None


def test_deepcopy_copies_the_gradient_and_keeps_sharing() -> None:
    t = Tensor([1.0], requires_grad=True)
    (t * 3).sum().backward()
    first, second = copy.deepcopy([t, t])
    assert first is second
    assert first.grad.tolist() == [3.0]
    assert not np.shares_memory(first.grad.data, t.grad.data)


@pytest.mark.parametrize("through", [copy.deepcopy, pickle.dumps], ids=["deepcopy", "pickle"])
def test_results_cannot_be_copied_out_of_their_graph(through: object) -> None:
    with pytest.raises(RuntimeError, match=r"result of multiply.*\.detach\(\)"):
        through(Tensor(2.0, requires_grad=True) * 3)  # type: ignore[operator]


def test_copy_is_recorded() -> None:
    x = Tensor([1.0, 2.0], requires_grad=True)
    y = x.copy()
    assert not np.shares_memory(x.data, y.data)
    y.sum().backward()
    assert x.grad.tolist() == [1.0, 1.0]


# ------------------------------------------------------------------------------------------------ repr and names
def test_repr_shows_values_dtype_and_origin() -> None:
    x = Tensor([1.0, 2.0], requires_grad=True, name="x")
    assert repr(x) == "Tensor([1., 2.], dtype=float64, name='x', requires_grad=True)"
    assert repr(x * 2) == "Tensor([2., 4.], dtype=float64, op=multiply)"
    assert repr(Tensor(1, dtype=np.int32)) == "Tensor(1, dtype=int32)"
    assert repr(Tensor(np.zeros((0, 2)))) == "Tensor([], shape=(0, 2), dtype=float64)"
    assert repr((x * 2).detach()) == "Tensor([2., 4.], dtype=float64)"
    assert str(Tensor([[1.0], [2.0]])) == "Tensor([[1.],\n        [2.]], dtype=float64)"
    assert "..." in repr(mg.zeros(5000))


def test_names_can_be_given_and_taken() -> None:
    y = Tensor(1.0, requires_grad=True) * 2
    y.name = "double"
    assert y.name == "double"
    assert "name='double'" in repr(y)
    y.name = None
    assert y.name is None


# ------------------------------------------------------------------------------------------------------- methods
def test_methods_are_numpys() -> None:
    values = np.arange(6.0).reshape(2, 3) - 2
    t = Tensor(values)
    for name, args, kwargs in [
        ("sum", (), {"axis": 0}), ("mean", (1,), {}), ("max", (), {}), ("min", (0,), {"keepdims": True}),
        ("var", (), {"ddof": 1}), ("std", (), {"axis": (0, 1)}), ("reshape", (3, 2), {}), ("reshape", ((6,),), {}),
        ("reshape", (-1,), {}), ("ravel", (), {}), ("flatten", (), {}), ("transpose", (), {}),
        ("transpose", (1, 0), {}),
        ("transpose", ((1, 0),), {}), ("swapaxes", (0, 1), {}), ("squeeze", (), {}), ("clip", (-1, 1), {}),
        ("any", (), {}), ("all", (), {"axis": 0}), ("argmax", (), {"axis": 1}), ("argmin", (), {}),
        ("astype", (np.float32,), {}),
        ("copy", (), {}), ("argsort", (), {}),
    ]:  # fmt: skip
        got, expected = getattr(t, name)(*args, **kwargs), getattr(values, name)(*args, **kwargs)
        assert np.array_equal(got.data, expected), name
        assert got.dtype == expected.dtype, name
    assert np.array_equal(t.T.data, values.T)
    assert np.array_equal(t.mT.data, values.mT)
    assert np.array_equal((t @ values.T).data, values @ values.T)
    assert np.array_equal((values @ t.T).data, values @ values.T)
    assert np.array_equal((+t).data, values)
    assert np.array_equal(abs(t).data, abs(values))
