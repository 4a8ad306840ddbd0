"""Waiting for what another process or thread does."""

from __future__ import annotations

import time
from collections.abc import Callable


def until(happened: Callable[[], object], seconds: float = 60.0, said: Callable[[], str] = str) -> None:
    """Return once `happened` is true, looked at ten times a second; after `seconds` fail with what was `said`."""
    end = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < end, f"nothing came of it in {seconds:.0f} seconds. {said()}"
        time.sleep(0.1)
