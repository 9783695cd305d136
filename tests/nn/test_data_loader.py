"""Data sets and the loader: each example once, the same batches with threads, and epochs taken up in their middle."""

from __future__ import annotations

import gc
import itertools
import json
import threading
import time
import traceback
import weakref
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minigrad as mg
from minigrad import nn
from minigrad.nn.data import ArrayDataset, DataLoader, Dataset, collate


def data_threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("minigrad-data")]


def noisy(x: Any, rng: np.random.Generator) -> Any:
    return x + rng.standard_normal(x.shape, np.float32)


class Squares(Dataset):
    """A data set that only knows single examples."""

    def __len__(self) -> int:
        return 7

    def __getitem__(self, index: int) -> Any:
        return np.float32(index) ** 2, index


def equal(a: Any, b: Any) -> bool:
    if isinstance(a, tuple):
        return isinstance(b, tuple) and len(a) == len(b) and all(map(equal, a, b))
    return a.dtype == b.dtype and np.array_equal(a, b)


# ------------------------------------------------------------------------------------------------------- data sets
def test_arrays_of_unequal_length_are_refused() -> None:
    with pytest.raises(ValueError, match=r"unequal numbers of examples \(first axis\): \(3, 2\), \(4,\)"):
        ArrayDataset(np.zeros((3, 2)), np.zeros(4))
    with pytest.raises(ValueError, match=r"first axis counts the examples, and one array has none: \(3,\), \(\)"):
        ArrayDataset(np.zeros(3), 1.0)
    with pytest.raises(ValueError, match="at least one array"):
        ArrayDataset()


@given(st.lists(st.integers(0, 6), max_size=10))
def test_taking_many_is_taking_each(indices: list[int]) -> None:
    x = np.arange(14, dtype=np.float32).reshape(7, 2)
    base = ArrayDataset(x, np.arange(7))
    sets = [
        base,
        Squares(),
        base.map(lambda a, b: (a * 2, b)),
        base.subset([6, 5, 4, 3, 2, 1, 0]),
        base.subset([0, 1, 2]) + base.subset(np.arange(7) > 2),
    ]
    for data in sets:
        assert len(data) == 7
        if indices:
            assert equal(data.take(np.array(indices)), collate([data[i] for i in indices]))


def test_a_concatenation_has_the_examples_of_both_in_order() -> None:
    data = ArrayDataset([1, 2]) + ArrayDataset(np.zeros(0, int)) + ArrayDataset([3])
    assert [int(data[i]) for i in range(len(data))] == [1, 2, 3]


@pytest.mark.parametrize(
    ("indices", "message"),
    [
        ([0, 3], r"index 3 is not in \[0, 3\)"),
        ([-1], r"index -1 is not in"),
        ([True, False], r"a mask of shape \(2,\) for 3 examples"),
        ([0.5], "expected a list of integers"),
        ([[0]], r"expected a list of integers, got an array of int64 and shape \(1, 1\)"),
    ],
)
def test_wrong_subsets(indices: Any, message: str) -> None:
    with pytest.raises(IndexError, match=message):
        ArrayDataset([1, 2, 3]).subset(indices)


def test_examples_that_do_not_stack() -> None:
    with pytest.raises(ValueError, match=r"examples of shape \(2,\) and \(3,\) do not stack"):
        collate([np.zeros(2), np.zeros(3)])
    with pytest.raises(ValueError, match="examples of 2 parts and of 1 part in one batch"):
        collate([(1, 2), 3])
    with pytest.raises(ValueError, match=r"the keys \['a'\] and \['b'\] in one batch"):
        collate([{"a": 1}, {"b": 1}])
    with pytest.raises(ValueError, match="there are no examples"):
        ArrayDataset.from_iterable(iter(()))


# --------------------------------------------------------------------------------------------------------- batches
@given(
    count=st.integers(0, 23),
    size=st.integers(1, 9),
    shuffle=st.booleans(),
    drop_last=st.booleans(),
    workers=st.sampled_from([0, 0, 0, 2]),
)
def test_an_epoch_has_each_example_once(count: int, size: int, shuffle: bool, drop_last: bool, workers: int) -> None:
    x, t = np.arange(count * 2, dtype=np.float32).reshape(count, 2), np.arange(count)
    rng = np.random.default_rng(count)
    loader = DataLoader((x, t), size, shuffle=shuffle, rng=rng, drop_last=drop_last, workers=workers)
    for _ in range(2):
        batches = list(loader)
        assert len(batches) == len(loader)
        assert all(len(xs) == len(ts) == size for xs, ts in batches[:-1])
        seen = [int(i) for _, ts in batches for i in ts]
        assert len(set(seen)) == len(seen) == (count // size * size if drop_last else count)
        assert shuffle or seen == list(range(len(seen)))
        for xs, ts in batches:
            assert xs.dtype == np.float32
            np.testing.assert_array_equal(xs, x[ts])


def test_each_epoch_has_an_order_of_its_own_that_the_rng_decides() -> None:
    def orders() -> list[list[int]]:
        loader = DataLoader(np.arange(50), 50, shuffle=True, rng=np.random.default_rng(3))
        return [next(iter(loader)).tolist() for _ in range(3)]

    first, second, third = orders()
    assert first != second != third != first
    assert orders() == [first, second, third]


def test_without_an_rng_the_package_has_one() -> None:
    loader = DataLoader(np.arange(50), 50, shuffle=True)
    nn.seed(1)
    first = next(iter(loader))
    nn.seed(1)
    np.testing.assert_array_equal(next(iter(loader)), first)


def test_what_needs_no_random_numbers_draws_none() -> None:
    rng = np.random.default_rng(0)
    list(DataLoader(np.arange(5), 2, rng=rng))
    assert rng.random() == np.random.default_rng(0).random()


SOURCES: dict[str, Callable[[], Any]] = {
    "array": lambda: np.arange(21, dtype=np.float32),
    "tensor": lambda: mg.Tensor(np.arange(21, dtype=np.float32)),
    "arrays": lambda: (np.arange(42, dtype=np.float32).reshape(21, 2), np.arange(21)),
    "data set": lambda: ArrayDataset(np.arange(21)).map(lambda x: np.float32(x) / 2),
    "list of pairs": lambda: [(np.float32(i), i) for i in range(21)],
    "range": lambda: range(21),
    "generator": lambda: ((np.full(2, i, np.float32), i) for i in range(21)),
    "set": lambda: {float(i) for i in range(21)},
}


@pytest.mark.parametrize("workers", [1, 3])
@pytest.mark.parametrize("source", SOURCES)
def test_threads_change_nothing(source: str, workers: int) -> None:
    def run(count: int) -> list[Any]:
        shuffle = source not in ("generator", "set")
        rng = np.random.default_rng(5)
        loader = DataLoader(SOURCES[source](), 4, shuffle=shuffle, rng=rng, workers=count, transform=noisy)
        return list(loader) + (list(loader) if source != "generator" else [])

    expected, found = run(0), run(workers)
    assert len(expected) in (6, 12)
    assert all(map(equal, expected, found))
    assert len(found) == len(expected)
    assert not data_threads()


def test_order_is_kept_where_early_batches_take_longer() -> None:
    class Slow(Squares):
        def __getitem__(self, index: int) -> Any:
            time.sleep(0.02 if index < 2 else 0)
            return index

    assert np.concatenate(list(DataLoader(Slow(), 1, workers=3))).tolist() == list(range(7))


def test_batches_are_made_while_the_caller_works() -> None:
    made = threading.Event()

    class Watched(Squares):
        def __getitem__(self, index: int) -> Any:
            if index == 1:
                made.set()
            return index

    batches = iter(DataLoader(Watched(), 1, workers=1))
    next(batches)
    assert made.wait(10)
    batches.close()  # type: ignore[attr-defined]


def test_no_more_batches_are_made_ahead_than_asked_for() -> None:
    fetched: list[int] = []

    def source() -> Iterator[int]:
        for i in range(1000):
            fetched.append(i)
            yield i

    for _ in DataLoader(source(), 1, workers=2, prefetch=3):
        time.sleep(0.05)
        assert len(fetched) <= 1 + 2 * 3
        break
    assert not data_threads()


def test_batches_are_copies() -> None:
    x = np.arange(6.0)
    for batch in DataLoader(x, 3):
        batch[:] = -1
    np.testing.assert_array_equal(x, np.arange(6.0))


def test_the_transform_sees_the_inputs_only() -> None:
    for x, t in DataLoader((np.ones((4, 2), np.float32), np.arange(4)), 2, transform=lambda x, rng: x * 3):
        assert (x == 3).all()
        assert t.dtype == np.arange(1).dtype


def test_modes_of_the_caller_hold_in_the_threads() -> None:
    def graph(x: Any, rng: np.random.Generator) -> Any:
        return np.array([mg.is_grad_enabled()])

    with mg.no_grad():
        assert [bool(b[0]) for b in DataLoader(np.zeros(3), 1, workers=2, transform=graph)] == [False] * 3


# ---------------------------------------------------------------------------------------------------------- errors
@pytest.mark.parametrize("workers", [0, 2])
def test_an_error_names_the_example_and_comes_in_its_place(workers: int) -> None:
    class Broken(Squares):
        def __getitem__(self, index: int) -> Any:
            if index == 5:
                raise OSError("cannot read picture_5.png")
            return index

    loader = DataLoader(Broken(), 2, workers=workers)
    seen: list[int] = []
    with pytest.raises(OSError, match="picture_5") as caught:
        seen.extend(int(i) for batch in loader for i in batch)
    assert seen == [0, 1, 2, 3]
    notes = "".join(traceback.format_exception(caught.value))
    assert "in example 5\n" in notes
    assert "in batch 2 of the DataLoader: examples 4 to 5 of the epoch" in notes
    assert not data_threads()


@pytest.mark.parametrize("workers", [0, 2])
def test_an_error_of_an_iterable_comes_in_its_place(workers: int) -> None:
    def source() -> Iterator[int]:
        yield from range(5)
        raise OSError("the tape is torn")

    loader = DataLoader(source(), 2, workers=workers)
    seen: list[int] = []
    with pytest.raises(OSError, match="torn") as caught:
        seen.extend(int(i) for batch in loader for i in batch)
    assert seen == [0, 1, 2, 3]
    assert "while the examples of batch 2 of the DataLoader were read" in caught.value.__notes__
    assert not data_threads()


def test_an_error_leaves_nothing_to_the_garbage_collector() -> None:
    made: list[weakref.ref[Any]] = []

    def mark(x: Any, rng: np.random.Generator) -> Any:
        if x[0] == 9:
            raise ArithmeticError
        batch = np.ones(100)
        made.append(weakref.ref(batch))
        return batch

    gc.collect()
    gc.disable()
    try:
        for workers in (0, 2):
            made.clear()
            try:
                for batch in DataLoader(np.arange(20), 1, workers=workers, transform=mark):
                    assert batch.sum() == 100
            except ArithmeticError:
                pass
            del batch
            assert len(made) >= 9
            assert not any(ref() is not None for ref in made)
    finally:
        gc.enable()


@pytest.mark.parametrize("how", ["break", "error", "close", "drop"])
def test_leaving_early_ends_the_threads(how: str) -> None:
    loader = DataLoader(np.arange(1000), 1, workers=3)
    before = threading.active_count()
    if how == "break":
        for _ in loader:
            break
    elif how == "error":
        with suppress(KeyError):
            for _ in loader:
                raise KeyError
    else:
        batches = iter(loader)
        next(batches)
        assert data_threads()
        if how == "close":
            batches.close()  # type: ignore[attr-defined]
        del batches
    assert not data_threads()
    assert threading.active_count() == before
    assert len(list(loader)) == 1000


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"batch_size": 0}, ValueError, "batch_size must be at least 1, got 0"),
        ({"batch_size": 2.5}, TypeError, "batch_size must be an integer, got 2.5"),
        ({"batch_size": True}, TypeError, "batch_size must be an integer, got True"),
        ({"workers": -1}, ValueError, "workers must be at least 0, got -1"),
        ({"prefetch": 0}, ValueError, "prefetch must be at least 1"),
        ({"rng": 3}, TypeError, r"expected a np\.random\.Generator, got 3"),
        ({"transform": 3}, TypeError, "transform must be callable, got 3"),
        ({"data": 3}, TypeError, "expected an array, a tuple of arrays, a Dataset or an iterable, got int"),
        ({"data": {"x": [1]}}, TypeError, "got dict"),
        ({"data": iter([1]), "shuffle": True}, TypeError, r"list_iterator has no indices .*; pass list\(data\)"),
    ],
)
def test_wrong_arguments(arguments: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        DataLoader(**{"data": np.zeros(4), "batch_size": 2, **arguments})


def test_reprs_tell_shapes_and_settings() -> None:
    data = ArrayDataset(np.zeros((3, 2), np.float32), np.arange(3))
    assert repr(data) == "ArrayDataset(float32 (3, 2), int64 (3,))"
    assert repr(DataLoader(data, 2)) == f"DataLoader({data!r}, 2)"
    assert repr(DataLoader(data, 2, shuffle=True, workers=1)) == f"DataLoader({data!r}, 2, shuffle=True, workers=1)"


def test_an_iterable_has_no_length_and_a_generator_one_epoch() -> None:
    loader = DataLoader((i for i in range(3)), 2)
    with pytest.raises(TypeError, match="generator has no length"):
        len(loader)
    assert len(list(loader)) == 2
    with pytest.raises(RuntimeError, match="the generator has no examples left"):
        list(loader)


# -------------------------------------------------------------------------------------------------------- resuming
@given(
    stop=st.integers(0, 13),
    shuffle=st.booleans(),
    augment=st.booleans(),
    workers=st.sampled_from([0, 0, 0, 2]),
    shared=st.booleans(),
    bits=st.sampled_from([np.random.PCG64, np.random.MT19937, np.random.Philox, np.random.SFC64]),
)
def test_resumed_is_uninterrupted(
    stop: int, shuffle: bool, augment: bool, workers: int, shared: bool, bits: type[np.random.BitGenerator]
) -> None:
    """Three epochs of 5 batches, broken off after any number of batches and taken up by a new loader."""

    def loader(seed: int) -> DataLoader:
        rng = np.random.Generator(bits(seed))
        transform = noisy if augment else None
        x = np.arange(18, dtype=np.float32).reshape(9, 2)
        return DataLoader((x, np.arange(9)), 2, shuffle=shuffle, rng=rng, workers=workers, transform=transform)

    def epochs(loader: DataLoader, count: int) -> Iterator[Any]:
        for _ in range(count):
            for batch in loader:
                # A generator that something else, such as dropout, draws from as well.
                draw = loader.rng.random() if shared and loader.rng is not None else 0.0
                yield *batch, np.array(draw)

    shared = shared and (shuffle or augment)  # a loader that draws nothing does not answer for the generator
    whole = list(epochs(loader(1), 3))
    first = loader(1)
    head = list(itertools.islice(running := epochs(first, 3), stop))
    state = json.loads(json.dumps(first.state_dict()))
    running.close()  # type: ignore[attr-defined]
    done = stop // 5 if stop else 0
    if stop and stop % 5 == 0:
        done -= 1  # within the loop, after its last batch: the epoch has an empty rest
    second = loader(99)
    second.load_state_dict(state)
    tail = list(epochs(second, 3 - done))
    assert len(head) + len(tail) == 15
    assert all(map(equal, head + tail, whole))


def test_a_generator_is_resumed_by_reading_up_to_the_position() -> None:
    first = DataLoader((i for i in range(7)), 2)
    batches = iter(first)
    assert [next(batches).tolist() for _ in range(2)] == [[0, 1], [2, 3]]
    for state, rest in ((first.state_dict(), [[4, 5], [6]]), ({**first.state_dict(), "position": 4}, [])):
        second = DataLoader((i for i in range(7)), 2)
        second.load_state_dict(state)
        assert [batch.tolist() for batch in second] == rest
    second = DataLoader((i for i in range(3)), 2)
    second.load_state_dict({**first.state_dict(), "position": 3})
    with pytest.raises(ValueError, match="to go on at batch 3, but the data end at batch 2"):
        list(second)


def test_after_the_resumed_epoch_comes_a_whole_one() -> None:
    loader = DataLoader(np.arange(4), 2, shuffle=True, rng=np.random.default_rng(0))
    for _ in loader:
        state = loader.state_dict()
        break
    loader.load_state_dict(state)
    assert [len(list(loader)) for _ in range(3)] == [1, 2, 2]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"batch_size": 3}, "taken with batch_size 3, this loader has 2"),
        ({"examples": 5}, "taken with examples 5, this loader has 4"),
        ({"position": 9}, "position 9 is beyond the 2 batches"),
        ({"position": -1}, "position must be at least 0"),
        ({"rng": None}, "another shuffle or transform"),
        ({"epoch_rng": None}, "another shuffle or transform"),
        ({"rng": {"bit_generator": "MT19937"}}, "no state of the loader's generator, PCG64"),
        ({"epoch_rng": {"bit_generator": "PCG64"}}, "no state of the loader's generator"),
        ({"extra": 1}, "expected the keys"),
    ],
)
def test_a_state_that_does_not_fit_changes_nothing(change: dict[str, Any], message: str) -> None:
    loader = DataLoader(np.arange(4), 2, shuffle=True, rng=np.random.default_rng(0))
    next(iter(loader))
    before = loader.state_dict()
    with pytest.raises(ValueError, match=message):
        loader.load_state_dict(before | change)
    assert loader.state_dict() == before
