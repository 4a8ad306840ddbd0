"""What a saved set of an operator's patterns is: a version with who, when and why. Pure.

A version names two texts, the patterns and the policy, by their digests, so that a text is stored once however many
versions have it, and whoever reads it knows whether it is whole. The version's own id holds a digest of all that it
says: two edits that were made at once have two ids, and the same edit sent twice has one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

from bounces.errors import PatternError

MAX_AUTHOR: Final = 100  # characters
MAX_WHY: Final = 500
MAX_POLICY: Final = 20_000
MAX_CHUNK: Final = 290_000
"""Bytes of a text in one item: with its keys under 300 KB, and DynamoDB takes 400."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One saved set. `number` counts from 1; `parent` is the id of the version that it was made from."""

    number: int
    text: str  # digest of the patterns' text
    policy: str | None  # digest of the policy's text; None: our own policy holds
    patterns: int  # how many there are, those that are off too
    author: str
    at: datetime  # aware, UTC
    what: str  # what was changed, as whoever changed it says
    why: str
    parent: str | None = None

    @property
    def id(self) -> str:
        """Return what names this version and no other: its number and a digest of what it says."""
        said = repr((self.text, self.policy, self.patterns, self.author, self.at, self.what, self.why, self.parent))
        return f"{self.number:08d}.{hashlib.sha256(said.encode('utf-8', 'backslashreplace')).hexdigest()[:20]}"

    @property
    def name(self) -> str:
        """Return how people and verdicts name it: its number."""
        return str(self.number)


@dataclass(frozen=True, slots=True)
class Note:
    """Who saves, when (aware, UTC), what was changed, and why."""

    author: str
    at: datetime
    what: str
    why: str

    def checked(self) -> Note:
        """Return the note as it is kept, in whole seconds. Raises `PatternError` where it does not say who and why."""
        at = self.at.astimezone(UTC).replace(microsecond=0)
        note = replace(self, author=self.author.strip(), why=self.why.strip(), at=at)
        if not note.author or not note.why:
            raise PatternError("a version is saved with who (author) and why; one of the two is empty")
        if len(note.author) > MAX_AUTHOR or len(note.why) > MAX_WHY:
            raise PatternError(
                f"who has at most {MAX_AUTHOR} characters, why at most {MAX_WHY}; shorten what is longer"
            )
        return replace(note, what=note.what[:MAX_WHY])


def digest_of(text: str) -> str:
    """Return what a text is stored under: the SHA-256 of its bytes."""
    return hashlib.sha256(text.encode()).hexdigest()


NOTHING: Final = digest_of("")
"""The digest of the empty text, which is stored nowhere."""


def chunks_of(text: str) -> Iterator[bytes]:
    """Yield the bytes of `text` in pieces of `MAX_CHUNK`."""
    written = text.encode()
    for start in range(0, len(written), MAX_CHUNK):
        yield written[start : start + MAX_CHUNK]
