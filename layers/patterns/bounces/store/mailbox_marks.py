"""The Mailboxes table: the marks of mails that were taken and stay in their mailbox."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Sequence
from itertools import islice
from typing import Any, Final

from bounces.errors import ContentionError, LimitError, shown
from bounces.store.mailbox_items import MARK, MarkItem
from bounces.store.models import in_table

READ_AT_ONCE: Final = 100
WRITTEN_AT_ONCE: Final = 25
"""What one call of DynamoDB takes (BatchGetItem, BatchWriteItem)."""
MAX_MARK: Final = 80
ATTEMPTS: Final = 8
FIRST_PAUSE_SECONDS: Final = 0.05
"""Before a batch is sent again of which DynamoDB, being pressed, left some undone; doubled each time."""


class MarkStore:
    """The marks of one mailbox."""

    def __init__(self, table: str, mailbox: str) -> None:
        """Name the table and the mailbox. No call is made before the first operation."""
        self._item = in_table(MarkItem, table)
        self._table = table
        self._mailbox = mailbox

    def found(self, marks: Collection[str]) -> dict[str, int]:
        """Return those of `marks` that are there, with the second since 1970 that each expires at.

        They are read as they were a moment ago ("eventually consistent", DynamoDB's guide), at half the price: a mail
        whose mark is missed is taken twice, which changes nothing. Raises `ContentionError`.
        """
        found: dict[str, int] = {}
        for some in _parts(sorted(set(marks)), READ_AT_ONCE):
            items = map(self._item.from_raw_data, self._read([(self._mailbox, MARK + mark) for mark in some]))
            found |= {item.mark: int(item.expires_at) for item in items}
        return found

    def save(self, marks: Collection[str], expires_at: int) -> None:
        """Remember each of `marks` until `expires_at`, in seconds since 1970.

        Raises `LimitError` where one is too long, `ContentionError`.
        """
        for mark in marks:
            if len(mark.encode()) > MAX_MARK:
                raise LimitError(f"a mark has at most {MAX_MARK} bytes, this is {shown(mark)}; give a digest of it")
        for some in _parts(sorted(set(marks)), WRITTEN_AT_ONCE):
            self._write([self._item.of(self._mailbox, mark, expires_at).serialize() for mark in some])

    def _read(self, keys: Sequence[tuple[str, str]]) -> Iterator[dict[str, Any]]:
        """Yield the items of `keys`, at most a hundred.

        PynamoDB's own `batch_get` asks again without a pause and without an end.
        """
        wanted: Any = [dict(zip(("part", "item"), map(_text, key), strict=True)) for key in keys]
        for _ in _attempts():
            answer = self._connection().batch_get_item(wanted)
            yield from answer.get("Responses", {}).get(self._table, [])
            wanted = answer.get("UnprocessedKeys", {}).get(self._table, {}).get("Keys")
            if not wanted:
                return
        raise self._pressed()

    def _write(self, items: list[dict[str, Any]]) -> None:
        """Write `items`, at most 25. PynamoDB's own `batch_write` tries again without a pause, and three times only."""
        for _ in _attempts():
            answer = self._connection().batch_write_item(put_items=items)
            undone = answer.get("UnprocessedItems", {}).get(self._table, [])
            if not undone:
                return
            items = [each["PutRequest"]["Item"] for each in undone]
        raise self._pressed()

    def _connection(self) -> Any:
        return self._item._get_connection()

    def _pressed(self) -> ContentionError:
        return ContentionError(f"{self._table} left some of a batch undone {ATTEMPTS} times in a row; try again")


def _text(value: str) -> dict[str, str]:
    return {"S": value}


def _attempts() -> Iterator[int]:
    """Yield as often as something is tried, with a pause before each time but the first."""
    for attempt in range(ATTEMPTS):
        if attempt:
            time.sleep(FIRST_PAUSE_SECONDS * 2 ** (attempt - 1))
        yield attempt


def _parts(whole: Sequence[str], size: int) -> Iterator[list[str]]:
    following = iter(whole)
    while part := list(islice(following, size)):
        yield part
