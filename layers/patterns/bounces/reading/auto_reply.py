"""Automatic replies (RFC 3834), those that say so and those that only look it. They are no bounces."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Final

from bounces.knowledge import read_table
from bounces.reading.phrases import Phrases, folded

_ANSWER: Final = re.compile(r"^(?:(?:re|aw|antw|sv|fwd?) ?: ?){1,3}")


class Wording:
    """The texts and expressions of `auto_reply.toml`."""

    __slots__ = ("headers", "names", "subject_starts", "subjects", "unsubscriptions")

    def __init__(
        self,
        headers: tuple[tuple[str, re.Pattern[str]], ...],
        names: frozenset[str],
        subjects: Phrases,
        subject_starts: tuple[str, ...],
        unsubscriptions: re.Pattern[str],
    ) -> None:
        self.headers = headers
        self.names = names
        self.subjects = subjects
        self.subject_starts = subject_starts
        self.unsubscriptions = unsubscriptions


@cache
def _wording() -> Wording:
    lists = read_table("reading/auto_reply.toml")
    subjects: list[str] = lists["subjects"]["any"]
    return Wording(
        headers=tuple((name, re.compile(pattern, re.IGNORECASE)) for name, pattern in lists["headers"].items()),
        names=frozenset(lists["headers"]),
        subjects=Phrases(text for text in subjects if not text.startswith("^")),
        subject_starts=tuple(text[1:] for text in subjects if text.startswith("^")),
        unsubscriptions=re.compile("|".join(lists["unsubscriptions"]["any"]), re.IGNORECASE),
    )


def is_unsubscription(text: str) -> bool:
    """Say whether `text` is what a mail program writes that unsubscribes its user by mail (RFC 2369 3.2)."""
    return _wording().unsubscriptions.search(text) is not None


def subject_sign(subject: str) -> str | None:
    """Return what `subject` has of an automatic reply's, or None where it has nothing."""
    words = folded(subject[:400])
    found = _wording().subjects.first_in(words)
    if found is None and _ANSWER.sub("", words).startswith(_wording().subject_starts):
        found = words[:8]
    return found


def sign_of(headers: Mapping[str, Sequence[str]], subject: str) -> str | None:
    """Return the sign by which a mail with `headers` is an automatic reply, in words, or None where it is none."""
    name = header_sign(headers)
    if name is not None:
        return f"{name} header"
    found = subject_sign(subject)
    return f"subject says {found!r}" if found else None


def header_sign(headers: Mapping[str, Sequence[str]]) -> str | None:
    """Return the header by which a mail with `headers` says that it is an automatic reply, or None where none does."""
    if not headers.keys().isdisjoint(_wording().names):
        for name, pattern in _wording().headers:
            if any(pattern.search(value[:200]) for value in headers.get(name, ())):
                return name
    return None
