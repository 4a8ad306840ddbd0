"""The rows of a file that is imported: CSV, JSON lines, or bare addresses. Read a row at a time, bad ones too.

A row that cannot be read costs that row: a quote that is opened and not closed would else swallow what follows it.
"""

from __future__ import annotations

import csv
import json
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import IO, Any, Final

from bounces import addresses, cells
from bounces_cli.errors import BROKEN, CommandError
from bounces_cli.lines import MARK, refuse_utf_16

MAX_LINE: Final = 1 << 16
"""Bytes of a line; a longer one is no row."""

MAX_SKIPPED: Final = 1 << 24
"""Bytes of a line at which the file is given up."""

MAX_LINES: Final = 40
"""Lines of one row: cells may hold line ends, but a row that goes on for longer has a quote that is not closed."""

MAX_REJECTED: Final = 1_000
"""Characters of a row that are kept with the reason why it cannot be used."""

JSON: Final = "json"
CSV: Final = "csv"
PLAIN: Final = "plain"

NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "address": ("email", "emailaddress", "mail", "recipient", "subscriberemail"),
    "list": ("listid", "listname"),
    "kind": (),
    "reason": ("type",),
    "source": (),
    "evidence": (),
    "created": ("createdat", "createdon", "createdtime", "date", "time", "timestamp", "added", "addedat", "eventtime"),
    "noted": (),
    "expires": ("expiresat", "expiry", "until"),
    "by": (),
    "why": ("comment", "note", "description"),
    "subscriber": ("subscriberid", "id", "uuid"),
    "category": (),
}
"""What each column is called, besides its own name; case, spaces, `-` and `_` aside."""

STATUS: Final = "status "
"""What the name of a column begins with that may say who is to be mailed; its own follows. There may be several."""

_STATUSES: Final = (
    *(
        "status",
        "subscriptionstatus",
        "subscriberstatus",
        "memberstatus",
        "emailstatus",
        "contactstatus",
        "optinstatus",
    ),
    *("active", "isactive", "subscribed", "issubscribed"),
)
_BY_NAME: Final = {
    **{other: name for name, others in NAMES.items() for other in (name, *others)},
    **{name: STATUS + name for name in _STATUSES},
}


@dataclass(frozen=True, slots=True)
class Form:
    """How a file is written: its kind, the names of its columns (None: one of no interest), what separates cells."""

    kind: str
    columns: tuple[str | None, ...] = ("address",)
    separator: str = ","


@dataclass(frozen=True, slots=True)
class ReadRow:
    """A row with the number of its first line; `wrong` says why it cannot be read, `text` how it stands there."""

    line: int
    cells: Mapping[str, str | None]
    text: str
    wrong: str | None = None


def form_of(head: bytes, path: str) -> Form:
    """Return how the file that begins with the line `head` is written. Raises `CommandError`."""
    refuse_utf_16(head, path)
    text = head.removeprefix(MARK).decode("utf-8", "replace").strip("\r\n")
    if text.lstrip().startswith("{"):
        return Form(JSON)
    for separator in ",;\t":
        columns = tuple(_name(cell) for cell in next(csv.reader([text], delimiter=separator), []))
        if "address" in columns:
            named = [name for name in columns if name is not None and not name.startswith(STATUS)]
            if len(named) != len(set(named)):
                raise CommandError(
                    f"{path}: two columns mean {max(named, key=named.count)}; name one of them otherwise"
                )
            return Form(CSV, columns, separator)
    if addresses.is_address(addresses.key(text)):
        return Form(PLAIN)
    raise CommandError(
        f"{path}: the first line names no column `address` (or email), and is neither an address nor JSON"
    )


class Rows:
    """The rows of `file`, which stands at `offset` after so many `lines`. `content` is what was read since `taken`."""

    def __init__(self, file: IO[bytes], form: Form, offset: int, lines: int) -> None:
        """Begin there; at the beginning of CSV, after the line of names."""
        self.offset, self.lines = offset, lines
        self._content: list[bytes] = []
        self._source = _Lines(file)
        self._form = form
        if form.kind == CSV and offset == 0:
            self._take(self._source.whole())

    def __iter__(self) -> Iterator[ReadRow]:
        """Yield the rows that are left, without blank lines."""
        read = self._read_csv if self._form.kind == CSV else self._read_line
        while self._source.is_left():
            row = read()
            if row is not None:
                yield row

    def taken(self) -> bytes:
        """Return what was read since this was asked last."""
        content = b"".join(self._content)
        self._content.clear()
        return content

    def _read_csv(self) -> ReadRow | None:
        first = self.lines + 1
        wrong = None
        found: list[str] = []
        try:
            found = next(csv.reader(self._source, delimiter=self._form.separator, strict=True), [])
            raw = self._source.whole()
        except (csv.Error, UnicodeDecodeError, _TooLong) as error:
            # Only the first line is given up: the next may be a row again.
            raw, wrong = self._source.first(), _words(error)
        self._take(raw)
        if wrong is None and not any(found):
            return None
        named = zip(self._form.columns, found, strict=False)
        return ReadRow(first, {name: cells.read(cell) for name, cell in named if name}, _shown(raw), wrong)

    def _read_line(self) -> ReadRow | None:
        wrong = None
        found: Mapping[str, str | None] = {}
        try:
            text = next(self._source).strip()
            if not text:
                self._take(self._source.whole())
                return None
            found = _object(text) if self._form.kind == JSON else {"address": text}
        except (ValueError, RecursionError, _TooLong) as error:
            wrong = _words(error)
        raw = self._source.whole()
        self._take(raw)
        return ReadRow(self.lines, found, _shown(raw), wrong)

    def _take(self, raw: bytes) -> None:
        self._content.append(raw)
        self.offset += len(raw)
        self.lines += raw.count(b"\n") + (raw[-1:] not in (b"", b"\n"))  # the last line may have no end


class _TooLong(Exception):
    """A line or a row beyond its limit."""


class _Lines:
    """The lines of a file as text, for the row that is being read; what belongs to no row can be read again."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._waiting: deque[bytes] = deque()
        self._of_row: list[bytes] = []

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        raw = self._next()
        if not raw:
            raise StopIteration
        self._of_row.append(raw)
        if len(self._of_row) > MAX_LINES:
            raise _TooLong(f"a quote that is not closed within {MAX_LINES} lines")
        if len(raw) >= MAX_LINE:
            raise _TooLong(f"a line of more than {MAX_LINE:,} bytes")
        return raw.removeprefix(b"\xef\xbb\xbf").decode()

    def is_left(self) -> bool:
        """Say whether there is another line."""
        if not self._waiting:
            raw = self._next()
            if not raw:
                return False
            self._waiting.append(raw)
        return True

    def whole(self) -> bytes:
        """Return the lines of the row, which is done; of none, the next line."""
        raw = b"".join(self._of_row) or self._next()
        self._of_row.clear()
        return raw

    def first(self) -> bytes:
        """Return the first line of the row; the others are read again."""
        self._waiting.extendleft(reversed(self._of_row[1:]))
        del self._of_row[1:]
        return self.whole()

    def _next(self) -> bytes:
        if self._waiting:
            return self._waiting.popleft()
        raw = self._file.readline(MAX_LINE)
        if len(raw) < MAX_LINE or raw.endswith(b"\n"):
            return raw
        # The rest of a line that is too long goes with it.
        rest = self._file.readline(MAX_SKIPPED)
        if len(rest) == MAX_SKIPPED and not rest.endswith(b"\n"):
            raise CommandError(f"a line of more than {MAX_SKIPPED >> 20} MiB; this is no file of rows", BROKEN)
        return raw + rest


def _object(text: str) -> dict[str, str | None]:
    told: Any = json.loads(text)
    if not isinstance(told, dict):
        raise ValueError("no JSON object")
    found: dict[str, str | None] = {}
    for key, value in told.items():
        name = _name(key)
        if name is None:
            continue
        if name.startswith(STATUS):
            found[name] = str(value) if isinstance(value, (str, int)) else None
            continue
        if isinstance(value, bool) or not isinstance(value, (str, int, type(None))):
            raise ValueError(f"{name} is neither text nor null")
        found[name] = str(value) if isinstance(value, int) else value
    return found


def _name(text: str) -> str | None:
    """Return which column is called `text`."""
    return _BY_NAME.get(text.removeprefix("\ufeff").strip().lower().translate(_IGNORED))


_IGNORED: Final = str.maketrans("", "", " _-")


def _shown(raw: bytes) -> str:
    return raw[: MAX_REJECTED * 4].decode("utf-8", "replace").rstrip("\r\n")[:MAX_REJECTED]


def _words(error: Exception) -> str:
    if isinstance(error, UnicodeDecodeError):
        return "not UTF-8"
    if isinstance(error, RecursionError):
        return "JSON that is nested too deeply"
    words = str(error)
    if isinstance(error, csv.Error) and ("unexpected end" in words or "expected after" in words):
        return "a quote that is not closed, or not doubled"
    return words
