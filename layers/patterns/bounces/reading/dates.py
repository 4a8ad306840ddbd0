"""Dates as mails have them (RFC 5322 3.3), read leniently and without the stdlib's cost."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import lru_cache

_NAMES = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTHS = {name: number for number, name in enumerate(_NAMES, 1)}
_USUAL = re.compile(
    r"(?:[A-Za-z]{3},?\s{1,3})?(\d{1,2})\s([A-Za-z]{3})\s(\d{4})\s(\d{2}):(\d{2})(?::(\d{2}))?\s(?:([+-])(\d{2})(\d{2})|GMT|UTC?|Z)"
)


@lru_cache(maxsize=64)  # a report of thousands of recipients has few dates
def parsed(value: str) -> datetime | None:
    """Return the date `value` in UTC, or None where it is none. A date without a zone is taken as UTC."""
    value = value.strip()[:100]
    found = _USUAL.match(value)
    try:
        if found is None:
            time = parsedate_to_datetime(value)
            return (time if time.tzinfo else time.replace(tzinfo=UTC)).astimezone(UTC)
        day, month, year, hour, minute, second, sign, hours, minutes = found.groups()
        time = datetime(
            int(year), _MONTHS[month.lower()], int(day), int(hour), int(minute), min(int(second or 0), 59), tzinfo=UTC
        )
        if not sign:
            return time
        offset = timedelta(hours=int(hours), minutes=int(minutes))
        return time - offset if sign == "+" else time + offset
    except (ValueError, KeyError, OverflowError, IndexError, TypeError):
        return None
