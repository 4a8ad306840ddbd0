"""The list of hard bounces that a scan writes: CSV, one row an address, for import elsewhere.

It only grows, and is on disk before a scan goes on. Each row is one line, so a file that a killed scan left in the
midst of a row is cut back to its last whole one, and the same scan again writes what is missing.
"""

from __future__ import annotations

import csv
import fcntl
import hashlib
import io
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import IO, Final, Self

from bounces import addresses, cells
from bounces.mailbox.ports import HandedIn
from bounces.records import BounceType, Report, Verdict
from bounces_cli.errors import BROKEN, CONFLICT, CommandError, reason_of
from bounces_cli.judging import Judge
from bounces_cli.plain import plain

COLUMNS: Final = (
    "address", "category", "status", "reply_code", "diagnostic", "event_time", "bounced_list", "source"
)  # fmt: skip
"""`bounced_list` is the list whose mail bounced. It is not called `list`: an address is gone for every list, and an
import would suppress it for that one."""

_BLOCK: Final = 1 << 16
_DIGEST_BYTES: Final = 16
_END: Final = b"\r\n"
_HEAD: Final = ",".join(COLUMNS).encode() + _END


class HardList:
    """A `bounces.mailbox.ports.Door` that writes who bounced hard to the file `path`."""

    def __init__(self, path: str, judge: Judge) -> None:
        """Go on with the list at `path`, or begin it. Raises `CommandError`.

        `rows` counts what is written from here on, and `is_new` says whether the list was begun.
        """
        self.path = Path(path)
        self.rows = 0
        self.judge = judge
        self.is_new = False
        self._known: set[bytes] = set()
        self._file = _opened(self.path)
        try:
            self._resume()
        except OSError as error:
            self._file.close()
            raise CommandError(f"{self.path}: {reason_of(error)}") from error
        except CommandError:
            self._file.close()
            raise

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the file."""
        self._file.close()

    @property
    def size(self) -> int:
        """How many addresses are on the list."""
        return len(self._known)

    def take(self, mails: Sequence[HandedIn]) -> None:
        """Write those who are new on the list and bounced hard by `mails`; they are on disk when this returns.

        Raises `CommandError`.
        """
        text = io.StringIO(newline="")
        writer = csv.writer(text)
        for mail in mails:
            for verdict in self.judge.verdicts(mail.reading):
                address = hard_address(verdict)
                if address is not None and self._is_new(address):
                    writer.writerow(_row(address, verdict, mail))
                    self.rows += 1
        if text.tell():
            self._write(text.getvalue().encode())

    def _is_new(self, address: str) -> bool:
        digest = _digest(address)
        if digest in self._known:
            return False
        self._known.add(digest)
        return True

    def _write(self, raw: bytes) -> None:
        try:
            self._file.write(raw)
            self._file.flush()
            os.fsync(self._file.fileno())
        except OSError as error:
            raise CommandError(
                f"{self.path}: {reason_of(error)}; the same command goes on from here", BROKEN
            ) from error

    def _resume(self) -> None:
        """Read who is on the list, and take away what is no whole row at its end."""
        self._file.seek(0)
        head = self._file.readline(len(_HEAD))
        if not _HEAD.startswith(head):
            raise CommandError(
                f"{self.path} is no list of hard bounces that `bounces scan` wrote, and is left as it is; give --out "
                "another name"
            )
        if head != _HEAD:
            self.is_new = True
            self._file.seek(0)
            self._write(_HEAD)
            return
        self._file.truncate(_end_of_last_line(self._file))
        self._file.seek(len(_HEAD))
        lines = (line.decode("utf-8", "replace") for line in self._file)
        self._known.update(_digest(cells.read(row[0]) or "") for row in csv.reader(lines) if row)
        self._file.seek(0, os.SEEK_END)


def hard_address(verdict: Verdict) -> str | None:
    """Return the key of the address that `verdict` gives up; None where it gives up none."""
    report = verdict.report
    if verdict.bounce_type is not BounceType.HARD or verdict.ignore:
        return None
    name = "addressee" if report.addressee else "recipient"
    address = addresses.key(getattr(report, name) or "")
    return address if name not in report.cuts and addresses.is_address(address) else None


def _row(address: str, verdict: Verdict, mail: HandedIn) -> list[str]:
    report = verdict.report
    told: Iterable[str | None] = (
        address, verdict.category, report.status, report.reply_code, report.diagnostic, _time(report, mail),
        report.list_id, mail.name,
    )  # fmt: skip
    return [cells.written(None if text is None else plain(text)) for text in told]  # plain: a row is one line


def _time(report: Report, mail: HandedIn) -> str:
    return (report.event_time or mail.received_time).isoformat(timespec="seconds").replace("+00:00", "Z")


def _digest(address: str) -> bytes:
    return hashlib.blake2b(addresses.key(address).encode("utf-8", "replace"), digest_size=_DIGEST_BYTES).digest()


def _opened(path: Path) -> IO[bytes]:
    """Return the file, which no other scan writes to until it is closed."""
    try:
        file = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600), "r+b")
    except OSError as error:
        raise CommandError(f"{path}: {reason_of(error)}") from error
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        file.close()
        raise CommandError(f"{path} is being written by another scan; wait for its end", CONFLICT) from error
    except OSError as error:
        file.close()
        raise CommandError(f"{path} cannot be locked: {reason_of(error)}") from error
    return file


def _end_of_last_line(file: IO[bytes]) -> int:
    """Return where the last line end of `file` ends; 0 where there is none."""
    end = file.seek(0, os.SEEK_END)
    while end > 0:
        begin = max(0, end - _BLOCK)
        file.seek(begin)
        at = file.read(end - begin).rfind(b"\n")
        if at >= 0:
            return begin + at + 1
        end = begin
    return 0
