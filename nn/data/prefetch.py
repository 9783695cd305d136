"""Work done ahead of its use, by threads, with its results in order."""

from __future__ import annotations

import contextvars
from collections import deque
from collections.abc import Callable, Iterator
from threading import Lock
from typing import Any

__all__ = ["prefetched"]


def prefetched(
    tasks: Iterator[Any], work: Callable[[Any], Any], workers: int, ahead: int
) -> Iterator[Any]:
    """Yield ``work(task)`` for each task, in order.

    Parameters
    ----------
    tasks : iterator
        Advanced by one thread at a time, not always the same one.
    work : callable
        Called by the threads; with 0 workers by the caller, when the result is asked for.
    workers : int
        The number of threads.
    ahead : int
        How many results may be under way or waiting, at least 1.

    Yields
    ------
    object
        The results. The first error, of a task or of the work, is raised in its place in the order.

    Notes
    -----
    When the iterator is closed, tasks that have not begun are dropped, and the threads are gone when `close` returns.
    """
    if not workers:
        for task in tasks:
            yield work(task)
        return
    # Imported here because it takes longer to load than all the rest of the package's data part.
    from concurrent.futures import Future, ThreadPoolExecutor

    lock = Lock()
    taken = 0
    end = object()
    ready: dict[int, tuple[Any, BaseException | None]] = {}

    def step() -> None:
        nonlocal taken
        with lock:
            number, taken = taken, taken + 1
            try:
                task = next(tasks, end)
            except BaseException as error:
                ready[number] = None, error
                return
        # Not returned: the pool's frame would hold an error that, by its traceback, holds the frame.
        try:
            ready[number] = end if task is end else work(task), None
        except BaseException as error:
            ready[number] = None, error

    pool = ThreadPoolExecutor(workers, thread_name_prefix="minigrad-data")
    pending: deque[Future[None]] = deque()
    submitted = number = 0
    try:
        while True:
            while submitted - number < ahead:
                # A copy of the context for each: modes such as no_grad hold in the threads too.
                pending.append(pool.submit(contextvars.copy_context().run, step))
                submitted += 1
            # Which thread got which task is chance; the numbers restore the order.
            while number not in ready or (pending and pending[0].done()):
                pending.popleft().result()
            result, error = ready.pop(number)
            if error is not None:
                try:
                    raise error
                finally:
                    del error  # its traceback holds this frame: a cycle otherwise
            if result is end:
                return
            yield result
            del result  # so that the caller alone decides how long a batch lives
            number += 1
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
        ready.clear()
