"""What the check before a campaign costs: counted calls and read units, by DynamoDB's rule."""

import math
from collections.abc import Iterator
from datetime import timedelta

import pytest

from bounces.errors import LimitError
from bounces.store import MAX_CHECKED
from tests.stack import in_memory
from tests.stack.in_memory import Tables
from tests.stack.verdicts import NOON

DAY = timedelta(days=1)
UNIT = 4096  # bytes of a read unit; an eventually consistent read costs half


@pytest.fixture(scope="module")
def tables() -> Iterator[Tables]:
    with in_memory.tables() as made:
        for number in range(0, MAX_CHECKED, 2):
            address = address_of(number)
            for place in range(4):  # as many causes as are remembered, with words of the longest
                at, words = NOON - place * DAY, "x" * 200
                made.store.add(address, words, at=at, by=words, why=words, expires=NOON + (place + 1) * DAY)
        yield made


def address_of(number: int) -> str:
    return f"{number:0>64}@{'y' * 60}.example"


def test_a_thousand_addresses_cost_ten_calls_and_500_units(tables: Tables) -> None:
    addresses = [address_of(number) for number in range(MAX_CHECKED)]
    sizes = {item["address"]["S"]: in_memory.size(item) for item in in_memory.scan(tables.suppressions)}
    assert max(sizes.values()) > 1_500
    with in_memory.calls() as calls:
        checked = tables.store.check(addresses, "news", NOON)
    assert [one.sendable for one in checked] == [False, True] * 500
    assert set(calls.operations) == {"BatchGetItem"}
    assert len(calls.made) <= 10
    units = 0.0
    for _, arguments in calls.made:
        asked = arguments["RequestItems"][tables.suppressions]
        assert len(asked["Keys"]) <= 100
        each = 1.0 if asked.get("ConsistentRead") else 0.5
        units += sum(each * max(1, math.ceil(sizes.get(key["address"]["S"], 0) / UNIT)) for key in asked["Keys"])
    assert units <= 500


def test_an_address_that_is_given_twice_is_asked_for_once(tables: Tables) -> None:
    with in_memory.calls() as calls:
        checked = tables.store.check([address_of(0), address_of(0).upper(), "nobody"] * 100, None, NOON)
    assert len(checked) == 300
    ((_, arguments),) = calls.made
    assert arguments["RequestItems"][tables.suppressions]["Keys"] == [{"address": {"S": address_of(0)}}]


def test_more_than_a_thousand_are_refused(tables: Tables) -> None:
    with pytest.raises(LimitError, match="at most 1000 are taken"):
        tables.store.check(["a@example.com"] * 1_001, None, NOON)
