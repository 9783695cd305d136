"""Checks that the functions share: floating inputs, equal shapes, reductions."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad import Tensor, asarray

REDUCTIONS = ("mean", "sum", "none")


def floating(name: str, x: Any) -> Tensor:
    """Return `x` as a floating tensor; integers become float64, as in NumPy."""
    t = asarray(x)
    wide: Tensor = t if t.dtype.kind == "f" else t.astype(float)
    return wide


def together(name: str, *xs: Any) -> list[Any]:
    """Return the tensors among `xs` in one floating dtype; integers take that of the others, and None stays None."""
    tensors = [None if x is None else asarray(x) for x in xs]
    dtypes = [x.dtype for x in tensors if x is not None and x.dtype.kind == "f"]
    dtype = np.result_type(*dtypes) if dtypes else np.dtype(float)
    return [None if x is None else x if x.dtype == dtype else x.astype(dtype) for x in tensors]


def paired(name: str, **xs: Any) -> list[Tensor]:
    """Return tensors of equal shapes; those after the first take its dtype where they are whole numbers.

    Raises
    ------
    ValueError
        If the shapes differ.
    """
    tensors = {key: asarray(x) for key, x in xs.items()}
    first = floating(name, next(iter(tensors.values())))
    for key, x in tensors.items():
        if x.shape != first.shape:
            head = next(iter(tensors))
            raise ValueError(f"{name}: {head} of shape {first.shape} for {article(key)} {key} of shape {x.shape}")
    rest = list(tensors.values())[1:]
    return [first, *[x if x.dtype.kind == "f" else x.astype(first.dtype) for x in rest]]


def article(word: str) -> str:
    """Return "a" or "an", for `word`."""
    return "an" if word[0] in "aeiou" else "a"


def constant(name: str, what: str, x: Any) -> Tensor:
    """Return `x` as a tensor that no gradient flows to.

    Raises
    ------
    TypeError
        If it requires one.
    """
    t = asarray(x)
    if t.requires_grad:
        raise TypeError(f"{name}: {what} has no gradient, but this one requires it; pass {what}.detach()")
    return t


def number(name: str, what: str, value: Any, low: float | None = None, *, above: float | None = None) -> float:
    """Return a setting as a Python float, so that it leaves dtypes alone.

    Raises
    ------
    TypeError
        If it is not a number.
    ValueError
        If it is below `low`, or not above `above`.
    """
    if isinstance(value, (str, bytes, Tensor, np.ndarray)) or not hasattr(value, "__float__"):
        raise TypeError(f"{name}: {what} must be a number, got {value!r}")
    x = float(value)
    if low is not None and not x >= low:
        raise ValueError(f"{name}: {what} must be at least {low:g}, got {value!r}")
    if above is not None and not x > above:
        raise ValueError(f"{name}: {what} must be above {above:g}, got {value!r}")
    return x


def check_reduction(name: str, reduction: Any, known: tuple[str, ...] = REDUCTIONS) -> None:
    """Raise if there is no such reduction."""
    if reduction not in known:
        raise ValueError(f"{name}: reduction must be one of {', '.join(known)}, got {reduction!r}")


def weighted(name: str, losses: Tensor, weight: Any) -> tuple[Tensor, Tensor | None]:
    """Return the losses times the weight, and the weight; as they are where it is None.

    Raises
    ------
    ValueError
        If the shapes differ.
    """
    if weight is None:
        return losses, None
    w = floating(name, weight)
    if w.shape != losses.shape:
        raise ValueError(f"{name}: a weight of shape {w.shape} for losses of shape {losses.shape}")
    return losses * w, w


def reduced(name: str, losses: Tensor, reduction: str, weight: Any = None) -> Tensor:
    """Return the losses, their sum, or their mean; with a weight, the weighted ones, and the weighted mean.

    Raises
    ------
    ValueError
        If there is no such reduction, the weight does not fit, or there is nothing to average.
    """
    check_reduction(name, reduction)
    losses, weight = weighted(name, losses, weight)
    if reduction == "none":
        return losses
    if reduction == "sum":
        return losses.sum()
    if not losses.size:
        raise ValueError(
            f"{name}: the mean of nothing: the losses have shape {losses.shape}; reduction='sum' of no losses is 0"
        )
    mean: Tensor = losses.mean() if weight is None else losses.sum() / weight.sum()
    return mean
