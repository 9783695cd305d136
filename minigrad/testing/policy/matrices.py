"""The points of norms, determinants and decompositions: the origin, singular matrices, ties of their values."""

from __future__ import annotations

import math

from .point import Point, of_x

inf, nan = math.inf, math.nan
ZERO = [[0.0, 0.0, 0.0], [0.0, 0.0, 0.0]]


def diag(*values: float) -> list[list[float]]:
    """Return a diagonal matrix."""
    return [[float(v) if i == j else 0.0 for j in range(len(values))] for i, v in enumerate(values)]


_POINTS: tuple[Point, ...] = (
    of_x("norm", "mg.linalg.norm(x)", [0.0, 0.0, 0.0], [0.0, 0.0, 0.0], "least", "least of the unit ball"),
    of_x("norm", "mg.linalg.norm(x, 1)", [0.0, -2.0], [0.0, -1.0], "least", "as abs"),
    of_x("norm", "mg.linalg.norm(x, np.inf)", [0.0, 0.0], [0.0, 0.0], "least", "least of the unit ball"),
    of_x("norm", "mg.linalg.norm(x, np.inf)", [2.0, -2.0, 1.0], [0.5, -0.5, 0.0], "least", "a tie, shared"),
    of_x("norm", "mg.linalg.norm(x, -np.inf)", [2.0, -1.0, 1.0], [0.0, -0.5, 0.5], "least", "a tie, shared"),
    of_x("norm", "mg.linalg.norm(x, 0)", [2.0, 0.0], [0.0, 0.0], "constant", "a count"),
    of_x("norm", "mg.linalg.norm(x, 3)", [0.0, 0.0], [0.0, 0.0], "least", "least of the dual ball"),
    of_x("norm", "mg.linalg.norm(x, 0.5)", [4.0, 0.0], [1.0, 0.0], "least", "0 is among the slopes of a zero"),
    of_x(
        "norm",
        "mg.linalg.norm(x, -1)",
        [4.0, 0.0],
        [0.0, 0.0],
        "least",
        "least of [-1, 1]: near 0 the value is about that of the element there",
    ),
    of_x("matrix_norm", 'mg.linalg.matrix_norm(x, ord="fro")', ZERO, ZERO, "least", "a zero matrix"),
    of_x("matrix_norm", 'mg.linalg.matrix_norm(x, ord="nuc")', ZERO, ZERO, "least", "a zero matrix"),
    of_x("matrix_norm", "mg.linalg.matrix_norm(x, ord=1)", ZERO, ZERO, "least", "a zero matrix"),
    of_x("matrix_norm", "mg.linalg.matrix_norm(x, ord=-1)", ZERO, ZERO, "least", "a zero matrix"),
    of_x("matrix_norm", "mg.linalg.matrix_norm(x, ord=2)", ZERO, ZERO, "least", "a zero matrix"),
    of_x("matrix_norm", "mg.linalg.matrix_norm(x, ord=-2)", ZERO, ZERO, "least", "a zero matrix"),
    of_x("matrix_norm", "mg.linalg.matrix_norm(x, ord=np.inf)", ZERO, ZERO, "least", "a zero matrix"),
    of_x("matrix_norm", "mg.linalg.matrix_norm(x, ord=-np.inf)", ZERO, ZERO, "least", "a zero matrix"),
    of_x(
        "matrix_norm",
        'mg.linalg.matrix_norm(x, ord="nuc")',
        diag(2, 0),
        diag(1, 0),
        "least",
        "rank 1: nothing for the singular value 0",
    ),
    of_x(
        "matrix_norm",
        "mg.linalg.matrix_norm(x, ord=2)",
        diag(1, 1),
        diag(0.5, 0.5),
        "least",
        "the largest singular values tie",
    ),
    of_x(
        "matrix_norm",
        "mg.linalg.matrix_norm(x, ord=-2)",
        diag(2, 0),
        diag(0, 0),
        "least",
        "the least singular value at its kink",
    ),
    of_x(
        "matrix_norm",
        "mg.linalg.matrix_norm(x, ord=1)",
        diag(1, 1),
        diag(0.5, 0.5),
        "least",
        "the sums of the columns tie",
    ),
    of_x(
        "det",
        "mg.linalg.det(x)",
        diag(1, 2, 3, 0),
        diag(0, 0, 0, 6),
        "",
        "a polynomial: the cofactors, without the inverse",
    ),
    of_x("det", "mg.linalg.det(x)", diag(1, 2, 0, 0), diag(0, 0, 0, 0), "", "of rank n - 2 all cofactors are 0"),
    of_x("slogdet", "mg.linalg.slogdet(x).logabsdet", diag(2, -4), diag(0.5, -0.25), "", "the sign is a constant"),
    of_x(
        "slogdet",
        "mg.linalg.slogdet(x).logabsdet",
        diag(2, 0),
        [[nan, nan], [nan, nan]],
        "none",
        "the value is -inf, and the limit depends on the way",
    ),
    of_x(
        "slogdet",
        "mg.where(False, mg.linalg.slogdet(x).logabsdet, 1.0)",
        diag(0, 0),
        diag(0, 0),
        "constant",
        "the branch that is not taken",
    ),
    of_x("eigh", "mg.linalg.eigvalsh(x)", diag(1, 1, 1), diag(1, 1, 1), "", "the sum of the eigenvalues is the trace"),
    of_x(
        "eigh",
        "mg.linalg.eigh(x).eigenvectors",
        diag(2, 2, 2),
        [[0.0] * 3] * 3,
        "convention",
        "eigenvectors of a tie are free, and jump: nothing flows among them",
    ),
    of_x("svd", "mg.linalg.svdvals(x) ** 2", diag(3, 3), diag(6, 6), "", "the sum of the squares is smooth"),
    of_x(
        "svd",
        "(lambda u, s, v: u @ v)(*mg.linalg.svd(x)) * [[0, 1], [-1, 0]]",
        diag(4, 4),
        [[0.0, 0.25], [-0.25, 0.0]],
        "",
        "the polar factor is smooth at ties",
    ),
    of_x("svd", "mg.linalg.svdvals(x) ** 2", ZERO, ZERO, "", "the sum of the squares is smooth"),
    of_x(
        "svd",
        "(lambda u, s, v: (u * s) @ v)(*mg.linalg.svd(x))",
        diag(2, 0),
        [[1.0, 1.0], [1.0, 1.0]],
        "",
        "the matrix itself, of rank 1",
    ),
    of_x("norm", "mg.linalg.norm(x, np.inf) * inf", [2.0, -3.0], [0.0, -inf], "constant", "nothing for the smaller"),
    of_x("norm", "mg.linalg.norm(x, -np.inf) * inf", [2.0, -3.0], [inf, 0.0], "constant", "nothing for the larger"),
    of_x("norm", "mg.sqrt(mg.linalg.norm(x))", [0.0, 0.0], [0.0, 0.0], "least", "least norm, and no 0 · inf"),
    of_x("norm", "mg.sqrt(mg.linalg.norm(x, 1))", [0.0, 0.0], [0.0, 0.0], "least", "least norm, and no 0 · inf"),
    of_x("norm", "mg.linalg.norm(x, 1)", [0.0, 0.0], [0.0, 0.0], "least", "as abs"),
    of_x("norm", "mg.linalg.norm(x, 0)", [inf, 0.0], [0.0, 0.0], "constant", "a count"),
    of_x("det", "mg.linalg.det(x)", diag(0, 0), diag(0, 0), "", "x11 x22 - x12 x21", [[1.0, -1.0], [-1.0, 1.0]]),
    of_x(
        "pinv",
        "mg.linalg.pinv(x)",
        diag(2, 0),
        [[-0.25, 0.25], [0.25, 0.0]],
        "convention",
        "among the matrices of the same rank: across ranks the pseudo-inverse jumps",
    ),
)

# What LAPACK decomposes comes with zeros that are zeros to rounding.
_DECOMPOSED = {"matrix_norm", "det", "slogdet", "eigh", "svd", "pinv"}
POINTS = tuple(point._replace(rounding=1e-14) if point.op in _DECOMPOSED else point for point in _POINTS)
