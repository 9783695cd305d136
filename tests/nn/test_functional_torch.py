"""Activations, normalization, attention and distances against PyTorch, over random shapes, settings and precisions."""

from importlib.util import find_spec
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import minigrad as mg
from minigrad.nn import functional as F
from minigrad.testing.strategies import arrays, shapes
from tests.nn.oracle import compare

torch = pytest.importorskip("torch", reason="PyTorch is the oracle here")
T = torch.nn.functional

EXACT = pytest.mark.skipif(find_spec("scipy") is None, reason="the exact gelu needs SciPy")

# What, and settings to try.
ACTIVATIONS: list[Any] = [
    ("relu6", [{}]),
    ("leaky_relu", [{}, {"negative_slope": 0.3}, {"negative_slope": 1.7}, {"negative_slope": -0.4}]),
    ("elu", [{}, {"alpha": 0.4}, {"alpha": 2.5}, {"alpha": -1.0}]),
    ("celu", [{}, {"alpha": 0.4}, {"alpha": 2.5}]),
    ("selu", [{}]),
    pytest.param("gelu", [{}], marks=EXACT),
    ("gelu", [{"approximate": "tanh"}]),
    ("silu", [{}]),
    ("mish", [{}]),
    ("softplus", [{}, {"beta": 2.5}, {"beta": 3.0, "threshold": 2.0}, {"threshold": 0.0}]),
    ("softsign", [{}]),
    ("softmin", [{"dim": 0}, {"dim": -1}]),
    ("softmax", [{"dim": 0}, {"dim": -1}]),
    ("log_softmax", [{"dim": 0}, {"dim": -1}]),
    ("logsigmoid", [{}]),
    ("hardtanh", [{}, {"min_val": -0.3, "max_val": 1.6}]),
    ("hardsigmoid", [{}]),
    ("hardswish", [{}]),
    ("threshold", [{"threshold": 0.45, "value": 20.0}]),
    ("tanhshrink", [{}]),
    ("hardshrink", [{}, {"lambd": 1.25}]),
    ("softshrink", [{}, {"lambd": 1.25}]),
    ("sigmoid", [{}]),
    ("tanh", [{}]),
    ("relu", [{}]),
]
KINKS = (-3.0, -1.25, -1.0, -0.5, -0.3, 0.0, 0.45, 0.5, 1.0, 1.25, 1.6, 3.0, 6.0)


@pytest.mark.parametrize(("name", "options"), ACTIVATIONS)
@settings(max_examples=15)
@given(data=st.data())
def test_activations(name: str, options: list[dict[str, Any]], data: Any) -> None:
    least = 1 if name.endswith(("softmax", "softmin")) else 0
    x = data.draw(arrays(shapes(min_dims=least), low=-8.0, high=8.0, avoid=KINKS, gap=0.01))
    for params in options:
        # PyTorch keeps the constants of these two in float32.
        double = 1e-7 if name in ("celu", "hardsigmoid") else 1e-9
        for dtype, tolerance in (("float64", double), ("float32", 3e-5)):
            compare(getattr(F, name), getattr(T, name), x.astype(dtype), params=params, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize(("name", "options"), [a for a in ACTIVATIONS if isinstance(a, tuple)])
def test_far_from_zero(name: str, options: list[dict[str, Any]]) -> None:
    x = np.array([-1000.0, -100.0, -30.0, 30.0, 100.0, 1000.0])
    # PyTorch's gradient of softsign is a difference of nearly equal numbers.
    single = 1e-3 if name == "softsign" else 1e-6
    for dtype, rtol in (("float64", 1e-6), ("float32", single)):
        compare(getattr(F, name), getattr(T, name), x.astype(dtype), params=options[0], rtol=rtol, atol=1e-30)


@given(c=st.integers(1, 3), tail=shapes(max_dims=2), one=st.booleans(), data=st.data())
@settings(max_examples=15)
def test_prelu(c: int, tail: Any, one: bool, data: Any) -> None:
    x = data.draw(arrays((2, c, *tail), avoid=(0.0,)))
    compare(F.prelu, T.prelu, x, data.draw(arrays((1 if one else c,))))


@given(data=st.data())
@settings(max_examples=15)
def test_glu(data: Any) -> None:
    x = data.draw(arrays((4, 2, 6)))
    for dim in (0, 1, -1):
        compare(F.glu, T.glu, x, params={"dim": dim})


# ------------------------------------------------------------------------------------------------ normalization
@st.composite
def channelled(draw: Any, min_tail: int = 0, side: int = 2) -> Any:
    n, c = draw(st.integers(2, 4)), draw(st.sampled_from((2, 4)))
    x = draw(arrays((n, c, *draw(shapes(min_dims=min_tail, max_dims=3, min_side=side, max_side=3))), low=-3, high=5))
    given = [draw(arrays((c,))) if draw(st.booleans()) else None for _ in range(2)]
    return x, *given


@given(args=channelled(), training=st.booleans(), momentum=st.sampled_from((0.1, 0.4, 1.0)), dtype=st.booleans())
@settings(max_examples=40)
def test_batch_norm(args: Any, training: bool, momentum: float, dtype: bool) -> None:
    kind, tolerance = ("float64", 1e-9) if dtype else ("float32", 2e-4)
    args = [None if a is None else a.astype(kind) for a in args]
    c = args[0].shape[1]
    mean, var = np.linspace(-1, 1, c).astype(kind), np.linspace(0.5, 2, c).astype(kind)
    running = [mg.Tensor(mean), mg.Tensor(var)]
    theirs = [torch.tensor(mean), torch.tensor(var)]
    params = {"training": training, "momentum": momentum, "eps": 1e-3}
    compare(
        lambda x, w, b, **p: F.batch_norm(x, *running, w, b, **p),
        lambda x, w, b, **p: T.batch_norm(x, *theirs, w, b, **p),
        *args, params=params, rtol=tolerance, atol=tolerance,
    )  # fmt: skip
    for a, b in zip(running, theirs, strict=True):
        np.testing.assert_allclose(a.data, b.numpy(), rtol=tolerance)
        assert a.node is None
        assert a.dtype == kind


@given(args=channelled(min_tail=1), stats=st.booleans())
@settings(max_examples=25)
def test_instance_norm(args: Any, stats: bool) -> None:
    c = args[0].shape[1]
    mean, var = np.linspace(-1, 1, c), np.linspace(0.5, 2, c)
    running, theirs = [mg.Tensor(mean), mg.Tensor(var)], [torch.tensor(mean), torch.tensor(var)]
    params = {"use_input_stats": stats, "momentum": 0.3}
    compare(
        lambda x, w, b, **p: F.instance_norm(x, *running, w, b, **p),
        lambda x, w, b, **p: T.instance_norm(x, *theirs, w, b, **p),
        *args, params=params,
    )  # fmt: skip
    for a, b in zip(running, theirs, strict=True):
        np.testing.assert_allclose(a.data, b.numpy(), rtol=1e-9)


@given(args=channelled(side=1), groups=st.integers(1, 2))
@settings(max_examples=25)
def test_group_norm(args: Any, groups: int) -> None:
    x, w, b = args
    w = np.ones(len(b)) if w is None and b is not None else w  # PyTorch fails with a bias alone
    args = (x, w, b)
    compare(lambda *a: F.group_norm(a[0], groups, *a[1:]), lambda *a: T.group_norm(a[0], groups, *a[1:]), *args)


@given(tail=shapes(min_dims=1, max_dims=2, min_side=1), lead=shapes(max_dims=2), mask=st.integers(0, 3), data=st.data())
@settings(max_examples=25)
def test_layer_norm_and_rms_norm(tail: Any, lead: Any, mask: int, data: Any) -> None:
    x = data.draw(arrays((*lead, *tail), low=-3, high=5))
    w, b = (data.draw(arrays(tail)) if mask & bit else None for bit in (1, 2))
    compare(lambda x, w, b: F.layer_norm(x, tail, w, b), lambda x, w, b: T.layer_norm(x, tail, w, b), x, w, b)
    compare(lambda x, w: F.rms_norm(x, tail, w), lambda x, w: T.rms_norm(x, tail, w), x, w)
    compare(lambda x: F.rms_norm(x, tail, eps=0.3), lambda x: T.rms_norm(x, tail, eps=0.3), x.astype("f"), rtol=2e-5,
            atol=1e-5)  # fmt: skip


@given(c=st.integers(1, 6), size=st.integers(1, 5), tail=shapes(min_dims=1, max_dims=2, min_side=1), data=st.data())
@settings(max_examples=25)
def test_local_response_norm(c: int, size: int, tail: Any, data: Any) -> None:
    x = data.draw(arrays((2, c, *tail)))
    params = {"size": size, "alpha": 0.7, "beta": 0.6, "k": 1.3}
    compare(F.local_response_norm, T.local_response_norm, x, params=params)


def test_statistics_in_single_precision() -> None:
    x = (np.random.default_rng(0).standard_normal((64, 3, 40, 40)) + 300).astype(np.float32)
    y = F.batch_norm(x, None, None, training=True).data
    wide = F.batch_norm(x.astype(float), None, None, training=True).data
    np.testing.assert_allclose(y, wide, atol=1e-4)


# -------------------------------------------------------------------------------------------- attention, distance
@given(data=st.data(), kind=st.sampled_from(("none", "causal", "boolean", "added")))
@settings(max_examples=40)
def test_attention(data: Any, kind: str) -> None:
    n, m, e, o = (data.draw(st.integers(1, 4)) for _ in range(4))
    lead = data.draw(shapes(max_dims=2, min_side=1))
    q, k, v = (data.draw(arrays((*lead, *s))) for s in ((n, e), (m, e), (m, o)))
    params = {"is_causal": kind == "causal", "scale": data.draw(st.sampled_from((None, 0.3)))}
    mask = None
    if kind == "boolean":
        mask = data.draw(arrays((n, m), layouts=("plain",))) > -1
    if kind == "added":
        mask = data.draw(arrays((*lead, n, m)))
    compare(
        lambda q, k, v, mask: F.scaled_dot_product_attention(q, k, v, mask, **params),
        lambda q, k, v, mask: T.scaled_dot_product_attention(q, k, v, mask, **params),
        q, k, v, mask,
    )  # fmt: skip


def test_attention_with_grouped_queries() -> None:
    rng = np.random.default_rng(0)
    q, k, v = rng.standard_normal((2, 6, 3, 4)), rng.standard_normal((2, 2, 5, 4)), rng.standard_normal((2, 2, 5, 4))
    params = {"enable_gqa": True}
    compare(F.scaled_dot_product_attention, T.scaled_dot_product_attention, q, k, v, params=params)


@given(data=st.data(), p=st.sampled_from((0.5, 1.0, 2.0, 3.5, np.inf)), dim=st.integers(-2, 1))
@settings(max_examples=40)
def test_distances(data: Any, p: float, dim: int) -> None:
    x, y = (data.draw(arrays((3, 4), distinct=True, low=0.3, high=2)) for _ in range(2))
    signs = np.where(np.arange(12).reshape(3, 4) % 3, 1.0, -1.0)
    compare(F.normalize, T.normalize, x * signs, params={"p": p, "dim": dim})
    compare(F.cosine_similarity, T.cosine_similarity, x * signs, y, params={"dim": dim})
    compare(F.cosine_similarity, T.cosine_similarity, x * signs, y[:1], params={"dim": 1})
    if p >= 1:
        compare(F.pairwise_distance, T.pairwise_distance, x * signs, y - 3, params={"p": p, "keepdim": dim > 0})
    compare(F.pairwise_distance, T.pairwise_distance, x[0] * signs, y - 3)


def test_embedding() -> None:
    weight, rng = np.random.default_rng(0).standard_normal((5, 3)), np.random.default_rng(1)
    for shape in ((), (4,), (2, 7), (0, 2)):
        indices = np.asarray(rng.integers(0, 5, shape))
        for padding in (None, 2, -1):
            compare(F.embedding, T.embedding, indices, weight, params={"padding_idx": padding})
