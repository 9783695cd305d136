"""Running means of parameters: their numbers, their place in the model, their state."""

import contextlib
import tracemalloc
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minigrad import nn


class Net(nn.Module):
    """A parameter and two buffers."""

    def __init__(self, values: Any, dtype: Any = np.float64) -> None:
        self.weight = nn.Parameter(values, dtype=dtype)
        self.register_buffer("running", np.zeros(2))
        self.register_buffer("count", 0)


def write(net: Any, t: int, values: Any) -> None:
    net.weight.assign(values)
    net.running.assign(np.full(2, float(t)))
    net.count.assign(t)


def averages(ema: nn.EMA) -> Any:
    with ema.applied() as model:
        return model.weight.data.copy()  # type: ignore[attr-defined]


@settings(max_examples=40)
@given(
    decay=st.floats(0, 0.99),
    start=st.sampled_from(["constant", "warmup", "unbiased"]),
    values=st.lists(st.floats(-5, 5), min_size=1, max_size=8),
)
def test_the_average_by_its_definition(decay: float, start: str, values: list[float]) -> None:
    net = Net([9.0])
    ema = nn.EMA(net, decay, start)
    average = 9.0
    for t, value in enumerate(values, 1):
        write(net, t, [value])
        ema.update()
        d = min(decay, (1 + t) / (10 + t)) if start == "warmup" else decay
        average = d * average + (1 - d) * value
    if start == "unbiased":  # as Adam does it: from 0, and divided by the sum of the weights
        weights = np.array([(1 - decay) * decay ** (len(values) - t) for t in range(1, len(values) + 1)])
        average = float(weights @ values / weights.sum())
    np.testing.assert_allclose(averages(ema), [average], rtol=1e-9, atol=1e-9)


def test_the_averages_take_the_place_of_all_and_leave_it() -> None:
    net = Net([0.0])
    ema = nn.EMA(net, 0.5)
    write(net, 4, [8.0])
    ema.update()
    write(net, 6, [1.0])
    loss = (net.weight * net.weight).sum()
    with contextlib.suppress(KeyError), ema.applied() as model:
        assert model is net
        assert (net.weight.item(), net.running.tolist(), net.count.item()) == (4.0, [4.0, 4.0], 4)
        for call in (ema.update, lambda: ema.applied().__enter__()):
            with pytest.raises(RuntimeError, match="the model holds the averages"):
                call()
        raise KeyError
    assert (net.weight.item(), net.running.tolist(), net.count.item()) == (1.0, [6.0, 6.0], 6)
    with pytest.raises(RuntimeError, match="was written to"):
        loss.backward()


def test_buffers_may_be_averaged() -> None:
    net = Net([0.0])
    ema = nn.EMA(net, 0.5, average_buffers=True)
    write(net, 4, [0.0])
    ema.update()
    with ema.applied():
        assert (net.running.tolist(), net.count.item()) == ([2.0, 2.0], 4)


def test_float16_parameters_have_a_float32_average() -> None:
    net = Net([1.0], np.float16)
    ema = nn.EMA(net, 0.9999)
    write(net, 0, [2.0])
    for _ in range(5000):  # each change is below the resolution of float16
        ema.update()
    assert ema.state_dict()["average.weight"].dtype == np.float32
    assert averages(ema)[0] == np.float16(2 - 0.9999**5000)
    assert net.weight.dtype == np.float16


def test_torch_itself() -> None:
    torch = pytest.importorskip("torch", reason="torch is an optional oracle")
    net, theirs = Net(np.arange(3.0)), torch.nn.Linear(3, 1, bias=False, dtype=torch.float64)
    theirs.weight.data[:] = torch.arange(3)
    ema = nn.EMA(net, 0.9)
    other = torch.optim.swa_utils.AveragedModel(theirs, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(0.9))
    other.update_parameters(theirs)  # the first call copies
    rng = np.random.default_rng(0)
    for t in range(10):
        values = rng.standard_normal(3)
        write(net, t, values)
        theirs.weight.data[:] = torch.tensor(values)
        ema.update()
        other.update_parameters(theirs)
    np.testing.assert_allclose(averages(ema), other.module.weight.detach().numpy()[0], rtol=1e-12)


def test_an_update_allocates_no_arrays() -> None:
    model = nn.Affine(500, 400)
    ema = nn.EMA(model)
    ema.update()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        tracemalloc.reset_peak()
        for _ in range(3):
            ema.update()
        assert tracemalloc.get_traced_memory()[1] - before < 4096
    finally:
        tracemalloc.stop()


def test_resuming_is_exact() -> None:
    first, second = Net([0.0]), Net([5.0])
    ema, resumed = nn.EMA(first, 0.9, "warmup"), nn.EMA(second, 0.9, "warmup")
    for t in range(6):
        write(first, t, [float(t)])
        ema.update()
        if t == 2:
            resumed.load_state_dict(ema.state_dict())
        if t > 2:
            write(second, t, [float(t)])
            resumed.update()
    np.testing.assert_array_equal(averages(ema), averages(resumed))
    assert repr(ema) == repr(resumed) == "EMA(decay=0.9, start='warmup', updates=6)"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"average.weight": None}, "missing: 'average.weight'"),
        ({"average.weight": np.zeros(2)}, r"'average.weight': expected shape \(1,\) and dtype float64, got \(2,\)"),
        ({"average.bias": np.zeros(2)}, "unexpected: 'average.bias'"),
        ({"updates": np.array(-1)}, "'updates' must be a number of updates"),
        ({"updates": None}, "'updates' must be a number of updates, got None"),
    ],
)
def test_a_state_that_does_not_fit_changes_nothing(change: dict[str, Any], message: str) -> None:
    ema = nn.EMA(Net([1.0]))
    ema.update()
    before = ema.state_dict()
    with pytest.raises(ValueError, match=message):
        ema.load_state_dict({name: value for name, value in (before | change).items() if value is not None})
    assert repr(ema.state_dict()) == repr(before)


def test_wrong_uses() -> None:
    net: Any = Net([1.0])
    with pytest.raises(TypeError, match="EMA: expected a Module, got list"):
        nn.EMA(list(net.parameters()))  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="EMA: decay must be at least 0 and below 1, got 1"):
        nn.EMA(net, 1)
    with pytest.raises(ValueError, match="EMA: start must be one of constant, warmup, unbiased, got 'zero'"):
        nn.EMA(net, start="zero")
    ema = nn.EMA(net)
    net.bias = nn.Parameter([1.0])
    with pytest.raises(
        RuntimeError, match=r"EMA\.update: parameters or buffers came or went since it was made: 'bias'"
    ):
        ema.update()
