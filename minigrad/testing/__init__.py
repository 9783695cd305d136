"""Tests of gradients, for the ops of this package and for your own: five lines for an op or a plain function.

:func:`check_grad` compares the gradients of a function, of any order and in both modes, with numbers.
:func:`check_op` runs every property that an op must have, on given arguments. ``minigrad.testing.strategies`` draws
arguments with hypothesis: ``pip install 'minigrad[testing]'``.

>>> import minigrad as mg, numpy as np
>>> from minigrad.testing import check_op
>>> softplus = mg.elementwise(
...     lambda x: np.logaddexp(x, 0), lambda g, x: g / (1 + np.exp(-x)), name="my_tested_softplus")
>>> check_op(softplus, [-1.0, 0.5], reference=lambda x: np.log1p(np.exp(x)))
"""

from .gradients import check_grad
from .numeric import numeric_jacobian
from .properties import check_op

__all__ = ["check_grad", "check_op", "numeric_jacobian"]
