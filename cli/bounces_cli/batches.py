"""A log file of an MTA -> the requests that it is sent in: whole records, few at once, each with its header line.

Files are read as a stream, since PowerMTA's are up to 250 MB and unpack to ten times what they are on the disk.
"""

from __future__ import annotations

import gzip
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import IO, Final

from bounces.errors import shown
from bounces.reading.accounting import known_columns
from bounces.reading.accounting.columns import is_header
from bounces.reading.accounting.limits import MAX_READABLE, MAX_RECORD
from bounces_cli.errors import CommandError

BATCH_BYTES: Final = 1024 * 1024
"""Bytes of a request before it is packed, if no single record is longer: a quarter of what the door takes."""
BATCH_RECORDS: Final = 2_000

OCTETS: Final = "application/octet-stream"
"""What everything is sent as: an HTTP API hands on text and JSON as UTF-8, and damages what is none, such as gzip."""
_BOM: Final = b"\xef\xbb\xbf"
_BRACES: Final = (b"{", b"[")


@dataclass(frozen=True, slots=True)
class Kind:
    """What a file is: of which MTA, and whether its records are rows under a header line, or JSON one a line."""

    mta: str
    is_csv: bool


@dataclass(frozen=True, slots=True)
class Position:
    """A place between two records of an unpacked file: bytes and lines before it, and the header line that holds."""

    offset: int = 0
    lines: int = 0
    header: bytes = b""


@dataclass(frozen=True, slots=True)
class Batch:
    """What is sent in one request.

    `lines` are those of the file on which the records begin, `content` is all of it since the batch before, and `end`
    is where the next one begins.
    """

    header: bytes
    records: tuple[bytes, ...]
    lines: tuple[int, ...]
    content: bytes
    end: Position

    def body(self) -> bytes:
        """Return the request's body, packed."""
        return gzip.compress(self.header + b"".join(self.records), 6, mtime=0)

    def line_of(self, place: int) -> int:
        """Return the line of the file that is at `place` of the door's answer: a record's number, a row's line."""
        if not self.header:
            return self.lines[min(max(place, 1), len(self.lines)) - 1]
        at = 1 + self.header.count(b"\n")
        for record, line in zip(self.records, self.lines, strict=True):
            after = at + max(record.count(b"\n"), 1)
            if place < after:
                return line + max(place - at, 0)
            at = after
        return self.lines[-1]

    def halves(self) -> tuple[Batch, Batch]:
        """Return the records in two batches, for a door that takes fewer; the whole one says where to go on."""
        middle = len(self.records) // 2
        first = replace(self, records=self.records[:middle], lines=self.lines[:middle])
        return first, replace(self, records=self.records[middle:], lines=self.lines[middle:])


def kind_of(path: str, file: IO[bytes], mta: str | None) -> Kind:
    """Return what the unpacked `file` is by its first line, and read no further. Raises `CommandError`."""
    line = b"\n"
    while line and not line.strip():
        line = file.readline(MAX_READABLE)
    line = line.removeprefix(_BOM).lstrip()
    if line.startswith(_BRACES):
        return Kind(mta or "kumomta", is_csv=False)
    if mta == "kumomta":
        raise CommandError(f"{path}: its first line is no JSON object, as each line of KumoMTA's logs is")
    first = line.split(b",", 1)[0].strip().decode("utf-8", "replace")
    known = known_columns()
    if not line or is_header([first]) or first in known.read | known.ignored | known.type_names.keys():
        return Kind("powermta", is_csv=True)
    raise CommandError(
        f"{path} begins with {shown(first[:32])}: neither the header line of an accounting file, which begins with "
        "`type`, nor JSON objects one a line"
    )


def batches(
    file: IO[bytes], kind: Kind, start: Position, on_unfinished: Callable[[int], None] = lambda _line: None
) -> Iterator[Batch]:
    """Yield the records of the unpacked `file`, which stands at `start`.

    A row without a line end, at the end of the file, is still being written or was cut: what is left of an address may
    be another's. It is not sent, and `on_unfinished` is told its line. A JSON object is whole or none, and is sent.
    What may still grow is gone on with from its beginning.
    """
    held = _Held(start, start.header)
    for line, record, is_open in _records(file, kind, start.lines):
        is_head = kind.is_csv and is_header([_first_cell(record)])
        if held.records and (is_head or held.is_full_for(record)):
            yield held.batch()
            held = held.following()
        if is_open:
            held.stay()
        if is_head:
            held.begin(record)
        elif kind.is_csv and is_open and not record.endswith(b"\n") and record.strip():
            on_unfinished(line)
        else:
            held.add(line, record)
    if held.records:
        yield held.batch()


class _Held:
    """The records that the next batch will have."""

    def __init__(self, end: Position, header: bytes, *, stays: bool = False) -> None:
        self.records: list[bytes] = []
        self._end = end
        self._header = header
        self._stays = stays
        self._lines: list[int] = []
        self._content: list[bytes] = []
        self._size = 0

    def following(self) -> _Held:
        """Return what holds the records behind these."""
        return _Held(self._end, self._header, stays=self._stays)

    def stay(self) -> None:
        """Have what comes from here on read again by whoever goes on."""
        self._stays = True

    def is_full_for(self, record: bytes) -> bool:
        return len(self.records) == BATCH_RECORDS or self._size + len(record) > BATCH_BYTES

    def begin(self, header: bytes) -> None:
        self._header = header.rstrip(b"\r\n") + b"\n"
        self._pass(header)

    def add(self, line: int, record: bytes) -> None:
        self._pass(record)
        if record.strip():
            self.records.append(record)
            self._lines.append(line)
            self._size += len(record)

    def batch(self) -> Batch:
        return Batch(self._header, tuple(self.records), tuple(self._lines), b"".join(self._content), self._end)

    def _pass(self, record: bytes) -> None:
        if not self._stays:
            self._content.append(record)
            lines = self._end.lines + record.count(b"\n")
            self._end = Position(self._end.offset + len(record), lines, self._header)


def _records(file: IO[bytes], kind: Kind, lines: int) -> Iterator[tuple[int, bytes, bool]]:
    """Yield each record with its line, blank lines too, and whether it is open: the file ends before it does."""
    again: deque[bytes] = deque()
    number = lines + 1
    while line := again.popleft() if again else file.readline(MAX_READABLE):
        is_open = len(line) < MAX_READABLE and not line.endswith(b"\n")
        if kind.is_csv and line.count(b'"') % 2 and not is_open:
            rest, is_open = _rest(file, again, line)
            line += rest
        yield number, line, is_open
        number += max(line.count(b"\n"), 1)


def _rest(file: IO[bytes], again: deque[bytes], line: bytes) -> tuple[bytes, bool]:
    """Return the lines that end the quoted value begun in `line`, and whether the file ends before they do.

    Where none ends it there are none, and all that were looked at are in `again`.
    """
    taken: list[bytes] = []
    size = len(line)
    while more := again.popleft() if again else file.readline(MAX_READABLE):
        taken.append(more)
        size += len(more)
        if more.count(b'"') % 2:
            return b"".join(taken), len(more) < MAX_READABLE and not more.endswith(b"\n")
        if size > MAX_RECORD:
            break
    again.extendleft(reversed(taken))
    return b"", not more


def _first_cell(record: bytes) -> str:
    return record[:32].split(b",", 1)[0].decode("utf-8", "replace").strip().strip('"')
