"""An mbox as a mailbox that is scanned: in constant memory, and gone on with where the last scan was.

A mail's number is the byte at which it ends, so progress says how much of the file is done, and the next mail begins
there. What was done is known again by a digest of all of it: where mails were deleted from the file, it is another one,
and read from its beginning; the marks of its mails then keep what was taken from being taken again.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import re
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from bounces.errors import MailUnavailable
from bounces.mailbox.ports import Fetched, Listed, Place
from bounces.reading.dates import parsed
from bounces_cli.errors import CommandError, reason_of
from bounces_cli.sources import MAX_READ, from_lines, unquoted

HEAD: Final = 4096
LOCK_SECONDS: Final = 10.0
"""How long a delivery to the file is waited for."""
EARLIEST: Final = datetime(1982, 1, 1, tzinfo=UTC)
"""Mail systems write 1970 where they know no date; RFC 821 is of 1982."""

_FROM: Final = b"From "
# asctime's date as RFC 4155 has it, with the zones that others write before or behind the year.
_DATE: Final = re.compile(
    rb"([A-Z][a-z]{2}) +(\d{1,2}) +(\d\d:\d\d(?::\d\d)?) +(?:([+-]\d{4}) +)?(\d{4})(?: +([+-]\d{4}))?\s*\Z"
)


@dataclass(frozen=True, slots=True)
class MailOfMbox(Listed):
    """A mail of an mbox: where its `From ` line and its own first byte are. It ends before the byte `number`."""

    line: int = 0
    begin: int = 0


class Mbox:
    """The mbox at `path`, as it is when it is opened: what is appended meanwhile is the next scan's."""

    def __init__(self, path: str) -> None:
        """Open it. Raises `CommandError`."""
        self.path = path
        try:
            self.descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError as error:
            raise CommandError(f"{path}: {reason_of(error)}") from error
        self.size = _settled_size(path, self.descriptor)
        self._seen = _Seen(self)

    def digest_up_to(self, end: int) -> str:
        """Return a digest of the first `end` bytes; of one that only grows, what is before is not read again."""
        return self._seen.up_to(end).digest.hexdigest() if end <= self.size else ""

    def mails_before(self, end: int) -> int:
        """Return how many mails there are up to `end`, where one ends."""
        return self._seen.up_to(end).mails

    def mails(self, begin: int) -> Iterator[tuple[int, int, int]]:
        """Yield where each mail's `From ` line, its first byte and its end are, from the `From ` line at `begin` on."""
        yield from _mails(Reader(self.descriptor, begin, self.size), begin, self.size)

    def close(self) -> None:
        """Close the file."""
        os.close(self.descriptor)


class MboxSession:
    """A `bounces.mailbox.ports.Session` on an mbox. It changes nothing there."""

    keeps = True

    def __init__(self, mbox: Mbox) -> None:
        """Read `mbox`, which others may read as well."""
        self._mbox = mbox
        first = next(mbox.mails(0), (0, 0, 0))
        head = os.pread(mbox.descriptor, min(first[2], HEAD), 0)
        self._epoch = hashlib.sha256(head).hexdigest()[:32]

    @property
    def epoch(self) -> str:
        """A digest of how the file begins."""
        return self._epoch

    def waiting(self, after: int) -> Iterator[Listed]:
        """Yield the mails behind the byte `after`, where one ended; all, where none begins there."""
        at = after if self._is_between_mails(after) else 0
        number = self._mbox.mails_before(at)
        for line, begin, end in self._mbox.mails(at):
            if end > begin:
                number += 1
                yield MailOfMbox(end, str(number), end - begin, line, begin)

    def listed_again(self, numbers: Sequence[int]) -> Iterator[Listed]:  # noqa: ARG002
        """Yield none: a mail that could not be had is one of a file that was changed, which is read anew as a whole."""
        return iter(())

    def fetch(self, listed: Listed) -> Fetched:
        """Return the mail. Raises `MailUnavailable` where the file was changed since it was listed."""
        assert isinstance(listed, MailOfMbox)
        line = os.pread(self._mbox.descriptor, listed.begin - listed.line, listed.line)
        length = min(listed.number - listed.begin, MAX_READ)
        raw = b"".join(Reader(self._mbox.descriptor, listed.begin, listed.begin + length))
        if not line.startswith(_FROM) or len(raw) < length:
            raise MailUnavailable("it is no longer where it was: the file was changed while it was read; scan it again")
        is_whole = listed.number - listed.begin <= MAX_READ - 1
        return Fetched(listed, unquoted(raw), self._received(line), is_whole)

    def file(self, mails: Mapping[Place, Sequence[Listed]], *, again: bool) -> Collection[Listed]:  # noqa: ARG002
        """Leave the mails where they are."""
        return ()

    def close(self) -> None:
        """Leave the file to whoever opened it."""

    def _is_between_mails(self, at: int) -> bool:
        return at == self._mbox.size or os.pread(self._mbox.descriptor, len(_FROM), at) == _FROM

    def _received(self, line: bytes) -> datetime:
        """Return when the mail was received: what its `From ` line says, else when the file was written last."""
        time_written = datetime.fromtimestamp(os.fstat(self._mbox.descriptor).st_mtime, UTC)
        return min(date_of(line) or time_written, datetime.now(UTC))


def date_of(line: bytes) -> datetime | None:
    """Return the date in a `From ` line, which is in UTC if it names no zone (RFC 4155); None where it has none."""
    found = _DATE.search(line)
    if found is None:
        return None
    month, day, clock, zone, year, late_zone = (part.decode() if part else "" for part in found.groups())
    date = parsed(f"{day} {month} {year} {clock} {zone or late_zone or '+0000'}")
    return date if date is not None and date >= EARLIEST else None


class Reader:
    """Bytes of the file `descriptor`, from `begin` up to `end`, whoever else reads of it meanwhile."""

    def __init__(self, descriptor: int, begin: int, end: int) -> None:
        """Begin at `begin`."""
        self._descriptor = descriptor
        self._at = begin
        self._end = end

    def read(self, size: int, /) -> bytes:
        """Return the next bytes, at most `size`; none at the end, and where the file is shorter by now."""
        block = os.pread(self._descriptor, min(size, self._end - self._at), self._at)
        self._at += len(block)
        return block

    def __iter__(self) -> Iterator[bytes]:
        """Yield what is left, in blocks."""
        while block := self.read(MAX_READ):
            yield block


class _Digested(Reader):
    """A `Reader` that digests what it reads."""

    def __init__(self, seen: _Seen, end: int) -> None:
        super().__init__(seen.mbox.descriptor, seen.end, end)
        self._digest = seen.digest

    def read(self, size: int, /) -> bytes:
        block = super().read(size)
        self._digest.update(block)
        return block


class _Seen:
    """How much of an mbox was digested, and how many mails that were."""

    def __init__(self, mbox: Mbox) -> None:
        self.mbox = mbox
        self.begin_anew()

    def begin_anew(self) -> None:
        self.end = 0
        self.mails = 0
        self.digest = hashlib.sha256()

    def up_to(self, end: int) -> _Seen:
        if end < self.end:
            self.begin_anew()
        if end > self.end:
            found = _mails(_Digested(self, end), self.end, end)
            self.mails += sum(after > begin for _, begin, after in found)
            self.end = end
        return self


def _mails(reader: Reader, begin: int, end: int) -> Iterator[tuple[int, int, int]]:
    lines = from_lines(reader, begin)
    before = next(lines, None)
    while before is not None:
        following = next(lines, None)
        yield *before, end if following is None else following[0]
        before = following


def _settled_size(path: str, descriptor: int) -> int:
    """Return the file's size while nobody writes to it: mail systems lock an mbox for as long as they deliver to it."""
    end = time.monotonic() + LOCK_SECONDS
    while True:
        try:
            fcntl.lockf(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno not in (errno.EACCES, errno.EAGAIN):
                break  # a file system without locks
            if time.monotonic() > end:
                raise CommandError(
                    f"{path} is locked by another program, which writes to it; try again later"
                ) from error
            time.sleep(0.1)
        else:
            break
    size = os.fstat(descriptor).st_size
    with suppress(OSError):
        fcntl.lockf(descriptor, fcntl.LOCK_UN)
    return size
