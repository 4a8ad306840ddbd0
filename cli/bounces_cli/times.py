"""Times as people give them, read at the edge of a command."""

from __future__ import annotations

from datetime import datetime, timedelta

from bounces_cli.errors import CommandError

MAX_DAYS = 36_500


def time_given(option: str, text: str | None) -> datetime | None:
    """Return the time that `option` was given as, in UTC; None where it was not. Raises `CommandError`."""
    from bounces.store.rows import time_of

    if text is None:
        return None
    try:
        return time_of(text)
    except ValueError as error:
        raise CommandError(f"{option}: {error}") from error


def end_given(option: str, text: str | None, now: datetime) -> datetime | None:
    """Return the end that `option` was given as, a time to come or a number of days. Raises `CommandError`."""
    if text is not None and text.isascii() and text.isdigit() and len(text) < len("20260131"):
        days = int(text)
        if not 1 <= days <= MAX_DAYS:
            raise CommandError(f"{option}: {days} days; from 1 to {MAX_DAYS:,} are taken")
        return now + timedelta(days=days)
    end = time_given(option, text)
    if end is not None and end <= now:
        raise CommandError(f"{option}: {end:%Y-%m-%d %H:%M} UTC is over already")
    return end
