"""Automatic replies (RFC 3834), those that say so and those that only look it. They are no bounces."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files


@cache
def _wording() -> tuple[tuple[tuple[str, re.Pattern[str]], ...], re.Pattern[str], re.Pattern[str]]:
    lists = tomllib.loads(files("bounces.reading").joinpath("auto_reply.toml").read_text("utf-8"))
    headers = tuple((name, re.compile(pattern, re.IGNORECASE)) for name, pattern in lists["headers"].items())
    return headers, _either(lists["subjects"]["any"]), _either(lists["unsubscriptions"]["any"])


def _either(patterns: list[str]) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns), re.IGNORECASE)


def is_unsubscription(text: str) -> bool:
    """Say whether `text` is what a mail program writes that unsubscribes its user by mail (RFC 2369 3.2)."""
    return _wording()[2].search(text) is not None


def is_subject(subject: str) -> bool:
    """Say whether `subject` is that of an automatic reply."""
    return _wording()[1].search(subject[:400]) is not None


def sign_of(headers: Mapping[str, Sequence[str]], subject: str) -> str | None:
    """Return the sign by which a mail with `headers` is an automatic reply, in words, or None where it is none."""
    marks, subjects, _ = _wording()
    for name, pattern in marks:
        if any(pattern.search(value[:200]) for value in headers.get(name, ())):
            return f"{name} header"
    found = subjects.search(subject[:400])
    return f"subject says {found.group().strip().lower()!r}" if found else None
