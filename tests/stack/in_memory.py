"""AWS in this process's memory, with the tables of template.yaml, and faults in its answers.

The tables are moto's, or those of another DynamoDB whose address is given (`tests.stack.dynalite`).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal
from unittest import mock

import boto3
from botocore.client import BaseClient
from botocore.exceptions import ConnectTimeoutError
from moto import mock_aws
from samtranslator.yaml_helper import yaml_parse

from bounces.aws import clients
from bounces.store import Store
from tests.quick_aws import quick
from tests.stack.capacity import Item
from tests.stack.capacity import size as size

TEMPLATE: Final = Path(__file__).resolve().parents[2] / "template.yaml"
ENVIRONMENT: Final = {
    "AWS_DEFAULT_REGION": "eu-west-1",
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_EC2_METADATA_DISABLED": "true",
}
WRITES: Final = frozenset({"PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem", "TransactWriteItems"})
BY_THE_CLOCK: Final = frozenset({"expires_at", "written", "applied"})
"""Attributes that say when an item was written and how long it is kept, and nothing of any address. Two runs that end
in the same state differ in them, so they are left out where what is stated is compared."""

DESCRIBED: Final = (
    "BillingMode",
    "AttributeDefinitions",
    "KeySchema",
    "GlobalSecondaryIndexes",
    "LocalSecondaryIndexes",
)
_OFTEN: Final[Any] = {"Delay": 0.02, "MaxAttempts": 500}


@contextmanager
def aws(dynamodb: str | None = None) -> Iterator[None]:
    """Have AWS in memory, empty, and no way to a real one; DynamoDB is the one at `dynamodb` (None: moto's)."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    place = {} if dynamodb is None else {"AWS_ENDPOINT_URL_DYNAMODB": dynamodb}
    with mock.patch.dict(os.environ, kept | ENVIRONMENT | place, clear=True), mock_aws(), _quick(dynamodb):
        boto3.setup_default_session()
        clients.forget()
        yield
        clients.forget()
        boto3.setup_default_session()


def _quick(dynamodb: str | None) -> AbstractContextManager[None]:
    """Return what makes moto quick; another DynamoDB wants requests that are signed."""
    return quick() if dynamodb is None else nullcontext()


@dataclass(frozen=True)
class Tables:
    """The tables of template.yaml and a store on them."""

    subscribers: str
    suppressions: str
    store: Store

    def dump(self) -> dict[str, list[Item]]:
        """Return what every item of both tables states, in an order of their own."""
        return {name: stated(name) for name in (self.subscribers, self.suppressions)}

    def clear(self) -> None:
        """Delete every item."""
        clear(self.subscribers, ("address", "item"))
        clear(self.suppressions, ("address",))

    def items(self) -> list[Item]:
        """Return the items of both tables, with every attribute."""
        return [item for name in (self.subscribers, self.suppressions) for item in scan(name)]


@contextmanager
def tables(dynamodb: str | None = None) -> Iterator[Tables]:
    """Make the tables as template.yaml describes them, in the DynamoDB at `dynamodb` (None: moto's), meanwhile."""
    resources = yaml_parse(TEMPLATE.read_text("utf-8"))["Resources"]
    with ExitStack() as made:
        made.enter_context(aws(dynamodb))
        for logical_id in ("SubscribersTable", "SuppressionsTable", "PatternsTable", "ReviewTable", "MailboxesTable"):
            described = resources[logical_id]["Properties"]
            made.enter_context(table(logical_id, **{name: described[name] for name in DESCRIBED if name in described}))
        yield Tables("SubscribersTable", "SuppressionsTable", Store("SubscribersTable", "SuppressionsTable"))


@contextmanager
def table(name: str, **described: Any) -> Iterator[None]:
    """Have the table `name` meanwhile, described as to CreateTable."""
    client = _client()
    client.create_table(TableName=name, **described)
    client.get_waiter("table_exists").wait(TableName=name, WaiterConfig=_OFTEN)
    yield
    client.delete_table(TableName=name)
    client.get_waiter("table_not_exists").wait(TableName=name, WaiterConfig=_OFTEN)


def clear(table: str, keys: Iterable[str]) -> None:
    """Delete every item of `table`, whose keys are named `keys`."""
    for item in scan(table):
        _client().delete_item(TableName=table, Key={key: item[key] for key in keys})


def scan(table: str) -> list[Item]:
    """Return every item of `table`, as DynamoDB has it."""
    pages = _client().get_paginator("scan").paginate(TableName=table)
    return [{name: _ordered(value) for name, value in item.items()} for page in pages for item in page["Items"]]


def stated(table: str) -> list[Item]:
    """Return every attribute of every item of `table` but those of `BY_THE_CLOCK`, in an order of its own."""
    return sorted((without_clock(item) for item in scan(table)), key=repr)


def without_clock(item: Item) -> Item:
    """Return `item` without what a clock has put there."""
    return {name: value for name, value in item.items() if name not in BY_THE_CLOCK}


def _client() -> Any:
    """Return a client for the DynamoDB that the environment names: making one takes longer than a call."""
    return _client_of(os.environ.get("AWS_ENDPOINT_URL_DYNAMODB"), os.environ.get("AWS_ENDPOINT_URL"))


@cache
def _client_of(*_address: str | None) -> Any:
    return boto3.client("dynamodb")


def _ordered(value: Any) -> Any:
    """A set of DynamoDB has no order."""
    return {kind: sorted(held) if kind in ("SS", "NS", "BS") else held for kind, held in value.items()}


@dataclass
class Calls:
    """The calls that were made: operation and arguments, in order."""

    made: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    @property
    def operations(self) -> list[str]:
        """Return the operations, in order."""
        return [operation for operation, _ in self.made]

    @property
    def writes(self) -> list[dict[str, Any]]:
        """Return the arguments of the calls that write, in order."""
        return [arguments for operation, arguments in self.made if operation in WRITES]


Fault = Literal["before", "after", "answer lost"]
"""A call fails before or after it took effect, or is sent a second time by botocore since its answer was lost."""


@contextmanager
def calls(fault: Fault | None = None, at: int | None = None, operation: str | None = None) -> Iterator[Calls]:
    """Record the calls to AWS, and have the call number `at` (from 0) or every `operation` suffer `fault`."""
    seen = Calls()
    original = BaseClient._make_api_call  # type: ignore[attr-defined]

    def make(client: BaseClient, name: str, arguments: dict[str, Any]) -> Any:
        struck = fault is not None and (len(seen.made) == at or name == operation)
        seen.made.append((name, arguments))
        if struck and fault == "before":
            raise ConnectTimeoutError(endpoint_url="https://in.memory")
        answer = original(client, name, arguments)
        if struck and fault == "after":
            raise ConnectTimeoutError(endpoint_url="https://in.memory")
        return original(client, name, arguments) if struck and fault == "answer lost" else answer

    with mock.patch.object(BaseClient, "_make_api_call", make):
        yield seen


@contextmanager
def before_write(place: int, act: Callable[[], object]) -> Iterator[None]:
    """Have `act` done, once, just before the write number `place` (from 0) that is made meanwhile."""
    original = BaseClient._make_api_call  # type: ignore[attr-defined]
    writes = 0

    def make(client: BaseClient, name: str, arguments: dict[str, Any]) -> Any:
        nonlocal writes
        writes += name in WRITES
        if name in WRITES and writes == place + 1:
            writes += 1_000  # what `act` itself writes is not counted
            act()
        return original(client, name, arguments)

    with mock.patch.object(BaseClient, "_make_api_call", make):
        yield
