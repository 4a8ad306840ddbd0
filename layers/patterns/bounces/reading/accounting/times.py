"""When a record says that something happened: the forms that PowerMTA and KumoMTA write."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final

# UNIX seconds (PowerMTA with `iso-times no`, KumoMTA's timestamp); from 1973 on, so that no count is taken for one.
SECONDS: Final = r"\d{9,11}(?:\.\d{1,9})?"
# ISO 8601 and RFC 3339, with or without a zone, and the dates of older PowerMTA in the order of the United States.
_ISO: Final = r"\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}(?::\d{2}(?:[.,]\d{1,9})?)?\s?(?:Z|[+-]\d{2}:?\d{2})?"
_US: Final = r"\d{1,2}/\d{1,2}/(?:\d{4}|\d{2})[ T]\d{1,2}:\d{2}(?::\d{2})?(?:\s?[AP]M)?\s?(?:Z|[+-]\d{2}:?\d{2})?"
DATE: Final = rf"{_ISO}|{_US}"

_LONGEST: Final = 64
_SECONDS: Final = re.compile(SECONDS)
_SPACE_BEFORE_ZONE: Final = re.compile(r"(?<=:\d\d)\s(?=[Z+-])")
_ISO_TIME: Final = re.compile(_ISO, re.IGNORECASE)
_US_TIME: Final = re.compile(
    r"(\d{1,2})/(\d{1,2})/(\d{4}|\d{2})[ T](\d{1,2}):(\d{2})(?::(\d{2}))?(?:\s?([AP]M))?\s?(Z|[+-]\d{2}:?\d{2})?",
    re.IGNORECASE,
)


def parsed(value: str) -> datetime | None:
    """Return the time `value` in UTC, or None where it is none. A time without a zone is taken as UTC."""
    return _parsed(value.strip()) if len(value) <= _LONGEST else None


@lru_cache(maxsize=4096)  # records of one second come in hundreds
def _parsed(value: str) -> datetime | None:
    try:
        if _SECONDS.fullmatch(value):
            return datetime.fromtimestamp(float(value), UTC)
        if _ISO_TIME.fullmatch(value):
            return _in_utc(datetime.fromisoformat(_SPACE_BEFORE_ZONE.sub("", value.upper().replace(",", "."))))
        found = _US_TIME.fullmatch(value)
        return _in_utc(_us_time(found)) if found else None
    except (ValueError, OverflowError, OSError):
        return None


def not_after(value: str, received: datetime | None) -> datetime | None:
    """Return the time `value`, or `received` where it is no time or a later one: nobody writes from the future."""
    time = parsed(value) if value else None
    return received if time is None or (received is not None and time > received) else time


def _us_time(found: re.Match[str]) -> datetime:
    month, day, year, hour, minute, second, half, zone = found.groups()
    hours = int(hour)
    if half:
        if not 1 <= hours <= 12:
            raise ValueError("no hour of half a day")
        hours = hours % 12 + (12 if half.upper() == "PM" else 0)
    date = f"{year if len(year) == 4 else '20' + year}-{int(month):02}-{int(day):02}"
    return datetime.fromisoformat(f"{date} {hours:02}:{minute}:{second or '00'}{(zone or '').upper()}")


def _in_utc(time: datetime) -> datetime:
    return (time if time.tzinfo else time.replace(tzinfo=UTC)).astimezone(UTC)
