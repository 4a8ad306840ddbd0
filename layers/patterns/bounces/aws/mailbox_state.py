"""How far the scan of a mailbox is, and who scans it, in the Mailboxes table of the stack.

**The lease.** A run takes it by a write that is refused where another one has taken it meanwhile, and every later write
is refused once somebody else has. It lasts `LEASE_SECONDS` and is made to last again when a third of that is gone, so
that it takes a difference of more than three minutes between two machines' clocks to have a run that is well taken for
dead, and that long for one that died to be noticed.

**Fencing.** A run that is paused between `renew` and what it does next, beyond its lease, does that late, when another
has taken over. No lease can keep it from that, since a mail server knows nothing of the lease; so everything that a run
does is made such that it may be done late, or twice: a mail is stored under its contents and announced again, which are
the same reports; mails are moved and flagged by their UIDs, which are never given to others; `keep`, which would take
the progress back, is refused; and a mark says what is true whoever writes it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from datetime import UTC, datetime
from typing import Final

from bounces.errors import LeaseLost, MailboxBusy, shown
from bounces.mailbox.ports import Progress
from bounces.store.mailbox_marks import MarkStore
from bounces.store.mailbox_scans import Scan, ScanStore

LEASE_SECONDS: Final = 300.0
RENEWED_BELOW: Final = 2 / 3
"""What part of a lease may be left at the most when it is renewed. More would be a write for nothing."""
MARK_SECONDS: Final = 400 * 24 * 3600
"""How long a mark is kept after it was last asked for: as long as history, which tells a mail that was read before."""
ATTEMPTS: Final = 3
"""Who is beaten to a lease finds it taken; more than a few changes in between are a fault."""


class TableState:
    """The state of one mailbox in the table (`bounces.mailbox.ports.State`)."""

    def __init__(
        self,
        table: str,
        mailbox_name: str,
        owner: str,
        lease_seconds: float = LEASE_SECONDS,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Name the table, the mailbox, and the run, `owner`, by a name that no other run has.

        `clock` returns seconds since 1970, as the clocks of all runs do. No call is made before `acquire`.
        """
        self._scans = ScanStore(table, mailbox_name)
        self._marks = MarkStore(table, mailbox_name)
        self._name = mailbox_name
        self._owner = owner
        self._seconds = lease_seconds
        self._clock = clock
        self._until = 0.0
        self._was_cut_off = False
        self._has_kept = False

    def acquire(self) -> Progress:
        """Take the lease and return how far the mailbox was worked off. Raises `MailboxBusy` where another has it."""
        mine: float | None = None
        for _ in range(ATTEMPTS):
            found = self._scans.read()
            if mine is not None and (found.owner, found.lease_until) == (self._owner, mine):
                return self._acquired(found, mine)  # the write took effect, and its answer was lost
            self._require_free(found)
            mine = self._end()
            self._was_cut_off = found.owner is not None or found.cut_off
            if self._scans.take(found, self._owner, mine, cut_off=self._was_cut_off):
                return self._acquired(found, mine)
        raise MailboxBusy(f"{self._name} was taken by others {ATTEMPTS} times in a row; it is scanned by them")

    @property
    def was_cut_off(self) -> bool:
        """Whether the scan before this one did not end cleanly. Known once the lease is acquired.

        One that ended cleanly and kept no progress is passed over: what the one before it left half done is still so.
        """
        return self._was_cut_off

    def renew(self) -> None:
        """Make the lease last, by a write only where a third of it is gone. Raises `LeaseLost`.

        A lease that is over by this clock is still held unless somebody has taken it: the write says so.
        """
        if self._until - self._clock() > self._seconds * RENEWED_BELOW:
            return
        until = self._end()
        if not self._scans.extend(self._owner, until):
            raise self._lost()
        self._until = until

    def keep(self, progress: Progress) -> None:
        """Keep `progress`, and make the lease last. Raises `LeaseLost`."""
        until = self._end()
        if not self._scans.keep(self._owner, until, progress.epoch, progress.done, progress.missed):
            raise self._lost()
        self._until = until
        self._has_kept = True

    def known(self, marks: Collection[str]) -> frozenset[str]:
        """Return those of `marks` that were remembered, and remember those anew that are half way to their end.

        So the mark of a mail that stays in its mailbox stays too, however long that is; without it an old bounce would
        be read again when no history tells any more that it was applied.
        """
        now = self._clock()
        found = self._marks.found(marks)
        self.remember([mark for mark, expires_at in found.items() if expires_at - now < MARK_SECONDS / 2])
        return frozenset(found)

    def remember(self, marks: Collection[str]) -> None:
        """Remember `marks`, each a text of at most 80 ASCII characters, for `MARK_SECONDS`."""
        self._marks.save(marks, int(self._clock()) + MARK_SECONDS)

    def release(self, *, is_clean: bool) -> None:
        """Give the lease back, if it is still held. For the next scan, one that is not `is_clean` was cut off."""
        passed_over = self._was_cut_off and not self._has_kept
        self._scans.give_back(self._owner, cut_off=passed_over or not is_clean)

    def _acquired(self, found: Scan, until: float) -> Progress:
        self._until = until
        return Progress(found.epoch, found.done, found.missed)

    def _require_free(self, found: Scan) -> None:
        if found.owner in (None, self._owner) or found.lease_until <= self._clock():
            return
        until = datetime.fromtimestamp(found.lease_until, UTC)
        raise MailboxBusy(
            f"{self._name} is scanned by {shown(found.owner)}, whose lease lasts until {until:%H:%M:%S} UTC; "
            "where that one has ended, wait until then"
        )

    def _end(self) -> float:
        """Return when a lease ends that begins now, in seconds since 1970, as the table keeps it."""
        return round(self._clock() + self._seconds, 3)

    def _lost(self) -> LeaseLost:
        return LeaseLost(f"another scan of {self._name} has taken over from {shown(self._owner)}, which stops")
