"""Samples of the ops of linear algebra. Decompositions are sampled packed, as the ops return them."""

from typing import Any

import numpy as np
from hypothesis import strategies as st

import minigrad as mg
from minigrad.ops import determinants, least_squares, products, spectral
from minigrad.testing.strategies import arrays, axes, broadcastable, shapes
from tests.ops.sample import Sample

PRECISIONS = ("float64", "float32")
_RNG = np.random.default_rng(5)
stacks = shapes(max_dims=2, max_side=2)


def conditioned(shape: tuple[int, ...], seed: int) -> Any:
    """Matrices whose singular values are well apart from each other and from 0."""
    rng = np.random.default_rng(seed)
    *stack, m, n = shape
    k = min(m, n)
    u = np.linalg.qr(rng.normal(size=(*stack, m, k)))[0]
    v = np.linalg.qr(rng.normal(size=(*stack, n, k)))[0]
    s = 1 + 0.5 * np.arange(k) + rng.uniform(0, 0.2, (*stack, k))
    return np.round((u * s[..., None, :]) @ np.swapaxes(v, -1, -2), 3)


def symmetric(shape: tuple[int, ...], seed: int) -> Any:
    """Symmetric matrices whose eigenvalues are well apart, and positive."""
    rng = np.random.default_rng(seed)
    n = shape[-1]
    v = np.linalg.qr(rng.normal(size=shape))[0]
    w = 1 + 0.5 * np.arange(n) + rng.uniform(0, 0.2, shape[:-1])
    return np.round((v * w[..., None, :]) @ np.swapaxes(v, -1, -2), 3)


seeds = st.integers(0, 2**16)


@st.composite
def square(draw: Any, made: Any = conditioned, smallest: int = 0, **params: Any) -> Any:
    n = draw(st.integers(smallest, 3))
    chosen = {key: draw(value) for key, value in params.items()}
    return (made((*draw(stacks), n, n), draw(seeds)),), chosen


@st.composite
def rectangular(draw: Any, wide: bool = True, smallest: int = 0) -> Any:
    m, n = draw(st.integers(smallest, 3)), draw(st.integers(smallest, 3))
    if m < n and not wide:
        m, n = n, m
    return (conditioned((*draw(stacks), m, n), draw(seeds)),), {}


@st.composite
def systems(draw: Any, **params: Any) -> Any:
    n, k = draw(st.integers(0, 3)), draw(st.integers(0, 2))
    a, b = draw(broadcastable(2, max_dims=2, max_side=2))
    chosen = {key: draw(value) for key, value in params.items()}
    return (conditioned((*a, n, n), draw(seeds)), draw(arrays((*b, n, k)))), chosen


@st.composite
def fits(draw: Any) -> Any:
    m, n, k = draw(st.integers(1, 4)), draw(st.integers(1, 4)), draw(st.integers(1, 2))
    return (conditioned((m, n), draw(seeds)), draw(arrays((m, k)))), {"rcond": 1e-5}


@st.composite
def crossed(draw: Any) -> Any:
    a, b = draw(broadcastable(2, max_dims=2, max_side=2))
    return (draw(arrays((*a, 3))), draw(arrays((*b, 3)))), {}


@st.composite
def normed(draw: Any) -> Any:
    x = draw(arrays(shapes(min_dims=1, min_side=1), distinct=True, low=0.2, high=2.0))
    x = x * np.where(np.arange(x.size).reshape(x.shape) % 2, -1, 1)
    axis = draw(axes(x.ndim).filter(lambda axis: axis != ()))
    return (x,), {
        "axis": axis,
        "ord": draw(st.sampled_from((1, 2, 3, 1.5, -1, np.inf, -np.inf))),
        "keepdims": draw(st.booleans()),
    }


# The functions under test: decompositions read one triangle of a symmetric matrix, so the samples make it symmetric.
def eigh(a: Any, UPLO: str) -> Any:
    return spectral._eigh((a + a.mT) * 0.5, UPLO=UPLO)


def numpy_eigh(a: Any, UPLO: str) -> Any:
    w, v = np.linalg.eigh((a + np.swapaxes(a, -1, -2)) * 0.5, UPLO)
    return np.concatenate([w, v.reshape((*w.shape[:-1], w.shape[-1] ** 2))], axis=-1)


def cholesky(a: Any) -> Any:
    return mg.linalg.cholesky((a + a.mT) * 0.5)


def numpy_cholesky(a: Any) -> Any:
    return np.linalg.cholesky((a + np.swapaxes(a, -1, -2)) * 0.5)


def numpy_svd(a: Any) -> Any:
    *stack, m, n = a.shape
    u, s, vh = np.linalg.svd(a, full_matrices=False)
    k = s.shape[-1]
    return np.concatenate([u.reshape((*stack, m * k)), s, vh.reshape((*stack, k * n))], axis=-1)


def numpy_qr(a: Any) -> Any:
    *stack, m, n = a.shape
    q, r = np.linalg.qr(a)
    return np.concatenate([q.reshape((*stack, m * n)), r.reshape((*stack, n * n))], axis=-1)


def numpy_cofactor(a: Any) -> Any:
    out = np.zeros_like(a)
    for i in range(a.shape[-1]):
        for j in range(a.shape[-1]):
            minor = np.delete(np.delete(a, i, -2), j, -1)
            out[..., i, j] = (-1) ** (i + j) * np.linalg.det(minor)
    return out


def numpy_change(a: Any, d: Any) -> Any:
    # The cofactors of a + t d are polynomials in t; central differences of 4 points are exact for 4 x 4 matrices.
    def at(t: float) -> Any:
        return numpy_cofactor(a.astype(float) + t * d)

    return ((8 * (at(1.0) - at(-1.0)) - (at(2.0) - at(-2.0))) / 12).astype(a.dtype)


@st.composite
def changed(draw: Any) -> Any:
    shape = (*draw(stacks), *(draw(st.integers(1, 3)),) * 2)
    return (conditioned(shape, draw(seeds)), draw(arrays(shape))), {}


def numpy_slogdet(a: Any) -> Any:
    return np.stack(np.linalg.slogdet(a), axis=-1)


def pinv_deficient(b: Any, c: Any) -> Any:
    return mg.linalg.pinv(b @ c, rtol=1e-4)


def numpy_pinv_deficient(b: Any, c: Any) -> Any:
    return np.linalg.pinv(b @ c, rtol=1e-4)


@st.composite
def deficient(draw: Any) -> Any:
    m, n = draw(st.integers(2, 3)), draw(st.integers(2, 3))
    return (conditioned((m, 1), draw(seeds)), conditioned((1, n), draw(seeds))), {}


A = conditioned((2, 3, 3), 1)
S = symmetric((2, 3, 3), 2)
TALL, WIDE = conditioned((4, 3), 3), conditioned((2, 3, 4), 4)
B = np.round(_RNG.normal(size=(3, 2)), 3)
V = np.array([[[0.3, -1.9, 0.4], [-1.2, 0.8, 2.3]], [[1.1, 0.5, -1.6], [0.1, -0.7, 2.9]]])

SAMPLES = [
    Sample("inv", mg.linalg.inv, square(), np.linalg.inv, (((A,), {}),), analytic=True, dtypes=PRECISIONS),
    Sample(
        "solve",
        mg.linalg.solve,
        systems(),
        np.linalg.solve,
        (((A[0], B), {}), ((A, B), {}), ((A[:1], A), {})),
        analytic=True,
        dtypes=PRECISIONS,
    ),
    Sample("det", mg.linalg.det, square(), np.linalg.det, (((A,), {}),), analytic=True, dtypes=PRECISIONS),
    Sample(
        "cofactor",
        determinants._cofactor,
        square(smallest=1),
        numpy_cofactor,
        (((A,), {}),),
        dtypes=PRECISIONS,
    ),
    Sample(
        "cofactor_change",
        determinants._change,
        changed(),
        numpy_change,
        (((conditioned((4, 4), 8), conditioned((4, 4), 9)), {}), ((A, A[:, ::-1]), {})),
        dtypes=PRECISIONS,
    ),
    Sample("slogdet", determinants._slogdet, square(), numpy_slogdet, (((A,), {}),), dtypes=PRECISIONS),
    Sample("cholesky", cholesky, square(symmetric), numpy_cholesky, (((S,), {}),), dtypes=PRECISIONS),
    Sample(
        "eigh",
        eigh,
        square(symmetric, UPLO=st.sampled_from("LU")),
        numpy_eigh,
        (((S,), {"UPLO": "L"}), ((S[0],), {"UPLO": "U"})),
        dtypes=PRECISIONS,
    ),
    Sample(
        "svd",
        spectral._svd,
        rectangular(),
        numpy_svd,
        (((A,), {}), ((TALL,), {}), ((WIDE,), {})),
        dtypes=PRECISIONS,
    ),
    Sample("qr", spectral._qr, rectangular(wide=False), numpy_qr, (((A,), {}), ((TALL,), {})), dtypes=PRECISIONS),
    Sample(
        "pinv",
        mg.linalg.pinv,
        rectangular(smallest=1),
        np.linalg.pinv,
        (((TALL,), {}), ((WIDE,), {})),
        dtypes=PRECISIONS,
    ),
    Sample(
        "pinv",
        pinv_deficient,
        deficient(),
        numpy_pinv_deficient,
        (((conditioned((3, 2), 6), conditioned((2, 4), 7)), {}),),
        dtypes=PRECISIONS,
        variant="deficient",
    ),
    Sample(
        "lstsq",
        least_squares._lstsq,
        fits(),
        lambda a, b, rcond: np.linalg.lstsq(a, b, rcond)[0],
        (((TALL, conditioned((4, 2), 1)), {"rcond": 1e-5}), ((WIDE[0], B), {"rcond": 1e-5})),
        dtypes=PRECISIONS,
    ),
    Sample("cross", products._cross, crossed(), np.cross, (((V, B.T), {}), ((B.T, V), {})), analytic=True),
    Sample(
        "norm",
        mg.linalg.vector_norm,
        normed(),
        np.linalg.vector_norm,
        (
            ((V,), {"axis": (0, -1), "ord": 2, "keepdims": False}),
            ((V,), {"axis": 1, "ord": 3, "keepdims": True}),
            ((V,), {"axis": None, "ord": -1, "keepdims": False}),
            ((V,), {"axis": -1, "ord": 1.5, "keepdims": False}),
            ((V,), {"axis": -1, "ord": np.inf, "keepdims": False}),
        ),
        dtypes=PRECISIONS,
    ),
]


def with_scipy() -> list[Sample]:
    """The samples of the ops that SciPy computes; none where it is not installed."""
    try:
        import scipy.linalg
    except ImportError:
        return []
    from minigrad.ops import scipy_matrices

    def numpy_triangular(a: Any, b: Any, lower: bool, unit_diagonal: bool) -> Any:
        read = np.tril(a) if lower else np.triu(a)
        if unit_diagonal:
            read = read - read * np.eye(a.shape[-1], dtype=a.dtype) + np.eye(a.shape[-1], dtype=a.dtype)
        return np.linalg.solve(read, b)

    def dominant(call: Any) -> Any:
        (a, b), params = call
        return (a + 3 * np.eye(a.shape[-1]), b), params

    flags = {"lower": st.booleans(), "unit_diagonal": st.booleans()}
    return [
        Sample("expm", mg.linalg.expm, square(smallest=1), scipy.linalg.expm, (((A,), {}),), dtypes=PRECISIONS),
        Sample(
            "solve_triangular",
            scipy_matrices._triangular,
            systems(**flags).map(dominant),
            numpy_triangular,
            (
                ((S[0], B), {"lower": True, "unit_diagonal": False}),
                ((S[0], B), {"lower": False, "unit_diagonal": True}),
                ((S, B), {"lower": False, "unit_diagonal": False}),
            ),
            dtypes=PRECISIONS,
        ),
    ]


SAMPLES += with_scipy()
