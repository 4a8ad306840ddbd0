"""How slow this machine is just now, beside the one that the limits of time were set on."""

from __future__ import annotations

import time
from typing import Final

REFERENCE_SECONDS: Final = 0.011
"""What `_work` took there, of processor time."""
TRIES: Final = 5


def slowness() -> float:
    """Return how many times as long this machine takes, 1 where it is not slower."""
    return max(1.0, min(_work() for _ in range(TRIES)) / REFERENCE_SECONDS)


def _work() -> float:
    start = time.process_time()
    sum(number * number for number in range(200_000))
    return time.process_time() - start
