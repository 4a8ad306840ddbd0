"""How slow this machine is just now, beside the one that the limits of time were set on."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

REFERENCE_SECONDS: Final = 0.011
"""What `_work` took there, of processor time."""
PAUSES: Final = (0, 0.1, 0.2, 0.5, 1, 2, 4, 8)
"""Seconds before each try. A neighbour that takes the machine's time does so for seconds, not for a quarter minute."""


def quickest(measured: Callable[[], float], allowed: float) -> float:
    """Return the least time, in seconds, that `measured` tells of a few tries; one that is `allowed` is the last.

    Each is divided by how slow the machine was around it. What takes too long by itself does so at every try.
    """
    best = float("inf")
    for pause in PAUSES:
        time.sleep(pause)
        before = slowness()
        spent = measured()
        best = min(best, spent, spent / max(before, slowness()))
        if best <= allowed:
            break
    return best


def slowness() -> float:
    """Return how many times as long this machine takes, 1 where it is not slower."""
    return max(1.0, min(_work(), _work()) / REFERENCE_SECONDS)


def _work() -> float:
    start = time.process_time()
    sum(number * number for number in range(200_000))
    return time.process_time() - start
