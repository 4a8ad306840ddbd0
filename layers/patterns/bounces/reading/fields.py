"""Blocks of header-like fields: a delivery status, a feedback report, a returned message's header section."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from bounces.reading.limits import MAX_HEADERS, MAX_STATUS_FIELD

# Characters of a field's name, and of the blanks between it and the colon.
_MAX_NAME: Final = 77
_MAX_BLANKS: Final = 40
# Characters of a value's type.
_MAX_TYPE: Final = 41
_BLANKS: Final = " \t"
_NOTHING: Final = " \t\r\f\v"
# What may stand before a returned header that is quoted.
_QUOTING: Final = " \t>"
_MAX_QUOTING: Final = 4
_BLANK_LINES: Final = re.compile(r"\n\s*\n")
_COMMENT: Final = re.compile(r"\([^()]{0,998}\)")


def fields(text: str) -> Iterator[tuple[str, str]]:
    """Yield each field of `text` as (name in lower case, value unfolded); ("", "") stands for a blank line.

    Blank lines in a row are one. A line that is neither a field nor the continuation of one belongs to the field
    before it: mail systems forget to indent what they fold.
    """
    if "\n\n\n" in text or "\n \n" in text:
        text = _BLANK_LINES.sub("\n\n", text)
    name, blank = "", True
    value: list[str] = []  # the lines of the field's value
    room = 0  # for more characters of it
    start, length = 0, len(text)
    while start < length:
        end = text.find("\n", start)
        line = text[start : end if end >= 0 else length]
        start = end + 1 if end >= 0 else length
        head, colon, rest = line.partition(":")
        first = head.rstrip(_BLANKS)
        if colon and _is_name(first) and len(head) - len(first) <= _MAX_BLANKS:
            if name:
                yield name, _unfolded(value)
            name, blank = first.lower(), False
            value = [rest[:MAX_STATUS_FIELD]]
            room = MAX_STATUS_FIELD - len(value[0])
        elif line.strip(_NOTHING):
            if name and room > 0:
                value.append(line.lstrip(_BLANKS)[:room])
                room -= len(value[-1]) + 1
            blank = False
        elif not blank:
            if name:
                yield name, _unfolded(value)
                name = ""
            yield "", ""
            blank = True
    if name:
        yield name, _unfolded(value)


def header_section(text: str) -> dict[str, list[str]]:
    """Return the header section at the start of `text` by lower-case name, up to the first blank line.

    A field goes on in the lines that are indented (RFC 5322 2.2.3). Some systems quote a returned header with `>`.
    """
    headers: dict[str, list[str]] = {}
    name, count = "", 0
    value: list[str] = []  # the lines of the field's value
    start, length = 0, len(text)
    while start < length and count < MAX_HEADERS:
        end = text.find("\n", start)
        line = text[start : end if end >= 0 else length]
        if start and end >= 0 and not line.strip(_QUOTING):
            break
        start = end + 1 if end >= 0 else length
        if name and line[:1] in (" ", "\t"):
            value.append(line)
            continue
        if name:
            _add(headers, name, value)
            name = ""
        head, colon, rest = line.partition(":")
        first = head.lstrip("> ")
        if colon and len(head) - len(first) <= _MAX_QUOTING and _is_name(first):
            name, value = first.lower(), [rest]
            count += 1
    if name:
        _add(headers, name, value)
    return headers


def _add(headers: dict[str, list[str]], name: str, lines: list[str]) -> None:
    values = headers.get(name)  # what mypyc makes of `setdefault` raises an error for each name that is new
    if values is None:
        headers[name] = [_unfolded(lines)]
    else:
        values.append(_unfolded(lines))


def _is_name(text: str) -> bool:
    """Say whether `text` is a field's name: a letter, then letters, digits, hyphens and underscores."""
    return 1 < len(text) <= _MAX_NAME and _is_spelt_as_name(text)


@lru_cache(maxsize=512)  # mails have a few dozen names of fields between them, and each mail most of those
def _is_spelt_as_name(text: str) -> bool:
    return text.isascii() and text[0].isalpha() and text.replace("-", "_").isidentifier()


def _unfolded(lines: list[str]) -> str:
    return lines[0].strip() if len(lines) == 1 else " ".join([line.strip() for line in lines])


def without_comments(value: str) -> str:
    """Return `value` without its RFC 5322 comments."""
    return _COMMENT.sub(" ", value).strip() if "(" in value else value.strip()


def typed(value: str) -> tuple[str, str]:
    """Split an RFC 3464 2.1.2 value such as `rfc822; user@example.com` into its type (lower case) and the rest."""
    kind, semicolon, rest = value.partition(";")
    kind = kind.strip()
    if semicolon and len(kind) <= _MAX_TYPE and "_" not in kind and _is_name(kind):
        return kind.lower(), rest.strip()
    return "", value.strip()
