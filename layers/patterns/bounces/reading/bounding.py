"""Cutting a mail to what the reader looks at, on its bytes, before any parser sees them.

Parsers take what they are given: a mail of a million parts becomes a million objects, a part in ten thousand others
ends a recursive one. What is cut is named, so that a mail that might have said more is looked at by a person.
"""

from __future__ import annotations

import re
from typing import Final

from bounces.reading.limits import (
    MAX_BOUNDARIES,
    MAX_HEADER_SECTION,
    MAX_HEADERS,
    MAX_MAIL,
    MAX_NESTED,
    MAX_SLOW_LINES,
    MAX_SLOW_MAIL,
)

# A mail below this length, in bytes, cannot have more parts than a parser can bear, and needs no counting.
UNCOUNTED: Final = 1024 * 1024
_CR: Final = 13
_LINE_END: Final = re.compile(rb"\r\n?|\n")
_NESTING: Final = re.compile(rb"^content-type:[ \t]*(?:multipart|message)/", re.IGNORECASE | re.MULTILINE)


def bounded(raw: bytes, cuts: list[str]) -> tuple[bytes, int]:
    """Return the mail `raw` within the limits of size, headers and parts, and where its header section ends.

    What was beyond them is added to `cuts`.
    """
    if len(raw) > MAX_MAIL:
        raw = raw[:MAX_MAIL]
        cuts.append("mail")
    end = header_end(raw)
    if end > MAX_HEADER_SECTION or raw.count(b"\n", 0, end) > MAX_HEADERS:
        headers = _first_headers(raw[: min(end, MAX_HEADER_SECTION)])
        raw, end = headers + raw[end:], len(headers)
        cuts.append("headers")
    if len(raw) > UNCOUNTED and raw.count(b"\n--") > MAX_BOUNDARIES:
        raw = raw[: _place_of(raw, b"\n--", MAX_BOUNDARIES)]
        cuts.append("parts")
    return raw, end


def for_slow_parser(raw: bytes, cuts: list[str]) -> bytes:
    """Return the mail `raw` within what a recursive parser of nine times a mail's memory can be given."""
    if len(raw) > MAX_SLOW_MAIL:
        raw = raw[:MAX_SLOW_MAIL]
        cuts.append("mail")
    if len(raw) > MAX_SLOW_LINES and raw.count(b"\n") + raw.count(b"\r") > MAX_SLOW_LINES:
        for number, found in enumerate(_LINE_END.finditer(raw)):
            if number == MAX_SLOW_LINES:
                raw = raw[: found.start()]
                cuts.append("lines")
                break
    lower = raw.lower()
    if lower.count(b"multipart/") + lower.count(b"message/") <= MAX_NESTED:
        return raw  # which is told in a third of the time
    for number, found in enumerate(_NESTING.finditer(raw)):
        if number == MAX_NESTED:
            cuts.append("depth")
            return raw[: found.start()]
    return raw


def header_end(raw: bytes) -> int:
    """Return where the header section of `raw` ends: the place of its first blank line, or the mail's end."""
    first = raw.find(b"\n")
    crlf = first > 0 and raw[first - 1] == _CR
    marks = (b"\r\n\r\n", b"\n\n") if crlf else (b"\n\n", b"\r\n\r\n")
    end = raw.find(marks[0])
    before = end if end >= 0 else MAX_HEADER_SECTION
    other = raw.find(marks[1], 0, before) if marks[1] == b"\n\n" or raw.find(b"\r", 0, before) >= 0 else -1
    places = [place for place in (end, other) if place >= 0]
    return min(places) if places else len(raw)


def _first_headers(section: bytes) -> bytes:
    """Return the first headers of a header section, whole lines of them, without the last line end."""
    if section.count(b"\n") > MAX_HEADERS:
        section = section[: _place_of(section, b"\n", MAX_HEADERS)]
    whole = section.rfind(b"\n")
    return (section[:whole] if whole >= 0 else section).rstrip(b"\r\n")


def _place_of(raw: bytes, mark: bytes, number: int) -> int:
    """Return where the `number`-th `mark` (from 1) stands in `raw`."""
    place = -1
    for _ in range(number):
        place = raw.find(mark, place + 1)
    return place
