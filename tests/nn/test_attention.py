"""Attention layers: formulas, masks, causality, PyTorch, gradients, state, and wrong calls."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import minigrad as mg
from minigrad import nn
from minigrad.testing import check_grad
from tests.nn.torch_layers import compare_layers

N, L, S, E, H = 2, 4, 3, 6, 2


def numbers(*shape: int, seed: int = 0) -> Any:
    return np.random.default_rng(seed).standard_normal(shape)


def shaken(layer: nn.Module) -> Any:
    """The layer with biases that are not 0."""
    for i, p in enumerate(layer.parameters()):
        p.assign(np.random.default_rng(i).uniform(-0.7, 0.7, p.shape))
    return layer


def attention(**options: Any) -> Any:
    return shaken(nn.MultiHeadAttention(E, H, dtype=np.float64, **options))


def encoder(**options: Any) -> Any:
    return shaken(nn.TransformerEncoderLayer(E, H, 5, **{"dropout": 0.0, "dtype": np.float64, **options}))


def transposed(state: Mapping[str, Any]) -> dict[str, Any]:
    """PyTorch's values by our names: the same, with each weight transposed."""
    return {name: value.T if value.ndim == 2 else value for name, value in state.items()}


# -------------------------------------------------------------------------------------------------------- formula
def reference(layer: Any, q: Any, k: Any, v: Any, allowed: Any) -> tuple[Any, Any]:
    """Output and weights, one example, head and query at a time."""
    w, b, width = layer.in_proj_weight.data, layer.in_proj_bias.data, E // H
    output, weights = np.zeros(q.shape), np.zeros((len(q), H, q.shape[1], k.shape[1]))
    for n in range(len(q)):
        for h in range(H):
            own = [slice(i * E + h * width, i * E + (h + 1) * width) for i in range(3)]
            a, c, d = [x[n] @ w[:, s] + b[s] for x, s in zip((q, k, v), own, strict=True)]
            for i in range(q.shape[1]):
                scores = np.array([a[i] @ c[j] / np.sqrt(width) for j in range(k.shape[1])])
                e = np.exp(scores) * allowed[n, h, i]
                weights[n, h, i] = e / e.sum() if e.any() else 0
                output[n, i, h * width : (h + 1) * width] = weights[n, h, i] @ d
    return output @ layer.out_proj.weight.data + layer.out_proj.bias.data, weights


@given(seed=st.integers(0, 99), pads=st.booleans(), masked=st.booleans(), causal=st.booleans(), self_=st.booleans())
@settings(max_examples=20)
def test_the_formula(seed: int, pads: bool, masked: bool, causal: bool, self_: bool) -> None:
    rng, layer = np.random.default_rng(seed), attention()
    q = rng.standard_normal((N, L, E))
    k, v = (q, q) if self_ else (rng.standard_normal((N, S, E)), rng.standard_normal((N, S, E)))
    keys = k.shape[1]
    padding = rng.random((N, keys)) < 0.4 if pads else None
    hidden = rng.random((L, keys)) < 0.4 if masked else None
    allowed = np.ones((N, H, L, keys), bool)
    if padding is not None:
        allowed &= ~padding[:, None, None]
    if hidden is not None:
        allowed &= ~hidden
    if causal:
        allowed &= np.tri(L, keys, dtype=bool)
    expected, weights = reference(layer, q, k, v, allowed)
    inputs = (q,) if self_ else (q, k, v)
    options = {"key_padding_mask": padding, "attn_mask": hidden, "is_causal": causal}
    np.testing.assert_allclose(layer(*inputs, **options).data, expected, rtol=1e-9, atol=1e-12)
    for average in (True, False):
        found, seen = layer(*inputs, **options, need_weights=True, average_attn_weights=average)
        np.testing.assert_allclose(found.data, expected, rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(seen.data, weights.mean(1) if average else weights, rtol=1e-9, atol=1e-12)
    if hidden is not None:  # numbers that forbid are the same as booleans
        options["attn_mask"] = np.where(hidden, -np.inf, 0.0)
        np.testing.assert_allclose(layer(*inputs, **options).data, expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("make", [attention, encoder, lambda: encoder(norm_first=True)])
@given(t=st.integers(0, L - 2))
def test_a_causal_mask_hides_the_future(make: Any, t: int) -> None:
    layer, x = make(), numbers(N, L, E)
    changed = x.copy()
    changed[:, t + 1 :] += 1
    before, after = layer(x, is_causal=True).data, layer(changed, is_causal=True).data
    np.testing.assert_array_equal(before[:, : t + 1], after[:, : t + 1])
    assert (before[:, t + 1 :] != after[:, t + 1 :]).all()
    assert (layer(x).data[:, 0] != layer(changed).data[:, 0]).any()


def test_the_order_of_places_does_not_matter_without_positions() -> None:
    x, order = numbers(N, L, E), [2, 0, 3, 1]
    for layer in (attention(), encoder()):
        np.testing.assert_allclose(layer(x[:, order]).data, layer(x).data[:, order], rtol=1e-9)
    place, layer = nn.PositionalEncoding(E), attention()
    assert (abs(layer(place(x[:, order])).data - layer(place(x)).data[:, order]) > 1e-3).any()


def test_the_key_may_be_the_query_and_the_value_another() -> None:
    layer, x, v = attention(), mg.Tensor(numbers(N, L, E)), mg.Tensor(numbers(N, L, E, seed=1))
    allowed = np.ones((N, H, L, L), bool)
    np.testing.assert_allclose(layer(x, x, v).data, reference(layer, x.data, x.data, v.data, allowed)[0], rtol=1e-9)
    np.testing.assert_array_equal(layer(x, v).data, layer(x, v, v).data)


def test_a_sequence_without_examples_is_one() -> None:
    x, k = numbers(L, E), numbers(S, E, seed=1)
    layer, block = attention(), encoder()
    np.testing.assert_array_equal(layer(x).data, layer(x[None]).data[0])
    np.testing.assert_array_equal(layer(x, k).data, layer(x[None], k[None]).data[0])
    np.testing.assert_array_equal(block(x).data, block(x[None]).data[0])
    hidden = np.array([True, False, False, True])
    found, weights = layer(x, key_padding_mask=hidden, need_weights=True)
    assert (found.shape, weights.shape) == ((L, E), (L, L))
    assert not weights.data[:, hidden].any()
    np.testing.assert_allclose(weights.data.sum(1), 1)


def test_who_may_look_at_nothing_gets_the_bias() -> None:
    layer = attention()
    found = layer(numbers(N, L, E), key_padding_mask=np.ones((N, L), bool))
    np.testing.assert_array_equal(found.data, np.broadcast_to(layer.out_proj.bias.data, (N, L, E)))


# --------------------------------------------------------------------------------------------- gradients and state
@pytest.mark.parametrize("make", [attention, encoder, lambda: encoder(norm_first=True, activation=nn.GELU("tanh"))])
def test_gradients(make: Any) -> None:
    layer = make()
    check_grad(lambda x: layer(x, is_causal=True), numbers(1, 3, E), order=1)


def test_gradients_of_masks_and_weights() -> None:
    layer, padding = attention(), np.array([[False, False, True]])

    def run(q: Any, k: Any, mask: Any) -> Any:
        found, weights = layer(q, k, attn_mask=mask, key_padding_mask=padding, need_weights=True)
        return mg.concatenate([found.ravel(), weights.ravel()])

    check_grad(run, numbers(1, 2, E), numbers(1, S, E, seed=1), numbers(2, S, seed=2), order=1)


def test_work_in_a_summary() -> None:
    rows = nn.summary(nn.MultiHeadAttention(6, 2), [(4, 6), (3, 6)]).rows
    assert [row.multiply_adds for row in rows] == [4 * 6 * 6 + 2 * 3 * 6 * 6 + 2 * 4 * 3 * 6, 4 * 6 * 6]
    rows = nn.summary(nn.TransformerEncoderLayer(6, 2, 5), (4, 6)).rows
    attention = next(row for row in rows if row.kind == "MultiHeadAttention")
    assert attention.multiply_adds == 3 * 4 * 6 * 6 + 2 * 4 * 4 * 6


def test_dropout_has_a_generator_that_can_be_restored() -> None:
    rng = np.random.default_rng(0)
    for layer in (attention(dropout=0.5, rng=rng), encoder(dropout=0.5, rng=rng)):
        x, state = numbers(N, L, E), rng.bit_generator.state
        first, second = layer(x).data, layer(x).data
        assert (first != second).any()
        rng.bit_generator.state = state
        np.testing.assert_array_equal(layer(x).data, first)
        layer.eval()
        np.testing.assert_array_equal(layer(x).data, layer(x).data)


def test_the_expectation_stays_under_dropout() -> None:
    layer, x = attention(dropout=0.4, rng=np.random.default_rng(0)), numbers(1, L, E)
    many = layer(np.repeat(x, 4000, axis=0)).data
    error = many.std(axis=0) / np.sqrt(len(many))
    assert (abs(many.mean(axis=0) - layer.eval()(x).data[0]) <= 5 * error).all()


@pytest.mark.parametrize("make", [lambda **k: nn.MultiHeadAttention(E, H, **k), lambda **k: nn.TransformerEncoderLayer(E, H, 5, **k)])  # fmt: skip  # noqa: E501
def test_dtype_and_state(make: Any) -> None:
    layer, x = make(dropout=0.1), numbers(N, L, E).astype(np.float32)
    y = layer(x, is_causal=True)
    assert y.dtype == np.float32
    y.sum().backward()
    assert all(p.grad is not None and p.grad.dtype == np.float32 for p in layer.parameters())
    other = make().eval()
    other.load_state_dict(layer.state_dict())
    np.testing.assert_array_equal(other(x).data, layer.eval()(x).data)
    assert not any("bias" in name for name in make(bias=False).state_dict())
    assert make(bias=False)(x, is_causal=True).shape == x.shape


# ------------------------------------------------------------------------------------------------------ positions
@given(length=st.integers(0, 12), width=st.integers(1, 9))
def test_positions(length: int, width: int) -> None:
    table = nn.PositionalEncoding(width)(np.zeros((2, length, width))).data
    for t in range(length):
        for i in range(width):
            angle = t / 10000 ** ((i - i % 2) / width)
            expected = np.cos(angle) if i % 2 else np.sin(angle)
            np.testing.assert_allclose(table[:, t, i], expected, atol=1e-12)
    assert nn.PositionalEncoding(width)(np.zeros((length, width), np.float32)).dtype == np.float32


# -------------------------------------------------------------------------------------------------------- PyTorch
MASKS: list[Any] = [
    {},
    {"key_padding_mask": np.array([[False, True, False, False], [False, False, True, True]])},
    {"attn_mask": np.triu(np.ones((L, L), bool), 1)},
    {"attn_mask": numbers(L, L, seed=3)},
    {"attn_mask": numbers(N * H, L, L, seed=3) > 1},
]


@pytest.mark.parametrize("masks", MASKS)
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("weights", [True, False])
def test_attention_as_in_pytorch(masks: Any, bias: bool, weights: bool) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is the oracle here")
    theirs = torch.nn.MultiheadAttention(E, H, bias=bias, batch_first=True, dtype=torch.float64)
    ours = nn.MultiHeadAttention(E, H, bias=bias, dtype=np.float64).eval()
    for parameter in theirs.parameters():
        torch.nn.init.uniform_(parameter, -0.7, 0.7, generator=torch.Generator().manual_seed(0))
    tensors = {name: torch.tensor(mask) for name, mask in masks.items()}

    class Their(torch.nn.Module):  # type: ignore[misc, name-defined]
        def forward(self, x: Any, k: Any, v: Any) -> Any:
            out, seen = theirs(x, k, v, need_weights=True, **tensors)
            return (out, seen) if weights else out

    other = Their()
    other.state_dict = theirs.state_dict
    other.named_parameters = theirs.named_parameters
    options = {**masks, "need_weights": weights}
    inputs = [numbers(N, L, E, seed=i) for i in range(3)]
    compare_layers(ours, other, *inputs, rename=transposed, options=options, their_options={})


@pytest.mark.parametrize("masks", MASKS)
@pytest.mark.parametrize(
    "options", [{}, {"norm_first": True}, {"bias": False}, {"layer_norm_eps": 0.1, "norm_first": True}]
)
def test_encoder_layer_as_in_pytorch(masks: Any, options: Any) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is the oracle here")
    theirs = torch.nn.TransformerEncoderLayer(E, H, 5, 0.0, batch_first=True, **options, dtype=torch.float64)
    ours = nn.TransformerEncoderLayer(E, H, 5, **options, dtype=np.float64).eval()
    names = {"attn_mask": "src_mask", "key_padding_mask": "src_key_padding_mask"}
    own = {names[name]: mask for name, mask in masks.items()}
    tensors = {name: torch.tensor(mask) for name, mask in own.items()}
    compare_layers(ours, theirs, numbers(N, L, E), rename=transposed, options=own, their_options=tensors)


def test_gelu_as_in_pytorch() -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is the oracle here")
    pytest.importorskip("scipy", reason="the exact gelu needs SciPy")
    theirs = torch.nn.TransformerEncoderLayer(E, H, 5, 0.0, "gelu", batch_first=True, dtype=torch.float64)
    ours = nn.TransformerEncoderLayer(E, H, 5, 0.0, "gelu", dtype=np.float64)
    compare_layers(ours, theirs, numbers(N, L, E), rename=transposed)


# --------------------------------------------------------------------------------------------------- wrong calls
@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: nn.MultiHeadAttention(6, 4), ValueError, "MultiHeadAttention: 4 heads do not divide 6 features"),
        (lambda: nn.MultiHeadAttention(6, 2.0), TypeError, "MultiHeadAttention: num_heads must be an integer, got 2.0"),
        (lambda: nn.MultiHeadAttention(6, 2, 1.5), ValueError, "dropout must be between 0 and 1, got 1.5"),
        (lambda: nn.TransformerEncoderLayer(6, 4), ValueError, "TransformerEncoderLayer: 4 heads do not divide 6"),
        (lambda: nn.TransformerEncoderLayer(6, 2, activation="tanh"), ValueError,
         "activation must be one of relu, gelu, or a function, got 'tanh'"),
        (lambda: nn.PositionalEncoding(0), ValueError, "PositionalEncoding: d_model must be at least 1, got 0"),
        (lambda: nn.PositionalEncoding(4, 1.0), ValueError, "PositionalEncoding: base must be above 1, got 1.0"),
        (lambda: nn.PositionalEncoding(4)(np.zeros(4)), ValueError, r"\(..., length, 4\), got \(4,\)"),
        (lambda: attention()(np.zeros((2, 4, 5))), ValueError,
         r"^MultiHeadAttention\(6, 2\): expected inputs of shape \(n, length, 6\) or \(length, 6\), got \(2, 4, 5\)"),
        (lambda: attention()(np.zeros((2, 4, 6)), np.zeros((3, 4, 6))), ValueError,
         r"query \(2, 4, 6\), key \(3, 4, 6\), value \(3, 4, 6\)"),
        (lambda: attention()(np.zeros((2, 4, 6)), np.zeros((2, 3, 6)), np.zeros((2, 4, 6))), ValueError,
         "keys and values go together"),
        (lambda: attention()(np.zeros((2, 4, 6)), key_padding_mask=np.zeros((2, 3), bool)), ValueError,
         r"expected a key_padding_mask of shape \(2, 4\), got \(2, 3\)"),
        (lambda: attention()(np.zeros((2, 4, 6)), key_padding_mask=np.zeros((2, 4))), TypeError,
         "key_padding_mask must be boolean, got float64"),
        (lambda: attention()(np.zeros((2, 4, 6)), attn_mask=np.zeros((2, 4), bool)), ValueError,
         r"expected an attn_mask of shape \(4, 4\), \(4, 4, 4\) or \(2, 2, 4, 4\), got \(2, 4\)"),
        (lambda: attention()(np.zeros((2, 4, 6)), attn_mask=np.zeros((3, 4, 4), bool)), ValueError, r"got \(3, 4, 4\)"),
        (lambda: attention()(np.zeros((2, 4, 6)), attn_mask=np.zeros((4, 4), int)), TypeError,
         "attn_mask must be boolean or floating, got int64"),
        (lambda: encoder()(np.zeros((2, 4, 5))), ValueError,
         r"^TransformerEncoderLayer\(6, 2, 5\): expected input of shape \(n, length, 6\) or \(length, 6\)"),
    ],
)  # fmt: skip
def test_wrong_calls(make: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        make()


def test_repr_shows_the_call() -> None:
    assert repr(nn.MultiHeadAttention(6, 2, 0.1, False)).splitlines()[1] == "  6, 2, dropout=0.1, bias=False"
    text = repr(nn.TransformerEncoderLayer(6, 2, 5, norm_first=True, activation=nn.SiLU()))
    assert text.splitlines()[1:3] == ["  6, 2, 5, norm_first=True", "  (activation): SiLU()"]
    assert repr(nn.PositionalEncoding(6, 100)) == "PositionalEncoding(6, base=100.0)"
