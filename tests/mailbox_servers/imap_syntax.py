"""The little of IMAP's syntax that the scripted server reads (RFC 3501 9)."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from typing import Final

Token = "str | list[Token]"
_ATOM: Final = re.compile(r'(?:[^\s()"\[]|\[[^\]]*\])+')
STAR: Final = 1 << 40


def tokens(text: str) -> list[str | list[str]]:
    """Return the words of a command: atoms, quoted strings without their quotes, and lists in parentheses."""
    found: list[str | list[str]] = []
    group: list[str] | None = None
    at = 0
    while at < len(text):
        character = text[at]
        if character == " ":
            at += 1
        elif character == "(":
            group, at = [], at + 1
        elif character == ")":
            found.append(group or [])
            group, at = None, at + 1
        else:
            word, at = _word(text, at)
            if group is None:
                found.append(word)
            else:
                group.append(word)
    return found


def _word(text: str, at: int) -> tuple[str, int]:
    if text[at] == '"':
        word, at = "", at + 1
        while text[at] != '"':
            at += text[at] == "\\"
            word += text[at]
            at += 1
        return word, at + 1
    match = _ATOM.match(text, at)
    if match is None:
        raise ValueError(f"no atom at {text[at:]!r}")
    return match[0], match.end()


def ranges(text: str) -> Iterator[tuple[int, int]]:
    """Yield the ranges of a sequence set; `*` is `STAR`."""
    for part in text.split(","):
        low, _, high = part.partition(":")
        first, last = (STAR if end == "*" else int(end) for end in (low, high or low))
        yield min(first, last), max(first, last)


def within(numbers: list[int], text: str) -> set[int]:
    """Return those of `numbers`, which rise, that the set `text` names; `n:*` always names the last (6.4.8)."""
    if not numbers:
        return set()
    last = numbers[-1]
    found: set[int] = set()
    for low, high in ranges(text):
        ends = sorted((last if low == STAR else low, last if high == STAR else high))
        found.update(numbers[bisect_left(numbers, ends[0]) : bisect_right(numbers, ends[1])])
    return found


def quoted(text: str) -> bytes:
    """Return `text` as a quoted string."""
    return b'"' + text.replace("\\", "\\\\").replace('"', '\\"').encode("ascii") + b'"'
