"""The counter of units on both DynamoDBs: what it sees, and what the guide says and dynalite does not tell."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from pynamodb.attributes import UnicodeAttribute
from pynamodb.exceptions import PutError
from pynamodb.models import MetaModel, Model

from tests.stack import in_memory, units
from tests.stack.capacity import Item
from tests.stack.things import GROW, KEY, KIB, TABLE, clear, thing, things


@pytest.fixture(scope="module")
def made(dynamodb: str | None) -> Iterator[Any]:
    with things(dynamodb) as client:
        yield client


@pytest.fixture
def client(made: Any) -> Any:
    """A client, and an empty table."""
    clear()
    return made


def test_the_counter_sees_what_any_client_sends_and_nobody_sees_what_it_asks(client: Any) -> None:
    with in_memory.calls() as calls, units.counted() as used:
        client.put_item(TableName=TABLE, Item=thing(30))
        client.update_item(TableName=TABLE, Key=KEY, **GROW)
        boto3.resource("dynamodb").Table(TABLE).delete_item(Key={"p": "a", "s": "1"})
    assert calls.operations == ["PutItem", "UpdateItem", "DeleteItem"]
    assert used.by_operation == {"PutItem": 1, "UpdateItem": 1, "DeleteItem": 1}
    client.put_item(TableName=TABLE, Item=thing(30))
    assert used.requests.total() == 3


class Thing(Model):
    class Meta:
        table_name = TABLE

    p = UnicodeAttribute(hash_key=True)
    s = UnicodeAttribute(range_key=True)
    t = UnicodeAttribute()


def test_the_counter_counts_pynamodb(client: Any) -> None:
    model = MetaModel("Thing", (Thing,), {"Meta": Thing.Meta})  # with a client for this DynamoDB
    with units.counted() as used:
        with model.batch_write() as batch:
            batch.save(model("a", "1", t="x" * 2000))
            batch.save(model("a", "2", t="x" * 20))
        model("a", "3", t="y").save(model.p.does_not_exist())
        with pytest.raises(PutError):
            model("a", "1", t="y").save(model.p.does_not_exist())
        model("a", "2").update([model.t.set("x" * 3000)])
        assert [thing.s for thing in model.query("a", consistent_read=True)] == ["1", "2", "3"]
        assert len(list(model.batch_get([("a", "1"), ("a", "4")]))) == 1
        assert len(list(model.scan(model.s == "1"))) == 1
        assert model.count("a") == 3
    assert used.by_operation == {
        "BatchWriteItem": 2 + 1,
        "PutItem": 1 + 2,
        "UpdateItem": 3,
        "Query": 2 + 1,
        "BatchGetItem": 2 * 0.5,
        "Scan": 1,
    }
    assert used.requests == {name: 2 if name in ("PutItem", "Query") else 1 for name in used.by_operation}
    assert (used.writes(), used.reads(TABLE)) == (9, 5)


REFUSALS: list[tuple[str, dict[str, Any], int, int]] = [  # operation, arguments, what stands, units
    ("PutItem", {"Item": thing(30)}, 3000, 3),
    ("PutItem", {"Item": thing(2500)}, 30, 3),
    ("PutItem", {"Item": thing(30)}, 0, 1),
    ("UpdateItem", {"Key": KEY, **GROW}, 2 * KIB + 1, 3),
    ("UpdateItem", {"Key": KEY, **GROW}, 0, 1),
    ("DeleteItem", {"Key": KEY}, 2 * KIB, 2),
    ("DeleteItem", {"Key": KEY}, 0, 1),
]


@pytest.mark.parametrize(("operation", "arguments", "stands", "expected"), REFUSALS)
def test_a_refused_condition_costs_by_the_item_that_stands_or_was_to_be_put(
    client: Any, operation: str, arguments: dict[str, Any], stands: int, expected: int
) -> None:
    if stands:
        client.put_item(TableName=TABLE, Item=thing(stands, kind={"S": "x"}))
    with units.counted() as used, pytest.raises(ClientError, match="ConditionalCheckFailed"):
        client._make_api_call(
            operation, {"TableName": TABLE, "ConditionExpression": "attribute_exists(never)", **arguments}
        )
    assert used.by_operation == {operation: expected}
    assert used.by_index == {}


def test_an_invalid_request_costs_nothing(client: Any) -> None:
    with units.counted() as used, pytest.raises(ClientError, match="Validation"):
        client.put_item(TableName=TABLE, Item={"p": {"S": "a"}})
    assert used.charges == []


def test_indexes_cost_by_the_entries_that_a_write_changes(client: Any) -> None:
    kind, note = {"S": "even"}, {"S": "n" * KIB}
    steps: list[tuple[Item, dict[str, float]]] = [
        (thing(3000), {}),
        (thing(3000, kind=kind), {"by-kind": 1}),
        (thing(3000, kind=kind, note=note), {"by-kind": 2}),
        (thing(3001, kind=kind, note=note), {}),
        (thing(3000, kind={"S": "odd"}, note=note), {"by-kind": 4}),
        (thing(3000, note=note, at={"S": "1"}), {"by-kind": 2, "by-time": 3}),
    ]
    for item, expected in steps:
        with units.counted() as used:
            client.put_item(TableName=TABLE, Item=item)
        assert used.by_index == {f"{TABLE}/{name}": cost for name, cost in expected.items()}
        assert used.writes() == 3 + sum(expected.values())
    with units.counted() as used:
        client.update_item(TableName=TABLE, Key=KEY, UpdateExpression="SET kind = :k REMOVE t, note, #a",
                           ExpressionAttributeNames={"#a": "at"}, ExpressionAttributeValues={":k": kind})  # fmt: skip
    assert used.by_index == {f"{TABLE}/by-kind": 1, f"{TABLE}/by-time": 3}
    with units.counted() as used:
        client.delete_item(TableName=TABLE, Key=KEY)
    assert (used.by_index, used.writes()) == ({f"{TABLE}/by-kind": 1}, 2)
