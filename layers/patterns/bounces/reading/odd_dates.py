"""Dates that are not written as RFC 5322 3.3 has them: its obsolete forms (4.3), asctime's, those of people.

The stdlib reads such dates too, with `email.utils`, whose import takes as long as reading a hundred mails.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone
from typing import Final

MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
ZONES: Final = {
    "ut": 0, "utc": 0, "gmt": 0, "z": 0,
    "est": -5, "edt": -4, "cst": -6, "cdt": -5, "mst": -7, "mdt": -6, "pst": -8, "pdt": -7,  # RFC 5322 4.3
    "akst": -9, "akdt": -8, "hst": -10, "wet": 0, "west": 1, "cet": 1, "cest": 2, "met": 1, "mest": 2, "eet": 2,
    "eest": 3, "msk": 3, "jst": 9, "kst": 9, "aest": 10, "aedt": 11, "nzst": 12, "nzdt": 13,
}  # fmt: skip
"""Hours ahead of UTC of the names that mean one zone; a name that means several (IST, BST) is none of them."""

# A zone as a number, though not the year of 29-Apr-2012; a clock; a number; a word.
_PART: Final = r"(?<![a-z])[+-]\d{4}(?!\d)|\d{1,2}:\d{2}(?::\d{2})?|\d{1,4}(?!\d)|[a-z]+"
_NOON: Final = 12
_LAST_SECOND: Final = 59  # a leap second is none of Python's
_CENTURY: Final = 100
_PIVOT: Final = 50  # RFC 5322 4.3: 00 to 49 are of this century


def read_odd_date(value: str) -> datetime:
    """Return the date `value` in UTC; without a zone that is known it is taken as UTC. Raises `ValueError`.

    A date is one month's name, a day, a year and a clock, in any order in which the day comes before the year.
    """
    with suppress(ValueError):
        time = datetime.fromisoformat(value)
        return time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)
    parts = re.findall(_PART, value.lower())
    months = [MONTHS.index(part[:3]) + 1 for part in parts if part[:3] in MONTHS]
    clocks = [part for part in parts if ":" in part]
    numbers = [part for part in parts if part.isdecimal()]
    if not months or not clocks or len(numbers) < 2:
        raise ValueError("a date has a month's name, a day, a year and a clock")
    day, year = numbers[:2]
    hour, minute, *second = map(int, clocks[0].split(":"))
    if "pm" in parts or "am" in parts:
        hour = hour % _NOON + (_NOON if "pm" in parts else 0)
    seconds = min(second[0], _LAST_SECOND) if second else 0
    zone = next(_zones(parts), UTC)
    return datetime(_year(year), months[0], int(day), hour, minute, seconds, tzinfo=zone).astimezone(UTC)


def _zones(parts: list[str]) -> Iterator[timezone]:
    for part in parts:
        if part[0] in "+-":
            away = timedelta(hours=int(part[1:3]), minutes=int(part[3:]))
            yield timezone(away if part[0] == "+" else -away)
        elif part in ZONES:
            yield timezone(timedelta(hours=ZONES[part]))


def _year(digits: str) -> int:
    year = int(digits)
    if year >= 10 * _CENTURY:
        return year
    if len(digits) > 2:
        return year + 19 * _CENTURY  # of three digits, which programs wrote that count from 1900
    return year + (20 if year < _PIVOT else 19) * _CENTURY
