"""Work on AWS that somebody waits for: done side by side, and given up in time to say so."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from typing import Final, TypeVar

from bounces.errors import Unavailable

THREADS: Final = 8
"""Calls at once; boto3's clients have ten connections each."""

Result = TypeVar("Result")
_pool: Final = ThreadPoolExecutor(THREADS, thread_name_prefix="deadline")


class Deadline:
    """A moment, `seconds` after it was made, by which an answer has to be given."""

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._end = clock() + seconds

    def run(self, *tasks: Callable[[], Result]) -> list[Result]:
        """Return what `tasks` return, in order. The first error that one raises is raised.

        Raises `Unavailable` where the time is over before all have returned. Those under way may still take effect.
        """
        return self.run_all(tasks)

    def run_all(self, tasks: Iterable[Callable[[], Result]]) -> list[Result]:
        """Do as `run`, beginning with the first of `tasks` before the last is known."""
        futures = [_pool.submit(task) for task in tasks]
        done, waiting = wait(futures, max(0.0, self._end - self._clock()), FIRST_EXCEPTION)
        for future in waiting:
            future.cancel()
        for future in done:
            if (error := future.exception()) is not None:
                raise error
        if waiting:
            raise Unavailable(f"{len(waiting)} of {len(futures)} calls to AWS took too long; send the same again")
        return [future.result() for future in futures]
