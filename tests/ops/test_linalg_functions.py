"""The functions of linear algebra that are written with other ops, against NumPy; their errors."""

import functools
import math
import sys
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import minigrad as mg
from minigrad.testing import check_grad, properties
from minigrad.testing.strategies import arrays, shapes
from tests.ops.sample import Sample, as_dtype, case_of
from tests.ops.samples_linalg import (
    PRECISIONS,
    WIDE,
    A,
    B,
    S,
    conditioned,
    fits,
    normed,
    rectangular,
    seeds,
    square,
    stacks,
    symmetric,
)

EXAMPLES = settings.default.max_examples // 10
L = mg.linalg


@st.composite
def tensors_to_contract(draw: Any) -> Any:
    common = draw(shapes(max_dims=2))
    a, b = draw(shapes(max_dims=2)), draw(shapes(max_dims=2))
    return (draw(arrays((*a, *common))), draw(arrays((*common, *b)))), {"axes": len(common)}


@st.composite
def two(draw: Any, last: bool = False, second: bool = False, same: bool = False) -> Any:
    n = draw(st.integers(0, 3))
    a, b = draw(shapes(max_dims=2)), draw(shapes(max_dims=2))
    if same:
        return (draw(arrays((*a, n))), draw(arrays((n, *a[::-1])))), {}
    if second:
        b = (*b[:-1], n, *b[-1:])
        a = (*a, n)
    elif last:
        a, b = (*a, n), (*b, n)
    if (second or last) and draw(st.integers(0, 4)) == 0:
        a = ()
    return (draw(arrays(a)), draw(arrays(b))), {}


def vector_norms() -> Any:
    return normed().filter(lambda call: call[1]["axis"] is not None and np.ndim(call[1]["axis"]) == 0)


@st.composite
def matrix_norms(draw: Any) -> Any:
    m, n = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    x = conditioned((*draw(stacks), m, n), draw(seeds))
    return (x,), {"ord": draw(st.sampled_from(ORDERS)), "keepdims": draw(st.booleans())}


@st.composite
def turned_norms(draw: Any) -> Any:
    x = conditioned((2, 3, 2), draw(seeds)).transpose(1, 0, 2)
    axis = draw(st.permutations((0, -1)).map(tuple))
    return (x,), {"ord": draw(st.sampled_from((None, *ORDERS))), "axis": axis, "keepdims": draw(st.booleans())}


ORDERS = ("fro", "nuc", 1, -1, 2, -2, np.inf, -np.inf)


def symmetrized(a: Any) -> Any:
    return (a + np.swapaxes(a, -1, -2)) * 0.5


def eigenvalues(a: Any, UPLO: str) -> Any:
    return np.linalg.eigvalsh(symmetrized(a), UPLO)


def projections(a: Any) -> Any:
    w, v = np.linalg.eigh(symmetrized(a))
    return (v * np.exp(w)[..., None, :]) @ np.swapaxes(v, -1, -2)


def polar(a: Any) -> Any:
    u, _, vh = np.linalg.svd(a, full_matrices=False)
    return u @ vh


def rebuilt(a: Any) -> Any:
    q, r = np.linalg.qr(a)
    return q * 2 @ r + r.sum(axis=(-1, -2), keepdims=True) ** 2


def upper(a: Any) -> Any:
    return np.linalg.cholesky(symmetrized(a), upper=True)


def fitted(a: Any, b: Any, rcond: float) -> Any:
    x, residuals, _, s = np.linalg.lstsq(a, b, rcond)
    return np.concatenate([x.reshape(-1), residuals, s])


def logarithm(a: Any) -> Any:
    sign, logabsdet = np.linalg.slogdet(a)
    return sign * logabsdet


def chained(a: Any, b: Any, c: Any) -> Any:
    return np.linalg.multi_dot([a, b, c])


@st.composite
def chains(draw: Any) -> Any:
    n = [draw(st.integers(1, 4)) for _ in range(4)]
    first = (n[1],) if draw(st.booleans()) else (n[0], n[1])
    last = (n[2],) if draw(st.booleans()) else (n[2], n[3])
    return (draw(arrays(first)), draw(arrays((n[1], n[2]))), draw(arrays(last))), {}


def calls(*args: Any, **params: Any) -> Any:
    return st.just((args, params))


vectors = st.builds(lambda a, b: ((a, b), {}), arrays(shapes(max_dims=2)), arrays(shapes(max_dims=2)))
powers = square(n=st.integers(-2, 5))
cubic = np.sin(np.arange(18.0)).reshape(3, 3, 2)

FUNCTIONS = [
    Sample("dot", np.dot, two(second=True), np.dot, ()),
    Sample("vdot", np.vdot, two(same=True), np.vdot, ()),
    Sample("inner", np.inner, two(last=True), np.inner, ()),
    Sample("vecdot", np.vecdot, calls(WIDE, WIDE[0]), np.vecdot, ()),
    Sample("vecdot", np.linalg.vecdot, calls(A, S[:1], axis=-2), np.linalg.vecdot, (), dtypes=PRECISIONS),
    Sample("outer", np.outer, vectors, np.outer, ()),
    Sample("linalg.outer", np.linalg.outer, calls(B[0], B[:, 0]), np.linalg.outer, ()),
    Sample("tensordot", np.tensordot, tensors_to_contract(), np.tensordot, ()),
    Sample("tensordot", np.tensordot, calls(A, S, axes=([0, -1], [0, 1])), np.tensordot, ()),
    Sample("kron", np.kron, vectors, np.kron, ()),
    Sample("cross", np.cross, calls(cubic, cubic[0].T, axisa=0, axisb=1, axisc=1), np.cross, ()),
    Sample("cross", np.cross, calls(cubic, cubic[::-1], axis=1), np.cross, ()),
    Sample("linalg.cross", np.linalg.cross, calls(cubic, cubic[::-1], axis=0), np.linalg.cross, ()),
    Sample("vander", np.vander, calls(B[:, 0] + 2, N=4), np.vander, (), dtypes=("float64",)),
    Sample("vander", np.vander, calls(B[:, 0], increasing=True), np.vander, (), dtypes=("float64",)),
    Sample("multi_dot", chained, chains(), chained, ()),
    Sample("matrix_power", np.linalg.matrix_power, powers, np.linalg.matrix_power, (), dtypes=PRECISIONS),
    Sample("solve", np.linalg.solve, calls(A, B[:, 0]), np.linalg.solve, (), dtypes=PRECISIONS),
    Sample("slogdet", logarithm, square(), logarithm, (), dtypes=PRECISIONS),
    Sample("cholesky", upper, square(symmetric), upper, (), dtypes=PRECISIONS),
    Sample("eigvalsh", eigenvalues, square(symmetric, UPLO=st.sampled_from("LU")), eigenvalues, (), dtypes=PRECISIONS),
    Sample("eigh", projections, square(symmetric), projections, (), dtypes=PRECISIONS),
    Sample("svd", polar, rectangular(smallest=1), polar, (), dtypes=PRECISIONS),
    Sample("svdvals", np.linalg.svdvals, rectangular(smallest=1), np.linalg.svdvals, (), dtypes=PRECISIONS),
    Sample("qr", rebuilt, rectangular(smallest=1), rebuilt, (), dtypes=PRECISIONS),
    Sample("lstsq", fitted, fits(), fitted, (), dtypes=PRECISIONS),
    Sample("norm", np.linalg.norm, vector_norms(), np.linalg.norm, (), dtypes=PRECISIONS),
    Sample("norm", np.linalg.norm, turned_norms(), np.linalg.norm, (), dtypes=PRECISIONS),
    Sample("matrix_norm", np.linalg.matrix_norm, matrix_norms(), np.linalg.matrix_norm, (), dtypes=PRECISIONS),
    Sample(
        "cond",
        np.linalg.cond,
        square(p=st.sampled_from((None, *ORDERS)), smallest=1),
        np.linalg.cond,
        (),
        dtypes=PRECISIONS,
    ),
    Sample("cond", np.linalg.cond, calls(WIDE, p=-2), np.linalg.cond, (), dtypes=PRECISIONS),
    Sample("matrix_transpose", np.linalg.matrix_transpose, calls(WIDE), np.linalg.matrix_transpose, ()),
]
each = pytest.mark.parametrize("sample", FUNCTIONS, ids=repr)


@each
@settings(max_examples=EXAMPLES)
@given(data=st.data())
def test_gradients(sample: Sample, data: Any) -> None:
    call = data.draw(sample.calls)
    case = case_of(sample, call)
    if case.call(*case.leaves()).requires_grad:
        properties.check(case)


@each
@settings(max_examples=EXAMPLES)
@given(data=st.data())
def test_values_and_precisions(sample: Sample, data: Any) -> None:
    args, params = data.draw(sample.calls)
    for dtype in sample.dtypes:
        case = case_of(sample, (as_dtype(args, dtype), params))
        y, expected = case.call(*case.leaves()), np.asarray(sample.reference(*case.args, **params))
        assert (y.dtype, y.shape) == (expected.dtype, expected.shape)
        eps = float(np.finfo(y.dtype).eps)
        np.testing.assert_allclose(
            y.detach(), expected, rtol=1e3 * eps, atol=1e3 * eps * np.max(np.abs(expected), initial=1)
        )
        properties.ownership(case)
        if dtype != "float64" and y.requires_grad:
            properties.precision(case, dtype)


ERRORS: list[tuple[Any, Any, str]] = [
    (L.inv, (np.ones((2, 3)),), r"inv: expected square matrices, got shape \(2, 3\)"),
    (L.inv, (np.ones((2, 2)),), r"inv: a matrix \(of shape \(2, 2\)\) is singular"),
    (L.solve, (np.ones((2, 2)), np.ones(2)), "solve: a matrix .* is singular"),
    (L.solve, (np.eye(2), np.ones(3)), r"solve: a right-hand side of shape \(3,\) does not fit"),
    (L.cholesky, (-np.eye(2),), "cholesky: a matrix .* is not positive definite"),
    (L.svd, (np.ones((2, 3)), True), "svd: full_matrices=True is not supported"),
    (L.svd, (np.ones((2, 2)), True, True, True), "svd: hermitian=True is not supported"),
    (L.svd, (np.ones(3),), r"svd: expected matrices, got shape \(3,\)"),
    (L.qr, (np.ones((3, 2)), "complete"), "qr: mode 'complete' is not supported"),
    (L.eigh, (np.eye(2), "X"), "eigh: UPLO must be 'L' or 'U', got 'X'"),
    (L.pinv, (np.eye(2), None, True), "pinv: hermitian=True is not supported"),
    (L.lstsq, (np.eye(2), np.ones(3)), r"lstsq: expected shapes .* got \(2, 2\) and \(3,\)"),
    (L.norm, (np.ones((2, 2)), "abc"), "norm: 'abc' is not an order of matrix norms"),
    (L.norm, (np.ones(2), "fro"), "norm: 'fro' is not an order of vector norms"),
    (L.norm, (np.ones((2, 2, 2)), 2), "norm: order 2 over 3 axes"),
    (L.norm, (np.ones(0), np.inf), "vector_norm|norm: order inf of nothing"),
    (L.matrix_power, (np.eye(2), 0.5), "matrix_power: the exponent must be an integer, got float 0.5"),
    (L.multi_dot, ([np.eye(2)],), "multi_dot: needs at least two matrices, got 1"),
    (L.multi_dot, ([np.eye(2), np.ones(2), np.eye(2)],), r"multi_dot: operand 1 of shape \(2,\)"),
    (L.multi_dot, ([np.eye(2), np.eye(3)],), "multi_dot: .* inner sizes 2 and 3 differ"),
    (L.outer, (np.eye(2), np.ones(2)), "outer: expected two vectors"),
    (L.matrix_transpose, (np.ones(2),), "matrix_transpose: expected at least 2 axes"),
    (mg.dot, (np.ones((2, 3)), np.ones((2, 3))), "dot: .* lengths 3 and 2 differ"),
    (mg.inner, (np.ones((2, 3)), np.ones((2, 4))), "inner: .* last axes of lengths 3 and 4 differ"),
    (mg.vecdot, (np.ones(2), np.ones(3)), "vecdot: .* lengths 2 and 3 along axis -1 differ"),
    (mg.vdot, (np.ones(2), np.ones(3)), "vdot: .* have 2 and 3 elements"),
    (mg.tensordot, (np.ones((2, 3)), np.ones((3, 2))), "tensordot: axes .* have lengths"),
    (mg.tensordot, (np.ones(2), np.ones(2), 2), "tensordot: 2 axes of tensors"),
    (mg.cross, (np.ones(2), np.ones(2)), "cross: the vectors must have length 3"),
    (mg.vander, (np.ones((2, 2)),), "vander: expected a vector"),
    (mg.vander, (np.ones(2), -1), "vander: N must be at least 0"),
]


@pytest.mark.parametrize(("f", "args", "message"), ERRORS, ids=[e[2][:40] for e in ERRORS])
def test_errors(f: Any, args: Any, message: str) -> None:
    with pytest.raises(ValueError if "integer" not in message else TypeError, match=message):
        f(*args)


def test_numpy_keywords_without_support_are_refused() -> None:
    x = mg.Tensor(np.eye(2), requires_grad=True)
    with pytest.raises(TypeError, match=r"np\.dot: out=.*not supported"):
        np.dot(x, x, out=np.eye(2))
    with pytest.raises(TypeError, match=r"np.linalg.eig has no rule"):
        np.linalg.eig(x)
    with pytest.raises(TypeError, match="inv: array type float16"):
        L.inv(np.eye(2, dtype=np.float16))


def test_integers_become_floats_where_numpy_makes_them_so() -> None:
    x = np.array([[2, 1], [1, 3]])
    for f in ("inv", "det", "cholesky", "svdvals", "eigvalsh", "norm", "pinv", "cond"):
        y = getattr(L, f)(mg.Tensor(x))
        np.testing.assert_allclose(y.numpy(), getattr(np.linalg, f)(x), rtol=1e-14)
        assert y.dtype == np.float64
    assert mg.vander(mg.Tensor([1, 2, 3])).tolist() == np.vander([1, 2, 3]).tolist()
    assert mg.dot(mg.Tensor([1, 2]), mg.Tensor([3, 4])).dtype.kind == "i"


def test_results_have_numpys_fields() -> None:
    x = mg.Tensor(conditioned((3, 3), 1))
    assert L.eigh(x)._fields == np.linalg.eigh(np.eye(2))._fields
    assert L.qr(x)._fields == np.linalg.qr(np.eye(2))._fields
    assert L.svd(x)._fields == np.linalg.svd(np.eye(2))._fields
    assert L.slogdet(x)._fields == np.linalg.slogdet(np.eye(2))._fields
    assert L.matrix_rank(x).item() == 3
    assert np.linalg.matrix_rank(x).item() == 3
    assert L.cond(mg.Tensor(np.ones((2, 2))), 1).item() == math.inf
    with pytest.raises(ValueError, match="cond: a matrix is singular"):
        L.cond(mg.Tensor(np.zeros((2, 2)), requires_grad=True))


def test_scipy_is_imported_where_it_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "scipy.linalg", None)
    with pytest.raises(ImportError, match=r"linalg.expm needs scipy: pip install 'minigrad\[special\]'"):
        L.expm(np.eye(2))
    with pytest.raises(ImportError, match=r"linalg.solve_triangular needs scipy"):
        L.solve_triangular(np.eye(2), np.ones(2))


@pytest.mark.parametrize("trans", [0, 1, "N", "T", "C"])
@pytest.mark.parametrize("lower", [True, False])
def test_solve_triangular(trans: Any, lower: bool) -> None:
    linalg = pytest.importorskip("scipy.linalg", reason="needs SciPy")
    f = functools.partial(L.solve_triangular, trans=trans, lower=lower)
    np.testing.assert_allclose(
        f(S[0], B[:, 0]).numpy(), linalg.solve_triangular(S[0], B[:, 0], trans=trans, lower=lower), rtol=1e-12
    )
    check_grad(f, S[0], B[:, 0])
