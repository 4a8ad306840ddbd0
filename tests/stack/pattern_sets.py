"""Saving patterns in tests."""

from datetime import UTC, datetime
from typing import Any, Final

from bounces.patterns import parse_patterns
from bounces.store import Note, PatternStore, Version
from tests.stack import in_memory

TABLE: Final = "PatternsTable"
NOON: Final = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
TRAP: Final = "550 5.7.1 Unfortunately, messages from==>Hard"


def emptied() -> PatternStore:
    """Return the store of patterns, with nothing in its table."""
    in_memory.clear(TABLE, ("part", "item"))
    return PatternStore(TABLE)


def note(why: str = "tested", author: str = "ann", what: str = "edited", at: datetime = NOON) -> Note:
    """Return who saves, when, what and why."""
    return Note(author, at, what, why)


def save(
    store: PatternStore, text: str, base: Version | None = None, policy: str | None = None, **said: Any
) -> Version:
    """Save `text` as the version after `base`."""
    return store.save(text, len(parse_patterns(text)[0]), policy, note(**said), base)
