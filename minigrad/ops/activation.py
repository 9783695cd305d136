"""Activations and the losses fused with them."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..backend import LARGE, empty_as
from ..kinds import elementwise, fused, general
from ..tensor import Tensor, asarray
from ._axes import axis_of
from ._limits import at_least
from .arithmetic import where
from .exponential import exp, log, logistic
from .reduction import sum as sum_
from .reduction import tame


def _where_positive(g: Any, y: Any) -> Any:
    if type(g) is np.ndarray and g.nbytes >= LARGE:
        positive = np.greater(y, 0, out=empty_as(y, y.shape, bool))
        return np.multiply(g, positive, out=empty_as(y, y.shape, g.dtype))
    return g * (y > 0)


relu = elementwise(
    lambda x: at_least(x, 0),
    lambda g, y: _where_positive(g, y),
    name="relu",
    decomposition=lambda x: where(asarray(x) > 0, x, 0.0),
    routes=True,
    doc="""Return ``max(x, 0)``. Local gradient: 1 where x > 0, else 0 (also at 0, the subgradient of least norm).

    >>> import minigrad as mg
    >>> mg.relu([-1.0, 0.0, 2.0])
    Tensor([0., 0., 2.], dtype=float64)
    """,
)


sigmoid = elementwise(
    logistic,
    lambda g, y: g * (y * (1 - y)),
    name="sigmoid",
    decomposition=lambda x: 1 / (1 + exp(-asarray(x))),
    doc="""Return ``1 / (1 + exp(-x))``, without overflow. Local gradient: y (1 - y).

    >>> import minigrad as mg
    >>> mg.sigmoid([1.0, 2.0])
    Tensor([0.73105858, 0.88079708], dtype=float64)
    """,
)


def _stable_exp(x: Any, axis: int) -> Any:
    top = np.max(x, axis=axis, keepdims=True, initial=-np.inf)
    return np.exp(x - np.where(np.isfinite(top), top, x.dtype.type(0)))


def _softmax_forward(x: Any, axis: int) -> Any:
    e = _stable_exp(x, axis)
    e /= np.sum(e, axis=axis, keepdims=True)
    return e


_softmax = general(
    _softmax_forward,
    lambda g, y, axis: y * (g - np.sum(g * y, axis=axis, keepdims=True)),
    name="softmax",
    local=["diag(y) - y yᵀ (along axis {axis})"],
    decomposition=lambda x, axis: _normalized(exp(x if tame(x) else _shifted(x, axis)), axis),
)


def _normalized(e: Any, axis: int) -> Any:
    return e / sum_(e, axis, keepdims=True)


def _shifted(x: Any, axis: int) -> Any:
    """Return `x` less its maximum along `axis`, a constant: the softmax is the same."""
    top = np.max(asarray(x).data, axis=axis, keepdims=True, initial=-np.inf)
    return x - np.where(np.isfinite(top), top, top.dtype.type(0))


def _log_softmax_decomposed(x: Any, axis: int) -> Any:
    if tame(x):
        return log(_normalized(exp(x), axis))
    x = _shifted(x, axis)
    return x - log(sum_(exp(x), axis, keepdims=True))


def _float(name: str, x: Any, axis: int) -> tuple[Tensor, int]:
    x = asarray(x)
    if x.dtype.kind != "f":
        x = x.astype(float)
    if not x.ndim:
        raise ValueError(f"{name}: needs at least one axis, got a 0-d tensor")
    return x, axis_of(name, axis, x.ndim)


def softmax(x: Any, axis: int = -1) -> Tensor:
    """Return ``exp(x) / sum(exp(x))`` along `axis`, without overflow.

    Local gradient: the matrix ``diag(y) - y yᵀ``.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.softmax([1010.0, 1000.0, 990.0])
    Tensor([9.99954600e-01, 4.53978686e-05, 2.06106005e-09], dtype=float64)
    """
    x, axis = _float("softmax", x, axis)
    return _softmax(x, axis=axis)


def _log_softmax_forward(x: Any, axis: int) -> Any:
    if not x.size:
        return x.copy()  # no element, so no sum whose logarithm could be taken
    top = np.max(x, axis=axis, keepdims=True, initial=-np.inf)
    shifted = x - np.where(np.isfinite(top), top, x.dtype.type(0))
    return shifted - np.log(np.sum(np.exp(shifted), axis=axis, keepdims=True))


_log_softmax = general(
    _log_softmax_forward,
    lambda g, y, axis: g - np.exp(y) * np.sum(g, axis=axis, keepdims=True),
    name="log_softmax",
    local=["I - 1 softmax(x)ᵀ (along axis {axis})"],
    decomposition=_log_softmax_decomposed,
)


def log_softmax(x: Any, axis: int = -1) -> Tensor:
    """Return ``log(softmax(x))`` along `axis`, without overflow or loss of digits.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.log_softmax([0.0, 0.0])
    Tensor([-0.69314718, -0.69314718], dtype=float64)
    """
    x, axis = _float("log_softmax", x, axis)
    return _log_softmax(x, axis=axis)


def _entropy(logits: Any, target: Any) -> tuple[Any, dict[str, Any]]:
    shifted = logits - logits.max(axis=1, keepdims=True)
    softmax = np.exp(shifted)
    total = softmax.sum(axis=1, keepdims=True)
    n = len(logits)
    if target.dtype.kind == "f":
        log_y = shifted - np.log(total)
        # 0 log 0 = 0: a class of probability 0 adds nothing to the loss, whatever its logit.
        loss = -(np.where(target == 0, 0, log_y) * target).sum() / n
    else:
        loss = (np.log(total).sum() - shifted[np.arange(n), target].sum()) / n
    softmax /= total
    return logits.dtype.type(loss), {"softmax": softmax}


def _logits_rule(g: Any, softmax: Any, target: Any) -> Any:
    n = len(softmax)
    if target.dtype.kind == "f":
        return (softmax * target.sum(axis=1, keepdims=True) - target) * (g / n)
    share = g / n
    d = softmax * share
    d[np.arange(n), target] -= share
    return d


def _entropy_decomposed(logits: Any, target: Any) -> Tensor:
    logits = asarray(logits)
    n, classes = logits.shape
    target = asarray(target)
    if target.dtype.kind != "f":
        target = asarray(np.eye(classes, dtype=logits.dtype)[target.numpy()])
    log_y = _log_softmax_decomposed(logits, 1)
    if not tame(logits):
        # A class of probability 0 adds nothing to the loss, whatever its logit: 0 times an infinity would be NaN.
        log_y = where(target.data == 0, 0.0, log_y)
    loss: Tensor = -sum_(target * log_y) / n
    return loss


_softmax_cross_entropy = fused(
    _entropy,
    _logits_rule,
    lambda g, logits: _target_rule(g, logits),
    name="softmax_cross_entropy",
    arguments=("logits", "target"),
    residuals=["softmax"],
    local=["(softmax - target) / n", "-log(softmax) / n"],
    decomposition=_entropy_decomposed,
)


def _target_rule(g: Any, logits: Any) -> Any:
    return _log_softmax_forward(logits, 1) * (-g / len(logits))


def softmax_cross_entropy(logits: Any, target: Any) -> Tensor:
    """Return the mean cross-entropy between ``softmax(logits)`` and the targets, in one stable step.

    Local gradient at the logits: ``(softmax - target) / n`` for a batch of n.

    Parameters
    ----------
    logits : Tensor, shape (n, classes)
    target : Tensor or array_like
        Class indices (integers of shape (n,)), or one-hot rows or probabilities (shape (n, classes)).

    Returns
    -------
    Tensor
        0-d, in nats.

    Raises
    ------
    ValueError
        If the shapes do not fit.
    IndexError
        If a class index is not in [0, classes).

    Examples
    --------
    >>> import minigrad as mg
    >>> from minigrad.nn import functional as F
    >>> logits = mg.log([[0.2, 0.1, 0.7], [0.3, 0.1, 0.6]])
    >>> F.softmax_cross_entropy(logits, [0, 1])
    Tensor(1.9560115, dtype=float64)
    """
    logits, target = asarray(logits), asarray(target)
    if logits.dtype.kind != "f":
        raise TypeError(f"softmax_cross_entropy: logits must be floating, got {logits.dtype}")
    if logits.ndim != 2 or 0 in logits.shape:
        raise ValueError(
            f"softmax_cross_entropy: expected logits of shape (n, classes), none of them 0, got {logits.shape}"
        )
    n, classes = logits.shape
    if target.ndim == 2:
        if target.shape != logits.shape:
            raise ValueError(f"softmax_cross_entropy: target of shape {target.shape}, logits of shape {logits.shape}")
        if target.dtype != logits.dtype:
            target = target.astype(logits.dtype)
    else:
        if target.dtype.kind not in "iu":
            raise TypeError(
                f"softmax_cross_entropy: class indices must be integers, got {target.dtype}; probabilities have shape "
                f"{logits.shape}"
            )
        if target.shape != (n,):
            raise ValueError(f"softmax_cross_entropy: {n} rows of logits need {n} class indices, got {target.shape}")
        values = target._data
        if values.min() < 0 or values.max() >= classes:
            bad = int(values[(values < 0) | (values >= classes)][0])
            raise IndexError(f"softmax_cross_entropy: class index {bad} is not in [0, {classes})")
    return _softmax_cross_entropy(logits, target)


def affine_forward(x: Any, w: Any, b: Any) -> Any:
    y = x @ w
    y += b
    return y


_affine = general(
    affine_forward,
    lambda g, w: g @ w.T,
    lambda g, x: x.T @ g,
    lambda g: g.sum(axis=0),
    name="affine",
    arguments=("x", "w", "b"),
    local=["· wᵀ", "xᵀ ·", "1 (summed over the batch)"],
    decomposition=lambda x, w, b: x @ w + b,
)


def affine(x: Any, w: Any, b: Any) -> Tensor:
    """Return ``x @ w + b`` in one step.

    Parameters
    ----------
    x : Tensor, shape (n, in)
    w : Tensor, shape (in, out)
    b : Tensor, shape (out,)

    Raises
    ------
    ValueError
        If the shapes do not fit.

    Examples
    --------
    >>> import minigrad as mg
    >>> from minigrad.ops.activation import affine
    >>> affine([[1.0, 2.0]], [[1.0, 3.0, 5.0], [2.0, 4.0, 6.0]], [1.0, 2.0, 3.0])
    Tensor([[ 6., 13., 20.]], dtype=float64)
    """
    x, w, b = asarray(x), asarray(w), asarray(b)
    shapes = x._data.shape, w._data.shape, b._data.shape
    if len(shapes[0]) != 2 or len(shapes[1]) != 2 or shapes[2] != shapes[1][1:] or shapes[0][1] != shapes[1][0]:
        raise ValueError(f"affine: x {shapes[0]}, w {shapes[1]}, b {shapes[2]} do not fit (n, in) @ (in, out) + (out,)")
    if not (x.dtype == w.dtype == b.dtype):
        separate: Tensor = x @ w + b
        return separate
    return _affine(x, w, b)
