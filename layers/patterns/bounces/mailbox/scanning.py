"""Going through a mailbox: each mail is fetched, read, handed in, and filed once it is safe.

A scan may be cut off anywhere, and the next one goes on where it was. Mails go in batches, and of each batch, in this
order: they are fetched, handed in at the door, filed, and the progress is kept. What was handed in and not filed is
handed in again, which changes nothing: the door keeps a mail by its content, and effects are of its reports. What was
filed and not noted is no longer where it was. So no mail is lost, and none counts twice.
"""

from __future__ import annotations

import hashlib
import sys
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice, takewhile
from typing import Final

from bounces.errors import Disconnected, MailUnavailable, MailVanished
from bounces.mailbox.batches import BATCH_MAILS, Batch, Budget, Limits, Sorted
from bounces.mailbox.missed import Missed
from bounces.mailbox.ports import Door, Fetched, HandedIn, Listed, Place, Progress, Session, State
from bounces.mailbox.sorting import envelope_recipients, place_of
from bounces.reading import Arrival, Reading, read_mail
from bounces.records import Event, Source

IDLE_DROPS: Final = 4
"""How often the line may drop without a batch between, before the scan gives up."""
FILED_LATE: Final = 500
"""Mails of earlier scans that a scan tries to file once more."""
LOOKED_UP: Final = 100
"""Names that the state is asked about at once."""
ASKED_ANEW_SECONDS: Final = 100 * 24 * 3600
"""After how long the state is asked about all names though none is new: what is not asked for it forgets in the end."""


@dataclass(slots=True)
class Outcome:
    """What came of a scan."""

    taken: int = 0  # handed in at the door
    known: int = 0  # not handed in, since the same bytes were before
    places: Counter[Place] = field(default_factory=Counter)  # of those that are done with
    unfiled: int = 0  # safe, but still where they were, though they were to go elsewhere
    is_finished: bool = False  # nothing more waits


class _NotThere(Disconnected):
    """A mailbox that could not be opened: whoever opens it has tried long enough."""


def scan(
    mailbox_name: str,
    open_session: Callable[[], Session],
    door: Door,
    state: State,
    *,
    limits: Limits,
    clock: Callable[[], float] = time.monotonic,
    now: Callable[[], float] = time.time,
    on_filed: Callable[[Sorted], None] = lambda _sorted: None,
) -> Outcome:
    """Go through a mailbox from where the last scan was, within `limits`, and return what came of it.

    `mailbox_name` is what people know it by, `clock` counts seconds, `now` returns those since 1970, and `on_filed` is
    told of each mail that is done with. Raises `MailboxBusy` where another scan is under way, `LeaseLost` where another
    took over, `MailboxRefused` or `Disconnected` where the mailbox cannot be read, and what the door raises. What was
    done until then stays.
    """
    progress = state.acquire()
    scanner = _Scanner(mailbox_name, open_session, door, state, Budget(limits, clock), on_filed, progress, now())
    is_clean = False
    try:
        scanner.go()
        is_clean = True
    finally:
        scanner.close()
        state.release(is_clean=is_clean)
    return scanner.outcome


class _Scanner:
    """One scan of one mailbox."""

    def __init__(
        self,
        name: str,
        open_session: Callable[[], Session],
        door: Door,
        state: State,
        budget: Budget,
        on_filed: Callable[[Sorted], None],
        progress: Progress,
        now: float,
    ) -> None:
        self.outcome = Outcome()
        self._name = name
        self._open = open_session
        self._session: Session | None = None
        self._door = door
        self._state = state
        self._budget = budget
        self._on_filed = on_filed
        self._progress = progress
        self._before = progress  # how far earlier scans were
        self._may_be_filed = BATCH_MAILS if state.was_cut_off else 0  # of the next mails, what a batch held at most
        self._missed = Missed(name, progress.missed)
        self._idle_drops = 0
        self._names = 0  # a digest of the names seen, where mails have no numbers
        self._span = int(now // ASKED_ANEW_SECONDS)  # in which such a digest stands for the marks of its names

    def go(self) -> None:
        """Work off what waits, and then what earlier scans could not file. Raises as `scan` does."""
        while not self.outcome.is_finished and not self._budget.is_spent:
            try:
                self._follow_epoch()
                if self._work_off():
                    self._file_late()
                    self.outcome.is_finished = True
            except _NotThere:
                raise
            except Disconnected as dropped:
                self._dropped(dropped)

    def close(self) -> None:
        """End the session."""
        if self._session is not None:
            self._session.close()
            self._session = None

    def _here(self) -> Session:
        if self._session is None:
            try:
                self._session = self._open()
            except Disconnected as error:
                raise _NotThere(str(error)) from error
        return self._session

    def _dropped(self, dropped: Exception) -> None:
        """Have the next step open another session. Raises `Disconnected` where that leads nowhere."""
        self.close()
        self._may_be_filed = max(self._may_be_filed, BATCH_MAILS)
        self._idle_drops += 1
        if self._idle_drops >= IDLE_DROPS:
            raise Disconnected(f"{self._name}: the line dropped {IDLE_DROPS} times in a row: {dropped}") from dropped

    def _follow_epoch(self) -> None:
        """Begin anew where numbers mean other mails than before."""
        epoch = self._here().epoch
        if epoch and epoch != self._progress.epoch:
            if self._progress.epoch:
                self._may_be_filed = sys.maxsize  # under its old number, any of them
            self._missed.forget()
            self._progress = self._before = Progress(epoch)

    def _work_off(self) -> bool:
        """Handle batches until nothing waits (True), or a limit or a dropped line ends it (False)."""
        pending = self._pending()
        while not self._budget.is_spent:
            batch = self._gather(pending)
            if batch.dropped is not None:
                self._dropped(batch.dropped)
            self._finish(batch)
            if batch.is_last:
                self._keep_names()
                return True
            if self._session is None or batch.dropped is not None:
                return False
        return False

    def _pending(self) -> Iterator[Listed]:
        session = self._here()
        if session.epoch:
            waiting, again = session.waiting(self._progress.done), self._missed.listed(session)
            # New ones first, so that a small limit is not spent on the same mails each time.
            return chain(again, waiting) if self._missed.is_full else chain(waiting, again)
        if self._progress.epoch == self._digest(_name_number(listed) for listed in session.waiting(0)):
            return iter(())
        self._names = 0
        return self._unknown(session.waiting(0))

    def _unknown(self, listing: Iterator[Listed]) -> Iterator[Listed]:
        while chunk := list(islice(listing, LOOKED_UP)):
            self._names += sum(map(_name_number, chunk))
            known = self._state.known([_name_mark(listed) for listed in chunk])
            for listed in chunk:
                if _name_mark(listed) not in known and listed not in self._missed:
                    yield listed

    def _keep_names(self) -> None:
        if not self._here().epoch and self._names and not self._missed:
            self._state.keep(Progress(self._digest([self._names])))

    def _digest(self, numbers: Iterable[int]) -> str:
        """Return a digest of names, by their `numbers`, that does not depend on their order, and of the span of now."""
        return f"{sum(numbers) % 2**256:064x}.{self._span}"

    def _gather(self, pending: Iterator[Listed]) -> Batch:
        """Fetch and read the next mails of `pending`."""
        batch = Batch(self._progress.done)
        try:
            while not batch.is_full and self._budget.spend():
                listed = next(pending, None)
                if listed is None:
                    batch.is_last = True
                    break
                self._state.renew()
                self._fetch(listed, batch)
                batch.done = max(batch.done, listed.number)
        except _NotThere:
            raise
        except Disconnected as dropped:
            batch.dropped = dropped
        return batch

    def _fetch(self, listed: Listed, batch: Batch) -> None:
        try:
            mail = self._read(self._missed.fetch(self._here(), listed))
        except MailVanished:
            return
        except MailUnavailable as error:
            batch.sorted.append(Sorted(listed, Place.FAILED, Reading((), Event.OTHER, str(error))))
            return
        batch.sorted.append(_sorted(listed, mail))
        batch.to_hand_in.append(mail)
        batch.size += len(mail.raw)

    def _read(self, fetched: Fetched) -> HandedIn:
        name, recipients = self._name_of(fetched.listed), envelope_recipients(fetched.raw)
        arrival = Arrival(Source.MAILBOX, fetched.received_time, recipients, raw=name)
        return HandedIn(
            name=name,
            raw=fetched.raw,
            digest=hashlib.sha256(fetched.raw).hexdigest(),
            received_time=fetched.received_time,
            envelope_recipients=recipients,
            reading=read_mail(fetched.raw, arrival),
            is_whole=fetched.is_whole,
        )

    def _name_of(self, listed: Listed) -> str:
        return f"{self._name}#{listed.name}"

    def _finish(self, batch: Batch) -> None:
        """Make the mails of `batch` safe, file them, and keep how far that is."""
        self._state.renew()
        marks = self._make_safe(batch.to_hand_in)
        session = self._here()
        if session.epoch and session.epoch != self._progress.epoch:
            return  # the numbers are of other mails now; these come again, by others
        self._state.renew()
        left = self._file(session, batch)
        if not session.epoch:
            # What could not be had is asked for again by the next scan: here nothing sets it apart.
            marks += [_name_mark(mail.listed) for mail in batch.sorted if mail.listed not in self._missed]
        elif not session.keeps:
            marks += batch.marks_of(left)  # the scan that files them late knows by these that they are safe
        if marks:
            self._state.remember(marks)
        if session.epoch:
            missed = self._missed.numbers if session.keeps else ()
            self._progress = Progress(session.epoch, max(batch.done, self._progress.done), missed)
            self._state.keep(self._progress)
        self._tell(batch)

    def _make_safe(self, mails: Sequence[HandedIn]) -> list[str]:
        """Hand in `mails`, less those that were before, and return what they are to be remembered by."""
        keeps = self._here().keeps
        fresh = self._fresh(mails) if keeps else _by_mark(mails)
        self._hand_in(fresh)
        self.outcome.known += len(mails) - len(fresh)
        return list(fresh) if keeps else []

    def _fresh(self, mails: Sequence[HandedIn]) -> dict[str, HandedIn]:
        """Return those of `mails` that the state does not know, by their marks."""
        by_mark = _by_mark(mails)
        known = self._state.known(list(by_mark)) if by_mark else frozenset()
        return {mark: mail for mark, mail in by_mark.items() if mark not in known}

    def _hand_in(self, mails: Mapping[str, HandedIn]) -> None:
        if mails:
            self._door.take(list(mails.values()))
        self.outcome.taken += len(mails)

    def _file(self, session: Session, batch: Batch, *, is_late: bool = False) -> Collection[Listed]:
        """File the mails of `batch`, and return those that could not be.

        Which of them a batch held that was cut off is not known: a line that drops again makes the next one shorter.
        """
        left: Collection[Listed] = ()
        if batch.sorted:
            left = session.file(batch.by_place(), again=is_late or self._may_be_filed > 0)
            self._may_be_filed = max(self._may_be_filed - len(batch.sorted), 0)
            self._idle_drops = 0
        self.outcome.unfiled += len(left)
        return left

    def _tell(self, batch: Batch) -> None:
        for mail in batch.sorted:
            self.outcome.places[mail.place] += 1
            self._on_filed(mail)

    def _file_late(self) -> None:
        """Try to file what earlier scans left where it was, until it cannot be filed now either.

        Most of it was handed in then. What the state does not know was not, and is handed in first: a mail that the
        server did not give out, or that somebody had deleted and took back. Filed without that, it would be lost.
        """
        session = self._here()
        if not session.epoch or session.keeps:
            return
        earlier = takewhile(lambda listed: listed.number <= self._before.done, session.waiting(0))
        left = islice(earlier, FILED_LATE)
        while not self._budget.is_spent:
            batch = self._gather(left)
            if batch.dropped is not None:
                raise batch.dropped
            self._state.renew()
            fresh = self._fresh(batch.to_hand_in)
            self._hand_in(fresh)
            self._state.renew()
            unfiled = self._file(session, batch, is_late=True)
            if marks := [mark for mark in batch.marks_of(unfiled) if mark in fresh]:
                self._state.remember(marks)
            if len(unfiled) == len(batch.sorted) or batch.is_last:
                return


def _sorted(listed: Listed, mail: HandedIn) -> Sorted:
    """Return where `mail` belongs. One that is cut is a whole in the mailbox alone, where nothing may delete it."""
    if mail.is_whole:
        return Sorted(listed, place_of(mail.reading), mail.reading, _mark(mail))
    reason = f"only its first {len(mail.raw)} bytes were taken"
    return Sorted(listed, Place.FAILED, mail.reading._replace(reason=reason), _mark(mail))


def _by_mark(mails: Iterable[HandedIn]) -> dict[str, HandedIn]:
    return {_mark(mail): mail for mail in mails}


def _mark(mail: HandedIn) -> str:
    """Return by what a state remembers the bytes of `mail`."""
    return f"mail:{mail.digest}"


def _name_mark(listed: Listed) -> str:
    return f"name:{_name_number(listed):064x}"


def _name_number(listed: Listed) -> int:
    return int.from_bytes(hashlib.sha256(listed.name.encode("utf-8", "surrogateescape")).digest(), "big")
