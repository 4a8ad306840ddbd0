"""An operator's patterns: what each line says, and the set that they make.

The syntax is read and written in `operator_syntax`; docs/patterns.md explains it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from enum import StrEnum
from typing import Final, NamedTuple

MAX_PATTERNS: Final = 100_000
MAX_EXPRESSIONS: Final = 1_000
MAX_TEXT: Final = 500  # characters of one pattern
MAX_CHARACTERS: Final = 10_000_000  # of all patterns' texts together: some 500 MB once compiled


class Outcome(StrEnum):
    """What an operator's pattern decides."""

    HARD = "Hard"
    SOFT = "Soft"
    IGNORE = "Ignore"


class OperatorPattern(NamedTuple):
    """One line of an operator's set. `line` is the line as it was written, and what is exported again."""

    line: str
    text: str
    outcome: Outcome
    category: str | None = None
    scope: str | None = None
    is_expression: bool = False
    enabled: bool = True


class Remark(NamedTuple):
    """A comment or an empty line, kept for the export."""

    line: str


class Refused(NamedTuple):
    """A line that is no pattern: its number (from 1), the line, and why."""

    number: int
    line: str
    reason: str


class OperatorPatterns:
    """An ordered set of patterns; the first that matches wins. `version` names it in verdicts."""

    __slots__ = ("entries", "version")

    def __init__(self, entries: tuple[OperatorPattern | Remark, ...] = (), version: str | None = None) -> None:
        self.entries: Final = entries
        self.version: Final = version

    def with_entries(self, entries: tuple[OperatorPattern | Remark, ...]) -> OperatorPatterns:
        """Return a set of other `entries` under the same version."""
        return OperatorPatterns(entries, self.version)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, OperatorPatterns):
            return NotImplemented
        return self.entries == other.entries and self.version == other.version

    def __hash__(self) -> int:
        return hash((self.entries, self.version))

    def __iter__(self) -> Iterator[OperatorPattern]:
        """Yield the patterns in their order, those that are off too."""
        return (entry for entry in self.entries if isinstance(entry, OperatorPattern))

    def __len__(self) -> int:
        return sum(1 for _ in self)


NO_PATTERNS: Final = OperatorPatterns()


def version_of(text: str) -> str:
    """Return a version for a set without one of its own: the same text, the same version."""
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:12]
