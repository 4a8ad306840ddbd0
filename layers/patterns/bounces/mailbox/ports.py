"""What a scan stands between: a mailbox's session, the door that mails are handed in at, and the state of the scan."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from bounces.reading import Reading


class Place(StrEnum):
    """Where a mail belongs once it has been handed in."""

    PROCESSED = "processed"  # it says something of an address
    UNRECOGNISED = "unrecognised"  # it says nothing that is understood, or does not say of whom
    FAILED = "failed"  # it could not be had from the server as a whole, which is safe nowhere but in the mailbox


@dataclass(frozen=True, slots=True)
class Listed:
    """A mail that waits in a mailbox.

    `number` rises in the order of arrival and is never given twice within an epoch (IMAP's UID, an mbox's offset); 0
    where a mailbox has no such number. `name` is what the mailbox knows the mail by: the UID as text, POP3's UIDL, a
    Maildir's unique name.
    """

    number: int
    name: str
    size: int | None = None  # bytes, as the mailbox says, if it is asked; it may be wrong


@dataclass(frozen=True, slots=True)
class Fetched:
    """A mail out of a mailbox."""

    listed: Listed
    raw: bytes
    received_time: datetime  # aware, UTC: when the mailbox got it, never later than now
    is_whole: bool = True  # False: longer than what is taken of a mail, of which this is the beginning


@dataclass(frozen=True, slots=True)
class HandedIn:
    """A mail as a door gets it. `digest` is of its bytes: the same mail has it in any mailbox and under any name."""

    name: str  # for people: the mailbox and the mail's name there
    raw: bytes
    digest: str  # SHA-256 in hex
    received_time: datetime
    envelope_recipients: tuple[str, ...]  # candidates, the one with a token of ours first
    reading: Reading  # what it says, as the reader has it; effects come of reading it again behind the door
    is_whole: bool = True


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a mailbox was worked off: of the epoch `epoch` (UIDVALIDITY), all mails up to the number `done`.

    But for `missed`, the numbers of mails that could not be had and still are where they were. Where mails have no
    numbers, `epoch` is a digest of the names of all mails when the last of them was done, and of about when that was.
    """

    epoch: str = ""
    done: int = 0
    missed: tuple[int, ...] = ()  # rising


class Session(Protocol):
    """A mailbox that is open. Every method may raise `MailboxError`; after `Disconnected` a new session may go on."""

    @property
    def epoch(self) -> str:
        """Within which numbers mean the same mails (UIDVALIDITY); "" where there are no numbers."""

    @property
    def keeps(self) -> bool:
        """Whether mails may still be where they were once they are filed."""

    def waiting(self, after: int) -> Iterator[Listed]:
        """Yield the mails with a number above `after`, in order; where there are no numbers, all."""

    def listed_again(self, numbers: Sequence[int]) -> Iterator[Listed]:
        """Yield the mails `numbers`, whether or not they are still there; none, where this cannot be told."""

    def fetch(self, listed: Listed) -> Fetched:
        """Return the mail `listed`, with its flags as they were.

        Raises `MailVanished` where it is no longer there, and `MailUnavailable` where it alone cannot be had.
        """

    def file(self, mails: Mapping[Place, Sequence[Listed]], *, again: bool) -> Collection[Listed]:
        """File `mails` as the mailbox's settings say, and return those that could not be. It is done when this returns.

        `again`: the scan before was cut off, so some of them may stand in their folders already.
        """

    def close(self) -> None:
        """End the session. Never raises."""


class Door(Protocol):
    """Where mails are handed in."""

    def take(self, mails: Sequence[HandedIn]) -> None:
        """Make `mails` safe. Once this has returned, none of them can be lost; where it raises, any of them may be."""


class State(Protocol):
    """How far the scan of one mailbox is, and who scans it."""

    def acquire(self) -> Progress:
        """Take the lease and return how far the mailbox was worked off. Raises `MailboxBusy` where another has it."""

    @property
    def was_cut_off(self) -> bool:
        """Whether the scan before this one did not end cleanly. Known once the lease is acquired."""

    def renew(self) -> None:
        """Make the lease last. Raises `LeaseLost` where another has it meanwhile: nothing further may be done."""

    def keep(self, progress: Progress) -> None:
        """Keep `progress`, and make the lease last. Raises `LeaseLost`."""

    def known(self, marks: Collection[str]) -> frozenset[str]:
        """Return those of `marks` that were remembered."""

    def remember(self, marks: Collection[str]) -> None:
        """Remember `marks`, each a text of at most 80 ASCII characters, for as long as the state keeps them."""

    def release(self, *, is_clean: bool) -> None:
        """Give the lease back, if it is still held. For the next scan, one that is not `is_clean` was cut off."""
