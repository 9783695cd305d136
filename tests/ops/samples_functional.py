"""Samples of the ops behind minigrad.nn.functional: activations, normalization, attention, losses."""

from typing import Any

import numpy as np
from hypothesis import strategies as st

import minigrad as mg
from minigrad.nn import functional as F
from minigrad.ops import losses
from minigrad.testing.strategies import arrays, broadcastable, shapes
from tests.ops.sample import Sample
from tests.ops.samples_arithmetic import ROW, SIGNED, binary, unary

WIDE = np.array([[-3.6, 1.3, -0.9], [4.1, -1.8, 2.2]])


def wide(f: Any) -> Any:
    """A reference that computes in float64."""
    return lambda x, *args, **kwargs: np.asarray(f(x.astype(float), *args, **kwargs)).astype(x.dtype)


def setting(op: str, function: Any, reference: Any, fixed: Any, values: dict[str, float], **options: Any) -> Any:
    """A sample of one argument, with settings."""
    calls = arrays(low=-4.0, high=4.0, **options).map(lambda x: ((x,), values))
    variant = " ".join(f"{value:g}" for value in values.values())
    return Sample(op, function, calls, wide(reference), (((fixed,), values),), variant=variant)


def elu(x: Any, alpha: float) -> Any:
    return np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0)))


def softplus(x: Any, beta: float, threshold: float) -> Any:
    return np.where(x * beta > threshold, x, np.log1p(np.exp(x * beta)) / beta)


def sigmoid(x: Any) -> Any:
    return 1 / (1 + np.exp(-x))


@st.composite
def parametric(draw: Any) -> Any:
    n, c = draw(st.integers(0, 3)), draw(st.integers(1, 3))
    x = draw(arrays((n, c, *draw(shapes(max_dims=1))), avoid=(0.0,)))
    return (x, draw(arrays((draw(st.sampled_from((1, c))),)))), {}


def prelu(x: Any, w: Any) -> Any:
    return np.where(x > 0, x, x * w.reshape((-1, *[1] * (x.ndim - 2))))


RECTIFIERS = [
    *[setting("leaky_relu", F.leaky_relu, lambda x, negative_slope: np.where(x > 0, x, negative_slope * x), SIGNED,
              {"negative_slope": a}, avoid=(0.0,))
      for a in (0.01, 0.3)],
    Sample(
        "prelu",
        F.prelu,
        parametric(),
        prelu,
        (
            ((WIDE, np.array([0.3, -0.5, 1.4])), {}),
            ((WIDE, np.array([0.4])), {}),
            ((SIGNED.reshape(1, 2, 3), np.array([0.2, 2.0])), {}),
        ),
    ),
    *[setting("elu", F.elu, elu, SIGNED, {"alpha": a}, avoid=(0.0,)) for a in (1.0, 2.5)],
    setting("celu", F.celu, lambda x, alpha: np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0) / alpha)), SIGNED,
            {"alpha": 1.7}, avoid=(0.0,), gap=0.2),
    unary(F.selu, wide(lambda x: 1.0507009873554805 * elu(x, 1.6732632423543772)), op="selu", avoid=(0.0,),
          fixed=SIGNED),
    unary(F.hardsigmoid, wide(lambda x: np.clip(x / 6 + 0.5, 0, 1)), -5.0, 5.0, op="hardsigmoid", avoid=(-3.0, 3.0),
          fixed=WIDE),
    unary(F.hardswish, wide(lambda x: x * np.clip(x / 6 + 0.5, 0, 1)), -5.0, 5.0, op="hardswish", avoid=(-3.0, 3.0),
          fixed=WIDE),
]  # fmt: skip

SMOOTH = [
    setting("softplus", F.softplus, softplus, WIDE, {"beta": 2.0, "threshold": 3.0}, avoid=(1.5,)),
    unary(F.logsigmoid, wide(lambda x: -np.log1p(np.exp(-x))), op="logsigmoid", fixed=WIDE),
    unary(F.softsign, wide(lambda x: x / (1 + np.abs(x))), op="softsign", avoid=(0.0,), fixed=SIGNED),
    unary(F.tanhshrink, lambda x: x - np.tanh(x), op="tanhshrink", fixed=WIDE),
    unary(F.silu, wide(lambda x: x * sigmoid(x)), op="silu", fixed=WIDE),
    unary(F.mish, wide(lambda x: x * np.tanh(np.log1p(np.exp(x)))), op="mish", fixed=WIDE),
    unary(
        lambda x: F.gelu(x, "tanh"),
        wide(lambda x: 0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)))),
        op="gelu_tanh",
        fixed=WIDE,
    ),
]


def normal_cdf(x: Any) -> Any:
    from scipy.special import erf

    return 0.5 * (1 + erf(x / np.sqrt(2)))


EXACT = [
    unary(F.gelu, wide(lambda x: x * normal_cdf(x)), op="gelu", fixed=WIDE, needs="scipy"),
]


# -- normalization ------------------------------------------------------------------------------------------------


def normalized(x: Any, axes: Any, eps: float) -> Any:
    mean = x.mean(axis=axes, keepdims=True)
    return (x - mean) / np.sqrt(((x - mean) ** 2).mean(axis=axes, keepdims=True) + eps)


def scaled(y: Any, w: Any, b: Any, shape: Any) -> Any:
    y = y if w is None else y * w.reshape(shape)
    return y if b is None else y + b.reshape(shape)


def batch(x: Any, w: Any, b: Any) -> mg.Tensor:
    return F.batch_norm(x, None, None, w, b, training=True, eps=0.1)


def batch_reference(x: Any, w: Any, b: Any) -> Any:
    axes = (0, *range(2, x.ndim))
    return scaled(normalized(x.astype(float), axes, 0.1), w, b, (-1, *[1] * (x.ndim - 2))).astype(x.dtype)


def layer(x: Any, w: Any, b: Any, dims: int = 1) -> mg.Tensor:
    return F.layer_norm(x, x.shape[-dims:], w, b, eps=0.1)


def layer_reference(x: Any, w: Any, b: Any, dims: int = 1) -> Any:
    y = normalized(x.astype(float), tuple(range(-dims, 0)), 0.1)
    return scaled(y, w, b, x.shape[-dims:]).astype(x.dtype)


def rms(x: Any, w: Any, dims: int = 1) -> mg.Tensor:
    return F.rms_norm(x, x.shape[-dims:], w, eps=0.1)


def rms_reference(x: Any, w: Any, dims: int = 1) -> Any:
    z = x.astype(float)
    y = z / np.sqrt((z * z).mean(axis=tuple(range(-dims, 0)), keepdims=True) + 0.1)
    return scaled(y, w, None, x.shape[-dims:]).astype(x.dtype)


def group(x: Any, w: Any, b: Any, groups: int = 2) -> mg.Tensor:
    return F.group_norm(x, groups, w, b, eps=0.1)


def group_reference(x: Any, w: Any, b: Any, groups: int = 2) -> Any:
    y = normalized(x.astype(float).reshape(len(x), groups, -1 if x.size else 1), 2, 0.1).reshape(x.shape)
    return scaled(y, w, b, (-1, *[1] * (x.ndim - 2))).astype(x.dtype)


@st.composite
def maybe(draw: Any, shape: Any) -> Any:
    return draw(arrays(shape)) if draw(st.booleans()) else None


@st.composite
def batches(draw: Any) -> Any:
    c, tail = draw(st.integers(1, 3)), draw(shapes(max_dims=2, min_side=1))
    return (draw(arrays((draw(st.integers(2, 3)), c, *tail))), draw(maybe((c,))), draw(maybe((c,)))), {}


@st.composite
def layers(draw: Any, bias: bool = True) -> Any:
    dims = draw(st.integers(1, 2))
    tail = tuple(draw(st.lists(st.integers(1, 3), min_size=dims, max_size=dims)))
    x = draw(arrays((*draw(shapes(max_dims=2)), *tail)))
    return (x, draw(maybe(tail)), *([draw(maybe(tail))] if bias else [])), {"dims": dims}


@st.composite
def groups(draw: Any) -> Any:
    g = draw(st.integers(1, 2))
    c, tail = g * draw(st.integers(1, 2)), draw(shapes(max_dims=2, min_side=1))
    x = draw(arrays((draw(st.integers(0, 3)), c, *tail)))
    return (x, draw(maybe((c,))), draw(maybe((c,)))), {"groups": g}


X = np.sin(np.arange(24.0) * 1.3).reshape(2, 4, 3)
IMAGES = np.cos(np.arange(24.0) * 1.7).reshape(2, 3, 2, 2)
W, B = np.array([0.7, -1.2, 1.6, 0.4]), np.array([0.3, 0.9, -0.5, 0.1])

NORMALIZATION = [
    Sample(
        "batch_norm",
        batch,
        batches(),
        batch_reference,
        (((X, W, B), {}), ((IMAGES, W[:3], None), {}), ((X[:, :, 0].T, None, B[:2]), {})),
        dtypes=("float64", "float32"),
    ),
    Sample(
        "layer_norm",
        layer,
        layers(),
        layer_reference,
        (((X, W[:3], B[:3]), {"dims": 1}), ((IMAGES, X[0, :, :1].reshape(2, 2), None), {"dims": 2}),
         ((X[0], None, B[:3]), {})),
        dtypes=("float64", "float32"),
    ),
    Sample(
        "rms_norm",
        rms,
        layers(bias=False),
        rms_reference,
        (((X, W[:3]), {"dims": 1}), ((X, X[1] + 0.2), {"dims": 2}), ((X[0], None), {})),
        dtypes=("float64", "float32"),
    ),
    Sample(
        "group_norm",
        group,
        groups(),
        group_reference,
        (((X, W, B), {"groups": 2}), ((IMAGES, None, W[:3]), {"groups": 3}), ((X, B, None), {"groups": 4})),
        dtypes=("float64", "float32"),
    ),
]  # fmt: skip

# -- attention ----------------------------------------------------------------------------------------------------


def attention(q: Any, k: Any, v: Any, mask: Any = None, causal: bool = False, dropped: bool = False) -> mg.Tensor:
    if dropped:
        rng = np.random.default_rng(3)
        return F.scaled_dot_product_attention(q, k, v, mask, 0.4, causal, scale=0.8, rng=rng)
    return F.scaled_dot_product_attention(q, k, v, mask, 0.0, causal, scale=0.8)


def attention_reference(q: Any, k: Any, v: Any, mask: Any = None, causal: bool = False, dropped: bool = False) -> Any:
    s = np.einsum("...ik,...jk->...ij", q.astype(float), k.astype(float)) * 0.8
    if causal:
        s = np.where(np.tri(q.shape[-2], k.shape[-2]) > 0, s, -np.inf)
    if mask is not None:
        s = np.where(mask, s, -np.inf) if mask.dtype == bool else s + mask
    e = np.exp(s - np.max(s, axis=-1, keepdims=True, initial=-1e30))
    total = e.sum(axis=-1, keepdims=True)
    p = e / np.where(total == 0, 1, total)
    if dropped:
        p = p * (np.random.default_rng(3).random(s.shape, dtype=np.float32) >= 0.4) / 0.6
    return np.einsum("...ij,...jk->...ik", p, v.astype(float)).astype(np.result_type(q, k, v))


@st.composite
def attended(draw: Any) -> Any:
    (n, m), (e, o) = (
        draw(st.tuples(st.integers(0, 3), st.integers(0, 3))),
        draw(st.tuples(st.integers(1, 3), st.integers(0, 2))),
    )
    batch = draw(broadcastable(3, max_dims=2, max_side=2))
    full = np.broadcast_shapes(*batch)
    kind = draw(st.sampled_from(("none", "causal", "boolean", "added", "dropped")))
    args = [draw(arrays((*batch[0], n, e))), draw(arrays((*batch[1], m, e))), draw(arrays((*batch[2], m, o)))]
    if kind == "boolean":
        args.append(draw(arrays((n, m))) > -0.5)
    if kind == "added":
        args.append(draw(arrays(draw(st.sampled_from(((n, m), (1, m), (*full, n, 1)))))))
    return tuple(args), {"causal": kind == "causal", "dropped": kind == "dropped"}


Q, K, V = X[:, :2], X[::-1, :, :] * 0.9, np.cos(np.arange(16.0)).reshape(2, 4, 2)
LOOK = np.array([[True, False, True, True], [False, False, True, True]])
ATTENTION = [
    Sample(
        "attention",
        attention,
        attended(),
        attention_reference,
        (
            ((Q, K, V), {}),
            ((Q, K, V, IMAGES[0, 0, :, :1] * np.ones((1, 4)) + np.arange(4.0)), {}),
            ((Q, K, V, X.reshape(2, 3, 4)[:, :2]), {}),
            ((Q[0], K, V, W), {"dropped": True}),
            ((Q, K[0], V[:1], LOOK), {}),
            ((K, Q, V[:, :2]), {"causal": True}),
        ),
        dtypes=("float64", "float32"),
    ),
]

# -- losses -------------------------------------------------------------------------------------------------------


@st.composite
def classified(draw: Any) -> Any:
    n, c = draw(st.integers(0, 3)), draw(st.integers(1, 3))
    return (draw(arrays((n, c))), draw(arrays((n,), low=0, high=c - 0.51)).round().astype(np.int64)), {}


def entropies(x: Any, t: Any) -> Any:
    z = x.astype(float)
    z = z - z.max(axis=1, keepdims=True)
    return (np.log(np.exp(z).sum(axis=1)) - z[np.arange(len(z)), t]).astype(x.dtype)


def logits_loss(x: Any, t: Any) -> Any:
    return np.asarray(np.log1p(np.exp(-np.abs(x))) + np.maximum(x, 0) - x * t)


ANY, SHARE = {"low": -2.0, "high": 2.0}, {"low": 0.0, "high": 1.0}
TARGETS = np.array([[0.1, 0.9, 0.4], [0.6, 0.3, 0.8]])

LOSSES = [
    setting(
        "huber",
        lambda x, delta: losses.huber(x, delta),
        lambda x, delta: np.where(np.abs(x) <= delta, x * x / 2, delta * (np.abs(x) - delta / 2)),
        SIGNED,
        {"delta": 1.2},
        avoid=(-1.2, 1.2),
    ),
    unary(losses.clamped_log, np.log, 0.2, 1.0, op="clamped_log"),
    unary(losses.clamped_log1p, np.log1p, -0.8, 0.0, op="clamped_log1p"),
    binary(
        losses.logistic_loss,
        logits_loss,
        ANY,
        SHARE,
        constants=False,
        fixed=((SIGNED, TARGETS), (SIGNED, TARGETS[:1]), (ROW, TARGETS)),
    ),
    Sample(
        "cross_entropies",
        losses.cross_entropies,
        classified(),
        entropies,
        (((SIGNED, np.array([2, 0])), {}), ((SIGNED.T.copy(), np.array([1, 1, 0])), {})),
    ),
]

SAMPLES = [*RECTIFIERS, *SMOOTH, *EXACT, *NORMALIZATION, *ATTENTION, *LOSSES]
