"""The Mailboxes table: the marks of mails that were taken and stay in their mailbox."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

from bounces.errors import LimitError, shown
from bounces.store.batch_reads import attempts, batch_read, parts, pressed
from bounces.store.mailbox_items import MARK, MarkItem
from bounces.store.models import in_table

WRITTEN_AT_ONCE: Final = 25
"""What one call of DynamoDB takes (BatchWriteItem)."""
MAX_MARK: Final = 80


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
        items = batch_read(self._item, [(self._mailbox, MARK + mark) for mark in marks])
        return {item.mark: int(item.expires_at) for item in items}

    def save(self, marks: Collection[str], expires_at: int) -> None:
        """Remember each of `marks` until `expires_at`, in seconds since 1970.

        Raises `LimitError` where one is too long, `ContentionError`.
        """
        for mark in marks:
            if len(mark.encode()) > MAX_MARK:
                raise LimitError(f"a mark has at most {MAX_MARK} bytes, this is {shown(mark)}; give a digest of it")
        for some in parts(sorted(set(marks)), WRITTEN_AT_ONCE):
            self._write([self._item.of(self._mailbox, mark, expires_at).serialize() for mark in some])

    def _write(self, items: list[dict[str, Any]]) -> None:
        """Write `items`, at most 25. PynamoDB's own `batch_write` tries again without a pause, and three times only."""
        for _ in attempts():
            answer = self._item._get_connection().batch_write_item(put_items=items)
            undone = answer.get("UnprocessedItems", {}).get(self._table, [])
            if not undone:
                return
            items = [each["PutRequest"]["Item"] for each in undone]
        raise pressed(self._table)
