"""The table of a model: its numbers, its text, and that the model is left as it was."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn


def row(summary: nn.Summary, name: str) -> nn.SummaryRow:
    (found,) = [row for row in summary.rows if row.name == name]
    return found


def test_the_course_example() -> None:
    table = nn.summary(nn.Conv2d(3, 10, 5), (3, 32, 32))
    assert table.parameters == 760
    assert table.multiply_adds == 28 * 28 * 10 * 75
    assert table.bytes == 760 * 4
    assert table.inputs == [(1, 3, 32, 32)]
    (only,) = table.rows
    assert only == ("", "Conv2d", (1, 10, 28, 28), 760, 760, 3040, 588_000, 1)


def test_rows_and_sums() -> None:
    model = nn.Sequential(
        body=nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU()), flatten=nn.Flatten(), out=nn.Affine(64, 3)
    )
    model.body[0].requires_grad_(False)
    table = nn.summary(model, (1, 6, 6), batch=2)
    assert [row.name for row in table.rows] == ["", "body", "body.0", "body.1", "body.2", "flatten", "out"]
    assert [row.output for row in table.rows] == [
        (2, 3), (2, 4, 4, 4), (2, 4, 4, 4), (2, 4, 4, 4), (2, 4, 4, 4), (2, 64), (2, 3),
    ]  # fmt: skip
    assert [row.parameters for row in table.rows] == [0, 0, 40, 8, 0, 0, 195]
    assert [row.trainable for row in table.rows] == [0, 0, 0, 8, 0, 0, 195]
    assert [row.multiply_adds for row in table.rows] == [0, 0, 2 * 64 * 9, 0, 0, 0, 2 * 64 * 3]
    assert (table.parameters, table.trainable, table.frozen) == (243, 203, 40)
    assert table.parameters == model.count_parameters()
    assert table.multiply_adds == 2 * 64 * 12
    text = [
        "module                  output        parameters  multiply-adds",
        "---------------------------------------------------------------",
        "Sequential              (2, 3)",
        "  body: Sequential      (2, 4, 4, 4)",
        "    0: Conv2d (frozen)  (2, 4, 4, 4)          40          1,152",
        "    1: BatchNorm2d      (2, 4, 4, 4)           8",
        "    2: ReLU             (2, 4, 4, 4)",
        "  flatten: Flatten      (2, 64)",
        "  out: Affine           (2, 3)               195            384",
        "---------------------------------------------------------------",
        "input (2, 1, 6, 6): 243 parameters (203 trainable, 40 frozen), 972 B; 1,536 multiply-adds",
    ]
    assert str(table) == repr(table) == "\n".join(text)


def test_what_is_shared_counts_once_and_works_twice() -> None:
    shared = nn.Affine(4, 4)
    tied = nn.Affine(4, 4)
    tied.weight = shared.weight
    unused = nn.Affine(9, 9)
    model = nn.Sequential(shared, tied, shared)
    model.unused = unused
    model.forward = lambda x: shared(tied(shared(x)))  # type: ignore[method-assign, assignment]
    table = nn.summary(model, (4,))
    assert row(table, "0").calls == 2
    assert row(table, "0").multiply_adds == 2 * 16
    assert row(table, "0").parameters == 20
    assert row(table, "1").parameters == 4
    assert row(table, "1").multiply_adds == 16
    assert (row(table, "unused").calls, row(table, "unused").output) == (0, None)
    assert table.parameters == model.count_parameters() == 24 + 90
    text = str(table)
    assert "0: Affine (2 calls)" in text
    assert "not called" in text


def test_several_inputs_and_outputs() -> None:
    class Both(nn.Module):
        def __init__(self) -> None:
            self.form = nn.Bilinear(2, 3, 4)

        def forward(self, a: Any, b: Any) -> Any:
            return {"form": self.form(input1=a, input2=b), "parts": (a, [b, None]), "note": "text"}

    table = nn.summary(Both(), [(2,), (3,)])
    assert table.inputs == [(1, 2), (1, 3)]
    assert table.rows[0].output == ((1, 4), ((1, 2), ((1, 3),)))
    assert table.multiply_adds == 4 * (2 + 1) * 3
    assert "(1, 4), (1, 2), (1, 3)" in str(table)


def test_inputs_without_a_batch_and_of_integers() -> None:
    assert nn.summary(nn.Affine(3, 2), (3,), batch=None).rows[0].output == (2,)
    assert nn.summary(nn.Affine(3, 2), 3).rows[0].output == (1, 2)
    table = nn.summary(nn.Embedding(10, 4), (7,), dtype=int)
    assert table.rows[0].output == (1, 7, 4)
    assert nn.summary(nn.Affine(3, 2, dtype=np.float64), 3).bytes == 64
    assert nn.summary(nn.Lambda(lambda x: "text"), 3).rows[0].output is None
    assert nn.summary(nn.ReLU(), (3,)).inputs == [(1, 3)]


def test_modules_of_users_count_their_work() -> None:
    class Double(nn.Module):
        def forward(self, x: Any) -> Any:
            return x * 2

        def multiply_adds(self, inputs: Mapping[str, Any], output: Any) -> int:
            return int(output.size)

    assert nn.summary(nn.Sequential(Double(), nn.Affine(5, 2)), (5,)).multiply_adds == 5 + 10


def test_the_work_of_attention_and_recurrence() -> None:
    class Looks(nn.Module):
        def __init__(self) -> None:
            self.look = nn.MultiHeadAttention(4, 2)

        def forward(self, query: Any, key: Any) -> Any:
            return self.look(query, key_padding_mask=np.zeros((2, 3), bool), key=key)

    table = nn.summary(Looks(), [(5, 4), (3, 4)], batch=2)
    # Per example: queries of 5, keys and values of 3 places; scores and weighted values; the product that joins heads.
    assert row(table, "look").multiply_adds == 2 * ((5 + 3 + 3) * 16 + 2 * 5 * 3 * 4)
    assert row(table, "look.out_proj").multiply_adds == 2 * 5 * 16
    alone = nn.summary(nn.MultiHeadAttention(4, 2), (5, 4))
    assert alone.multiply_adds == 4 * 5 * 16 + 2 * 5 * 5 * 4
    layers = [(nn.RNN, nn.RNNCell, 1), (nn.GRU, nn.GRUCell, 3), (nn.LSTM, nn.LSTMCell, 4)]
    for layer, cell, gates in layers:
        assert nn.summary(layer(3, 5), (7, 3), batch=2).multiply_adds == 2 * 7 * gates * 5 * (3 + 5)
        assert nn.summary(cell(3, 5), (3,), batch=2).multiply_adds == 2 * gates * 5 * (3 + 5)
    both = nn.summary(nn.LSTM(3, 5, num_layers=2, bidirectional=True), (7, 3))
    assert both.multiply_adds == 7 * 2 * 4 * 5 * ((3 + 5) + (10 + 5))


def test_the_model_is_left_as_it_was() -> None:
    class Counts(nn.Module):
        """What changes its buffer and draws, even in evaluation."""

        def __init__(self) -> None:
            self.register_buffer("calls", 0)

        def forward(self, x: Any) -> Any:
            self.calls.assign(self.calls.item() + 1)
            return x + nn.random.generator().random()

    rng = np.random.default_rng(3)
    model = nn.Sequential(nn.BatchNorm1d(4), nn.Dropout(0.5, rng=rng), nn.StochasticPool2d(1, rng=rng), nn.Affine(4, 2))
    model[2] = Counts()
    model[1].eval()
    hook_calls: list[int] = []
    model[3].register_forward_hook(lambda *_: hook_calls.append(1))
    state = model.state_dict()
    draws = rng.bit_generator.state
    nn.seed(5)
    expected = nn.random.generator().random(3)
    nn.seed(5)
    loss = model(np.ones((3, 4), np.float32)).sum()
    state = model.state_dict()
    draws = rng.bit_generator.state
    nn.seed(5)
    hook_calls.clear()
    nn.summary(model, (4,))
    for name, value in model.state_dict().items():
        np.testing.assert_array_equal(value, state[name], err_msg=name)
    assert [module.training for module in model.modules()] == [True, True, False, True, True]
    assert "training" not in model[0].__dict__
    assert rng.bit_generator.state == draws
    np.testing.assert_array_equal(nn.random.generator().random(3), expected)
    assert hook_calls == []
    model[3](np.ones((1, 4), np.float32))
    assert hook_calls == [1]
    assert mg.is_grad_enabled()
    assert loss.requires_grad


def test_an_error_leaves_the_model_as_it_was_too() -> None:
    model = nn.Sequential(nn.Affine(3, 2), nn.Affine(3, 2))
    with pytest.raises(ValueError, match=r"Affine\(3, 2\): expected input of shape \(n, 3\), got \(1, 2\)"):
        nn.summary(model, (3,))
    assert model.training
    assert all("_forward_hooks" not in module.__dict__ for module in model.modules())
    with mg.no_grad():
        assert nn.summary(model[:1], (3,)).parameters == 8


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((np.zeros(3), (3,)), TypeError, "summary: expected a Module, got ndarray"),
        ((nn.ReLU(), (3.5,)), TypeError, "summary: input_shape must be made of integers, got 3.5"),
        ((nn.ReLU(), (-1,)), ValueError, "summary: input_shape must be made of numbers >= 0, got -1"),
        ((nn.ReLU(), [(3,), ("a",)]), TypeError, "summary: input_shape must be made of integers, got 'a'"),
    ],
)
def test_errors(arguments: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        nn.summary(*arguments)


def test_memory_is_told_in_units() -> None:
    for size, text in [(2, "8 B"), (1000, "4.0 kB"), (10**6, "4.0 MB"), (10**9, "4.0 GB")]:
        model = nn.Identity()
        model.weight = nn.Affine(1, size, bias=False, init=nn.init.zeros).weight
        assert f"{size:,} parameters, {text};" in str(nn.summary(model, (1,)))
