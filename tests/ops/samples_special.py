"""Samples of the special functions, against SciPy."""

import importlib
from typing import Any

import numpy as np

import minigrad as mg
from minigrad import special
from minigrad.testing.strategies import arrays
from tests.ops.sample import Sample
from tests.ops.samples_arithmetic import ANY, POSITIVE, ROW, SIGNED, SQUARE, binary, unary

# In half precision SciPy returns float32, and so do we.
DTYPES = ("float64", "float32")
UNIT = np.array([[-0.6, 0.3, -0.7], [0.5, -0.2, 0.1]])


def scipy(name: str) -> Any:
    """SciPy's function of this name, imported when it is called: it is an extra."""

    def call(*args: Any) -> Any:
        return getattr(importlib.import_module("scipy.special"), name)(*args)

    return call


def special_of(name: str, low: float, high: float, **options: Any) -> Sample:
    return unary(getattr(special, name), scipy(name), low, high, dtypes=DTYPES, needs="scipy", **options)


def scaled_bessel(n: int, x: Any) -> mg.Tensor:
    return special._ive(n, x)


def mills_reference(x: Any) -> Any:
    wide = x.astype(float)
    return (np.exp(-(wide**2) / 2) / np.sqrt(2 * np.pi) / scipy("ndtr")(wide)).astype(x.dtype)


SAMPLES = [
    special_of("erf", -2.0, 2.0, analytic=True, fixed=SIGNED),
    special_of("erfc", -2.0, 2.0, analytic=True, fixed=SIGNED),
    special_of("erfinv", -0.8, 0.8, fixed=UNIT),
    special_of("ndtr", -2.0, 2.0, fixed=SIGNED),
    special_of("log_ndtr", -3.0, 2.0, fixed=SIGNED),
    unary(special._mills, mills_reference, -3.0, 2.0, dtypes=DTYPES, needs="scipy", fixed=SIGNED),
    special_of("logit", 0.1, 0.9, fixed=SQUARE / 2),
    special_of("gammaln", 0.5, 3.0, fixed=SQUARE),
    special_of("digamma", 0.5, 3.0, fixed=SQUARE),
    *[
        Sample(
            "polygamma",
            special.polygamma,
            arrays(low=0.7, high=3.0).map(lambda x, n=n: ((n, x), {})),
            lambda n, x: scipy("polygamma")(n, x).astype(x.dtype),
            (((n, SQUARE), {}),),
            dtypes=DTYPES,
            needs="scipy",
            variant=f"order {n}",
        )
        for n in (1, 2)
    ],
    special_of("i0e", -2.0, 2.0, avoid=(0.0,), fixed=SIGNED),
    *[
        Sample(
            "ive",
            scaled_bessel,
            arrays(avoid=(0.0,)).map(lambda x, n=n: ((n, x), {})),
            scipy("ive"),
            (((n, SIGNED), {}),),
            dtypes=DTYPES,
            needs="scipy",
            variant=f"order {n}",
        )
        for n in (1, 2)
    ],
    binary(
        special.xlogy,
        lambda a, b: a * np.log(b),
        ANY,
        POSITIVE,
        op="multiply",
        variant="xlogy",
        analytic=True,
        fixed=((SIGNED, SQUARE[::-1]), (SIGNED, ROW), (ROW, SQUARE)),
    ),
    binary(
        special.xlog1py,
        lambda a, b: a * np.log1p(b),
        ANY,
        {"low": -0.5, "high": 2.0},
        op="multiply",
        variant="xlog1py",
        analytic=True,
        fixed=((SIGNED, SQUARE[::-1] - 0.4), (SIGNED, ROW), (ROW, SQUARE)),
    ),
]
