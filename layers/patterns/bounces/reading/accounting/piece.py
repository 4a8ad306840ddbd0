"""One record as it stands in a body, before it is known what it says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bounces.reading.accounting.limits import MAX_RECORD


@dataclass(frozen=True, slots=True)
class Piece:
    """A record: its place in the body, its bytes, and its fields, or the reason why it has none.

    `place` is the line on which a row begins, or the number of a JSON record, both from 1.
    """

    place: int
    raw: bytes
    fields: Mapping[str, Any] | None
    reason: str | None

    @property
    def is_long(self) -> bool:
        """Whether the record is longer than what is kept of one in full."""
        return len(self.raw) > MAX_RECORD
