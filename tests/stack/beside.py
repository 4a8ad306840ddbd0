"""Questions to a DynamoDB beside what a test watches: no counter, recorder or fault of the tests sees them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import boto3
from botocore.client import BaseClient
from botocore.config import Config

from tests.stack.capacity import Index, Item, key_of

_CALL: Final = BaseClient._make_api_call  # type: ignore[attr-defined]  # before anything records calls or breaks them
_here = threading.local()


def asking() -> bool:
    """Return whether what this thread sends is such a question: who counts or breaks requests leaves it alone."""
    return getattr(_here, "asking", False)


@dataclass(frozen=True)
class Table:
    """A table as DescribeTable has it: the names of its key, and its indexes, global and local."""

    name: str
    key: tuple[str, ...]
    indexes: tuple[Index, ...]


class Beside:
    """The DynamoDB at `address`, asked beside."""

    def __init__(self, address: str) -> None:
        config = Config(retries={"total_max_attempts": 10, "mode": "standard"}, parameter_validation=False)
        self._client = boto3.client("dynamodb", endpoint_url=address, config=config)
        self.table = cache(self._table)

    def ask(self, operation: str, **arguments: Any) -> dict[str, Any]:
        """Return the answer to `operation`."""
        with _asking():
            answer: dict[str, Any] = _CALL(self._client, operation, arguments)
            return answer

    def item(self, table: str, key: Item) -> Item | None:
        """Return the item of `table` that has `key` among its attributes; None where there is none."""
        names = self.table(table).key
        found = self.ask("GetItem", TableName=table, Key={name: key[name] for name in names}, ConsistentRead=True)
        return found.get("Item")

    def _table(self, name: str) -> Table:
        described = self.ask("DescribeTable", TableName=name)["Table"]
        indexes = [*described.get("GlobalSecondaryIndexes", ()), *described.get("LocalSecondaryIndexes", ())]
        key = key_of(described)
        return Table(name, key, tuple(Index.of(index, key) for index in indexes))


@contextmanager
def _asking() -> Iterator[None]:
    before = asking()
    _here.asking = True
    try:
        yield
    finally:
        _here.asking = before
