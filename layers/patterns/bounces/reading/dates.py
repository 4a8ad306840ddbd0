"""Dates as mails have them (RFC 5322 3.3), read leniently and without the stdlib's cost."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from typing import Final

from bounces.reading.odd_dates import MONTHS, read_odd_date

_MONTHS: Final = {name: f"{number:02}" for number, name in enumerate(MONTHS, 1)}
_UTC_NAMES: Final = ("GMT", "UTC", "UT", "Z")
_WITHOUT_SECONDS: Final = 5
_LONGEST: Final = 100


@lru_cache(maxsize=64)  # a report of thousands of recipients has few dates
def parsed(value: str) -> datetime | None:
    """Return the date `value` in UTC, or None where it is none. A date without a zone is taken as UTC."""
    words = value[:_LONGEST].split()
    try:
        return _usual(words[1:6] if words and words[0].endswith(",") else words[:5]) or read_odd_date(" ".join(words))
    except (ValueError, KeyError, OverflowError, IndexError, TypeError):
        return None


def _usual(words: list[str]) -> datetime | None:
    """Return the date that the words of `29 Apr 2026 23:34:45 +0900` are, or None where they are otherwise."""
    if len(words) < 5:
        return None
    day, month, year, clock, zone = words
    number = _MONTHS.get(month.lower())
    if number is None:
        return None
    if len(clock) == _WITHOUT_SECONDS:
        clock += ":00"
    elif clock.endswith(":60"):  # a leap second is none of Python's
        clock = clock[:-2] + "59"
    try:
        written = f"{year}-{number}-{day.zfill(2)}T{clock}{'+00:00' if zone in _UTC_NAMES else zone}"
        time = datetime.fromisoformat(written)
    except ValueError:
        return None
    return time.astimezone(UTC) if time.tzinfo else None
