"""Recurrent layers: layers against their cells, cells against formulas, PyTorch, gradients, state, and wrong calls."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import minigrad as mg
from minigrad import nn
from minigrad.graph import collect
from minigrad.testing import check_grad
from tests.nn.torch_layers import compare_layers, parts

KINDS: list[Any] = [
    (nn.RNN, nn.RNNCell, {}),
    (nn.RNN, nn.RNNCell, {"nonlinearity": "relu"}),
    (nn.LSTM, nn.LSTMCell, {}),
    (nn.GRU, nn.GRUCell, {}),
]


def numbers(*shape: int, seed: int = 0) -> Any:
    return np.random.default_rng(seed).standard_normal(shape)


def shaken(layer: nn.Module) -> nn.Module:
    """The layer with biases that are not 0."""
    for i, p in enumerate(layer.parameters()):
        p.assign(np.random.default_rng(i).uniform(-0.5, 0.5, p.shape))
    return layer


def transposed(state: Mapping[str, Any]) -> dict[str, Any]:
    """PyTorch's values by our names: the same, with each weight transposed."""
    return {name: value.T if value.ndim == 2 else value for name, value in state.items()}


def state_of(kind: Any, *shape: int) -> Any:
    h = numbers(*shape, seed=7)
    return (h, numbers(*shape, seed=8)) if kind in (nn.LSTM, nn.LSTMCell) else h


# ------------------------------------------------------------------------------------------------ what they compute
@pytest.mark.parametrize(("kind", "cell", "options"), KINDS)
@given(steps=st.integers(1, 4), n=st.integers(1, 3), layers=st.integers(1, 3), bias=st.booleans())
@settings(max_examples=8)
def test_a_layer_is_its_cell_step_by_step(
    kind: Any, cell: Any, options: Any, steps: int, n: int, layers: int, bias: bool
) -> None:
    layer = shaken(kind(3, 4, layers, bias=bias, dtype=np.float64, **options))
    x, state = numbers(n, steps, 3), state_of(kind, layers, n, 4)
    output, last = layer(x, state)
    for k in range(layers):
        own = cell(3 if k == 0 else 4, 4, bias=bias, dtype=np.float64, **options)
        own.load_state_dict(
            {
                name.removesuffix(f"_l{k}"): value
                for name, value in layer.state_dict().items()
                if name.endswith(f"_l{k}")
            }
        )
        s: Any = tuple(part[k] for part in state) if isinstance(state, tuple) else state[k]
        seen = []
        for t in range(steps):
            s = own(x[:, t], s)
            seen.append(parts(s)[0].data)
        x = np.stack(seen, axis=1)
        for found, expected in zip(parts(last), parts(s), strict=True):
            np.testing.assert_allclose(found.data[k], expected.data, rtol=1e-12)
    np.testing.assert_allclose(output.data, x, rtol=1e-12)


def sigma(x: Any) -> Any:
    return 1 / (1 + np.exp(-x))


def test_cells_compute_their_formulas() -> None:
    x, h, c = numbers(2, 3), numbers(2, 4, seed=1), numbers(2, 4, seed=2)
    for kind in (nn.RNNCell, nn.LSTMCell, nn.GRUCell):
        cell = shaken(kind(3, 4, dtype=np.float64))
        own = cell.state_dict()
        from_x, from_h = x @ own["weight_ih"] + own["bias_ih"], h @ own["weight_hh"] + own["bias_hh"]
        if isinstance(cell, nn.RNNCell):
            np.testing.assert_allclose(cell(x, h).data, np.tanh(from_x + from_h))
        elif isinstance(cell, nn.LSTMCell):
            i, f, u, o = np.split(from_x + from_h, 4, axis=1)
            new = sigma(f) * c + sigma(i) * np.tanh(u)
            found = cell(x, (h, c))
            np.testing.assert_allclose(found[1].data, new)
            np.testing.assert_allclose(found[0].data, sigma(o) * np.tanh(new))
        else:
            (r, z, u), (r2, z2, u2) = np.split(from_x, 3, axis=1), np.split(from_h, 3, axis=1)
            gate = sigma(z + z2)
            np.testing.assert_allclose(cell(x, h).data, (1 - gate) * np.tanh(u + sigma(r + r2) * u2) + gate * h)


@pytest.mark.parametrize(("kind", "cell", "options"), KINDS)
def test_outputs_do_not_depend_on_later_inputs_unless_bidirectional(kind: Any, cell: Any, options: Any) -> None:
    x = numbers(2, 5, 3)
    changed = x.copy()
    changed[:, 3:] += 1
    for both in (False, True):
        layer = kind(3, 4, bidirectional=both, **options)
        same = np.all(layer(x)[0].data == layer(changed)[0].data, axis=(0, 2))
        assert same.tolist() == ([False] * 5 if both else [True, True, True, False, False])


@pytest.mark.parametrize(("kind", "cell", "options"), KINDS)
def test_the_second_direction_is_the_first_on_the_reversed_sequence(kind: Any, cell: Any, options: Any) -> None:
    layer = shaken(kind(3, 4, bidirectional=True, **options))
    one = kind(3, 4, **options)
    one.load_state_dict(
        {name.removesuffix("_reverse"): v for name, v in layer.state_dict().items() if name.endswith("_reverse")}
    )
    x = numbers(2, 5, 3)
    np.testing.assert_allclose(layer(x)[0].data[:, :, 4:], one(x[:, ::-1])[0].data[:, ::-1], rtol=1e-6)


@pytest.mark.parametrize(("kind", "cell", "options"), KINDS)
def test_layouts_and_single_sequences(kind: Any, cell: Any, options: Any) -> None:
    x, state = numbers(2, 5, 3), state_of(kind, 4, 2, 4)
    layer = shaken(kind(3, 4, 2, bidirectional=True, dtype=np.float64, **options))
    other = kind(3, 4, 2, bidirectional=True, batch_first=False, dtype=np.float64, **options)
    other.load_state_dict(layer.state_dict())
    (y, last), (z, final) = layer(x, state), other(x.swapaxes(0, 1), state)
    np.testing.assert_array_equal(y.data, z.data.swapaxes(0, 1))
    for a, b in zip(parts(last), parts(final), strict=True):
        np.testing.assert_array_equal(a.data, b.data)
    own = tuple(s[:, 1] for s in state) if isinstance(state, tuple) else state[:, 1]
    single, single_last = layer(x[1], own)
    np.testing.assert_allclose(single.data, y.data[1], rtol=1e-12)
    for a, b in zip(parts(single_last), parts(last), strict=True):
        np.testing.assert_allclose(a.data, b.data[:, 1], rtol=1e-12)
    step = shaken(cell(3, 4, **options))
    np.testing.assert_allclose(parts(step(x[0, 0]))[0].data, parts(step(x[:1, 0]))[0].data[0])


# --------------------------------------------------------------------------------------------- gradients and state
@pytest.mark.parametrize(("kind", "cell", "options"), KINDS)
def test_gradients(kind: Any, cell: Any, options: Any) -> None:
    layer = shaken(kind(2, 2, 2, bidirectional=True, dtype=np.float64, **options))
    state = state_of(kind, 4, 2, 2)
    if options:  # far from relu's kink
        for name, parameter in layer.named_parameters():
            parameter.assign(parameter.data + 5 * name.startswith("bias"))

    def run(x: Any, *first: Any) -> Any:
        output, last = layer(x, first if len(first) > 1 else first[0])
        return sum([t.sum() for t in parts(last)], output.sum() * 0.5)

    check_grad(run, numbers(2, 3, 2), *(state if isinstance(state, tuple) else (state,)), order=1)


@pytest.mark.parametrize(("kind", "cell", "options"), KINDS)
def test_dtype_and_state(kind: Any, cell: Any, options: Any) -> None:
    layer = kind(3, 4, 2, rng=np.random.default_rng(0), **options)
    assert all(float(abs(p.data).max()) <= 0.5 for p in layer.parameters())
    x = numbers(2, 5, 3).astype(np.float32)
    output, last = layer(x)
    assert {t.dtype for t in (output, *parts(last))} == {np.dtype(np.float32)}
    output.sum().backward()
    assert all(p.grad is not None and p.grad.dtype == np.float32 for p in layer.parameters())
    other = kind(3, 4, 2, **options)
    other.load_state_dict(layer.state_dict())
    np.testing.assert_array_equal(other(x)[0].data, output.data)
    assert not any(name.startswith("bias") for name in kind(3, 4, bias=False, **options).state_dict())
    zeros = [np.zeros((2, 2, 4), int)] * len(parts(last))
    given = layer(x, tuple(zeros) if len(zeros) > 1 else zeros[0])[0]
    assert given.dtype == np.float32
    np.testing.assert_array_equal(given.data, output.data)


def test_half_precision() -> None:
    x = numbers(2, 4, 3).astype(np.float16)
    for kind in (nn.RNN, nn.LSTM, nn.GRU):
        half, full = kind(3, 4, dtype=np.float16), kind(3, 4, dtype=np.float64)
        full.load_state_dict({k: v.astype(float) for k, v in half.state_dict().items()})
        found = half(x)[0]
        assert found.dtype == np.float16
        np.testing.assert_allclose(found.data, full(x.astype(float))[0].data, atol=5e-3)
        found.sum().backward()
        assert all(p.grad.dtype == np.float16 for p in half.parameters())


def test_dropout_between_the_layers() -> None:
    layer = nn.GRU(3, 4, 3, dropout=0.5, rng=np.random.default_rng(0))
    x = numbers(2, 5, 3)
    assert layer.rng is not None
    state = layer.rng.bit_generator.state
    first = layer(x)[0].data
    assert (first != layer(x)[0].data).any()
    layer.rng.bit_generator.state = state
    np.testing.assert_array_equal(layer(x)[0].data, first)
    layer.eval()
    np.testing.assert_array_equal(layer(x)[0].data, layer(x)[0].data)
    one = nn.GRU(3, 4, dropout=0.9, rng=np.random.default_rng(0))
    np.testing.assert_array_equal(one(x)[0].data, one.eval()(x)[0].data)


def test_a_state_carries_on() -> None:
    layer = nn.LSTM(3, 4, 2)
    x = numbers(2, 6, 3)
    whole, _ = layer(x)
    first, state = layer(x[:, :2])
    second, _ = layer(x[:, 2:], state)
    np.testing.assert_allclose(np.concatenate([first.data, second.data], axis=1), whole.data, rtol=1e-6)


def test_work_and_shapes_in_a_summary() -> None:
    (row,) = nn.summary(nn.GRU(5, 8, 2, bidirectional=True), (7, 5)).rows
    assert row.output == ((1, 7, 16), (4, 1, 8))
    # Per step: two directions of a layer with 5 inputs, and of one with 16.
    assert row.multiply_adds == 7 * 2 * (24 * (5 + 8) + 24 * (16 + 8))
    (row,) = nn.summary(nn.LSTMCell(5, 8), (5,)).rows
    assert row.multiply_adds == 32 * (5 + 8)


def test_opened_it_shows_its_parts() -> None:
    x = mg.Tensor(numbers(1, 2, 3), requires_grad=True)
    layer = nn.LSTM(3, 4, dtype=np.float64)
    closed = layer(x)[0]
    with mg.decompose():
        opened = layer(x)[0]
    np.testing.assert_allclose(opened.data, closed.data)
    counts = Counter(node.op.name for node in collect([opened.node])[0])
    # Two steps with three sigmoids each, which are opened as well.
    assert (counts["exp"], counts["tanh"], counts["lstm"]) == (6, 4, 0)


def test_learns_to_remember() -> None:
    nn.seed(0)
    rng = np.random.default_rng(0)
    layer, head = nn.LSTM(1, 8), nn.Affine(8, 2)
    optimizer = nn.Adam([*layer.parameters(), *head.parameters()], lr=0.02)
    loss = nn.SoftmaxCrossEntropy()
    for _ in range(60):
        x = rng.choice([-1.0, 1.0], (32, 8, 1)).astype(np.float32)
        optimizer.zero_grad()
        last = loss(head(layer(x)[1][0][0]), (x[:, 0, 0] > 0).astype(int))
        last.backward()
        optimizer.step()
    assert last.item() < 0.1  # the first of eight steps; a guess has 0.69


# ------------------------------------------------------------------------------------------------------- PyTorch
@pytest.mark.parametrize(("kind", "cell", "options"), KINDS)
@pytest.mark.parametrize(
    "more",
    [
        {},
        {"num_layers": 3, "bias": False},
        {"num_layers": 2, "bidirectional": True},
        {"num_layers": 2, "bidirectional": True, "batch_first": False},
    ],
)
def test_as_in_pytorch(kind: Any, cell: Any, options: Any, more: dict[str, Any]) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is the oracle here")
    more = {"batch_first": True, **more, **options}
    theirs = getattr(torch.nn, kind.__name__)(3, 4, **more, dtype=torch.float64)
    ours = kind(3, 4, **more, dtype=np.float64)
    x, count = numbers(2, 5, 3), more.get("num_layers", 1) * (1 + more.get("bidirectional", False))
    state = state_of(kind, count, 2 if more["batch_first"] else 5, 4)
    compare_layers(ours, theirs, x, rename=transposed)
    their_state = tuple(map(torch.tensor, state)) if isinstance(state, tuple) else torch.tensor(state)
    options = {"state": state}
    theirs.zero_grad()
    ours.zero_grad()
    compare_layers(ours, theirs, x, rename=transposed, options=options, their_options={"hx": their_state})


@pytest.mark.parametrize(("kind", "cell", "options"), KINDS)
@pytest.mark.parametrize("bias", [True, False])
def test_cells_as_in_pytorch(kind: Any, cell: Any, options: Any, bias: bool) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is the oracle here")
    theirs = getattr(torch.nn, cell.__name__)(3, 4, bias=bias, **options, dtype=torch.float64)
    ours = cell(3, 4, bias=bias, **options, dtype=np.float64)
    state = state_of(cell, 2, 4)
    their_state = tuple(map(torch.tensor, state)) if isinstance(state, tuple) else torch.tensor(state)
    compare_layers(
        ours, theirs, numbers(2, 3), rename=transposed, options={"state": state}, their_options={"hx": their_state}
    )


# --------------------------------------------------------------------------------------------------- wrong calls
@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: nn.RNN(0, 3), ValueError, "RNN: input_size must be at least 1, got 0"),
        (lambda: nn.LSTM(3, 2.5), TypeError, "LSTM: hidden_size must be an integer, got 2.5"),
        (lambda: nn.GRU(3, 2, num_layers=0), ValueError, "GRU: num_layers must be at least 1"),
        (lambda: nn.GRU(3, 2, dropout=2), ValueError, "GRU: dropout must be between 0 and 1, got 2"),
        (lambda: nn.RNN(3, 2, nonlinearity="gelu"), ValueError, "RNN: nonlinearity must be one of tanh, relu"),
        (lambda: nn.RNNCell(3, 2, nonlinearity="x"), ValueError, "RNNCell: nonlinearity must be one of"),
        (lambda: nn.RNN(3, 2, rng=1), TypeError, "expected a np.random.Generator, got 1"),
        (lambda: nn.RNN(3, 2)(np.zeros((4, 5, 6))), ValueError,
         r"RNN\(3, 2\): expected input of shape \(n, steps, 3\) or \(steps, 3\), got \(4, 5, 6\)"),
        (lambda: nn.GRU(3, 2, batch_first=False)(np.zeros(3)), ValueError,
         r"GRU\(3, 2, batch_first=False\): expected input of shape \(steps, n, 3\) or \(steps, 3\), got \(3,\)"),
        (lambda: nn.RNN(3, 2)(np.zeros((4, 0, 3))), ValueError, r"no steps: input of shape \(4, 0, 3\)"),
        (lambda: nn.RNN(3, 2)(np.zeros((4, 5, 3)), np.zeros((4, 2))), ValueError,
         r"expected h_0 of shape \(1, 4, 2\), got \(4, 2\)"),
        (lambda: nn.LSTM(3, 2)(np.zeros((4, 5, 3)), np.zeros((1, 4, 2))), TypeError,
         r"expected the state as a pair \(h_0, c_0\), got ndarray of shape \(1, 4, 2\)"),
        (lambda: nn.LSTM(3, 2)(np.zeros((4, 5, 3)), (np.zeros((1, 4, 2)), np.zeros((1, 4, 3)))), ValueError,
         r"expected c_0 of shape \(1, 4, 2\), got \(1, 4, 3\)"),
        (lambda: nn.LSTMCell(3, 2)(np.zeros((4, 5, 3))), ValueError,
         r"LSTMCell\(3, 2\): expected input of shape \(n, 3\) or \(3,\), got \(4, 5, 3\)"),
    ],
)  # fmt: skip
def test_wrong_calls(make: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        make()


@pytest.mark.parametrize(
    ("layer", "text"),
    [
        (nn.RNN(3, 2, nonlinearity="relu"), "RNN(3, 2, nonlinearity='relu')"),
        (nn.LSTM(3, 2, 2, False, False, 0.1, True),
         "LSTM(3, 2, bias=False, num_layers=2, batch_first=False, dropout=0.1, bidirectional=True)"),
        (nn.GRU(3, 2), "GRU(3, 2)"),
        (nn.LSTMCell(3, 2, False), "LSTMCell(3, 2, bias=False)"),
    ],
)  # fmt: skip
def test_repr_shows_the_call(layer: nn.Module, text: str) -> None:
    assert repr(layer) == text
