"""An event of Logstash -> the row of the accounting file that it was made of.

A csv filter names the columns and leaves the line; an event that it could not take apart has the line only. The
generated pipeline keeps the line in a field of its own, and its columns beside it: such an event is read exactly as
the file itself is, whatever the filter made of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from bounces.errors import RecordError
from bounces.reading.accounting import columns
from bounces.reading.accounting.csv_records import cells_of, named
from bounces.reading.accounting.limits import MAX_COLUMNS
from bounces.reading.accounting.values import text_of

LINE: Final = "accounting_line"
"""The field in which the generated pipeline keeps a row as it stood in the file."""
COLUMNS: Final = "accounting_columns"
"""The field in which it says what the columns of that row are: their names, with commas between, or an array."""

FAILED: Final = "_csvparsefailure"  # the csv filter's tag; `message` and, with ECS, `event.original` have the line
_UNNAMED: Final = "column"  # the csv filter calls values beyond the columns column14, column15 ...


def row_of(event: Mapping[str, Any]) -> Mapping[str, str]:
    """Return the row in `event`, by column names in lower case. Raises `RecordError` where none can be read.

    The line is read again where the event says what its columns are, and where the filter failed; then its columns
    are those of the known layout that it fits. Else the event's own fields are the columns.
    """
    line, names = event.get(LINE), event.get(COLUMNS)
    if isinstance(line, str) and names:
        return _read_again(line, _names(names))
    wanted = columns.known().names
    row = {
        column: text for name, value in event.items() if (column := name.lower()) in wanted and (text := text_of(value))
    }
    if columns.TYPE in row and not _has_failed(event):
        if any(name.startswith(_UNNAMED) and name[len(_UNNAMED) :].isdigit() for name in event):
            raise RecordError("has more values than columns")
        return row
    for candidate in (line, event.get("message"), _original(event)):
        if isinstance(candidate, str) and candidate.strip():
            return _read_again(candidate, ())
    raise RecordError(f"has neither a field `type` nor the line itself in `{LINE}`, `message` or `event.original`")


def _read_again(line: str, names: tuple[str, ...]) -> Mapping[str, str]:
    cells = cells_of(line.rstrip("\r\n").replace("\0", "\ufffd"))
    if columns.is_header(cells):
        return {columns.TYPE: columns.TYPE}
    return named(names, cells) if names else columns.by_layout(cells)


def _names(value: object) -> tuple[str, ...]:
    names = value.split(",", MAX_COLUMNS) if isinstance(value, str) else value
    if isinstance(names, list) and all(isinstance(name, str) for name in names):
        return columns.names_of(names)
    raise RecordError(f"has in `{COLUMNS}` no names with commas between")


def _has_failed(event: Mapping[str, Any]) -> bool:
    tags = event.get("tags")
    return tags == FAILED or (isinstance(tags, list) and FAILED in tags)


def _original(event: Mapping[str, Any]) -> object:
    inner = event.get("event")
    return inner.get("original") if isinstance(inner, dict) else None
