"""What the codes say where the words say nothing: enhanced status codes (RFC 3463 and its registry) and reply codes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Final, NamedTuple

from bounces.errors import PatternError, shown
from bounces.knowledge import read_table
from bounces.patterns.policy import categories

# What must stand before a code is looked for after its first digit, so that the search is for a digit.
_STATUS: Final = re.compile(r"[245](?<![\d.\w].)\.(\d{1,3})\.(\d{1,3})(?![\d\w]|\.\d)")
_REPLY: Final = re.compile(r"([245](?<![^\s:;>'\"(\[].)[0-5]\d)(?=[\s\-:;,]|$)")
_REFUSAL: Final = re.compile(r"[45](?<![^\s:;>'\"(\[].)[0-5]\d(?=[\s\-:;,])")
_TRANSIENT_START: Final = re.compile(r"(?:smtp; ?)?4\d\d[ -]")
TRANSIENT: Final = "4"


class Code(NamedTuple):
    """A code as the registry has it: its meaning, and the category that it says alone (None: it says nothing)."""

    code: str
    meaning: str
    category: str | None
    transient: str | None  # the category where the class is 4


@cache
def status_codes() -> Mapping[str, Code]:
    """Return the enhanced status codes by subject and detail (`1.1`), and the subjects alone (`1`)."""
    table = read_table("status-codes.toml")
    return _codes(table["subjects"]) | _codes(table["codes"])


@cache
def reply_codes() -> Mapping[str, Code]:
    """Return the reply codes that say something alone."""
    return _codes(read_table("reply-codes.toml")["codes"])


def meaning_of_status(status: str) -> tuple[Code, str] | None:
    """Return the code that `status` (such as 5.1.1) is, and the category it says; None where it says nothing.

    A detail that is not registered says what its subject says.
    """
    kind, _, rest = status.partition(".")
    code = status_codes().get(rest) or status_codes().get(rest.partition(".")[0])
    if code is None:
        return None
    category = code.transient if kind == TRANSIENT else code.category
    return (code, category) if category else None


def meaning_of_reply(reply_code: str) -> tuple[Code, str] | None:
    """Return the reply code and the category it says; None where it says nothing alone, as 550 does."""
    code = reply_codes().get(reply_code)
    return (code, code.category) if code and code.category else None


def statuses_in(text: str) -> list[str]:
    """Return the enhanced status codes in `text` that say more than x.0.0, in their order."""
    found = (match.group() for match in _STATUS.finditer(text))
    return [status for status in found if not status.endswith(".0.0")]


def reply_code_in(text: str) -> str | None:
    """Return the first reply code in `text`, or None."""
    found = _REPLY.search(text)
    return found.group(1) if found else None


def starts_as_transient(text: str) -> bool:
    """Say whether `text` starts with a number of class 4, also one that no RFC has: systems make up codes, as 498."""
    return _TRANSIENT_START.match(text) is not None


def reply_start(text: str) -> int:
    """Return where the first refusal by a receiver (4xx, 5xx) begins in `text`, or 0.

    What stands before it are the sending system's own words: which host it asked, at which command.
    """
    found = _REFUSAL.search(text)
    return found.start() if found else 0


def _codes(table: Mapping[str, Mapping[str, str]]) -> dict[str, Code]:
    found: dict[str, Code] = {}
    for code, entry in table.items():
        category = entry.get("category") or None
        transient = entry.get("transient", category) or None
        if not {category, transient} - {None} <= categories().keys():
            raise PatternError(f"code {shown(code)} with an unknown category")
        found[code] = Code(code, entry["meaning"], category, transient)
    return found
