"""The ambient settings: no_grad, enable_grad, decompose, per thread and per task."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import minigrad as mg
from minigrad import Tensor
from minigrad.nn import functional as F


def test_no_grad_records_nothing() -> None:
    x = Tensor(3.0, requires_grad=True)
    with mg.no_grad():
        y = mg.matmul(mg.exp(x).reshape(1, 1), [[2.0]])
        assert not mg.is_grad_enabled()
        with mg.enable_grad():
            assert (x * x).requires_grad
        assert not (x * x).requires_grad
    assert mg.is_grad_enabled()
    assert y.node is None
    assert not y.requires_grad
    assert (x * x).requires_grad


def test_the_mode_is_restored_after_an_error() -> None:
    with pytest.raises(ZeroDivisionError), mg.no_grad():
        raise ZeroDivisionError
    assert mg.is_grad_enabled()


def test_settings_decorate_functions_even_recursive_ones() -> None:
    @mg.no_grad()
    def countdown(n: int) -> list[bool]:
        inner = countdown(n - 1) if n else []
        return [mg.is_grad_enabled(), *inner]

    @mg.enable_grad()
    def enabled() -> bool:
        return mg.is_grad_enabled()

    assert countdown(3) == [False] * 4
    assert mg.is_grad_enabled()
    with mg.no_grad():
        assert enabled()
    assert countdown.__name__ == "countdown"


def test_one_setting_can_be_entered_twice() -> None:
    setting = mg.no_grad()
    with setting, setting:
        assert not mg.is_grad_enabled()
    assert mg.is_grad_enabled()


def test_leaves_made_under_no_grad_may_require_grad() -> None:
    with mg.no_grad():
        x = Tensor(1.0, requires_grad=True)
    assert (x * 2).requires_grad


def test_modes_are_per_thread() -> None:
    inside, done = threading.Event(), threading.Event()

    def quiet() -> None:
        with mg.no_grad(), mg.decompose():
            inside.set()
            done.wait(10)

    thread = threading.Thread(target=quiet)
    thread.start()
    inside.wait(10)
    x = Tensor(1.0, requires_grad=True)
    assert mg.sigmoid(x).node.op.name == "sigmoid"
    done.set()
    thread.join()


def test_modes_are_per_task() -> None:
    async def worker(off: bool) -> bool:
        if off:
            with mg.no_grad():
                await asyncio.sleep(0)
                return mg.is_grad_enabled()
        await asyncio.sleep(0)
        return mg.is_grad_enabled()

    async def run() -> list[bool]:
        return await asyncio.gather(worker(True), worker(False), worker(True))

    assert asyncio.run(run()) == [False, True, False]


def test_a_decorated_function_may_run_in_many_threads() -> None:
    @mg.no_grad()
    def task(i: int) -> bool:
        return mg.is_grad_enabled()

    with ThreadPoolExecutor(8) as pool:
        assert not any(pool.map(task, range(200)))
    assert mg.is_grad_enabled()


def test_threads_build_and_sweep_graphs_of_their_own() -> None:
    def slope(i: int) -> float:
        x = Tensor(float(i), requires_grad=True)
        y = x
        for _ in range(50):
            y = y * 1.0 + x * 0.0
        (y * x).backward()
        return float(x.grad)

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(slope, range(100))) == [2.0 * i for i in range(100)]


def ops(y: Tensor) -> set[str]:
    from minigrad.graph import collect

    return {node.op.name for node in collect([y.node])[0]}


def test_decompose_records_primitives() -> None:
    x = Tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    image = Tensor(np.ones((1, 1, 4, 4)), requires_grad=True)
    w = Tensor(np.ones((1, 1, 2, 2)), requires_grad=True)
    with mg.decompose():
        loss = ops(F.softmax_cross_entropy(x, [0, 1]))
        conv = ops(F.conv2d(image, w, mg.ones(1), padding=1))
        assert ops(mg.sigmoid(x)) == {"negative", "exp", "add", "divide"}
    assert {"exp", "sum", "divide", "log"} <= loss
    assert "softmax_cross_entropy" not in loss
    assert {"pad", "im2col", "reshape", "matmul", "add"} <= conv
    assert "conv2d" not in conv
    assert ops(mg.sigmoid(x)) == {"sigmoid"}


def test_every_op_kind_decomposes_to_ops_that_do_not() -> None:
    x = Tensor([[1.0, 2.0], [3.0, 4.5]], requires_grad=True)
    calls = {
        "mean": mg.mean, "var": mg.var, "logsumexp": mg.logsumexp, "softmax": mg.softmax, "log_softmax": mg.log_softmax,
        "relu": mg.relu, "sigmoid": mg.sigmoid,
    }  # fmt: skip
    for name, f in calls.items():
        with mg.decompose():
            opened = ops(f(x))
        assert name not in opened
        assert all(mg.registry[inner].decomposition is None for inner in opened)
