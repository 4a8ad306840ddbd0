"""The rows of an accounting file: RFC 4180, as PowerMTA writes it and as rotation, crashes and concatenation leave it.

The stdlib's reader does the rows. What it cannot do is go on after a bad one: a quote that is not closed would swallow
the rest of the file. So each row is cut out first, by the parity of its quotes, and a row that is not sound costs its
own line only.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from typing import Final

from bounces.errors import RecordError
from bounces.reading.accounting import columns
from bounces.reading.accounting.limits import MAX_COLUMNS, MAX_READABLE, MAX_RECORD, MAX_VALUE
from bounces.reading.accounting.piece import Piece
from bounces.reading.accounting.values import bounded

_BLANK_LINES: Final = re.compile(rb"(?:[ \t\0]*+\n)*+")


def pieces(body: bytes) -> Iterator[Piece]:
    """Yield each row of `body`, by the names of the header line before it, in lower case.

    A header line after the first, as concatenated files have it, is a row of the type `type` besides. Rows without a
    header line before them are read by the known layouts (`columns`). Line ends are LF, CRLF or CR; bytes that are not
    UTF-8, and NUL, become U+FFFD.
    """
    if b"\r" in body:
        body = body.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    names: tuple[str, ...] | None = None
    place, line = 0, 1
    while True:
        start = _BLANK_LINES.match(body, place).end()  # type: ignore[union-attr]  # matches anything
        line += body.count(b"\n", place, start)
        if start >= len(body):
            return
        raw, cells = _row(body, start)
        place = start + len(raw)
        kept = raw[:MAX_READABLE]
        if isinstance(cells, str):
            yield Piece(line, kept, None, cells)
        elif columns.is_header(cells):
            if names is not None:
                yield Piece(line, kept, {columns.TYPE: columns.TYPE}, None)
            names = columns.names_of(cells)
        elif len(cells) > 1 or cells[0].strip():
            yield _named(line, kept, names, cells)
        line += raw.count(b"\n")


def cells_of(text: str) -> list[str]:
    """Return the values of the one row `text`. Raises `RecordError` where it is no sound row."""
    if '"' not in text:
        cells = text.split(",", MAX_COLUMNS)
    else:
        if text.count(",") > 2 * MAX_RECORD:
            raise RecordError(f"is a row of more than {MAX_COLUMNS} values")
        try:
            rows = list(csv.reader((text,), strict=True))
        except csv.Error as error:
            raise RecordError(f"is no sound row (RFC 4180): {error}") from error
        cells = rows[0] if rows else [""]
    if len(cells) > MAX_COLUMNS:
        raise RecordError(f"is a row of more than {MAX_COLUMNS} values")
    return [bounded(cell) for cell in cells] if len(text) > MAX_VALUE else cells


def named(names: Sequence[str], cells: Sequence[str]) -> dict[str, str]:
    """Return `cells` by `names`. Raises `RecordError` where their numbers differ: another file's row, or a cut one."""
    if len(cells) != len(names):
        raise RecordError(f"has {len(cells)} values for {len(names)} columns")
    return dict(zip(names, cells, strict=True))


def _row(body: bytes, start: int) -> tuple[bytes, list[str] | str]:
    """Return the row at `start` without its line end, and its values, or the reason why it has none."""
    end = body.find(b"\n", start)
    raw = body[start:] if end < 0 else body[start:end]
    if b'"' in raw and raw.count(b'"') % 2:
        whole = _with_following_lines(body, start, start + len(raw))
        if whole is not None:
            cells = _cells(whole)
            if not isinstance(cells, str):
                return whole, cells
    return raw, _cells(raw)


def _with_following_lines(body: bytes, start: int, end: int) -> bytes | None:
    """Return the row at `start` up to the line that closes its quoted value; None where none does within a record."""
    while end < len(body):
        begin = end + 1
        end = body.find(b"\n", begin, start + MAX_RECORD)
        if end < 0:
            if len(body) - start > MAX_RECORD:
                return None
            end = len(body)
        if body.count(b'"', begin, end) % 2:
            return body[start:end]
    return None


def _cells(raw: bytes) -> list[str] | str:
    if len(raw) > MAX_READABLE:
        return f"is longer than {MAX_READABLE} bytes"
    text = raw.decode("utf-8", "replace")
    if "\0" in text:
        text = text.replace("\0", "\ufffd")
    try:
        return cells_of(text)
    except RecordError as error:
        return str(error)


def _named(line: int, raw: bytes, names: tuple[str, ...] | None, cells: list[str]) -> Piece:
    try:
        if names is None:
            return Piece(line, raw, {columns.CELLS: cells}, None)
        return Piece(line, raw, named(names, cells), None)
    except RecordError as error:
        return Piece(line, raw, None, str(error))
