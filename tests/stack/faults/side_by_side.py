"""Runs of the fault test, side by side on the cores there are."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from tests.stack.faults.run import Outcome, run
from tests.stack.faults.strikes import USUAL, Rates


def outcomes(
    seeds: range, reports: int, sabotages: tuple[str | None, ...] = (None,), rates: Rates = USUAL
) -> Iterator[tuple[str | None, Outcome]]:
    """Yield what was broken in each run and what it came to, in order, run side by side on the cores there are."""
    runs = [(seed, broken) for broken in sabotages for seed in seeds]
    cores = len(os.sched_getaffinity(0))
    with ProcessPoolExecutor(cores, get_context("spawn"), initializer=_quiet, max_tasks_per_child=1) as pool:
        begun = [(broken, pool.submit(run, seed, reports, sabotage=broken, rates=rates)) for seed, broken in runs]
        for broken, future in begun:
            yield broken, future.result()


def _quiet() -> None:
    """Have what the functions log where nothing fails go nowhere: it would be most of what is printed."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
