"""The counter of units, against what dynalite says that each call consumed, and by the guide where dynalite differs.

dynalite differs from Amazon's DynamoDB Developer Guide in that it

- takes a consistent scan for one that is not (its `validations/scan.js` does not know `ConsistentRead`);
- takes nothing for a query that finds nothing, the guide the least of a read ("DynamoDB read and write operations");
- takes nothing for what a write changes in an index (`addConsumedCapacity`), and says nothing where a condition refused
  it, nor does AWS: both are tested by the guide's figures.
"""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError

from tests.stack import units
from tests.stack.beside import Beside
from tests.stack.things import GROW, KEY, KIB, TABLE, clear, thing, things, told

EDGES = (20, KIB - 1, KIB, KIB + 1, 4 * KIB - 1, 4 * KIB, 4 * KIB + 1, 8 * KIB, 8 * KIB + 1, 300_000)


@pytest.fixture(scope="module")
def client(second_dynamodb: str) -> Iterator[Any]:
    with things(second_dynamodb) as made:
        yield made


@pytest.fixture
def telling(client: Any) -> Any:
    """A client of dynalite, which tells what it consumed, and an empty table."""
    clear()
    return client


def of_the_table(used: units.Used) -> float:
    """Return what was used but by writing to indexes, of which dynalite says nothing."""
    return sum(charge.writes for charge in used.charges if charge.index is None) + used.reads()


WRITES: dict[str, Callable[[int], tuple[str, dict[str, Any]]]] = {
    "put": lambda count: ("PutItem", {"Item": thing(count)}),
    "put smaller": lambda count: ("PutItem", {"Item": thing(30)}),
    "update": lambda count: ("UpdateItem", {"Key": KEY, **GROW}),
    "delete": lambda count: ("DeleteItem", {"Key": KEY}),
    "delete what is not there": lambda count: ("DeleteItem", {"Key": {**KEY, "s": {"S": "none"}}}),
    "update what is not there": lambda count: ("UpdateItem", {"Key": {**KEY, "s": {"S": "none"}}, **GROW}),
}


@pytest.mark.parametrize("count", EDGES)
@pytest.mark.parametrize("make", WRITES.values(), ids=WRITES)
def test_writes_cost_what_dynalite_says(telling: Any, make: Callable[[int], tuple[str, Any]], count: int) -> None:
    for stands in ((), (count,), (5 * KIB,)):
        clear()
        for before in stands:
            telling.put_item(TableName=TABLE, Item=thing(before))
        operation, arguments = make(count)
        with units.counted() as used:
            expected = told(telling, operation, TableName=TABLE, **arguments)
        assert used.writes() == of_the_table(used) == expected
        assert used.by_operation == {operation: expected}
        assert used.requests == {operation: 1}


def test_a_batch_of_writes_costs_each_by_itself(telling: Any) -> None:
    for number, count in enumerate(EDGES):
        telling.put_item(TableName=TABLE, Item=thing(count, s=f"old {number}"))
    requests: list[Any] = [{"PutRequest": {"Item": thing(count, s=f"new {count}")}} for count in EDGES]
    requests += [{"PutRequest": {"Item": thing(30, s="old 3")}}]
    requests += [{"DeleteRequest": {"Key": {**KEY, "s": {"S": f"old {number}"}}}} for number in range(4, 12)]
    with units.counted() as used:
        expected = told(telling, "BatchWriteItem", RequestItems={TABLE: requests})
    assert used.writes(TABLE) == expected > 600
    assert used.writes("Another") == 0


@pytest.mark.parametrize("consistent", [True, False])
@pytest.mark.parametrize("count", EDGES)
def test_an_item_read_costs_what_dynalite_says(telling: Any, count: int, consistent: bool) -> None:
    telling.put_item(TableName=TABLE, Item=thing(count))
    for arguments in ({}, {"ProjectionExpression": "s"}, {"AttributesToGet": ["s"]}):
        for key in (KEY, {**KEY, "s": {"S": "none"}}):
            asked = {"TableName": TABLE, "Key": key, "ConsistentRead": consistent, **arguments}
            with units.counted() as used:
                expected = told(telling, "GetItem", **asked)
            assert used.reads() == expected
    assert used.writes() == 0


@pytest.mark.parametrize("consistent", [True, False])
@pytest.mark.parametrize("arguments", [{}, {"ProjectionExpression": "s"}])
def test_a_batch_of_reads_costs_each_by_itself(telling: Any, arguments: dict[str, Any], consistent: bool) -> None:
    for count in EDGES:
        telling.put_item(TableName=TABLE, Item=thing(count, s=str(count)))
    keys = [{**KEY, "s": {"S": str(count)}} for count in (*EDGES, 21, 22, 23)]
    asked = {TABLE: {"Keys": keys, "ConsistentRead": consistent, **arguments}}
    with units.counted() as used:
        expected = told(telling, "BatchGetItem", RequestItems=asked)
    assert used.reads(TABLE) == expected > 40


def test_what_a_batch_of_reads_leaves_for_another_costs_what_dynalite_says(telling: Any) -> None:
    for number in range(5):
        telling.put_item(TableName=TABLE, Item=thing(390 * KIB, s=str(number)))
    keys = [{**KEY, "s": {"S": str(number)}} for number in range(5)]
    with units.counted() as used:
        expected = told(telling, "BatchGetItem", RequestItems={TABLE: {"Keys": keys}})
    assert used.reads() == expected < 5 * 390 / 8


QUERY: dict[str, Any] = {
    "KeyConditionExpression": "p = :p AND begins_with(#s, :s)",
    "ExpressionAttributeNames": {"#s": "s"},
    "ExpressionAttributeValues": {":p": {"S": "a"}, ":s": {"S": "1"}},
}
FILTERED: dict[str, Any] = QUERY | {
    "FilterExpression": "#s2 = :s2",
    "ExpressionAttributeNames": {"#s": "s", "#s2": "n"},
    "ExpressionAttributeValues": {":p": {"S": "a"}, ":s": {"S": "1"}, ":s2": {"N": "3"}},
}
BY_KIND: dict[str, Any] = {
    "IndexName": "by-kind",
    "KeyConditionExpression": "kind = :k",
    "ExpressionAttributeValues": {":k": {"S": "even"}},
}
SEVERAL: dict[str, tuple[str, dict[str, Any]]] = {
    "query": ("Query", QUERY),
    "query consistently": ("Query", QUERY | {"ConsistentRead": True}),
    "query with a filter": ("Query", FILTERED),
    "query with a filter and a limit": ("Query", FILTERED | {"Limit": 7, "ScanIndexForward": False}),
    "count": ("Query", QUERY | {"Select": "COUNT"}),
    "query for some attributes": ("Query", QUERY | {"ProjectionExpression": "#s"}),
    "query from a key on": ("Query", FILTERED | {"ExclusiveStartKey": {**KEY, "s": {"S": "12"}}}),
    "scan": ("Scan", {}),
    "scan with a filter": (
        "Scan",
        {"FilterExpression": "n > :n", "ExpressionAttributeValues": {":n": {"N": "15"}}, "Limit": 18},
    ),
    "query an index": ("Query", BY_KIND),
    "query an index with a filter": (
        "Query",
        BY_KIND
        | {"FilterExpression": "note = :n", "ExpressionAttributeValues": {":k": {"S": "even"}, ":n": {"S": "no"}}},
    ),
    "count in an index": ("Query", BY_KIND | {"Select": "COUNT"}),
    "query a local index": (
        "Query",
        {
            "IndexName": "by-time",
            "KeyConditionExpression": "p = :p",
            "ExpressionAttributeValues": {":p": {"S": "a"}},
            "ConsistentRead": True,
        },
    ),
    "scan an index": ("Scan", {"IndexName": "by-kind"}),
}


@pytest.mark.parametrize(("operation", "arguments"), SEVERAL.values(), ids=SEVERAL)
def test_a_query_costs_all_that_it_evaluated_together(telling: Any, operation: str, arguments: dict[str, Any]) -> None:
    for number in range(30):
        kind = {"S": "odd" if number % 2 else "even"}
        attributes = {"kind": kind, "at": {"S": f"{number:02}"}, "note": {"S": "n" * 600}, "n": {"N": str(number)}}
        telling.put_item(TableName=TABLE, Item=thing(900 + 40 * number, s=str(number), **attributes))
    with units.counted() as used:
        expected = told(telling, operation, TableName=TABLE, **arguments)
    assert used.reads() == expected > 1
    index = arguments.get("IndexName")
    assert used.by_index == ({f"{TABLE}/{index}": expected} if index else {})


def test_a_query_that_finds_nothing_costs_the_least_of_a_read(telling: Any) -> None:
    with units.counted() as used:
        assert told(telling, "Query", TableName=TABLE, **QUERY) == 0
        assert told(telling, "Scan", TableName=TABLE, ConsistentRead=True) == 0
    assert used.by_operation == {"Query": 0.5, "Scan": 1}


def test_a_consistent_scan_costs_twice_what_dynalite_says(telling: Any) -> None:
    telling.put_item(TableName=TABLE, Item=thing(9000))
    with units.counted() as used:
        assert told(telling, "Scan", TableName=TABLE, ConsistentRead=True) == 1.5
    assert used.reads() == 3


def test_an_index_has_the_entries_that_the_counter_takes_it_to_have(telling: Any) -> None:
    """What an index keeps of an item is read from the index itself."""
    items = [
        thing(900, s="1", kind={"S": "even"}, note={"S": "n"}, at={"S": "1"}),
        thing(900, s="2", kind={"S": "even"}),
        thing(900, s="3", note={"S": "n"}),
    ]
    for item in items:
        telling.put_item(TableName=TABLE, Item=item)
    table = Beside(telling.meta.endpoint_url).table(TABLE)
    for index in table.indexes:
        found = telling.scan(TableName=TABLE, IndexName=index.name)["Items"]
        expected = [entry for entry in map(index.entry, items) if entry is not None]
        assert sorted(found, key=lambda item: item["s"]["S"]) == expected, index.name


@pytest.mark.parametrize("arrives", [True, False])
def test_every_try_of_botocore_is_counted(telling: Any, monkeypatch: pytest.MonkeyPatch, arrives: bool) -> None:
    telling.put_item(TableName=TABLE, Item=thing(3000))
    session = telling._endpoint.http_session
    original, tries = session.send, iter((True, True, False))

    def send(request: Any) -> Any:
        fails = next(tries)
        answer = original(request) if arrives or not fails else None
        if fails:
            raise ReadTimeoutError(endpoint_url=request.url)
        return answer

    monkeypatch.setattr(session, "send", send)
    with units.counted() as used:
        telling.put_item(TableName=TABLE, Item=thing(30))
    assert (used.requests, used.unanswered) == ({"PutItem": 3}, 2)
    assert used.writes() == (3 + 1 + 1 if arrives else 3 + 3 + 3)
