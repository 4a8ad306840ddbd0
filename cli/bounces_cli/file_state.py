"""How far a mailbox was scanned, kept in a file of this machine, and the lock that keeps two scans apart.

The marks of the mails that were taken are in a table of SQLite, so that a million of them cost disk and no memory. The
lock is the system's: it ends with the process that has it, however that ends.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import sqlite3
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from bounces.errors import LeaseLost, MailboxBusy
from bounces.mailbox.ports import Progress
from bounces_cli.errors import BROKEN, CommandError, reason_of

ASKED: Final = 500
"""Marks that are asked for in one statement; SQLite takes 999 values in any version."""

_TABLES: Final = """
CREATE TABLE IF NOT EXISTS scan (
    id INTEGER PRIMARY KEY CHECK (id = 1), epoch TEXT NOT NULL, done INTEGER NOT NULL, witness TEXT NOT NULL,
    is_clean INTEGER NOT NULL, missed TEXT NOT NULL
);
INSERT OR IGNORE INTO scan VALUES (1, '', 0, '', 1, '');
CREATE TABLE IF NOT EXISTS marks (mark TEXT PRIMARY KEY) WITHOUT ROWID;
"""


class FileState:
    """The state of the scan of one mailbox to one place, a `bounces.mailbox.ports.State`."""

    def __init__(self, place: Path, names: tuple[str, ...], witness: Callable[[int], str] | None = None) -> None:
        """Keep it in the folder `place`, under `names`: the mailbox, and where its mails go.

        `witness` digests a mailbox up to a number: progress holds only while what is before it is the same. Raises
        `CommandError` where nothing can be kept there.
        """
        named = hashlib.sha256("\n".join(names).encode("utf-8", "surrogateescape")).hexdigest()[:32]
        self.path = place / f"{named}.sqlite"
        self._lock_path = place / f"{named}.lock"
        self._name = names[-1]
        self._witness = witness or (lambda _done: "")
        self._lock: int | None = None
        self._rows: sqlite3.Connection | None = None
        self._was_cut_off = False
        try:
            place.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise CommandError(f"{place}: {reason_of(error)}; --state FOLDER keeps it elsewhere") from error

    @property
    def was_cut_off(self) -> bool:
        """Whether the scan before this one did not end cleanly."""
        return self._was_cut_off

    def acquire(self) -> Progress:
        """Take the lock and return how far the mailbox was worked off. Raises `MailboxBusy`, or `CommandError`."""
        self._lock = self._locked()
        try:
            progress, witness, is_clean = self._opened()
        except BaseException:
            self.release(is_clean=False)
            raise
        self._was_cut_off = not is_clean
        if progress.done and self._witness(progress.done) != witness:
            return Progress()
        return progress

    def renew(self) -> None:
        """Raise `LeaseLost` where the lock is no longer this one's, since somebody removed its file."""
        try:
            is_held = self._lock is not None and os.fstat(self._lock).st_ino == self._lock_path.stat().st_ino
        except OSError:
            is_held = False
        if not is_held:
            raise LeaseLost(f"{self._lock_path} was removed during the scan; the same command goes on")

    def keep(self, progress: Progress) -> None:
        """Keep `progress`. Raises `LeaseLost`, or `CommandError`."""
        self.renew()
        witness = self._witness(progress.done) if progress.done else ""
        missed = " ".join(map(str, progress.missed))
        with self._talking():
            self._table.execute(
                "UPDATE scan SET epoch = ?, done = ?, witness = ?, missed = ?",
                (progress.epoch, progress.done, witness, missed),
            )

    def known(self, marks: Collection[str]) -> frozenset[str]:
        """Return those of `marks` that were remembered."""
        asked = list(marks)
        found: set[str] = set()
        with self._talking():
            for begin in range(0, len(asked), ASKED):
                some = asked[begin : begin + ASKED]
                values = ",".join("?" * len(some))
                query = f"SELECT mark FROM marks WHERE mark IN ({values})"  # noqa: S608  question marks only
                found.update(mark for (mark,) in self._table.execute(query, some))
        return frozenset(found)

    def remember(self, marks: Collection[str]) -> None:
        """Remember `marks`, for good."""
        with self._talking():
            self._table.execute("BEGIN")
            self._table.executemany("INSERT OR IGNORE INTO marks VALUES (?)", [(mark,) for mark in marks])
            self._table.execute("COMMIT")

    def release(self, *, is_clean: bool) -> None:
        """Give the lock back. For the next scan, one that is not `is_clean` was cut off."""
        if self._rows is not None:
            with suppress(sqlite3.Error):  # for the next scan, it was cut off then
                self._rows.execute("UPDATE scan SET is_clean = ?", (int(is_clean),))
            self._rows.close()
            self._rows = None
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _opened(self) -> tuple[Progress, str, bool]:
        """Open the tables and return what the scan before this one left; this one has begun."""
        with self._talking():
            self._rows = sqlite3.connect(self.path, isolation_level=None)
            # What a loss of power takes back is done again, so nothing has to be on disk before the next is done.
            self._rows.executescript(f"PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; {_TABLES}")
            self.path.chmod(0o600)
            epoch, done, missed, witness, is_clean = self._rows.execute(
                "SELECT epoch, done, missed, witness, is_clean FROM scan"
            ).fetchone()
            self._rows.execute("UPDATE scan SET is_clean = 0")
        return Progress(epoch, done, tuple(map(int, missed.split()))), witness, bool(is_clean)

    @property
    def _table(self) -> sqlite3.Connection:
        assert self._rows is not None, "acquire comes first"
        return self._rows

    def _locked(self) -> int:
        try:
            lock = os.open(self._lock_path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise CommandError(f"{self._lock_path}: {reason_of(error)}; --state FOLDER keeps it elsewhere") from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(lock)
            raise MailboxBusy(
                f"{self._name} is being scanned by another process, which holds {self._lock_path}; wait for its end"
            ) from error
        except OSError as error:
            os.close(lock)
            raise CommandError(
                f"{self._lock_path} cannot be locked: {reason_of(error)}; --state FOLDER on a local disk"
            ) from error
        return lock

    @contextmanager
    def _talking(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.OperationalError as error:  # the disk is full, or not to be written to
            raise CommandError(f"{self.path}: {error}; --state FOLDER keeps it elsewhere", BROKEN) from error
        except sqlite3.DatabaseError as error:
            raise CommandError(
                f"{self.path} is damaged ({error}); remove it: all of the mailbox is then taken again, which changes "
                "nothing that was done",
                BROKEN,
            ) from error
        except OSError as error:
            raise CommandError(f"{self.path}: {reason_of(error)}; --state FOLDER keeps it elsewhere") from error
