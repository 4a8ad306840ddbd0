"""A table with indexes, and items of any size for it, to count units with."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3
from botocore.client import BaseClient
from botocore.config import Config

from tests.stack import in_memory
from tests.stack.capacity import Item, size

KIB = 1024
TABLE = "Things"
DESCRIBED: dict[str, Any] = {
    "BillingMode": "PAY_PER_REQUEST",
    "AttributeDefinitions": [{"AttributeName": name, "AttributeType": "S"} for name in ("p", "s", "kind", "at")],
    "KeySchema": [{"AttributeName": "p", "KeyType": "HASH"}, {"AttributeName": "s", "KeyType": "RANGE"}],
    "GlobalSecondaryIndexes": [
        {
            "IndexName": "by-kind",
            "KeySchema": [{"AttributeName": "kind", "KeyType": "HASH"}],
            "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["note"]},
        }
    ],
    "LocalSecondaryIndexes": [
        {
            "IndexName": "by-time",
            "KeySchema": [{"AttributeName": "p", "KeyType": "HASH"}, {"AttributeName": "at", "KeyType": "RANGE"}],
            "Projection": {"ProjectionType": "ALL"},
        }
    ],
}


@contextmanager
def things(dynamodb: str | None) -> Iterator[Any]:
    """Have the table, and yield a client that tries three times."""
    retries: Any = {"mode": "standard", "total_max_attempts": 3}
    with in_memory.aws(dynamodb), in_memory.table(TABLE, **DESCRIBED):
        yield boto3.client("dynamodb", config=Config(retries=retries))


def clear() -> None:
    """Delete every item."""
    in_memory.clear(TABLE, ("p", "s"))


def thing(count: int, s: str = "1", **attributes: Any) -> Item:
    """Return an item of `count` bytes with the key `a`, `s`."""
    item: Item = {"p": {"S": "a"}, "s": {"S": s}, **attributes}
    return item | {"t": {"S": "x" * (count - size(item) - 1)}}


KEY: Item = {"p": {"S": "a"}, "s": {"S": "1"}}
GROW: dict[str, Any] = {
    "UpdateExpression": "SET u = :u",
    "ExpressionAttributeValues": {":u": {"S": "y" * 700}},
}


def told(client: BaseClient, operation: str, **arguments: Any) -> float:
    """Make the call, and return what dynalite says that it consumed."""
    answer = client._make_api_call(operation, {**arguments, "ReturnConsumedCapacity": "TOTAL"})  # type: ignore[attr-defined]
    consumed = answer["ConsumedCapacity"]
    parts = consumed if isinstance(consumed, list) else [consumed]
    return float(sum(part["CapacityUnits"] for part in parts))
