"""Linear algebra, under NumPy's names: ``minigrad.linalg.inv(t)`` and ``np.linalg.inv(t)`` are the same.

All functions take stacks of matrices along the last two axes. `expm` and `solve_triangular` are those of
``scipy.linalg``.

>>> import minigrad as mg
>>> a = mg.Tensor([[2.0, 1.0], [1.0, 3.0]], requires_grad=True)
>>> mg.linalg.slogdet(a).logabsdet.backward()
>>> a.grad
Tensor([[ 0.6, -0.2],
        [-0.2,  0.4]], dtype=float64)
"""

from .ops.comparison import matrix_rank
from .ops.determinants import SlogdetResult, det, slogdet
from .ops.diagonals import linalg_diagonal as diagonal
from .ops.diagonals import linalg_trace as trace
from .ops.least_squares import LstsqResult, lstsq, pinv
from .ops.linalg import matmul
from .ops.matrices import LinAlgError, cholesky, inv, matrix_power, matrix_transpose, solve
from .ops.norms import cond, matrix_norm, norm, vector_norm
from .ops.products import linalg_cross as cross
from .ops.products import linalg_outer as outer
from .ops.products import multi_dot, tensordot, vecdot
from .ops.scipy_matrices import expm, solve_triangular
from .ops.spectral import EighResult, QRResult, SVDResult, eigh, eigvalsh, qr, svd, svdvals

__all__ = [
    "EighResult",
    "LinAlgError",
    "LstsqResult",
    "QRResult",
    "SVDResult",
    "SlogdetResult",
    "cholesky",
    "cond",
    "cross",
    "det",
    "diagonal",
    "eigh",
    "eigvalsh",
    "expm",
    "inv",
    "lstsq",
    "matmul",
    "matrix_norm",
    "matrix_power",
    "matrix_rank",
    "matrix_transpose",
    "multi_dot",
    "norm",
    "outer",
    "pinv",
    "qr",
    "slogdet",
    "solve",
    "solve_triangular",
    "svd",
    "svdvals",
    "tensordot",
    "trace",
    "vecdot",
    "vector_norm",
]
