"""Losses against PyTorch: values and gradients, over every reduction, random shapes and settings."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minigrad.nn import functional as F
from minigrad.testing.strategies import arrays, shapes
from tests.nn.oracle import compare

torch = pytest.importorskip("torch", reason="PyTorch is the oracle here")
T = torch.nn.functional

reductions = st.sampled_from(("mean", "sum", "none"))
# The mean of nothing raises here.
some = shapes(max_dims=3, min_side=1)
EXAMPLES = settings(max_examples=30)


def hold(name: str, *args: Any, constants: tuple[int, ...] = (), **params: Any) -> None:
    """The same in float64 and float32."""
    for dtype, rtol, atol in (("float64", 1e-9, 1e-11), ("float32", 1e-4, 2e-5)):
        cast = [a.astype(dtype) if isinstance(a, (np.ndarray, np.generic)) and a.dtype.kind == "f" else a for a in args]
        ours, theirs = getattr(F, name), getattr(T, name)
        compare(ours, theirs, *cast, params=params, rtol=rtol, atol=atol, constants=constants)


@st.composite
def pair(draw: Any, gap: tuple[float, ...] = (), positive: bool = False) -> Any:
    """An input and a target whose differences stay away from the kinks."""
    shape = draw(some)
    target = draw(arrays(shape, low=0.1 if positive else -2, high=2))
    return target + draw(arrays(shape, avoid=gap, gap=0.01, low=0 if positive else -3, high=3)), target


@EXAMPLES
@given(args=pair((0.0, -1.0, 1.0, 0.4, -0.4, -1.7, 1.7)), reduction=reductions, data=st.data())
def test_regression(args: Any, reduction: str, data: Any) -> None:
    for name, params in (
        ("mse_loss", {}), ("l1_loss", {}), ("smooth_l1_loss", {}), ("smooth_l1_loss", {"beta": 0.4}),
        ("smooth_l1_loss", {"beta": 0.0}), ("huber_loss", {}), ("huber_loss", {"delta": 1.7}),
    ):  # fmt: skip
        hold(name, *args, reduction=reduction, **params)
    weight = data.draw(arrays(args[0].shape, low=0.2, high=2))
    for name in ("mse_loss", "l1_loss", "huber_loss"):
        ours, theirs = getattr(F, name), getattr(T, name)
        compare(
            lambda x, t, w, f=ours: f(x, t, reduction=reduction, weight=w),
            lambda x, t, w, f=theirs: f(x, t, reduction=reduction, weight=w),
            *args, weight, constants=(2,),
        )  # fmt: skip


@EXAMPLES
@given(args=pair(positive=True), reduction=reductions, log_input=st.booleans(), full=st.booleans())
def test_poisson(args: Any, reduction: str, log_input: bool, full: bool) -> None:
    hold("poisson_nll_loss", *args, log_input=log_input, full=full, reduction=reduction)


@EXAMPLES
@given(args=pair(), reduction=reductions, full=st.booleans(), form=st.integers(0, 2), data=st.data())
def test_gaussian(args: Any, reduction: str, full: bool, form: int, data: Any) -> None:
    shape = args[0].shape
    if form and shape:
        shape = (*shape[:-1], 1) if form == 1 else shape[:-1]
        if shape == () and args[0].shape != (1,):
            shape = (1,)
    var = data.draw(arrays(shape, low=0.2, high=2))
    hold("gaussian_nll_loss", *args, var, full=full, reduction=reduction)
    small = np.where(var < 1, 1e-9, var)  # below eps: taken as eps, with the gradient of eps
    hold("gaussian_nll_loss", *args, small, full=full, reduction=reduction, eps=1e-2)


@EXAMPLES
@given(shape=some, reduction=reductions, data=st.data())
def test_binary_cross_entropy(shape: Any, reduction: str, data: Any) -> None:
    p, t = (data.draw(arrays(shape, low=0.02, high=0.98)) for _ in range(2))
    hard = np.round(t)
    x = data.draw(arrays(shape, low=-30, high=30))
    weight = data.draw(arrays(shape[-1:], low=0.2, high=2))
    for target in (t, hard):
        for w in (None, weight):
            hold("binary_cross_entropy", p, target, w, reduction=reduction, constants=(2,))
            hold("binary_cross_entropy_with_logits", x, target, w, reduction=reduction, constants=(2,))
            compare(
                lambda x, t, w, v: F.binary_cross_entropy_with_logits(x, t, w, reduction=reduction, pos_weight=v),
                lambda x, t, w, v: T.binary_cross_entropy_with_logits(x, t, w, reduction=reduction, pos_weight=v),
                x, target, w, weight, constants=(2, 3),
            )  # fmt: skip


def test_binary_cross_entropy_of_sure_predictions() -> None:
    # At (0, 0) and (1, 1), PyTorch's gradient is 0, where the limit is 1 and -1: see the policy.
    for x, t in ((0.0, 1.0), (1.0, 0.0), (1e-20, 1.0), (0.0, 0.3)):
        compare(F.binary_cross_entropy, T.binary_cross_entropy, np.array([x]), np.array([t]), constants=(1,), rtol=1e-7)


@EXAMPLES
@given(shape=shapes(min_dims=1, min_side=1), reduction=st.sampled_from(("mean", "batchmean", "sum", "none")),
       log_target=st.booleans(), data=st.data())  # fmt: skip
def test_kl_div(shape: Any, reduction: str, log_target: bool, data: Any) -> None:
    x, t = data.draw(arrays(shape, low=-3, high=0)), data.draw(arrays(shape, low=0.05, high=1))
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # PyTorch's, that "mean" is not the mathematical definition
        hold("kl_div", x, np.log(t) if log_target else t, reduction=reduction, log_target=log_target)
        if not log_target:
            hold("kl_div", x, np.round(t), reduction=reduction, constants=(1,))


@st.composite
def classified(draw: Any) -> Any:
    """Logits of shape (classes,), (n, classes) or (n, classes, ...), class indices, class weights."""
    c = draw(st.integers(1, 4))
    tail = draw(shapes(max_dims=2, min_side=1))
    shape = draw(st.sampled_from(((c,), (3, c), (2, c, *tail))))
    places = () if len(shape) == 1 else (*shape[:1], *shape[2:])
    indices = np.asarray(np.random.default_rng(draw(st.integers(0, 99))).integers(0, c, places))
    return draw(arrays(shape, low=-5, high=5)), indices, draw(st.none() | arrays((c,), low=0.2, high=2))


@EXAMPLES
@given(args=classified(), reduction=reductions, smoothing=st.sampled_from((0.0, 0.2, 1.0)), ignored=st.booleans())
def test_cross_entropy_with_indices(args: Any, reduction: str, smoothing: float, ignored: bool) -> None:
    x, t, w = args
    params = {"reduction": reduction}
    if ignored:
        params["ignore_index"] = -7
        t = np.where(np.arange(t.size).reshape(t.shape) % 3 == 1, -7, t)
    compare(F.cross_entropy, T.cross_entropy, x, t, w, params=params | {"label_smoothing": smoothing}, constants=(2,))
    hold("cross_entropy", x, t, w, constants=(2,), label_smoothing=smoothing, **params)
    log_y = x - np.log(np.exp(x).sum(axis=min(1, x.ndim - 1), keepdims=True))
    hold("nll_loss", log_y, t, w, constants=(2,), **params)
    if ignored and (t != 0).any():
        hold("cross_entropy", x, t, w, constants=(2,), reduction="sum", ignore_index=0) if (t >= 0).all() else None


@EXAMPLES
@given(args=classified(), reduction=reductions, smoothing=st.sampled_from((0.0, 0.2, 1.0)), data=st.data())
def test_cross_entropy_with_probabilities(args: Any, reduction: str, smoothing: float, data: Any) -> None:
    x, _, w = args
    target = data.draw(arrays(x.shape, low=0, high=1))
    hold("cross_entropy", x, target, w, constants=(2,), reduction=reduction, label_smoothing=smoothing)


def test_losses_of_nothing() -> None:
    x, t = np.zeros((0, 3)), np.zeros(0, np.int64)
    for reduction in ("sum", "none"):
        hold("cross_entropy", x, t, reduction=reduction)
        hold("cross_entropy", x, x, reduction=reduction)
        hold("nll_loss", x, t, np.ones(3), constants=(2,), reduction=reduction)
        hold("mse_loss", x, x, reduction=reduction)
        hold("binary_cross_entropy", x, x, reduction=reduction)
        # PyTorch returns what happens to lie in memory.
        assert F.multi_margin_loss(x, t, reduction=reduction).data.sum() == 0
    ignored = np.full(4, -100)
    for reduction in ("sum", "none"):
        for params in ({}, {"label_smoothing": 0.3}):
            hold("cross_entropy", np.ones((4, 3)), ignored, reduction=reduction, **params)


@EXAMPLES
@given(n=st.integers(1, 4), c=st.integers(2, 4), reduction=reductions, p=st.sampled_from((1, 2)), data=st.data())
def test_multi_margin(n: int, c: int, reduction: str, p: int, data: Any) -> None:
    x = data.draw(arrays((n, c), distinct=True))
    t = np.arange(n) % c
    w = data.draw(st.none() | arrays((c,), low=0.2, high=2))
    hold("multi_margin_loss", x, t, p, 0.7123, w, constants=(4,), reduction=reduction)
    hold("multi_margin_loss", x[0], t[0], p, 0.7123, w, constants=(4,), reduction=reduction)


@EXAMPLES
@given(shape=some, reduction=reductions, data=st.data())
def test_hinge_and_ranking(shape: Any, reduction: str, data: Any) -> None:
    x, y = data.draw(arrays(shape)), data.draw(arrays(shape)) + 0.0004
    signs = np.sign(data.draw(arrays(shape, avoid=(0.0,))))
    hold("hinge_embedding_loss", x, signs, 0.71234, constants=(1,), reduction=reduction)
    hold("margin_ranking_loss", x, y, signs, 0.71234, constants=(2,), reduction=reduction)


@EXAMPLES
@given(n=st.integers(1, 4), d=st.integers(1, 4), reduction=reductions, p=st.sampled_from((1.0, 2.0, 3.0)),
       swap=st.booleans(), data=st.data())  # fmt: skip
def test_similarities(n: int, d: int, reduction: str, p: float, swap: bool, data: Any) -> None:
    x, y, z = (data.draw(arrays((n, d), distinct=True)) + offset for offset in (0.01, 0.0433, -0.0377))
    signs = np.where(np.arange(n) % 2, 1, -1)
    compare(F.cosine_embedding_loss, T.cosine_embedding_loss, x, y, signs, 0.123, params={"reduction": reduction},
            rtol=1e-7)  # fmt: skip
    hold("triplet_margin_loss", x, y, z, 0.8123, p, reduction=reduction, swap=swap)
    compare(F.triplet_margin_loss, T.triplet_margin_loss, x[0], y[0], z[0])
