"""Blocks of header-like fields: a delivery status, a feedback report, a returned message's header section."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bounces.reading.limits import MAX_HEADERS, MAX_STATUS_FIELD

# A field's first line, a blank line, or any other line, which continues the field before.
_LINE = re.compile(
    r"^(?:([A-Za-z][A-Za-z0-9_-]{1,76})[ \t]{0,40}:[ \t]*([^\n]*)|[ \t\r\f\v]*$|[ \t]*([^\n]*))", re.MULTILINE
)
# A header field with the lines that continue it (RFC 5322 2.2.3). Some systems quote a returned header with `>`.
_HEADER = re.compile(r"^[> ]{0,4}([A-Za-z][A-Za-z0-9_-]{1,76}):[ \t]*([^\n]*(?:\n[ \t]+[^\n]+)*)", re.MULTILINE)
_BLANK_LINE = re.compile(r"\n[ \t>]*\n")
_BLANK_LINES = re.compile(r"\n\s*\n")
_COMMENT = re.compile(r"\([^()]{0,998}\)")
_ENTITY = re.compile(r"^\s{0,40}([A-Za-z][A-Za-z0-9-]{1,40})\s{0,40};\s{0,40}(.*)$", re.DOTALL)


def fields(text: str) -> Iterator[tuple[str, str]]:
    """Yield each field of `text` as (name in lower case, value unfolded); ("", "") stands for a blank line.

    Blank lines in a row are one. A line that is neither a field nor the continuation of one belongs to the field
    before it: mail systems forget to indent what they fold.
    """
    if "\n\n\n" in text or "\n \n" in text:
        text = _BLANK_LINES.sub("\n\n", text)
    name, value, blank = "", "", True
    for line in _LINE.finditer(text):
        first, start, more = line.groups()
        if first:
            if name:
                yield name, value.strip()
            name, value, blank = first.lower(), start[:MAX_STATUS_FIELD], False
        elif more:
            if name and len(value) < MAX_STATUS_FIELD:
                value = f"{value.rstrip()} {more[: MAX_STATUS_FIELD - len(value)]}"
            blank = False
        elif not blank:
            if name:
                yield name, value.strip()
                name = ""
            yield "", ""
            blank = True
    if name:
        yield name, value.strip()


def header_section(text: str) -> dict[str, list[str]]:
    """Return the header section at the start of `text` by lower-case name, up to the first blank line."""
    headers: dict[str, list[str]] = {}
    end = _BLANK_LINE.search(text)
    for name, value in _HEADER.findall(text, 0, end.start() if end else len(text))[:MAX_HEADERS]:
        if "\n" in value:
            value = " ".join(value.split())
        headers.setdefault(name.lower(), []).append(value.strip())
    return headers


def without_comments(value: str) -> str:
    """Return `value` without its RFC 5322 comments."""
    return _COMMENT.sub(" ", value).strip() if "(" in value else value.strip()


def typed(value: str) -> tuple[str, str]:
    """Split an RFC 3464 2.1.2 value such as `rfc822; user@example.com` into its type (lower case) and the rest."""
    found = _ENTITY.match(value)
    return (found.group(1).lower(), found.group(2).strip()) if found else ("", value.strip())
