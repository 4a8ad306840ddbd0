"""Bounces written for people only: no machine-readable part, or none that names anyone.

Fifty mail systems write fifty texts, and all of them are one shape: an explanation, in it the recipients, near each
the remote's words, and after it the returned message or its header. What differs is wording, and that is data
(`prose.toml`). `signs` says whether a mail is such a bounce, this module where its explanation ends and what it
reports; `named` says whom it names, `explanation` what is said of each.
"""

from __future__ import annotations

import re
from typing import Final

from bounces.reading.fields import header_section
from bounces.reading.limits import MAX_HEADER_TEXT
from bounces.reading.phrases import folded
from bounces.reading.wording import DELAYS, FINALS, MARKS, wording
from bounces.records import Event

_DECORATION: Final = "-=_*+#~>|"
# Exim follows its separator with more lines of the kind: how long the message was, and how much of it is here.
_RULE: Final = "-----"
_RULES: Final = re.compile(r"\A(?:-----[^\n]*\n\s*){1,4}")
_HEADER_LINES: Final = ("received:", "return-path:")
# Fields that are in every returned header, and seldom in the few that an explanation tells of it.
_UNMARKED: Final = ("\nmessage-id:", "\nmime-version:")
_FIELD: Final = re.compile(r"[a-z][a-z0-9-]{1,76}:(?:[ \t]|$)")
_FEWEST_FIELDS: Final = 3
_QUOTED_HEADER: Final = re.compile(r"^> ?(?:from|to|subject|date|message-id|received|return-path): ", re.MULTILINE)


def split(text: str) -> tuple[str, dict[str, list[str]], str]:
    """Return the explanation in `text`, the headers of the returned message that follows it, and all that follows."""
    lower = text.lower()
    if len(lower) != len(text):
        lower = text  # a few letters are longer in lower case, and places must be those of the text
    end, start = _separator(lower)
    if end == len(text):
        end = start = _unmarked_header(lower)
    quoted = _QUOTED_HEADER.search(lower, 0, end) if "\n>" in lower else None
    if quoted and lower[: quoted.start()].strip():
        end = start = quoted.start()
    rest = text[start:].lstrip("\n ")
    if rest.startswith(_RULE):
        rest = _RULES.sub("", rest, count=1)
    return text[:end], header_section(rest[:MAX_HEADER_TEXT]), rest


def unquoted(explanation: str) -> str:
    """Return `explanation` without the lines that a person quotes in an answer: what they say is said of others."""
    return "\n".join([line for line in explanation.split("\n") if not line.startswith(">")])


def dequoted(text: str) -> str:
    """Return `text` without the marks of a quotation, as a person's mail program sets them before a mail's lines."""
    if "\n>" not in text and text[:1] != ">":
        return text
    return "\n".join([line[1:].removeprefix(" ") if line.startswith(">") else line for line in text.split("\n")])


def _separator(text: str) -> tuple[int, int]:
    """Return where the explanation in `text` (lower case) ends, and where what is returned begins."""
    known = wording()
    for found in known.separator_line.finditer(text):
        if found.group(1) not in known.separator_prefixes:
            continue
        start = found.start() + 1
        end = text.find("\n", start)
        line = text[start : end if end >= 0 else len(text)]
        words = line[:160].strip(MARKS)
        if words in known.separators:
            if line[:1] not in _DECORATION and not text[:start].rstrip(" \t").endswith("\n\n"):
                continue  # the end of a sentence
        elif not words.startswith(known.separator_starts):
            continue
        if len(text[:start].strip()) > 3:
            return start, start if words.startswith(_HEADER_LINES) else start + len(line) + 1
    return len(text), len(text)


def _unmarked_header(text: str) -> int:
    """Return where a header begins in `text` (lower case) that no line leads to, or the length of `text`.

    It is a paragraph of fields from the first column, behind words that name an address.
    """
    for mark in _UNMARKED:
        place = text.find(mark)
        if place < 0:
            continue
        start = text.rfind("\n\n", 0, place + 1) + 2
        if start < 2 or "@" not in text[:start]:
            continue
        end = text.find("\n\n", place)
        fields = [line for line in text[start : end if end >= 0 else len(text)].split("\n") if line[:1] not in " \t"]
        if len(fields) >= _FEWEST_FIELDS and all(_FIELD.match(line) for line in fields):
            return start
    return len(text)


def rejects(explanation: str) -> bool:
    """Say whether the folded `explanation` of a disposition notification says that the mail was refused."""
    return wording().rejections.first_in(explanation) is not None


def event_of(subject: str, told: frozenset[str]) -> Event:
    """Return what a bounce in prose reports, whose explanation tells what the lists `told` have: failure, or delay."""
    if FINALS in told:
        return Event.BOUNCE
    delayed = DELAYS in told or DELAYS in wording().told.lists_in(folded(subject))
    return Event.DELAY if delayed else Event.BOUNCE
