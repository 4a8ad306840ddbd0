"""What a scan has in hand: the mails of one batch, and what is left of its limits."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Final

from bounces.mailbox.ports import HandedIn, Listed, Place
from bounces.reading import Reading

BATCH_MAILS: Final = 50
BATCH_BYTES: Final = 16 * 1024 * 1024
"""Mails are fetched until a batch has this many bytes: with one mail more, it is what a scan has in memory."""


@dataclass(frozen=True, slots=True)
class Limits:
    """When a scan stops though more mails wait: after so many mails, or seconds."""

    mails: int
    seconds: float


class Budget:
    """What is left of a scan's limits."""

    def __init__(self, limits: Limits, clock: Callable[[], float]) -> None:
        """Begin now, as `clock` has it, which counts seconds."""
        self._clock = clock
        self._end = clock() + limits.seconds
        self._mails = limits.mails

    def spend(self) -> bool:
        """Say whether another mail may be fetched, and if so, count it."""
        if self.is_spent:
            return False
        self._mails -= 1
        return True

    @property
    def is_spent(self) -> bool:
        """Whether no further mail may be fetched."""
        return self._mails <= 0 or self._clock() >= self._end


@dataclass(frozen=True, slots=True)
class Sorted:
    """A mail that is done with: safe unless its place is `Place.FAILED`, and filed where that was possible."""

    listed: Listed
    place: Place
    reading: Reading
    mark: str | None = None  # by which a state knows its bytes; None where there are none


@dataclass(slots=True)
class Batch:
    """Mails that a scan handles together. `done` is the highest number that was looked at."""

    done: int
    sorted: list[Sorted] = field(default_factory=list)
    to_hand_in: list[HandedIn] = field(default_factory=list)
    size: int = 0
    is_last: bool = False  # nothing waits behind it
    dropped: Exception | None = None  # what ended the session behind it

    @property
    def is_full(self) -> bool:
        """Whether no further mail goes into it."""
        return len(self.sorted) >= BATCH_MAILS or self.size >= BATCH_BYTES

    def by_place(self) -> dict[Place, list[Listed]]:
        """Return its mails by where they belong."""
        found: dict[Place, list[Listed]] = {}
        for mail in self.sorted:
            found.setdefault(mail.place, []).append(mail.listed)
        return found

    def marks_of(self, mails: Collection[Listed]) -> list[str]:
        """Return by which marks a state knows those of `mails` whose bytes were had."""
        wanted = frozenset(mails)
        return [mail.mark for mail in self.sorted if mail.mark is not None and mail.listed in wanted]
