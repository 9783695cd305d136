"""Memory that is used again: never while anybody can see it, and never more of it than is said."""

import gc
import threading
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minigrad import backend
from minigrad.backend import LARGE, empty, empty_as

SOME = np.empty(1, np.uint8)

pytestmark = pytest.mark.skipif(backend._ALONE < 0, reason="without the lock reference counts prove nothing")


@pytest.fixture
def buffers(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A pool that no other test has used."""
    fresh = backend._Buffers()
    monkeypatch.setattr(backend, "_buffers", fresh)
    return fresh


def address(array: Any) -> int:
    return int(array.__array_interface__["data"][0])


def test_memory_is_used_again_once_nobody_refers_to_it(buffers: Any) -> None:
    a = empty(SOME, (LARGE,))
    where = address(a)
    b = empty(SOME, (LARGE,))
    assert not np.shares_memory(a, b)
    del a
    assert address(empty(SOME, (LARGE // 4,), np.float32)) == where
    assert len(buffers.buffers) == 2


@pytest.mark.parametrize(
    "keep",
    [
        lambda a: a[5:7],
        lambda a: a.reshape(2, -1).T[1:],
        lambda a: np.lib.stride_tricks.as_strided(a, (3, 3), (1, 1)),
        lambda a: memoryview(a),
        lambda a: np.frombuffer(a, np.uint8),
        lambda a: np.from_dlpack(a),
        lambda a: a.base,
        lambda a: iter(a.reshape(4, -1)),
        lambda a: a.flat,
        lambda a: a.ctypes,
    ],
)
def test_whatever_shows_the_memory_keeps_it(keep: Any, buffers: Any) -> None:
    a = empty(SOME, (LARGE,))
    where = address(a)
    kept = keep(a)
    del a
    assert address(empty(SOME, (LARGE,))) != where
    del kept
    gc.collect()
    assert address(empty(SOME, (LARGE,))) == where


@settings(max_examples=50)
@given(st.lists(st.tuples(st.integers(LARGE, 4 * LARGE), st.integers(0, 7), st.booleans()), max_size=40))
def test_live_arrays_never_share_memory(requests: Any) -> None:
    pool = backend._Buffers()
    live: dict[int, Any] = {}
    for number, (size, slot, by_view) in enumerate(requests):
        memory = pool.take(size)
        assert memory.size == size
        memory[...] = number
        live[slot] = (memory[::3] if by_view else memory, number)
        del memory
        for array, value in live.values():
            assert (array == value).all()
    assert pool.kept == sum(buffer.size for buffer in pool.buffers)


def test_a_request_is_served_by_memory_of_about_its_size(buffers: Any) -> None:
    buffers.take(4 * LARGE)
    buffers.take(2 * LARGE)
    assert buffers.kept == 6 * LARGE
    buffers.take(3 * LARGE)
    assert buffers.kept == 6 * LARGE


def test_what_is_kept_is_bounded(buffers: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backend, "_KEPT", 10 * LARGE)
    for size in (4, 7, 12, 3, 2):
        buffers.take(size * LARGE)
        assert buffers.kept <= 10 * LARGE
    live = [buffers.take(3 * LARGE) for _ in range(9)]
    assert buffers.kept <= 10 * LARGE
    assert len({address(array) for array in live}) == 9


def test_memory_not_asked_for_any_more_is_given_back(buffers: Any) -> None:
    buffers.take(16 * LARGE)
    held = buffers.take(8 * LARGE)
    for _ in range(2 * backend._IDLE):
        buffers.take(LARGE)
    assert buffers.kept == 9 * LARGE  # what is referred to stays, what serves requests stays
    del held


def test_a_request_during_a_request_gets_other_memory(buffers: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    # A finalizer or a signal handler may run between any two steps of another request.
    address_of_idle = address(buffers.take(LARGE))
    count, inner = backend.sys.getrefcount, []

    class Interrupting:
        @staticmethod
        def getrefcount(x: Any) -> int:
            if not inner:
                inner.append(None)
                inner[0] = buffers.take(LARGE)
            return int(count(x)) - 1  # this function's own

    monkeypatch.setattr(backend, "sys", Interrupting)
    outer = buffers.take(LARGE)
    assert not np.shares_memory(outer, inner[0])
    assert address_of_idle in (address(outer), address(inner[0]))


def test_threads_do_not_share_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    rounds, failures = 200, []
    crossing: list[Any] = []

    def work(number: int) -> None:
        for i in range(rounds):
            a = empty(SOME, (LARGE,))
            a[...] = number
            b = empty_as(a, (LARGE,))
            b[...] = number + 10
            if not ((a == number).all() and (b == number + 10).all()):
                failures.append((number, i))
            crossing.append(b)  # dies in some other thread
            if len(crossing) > 3:
                crossing.pop(0)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures


@pytest.mark.parametrize("shape", [(3, 4, 5, 2), (30, 40, 50, 20)])
@pytest.mark.parametrize("order", [(0, 1, 2, 3), (2, 3, 1, 0), (3, 0, 2, 1)])
def test_the_order_in_memory(shape: Any, order: Any) -> None:
    like = np.empty([shape[axis] for axis in order], np.float32).transpose(np.argsort(order))
    assert like.shape == shape
    found = empty_as(like, (6, *shape[1:]), np.float64)
    assert found.shape == (6, *shape[1:])
    assert found.dtype == np.float64
    assert sorted(range(4), key=lambda axis: -found.strides[axis]) == list(order)
    assert empty(like, shape).flags.c_contiguous
