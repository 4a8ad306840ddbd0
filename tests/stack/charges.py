"""What one request to DynamoDB costs: the units of its table and of the table's indexes.

Where Amazon's guide leaves room it is taken for more, never less:

- A refused condition costs by the larger of the item that stands and the one that was to be put. ("Working with items"
  names the first only, "DynamoDB read and write operations" the larger.) What an update would have made nobody knows:
  it costs by the item that stands.
- A cancelled transaction costs what it would have cost, and a transaction costs twice for its indexes too; sent again
  with the same token, as botocore does, it counts again as a write.
- A request without an answer may have arrived, and counts as one that did.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

from botocore.exceptions import ClientError

from tests.stack.beside import Beside
from tests.stack.capacity import Item, read_units, size, write_units

Arguments = dict[str, Any]
_REFUSALS: Final = frozenset({"ConditionalCheckFailedException", "TransactionCanceledException"})
_NARROWED: Final = frozenset(
    {"ProjectionExpression", "AttributesToGet", "Select", "FilterExpression", "QueryFilter", "ScanFilter"}
)
"""Arguments that take from an answer what was read all the same."""

_KEPT: Final = frozenset(
    {"TableName", "IndexName", "ExclusiveStartKey", "ScanIndexForward", "ConsistentRead", "Segment", "TotalSegments"}
    | {"KeyConditionExpression", "KeyConditions"}
)
"""Arguments that say what a query or a scan reads."""


class Outcome(Enum):
    """What became of a request: done, refused by a condition, refused before it cost anything, or nobody knows."""

    DONE = "done"
    REFUSED = "refused"
    INVALID = "invalid"
    UNANSWERED = "unanswered"

    @classmethod
    def of(cls, answer: dict[str, Any] | None) -> Outcome:
        """Return it for botocore's parsed `answer`, None where none came."""
        status = 500 if answer is None else answer["ResponseMetadata"]["HTTPStatusCode"]
        if answer is None or status >= 500:
            return cls.UNANSWERED
        if status < 300:
            return cls.DONE
        return cls.REFUSED if answer["Error"]["Code"] in _REFUSALS else cls.INVALID


@dataclass(frozen=True)
class Charge:
    """Units of reads and writes that a request took of a table, or of its index `index`."""

    operation: str
    table: str
    index: str | None = None
    writes: float = 0
    reads: float = 0


def request_of(operation: str, arguments: Arguments, beside: Beside) -> Writing | Reading | None:
    """Return the request about to be sent, None where it takes no units. Raises `NotImplementedError` for PartiQL."""
    if operation in ("ExecuteStatement", "BatchExecuteStatement", "ExecuteTransaction"):
        raise NotImplementedError(f"{operation}: the units of PartiQL are not counted")
    if operation in _WRITES_OF:
        return Writing(operation, arguments, beside)
    return Reading(operation, arguments, beside) if operation in _READS_OF else None


@dataclass(frozen=True)
class _Write:
    """One item's write: its key, and the item to be put where it is a put."""

    kind: str
    table: str
    key: Item
    put: Item | None = None


class Writing:
    """A request that writes, looked at before it is sent."""

    def __init__(self, operation: str, arguments: Arguments, beside: Beside) -> None:
        self._operation, self._beside = operation, beside
        self._times = 2 if operation == "TransactWriteItems" else 1
        self._found: list[tuple[_Write, Item | None]] = []
        self._unread: Exception | None = None
        try:
            self._found += [(write, beside.item(write.table, write.key)) for write in _WRITES_OF[operation](arguments)]
        except (ClientError, LookupError) as error:  # the request will be refused for the same reason
            self._unread = error

    def charges(self, outcome: Outcome, answer: dict[str, Any]) -> Iterator[Charge]:
        """Yield what it cost."""
        if outcome is Outcome.INVALID:
            return
        if self._unread is not None:
            raise self._unread
        left = list(_batched(answer.get("UnprocessedItems", {})))
        for write, before in self._found:
            if write in left:
                continue
            if outcome is Outcome.REFUSED:
                yield self._charge(write, write_units(before, write.put))
                continue
            after = self._after(write, before, outcome)
            yield self._charge(write, write_units(before, after))
            for index in self._beside.table(write.table).indexes:
                if units := index.writes(before, after):
                    yield self._charge(write, units, index.name)

    def _after(self, write: _Write, before: Item | None, outcome: Outcome) -> Item | None:
        if write.kind == "ConditionCheck":
            return before
        if write.kind == "Update" or outcome is Outcome.UNANSWERED:
            return self._beside.item(write.table, write.key)
        return write.put

    def _charge(self, write: _Write, units: int, index: str | None = None) -> Charge:
        return Charge(self._operation, write.table, index, writes=units * self._times)


def _batched(items: Arguments) -> Iterator[_Write]:
    for table, requests in items.items():
        for request in requests:
            if "PutRequest" in request:
                item = request["PutRequest"]["Item"]
                yield _Write("Put", table, item, item)
            else:
                yield _Write("Delete", table, request["DeleteRequest"]["Key"])


def _transacted(items: list[Arguments]) -> Iterator[_Write]:
    for item in items:
        ((kind, action),) = item.items()
        put = action.get("Item")
        yield _Write(kind, action["TableName"], put or action["Key"], put)


_WRITES_OF: Final[dict[str, Callable[[Arguments], Iterator[_Write]]]] = {
    "PutItem": lambda arguments: _transacted([{"Put": arguments}]),
    "UpdateItem": lambda arguments: _transacted([{"Update": arguments}]),
    "DeleteItem": lambda arguments: _transacted([{"Delete": arguments}]),
    "BatchWriteItem": lambda arguments: _batched(arguments["RequestItems"]),
    "TransactWriteItems": lambda arguments: _transacted(arguments["TransactItems"]),
}


class Reading:
    """A request that reads. It costs by what was read, which may be more than what is answered."""

    def __init__(self, operation: str, arguments: Arguments, beside: Beside) -> None:
        self._operation, self._arguments, self._beside = operation, arguments, beside

    def charges(self, outcome: Outcome, answer: dict[str, Any]) -> Iterator[Charge]:
        """Yield what it cost."""
        if outcome in (Outcome.INVALID, Outcome.REFUSED):
            return
        if outcome is Outcome.UNANSWERED:
            answer = self._beside.ask(self._operation, **self._arguments)
        for table, index, units in _READS_OF[self._operation](self._arguments, answer, self._beside):
            yield Charge(self._operation, table, index, reads=units)


_Read = tuple[str, str | None, float]


def _get(arguments: Arguments, answer: Arguments, beside: Beside) -> Iterator[_Read]:
    table, is_whole = arguments["TableName"], _NARROWED.isdisjoint(arguments)
    item = answer.get("Item") if is_whole else beside.item(table, arguments["Key"])
    yield table, None, read_units(size(item or {}), consistent=arguments.get("ConsistentRead", False))


def _batch(arguments: Arguments, answer: Arguments, beside: Beside) -> Iterator[_Read]:
    """Each item by itself, as if it were read alone; one that was left for another request costs a unit."""
    for table, asked in arguments["RequestItems"].items():
        left = answer.get("UnprocessedKeys", {}).get(table, {}).get("Keys", ())
        consistent = asked.get("ConsistentRead", False)
        for key in asked["Keys"]:
            item = {} if key in left else beside.item(table, key)
            yield table, None, read_units(size(item or {}), consistent=consistent or key in left)


def _transaction(arguments: Arguments, _: Arguments, beside: Beside) -> Iterator[_Read]:
    for item in arguments["TransactItems"]:
        found = beside.item(item["Get"]["TableName"], item["Get"]["Key"])
        yield item["Get"]["TableName"], None, 2 * read_units(size(found or {}), consistent=True)


def _query(arguments: Arguments, answer: Arguments, beside: Beside) -> Iterator[_Read]:
    yield _evaluated("Query", arguments, answer, beside)


def _scan(arguments: Arguments, answer: Arguments, beside: Beside) -> Iterator[_Read]:
    yield _evaluated("Scan", arguments, answer, beside)


def _evaluated(operation: str, arguments: Arguments, answer: Arguments, beside: Beside) -> _Read:
    """All that was evaluated, before the filter, together."""
    table, index = arguments["TableName"], arguments.get("IndexName")
    if index is not None and arguments.get("Select") == "ALL_ATTRIBUTES":
        raise NotImplementedError(f"{index}: a query that fetches from the table what its index lacks is not counted")
    items = answer.get("Items", [])
    if not _NARROWED.isdisjoint(arguments):
        items = _asked_again(operation, arguments, answer["ScannedCount"], beside)
    return table, index, read_units(sum(map(size, items)), consistent=arguments.get("ConsistentRead", False))


def _asked_again(operation: str, arguments: Arguments, count: int, beside: Beside) -> list[Item]:
    """Return the `count` items that were evaluated, with all that the table or the index has of them."""
    again = {name: value for name, value in arguments.items() if name in _KEPT}
    words = again.get("KeyConditionExpression", "")
    for given in ("ExpressionAttributeNames", "ExpressionAttributeValues"):  # one that is not used is refused
        used = {name: value for name, value in arguments.get(given, {}).items() if re.search(rf"{name}\b", words)}
        again |= {given: used} if used else {}
    items: list[Item] = []
    while len(items) < count:
        page = beside.ask(operation, Limit=count - len(items), **again)
        items += page["Items"]
        if "LastEvaluatedKey" not in page:
            break
        again["ExclusiveStartKey"] = page["LastEvaluatedKey"]
    return items


_READS_OF: Final[dict[str, Callable[[Arguments, Arguments, Beside], Iterator[_Read]]]] = {
    "GetItem": _get,
    "BatchGetItem": _batch,
    "TransactGetItems": _transaction,
    "Query": _query,
    "Scan": _scan,
}
