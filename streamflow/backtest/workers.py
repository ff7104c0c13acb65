"""Work spread over processes, its results in the order of the tasks; with one job it is done here."""

from __future__ import annotations

import multiprocessing
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from types import TracebackType
from typing import TypeVar

from streamflow.errors import EnvironmentNotReady, InputError

Task = TypeVar("Task")
Result = TypeVar("Result")

AHEAD = 2
"""Tasks a job that wait for it, so that it never waits and memory stays bounded."""


def usable_cores() -> int:
    """Return the cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Workers:
    """Processes that live as long as the `with` block.

    Args:
        jobs: How many.
    """

    def __init__(self, jobs: int) -> None:
        if jobs < 1:
            raise InputError(f"--jobs must be at least 1, not {jobs}.")
        self.jobs = jobs
        self._pool: ProcessPoolExecutor | None = None

    def __enter__(self) -> Workers:
        if self.jobs > 1:
            # Spawned, not forked: whoever calls may have threads, as pyarrow's.
            self._pool = ProcessPoolExecutor(self.jobs, multiprocessing.get_context("spawn"))
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)

    def run(self, function: Callable[[Task], Result], tasks: Iterable[Task]) -> Iterator[Result]:
        """Yield the result of each task, in their order.

        Args:
            function: Of a module, so that another process finds it.
            tasks: Taken as they are needed.

        Raises:
            EnvironmentNotReady: A process was killed.
        """
        if self._pool is None:
            yield from map(function, tasks)
            return
        waiting: deque[Future[Result]] = deque()
        try:
            for task in tasks:
                waiting.append(self._pool.submit(function, task))
                if len(waiting) >= AHEAD * self.jobs:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        except BrokenProcessPool:
            raise EnvironmentNotReady(
                f"One of {self.jobs} worker processes was killed, most likely for want of memory; try --jobs 1."
            ) from None
