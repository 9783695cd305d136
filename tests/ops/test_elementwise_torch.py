"""Gradients of the elementwise functions against PyTorch, first and second order, over many magnitudes.

Where PyTorch's own gradient is a number, ours is the same. Deliberate differences, which the points stay away from: at
ties of fmax and fmin PyTorch gives all to the first; outside of their domain arccosh and arctanh have NaN for a value
and, in PyTorch, numbers for a gradient; logit the other way round; sinc loses its digits near 0 there, and digamma at
its poles.
"""

from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad import special

torch = pytest.importorskip("torch", reason="torch is the oracle")

rng = np.random.default_rng(7)
WIDE = np.concatenate([rng.choice([-1, 1], 60) * 10 ** rng.uniform(-3, 2, 60), [0.0, 1.0, -1.0, 1e-8, 30.0, -30.0]])
INSIDE = rng.uniform(-1, 1, 60)
PLUS = np.abs(WIDE)

UNARY: list[tuple[Any, list[str]]] = [
    (WIDE, ["abs", "square", "exp", "exp2", "expm1", "sin", "cos", "tan", "arctan", "sinh", "cosh", "tanh", "arcsinh"]),
    (WIDE, ["deg2rad", "rad2deg"]),
    (PLUS[PLUS > 1e-3], ["reciprocal", "sqrt", "log", "log2", "log10", "sinc", "nan_to_num"]),
    (INSIDE, ["arcsin", "arccos", "arctanh"]),
    (PLUS, ["log1p"]),
    (1 + PLUS, ["arccosh"]),
]
SPECIAL: list[tuple[Any, list[str]]] = [
    (WIDE, ["erf", "erfc", "expit", "i0e", "ndtr", "log_ndtr"]),
    (PLUS[PLUS > 0], ["gammaln", "digamma"]),
    (INSIDE, ["erfinv"]),
    (np.abs(INSIDE), ["logit"]),
]
PAIRS = ["fmax", "fmin", "remainder", "fmod", "arctan2", "hypot", "logaddexp", "logaddexp2", "copysign"]


def agree(ours: Any, theirs: Any, *points: Any) -> None:
    xs = [mg.Tensor(x, requires_grad=True) for x in points]
    ts = [torch.tensor(x, requires_grad=True) for x in points]
    with np.errstate(all="ignore"):
        y, z = ours(*xs).sum(), theirs(*ts).sum()
        for order in (1, 2):
            first = mg.grad(y, xs, create_graph=True, allow_unused=True)
            second = torch.autograd.grad(z, ts, create_graph=True, allow_unused=True)
            for a, b in zip(first, second, strict=True):
                if a is None or b is None:
                    continue
                a, b = a.data, np.array(b.tolist())
                known = np.isfinite(b)
                np.testing.assert_allclose(a[known], b[known], rtol=1e-7, atol=1e-12, err_msg=f"order {order}")
            y, z = sum_of(first), sum_of(second)
            if y is None or z is None:
                return


def sum_of(gradients: Any) -> Any:
    found = [g.sum() for g in gradients if g is not None and g.requires_grad]
    return sum(found[1:], start=found[0]) if found else None


@pytest.mark.parametrize(("name", "at"), [(name, at) for at, names in UNARY for name in names])
def test_functions_of_numpy(name: str, at: Any) -> None:
    agree(getattr(mg, name), getattr(torch, name), at)


@pytest.mark.parametrize(("name", "at"), [(name, at) for at, names in SPECIAL for name in names])
def test_functions_of_scipy(name: str, at: Any) -> None:
    pytest.importorskip("scipy", reason="the extra")
    agree(getattr(special, name), getattr(torch.special, name), at)


@pytest.mark.parametrize("name", PAIRS)
def test_functions_of_two(name: str) -> None:
    agree(getattr(mg, name), getattr(torch, name), WIDE, rng.permutation(WIDE) + 1e-5)


@pytest.mark.parametrize("name", ["xlogy", "xlog1py"])
def test_functions_of_two_of_scipy(name: str) -> None:
    pytest.importorskip("scipy", reason="the extra")
    agree(getattr(special, name), getattr(torch.special, name), WIDE, rng.permutation(PLUS) + 1e-5)
