"""Runs of the fault test, side by side on the cores there are."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from tests.stack.faults.run import Outcome, run


def outcomes(seeds: range, reports: int, sabotages: tuple[str | None, ...] = (None,)) -> Iterator[tuple[str, Outcome]]:
    """Yield what each run came to, and what was broken in it, in order, run side by side on the cores there are."""
    runs = [(seed, broken) for broken in sabotages for seed in seeds]
    cores = len(os.sched_getaffinity(0))
    with ProcessPoolExecutor(cores, get_context("spawn"), initializer=_quiet, max_tasks_per_child=1) as pool:
        begun = [(broken or "", pool.submit(run, seed, reports, sabotage=broken)) for seed, broken in runs]
        for broken, future in begun:
            yield broken, future.result()


def _quiet() -> None:
    """Have what the functions log where nothing fails go nowhere: it would be most of what is printed."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
